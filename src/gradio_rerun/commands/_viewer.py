"""Commands for the viewer as a whole: its panels, its page, its own commands, pictures and highlights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args
from uuid import UUID

from .. import answers
from .._checks import described, is_collection, is_number
from .._viewer.viewer_control import Plan, field_path, request
from .._wire import PanelName, PanelState
from ..errors import CommandError
from ._command import OF_ANOTHER_RECORDING, Command, causes, flag, made, name_of, number, optional_name, recording_id_of

_State = PanelState | Literal["default"]


def update_panels(
    *,
    top: _State | None = None,
    blueprint: _State | None = None,
    selection: _State | None = None,
    time: _State | None = None,
) -> Command[None]:
    """Shows panels of the viewer, or hides them, as the parameter `panel_states` does.

    Args:
        top: The state of the top panel: "expanded", "collapsed", "hidden", or "default", which leaves it to the user. None: as it is.
        blueprint: The same for the blueprint panel.
        selection: The same for the selection panel.
        time: The same for the time panel.
    """
    given = {"top": top, "blueprint": blueprint, "selection": selection, "time": time}
    return checked_panels({name: state for name, state in given.items() if state is not None})


def checked_panels(states: Mapping[Any, Any]) -> Command[None]:
    """The command with these states."""
    known = (*get_args(PanelState), "default")
    for name, state in states.items():
        if name not in get_args(PanelName) or not isinstance(state, str) or state not in known:
            raise CommandError(
                f"Expected update_panels to give the panels {get_args(PanelName)} one of the states {known}, got {name!r}: {state!r}."
            )
    wired = tuple((name, None if state == "default" else state) for name, state in states.items())
    text = ", ".join(f"{name}={state!r}" for name, state in states.items())
    return Command("update_panels", (("states", wired),), text, Plan(outlasts=True))


def take_screenshot(view_id: str | UUID | None = None, *, max_size: int | None = None) -> Command[str]:
    """Takes a picture. The event `screenshot` has its path, a PNG in Gradio's upload folder.

    Args:
        view_id: The id of a view, or its name; None: the whole viewer.
        max_size: Pixels of the longer side at most.
    """
    name = optional_name("view_id", str(view_id) if isinstance(view_id, UUID) else view_id)
    size = number("max_size", max_size)
    of_view = Plan(request("save_screenshot", max_size=size), field_path("save_screenshot", "view_id"))
    return made("take_screenshot", Plan() if name is None else of_view, "view_id", view_id=name, max_size=size)


def highlight_rect(rect: Sequence[float] | None, label: str | None = None) -> Command[None]:
    """Draws a pulsing outline in the viewer, until the user clicks anywhere. It needs rerun-sdk 0.41.

    Args:
        rect: x, y, width and height, in CSS pixels from the top left corner of the viewer; None removes the outline.
        label: A short text beside it.
    """
    box = None
    if rect is not None:
        numbers = list(rect) if is_collection(rect) else []
        if len(numbers) != 4 or not all(is_number(each) and abs(each) < 1e9 for each in numbers):
            raise CommandError(f"Expected rect to be (x, y, width, height) in pixels, or None, got {described(rect)}.")
        box = dict(zip("xywh", map(float, numbers), strict=True))
    plan = Plan(request("highlight_rect", rect=box, label=optional_name("label", label)), outlasts=True)
    return made("highlight_rect", plan, "rect", rect=None if rect is None else tuple(rect), label=label)


def get_location() -> Command[str]:
    """Requests the URL of what is on screen, for `set_location`. It needs rerun-sdk 0.41. The event `answer` has it."""
    return Command("get_location", _plan=Plan(request("get_location"), answers=True))


def set_location(location: str) -> Command[None]:
    """Shows what is open at this URL, as `get_location` returns it. It needs rerun-sdk 0.41."""
    content = request("set_location", location=name_of("location", location))
    plan = Plan(content, causes=causes(None, *OF_ANOTHER_RECORDING, "play", "pause"))
    return made("set_location", plan, "location", location=location)


def list_commands(
    ids: Sequence[str] | None = None,
    *,
    include_unavailable: bool | None = None,
    store_id: str | None = None,
    server_origin: str | None = None,
) -> Command[list[answers.Command]]:
    """Requests the commands of the viewer's command palette. It needs rerun-sdk 0.41. The event `answer` has them.

    Args:
        ids: Only these, in this order; None: all, by id.
        include_unavailable: Whether commands that cannot run now are listed, too.
        store_id: The recording for commands with the scope "recording"; None: the one on screen.
        server_origin: The server for commands with the scope "server"; None: the one that is selected.
    """
    if ids is not None and not is_collection(ids):
        raise CommandError(f"Expected ids to be a list of strings or None, got {described(ids)}.")
    names = None if ids is None else tuple(name_of("ids", each) for each in ids)
    given = {
        "recording_id": recording_id_of("store_id", store_id),
        "server_origin": optional_name("server_origin", server_origin),
    }
    content: dict[str, Any]
    if names is None:
        kind, content = "list_commands", {"include_unavailable": flag("include_unavailable", include_unavailable)}
    else:
        kind, content = "describe_commands", {"ids": names}
    plan = Plan(request(kind, **content, server_origin=server_origin), field_path(kind, "store_id"), answers=True)
    hidden = {"describe": request("describe_commands", server_origin=server_origin), "ids": names}
    return made("list_commands", plan, hidden=hidden, include_unavailable=include_unavailable, **given)


def run_command(
    id: str,  # as in Rerun
    *,
    store_id: str | None = None,
    server_origin: str | None = None,
    allow_blocking_native_modal: bool | None = None,
) -> Command[answers.Command]:
    """Runs a command of the viewer's command palette, such as "recording.seek_to_start". It needs rerun-sdk 0.41.

    Args:
        id: As `list_commands` returns it.
        store_id: The recording that it is for; None: the one on screen.
        server_origin: The server that it is for; None: the one that is selected.
        allow_blocking_native_modal: Whether it may open a dialog of the browser.
    """
    content = request(
        "run_command",
        id=name_of("id", id),
        server_origin=optional_name("server_origin", server_origin),
        allow_blocking_native_modal=flag("allow_blocking_native_modal", allow_blocking_native_modal),
    )
    plan = Plan(content, field_path("run_command", "store_id"), causes(None, *OF_ANOTHER_RECORDING, "play", "pause"))
    return made(
        "run_command",
        plan,
        "id",
        id=id,
        recording_id=recording_id_of("store_id", store_id),
        server_origin=server_origin,
        allow_blocking_native_modal=allow_blocking_native_modal,
    )


def get_state() -> Command[answers.ViewerState]:
    """Requests the state of the viewer. The event `state` has the answer."""
    return Command("get_state", _plan=Plan(outlasts=True))


def get_logs(after_sequence: int | None = None) -> Command[list[answers.LogEntry]]:
    """Requests the last messages of the viewer's log, oldest first. It needs rerun-sdk 0.41. The event `answer` has them.

    Args:
        after_sequence: Only those after this one; None: all that the viewer still has.
    """
    number("after_sequence", after_sequence, 0, 2**64)
    plan = Plan(request("get_logs", after_sequence=after_sequence), answers=True, outlasts=True)
    return made("get_logs", plan, "after_sequence", after_sequence=after_sequence)
