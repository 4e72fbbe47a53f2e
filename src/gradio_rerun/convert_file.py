"""Turns one file into a recording with the installed rerun-sdk: a script, run in a process of its own.

    python convert_file.py SOURCE TARGET alone|trusted [entry of sys.path ...]

It ends with 0 when TARGET holds what the SDK made of SOURCE, with `REFUSED` when the SDK logged nothing; what the SDK had
to say is on stderr. When its stdin ends, so also when the process that started it dies, it removes TARGET and ends.
A file that is converted `alone` cannot make the SDK read another one.
It imports nothing of this package, because that would import Gradio, which takes seconds.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

REFUSED = 3
ALONE = "alone"
TRUSTED = "trusted"

_ARROW_MESSAGE = 2


def main() -> None:
    """Convert."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    threading.Thread(target=end_with_stdin, args=(target,), daemon=True).start()
    # Python puts this script's folder first, where modules of ours would hide others of the same name.
    sys.path[:] = sys.argv[4:]
    if not convert(source, target, alone=sys.argv[3] == ALONE):
        sys.exit(REFUSED)


def end_with_stdin(target: Path) -> None:
    """Removes `target` and ends this process when its stdin ends."""
    while os.read(0, 1):
        pass
    target.unlink(missing_ok=True)
    os._exit(1)


def convert(source: Path, target: Path, *, alone: bool) -> bool:
    """Writes to `target` what the SDK makes of `source`; False when that is nothing."""
    import rerun as rr

    # For a suffix that it does not know, the SDK would search PATH for programs rerun-loader-* and run them all.
    os.environ["PATH"] = ""
    # The SDK names the entity after the path it is given, and the page need not know the server's folders.
    os.chdir(source.parent)
    source = Path(source.name)
    is_file = source.is_file()
    rr.set_strict_mode(True)
    recording = rr.RecordingStream(application_id(source.name), send_properties=False)
    recording.save(target)
    # Each episode of a LeRobot dataset becomes a recording of its own, and this one stays empty.
    if is_file:
        recording.send_recording_name(source.name)
    try:
        if source.suffix.lower() == ".gltf":
            recording.log_file_from_contents(source, self_contained_gltf(source))
        elif is_file and alone:
            contents = source.read_bytes()
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
    own = 1 if is_file else 0  # the name
    return arrow_messages(target) > own


@contextlib.contextmanager
def no_file_opened() -> Iterator[None]:
    """No file can be opened meanwhile.

    A robot description, in a .urdf or as a message of an .mcap, names files such as file:///etc/passwd as its meshes, and
    the SDK puts them into the recording, whatever they hold.
    """
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def application_id(name: str) -> str:
    """`name` in the characters that the SDK takes as they are: from 0.41 on it turns "a.png" into "a-png911d"."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:100]


def arrow_messages(recording: Path) -> int:
    """How many messages of the recording carry data."""
    found = 0
    with recording.open("rb") as file:
        file.seek(12)
        while len(header := file.read(16)) == 16:
            kind, size = struct.unpack("<QQ", header)
            if kind == 0:  # the end; a footer follows
                break
            found += kind == _ARROW_MESSAGE
            file.seek(size, os.SEEK_CUR)
    return found


def self_contained_gltf(path: Path) -> bytes:
    """The .gltf file with the buffers and images that it names put into it, since the viewer gets this file only."""
    document = json.loads(path.read_bytes())
    for part in [*document.get("buffers", ()), *document.get("images", ())]:
        uri = part.get("uri", "data:")
        if not uri.startswith("data:"):
            content = base64.b64encode((path.parent / unquote(uri)).read_bytes()).decode()
            part["uri"] = f"data:{part.get('mimeType', 'application/octet-stream')};base64,{content}"
    return json.dumps(document).encode()


if __name__ == "__main__":
    main()
