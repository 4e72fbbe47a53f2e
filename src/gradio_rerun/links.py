"""Viewers that show the same time, the same selection, or the same camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from gradio.context import LocalContext

from ._checks import FLAG, described, is_collection, wrong
from ._viewer.times import duration_ns, sequence_number
from .component import Rerun
from .errors import CommandError, ParameterError


@dataclass(frozen=True)
class Link:
    """Viewers, and what they have in common."""

    viewers: tuple[Rerun, ...]
    options: dict[str, Any]

    def for_page(self) -> dict[str, Any]:
        """The link as the frontend takes it. The ids are final when the app is complete."""
        return {"ids": [each._id for each in self.viewers], **self.options}


def link(
    *viewers: Rerun,
    time: bool = True,
    play: bool = True,
    selection: bool = True,
    camera: bool = False,
    timelines: Sequence[str] | None = None,
    offsets: Sequence[int | timedelta | np.timedelta64] | None = None,
) -> None:
    """Links viewers, so that all of them show the same time and the same selection, without requests to the server.

    One viewer leads: the one that the user, or a command, has moved, played or paused last. The others show its time on its timeline. A viewer
    whose recording lacks the timeline stays where it is. Events of viewers that follow have `from_command`.

    Parameters:
        viewers: Two viewers or more, which are linked to no others. In a gr.render, some of them may be on the page already.
        time: If False, each viewer has a time of its own.
        play: If True, the others move while one plays. If False, a viewer that plays moves no others, and is not moved.
        selection: If True, an entity that is selected in one viewer is selected in the others whose recording has it. It needs rerun-sdk 0.41.
        camera: If True, the others get the layout of the views, and their cameras, when the user has let go of one. It needs rerun-sdk 0.41, and recordings that have the same views.
        timelines: A timeline for each viewer, in the order of the viewers. When one shows its own, the others show theirs. None: the timelines have the same name.
        offsets: What is added to the time of each viewer, in the order of the viewers: sequence numbers, nanoseconds, or a `timedelta`. None: nothing.

    Raises `ParameterError` for other arguments.
    """
    if len(viewers) < 2 or not all(isinstance(each, Rerun) for each in viewers):
        raise ParameterError(f"Expected link to get two Rerun components or more, got {described(viewers)}.")
    render = LocalContext.renderable.get(None)
    # A viewer that is already on the page keeps its script. The scripts of the new viewers name it.
    built_here = [each for each in viewers if render is None or each.rendered_in is render]
    if len({id(each) for each in viewers}) < len(viewers) or any(each._linked for each in built_here):
        raise ParameterError(
            "Expected link to get viewers that are linked to no others, each once. Link all of them in one call."
        )
    if not built_here:
        raise ParameterError(
            "Expected link to get a viewer that this gr.render builds, got others only. Link them outside of it."
        )
    flags = {"time": time, "play": play, "selection": selection, "camera": camera}
    options = {
        **{name: bool(FLAG(name, value)) for name, value in flags.items()},
        "timelines": _timelines(timelines, len(viewers)),
        "offsets": _offsets(offsets, len(viewers)),
    }
    for viewer in built_here:
        viewer._linked = Link(viewers, options)


def _timelines(given: Any, count: int) -> list[str] | None:
    if given is None:
        return None
    names = list(given) if is_collection(given) else []
    if len(names) != count or not all(isinstance(each, str) and each for each in names):
        raise wrong("timelines", f"the names of {count} timelines, one for each viewer, or None", given)
    return names


def _offsets(given: Any, count: int) -> list[str]:
    """As text: JSON has no integers of 64 bits."""
    if given is None:
        return []
    offsets = list(given) if is_collection(given) else []
    try:
        numbers = [_offset(each) for each in offsets]
    except (CommandError, TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) != count:
        raise wrong("offsets", f"{count} integers or timedeltas, one for each viewer, or None", given)
    return [str(each) for each in numbers]


def _offset(given: Any) -> int:
    if not isinstance(given, (timedelta, np.timedelta64)):
        return sequence_number(given)
    return duration_ns(given) if given >= type(given)(0) else -duration_ns(-given)
