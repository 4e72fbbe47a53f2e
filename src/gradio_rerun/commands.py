"""Commands for the viewer: return one of these, or a list, from a function whose output is the viewer.

    viewer = Rerun("run.rrd")
    slider.change(lambda frame: commands.set_time("frame", sequence=frame), slider, viewer)

A command waits until the viewer runs and the recording that it refers to is open; then each is carried out once, in order. If a command
fails, the user and the listeners of the event `error` get the reason. `show` takes a value together with commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import numpy as np

from ._checks import described
from ._recordings.blueprints import blueprint_bytes, read_blueprint
from ._recordings.urls import checked_url
from ._viewer.times import duration_ns, sequence_number, timestamp_ns
from ._viewer.viewer_control import Plan, field_path, request
from ._wire import PanelName, PanelState
from .errors import CommandError

__all__ = [
    "Command",
    "Show",
    "close",
    "get_state",
    "open",
    "pause",
    "play",
    "run_command",
    "save_blueprint",
    "save_recording",
    "screenshot",
    "set_blueprint",
    "set_panel_states",
    "set_recording",
    "set_time",
    "set_timeline",
    "show",
]

_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, repr=False)
class Command:
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
    commands: tuple[Command, ...]


def show(value: Any, *commands: Command) -> Show:
    """A value together with commands, which the viewer carries out when the value is open."""
    for command in commands:
        if not isinstance(command, Command):
            raise CommandError(f"Expected show(value, command, ...), got {described(command)} as a command.")
    return Show(value, commands)


def set_time(
    timeline: str | None = None,
    *,
    sequence: int | np.integer[Any] | None = None,
    duration: float | timedelta | np.timedelta64 | None = None,
    timestamp: float | datetime | np.datetime64 | None = None,
    play: bool = False,
) -> Command:
    """Moves the time cursor of the recording on screen, and plays from there, or pauses.

    Args:
        timeline: The timeline, which becomes the active one; None: the active one.
        sequence: A number of a sequence.
        duration: Seconds, or a `timedelta`.
        timestamp: Seconds since 1970 (UTC), or a `datetime`: one without a time zone is UTC, as for `rerun.set_time`.
        play: Whether it plays then.

    Nanoseconds are exact from rerun-sdk 0.41 on. Viewers before take 64-bit floats: timestamps of today are exact to some 256 ns.
    """
    given = {
        name: value
        for name, value in (("sequence", sequence), ("duration", duration), ("timestamp", timestamp))
        if value is not None
    }
    if len(given) != 1:
        raise CommandError(
            f"Expected set_time to get one of sequence, duration and timestamp, got {', '.join(given) or 'none of them'}."
        )
    ((kind, value),) = given.items()
    time = {"sequence": sequence_number, "duration": duration_ns, "timestamp": timestamp_ns}[kind](value)
    if time not in _INT64:
        raise CommandError(f"Expected {kind} to fit into 64 bits (in nanoseconds, if it is a time), got {value!r}.")
    if not isinstance(play, (bool, np.bool_)):
        raise CommandError(f"Expected play to be True or False, got {described(play)}.")
    name = None if timeline is None else _name("timeline", timeline)
    text = [*([] if name is None else [repr(name)]), f"{kind}={value!r}", *(["play=True"] if play else [])]
    arguments = (("timeline", name), ("kind", kind), ("time", time), ("play", bool(play)))
    causes = (_timeline_change(name), {"type": "time_update", "time": time}, {"type": "play" if play else "pause"})
    cursor = _cursor(name, time, _PLAYING if play else _PAUSED)
    return Command("set_time", arguments, ", ".join(text), replace(cursor, causes=causes, waits=False))


def set_timeline(timeline: str) -> Command:
    """Makes a timeline of the recording on screen the active one; its time cursor is where it was last."""
    plan = replace(_cursor(_name("timeline", timeline)), causes=(_timeline_change(timeline), {"type": "time_update"}))
    return _command("set_timeline", plan, timeline=timeline)


def play(recording_id: str | None = None) -> Command:
    """Plays the recording on screen, or another one."""
    plan = replace(_cursor(play_state=_PLAYING), causes=_in(recording_id, "play"), waits=False)
    return _command("play", plan, recording_id=recording_id)


def pause(recording_id: str | None = None) -> Command:
    """Pauses the recording on screen, or another one."""
    plan = replace(_cursor(play_state=_PAUSED), causes=_in(recording_id, "pause"), waits=False)
    return _command("pause", plan, recording_id=recording_id)


def set_recording(recording_id: str) -> Command:
    """Shows another open recording."""
    causes = _in(_name("recording_id", recording_id), *_OF_ANOTHER_RECORDING)
    plan = Plan(request("set_location"), field_path("set_location", "location"), causes)
    return _command("set_recording", plan, recording_id=recording_id)


def close(recording_id: str | None = None) -> Command:
    """Closes a recording; None: the one on screen, after which another is shown. To close all, return None as the value.

    The value of the component stays as it is. A viewer before rerun-sdk 0.41 can close its only recording, not one of several.
    """
    closing = request("close", current=True if _optional_id(recording_id) is None else None)
    plan = Plan(closing, field_path("close", "store_ids", "store_ids"), _in(None, *_OF_ANOTHER_RECORDING))
    return _command("close", plan, recording_id=recording_id)


def open(url: str) -> Command:
    """Opens the URL of a recording, a blueprint or a Rerun server. Open recordings stay open, and the value of the component stays as it is."""
    if not isinstance(url, str) or "://" not in url:
        raise CommandError(
            f"Expected open to get a URL such as 'https://example.com/run.rrd', got {described(url)}. "
            "Return a path as the value of the component."
        )
    return _command("open", Plan(causes=_in(None, "recording_open")), url=checked_url(url))


def set_panel_states(states: Mapping[PanelName, PanelState | None]) -> Command:
    """Shows panels of the viewer, or hides them, as the parameter `panel_states` does; None leaves a panel to the user."""
    if not isinstance(states, Mapping):
        raise CommandError(
            f'Expected set_panel_states to get a dict such as {{"time": "hidden"}}, got {described(states)}.'
        )
    for name, state in states.items():
        if name not in get_args(PanelName) or state not in (None, *get_args(PanelState)):
            raise CommandError(
                f"Expected set_panel_states to give the panels {get_args(PanelName)} one of the states "
                f"{get_args(PanelState)} or None, got {name!r}: {state!r}."
            )
    return Command("set_panel_states", (("states", tuple(states.items())),), repr(dict(states)), Plan(outlasts=True))


def set_blueprint(blueprint: Any, *, application_id: str | None = None) -> Command:
    """Applies a blueprint to the recordings of an application.

    Args:
        blueprint: A `rerun.blueprint.Blueprint`, a view or a container, or the path of an .rbl file, which names its application.
        application_id: Of the recordings; None: that of rerun's active recording, as for `rerun.send_blueprint`.
    """
    if isinstance(blueprint, (str, Path)):
        if application_id is not None:
            raise CommandError(
                f"Expected no application_id, got {application_id!r}: the file {str(blueprint)!r} names its own."
            )
        return _blueprint(read_blueprint(Path(blueprint)), repr(str(blueprint)), Path(blueprint))
    if not type(blueprint).__module__.startswith("rerun."):
        raise CommandError(
            f"Expected set_blueprint to get a rerun.blueprint.Blueprint or the path of an .rbl file, got {described(blueprint)}."
        )
    import rerun as rr

    name = rr.get_application_id() if application_id is None else _name("application_id", application_id)
    if not name:
        raise CommandError(
            "Expected set_blueprint to get the application_id of the recordings that the blueprint is for, since rerun has no "
            "active recording here. Write: set_blueprint(blueprint, application_id=...), with the name that was given to "
            "rerun.RecordingStream or rerun.init."
        )
    return _blueprint(blueprint_bytes(blueprint, name), f"<blueprint>, application_id={name!r}")


def run_command(command_id: str) -> Command:
    """Runs a command of the viewer's own command palette, such as "recording.seek_to_start"; see docs/commands.md."""
    causes = _in(None, *_OF_ANOTHER_RECORDING, "play", "pause")
    plan = Plan(request("run_command", id=_name("command_id", command_id)), causes=causes)
    return _command("run_command", plan, id=command_id)


