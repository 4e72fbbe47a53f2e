"""Calls of server functions (`@server`).

Gradio passes a server function the request of Starlette, without the session, and does not cancel the call when the client disconnects.

Gradio 6.10 to 6.31. Remove this file when the request has a session, and
tests/unit/test_uploads.py::test_the_work_for_a_client_ends_when_the_client_disconnects passes without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast
from weakref import WeakValueDictionary

import anyio
import gradio as gr
from gradio.blocks import Blocks
from starlette.requests import Request
from starlette.types import Receive, Scope

from .._clients import Client, client_of
from .threads import in_thread

_turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
"""By event loop and session. Any task may release a lock: if a client leaves while it gets a line, Python closes the generator of lines in another task."""

_LOOKS_EVERY = 15.0
"""Seconds between two checks of the login of a client whose call is open."""

_LONGEST_SESSION = 200
"""Characters. Gradio's names of sessions have some 11, and any client can send megabytes, which would be kept."""


async def one_a_session(work: Callable[[], dict[str, Any]], request: gr.Request | None) -> dict[str, Any]:
    """The result of `work`, which runs in a thread: one at a time for each session. It ends when the client disconnects."""
    result: dict[str, Any] = {"error": "The page was closed."}
    client = await client_of_page(request) if request else client_of(None)
    async with while_connected(request), await turn_of(request):
        result = await in_thread(work, client)
    return result


@asynccontextmanager
async def while_connected(request: gr.Request | None) -> AsyncIterator[None]:
    """Cancels the block when the client disconnects, and continues behind it."""
    async with anyio.create_task_group() as group:
        if request is not None:
            group.start_soon(cancel_when_disconnected, _raw(request).receive, group.cancel_scope)
        yield
        group.cancel_scope.cancel()


async def cancel_when_disconnected(receive: Receive, scope: anyio.CancelScope) -> None:
    """Cancels the scope when the client of a request, whose body has been read, disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def cancel_when_logged_out(scope: Scope, cancelled: anyio.CancelScope) -> None:
    """Cancels `cancelled` when the client of a request has logged out. Gradio checks its own login only when a request arrives."""
    app, cookies = scope["app"], Request(scope).cookies
    names = [f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}"]
    while app.auth is not None and app.auth_dependency is None:
        if not any(cookies.get(name) in app.tokens for name in names):
            return cancelled.cancel()
        await anyio.sleep(_LOOKS_EVERY)


async def page_of(request: gr.Request) -> tuple[str, int]:
    """The session that a client names, empty if it names none, and the id of the component; 0 if it names none."""
    component = await _named(request, "component_id")
    return await _session(request), component if isinstance(component, int) else 0


async def client_of_page(request: gr.Request) -> Client:
    """The client that has sent a request, with the session that it names."""
    return client_of(request, await _session(request))


async def _session(request: gr.Request) -> str:
    name = str(await _named(request, "session_hash") or "")
    return name if len(name) <= _LONGEST_SESSION else ""


async def _named(request: gr.Request, name: str) -> Any:
    """The value with this name in the body of a request; None if there is none."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        return (await _raw(request).json())[name]
    return None


async def turn_of(request: gr.Request | None) -> asyncio.Lock:
    """The lock of the session that a client names, for work that runs once at a time in each session."""
    session = await _session(request) if request else ""
    lock = asyncio.Lock()
    return _turns.setdefault((id(asyncio.get_running_loop()), session), lock) if session else lock


def app_of(request: gr.Request) -> Blocks:
    """The app that a client has sent the request to."""
    return cast("Blocks", _raw(request).app.get_blocks())


def _raw(request: gr.Request) -> Request:
    # Gradio passes server functions the request of Starlette.
    return cast("Request", getattr(request, "request", request))
