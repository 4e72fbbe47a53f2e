"""The events of the component."""

from __future__ import annotations

from typing import Any

from gradio.events import EventData

from .._viewer.event_data import text_field, wrong_field
from ._event import Event


class Load(Event):
    """A recording is open: its first data has arrived."""

    application_id: str
    recording_id: str

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {name: text_field(data, name) for name in ("application_id", "recording_id")}


class Error(Event):
    """Something could not be shown. The page shows the same message to the user."""

    message: str

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {"message": text_field(data, "message")}


class Upload(Event):
    """The user has uploaded recordings, which are the component's value now."""

    names: list[str]
    """Their names on the user's machine."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        names = data.get("names") or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise wrong_field("names", "a list of strings", names)
        return {"names": names}


class Clear(EventData):
    """The user has cleared the viewer."""
