"""The Gradio component."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr
from gradio.component_meta import get_local_contexts
from gradio.components.base import Component
from gradio.context import LocalContext
from gradio.data_classes import FileData

from ._checks import is_collection
from ._component.examples import Examples
from ._component.parameters import check_parameters
from ._component.requests import NO_VALUE, separated, to_wire
from ._component.server_functions import ServerFunctions
from ._component.settings import PageSettings
from ._component.streaming import is_quick
from ._gradio.calls import current_call, follow_calls
from ._gradio.chats import BesideChats
from ._gradio.event_methods import EventMeta, EventMethods
from ._gradio.files import uploaded_file
from ._gradio.js_on_load import TEMPLATE, css_template, js_on_load, part_in_app
from ._gradio.postponed import Postponed, follow_outputs, is_postponing
from ._gradio.steps import follow_generators
from ._gradio.streams import Prepared, follow_streams
from ._gradio.updates import ConstructorArgs
from ._recordings.urls import check_number, checked_url
from ._wire import ButtonName, FileCount, PanelName, PanelState, Recordings, Theme, path_or_url
from .commands import Show
from .errors import CommandError

if TYPE_CHECKING:
    from gradio.blocks import BlockContext
    from gradio.components import Timer
    from gradio.i18n import I18nData

    # Gradio declares gr.HTML with events that never fire here, and with any other attribute.
    class _HTML(BlockContext, Component):
        def __init__(self, value: Any = None, **options: Any) -> None: ...

else:
    _HTML = gr.HTML


class Rerun(EventMethods, ServerFunctions, Examples, BesideChats, _HTML, metaclass=EventMeta):
    """Shows Rerun recordings in the viewer of the installed rerun-sdk.

    As an output it takes what a function returns: the path or URL of a recording, bytes, a `rerun.RecordingStream`,
    a list of these, or `None` to clear; or commands of `gradio_rerun.commands`. As an input the function gets the path as `str`, a URL as it is, a list when there are
    several recordings, `None` when there is none.
    """

    data_model = Recordings
    _linked: Any = None
    """The `links.Link` to other viewers; None if there is none."""
    _is_asked = False
    """Whether a `ViewerClient` sends it questions."""
    _is_made = False
    """Whether `postprocess` gets the values of functions: before, it gets the initial value."""

    def __init__(
        self,
        value: Any | Callable[..., Any] | None = None,
        *,
        label: str | I18nData | None = None,
        every: Timer | float | None = None,
        inputs: Component | Sequence[Component] | set[Component] | None = None,
        show_label: bool | None = None,
        show_download_button: bool = True,
        show_clear_button: bool = False,
        container: bool = True,
        scale: int | None = None,
        min_width: int | None = 160,
        height: int | float | str | None = 640,
        interactive: bool | None = None,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
        key: int | str | tuple[int | str, ...] | None = None,
        preserved_by_key: list[str] | str | None = "value",
        streaming: bool = False,
        max_stream_size: int | None = None,
        file_count: FileCount = "single",
        file_types: Sequence[str] | None = None,
        buttons: list[ButtonName | gr.Button] | None = None,
        panel_states: Mapping[PanelName, PanelState] | None = None,
        theme: Theme = "auto",
        telemetry: bool = False,
        on_demand_above: int | None = 1_000_000_000,
        allowed_origins: Sequence[str] | None = None,
        allowed_sources: Sequence[str] | None = None,
        tunnel: bool | Sequence[str] | Mapping[str, str | None] | None = None,
        time_update_interval: float = 0.1,
        time_controls: bool | None = None,
        keys: Sequence[str] | None = None,
    ) -> None:
        """
        Parameters:
            value: The recording to show at first: a path, a URL (`http`, `https`, `rerun`, `rerun+http`, `rerun+https`, `hf`, `s3`, `gs`, `az`, ...), `bytes`, a `rerun.RecordingStream`, or a list of these. If a function is given, it is called to get the value each time the page loads.
            label: The label shown above the viewer. If None, it is "Recording" or, in a `gr.Interface`, the name of the parameter this component is assigned to.
            every: Calls `value` again at this interval (seconds, or a `gr.Timer`), if `value` is a function.
            inputs: Components whose values are passed to `value`, if `value` is a function. It is called again whenever they change.
            show_label: If False, the label is not shown.
            show_download_button: If False, there is no button that saves the recordings, whatever `buttons` names.
            show_clear_button: If True, there is a button that clears the viewer, whatever `buttons` names.
            container: If True, the viewer stands in a box with a border.
            scale: Relative width compared to the components next to it in a `gr.Row`. An integer.
            min_width: Minimum width in pixels. In a `gr.Row`, a component that would be narrower wraps to the next line.
            height: The height of the component with its label and buttons: pixels if a number, a CSS length if a string ("70vh", "100%"), 640 pixels if None.
            interactive: If True, users can upload recordings and clear the viewer. If None, they can if the component is an input of an event and an output of none.
            visible: If False, the viewer is not in the page, and its memory is released. If "hidden", the viewer is in the page and goes on running, but takes no space.
            elem_id: The id of this component in the HTML document, for CSS.
            elem_classes: CSS classes of this component in the HTML document.
            render: If False, the component is not rendered yet, and can be by calling `.render()`.
            key: In a `gr.render`, components with the same key across re-renders are the same component.
            preserved_by_key: Names of the parameters that keep their changed values when the component is re-rendered with the same key.
            streaming: If True, data that a function returns or yields (`bytes`, a `rerun.RecordingStream`, a `rerun.BinaryStream`; of a generator, also a `LazyChunkStream`) is added to what is shown, until a function returns None or `[]`; of a RecordingStream only what is new is sent. A None that a generator yields changes nothing. If False, each value replaces the one before.
            max_stream_size: With `streaming`, the bytes that one run of a generator may add, or functions without `yield` until the next clear; more is an error. If None, there is no limit.
            file_count: How many files a user uploads at once: "single", "multiple", or all of a "directory". If not "single", the function gets a list of paths.
            file_types: Which files a user may upload: suffixes such as ".rrd", or "image", "video", "text", "file" for any. If None, recordings and what the SDK can convert to recordings.
            buttons: The buttons in the top right corner, as in `gr.Image`: "download", "screenshot", "link", "fullscreen", "clear", and `gr.Button` instances. "link" copies a link that opens the page at the time that the viewer shows. If None, "download", "screenshot", "fullscreen", and "clear" if users can upload. An empty list shows none. Users who can upload always have the button for it.
            panel_states: The states of the viewer's panels, such as `{"blueprint": "hidden", "time": "collapsed"}`. Panels: "top", "blueprint", "selection", "time". States: "hidden", "collapsed", "expanded". Panels that are not named are left to the recording and the user.
            theme: "light", "dark", or "auto" to follow the page.
            telemetry: If True, the viewer may look for updates and send usage data to Rerun, as it does outside Gradio.
            on_demand_above: Recordings in larger files (bytes) are not downloaded whole: the app starts a Rerun server for the file, from which the viewer loads the parts that it shows. This needs rerun-sdk 0.32. If None, all files are downloaded whole.
            allowed_origins: Other servers to which the viewer may send requests, such as "https://tile.openstreetmap.org" for maps. The servers of URLs in the value are always allowed, all others are refused.
            allowed_sources: URLs of folders, such as "s3://bucket/runs/", whose files functions may return. The app fetches these files, with its own credentials. Without it, the app fetches only the files in `value`, and files of public web servers that the SDK can convert.
            tunnel: The Rerun servers (`rerun://`, `rerun+http://`, `rerun+https://`) that the page reaches through the app, behind its login and on its port. True: all servers in values; do not take URLs from users then. A list: these servers. A dict: these servers, each with the token that the app sends to it, or None. False: none, the browser connects to all of them itself. None: the servers in `value`, and those of the SDK's own objects, if their address is private.
            time_update_interval: The least number of seconds between two `time_update` events. The last time is always sent.
            time_controls: If True, buttons, a slider and the timelines stand below the viewer, as HTML that a keyboard, a screen reader and a thumb operate. If None, only below a viewer that is too narrow for its own time panel, if the recording has a timeline.
            keys: The keys that the event `key_input` reports while the viewer has the focus, such as `["w", "a", "s", "d", "Space", "ArrowUp"]`. The viewer itself does not get them.
        """
        arguments = locals()
        check_parameters(arguments)
        self._given = {name: arguments[name] for name in PageSettings.parameters()}
        follow_calls()
        follow_outputs()
        follow_streams()
        follow_generators()
        self.height = height
        self.show_download_button, self.show_clear_button = show_download_button, show_clear_button
        self.streaming = streaming
        self.max_stream_size = max_stream_size
        self.file_count, self.file_types = file_count, file_types
        self.panel_states = panel_states
        self.theme = theme
        self.telemetry = telemetry
        self.on_demand_above = on_demand_above
        self.allowed_origins = allowed_origins
        self.time_update_interval, self.time_controls = time_update_interval, time_controls
        self.keys = keys
        settings = PageSettings.of(self._given)
        first = separated(value)
        shown = value if first is None else None if first.value is NO_VALUE else first.value
        self._is_computed = callable(shown)
        in_function, in_render = get_local_contexts()
        is_inside = in_function or in_render  # there, a value may come from a user
        named = None if is_inside else shown
        self._name_servers(named, is_trusted=is_inside, tunnel=tunnel, allowed_sources=allowed_sources)
        if in_function and not in_render:
            return  # Gradio skips `Component.__init__` there, and makes an update of `constructor_args`.
        request = LocalContext.request.get(None)
        self._session = request.session_hash if request and in_render else None
        self._first_commands = to_wire(first.commands, self._servers) if first else []
        super().__init__(
            shown,
            label=label,
            every=every,
            inputs=inputs,
            show_label=show_label,
            container=container,
            scale=scale,
            min_width=min_width,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            key=key,
            preserved_by_key=preserved_by_key,
            html_template=TEMPLATE,
            css_template=css_template(settings.height),
            js_on_load=js_on_load(),
            buttons=None if buttons is None else [each for each in buttons if isinstance(each, gr.Button)],
            apply_default_css=False,
            settings=settings.to_wire() | ({"commands": self._first_commands} if first else {}),
        )
        self.interactive = interactive
        self.scale = scale  # gr.HTML of Gradio 6.10 forgets these two
        self.min_width = min_width
        self._add_tickets()
        self._is_made = True

    @property
    def constructor_args(self) -> ConstructorArgs:
        """The arguments this component was made with, for Gradio."""
        return ConstructorArgs(self._with_names(super().constructor_args), self._merged)

    def _merged(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """What an update adds to the constructor's arguments. Raises an error for what an update cannot change."""
        if separated(changes.get("value")):
            raise CommandError(
                f"Expected commands to be returned by themselves, got them in an update: {changes['value']!r:.200}. "
                "Return them without gr.update or Rerun, and change the parameters in another function."
            )
        self._check_names(changes)
        merged = dict(changes)
        # The app's own buttons have listeners, so an update does not change them.
        if is_collection(changes.get("buttons")):
            merged["buttons"] = [
                *(each for each in changes["buttons"] if not isinstance(each, gr.Button)),
                *self.buttons,
            ]
        return merged

    def _page_settings(self) -> dict[str, Any]:
        """For updates: all settings that the frontend needs besides the value."""
        return PageSettings.of(self._given).to_wire()

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]  # as in gr.HTML
        """What Gradio sends to the frontend about this component."""
        # The events of the component are known only now. No update changes js_on_load.
        config = {**super().get_config(), "js_on_load": js_on_load(part_in_app(self))}
        # Without a label, gr.HTML would not show the app's buttons either, so the frontend hides the label.
        return {**config, "show_label": True} if self.buttons else config

    def preprocess(self, payload: Recordings | None) -> str | list[str] | None:
        """
        Parameters:
            payload: The recordings shown in the page.
        Returns:
            The path of the recording in Gradio's cache, or its URL, as `str`; a list if there are several or `file_count` is not "single"; None if there is none.
        """
        # Gradio checks the files of an input, not those in the content of a gr.Chatbot. A string must not be a path, or clients could
        # name any file of the server.
        items = payload.root if payload else []
        check_number(items)
        for item in items:
            if isinstance(item, FileData):
                self._check_upload(uploaded_file(item.path))
        paths = [item.path if isinstance(item, FileData) else checked_url(path_or_url(item)) for item in items]
        if len(paths) > 1 or (paths and self.file_count != "single"):
            return paths
        return paths[0] if paths else None

    def postprocess(self, value: Any) -> Recordings | Prepared | dict[str, Any] | None:
        """
        Parameters:
            value: Expects a path or URL as `str` or `Path`, `bytes`, a `rerun.RecordingStream`, a `FileData`, a list of these, or None; or commands of `gradio_rerun.commands`.
        Returns:
            The recordings as files in Gradio's cache and URLs; with `streaming`, all that is shown then, or a `gr.skip()` if there is no new data.
        """
        if not self._is_made:
            first = self._without_first(value)
            # In a gr.render, a component with a `key` keeps what it shows if its own value is None.
            return None if first is None else self._recordings(first)
        if not is_postponing():
            return self._recordings(value, is_cached=True)
        if self.streaming and is_quick(value):
            return self._recordings(value)
        return Postponed(self._recordings, value)  # type: ignore[return-value]  # for Gradio only

    def _recordings(self, value: Any, is_cached: bool = False) -> Recordings | Prepared | dict[str, Any] | None:
        """See `postprocess`. `is_cached`: Gradio has called it outside of a function's call, to cache an example."""
        with_commands = separated(value)
        if with_commands is not None:
            return self._update(with_commands, is_cached)
        call = current_call()
        if not self.streaming:
            self._warn_of_stream(value, call)
            recordings = self._found(value)
            return Recordings(root=recordings) if recordings else None
        return self._streamed(value, call, is_cached=is_cached)

    def _update(self, show: Show, is_cached: bool) -> dict[str, Any]:
        """An update with the commands and, if there is one, the value, in the form that Gradio makes of a `gr.update`."""
        settings = {**self._page_settings(), "commands": to_wire(show.commands, self._servers)}
        update: dict[str, Any] = {"__type__": "update", "props": {"settings": settings}}
        if show.value is NO_VALUE:
            return update
        recordings = self._recordings(show.value, is_cached)
        if isinstance(recordings, dict) or (recordings is None and self.streaming):  # there is no new data
            return update
        # The frontend gets the value first, and the commands are for this value.
        return {"value": recordings.model_dump() if recordings else None, **update}
