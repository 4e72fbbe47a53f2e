"""Files of buckets, of the Hugging Face Hub, and of any other file system of fsspec."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from ..errors import RecordingError, RecordingNotFoundError, log
from .bounded import Bounded
from .remote_objects import file_system_of
from .sources import compared, scheme_of

Progress = Callable[[int], None]
"""Receives the number of bytes that were read. Raises a `RecordingError` if they are too many, or are unwanted."""

_WITHOUT_VERSION = ("name", "size", "type", "Key", "Size", "StorageClass", "islink", "mode")
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) if hasattr(errno, "EDQUOT") else (errno.ENOSPC, errno.EFBIG)


@dataclass(frozen=True)
class Opened:
    """A remote file as it is now."""

    version: str | None
    """Differs if the content may have changed; None if the server does not say it."""
    size: int | None
    save: Callable[[Path, Progress], None]
    """Writes the content to a new file."""


class RemoteFile(Protocol):
    """A file on another server."""

    url: str
    name: str

    def opened(self) -> Any:
        """A context with an `Opened`. Raises a `RecordingError`."""


class FsspecFile:
    """A file of a file system of fsspec, with the credentials of the app."""

    def __init__(self, url: str, item: Any = None) -> None:
        self.url, self.name = url, url.rpartition("/")[2]
        self._found = file_system_of(item)

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        file_system, path = self._found or _file_system(self.url)
        with failures(self.name):
            file_system.invalidate_cache()  # which may be minutes old
            info = file_system.info(path)
        if info.get("type") == "directory":
            raise _no_file(self.name)
        known = {name: value for name, value in info.items() if name not in _WITHOUT_VERSION and value is not None}
        size = info.get("size")
        yield Opened(repr((size, sorted(known.items()))) if known else None, size, self._saved(file_system, path))

    def _saved(self, file_system: Any, path: str) -> Callable[[Path, Progress], None]:
        def save(target: Path, progress: Progress) -> None:
            from fsspec.callbacks import Callback

            class Report(Callback):  # type: ignore[misc,unused-ignore]
                def relative_update(self, inc: int = 1) -> None:
                    progress(inc)

            with failures(self.name):
                file_system.get_file(path, str(target), callback=Report())

        return save


class PathLikeFile:
    """A file that an object with `open` and `stat` stands for, such as a path of cloudpathlib."""

    def __init__(self, url: str, item: Any) -> None:
        self.url, self.name = url, url.rpartition("/")[2]
        self._item = item

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        with failures(self.name):
            stat = self._item.stat()
        version = (stat.st_size, stat.st_mtime, getattr(self._item, "etag", None))
        yield Opened(repr(version) if stat.st_mtime else None, stat.st_size, self._save)

    def _save(self, target: Path, progress: Progress) -> None:
        with failures(self.name), self._item.open("rb") as source, target.open("wb") as file:
            copy(source.read, file.write, progress)


class HubFile:
    """A file of a repository on the Hugging Face Hub, with the token of the app."""

    def __init__(self, url: str) -> None:
        self.url, self.name = url, url.rpartition("/")[2]

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        from huggingface_hub import get_hf_file_metadata

        with failures(self.name):
            found = get_hf_file_metadata(hub_url(self.url))
        yield Opened(found.etag, found.size, self._save)

    def _save(self, target: Path, _: Progress) -> None:
        from huggingface_hub import hf_hub_download

        with failures(self.name):
            downloaded = hf_hub_download(**_parts(self.url), endpoint=endpoint(), local_dir=target.parent / "hub")
            shutil.move(downloaded, target)


_commits = Bounded(1000)
"""By file and version: the commit in which the version was seen first. The URL of a file stays the same while the file does."""


def public_url(url: str) -> str | None:
    """The URL under which browsers fetch this file from the Hub; None if the Hub requires a token."""
    from huggingface_hub import get_hf_file_metadata

    try:
        found = get_hf_file_metadata(hub_url(url), token=False)
    except Exception:  # `HubFile` sends another request, with the app's token, and reports the error
        return None
    if not (found.etag and found.commit_hash):
        return hub_url(url)
    key = (url, found.etag)
    commit = _commits[key] = _commits.get(key, found.commit_hash)
    return hub_url(url, commit)


_KINDS = {"datasets/": "dataset", "spaces/": "space", "models/": "model"}
_HUB = re.compile(
    r"hf://(datasets/|spaces/|models/)?(?!(?:datasets|spaces|models|buckets)/)"
    r"([^/@]+/[^/@]+)(?:@(refs/(?:convert|pr)/[^/]+|[^/]+))?/(.+)"
)


def is_of_repository(url: str) -> bool:
    """Whether the URL names a file in a repository on the Hub, not one in a bucket there."""
    return scheme_of(url) == "hf" and not url.partition("://")[2].startswith("buckets/")


def hub_url(url: str, revision: str | None = None) -> str:
    """The `https` URL of a file with a URL of `hf`. Raises a `RecordingError` if it names no file."""
    from huggingface_hub import hf_hub_url

    parts = _parts(url)
    return str(hf_hub_url(**{**parts, "revision": revision or parts["revision"]}, endpoint=endpoint()))


def _parts(url: str) -> dict[str, Any]:
    found = _HUB.fullmatch(f"hf://{url.partition('://')[2]}")
    try:
        compared(url)
    except ValueError:
        found = None
    if not found:
        raise RecordingError(
            f"Expected the URL of a file on the Hugging Face Hub, such as hf://datasets/NAME/REPOSITORY/run.rrd, got {url!r:.300}. "
            "For an episode of a LeRobot dataset, return gradio_rerun.lerobot.episode(url, 0)."
        )
    kind, repository, revision, path = found.groups()
    return {
        "repo_id": repository,
        "repo_type": _KINDS.get(kind or "", "model"),
        "revision": unquote(revision) if revision else None,
        "filename": path,
    }


def endpoint() -> str | None:
    """The Hub's URL, if it is not the usual one."""
    return os.environ.get("HF_ENDPOINT")  # the library reads it at import only


