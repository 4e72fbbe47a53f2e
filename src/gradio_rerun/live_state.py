"""What a viewer shows when an event calls a function, as an input of the function."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from ._checks import described
from ._viewer.event_data import as_object, list_field
from ._viewer.selection import SelectionItem, selection_item
from ._viewer.state import reported_state
from .component import Rerun
from .errors import ParameterError, PlacementError
from .viewer_state import ViewerState

# When Gradio collects the inputs of a function, it makes a copy of the value, by its `toJSON`. In a deep link and in a run of its history, the component
# has such a copy at first, and the viewer shows that moment again.
_SCRIPT = """
const app = element.closest(".gradio-container") ?? {};
const shared = (app.rerunStates ??= {})[%d] ??= {};
const live = new (class {
  toJSON() {
    return shared.now?.() ?? null;
  }
})();
const kept = props.value;
const set = () => { props.value = live; };
watch("value", set);
set();
const states = shared.states ??= new Set();
if (kept?.selection && !states.has(%d)) {
  if (shared.show) shared.show(kept);
  else shared.kept = kept;
}
states.add(%d);
"""


@dataclass(frozen=True)
class LiveViewerState(ViewerState):
    """What the viewer shows, and what is selected in it."""

    selection: tuple[SelectionItem, ...]
    """As in the event `selection_change`."""


class LiveState(gr.HTML):
    """An input of functions: what a viewer shows at the moment of the event, without a question to the page.

    The function gets a `LiveViewerState`; None if the viewer shows nothing, or if no page has called the function. The component itself is
    not visible.

        viewer = Rerun("run.rrd")
        button.click(crop, LiveState(viewer), picture)
    """

    def __init__(self, viewer: Rerun, *, render: bool = True) -> None:
        """
        Parameters:
            viewer: The viewer, in the same tab or `gr.render`.
            render: If False, the component is not rendered yet, and can be by calling `.render()`.
        """
        if not isinstance(viewer, Rerun):
            raise ParameterError(f"Expected viewer to be a Rerun component, got {described(viewer)}.")
        super().__init__(html_template="", apply_default_css=False, visible="hidden", render=render)
        self.js_on_load = _SCRIPT % (viewer._id, self._id, self._id)

    def api_info(self) -> dict[str, Any]:
        """For Gradio: clients without a page send None."""
        return {"type": {}, "description": "what the viewer in a page shows; None without a page"}

    def example_payload(self) -> None:
        """For Gradio."""

    def example_value(self) -> None:
        """For Gradio."""

    def preprocess(self, payload: Any) -> LiveViewerState | None:
        """
        Parameters:
            payload: What the page reports; a client can send anything.
        Returns:
            What the viewer shows, as a `LiveViewerState`; None if it shows nothing.
        """
        if payload is None or payload == "":
            return None
        data = as_object(payload)
        state = reported_state(data)
        known = {each.name: getattr(state, each.name) for each in fields(state)}
        return LiveViewerState(**known, selection=tuple(map(selection_item, list_field(data, "selection"))))

    def postprocess(self, value: Any) -> None:
        """
        Parameters:
            value: Only None: a LiveState is not an output.
        """
        if value is not None:
            raise PlacementError("A LiveState is an input of functions, not an output. Return commands for the viewer.")
