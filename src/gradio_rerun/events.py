"""What an event tells the function that listens to it: annotate its argument with one of these classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradio.blocks import Block
from gradio.events import EventData, EventListener
from gradio.utils import get_upload_folder, is_in_or_equal

from .errors import RecordingError
from .viewer_state import ViewerState, to_viewer_state


class Load(EventData):
    """A recording is open: its first data has come."""

    application_id: str
    recording_id: str

    def __init__(self, target: Block | None, _data: dict[str, str]) -> None:
        super().__init__(target, _data)
        self.application_id = _data["application_id"]
        self.recording_id = _data["recording_id"]


class Error(EventData):
    """Something could not be shown, as the page tells the user, too."""

    message: str

    def __init__(self, target: Block | None, _data: dict[str, str]) -> None:
        super().__init__(target, _data)
        self.message = _data["message"]


class Upload(EventData):
    """The user has uploaded recordings; the component's value is these now."""

    names: list[str]
    """Their names on the user's machine."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        self.names = list(_data["names"])


class Clear(EventData):
    """The user has cleared the viewer."""


class Screenshot(EventData):
    """The picture that the command `screenshot` asked for."""

    path: str
    """Of a PNG in Gradio's folder of uploads."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        self.path = _uploaded(_data["path"])


class RecordingSaved(EventData):
    """What the viewer holds of a recording, for which the command `save_recording` asked."""

    path: str
    """Of an .rrd file in Gradio's folder of uploads."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        self.path = _uploaded(_data["path"])


class BlueprintSaved(EventData):
    """The blueprint, with the user's changes, for which the command `save_blueprint` asked."""

    path: str
    """Of an .rbl file in Gradio's folder of uploads."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        self.path = _uploaded(_data["path"])


class State(EventData):
    """What the viewer shows, for which the command `get_state` asked."""

    state: ViewerState

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        self.state = to_viewer_state(_data)


def _uploaded(path: str) -> str:
    # The page says so, and anybody can say it: it must not name any file of the server.
    file = Path(path)
    if not (is_in_or_equal(file, get_upload_folder()) and file.is_file()):
        raise RecordingError(f"{file.name!r} was not uploaded, or is there no more.")
    return path


class _Renamed(EventListener):
    """An event with one name in Python and another on the wire.

    Gradio takes what a component sends as "error" for a message to the user, and sends it to no function; and it sends "load" by
    itself to every component when the page loads.
    """

    def __new__(cls, name: str, event_name: str, **_: Any) -> _Renamed:
        return str.__new__(cls, name)

    def __init__(self, _: str, event_name: str, **options: Any) -> None:
        super().__init__(event_name, **options)


ANSWERS = [
    EventListener("screenshot", doc="A picture is there. See `gradio_rerun.events.Screenshot`."),
    EventListener("recording_saved", doc="A recording is saved. See `gradio_rerun.events.RecordingSaved`."),
    EventListener("blueprint_saved", doc="A blueprint is saved. See `gradio_rerun.events.BlueprintSaved`."),
    EventListener("state", doc="The viewer has told what it shows. See `gradio_rerun.events.State`."),
]
"""What answers commands."""

EVENTS: list[str | EventListener] = [
    EventListener("change", doc="The value has changed, by a function or by the user."),
    EventListener("upload", doc="The user has uploaded recordings. See `gradio_rerun.events.Upload`."),
    EventListener("clear", doc="The user has cleared the viewer."),
    _Renamed("load", "rerun_load", doc="A recording is open. See `gradio_rerun.events.Load`."),
    _Renamed("error", "rerun_error", doc="Something could not be shown. See `gradio_rerun.events.Error`."),
    *ANSWERS,
]
