"""The origins of the Rerun servers that this process has started for large files, and the secrets that their tickets depend on.

A port that one server has left may be taken by another. A ticket for the first one does not open the second one.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from .._fork import after_fork
from .origins import origin_of

_secrets: dict[str, str] = {}
"""By origin."""
after_fork(_secrets.clear)


def add(url: str) -> str:
    """A server with this URL has started. Returns its secret."""
    secret = _secrets[origin_of(url)] = secrets.token_hex(16)
    return secret


def remove(url: str, secret: str) -> None:
    """The server with this URL and secret ends."""
    if _secrets.get(origin_of(url)) == secret:
        del _secrets[origin_of(url)]


def may_be_at(origin: str) -> bool:
    """Whether a server of this process may be at the origin: an address has many names, and each server has a port of its own."""
    return urlsplit(origin).port in {urlsplit(each).port for each in _secrets}


def secret_of(origin: str) -> str | None:
    """The secret of the server at this origin; None if this process has started no such server."""
    return _secrets.get(origin)
