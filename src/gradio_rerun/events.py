"""The data of events: annotate the argument of a listener with one of these classes."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, cast

from google.protobuf.message import DecodeError
from gradio.blocks import Block
from gradio.events import EventData

from ._gradio.uploads import uploaded_file
from ._recordings.file_types import check_file
from ._viewer.sdk_events import event_class, sdk_event
from ._viewer.state import to_viewer_state
from .errors import EventDataError, TimelineError
from .viewer_state import ViewerState

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


TimelineType = Literal["sequence", "duration", "timestamp"]
Payload = TypeVar("Payload")


class Load(EventData):
    """A recording is open: its first data has arrived."""

    application_id: str
    recording_id: str

    def __init__(self, target: Block | None, _data: dict[str, str]) -> None:
        super().__init__(target, _data)
        told = _object(_data)
        self.application_id = _text(told, "application_id")
        self.recording_id = _text(told, "recording_id")


class Error(EventData):
    """Something could not be shown. The page shows the same message to the user."""

    message: str

    def __init__(self, target: Block | None, _data: dict[str, str]) -> None:
        super().__init__(target, _data)
        self.message = _text(_object(_data), "message")


class Upload(EventData):
    """The user has uploaded recordings; the component's value is these now."""

    names: list[str]
    """Their names on the user's machine."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        told = _object(_data)
        self.names = told.get("names") or []
        if not isinstance(self.names, list) or not all(isinstance(name, str) for name in self.names):
            raise _wrong("names", "a list of strings", self.names)


class Clear(EventData):
    """The user has cleared the viewer."""


class _SdkEvent(Generic[Payload]):
    """The event as the SDK's class of the same name, which gradio_rerun 0.x passed to listeners."""

    def __get__(self, event: ViewerEvent | None, _: type) -> Payload:
        if event is None:
            return cast(Payload, self)
        # If the SDK has no such class: the event has the same fields.
        return cast(Payload, sdk_event(event._as_sdk_data()) or event)


@dataclass(frozen=True, init=False)
class ViewerEvent(EventData):
    """The fields of all events of the viewer. Events can be compared, pickled, and kept in a `gr.State`."""

    type: ClassVar[str]
    """The viewer's name of the event."""
    payload = _SdkEvent[Any]()
    """The event as the SDK's class, for listeners written for gradio_rerun 0.x."""

    application_id: str
    recording_id: str
    segment_id: str | None
    """The segment of a dataset of a Rerun server that the recording is; None for others."""
    from_command: bool
    """Whether a command of this app has caused it, and not the user."""

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        # Frozen for others; EventData sets these two itself.
        self.__dict__.update(target=target, _data=_data)
        self.__dict__.update(self._read(_object(_data)))

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "application_id": _text(data, "application_id"),
            "recording_id": _text(data, "recording_id"),
            # Remove partition_id when the rerun-sdk floor has segment_id: 0.29 does, 0.24 does not.
            "segment_id": _segment(data, "segment_id") or _segment(data, "partition_id"),
            "from_command": data.get("from_command") is True,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (None, self._data)  # without the target, to which the whole app hangs

    def _as_sdk_data(self) -> dict[str, Any]:
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**data, "type": getattr(self, "type", ""), "partition_id": self.segment_id}

    @property
    def partition_id(self) -> str | None:
        """The former name of `segment_id`."""
        return self.segment_id


class Play(ViewerEvent):
    """The viewer plays, and did not before."""

    type = "play"
    payload = _SdkEvent["PlayEvent"]()
    """The event as the SDK's `PlayEvent`."""


class Pause(ViewerEvent):
    """The viewer has stopped playing: by the user, or at the end of the recording."""

    type = "pause"
    payload = _SdkEvent["PauseEvent"]()
    """The event as the SDK's `PauseEvent`."""


@dataclass(frozen=True, init=False)
class _TimeEvent(ViewerEvent):
    time: int
    """The sequence number, or nanoseconds: since 1970 (UTC) on a timeline of timestamps, since its zero on one of durations.

    Between two sequence numbers, as while playing, it is the lower one, whose data is shown. Exact from rerun-sdk 0.41 on; older viewers
    tell a 64-bit float, which is exact up to 2**53: durations up to 104 days, and timestamps of today to some 256 ns.
    """
    timeline: str | None
    """The name of the timeline, None if the viewer has not reported it yet."""
    timeline_type: TimelineType | None
    """What `time` counts; None if the viewer does not report it, as before rerun-sdk 0.41."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        timeline_type = data.get("timeline_type")
        return {
            **super()._read(data),
            "time": _time(data.get("time")),
            "timeline": _text(data, "timeline") or None,
            "timeline_type": timeline_type if timeline_type in ("sequence", "duration", "timestamp") else None,
        }

    def _as_sdk_data(self) -> dict[str, Any]:
        # The SDK's classes have a float, and always a timeline.
        return {**super()._as_sdk_data(), "time": float(self.time), "timeline": self.timeline or ""}

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
    payload = _SdkEvent["TimeUpdateEvent"]()
    """The event as the SDK's `TimeUpdateEvent`."""


