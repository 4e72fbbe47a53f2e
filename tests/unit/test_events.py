from __future__ import annotations

import gradio as gr
import pytest

from gradio_rerun import Rerun, events

DATA = {
    events.Load: ({"application_id": "app", "recording_id": "run"}, {"application_id": "app", "recording_id": "run"}),
    events.Error: ({"message": "why"}, {"message": "why"}),
    events.Upload: ({"names": ["a.rrd"]}, {"names": ["a.rrd"]}),
    events.Clear: ({}, {}),
}


def test_the_events_are_these() -> None:
    for name in ("change", "upload", "clear", "load", "error", *map(str, events.ANSWERS)):
        assert callable(getattr(Rerun, name))


@pytest.mark.parametrize("kind", DATA)
def test_each_class_has_the_fields_of_what_the_page_sends(kind: type[gr.EventData]) -> None:
    sent, fields = DATA[kind]
    event = kind(None, sent)
    assert isinstance(event, gr.EventData)
    assert {name: getattr(event, name) for name in fields} == fields
    assert kind.__doc__


def test_names_that_gradio_keeps_for_itself_are_others_on_the_wire() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        viewer.load(lambda: None)
        viewer.error(lambda: None)
    sent = [target[1] for each in demo.get_config_file()["dependencies"] for target in each["targets"]]
    assert sent == ["rerun_load", "rerun_error"]
