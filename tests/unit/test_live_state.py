"""`LiveState`, an input with the state of a viewer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState
from gradio_client import Client
from test_viewer_state import page_report

from gradio_rerun import LiveState, Rerun
from gradio_rerun.errors import EventDataError, ParameterError, PlacementError
from gradio_rerun.events import EntityItem

RUN = "Recording:app:run"
CURSOR = {"timeline": {"name": "frame"}, "time": {"time": 7}}
REPORTED = page_report(
    location="about:recording",
    active_store_id=RUN,
    viewer_version="0.41.0",
    recordings=[{"store_id": RUN, "current_time": CURSOR, "play_state": 1}],
)
ITEMS = [{"type": "entity", "entity_path": "/arm"}]


def app(function: Any) -> gr.Blocks:
    with gr.Blocks() as demo:
        viewer = Rerun()
        text = gr.Textbox()
        gr.Button().click(function, [LiveState(viewer), text], text, api_name="crop")
    return demo


def test_a_function_gets_what_the_page_reports() -> None:
    demo = app(lambda state, text: text)
    (listener,) = demo.fns.values()
    sent = [{**REPORTED, "selection": ITEMS}, "x"]
    state, _ = asyncio.run(demo.preprocess_data(listener, sent, SessionState(demo)))
    assert (state.timeline, state.time, state.play_state, state.location) == ("frame", 7, "paused", "about:recording")
    assert state.active_recording.recording_id == "run"
    assert state.selection == (EntityItem("/arm"),)
    older = LiveState(Rerun()).preprocess({"viewer_version": "0.33", "recordings": [], "active_recording_id": None})
    assert older
    assert (older.viewer_version, older.selection) == ("0.33", ())
    assert LiveState(Rerun()).preprocess(None) is None


@pytest.mark.parametrize(
    "sent",
    [
        *[5, "text", [], {}, {"protocol": 5}, {"protocol": "AAAA"}, {"protocol": "x" * 9_000_000}],
        {"viewer_version": "0.33", "recordings": 3, "active_recording_id": None},
        {**REPORTED, "selection": [{}] * 10_000},
    ],
)
def test_a_state_that_no_viewer_sends_is_refused(sent: Any) -> None:
    with pytest.raises(EventDataError) as caught:
        LiveState(Rerun()).preprocess(sent)
    assert len(str(caught.value)) < 300


def test_a_live_state_is_an_input_and_takes_no_space() -> None:
    with pytest.raises(ParameterError, match="Expected viewer to be a Rerun component, got str 'x'"):
        LiveState("x")  # type: ignore[arg-type]
    with gr.Blocks():
        viewer = Rerun()
        state = LiveState(viewer)
    config = state.get_config()
    assert (config["visible"], config["value"], config["html_template"]) == ("hidden", None, "")
    assert f"(app.rerunStates ??= {{}})[{viewer._id}]" in config["js_on_load"]
    json.dumps(config)
    with pytest.raises(PlacementError, match="not an output"):
        state.postprocess("x")


def test_a_client_without_a_page_calls_the_function_without_a_state() -> None:
    demo = app(lambda state, text: f"{state} {text}")
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        assert Client(url, verbose=False).predict(None, "x", api_name="/crop") == "None x"
    finally:
        demo.close(verbose=False)
