from __future__ import annotations

import base64
import copy
import dataclasses
import inspect
import math
import pickle
import re
import subprocess
import sys
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.utils import get_upload_folder

from gradio_rerun import LiveState, Rerun, events
from gradio_rerun._gradio.event_list import ANSWERS
from gradio_rerun._viewer import state, viewer_control
from gradio_rerun._viewer.answers import read_answer
from gradio_rerun.errors import EventDataError, RecordingError, TimelineError
from gradio_rerun.events import _viewer_events

SDK = import_module("rerun._event" if find_spec("rerun._event") else "rerun.event")
RECORDING = {"application_id": "app", "recording_id": "run", "segment_id": None}
STAMP = 1714979289123456789  # more digits than a float has

DATA = {
    events.Load: ({"application_id": "app", "recording_id": "run"}, {"application_id": "app", "recording_id": "run"}),
    events.Error: ({"message": "why"}, {"message": "why"}),
    events.Upload: ({"names": ["a.rrd"]}, {"names": ["a.rrd"]}),
    events.Clear: ({}, {}),
    events.KeyInput: (
        {"key": "w", "pressed": True, "repeat": True, "held": ["a", "w"]},
        {"key": "w", "pressed": True, "repeat": True, "held": ("a", "w")},
    ),
    events.Play: (RECORDING, {**RECORDING, "type": "play", "from_command": False}),
    events.Pause: ({**RECORDING, "from_command": True}, {"type": "pause", "from_command": True}),
    events.TimeUpdate: (
        {**RECORDING, "time": str(STAMP), "timeline": "t", "timeline_type": "timestamp"},
        {**RECORDING, "type": "time_update", "time": STAMP, "timeline": "t", "timeline_type": "timestamp"},
    ),
    events.TimelineChange: (
        {**RECORDING, "time": "3", "timeline": "t", "timeline_type": None},
        {"type": "timeline_change", "time": 3, "timeline": "t", "timeline_type": None},
    ),
    events.SelectionChange: ({**RECORDING, "items": []}, {"type": "selection_change", "items": ()}),
    events.RecordingOpen: (
        {**RECORDING, "source": "python", "version": "0.41.0"},
        {"type": "recording_open", "source": "python", "version": "0.41.0"},
    ),
    # Response { 19 get_location { 1 location } }
    events.Answer: (
        {"command": "get_location", "protocol": base64.b64encode(b"\x9a\x01\x03\x0a\x01x").decode()},
        {"command": "get_location", "value": "x"},
    ),
}


def test_the_events_are_these() -> None:
    names = ["change", "upload", "clear", "load", "error"]
    names += ["play", "pause", "time_update", "timeline_change", "selection_change", "recording_open", "key_input"]
    names += [str(each) for each in ANSWERS]
    assert len(names) == len(Rerun.EVENTS)
    for name in names:
        assert callable(getattr(Rerun, name))


@pytest.mark.parametrize("kind", DATA)
def test_each_class_has_the_fields_of_what_the_page_sends(kind: type[gr.EventData]) -> None:
    sent, fields = DATA[kind]
    event = kind(None, sent)
    assert isinstance(event, gr.EventData)
    assert {name: getattr(event, name) for name in fields} == fields
    declaring = [each for each in kind.__mro__ if issubclass(each, gr.EventData) and each is not events.ViewerEvent]
    assert {name for each in declaring for name in inspect.get_annotations(each)} <= fields.keys()
    assert kind.__doc__


def test_an_answer_to_open_has_what_was_opened() -> None:
    sent = {"command": "open", "store_ids": ["Recording:app:run"], "loading": ["https://a/b.rrd"]}
    opened = events.Answer(None, sent).value
    assert (opened.store_ids, opened.loading) == (sent["store_ids"], sent["loading"])
    for wrong in ({"store_ids": "all"}, {"loading": [3]}, {"store_ids": ["a"] * 1001}, {"loading": None}):
        with pytest.raises(EventDataError, match="Expected the answer of a viewer"):
            events.Answer(None, {**sent, **wrong})


def test_names_that_gradio_reserves_are_renamed_on_the_wire() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        viewer.load(lambda: None)
        viewer.error(lambda: None)
    sent = [target[1] for each in demo.get_config_file()["dependencies"] for target in each["targets"]]
    assert [name for name in sent if name != "then"] == ["rerun_load", "rerun_error"]


def time_update(**data: Any) -> events.TimeUpdate:
    return events.TimeUpdate(None, {**RECORDING, "timeline": "t", **data})


