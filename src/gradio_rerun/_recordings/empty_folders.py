"""Removes empty folders from Gradio's cache: `delete_cache` deletes a recording, and leaves its folder."""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import suppress
from pathlib import Path

from .._fork import ModuleLock

_EVERY = 3600.0
"""Seconds between two searches in one cache."""

_EMPTY_FOR = 3600.0
"""Seconds. A folder that was emptied or used later stays: a file may be about to be written into it."""

_OURS = re.compile(r"[0-9a-f]{40}")
"""The names of folders that this package makes. Those of Gradio have 64 characters."""

_lock = ModuleLock()
_searched: dict[Path, float] = {}


def remove_empty_folders(cache: Path) -> threading.Thread | None:
    """Removes the folders of recordings that were deleted, in a thread. Does nothing if it was called in the last hour."""
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


def _remove(cache: Path) -> None:
    before = time.time() - _EMPTY_FOR
    with suppress(OSError), os.scandir(cache) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name):
                with suppress(OSError):  # it has files, or belongs to another user
                    if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < before:
                        Path(entry.path).rmdir()
