"""The origins of the Rerun servers that this process has started for large files, and the secrets that are part of their tickets.

A server may get the port of a server that has ended. The tickets of the ended server do not open the new one.
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
    """Adds a server that has started. Returns its secret."""
    secret = _secrets[origin_of(url)] = secrets.token_hex(16)
    return secret


def remove(url: str, secret: str) -> None:
    """Removes the server with this URL and secret."""
    if _secrets.get(origin_of(url)) == secret:
        del _secrets[origin_of(url)]


def may_be_at(origin: str) -> bool:
    """Whether the origin has the port of such a server. The host is not compared, since an address has many names."""
    return urlsplit(origin).port in {urlsplit(each).port for each in _secrets}


def secret_of(origin: str) -> str | None:
    """The secret of the server at this origin, or None if this process runs no such server."""
    return _secrets.get(origin)
