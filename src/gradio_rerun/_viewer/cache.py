"""The folder for files that are made once and used by every later process, and atomic writes into it."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gzip
import os
import shutil
import stat
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import brotli  # Gradio needs it, too
import platformdirs

from .._fork import ModuleLock
from ..errors import ViewerError, log

CACHE_VARIABLE = "GRADIO_RERUN_CACHE_DIR"

_Stored = TypeVar("_Stored")
_TEMPORARY_SUFFIX = ".tmp"
_ABANDONED_AFTER = 3600.0  # seconds; writing a file takes well below one
_fallback: Path | None = None
_fallback_lock = ModuleLock()


def cache_dir() -> Path:
    """The folder that the environment variable GRADIO_RERUN_CACHE_DIR names now, else the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    folder = Path(named) if named else platformdirs.user_cache_path("gradio_rerun", appauthor=False)
    # Where there is no home (a container with a user id of its own), "~" stays, and is an ordinary name.
    with contextlib.suppress(RuntimeError):
        folder = folder.expanduser()
    return folder.absolute()


def stored(store: Callable[[Path], _Stored]) -> _Stored:
    """The result of `store` for the cache folder or, if that raises an OSError, for a temporary folder.

    Raises ViewerError if that cannot be written either.
    """
    try:
        return store(cache_dir())
    except OSError as error:
        reason = error
    try:
        return store(_fallback_folder(reason))
    except OSError as error:
        log(f"the files of the viewer cannot be written: to {cache_dir()}: {reason}; to a temporary folder: {error}")
        raise ViewerError(
            f"The files of the viewer cannot be written, neither to the cache folder ({_words(reason)}) nor to a temporary folder "
            f"({_words(error)}). Set {CACHE_VARIABLE} to a folder that can be written and has 20 MB left. The app's log has the details."
        ) from error


def _words(error: OSError) -> str:
    """The reason without a path, for the page."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def cache_dirs() -> list[Path]:
    """The folders that `stored` may have written to."""
    return [cache_dir()] if _fallback is None else [cache_dir(), _fallback]


def write_whole(path: Path, content: bytes) -> None:
    """Writes `content` to `path` atomically, also if several processes write or this one is killed."""
    _make(path.parent)
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


_DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.decompress, ".br": brotli.decompress}


def holds(path: Path, content: bytes, root: Path) -> bool:
    """Whether the file in the cache folder `root` has this content, compressed if its suffix says so, and only this process' user or root wrote it."""
    try:
        check_owner(path, root)
        held = path.read_bytes()
        return _DECOMPRESS.get(path.suffix, bytes)(held) == content
    except (OSError, EOFError, zlib.error, brotli.error):
        return False


def state_of(paths: Iterable[Path]) -> str:
    """A string that changes when one of the files changes; empty if one does not exist."""
    try:
        found = [(str(path), path.stat()) for path in paths]
    except OSError:
        return ""
    return repr([(name, each.st_size, each.st_mtime_ns, each.st_ctime_ns, each.st_ino) for name, each in found])


def own_folder(root: Path, *names: str) -> Path:
    """The folder `root`/`names`, created if it does not exist. Raises an OSError if other users could have put files there."""
    folder = root.joinpath(*names)
    _make(folder)
    check_owner(folder, root)
    return folder


def check_owner(path: Path, root: Path) -> None:
    """Raises an OSError if users other than this process' and root could have written `path`, in the cache folder `root`.

    Their scripts would run in the page of every visitor.
    """
    if not hasattr(os, "geteuid"):  # Windows keeps the folders of a user apart by itself
        return
    # Made by this process, which has no other folder left; and in a container, all users may be able to write to /tmp.
    is_fallback = root == _fallback
    path, root = path.resolve(), root.resolve()
    for each in (path, *path.parents):
        status = each.stat()
        is_in_cache = each == path or each.is_relative_to(root)
        if is_fallback and not is_in_cache:
            break
        if is_in_cache and status.st_uid not in (0, os.geteuid()):  # root fills the cache of a container image
            raise _refused(each, f"belongs to the user {status.st_uid}", "delete it")
        # All users may write to a sticky folder, such as /tmp: they cannot rename the files of others there.
        if status.st_mode & stat.S_IWOTH and (is_in_cache or not status.st_mode & stat.S_ISVTX):
            raise _refused(each, "can be written by every user", f"run chmod o-w {each}")
        # The user's own group may write (a umask of 002 allows that), and root's (images that run with any user id need that).
        if is_in_cache and status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.getegid()):
            raise _refused(each, f"can be written by the group {status.st_gid}", f"run chmod g-w {each}")


def _refused(path: Path, why: str, cure: str) -> OSError:
    return PermissionError(errno.EPERM, f"{path} {why}, who could have put scripts there: {cure}")


def _make(folder: Path) -> None:
    # Sets the mode of the parents, too, so that no umask lets others write there.
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
    except FileNotFoundError:
        _make(folder.parent)
        folder.mkdir(mode=0o755, exist_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Removes files that killed writers have left in `folder` an hour ago or earlier."""
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
            log(
                f"{cache_dir()} cannot be used ({reason.strerror or reason}), so {_fallback} is used "
                f"until this process ends; set {CACHE_VARIABLE} to a folder that lasts"
            )
        return _fallback


def _remove_fallback(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
