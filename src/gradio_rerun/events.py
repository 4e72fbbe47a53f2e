"""What an event tells the function that listens to it: annotate its argument with one of these classes."""

from __future__ import annotations

from typing import Any

from gradio.blocks import Block
from gradio.events import EventData, EventListener


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


class _Renamed(EventListener):
    """An event with one name in Python and another on the wire.

    Gradio takes what a component sends as "error" for a message to the user, and sends it to no function; and it sends "load" by
    itself to every component when the page loads.
    """

    def __new__(cls, name: str, event_name: str, **_: Any) -> _Renamed:
        return str.__new__(cls, name)

    def __init__(self, _: str, event_name: str, **options: Any) -> None:
        super().__init__(event_name, **options)


EVENTS: list[str | EventListener] = [
    EventListener("change", doc="The value has changed, by a function or by the user."),
    EventListener("upload", doc="The user has uploaded recordings. See `gradio_rerun.events.Upload`."),
    EventListener("clear", doc="The user has cleared the viewer."),
    _Renamed("load", "rerun_load", doc="A recording is open. See `gradio_rerun.events.Load`."),
    _Renamed("error", "rerun_error", doc="Something could not be shown. See `gradio_rerun.events.Error`."),
]
