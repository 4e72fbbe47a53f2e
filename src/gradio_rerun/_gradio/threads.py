"""Threads for work that takes time.

Gradio serves files, and calls `postprocess`, in the 40 threads of anyio. Slow values would make visitors wait for files.

Gradio 6.10 to 6.31. Remove this file when tests/unit/test_threads.py::test_work_in_threads_uses_none_of_gradios_threads passes without it.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from .._clients import Client, current_client, working_for
from ..errors import RecordingError

_Result = TypeVar("_Result")

_MOST_THREADS = 200
_MOST_FOR_ADDRESS = 100
_MOST_FOR_PAGE = 50
"""Work may wait for slow servers: one address leaves threads for others, and one page of it for other pages."""

# anyio before 4.1, which Gradio also supports, has another name for it.
_PARAMETERS = inspect.signature(to_thread.run_sync).parameters
_ABANDON: dict[str, Any] = {"abandon_on_cancel" if "abandon_on_cancel" in _PARAMETERS else "cancellable": True}


class _Limiters:
    """The limiters of an event loop."""

    def __init__(self) -> None:
        self.all = CapacityLimiter(_MOST_THREADS)
        self.unlimited = CapacityLimiter(math.inf)
        """For anyio, whose own count leaves out threads with a cancelled caller."""
        self._shares: WeakValueDictionary[object, CapacityLimiter] = WeakValueDictionary()

    def of(self, client: Client) -> list[CapacityLimiter]:
        """Those that work for this client needs, in the order in which it needs them."""
        page = self._shares.setdefault(client, CapacityLimiter(_MOST_FOR_PAGE))
        address = self._shares.setdefault(client.address, CapacityLimiter(_MOST_FOR_ADDRESS))
        return [page, address, self.all]


_limiters: RunVar[_Limiters] = RunVar("gradio_rerun.threads")


class Work:
    """Work in a thread, which ends early if its result is unwanted."""

    def __init__(self) -> None:
        self.is_unwanted = False
        self.has_begun = False
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []

    def begin(self) -> None:
        """To be called in the thread. Raises a `RecordingError` if the result is unwanted already."""
        with self._lock:
            self.has_begun = not self.is_unwanted
        if not self.has_begun:
            raise unwanted()

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


async def in_thread(function: Callable[[], _Result], client: Client | None = None) -> _Result:
    """Calls `function` in a thread and returns its result. If the caller is cancelled, the work in the thread is unwanted.

    The thread counts until the work has ended: clients that leave do not start more threads than others. `client`: by default the current one.
    """
    client = client or current_client()
    try:
        limiters = _limiters.get()
    except LookupError:
        limiters = _Limiters()
        _limiters.set(limiters)
    work, loop, taken = Work(), asyncio.get_running_loop(), list[CapacityLimiter]()

    def release() -> None:
        while taken:
            taken.pop().release_on_behalf_of(work)

    def run() -> _Result:
        work.begin()
        try:
            return function()
        finally:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(release)

    token = _current.set(work)
    try:
        for limiter in limiters.of(client):
            await limiter.acquire_on_behalf_of(work)
            taken.append(limiter)
        with working_for(client):
            return await to_thread.run_sync(run, limiter=limiters.unlimited, **_ABANDON)
    finally:
        _current.reset(token)
        work.give_up()
        if not work.has_begun:
            release()


def unwanted() -> RecordingError:
    """The error for work whose result is unwanted. Nobody sees it."""
    return RecordingError("The conversion was cancelled, since its result was no longer wanted.")
