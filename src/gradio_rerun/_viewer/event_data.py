"""Reads the data of events. A client can send anything."""

from __future__ import annotations

import math
import re
from reprlib import Repr
from typing import Any

from ..errors import EventDataError

MOST_PARTS = 5000
"""Upper bound on the entries of an event. Gradio reads events on the event loop: this number takes 0.3 s."""

MOST_BYTES = 2_000_000
"""Upper bound on a state or an answer in an event, in base64: 5,000 parts with names of 300 characters."""

_repr = Repr()
_repr.maxstring = _repr.maxother = 80


def short(value: Any) -> str:
    """The start of a value, for an error. A client has sent the value, which may be long or deep."""
    return _repr.repr(value)[:80]


def as_object(data: Any) -> dict[str, Any]:
    """`data`, if it is an object. Raises an `EventDataError` otherwise, as all functions here do."""
    if isinstance(data, dict):
        return data
    raise EventDataError(f"Expected the data of an event to be an object, got {short(data)}. Reload the page.")


def text_field(data: dict[str, Any], name: str) -> str:
    """The string in a field; empty if there is none."""
    value = data.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise wrong_field(name, "a string", value)


def list_field(data: dict[str, Any], name: str) -> list[Any]:
    """The list in a field; empty if there is none."""
    value = data.get(name)
    if not isinstance(value, list):
        return []
    if len(value) > MOST_PARTS:
        raise EventDataError(
            f"Expected {name!r} of an event to have {MOST_PARTS} entries at most, got {len(value)}. Reload the page."
        )
    return value


def segment_field(data: dict[str, Any], name: str) -> str | None:
    """The id of a segment; None if there is none."""
    value = data.get(name)
    # The viewer of 0.41 writes {"id": "..."}.
    return (text_field(value, "id") if isinstance(value, dict) else text_field(data, name)) or None


def wrong_field(name: str, wanted: str, value: Any) -> EventDataError:
    """The error for a field of another type."""
    return EventDataError(f"Expected {name!r} of an event to be {wanted}, got {short(value)}. Reload the page.")


def as_time(reported: Any) -> int:
    """A time of 64 bits, rounded down."""
    # The frontend sends digits, since the numbers of JavaScript end at 2**53.
    if isinstance(reported, str) and re.fullmatch(r"-?[0-9]{1,19}", reported):
        reported = int(reported)
    if type(reported) in (int, float) and -(2**63) <= reported < 2**63:  # nor NaN
        time: int = math.floor(reported)
        return time
    raise wrong_field("time", "an integer of 64 bits", reported)
