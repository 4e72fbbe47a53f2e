"""Ends the threads of RecordingStreams that no code holds any more. rerun-sdk keeps two threads for each until it is called for this."""

from __future__ import annotations

import atexit
import sys
import threading
from typing import Any

from .._fork import ModuleLock, after_fork

SWEEP_EVERY = 5.0
"""Seconds."""

_lock = ModuleLock()
_exits = threading.Event()
_sweeper: threading.Thread | None = None
_has_new = False


def end_orphans() -> None:
    """Ends the threads of such recordings within some seconds, in another thread.

    rerun-sdk before 0.28 has no `disconnect_orphaned_recordings`: it keeps the connections and servers of such recordings, and apps
    may count on that. Remove the condition when the rerun-sdk floor passes 0.27.
    """
    global _sweeper, _has_new
    bindings = sys.modules.get("rerun_bindings")
    if not hasattr(bindings, "disconnect_orphaned_recordings"):
        return
    with _lock:
        _has_new = True
        if _sweeper is None:
            _sweeper = threading.Thread(target=_sweep, args=(bindings,), daemon=True)
            _sweeper.start()


def _sweep(bindings: Any) -> None:
    global _sweeper, _has_new
    while not _exits.wait(SWEEP_EVERY):
        with _lock:
            if not _has_new:
                _sweeper = None
                return
            _has_new = False
        bindings.flush_and_cleanup_orphaned_recordings()


@atexit.register
def _exit() -> None:
    """A thread that returns from the SDK while Python ends would crash."""
    _exits.set()
    if _sweeper is not None:
        _sweeper.join()


@after_fork
def _after_fork() -> None:
    global _sweeper
    _sweeper = None
