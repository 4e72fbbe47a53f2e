"""Forwards a call to a Rerun server, and streams its response."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote
from weakref import WeakKeyDictionary

import anyio
import certifi
import httpx
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .._clients import Client, one_too_many
from .._fork import ModuleLock, after_fork
from .._gradio.server_calls import cancel_when_disconnected, cancel_when_logged_out
from .frames import with_heartbeats

MAX_OPEN_CALLS = 500
"""Upper bound for this process. A viewer keeps a call open for each live recording. `_make_room` decides at the limit."""

_CONNECT_WITHIN = 10.0

GRPC_WEB = "application/grpc-web"

_RESPONSE_HEADERS = re.compile(r"(content-type|grpc-[\w-]+|x-rerun-[\w-]+)")

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
    client: Client
    end: Callable[[], object]


_open_calls: list[_OpenCall] = []
_lock = ModuleLock()
"""Each app of this process has an event loop in a thread of its own."""
after_fork(_open_calls.clear)


def _opened(call: _OpenCall) -> bool:
    """Whether the call may be opened. If so, it counts from now on."""
    with _lock:
        may_open = _make_room(call.client)
        if may_open:
            _open_calls.append(call)
        return may_open


def _make_room(client: Client) -> bool:
    """Whether another call may be opened. At the limit, the clients with the most calls lose one: see `one_too_many`."""
    if len(_open_calls) < MAX_OPEN_CALLS:
        return True
    last = one_too_many([each.client for each in _open_calls], client)
    if last is None:
        return False
    _open_calls.pop(last).end()
    return True


class Forwarded(Response):
    """The response of the server, streamed. The call ends when the page disconnects, or its user logs out."""

    def __init__(self, request: httpx.Request, client: Client) -> None:
        super().__init__()
        self._request = request
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        async with anyio.create_task_group() as group:
            # Another app of this process, in another thread, may end the call.
            end = partial(loop.call_soon_threadsafe, group.cancel_scope.cancel)
            call = _OpenCall(self._client, end)
            if not _opened(call):
                return await PlainTextResponse("Too many calls to Rerun servers are open.", 503)(scope, receive, send)
            try:
                group.start_soon(cancel_when_disconnected, receive, group.cancel_scope)
                group.start_soon(cancel_when_logged_out, scope, group.cancel_scope)
                await self._forward(scope, receive, send)
                group.cancel_scope.cancel()
            finally:
                with _lock, suppress(ValueError):  # `_make_room` has removed it
                    _open_calls.remove(call)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            upstream = await _client().send(self._request, stream=True)
        except httpx.HTTPError as error:
            return await _unavailable(f"It cannot be reached ({type(error).__name__})")(scope, receive, send)
        try:
            if not upstream.headers.get("content-type", "").startswith(GRPC_WEB):
                answer: Response = _unavailable(f"It is not a Rerun server (it answered {upstream.status_code})")
                return await answer(scope, receive, send)
            headers = {name: value for name, value in upstream.headers.items() if _RESPONSE_HEADERS.fullmatch(name)}
            with suppress(OSError):  # the page has disconnected
                async with aclosing(with_heartbeats(upstream.aiter_raw())) as pieces:
                    await StreamingResponse(pieces, headers={**headers, **_UNTOUCHED}).stream_response(send)
        finally:
            with anyio.CancelScope(shield=True):
                await upstream.aclose()


_UNTOUCHED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""These headers make proxies pass on each piece when it arrives."""


def _unavailable(message: str) -> Response:
    # gRPC's own status: proxies replace a 502 by a page of their own.
    headers = {"grpc-status": "14", "grpc-message": quote(message)}
    return Response(headers={**headers, **_UNTOUCHED}, media_type=f"{GRPC_WEB}+proto")
