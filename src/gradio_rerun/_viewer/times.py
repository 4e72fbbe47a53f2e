"""Times of Python, NumPy and pandas as numbers of the viewer: of a sequence, or nanoseconds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from .._checks import described
from ..errors import CommandError, TimelineError

_NANOS = 1_000_000_000


def sequence_number(value: Any) -> int:
    """The number of a sequence. Raises a `CommandError` for anything but an integer."""
    if not _is_number(value, int, np.integer):
        raise CommandError(f"Expected sequence to be an integer, got {described(value)}.")
    return int(value)


def duration_ns(value: Any) -> int:
    """Nanoseconds of a duration in seconds, or of a timedelta. Raises a `CommandError` for anything else."""
    if isinstance(value, np.timedelta64) and not np.isnat(value):
        nanos = _numpy_ns(value, "timedelta64[ns]")
    elif isinstance(value, timedelta):
        nanos = getattr(value, "value", None) or _timedelta_ns(value)  # pandas counts nanoseconds
    elif _is_number(value, int, np.integer) or (_is_number(value, float, np.floating) and np.isfinite(value)):
        nanos = _seconds_ns(value)
    else:
        raise CommandError(f"Expected duration to be seconds or a timedelta, got {described(value)}.")
    if nanos < 0:
        raise CommandError(f"Expected duration to be 0 or more, got {value!r}.")
    return nanos


def timestamp_ns(value: Any) -> int:
    """Nanoseconds since 1970 of a time in seconds, a datetime or a datetime64. Raises a `CommandError` for anything else."""
    if isinstance(value, datetime):
        to_datetime64 = getattr(value, "to_datetime64", None)  # pandas counts nanoseconds
        if to_datetime64 is None:
            aware = value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value
            return _timedelta_ns(aware - datetime(1970, 1, 1, tzinfo=timezone.utc))
        value = to_datetime64()
    if isinstance(value, np.datetime64) and not np.isnat(value):
        return _numpy_ns(value, "datetime64[ns]")
    # Narrower floats are too coarse for a time since 1970; rerun refuses them, too.
    if _is_number(value, int, np.integer) or (_is_number(value, float) and np.isfinite(value)):
        if value > 1e11:
            raise CommandError(
                f"Expected timestamp to be seconds since 1970, got {value!r}, which looks like milliseconds."
            )
        return _seconds_ns(value)
    raise CommandError(
        f"Expected timestamp to be seconds since 1970, a datetime or a datetime64, got {described(value)}."
    )


def _seconds_ns(value: Any) -> int:
    return int(value) * _NANOS if int(value) == value else round(float(value) * _NANOS)


def _numpy_ns(value: Any, unit: str) -> int:
    nanos = value.astype(unit)
    # NumPy does not notice an overflow. Units below a nanosecond have none.
    if np.datetime_data(value.dtype)[0] not in ("ps", "fs", "as", "generic") and nanos.astype(value.dtype) != value:
        raise CommandError(f"Expected a time to fit into 64 bits in nanoseconds, got {value!r}.")
    return int(nanos.astype("int64"))


def _timedelta_ns(value: timedelta) -> int:
    return value // timedelta(microseconds=1) * 1000


def _is_number(value: Any, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, (bool, np.bool_, np.timedelta64))


def to_timedelta(time: int, timeline: str | None, timeline_type: str | None) -> timedelta:
    """A time of the viewer as a duration. Raises a `TimelineError` for a number of a sequence."""
    if timeline_type == "sequence":
        raise TimelineError(
            f"Expected a timeline of durations or timestamps, got {timeline!r}, which counts a sequence. "
            f"Use `time`, which is its number: {time}."
        )
    return timedelta(microseconds=time // 1000)


def to_datetime(time: int, timeline: str | None, timeline_type: str | None) -> datetime:
    """A time of the viewer as a moment in UTC. Raises a `TimelineError` for a number of a sequence, or a duration."""
    if timeline_type in ("sequence", "duration"):
        cure = "`as_timedelta()`" if timeline_type == "duration" else f"`time`, which is its number: {time}"
        raise TimelineError(
            f"Expected a timeline of timestamps, got {timeline!r}, of type {timeline_type!r}. Use {cure}."
        )
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=time // 1000)
