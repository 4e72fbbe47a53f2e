"""What all events have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from gradio.blocks import Block
from gradio.events import EventData

from .._viewer.event_data import as_object


class Event(EventData):
    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        # Not by assignment: the events of the viewer are frozen.
        self.__dict__.update(target=target, _data=_data)
        self.__dict__.update(self._read(as_object(_data)))

    @classmethod
    @abstractmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The fields of the event. Raises an error if one is invalid."""
