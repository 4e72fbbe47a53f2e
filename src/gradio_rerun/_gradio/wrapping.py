"""Wraps methods of Gradio's `Blocks`, for all apps of this process. Each module that does so says why.

Gradio 6.10 to 6.31. Remove this file with the last of these modules, and with
tests/unit/test_calls.py::test_gradio_is_wrapped_once_for_all_components.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from gradio.blocks import Blocks

Method = Callable[..., Any]


def wrap(name: str, around: Callable[[Method], Method]) -> None:
    """Replaces a method of `Blocks` by what `around` makes of it, once, unless another package has wrapped it since."""
    method = getattr(Blocks, name)
    if hasattr(method, "wrapped_by_rerun"):
        return
    wrapped: Any = wraps(method)(around(method))
    wrapped.wrapped_by_rerun = True
    setattr(Blocks, name, wrapped)
