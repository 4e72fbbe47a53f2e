"""Reads the viewer's answer to a command. Any client can send an answer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from google.protobuf.message import DecodeError

from .. import answers
from .._checks import TooManyPartsError, read_json
from ..errors import EventDataError
from . import viewer_control
from .event_data import MOST_PARTS, short
from .state import reported_state, store_id_of, timeline_type

MOST_BYTES = 8_000_000
"""Upper bound on an answer, in base64."""

MOST_PARTS_IN_ALL = 100_000
"""Of an answer with lists in lists: this number takes seconds."""

MOST_PARTS_OF_EVENT = 10_000
"""Of an answer in an event. Gradio reads events on the event loop: this number takes 0.2 to 0.6 s."""

_left: ContextVar[int] = ContextVar("gradio_rerun_parts_left")


def read_answer(data: dict[str, Any], most_bytes: int = MOST_BYTES, most_parts: int = MOST_PARTS_IN_ALL) -> Any:
    """The answer in `data`: the viewer's response in base64, or what the page has opened. Raises an `EventDataError` if it is invalid, or too big."""
    if data.get("command") == "open":
        return read_opened(data)
    _left.set(most_parts)
    try:
        response = viewer_control.read_response(_decoded(data["protocol"], most_bytes))
        kind = response.WhichOneof("kind")
        return of_sdk(_READERS[kind](getattr(response, kind)))
    except EventDataError:
        raise
    except (KeyError, TypeError, ValueError, RecursionError, DecodeError) as error:
        raise no_answer(data) from error


def no_answer(data: Any) -> EventDataError:
    """The error for data that is not an answer."""
    return EventDataError(f"Expected the answer of a viewer, got {short(data)}. Reload the page.")


def read_opened(data: dict[str, Any]) -> answers.OpenResult:
    """The answer to `open` in `data`. Raises an `EventDataError` if it is invalid."""
    names = {name: data.get(name) for name in ("store_ids", "loading")}
    for given in names.values():
        if not isinstance(given, list) or len(given) > 1000 or not all(isinstance(each, str) for each in given):
            raise no_answer(data)
    opened: answers.OpenResult = of_sdk(answers.OpenResult(**names))  # type: ignore[arg-type]
    return opened


def read_state(data: dict[str, Any]) -> answers.ViewerState:
    """The answer to `get_state` in `data`. Raises an `EventDataError` if it is invalid."""
    _left.set(MOST_PARTS_IN_ALL)
    found: answers.ViewerState
    try:
        if "protocol" in data:
            found = of_sdk(_state(viewer_control.read_state(_decoded(data["protocol"], MOST_BYTES))))
            return found
    except EventDataError:
        raise
    except (TypeError, ValueError, DecodeError) as error:
        raise EventDataError(f"Expected the state of a viewer, got {short(data)}. Reload the page.") from error
    # An empty viewer, or one before rerun-sdk 0.41.
    state = reported_state(data)
    recordings = [
        answers.Recording(
            store_id=store_id_of(each.application_id, each.recording_id),
            location="",
            timelines=[answers.Timeline(each.name, each.type or "", each.start, each.end) for each in each.timelines],
            current_timeline=each.timeline,
            current_time=each.time,
        )
        for each in state.recordings
    ]
    active = state.active_recording
    found = of_sdk(
        answers.ViewerState(
            location="",
            active_recording=store_id_of(active.application_id, active.recording_id) if active else None,
            recordings=recordings,
            views=[],
            loading=[],
            catalog_url=None,
            viewer_version=state.viewer_version,
        )
    )
    return found


def _decoded(protocol: Any, most: int) -> bytes:
    if not isinstance(protocol, str):
        raise TypeError(protocol)
    if len(protocol) > most:
        raise _too_big(f"more than {most:,} bytes")
    return base64.b64decode(protocol, validate=True)


def of_sdk(made: Any) -> Any:
    """The same as an object of the SDK's class, if the SDK has the class with these fields."""
    own: Any = type(made)
    kind = _sdk_class(own)
    return made if kind is None else kind(**vars(made))


@cache
def _sdk_class(own: Any) -> Any:
    try:
        import rerun.experimental as sdk
    except ImportError:
        return None
    found: Any = getattr(sdk, own.__name__, None)
    is_same = is_dataclass(found) and {each.name for each in fields(found)} == {each.name for each in fields(own)}
    return found if is_same else None


def _all(read: Callable[[Any], Any], messages: Any) -> list[Any]:
    if len(messages) > MOST_PARTS:
        raise _too_big(f"more than {MOST_PARTS:,} parts in a list")
    _count(len(messages))
    return [of_sdk(read(each)) for each in messages]


