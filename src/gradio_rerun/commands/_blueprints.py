"""Commands for blueprints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from .. import answers
from .._checks import described
from .._recordings.blueprints import blueprint_bytes, read_blueprint
from .._viewer.viewer_control import Plan, field_path, request
from ..errors import CommandError
from ._command import Command, choice, flag, made, name_of, optional_name, recording_id_of

_Of = Literal["recording", "table"]


def get_blueprint(
    of: _Of | None = None, *, store_id: str | None = None, table_url: str | None = None
) -> Command[answers.Blueprint]:
    """Requests a blueprint, as a dict. It needs rerun-sdk 0.41. The event `answer` has it.

    Args:
        of: "recording" or "table": whose blueprint; None: the one that `store_id` or `table_url` names, otherwise the one on screen.
        store_id: The recording, by its store id or its recording id; None: the one on screen.
        table_url: The URL of the table; None: the one on screen.
    """
    target, recording_id, path = _target("get_blueprint", of, store_id, table_url)
    plan = Plan(request("get_blueprint", **target), path, answers=True)
    return made("get_blueprint", plan, "of", of=of, recording_id=recording_id, table_url=table_url)


def set_blueprint(
    blueprint: Any,
    of: _Of | None = None,
    *,
    store_id: str | None = None,
    table_url: str | None = None,
    partial: bool = False,
    application_id: str | None = None,
) -> Command[answers.BlueprintInfo | None]:
    """Applies a blueprint.

    Args:
        blueprint: A `rerun.blueprint.Blueprint`, a view or a container; the path of an .rbl file, which names its application; or a dict as
            `get_blueprint` returns it, which needs rerun-sdk 0.41.
        of: With a dict, "recording" or "table": whose blueprint; None: a recording's, unless `table_url` names a table.
        store_id: With a dict, the recording, by its store id or its recording id; None: the one on screen.
        table_url: With a dict, the URL of the table; None: the one on screen.
        partial: With a dict, whether parts that it does not name stay as they are. If False, these are cleared.
        application_id: With an object of the SDK, the application whose recordings it is for; None: that of rerun's active recording, as for
            `rerun.send_blueprint`.
    """
    if isinstance(blueprint, Mapping):
        if application_id is not None:
            raise CommandError(f"Expected no application_id with a dict, got {application_id!r}. Name a store_id.")
        return _of_dict(blueprint, of, store_id, table_url, partial)
    if of is not None or store_id is not None or table_url is not None or partial:
        raise CommandError(
            f"Expected of, store_id, table_url and partial only with a dict as the blueprint, got {described(blueprint)}."
        )
    if isinstance(blueprint, (str, Path)):
        if application_id is not None:
            raise CommandError(
                f"Expected no application_id, got {application_id!r}: the file {Path(blueprint).name!r} names its own."
            )
        path = Path(blueprint)
        return _of_bytes(read_blueprint(path), repr(path.name), path)
    if not type(blueprint).__module__.startswith("rerun."):
        raise CommandError(
            "Expected set_blueprint to get a rerun.blueprint.Blueprint, the path of an .rbl file or a dict, "
            f"got {described(blueprint)}."
        )
    import rerun as rr

    name = rr.get_application_id() if application_id is None else name_of("application_id", application_id)
    if not name:
        raise CommandError(
            "Expected set_blueprint to get the application_id of the recordings that the blueprint is for, since rerun has no "
            "active recording here. Write: set_blueprint(blueprint, application_id=...), with the name that was given to "
            "rerun.RecordingStream or rerun.init."
        )
    return _of_bytes(blueprint_bytes(blueprint, name), f"<blueprint>, application_id={name!r}")


def save_blueprint() -> Command[str]:
    """Saves the blueprint of the recording on screen, with the user's changes. The event `blueprint_saved` has the path of the file."""
    return Command("save_blueprint")


def _of_dict(
    blueprint: Mapping[str, Any], of: _Of | None, store_id: str | None, table_url: str | None, partial: bool
) -> Command[answers.BlueprintInfo | None]:
    target, recording_id, path = _target("set_blueprint", of, store_id, table_url)
    try:
        content = json.dumps(dict(blueprint), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CommandError(
            f"Expected set_blueprint to get a dict as get_blueprint returns it, got one that is not JSON: {error}."
        ) from error
    mode = "BLUEPRINT_UPDATE_MODE_PARTIAL" if flag("partial", partial) else None
    plan = Plan(request("set_blueprint", json=content, mode=mode, **(target or {"recording": {}})), path)
    given: dict[str, Any] = {"of": of, "recording_id": recording_id, "table_url": table_url, "partial": partial or None}
    command: Command[Any] = made("set_blueprint", plan, **given)
    return replace(command, _text=", ".join(filter(None, ["<dict>", command._text])))


def _target(
    kind: str, of: str | None, store_id: str | None, table_url: str | None
) -> tuple[dict[str, Any], str | None, list[int]]:
    """The target in a request, the id of the recording, and where its store id goes."""
    choice("of", of, get_args(_Of))
    recording_id, url = recording_id_of("store_id", store_id), optional_name("table_url", table_url)
    if (recording_id and url) or (of == "recording" and url) or (of == "table" and recording_id):
        raise CommandError(
            "Expected a store_id for the blueprint of a recording, or a table_url for that of a table, got both."
        )
    if of == "table" or url:
        return {"table": {} if url is None else {"table_url": url}}, None, []
    target: dict[str, Any] = {"recording": {}} if of or recording_id else {}
    return target, recording_id, field_path(kind, "recording", "store_id")


def _of_bytes(content: bytes, text: str, source: Path | None = None) -> Command[Any]:
    return Command("set_blueprint", (("rbl", content),), text, Plan(outlasts=True, source=source))
