"""The Gradio component."""

from __future__ import annotations

import html
import json
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import gradio as gr
from gradio.component_meta import get_local_contexts
from gradio.components.base import Component, StreamingOutput, server
from gradio.context import LocalContext
from gradio.data_classes import FileData, MediaStreamChunk
from starlette.responses import FileResponse, Response

from .calls import Call, current_call, follow_calls, may_build_apps
from .commands import NO_VALUE, Show, separated, to_wire
from .errors import CommandError, GradioRerunError, ParameterError, PlacementError
from .event_methods import EventMeta, EventMethods
from .events import ANSWERS
from .listeners import handlers
from .parameters import check_parameters, is_collection
from .postponed import Postponed, follow_outputs, is_postponing
from .recordings import checked_url, has_data, to_recordings
from .settings import SETTINGS, check_page_files, checked_stream_size, css_length, page_settings
from .shown import Appender, Shown, forget, joined, shown_in
from .threads import in_thread
from .tunnel import Servers
from .uploads import app_of, check_file, one_a_session, uploaded_file
from .viewer_assets import viewer_assets
from .wire import ButtonName, FileCount, PanelName, PanelState, Recordings, ServerUrl, Settings, Theme

if TYPE_CHECKING:
    from gradio.blocks import BlockContext
    from gradio.components import Timer
    from gradio.i18n import I18nData

    # Gradio declares gr.HTML with events that never fire here, and with any other attribute.
    class _HTML(BlockContext, Component):
        def __init__(self, value: Any = None, **options: Any) -> None: ...

else:
    _HTML = gr.HTML

# Gradio replaces all of `props` with every update. A `gr.skip()` contains no settings: the next mount uses the last ones.
_JS_ON_LOAD = """
const fail = (error) => {
  element.textContent = `The Rerun viewer could not be loaded: ${error.message ?? error}. Please reload the page.`;
};
const part = %s;
const settings = props.settings ?? element.closest(".gradio-container")?.rerunSettings?.[part.id];
if (settings) {
  const { page, viewer } = settings;
  const checkFiles = () => server.check_files();
  // The viewer's code takes longest, so it is requested before the other modules are loaded. A failure is reported when the code is needed.
  const module = (name) => import(page.url.replace("gradio/bridge.js", name));
  Promise.all([module("viewer/loader.js"), module("gradio/component-server.js")])
    .then(([{ loadViewer }, { callComponent }]) => {
      const requestCode = (name) => callComponent(page.url, part, "viewer_code", name, { query: name });
      return loadViewer(viewer, { requestCode, checkFiles });
    })
    .catch(() => {});
  const load = () => import(page.url);
  load()
    .catch(() => checkFiles().then(load))
    .then(({ mount }) => mount({ element, props, trigger, watch, server, settings, ...part }))
    .catch(fail);
} else {
  fail("Gradio sent no settings, which a newer gradio_rerun may know how to get");
}
"""


