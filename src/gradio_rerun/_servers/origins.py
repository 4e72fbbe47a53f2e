"""The addresses of Rerun servers."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_server(url: str) -> bool:
    """Whether the URL is that of a Rerun server."""
    return url.lower().startswith(("rerun://", "rerun+http://", "rerun+https://"))


def origin_of(url: str) -> str:
    """The http origin of the server behind a `rerun://` URL, with its port. Raises a `ValueError` for other URLs."""
    parts = urlsplit(url)
    if not is_server(url) or not parts.hostname:
        raise ValueError(f"{url!r} names no Rerun server.")
    scheme = "http" if parts.scheme == "rerun+http" else "https"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{scheme}://{host}:{parts.port or _default_port(parts.hostname or '', scheme, parts.path)}"


def _default_port(host: str, scheme: str, path: str) -> int:
    # As in the viewer.
    if host in ("localhost", "127.0.0.1", "::1"):
        return 9876 if path == "/proxy" else 51234
    return 80 if scheme == "http" else 443


def is_private(origin: str) -> bool:
    """Whether only some browsers reach this address, judged by its name."""
    host = urlsplit(origin).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))
