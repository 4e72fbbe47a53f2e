"""Large recordings on demand: a Rerun server for each file, from which viewers read the parts that they show.

Viewers have leases. When no lease is left, the server ends.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from .._fork import ModuleLock, after_fork
from .._gradio.threads import current_work, unwanted
from .._servers import file_servers
from .._viewer.sdk import sdk_version, serves_files
from ..errors import RecordingError, SdkError, log
from .conversion_process import serving_command
from .limits import limits
from .turns import Turns

LEASE_SECONDS = 900.0
"""How long a lease lasts. Pages renew it each minute; a computer that sleeps does not."""

_MOST_SERVERS = 20
"""A server uses some 100 MB while it is read from."""

_MOST_LEASES = 1000
"""Of one file."""

_LOOKS_EVERY = 15.0
"""Seconds between two searches for servers without leases."""

_SLOWEST = 10_000_000
"""Bytes a second that a disk writes at least."""

_MOST_SAID = 10_000

Progress = Callable[[float], object]
"""Receives the part of the file that is ready, from 0 to 1, if the file has to be prepared."""


@dataclass(eq=False)
class FileServer:
    """A process that serves one file."""

    process: subprocess.Popen[bytes]
    folder: Path
    """The process' own, which ends with it."""
    urls: list[str]
    """Of the recordings in the file."""
    is_truncated: bool
    leases: dict[str, float] = field(default_factory=dict)
    """When they end, in the order of their last renewal."""

    def lease(self, name: str) -> None:
        """Adds or renews a lease."""
        self.leases.pop(name, None)
        while len(self.leases) >= _MOST_LEASES:
            del self.leases[next(iter(self.leases))]
        self.leases[name] = time.monotonic() + LEASE_SECONDS

    @property
    def is_wanted(self) -> bool:
        """Whether the process runs, and anybody reads from it."""
        now = time.monotonic()
        return self.process.poll() is None and any(now < until for until in self.leases.values())

    def end(self) -> None:
        """Ends the process. No ticket opens it any more."""
        file_servers.remove(self.urls[0])
        _end(self.process, self.folder)


_turns = Turns(lambda: 4, "opening")
_lock = ModuleLock()
_servers: dict[str, FileServer] = {}
"""By file, as it was when the server started."""
_sweeper: threading.Thread | None = None


def served(path: Path, cache: Path, lease: str, on_progress: Progress) -> FileServer:
    """The server for the recordings in a file. It starts if there is none, and runs until the last lease ends.

    A file without a manifest, as older versions of rerun-sdk and streams write it, is written once more, with a manifest, into a folder in `cache`.
    Raises a `RecordingError` if the file cannot be served.
    """
    if not serves_files():
        raise SdkError(
            f"rerun-sdk {sdk_version()} serves no part of a file: rerun-sdk 0.32 or newer is needed. Run: pip install -U rerun-sdk"
        )
    key = _key(path)
    with _turns.turn(key):
        server = _known(key, lease)
        if server is None:
            server = _started(path, cache, on_progress)
            _add(key, server, lease)
        return server


def end_lease(path: Path, lease: str) -> None:
    """A viewer no longer shows the file."""
    with suppress(RecordingError), _lock:
        server = _servers.get(_key(path))
        if server is not None:
            server.leases.pop(lease, None)
    _end_unwanted()


def _key(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError as error:
        raise RecordingError(f"The file {path.name!r:.200} cannot be read: {error.strerror}.") from error
    return repr((str(path.resolve()), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns))


def _known(key: str, lease: str) -> FileServer | None:
    with _lock:
        server = _servers.get(key)
        if server is None or server.process.poll() is not None:
            return None
        server.lease(lease)
        return server


def _add(key: str, server: FileServer, lease: str) -> None:
    global _sweeper
    server.lease(lease)
    with _lock:
        dead = _servers.pop(key, None)
        is_full = len(_servers) >= _MOST_SERVERS
        if not is_full:
            file_servers.add(server.urls[0])
            _servers[key] = server
            if _sweeper is None:
                _sweeper = threading.Thread(target=_sweep, daemon=True)
                _sweeper.start()
    if dead is not None:
        _end(dead.process, dead.folder)
    if is_full:
        _end(server.process, server.folder)
        raise RecordingError(
            f"The app serves {_MOST_SERVERS} large recordings already, and no more at once. Please try again later."
        )


def _started(path: Path, cache: Path, on_progress: Progress) -> FileServer:
    most, size = limits(), path.stat().st_size
    folder = (
        cache.absolute() / f".{secrets.token_hex(8)}.part"
    )  # conversions remove it after an hour, if this process is killed
    folder.mkdir(parents=True)
    command = serving_command(path.absolute(), folder, most.memory, 2 * size + most.size)
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, "RUST_LOG": "error"})
    said: list[str] = []
    reader = threading.Thread(target=_read, args=(process.stderr, said), daemon=True)
    reader.start()
    limit = threading.Timer(most.seconds + size / _SLOWEST, process.kill)
    limit.start()
    work = current_work()
    try:
        with work.ended_by(process.kill):
            ready = _ready(cast("IO[bytes]", process.stdout), folder, on_progress)
        if work.is_unwanted:
            raise unwanted()
        if ready is None:
            reader.join()
            reason = said[-1] if said else f"exit code {process.wait()}"
            log(f"{path.name}: not served piece by piece: {reason}")
            raise RecordingError(f"{path.name!r:.200} cannot be served piece by piece: {reason:.300}.")
        return FileServer(process, folder, ready["urls"], ready["is_truncated"])
    except BaseException:
        _end(process, folder)
        raise
    finally:
        limit.cancel()


def _ready(lines: IO[bytes], folder: Path, on_progress: Progress) -> dict[str, Any] | None:
    """The line with the URLs; None if the process ends without it."""
    for line in lines:
        report: dict[str, Any] = json.loads(line)
        if "urls" in report:
            return report
        on_progress(report["progress"])
        _touch(folder)
    return None


def _read(lines: Any, said: list[str]) -> None:
    """Keeps the last lines that the process writes to stderr, as long as it runs."""
    with lines:
        for line in lines:
            if text := line.decode(errors="replace").strip():
                said.append(text[:_MOST_SAID])
                del said[:-3]


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError, AttributeError):
            stream.close()  # type: ignore[union-attr]
    shutil.rmtree(folder, ignore_errors=True)


def _touch(folder: Path) -> None:
    with suppress(OSError):
        os.utime(folder)


def _end_unwanted() -> bool:
    """Ends the servers that nobody reads from. Returns whether there are others."""
    with _lock:
        unwanted_ones = [key for key, each in _servers.items() if not each.is_wanted]
        ended = [_servers.pop(key) for key in unwanted_ones]
        left = list(_servers.values())
    for each in ended:
        each.end()
    for each in left:
        _touch(each.folder)
    return bool(left)


def _sweep() -> None:
    global _sweeper
    while True:
        time.sleep(_LOOKS_EVERY)
        _end_unwanted()
        with _lock:
            if not _servers:
                _sweeper = None
                return


@after_fork
def _after_fork() -> None:
    """The servers are those of the parent process, and end when it closes their stdin: a child process keeps none open."""
    global _sweeper
    _sweeper = None
    _turns.forget()
    for each in _servers.values():
        if each.process.stdin:
            each.process.stdin.close()
        each.process.returncode = 0  # no child of this process
    _servers.clear()
