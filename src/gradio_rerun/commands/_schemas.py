"""Commands that request the content of a recording, a dataset or a table. They need rerun-sdk 0.41; the event `answer` has the answer."""

from __future__ import annotations

from typing import Any, Literal, get_args

from .. import answers
from .._viewer.viewer_control import Plan, field_path, request
from ._command import Command, choice, flag, made, number, optional_name, recording_id_of

_FrameFilter = Literal["entity_path", "named", "all"]
_EdgeFilter = Literal["static", "temporal", "all"]


def get_recording_schema(
    store_id: str | None = None,
    *,
    entity_path: str | None = None,
    max_entities: int | None = None,
    paths_only: bool | None = None,
) -> Command[answers.RecordingSchema]:
    """Requests the timelines of a recording, its entities, and the components that were logged on them.

    Args:
        store_id: The recording, by its store id or its recording id; None: the one on screen.
        entity_path: Only this entity and those below it.
        max_entities: How many at most; None: 100, or 10,000 with `paths_only`.
        paths_only: Whether the components are left out.
    """
    content = request(
        "get_recording_schema",
        **_checked(entity_path, max_entities),
        with_archetypes=False,
        with_components=not flag("paths_only", paths_only),
    )
    recording_id = recording_id_of("store_id", store_id)
    return made(
        "get_recording_schema",
        Plan(content, field_path("get_recording_schema", "store_id"), answers=True),
        recording_id=recording_id,
        entity_path=entity_path,
        max_entities=max_entities,
        paths_only=paths_only,
    )


def get_dataset_schema(
    dataset_url: str | None = None,
    *,
    entity_path: str | None = None,
    max_entities: int | None = None,
    paths_only: bool | None = None,
) -> Command[answers.DatasetSchema]:
    """Requests the entities in the segments of a dataset of a Rerun server. Nothing is opened.

    Args:
        dataset_url: The URL of the dataset; None: the one on screen.
        entity_path: Only this entity and those below it.
        max_entities: How many at most; None: 100, or 10,000 with `paths_only`.
        paths_only: Whether the components are left out; None: if there is no `entity_path`.
    """
    return _of_dataset("get_dataset_schema", dataset_url, entity_path, max_entities, paths_only)


def get_dataset_assets_schema(
    dataset_url: str | None = None,
    *,
    entity_path: str | None = None,
    max_entities: int | None = None,
    paths_only: bool | None = None,
) -> Command[list[answers.DatasetAssetSchema]]:
    """Requests the entities of the assets of a dataset: static data that its segments share, such as a robot's meshes.

    Args:
        dataset_url: The URL of the dataset; None: the one on screen.
        entity_path: Only this entity and those below it. Assets without any are left out.
        max_entities: How many at most, of each asset.
        paths_only: Whether the components are left out.
    """
    return _of_dataset("get_dataset_assets_schema", dataset_url, entity_path, max_entities, paths_only)


def get_table_schema(table_url: str | None = None) -> Command[list[answers.TableColumnSchema]]:
    """Requests the columns of a table that the viewer has shown.

    Args:
        table_url: The URL of a dataset or table, or of a server for the list of its entries; None: the table on screen. A table that has not been shown
            must be opened first.
    """
    content = request("get_table_schema", table_url=optional_name("table_url", table_url))
    return made("get_table_schema", Plan(content, answers=True), table_url=table_url)


def get_transform_graph(
    store_id: str | None = None,
    *,
    frame_filter: _FrameFilter | None = None,
    edge_filter: _EdgeFilter | None = None,
    include_transforms: bool | None = None,
) -> Command[dict[str, Any]]:
    """Requests the frames of a recording at its time cursor, and the transforms between them.

    Args:
        store_id: The recording, by its store id or its recording id; None: the one on screen.
        frame_filter: "entity_path": the frames that the entity paths imply; "named": those with names; "all" or None: both.
        edge_filter: "static", "temporal", or "all" or None for both.
        include_transforms: Whether the matrices and the cameras' properties are in the answer.
    """
    content = request(
        "get_transform_graph",
        frame_filter=_filter("frame_filter", frame_filter, get_args(_FrameFilter)),
        edge_filter=_filter("edge_filter", edge_filter, get_args(_EdgeFilter)),
        include_transforms=flag("include_transforms", include_transforms),
    )
    return made(
        "get_transform_graph",
        Plan(content, field_path("get_transform_graph", "store_id"), answers=True),
        recording_id=recording_id_of("store_id", store_id),
        frame_filter=frame_filter,
        edge_filter=edge_filter,
        include_transforms=include_transforms,
    )


def _of_dataset(
    kind: str, dataset_url: str | None, entity_path: str | None, max_entities: int | None, paths_only: bool | None
) -> Command[Any]:
    url = optional_name("dataset_url", dataset_url)
    content = request(
        kind, dataset_url=url, **_checked(entity_path, max_entities), paths_only=flag("paths_only", paths_only)
    )
    given: dict[str, Any] = {"entity_path": entity_path, "max_entities": max_entities, "paths_only": paths_only}
    return made(kind, Plan(content, answers=True), dataset_url=url, **given)


def _checked(entity_path: str | None, max_entities: int | None) -> dict[str, Any]:
    most = number("max_entities", max_entities)
    return {"entity_path": optional_name("entity_path", entity_path), "max_entities": most}


def _filter(name: str, value: str | None, known: tuple[str, ...]) -> str | None:
    return None if choice(name, value, known) is None else f"{name.upper()}_{str(value).upper()}"
