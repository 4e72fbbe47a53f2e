"""The viewer's answers to the commands of `gradio_rerun.commands`.

The classes have the names and fields of those in `rerun.experimental`, and an answer is of the SDK's class wherever the SDK has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "Blueprint",
    "BlueprintInfo",
    "Command",
    "ComponentSchema",
    "DatasetAssetSchema",
    "DatasetSchema",
    "EntitySchema",
    "LoadingSource",
    "LogEntry",
    "OpenResult",
    "Recording",
    "RecordingSchema",
    "TableColumnSchema",
    "Timeline",
    "View",
    "ViewReport",
    "ViewerState",
]


@dataclass
class Timeline:
    """A timeline of a recording. Times are numbers of the sequence, or nanoseconds."""

    name: str
    time_type: str
    """`sequence`, `duration` or `timestamp`; empty if the viewer does not report it, as before rerun-sdk 0.41."""
    start: int | None
    """The first time, None if there is no data yet."""
    end: int | None
    """The last time, None if there is no data yet."""


@dataclass
class Recording:
    """An open recording."""

    store_id: str
    """`Recording:<application id>:<recording id>`; in the application id, `:` and `\\` are escaped by `\\`."""
    location: str
    """The URL that shows this recording, for `set_location`; empty before rerun-sdk 0.41."""
    timelines: list[Timeline]
    """Before rerun-sdk 0.41, the active one only."""
    current_timeline: str | None
    """The active timeline."""
    current_time: int | None
    """Where the time cursor stands on the active timeline."""


@dataclass
class ViewReport:
    """A warning or an error of a view."""

    severity: str
    """`warning` or `error`."""
    summary: str
    details: str | None


@dataclass
class View:
    """A view of the blueprint on screen."""

    view_id: str
    view_class: str
    """Such as `3D` or `TimeSeries`."""
    name: str
    origin: str
    """The entity path that it starts at."""
    visible: bool
    reports: list[ViewReport]
    """The warnings and errors that the view shows."""


@dataclass
class LoadingSource:
    """A source from which the viewer is still loading."""

    name: str
    """A URL, or the id of a segment."""
    status: str
    """What the viewer's own loading screen says."""


@dataclass
class ViewerState:
    """What the viewer shows."""

    location: str
    """The URL of what is on screen, for `set_location`; empty before rerun-sdk 0.41."""
    active_recording: str | None
    """The store id of the recording on screen."""
    recordings: list[Recording]
    views: list[View]
    """Empty before rerun-sdk 0.41."""
    loading: list[LoadingSource]
    """Empty when all has arrived, and before rerun-sdk 0.41."""
    catalog_url: str | None
    """Always None in a page."""
    viewer_version: str | None
    """The version of the rerun-sdk that the viewer is from."""


@dataclass
class OpenResult:
    """What `open` has opened."""

    store_ids: list[str]
    """The recordings."""
    loading: list[str]
    """The URLs that are still loading."""


@dataclass
class LogEntry:
    """A message of the viewer's log."""

    sequence: int
    """Goes up by one with each message."""
    level: str
    """`INFO`, `WARN` or `ERROR`."""
    target: str
    """The part of the viewer that wrote it."""
    message: str


@dataclass
class ComponentSchema:
    """A component of an entity."""

    component: str
    """Such as `Points3D:positions`."""
    archetype: str | None
    """Such as `rerun.archetypes.Points3D`."""
    component_type: str | None
    """Such as `rerun.components.Position3D`."""
    datatype: str
    """The Arrow type of one value."""
    has_static: bool
    """Whether the component was ever logged statically."""


@dataclass
class EntitySchema:
    """An entity with the components that were logged on it."""

    entity_path: str
    components: list[ComponentSchema]
    """Empty with `paths_only`."""


@dataclass
class RecordingSchema:
    """The timelines and entities of a recording."""

    store_id: str
    timelines: list[Timeline]
    entities: list[EntitySchema]
    """By path."""
    omitted_entities: int
    """How many were left out because of `max_entities`."""


@dataclass
class DatasetSchema:
    """The entities in the segments of a dataset of a Rerun server."""

    timelines: list[str]
    entities: list[EntitySchema]
    """By path."""
    omitted_entities: int
    """How many were left out because of `max_entities`."""
    asset_ids: list[str]
    """For `get_dataset_assets_schema`."""


@dataclass
class DatasetAssetSchema:
    """The entities of an asset: static data that the segments of a dataset share."""

    asset_id: str
    entities: list[EntitySchema]
    """By path."""
    omitted_entities: int
    """How many were left out because of `max_entities`."""


@dataclass
class TableColumnSchema:
    """A column of a table."""

    name: str
    """Its name in Arrow."""
    display_name: str
    """Its name in the table's header."""
    datatype: str
    """Its Arrow type."""


@dataclass
class BlueprintInfo:
    """Which blueprint was written."""

    blueprint_id: str
    store_id: str | None
    """The recording that it is for, if it is a recording's."""
    table_url: str | None
    """The table that it is for, if it is a table's."""


@dataclass
class Blueprint(BlueprintInfo):
    """A blueprint."""

    blueprint: dict[str, Any]
    """By entity path of the blueprint, then archetype, then field."""


@dataclass
class Command:
    """A command of the viewer's command palette."""

    id: str
    """For `run_command`."""
    title: str
    description: str
    scope: str
    """`global`, `recording`, `server` or `table`."""
    shortcuts: list[str]
    available: bool
    """Whether `run_command` would run it now."""
    blocking_native_modal: bool
    """Whether the command opens a dialog of the operating system."""
    destructive: bool
    """Whether the command discards data or changes of the user."""
    target: str | None
    """What the command would act on now."""
