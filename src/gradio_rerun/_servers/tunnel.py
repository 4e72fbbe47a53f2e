"""The tunnel from the page to Rerun servers that the app reaches and the browser does not: the servers, and the forwarding of a call."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import ssl
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

import anyio
import certifi
import httpx
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .._checks import is_collection, wrong
from .._viewer.sdk import server_url
from .._wire import ServerUrl

MAX_REQUEST = 4 * 1024 * 1024
"""Upper bound on the bytes of a call; equals the limit of gRPC."""
MAX_OPEN_CALLS = 500
"""Upper bound for this process. A viewer keeps a call open for each live recording. `_make_room` decides at the limit."""
HEARTBEAT_EVERY = 15.0
"""Seconds without data: proxies close connections that are silent for a minute."""

HEARTBEAT = b"\x40\0\0\0\0"
"""A frame that gRPC-web does not define, and that the frontend removes."""

_CONNECT_WITHIN = 10.0
_TYPE = "application/grpc-web"
# The methods that read, of the services that viewers use. GetWriteAccessGrant and GetMultipartUploadPartGrants hand out the right to write.
_PATH = re.compile(
    r"/rerun\.[a-z0-9_.]+\.(MessageProxyService|RerunCloudService|FrontendService)"
    r"/(?!\w*(Grant|Upload|Write))(Fetch|Find|Get|List|Query|Read|Scan|Search|Version|Watch|WhoAmI)\w*"
)
_REQUEST_HEADERS = re.compile(r"(accept|content-type|grpc-timeout|x-grpc-web|x-user-agent|x-rerun-[\w-]+)")
_RESPONSE_HEADERS = re.compile(r"(content-type|grpc-[\w-]+|x-rerun-[\w-]+)")


class Servers:
    """The Rerun servers that the page of one component reaches through the app.

    `tunnel` is the component's parameter: None means the servers in `value` that not every browser reaches.
    A client may have sent both: until `trust` is called, only the SDK's own objects open the tunnel.

    In the arguments that Gradio keeps of a component, an instance replaces `tunnel`, so that they contain no token.
    """

    def __init__(self, tunnel: bool | Sequence[str] | Mapping[str, str | None] | None, value: Any = None) -> None:
        self._own = tunnel is not False
        self._named = _tokens(tunnel)
        if tunnel is None:
            self._named = {origin: None for origin in _origins_in(value) if is_private(origin)}
        self._names_all = tunnel is True
        self._all = False
        self._tokens: dict[str, str | None] = {}
        self.is_trusted = False

    def trust(self) -> None:
        """Opens the tunnel to the servers that are named. To be called if the app's author has named them."""
        self._all, self._tokens, self.is_trusted = self._names_all, self._named, True

    @property
    def has_names(self) -> bool:
        """Whether servers are named."""
        return bool(self._named)

    def admit(self, url: str, *, own: bool = False) -> ServerUrl | str:
        """The URL with a ticket, or unchanged if the browser should connect to the server itself.

        `own`: the URL comes from an object of the SDK, which no user can have sent.
        """
        ticket = self.ticket(url, own=own)
        return url if ticket is None else ServerUrl(server=url, ticket=ticket)

    def ticket(self, url: str, *, own: bool = False) -> str | None:
        """The ticket that opens the tunnel to the server of the URL; None if the browser should connect to the server itself."""
        if not is_server(url):
            return None
        origin = origin_of(url)
        if self._all or origin in self._tokens or (own and self._own and is_private(origin)):
            return self._ticket(origin)
        return None

    def forward(self, data: Any, address: str = "") -> Response:
        """The response to one gRPC-web call of the page, streamed; a 4xx with the reason if the call is refused.

        `address`: the client's.
        """
        try:
            call = _checked(data)
            return _Forwarded(self._request(call), address, call.page)
        except _RefusedError as error:
            return PlainTextResponse(str(error), error.status)

    def _ticket(self, origin: str) -> str:
        # With the token, or a ticket of a component without a token would be valid for a component with one.
        message = f"{origin}\n{self._tokens.get(origin) or ''}"
        return hmac.new(_key(), message.encode(), hashlib.sha256).hexdigest()

    def _request(self, call: _Call) -> httpx.Request:
        origin = origin_of(call.server)
        if not hmac.compare_digest(call.ticket.encode(), self._ticket(origin).encode()):
            raise _RefusedError(
                "The app has named no such Rerun server since it was started. Please reload the page.", 403
            )
        if not _PATH.fullmatch(call.path):
            raise _RefusedError(f"The tunnel is for reading, and lets no {call.path!r:.200} through.", 403)
        if len(call.body) > MAX_REQUEST * 4 // 3 + 4:
            raise _RefusedError(f"A call has {MAX_REQUEST:,} bytes at most.", 413)
        headers = {name: value for name, value in call.headers.items() if _REQUEST_HEADERS.fullmatch(name)}
        if not headers.get("content-type", "").startswith(_TYPE):
            raise _RefusedError(f"The tunnel takes {_TYPE} only.", 415)
        if token := self._tokens.get(origin):
            headers["authorization"] = f"Bearer {token}"
        try:
            body = base64.b64decode(call.body, validate=True)
            return httpx.Request(
                "POST", origin + call.path, headers={**headers, "accept-encoding": "identity"}, content=body
            )
        except (ValueError, httpx.InvalidURL) as error:  # no base64; characters that headers cannot have
            raise _RefusedError("This is no call to a Rerun server.", 400) from error


