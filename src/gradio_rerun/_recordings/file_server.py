"""A Rerun server for one file: its process, and the leases of the viewers that read from it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from .._clients import Client, current_client
from .._gradio.threads import current_work, unwanted
from .._servers import own_servers
from .._viewer.sdk_process import SdkProcess
from ..errors import RecordingError, log, not_kept
from .cached_files import part_in, touch
from .conversion_process import serving_command
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

Progress = Callable[[float], object]
"""Receives the progress from 0 to 1, if the file has to be prepared."""


@dataclass(eq=False)
class FileServer:
    """A process that serves one file."""

    process: SdkProcess
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
        own_servers.remove(self.urls[0], self.secret)
        _end(self.process, self.folder)


def started(path: Path, cache: Path, on_progress: Progress) -> FileServer:
    """Starts a server for a file, with a folder in `cache`. Raises a `RecordingError` if it does not start."""
    most, size = limits(), path.stat().st_size
    folder = part_in(cache.absolute())
    command = serving_command(path.absolute(), folder, replace(most, size=2 * size + most.size))
    try:
        folder.mkdir(parents=True)
        process = SdkProcess(command, most.seconds + size / _SLOWEST, {"RUST_LOG": "error"})
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise not_kept(f"The recording {path.name!r:.200}", cache, error) from error
    work = current_work()
    try:
        with work.ended_by(process.kill):
            ready = _ready(process.stdout, folder, on_progress)
        if work.is_unwanted:
            raise unwanted()
        if ready is None:
            code, said = process.finish(), process.last_lines
            if process.disk_full:
                raise not_kept(f"The recording {path.name!r:.200}", cache, process.disk_full)
            log(f"{path.name}: not served piece by piece: {' '.join(said)}")
            reason = said[-1] if code == REFUSED and said else "its server has ended"
            raise RecordingError(f"{path.name!r:.200} cannot be served piece by piece: {reason:.300}.")
        process.lift_limit()
        return FileServer(process, folder, ready["urls"], ready["is_truncated"])
    except BaseException:
        _end(process, folder)
        raise


def _ready(lines: IO[bytes], folder: Path, on_progress: Progress) -> dict[str, Any] | None:
    """Returns the report with the URLs, or None if the process ends without one."""
    for line in lines:
        report: dict[str, Any] = json.loads(line)
        if "urls" in report:
            return report
        on_progress(report["progress"])
        touch(folder)
    return None


def _end(process: SdkProcess, folder: Path) -> None:
    process.end()
    shutil.rmtree(folder, ignore_errors=True)
