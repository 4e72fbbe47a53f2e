"""Commands for the time cursor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import numpy as np

from .._checks import described, is_flag
from .._viewer.times import duration_ns, sequence_number, timestamp_ns
from .._viewer.viewer_control import Plan, field_path, request
from ..errors import CommandError
from ._command import Command, causes, choice, name_of, recording_id_of

_INT64 = range(-(2**63), 2**63)

_PlayState = Literal["paused", "playing", "following"]


def set_time(
    timeline: str | None = None,
    *,
    sequence: int | np.integer[Any] | None = None,
    duration: float | timedelta | np.timedelta64 | None = None,
    timestamp: float | datetime | np.datetime64 | None = None,
    play_state: _PlayState | None = None,
    recording: str | None = None,
    play: bool | None = None,
) -> Command[None]:
    """Sets the time cursor, the active timeline, the play state, or several of these.

    Args:
        timeline: The timeline, which becomes the active one; None: the active one.
        sequence: A number of a sequence.
        duration: Seconds, or a `timedelta`.
        timestamp: Seconds since 1970 (UTC), or a `datetime`: one without a time zone is UTC, as for `rerun.set_time`.
        play_state: "paused", "playing", or "following" the latest data, which takes no time. None: with a time, the recording pauses; without
            a time, its play state stays as it is.
        recording: The id of a recording, or its store id, as the viewer reports it; None: the recording on screen.
        play: The former form of `play_state`.

    Nanoseconds are exact from rerun-sdk 0.41 on. Viewers before take 64-bit floats: timestamps of today are exact to some 256 ns.
    """
    times = {"sequence": sequence, "duration": duration, "timestamp": timestamp}
    given = {name: value for name, value in times.items() if value is not None}
    state = _play_state(play_state, play, has_time=bool(given))
    if len(given) > 1:
        raise CommandError(f"Expected set_time to get one of sequence, duration and timestamp, got {', '.join(given)}.")
    if not given and timeline is None and state is None:
        raise CommandError(
            "Expected set_time to get one of sequence, duration and timestamp, or a timeline or play_state, got none of them."
        )
    if given and state == "following":
        raise CommandError("Expected set_time to get no time together with play_state='following', got one.")
    kind = next(iter(given), None)
    time = None if kind is None else _number_of(kind, given[kind])
    name = None if timeline is None else name_of("timeline", timeline)
    recording_id = recording_id_of("recording", recording)
    shown = {**given, **({"play_state": play_state or state} if play_state or play else {}), "recording": recording}
    text = [
        *([] if name is None else [repr(name)]),
        *(f"{key}={value!r}" for key, value in shown.items() if value is not None),
    ]
    arguments = {"timeline": name, "kind": kind, "time": time, "play_state": state, "recording_id": recording_id}
    return Command("set_time", tuple(arguments.items()), ", ".join(text), _plan(name, time, state, recording_id))


def _number_of(kind: str, value: Any) -> int:
    time = {"sequence": sequence_number, "duration": duration_ns, "timestamp": timestamp_ns}[kind](value)
    if time not in _INT64:
        raise CommandError(f"Expected {kind} to fit into 64 bits (in nanoseconds, if it is a time), got {value!r}.")
    return time


def _play_state(given: str | None, play: bool | None, *, has_time: bool) -> str | None:
    choice("play_state", given, get_args(_PlayState))
    if play is not None and not is_flag(play):
        raise CommandError(f"Expected play to be True or False, got {described(play)}.")
    # A recording that plays on would not show the given time.
    return given or ("playing" if play else "paused" if has_time or play is not None else None)


def _plan(timeline: str | None, time: int | None, state: str | None, recording_id: str | None) -> Plan:
    cursor = request(
        "set_time_cursor",
        timeline=None if timeline is None else {"name": timeline},
        time=None if time is None else {"time": time},
        play_state=None if state is None else f"PLAY_STATE_{state.upper()}",
    )
    expected: list[dict[str, Any]] = []
    if time is not None or timeline is not None:
        of_timeline = {} if timeline is None else {"timeline": timeline}
        expected += [{"type": "timeline_change", **of_timeline}, {"type": "time_update"}]
    if time is not None:
        expected[-1] = {"type": "time_update", "time": time}
    if state is not None:
        expected += causes(recording_id, "pause" if state == "paused" else "play")
    # Whoever sets a timeline may set a time on it by the next command.
    waits = time is None and timeline is not None
    return Plan(cursor, field_path("set_time_cursor", "store_id"), expected, waits=waits)