@pytest.mark.parametrize("kind", [kind for kind in DATA if issubclass(kind, events.ViewerEvent)])
def test_event_data_is_frozen_and_can_be_compared_copied_and_pickled(kind: type[gr.EventData]) -> None:
    with gr.Blocks():
        event = kind(Rerun(), DATA[kind][0])
    assert copy.deepcopy(event) == pickle.loads(pickle.dumps(event)) == event
    with pytest.raises(AttributeError):
        event.recording_id = "other"  # type: ignore[attr-defined]


def test_the_segment_is_found_by_its_former_name_too() -> None:
    event = events.Play(None, {"application_id": "app", "recording_id": "run", "partition_id": "part"})
    assert (event.segment_id, event.partition_id) == ("part", "part")


def test_the_segment_is_read_as_the_viewer_of_0_41_writes_it() -> None:
    event = events.Play(None, {"application_id": "app", "recording_id": "run", "segment_id": {"id": "part"}})
    assert event.segment_id == event.payload.segment_id == "part"
    with pytest.raises(EventDataError, match="'id' of an event to be a string, got 3"):
        events.Play(None, {"segment_id": {"id": 3}})


@pytest.mark.parametrize(("sent", "time"), [("-3", -3), (3.7, 3), (-3.5, -4), (0, 0), (str(2**63 - 1), 2**63 - 1)])
def test_a_time_is_an_integer_that_lost_no_digits(sent: str | float, time: int) -> None:
    event = time_update(time=sent)
    assert (type(event.time), event.time) == (int, time)


def test_a_time_is_a_datetime_in_utc_or_a_timedelta() -> None:
    stamp = time_update(time=str(STAMP), timeline_type="timestamp")
    assert stamp.as_datetime() == datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone.utc)
    assert time_update(time="-1500", timeline_type="duration").as_timedelta() == timedelta(microseconds=-2)
    hour = time_update(time=str(3_600 * 10**9), timeline_type="duration")
    assert hour.as_timedelta() == timedelta(hours=1)
    # Older viewers do not report the type, so the caller must know it.
    assert time_update(time=str(STAMP)).as_datetime() == stamp.as_datetime()


def test_a_sequence_is_not_a_timedelta_and_a_duration_not_a_datetime() -> None:
    sequence = time_update(time="7", timeline_type="sequence")
    with pytest.raises(TimelineError, match=r"'t', which counts a sequence.*its number: 7"):
        sequence.as_timedelta()
    with pytest.raises(TimelineError, match=r"'sequence'.*its number: 7"):
        sequence.as_datetime()
    with pytest.raises(TimelineError, match=r"'duration'. Use `as_timedelta\(\)`"):
        time_update(time="7", timeline_type="duration").as_datetime()


def test_an_unknown_timeline_type_is_none() -> None:
    assert time_update(time="7", timeline_type="moon").timeline_type is None


SELECTED = [
    (
        {"type": "entity", "entity_path": "/a", "instance_id": 3, "view_name": "v", "position": [1.5, 2.5, None]},
        events.EntityItem("/a", 3, "v", (1.5, 2.5, None)),
    ),
    ({"type": "entity", "entity_path": "/a", "news": 1}, events.EntityItem("/a")),
    ({"type": "view", "view_id": "1", "view_name": "v"}, events.ViewItem("1", "v")),
    ({"type": "container", "container_id": "1", "container_name": "c"}, events.ContainerItem("1", "c")),
    ({"type": "moon", "phase": 1}, events.UnknownItem("moon", {"type": "moon", "phase": 1})),
    ({"type": "entity"}, events.UnknownItem("entity", {"type": "entity"})),
    ("moon", events.UnknownItem("", "moon")),
    ({"type": "entity", "entity_path": "/a", "position": None}, events.EntityItem("/a")),
    ({"type": "entity", "entity_path": "/a", "instance_id": None, "view_name": None}, events.EntityItem("/a")),
    *[
        ({"type": kind, **wrong}, events.UnknownItem(kind, {"type": kind, **wrong}))
        for kind, wrong in (
            ("entity", {"entity_path": None}),
            ("entity", {"entity_path": "/a", "instance_id": "3"}),
            ("entity", {"entity_path": "/a", "view_name": 3}),
            ("entity", {"entity_path": "/a", "position": [1, "2", 3]}),
            ("entity", {"entity_path": "/a", "position": "1 2 3"}),
            ("entity", {"entity_path": "/a", "position": [1, math.inf, 3]}),
            ("view", {"view_id": "1"}),
            ("view", {"view_id": 1, "view_name": "v"}),
            ("container", {"container_id": "1", "container_name": None}),
        )
    ],
]


