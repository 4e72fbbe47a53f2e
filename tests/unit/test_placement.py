"""The component in chats, datasets, states and flagging."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
from recordings import write_recording
from updates import in_event

from gradio_rerun import Rerun
from gradio_rerun.errors import PlacementError

URL = "https://example.com/runs/a.rrd"


def message(*, is_dict: bool) -> Any:
    viewer = Rerun(URL, render=False)
    return {"role": "assistant", "content": viewer} if is_dict else gr.ChatMessage(content=viewer)


@pytest.mark.parametrize("is_dict", [True, False])
def test_a_message_of_a_chat_is_refused_with_what_to_do(is_dict: bool) -> None:
    with pytest.raises(PlacementError, match=r"gr\.ChatInterface\(\.\.\., additional_outputs=\[viewer\]\)"):
        gr.Chatbot([message(is_dict=is_dict)], render=False)
    chat = gr.Chatbot(render=False)
    with pytest.raises(PlacementError, match="beside the chat"):
        chat.postprocess([{"role": "user", "content": "hello"}, in_event(lambda: message(is_dict=is_dict))])


def test_a_viewer_in_a_list_of_contents_of_a_message_is_refused() -> None:
    with pytest.raises(PlacementError):
        gr.Chatbot([{"role": "assistant", "content": ["See:", Rerun(URL, render=False)]}], render=False)


def test_other_components_stay_possible_in_a_chat() -> None:
    gr.Chatbot([{"role": "assistant", "content": gr.HTML("<b>bold</b>", render=False)}], render=False)


def test_a_viewer_moves_to_another_place() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(URL)
        with gr.Row() as row:
            assert viewer.unrender() is viewer
            viewer.render()
    assert viewer.parent is row
    assert demo.blocks[viewer._id] is viewer


@pytest.mark.parametrize("component", [Rerun(render=False), "rerun"])
def test_a_cell_of_a_dataset_shows_names(component: Any) -> None:
    samples = [[URL], [[URL, "b.rrd"]], [None], ["<b>.rrd"]]
    dataset = gr.Dataset(components=[component], samples=samples, render=False)
    assert dataset.get_config()["samples"] == [["a.rrd"], ["a.rrd, b.rrd"], [""], ["&lt;b&gt;.rrd"]]


def test_a_state_can_hold_a_viewer() -> None:
    viewer = copy.deepcopy(gr.State(Rerun(URL, height=300, render=False)).value)
    assert (viewer.value, viewer.height) == ([URL], 300)
    with_recording = gr.State(Rerun(rr.RecordingStream("state"), render=False)).value
    assert copy.deepcopy(with_recording).value == with_recording.value


@pytest.mark.parametrize("shown", [None, URL, [URL, "rerun+http://10.0.0.1:9876/proxy"], "{file}"])
def test_flagging_keeps_what_is_shown(shown: Any, tmp_path: Path) -> None:
    file = write_recording(tmp_path / "run.rrd", "run")
    viewer = Rerun(file if shown == "{file}" else shown, tunnel=["rerun+http://10.0.0.1:9876"], render=False)
    kept = viewer.read_from_flag(viewer.flag(viewer.value, tmp_path / "flagged")).root
    if shown == "{file}":
        assert Path(kept[0].path).read_bytes() == file.read_bytes()
        assert Path(kept[0].path).is_relative_to(tmp_path / "flagged")
    else:
        assert viewer.preprocess(viewer.data_model(root=kept)) == shown
