"""Which files of buckets, of the Hugging Face Hub and of web servers the app fetches for a component, with its own credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from .._checks import is_collection, items_of, no_list, wrong
from .._named import Named
from .remote_objects import url_of_object
from .urls import URL_SCHEMES, is_importable

_SAME = {"s3a": "s3", "gcs": "gs", "az": "abfs", "abfss": "abfs"}
"""Other names of schemes."""

_WEB = ("http", "https")
_NO_SOURCES = ("file", "local", *(each for each in URL_SCHEMES if each not in _WEB))

_MOST_ENCODINGS = 5
"""How often a path may be percent-encoded: each decoding takes time."""


class Sources(Named):
    """The files of other servers that the app fetches for one component.

    `allowed` is the parameter `allowed_sources`: URLs of folders. The URLs in `value` are allowed, too. A client may have sent both: until `trust`
    is called, none is allowed.
    """

    wants_files = False
    """Whether the app also fetches files that every browser may fetch."""

    def __init__(self, allowed: Sequence[str] | None = None, value: Any = None) -> None:
        self._folders = frozenset(_folders(allowed))
        self._files = frozenset(_urls_in(value))

    @classmethod
    def of_author(cls, value: Any, *, wants_files: bool = False) -> Sources:
        """Allows the files in `value`, which the author of a program or the user of the command has named."""
        sources = cls(None, value)
        sources.wants_files = wants_files
        sources.trust()
        return sources

    @property
    def names(self) -> tuple[frozenset[str], frozenset[str]]:
        """The folders and files that are named."""
        return self._folders, self._files

    @property
    def has_names(self) -> bool:
        """Whether folders or files are named."""
        return bool(self._folders or self._files)

    @property
    def awaits_trust(self) -> bool:
        """Whether the value names files, and `trust` was not called yet."""
        return bool(self._files) and not self.is_trusted

    def admits(self, url: str) -> bool:
        """Whether the app may fetch this file with its own credentials."""
        try:
            known, file = compared(url), _compared_file(url)
        except ValueError:
            return False
        return self.is_trusted and (
            file in self._files or any(f"{known}/".startswith(folder) for folder in self._folders)
        )


def scheme_of(url: str) -> str:
    """The scheme of a URL, in lower case; empty if it is none."""
    scheme, separator, _ = url.strip().partition("://")
    return scheme.lower() if separator and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) else ""


def compared(url: str) -> str:
    """The URL in the form in which URLs are compared. Raises a `ValueError` for one that a server may read as the URL of another folder."""
    url, scheme = url.strip(), scheme_of(url)
    host, _, path = url.partition("://")[2].partition("/")
    if scheme in _WEB:
        parts = urlsplit(url)
        if parts.username is not None:
            raise ValueError("it has a user name")
        default = 443 if scheme == "https" else 80
        host, path = f"{parts.hostname or ''}:{parts.port or default}", parts.path.removeprefix("/")
        is_named = bool(parts.hostname)
    else:
        is_named = bool(host)
        if re.search(r"::|[?#]", url):
            raise ValueError("it has a query, a fragment or '::'")
        if "@" in host and _SAME.get(scheme, scheme) != "abfs":
            raise ValueError("it has a user name")
    if not scheme or not is_named:
        raise ValueError("it names no server or bucket")
    plain = path
    for _ in range(_MOST_ENCODINGS):
        encoded, plain = plain, unquote(plain)
    if plain != encoded:
        raise ValueError("it is encoded too often")
    if re.search(r"[\x00-\x1f\x7f\\]", url + plain):
        raise ValueError("it has a backslash or a control character")
    # Some servers ignore what follows a semicolon.
    if any(part.split(";")[0] in (".", "..") for part in plain.split("/")):
        raise ValueError("it has '.' or '..' as a folder")
    return f"{_SAME.get(scheme, scheme)}://{host}/{path}"


def _compared_file(url: str) -> str:
    """As `compared`, with the query of a web server's URL, which may choose the file."""
    query = urlsplit(url.strip()).query if scheme_of(url) in _WEB else ""
    return compared(url) + (f"?{query}" if query else "")


def _folders(allowed: Any) -> Iterable[str]:
    if allowed is None:
        return
    wanted = 'a list of URLs of folders, such as ["s3://bucket/runs/"], or None'
    if not is_collection(allowed) or not all(isinstance(each, str) for each in allowed):
        raise no_list("allowed_sources", wanted, allowed)
    for each in allowed:
        if scheme_of(each) in _NO_SOURCES:
            cure = "Local files need allowed_paths of launch, Rerun servers need tunnel."
            raise wrong("allowed_sources", wanted, allowed, cure)
        try:
            known = compared(each)
        except ValueError as error:
            raise wrong("allowed_sources", wanted, allowed, f"{each!r:.200} cannot be used: {error}.") from error
        yield known if known.endswith("/") else f"{known}/"


def _urls_in(value: Any) -> Iterable[str]:
    for item in items_of(value):
        url = item if isinstance(item, str) else url_of_object(item)
        scheme = scheme_of(url or "")
        if url and scheme not in ("", *_NO_SOURCES) and (scheme not in _WEB or is_importable(url)):
            try:
                yield _compared_file(url)
            except ValueError:  # the value is refused when it is prepared
                continue