@pytest.mark.parametrize(("sent", "item"), SELECTED)
def test_each_kind_of_selection_becomes_an_item(sent: Any, item: events.SelectionItem) -> None:
    event = events.SelectionChange(None, {**RECORDING, "items": [sent]})
    assert event.items == (item,)
    assert hash(event) == hash(copy.deepcopy(event))
    if isinstance(sent, dict):
        assert event.items[0].type == sent["type"]


def test_a_function_gets_the_class_that_it_names() -> None:
    for kind in DATA:
        if issubclass(kind, events.ViewerEvent):
            assert f"gradio_rerun.events.{kind.__name__}`" in getattr(Rerun, kind.type).__doc__


@pytest.mark.parametrize("sent", [2**63, -(2**63) - 1, str(2**63), math.nan, math.inf, None, "soon", [7], "9" * 5000])
def test_a_time_that_is_not_a_64_bit_integer_is_refused_with_its_beginning(sent: Any) -> None:
    with pytest.raises(EventDataError, match="integer of 64 bits, got") as refused:
        time_update(time=sent)
    assert len(str(refused.value)) < 200
    assert time_update(time=str(-(2**63))).time == -(2**63)


@pytest.mark.parametrize("kind", [*DATA, events.State, events.Screenshot])
@pytest.mark.parametrize("sent", [None, "text", [{}], list(range(1000))])
def test_data_that_is_not_an_object_is_refused_with_its_beginning(kind: type[gr.EventData], sent: Any) -> None:
    if kind is events.Clear:  # which has no data
        return
    with pytest.raises(EventDataError, match=r"got (None|'text'|\[)") as refused:
        kind(None, sent)
    assert len(str(refused.value)) < 200


def test_missing_fields_of_an_event_are_empty() -> None:
    load = events.Load(None, {"recording_id": "run"})
    assert (load.application_id, load.recording_id) == ("", "run")
    assert events.Upload(None, {}).names == []
    assert events.Error(None, {}).message == ""
    key = events.KeyInput(None, {"pressed": "yes"})
    assert (key.key, key.pressed, key.repeat, key.held) == ("", False, False, ())
    play = events.Play(None, {})
    assert (play.application_id, play.segment_id, play.partition_id, play.from_command) == ("", None, None, False)
    assert events.Play(None, {"segment_id": "new", "partition_id": "old"}).segment_id == "new"
    assert events.SelectionChange(None, {"items": "all"}).items == ()
    opened = events.RecordingOpen(None, {"version": ""})
    assert (opened.source, opened.version) == ("", None)


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        (events.Load, {"recording_id": 7}, "'recording_id' of an event to be a string, got 7"),
        (events.Error, {"message": {"a": 1}}, "'message' of an event to be a string, got {'a': 1}"),
        (events.Upload, {"names": "a.rrd"}, "'names' of an event to be a list of strings, got 'a.rrd'"),
        (events.Upload, {"names": ["a.rrd", 7]}, "'names' of an event to be a list of strings"),
        (events.KeyInput, {"held": ["w", 7]}, "'held' of an event to be a list of strings, got ['w', 7]"),
        (events.TimeUpdate, {"time": True}, "'time' of an event to be an integer of 64 bits, got True"),
        (events.TimeUpdate, {"time": " 1_0"}, "'time' of an event to be an integer of 64 bits, got ' 1_0'"),
        (events.TimeUpdate, {"time": "1", "timeline": [1]}, "'timeline' of an event to be a string, got [1]"),
    ],
)
def test_a_field_of_another_type_is_refused_with_its_name(kind: type[gr.EventData], sent: Any, words: str) -> None:
    with pytest.raises(EventDataError, match=re.escape(words)):
        kind(None, sent)


def test_a_state_that_cannot_be_read_is_refused_with_its_beginning() -> None:
    for sent in ({}, {"protocol": "x"}, {"protocol": "AAAA"}, {"viewer_version": "0.24", "recordings": 3}):
        with pytest.raises(EventDataError, match=r"that the viewer reports, got \{") as refused:
            events.State(None, sent)
        assert len(str(refused.value)) < 200
    state = events.State(None, {"viewer_version": "0.24", "recordings": [], "active_recording_id": None}).state
    assert (state.viewer_version, state.recordings, state.active_recording) == ("0.24", (), None)


