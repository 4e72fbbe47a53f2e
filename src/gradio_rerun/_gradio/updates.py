"""How an update of a component reaches the frontend.

Gradio merges an update into a copy of `constructor_args`, makes the component again, and sends the frontend the changed arguments only.
gr.HTML drops its own arguments (`scale`, `min_width`), and replaces all props of the frontend with the rest. So each update gets all
settings of the new component. While the component is not in the page, as in a tab that was never selected, the next update replaces one that the
frontend has not read. So each update gets the last commands, too; the frontend carries out each of them once.

Gradio 6.10 to 6.31. Remove this file when Gradio merges props in the frontend, and
tests/unit/test_updates.py::test_parameters_that_are_not_named_stay passes without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from gradio.utils import is_prop_update

_MOST_COMMANDS = 20
"""Upper bound on the commands of a component that are kept for later updates."""

_MOST_SIZE = 64_000
"""Upper bound on their size, in characters."""

_commands: WeakKeyDictionary[Any, dict[int, list[dict[str, Any]]]] = WeakKeyDictionary()
"""The last commands, by session and component."""


class ConstructorArgs(dict[str, Any]):
    """The arguments that a component was made with. `merged` returns what an update adds to a copy of them."""

    def __init__(self, arguments: Mapping[str, Any], merged: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        super().__init__(arguments)
        self._merged = merged

    def copy(self) -> ConstructorArgs:
        return ConstructorArgs(self, self._merged)

    def update(self, changes: Mapping[str, Any]) -> None:  # type: ignore[override]
        super().update(self._merged(changes))


def set_ids(outputs: Iterable[Any], state: Any) -> None:
    """Gives the components of a session their ids in the app. Each update replaces a component by a new one, which has another id.

    Call it on the event loop: while a thread calls `postprocess`, an update may replace the component in the session.
    """
    for block in outputs:
        if hasattr(block, "_id_in_app") and block._id in state:
            state[block._id]._id_in_app = block._id


def trust(component: Any, original: Any) -> None:
    """Gives the component of a session, which an update has made again, the trust of the app's own."""
    if hasattr(component, "_trust_as"):
        component._trust_as(original)


def complete(value: Any, block: Any, state: Any) -> None:
    """Gives an update on its way to the frontend all settings of the component of the session, and the last commands. `value`: what is sent, an update or not."""
    if not hasattr(block, "_page_settings"):
        return
    component = state[block._id]
    kept = _earlier_commands(value, block, state)
    if not is_prop_update(value):
        return
    commands = [*kept, *value.get("props", {}).get("settings", {}).get("commands", [])]
    kept[:] = _last(commands)
    value["props"] = {"settings": component._page_settings() | ({"commands": commands} if commands else {})}
    if "value" in value and value["value"] is None:  # as it is with `postprocess=False`
        value["value"] = []  # the frontend takes None for the end of a generator
    value.pop("buttons", None)  # the app's own, which the frontend already has
    if component.buttons:
        value.pop("show_label", None)  # without a label, gr.HTML would not show them


def _earlier_commands(value: Any, block: Any, state: Any) -> list[dict[str, Any]]:
    """The session's commands from before `value`, without those that refer to a value that it replaces. The session keeps the list."""
    of_session = _commands.setdefault(state, {})
    if block._id not in of_session:
        # Components of a gr.render that has run again are no longer there.
        for old in of_session.keys() - state.blocks_config.blocks.keys():
            del of_session[old]
        of_session[block._id] = _last(block._first_commands)
    commands = of_session[block._id]
    shown = value.get("value", ...) if is_prop_update(value) else value
    if not shown:
        commands.clear()
    elif shown is not ... and not state[block._id].streaming:
        commands[:] = [each for each in commands if each["outlasts"]]
    return commands


def _last(commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last ones, as many as a session keeps."""
    last = commands[-_MOST_COMMANDS:]
    while sum(map(_size, last)) > _MOST_SIZE:
        del last[0]
    return last


def _size(command: Mapping[str, Any]) -> int:
    texts = [command["request"] or "", *command["arguments"].values()]
    return sum(len(each if isinstance(each, str) else str(each)) for each in texts)
