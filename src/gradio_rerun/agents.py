"""Tools for agents: the viewer in a visitor's page, by the MCP server of the app (`demo.launch(mcp_server=True)`)."""

from __future__ import annotations

import inspect
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from functools import partial, wraps
from typing import Any

import gradio as gr
from gradio.context import get_blocks_context
from gradio.data_classes import FileData

from . import commands
from ._checks import described, read_json
from ._clients import Client, client_of, one_too_many
from ._fork import ModuleLock
from ._gradio.threads import in_thread
from ._recordings.urls import IN_RECORDING
from .client import ViewerClient
from .component import Rerun
from .errors import AnswerError, CommandError, ParameterError

_MOST_TOKENS = 10_000
"""Upper bound for one viewer: each client can make up sessions."""

_MOST_CHARACTERS = 8_000_000
"""Upper bound on a blueprint, as on answers of the viewer."""

_lock = ModuleLock()


class _Tokens:
    """The tokens of one viewer, each with the session whose page it opens to agents."""

    def __init__(self) -> None:
        self._holders: dict[str, Client] = {}
        """By token: the client that has it, whose page is the session. Clients choose the names of sessions, and a long one is cut off: it is no page."""

    def grant(self, request: gr.Request) -> str:
        """A new token for the session of the request. Revokes the previous one; at the limit, one of the client address with the most."""
        token, client = secrets.token_urlsafe(24), client_of(request, request.session_hash)
        self.revoke(request)
        with _lock:
            if len(self._holders) >= _MOST_TOKENS:
                tokens, clients = list(self._holders), list(self._holders.values())
                index = one_too_many(clients, client)
                if index is None:
                    index = next((at for at, each in enumerate(clients) if each.address == client.address), 0)
                del self._holders[tokens[index]]
            self._holders[token] = client
        return token

    def revoke(self, request: gr.Request) -> None:
        page = client_of(request, request.session_hash).page
        with _lock:
            self._holders = {token: each for token, each in self._holders.items() if each.page != page}

    def session_of(self, token: str) -> str:
        with _lock:
            client = self._holders.get(token)
        if client is None:
            raise AnswerError(
                "Expected the token that a page of this app shows, got another one. Ask the user to press the button in the page, and to "
                "copy the token."
            )
        return client.page


def mcp_tools(viewer: Rerun, *, prefix: str = "viewer", seconds: float = 30) -> None:
    """Adds tools to the app's MCP server. With them, an agent sees and controls the viewer in the page of one visitor.

    At the place of this call, the page has a button that shows a token, and one that revokes the token. An agent needs the token: each tool takes it, and
    works in the page that shows it. Without a click on the button, no agent reaches the page. Launch the app with `demo.launch(mcp_server=True)`.

    Parameters:
        viewer: The viewer.
        prefix: What the names of the tools begin with: `viewer_screenshot`, `viewer_state`, ….
        seconds: How long an answer of the page may take.
    """
    if get_blocks_context() is None:
        raise ParameterError(
            "Expected mcp_tools to be called within gr.Blocks, got a call outside. Indent it below the viewer."
        )
    client = ViewerClient(viewer, seconds=seconds)
    tokens = _Tokens()
    _add_buttons(tokens)

    def of(token: str) -> ViewerClient:
        return client.of(gr.Request(session_hash=tokens.session_of(token)))

    for tool in (*_looking(of), *_moving(of)):
        tool.__name__ = f"{prefix}_{tool.__name__}"  # Gradio's MCP server names a tool by its function
        gr.api(_checked(tool), api_name=tool.__name__, queue=False)


_TYPES = {
    "str": (str, "a string"),
    "int": (int, "an integer"),
    "float": ((int, float), "a number"),
    "bool": (bool, "True or False"),
}


