"""Wrong values of every parameter."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
import pytest
from apps import settings_in
from updates import CHANGES, PARAMETERS, in_event

from gradio_rerun import Rerun
from gradio_rerun.errors import ParameterError

WRONG: dict[str, list[Any]] = {
    "label": [5, ["x"]],
    "every": ["x", 0, -1, True],
    "inputs": [5, "x", ["x"]],
    "show_label": ["x", 5],
    "show_download_button": ["no", None],
    "show_clear_button": ["no", None],
    "container": ["no", None],
    "scale": ["x", -1, True, float("nan")],
    "min_width": ["x", -1, True],
    "height": [
        *["banana", "auto", "", "0px", "-5px", "calc(1px", "1px;color:red", "${value}", "{{x}}", "`", '1px"'],
        *[True, 0, -3, float("inf"), [5], {}],
    ],
    "interactive": ["yes", 5],
    "visible": ["hiden", None, 5],
    "elem_id": [5, ["x"]],
    "elem_classes": [5, [5], {"x": 1}],
    "render": ["no", None],
    "key": [["x"]],
    "preserved_by_key": [5, [5], "heigth", ["value", "heigth"]],
    "streaming": ["yes", None],
    "max_stream_size": ["1 GB", 0, True, 1.5, 1e9],
    "on_demand_above": ["1 GB", 0, True, 1.5, 1e9],
    "file_count": ["several", None, ["single"]],
    "file_types": [5, ".rrd", [5], {".rrd": 1}, ["rrd"], [".rrd", "images"], [""]],
    "buttons": ["download", 5, ["dowload"], [5], {"download": 1}],
    "panel_states": ["collapsed", 5, ["time"], {"time": "closed"}, {"left": "hidden"}, {"time": ["hidden"]}],
    "theme": ["drak", None, ["dark"], np.array([1, 2])],
    "telemetry": ["yes", None],
    "allowed_origins": [5, "https://a.test", [5], ["a.test"], ["http://["], {"https://a.test": 1}],
    "allowed_sources": [
        *[5, "s3://bucket/", ["bucket"], [5], ["s3://"], ["s3:///runs/"], ["file:///data/"], ["rerun://a.test"]],
        *[["s3://bucket/../x"], ["s3://x@bucket/"], ["s3://bucket/?x"], ["https://u:p@a.test/"], {"s3://bucket/": 1}],
    ],
    "tunnel": [
        5,
        "rerun://a.test",
        ["a.test"],
        ["http://a.test"],
        {"rerun://": None},
        [5],
        [[5]],
        {"rerun://a.test": 5},
        b"rerun://a.test",
    ],
    "time_update_interval": ["fast", -1, True, None, float("inf"), float("nan")],
    "time_controls": ["yes", 2, []],
    "keys": ["wasd", 5, [5], ["Escape"], ["arrowup"], [" "], [""], {"w": 1}, [np.array(["w", "a"])]],
}


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "value"])  # those are a RecordingError
def test_a_wrong_value_is_refused_with_the_value_and_the_valid_values(name: str) -> None:
    for wrong in WRONG[name]:
        with pytest.raises(ParameterError, match=rf"^Expected {name} to [a-z]+ [^,\s].*, got ") as caught:
            Rerun(**{name: wrong}, render=False) if name != "render" else Rerun(render=wrong)
        if not isinstance(wrong, (list, dict)):  # of those, the error names the wrong item
            assert repr(wrong) in str(caught.value)
        with pytest.raises(ParameterError, match=f"^Expected {name} to "):
            in_event(lambda wrong=wrong: Rerun(**{name: wrong}))


@pytest.mark.parametrize("name", CHANGES)
def test_valid_values_are_accepted(name: str) -> None:
    Rerun(**{name: CHANGES[name], "render": False})


@pytest.mark.parametrize(
    "parameters",
    [
        {"label": gr.I18n(en={"x": "y"})("x"), "every": 1.5, "inputs": gr.Textbox(render=False)},
        {"scale": np.int64(2), "min_width": 0, "visible": np.bool_(True), "elem_classes": ("a", "b")},
        {"key": ("a", 1), "preserved_by_key": ["value", "height"], "interactive": None, "show_label": None},
        {"every": 0.5, "time_update_interval": 0},
        {"height": None, "file_types": None, "panel_states": None, "tunnel": None, "buttons": None, "scale": 0},
        {
            "allowed_origins": ("https://a.test",),
            "file_types": (".rrd",),
            "tunnel": ("rerun://a.test",),
            "allowed_sources": ("s3://bucket",),
            "every": gr.Timer(1, render=False),
        },
        {"visible": "hidden", "buttons": ("download", gr.Button("mine", render=False)), "height": np.float32(2.5)},
    ],
)
def test_other_valid_values_are_accepted(parameters: Any) -> None:
    Rerun(**parameters, render=False)


@pytest.mark.parametrize(
    ("parameters", "buttons"),
    [
        ({}, ["download", "screenshot", "fullscreen"]),
        ({"show_clear_button": True}, ["download", "screenshot", "fullscreen", "clear"]),
        ({"show_download_button": False}, ["screenshot", "fullscreen"]),
        ({"buttons": ["clear", "fullscreen"]}, ["fullscreen", "clear"]),
        ({"buttons": ["fullscreen", "link", "screenshot"]}, ["screenshot", "link", "fullscreen"]),
        ({"buttons": []}, []),
        ({"buttons": [gr.Button("mine", render=False)]}, []),
        ({"buttons": ["download"], "show_download_button": False}, []),
        ({"buttons": ["fullscreen"], "show_clear_button": True}, ["fullscreen", "clear"]),
    ],
)
def test_the_built_in_buttons(parameters: Any, buttons: list[str]) -> None:
    settings = settings_in(Rerun(**parameters, render=False).props)
    assert settings["buttons"] == buttons
    assert settings["clear_if_interactive"] == ("buttons" not in parameters)


def test_the_error_for_a_misspelt_word_suggests_the_right_word() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'download'"):
        Rerun(buttons=["dowload"])
    with pytest.raises(ParameterError, match="Did you mean 'dark'"):
        Rerun(theme="drak")
    with pytest.raises(ParameterError, match="Did you mean 'ArrowUp'"):
        Rerun(keys=["arrowup"])


def test_the_error_for_a_suffix_without_its_dot_suggests_the_suffix() -> None:
    with pytest.raises(ParameterError, match=r"Write '\.rrd'\.$"):
        Rerun(file_types=["rrd"], render=False)


@pytest.mark.parametrize("name", ["height", "scale", "min_width", "time_update_interval", "every"])
def test_a_number_beyond_the_range_of_floats_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"Expected {name} to be .*, got 1000"):
        Rerun(**{name: 10**400, "render": False})
