"""Files that are no recordings, turned into recordings by the installed rerun-sdk: once for the same content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote
from xml.etree import ElementTree

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from . import sdk
from .convert_file import ALONE, REFUSED, TRUSTED
from .errors import NotARecordingError, RecordingError, RecordingNotFoundError, not_kept

CONVERTIBLE_SUFFIXES = (
    *(".avif", ".bmp", ".dds", ".exr", ".ff", ".gif", ".hdr", ".ico", ".jpeg", ".jpg", ".pam", ".pbm", ".pgm", ".png"),
    *(".ppm", ".rvl", ".tga", ".tif", ".tiff", ".webp"),
    ".mp4",
    *(".aac", ".mp3", ".oga", ".ogg", ".wav"),
    *(".dae", ".glb", ".gltf", ".obj", ".stl", ".ply", ".urdf"),
    *(".mcap", ".parquet"),
    *(".md", ".txt"),
)
"""What the importers of any rerun-sdk from 0.24 to 0.41 know; an older one refuses some, and says so."""

TIME_LIMIT = 600.0
"""Seconds for one conversion: images take 1 s, most of it for loading rerun-sdk; 100 MB of .ply with rerun-sdk 0.24 take 25 s."""

_LEROBOT_INFO = Path("meta", "info.json")

# The SDK passes images and meshes on as they are, and the viewer shows nothing but a small warning for what it cannot
# decode. The types that are drawn most are told by their first bytes, whichever of them the suffix names.
_CHECKED_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
_IMAGE_STARTS = (b"BM", b"GIF8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"II*\0", b"MM\0*")

# The SDK converts what it can of these, so that an error is no refusal: a robot that crashes leaves a truncated .mcap.
_PARTLY_CONVERTED = ".mcap"

_DISK_FULL = re.compile("No space left on device|File too large|Disk quota exceeded")

# Each is a process that loads rerun-sdk, and takes as much of a core as it gets.
_MOST_AT_ONCE = os.cpu_count() or 1
_turns = threading.BoundedSemaphore(_MOST_AT_ONCE)
_limiter: RunVar[CapacityLimiter] = RunVar("gradio_rerun.conversions")

_locks: weakref.WeakValueDictionary[str, threading.Lock] = weakref.WeakValueDictionary()
_locks_lock = threading.Lock()


async def in_turn(convert: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `convert` gives, which may have to wait for its turn.

    It gets a thread that is none of Gradio's 40: with those, Gradio serves files to everybody.
    """
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_MOST_AT_ONCE)
        _limiter.set(limiter)
    return await to_thread.run_sync(convert, limiter=limiter)


def is_convertible(path: Path) -> bool:
    """True for a file with one of `CONVERTIBLE_SUFFIXES`, or a folder that is a LeRobot dataset."""
    if path.is_dir():
        return (path / _LEROBOT_INFO).is_file()
    return path.suffix.lower() in CONVERTIBLE_SUFFIXES


def converted(path: Path, cache: Path, *, trusted: bool = False) -> Path:
    """The recording that the installed rerun-sdk makes of `path`: a file in `cache`, made by the first call.

    The SDK puts the files that a robot description names (in a .urdf, or as a message of an .mcap) into the recording,
    wherever they lie: only a file that is `trusted` may name any. The parts of a .gltf must lie in its folder or below.
    No more run at once than the machine has cores; who comes later waits.
    Raises RecordingNotFoundError; NotARecordingError, with the reason, when the file is none that can be shown;
    RecordingError when it cannot be read, or the SDK breaks down or takes longer than `TIME_LIMIT`.
    """
    path, cache = path.expanduser().absolute(), cache.absolute()
    try:
        _check_start(path)
        named = list(_named_files(path))
        _check_named(path, named, trusted)
        key = _key(path, named, trusted)
    except FileNotFoundError as error:
        raise RecordingNotFoundError(
            f"Expected the path of a file to convert, got {str(path)!r}: there is no such file."
        ) from error
    except OSError as error:
        raise RecordingError(f"The file {str(path)!r} cannot be read: {error}.") from error
    target = cache / key / _recording_name(path.name)
    with _lock(key):
        if not target.is_file():
            with _turns:
                _convert(path, target, cache / f".{key}.{secrets.token_hex(4)}.part", TRUSTED if trusted else ALONE)
    return target


