"""Fetches files from other servers into Gradio's cache, once for each version of a file."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .._gradio.threads import current_work, unwanted
from ..errors import RecordingError, UnsupportedValueError, log, not_kept
from .bounded import Bounded
from .cached_files import cache_key, cached_name, part_in, shortened, touch, touched
from .conversions import converted
from .file_types import CONVERTIBLE_SUFFIXES, RECORDING_SUFFIXES, check_start, is_convertible
from .limits import SECONDS_VARIABLE, SIZE_VARIABLE, limits, over
from .remote_files import (
    FsspecFile,
    HubFile,
    Opened,
    PathLikeFile,
    Progress,
    RemoteFile,
    hub_url,
    is_known,
    is_of_repository,
    public_url,
)
from .remote_objects import file_system_of, url_of_object
from .rrd import MAGIC
from .sources import Sources, scheme_of
from .turns import Turns
from .urls import STORE_SCHEMES, WANTED, check_characters, checked_url, is_importable
from .web_file import WebFile

_turns = Turns(lambda: 8, "fetching")
_web_turns = Turns(lambda: 16, "fetching")
"""For URLs that a user may have typed: slow servers delay no other files."""

_recordings = Bounded(10_000)
"""By file and version: the recording in the cache."""


def found_elsewhere(item: Any, sources: Sources) -> RemoteFile | Path | str | None:
    """The file or URL that `item` stands for: a file that the app fetches, a local path, or a URL that the frontend opens. None if `item` is
    neither a URL nor an object for a file on another server.

    Raises a `RecordingError` if only the app has the right to fetch the file, and its author has not allowed it.
    """
    url = item.strip() if isinstance(item, str) and "://" in item else url_of_object(item)
    if url is None:
        return None
    check_characters(url)
    scheme = scheme_of(url)
    if scheme in ("file", "local"):
        return _local_path(url)
    if scheme in ("http", "https"):
        return _of_web(url, sources)
    if not isinstance(item, str) or scheme in STORE_SCHEMES or (sources.admits(url) and is_known(scheme)):
        return _of_store(url, item, sources)
    return checked_url(url)


def _local_path(url: str) -> Path:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    if parts is None or parts.netloc.lower() not in ("", "localhost"):
        return Path(checked_url(url))  # raises
    # On Windows: file:///C:/a.rrd
    path = unquote(parts.path)
    return Path(path[1:] if os.name == "nt" and path[2:3] == ":" else path)


def _of_web(url: str, sources: Sources) -> RemoteFile | str:
    url = checked_url(url)
    return WebFile(url, sources.admits) if is_importable(url) else url


def _of_store(url: str, item: Any, sources: Sources) -> RemoteFile | str:
    is_text = isinstance(item, str)
    name = url.partition("://")[2].partition("/")[2]
    if is_text and not is_of_repository(url) and (not name or name.endswith("/")):
        raise UnsupportedValueError(f"{WANTED}; got the URL {url!r:.300}, which names no file.")
    if not sources.admits(url):
        # Everybody may fetch public files of the Hub: a user's text is as harmless as its URL of https.
        if is_text and is_of_repository(url):
            return _of_web(hub_url(url), Sources())
        log(
            f'the file {url!r} is not fetched: Rerun(allowed_sources=["{url.rpartition("/")[0]}/"]) allows all files of this folder'
        )
        raise RecordingError(
            f"This app does not fetch {url.rpartition('/')[2].rpartition('@')[2]!r:.200} from {scheme_of(url)}://: a function has returned it, and a user may have "
            "chosen it. The app's author can allow its folder with allowed_sources; the app's log has the whole URL."
        )
    if not is_text:
        return FsspecFile(url, item) if file_system_of(item) else PathLikeFile(url, item)
    if not is_of_repository(url):
        return FsspecFile(url)
    is_for_page = url.lower().endswith(RECORDING_SUFFIXES) and not sources.wants_files
    return (public_url(url) if is_for_page else None) or HubFile(url)


def fetched(remote: RemoteFile, cache: Path) -> Path:
    """The recording that the file is, or can be converted to: a file in `cache`, fetched by the first call for the present version of the file.

    A file that must be converted, and each file of a web server, may have the size of the recordings that conversions make, and take their time.
    Raises a `RecordingError`.
    """
    is_of_web = isinstance(remote, WebFile)
    if not is_of_web:  # a server that a user has named may take long to answer
        with remote.opened() as opened:
            if known := _known(remote, opened, cache):
                return known
    with (_web_turns if is_of_web else _turns).turn(cache_key(remote.url)), remote.opened() as opened:
        if known := _known(remote, opened, cache):  # another call has fetched it meanwhile
            return known
        key = cache_key(remote.url, opened.version or secrets.token_hex(16))
        path = _fetched(remote, opened, cache, key)
        _recordings[str(cache), key] = path
        return path


def _known(remote: RemoteFile, opened: Opened, cache: Path) -> Path | None:
    path: Path | None = _recordings.get((str(cache), cache_key(remote.url, opened.version)))
    return path if path and opened.version is not None and touched(path) else None


def _fetched(remote: RemoteFile, opened: Opened, cache: Path, key: str) -> Path:
    name = _file_name(remote.name)
    folder = part_in(cache)
    progress = _progress(remote, name, folder, opened.size or 0)
    progress(0)
    try:
        folder.mkdir(parents=True)
        opened.save(folder / name, progress)
        return _recording(folder / name, opened.size, cache, key)
    except RecordingError:  # a RecordingNotFoundError is an OSError, too
        raise
    except OSError as error:
        raise not_kept(f"The file {name!r:.200}", cache, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _recording(file: Path, size: int | None, cache: Path, key: str) -> Path:
    if size is not None and (written := file.stat().st_size) != size:
        raise RecordingError(
            f"The file {file.name!r} was not fetched completely: {written:,} of {size:,} bytes. Please try again."
        )
    with file.open("rb") as content:
        start = content.read(len(MAGIC))
    if start != MAGIC and is_convertible(file):
        return converted(file, cache)
    check_start(start, f"the file {file.name!r}")
    target = cache / key / cached_name(file.name)
    target.parent.mkdir(exist_ok=True)
    file.replace(target)
    return target


def _progress(remote: RemoteFile, name: str, folder: Path, announced: int) -> Progress:
    is_limited = isinstance(remote, WebFile) or name.lower().endswith(CONVERTIBLE_SUFFIXES)
    work, most, begun = current_work(), limits(), time.monotonic()
    read = 0

    def progress(count: int) -> None:
        nonlocal read
        read += count
        if work.is_unwanted:
            raise unwanted()
        if is_limited and max(read, announced) > most.size:
            raise over(name, f"{most.size:,} bytes", SIZE_VARIABLE)
        if is_limited and time.monotonic() - begun > most.seconds:
            raise over(name, f"{most.seconds:g} s", SECONDS_VARIABLE)
        touch(folder)

    return progress


def _file_name(name: str) -> str:
    stem, suffix = os.path.splitext(Path(name.replace("\0", "")).name)  # noqa: PTH122
    if stem in ("", ".", ".."):
        raise RecordingError("Expected the URL of a file, got one that ends without the name of a file.")
    return shortened(stem) + suffix[:20]