class Rerun(EventMethods, _HTML, StreamingOutput, metaclass=EventMeta):
    """Shows Rerun recordings in the viewer of the installed rerun-sdk.

    As an output it takes what a function returns: the path or URL of a recording, bytes, a `rerun.RecordingStream`,
    a list of these, or `None` to clear; or commands of `gradio_rerun.commands`. As an input the function gets the path as `str`, a URL as it is, a list when there are
    several recordings, `None` when there is none.
    """

    data_model = Recordings

    _yielded_data_in: str | None = None
    """The run of a generator that has yielded data, if the component is not streaming."""
    _has_warned = False
    _is_made = False
    """Whether `postprocess` gets the values of functions: before, it gets the initial value."""
    _named_servers: Servers | None = None

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
        allowed_origins: Sequence[str] | None = None,
        tunnel: bool | Sequence[str] | Mapping[str, str | None] | None = None,
        time_update_interval: float = 0.1,
    ) -> None:
        """
        Parameters:
            value: The recording to show at first: a path, a URL (`http`, `https`, `rerun`, `rerun+http`, `rerun+https`), `bytes`, a `rerun.RecordingStream`, or a list of these. If a function is given, it is called to get the value each time the page loads.
            label: The label shown above the viewer. If None and used in a `gr.Interface`, the label is the name of the parameter this component is assigned to.
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
            streaming: If True, data that a function returns or yields (`bytes`, a `rerun.RecordingStream`, a `rerun.BinaryStream`) is added to what is shown, until a function returns None or `[]`; of a RecordingStream only what is new is sent. A None that a generator yields changes nothing. If False, each value replaces the one before.
            max_stream_size: With `streaming`, the bytes that one run of a generator may add, or functions without `yield` until the next clear; more is an error. If None, there is no limit.
            file_count: How many files a user uploads at once: "single", "multiple", or all of a "directory". If not "single", the function gets a list of paths.
            file_types: Which files a user may upload: suffixes such as ".rrd", or "image", "video", "text", "file" for any. If None, recordings and what the SDK can convert to recordings.
            buttons: The buttons in the top right corner, as in `gr.Image`: "download", "screenshot", "fullscreen", "clear", and `gr.Button` instances. If None, the first three, and "clear" if users can upload. An empty list shows none. Users who can upload always have the button for it.
            panel_states: The states of the viewer's panels, such as `{"blueprint": "hidden", "time": "collapsed"}`. Panels: "top", "blueprint", "selection", "time". States: "hidden", "collapsed", "expanded". Panels that are not named are left to the recording and the user.
            theme: "light", "dark", or "auto" to follow the page.
            telemetry: If True, the viewer may look for updates and send usage data to Rerun, as it does outside Gradio.
            allowed_origins: Other servers to which the viewer may send requests, such as "https://tile.openstreetmap.org" for maps. The servers of URLs in the value are always allowed, all others are refused.
            tunnel: The Rerun servers (`rerun://`, `rerun+http://`, `rerun+https://`) that the page reaches through the app, behind its login and on its port. True: all servers in values; do not take URLs from users then. A list: these servers. A dict: these servers, each with the token that the app sends to it, or None. False: none, the browser connects to all of them itself. None: the servers in `value`, and those of the SDK's own objects, if their address is private.
            time_update_interval: The least number of seconds between two `time_update` events. The last time is always sent.
        """
        arguments = locals()
        check_parameters(arguments)
        self._given = {name: arguments[name] for name in SETTINGS}
        follow_calls()
        follow_outputs()
        self.height = height
        self.show_download_button = show_download_button
        self.show_clear_button = show_clear_button
        self.streaming = streaming
        self.max_stream_size = checked_stream_size(max_stream_size)
        self.file_count = file_count
        self.file_types = file_types
        self.panel_states = panel_states
        self.theme = theme
        self.telemetry = telemetry
        self.allowed_origins = allowed_origins
        self.time_update_interval = time_update_interval
        settings = page_settings(**self._given)
        first = separated(value)
        shown = value if first is None else None if first.value is NO_VALUE else first.value
        in_function, in_render = get_local_contexts()
        # Inside a function, a value may come from a user.
        self._name_servers(tunnel, None if in_function or in_render else shown, is_trusted=in_function or in_render)
        if in_function and not in_render:
            return  # Gradio skips `Component.__init__` there, and makes an update of `constructor_args`.
        request = LocalContext.request.get(None)
        self._session = request.session_hash if request and in_render else None
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
            html_template='<div class="rerun-toolbar" role="toolbar"></div><rerun-viewer></rerun-viewer>',
            # The same as in bridge.js: the page below must not jump.
            css_template=f".block:has(> .html-container > &) {{ height: {css_length(height)}; padding: 0 !important }}",
            js_on_load=_JS_ON_LOAD % "{}",
            buttons=None if buttons is None else [each for each in buttons if isinstance(each, gr.Button)],
            apply_default_css=False,
            settings=settings | ({"commands": to_wire(first.commands, self._servers)} if first else {}),
        )
        self.interactive = interactive
        self.scale = scale  # gr.HTML of Gradio 6.10 forgets these two
        self.min_width = min_width
        self._add_tickets()
        self._is_made = True

    @property
    def constructor_args(self) -> _ConstructorArgs:
        """The arguments this component was made with, for Gradio."""
        # If a function makes a component of a subclass, Gradio calls only the `__init__` of the subclass.
        if self._named_servers is None:
            self._name_servers(super().constructor_args.get("tunnel"), None, is_trusted=True)
        arguments = _ConstructorArgs(self, super().constructor_args)
        # Gradio makes the component again for each update, without its value.
        servers = self._servers
        if servers.is_trusted and (self._is_tunnel_given or servers.has_names):
            arguments["tunnel"] = servers
        return arguments

    def _name_servers(self, tunnel: Any, value: Any, *, is_trusted: bool) -> None:
        """Removes `tunnel` from the arguments that Gradio keeps, and stores it. `is_trusted`: a function of the app is known to pass it.

        Gradio itself makes components from data of a client (gr.Chatbot), but not in the contexts in which functions of the app run.
        Threads of a function do not inherit these contexts. Without one, a component must be added to the app first: see `render`.
        """
        self._is_tunnel_given = "tunnel" in self._constructor_args[0]
        for arguments in self._constructor_args:
            arguments.pop("tunnel", None)  # Gradio can send them to pages, which must not get tokens
        self._named_servers = tunnel if isinstance(tunnel, Servers) else Servers(tunnel, value)
        if is_trusted and self._is_tunnel_given:
            self._named_servers.trust()

    @property
    def _servers(self) -> Servers:
        """The Rerun servers that the page reaches through the app."""
        # gr.load makes components from the config of another app, and sets their `proxy_url`.
        is_loaded = getattr(self, "proxy_url", None) is not None
        return Servers(False) if is_loaded or self._named_servers is None else self._named_servers

    def render(self) -> Rerun:
        """For Gradio: adds the component to the app. From then on, it trusts the servers that the app's author has named."""
        super().render()
        if self.is_rendered and not any(get_local_contexts()) and may_build_apps():
            self._servers.trust()
            if "value" in self.__dict__:  # its `__init__` has finished before
                self._add_tickets()
        return self

    def _add_tickets(self) -> None:
        """Adds the tickets to the initial value and commands, which were made before the component was in the app."""
        if isinstance(self.value, list):
            self.value = [self._with_ticket(each) for each in self.value]
        for command in self.props["settings"].get("commands", []):
            if command["name"] == "open":
                command["arguments"]["ticket"] = self._servers.ticket(command["arguments"]["url"])

    def _with_ticket(self, item: Any) -> Any:
        is_admitted = isinstance(item, dict) and "server" in item
        if not isinstance(item, str) and not is_admitted:
            return item
        url = item["server"] if is_admitted else item
        admitted = self._servers.admit(url, own=is_admitted)
        return admitted if isinstance(admitted, str) else admitted.model_dump()

    def _settings(self, changes: Mapping[str, Any] = MappingProxyType({})) -> Settings:
        """The settings for the page, with the parameters that change."""
        return page_settings(**{name: changes.get(name, given) for name, given in self._given.items()})

    def unrender(self) -> Rerun:
        """For Gradio: removes the component from the app, to show it elsewhere. Raises a `PlacementError` if that is a chat."""
        # gr.Chatbot calls this for a component in a message. Its frontend looks for a component with the name of the class, and finds none.
        if sys._getframe(1).f_globals.get("__name__") == "gradio.components.chatbot":
            raise PlacementError(
                "A message of gr.Chatbot cannot hold a Rerun viewer. Put the viewer beside the chat, and return the recording as its value: "
                "gr.ChatInterface(..., additional_outputs=[viewer])."
            )
        super().unrender()
        return self

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]  # as in gr.HTML
        """What Gradio sends to the page about this component."""
        # The events of the component are known only now. No update changes js_on_load.
        return {**super().get_config(), "js_on_load": _JS_ON_LOAD % json.dumps(self._part_in_app())}

    def _part_in_app(self) -> dict[str, Any]:
        events = self._app_events()
        heard = {name for event in events for id_, name in event.targets if id_ == self._id}
        return {
            "id": self._id,
            "session": self._session or "",
            "isInput": self._is_input_only(events),
            "handlers": handlers(self, events),
            "listened": sorted(heard & {str(each) for each in ANSWERS}),
        }

    def _app_events(self) -> list[Any]:
        root: Any = self
        while root.parent is not None:
            root = root.parent
        rendering = LocalContext.blocks_config.get(None)  # while a gr.render runs
        return list({**getattr(root, "fns", {}), **(rendering.fns if rendering else {})}.values())

    def _is_input_only(self, events: list[Any]) -> bool:
        is_input = any(each._id == self._id for event in events for each in event.inputs)
        return is_input and not any(each._id == self._id for event in events for each in _outputs(event))

    @server  # type: ignore[untyped-decorator]
    async def open_upload(self, path: str, request: gr.Request | None = None) -> dict[str, Any]:
        """For the page: the recording that an uploaded file is or can be converted to, or the reason why it cannot."""
        # `delete_cache` deletes the recording with the upload itself. It does not know the list of a component that was updated.
        listed = app_of(request).upload_file_set if request else self.temp_files
        return await one_a_session(partial(self._opened, path, listed), request)

    def _opened(self, path: str, listed: set[str]) -> dict[str, Any]:
        try:
            file = uploaded_file(path)
            self._check_upload(file)
            recordings = to_recordings(file, Path(self.GRADIO_CACHE), listed=listed)
            return {"file": Recordings(root=recordings).model_dump()[0]}
        except GradioRerunError as error:
            return {"error": str(error)}

    @server  # type: ignore[untyped-decorator]
    def check_files(self, _: None = None) -> None:
        """For the page, if a file of the viewer was not loaded completely: restores missing and damaged files."""
        check_page_files()

    @server  # type: ignore[untyped-decorator]
    def viewer_code(self, name: str, request: gr.Request) -> Response:
        """For the page: the WebAssembly of the viewer, which the browser decompresses while it loads."""
        # Gradio's file route sends no Content-Encoding: the page would have to decompress the file, in its main thread.
        assets = viewer_assets()
        if name != assets.wasm.name:  # the app has been started again, with another rerun-sdk
            return Response(status_code=404)
        takes_brotli = re.search(r"\bbr\b", request.headers.get("accept-encoding", ""))
        path, coding = (assets.wasm_br, "br") if takes_brotli else (assets.wasm, "gzip")
        return FileResponse(path, media_type="application/wasm", headers={"Content-Encoding": coding})

    @server  # type: ignore[untyped-decorator]
    async def ask_server(self, call: Any, request: gr.Request) -> Response:
        """For the page: the response of a Rerun server to one of the viewer's calls."""
        return self._servers.forward(call, request.client.host if request.client else "")

    def _check_upload(self, file: Path) -> None:
        # A folder may contain files of any type: the function ignores those that it does not need.
        check_file(file, None if self.file_count == "directory" else self.file_types)

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
        for item in items:
            if isinstance(item, FileData):
                self._check_upload(uploaded_file(item.path))
        paths = [item.path if isinstance(item, FileData) else checked_url(_url(item)) for item in items]
        if len(paths) > 1 or (paths and self.file_count != "single"):
            return paths
        return paths[0] if paths else None

    def postprocess(self, value: Any) -> Recordings | dict[str, Any] | None:
        """
        Parameters:
            value: Expects a path or URL as `str` or `Path`, `bytes`, a `rerun.RecordingStream`, a `FileData`, a list of these, or None; or commands of `gradio_rerun.commands`.
        Returns:
            The recordings as files in Gradio's cache and URLs; with `streaming`, all that is shown then, or a `gr.skip()` if there is no new data.
        """
        if self._is_made and is_postponing():
            return Postponed(partial(self.postprocess, value))  # type: ignore[return-value]  # for Gradio only
        with_commands = separated(value)
        if with_commands is not None:
            return self._update(with_commands)
        cache, call = Path(self.GRADIO_CACHE), current_call()
        if not self.streaming:
            self._warn_of_stream(value, call)
            recordings = to_recordings(value, cache, servers=self._servers, listed=self._listed(call))
            return Recordings(root=recordings) if recordings else None
        shown = self._shown(call)
        is_empty = isinstance(value, (list, tuple)) and not value
        if is_empty or (value is None and not call.is_generator):
            shown.clear()
            # For the page, None means that a generator has ended without a yield.
            return Recordings(root=[])
        appender = Appender(shown, call, self.max_stream_size)
        recordings = to_recordings(value, cache, stream=appender, servers=self._servers, listed=self._listed(call))
        if recordings:
            return Recordings(root=shown.next(call, recordings))
        if call.is_generator:
            last = shown.unchanged(call)
            return Recordings(root=last) if last else None
        return dict(gr.skip())

    def _shown(self, call: Call) -> Shown:
        """What this component shows in the session of the call; a new `Shown` if there is no session."""
        cache = Path(self.GRADIO_CACHE)
        if call.session is None:
            return Shown(cache)
        id_, component = self._in_app(call)
        return shown_in(call.session, id_, cache, component.temp_files)

    def _listed(self, call: Call) -> set[str]:
        """Gradio's list of the files of this component in the app, by which it deletes them (`delete_cache`)."""
        listed: set[str] = self._in_app(call)[1].temp_files
        return listed

    def _in_app(self, call: Call) -> tuple[int, Rerun]:
        """The id and the object of this component in the app: after an update, a session has another object, with a later id."""
        blocks = call.session.blocks_config.blocks if call.session else {}
        id_ = min((id_ for id_, each in blocks.items() if each is self), default=self._id)
        app = LocalContext.blocks.get(None)
        return id_, (app.blocks.get(id_) if app else None) or self

    def _warn_of_stream(self, value: Any, call: Call) -> None:
        """Warns once of a generator whose data replace each other."""
        if not call.is_generator or not has_data(value):
            return
        _, component = self._in_app(call)
        if component._yielded_data_in != call.run:
            component._yielded_data_in = call.run
        elif not component._has_warned:
            component._has_warned = True
            warnings.warn(
                "A generator yields data to a Rerun component that is not streaming: each value replaces the one before. "
                "To add the data to what is shown, construct it with Rerun(streaming=True).",
                stacklevel=3,
            )

    def check_streamable(self) -> None:
        """Nothing: every viewer can be streamed to."""

    async def stream_output(
        self, value: list[Any] | None, output_id: str, first_chunk: bool
    ) -> tuple[MediaStreamChunk | None, Any]:
        """For Gradio: what it sends to the page for a value that a generator has yielded.

        Parameters:
            value: The return value of `postprocess`; None if there is nothing new, and at the end of the run.
            output_id: Unused: it begins with the hash of the session, which the client chooses.
            first_chunk: Whether it is the first value of the run.
        Returns:
            No chunk for Gradio to keep, and the value.
        """
        call = current_call()
        if call.session is None:  # gr.Examples is caching what a generator yields; Gradio streams within sessions only
            return MediaStreamChunk(data=value, duration=0, extension=".rrd"), _Files()
        if value is None:
            # Another call may be writing to the recording.
            await in_thread(partial(self._shown(call).end, call))
            return None, dict(gr.skip())  # at the end, Gradio sends the last value again
        # Gradio treats a file with a URL as a file on another server.
        return None, _Files({**each, "url": None} if FileData.is_file_data(each) else each for each in value)

    async def combine_stream(
        self, stream: list[Any], desired_output_format: str | None = None, only_file: bool = False
    ) -> Recordings:
        """For Gradio, when it caches examples: joins all that a generator has yielded into one value."""
        root = await in_thread(partial(joined, stream, Path(self.GRADIO_CACHE), self.max_stream_size))
        return Recordings(root=root)

    @server  # type: ignore[untyped-decorator]
    def forget_recording(self, path: Any) -> bool:
        """For the page, when it no longer shows a growing recording: later data are a new one. Returns whether this one may arrive again."""
        return isinstance(path, str) and forget(path)

    def _update(self, show: Show) -> dict[str, Any]:
        """An update with the commands and, if there is one, the value, in the form that Gradio makes of a `gr.update`."""
        settings = {**self._settings(), "commands": to_wire(show.commands, self._servers)}
        update: dict[str, Any] = {"__type__": "update", "props": {"settings": settings}}
        if show.value is NO_VALUE:
            return update
        recordings = self.postprocess(show.value)
        if isinstance(recordings, dict) or (recordings is None and self.streaming):  # there is no new data
            return update
        # The page gets the value first, and the commands are for this value.
        return {"value": recordings.model_dump() if recordings else None, **update}

    def process_example(self, value: Any) -> str:
        """The names of the recordings, as text for the table of examples."""
        # gr.Examples shows this as HTML.
        items = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        return ", ".join(html.escape(_name(item)) for item in items)

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value, for clients: a list of files and URLs."""
        return Component.api_info(self)  # gr.HTML says that the value is a string

    def example_payload(self) -> Any:
        """An example of a value that a client sends."""
        return ["https://app.rerun.io/version/0.24.0/examples/dna.rrd"]

    def example_value(self) -> Any:
        """An example of a value that a function returns."""
        return "https://app.rerun.io/version/0.24.0/examples/dna.rrd"


class _Files(list[Any]):
    """Files and URLs. Gradio reads fields of a streamed value as if it were a single file."""

    def get(self, name: str) -> None:
        """None: a list has no such field."""


def _outputs(event: Any) -> list[Any]:
    """The outputs of a listener of the app; none for gr.Examples and clear buttons: an input that these fill is still an input."""
    helps = event.fn is None or str(event.api_name).startswith("load_example")
    return [] if helps else list(event.outputs)


class _ConstructorArgs(dict[str, Any]):
    """Adds the whole settings to each update on its way to the page.

    Gradio merges an update into a copy of these arguments, then sends the page the changed arguments only. gr.HTML drops its own
    (`scale`, `min_width`), and replaces all props in the page with the rest. So `update` adds all settings.
    """

    def __init__(self, viewer: Rerun, arguments: Mapping[str, Any]) -> None:
        super().__init__(arguments)
        self._viewer = viewer

    def copy(self) -> _ConstructorArgs:
        return _ConstructorArgs(self._viewer, self)

    def update(self, changes: dict[str, Any]) -> None:  # type: ignore[override]
        if separated(changes.get("value")):
            raise CommandError(
                f"Expected commands to be returned by themselves, got them in an update: {changes['value']!r:.200}. "
                "Return them without gr.update or Rerun, and change the parameters in another function."
            )
        super().update(changes)
        if "value" in changes and changes["value"] is None:
            changes["value"] = []  # an explicit value, which clears, where a generator's None means "nothing new"
        # An update is a dict, which a client may have sent.
        if "tunnel" in changes and not isinstance(changes.pop("tunnel"), Servers):
            raise ParameterError("Expected an update without tunnel, got one. Return Rerun(tunnel=...) instead.")
        # Gradio passes the same gr.skip() object to all outputs of a function, and the others have no settings.
        if changes.get("__type__") == "update" and changes != gr.skip():
            changes["settings"] = self._viewer._settings(changes)
        # The app's own buttons have listeners, so an update does not change them.
        if is_collection(buttons := changes.pop("buttons", None)):
            self["buttons"] = [*(each for each in buttons if not isinstance(each, gr.Button)), *self._viewer.buttons]


def _url(item: ServerUrl | str) -> str:
    return item.server if isinstance(item, ServerUrl) else item


def _name(item: Any) -> str:
    if isinstance(item, FileData):
        return item.orig_name or Path(item.path).name
    return Path(str(item)).name if isinstance(item, (str, Path)) else type(item).__name__
