"""Limits how many conversions and fetches run at once."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from .._fork import after_fork
from .._gradio.threads import current_work, unwanted
from ..errors import RecordingError

_WAITING_FOR_EACH_CORE = 8
"""Conversions that wait: a new one waits up to 8 times the duration of a conversion."""


class Turns:
    """Limits how many tasks run at once and how many wait; further tasks get an error. Tasks with the same key run one after the other."""

    def __init__(self, most: Callable[[], int], doing: str = "converting") -> None:
        self._most = most
        self._doing = doing
        self.forget()

    def forget(self) -> None:
        """Forgets the tasks that run and wait."""
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._waiting = 0

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Waits for a turn, which lasts as long as the `with`. Raises a `RecordingError` if too many wait, or the result is unwanted."""
        work = current_work()
        with self._changed, work.ended_by(self._wake):
            if self._waiting >= _WAITING_FOR_EACH_CORE * self._most():
                raise RecordingError(f"The app is {self._doing} as many files as it can. Please try again in a minute.")
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
                self._running.discard(key)  # not there after a fork
                self._changed.notify_all()

    def _has_room(self, key: str) -> bool:
        return key not in self._running and len(self._running) < self._most()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


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


# Each conversion is a process that loads rerun-sdk and uses a whole core.
conversion_turns = Turns(cores)
after_fork(conversion_turns.forget)
