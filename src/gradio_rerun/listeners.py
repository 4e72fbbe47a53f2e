"""How functions are attached to the viewer's events, so that none is lost and `time_update` never piles up."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from gradio.context import get_blocks_context
from gradio.events import EventListener, EventListenerMethod


class EveryTime(EventListener):
    """An event of which no call is dropped: Gradio drops what comes while a call runs, unless `trigger_mode="multiple"`.

    `gr.on` passes by here: it needs `trigger_mode="multiple"` from the app.
    """

    def __init__(self, event_name: str, **options: Any) -> None:
        self._options = options
        super().__init__(event_name, **options)
        self.listener: Callable[..., Any] = _with_default_mode(self.listener)

    def copy(self) -> EveryTime:
        """Another one, for Gradio, which would make a plain `EventListener` of it."""
        return type(self)(self.event_name, **self._options)


def _with_default_mode(listener: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(listener)

    @wraps(listener)  # also takes along the attributes that Gradio has put on it
    def listen(*args: Any, **options: Any) -> Any:
        given = signature.bind(*args, **options)
        if given.arguments.get("trigger_mode") is None:
            given.arguments["trigger_mode"] = "multiple"
        return listener(*given.args, **given.kwargs)

    return listen


# Gradio's "always_last" sends the data of the event before the last again, and with two functions at one event it never ends. So
# the page keeps the last value itself until it hears that all functions are through; see viewer-events.js.
_HANDLED_JS = '() => {{ document.dispatchEvent(new CustomEvent("rerun-handled", {{ detail: {id} }})); }}'


def tell_when_handled(viewer: Any) -> None:
    """Lets the page know whenever the function that was attached to `viewer` just now is through, or has failed."""
    app = get_blocks_context()
    if app is None:
        return
    function: Any = next(reversed(app.fns.values()), None)
    # gr.on calls this before it attaches its function.
    if function is None or (viewer._id, "time_update") not in function.targets:
        return
    # A validator that refuses ends a call without a word, and what is JavaScript only does so in older Gradios.
    if function.fn is None or function.validator is not None:
        return
    for only_on_failure in (False, True):  # the first of them is not run after a failure
        app.set_event_trigger(
            [EventListenerMethod(None, "failure" if only_on_failure else "then")],
            None,
            [],
            [],
            js=_HANDLED_JS.format(id=viewer._id),
            queue=False,
            show_progress="hidden",
            api_visibility="private",
            trigger_after=function._id,
            trigger_only_on_failure=only_on_failure,
        )


def count_told(viewer: Any, functions: Iterable[Any]) -> int:
    """Of how many functions at one event of `viewer` the page hears when they are through."""
    js = _HANDLED_JS.format(id=viewer._id)
    return sum(each.js == js and not each.trigger_only_on_failure for each in functions)
