"""Locks that work after a fork: the child process lacks the threads of its parent that would release them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any


def after_fork(renew: Callable[[], None]) -> Callable[[], None]:
    """Decorates a function that each child process calls first."""
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=renew)
    return renew


class ModuleLock:
    """The lock of a module, which is free in a child process."""

    def __init__(self, make: Callable[[], Any] = threading.Lock) -> None:
        self._make = make
        self._renew()
        after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = self._make()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