def screenshot(view: str | UUID | None = None, max_size: int | None = None) -> Command:
    """Takes a picture. The event `screenshot` has its path.

    Args:
        view: The name or id of a view; None: the whole viewer.
        max_size: Pixels of the longer side at most.
    """
    if view is not None and not isinstance(view, UUID):
        _name("view", view)
    is_size = isinstance(max_size, (int, np.integer)) and not isinstance(max_size, bool) and 0 < max_size < 2**31
    if max_size is not None and not is_size:
        raise CommandError(f"Expected max_size to be a number of pixels, got {described(max_size)}.")
    size = None if max_size is None else int(max_size)
    of_view = Plan(request("save_screenshot", max_size=size), field_path("save_screenshot", "view_id"))
    name = None if view is None else str(view)
    return _command("screenshot", Plan() if view is None else of_view, view=name, max_size=size)


def save_recording() -> Command:
    """Saves the data that the viewer holds of the recording on screen. The event `recording_saved` has the path of the file."""
    return _command("save_recording", Plan())


def save_blueprint() -> Command:
    """Saves the blueprint of the recording on screen, with the user's changes. The event `blueprint_saved` has the path of the file."""
    return _command("save_blueprint", Plan())


def get_state() -> Command:
    """Requests the state of the viewer. The event `state` has the answer."""
    return _command("get_state", Plan(outlasts=True))


