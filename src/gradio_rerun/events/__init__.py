"""The data of events: annotate the argument of a listener with one of these classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._viewer.sdk_events import event_class
from .._viewer.selection import ContainerItem, EntityItem, SelectionItem, UnknownItem, ViewItem
from ..viewer_state import TimelineType
from ._answers import Answer, BlueprintSaved, RecordingSaved, Screenshot, State
from ._component_events import Clear, Error, KeyInput, Load, Upload
from ._viewer_events import Pause, Play, RecordingOpen, SelectionChange, TimelineChange, TimeUpdate, ViewerEvent

__all__ = [
    "Answer",
    "BlueprintSaved",
    "Clear",
    "ContainerItem",
    "EntityItem",
    "Error",
    "KeyInput",
    "Load",
    "Pause",
    "Play",
    "RecordingOpen",
    "RecordingSaved",
    "Screenshot",
    "SelectionChange",
    "SelectionItem",
    "State",
    "TimeUpdate",
    "TimelineChange",
    "TimelineType",
    "UnknownItem",
    "Upload",
    "ViewItem",
    "ViewerEvent",
]

if TYPE_CHECKING:
    from rerun._event import PauseEvent as PauseEvent
    from rerun._event import PlayEvent as PlayEvent
    from rerun._event import RecordingOpenEvent as RecordingOpenEvent
    from rerun._event import SelectionChangeEvent as SelectionChangeEvent
    from rerun._event import TimelineChangeEvent as TimelineChangeEvent
    from rerun._event import TimeUpdateEvent as TimeUpdateEvent

else:

    def __getattr__(name: str) -> type:
        # The SDK's classes, by the names that gradio_rerun 0.x had for them. Importing the SDK takes a second.
        own = globals().get(name.removesuffix("Event")) if name.endswith("Event") else None
        if isinstance(own, type) and issubclass(own, ViewerEvent) and own is not ViewerEvent:
            return event_class(name) or own
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