def _check_start(path: Path) -> None:
    """Raises what the SDK does not: it passes on, unread, what only the viewer fails to show."""
    if path.is_dir():
        if not is_convertible(path):
            raise _refused(path, f"it is a folder without {_LEROBOT_INFO}, so no LeRobot dataset")
        return
    size = path.stat().st_size
    if size == 0:
        raise _refused(path, "it is empty")
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(12)
    if suffix in _CHECKED_IMAGES and not start.startswith(_IMAGE_STARTS):
        raise _refused(path, f"it is no image: it starts with {start!r}")
    if suffix == ".glb":
        if not start.startswith(b"glTF"):
            raise _refused(path, f"it is no binary glTF: it starts with {start!r}, not b'glTF'")
        if (length := int.from_bytes(start[8:], "little")) > size:
            raise _refused(path, f"it is cut off: it has {size} of its {length} bytes")


def _check_named(path: Path, named: list[str], trusted: bool) -> None:
    is_gltf = path.suffix.lower() == ".gltf"
    for name in named:
        if not is_gltf:
            if not trusted:
                raise _refused(path, f"it names the file {name!r}, and is not trusted to name any")
        elif "\0" in name or not (path.parent / name).resolve().is_relative_to(path.parent.resolve()):
            raise _refused(path, f"it names the file {name!r}, which is not in its folder")
        elif not (path.parent / name).is_file():
            raise _refused(path, f"it names the file {name!r}, which is missing; a .glb file carries all its parts")


def _named_files(path: Path) -> Iterator[str]:
    """The files that a .gltf or .urdf names, as it names them."""
    if path.suffix.lower() == ".urdf":
        try:
            root = ElementTree.fromstring(path.read_bytes())
        except (ElementTree.ParseError, ValueError) as error:
            raise _refused(path, f"it is no URDF: {error}") from error
        for element in root.iter():
            if "filename" in element.attrib:
                yield element.attrib["filename"]
    elif path.suffix.lower() == ".gltf":
        try:
            document = json.loads(path.read_bytes())
            parts = [document["asset"], *document.get("buffers", ()), *document.get("images", ())]
            uris = [str(part["uri"]) for part in parts if "uri" in part]
        except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
            raise _refused(path, f"it is no glTF document: {error!r}") from error
        yield from (unquote(uri) for uri in uris if not uri.startswith("data:"))


