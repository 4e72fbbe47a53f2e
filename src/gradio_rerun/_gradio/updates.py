"""How an update of a component reaches the frontend.

Gradio merges an update into a copy of `constructor_args`, makes the component again, and sends the frontend the changed arguments only.
gr.HTML drops its own arguments (`scale`, `min_width`), and replaces all props of the frontend with the rest. So each update gets all
settings of the new component.

Gradio 6.10 to 6.31. Remove this file when Gradio merges props in the frontend, and
tests/unit/test_updates.py::test_parameters_that_are_not_named_stay passes without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


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


def complete(update: dict[str, Any], component: Any) -> None:
    """Gives an update on its way to the frontend all settings of the component of the session."""
    if not hasattr(component, "_page_settings"):
        return
    commands = update.get("props", {}).get("settings", {}).get("commands")
    update["props"] = {"settings": component._page_settings() | ({"commands": commands} if commands else {})}
    if "value" in update and update["value"] is None:  # as it is with `postprocess=False`
        update["value"] = []  # the frontend takes None for the end of a generator
    update.pop("buttons", None)  # the app's own, which the frontend already has
    if component.buttons:
        update.pop("show_label", None)  # without a label, gr.HTML would not show them
