"""A Rerun server for one file: its process, and the leases of the viewers that read from it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from .._clients import Client, current_client
from .._fork import after_fork
from .._gradio.threads import current_work, unwanted
from .._servers import file_servers
from ..errors import RecordingError, log, not_kept
from .cached_files import part_in, touch
from .conversion_process import DISK_FULL, environment, kill, serving_command
from .convert_file import REFUSED
from .limits import limits

LEASE_SECONDS = 900.0
"""Duration of a lease. Pages renew their leases every minute, unless the computer sleeps."""

_MOST_LEASES = 1000
"""For one file. Further pages share one lease, which ends by itself only: any client can make up pages."""

SEVERAL = "several pages"
"""The page of clients that stand for several pages of one address."""

_SLOWEST = 10_000_000
"""Bytes per second that the slowest disk writes."""

_LONGEST_LINE = 10_000

Progress = Callable[[float], object]
"""Receives the progress from 0 to 1, if the file has to be prepared."""


_processes: set[subprocess.Popen[bytes]] = set()
"""All processes, including those that do not serve yet."""


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
    holder: Client = field(default_factory=current_client)
    """The page that has leases, `Client(address, SEVERAL)` for pages of one address, and `Client()` for pages of several addresses."""

    def lease(self, name: str) -> None:
        """Adds or renews a lease of the current client."""
        now, client = time.monotonic(), current_client()
        if client.address != self.holder.address:
            self.holder = Client()
        elif client != self.holder:
            self.holder = Client(client.address, SEVERAL)
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


def started(path: Path, cache: Path, on_progress: Progress) -> FileServer:
    """Starts a server for a file, with a folder in `cache`. Raises a `RecordingError` if it does not start."""
    most, size = limits(), path.stat().st_size
    folder = part_in(cache.absolute())
    command = serving_command(path.absolute(), folder, replace(most, size=2 * size + most.size))
    pipe = subprocess.PIPE
    try:
        folder.mkdir(parents=True)
        # A new session, so that `kill` also ends a program that the process has started.
        variables = environment({"RUST_LOG": "error"})
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=variables, start_new_session=True)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise not_kept(f"The recording {path.name!r:.200}", cache, error) from error
    _processes.add(process)
    said: list[str] = []
    reader = threading.Thread(target=_read, args=(process.stderr, said), daemon=True)
    reader.start()
    limit = threading.Timer(most.seconds + size / _SLOWEST, kill, (process,))
    limit.start()
    work = current_work()
    try:
        with work.ended_by(partial(kill, process)):
            ready = _ready(cast("IO[bytes]", process.stdout), folder, on_progress)
        if work.is_unwanted:
            raise unwanted()
        if ready is None:
            reader.join()
            if full := DISK_FULL.search(" ".join(said)):
                raise not_kept(f"The recording {path.name!r:.200}", cache, full[0])
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
        touch(folder)
    return None


def _read(lines: IO[bytes], said: list[str]) -> None:
    """Keeps the last three lines that the process writes to stderr."""
    with lines:
        while line := lines.readline(_LONGEST_LINE):
            if text := line.decode(errors="replace").strip():
                said.append(text)
                del said[:-3]


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    kill(process)
    process.wait()
    _processes.discard(process)
    for stream in (process.stdin, process.stdout):
        with suppress(OSError, AttributeError):
            stream.close()  # type: ignore[union-attr]
    shutil.rmtree(folder, ignore_errors=True)


@after_fork
def _after_fork() -> None:
    """Servers end when their stdin is closed. They belong to the parent process, so the child process closes its copies of their stdin."""
    for process in _processes:
        if process.stdin:
            process.stdin.close()
        process.returncode = 0  # not a child of this process
    _processes.clear()
