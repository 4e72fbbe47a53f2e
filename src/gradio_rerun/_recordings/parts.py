"""The files that a robot description, a .gltf or a dataset consists of."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .._gradio.files import is_by_descriptor
from .conversion_process import crashed, names_command, refused, run
from .convert_file import REFUSED
from .limits import limits
from .looked_up import looked_up
from .turns import conversion_turns

_MESHES = (".stl", ".obj", ".dae", ".glb", ".gltf", ".ply")

_PART_SUFFIXES = {
    ".urdf": _MESHES,
    ".gltf": (".bin", ".glbin", ".glbuf", ".png", ".jpg", ".jpeg", ".webp", ".ktx2", ".dds"),
}
"""The suffixes of the parts that a file with this suffix may name: the SDK would read any file as a mesh."""

_NOT_ALLOWED = "which is not allowed: Gradio may not serve that file, or an upload names it"


def parts_of(
    path: Path, may_read: Callable[[Path], bool] | None, known: Iterable[str] | None = None
) -> dict[str, Path]:
    """The files that a .gltf or .urdf names, by their names in it, with links resolved. Raises an error if it may not name one of them.

    `known`: the names that it has returned before. Without them, it takes a turn to read the file, so a conversion, which has a turn, passes them.
    """
    if path.is_dir():
        check_parts(path, ((str(file.relative_to(path)), file) for file in files_in(path)), may_read)
        return {}
    if path.suffix.lower() not in _PART_SUFFIXES:
        return {}
    names = looked_up(_named_files, path) if known is None else known
    found = {name: _part(path, name, may_read) for name in names}
    return {name: file for name, file in found.items() if file}


def check_parts(folder: Path, files: Iterable[tuple[str, Path]], may_read: Callable[[Path], bool] | None) -> None:
    """Raises a `NotARecordingError` for a file of a dataset that may not be read, such as a link to a file elsewhere, and for a pipe, a socket or a device."""
    # A linked folder may have millions of files: the first one is checked before the next one is looked for.
    for name, file in files:
        if may_read is not None and not may_read(file):
            raise refused(folder, f"it names the file {name!r}, {_NOT_ALLOWED}")
        if file.exists() and not file.is_file():  # the SDK would wait forever
            raise refused(folder, f"it names {name!r}, which is a pipe, a socket or a device")


def _part(path: Path, name: str, may_read: Callable[[Path], bool] | None) -> Path | None:
    """The file that `path` names as its part; None if it does not exist, and the robot is shown without it."""
    suffix = path.suffix.lower()
    is_gltf = suffix == ".gltf"
    file = _file_named(path, name)
    if is_gltf and not (file and file.is_relative_to(path.parent.resolve())):
        raise refused(path, f"it names the file {name!r}, which is not in its folder")
    if file is None:
        return None
    if file.suffix.lower() not in _PART_SUFFIXES[suffix]:
        raise refused(path, f"it names the file {name!r}, which is none of {', '.join(_PART_SUFFIXES[suffix])}")
    if not (may_read(file) if may_read else is_gltf):
        raise refused(path, f"it names the file {name!r}, {_NOT_ALLOWED}")
    if os.path.isfile(file):  # noqa: PTH113  # any name
        return file
    if is_gltf:
        raise refused(path, f"it names the file {name!r}, which is missing; a .glb file carries all its parts")
    return None


def _named_files(path: Path) -> list[str]:
    with conversion_turns.turn(str(path)):
        ended = run(path, names_command(path, limits()), limits())
    if ended.code == REFUSED:
        raise refused(path, ended.last_line)
    if ended.code:
        raise crashed(path, ended)
    names: list[str] = json.loads(ended.output)
    return names


def _file_named(path: Path, name: str) -> Path | None:
    """The path at which the SDK looks for a file that the robot description or .gltf `path` names, with links resolved; None if it does not look."""
    scheme, separator, rest = name.partition("://")
    # On Windows, \\host\share is a file of another machine, which gets the user's password hash when the path is resolved.
    if re.match(r"[/\\]{2}", rest or name):
        return None
    try:
        if is_by_descriptor(Path(rest) if separator else path.parent / name):
            return None
        if not separator:
            return (path.parent / name).resolve()
        if scheme == "file":
            return Path(rest).resolve()
        if scheme == "package":
            package, _, rest = rest.partition("/")
            found = next((each / rest for each in _ros_packages(package) if each.is_dir()), None)
            return None if found is None or is_by_descriptor(found) else found.resolve()
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


def files_in(folder: Path) -> Iterator[Path]:
    """All files in a dataset, also those in linked folders, except hidden ones, which datasets do not use."""
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        if (resolved := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(resolved)
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(parent, each) for each in sorted(names) if not each.startswith("."))
