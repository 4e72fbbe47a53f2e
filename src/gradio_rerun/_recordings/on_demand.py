"""Serves large recordings on demand: each file gets a Rerun server, and viewers read only the parts that they show.

Each viewer holds a lease. The server ends when no lease is left.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

from .._clients import Client, current_client, one_too_many
from .._fork import ModuleLock, after_fork
from .._servers import own_servers
from .._viewer.sdk import sdk_version, serves_files
from ..errors import RecordingError, SdkError
from .cached_files import touch
from .file_server import SEVERAL, FileServer, Progress, started
from .turns import Turns

_MOST_SERVERS = 20
"""At once. A server uses about 230 MB while viewers read from it."""

_LOOKS_EVERY = 15.0
"""Seconds between two searches for servers without leases."""

_turns = Turns(lambda: 4, "opening")
_lock = ModuleLock()
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
            server = started(path, cache, on_progress)
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
    """Ends the server of this file if its process has died; at the limit, one of the client with the most servers: see `one_too_many`.

    Raises a `RecordingError` if no client has more than this one.
    """
    with _lock:
        ended = [_servers.pop(key, None)]
        is_full = len(_servers) >= _MOST_SERVERS
        if is_full and (last := _one_too_many()) is not None:
            ended.append(_servers.pop(last))
            is_full = False
    for each in filter(None, ended):
        each.end()
    if is_full:
        raise RecordingError(
            f"The app already serves {_MOST_SERVERS} large recordings, which is its limit. Please try again later."
        )


def _one_too_many() -> str | None:
    """The key of the server that ends in favor of the current client. The caller holds the lock."""
    client = current_client()
    held = [(key, each.holder) for key, each in _servers.items() if each.holder.address]
    index = one_too_many([holder for _, holder in held], client) if client.address else None
    if index is None:
        return None
    key, holder = held[index]
    # Otherwise, the pages of an address at which all visitors are would end each other's servers.
    return None if holder == Client(client.address, SEVERAL) else key


def _add(key: str, server: FileServer, lease: str) -> None:
    global _sweeper
    server.lease(lease)
    with _lock:
        server.secret = own_servers.add(server.urls[0])
        _servers[key] = server
        if _sweeper is None:
            _sweeper = threading.Thread(target=_sweep, daemon=True)
            _sweeper.start()


def _end_unwanted() -> bool:
    """Ends the servers without a valid lease. Returns whether other servers are left."""
    with _lock:
        unwanted_ones = [key for key, each in _servers.items() if not each.is_wanted]
        ended = [_servers.pop(key) for key in unwanted_ones]
        left = list(_servers.values())
    for each in ended:
        each.end()
    for each in left:
        touch(each.folder)
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
    global _sweeper
    _sweeper = None
    _servers.clear()
