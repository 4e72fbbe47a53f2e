"""Converts other files to recordings with the installed rerun-sdk, once for the same content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .._gradio.threads import current_work, unwanted
from .._viewer import sdk
from ..errors import RecordingError, RecordingNotFoundError, SdkError, log, not_kept
from .cached_files import cached_name, opened, part_in, touched
from .conversion_process import Ended, conversion_command, crashed, episode_command, refusal, refused, replaced, run
from .file_types import LEROBOT_INFO, is_convertible
from .leftovers import remove_abandoned
from .lerobot_files import episode_files
from .limits import SIZE_VARIABLE, Limits, limits, over
from .looked_up import looked_up
from .parts import check_parts, files_in, parts_of
from .turns import conversion_turns

_MOST_BYTES = {".urdf": 4 << 20, ".gltf": 256 << 20, ".md": 16 << 20, ".txt": 16 << 20}
"""Upper bound on the size of files that are read as one string. The .urdf of a humanoid robot has 0.1 MB."""

# The SDK passes images and meshes on unread. If the viewer cannot decode one, it shows nothing but a small warning.
# Files of the most common types are checked for the first bytes of any of these types, whichever the suffix names.
_CHECKED_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
_IMAGE_STARTS = (b"BM", b"GIF8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"II*\0", b"MM\0*")


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
    with _readable(path):
        checked = path.resolve()
        _check_start(path)
        parts = parts_of(path, may_read)
        _check_size(path, parts.values())
        key = _key(path, parts)

    def convert(temporary: Path, most: Limits) -> Ended:
        # While they wait for a turn or are read, files may become links to others.
        with ExitStack() as stack:
            with _readable(path):
                file = path if path.is_dir() else stack.enter_context(opened(path))
            if file.resolve() != checked:
                raise replaced(path)
            copies = stack.enter_context(_copies(parts, temporary))
            ended = run(path, conversion_command(path, temporary, most), most, copies, file)
        if path.resolve() != checked:
            raise replaced(path)
        parts_of(path, may_read, parts)
        return ended

    return _made(path, cache / key / cached_name(f"{path.name}.rrd"), convert)


def converted_episode(
    folder: Path, index: int, cache: Path, may_read: Callable[[Path], bool], *, name: str = ""
) -> Path:
    """The recording of one episode of a LeRobot dataset: a file in `cache`, made by the first call. `name`: the name of the dataset, by default that of its folder.

    The SDK gets links to the files of this episode only, if `may_read` is true for them. Raises the errors of `converted`; an SdkError if
    the SDK cannot read a dataset episode by episode.
    """
    if not sdk.knows_episodes():
        raise SdkError(
            f"One episode of a LeRobot dataset needs rerun-sdk 0.39 or newer, and this app has {sdk.sdk_version()}. "
            "Run: pip install -U rerun-sdk. To show all episodes, return the path of the dataset's folder instead."
        )
    folder, cache = folder.absolute(), cache.absolute()
    name = name or folder.name
    named = folder.with_name(name)  # for errors
    with _readable(folder):
        files = episode_files(folder, index)
        check_parts(folder, files.items(), may_read)
        key = _digest_of(name, index, bool(shutil.which("ffmpeg")), files=files.values())

    def convert(temporary: Path, most: Limits) -> Ended:
        with _linked(name, files, temporary) as dataset:
            ended = run(named, episode_command(dataset, temporary, index, most), most)
        check_parts(folder, files.items(), may_read)  # as above
        # After a crash, the output may be truncated.
        left_out = json.loads(ended.output or "{}") if ended.code == 0 else {}
        for camera, reason in left_out.items():
            log(f"{name}, episode {index}: the video {camera!r} is left out: {reason}")
        return ended

    return _made(named, cache / key / cached_name(f"{name}_episode_{index}.rrd"), convert)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raises a `RecordingError` instead of an OSError for a file that is missing or cannot be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise RecordingNotFoundError(
            f"Expected the path of a file to convert, got {path.name!r:.200}: there is no such file."
        ) from error
    except OSError as error:
        raise RecordingError(f"The file {path.name!r:.200} cannot be read: {error.strerror}.") from error


def _made(path: Path, target: Path, convert: Callable[[Path, Limits], Ended]) -> Path:
    """`target`, which `convert` makes if it does not exist yet."""
    if not touched(target):
        with conversion_turns.turn(target.parent.name):
            if not touched(target):
                _convert(path, target, part_in(target.parents[1]), convert)
    return target


def _check_start(path: Path) -> None:
    """Raises an error for a file that the SDK would pass on unread and the viewer could not show."""
    if path.is_dir():
        if not is_convertible(path):
            raise refused(path, f"it is a folder without {LEROBOT_INFO}, so it is not a LeRobot dataset")
        return
    size = path.stat().st_size
    if size == 0:
        raise refused(path, "it is empty")
    suffix = path.suffix.lower()
    if size > (most := _MOST_BYTES.get(suffix, size)):
        raise refused(path, f"it has {size:,} bytes, and a {suffix} file {most:,} at most")
    with path.open("rb") as file:
        start = file.read(12)
    if suffix in _CHECKED_IMAGES and not start.startswith(_IMAGE_STARTS):
        raise refused(path, f"it is not an image: it starts with {start!r}")
    if suffix == ".glb":
        if not start.startswith(b"glTF"):
            raise refused(path, f"it is not a binary glTF: it starts with {start!r}, not b'glTF'")
        if (length := int.from_bytes(start[8:], "little")) > size:
            raise refused(path, f"it is truncated: it has {size} of its {length} bytes")


def _check_size(path: Path, parts: Iterable[Path]) -> None:
    """Raises a `RecordingError` for parts that are larger than the recording may be. They are read and copied without other limits."""
    if sum(each.stat().st_size for each in set(parts)) > (most := limits().size):
        raise over(path.name, f"{most:,} bytes of recording", SIZE_VARIABLE)


def _key(path: Path, parts: Mapping[str, Path]) -> str:
    """A folder name in the cache: the same for the same content and name, with the same rerun-sdk."""
    if path.is_dir():
        return _digest_of(path.name, files=filter(Path.is_file, files_in(path)))
    digest = hashlib.sha256(repr((path.name, sdk.sdk_version(), sorted(parts))).encode())
    for file in (path, *(parts[name] for name in sorted(parts))):
        digest.update(looked_up(_digest, file))
    return digest.hexdigest()[:40]


def _digest_of(*known: object, files: Iterable[Path]) -> str:
    """The same as `_key` for a dataset: its files by size and time, not by content."""
    digest = hashlib.sha256(repr((*known, sdk.sdk_version())).encode())
    for file in files:  # datasets have gigabytes
        stat = file.stat()
        # A client cannot know the last two, and so cannot guess the name.
        digest.update(repr((str(file), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)).encode())
    return digest.hexdigest()[:40]


def _digest(path: Path) -> bytes:
    digest, work = hashlib.sha256(), current_work()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            if work.is_unwanted:
                raise unwanted()
    return digest.digest()


def _convert(path: Path, target: Path, temporary: Path, convert: Callable[[Path, Limits], Ended]) -> None:
    what, most = f"The recording made of {path.name!r:.200}", limits()
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(temporary.parent)
        ended = convert(temporary, most)
        if ended.disk_full:
            if temporary.stat().st_size >= most.size:
                raise over(path.name, f"{most.size:,} bytes of recording", SIZE_VARIABLE)
            raise not_kept(what, temporary.parent, ended.disk_full)
        reason = refusal(path, ended)
        if reason is not None:
            raise refused(path, f"rerun-sdk {sdk.sdk_version()} says: {reason}")
        if ended.code:
            raise crashed(path, ended)
        for said in (*ended.errors, *ended.warnings):
            log(f"{path.name}: rerun-sdk says: {said}")
        target.parent.mkdir(exist_ok=True)
        temporary.replace(target)
    except OSError as error:
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
    with _folder(beside) as folder:
        files = {file: folder / f"{number}{file.suffix}" for number, file in enumerate(dict.fromkeys(parts.values()))}
        for file, copy in files.items():
            with opened(file) as same:
                if same.resolve() != file:
                    raise replaced(file)
                shutil.copyfile(same, copy)
        yield {name: str(files[file]) for name, file in parts.items()}


@contextmanager
def _linked(name: str, files: Mapping[str, Path], beside: Path) -> Iterator[Path]:
    """A folder with links to the files of a dataset, by their names in it. meta/info.json is a copy, which the SDK's process may change."""
    with _folder(beside) as folder:
        for each, file in files.items():
            link = folder / name / each
            link.parent.mkdir(parents=True, exist_ok=True)
            if each != LEROBOT_INFO.as_posix():
                with suppress(OSError):  # Windows without the right to make links
                    link.symlink_to(file)
            if not link.exists():
                shutil.copyfile(file, link)
        yield folder / name


@contextmanager
def _folder(beside: Path) -> Iterator[Path]:
    """A folder for what a conversion reads, which exists only inside the `with`."""
    folder = beside.with_suffix(".parts")
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
