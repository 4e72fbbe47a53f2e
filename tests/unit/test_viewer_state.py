from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest

from gradio_rerun import viewer_control
from gradio_rerun.viewer_state import RecordingState, TimelineState, ViewState, split_store_id, to_viewer_state

BIG = 1_714_979_289_123_456_789


def told(**fields: Any) -> dict[str, str]:
    state = viewer_control._message("State")(**fields)
    return {"protocol": base64.b64encode(state.SerializeToString()).decode()}


def test_the_protocol_is_read() -> None:
    state = to_viewer_state(
        told(
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
                    "kind": "3D",
                    "name": "view",
                    "origin": "/",
                    "visible": True,
                    "reports": [{"severity": "error", "summary": "short", "details": "long"}],
                }
            ],
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
    assert pickle.loads(pickle.dumps(state)) == state


def test_an_empty_viewer_has_a_state() -> None:
    state = to_viewer_state(told())
    assert (state.recordings, state.active_recording, state.location, state.views) == ((), None, None, ())
    assert (state.timeline, state.time, state.play_state) == (None, None, None)


def test_the_page_tells_what_an_older_viewer_knows() -> None:
    recording = {"application_id": "app", "recording_id": "run", "timeline": "frame", "time": 3.7}
    state = to_viewer_state(
        {
            "viewer_version": "0.24.1",
            "active_recording_id": "run",
            "recordings": [{**recording, "range": {"min": 0, "max": 19}, "playing": False}],
        }
    )
    assert state.active_recording == RecordingState(
        "app", "run", (TimelineState("frame", None, 0, 19, 3),), "frame", 3, "paused"
    )
    assert (state.location, state.views) == (None, None)


@pytest.mark.parametrize(
    ("store_id", "names"),
    [
        ("Recording:app:run", ("app", "run")),
        (r"Recording:my\:app\\:a:b", ("my:app\\", "a:b")),
        ("something else", ("", "something else")),
    ],
)
def test_a_store_id_is_split(store_id: str, names: tuple[str, str]) -> None:
    assert split_store_id(store_id) == names
