"""The events that answer commands."""

from __future__ import annotations

from typing import Any

from .._recordings.file_types import saved_file
from .._viewer.answers import MOST_PARTS_OF_EVENT, read_answer
from .._viewer.event_data import MOST_BYTES, text_field
from .._viewer.state import reported_state
from ..viewer_state import ViewerState
from ._event import Event


class _Saved(Event):
    path: str

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {"path": saved_file(data)}


class Screenshot(_Saved):
    """The command `take_screenshot` has made a picture: `path` is that of a PNG in Gradio's upload folder."""


class RecordingSaved(_Saved):
    """The command `save_recording` has saved a recording: `path` is that of an .rrd file."""


class BlueprintSaved(_Saved):
    """The command `save_blueprint` has saved the blueprint with the user's changes: `path` is that of an .rbl file."""


class Answer(Event):
    """The viewer has answered a command: `open`, `get_logs`, `get_location`, `list_commands`, `get_blueprint` and the others that start with `get_`."""

    command: str
    """The name of the command."""
    value: Any
    """The answer, of the type that the command names. See `gradio_rerun.answers`."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        answer = read_answer(data, MOST_BYTES, MOST_PARTS_OF_EVENT)
        return {"command": text_field(data, "command"), "value": answer}


class State(Event):
    """The viewer has answered the command `get_state`: what it shows."""

    state: ViewerState

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {"state": reported_state(data)}
