"""Claims of docs/migrating.md about code for gradio_rerun 0.x that need no browser."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import FileData

from gradio_rerun import Rerun
from gradio_rerun.errors import NotARecordingError, ParameterError, RecordingNotFoundError

PAGE = (Path(__file__).parents[2] / "docs" / "migrating.md").read_text()
OF_039 = ["value", "label", "every", "show_label", "container", "scale", "min_width", "height", "visible", "streaming"]
OF_039 += ["elem_id", "elem_classes", "render", "panel_states"]
DEFAULTS_OF_039: dict[str, Any] = {"container": True, "min_width": 160, "height": 640, "visible": True}
DEFAULTS_OF_039 |= {"streaming": False, "render": True}


def test_the_parameters_of_039_have_their_defaults_and_the_others_are_listed_as_new() -> None:
    parameters = dict(inspect.signature(Rerun.__init__).parameters)
    del parameters["self"]
    for name in OF_039:
        assert parameters.pop(name).default == DEFAULTS_OF_039.get(name)
    listed = re.search(r"^\| parameters \| \| (.*) \|$", PAGE, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", listed[1])) == sorted(parameters)


def test_the_events_that_are_new_are_listed() -> None:
    listed = re.search(r"^\| events \| (.*) \| these, and (.*) \|$", PAGE, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", listed[1] + listed[2])) == sorted(str(each) for each in Rerun.EVENTS)


def test_an_input_is_a_path_or_a_url_or_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    file = tmp_path / "a.rrd"
    file.write_bytes(b"")
    viewer, url = Rerun(), "https://example.com/a.rrd"
    assert viewer.preprocess(viewer.data_model(root=[FileData(path=str(file))])) == str(file)
    assert viewer.preprocess(viewer.data_model(root=[url])) == url
    assert viewer.preprocess(viewer.data_model(root=[url, url])) == [url, url]
    assert viewer.preprocess(None) is None


@pytest.mark.parametrize("states", [{"banana": "hidden"}, {"time": "gone"}])
def test_panels_and_states_that_do_not_exist_are_an_error(states: Any) -> None:
    with pytest.raises(ParameterError), gr.Blocks():
        Rerun(panel_states=states)


def test_a_value_that_is_not_a_recording_is_an_error() -> None:
    for value in (b"", b"xx"):
        with pytest.raises(NotARecordingError):
            Rerun().postprocess(value)
    with pytest.raises(FileNotFoundError) as caught:
        Rerun().postprocess("/nope.rrd")
    assert isinstance(caught.value, RecordingNotFoundError)
