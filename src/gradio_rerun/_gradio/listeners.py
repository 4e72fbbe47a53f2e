"""Attaches listeners to the viewer's events, so that no event is lost or overtakes another.

Gradio drops events that occur while a listener runs, or sends a burst of events in any order. `trigger_mode="always_last"` sends old data
again, and never ends with two listeners of one event. So the frontend sends an event when all listeners of the previous event have finished;
see viewer-events.js. A line of JavaScript after each listener, and after what follows it by `.then` and `.success`, notifies the frontend.

Gradio 6.10 to 6.31. Remove this file when Gradio keeps events in order, and
tests/unit/test_listeners.py::test_no_call_is_dropped_unless_the_app_says_so passes without it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any
from weakref import WeakSet

from gradio.context import get_blocks_context
from gradio.events import EventListener, EventListenerMethod


class EveryTime(EventListener):
    """An event that listeners receive each time, and in order.

    Gradio drops events that occur while a call runs, unless `trigger_mode="multiple"`.
    """

    def __init__(self, event_name: str, **options: Any) -> None:
        self._options = options
        super().__init__(event_name, callback=partial(_notify_when_finished, event_name), **options)
        self.listener: Callable[..., Any] = _with_default_mode(self.listener)

    def copy(self) -> EveryTime:
        """For Gradio: a copy of the same class, not a plain `EventListener`."""
        return type(self)(self.event_name, **self._options)


def _with_default_mode(listener: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(listener)

    @wraps(listener)  # also copies the attributes that Gradio has set
    def listen(*args: Any, **options: Any) -> Any:
        given = signature.bind(*args, **options)
        if given.arguments.get("trigger_mode") is None:
            given.arguments["trigger_mode"] = "multiple"
        return listener(*given.args, **given.kwargs)

    return listen


_HANDLED_JS = '() => {{ document.dispatchEvent(new CustomEvent("rerun-handled", {{ detail: "{event}-{id}" }})); }}'


_attached: WeakSet[Any] = WeakSet()
"""The functions of listeners, in Gradio's form."""


def _notify_when_finished(event_name: str, viewer: Any) -> None:
    """Notifies the frontend whenever the listener that was just attached to `viewer` has finished or failed."""
    app = get_blocks_context()
    if app is None:
        return
    function: Any = next(reversed(app.fns.values()), None)
    if function is None or function in _attached or (viewer._id, event_name) not in function.targets:
        _notify_when_attached(app, event_name, viewer)
    else:
        _attached.add(function)
        _notify(app, function, event_name, viewer)


def _notify_when_attached(app: Any, event_name: str, viewer: Any) -> None:
    """Notifies the frontend for the function that `gr.on` attaches next, whose default mode becomes "multiple"."""
    of_another_event = vars(app).get("set_event_trigger")
    attach = app.set_event_trigger

    def attach_for_every_time(targets: Any, *args: Any, **options: Any) -> Any:
        del app.set_event_trigger
        if of_another_event is not None:
            app.set_event_trigger = of_another_event
        # False if gr.on has failed.
        is_there = any(each.block is viewer and each.event_name == event_name for each in targets)
        if is_there and options.get("trigger_mode") is None:
            options["trigger_mode"] = "multiple"
        attached = attach(targets, *args, **options)
        if is_there:
            _attached.add(attached[0])
            _notify(app, attached[0], event_name, viewer)
        return attached

    app.set_event_trigger = attach_for_every_time


def _notify(app: Any, function: Any, event_name: str, viewer: Any) -> None:
    if not _ends_with_notification(function):
        return
    for only_on_failure in (False, True):  # Gradio does not run the first after a failure
        _add_notification(app, function, _HANDLED_JS.format(event=event_name, id=viewer._id), only_on_failure)
    if not hasattr(app.set_event_trigger, "follows_chains"):
        app.set_event_trigger = _following_chains(app, app.set_event_trigger)


def _ends_with_notification(function: Any) -> bool:
    # A call that a validator refuses ends without a notification. In older Gradios, so does a listener that is JavaScript only.
    return function.fn is not None and function.validator is None


def _add_notification(app: Any, function: Any, js: str, only_on_failure: bool) -> None:
    app.set_event_trigger(
        [EventListenerMethod(None, "then")],  # gr.load refuses an app that has "failure" here
        None,
        [],
        [],
        js=js,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
        trigger_after=function._id,
        trigger_only_on_failure=only_on_failure,
    )


def _following_chains(app: Any, attach: Callable[..., Any]) -> Callable[..., Any]:
    """Moves notifications to the function that follows their listener: Gradio would skip this function if the next event ends meanwhile."""

    def attach_to_chain(targets: Any, *args: Any, **options: Any) -> Any:
        attached = attach(targets, *args, **options)
        function = attached[0]
        if function.trigger_mode != "once" or options.get("trigger_mode") is not None:
            return attached
        ends = [each for each in app.fns.values() if each.trigger_after == function.trigger_after and _is_end(each)]
        if ends and _ends_with_notification(function) and not function.trigger_only_on_failure:
            function.trigger_mode = "multiple"
            for end in ends:
                end.trigger_after = function._id
                _add_notification(app, function, end.js, only_on_failure=True)
        return attached

    attach_to_chain.follows_chains = True  # type: ignore[attr-defined]
    return attach_to_chain


def _is_end(function: Any) -> bool:
    return "rerun-handled" in str(function.js) and not function.trigger_only_on_failure


def listener_counts(viewer: Any, functions: Iterable[Any]) -> dict[str, int]:
    """How many listeners of each event of `viewer` notify the frontend when they have finished."""
    scripts = [each.js for each in functions if not each.trigger_only_on_failure]
    names = [each.event_name for each in viewer.EVENTS]
    counts = {name: scripts.count(_HANDLED_JS.format(event=name, id=viewer._id)) for name in names}
    return {name: count for name, count in counts.items() if count}