def _checked(data: Any) -> _Call:
    try:
        call = _Call.model_validate(data)
        origin_of(call.server)
    except ValueError as error:  # pydantic's ValidationError is one
        raise _RefusedError("This is no call to a Rerun server.", 400) from error
    return call


class _RefusedError(Exception):
    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


_HeaderValue = Annotated[str, Field(max_length=4096, pattern=r"^[\x20-\x7e]*$")]


class _Call(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    server: str = Field(max_length=2048)
    ticket: str = Field(max_length=64)
    path: str = Field(max_length=200)
    headers: dict[str, _HeaderValue] = Field(max_length=50)
    body: str
    """base64"""
    page: str = Field("", max_length=64)
    """An id that the page has chosen, so that the pages of one address share its calls."""


def is_server(url: str) -> bool:
    """Whether it is the URL of a Rerun server."""
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
    """Whether not every browser reaches this address, judged by its name."""
    host = urlsplit(origin).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))


def _tokens(tunnel: bool | Sequence[str] | Mapping[str, str | None] | None) -> dict[str, str | None]:
    if tunnel is None or isinstance(tunnel, bool):
        return {}
    if is_collection(tunnel) or isinstance(tunnel, Mapping):
        with suppress(ValueError, TypeError, AttributeError):
            tokens = dict(tunnel) if isinstance(tunnel, Mapping) else dict.fromkeys(tunnel)
            if all(token is None or isinstance(token, str) for token in tokens.values()):
                return {origin_of(url): token for url, token in tokens.items()}
    wanted = 'True, False, None, a list of Rerun servers such as ["rerun+http://robot:9876"], or a dict of servers and tokens'
    # The error may reach the page, which must not get tokens.
    given = list(tunnel) if isinstance(tunnel, Mapping) else tunnel
    raise wrong("tunnel", wanted, given, f"Write [{tunnel!r}]." if isinstance(tunnel, str) else "")


def _origins_in(value: Any) -> Iterable[str]:
    items = value if isinstance(value, (list, tuple)) else [value]
    urls = [item if isinstance(item, str) else server_url(item) for item in items]
    return [origin_of(url) for url in urls if url and is_server(url)]


@lru_cache(maxsize=1)
def _random_key() -> bytes:
    return secrets.token_bytes(32)


def _key() -> bytes:
    return os.environ.get("GRADIO_RERUN_SECRET", "").encode() or _random_key()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


