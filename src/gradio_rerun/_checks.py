"""Checks of the values that callers give, and their errors."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ParameterError


def wrong(name: str, wanted: str, value: Any, cure: str = "") -> ParameterError:
    """The error for a parameter with an invalid value."""
    return ParameterError(f"Expected {name} to be {wanted}, got {value!r:.200}. {cure}".rstrip())


def no_list(name: str, wanted: str, value: Any) -> ParameterError:
    """The error for anything but a list. A string may be meant as its only item."""
    return wrong(name, wanted, value, f"Write [{value!r}]." if isinstance(value, str) else "")


@dataclass(frozen=True)
class Rule:
    """A check of a parameter's value."""

    is_valid: Callable[[Any], bool]
    wanted: str

    def __call__(self, name: str, value: Any) -> Any:
        """The value. Raises a `ParameterError` if it is invalid."""
        if self.is_valid(value):
            return value
        raise wrong(name, self.wanted, value)


def as_path(name: str, value: Any) -> Path:
    """A path, with the home of the app's user in the place of `~`. Raises a `ParameterError` for other values.

    Not the homes of other users: an error would reveal whether there is a user of this name.
    """
    try:
        path = Path(value)
    except TypeError:  # also a path of bytes
        raise wrong(name, "a path", value) from None
    with suppress(RuntimeError):  # a user without a home
        return path.expanduser() if path.parts[:1] == ("~",) else path
    return path


def items_of(value: Any) -> Sequence[Any]:
    """The items of a component's value: those of a list or tuple; any other value is the only item."""
    return value if isinstance(value, (list, tuple)) else [value]


def is_collection(value: Any) -> bool:
    """Whether the value is a list or a similar collection, and not a string, bytes or a dict."""
    return isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))


def is_number(value: Any) -> bool:
    """Whether the value is a finite number. True and False are not."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer beyond the range of floats
        return False


def is_flag(value: Any) -> bool:
    """Whether the value is True or False, of Python or of NumPy."""
    return isinstance(value, (bool, np.bool_))


FLAG = Rule(is_flag, "True or False")
FLAG_OR_NONE = Rule(lambda value: value is None or is_flag(value), "True, False or None")
BYTES_OR_NONE = Rule(
    lambda value: value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0),
    "a positive integer, the number of bytes, or None",
)


def suggestion(word: Any, known: Collection[str]) -> str:
    """A sentence that suggests the most similar known word; empty if none is similar."""
    close = difflib.get_close_matches(word.lower(), known, 1) if isinstance(word, str) else []
    return f"Did you mean {close[0]!r}?" if close else ""


def whole_text(text: str) -> str:
    """The text without half letters, which neither HTML nor Gradio's JSON can contain: JSON and names of bytes that are no UTF-8 have them."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


MOST_JSON_PARTS = 100_000
"""To read as many takes 0.1 s, in which Python runs no other thread."""


class TooManyPartsError(ValueError):
    """A JSON text has more parts than `read_json` reads."""


def read_json(content: str | bytes) -> Any:
    """The value of a JSON text. Raises a `ValueError` if it is none, a `TooManyPartsError`, and a `RecursionError` if it is too deep."""
    text = content if isinstance(content, str) else content.decode(json.detect_encoding(content), "surrogatepass")
    if sum(map(text.count, "[{,")) > MOST_JSON_PARTS:
        raise TooManyPartsError(f"it has more than {MOST_JSON_PARTS:,} parts")
    return json.loads(text)


def described(value: Any) -> str:
    """The type and the start of a value, for an error; the type alone if the value cannot be printed."""
    kind = type(value).__name__
    try:
        return f"{kind} {value!r}"[:120]
    except Exception:
        return kind
