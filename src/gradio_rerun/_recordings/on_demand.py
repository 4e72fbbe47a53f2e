"""Serves large recordings on demand: each file gets a Rerun server, and viewers read only the parts that they show.

Each viewer holds a lease. The server ends when no lease is left.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from .._fork import ModuleLock, after_fork
from .._gradio.threads import current_work, unwanted
from .._servers import file_servers
from .._viewer.sdk import sdk_version, serves_files
from ..errors import RecordingError, SdkError, log, not_kept
from .conversion_process import serving_command
from .convert_file import REFUSED
from .limits import limits
from .turns import Turns

LEASE_SECONDS = 900.0
"""Duration of a lease. Pages renew their leases every minute, unless the computer sleeps."""

_MOST_SERVERS = 20
"""At once. A server uses about 230 MB while viewers read from it."""

_MOST_LEASES = 1000
"""For one file. Further pages share one lease, which ends by itself only: any client can make up pages."""

_LOOKS_EVERY = 15.0
"""Seconds between two searches for servers without leases."""

_SLOWEST = 10_000_000
"""Bytes per second that the slowest disk writes."""

_LONGEST_LINE = 10_000

Progress = Callable[[float], object]
"""Receives the progress from 0 to 1, if the file has to be prepared."""


@dataclass(eq=False)
class FileServer:
    """A process that serves one file."""

    process: subprocess.Popen[bytes]
    folder: Path
    """The temporary folder of the process. It is removed when the process ends."""
    urls: list[str]
    """One URL for each recording in the file."""
    is_truncated: bool
    secret: str = ""
    leases: dict[str, float] = field(default_factory=dict)
    """Names of leases, and the times at which they end."""
    shared_until: float = 0
    """The time at which the lease of all further pages ends."""

    def lease(self, name: str) -> None:
        """Adds or renews a lease."""
        now = time.monotonic()
        self.leases = {each: until for each, until in self.leases.items() if now < until}
        if name in self.leases or len(self.leases) < _MOST_LEASES:
            self.leases[name] = now + LEASE_SECONDS
        else:
            self.shared_until = now + LEASE_SECONDS

    @property
    def is_wanted(self) -> bool:
        """Whether the process runs and has a valid lease."""
        now = time.monotonic()
        return self.process.poll() is None and any(now < until for until in (self.shared_until, *self.leases.values()))

    def end(self) -> None:
        """Ends the process and makes its tickets invalid."""
        file_servers.remove(self.urls[0], self.secret)
        _end(self.process, self.folder)


_turns = Turns(lambda: 4, "opening")
_lock = ModuleLock()
_processes: set[subprocess.Popen[bytes]] = set()
"""All processes, including those that do not serve yet."""
_servers: dict[str, FileServer] = {}
"""By `_key` of the file. A changed file has another key, and gets another server."""
_sweeper: threading.Thread | None = None


def served(path: Path, cache: Path, lease: str, on_progress: Progress) -> FileServer:
    """Returns the server for the recordings in a file. Starts a server if none runs. The server runs until its last lease ends.

    Older versions of rerun-sdk and streams write files without a manifest. Such a file is rewritten with a manifest, into a folder in `cache`.
    Raises a `RecordingError` if the file cannot be served.
    """
    if not serves_files():
        raise SdkError(
            f"rerun-sdk {sdk_version()} cannot serve parts of a file: rerun-sdk 0.32 or newer is needed. Run: pip install -U rerun-sdk"
        )
    if server := renewed(path, lease):  # does not wait for a turn: other files may take long
        return server
    key = _key(path)
    with _turns.turn(key):
        server = _known(key, lease)
        if server is None:
            _check_room(key)
            server = _started(path, cache, on_progress)
            _add(key, server, lease)
        return server


def renewed(path: Path, lease: str) -> FileServer | None:
    """Returns the running server for a file, or None. Begins or renews the lease. Raises a `RecordingError` if the file cannot be read."""
    return _known(_key(path), lease)


def end_lease(path: Path, lease: str) -> None:
    """Ends the lease of a viewer that no longer shows the file."""
    with suppress(RecordingError):
        key = _key(path)
        with _lock:
            server = _servers.get(key)
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


def _check_room(key: str) -> None:
    """Raises a `RecordingError` if too many files are served. Ends the server of this file if its process has died."""
    with _lock:
        dead = _servers.pop(key, None)
        is_full = len(_servers) >= _MOST_SERVERS
    if dead is not None:
        dead.end()
    if is_full:
        raise RecordingError(
            f"The app already serves {_MOST_SERVERS} large recordings, which is its limit. Please try again later."
        )


def _add(key: str, server: FileServer, lease: str) -> None:
    global _sweeper
    server.lease(lease)
    with _lock:
        server.secret = file_servers.add(server.urls[0])
        _servers[key] = server
        if _sweeper is None:
            _sweeper = threading.Thread(target=_sweep, daemon=True)
            _sweeper.start()


def _started(path: Path, cache: Path, on_progress: Progress) -> FileServer:
    most, size = limits(), path.stat().st_size
    # If this process is killed, a conversion removes the folder after an hour.
    folder = cache.absolute() / f".{secrets.token_hex(8)}.part"
    command = serving_command(path.absolute(), folder, most.memory, 2 * size + most.size)
    pipe = subprocess.PIPE
    environment = {**os.environ, "RUST_LOG": "error"}
    try:
        folder.mkdir(parents=True)
        # A new session, so that `_kill` also ends a program that the process has started.
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True
        )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise not_kept(f"The recording {path.name!r:.200}", cache, error) from error
    _processes.add(process)
    said: list[str] = []
    reader = threading.Thread(target=_read, args=(process.stderr, said), daemon=True)
    reader.start()
    limit = threading.Timer(most.seconds + size / _SLOWEST, _kill, (process,))
    limit.start()
    work = current_work()
    try:
        with work.ended_by(partial(_kill, process)):
            ready = _ready(cast("IO[bytes]", process.stdout), folder, on_progress)
        if work.is_unwanted:
            raise unwanted()
        if ready is None:
            reader.join()
            log(f"{path.name}: not served piece by piece: {' '.join(said)}")
            reason = said[-1] if process.wait() == REFUSED and said else "its server has ended"
            raise RecordingError(f"{path.name!r:.200} cannot be served piece by piece: {reason:.300}.")
        return FileServer(process, folder, ready["urls"], ready["is_truncated"])
    except BaseException:
        _end(process, folder)
        raise
    finally:
        limit.cancel()


def _ready(lines: IO[bytes], folder: Path, on_progress: Progress) -> dict[str, Any] | None:
    """Returns the report with the URLs, or None if the process ends without one."""
    for line in lines:
        report: dict[str, Any] = json.loads(line)
        if "urls" in report:
            return report
        on_progress(report["progress"])
        _touch(folder)
    return None


def _read(lines: IO[bytes], said: list[str]) -> None:
    """Keeps the last three lines that the process writes to stderr."""
    with lines:
        while line := lines.readline(_LONGEST_LINE):
            if text := line.decode(errors="replace").strip():
                said.append(text)
                del said[:-3]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills the process and the processes that it has started."""
    # After `wait`, the id may belong to another process.
    if hasattr(os, "killpg") and process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    _kill(process)
    process.wait()
    _processes.discard(process)
    for stream in (process.stdin, process.stdout):
        with suppress(OSError, AttributeError):
            stream.close()  # type: ignore[union-attr]
    shutil.rmtree(folder, ignore_errors=True)


def _touch(folder: Path) -> None:
    with suppress(OSError):
        os.utime(folder)


def _end_unwanted() -> bool:
    """Ends the servers without a valid lease. Returns whether other servers are left."""
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
    """Servers end when their stdin is closed. They belong to the parent process, so the child process closes its copies of their stdin."""
    global _sweeper
    _sweeper = None
    _turns.forget()
    for process in _processes:
        if process.stdin:
            process.stdin.close()
        process.returncode = 0  # not a child of this process
    _processes.clear()
    _servers.clear()