def _client() -> httpx.AsyncClient:
    """The client of this event loop: connections belong to a loop, and a process may run several apps, each with its own."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        certificates = ssl.create_default_context()
        certificates.load_verify_locations(certifi.where())
        _clients[loop] = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=_CONNECT_WITHIN),
            limits=httpx.Limits(max_connections=None),
            follow_redirects=False,
            trust_env=False,  # an HTTP proxy does not reach servers on this machine
            verify=certificates,
        )
    return _clients[loop]


@dataclass(eq=False)
class _OpenCall:
    address: str
    page: str
    end: Callable[[], object]


_open_calls: list[_OpenCall] = []


def _make_room(address: str, page: str) -> bool:
    """Whether another call may be opened.

    At the limit, the address with the most calls loses one to an address with fewer calls. Within an address, the page with the most
    calls loses one to another page. A page chooses its own id, but this does not get more calls for its address. Behind a proxy that
    does not pass on addresses, all pages have the same address.
    """
    if len(_open_calls) < MAX_OPEN_CALLS:
        return True
    of_addresses = Counter(each.address for each in _open_calls)
    crowded = max(of_addresses, key=of_addresses.__getitem__)
    if of_addresses[crowded] < of_addresses[address] + 2:  # this one would not have fewer then
        crowded = address
    of_pages = Counter(each.page for each in _open_calls if each.address == crowded)
    busiest = max(reversed(of_pages), key=of_pages.__getitem__, default=page)
    if crowded == address and of_pages[busiest] < of_pages[page] + 2:
        return False
    last = [each for each in _open_calls if (each.address, each.page) == (crowded, busiest)][-1]
    _open_calls.remove(last)
    last.end()
    return True


class _Forwarded(Response):
    """The response of the server, streamed. The call ends when the page disconnects."""

    def __init__(self, request: httpx.Request, address: str, page: str) -> None:
        super().__init__()
        self._request = request
        self._address = address
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _make_room(self._address, self._page):
            return await PlainTextResponse("Too many calls to Rerun servers are open.", 503)(scope, receive, send)
        loop = asyncio.get_running_loop()
        async with anyio.create_task_group() as group:
            # Another app of this process, in another thread, may end the call.
            end = partial(loop.call_soon_threadsafe, group.cancel_scope.cancel)
            call = _OpenCall(self._address, self._page, end)
            _open_calls.append(call)
            try:
                group.start_soon(_when_gone, receive, group.cancel_scope)
                await self._forward(scope, receive, send)
                group.cancel_scope.cancel()
            finally:
                with suppress(ValueError):  # `_make_room` has removed it
                    _open_calls.remove(call)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            upstream = await _client().send(self._request, stream=True)
        except httpx.HTTPError as error:
            return await _unavailable(f"It cannot be reached ({type(error).__name__})")(scope, receive, send)
        try:
            if not upstream.headers.get("content-type", "").startswith(_TYPE):
                answer: Response = _unavailable(f"It is no Rerun server (it answered {upstream.status_code})")
                return await answer(scope, receive, send)
            headers = {name: value for name, value in upstream.headers.items() if _RESPONSE_HEADERS.fullmatch(name)}
            with suppress(OSError):  # the page has disconnected
                async with aclosing(_with_heartbeats(upstream.aiter_raw())) as pieces:
                    await StreamingResponse(pieces, headers={**headers, **_UNTOUCHED}).stream_response(send)
        finally:
            with anyio.CancelScope(shield=True):
                await upstream.aclose()


_UNTOUCHED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""For proxies: to pass on each piece when it arrives."""


async def _when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _unavailable(message: str) -> Response:
    # gRPC's own status: proxies replace a 502 by a page of their own.
    headers = {"grpc-status": "14", "grpc-message": quote(message)}
    return Response(headers={**headers, **_UNTOUCHED}, media_type=f"{_TYPE}+proto")


async def _with_heartbeats(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The pieces, and heartbeats between frames that are far apart. If the server disconnects, the stream stops without its last frame."""
    frames = _Frames()
    following = asyncio.ensure_future(anext(pieces))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=HEARTBEAT_EVERY)
            if not done:
                if frames.at_end:
                    yield HEARTBEAT
                continue
            piece = await following
            frames.read(piece)
            yield piece
            following = asyncio.ensure_future(anext(pieces))
    except (StopAsyncIteration, httpx.HTTPError):
        return
    finally:
        following.cancel()
        # Not by `await following`: a second cancellation would cancel it again, while it closes the connection.
        with anyio.CancelScope(shield=True):
            await asyncio.wait({following})
        if not following.cancelled():
            following.exception()  # or asyncio logs that the exception was never retrieved


class _Frames:
    """Finds the ends of frames of gRPC-web. A frame is one byte of flags, four bytes of length, and that number of bytes."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0

    @property
    def at_end(self) -> bool:
        """Whether the last frame is complete."""
        return not self._header and self._left == 0

    def read(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            if self._left:
                taken = min(self._left, len(piece) - at)
                self._left -= taken
            else:
                taken = min(5 - len(self._header), len(piece) - at)
                self._header += piece[at : at + taken]
                if len(self._header) == 5:
                    self._left = int.from_bytes(self._header[1:], "big")
                    self._header = b""
            at += taken