def test_a_state_of_more_bytes_than_a_viewer_reports_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parse(_: bytes) -> None:
        pytest.fail("the bytes were parsed")

    many = b64encode(b"\x1a\0" * 1_000_000).decode()  # a million empty recordings, which take much memory
    with gr.Blocks():
        state_input = LiveState(Rerun())
    monkeypatch.setattr(viewer_control, "read_state", parse)
    with pytest.raises(EventDataError, match=f"at most, got {len(many)}"):
        events.State(None, {"protocol": many})
    with pytest.raises(EventDataError, match=f"at most, got {len(many)}"):
        state_input.preprocess({"protocol": many})


# Gradio reads the data of events on the event loop, where all visitors wait for it.
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("get_recording_schema", {"entities": [{"components": [{}] * 4000}] * 3}),
        ("get_location", {"location": "x" * 1_500_000}),
    ],
)
def test_an_answer_that_a_thread_may_read_is_too_big_for_an_event(kind: str, fields: Any) -> None:
    response = viewer_control._message("Response")(**{kind: fields}).SerializeToString()
    data = {"command": kind, "protocol": b64encode(response).decode()}
    read_answer(data)
    with pytest.raises(EventDataError, match=r"Expected a smaller answer, got one with .*ViewerClient"):
        events.Answer(None, data)


def test_a_field_of_more_parts_than_the_page_sends_is_refused_before_they_are_read() -> None:
    with pytest.raises(EventDataError, match="'names' of an event to have 5000 entries at most"):
        events.Upload(None, {"names": [3] * 5001})
    with pytest.raises(EventDataError, match="'held' of an event to have 5000 entries at most"):
        events.KeyInput(None, {"key": "a", "held": [3] * 5001})
    (item,) = events.SelectionChange(
        None, {"items": [{"type": "entity", "entity_path": "/a", "position": [1.0, 2.0, 3.0, 4.0]}]}
    ).items
    assert isinstance(item, events.UnknownItem)


def test_an_event_of_more_parts_than_a_viewer_shows_is_refused_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(*_: Any) -> None:
        pytest.fail("a part was read")

    for module, name in (
        (_viewer_events, "selection_item"),
        (state, "_recording"),
        (state, "_view"),
        (state, "_recording_of_frontend"),
    ):
        monkeypatch.setattr(module, name, read)
    message = viewer_control._message("State")
    many = {
        "recordings": message(recordings=[{}] * 10_000),
        "views": message(views=[{}] * 10_000),
        "timelines": message(recordings=[{"timelines": [{}] * 5_000}] * 2),
        "sources": message(loading=[{}] * 10_000),
        "problems": message(views=[{"reports": [{}] * 10_000}]),
    }
    for each in many.values():
        with pytest.raises(EventDataError, match="that the viewer reports"):
            events.State(None, {"protocol": b64encode(each.SerializeToString()).decode()})
    with pytest.raises(EventDataError, match="that the viewer reports"):
        events.State(None, {"viewer_version": "0.24", "active_recording_id": None, "recordings": [{}] * 10_000})
    with pytest.raises(EventDataError, match="'items' of an event to have"):
        events.SelectionChange(None, {**RECORDING, "items": [{}] * 10_000})


def test_only_frequent_events_show_no_progress() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        for name in ("time_update", "play", "load"):
            getattr(viewer, name)(lambda: None)
    shown = [each["show_progress"] for each in demo.get_config_file()["dependencies"] if each["backend_fn"]]
    assert shown == ["hidden", "full", "full"]


def test_an_item_has_its_type_under_the_name_of_gradio_rerun_0_23() -> None:
    items: list[events.SelectionItem] = [
        events.EntityItem("/a"),
        events.ViewItem("v", "View"),
        events.ContainerItem("c", "Container"),
        events.UnknownItem("comet", None),
    ]
    assert [item.kind for item in items] == [item.type for item in items] == ["entity", "view", "container", "comet"]


def test_items_of_a_selection_cannot_be_changed() -> None:
    for item in (
        events.EntityItem("/a"),
        events.ViewItem("1", "v"),
        events.ContainerItem("1", "c"),
        events.UnknownItem("", 1),
    ):
        with pytest.raises(AttributeError):
            item.view_id = "2"  # type: ignore[union-attr, misc]
    assert hash(events.UnknownItem("moon", {"type": "moon"})) == hash(events.UnknownItem("moon", []))


# `event.payload`, the data that gradio_rerun 0.x passed to listeners.

