"""Viewers that show the same time."""

from __future__ import annotations

from ._checks import described
from .component import Rerun
from .errors import ParameterError


def link(*viewers: Rerun) -> None:
    """Links viewers, so that all of them show the same time, without requests to the server.

    One viewer leads: the one that the user, or a command, has moved, played or paused last. The others show its time on its timeline. A viewer
    whose recording lacks the timeline stays where it is. Events of viewers that follow have `from_command`.

    Parameters:
        viewers: Two viewers or more, which are linked to no others.
    """
    if len(viewers) < 2 or not all(isinstance(each, Rerun) for each in viewers):
        raise ParameterError(f"Expected link to get two Rerun components or more, got {described(viewers)}.")
    if len({id(each) for each in viewers}) < len(viewers) or any(each._linked for each in viewers):
        raise ParameterError(
            "Expected link to get viewers that are linked to no others, each once. Link all of them in one call."
        )
    for viewer in viewers:
        viewer._linked = [each for each in viewers if each is not viewer]
