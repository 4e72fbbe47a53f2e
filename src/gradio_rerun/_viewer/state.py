"""Reads the viewer's state, as the frontend reports it."""

from __future__ import annotations

import base64
import re
from typing import Any

from google.protobuf.message import DecodeError

from ..errors import EventDataError
from ..viewer_state import LoadingSource, PlayState, RecordingState, TimelineState, TimelineType, ViewerState, ViewState
from . import viewer_control
from .event_data import MOST_BYTES, MOST_PARTS, short

_TIMELINE_TYPES: tuple[TimelineType | None, ...] = (None, "sequence", "duration", "timestamp")
_PLAY_STATES: tuple[PlayState | None, ...] = (None, "paused", "playing", "following")


def reported_state(data: dict[str, Any]) -> ViewerState:
    """The state that the frontend reports. Raises an `EventDataError` if it is invalid: any client can send it.

    `data` contains bytes of the viewer's protocol, or what the frontend has read from a viewer before rerun-sdk 0.41.
    """
    if isinstance(protocol := data.get("protocol"), str) and len(protocol) > MOST_BYTES:
        raise EventDataError(f"Expected a state of {MOST_BYTES} bytes at most, got {len(protocol)}.")
    try:
        return _of_protocol(base64.b64decode(data["protocol"])) if "protocol" in data else _of_frontend(data)
    except (KeyError, TypeError, ValueError, OverflowError, DecodeError) as error:
        raise EventDataError(
            f"Expected the state that the viewer reports, got {short(data)}. Reload the page."
        ) from error


def _of_protocol(data: bytes) -> ViewerState:
    state = viewer_control.read_state(data)
    _check_number(state.recordings, state.views, state.loading)
    _check_number(*(each.timelines for each in state.recordings), *(each.reports for each in state.views))
    recordings = {each.store_id: _recording(each) for each in state.recordings}
    return ViewerState(
        viewer_version=state.viewer_version,
        location=state.location or None,
        recordings=tuple(recordings.values()),
        active_recording=recordings.get(state.active_store_id),
        views=tuple(_view(each) for each in state.views),
        loading=tuple(LoadingSource(each.name, each.status) for each in state.loading),
    )


def _check_number(*lists: Any) -> None:
    if (number := sum(map(len, lists))) > MOST_PARTS:
        raise ValueError(f"{number} parts")


def _recording(reported: Any) -> RecordingState:
    application_id, recording_id = split_store_id(reported.store_id)
    cursor = reported.current_time
    return RecordingState(
        application_id=application_id,
        recording_id=recording_id,
        timelines=tuple(
            TimelineState(
                name=each.timeline.name,
                type=timeline_type(each.time_type),
                start=each.time_range.start if each.HasField("time_range") else None,
                end=each.time_range.end if each.HasField("time_range") else None,
                time=each.current_time.time if each.HasField("current_time") else None,
            )
            for each in reported.timelines
        ),
        timeline=cursor.timeline.name or None,
        time=cursor.time.time if cursor.HasField("time") else None,
        play_state=_of(_PLAY_STATES, reported.play_state),
    )


def _view(reported: Any) -> ViewState:
    return ViewState(
        id=reported.view_id,
        name=reported.name,
        kind=getattr(reported, "class"),
        origin=reported.origin,
        visible=reported.visible,
        problems=tuple(": ".join(filter(None, (each.summary, each.details))) for each in reported.reports),
    )


def split_store_id(store_id: str) -> tuple[str, str]:
    r"""The application id and the recording id in "Recording:<application id>:<recording id>".

    In the application id, ":" and "\" are escaped by "\". The frontend's `recordingOf` (store-id.js) is the same.
    """
    found = re.match(r"[^:]*:((?:\\.|[^:\\])*):(.*)", store_id, re.DOTALL)
    return (re.sub(r"\\(.)", r"\1", found[1]), found[2]) if found else ("", store_id)


def store_id_of(application_id: str, recording_id: str) -> str:
    """The reverse of `split_store_id`. The frontend's `storeIdOf` is the same."""
    return "Recording:" + re.sub(r"([\\:])", r"\\\1", application_id) + ":" + recording_id


def timeline_type(number: int) -> TimelineType | None:
    """The type of a timeline by its number in the protocol; None if it is not known."""
    found: TimelineType | None = _of(_TIMELINE_TYPES, number)
    return found


def _of(known: tuple[Any, ...], number: int) -> Any:
    return known[number] if 0 <= number < len(known) else None


def _of_frontend(reported: dict[str, Any]) -> ViewerState:
    _check_number(reported["recordings"])
    recordings = {each.recording_id: each for each in map(_recording_of_frontend, _field(reported, "recordings", list))}
    return ViewerState(
        viewer_version=_field(reported, "viewer_version", str),
        location=None,
        recordings=tuple(recordings.values()),
        active_recording=recordings.get(_field(reported, "active_recording_id", str, None)),
        views=None,
        loading=None,
    )


def _recording_of_frontend(reported: Any) -> RecordingState:
    timeline, time = _field(reported, "timeline", str, None), _time(reported, "time")
    known, playing = _field(reported, "range", dict, None), _field(reported, "playing", bool, None)
    ends = (_time(known, "min"), _time(known, "max")) if known else (None, None)
    return RecordingState(
        application_id=_field(reported, "application_id", str),
        recording_id=_field(reported, "recording_id", str),
        timelines=(TimelineState(timeline, None, *ends, time),) if timeline else (),
        timeline=timeline,
        time=time,
        play_state=None if playing is None else "playing" if playing else "paused",
    )


def _field(reported: Any, name: str, *kinds: type | None) -> Any:
    value = reported[name]
    if (None if value is None else type(value)) in kinds:
        return value
    raise TypeError(f"{name!r} is {short(value)}")


def _time(reported: Any, name: str) -> int | None:
    number = _field(reported, name, int, float, None)
    if number is None:
        return None
    number = float(number)  # JSON contains the shortest digits of a float; the greatest time becomes 2**63
    if not -(2.0**63) <= number <= 2.0**63:  # nor NaN
        raise ValueError(f"{name!r} is {number!r}")
    return min(int(number), 2**63 - 1)
