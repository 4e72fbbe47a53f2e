"""The folder for what is made once and used by every later process, and files in it that are whole or not there."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import platformdirs

from .errors import ViewerError

CACHE_VARIABLE = "GRADIO_RERUN_CACHE_DIR"

_Stored = TypeVar("_Stored")
_TEMPORARY_SUFFIX = ".tmp"
_ABANDONED_AFTER = 3600.0  # seconds; writing a file takes well below one
_fallback: Path | None = None
_fallback_lock = threading.Lock()


def cache_dir() -> Path:
    """The folder that the environment variable GRADIO_RERUN_CACHE_DIR names now, else the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    folder = Path(named) if named else platformdirs.user_cache_path("gradio_rerun", appauthor=False)
    # Where there is no home (a container with a user id of its own), "~" stays, and is an ordinary name.
    with contextlib.suppress(RuntimeError):
        folder = folder.expanduser()
    return folder.absolute()


def stored(store: Callable[[Path], _Stored]) -> _Stored:
    """What `store` returns for the cache folder or, when that cannot be written, for one that this process removes.

    Raises ViewerError when that cannot be written either.
    """
    try:
        return store(cache_dir())
    except OSError as error:
        reason = error
    try:
        return store(_fallback_folder(reason))
    except OSError as error:
        raise ViewerError(
            f"The files of the viewer cannot be kept anywhere: not in {cache_dir()} ({reason}), not in a temporary folder "
            f"({error}). Set {CACHE_VARIABLE} to a folder that can be written and has 20 MB left."
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Writes `content` to `path`, which never holds a part of it, whoever else writes there and whenever it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(_TEMPORARY_SUFFIX, f".{path.name}.", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files for one user only; a cache in a container image is filled by root and read by others.
        with contextlib.suppress(OSError):
            Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_abandoned(folder: Path) -> None:
    """Removes what writers that were killed an hour ago or earlier have left in `folder`."""
    for path in folder.glob(f".*{_TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _ABANDONED_AFTER:
                path.unlink()


def _fallback_folder(reason: OSError) -> Path:
    global _fallback
    with _fallback_lock:
        if _fallback is None:
            _fallback = Path(tempfile.mkdtemp(prefix="gradio_rerun_"))
            # A forked worker (gunicorn) runs this too when it exits, while others still use the folder.
            atexit.register(_remove_fallback, _fallback, os.getpid())
            print(
                f"gradio_rerun: {cache_dir()} cannot be written ({reason.strerror or reason}), so {_fallback} is used "
                f"until this process ends; set {CACHE_VARIABLE} to a folder that lasts",
                file=sys.stderr,
            )
        return _fallback


def _remove_fallback(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
