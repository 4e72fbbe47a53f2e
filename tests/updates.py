"""Each parameter of `Rerun`: a change by an update, or the reason why there is none; docs/parameters.md gives the same reasons."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from gradio.state_holder import SessionState

from gradio_rerun import Rerun

PARAMETERS = list(inspect.signature(Rerun.__init__).parameters)[1:]

CHANGES: dict[str, Any] = {
    "value": "https://example.com/b.rrd",
    "label": "changed",
    "show_label": False,
    "show_download_button": False,
    "show_clear_button": True,
    "container": False,
    "scale": 4,
    "min_width": 900,
    "height": 250,
    "interactive": True,
    "visible": False,
    "elem_id": "changed",
    "elem_classes": ["changed"],
    "streaming": True,
    "max_stream_size": 100,
    "file_count": "multiple",
    "file_types": [".png"],
    "buttons": ["clear"],
    "panel_states": {"blueprint": "hidden"},
    "theme": "dark",
    "telemetry": True,
    "on_demand_above": 10_000_000,
    "allowed_origins": ["https://example.com"],
    "allowed_sources": ["memory://updates/"],
    "tunnel": ["rerun+http://127.0.0.1:9876"],
    "time_update_interval": 60,
    "time_controls": True,
    "keys": ["w", "ArrowUp"],
}
"""New values that differ from the defaults."""

NO_UPDATE = {
    "every": "Gradio starts the timer and attaches the listeners when the app is built.",
    "inputs": "Gradio starts the timer and attaches the listeners when the app is built.",
    "render": "It only concerns how the app is built.",
    "key": "They only concern `gr.render`.",
    "preserved_by_key": "They only concern `gr.render`.",
}


@cache
def _app(make: Callable[[], Rerun]) -> tuple[gr.Blocks, Rerun]:
    with gr.Blocks() as demo:  # takes Gradio a second
        viewer = make()
        gr.Button().click(lambda: None, None, viewer)
    return demo, viewer


def sent_to_the_page(function: Callable[[], Any], make: Callable[[], Rerun] = Rerun) -> tuple[Any, Rerun]:
    """Returns the update that the page gets for the return value of a listener, and the component of the session after the update."""
    demo, viewer = _app(make)
    state = SessionState(demo)
    returned = in_event(function)
    (listener,) = demo.fns.values()
    (sent,) = asyncio.run(demo.postprocess_data(listener, returned, state))
    return sent, state[viewer._id]


def in_event(function: Callable[[], Any]) -> Any:
    """The return value of `function`, called as Gradio calls event listeners."""

    def call() -> Any:
        LocalContext.in_event_listener.set(True)
        return function()

    return copy_context().run(call)
