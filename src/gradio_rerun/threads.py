"""Threads for work that takes time, separate from the threads in which Gradio serves files."""

from __future__ import annotations

import inspect
import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from .errors import RecordingError

_Result = TypeVar("_Result")

_MOST_THREADS = 100
_WAITING_FOR_EACH_CORE = 8
"""Conversions that wait: a new one waits up to 8 times the duration of a conversion."""

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


class Turns:
    """Limits how many tasks run at once and how many wait; further tasks get an error. Tasks with the same key run one after the other."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._waiting = 0

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Waits for a turn, which lasts as long as the `with`. Raises a `RecordingError` if too many wait, or the result is unwanted."""
        work = current_work()
        with self._changed, work.ended_by(self._wake):
            if self._waiting >= _WAITING_FOR_EACH_CORE * self._most():
                raise RecordingError("The app is converting as many files as it can. Please try again in a minute.")
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: work.is_unwanted or self._has_room(key))
            finally:
                self._waiting -= 1
            if work.is_unwanted:
                raise unwanted()
            self._running.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(key)
                self._changed.notify_all()

    def _has_room(self, key: str) -> bool:
        return key not in self._running and len(self._running) < self._most()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def unwanted() -> RecordingError:
    """The error for work whose result is unwanted. Nobody sees it."""
    return RecordingError("The conversion was cancelled, since its result was no longer wanted.")


@lru_cache(maxsize=1)
def cores() -> int:
    """The number of cores that this process may use, within the limits of the system and the container."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        count = os.cpu_count() or 1
    return max(1, math.ceil(min(count, _cores_of_container(Path("/sys/fs/cgroup")))))


def _cores_of_container(folder: Path) -> float:
    """The limit of the control group (version 2 or 1), in cores; infinite if there is none."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (folder / "cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota = (folder / "cpu" / "cpu.cfs_quota_us").read_text()
        period = (folder / "cpu" / "cpu.cfs_period_us").read_text()
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    return math.inf
