"""Converts other files to recordings with the installed rerun-sdk, once for the same content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from .._gradio.threads import current_work, unwanted
from .._viewer import sdk
from ..errors import NotARecordingError, RecordingError, RecordingNotFoundError, not_kept
from .conversion_process import conversion_command, names_command
from .convert_file import REFUSED
from .file_types import CONVERTIBLE_SUFFIXES
from .limits import MEMORY_VARIABLE, SECONDS_VARIABLE, SIZE_VARIABLE, Limits, limits, over
from .turns import Turns, cores

_MOST_BYTES = {".urdf": 4 << 20, ".gltf": 256 << 20, ".md": 16 << 20, ".txt": 16 << 20}
"""Upper bound on the size of files that are read as one string. The .urdf of a humanoid robot has 0.1 MB."""

_A_WHILE = 2.0
"""Seconds. File systems store times to within some milliseconds, or two seconds (FAT)."""

_LEROBOT_INFO = Path("meta", "info.json")

# The SDK passes images and meshes on unread. If the viewer cannot decode one, it shows nothing but a small warning.
# Files of the most common types are checked for the first bytes of any of these types, whichever the suffix names.
_CHECKED_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
_IMAGE_STARTS = (b"BM", b"GIF8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"II*\0", b"MM\0*")

_MESHES = (".stl", ".obj", ".dae", ".glb", ".gltf", ".ply")
_PART_SUFFIXES = {
    ".urdf": _MESHES,
    ".gltf": (".bin", ".glbin", ".glbuf", ".png", ".jpg", ".jpeg", ".webp", ".ktx2", ".dds"),
}
"""The suffixes of the parts that a file with this suffix may name: the SDK would read any file as a mesh."""
_NOT_ALLOWED = "which it may not: Gradio may not serve that file, or an upload names it"

# The SDK converts the readable part of these, and an error does not mean that it refuses the file: a robot that crashes leaves a truncated .mcap.
_PARTLY_CONVERTED = ".mcap"

_DISK_FULL = re.compile("No space left on device|File too large|Disk quota exceeded")

_MOST_SAID = 1_000_000
"""Upper bound on the characters that are kept of the SDK's log for one file."""

_NO_MEMORY = re.compile(
    "memory allocation of|MemoryError|Cannot allocate memory|Memory allocation still failed|bad_alloc"
)

# Each conversion is a process that loads rerun-sdk and uses a whole core.
_turns = Turns(cores)


def is_convertible(path: Path) -> bool:
    """True for a file with one of `CONVERTIBLE_SUFFIXES`, or a folder that is a LeRobot dataset."""
    if path.is_dir():
        return (path / _LEROBOT_INFO).is_file()
    return path.suffix.lower() in CONVERTIBLE_SUFFIXES


def converted(path: Path, cache: Path, may_read: Callable[[Path], bool] | None = None) -> Path:
    """The recording that the installed rerun-sdk makes of `path`: a file in `cache`, made by the first call.

    A robot description, a .gltf or a dataset may name any file of the server, and the SDK would put it into the recording. Here the SDK
    gets only files that are parts by their suffix, and for which `may_read` is true. Without `may_read`, it gets only the parts of a .gltf.
    The parts of a .gltf must lie in its folder or below in any case. A robot description in an .mcap gets no files.
    As many conversions run at once as this process has cores. Some more wait; others are refused. A conversion ends when its result is
    unwanted.
    Raises RecordingNotFoundError; NotARecordingError, with the reason, if the file cannot be shown; RecordingError if the file cannot be
    read, or the SDK crashes or exceeds the limits of limits.py.
    """
    path, cache = path.absolute(), cache.absolute()
    try:
        _check_start(path)
        parts = _parts(path, may_read)
        key = _key(path, parts)
    except FileNotFoundError as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingNotFoundError(
            f"Expected the path of a file to convert, got {path.name!r}: there is no such file."
        ) from error
    except OSError as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"The file {path.name!r} cannot be read: {error.strerror}.") from error
    target = cache / key / _recording_name(path.name)
    if not _is_there(target):
        with _turns.turn(key):
            if not _is_there(target):
                _convert(path, parts, target, cache / f".{key}.{secrets.token_hex(4)}.part")
    return target


def _is_there(target: Path) -> bool:
    """Whether the file was made before. If so, its time becomes now: Gradio deletes old files (`delete_cache`)."""
    try:
        os.utime(target)
    except OSError:
        return False
    return True


