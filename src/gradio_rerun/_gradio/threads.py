"""Threads for work that takes time.

Gradio serves files, and calls `postprocess`, in the 40 threads of anyio. Slow values would make visitors wait for files.

Gradio 6.10 to 6.31. This file can go when tests/unit/test_threads.py::test_work_in_threads_holds_none_of_gradio_s passes without it.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from ..errors import RecordingError

_Result = TypeVar("_Result")

_MOST_THREADS = 100

# Its name until anyio 4.1, which Gradio takes, too, is another one.
_PARAMETERS = inspect.signature(to_thread.run_sync).parameters
_ABANDON: dict[str, Any] = {"abandon_on_cancel" if "abandon_on_cancel" in _PARAMETERS else "cancellable": True}

_limiter: RunVar[CapacityLimiter] = RunVar("gradio_rerun.threads")


class Work:
    """Work in a thread, which ends early if its result is unwanted."""

    def __init__(self) -> None:
        self.is_unwanted = False
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Iterator[None]:
        """Inside the `with`, another thread calls `end` as soon as the result is unwanted."""
        with self._lock:
            self._ends.append(end)
            is_unwanted = self.is_unwanted
        if is_unwanted:
            end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)

    def give_up(self) -> None:
        """Marks the result as unwanted, and ends the work."""
        with self._lock:
            self.is_unwanted = True
            ends = list(self._ends)
        for end in ends:
            end()


_current: ContextVar[Work | None] = ContextVar("gradio_rerun_work", default=None)


def current_work() -> Work:
    """The work that this thread does."""
    return _current.get() or Work()


async def in_thread(function: Callable[[], _Result]) -> _Result:
    """Calls `function` in a thread and returns its result. If the caller is cancelled, the work in the thread is unwanted."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_MOST_THREADS)
        _limiter.set(limiter)
    work = Work()
    token = _current.set(work)
    try:
        return await to_thread.run_sync(function, limiter=limiter, **_ABANDON)
    finally:
        _current.reset(token)
        work.give_up()


def unwanted() -> RecordingError:
    """The error for work whose result is unwanted. Nobody sees it."""
    return RecordingError("The conversion was cancelled, since its result was no longer wanted.")
