"""What was read from files, remembered until a file changes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

_A_WHILE = 2.0
"""Seconds. File systems store times to within some milliseconds, or two seconds (FAT)."""

_remembered: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

_remembered_lock = threading.Lock()

_MOST_REMEMBERED = 1000

_Found = TypeVar("_Found")


def looked_up(look: Callable[[Path], _Found], path: Path) -> _Found:
    """The result of `look` for the file. `look` is called again only if the file has changed."""
    stat = path.stat()
    key = (look, path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    with _remembered_lock:
        if key in _remembered:
            return cast("_Found", _remembered[key])
    found = look(path)
    # Two changes in quick succession may have the same time.
    if time.time() - stat.st_ctime > _A_WHILE:
        with _remembered_lock:
            _remembered[key] = found
            if len(_remembered) > _MOST_REMEMBERED:
                _remembered.popitem(last=False)
    return found