_PAUSED, _PLAYING = 1, 2

_OF_ANOTHER_RECORDING = ("selection_change", "timeline_change", "time_update")
"""The events of a viewer that shows another recording."""


def _cursor(timeline: str | None = None, time: int | None = None, play_state: int | None = None) -> Plan:
    cursor = request(
        "set_time_cursor",
        timeline=None if timeline is None else {"name": timeline},
        time=None if time is None else {"time": time},
        play_state=play_state,
    )
    return Plan(cursor, field_path("set_time_cursor", "store_id"))


def _in(recording_id: str | None, *types: str) -> tuple[dict[str, Any], ...]:
    """Events of these types in a recording; None: in any."""
    of_recording = {} if _optional_id(recording_id) is None else {"recording_id": recording_id}
    return tuple({"type": each, **of_recording} for each in types)


def _timeline_change(timeline: str | None) -> dict[str, Any]:
    return {"type": "timeline_change", **({} if timeline is None else {"timeline": timeline})}


def _blueprint(content: bytes, text: str, source: Path | None = None) -> Command:
    return Command("set_blueprint", (("rbl", content),), text, Plan(outlasts=True, source=source))


def _command(command_name: str, plan: Plan, **arguments: Any) -> Command:
    """A command whose text is a call: the first argument is positional, the others have names."""
    given = {name: value for name, value in arguments.items() if value is not None}
    first = next(iter(arguments), None)
    text = ", ".join(repr(value) if name == first else f"{name}={value!r}" for name, value in given.items())
    return Command(command_name, tuple(arguments.items()), text, plan)


def _name(what: str, value: str) -> str:
    if not isinstance(value, str) or not value or re.search("[\ud800-\udfff]", value):
        raise CommandError(f"Expected {what} to be a non-empty string, got {described(value)}.")
    return value


def _optional_id(recording_id: str | None) -> str | None:
    return None if recording_id is None else _name("recording_id", recording_id)
