"""The events of the component, as Gradio declares them.

Gradio shows an event named "error" to the user and calls no listener. It sends "load" to every component when the page loads. So these two
events have other names on the wire.

Gradio 6.10 to 6.31. Remove `_Renamed` when tests/unit/test_event_methods.py::test_the_events_belong_to_the_class_as_gradio_expects and the
browser tests of `load` and `error` pass without it.
"""

from __future__ import annotations

from typing import Any

from gradio.events import EventListener

from .listeners import EveryTime


class _Renamed(EveryTime):
    """An event with one name in Python and another on the wire."""

    def __new__(cls, name: str, event_name: str, **_: Any) -> _Renamed:
        return str.__new__(cls, name)

    def __init__(self, _: str, event_name: str, **options: Any) -> None:
        super().__init__(event_name, **options)

    def copy(self) -> _Renamed:
        """For Gradio: a copy of the same class."""
        return _Renamed(str(self), self.event_name, **self._options)


ANSWERS = [
    EveryTime(
        "screenshot", doc="The command `take_screenshot` has made a picture. See `gradio_rerun.events.Screenshot`."
    ),
    EveryTime(
        "recording_saved",
        doc="The command `save_recording` has saved a recording. See `gradio_rerun.events.RecordingSaved`.",
    ),
    EveryTime(
        "blueprint_saved",
        doc="The command `save_blueprint` has saved a blueprint. See `gradio_rerun.events.BlueprintSaved`.",
    ),
    EveryTime("state", doc="The viewer has answered the command `get_state`. See `gradio_rerun.events.State`."),
    EveryTime("answer", doc="The viewer has answered another command. See `gradio_rerun.events.Answer`."),
]
"""The events that answer commands."""

EVENTS: list[str | EventListener] = [
    EventListener("change", doc="The value has changed, by a function or by the user."),
    EventListener("upload", doc="The user has uploaded recordings. See `gradio_rerun.events.Upload`."),
    EventListener("clear", doc="The user has cleared the viewer."),
    _Renamed("load", "rerun_load", doc="A recording is open. See `gradio_rerun.events.Load`."),
    _Renamed("error", "rerun_error", doc="Something could not be shown. See `gradio_rerun.events.Error`."),
    EveryTime("play", doc="The viewer plays. See `gradio_rerun.events.Play`."),
    EveryTime("pause", doc="The viewer has stopped playing. See `gradio_rerun.events.Pause`."),
    EveryTime(
        "time_update",
        show_progress="hidden",
        doc="The viewer shows another time; at most every `time_update_interval` seconds, and not while its listeners run. The last time is always sent. See `gradio_rerun.events.TimeUpdate`.",
    ),
    EveryTime("timeline_change", doc="The viewer shows another timeline. See `gradio_rerun.events.TimelineChange`."),
    EveryTime("selection_change", doc="The selection has changed. See `gradio_rerun.events.SelectionChange`."),
    EveryTime("recording_open", doc="A recording is open. See `gradio_rerun.events.RecordingOpen`."),
    EveryTime(
        "key_input",
        show_progress="hidden",
        doc="The user has pressed or released one of the `keys`, or holds some. See `gradio_rerun.events.KeyInput`.",
    ),
    *ANSWERS,
]