def _count(parts: int) -> None:
    """Raises an `EventDataError` before more parts are read than an answer may have."""
    _left.set(_left.get() - parts)
    if _left.get() < 0:
        raise _too_big("too many parts")


def _too_big(has: str) -> EventDataError:
    return EventDataError(f"Expected a smaller answer, got one with {has}. Request less, or use a ViewerClient.")


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _same(own: type, *optional: str) -> Callable[[Any], Any]:
    """A reader for a message whose fields are those of the class; None for each of `optional` that is missing."""

    def read(message: Any) -> Any:
        names = [each.name for each in fields(own)]
        values = {name: _optional(message, name) if name in optional else getattr(message, name) for name in names}
        return own(**{name: _listed(value) for name, value in values.items()})

    return read


def _listed(value: Any) -> Any:
    return _texts(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else value


def _texts(messages: Any) -> list[str]:
    _count(len(messages))
    return list(messages)


def _json(text: str) -> Any:
    try:
        return read_json(text or "{}")
    except TooManyPartsError as error:
        raise _too_big("too many parts") from error


def _timeline(message: Any) -> answers.Timeline:
    known = message.HasField("time_range")
    time_range = message.time_range
    ends = (time_range.start, time_range.end) if known else (None, None)
    return answers.Timeline(message.timeline.name, timeline_type(message.time_type) or "", *ends)


def _recording(message: Any) -> answers.Recording:
    cursor = message.current_time
    return answers.Recording(
        store_id=message.store_id,
        location=message.location,
        timelines=_all(_timeline, message.timelines),
        current_timeline=cursor.timeline.name or None,
        current_time=cursor.time.time if cursor.HasField("time") else None,
    )


def _view(message: Any) -> answers.View:
    return answers.View(
        view_id=message.view_id,
        view_class=getattr(message, "class"),
        name=message.name,
        origin=message.origin,
        visible=message.visible,
        reports=_all(_same(answers.ViewReport, "details"), message.reports),
    )


def _state(message: Any) -> answers.ViewerState:
    return answers.ViewerState(
        location=message.location,
        active_recording=message.active_store_id or None,
        recordings=_all(_recording, message.recordings),
        views=_all(_view, message.views),
        loading=_all(_same(answers.LoadingSource), message.loading),
        catalog_url=_optional(message, "catalog_url"),
        viewer_version=message.viewer_version or None,
    )


_component = _same(answers.ComponentSchema, "archetype", "component_type")


def _entity(message: Any) -> answers.EntitySchema:
    return answers.EntitySchema(message.entity_path, _all(_component, message.components))


def _recording_schema(message: Any) -> answers.RecordingSchema:
    return answers.RecordingSchema(
        store_id=message.store_id,
        timelines=_all(_timeline, message.timelines),
        entities=_all(_entity, message.entities),
        omitted_entities=message.omitted_entities,
    )


def _dataset_schema(message: Any) -> answers.DatasetSchema:
    return answers.DatasetSchema(
        timelines=_texts(message.timelines),
        entities=_all(_entity, message.entities),
        omitted_entities=message.omitted_entities,
        asset_ids=_texts(message.asset_ids),
    )


def _asset(message: Any) -> answers.DatasetAssetSchema:
    return answers.DatasetAssetSchema(message.asset_id, _all(_entity, message.entities), message.omitted_entities)


_blueprint_info = _same(answers.BlueprintInfo, "store_id", "table_url")


def _blueprint(message: Any) -> answers.Blueprint:
    return answers.Blueprint(**vars(_blueprint_info(message)), blueprint=_json(message.json))


_command = _same(answers.Command, "target")


def _nothing(_: Any) -> None:
    return None


_READERS: dict[str | None, Callable[[Any], Any]] = {
    "close": lambda message: _texts(message.closed),
    "get_logs": lambda message: _all(_same(answers.LogEntry), message.entries),
    "get_state": _state,
    "set_time_cursor": _nothing,
    "get_recording_schema": _recording_schema,
    "highlight_rect": _nothing,
    "describe_commands": lambda message: _all(_command, message.commands),
    "run_command": lambda message: _command(message.command),
    "get_blueprint": _blueprint,
    "set_blueprint": _blueprint_info,
    "get_transform_graph": lambda message: _json(message.json),
    "get_table_schema": lambda message: _all(_same(answers.TableColumnSchema), message.columns),
    "get_dataset_schema": _dataset_schema,
    "get_location": lambda message: message.location,
    "set_location": _nothing,
    "get_dataset_assets_schema": lambda message: _all(_asset, message.assets),
}
