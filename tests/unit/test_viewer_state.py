from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest
import rerun as rr
from hypothesis import given, settings
from hypothesis import strategies as st

from gradio_rerun._viewer import viewer_control
from gradio_rerun._viewer.state import reported_state, split_store_id, store_id_of
from gradio_rerun.errors import EventDataError
from gradio_rerun.viewer_state import LoadingSource, RecordingState, TimelineState, ViewState

try:
    from rerun import chunk
    from rerun.chunk import LazyStore
except ImportError:  # before rerun-sdk 0.37
    LazyStore = None

BIG = 1_714_979_289_123_456_789


def page_report(**fields: Any) -> dict[str, str]:
    state = viewer_control._message("State")(**fields)
    return {"protocol": base64.b64encode(state.SerializeToString()).decode()}


def test_the_protocol_is_read() -> None:
    state = reported_state(
        page_report(
            location="about:recording",
            active_store_id=r"Recording:my\:app:run",
            viewer_version="0.41.0",
            recordings=[
                {
                    "store_id": r"Recording:my\:app:run",
                    "timelines": [
                        {
                            "timeline": {"name": "stamp"},
                            "time_type": 3,
                            "time_range": {"start": BIG, "end": BIG + 1},
                            "current_time": {"time": BIG},
                        },
                        {"timeline": {"name": "frame"}, "time_type": 1, "time_range": {"start": 0, "end": 0}},
                        {"timeline": {"name": "empty"}, "time_type": 99},
                    ],
                    "current_time": {"timeline": {"name": "stamp"}, "time": {"time": BIG}},
                    "play_state": 2,
                }
            ],
            views=[
                {
                    "view_id": "id",
                    "class": "3D",
                    "name": "view",
                    "origin": "/",
                    "visible": True,
                    "reports": [{"severity": "error", "summary": "short", "details": "long"}],
                }
            ],
            loading=[{"name": "https://example.com/run.rrd", "status": "Connecting"}],
        )
    )
    recording = RecordingState(
        application_id="my:app",
        recording_id="run",
        timelines=(
            TimelineState("stamp", "timestamp", BIG, BIG + 1, BIG),
            TimelineState("frame", "sequence", 0, 0, None),
            TimelineState("empty", None, None, None, None),
        ),
        timeline="stamp",
        time=BIG,
        play_state="playing",
    )
    assert state.recordings == (recording,)
    assert state.active_recording == recording
    assert (state.timeline, state.time, state.play_state) == ("stamp", BIG, "playing")
    assert state.views == (ViewState("id", "view", "3D", "/", True, ("short: long",)),)
    assert (state.location, state.viewer_version) == ("about:recording", "0.41.0")
    assert state.loading == (LoadingSource("https://example.com/run.rrd", "Connecting"),)
    assert pickle.loads(pickle.dumps(state)) == state


def test_an_empty_viewer_has_a_state() -> None:
    state = reported_state(page_report())
    assert (state.recordings, state.active_recording, state.location, state.views) == ((), None, None, ())
    assert (state.timeline, state.time, state.play_state) == (None, None, None)
    assert state.loading == ()


def test_the_page_reports_the_state_of_an_older_viewer() -> None:
    recording = {"application_id": "app", "recording_id": "run", "timeline": "frame", "time": 3.7}
    state = reported_state(
        {
            "viewer_version": "0.24.1",
            "active_recording_id": "run",
            "recordings": [{**recording, "range": {"min": 0, "max": 19}, "playing": False}],
        }
    )
    assert state.active_recording == RecordingState(
        "app", "run", (TimelineState("frame", None, 0, 19, 3),), "frame", 3, "paused"
    )
    assert (state.location, state.views, state.loading) == (None, None, None)


@pytest.mark.parametrize(
    ("store_id", "names"),
    [
        ("Recording:app:run", ("app", "run")),
        (r"Recording:my\:app\\:a:b", ("my:app\\", "a:b")),
        ("Recording:\u2028\n: :\n", ("\u2028\n", " :\n")),
        ("something else", ("", "something else")),
        (r"Recording:a\:b", ("", r"Recording:a\:b")),
    ],
)
def test_a_store_id_is_split(store_id: str, names: tuple[str, str]) -> None:
    assert split_store_id(store_id) == names


