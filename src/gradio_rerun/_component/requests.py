"""Commands as the frontend gets them: requests to the viewer."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from typing import Any

from .._recordings.values import check_source
from .._servers.tunnel import Servers
from .._wire import CommandDict
from ..commands import Command, Show
from ..errors import CommandError


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


def to_wire(commands: Iterable[Command[Any]], servers: Servers) -> list[CommandDict]:
    """The commands as the frontend gets them, each with an id, so that the frontend runs it only once.

    `servers`: the Rerun servers that the frontend reaches through the app.
    """
    return [command_to_wire(command, servers) for command in commands]


def command_to_wire(
    command: Command[Any], servers: Servers, question: str | None = None, seconds: float = 0
) -> CommandDict:
    """A command as the frontend gets it. `question`: the id under which a function waits for the answer, for `seconds`."""
    plan = command._plan
    if plan.source is not None:
        check_source(plan.source)
    arguments = {name: _as_json(value) for name, value in command.arguments}
    if command.name == "open":
        arguments["urls"] = [{"url": url, "ticket": servers.ticket(url)} for url in arguments["urls"]]
    return CommandDict(
        id=uuid.uuid4().hex,
        name=command.name,
        arguments=arguments,
        request=None if plan.request is None else base64.b64encode(plan.request).decode(),
        target=list(plan.target),
        causes=[{name: _as_json(value) for name, value in event.items()} for event in plan.causes],
        waits=plan.waits,
        outlasts=plan.outlasts,
        answers=plan.answers,
        question=question,
        seconds=seconds,
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):  # the items of a dict, or a list
        return dict(value) if all(isinstance(each, tuple) for each in value) else list(value)
    # The numbers of JavaScript end at 2**53.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 else value
