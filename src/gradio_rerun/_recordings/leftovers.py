"""Removes from Gradio's cache what nobody needs: `delete_cache` deletes a recording, and leaves its folder; a process that is killed leaves half a file."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

from .._fork import ModuleLock
from .limits import limits

_EVERY = 3600.0
"""Seconds between two searches in one cache."""

_EMPTY_FOR = 3600.0
"""Seconds. A folder that was emptied or used later stays: a file may be about to be written into it."""

_ABANDONED_AFTER = 3600.0
"""Seconds; longer if conversions may take longer."""

_OURS = re.compile(r"[0-9a-f]{40}")
"""The names of folders that this package makes. Those of Gradio have 64 characters."""

_lock = ModuleLock()
_searched: dict[Path, float] = {}


def remove_leftovers(cache: Path) -> threading.Thread | None:
    """Removes the folders of recordings that were deleted, and abandoned files, in a thread. Does nothing if it was called in the last hour."""
    now = time.monotonic()
    with _lock:
        if now - _searched.get(cache, -_EVERY) < _EVERY:
            return None
        for each in [each for each in _searched if not os.path.exists(each)]:  # noqa: PTH110  # raises nothing
            del _searched[each]
        _searched[cache] = now
    thread = threading.Thread(target=_remove, args=(cache,), daemon=True)
    thread.start()
    return thread


def remove_abandoned(cache: Path) -> None:
    """Removes the files of `part_in` that killed processes have left. Raises a `ParameterError` for invalid limits."""
    before = time.time() - max(_ABANDONED_AFTER, 2 * limits().seconds)
    for path in cache.glob(".*.part*"):
        with suppress(OSError):
            status, is_folder = path.stat(), path.is_dir()
            # A link to a user's file has the times of the file, and takes no room.
            if status.st_mtime < before and (is_folder or status.st_nlink == 1):
                shutil.rmtree(path) if is_folder else path.unlink()


def _remove(cache: Path) -> None:
    with suppress(ValueError):  # invalid limits, which a conversion reports
        remove_abandoned(cache)
    before = time.time() - _EMPTY_FOR
    with suppress(OSError), os.scandir(cache) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name):
                with suppress(OSError):  # it has files, or belongs to another user
                    if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before:
                        Path(entry.path).rmdir()
