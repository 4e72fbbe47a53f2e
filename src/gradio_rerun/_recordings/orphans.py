"""Ends the threads of RecordingStreams that no code holds any more. rerun-sdk keeps two threads for each until a function of the SDK ends them.

The function unsets the global recording of `rr.init`, and flushes all recordings. If a recording is being logged to, its threads may need
Python's GIL for that, while `RecordingStream(...)` in another thread holds the GIL and waits for the flush. All of Python then stops forever
(seen with rerun-sdk 0.41). So the function is called only while no RecordingStream exists, and no function of the app has returned a value for 5 seconds.
"""

from __future__ import annotations

import atexit
import gc
import sys
import threading
from contextlib import suppress
from typing import Any

from .._fork import ModuleLock, after_fork

QUIET = 5.0
"""Seconds without a value."""

_lock = ModuleLock()
_exits = threading.Event()
_sweeper: threading.Thread | None = None
_values = 0
"""How many values were returned so far."""


def end_orphans() -> None:
    """Ends the threads of such recordings, in another thread, when no function returns values.

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
    global _sweeper
    seen = swept = 0
    while not _exits.wait(QUIET):
        with _lock:
            if swept == _values:
                _sweeper = None
                return
            is_quiet, seen = seen == _values, _values
        if is_quiet:
            swept = seen
            if not _has_recordings(bindings):
                with suppress(RuntimeError):  # the server of one of them cannot be reached: it is left as it is
                    bindings.flush_and_cleanup_orphaned_recordings()


def _has_recordings(bindings: Any) -> bool:
    """Whether any code may log into a recording."""
    rerun = sys.modules.get("rerun")  # a reload of the app's modules may have removed it
    if rerun is None or bindings.get_global_data_recording() is not None:
        return True
    # `isinstance` would read `__class__`, which is a property in proxies and may run any code.
    return any(issubclass(type(each), rerun.RecordingStream) for each in gc.get_objects())


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
