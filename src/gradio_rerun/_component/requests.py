"""Commands as the frontend gets them: requests to the viewer."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from typing import Any

from .._servers.tunnel import Servers
from .._viewer import viewer_control
from .._wire import CommandDict
from ..commands import Command, Show
from ..errors import CommandError

_PAUSED, _PLAYING = 1, 2


def separated(value: Any) -> Show | None:
    """The commands in what a function returned, with the value beside them, or `NO_VALUE`; None if there are no commands."""
    if isinstance(value, Show):
        return value
    if isinstance(value, Command):
        return Show(NO_VALUE, (value,))
    if isinstance(value, (list, tuple)) and any(isinstance(each, (Command, Show)) for each in value):
        if not all(isinstance(each, Command) for each in value):
            raise CommandError(
                f"Expected a list of commands or a list of recordings, got both: {value!r:.200}. "
                "Write: commands.show([recording, ...], command, ...)."
            )
        return Show(NO_VALUE, tuple(value))
    return None


NO_VALUE = object()
"""The component keeps its value."""


def to_wire(commands: Iterable[Command], servers: Servers) -> list[CommandDict]:
    """The commands as the frontend gets them, each with an id, so that it runs once.

    `servers`: the Rerun servers that the frontend reaches through the app.
    """
    return [_to_wire(command, servers) for command in commands]


def _to_wire(command: Command, servers: Servers) -> CommandDict:
    request, target = _request(command)
    arguments = {name: _as_json(value) for name, value in command.arguments}
    if command.name == "open":
        arguments["ticket"] = servers.ticket(arguments["url"])
    return CommandDict(
        id=uuid.uuid4().hex,
        name=command.name,
        arguments=arguments,
        request=None if request is None else base64.b64encode(request).decode(),
        target=target,
    )


def _request(command: Command) -> tuple[bytes | None, list[int]]:
    """The request that carries a command out from rerun-sdk 0.41 on, and the position where the frontend inserts the recording or view."""
    given = dict(command.arguments)
    target: list[int] = []
    if command.name in ("set_time", "set_timeline", "play", "pause"):
        state = {"play": _PLAYING, "pause": _PAUSED, "set_time": _PLAYING if given.get("play") else _PAUSED}
        request = viewer_control.request(
            "set_time_cursor",
            timeline=None if given.get("timeline") is None else {"name": given["timeline"]},
            time={"time": given["time"]} if "time" in given else None,
            play_state=state.get(command.name),
        )
        target = viewer_control.field_path("set_time_cursor", "store_id")
    elif command.name == "close":
        request = viewer_control.request("close", current=None if given["recording_id"] else True)
        target = viewer_control.field_path("close", "store_ids", "store_ids")
    elif command.name == "set_recording":
        request = viewer_control.request("set_location")
        target = viewer_control.field_path("set_location", "location")
    elif command.name == "run_command":
        request = viewer_control.request("run_command", id=given["id"])
    elif command.name == "screenshot" and given["view"] is not None:
        request = viewer_control.request("save_screenshot", max_size=given["max_size"])
        target = viewer_control.field_path("save_screenshot", "view_id")
    else:
        return None, []
    return request, target


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return dict(value)
    # The numbers of JavaScript end at 2**53.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 else value
