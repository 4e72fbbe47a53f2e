"""The names that commands had before those of Rerun. Version 2.0 removes them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from .._checks import described
from .._wire import PanelName, PanelState
from ..errors import CommandError
from ._command import Command, name_of
from ._recordings import set_active_recording
from ._time import set_time
from ._viewer import checked_panels, take_screenshot


def play(recording_id: str | None = None) -> Command[None]:
    """The former name of `set_time(play_state="playing")`."""
    _warn("play()", 'set_time(play_state="playing")')
    return set_time(play_state="playing", recording=recording_id)


def pause(recording_id: str | None = None) -> Command[None]:
    """The former name of `set_time(play_state="paused")`."""
    _warn("pause()", 'set_time(play_state="paused")')
    return set_time(play_state="paused", recording=recording_id)


def set_timeline(timeline: str) -> Command[None]:
    """The former name of `set_time(timeline)`."""
    _warn("set_timeline(timeline)", "set_time(timeline)")
    return set_time(name_of("timeline", timeline))


def set_recording(recording_id: str) -> Command[None]:
    """The former name of `set_active_recording`."""
    _warn("set_recording", "set_active_recording")
    return set_active_recording(recording_id)


def set_panel_states(states: Mapping[PanelName, PanelState | None]) -> Command[None]:
    """The former name of `update_panels`, with a dict, in which None leaves a panel to the user."""
    _warn("set_panel_states", "update_panels")
    if not isinstance(states, Mapping):
        raise CommandError(
            f'Expected set_panel_states to get a dict such as {{"time": "hidden"}}, got {described(states)}.'
        )
    return checked_panels({name: "default" if state is None else state for name, state in states.items()})


def screenshot(view: str | UUID | None = None, max_size: int | None = None) -> Command[str]:
    """The former name of `take_screenshot`."""
    _warn("screenshot", "take_screenshot")
    return take_screenshot(view, max_size=max_size)


def _warn(former: str, present: Any) -> None:
    message = f"commands.{former} is commands.{present} now. Version 2.0 removes the former name."
    warnings.warn(message, DeprecationWarning, stacklevel=3)
