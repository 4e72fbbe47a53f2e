"""Remembers what was read from a file until the file changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar, cast

from .bounded import Bounded

_A_WHILE = 2.0
"""Seconds. The times of files are exact to some milliseconds, or to two seconds (FAT)."""

_Found = TypeVar("_Found")

_MOST_BYTES = 500_000_000
"""Of all that is remembered, in memory. 100,000 episodes with three cameras take some 100 MB."""

_remembered = Bounded(1000, _MOST_BYTES, itemgetter(1))
"""The results, with their sizes."""


def looked_up(look: Callable[[Path], _Found], path: Path) -> _Found:
    """The result of `look` for the file. `look` is called again only if the file has changed."""
    stat = path.stat()
    key = (look, path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    known = _remembered.get(key)
    if known is not None:
        return cast("_Found", known[0])
    found = look(path)
    # Two changes in quick succession may have the same time.
    if time.time() - stat.st_ctime > _A_WHILE:
        with suppress(RecursionError):
            _remembered[key] = found, size_of(found)
    return found


def size_of(found: Any) -> int:
    """About its bytes in memory. Not as pickle or JSON would count them: meanwhile, no other thread would run."""
    parts: Iterable[Any] = ()
    if isinstance(found, dict):
        parts = (*found, *found.values())
    elif isinstance(found, (list, tuple)):
        parts = found
    return sys.getsizeof(found) + sum(map(size_of, parts))
