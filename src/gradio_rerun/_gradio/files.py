"""Which files Gradio serves, and under which URLs.

Gradio serves static paths, uploads and its cache. It checks the path of a file when it copies the file into the cache, but not files that
this package writes there. The check is a private function.

Gradio 6.10 to 6.31. Remove `checked_by_gradio` when Gradio has a public check, and
tests/unit/test_security.py::test_a_function_that_returns_user_input_serves_no_file_that_gradio_may_not_serve passes with that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.data_classes import FileDataDict
from gradio.utils import get_upload_folder, is_in_or_equal, is_static_file

from ..errors import RecordingError


def publish(path: Path, folder: Path | None = None) -> None:
    """Lets every visitor fetch a file, and all files in `folder`, by default the file's own folder."""
    if not is_static_file(path):
        gr.set_static_paths(folder or path.parent)


def static_file(path: Path, folder: Path) -> FileDataDict:
    """A file as Gradio sends it to the frontend. Every visitor may fetch all files in `folder`."""
    publish(path, folder)
    # Gradio puts the app's root in front of the url of everything that looks like a file. gradio_client downloads all of it.
    return FileDataDict(
        path=str(path),
        url=file_url(path),
        size=path.stat().st_size,
        orig_name=path.name,
        is_stream=False,
        meta={"_type": "gradio.FileData"},
    )


def file_url(path: Path) -> str:
    """The URL of a file that Gradio serves, without the app's root."""
    return f"/gradio_api/file={quote(path.as_posix(), safe='/:')}"


def may_serve(path: Path) -> bool:
    """Whether Gradio may serve the file, by its own check. False if Gradio has no such check."""
    return checked_by_gradio(path) is True


def checked_by_gradio(path: Path) -> bool | None:
    """The same, but None if Gradio has no such check."""
    try:
        from gradio.processing_utils import _check_allowed
    except ImportError:  # a private name, which a later Gradio may not have
        return None
    try:
        if is_by_descriptor(path):
            return False
        _check_allowed(str(path), False)
    except (OSError, ValueError, RuntimeError):  # Gradio's InvalidPathError; a NUL, too long a name, a loop of links
        return False
    return True


_PROC = Path("/proc")
_MOST_LINKS = 1000
"""In one path. Linux opens none with more than 40."""


def is_by_descriptor(path: Path) -> bool:
    """Whether a path, or a link in it, leads through /proc, such as /proc/self/fd/9 and /dev/fd/9 on Linux.

    These are files that this process has open, also those of other sessions, without their names. Gradio goes by the names.
    False for a loop of links.
    """
    path = path.absolute()
    known, left = _root(path), _names(path)
    links = set[tuple[Path, tuple[str, ...]]]()
    while left:
        name = left.pop()
        known = known.parent if name == ".." else known / name
        if known == _PROC:
            return True
        target = None
        with suppress(OSError, ValueError):  # too long; as `Path.resolve` does, the rest is read nevertheless
            target = known.readlink() if known.is_symlink() else None
        if target is not None:
            link = (known, tuple(left))
            if link in links or len(links) == _MOST_LINKS:
                return link not in links
            links.add(link)
            known = _root(target) if target.is_absolute() else known.parent
            left += _names(target)
    return False


def _root(path: Path) -> Path:
    return Path(path.anchor.replace("//", "/"))  # "//proc" is "/proc", too


def _names(path: Path) -> list[str]:
    """The names of the folders and of the file, the last one first."""
    return [name for name in reversed(path.parts) if name != path.anchor]


_LONGEST_PATH = 10_000
"""Characters: no system has such long paths, and Gradio's check of a path of some megabytes takes hours."""


def uploaded_file(path: Any) -> Path:
    """The file at `path`, which a client has named, if it is in Gradio's upload folder. Raises a `RecordingError` otherwise."""
    try:
        if len(path) > _LONGEST_PATH:
            raise ValueError("too long")
        # Not resolved: the same file must stay the same value.
        file = Path(os.path.abspath(path))  # noqa: PTH100
        if is_in_or_equal(file, get_upload_folder()) and not is_by_descriptor(file):
            return file
        name = file.name
    except (TypeError, ValueError, OSError, RuntimeError):  # no string, a NUL in it, too long, a loop
        name = repr(path)
    raise not_uploaded(name)


def not_uploaded(name: str) -> RecordingError:
    """The error for a file that is not in Gradio's upload folder."""
    return RecordingError(f"{name:.80} was not uploaded, or was deleted.")