@pytest.mark.parametrize(
    ("number", "type_", "play_state"),
    [
        (0, None, None),
        (1, "sequence", "paused"),
        (2, "duration", "playing"),
        (3, "timestamp", "following"),
        (4, None, None),
        (-1, None, None),
        (-100, None, None),
    ],
)
def test_types_of_timelines_and_play_states_have_names_as_far_as_they_are_known(
    number: int, type_: str | None, play_state: str | None
) -> None:
    timeline = {"timeline": {"name": "t"}, "time_type": number}
    recording = {"store_id": "Recording:app:run", "timelines": [timeline], "play_state": number}
    (found,) = reported_state(page_report(recordings=[recording])).recordings
    assert (found.timelines[0].type, found.play_state) == (type_, play_state)


@pytest.mark.parametrize(
    ("report", "problem"),
    [({"summary": "short"}, "short"), ({"details": "long"}, "long"), ({"summary": "a", "details": "b"}, "a: b")],
)
def test_a_problem_of_a_view_has_the_fields_that_the_viewer_reports(report: dict[str, str], problem: str) -> None:
    (view,) = reported_state(page_report(views=[{"view_id": "id", "reports": [report]}])).views or ()
    assert (view.problems, view.visible) == ((problem,), False)


def test_the_largest_time_is_valid_for_older_viewers() -> None:
    last = 9223372036854776000  # as JSON writes the float of 2**63 - 1
    recording = {"application_id": "app", "recording_id": "run", "timeline": "t", "time": last, "playing": None}
    reported = {**recording, "range": {"min": -last, "max": last}}
    state = reported_state({"viewer_version": "0.24.1", "active_recording_id": "run", "recordings": [reported]})
    assert state.recordings[0].timelines == (TimelineState("t", None, -(2**63), 2**63 - 1, 2**63 - 1),)


@pytest.mark.parametrize(("playing", "play_state"), [(True, "playing"), (False, "paused"), (None, None)])
def test_an_older_viewer_may_know_nothing_of_time(playing: bool | None, play_state: str | None) -> None:
    empty = {"application_id": "app", "recording_id": "run", "timeline": None, "time": None, "range": None}
    other = {**empty, "recording_id": "other", "timeline": "frame"}
    state = reported_state(
        {
            "viewer_version": "0.24.1",
            "active_recording_id": "other",
            "recordings": [{**empty, "playing": playing}, {**other, "playing": None}],
        }
    )
    first, second = state.recordings
    assert first == RecordingState("app", "run", (), None, None, play_state)
    assert second.timelines == (TimelineState("frame", None, None, None, None),)
    assert state.active_recording == second
    with pytest.raises(AttributeError):
        state.views = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"protocol": 3},
        {"protocol": "no base64!"},
        {"protocol": "////"},
        {"recordings": 3},
        {"recordings": [5]},
        {"viewer_version": None},
        *({"time": each} for each in ("7", True, float("nan"), -(2.0**63) * 1.5, 2.0**63 * 1.5)),
    ],
)
def test_a_state_that_no_viewer_reports_is_refused(wrong: dict[str, Any]) -> None:
    recording = {"application_id": "app", "recording_id": "run", "timeline": "t", "time": 1, "playing": None}
    recordings = [{**recording, "range": None, **({"time": wrong["time"]} if "time" in wrong else {})}]
    valid = {"viewer_version": "0.24.1", "active_recording_id": "run", "recordings": recordings}
    with pytest.raises(EventDataError, match=r"^Expected the state that the viewer reports, got .* Reload the page"):
        reported_state({**valid, **wrong} if wrong else {})


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_store_id_is_split_as_the_viewer_joins_it(application_id: str, recording_id: str) -> None:
    escaped = application_id.replace("\\", "\\\\").replace(":", "\\:")
    assert store_id_of(application_id, recording_id) == f"Recording:{escaped}:{recording_id}"
    assert split_store_id(f"Recording:{escaped}:{recording_id}") == (application_id, recording_id)


@pytest.mark.skipif(not hasattr(LazyStore, "_chunk_index"), reason="This rerun-sdk writes no store ids.")
@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_a_store_id_of_the_sdk_is_split_into_the_names_that_the_sdk_reads(
    tmp_path_factory: pytest.TempPathFactory, application_id: str, recording_id: str
) -> None:
    path = tmp_path_factory.mktemp("recordings") / "any.rrd"
    with rr.RecordingStream(application_id, recording_id=recording_id) as recording:
        recording.save(path)
        recording.log("value", rr.Scalars(1))
    reader = chunk.RrdReader(path)
    (entry,) = reader.recordings()  # its application id is not the one given: the SDK replaces some characters
    assert split_store_id(reader.store()._chunk_index().store_id) == (entry.application_id, entry.recording_id)
