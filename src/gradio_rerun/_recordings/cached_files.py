"""Recordings as files in Gradio's cache, under names that cannot be guessed."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from ..errors import UNPRINTABLE, RecordingError, not_kept, not_temporary
from .file_types import RECORDING_SUFFIXES

LINK_FROM = 64 * 1024 * 1024
"""Files of this many bytes and more are linked into the cache, smaller ones are copied (a copy is a snapshot, but costs time)."""


@lru_cache(maxsize=1)
def _salt() -> str:
    return secrets.token_hex(16)


def cache_key(*parts: object) -> str:
    """A folder name in the cache: the same for the same parts, and unknown outside this process."""
    return hashlib.sha256(repr((_salt(), *parts)).encode()).hexdigest()[:40]


def cached_name(name: str) -> str:
    """The name of a recording in the cache. It ends with a suffix, by which the viewer recognizes the URL of a recording."""
    # No file name has a NUL, and Gradio's file route does not find a name with a newline. A change of direction can hide the suffix of a download.
    name = Path(UNPRINTABLE.sub("", name)).name
    suffix = next((each for each in RECORDING_SUFFIXES if name.lower().endswith(each)), "")
    return shortened(name[: len(name) - len(suffix)]) + (name[len(name) - len(suffix) :] or ".rrd")


def shortened(stem: str) -> str:
    """A part of `stem` that every file system allows: names have up to 255 bytes, and lone surrogates are not allowed."""
    return stem.encode(errors="ignore")[:200].decode(errors="ignore")


def touched(target: Path, size: int | None = None) -> bool:
    """Whether the file was written before, with `size` bytes if given. If so, it counts as new: Gradio deletes old files (`delete_cache`).

    Gradio goes by the time of the last change of any kind (ctime). The time of the content stays: otherwise, browsers and servers of large files would
    take the file for another one, and a user's file that is linked would change.
    """
    try:
        stat = target.stat()
    except OSError:
        return False
    with suppress(OSError):  # a link to a file of another user
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return size in (None, stat.st_size)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """A path that names the file as it is now, also if a link replaces it meanwhile (Linux); on other systems, the path itself."""
    with path.open("rb") as file:
        same = Path(f"/proc/self/fd/{file.fileno()}")
        yield same if same.exists() else path


def place(source: Path, cache: Path, name: str) -> Path:
    """A copy of a file in the cache, or a hard link to it if it is big. Made only once, until the file changes."""
    stat = source.stat()
    key = cache_key(str(source.resolve()), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    target = cache / key / cached_name(name)
    if touched(target, stat.st_size):
        return target
    with new_file(target) as temporary:
        if stat.st_size < LINK_FROM or not _link(source, temporary):
            shutil.copyfile(source, temporary)
    return target


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source.resolve(), target)
    except OSError:  # another device, or a file system without hard links
        return False
    if source.samefile(target):
        return True
    target.unlink()  # another file has replaced it meanwhile
    return False


def part_in(folder: Path) -> Path:
    """A new path for what is not complete yet, in the cache. If this process is killed, a later one removes it after an hour: see `remove_abandoned`."""
    return folder / f".{secrets.token_hex(8)}.part"


def touch(path: Path) -> None:
    """Marks a path of `part_in` as in use."""
    with suppress(OSError):
        os.utime(path)


def write_file(target: Path, data: BinaryIO) -> None:
    with new_file(target) as temporary, temporary.open("wb") as file:
        shutil.copyfileobj(data, file)


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder outside of the cache that exists only inside the `with`. Raises a `RecordingError` if `what` cannot be written there."""
    try:
        with TemporaryDirectory() as folder:
            yield Path(folder)
    except RecordingError:  # a RecordingNotFoundError is an OSError, too
        raise
    except OSError as error:
        raise not_temporary(what, error) from error


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """A temporary file for the content, which is then renamed to `target`. Raises a `RecordingError` if it cannot be written."""
    temporary = part_in(target.parents[1])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(target.parent)  # see `remove_leftovers`
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise not_kept(f"The recording {target.name!r}", target.parent.parent, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        with suppress(OSError):  # the file is there
            target.parent.rmdir()
