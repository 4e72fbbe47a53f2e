"""The events as typed methods of `Rerun`: `viewer.time_update(function, inputs, outputs)`.

`gr.HTML` has every event of Gradio, and takes any other attribute. Most of these events never fire here, and Gradio's methods have no types.

Gradio 6.10 to 6.31. Remove the hiding when gr.HTML takes a list of events, and
tests/unit/test_event_methods.py::test_an_event_of_html_that_never_fires_is_no_attribute passes without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol, TypedDict, TypeVar, overload

import gradio as gr
from gradio.component_meta import ComponentMeta
from gradio.events import Dependency, EventListener

from .event_list import EVENTS

if TYPE_CHECKING:
    from gradio.blocks import Block
    from gradio.components.base import Component
    from typing_extensions import Unpack

Function = TypeVar("Function", bound=Callable[..., Any])


class ListenerOptions(TypedDict, total=False):
    """Gradio's options for a listener."""

    api_name: str | None
    api_description: str | Literal[False] | None
    scroll_to_output: bool
    show_progress: Literal["full", "minimal", "hidden"]
    show_progress_on: Component | Sequence[Component] | None
    queue: bool
    batch: bool
    max_batch_size: int
    preprocess: bool
    postprocess: bool
    cancels: dict[str, Any] | list[dict[str, Any]] | None
    trigger_mode: Literal["once", "multiple", "always_last"] | None
    js: str | Literal[True] | None
    concurrency_limit: int | Literal["default"] | None
    concurrency_id: str | None
    api_visibility: Literal["public", "private", "undocumented"]
    time_limit: int | None
    stream_every: float
    key: int | str | tuple[int | str, ...] | None
    validator: Callable[..., Any] | None
    inputs_kwargs: dict[str, Block] | None
    """Gradio 6.10 does not have it."""


class Listener(Protocol):
    """Calls `fn` with the values of `inputs` at each event, and shows its return value in `outputs`.

    Without `fn` it is a decorator. `gr.on` and `gr.render` take it as a trigger.
    """

    @overload
    def __call__(
        self,
        fn: Literal["decorator"] = "decorator",
        inputs: Block | Sequence[Block] | Set[Block] | None = None,
        outputs: Block | Sequence[Block] | Set[Block] | None = None,
        **options: Unpack[ListenerOptions],
    ) -> Callable[[Function], Function]: ...

    @overload
    def __call__(
        self,
        fn: Callable[..., Any] | None,
        inputs: Block | Sequence[Block] | Set[Block] | None = None,
        outputs: Block | Sequence[Block] | Set[Block] | None = None,
        **options: Unpack[ListenerOptions],
    ) -> Dependency: ...


class EventMeta(ComponentMeta):
    """On classes with `EventMethods`, too, events that never fire are not attributes."""

    def __dir__(cls) -> list[str]:
        # Gradio reads all of these attributes from each new component.
        return [name for name in super().__dir__() if name not in _NEVER_FIRED]

    if not TYPE_CHECKING:  # checkers would take any attribute

        def __getattr__(cls, name: str) -> NoReturn:
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}.{_hint(name)}")


class EventMethods:
    """The events of `Rerun`. Those of `gr.HTML` that never fire here are not attributes."""

    EVENTS: list[EventListener | str] = EVENTS

    change: Listener
    """The value has changed, by a function or by the user."""
    upload: Listener
    """The user has uploaded recordings. See `gradio_rerun.events.Upload`."""
    clear: Listener
    """The user has cleared the viewer."""
    load: Listener
    """A recording is open. See `gradio_rerun.events.Load`."""
    error: Listener
    """Something could not be shown. See `gradio_rerun.events.Error`."""
    play: Listener
    """The viewer plays. See `gradio_rerun.events.Play`."""
    pause: Listener
    """The viewer has stopped playing. See `gradio_rerun.events.Pause`."""
    time_update: Listener
    """The viewer shows another time; at most every `time_update_interval` seconds, and not while its listeners run.

    The last time is always sent. See `gradio_rerun.events.TimeUpdate`.
    """
    timeline_change: Listener
    """The viewer shows another timeline. See `gradio_rerun.events.TimelineChange`."""
    selection_change: Listener
    """The selection has changed. See `gradio_rerun.events.SelectionChange`."""
    recording_open: Listener
    """A recording is open. See `gradio_rerun.events.RecordingOpen`."""
    key_input: Listener
    """The user has pressed or released one of the `keys`, or holds some. See `gradio_rerun.events.KeyInput`."""
    screenshot: Listener
    """The command `take_screenshot` has made a picture. See `gradio_rerun.events.Screenshot`."""
    recording_saved: Listener
    """The command `save_recording` has saved a recording. See `gradio_rerun.events.RecordingSaved`."""
    blueprint_saved: Listener
    """The command `save_blueprint` has saved a blueprint. See `gradio_rerun.events.BlueprintSaved`."""
    state: Listener
    """The viewer has answered the command `get_state`. See `gradio_rerun.events.State`."""
    answer: Listener
    """The viewer has answered another command. See `gradio_rerun.events.Answer`."""

    if not TYPE_CHECKING:  # checkers would take any attribute

        def __getattr__(self, name: str) -> Any:
            for event in EVENTS:
                # Gradio builds an app from another app's config, which has the names on the wire.
                if event.event_name == name != event:
                    return getattr(self, event)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}.{_hint(name)}")

        def __dir__(self) -> list[str]:
            return [name for name in super().__dir__() if name not in _NEVER_FIRED]


class _NoEvent:
    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError


_NEVER_FIRED = {str(event) for event in gr.HTML.EVENTS} - {str(event) for event in EVENTS}

_event: Any
for _event in EVENTS:
    setattr(EventMethods, _event, _event.listener)
for _name in _NEVER_FIRED:
    setattr(EventMethods, _name, _NoEvent())

_INSTEAD = {
    "click": "selection_change",
    "double_click": "selection_change",
    "select": "selection_change",
    "selected": "selection_change",
    "input": "upload",
    "submit": "upload",
    "delete": "clear",
    "stop": "pause",
    "end": "pause",
    "tick": "time_update",
    "stream": "time_update",
    "release": "time_update",
}
"""The event to use instead of an event of another Gradio component."""


@lru_cache  # at the first click of each visitor, Gradio asks for all parameters that the component does not keep
def _hint(name: str) -> str:
    if name.startswith("_"):
        return ""
    names = [str(event) for event in EVENTS]
    close = get_close_matches(name.lower().removeprefix("on_"), names, n=1, cutoff=0.7)
    if name in _INSTEAD:
        return f" Use the event {_INSTEAD[name]!r}."
    if close:
        return f" Did you mean the event {close[0]!r}?"
    if name in _NEVER_FIRED:
        return f" These are the events: {', '.join(names)}."
    return ""
