from __future__ import annotations

import inspect
from typing import Any

import pytest

from gradio_rerun import Rerun
from gradio_rerun.errors import ParameterError
from gradio_rerun.settings import SETTINGS, css_length, page_settings


def settings(**changes: Any) -> Any:
    parameters = inspect.signature(Rerun.__init__).parameters
    return page_settings(**{name: changes.get(name, parameters[name].default) for name in SETTINGS})


@pytest.mark.parametrize(
    ("height", "css"),
    [(640, "640px"), (0.5, "0.5px"), ("70vh", "70vh"), ("300", "300px"), ("calc(100vh - 2rem)",) * 2, (None, "640px")],
)
def test_a_height_is_pixels_or_css(height: Any, css: str) -> None:
    assert css_length(height) == css
    assert settings(height=height)["height"] == css


@pytest.mark.parametrize(
    "height",
    [
        0,
        -3,
        True,
        float("inf"),
        "",
        "banana",
        "0px",
        "-5px",
        "auto",
        "calc(1px",
        "1px;color:red",
        "${value}",
        "{{x}}",
        "`",
        '1px"',
        [3],
    ],
)
def test_other_heights_are_refused(height: Any) -> None:
    with pytest.raises(ParameterError, match="Expected height") as caught:
        css_length(height)
    assert repr(height) in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_an_unknown_theme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match=r"'auto', 'light', 'dark'.*'pink'"):
        settings(theme="pink")


@pytest.mark.parametrize("states", [{"left": "hidden"}, {"time": "closed"}])
def test_an_unknown_panel_or_state_is_refused_with_the_known_ones(states: Any) -> None:
    with pytest.raises(ParameterError, match=r"'blueprint'.*'collapsed'"):
        settings(panel_states=states)


def test_a_panel_state_of_none_leaves_the_panel_to_the_user() -> None:
    assert settings(panel_states={"time": None, "top": "hidden"})["panel_states"] == {"top": "hidden"}


@pytest.mark.parametrize("origins", ["https://a.test", ["a.test"], ["https://a.test/path"], ["ftp://a.test"]])
def test_what_is_no_list_of_origins_is_refused(origins: Any) -> None:
    with pytest.raises(ParameterError, match="Expected allowed_origins"):
        settings(allowed_origins=origins)


def test_an_origin_may_end_with_a_slash() -> None:
    assert settings(allowed_origins=["https://a.test/"])["allowed_origins"] == ["https://a.test"]


@pytest.mark.parametrize("count", ["several", None, 2])
def test_an_unknown_file_count_is_refused_with_the_known_ones(count: Any) -> None:
    with pytest.raises(ParameterError, match="'single', 'multiple', 'directory'"):
        settings(file_count=count)


@pytest.mark.parametrize(
    ("types", "accepted"),
    [([".rrd"], [".rrd"]), (["image"], ["image/*"]), (["file"], []), (["text/csv"], ["text/csv"])],
)
def test_file_types_are_those_of_gradio(types: Any, accepted: Any) -> None:
    assert settings(file_types=types)["file_types"] == accepted


def test_by_default_what_the_sdk_opens_may_be_uploaded() -> None:
    assert {".rrd", ".rbl", ".png", ".glb", ".mcap"} <= set(settings()["file_types"])


@pytest.mark.parametrize("types", [".rrd", [3], [""]])
def test_what_is_no_list_of_file_types_is_refused(types: Any) -> None:
    with pytest.raises(ParameterError, match="Expected file_types"):
        settings(file_types=types)


def test_the_files_of_the_page_are_static_files_of_gradio() -> None:
    from gradio.utils import is_static_file

    made = settings()
    for file in (made["page"], made["viewer"]["glue"], made["viewer"]["wasm"]):
        assert is_static_file(file["path"])
        assert file["url"] == f"/gradio_api/file={file['path']}"


def test_asking_again_adds_no_static_paths() -> None:
    from gradio.data_classes import _StaticFiles

    settings()
    before = list(_StaticFiles.all_paths)
    settings()
    assert before == _StaticFiles.all_paths


@pytest.mark.parametrize("seconds", [-1, "fast", True, None, float("inf"), float("nan")])
def test_what_is_no_interval_is_refused(seconds: Any) -> None:
    with pytest.raises(ParameterError, match="Expected time_update_interval"):
        settings(time_update_interval=seconds)
    assert settings(time_update_interval=0)["time_update_interval"] == 0
