"""Which files users may hand over: those that they have uploaded, of the types that the component takes."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder, is_in_or_equal

from .errors import RecordingError
from .recordings import RECORDING_SUFFIXES
from .rrd import MAGIC


def uploaded_file(path: Any) -> Path:
    """What lies at `path`, which a client has named, if that is in Gradio's upload folder. Raises a `RecordingError` otherwise."""
    try:
        # Not resolved: the same file must stay the same value.
        file = Path(os.path.abspath(path))  # noqa: PTH100
        if is_in_or_equal(file, get_upload_folder()):
            return file
        name = file.name
    except (TypeError, ValueError, OSError, RuntimeError):  # no text, a NUL or half a letter in it, too long, a loop
        name = repr(path)
    raise RecordingError(f"{name:.80} was not uploaded, or is there no more.")


def check_file(file: Path, types: Sequence[str] | None) -> None:
    """Raises a `RecordingError` if `file` is no file, or neither a recording nor of the component's `file_types`.

    The page sends no such thing, but a client need not be our page, and Gradio takes any path in its upload folder.
    """
    try:
        is_file = file.is_file()
    except (OSError, ValueError):  # too long a name, half a letter in it
        is_file = False
    if not is_file:
        raise RecordingError(f"{file.name:.80} was not uploaded, or is there no more.")
    # What the component has shown is a recording, whatever may be uploaded.
    if types is None or file.suffix.lower() in RECORDING_SUFFIXES or any(_is_of(file, each) for each in types):
        return
    if _starts_as_recording(file):
        return
    raise RecordingError(f"{file.name} is none of the types that can be uploaded: {', '.join(types)}.")


def _is_of(file: Path, wanted: str) -> bool:
    """As in settings.py: a suffix, "file" for any, a word such as "image", or a MIME type."""
    if wanted.startswith("."):
        return file.name.lower().endswith(wanted.lower())
    mime_type = mimetypes.guess_type(file.name)[0] or ""
    return wanted in ("file", mime_type, mime_type.split("/")[0]) or (
        wanted.endswith("/*") and mime_type.startswith(wanted[:-1])
    )


def _starts_as_recording(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return content.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
