"""The events of the viewer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from .._viewer.event_data import as_time, list_field, segment_field, text_field
from .._viewer.sdk_events import SdkPayload
from .._viewer.selection import SelectionItem, UnknownItem, selection_item
from .._viewer.times import to_datetime, to_timedelta
from ..viewer_state import TimelineType
from ._event import Event

if TYPE_CHECKING:  # for SdkPayload["PlayEvent"] and so on
    from rerun._event import PauseEvent as PauseEvent
    from rerun._event import PlayEvent as PlayEvent
    from rerun._event import RecordingOpenEvent as RecordingOpenEvent
    from rerun._event import SelectionChangeEvent as SelectionChangeEvent
    from rerun._event import TimelineChangeEvent as TimelineChangeEvent
    from rerun._event import TimeUpdateEvent as TimeUpdateEvent


@dataclass(frozen=True, init=False)
class ViewerEvent(Event):
    """The fields of all events of the viewer. Events can be compared, pickled, and kept in a `gr.State`."""

    type: ClassVar[str]
    """The viewer's name of the event."""
    payload = SdkPayload[Any]()
    """The event as the SDK's class, for listeners written for gradio_rerun 0.x."""

    application_id: str
    recording_id: str
    segment_id: str | None
    """The segment of a dataset of a Rerun server that the recording is; None for others."""
    from_command: bool
    """Whether a command of this app has caused it, and not the user."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "application_id": text_field(data, "application_id"),
            "recording_id": text_field(data, "recording_id"),
            # Remove partition_id when the rerun-sdk floor has segment_id: 0.29 does, 0.24 does not.
            "segment_id": segment_field(data, "segment_id") or segment_field(data, "partition_id"),
            "from_command": data.get("from_command") is True,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (None, self._data)  # without the target, which refers to the whole app

    def _as_sdk_data(self) -> dict[str, Any]:
        data = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**data, "type": getattr(self, "type", ""), "partition_id": self.segment_id}

    @property
    def partition_id(self) -> str | None:
        """The former name of `segment_id`."""
        return self.segment_id


class Play(ViewerEvent):
    """The viewer has started to play, or a recording that has opened plays by itself."""

    type = "play"
    payload = SdkPayload["PlayEvent"]()
    """The event as the SDK's `PlayEvent`."""


class Pause(ViewerEvent):
    """The viewer has stopped playing: by the user, at the end of the recording, or because another recording is shown that is paused."""

    type = "pause"
    payload = SdkPayload["PauseEvent"]()
    """The event as the SDK's `PauseEvent`."""


@dataclass(frozen=True, init=False)
class _TimeEvent(ViewerEvent):
    time: int
    """The sequence number, or nanoseconds: since 1970 (UTC) on a timeline of timestamps, since its zero on one of durations.

    Between two sequence numbers, as while playing, it is the lower one, whose data is shown. Exact from rerun-sdk 0.41 on; older viewers
    report a 64-bit float, which is exact up to 2**53: durations up to 104 days, and timestamps of today to some 256 ns.
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
            "time": as_time(data.get("time")),
            "timeline": text_field(data, "timeline") or None,
            "timeline_type": timeline_type if timeline_type in get_args(TimelineType) else None,
        }

    def _as_sdk_data(self) -> dict[str, Any]:
        # The SDK's classes have a float, and always a timeline.
        return {**super()._as_sdk_data(), "time": float(self.time), "timeline": self.timeline or ""}

    def as_timedelta(self) -> timedelta:
        """`time` as a duration, in whole microseconds, rounded down.

        Raises `TimelineError` on a timeline of sequence numbers. If the viewer does not report the type of the timeline, the
        caller has to know it.
        """
        return to_timedelta(self.time, self.timeline, self.timeline_type)

    def as_datetime(self) -> datetime:
        """`time` as a moment in UTC, in whole microseconds, rounded down.

        Raises `TimelineError` on a timeline of sequence numbers or durations. If the viewer does not report the type of the timeline,
        the caller has to know it.
        """
        return to_datetime(self.time, self.timeline, self.timeline_type)


class TimeUpdate(_TimeEvent):
    """The viewer shows another time: it plays, or the user has moved the time cursor."""

    type = "time_update"
    payload = SdkPayload["TimeUpdateEvent"]()
    """The event as the SDK's `TimeUpdateEvent`."""


class TimelineChange(_TimeEvent):
    """The viewer shows another timeline, or a recording's first."""

    type = "timeline_change"
    payload = SdkPayload["TimelineChangeEvent"]()
    """The event as the SDK's `TimelineChangeEvent`."""


@dataclass(frozen=True, init=False)
class SelectionChange(ViewerEvent):
    """The selection has changed: by a click or a key of the user, or because another recording is shown."""

    type = "selection_change"
    payload = SdkPayload["SelectionChangeEvent"]()
    """The event as the SDK's `SelectionChangeEvent`."""

    items: tuple[SelectionItem, ...]
    """What is selected; empty if the selection is an entry of the viewer's panels, such as a recording."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {**super()._read(data), "items": tuple(map(selection_item, list_field(data, "items")))}

    def _as_sdk_data(self) -> dict[str, Any]:
        # The SDK drops what it does not know, too.
        known = [each for each in self.items if not isinstance(each, UnknownItem)]
        return {**super()._as_sdk_data(), "items": [{"type": each.type, **asdict(each)} for each in known]}


@dataclass(frozen=True, init=False)
class RecordingOpen(ViewerEvent):
    """A recording is open: its first data has arrived."""

    type = "recording_open"
    payload = SdkPayload["RecordingOpenEvent"]()
    """The event as the SDK's `RecordingOpenEvent`."""

    source: str
    """What wrote the recording, as the viewer names it: `python`, for example."""
    version: str | None
    """The version of rerun-sdk that wrote it, if it is known."""

    @classmethod
    def _read(cls, data: dict[str, Any]) -> dict[str, Any]:
        source, version = text_field(data, "source"), text_field(data, "version")
        return {**super()._read(data), "source": source, "version": version or None}