def _check_start(path: Path) -> None:
    """Raises an error for a file that the SDK would pass on unread and the viewer could not show."""
    if path.is_dir():
        if not is_convertible(path):
            raise _refused(path, f"it is a folder without {_LEROBOT_INFO}, so no LeRobot dataset")
        return
    size = path.stat().st_size
    if size == 0:
        raise _refused(path, "it is empty")
    suffix = path.suffix.lower()
    if size > (most := _MOST_BYTES.get(suffix, size)):
        raise _refused(path, f"it has {size:,} bytes, and a {suffix} file {most:,} at most")
    with path.open("rb") as file:
        start = file.read(12)
    if suffix in _CHECKED_IMAGES and not start.startswith(_IMAGE_STARTS):
        raise _refused(path, f"it is no image: it starts with {start!r}")
    if suffix == ".glb":
        if not start.startswith(b"glTF"):
            raise _refused(path, f"it is no binary glTF: it starts with {start!r}, not b'glTF'")
        if (length := int.from_bytes(start[8:], "little")) > size:
            raise _refused(path, f"it is cut off: it has {size} of its {length} bytes")


def _parts(path: Path, may_read: Callable[[Path], bool] | None) -> dict[str, Path]:
    """The files that a .gltf or .urdf names, by their names in it, with links resolved. Raises an error if it may not name one of them."""
    if path.is_dir():
        for file in _files_in(path):
            if may_read is not None and not may_read(file):
                raise _refused(path, f"it names the file {str(file.relative_to(path))!r}, {_NOT_ALLOWED}")
        return {}
    if path.suffix.lower() not in _PART_SUFFIXES:
        return {}
    found = {name: _part(path, name, may_read) for name in _known(_named_files, path)}
    return {name: file for name, file in found.items() if file}


def _part(path: Path, name: str, may_read: Callable[[Path], bool] | None) -> Path | None:
    """The file that `path` names as its part; None if it does not exist, and the robot is shown without it."""
    suffix = path.suffix.lower()
    is_gltf = suffix == ".gltf"
    file = _file_named(path, name)
    if is_gltf and not (file and file.is_relative_to(path.parent.resolve())):
        raise _refused(path, f"it names the file {name!r}, which is not in its folder")
    if file is None:
        return None
    if file.suffix.lower() not in _PART_SUFFIXES[suffix]:
        raise _refused(path, f"it names the file {name!r}, which is none of {', '.join(_PART_SUFFIXES[suffix])}")
    if not (may_read(file) if may_read else is_gltf):
        raise _refused(path, f"it names the file {name!r}, {_NOT_ALLOWED}")
    if file.is_file():
        return file
    if is_gltf:
        raise _refused(path, f"it names the file {name!r}, which is missing; a .glb file carries all its parts")
    return None


def _named_files(path: Path) -> list[str]:
    with _turns.turn(str(path)):
        ended = _run(path, names_command(path, limits()), limits())
    if ended.code == REFUSED:
        raise _refused(path, ended.last_line)
    if ended.code:
        raise _broken(path, ended)
    names: list[str] = json.loads(ended.output)
    return names


def _file_named(path: Path, name: str) -> Path | None:
    """The path at which the SDK looks for a file that the robot description or .gltf `path` names, with links resolved; None if it does not look."""
    scheme, separator, rest = name.partition("://")
    try:
        if not separator:
            return (path.parent / name).resolve()
        if scheme == "file":
            return Path(rest).resolve()
        if scheme == "package":
            package, _, rest = rest.partition("/")
            return next(((each / rest).resolve() for each in _ros_packages(package) if each.is_dir()), None)
    except (OSError, ValueError, RuntimeError):  # a NUL, too long, a loop of links
        pass
    return None


def _ros_packages(name: str) -> Iterator[Path]:
    for entry in filter(None, os.environ.get("ROS_PACKAGE_PATH", "").split(os.pathsep)):
        yield Path(entry, name)
        if Path(entry).name == name:
            yield Path(entry)
    for entry in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        yield Path(entry, "share", name)


def _files_in(folder: Path) -> Iterator[Path]:
    """All files and links in a dataset, except hidden ones, which datasets do not use."""
    for file in sorted(folder.rglob("*")):
        if not any(part.startswith(".") for part in file.relative_to(folder).parts):
            yield file


