"""A script that serves the recordings in one file with the Rerun server of the installed rerun-sdk, in its own process.

    python serve_file.py serve FILE MEMORY SIZE FOLDER NAME [entry of sys.path ...]

The server reads the manifest at the end of FILE. If FILE has no manifest, or several, this process writes the messages of FILE into a new file
in FOLDER, with one manifest, and serves the new file. MEMORY limits the memory of this process, SIZE the size of the new file, both in bytes.

Each line of stdout is a JSON object: {"progress": 0.5} while the new file is written, then {"urls": [...], "is_truncated": false} with the URLs
of the recordings. If FILE cannot be served, the exit code is `REFUSED`, and the last line of stderr is the reason, which may be shown to users.

When stdin is closed, also because the parent process has died, this process removes FOLDER and exits.
The script does not import this package, since that would import Gradio, which takes seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from .convert_file import REFUSED, begin
    from .rrd import END, FOOT, FOOT_SIZE, HEADER_SIZE, MAGIC, end_of_messages, end_of_recording
else:  # Importing the package would import Gradio, which takes seconds.
    from convert_file import REFUSED, begin
    from rrd import END, FOOT, FOOT_SIZE, HEADER_SIZE, MAGIC, end_of_messages, end_of_recording

# If a field is missing, the program reports an error, and sends usage data.
_NO_ANALYTICS = (
    '{"analytics_enabled":false,"analytics_id":"none","metadata":{},"config_file_path":"","data_dir_path":""}'
)

_BLOCK = 1 << 20
_REPORTS_EVERY = 0.3
"""Seconds."""


UNREADABLE = "rerun-sdk cannot read it"

_MOST_RECORDINGS = 1000
_LONGEST_ID = 1000
_LONGEST_NAME = 100
"""Of the dataset; in characters, as `_LONGEST_ID`."""


class UnreadableError(Exception):
    """The file cannot be served, for a reason that may be shown to users."""


def main() -> None:
    """Serve until stdin ends."""
    file, folder, name = Path(sys.argv[2]), Path(sys.argv[5]), sys.argv[6]
    target = folder / "recording.rrd"
    watch = begin(target, folder, entries=sys.argv[7:])
    try:
        parts, is_truncated = parts_of(file)
        if not has_one_manifest(file, parts):
            write_with_manifest(file, parts, target)
        else:
            with contextlib.suppress(OSError):  # on another device
                os.link(file, target)  # since Gradio may delete the file (`delete_cache`)
        if target.exists():
            file = target
        server, urls = serve(file, name)
    except UnreadableError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    except Exception as error:
        print(error, file=sys.stderr)
        print(UNREADABLE, file=sys.stderr)
        sys.exit(REFUSED)
    report(urls=urls, is_truncated=is_truncated)
    watch.join()
    del server


def report(**line: Any) -> None:
    """Writes a line to stdout."""
    print(json.dumps(line), flush=True)


def parts_of(path: Path) -> tuple[list[tuple[int, int]], bool]:
    """Returns where the messages of each recording stream in a file begin and end, and whether the file is truncated.

    A file has several streams if it was joined from several files. Raises an `UnreadableError` if its format is unknown.
    """
    parts = []
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER_SIZE)
        if not header.startswith(MAGIC) or len(header) < HEADER_SIZE:
            raise UnreadableError("it is not a Rerun recording")
        at = 0
        while at < size:
            file.seek(at)
            found = file.read(HEADER_SIZE)
            if not found.startswith(MAGIC):
                break  # a part of the manifest
            if found != header:
                raise UnreadableError("its recordings were written by different versions of rerun-sdk")
            start = at + HEADER_SIZE
            end, kind = end_of_messages(file, start, size)
            if kind not in (END, None):
                raise UnreadableError("its structure is unknown")
            parts.append((start, end))
            if kind is None:
                return parts, end < size
            at = end_of_recording(file, end, size)
    return parts, False


def has_one_manifest(path: Path, parts: list[tuple[int, int]]) -> bool:
    """Whether the Rerun server can read the file as it is."""
    with path.open("rb") as file:
        file.seek(-FOOT_SIZE, os.SEEK_END)
        return len(parts) == 1 and file.read(len(FOOT)) == FOOT


def write_with_manifest(path: Path, parts: list[tuple[int, int]], target: Path) -> None:
    """Writes the messages of `path` into the file `target`, which gets a manifest. Raises an `UnreadableError` if rerun-sdk cannot read them."""
    command = [str(rerun_program()), "rrd", "filter", "--output", str(target)]
    with (
        without_analytics(target.parent) as environment,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            restore_signals=False,  # at the limit of its size, the program says so
        ) as process,
    ):
        said: list[bytes] = []
        reader = threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        assert process.stdin
        with contextlib.suppress(BrokenPipeError), process.stdin:
            for block in _blocks(path, parts):
                process.stdin.write(block)
        code = process.wait()
        reader.join()
    if code:
        raise RuntimeError(f"rerun rrd filter: exit code {code}: {b''.join(said).decode(errors='replace').strip()}")


def _blocks(path: Path, parts: list[tuple[int, int]]) -> Iterator[bytes]:
    """Yields the header and all messages, as one recording stream."""
    size = max(1, sum(end - start for start, end in parts))
    done, reported = 0, time.monotonic()
    with path.open("rb") as file:
        yield file.read(HEADER_SIZE)
        for start, end in parts:
            file.seek(start)
            while (left := end - file.tell()) > 0:
                block = file.read(min(_BLOCK, left))
                yield block
                done += len(block)
                if time.monotonic() - reported > _REPORTS_EVERY:
                    reported = time.monotonic()
                    report(progress=done / size)


def rerun_program() -> Path:
    """The path of the program `rerun` of the installed rerun-sdk."""
    import rerun_cli

    program = Path(rerun_cli.__file__).with_name("rerun.exe" if os.name == "nt" else "rerun")
    if not program.is_file():
        raise UnreadableError(f"it has no manifest, and rerun-sdk has no program to add one ({program.name})")
    return program


@contextlib.contextmanager
def without_analytics(folder: Path) -> Iterator[dict[str, str]]:
    """The environment variables with which the program `rerun` sends no usage data and does not touch the user's settings."""
    home = folder / "home"
    places = [home / ".config" / "rerun", home / "Library" / "Application Support" / "rs.rerun.Rerun"]
    for place in places:
        place.mkdir(parents=True)
        (place / "analytics.json").write_text(_NO_ANALYTICS)
    names = {"HOME": home, "XDG_CONFIG_HOME": home / ".config", "XDG_DATA_HOME": home / ".data", "APPDATA": home}
    try:
        yield {
            **os.environ,
            **{name: str(place) for name, place in names.items()},
            "RUST_LOG": "warn",
            "NO_COLOR": "1",
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)