def _key(path: Path, named: list[str], trusted: bool) -> str:
    """A folder name in the cache: the same for the same content and name, with the same rerun-sdk."""
    digest = hashlib.sha256(repr((path.name, sdk.sdk_version(), trusted)).encode())
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():  # not its content: datasets are of gigabytes
                stat = file.stat()
                # The last two cannot be known from outside, so that the name cannot be guessed.
                known = (str(file), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
                digest.update(repr(known).encode())
        return digest.hexdigest()[:40]
    for file in (path, *(path.parent / name for name in named)):
        if file.is_file():
            with file.open("rb") as content:
                _update(digest, content)
    return digest.hexdigest()[:40]


def _recording_name(name: str) -> str:
    # File systems take 255 bytes.
    return f"{name.encode()[:200].decode(errors='ignore')}.rrd"


def _update(digest: hashlib._Hash, content: BinaryIO) -> None:
    while block := content.read(1 << 20):
        digest.update(block)


def _lock(key: str) -> threading.Lock:
    with _locks_lock:
        return _locks.setdefault(key, threading.Lock())


@dataclass(frozen=True)
class _Ended:
    code: int
    errors: list[str]
    warnings: list[str]
    last_line: str


def _convert(path: Path, target: Path, temporary: Path, trust: str) -> None:
    what = f"The recording made of {path.name!r}"
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        ended = _run(path, temporary, trust)
        if full := _DISK_FULL.search(" ".join(ended.errors)):
            raise not_kept(what, temporary.parent, full[0])
        reason = _reason(path, ended)
        if reason is not None:
            raise _refused(path, f"rerun-sdk {sdk.sdk_version()} says: {reason}")
        if ended.code:
            raise RecordingError(
                f"{path.name!r} could not be turned into a recording: the process in which rerun-sdk {sdk.sdk_version()} "
                f"reads it ended with exit code {ended.code}. {ended.last_line}".rstrip()
            )
        for said in (*ended.errors, *ended.warnings):
            print(f"gradio_rerun: {path.name}: rerun-sdk says: {said}", file=sys.stderr)
        target.parent.mkdir(exist_ok=True)
        temporary.replace(target)
    except OSError as error:
        if isinstance(error, RecordingError):
            raise
        raise not_kept(what, temporary.parent, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _run(path: Path, target: Path, trust: str) -> _Ended:
    environment = {**os.environ, "RUST_LOG": "warn", "NO_COLOR": "1"}
    environment.pop("RERUN", None)  # RERUN=off would log nothing
    command = sdk.conversion_command(path, target, trust)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe, env=environment)
    assert process.stdin
    assert process.stderr
    late = threading.Event()

    def end_late() -> None:
        late.set()
        process.kill()

    limit = threading.Timer(TIME_LIMIT, end_late)
    limit.start()
    said = ""
    try:
        for line in process.stderr:
            text = line.decode(errors="replace")
            said += text
            if _DISK_FULL.search(text):
                process.kill()  # from here on the SDK may wait for itself, and never end
        code = process.wait()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()
    if late.is_set():
        raise RecordingError(
            f"{path.name!r} could not be turned into a recording: rerun-sdk took longer than {TIME_LIMIT:g} s. "
            "Convert it beforehand, with `rerun rrd` or rr.log_file_from_path, and give the .rrd file."
        )
    errors, warnings = _log_entries(said)
    lines = [line for line in said.splitlines() if line.strip()]
    return _Ended(code, errors, warnings, lines[-1] if lines else "")


# From 0.30 or so "2026-11-23T13:44:37.774371Z  WARN re_mp4_reader::asset: …", before "[2026-11-23T13:44:39Z WARN  re_x::y] …".
# Remove the second when the rerun-sdk floor passes 0.28.
_ENTRY = re.compile(r"^\[?[\d-]+T[\d:.]+Z +(ERROR|WARN|INFO|DEBUG|TRACE) +[\w:]+(?::|\]) ", re.MULTILINE)


def _log_entries(said: str) -> tuple[list[str], list[str]]:
    """The errors and the warnings of the SDK, without times and modules."""
    said = re.sub(r"\x1b\[[\d;]*m", "", said)
    _, *parts = _ENTRY.split(said)
    errors, warnings = [], []
    for level, text in zip(parts[::2], parts[1::2], strict=True):
        if level == "ERROR":
            errors.append(_cleaned(text))
        elif level == "WARN":
            warnings.append(_cleaned(text))
    return errors, warnings


def _cleaned(text: str) -> str:
    text = text.rpartition(" err=")[2]
    text = text.partition("\nFile path: ")[0]
    return re.sub(r"\s+", " ", text).strip()


def _reason(path: Path, ended: _Ended) -> str | None:
    """What the SDK has against the file, or None when it has converted it or the process broke."""
    if ended.code == REFUSED:
        return "; ".join(ended.errors or ended.warnings) or ended.last_line or "nothing, and logs nothing"
    if ended.code:
        return None
    if ended.errors and path.suffix.lower() != _PARTLY_CONVERTED and not path.is_dir():
        return "; ".join(ended.errors)
    # A video of which the SDK finds no frame is passed on all the same, and never plays.
    unplayable = [said for said in ended.warnings if "Failed to read frame timestamps" in said]
    return unplayable[0] if unplayable else None


def _refused(path: Path, reason: str) -> NotARecordingError:
    # "No importer support for …" and, before 0.30 or so, "No data-loader support for …"
    cure = "Update rerun-sdk" if " support for " in reason else "Check the file and its suffix"
    return NotARecordingError(
        f"{path.name!r} cannot be turned into a recording: {reason.rstrip('.')}. {cure}, or log it with rerun and give "
        "the .rrd file."
    )
