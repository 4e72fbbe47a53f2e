"""Chooses the compression of a response by the `Accept-Encoding` of its request."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ITEM = re.compile(r"\s*([\w.+-]+|\*)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?", re.IGNORECASE)
_LONGEST = 1000
"""Characters that are read of the header."""


def accepted_coding(header: str, offered: Sequence[str]) -> str | None:
    """The first coding of `offered` that the client accepts, by RFC 9110; None if it accepts none.

    A client that names no coding gets the last one, since proxies remove this header.
    """
    weights = dict(filter(None, map(_weighted, header[:_LONGEST].lower().split(","))))
    accepted = [each for each in offered if weights.get(each, weights.get("*", 0)) > 0]
    if accepted:
        return accepted[0]
    return None if offered[-1] in weights or "*" in weights else offered[-1]


def _weighted(item: str) -> tuple[str, float] | None:
    found = _ITEM.fullmatch(item)
    if found is None:
        return None
    try:
        return found[1], float(found[2] or 1)
    except ValueError:  # 1.2.3
        return None