class TimelineChange(_TimeEvent):
    """The viewer shows another timeline, or a recording's first."""

    type = "timeline_change"
    payload = _SdkEvent["TimelineChangeEvent"]()
    """The event as the SDK's `TimelineChangeEvent`."""


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
    """The viewer's data about it."""

    if TYPE_CHECKING:  # so that type checkers infer EntityItem from `item.type == "entity"`
        type: ClassVar[Literal["unknown"]]
    else:

        @property
        def type(self) -> str:
            """The same as `kind`."""
            return self.kind


SelectionItem = EntityItem | ViewItem | ContainerItem | UnknownItem


@dataclass(frozen=True, init=False)
class SelectionChange(ViewerEvent):
    """Other things are selected: by a click or a key of the user, or because another recording is shown."""

    type = "selection_change"
    payload = _SdkEvent["SelectionChangeEvent"]()
    """The event as the SDK's `SelectionChangeEvent`."""

    items: tuple[SelectionItem, ...]
    """What is selected; empty if it is what the viewer's own panels list, such as a recording."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        items = data.get("items")
        return {**super()._read(data), "items": tuple(map(_item, items)) if isinstance(items, list) else ()}

    def _as_sdk_data(self) -> dict[str, Any]:
        # The SDK drops what it does not know, too.
        known = [each for each in self.items if not isinstance(each, UnknownItem)]
        return {**super()._as_sdk_data(), "items": [{"type": each.type, **asdict(each)} for each in known]}


def _item(raw: Any) -> SelectionItem:
    told = raw if isinstance(raw, dict) else {}
    for known in (EntityItem, ViewItem, ContainerItem):
        if told.get("type") == known.type:
            found = {each.name: told[each.name] for each in fields(known) if each.name in told}
            if isinstance(found.get("position"), list):
                found["position"] = tuple(found["position"])
            if not all(_is_of_item(name, value) for name, value in found.items()):
                break
            try:
                return known(**found)
            except TypeError:  # a newer viewer leaves out a field
                break
    kind = told.get("type")
    return UnknownItem(kind=kind if isinstance(kind, str) else "", raw=raw)


def _is_of_item(name: str, value: Any) -> bool:
    if name == "instance_id":
        return value is None or type(value) is int
    if name == "position":
        return value is None or (
            isinstance(value, tuple) and all(each is None or type(each) in (int, float) for each in value)
        )
    return isinstance(value, str) or (value is None and name == "view_name")


@dataclass(frozen=True, init=False)
class RecordingOpen(ViewerEvent):
    """A recording is open: its first data has arrived."""

    type = "recording_open"
    payload = _SdkEvent["RecordingOpenEvent"]()
    """The event as the SDK's `RecordingOpenEvent`."""

    source: str
    """What wrote the recording, as the viewer names it: `python`, for example."""
    version: str | None
    """The version of rerun-sdk that wrote it, if it says so."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**super()._read(data), "source": _text(data, "source"), "version": _text(data, "version") or None}


# A client can send anything as the data of an event.


def _object(data: Any) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    raise EventDataError(
        f"Expected what the page tells of an event to be an object, got {data!r:.80}. Reload the page."
    )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise _wrong(name, "a string", value)


def _segment(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    # The viewer of 0.41 writes {"id": "..."}.
    return (_text(value, "id") if isinstance(value, dict) else _text(data, name)) or None


def _wrong(name: str, wanted: str, value: Any) -> EventDataError:
    return EventDataError(f"Expected {name!r} of an event to be {wanted}, got {value!r:.80}. Reload the page.")


def _time(told: Any) -> int:
    # The page sends digits, since the numbers of JavaScript end at 2**53.
    if isinstance(told, str) and re.fullmatch(r"-?[0-9]{1,19}", told):
        told = int(told)
    if type(told) in (int, float) and -(2**63) <= told < 2**63:  # nor NaN
        time: int = math.floor(told)
        return time
    raise _wrong("time", "an integer of 64 bits", told)


class _Saved(EventData):
    path: str

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        file = uploaded_file(_object(_data).get("path"))
        check_file(file, None)
        self.path = str(file)


class Screenshot(_Saved):
    """The picture that the command `screenshot` asked for: `path` is that of a PNG in Gradio's folder of uploads."""


class RecordingSaved(_Saved):
    """What the viewer holds of a recording, for which the command `save_recording` asked: `path` is that of an .rrd file."""


class BlueprintSaved(_Saved):
    """The blueprint, with the user's changes, for which the command `save_blueprint` asked: `path` is that of an .rbl file."""


class State(EventData):
    """What the viewer shows, for which the command `get_state` asked."""

    state: ViewerState

    def __init__(self, target: Block | None, _data: dict[str, Any]) -> None:
        super().__init__(target, _data)
        try:
            self.state = to_viewer_state(_object(_data))
        except (KeyError, TypeError, ValueError, OverflowError, DecodeError) as error:
            raise EventDataError(
                f"Expected what the viewer tells of its state, got {_data!r:.80}. Reload the page."
            ) from error
