from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import gradio as gr

from gradio_rerun import Rerun


def listener_counts(demo: gr.Blocks, index: int = 0) -> dict[str, int]:
    """Returns the number of listeners of each event of a viewer, as the page gets it."""
    texts = [each["props"].get("js_on_load") or "" for each in demo.get_config_file()["components"]]
    matches = [re.search(r"part = (\{.*\});", text) for text in texts]
    found: dict[str, int] = json.loads([each for each in matches if each][index][1])["listenerCounts"]
    return found


def functions(demo: gr.Blocks) -> list[dict[str, Any]]:
    return [each for each in demo.get_config_file()["dependencies"] if each["backend_fn"]]


def test_no_call_is_dropped_unless_the_app_says_so() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        viewer.play(lambda: None)
        viewer.time_update(lambda: None)
        viewer.pause(lambda: None, trigger_mode="once")
    assert [each["trigger_mode"] for each in functions(demo)] == ["multiple", "multiple", "once"]


def test_events_that_occur_often_show_no_progress() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        for attach in (viewer.time_update, viewer.key_input):
            attach(lambda: None, None, gr.Textbox())
    assert [each["show_progress"] for each in functions(demo)] == ["hidden", "hidden"]


def test_a_subclass_that_declares_its_events_drops_no_call_either() -> None:
    class Own(Rerun):
        EVENTS: ClassVar[list[Any]] = [each for each in Rerun.EVENTS if each in ("play", "time_update")]

    with gr.Blocks() as demo:
        viewer = Own()
        viewer.time_update(lambda: None)
    first = functions(demo)[0]
    assert (first["trigger_mode"], first["show_progress"]) == ("multiple", "hidden")
    assert listener_counts(demo) == {"time_update": 1}


def test_gr_on_drops_no_event_of_a_viewer_unless_the_app_says_so() -> None:
    with gr.Blocks() as demo:
        viewer, button = Rerun(), gr.Button()
        viewer.play(None, js="() => {}")
        gr.on([button.click, viewer.key_input, viewer.play], lambda: None)
        gr.on([viewer.key_input], lambda: None, trigger_mode="once")

        @gr.on([viewer.pause, button.click])
        def decorated() -> None:
            pass

        button.click(lambda: None)
    modes = [each["trigger_mode"] for each in functions(demo) if each["targets"][0][1] != "then"]
    assert modes == ["multiple", "once", "multiple", "once"]
    assert listener_counts(demo) == {"key_input": 2, "play": 1, "pause": 1}


def test_the_page_is_notified_of_the_end_of_each_listener_however_it_is_attached() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        viewer.time_update(lambda: None)
        viewer.time_update(fn=lambda: None)

        @viewer.time_update
        def decorated() -> None:
            pass

        @viewer.selection_change(inputs=[viewer])
        def decorated_with_options(value: Any) -> None:
            pass

    assert listener_counts(demo) == {"time_update": 3, "selection_change": 1}
    ends = [each for each in demo.get_config_file()["dependencies"] if "rerun-handled" in str(each["js"])]
    assert len(ends) == 2 * 4  # of success, and of failure
    for each in ends:
        quiet = {"api_visibility": "private", "queue": False, "show_progress": "hidden", "inputs": [], "outputs": []}
        quiet["targets"] = [(None, "then")]  # gr.load refuses other names that have no component
        assert {name: each[name] for name in quiet} == quiet
    # After a failure, only listeners of failures run.
    after = [each["id"] for each in functions(demo) if each["targets"][0][1] != "then"]
    followed = {(each["trigger_after"], each["trigger_only_on_failure"]) for each in ends}
    assert followed == {(function, on_failure) for function in after for on_failure in (False, True)}


def chain(demo: gr.Blocks) -> tuple[list[str], set[tuple[int, bool]]]:
    """The trigger modes of functions, and what notifies the page: the index of a function, and whether after its failure."""
    attached = functions(demo)
    index = [each["id"] for each in attached].index
    ends = [each for each in demo.get_config_file()["dependencies"] if "rerun-handled" in str(each["js"])]
    after = {(index(each["trigger_after"]), each["trigger_only_on_failure"]) for each in ends}
    return [each["trigger_mode"] for each in attached], after


def test_the_page_waits_for_the_end_of_a_chain() -> None:
    with gr.Blocks() as demo:
        viewer, button = Rerun(), gr.Button()
        listener = viewer.time_update(lambda: None)
        listener.then(lambda: None).success(lambda: None)
        listener.then(lambda: None)
        button.click(lambda: None).then(lambda: None)
    modes, after = chain(demo)
    assert modes == ["multiple", "multiple", "multiple", "once", "once", "once"]
    assert after == {(2, False), (0, True), (1, True), (2, True)}
    assert listener_counts(demo) == {"time_update": 1}


def test_the_page_waits_for_the_end_of_a_chain_of_gr_on() -> None:
    with gr.Blocks() as demo:
        viewer, button = Rerun(), gr.Button()
        gr.on([viewer.play, viewer.pause, button.click], lambda: None).success(lambda: None)
    modes, after = chain(demo)
    assert modes == ["multiple", "multiple"]
    assert after == {(1, False), (0, True), (1, True)}
    assert listener_counts(demo) == {"play": 1, "pause": 1}


def test_the_page_does_not_wait_for_a_part_of_a_chain_whose_end_is_not_reported() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        viewer.play(lambda: None).failure(lambda: None)
        viewer.play(lambda: None).then(None, js="() => {}")
        viewer.play(lambda: None).then(lambda: None, validator=lambda: None)
        viewer.play(lambda: None).then(lambda: None, trigger_mode="once")
    _, after = chain(demo)
    assert {index for index, _ in after} == {0, 2, 3, 5}
    assert listener_counts(demo) == {"play": 4}


def test_the_page_does_not_wait_for_listeners_whose_end_is_not_reported() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        viewer.play(lambda: None)
        viewer.play(None, js="() => {}")
        viewer.play(lambda: None, validator=lambda: None)
    assert listener_counts(demo) == {"play": 1}


def test_a_function_of_gr_on_can_be_the_first_of_an_app() -> None:
    with gr.Blocks() as demo:
        gr.on([Rerun().play], lambda: None)
    assert listener_counts(demo) == {"play": 1}


def test_each_viewer_has_its_own_listeners() -> None:
    with gr.Blocks() as demo:
        first, second = Rerun(), Rerun()
        first.play(lambda: None)
        second.pause(lambda: None)
    assert (listener_counts(demo, 0), listener_counts(demo, 1)) == ({"play": 1}, {"pause": 1})
