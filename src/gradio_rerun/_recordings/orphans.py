"""Ends the threads of RecordingStreams that no code holds any more. rerun-sdk keeps two threads for each until it is called for this."""

from __future__ import annotations

import atexit
import sys
import threading
from contextlib import suppress
from typing import Any

from .._fork import ModuleLock, after_fork

SWEEP_EVERY = 5.0
"""Seconds."""

BESIDE_GLOBAL = 100
"""While `rr.init` has set a global recording, threads end once for this number of values, since the SDK cannot end them without unsetting it."""

_lock = ModuleLock()
_exits = threading.Event()
_sweeper: threading.Thread | None = None
_values = 0
"""How many values were returned since the last sweep."""


def end_orphans() -> None:
    """Ends the threads of such recordings within some seconds, in another thread.

    rerun-sdk before 0.28 has no `disconnect_orphaned_recordings`: it keeps the connections and servers of such recordings, and apps
    may count on that. Remove the condition when the rerun-sdk floor passes 0.27.
    """
    global _sweeper, _values
    bindings = sys.modules.get("rerun_bindings")
    if not hasattr(bindings, "disconnect_orphaned_recordings"):
        return
    with _lock:
        _values += 1
        if _sweeper is None:
            _sweeper = threading.Thread(target=_sweep, args=(bindings,), daemon=True)
            _sweeper.start()


def _sweep(bindings: Any) -> None:
    global _sweeper, _values
    while not _exits.wait(SWEEP_EVERY):
        current = bindings.get_global_data_recording()
        with _lock:
            if _values < (1 if current is None else BESIDE_GLOBAL):
                _sweeper = None
                return
            _values = 0
        if current is None:
            _clean_up(bindings)
        else:
            _clean_up_beside(current, bindings)


def _clean_up(bindings: Any) -> None:
    # Raised if the viewer of one of all recordings (`connect_grpc`) cannot be reached. The next value tries again.
    with suppress(RuntimeError):
        bindings.flush_and_cleanup_orphaned_recordings()


def _clean_up_beside(current: Any, bindings: Any) -> None:
    """Keeps the global recording: the SDK unsets it, and then waits until all recordings are flushed. `rr.log` would log nothing."""
    sweep = threading.Thread(target=_clean_up, args=(bindings,), daemon=True)
    sweep.start()
    while True:
        is_last = not sweep.is_alive()
        if bindings.get_global_data_recording() is None:
            bindings.set_global_data_recording(current)
        if is_last:
            return
        sweep.join(0.001)


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
