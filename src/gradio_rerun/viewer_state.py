"""What the viewer shows, as plain values: the content of the event `state`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TimelineType = Literal["sequence", "duration", "timestamp"]
PlayState = Literal["paused", "playing", "following"]


@dataclass(frozen=True)
class TimelineState:
    """A timeline of a recording. Times are numbers of the sequence, or nanoseconds."""

    name: str
    type: TimelineType | None
    """None before rerun-sdk 0.41."""
    start: int | None
    """The first time in the recording, None if there is none yet."""
    end: int | None
    """The last time in the recording, None if there is none yet."""
    time: int | None
    """Where the time cursor stands; None if it was never on this timeline."""


@dataclass(frozen=True)
class RecordingState:
    """An open recording."""

    application_id: str
    recording_id: str
    timelines: tuple[TimelineState, ...]
    """Before rerun-sdk 0.41, the active one only."""
    timeline: str | None
    """The active timeline."""
    time: int | None
    """Where the time cursor stands on the active timeline: a number of the sequence, or nanoseconds."""
    play_state: PlayState | None


@dataclass(frozen=True)
class ViewState:
    """A view of the blueprint."""

    id: str
    name: str
    kind: str
    """Such as "3D" or "TimeSeries"."""
    origin: str
    """The entity path that the view starts at."""
    visible: bool
    problems: tuple[str, ...]
    """The errors that it shows to the user."""


@dataclass(frozen=True)
class LoadingSource:
    """A source from which the viewer is still loading."""

    name: str
    """A URL, or the id of a segment."""
    status: str
    """What the viewer's own loading screen says."""


@dataclass(frozen=True)
class ViewerState:
    """What the viewer shows."""

    viewer_version: str
    """The version of the rerun-sdk that the viewer is from."""
    location: str | None
    """The URL of what is on screen; None before rerun-sdk 0.41."""
    recordings: tuple[RecordingState, ...]
    active_recording: RecordingState | None
    """The recording on screen."""
    views: tuple[ViewState, ...] | None
    """None before rerun-sdk 0.41."""
    loading: tuple[LoadingSource, ...] | None
    """What is not open yet; None before rerun-sdk 0.41."""

    @property
    def timeline(self) -> str | None:
        """The active timeline of the recording on screen."""
        return self.active_recording.timeline if self.active_recording else None

    @property
    def time(self) -> int | None:
        """Where the time cursor of the recording on screen stands: a number of the sequence, or nanoseconds."""
        return self.active_recording.time if self.active_recording else None

    @property
    def play_state(self) -> PlayState | None:
        """Whether the recording on screen plays."""
        return self.active_recording.play_state if self.active_recording else None
