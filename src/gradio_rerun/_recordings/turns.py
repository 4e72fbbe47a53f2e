"""Limits how many conversions and fetches run at once."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .._clients import Client, current_client, one_too_many
from .._fork import after_fork
from .._gradio.threads import Work, current_work, unwanted
from ..errors import RecordingError

_WAITING_FOR_EACH = 8
"""Tasks that wait for each one that may run: a new one waits up to 8 times the duration of a task."""

_WAITING_FOR_THE_SAME = 64
"""Tasks that wait for the work of another one: they hold threads, but most of them find its result."""

_UNDISTURBED = 20.0
"""Seconds that each task may run, whoever waits."""

_ENDS_WITHIN = 5.0
"""Seconds that a task that has lost its turn may take to end. Some downloads by libraries cannot be ended: then another task loses its turn."""


@dataclass(eq=False)
class _Task:
    key: str
    client: Client
    work: Work
    is_joining: bool
    """Whether another task had the same key when this one arrived."""
    is_refused: bool = False
    begun: float = 0
    lost: float = 0
    """When the task lost its turn."""


class Turns:
    """Limits how many tasks run at once and how many wait. Tasks with the same key run one after the other.

    The next turn is for the address with the fewest running tasks, then for its page with the fewest, then in order of arrival. Slow tasks
    could hold all turns for minutes: if all are taken, the client with the most loses one that has run for 20 s. If too many wait, the client with
    the most that wait loses one. See `one_too_many`. Such a task raises a `RecordingError`.
    """

    def __init__(self, most: Callable[[], int], doing: str = "converting") -> None:
        self._most = most
        self._doing = doing
        self._forget()
        after_fork(self._forget)

    def _forget(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[str, _Task] = {}
        self._waiting: list[_Task] = []

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Waits for a turn, which lasts as long as the `with`. Raises a `RecordingError` if the task loses it, or the result is unwanted."""
        work = current_work()
        with self._changed, work.ended_by(self._wake):
            is_joining = key in self._running or any(each.key == key for each in self._waiting)
            task = _Task(key, current_client(), work, is_joining)
            most = _WAITING_FOR_THE_SAME if is_joining else _WAITING_FOR_EACH * self._most()
            if sum(each.is_joining == is_joining for each in self._waiting) >= most:
                self._refuse_one(task)
            self._waiting.append(task)
            try:
                while not (work.is_unwanted or task.is_refused or self._next() is task):
                    self._changed.wait(self._end_one_for(task))
            finally:
                with suppress(ValueError):  # refused
                    self._waiting.remove(task)
                self._changed.notify_all()  # another one may be the next
            if task.is_refused:
                raise self._busy()
            if work.is_unwanted:
                raise unwanted()
            task.begun = time.monotonic()
            self._running[key] = task
        try:
            yield
        except RecordingError as error:
            if task.is_refused:
                raise self._busy() from error
            raise
        finally:
            with self._changed:
                if self._running.get(key) is task:  # not after a fork
                    del self._running[key]
                self._changed.notify_all()

    def _next(self, *, ignores_room: bool = False) -> _Task | None:
        """The task that gets the next turn; None if none can run now."""
        if len(self._running) >= self._most() and not ignores_room:
            return None
        addresses = Counter(each.client.address for each in self._running.values())
        pages = Counter(each.client for each in self._running.values())
        return min(
            (task for task in self._waiting if task.key not in self._running),
            key=lambda task: (addresses[task.client.address], pages[task.client]),
            default=None,
        )

    def _end_one_for(self, task: _Task) -> float | None:
        """Ends the task that loses its turn to `task`, if that task has run long enough. Returns the seconds until `task` must call again, if at all."""
        if self._next(ignores_room=True) is not task:
            return None
        now = time.monotonic()
        if ending := [
            each.lost for each in self._running.values() if each.is_refused and each.lost + _ENDS_WITHIN > now
        ]:
            return max(ending) + _ENDS_WITHIN - now
        running = [each for each in self._running.values() if each.client.address]  # the app itself has none
        index = one_too_many([each.client for each in running], task.client)
        left = [
            each
            for each in running
            if index is not None and each.client == running[index].client and not each.is_refused
        ]
        if not left:
            return None
        last = left[-1]
        if (seconds := last.begun + _UNDISTURBED - now) > 0:
            return seconds
        last.is_refused, last.lost = True, now
        last.work.give_up()
        return _ENDS_WITHIN

    def _refuse_one(self, newcomer: _Task) -> None:
        """Makes room for another task that waits. Raises a `RecordingError` if there is none for this client."""
        waiting = [each for each in self._waiting if each.client.address and each.is_joining == newcomer.is_joining]
        index = one_too_many([each.client for each in waiting], newcomer.client)
        if index is None:
            raise self._busy()
        waiting[index].is_refused = True
        self._waiting.remove(waiting[index])
        self._changed.notify_all()

    def _busy(self) -> RecordingError:
        return RecordingError(f"The app is {self._doing} as many files as it can. Please try again in a minute.")

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
