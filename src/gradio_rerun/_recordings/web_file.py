"""A file of a web server, which the app fetches, since the viewer cannot show it before it is converted.

A user may have typed the URL. So the app connects to public addresses only, unless its author has allowed the URL. It checks the address that the
name has at the moment of the connection, also after each redirect. It sends no cookies and no credentials, and uses no proxy.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import certifi

from .._gradio.threads import current_work, unwanted
from ..errors import RecordingError, UnsupportedValueError, log
from .limits import SECONDS_VARIABLE, limits, over
from .remote_files import Opened, Progress, copy, failures
from .urls import checked_url

_MOST_REDIRECTS = 5
_PATIENCE = 20.0
"""Seconds to wait for a connection, and for each part of a response."""


class WebFile:
    """The file at a URL of `http` or `https`. `may_connect`: whether the author of the app has allowed a URL."""

    def __init__(self, url: str, may_connect: Callable[[str], bool]) -> None:
        self.url, self.name = url, unquote(urlsplit(url).path).rpartition("/")[2]
        self._may_connect = may_connect

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """See `RemoteFile`. All of it may take as long as a conversion."""
        deadline = _Deadline(self.name)
        with deadline.running():
            with deadline.failures():
                connection, response = self._response(deadline)
            length = response.getheader("Content-Length", "")
            version = response.getheader("ETag") or response.getheader("Last-Modified")

            def save(target: Path, progress: Progress) -> None:
                with deadline.failures(), target.open("wb") as file:
                    copy(response.read, file.write, progress)

            try:
                yield Opened(version and repr((version, length)), _size(length), save)
            finally:
                connection.close()

    def _response(self, deadline: _Deadline) -> tuple[_Connection, http.client.HTTPResponse]:
        url = self.url
        for _ in range(_MOST_REDIRECTS + 1):
            connection = _Connection(url, self._may_connect(url), deadline)
            try:
                connection.request("GET", _target(url), headers=_HEADERS)
                response = connection.getresponse()
                if response.status == HTTPStatus.OK:
                    return connection, response
                location = response.getheader("Location")
            except BaseException:
                connection.close()
                raise
            connection.close()
            if not (location and response.status in _REDIRECTS):
                raise _refused(self.name, f"its server answers with the status {response.status}")
            url = _redirected(url, location, self.name)
        raise _refused(self.name, "its server redirects too often")


def _size(length: str) -> int | None:
    # Python reads no longer numbers.
    return int(length[:_MOST_DIGITS]) if length.isdecimal() else None


_MOST_DIGITS = 20
"""Of the length of a file. A longer number is greater than each limit."""

_HEADERS = {"User-Agent": "gradio_rerun", "Accept-Encoding": "identity"}
_REDIRECTS = (301, 302, 303, 307, 308)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return quote(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", safe="/?%:@!$&'()*+,;=~-._[]")


def _redirected(url: str, location: str, name: str) -> str:
    with suppress(UnsupportedValueError, ValueError):
        target = checked_url(urljoin(url, location))
        # Not from https to http, as in browsers.
        if target.lower().startswith("https:" if url.lower().startswith("https:") else ("http:", "https:")):
            return target
    raise _refused(name, "its server redirects to a URL without https")


def _refused(name: str, why: str) -> RecordingError:
    return RecordingError(f"The file {name!r:.200} could not be fetched: {why}.")


class _Deadline:
    """Shuts connections down when the time of a conversion has passed, or the file is unwanted."""

    def __init__(self, name: str) -> None:
        self._name, self._seconds, self._work = name, limits().seconds, current_work()
        self._connections: list[socket.socket] = []
        self._has_passed = False

    @contextmanager
    def running(self) -> Iterator[None]:
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            with self._work.ended_by(self._shut_down):
                yield
        finally:
            timer.cancel()

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Raises a `RecordingError` for what failed. A connection that was shut down may look like the end of the file."""
        try:
            with failures(self._name):
                yield
        finally:
            if self._has_passed:
                raise over(self._name, f"{self._seconds:g} s", SECONDS_VARIABLE)
            if self._work.is_unwanted:
                raise unwanted()

    def watch(self, connection: socket.socket) -> None:
        self._connections.append(connection)
        self.check()

    def check(self) -> None:
        """Raises an `OSError` if it was passed: a socket that is not connected yet cannot be shut down."""
        if self._has_passed or self._work.is_unwanted:
            raise TimeoutError

    def _end(self) -> None:
        self._has_passed = True
        self._shut_down()

    def _shut_down(self) -> None:
        for each in list(self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    """A connection to the server of a URL; to a public address only, unless `is_allowed`."""

    def __init__(self, url: str, is_allowed: bool, deadline: _Deadline) -> None:
        parts = urlsplit(url)
        self._has_tls = parts.scheme.lower() == "https"
        self.default_port = 443 if self._has_tls else 80
        super().__init__(parts.hostname or "", parts.port or self.default_port, timeout=_PATIENCE)
        self._is_allowed, self._deadline = is_allowed, deadline

    def connect(self) -> None:
        """For `http.client`."""
        self.sock = self._connected()
        if self._has_tls:
            self.sock = _certificates().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self._deadline.watch(self.sock)
            self.sock.do_handshake()

    def _connected(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        # The connection is to the checked address: the name may have another address a moment later.
        found = [each for each in found if self._is_allowed or is_public(str(each[4][0]))]
        if not found:
            log(f"{self.host!r} has no public address. Rerun(allowed_sources=[...]) allows URLs of other servers")
            raise RecordingError(
                f"The app does not fetch files from {self.host!r:.200}: it has no public address, or does not exist. "
                "The app's author can allow it with allowed_sources."
            )
        failure: OSError | None = None
        for family, kind, protocol, _, address in found:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(_PATIENCE)
            try:
                self._deadline.watch(connection)
                connection.connect(address)
                self._deadline.check()
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure or OSError(f"{self.host} has no address")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped or ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.sixtofour or ip.teredo or ip.is_site_local:
            return False
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


_NOT_PUBLIC = (
    # Older versions of Python take most of it for global. Oracle's clouds have metadata at 192.0.0.192.
    ipaddress.ip_network("192.0.0.0/24"),
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's services for each machine, at an address of the public range
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