def _checked(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The tool, with arguments of the types that it declares. Clients can send any JSON."""
    parameters = inspect.signature(tool).parameters

    def checked(name: str, value: Any) -> Any:
        parameter = parameters[name]
        if value is None and parameter.default is not parameter.empty:
            return parameter.default
        type_, words = _TYPES[parameter.annotation]
        if type_ is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, type_) or (isinstance(value, bool) and type_ is not bool):  # type: ignore[arg-type]
            raise CommandError(f"Expected {name} to be {words}, got {described(value)}.")
        return value

    @wraps(tool)
    async def called(*given: Any, **named: Any) -> Any:
        bound = inspect.signature(tool).bind(*given, **named).arguments
        return await tool(**{name: checked(name, value) for name, value in bound.items()})

    return called


def _add_buttons(tokens: _Tokens) -> None:
    """Adds a button that shows a token for an agent, and one that revokes the token."""

    def allow(request: gr.Request) -> tuple[Any, Any]:
        return gr.update(value=tokens.grant(request), visible=True), gr.update(visible=True)

    def revoke(request: gr.Request) -> tuple[Any, Any]:
        tokens.revoke(request)
        return gr.update(value="", visible=False), gr.update(visible=False)

    with gr.Row(equal_height=True):
        allow_button = gr.Button("Let an agent use the viewer", size="sm")
        token = gr.Textbox(label="Token for the agent", interactive=False, visible=False)
        revoke_button = gr.Button("Revoke the token", size="sm", visible=False)
    shown = [token, revoke_button]
    allow_button.click(allow, None, shown, api_visibility="private", queue=False, show_progress="hidden")
    revoke_button.click(revoke, None, shown, api_visibility="private", queue=False, show_progress="hidden")


def _looking(of: Callable[[str], ViewerClient]) -> list[Callable[..., Any]]:
    """The tools that change nothing. Their docstrings are what an agent reads."""

    async def screenshot(token: str, view_id: str = "", max_size: int = 1024) -> dict[str, Any]:
        """A picture of what the user sees in the Rerun viewer.

        Args:
            token: The token that the user's page shows.
            view_id: The id or name of a view, as `state` returns it; empty: the whole viewer.
            max_size: Pixels of the longer side at most.
        """
        path = await of(token).take_screenshot(view_id or None, max_size=max_size)
        return dict(FileData(path=path, mime_type="image/png", orig_name="screenshot.png").model_dump())

    async def state(token: str) -> str:
        """What the Rerun viewer shows, as JSON: recordings with their timelines and time cursor, and views.

        Args:
            token: The token that the user's page shows.
        """
        return await _as_json(await of(token).get_state())

    async def schema(token: str, entity_path: str = "", max_entities: int = 100, paths_only: bool = False) -> str:
        """The timelines and entities of the recording on screen, and the components that were logged on them, as JSON.

        Args:
            token: The token that the user's page shows.
            entity_path: Only this entity and those below it; empty: all.
            max_entities: How many at most.
            paths_only: Whether the components are left out.
        """
        answer = of(token).get_recording_schema(
            entity_path=entity_path or None, max_entities=max_entities, paths_only=paths_only
        )
        return await _as_json(await answer)

    async def blueprint(token: str) -> str:
        """The blueprint of the recording on screen, its layout and the properties of its views, as JSON.

        Args:
            token: The token that the user's page shows.
        """
        return await _as_json((await of(token).get_blueprint("recording")).blueprint)

    return [screenshot, state, schema, blueprint]


def _moving(of: Callable[[str], ViewerClient]) -> list[Callable[..., Any]]:
    """The tools that change what the user sees. Their docstrings are what an agent reads."""

    async def set_time(token: str, timeline: str, time: int, play_state: str = "paused") -> str:
        """Moves the time cursor of the recording on screen.

        Args:
            token: The token that the user's page shows.
            timeline: The name of a timeline, as `state` returns it.
            time: A number of the sequence, or nanoseconds, as `state` returns them.
            play_state: "paused" or "playing".
        """
        recording = (await of(token).get_state()).active_recording
        # Nanoseconds and numbers of a sequence are the same to the viewer.
        command: Any = commands.set_time(timeline, sequence=time, play_state=play_state, recording=recording)  # type: ignore[arg-type]
        await of(token).ask(command)
        return f"The time cursor is at {time} on {timeline}."

    async def show(token: str, location: str) -> str:
        """Shows what is open at a location: a recording, with a time and a selection if the location has them.

        Args:
            token: The token that the user's page shows.
            location: As `state` returns it, for the viewer and for each recording.
        """
        await of(token).set_location(location)
        return f"The viewer shows {location}."

    async def select(token: str, entity_path: str) -> str:
        """Selects an entity of the recording on screen, as a click of the user does.

        Args:
            token: The token that the user's page shows.
            entity_path: As `schema` returns it.
        """
        await of(token).open(f"{IN_RECORDING}{entity_path.removeprefix('/')}")
        return f"{entity_path} is selected."

    async def highlight(token: str, x: float, y: float, width: float, height: float, label: str = "") -> str:
        """Draws a pulsing outline in the viewer, to point the user at something. It disappears at the next click.

        Args:
            token: The token that the user's page shows.
            x: Pixels from the left edge of the viewer.
            y: Pixels from the top edge of the viewer.
            width: Pixels.
            height: Pixels.
            label: A short text beside it.
        """
        await of(token).highlight_rect((x, y, width, height), label or None)
        return "The user sees the outline."

    async def set_blueprint(token: str, blueprint: str) -> str:
        """Changes the blueprint of the recording on screen. Parts that `blueprint` does not name stay as they are.

        Args:
            token: The token that the user's page shows.
            blueprint: JSON as the tool `blueprint` returns it.
        """
        client = of(token)
        await client.ask(await in_thread(partial(_blueprint, blueprint)))
        return "The blueprint is applied."

    return [set_time, show, select, highlight, set_blueprint]


async def _as_json(answer: Any) -> str:
    """The answer as JSON, made in a thread: it may have thousands of parts."""
    return await in_thread(lambda: json.dumps(asdict(answer) if is_dataclass(answer) else answer))  # type: ignore[arg-type]


def _blueprint(text: str) -> commands.Command[Any]:
    try:
        found = read_json(text[:_MOST_CHARACTERS])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CommandError(
            f"Expected blueprint to be a JSON object as the tool for blueprints returns it, got {described(text)}."
        )
    return commands.set_blueprint(found, "recording", partial=True)
