"""Converts one file to a recording with the installed rerun-sdk: a script, run in a process of its own.

    python convert_file.py convert SOURCE MEMORY SIZE TARGET alone|whole [entry of sys.path ...]
    python convert_file.py names SOURCE MEMORY SIZE

`convert` first reads one line from stdin: a JSON object of the files that SOURCE may name, each with the path of a copy. Its exit code is 0
if TARGET holds the recording, and `REFUSED` if the SDK logged nothing. The messages of the SDK are on stderr.
With `alone`, the SDK can open no file: it gets the content of SOURCE, which this process reads by `READS`, if this variable is set. With `whole`, it opens SOURCE itself and, if that is a folder, the
files in it. MEMORY and SIZE are limits in bytes: of the memory of this process, and of each file that it writes.

`names` writes a JSON list of the files that a .urdf or .gltf names to stdout. Its exit code is `REFUSED`, with the reason on stderr, if
SOURCE is invalid.

When stdin ends, also because the parent process has died, this process removes TARGET and the copies, and exits.
It imports only modules that import nothing of this package, because that would import Gradio, which takes seconds.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import json
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree

if TYPE_CHECKING or __package__:
    from .rrd import arrow_messages
else:
    from rrd import arrow_messages

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

REFUSED = 3
ALONE = "alone"
WHOLE = "whole"
NO_PROGRAMS = os.devnull
"""A PATH without programs. With an empty one, the system would look in the current folder, where a user's file is."""

READS = "GRADIO_RERUN_READS"
"""The environment variable with a path of SOURCE that this process has open, so that a link cannot replace it."""

ENDS_AFTER = "GRADIO_RERUN_ENDS_AFTER"
"""The environment variable with the seconds after which this process ends by itself, if its parent can no longer end it."""

_MOST_NAMES, _MOST_CHARACTERS = 10_000, 1_000_000  # in all; the server process reads them


def main() -> None:
    """Convert, or list names."""
    command, source = sys.argv[1], Path(sys.argv[2])
    if command == "names":
        begin(entries=sys.path)
        try:
            print(json.dumps(named_files(source)))
        except ValueError as error:
            print(error, file=sys.stderr)
            sys.exit(REFUSED)
        return
    target = Path(sys.argv[5])
    copies = json.loads(sys.stdin.buffer.readline() or "{}")
    # A robot description is written beside the copies.
    folders = {Path(copy).parent for copy in copies.values()}
    files = [target, *map(Path, copies.values()), *(folder / source.name for folder in folders)]
    begin(*files, *folders, entries=sys.argv[7:])
    if not convert(source, target, copies, alone=sys.argv[6] == ALONE):
        sys.exit(REFUSED)


def begin(*paths: Path, entries: list[str]) -> threading.Thread:
    """Sets the limits MEMORY and SIZE, where the system has such limits, and `sys.path`. The thread is that of `end_with_stdin`."""
    if resource is not None:
        # Not RLIMIT_AS: the allocator of the SDK reserves gigabytes of addresses that it never uses. CORE: a file beside the user's, after a crash.
        memory, size = (resource.RLIMIT_DATA, int(sys.argv[3])), (resource.RLIMIT_FSIZE, int(sys.argv[4]))
        for kind, limit in (memory, size, (resource.RLIMIT_CORE, 0)):
            soft, hard = resource.getrlimit(kind)
            lowest = min(each for each in (soft, hard, limit) if each != resource.RLIM_INFINITY)
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (lowest, hard))
    watch = threading.Thread(target=end_with_stdin, args=paths, daemon=True)
    watch.start()
    # Python puts the folder of a script first: the modules in it would hide others with the same names.
    sys.path[:] = entries
    return watch


def end_with_stdin(*paths: Path) -> None:
    """Removes the files, then the folders, which are empty by then, and ends this process when its stdin ends, or after `ENDS_AFTER`."""
    if seconds := os.environ.get(ENDS_AFTER):
        # While the SDK holds the GIL, this thread waits. The thread of faulthandler does not.
        faulthandler.dump_traceback_later(float(seconds), exit=True, file=os.open(os.devnull, os.O_WRONLY))
    while os.read(0, 1):
        pass
    try:
        for path in paths:
            # Not by shutil.rmtree, which opens folders: see `no_file_opened`.
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
    finally:
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():  # with the programs that this process has started
            os.killpg(0, 9)
        os._exit(1)


def convert(source: Path, target: Path, copies: Mapping[str, str], *, alone: bool) -> bool:
    """Converts `source` to the recording `target`; False if the SDK logs nothing."""
    import rerun as rr

    # For a suffix that it does not know, the SDK would search PATH for programs rerun-loader-* and run them all.
    os.environ["PATH"] = NO_PROGRAMS
    # The SDK names the entity after the path that it gets, and the frontend must not learn the server's folders.
    os.chdir(source.parent)
    source = Path(source.name)
    is_file = source.is_file()
    if not is_file:
        check_dataset(source)
    rr.set_strict_mode(True)
    recording = rr.RecordingStream(application_id(source.name), send_properties=False)
    recording.save(target)
    # Each episode of a LeRobot dataset becomes a recording of its own, and this one stays empty.
    if is_file:
        recording.send_recording_name(source.name)
    try:
        if source.suffix.lower() == ".urdf" and copies:
            # The SDK reads the copies of the meshes. The description is written beside them, and names no other files.
            description = self_contained_urdf(read(source), copies)
            os.chdir(Path(next(iter(copies.values()))).parent)
            source.write_bytes(description)
            recording.log_file_from_path(source)
        elif is_file and alone:
            contents = contents_of(source.suffix.lower(), read(source), copies)
            with no_file_opened():
                recording.log_file_from_contents(source, contents)
                # The importers run in threads of their own, and disconnect waits for them.
                recording.disconnect()
        else:
            recording.log_file_from_path(source)
    except RuntimeError as error:  # "No importer support for …"
        print(error, file=sys.stderr)
    recording.flush()
    recording.disconnect()
    return arrow_messages(target) > is_file  # a file has the message with its name


