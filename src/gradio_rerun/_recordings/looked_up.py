"""Remembers what was read from a file until the file changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from .bounded import Bounded

_A_WHILE = 2.0
"""Seconds. The times of files are exact to some milliseconds, or to two seconds (FAT)."""

_Found = TypeVar("_Found")

_remembered = Bounded(1000)


def looked_up(look: Callable[[Path], _Found], path: Path) -> _Found:
    """The result of `look` for the file. `look` is called again only if the file has changed."""
    stat = path.stat()
    key = (look, path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    known = _remembered.get(key)
    if known is not None:
        return cast("_Found", known)
    found = look(path)
    # Two changes in quick succession may have the same time.
    if time.time() - stat.st_ctime > _A_WHILE:
        _remembered[key] = found
    return found