ITEMS = {
    "EntitySelectionItem": SELECTED[0][0],
    "ViewSelectionItem": {"type": "view", "view_id": "1", "view_name": "v"},
    "ContainerSelectionItem": {"type": "container", "container_id": "1", "container_name": "c"},
}
VIEWER_EVENTS = [kind for kind in DATA if issubclass(kind, events.ViewerEvent)]


@pytest.mark.parametrize("kind", VIEWER_EVENTS)
def test_a_payload_is_an_instance_of_the_sdk_class(kind: type[Any]) -> None:
    sdk_class = getattr(events, f"{kind.__name__}Event")
    event = kind(None, DATA[kind][0])
    assert sdk_class.__module__ == SDK.__name__
    assert isinstance(event.payload, sdk_class)
    assert event.payload.type == event.type
    for each in dataclasses.fields(sdk_class):
        expected = {"items": [], "time": float(getattr(event, "time", 0))}.get(each.name, getattr(event, each.name))
        assert getattr(event.payload, each.name) == expected


def test_the_time_of_a_payload_is_a_float_as_the_sdk_declares() -> None:
    for kind in (events.TimeUpdate, events.TimelineChange):
        payload = kind(None, {**RECORDING, "time": "-3", "timeline": None}).payload
        assert (type(payload.time), payload.time) == (float, -3.0)


def test_the_items_of_a_payload_are_of_the_sdk_and_new_kinds_are_left_out() -> None:
    sent = [*ITEMS.values(), {"type": "moon"}, {"type": "entity"}, {"type": "view", "view_id": 3}, "moon", None]
    payload = events.SelectionChange(None, {**RECORDING, "items": sent}).payload
    assert [type(item) for item in payload.items] == [getattr(SDK, name) for name in ITEMS]
    entity = payload.items[0]
    assert (entity.entity_path, entity.instance_id, entity.view_name, entity.position) == (
        "/a",
        3,
        "v",
        [1.5, 2.5, None],
    )


def test_a_payload_knows_the_segment_by_the_name_that_the_sdk_has_for_it() -> None:
    payload = events.Play(None, {**RECORDING, "segment_id": "part"}).payload
    names = {each.name for each in dataclasses.fields(payload)} & {"segment_id", "partition_id"}
    assert [getattr(payload, name) for name in names] == ["part"]


@pytest.mark.parametrize("kind", VIEWER_EVENTS)
def test_without_a_class_in_the_sdk_a_payload_is_the_event(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rerun._event", "rerun.event"):
        monkeypatch.setitem(sys.modules, name, None)
    event = kind(None, DATA[kind][0])
    assert event.payload is event
    assert getattr(events, f"{kind.__name__}Event") is kind


@pytest.mark.parametrize("error", [KeyError, TypeError, ValueError, AttributeError, RuntimeError])
def test_data_that_the_sdk_refuses_is_not_an_error(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise error

    monkeypatch.setattr(SDK, "_viewer_event_from_json_str", refuse)
    event = events.Play(None, RECORDING)
    assert event.payload is event


def test_an_event_of_no_known_class_has_a_payload() -> None:
    for data in ({**RECORDING, "type": "moon"}, RECORDING, {**RECORDING, "type": "time_update", "time": "7"}):
        event = events.ViewerEvent(None, data)
        assert event.payload is event
    play = events.ViewerEvent(None, {**RECORDING, "type": "play"})
    assert (play.type, type(play.payload)) == ("play", events.PlayEvent)


@pytest.mark.parametrize("name", ["MoonEvent", "ErrorEvent", "ViewerEvent_", "Event", "LoadEvent"])
def test_no_other_class_of_the_sdk_is_here(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'gradio_rerun.events' has no attribute '{name}'"):
        getattr(events, name)


def test_importing_the_events_does_not_load_the_sdk() -> None:
    code = "import sys, gradio_rerun.events; print('rerun' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_file_that_an_event_names_must_be_an_upload() -> None:
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "screenshot.png"
    path.write_bytes(b"png")
    for kind in (events.Screenshot, events.RecordingSaved, events.BlueprintSaved):
        assert kind(None, {"path": str(path)}).path == str(path)
        for wrong in (__file__, str(folder / ".." / "screenshot.png"), str(folder / "gone.png")):
            with pytest.raises(RecordingError, match="not uploaded"):
                kind(None, {"path": wrong})


@pytest.mark.parametrize("kind", DATA)
def test_an_event_knows_its_component(kind: type[gr.EventData]) -> None:
    viewer = Rerun(render=False)
    assert kind(viewer, DATA[kind][0]).target is viewer
