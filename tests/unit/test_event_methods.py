from __future__ import annotations

import ast
import copy
import inspect
import pickle
from itertools import pairwise
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.events import EventListener

from gradio_rerun import Rerun
from gradio_rerun._gradio import event_methods
from gradio_rerun._gradio.event_list import EVENTS
from gradio_rerun._gradio.event_methods import EventMethods, ListenerOptions

NAMES = [str(event) for event in EVENTS]
NEVER_FIRED = sorted({str(event) for event in gr.HTML.EVENTS} - set(NAMES))


def declarations() -> dict[str, str]:
    """The docstrings of the declared events, by name."""
    module = ast.parse(Path(inspect.getfile(event_methods)).read_text())
    body = next(node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == "EventMethods")
    return {
        node.target.id: ast.literal_eval(doc.value)
        for node, doc in pairwise(body)
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "Listener" and isinstance(doc, ast.Expr)
    }


def test_the_declarations_are_the_events() -> None:
    assert list(declarations()) == NAMES
    assert [name for name, hint in EventMethods.__annotations__.items() if hint == "Listener"] == NAMES


def test_an_event_is_described_in_an_ide_as_by_help() -> None:
    described = declarations()
    for event in EVENTS:
        assert " ".join(described[event].split()) == event.doc
        assert getattr(Rerun, event).__doc__.startswith(event.doc)


def test_the_declared_options_are_those_of_gradio() -> None:
    accepted = inspect.signature(Rerun.play).parameters
    assert list(accepted)[:4] == ["block", "fn", "inputs", "outputs"]
    assert accepted["fn"].default == "decorator"
    not_in_gradio_610 = {"inputs_kwargs"}
    assert {*list(accepted)[4:], *not_in_gradio_610} == set(ListenerOptions.__annotations__)


@pytest.mark.parametrize("name", NEVER_FIRED)
def test_an_event_of_html_that_never_fires_is_no_attribute(name: str) -> None:
    for owner in (Rerun, Rerun()):
        assert not hasattr(owner, name)
        assert getattr(owner, name, None) is None
        assert name not in dir(owner)
        assert not Rerun.has_event(name)
        with pytest.raises(AttributeError, match=f"'Rerun'.* has no attribute '{name}'. .*event"):
            getattr(owner, name)
    assert hasattr(gr.HTML(), name)


@pytest.mark.parametrize("name", NAMES)
def test_an_event_that_fires_is_an_attribute(name: str) -> None:
    for owner in (Rerun, Rerun()):
        assert callable(getattr(owner, name))
        assert name in dir(owner)
    assert Rerun.has_event(name)


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("time_updated", "Did you mean the event 'time_update'?"),
        ("selection_changed", "Did you mean the event 'selection_change'?"),
        ("timelinechange", "Did you mean the event 'timeline_change'?"),
        ("recording_opened", "Did you mean the event 'recording_open'?"),
        ("Play", "Did you mean the event 'play'?"),
        ("on_load", "Did you mean the event 'load'?"),
        ("on_selection_change", "Did you mean the event 'selection_change'?"),
        ("click", "Use the event 'selection_change'."),
        ("select", "Use the event 'selection_change'."),
        ("selected", "Use the event 'selection_change'."),
        ("stop", "Use the event 'pause'."),
        ("double_click", "Use the event 'selection_change'."),
        ("input", "Use the event 'upload'."),
        ("submit", "Use the event 'upload'."),
        ("delete", "Use the event 'clear'."),
        ("end", "Use the event 'pause'."),
        *((name, "Use the event 'time_update'.") for name in ("tick", "stream", "release")),
        *((name, "These are the events: change, upload, ") for name in ("like", "download")),
    ],
)
def test_a_wrong_event_is_an_error_that_suggests_the_right_one(written: str, suggested: str) -> None:
    for owner in (Rerun, Rerun()):
        with pytest.raises(AttributeError) as caught:
            getattr(owner, written)
        assert f"'Rerun'{' object' if owner is not Rerun else ''} has no attribute '{written}'." in str(caught.value)
        assert suggested in str(caught.value)
        assert not suggested.endswith(".") or str(caught.value).endswith(suggested)


@pytest.mark.parametrize("name", ["_repr_html_", "__array__", "_play", "banana"])
def test_another_attribute_that_is_missing_is_an_error_without_a_suggestion(name: str) -> None:
    for owner in (Rerun, Rerun()):
        with pytest.raises(AttributeError) as caught:
            getattr(owner, name)
        assert str(caught.value).endswith(f"has no attribute '{name}'.")


