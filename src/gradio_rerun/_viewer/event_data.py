"""Reads the data of events. A client can send anything."""

from __future__ import annotations

import math
import re
from typing import Any

from ..errors import EventDataError


def as_object(data: Any) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    raise EventDataError(
        f"Expected what the page tells of an event to be an object, got {data!r:.80}. Reload the page."
    )


def text_field(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise wrong_field(name, "a string", value)


def segment_field(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    # The viewer of 0.41 writes {"id": "..."}.
    return (text_field(value, "id") if isinstance(value, dict) else text_field(data, name)) or None


def wrong_field(name: str, wanted: str, value: Any) -> EventDataError:
    return EventDataError(f"Expected {name!r} of an event to be {wanted}, got {value!r:.80}. Reload the page.")


def as_time(told: Any) -> int:
    # The page sends digits, since the numbers of JavaScript end at 2**53.
    if isinstance(told, str) and re.fullmatch(r"-?[0-9]{1,19}", told):
        told = int(told)
    if type(told) in (int, float) and -(2**63) <= told < 2**63:  # nor NaN
        time: int = math.floor(told)
        return time
    raise wrong_field("time", "an integer of 64 bits", told)
