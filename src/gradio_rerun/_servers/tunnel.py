"""The tunnel from the frontend to Rerun servers that the app reaches and the browser does not: the servers, and the forwarding of a call."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Annotated, Any
from weakref import WeakKeyDictionary

import httpx
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse, Response

from .._checks import is_collection, items_of, no_list
from .._clients import client_of
from .._named import Named
from .._viewer.sdk import server_url
from .._wire import ServerUrl
from . import own_servers
from .forwarding import GRPC_WEB, Forwarded
from .origins import is_private, is_server, origin_of

MAX_REQUEST = 4 * 1024 * 1024
"""Upper bound on the bytes of a call; equals the limit of gRPC."""

# The methods that read, of the services that viewers use. GetWriteAccessGrant and GetMultipartUploadPartGrants grant the right to write.
_PATH = re.compile(
    r"/rerun\.[a-z0-9_.]+\.(MessageProxyService|RerunCloudService|FrontendService)"
    r"/(?!\w*(Grant|Upload|Write))(Fetch|Find|Get|List|Query|Read|Scan|Search|Version|Watch|WhoAmI)\w*",
    re.ASCII,
)
_REQUEST_HEADERS = re.compile(r"(accept|content-type|grpc-timeout|x-grpc-web|x-user-agent|x-rerun-[\w-]+)")


class Servers(Named):
    """The Rerun servers that the frontend of one component reaches through the app.

    `tunnel` is the component's parameter: None means the servers in `value` that not every browser reaches.
    A client may have sent both: until `trust` is called, only the SDK's own objects open the tunnel.

    In the arguments that Gradio keeps of a component, an instance replaces `tunnel`, so that they contain no token. Nor does the instance:
    whatever copies, pickles or lists it gets none.
    """

    def __init__(
        self, tunnel: bool | Sequence[str] | Mapping[str, str | None] | None = False, value: Any = None
    ) -> None:
        self._own = tunnel is not False
        _tokens_of[self] = _tokens(tunnel)
        if tunnel is None:
            _tokens_of[self] = {origin: None for origin in _origins_in(value) if is_private(origin)}
        self._names_all = tunnel is True

    @property
    def names(self) -> tuple[bool, Mapping[str, str | None]]:
        """Whether all servers are named, and the named ones with their tokens."""
        return self._names_all, _tokens_of[self]

    @property
    def has_names(self) -> bool:
        """Whether servers are named."""
        return bool(_tokens_of[self])

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
        if own_servers.may_be_at(origin):
            return None  # whoever may read the file gets a ticket by `ticket_for_file`
        is_named = self.is_trusted and (self._names_all or origin in _tokens_of[self])
        if is_named or (own and self._own and is_private(origin)):
            return self._ticket(origin)
        return None

    def ticket_for_file(self, url: str) -> str:
        """The ticket that opens the tunnel to a server of `own_servers`."""
        return self._ticket(origin_of(url))

    def forward(self, data: Any, request: Any = None) -> Response:
        """The response to one gRPC-web call of the frontend, streamed; a 4xx with the reason if the call is refused."""
        try:
            call = _checked(data)
            return Forwarded(self._request(call), client_of(request, call.page))
        except _RefusedError as error:
            return PlainTextResponse(str(error), error.status)

    def _ticket(self, origin: str) -> str:
        # With the token, or a ticket of a component without a token would be valid for a component with one.
        message = f"{origin}\n{self._token(origin) or ''}\n{own_servers.secret_of(origin) or ''}"
        return hmac.new(_key(), message.encode(), hashlib.sha256).hexdigest()

    def _token(self, origin: str) -> str | None:
        return _tokens_of[self].get(origin) if self.is_trusted else None

    def _request(self, call: _Call) -> httpx.Request:
        origin = origin_of(call.server)
        if not hmac.compare_digest(call.ticket.encode(), self._ticket(origin).encode()):
            raise _RefusedError(
                "This app does not give access to that Rerun server. It may have been restarted: reload the page.", 403
            )
        if not _PATH.fullmatch(call.path):
            raise _RefusedError(f"The tunnel forwards only methods that read, got {call.path!r:.200}.", 403)
        if len(call.body) > MAX_REQUEST * 4 // 3 + 4:
            raise _RefusedError(f"Expected a call of up to {MAX_REQUEST:,} bytes.", 413)
        headers = {name: value for name, value in call.headers.items() if _REQUEST_HEADERS.fullmatch(name)}
        if not headers.get("content-type", "").startswith(GRPC_WEB):
            raise _RefusedError(f"Expected the content type {GRPC_WEB}.", 415)
        if token := self._token(origin):
            headers["authorization"] = f"Bearer {token}"
        try:
            body = base64.b64decode(call.body, validate=True)
            return httpx.Request(
                "POST", origin + call.path, headers={**headers, "accept-encoding": "identity"}, content=body
            )
        except (ValueError, httpx.InvalidURL) as error:  # no base64; characters that headers cannot have
            raise _RefusedError("This is not a call to a Rerun server.", 400) from error


_tokens_of: WeakKeyDictionary[Servers, dict[str, str | None]] = WeakKeyDictionary()
"""By instance: the servers that are named, with their tokens."""


def _checked(data: Any) -> _Call:
    try:
        call = _Call.model_validate(data)
        origin_of(call.server)
    except ValueError as error:  # pydantic's ValidationError is one
        raise _RefusedError("This is not a call to a Rerun server.", 400) from error
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


def _tokens(tunnel: bool | Sequence[str] | Mapping[str, str | None] | None) -> dict[str, str | None]:
    if tunnel is None or isinstance(tunnel, bool):
        return {}
    if is_collection(tunnel) or isinstance(tunnel, Mapping):
        with suppress(ValueError, TypeError, AttributeError):
            tokens = dict(tunnel) if isinstance(tunnel, Mapping) else dict.fromkeys(tunnel)
            if all(token is None or isinstance(token, str) for token in tokens.values()):
                return {origin_of(url): token for url, token in tokens.items()}
    wanted = 'True, False, None, a list of Rerun servers such as ["rerun+http://robot:9876"], or a dict of servers and tokens'
    # The error may reach the frontend, which must not get tokens.
    given: Any = tunnel
    if is_collection(tunnel) or isinstance(tunnel, Mapping):
        given = [each if isinstance(each, str) else type(each).__name__ for each in tunnel]
    raise no_list("tunnel", wanted, given)


def _origins_in(value: Any) -> Iterable[str]:
    urls = [item if isinstance(item, str) else server_url(item) for item in items_of(value)]
    origins = []
    for url in urls:
        if url and is_server(url):
            with suppress(ValueError):  # the value is refused when it is prepared
                origins.append(origin_of(url))
    return origins


@lru_cache(maxsize=1)
def _random_key() -> bytes:
    return secrets.token_bytes(32)


def _key() -> bytes:
    return os.environ.get("GRADIO_RERUN_SECRET", "").encode() or _random_key()