def test_a_subclass_can_have_events_of_its_own() -> None:
    class Clickable(Rerun):
        EVENTS = [*Rerun.EVENTS, "click"]  # noqa: RUF012

        def stop(self) -> str:
            return "stopped"

    with gr.Blocks():
        viewer = Clickable()
        viewer.click(lambda: None)
        viewer.play(lambda: None)
    assert viewer.stop() == "stopped"
    assert not hasattr(viewer, "like")


# Gradio's use of events and attributes.


def targets(demo: gr.Blocks) -> list[tuple[str, str]]:
    """The events that call a function of the app, with the names of their components."""
    names = {each["id"]: type(demo.blocks[each["id"]]).__name__ for each in demo.config["components"]}
    called = [each for each in demo.config["dependencies"] if each["backend_fn"]]
    return [(names.get(block, "page"), event) for each in called for block, event in each["targets"]]


def test_several_events_can_call_one_function() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        gr.on([viewer.change, viewer.load, viewer.play], lambda: None)
        gr.on(viewer.time_update, lambda: None)

        @gr.on([viewer.pause])
        def paused() -> None:
            pass

    assert [event for _, event in targets(demo)] == ["change", "rerun_load", "play", "time_update", "pause"]


def test_a_function_that_gr_on_calls_when_an_input_changes_listens_to_the_viewer() -> None:
    with gr.Blocks() as demo:
        viewer, shown = Rerun(), gr.Textbox()
        gr.on(None, lambda value: value, viewer, shown)
    assert targets(demo) == [("Rerun", "change"), ("page", "load")]


def test_a_live_interface_listens_to_the_viewer() -> None:
    demo = gr.Interface(lambda value: value, Rerun(), gr.Textbox(), live=True)
    assert ("Rerun", "change") in targets(demo)


def test_a_value_function_runs_at_page_load_by_a_timer_and_when_its_input_changes() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        Rerun(lambda _: None, every=3, inputs=[viewer])
    assert set(targets(demo)) == {("page", "load"), ("Timer", "tick"), ("Rerun", "change")}


def test_a_render_function_runs_at_an_event_of_the_viewer() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()

        @gr.render(inputs=viewer, triggers=[viewer.load, viewer.recording_open])
        def render(_: Any) -> None:
            pass

        @gr.render(inputs=viewer)
        def render_at_change(_: Any) -> None:
            pass

    assert targets(demo) == [
        ("Rerun", "rerun_load"),
        ("Rerun", "recording_open"),
        ("page", "load"),
        ("Rerun", "change"),
    ]


def test_examples_fill_the_viewer(tmp_path: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(interactive=True)
        gr.Examples(["https://example.com/a.rrd"], viewer)
    assert ("Dataset", "click") in targets(demo) or ("Dataset", "select") in targets(demo)


def test_an_app_is_built_from_the_config_of_another_as_gr_load_does() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        for event in EVENTS:
            getattr(viewer, str(event))(lambda: None).then(lambda: None)
    config = demo.get_config_file()
    with pytest.warns(UserWarning, match="theme"):
        loaded = gr.Blocks.from_config(config, [lambda: None] * len(config["dependencies"]), "https://example.com")
    of_viewer = [target for target in targets(demo) if target[1] != "then"]
    assert len(of_viewer) == len(EVENTS)
    assert [target for target in targets(loaded) if target[1] != "then"] == of_viewer


def test_an_event_can_be_cancelled_by_another() -> None:
    with gr.Blocks() as demo:
        viewer, button = Rerun(), gr.Button()
        running = viewer.load(lambda: None)
        button.click(None, cancels=[running])
        viewer.clear(None, cancels=running)
    cancelling = [each["cancels"] for each in demo.config["dependencies"] if each["cancels"]]
    assert len(cancelling) == 2


def test_a_component_can_be_copied() -> None:
    viewer = Rerun(height=300)
    assert copy.copy(viewer).height == 300
    assert pickle.loads(pickle.dumps(Rerun)) is Rerun


def test_the_events_belong_to_the_class_as_gradio_expects() -> None:
    assert all(isinstance(event, EventListener) for event in Rerun.EVENTS)
    assert Rerun().events == Rerun.EVENTS
    assert isinstance(Rerun(), gr.HTML)