def is_known(scheme: str) -> bool:
    """Whether fsspec knows file systems of this scheme."""
    from fsspec import available_protocols

    return scheme in available_protocols()


def _file_system(url: str) -> tuple[Any, str]:
    import fsspec
    from fsspec.registry import known_implementations

    scheme = scheme_of(url)
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(f"{scheme}://{url.partition('://')[2]}")
    except ImportError as error:
        package = known_implementations.get(scheme, {}).get("class", scheme).partition(".")[0]
        raise RecordingError(
            f"Files of {scheme}:// need the package {package}, which is not installed in the app. Run: pip install {package}"
        ) from error
    except Exception as error:
        raise _failed(url.rpartition("/")[2], error) from error
    return found


def copy(read: Callable[[int], bytes], write: Callable[[bytes], Any], progress: Progress) -> None:
    """Copies what `read` returns, until it returns nothing."""
    while data := read(1 << 20):
        progress(len(data))
        write(data)


@contextmanager
def failures(name: str) -> Iterator[None]:
    """Raises a `RecordingError` for what a server or its client reports. The log has the details."""
    try:
        yield
    except RecordingError:
        raise
    except IsADirectoryError as error:
        raise _no_file(name) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            raise
        raise _failed(name, error) from error


def _failed(name: str, error: Exception) -> RecordingError:
    log(f"{name!r:.200}: {type(error).__name__}: {error}")
    if isinstance(error, FileNotFoundError) or "NotFound" in type(error).__name__:  # the Hub has errors of its own
        return RecordingNotFoundError(
            f"There is no file {name!r:.200} at this place, or the app may not see it. The app's log has the details."
        )
    what = "with the app's credentials" if isinstance(error, PermissionError) else f"({type(error).__name__})"
    return RecordingError(f"The file {name!r:.200} could not be fetched {what}. The app's log has the details.")


def _no_file(name: str) -> RecordingError:
    return RecordingError(f"Expected the URL of a file, got that of a folder, {name!r:.200}. Name the files in it.")