def _key(path: Path, parts: Mapping[str, Path]) -> str:
    """A folder name in the cache: the same for the same content and name, with the same rerun-sdk."""
    digest = hashlib.sha256(repr((path.name, sdk.sdk_version(), sorted(parts))).encode())
    if path.is_dir():
        for file in _files_in(path):
            if file.is_file():  # not its content: datasets have gigabytes
                stat = file.stat()
                # A client cannot know the last two, and so cannot guess the name.
                known = (str(file), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
                digest.update(repr(known).encode())
        return digest.hexdigest()[:40]
    for file in (path, *(parts[name] for name in sorted(parts))):
        digest.update(_known(_digest, file))
    return digest.hexdigest()[:40]


def _recording_name(name: str) -> str:
    # File systems take 255 bytes.
    return f"{name.encode()[:200].decode(errors='ignore')}.rrd"


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


_Found = TypeVar("_Found")
_remembered: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_MOST_REMEMBERED = 1000
_remembered_lock = threading.Lock()


def _known(look: Callable[[Path], _Found], path: Path) -> _Found:
    """The result of `look` for the file. `look` is called again only if the file has changed."""
    stat = path.stat()
    key = (look, path, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    with _remembered_lock:
        if key in _remembered:
            return cast("_Found", _remembered[key])
    found = look(path)
    # Two changes in quick succession may have the same time.
    if time.time() - stat.st_ctime > _A_WHILE:
        with _remembered_lock:
            _remembered[key] = found
            if len(_remembered) > _MOST_REMEMBERED:
                _remembered.popitem(last=False)
    return found


@dataclass(frozen=True)
class _Ended:
    code: int
    output: str
    said: str
    errors: list[str]
    warnings: list[str]

    @property
    def last_line(self) -> str:
        """The last line that the process has written to stderr."""
        lines = [line for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def _convert(path: Path, parts: Mapping[str, Path], target: Path, temporary: Path) -> None:
    what, most = f"The recording made of {path.name!r}", limits()
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        with _copies(parts, temporary) as copies:
            ended = _run(path, conversion_command(path, temporary, most), most, copies)
        if full := _DISK_FULL.search(ended.said):
            if temporary.stat().st_size >= most.size:
                raise over(path.name, f"{most.size:,} bytes of recording", SIZE_VARIABLE)
            raise not_kept(what, temporary.parent, full[0])
        reason = _reason(path, ended)
        if reason is not None:
            raise _refused(path, f"rerun-sdk {sdk.sdk_version()} says: {reason}")
        if ended.code:
            raise _broken(path, ended)
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


@contextmanager
def _copies(parts: Mapping[str, Path], beside: Path) -> Iterator[dict[str, str]]:
    """Copies of the parts in a folder of their own, by the names of the parts. The SDK opens the files there, and no others."""
    if not parts:
        yield {}
        return
    folder = beside.with_suffix(".parts")
    try:
        folder.mkdir()
        files = {file: folder / f"{number}{file.suffix}" for number, file in enumerate(dict.fromkeys(parts.values()))}
        for file, copy in files.items():
            shutil.copyfile(file, copy)
        yield {name: str(files[file]) for name, file in parts.items()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(path: Path, command: list[str], most: Limits, copies: Mapping[str, str] | None = None) -> _Ended:
    # OpenBLAS, which NumPy uses, allocates memory for each core of the machine.
    environment = {**os.environ, "RUST_LOG": "warn", "NO_COLOR": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("RERUN", None)  # RERUN=off would log nothing
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
    assert process.stdin
    assert process.stderr
    stdout = cast("BinaryIO", process.stdout)
    late = threading.Event()

    def end_late() -> None:
        late.set()
        process.kill()

    limit = threading.Timer(most.seconds, end_late)
    limit.start()
    work = current_work()
    output: list[bytes] = []
    reader = threading.Thread(target=lambda: output.append(stdout.read()), daemon=True)
    reader.start()
    said = ""
    try:
        with work.ended_by(process.kill):
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(copies or {}).encode() + b"\n")
                process.stdin.flush()
            for line in process.stderr:
                text = line.decode(errors="replace")
                if len(said) < _MOST_SAID:
                    said += text
                if _DISK_FULL.search(text):
                    process.kill()  # after this error the SDK may hang
            code = process.wait()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        reader.join()
        with suppress(BrokenPipeError):
            process.stdin.close()
        stdout.close()
        process.stderr.close()
    if work.is_unwanted:
        raise unwanted()
    if late.is_set():
        raise over(path.name, f"{most.seconds:g} s", SECONDS_VARIABLE)
    if code and _NO_MEMORY.search(said):
        raise over(path.name, f"{most.memory:,} bytes of memory", MEMORY_VARIABLE)
    errors, warnings = _log_entries(said)
    return _Ended(code, b"".join(output).decode(errors="replace"), said, errors, warnings)


def _broken(path: Path, ended: _Ended) -> RecordingError:
    return RecordingError(
        f"{path.name!r} could not be turned into a recording: the process in which rerun-sdk {sdk.sdk_version()} "
        f"reads it ended with exit code {ended.code}. {ended.last_line}".rstrip()
    )


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
    """The reason why the SDK refuses the file; None if it has converted the file or has crashed."""
    if ended.code == REFUSED:
        return "; ".join(ended.errors or ended.warnings) or ended.last_line or "nothing, and logs nothing"
    if ended.code:
        return None
    if ended.errors and path.suffix.lower() != _PARTLY_CONVERTED and not path.is_dir():
        return "; ".join(ended.errors)
    # The SDK passes on a video in which it finds no frames, and the video never plays.
    unplayable = [said for said in ended.warnings if "Failed to read frame timestamps" in said]
    return unplayable[0] if unplayable else None


def _refused(path: Path, reason: str) -> NotARecordingError:
    # "No importer support for …" and, before 0.30 or so, "No data-loader support for …"
    cure = "Update rerun-sdk" if " support for " in reason else "Check the file and its suffix"
    return NotARecordingError(
        f"{path.name!r} cannot be turned into a recording: {reason.rstrip('.')}. {cure}, or log it with rerun and give "
        "the .rrd file."
    )