def serve(path: Path, name: str) -> tuple[Any, list[str]]:
    """Starts a Rerun server with the file as a dataset. Returns the server and the URLs of the recordings. The blueprint in the file becomes the dataset's default."""
    import rerun as rr

    name = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:_LONGEST_NAME]  # the server refuses other characters
    server = rr.server.Server(host="127.0.0.1", datasets={name: [path]})
    dataset = catalog_client(server.url()).get_dataset(name)
    segments = dataset.segment_ids()
    if not segments:
        raise UnreadableError("it contains no recording")
    if len(segments) > _MOST_RECORDINGS or any(len(segment) > _LONGEST_ID for segment in segments):
        raise UnreadableError(f"it contains more than {_MOST_RECORDINGS} recordings, or their ids are too long")
    start = dataset.segment_url("").rpartition("=")[0]
    urls = [f"{start}={quote(segment, safe='')}" for segment in segments]
    # Raises if the file contains no blueprint.
    with contextlib.suppress(Exception):
        dataset.register_blueprint(path.absolute().as_uri(), set_default=True)
    return server, urls


def catalog_client(url: str) -> Any:
    """The SDK's client without datafusion, which only the tables of the client need and which may not be installed."""
    from rerun.catalog import CatalogClient
    from rerun_bindings import CatalogClientInternal

    client = CatalogClient.__new__(CatalogClient)
    client._internal = CatalogClientInternal(url, None)
    return client


if __name__ == "__main__":
    main()
