"""Ends the threads of RecordingStreams that no code holds any more. rerun-sdk keeps two threads for each until a function of the SDK ends them.

The function locks the SDK's list of recordings and flushes them all. If a recording is being logged to, its threads need Python's GIL for that. `RecordingStream(...)`
in another thread holds the GIL and waits for the list, so all of Python would stop forever (seen with rerun-sdk 0.41). Therefore, the functions of the SDK
that lock the list first acquire a lock of Python, for which a thread waits without the GIL.

The function also unsets the global recording of `rr.init`, so it is not called while there is one. A flush takes time if recordings are being logged to. So the function is
called only while no RecordingStream exists, and no function of the app has returned a value for 5 seconds, or if the SDK has to keep many threads otherwise.
"""

from __future__ import annotations

import atexit
import gc
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from .._fork import ModuleLock, after_fork

QUIET = 5.0
"""Seconds without a value."""

MANY = 100
"""Recordings since the last call of the function. Each has two threads."""

_LOCKING = ("new_recording", "new_blueprint", "disconnect_orphaned_recordings", "flush_and_cleanup_orphaned_recordings")
"""The functions of `rerun_bindings` that lock its list of recordings."""

_lock = ModuleLock()
# Reentrant: a constructor may run Python's garbage collector, which deletes other recordings.
_list_lock = ModuleLock(threading.RLock)
_exits = threading.Event()
_sweeper: threading.Thread | None = None
_values = 0
"""How many values were returned so far."""
_made = 0
"""How many recordings and blueprints were made since the last call of the function."""
_blueprints: list[Any] = []


def _references() -> int:
    """What `sys.getrefcount` returns for an object that only a function's variable refers to: 2, or 1 from Python 3.14 on."""
    variable = object()
    return sys.getrefcount(variable)


def end_orphans() -> None:
    """Ends the threads of such recordings, in another thread, when no function returns values, or when there are many.

    rerun-sdk before 0.28 has no `disconnect_orphaned_recordings`: it keeps the connections and servers of such recordings, and apps
    may count on that. Remove the condition when the rerun-sdk floor passes 0.27.
    """
    global _sweeper, _values
    bindings = sys.modules.get("rerun_bindings")
    if not hasattr(bindings, "disconnect_orphaned_recordings"):
        return
    _guard(bindings)
    with _lock:
        _values += 1
        if _sweeper is None:
            _sweeper = threading.Thread(target=_sweep, args=(bindings,), daemon=True)
            _sweeper.start()


def _guard(bindings: Any) -> None:
    """Has the functions that lock the SDK's list of recordings wait for each other without the GIL."""
    for name in _LOCKING:
        function = getattr(bindings, name)
        if not hasattr(function, "__wrapped__"):
            setattr(bindings, name, _guarded(function))


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    is_new, is_blueprint = function.__name__.startswith("new_"), function.__name__ == "new_blueprint"
    cleans_up = function.__name__ == "flush_and_cleanup_orphaned_recordings"

    @wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        global _made
        with _list_lock:
            _made += is_new
            try:
                result = function(*args, **options)
            except RuntimeError:
                # A recording that no code holds may be one whose server has ended. `rr.init` would fail.
                if not cleans_up:
                    raise
                return None
            if is_blueprint:
                _blueprints.append(result)
            return result

    return guarded


def _free_blueprints(bindings: Any) -> None:
    """Disconnects the blueprints that no code holds. `send_blueprint` gives each a sink in memory, which refers to its blueprint, so the SDK would never free it."""
    kept = []
    while _blueprints:
        blueprint = _blueprints.pop()
        if sys.getrefcount(blueprint) > _references():
            kept.append(blueprint)
        elif not blueprint.is_forked_child():
            bindings.disconnect(recording=blueprint)
    _blueprints.extend(kept)


def _sweep(bindings: Any) -> None:
    global _sweeper, _made
    seen = swept = 0
    while not _exits.wait(QUIET):
        with _lock:
            if swept == _values:
                _sweeper = None
                return
            is_quiet, seen = seen == _values, _values
        is_due = _made >= MANY
        swept = seen if is_quiet else swept
        with _list_lock:  # `rr.init` waits
            is_free = is_due and bindings.get_global_data_recording() is None
            if is_free or (is_quiet and not _has_recordings(bindings)):
                _made = 0
                with suppress(RuntimeError):  # the server of one of them cannot be reached: it is left as it is
                    _free_blueprints(bindings)
                    bindings.flush_and_cleanup_orphaned_recordings()


def _has_recordings(bindings: Any) -> bool:
    """Whether any code may log into a recording."""
    rerun = sys.modules.get("rerun")  # a reload of the app's modules may have removed it
    return rerun is None or bindings.get_global_data_recording() is not None or bool(held_recordings(rerun))


def held_recordings(rerun: Any) -> list[Any]:
    """The RecordingStreams that any code holds."""
    kinds = [rerun.RecordingStream]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    # An object refers to its class. `gc.get_objects` would also return what other threads are making: a tuple to which another thread refers cannot
    # be finished, and raises a SystemError. `isinstance` would read `__class__`, which is a property in proxies and may run any code.
    return [each for each in gc.get_referrers(*kinds) if type(each) in kinds]


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
    _blueprints.clear()