@contextlib.contextmanager
def no_file_opened() -> Iterator[None]:
    """Inside the `with`, no file can be opened.

    A robot description in an .mcap names files such as file:///etc/passwd as its meshes, and the SDK puts them into the recording,
    whatever they hold.
    """
    if resource is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def application_id(name: str) -> str:
    """`name` with only the characters that the SDK does not replace: from 0.41 on, it turns "a.png" into "a-png911d"."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:100]


def named_files(path: Path) -> list[str]:
    """The files that a .gltf or .urdf names as its parts, by their names in it. Raises a `ValueError` with the reason if it is invalid."""
    if path.suffix.lower() == ".urdf":
        names = [mesh.attrib["filename"] for mesh in urdf(path.read_bytes()).iter("mesh") if "filename" in mesh.attrib]
    else:
        names = [unquote(part["uri"]) for part in parts(gltf(path.read_bytes())) if not part["uri"].startswith("data:")]
    names = list(dict.fromkeys(names))
    if len(names) > _MOST_NAMES:
        raise ValueError(f"it names {len(names)} files, more than {_MOST_NAMES}")
    if (length := sum(map(len, names))) > _MOST_CHARACTERS:
        raise ValueError(f"it has names of {length:,} characters, more than {_MOST_CHARACTERS:,}")
    return names


def read(path: Path) -> bytes:
    """The content of SOURCE."""
    return Path(os.environ.get(READS) or path).read_bytes()


def contents_of(suffix: str, content: bytes, copies: Mapping[str, str]) -> bytes:
    """The content that the SDK gets."""
    make = {".urdf": self_contained_urdf, ".gltf": self_contained_gltf}.get(suffix)
    return make(content, copies) if make else content


def urdf(content: bytes) -> ElementTree.Element:
    """The robot description, in which only the attribute `filename` of meshes names files. The SDK also reads child elements as attributes, and ignores namespaces."""
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"it is not a URDF: {error}") from error
    for element in root.iter():
        element.tag = local(element.tag)
        attributes = {local(name): value for name, value in element.attrib.items()}
        for child in [child for child in element if local(child.tag) == "filename"]:
            attributes.setdefault("filename", (child.text or "").strip())
            element.remove(child)
        if element.tag != "mesh":
            attributes.pop("filename", None)
        element.attrib.clear()
        element.attrib.update(attributes)
    return root


def local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2]


def self_contained_urdf(content: bytes, copies: Mapping[str, str]) -> bytes:
    """The robot description with the names of the copies, which lie beside it. All other meshes get the name of a missing file."""
    root = urdf(content)
    for mesh in root.iter("mesh"):
        if "filename" in mesh.attrib:
            mesh.attrib["filename"] = Path(copies.get(mesh.attrib["filename"], "missing")).name
    return ElementTree.tostring(root)


def gltf(content: bytes) -> dict[str, Any]:
    """The document of a .gltf file. Raises a `ValueError` if it is invalid."""
    try:
        document = json.loads(content)
        document["asset"].get("version")
        parts(document)
        return dict(document)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"it is not a glTF document: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Why JSON cannot be read as a document."""
    if isinstance(error, RecursionError):
        return "it has too many levels"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error) if isinstance(error, json.JSONDecodeError) else "its content has another structure"


def parts(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The buffers and images that have a URI."""
    found = [part for part in [*document.get("buffers", ()), *document.get("images", ())] if "uri" in part]
    for part in found:
        part["uri"].startswith("data:")
    return found


def self_contained_gltf(content: bytes, copies: Mapping[str, str]) -> bytes:
    """The .gltf file with its buffers and images embedded, since the viewer gets this file only."""
    document = gltf(content)
    for part in parts(document):
        if not part["uri"].startswith("data:"):
            embedded = base64.b64encode(Path(copies[unquote(part["uri"])]).read_bytes()).decode()
            part["uri"] = f"data:{part.get('mimeType', 'application/octet-stream')};base64,{embedded}"
    return json.dumps(document).encode()


def leaves_folder(name: str) -> bool:
    """Whether the name of a file in a dataset leads out of the folder of the dataset, or is hidden."""
    return bool(re.match(r"[/\\]|\w:", name)) or any(part.startswith(".") for part in re.split(r"[/\\]", name))


def check_dataset(folder: Path) -> None:
    """Ends this process with the reason if the SDK would not take the folder for a LeRobot dataset, or it names files outside of its folder, or hidden ones."""
    # The SDK's rule. It would convert each file of another folder, also a robot description that names any file of the server.
    if not (folder / "data").is_dir() or not any((folder / "data").iterdir()):
        print("it has no data, so it is not a LeRobot dataset", file=sys.stderr)
        sys.exit(REFUSED)
    info = json.loads((folder / "meta" / "info.json").read_bytes())
    keys = [str(key) for key in info.get("features") or {}]
    for template in (str(info.get("data_path") or ""), str(info.get("video_path") or "")):
        for key in keys if "{video_key" in template else [""]:
            # The other fields in braces are numbers.
            name = re.sub(r"\{[^{}]*\}", "0", key.join(re.split(r"\{video_key[^{}]*\}", template)))
            if leaves_folder(name):
                print(f"it names the file {name!r}, which is not in its folder", file=sys.stderr)
                sys.exit(REFUSED)


if __name__ == "__main__":
    main()
