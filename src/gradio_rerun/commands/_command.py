"""A command, and what the functions that make commands share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from .._checks import described, is_flag
from .._viewer.state import split_store_id
from .._viewer.viewer_control import Plan
from ..errors import CommandError

Answered = TypeVar("Answered")


@dataclass(frozen=True, repr=False)
class Command(Generic[Answered]):
    """A command for the viewer. Make it by one of the functions of this module."""

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()
    """The arguments, with times as numbers: of a sequence, or nanoseconds."""
    _text: str = field(default="", compare=False)
    _plan: Plan = field(default_factory=Plan, compare=False)

    def __repr__(self) -> str:
        return f"{self.name}({self._text})"


@dataclass(frozen=True)
class Show:
    """A value together with commands."""

    value: Any
    commands: tuple[Command[Any], ...]


def show(value: Any, *commands: Command[Any]) -> Show:
    """A value together with commands, which the viewer carries out when the value is open."""
    for command in commands:
        if not isinstance(command, Command):
            raise CommandError(f"Expected show(value, command, ...), got {described(command)} as a command.")
    return Show(value, commands)


OF_ANOTHER_RECORDING = ("selection_change", "timeline_change", "time_update")
"""The events of a viewer that shows another recording."""


def made(
    command_name: str, plan: Plan, *shown: str, hidden: Mapping[str, Any] | None = None, **arguments: Any
) -> Command[Any]:
    """A command whose text is a call: arguments named in `shown` are positional, the others have names, and None is left out."""
    arguments = {name: _plain(value) for name, value in arguments.items()}
    given = {name: value for name, value in arguments.items() if value is not None}
    text = ", ".join(repr(value) if name in shown else f"{name}={value!r}" for name, value in given.items())
    return Command(command_name, (*arguments.items(), *(hidden or {}).items()), text, plan)


def _plain(value: Any) -> Any:
    """A number or flag of NumPy as that of Python: JSON has no others."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value


def causes(recording_id: str | None, *types: str) -> tuple[dict[str, Any], ...]:
    """Events of these types in a recording; None: in any."""
    of_recording = {} if recording_id is None else {"recording_id": recording_id}
    return tuple({"type": each, **of_recording} for each in types)


def name_of(what: str, value: str) -> str:
    """`value`, if it is a non-empty string that a viewer can read. Raises a `CommandError` otherwise."""
    if not isinstance(value, str) or not value or re.search("[\ud800-\udfff]", value):
        raise CommandError(f"Expected {what} to be a non-empty string, got {described(value)}.")
    return value


def optional_name(what: str, value: str | None) -> str | None:
    """`value`, if it is None or as in `name_of`. Raises a `CommandError` otherwise."""
    return None if value is None else name_of(what, value)


def recording_id_of(what: str, value: str | None) -> str | None:
    """The id of a recording that is given by it, or by its store id, which the viewer reports; None for the one on screen."""
    name = optional_name(what, value)
    return split_store_id(name)[1] if name and re.match(r"(Recording|Blueprint):", name) else name


def choice(what: str, value: Any, known: tuple[str, ...]) -> Any:
    """`value`, if it is one of `known`, or None. Raises a `CommandError` otherwise."""
    if value is None or (isinstance(value, str) and value in known):
        return value
    raise CommandError(f"Expected {what} to be one of {known} or None, got {described(value)}.")


def flag(what: str, value: Any) -> bool | None:
    """`value`, if it is True, False or None. Raises a `CommandError` otherwise."""
    if value is None or is_flag(value):
        return None if value is None else bool(value)
    raise CommandError(f"Expected {what} to be True, False or None, got {described(value)}.")


def number(what: str, value: Any, least: int = 1, below: int = 2**31) -> int | None:
    """`value`, if it is an integer in the range, or None. Raises a `CommandError` otherwise."""
    if value is None:
        return None
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and least <= value < below:
        return int(value)
    raise CommandError(
        f"Expected {what} to be an integer from {least} to {below - 1}, or None, got {described(value)}."
    )
