"""The types of files that can be shown and uploaded."""

from __future__ import annotations

import mimetypes
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._gradio.files import not_uploaded, uploaded_file
from ..errors import NotARecordingError, RecordingError, RecordingNotFoundError, log
from .rrd import MAGIC

RECORDING_SUFFIXES = (".rrd", ".rbl")

CONVERTIBLE_SUFFIXES = (
    *(".avif", ".bmp", ".dds", ".exr", ".ff", ".gif", ".hdr", ".ico", ".jpeg", ".jpg", ".pam", ".pbm", ".pgm", ".png"),
    *(".ppm", ".rvl", ".tga", ".tif", ".tiff", ".webp"),
    ".mp4",
    *(".aac", ".mp3", ".oga", ".ogg", ".wav"),
    *(".dae", ".glb", ".gltf", ".obj", ".stl", ".ply", ".urdf"),
    *(".mcap", ".parquet"),
    *(".md", ".txt"),
)
"""The suffixes that the importers of any rerun-sdk from 0.24 to 0.41 know. An older rerun-sdk refuses some of them, with an error."""

LEROBOT_INFO = Path("meta", "info.json")

_CURES = {
    b"ve": " If it is a pointer of Git LFS, fetch the file with `git lfs pull`.",  # version https://git-lfs…
    b"\x1f\x8b": " It is compressed with gzip: unpack it.",
    b"PK": " It is a zip archive: unpack it.",
    b"\x89H": " It is an HDF5 file: return an `Hdf5Reader` of it, which newer versions of rerun-sdk have in `rerun.experimental`.",
}


def saved_file(data: Mapping[str, Any]) -> str:
    """The path of a file that the frontend has saved. Raises a `RecordingError` if it is not a file in Gradio's upload folder."""
    file = uploaded_file(data.get("path"))
    check_file(file)
    return str(file)


def check_file(file: Path, types: Sequence[str] | None = None) -> None:
    """Raises a `RecordingError` if `file` is not a file, or neither a recording nor of the component's `file_types`.

    The frontend sends no such file, but other clients can: Gradio takes any path in its upload folder.
    """
    try:
        is_file = file.is_file()
    except (OSError, ValueError):  # too long a name, a lone surrogate in it
        is_file = False
    if not is_file:
        raise not_uploaded(file.name)
    # A file that the component has shown is a recording, whatever may be uploaded.
    if types is None or file.suffix.lower() in RECORDING_SUFFIXES or any(_is_of(file, each) for each in types):
        return
    if _starts_as_recording(file):
        return
    raise RecordingError(f"{file.name:.200} is none of the types that can be uploaded: {', '.join(types)}.")


def is_convertible(path: Path) -> bool:
    """True for a file with one of `CONVERTIBLE_SUFFIXES`, or a folder that is a LeRobot dataset."""
    if path.is_dir():
        return (path / LEROBOT_INFO).is_file()
    return path.suffix.lower() in CONVERTIBLE_SUFFIXES


def read_start(path: Path) -> bytes:
    """The first bytes of a file; none of a folder that can be converted."""
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # opening a pipe or a terminal may wait forever
            raise NotARecordingError(
                "Expected a recording (.rrd), a blueprint (.rbl) or a file that rerun can convert by its suffix, "
                f"got {path.name!r:.200}, which is a pipe, a socket or a device. Return its bytes."
            )
        with path.open("rb") as file:
            return file.read(len(MAGIC))
    except RecordingError:  # a NotARecordingError is a ValueError, too
        raise
    except FileNotFoundError as error:
        log(f"the file {str(path.absolute())!r} does not exist")
        raise RecordingNotFoundError(
            f"Expected the path of a recording, got {path.name!r:.200}: there is no such file. The app's log has the whole path."
        ) from error
    except IsADirectoryError as error:
        if is_convertible(path):
            return b""
        raise NotARecordingError(
            f"Expected a recording (.rrd), a blueprint (.rbl) or a LeRobot dataset, got the directory {path.name or str(path)!r:.200}."
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> RecordingError:
    """The error for a file that the system refuses. Only the log names its folder."""
    log(f"{str(path)!r} cannot be read: {error}")
    return RecordingError(
        f"The recording {path.name!r:.200} cannot be read: {getattr(error, 'strerror', error)}. "
        "Give the path of a file that the app's user may read."
    )


def check_start(start: bytes, what: str) -> None:
    """Raises a `NotARecordingError` if a file with these first bytes is not a recording."""
    if start == MAGIC:
        return
    if not start:
        raise NotARecordingError(f"Expected a Rerun recording, got {what}: it is empty.")
    if start.startswith(b"RRF"):
        raise NotARecordingError(
            f"Expected a Rerun recording of version 0.23 or newer, got {what}, which an older rerun-sdk wrote. "
            "Convert it with that version's `rerun rrd migrate`."
        )
    raise NotARecordingError(
        f"Expected a recording (.rrd), a blueprint (.rbl) or a file that rerun can convert by its suffix, got {what}: "
        f"it starts with {start!r}, not {MAGIC!r}.{_CURES.get(start[:2], '')}"
    )


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
