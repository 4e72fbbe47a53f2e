"""The events of the component."""

from __future__ import annotations

from typing import Any

from gradio.events import EventData

from .._viewer.event_data import list_field, text_field, wrong_field
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
        names = list_field(data, "names")
        if (data.get("names") or []) != names or not all(isinstance(name, str) for name in names):
            raise wrong_field("names", "a list of strings", data.get("names"))
        return {"names": names}


class Clear(EventData):
    """The user has cleared the viewer."""


class KeyInput(Event):
    """The user has pressed or released one of the `keys`, or holds some."""

    key: str
    """The key, as in `keys`; if some are held, the one that was pressed last."""
    pressed: bool
    """False if it was released, or if the viewer has lost the focus."""
    repeat: bool
    """Whether nothing has changed: some keys are still held."""
    held: tuple[str, ...]
    """All keys that are held now, in the order in which they were pressed."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        held = list_field(data, "held")
        if not all(isinstance(key, str) for key in held):
            raise wrong_field("held", "a list of strings", held)
        flags = {name: data.get(name) is True for name in ("pressed", "repeat")}
        return {"key": text_field(data, "key"), **flags, "held": tuple(held)}
