"""What an event tells the function that listens to it: annotate its argument with one of these classes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar, Literal

from gradio.blocks import Block
from gradio.events import EventData, EventListener
from gradio.utils import get_upload_folder, is_in_or_equal

from .errors import RecordingError, TimelineError
from .listeners import EveryTime
from .viewer_state import ViewerState, to_viewer_state

TimelineType = Literal["sequence", "duration", "timestamp"]


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


@dataclass(frozen=True, init=False)
class ViewerEvent(EventData):
    """What all events of the viewer tell. They can be compared, pickled, and kept in a `gr.State`."""

    type: ClassVar[str]
    """The viewer's name of the event."""

    application_id: str
    recording_id: str
    segment_id: str | None
    """The segment of a dataset of a Rerun server that the recording is; None for others."""
    from_command: bool
    """Whether a command of this app has caused it, and not the user."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        # Frozen for others; EventData sets these two itself.
        self.__dict__.update(target=target, _data=_data)
        self.__dict__.update(self._read(_data))

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "application_id": str(data.get("application_id") or ""),
            "recording_id": str(data.get("recording_id") or ""),
            # Remove partition_id when the rerun-sdk floor has segment_id: 0.29 does, 0.24 does not.
            "segment_id": data.get("segment_id") or data.get("partition_id"),
            "from_command": bool(data.get("from_command", False)),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (None, self._data)  # without the target, to which the whole app hangs

    @property
    def payload(self) -> ViewerEvent:
        """The event itself, for handlers written for gradio_rerun before 1.0."""
        return self

    @property
    def partition_id(self) -> str | None:
        """The former name of `segment_id`."""
        return self.segment_id


class Play(ViewerEvent):
    """The viewer plays, and did not before."""

    type = "play"


class Pause(ViewerEvent):
    """The viewer has stopped playing: by the user, or at the end of the recording."""

    type = "pause"


@dataclass(frozen=True, init=False)
class _TimeEvent(ViewerEvent):
    time: int
    """The sequence number, or nanoseconds: since 1970 (UTC) on a timeline of timestamps, since its zero on one of durations.

    Between two sequence numbers, as while playing, it is the lower one, whose data is shown. Exact from rerun-sdk 0.41 on; older viewers
    tell a 64-bit float, which is exact up to 2**53: durations up to 104 days, and timestamps of today to some 256 ns.
    """
    timeline: str | None
    """The name of the timeline, None if the viewer has not told it yet."""
    timeline_type: TimelineType | None
    """What `time` counts; None if the viewer does not tell it, as before rerun-sdk 0.41."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        time, timeline_type = data["time"], data.get("timeline_type")
        return {
            **super()._read(data),
            # The page sends digits, since the numbers of JavaScript end at 2**53.
            "time": int(time) if isinstance(time, str) else math.floor(time),
            "timeline": data.get("timeline"),
            "timeline_type": timeline_type if timeline_type in ("sequence", "duration", "timestamp") else None,
        }

    def as_timedelta(self) -> timedelta:
        """`time` as a duration, in whole microseconds, rounded down.

        Raises `TimelineError` on a timeline of sequence numbers. If the viewer does not tell the type of the timeline, the
        caller has to know it.
        """
        if self.timeline_type == "sequence":
            raise TimelineError(
                f"Expected a timeline of durations or timestamps, got {self.timeline!r}, which counts a sequence. "
                f"Use `time`, which is its number: {self.time}."
            )
        return timedelta(microseconds=self.time // 1000)

    def as_datetime(self) -> datetime:
        """`time` as a moment in UTC, in whole microseconds, rounded down.

        Raises `TimelineError` on a timeline of sequence numbers or durations. If the viewer does not tell the type of the timeline,
        the caller has to know it.
        """
        if self.timeline_type in ("sequence", "duration"):
            cure = (
                "`as_timedelta()`" if self.timeline_type == "duration" else f"`time`, which is its number: {self.time}"
            )
            raise TimelineError(
                f"Expected a timeline of timestamps, got {self.timeline!r}, of type {self.timeline_type!r}. Use {cure}."
            )
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + self.as_timedelta()


class TimeUpdate(_TimeEvent):
    """The viewer shows another time: it plays, or the user has moved the time cursor."""

    type = "time_update"


class TimelineChange(_TimeEvent):
    """The viewer shows another timeline, or a recording's first."""

    type = "timeline_change"


@dataclass(frozen=True)
class EntityItem:
    """An entity of the recording, or an instance of it."""

    type: ClassVar[Literal["entity"]] = "entity"

    entity_path: str
    instance_id: int | None = None
    """Which of the points, boxes, …; None: all of the entity."""
    view_name: str | None = None
    """The name of the view that it was selected in; None if it was selected elsewhere."""
    position: tuple[float | None, ...] | None = None
    """Where it was clicked, as x, y, z in the units of the view's space: pixels in a 2D view, whose z is None.

    None if it was not selected in a 2D or 3D view.
    """


@dataclass(frozen=True)
class ViewItem:
    """A view of the blueprint."""

    type: ClassVar[Literal["view"]] = "view"

    view_id: str
    view_name: str


@dataclass(frozen=True)
class ContainerItem:
    """A container of the blueprint."""

    type: ClassVar[Literal["container"]] = "container"

    container_id: str
    container_name: str


@dataclass(frozen=True)
class UnknownItem:
    """Something that a newer viewer can select, and this package does not know yet."""

    kind: str
    """The viewer's name of its kind."""
    raw: Any = field(hash=False)
    """What the viewer tells of it."""

    @property
    def type(self) -> str:
        """The same as `kind`."""
        return self.kind


SelectionItem = EntityItem | ViewItem | ContainerItem | UnknownItem


@dataclass(frozen=True, init=False)
class SelectionChange(ViewerEvent):
    """Other things are selected: by a click or a key of the user, or because another recording is shown."""

    type = "selection_change"

    items: tuple[SelectionItem, ...]
    """What is selected; empty if it is what the viewer's own panels list, such as a recording."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**super()._read(data), "items": tuple(_item(each) for each in data.get("items") or ())}


def _item(raw: Any) -> SelectionItem:
    told = raw if isinstance(raw, dict) else {}
    for known in (EntityItem, ViewItem, ContainerItem):
        if told.get("type") == known.type:
            found = {each.name: told[each.name] for each in fields(known) if each.name in told}
            if isinstance(found.get("position"), list):
                found["position"] = tuple(found["position"])
            try:
                return known(**found)
            except TypeError:  # a newer viewer tells less of it
                break
    return UnknownItem(kind=str(told.get("type", "")), raw=raw)


@dataclass(frozen=True, init=False)
class RecordingOpen(ViewerEvent):
    """A recording is open: its first data has come."""

    type = "recording_open"

    source: str
    """What wrote the recording, as the viewer tells it: `python`, for example."""
    version: str | None
    """The version of rerun-sdk that wrote it, if it says so."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**super()._read(data), "source": str(data.get("source") or ""), "version": data.get("version")}


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


class _Renamed(EveryTime):
    """An event with one name in Python and another on the wire.

    Gradio takes what a component sends as "error" for a message to the user, and sends it to no function; and it sends "load" by
    itself to every component when the page loads.
    """

    def __new__(cls, name: str, event_name: str, **_: Any) -> _Renamed:
        return str.__new__(cls, name)

    def __init__(self, _: str, event_name: str, **options: Any) -> None:
        super().__init__(event_name, **options)

    def copy(self) -> _Renamed:
        """Another one, for Gradio."""
        return _Renamed(str(self), self.event_name, **self._options)


ANSWERS = [
    EveryTime("screenshot", doc="A picture is there. See `gradio_rerun.events.Screenshot`."),
    EveryTime("recording_saved", doc="A recording is saved. See `gradio_rerun.events.RecordingSaved`."),
    EveryTime("blueprint_saved", doc="A blueprint is saved. See `gradio_rerun.events.BlueprintSaved`."),
    EveryTime("state", doc="The viewer has told what it shows. See `gradio_rerun.events.State`."),
]
"""What answers commands."""

EVENTS: list[str | EventListener] = [
    EventListener("change", doc="The value has changed, by a function or by the user."),
    EventListener("upload", doc="The user has uploaded recordings. See `gradio_rerun.events.Upload`."),
    EventListener("clear", doc="The user has cleared the viewer."),
    _Renamed("load", "rerun_load", doc="A recording is open. See `gradio_rerun.events.Load`."),
    _Renamed("error", "rerun_error", doc="Something could not be shown. See `gradio_rerun.events.Error`."),
    EveryTime("play", doc="The viewer plays. See `gradio_rerun.events.Play`."),
    EveryTime("pause", doc="The viewer has stopped playing. See `gradio_rerun.events.Pause`."),
    EveryTime(
        "time_update",
        show_progress="hidden",
        doc="The viewer shows another time; at most every `time_update_interval` seconds, and not while the functions that listen to it run. "
        "The last time is always told. See `gradio_rerun.events.TimeUpdate`.",
    ),
    EveryTime("timeline_change", doc="The viewer shows another timeline. See `gradio_rerun.events.TimelineChange`."),
    EveryTime("selection_change", doc="Other things are selected. See `gradio_rerun.events.SelectionChange`."),
    EveryTime("recording_open", doc="A recording is open. See `gradio_rerun.events.RecordingOpen`."),
    *ANSWERS,
]
