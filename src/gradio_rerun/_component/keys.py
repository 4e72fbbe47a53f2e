"""The names of keys."""

from __future__ import annotations

from collections.abc import Sequence

from .._checks import is_collection, suggestion, wrong
from ..errors import ParameterError

_NAMED = (
    *("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Space", "Enter", "Shift", "Backspace", "Delete", "Insert"),
    *("Home", "End", "PageUp", "PageDown", *(f"F{number}" for number in range(1, 13))),
)
"""The browsers' names, apart from "Space", which is " " there. Escape and Tab are left out: users leave the viewer with them."""


def checked_keys(name: str, keys: Sequence[str] | None) -> list[str]:
    """The keys, none for None. Raises a `ParameterError` for anything else."""
    if keys is None:
        return []
    if not is_collection(keys):
        raise wrong(name, 'a list such as ["w", "ArrowUp", "Space"], or None', keys)
    for key in keys:
        is_character = isinstance(key, str) and len(key) == 1 and key.isprintable() and key != " "
        if not is_character and not (isinstance(key, str) and key in _NAMED):
            raise ParameterError(
                f"Expected {name} to hold single characters and names of {_NAMED}, got {key!r:.200}. "
                f"{suggestion(key, _NAMED)}".rstrip()
            )
    return list(keys)
