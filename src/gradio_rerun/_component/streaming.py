"""A component that streams: what it shows in each session."""

from __future__ import annotations

import inspect
import warnings
from asyncio import _get_running_loop
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.base import Component
from gradio.context import LocalContext
from gradio.data_classes import FileData, MediaStreamChunk
from pydantic import BaseModel

from .._checks import items_of
from .._gradio.calls import Call
from .._gradio.streams import Prepared, StreamedAsPrepared
from .._gradio.threads import in_thread
from .._recordings.chunks import pieces_of
from .._recordings.shown import Appender, Shown, Unjoined, joined, shown_in
from .._recordings.values import has_data, to_recordings
from .._viewer.sdk import chunk_class
from .._wire import Recording, Recordings
from .remote_access import RemoteAccess

_QUICKLY_APPENDED = 1 << 20
"""Bytes. A thread of Gradio appends up to this number itself: another thread would take longer to start."""


class Streaming(RemoteAccess, StreamedAsPrepared):
    """The part of `Rerun` that shows recordings that grow."""

    _yielded_data_in: str | None = None
    """The run of a generator that has yielded data, if the component is not streaming."""
    _has_warned = False
    _id_in_app: int | None = None
    """The id in the app, set at each call of a function; see _gradio/updates.py."""
    _is_computed = False
    """Whether the value is a function."""
    max_stream_size: int | None

    @staticmethod
    def get_load_fn_and_initial_value(value: Any, inputs: Any = None) -> tuple[Any, Any]:
        """For Gradio: the function that is called when the page loads, and the value until then. Gradio cannot get it from a generator or an async function."""
        checks = (inspect.isgeneratorfunction, inspect.isasyncgenfunction, inspect.iscoroutinefunction)
        if any(check(value) for check in checks):
            return value, None
        function_and_value: tuple[Any, Any] = Component.get_load_fn_and_initial_value(value, inputs)  # type: ignore[no-untyped-call]
        return function_and_value

    def _streamed(self, value: Any, call: Call, *, is_cached: bool = False) -> Prepared | Recordings | dict[str, Any]:
        """All that is shown after a value of a function; a `gr.skip()` if there is no new data.

        `is_cached`: Gradio caches an example, and gets the data of this value only.
        """
        shown, cache = self._shown(call), Path(self.GRADIO_CACHE)
        items = items_of(value)
        if not items or (all(each is None for each in items) and not call.is_generator):
            shown.clear()
            # For the frontend, None means that a generator has ended without a yield.
            return Recordings(root=[])
        stream = Unjoined(cache) if is_cached else Appender(shown, call, self.max_stream_size)
        recordings = self._found(value, stream)
        if is_cached and any(isinstance(each, bytes) for each in recordings):
            return Prepared([each.model_dump() if isinstance(each, BaseModel) else each for each in recordings])
        if recordings:
            recordings = shown.next(call, recordings)
        elif call.is_generator:
            recordings = shown.unchanged(call) or []
        if not recordings:
            return dict(gr.skip())
        sent = Recordings(root=recordings)
        is_in_cache = all(not isinstance(each, FileData) or each.url for each in recordings)
        is_of_function = self._is_made and not is_cached and not self.proxy_url
        return Prepared(sent.model_dump()) if is_in_cache and is_of_function else sent

    def _found(self, value: Any, stream: Appender | Unjoined | None = None) -> list[Recording]:
        """The recordings that a value names or holds."""
        return to_recordings(
            value,
            Path(self.GRADIO_CACHE),
            stream=stream,
            servers=self._servers,
            sources=self._sources,
            listed=self._in_app()[1].temp_files,  # for `delete_cache`
        )

    def _shown(self, call: Call) -> Shown:
        """What this component shows in the session of the call; a new `Shown` if there is no session."""
        cache = Path(self.GRADIO_CACHE)
        if call.session is None:
            return Shown(cache)
        id_, component = self._in_app()
        return shown_in(call.session, id_, cache, component.temp_files, is_computed=component._is_computed)

    def _in_app(self) -> tuple[int, Any]:
        """The id and the object of this component in the app: after an update, a session has another object, with a later id."""
        id_ = self._id if self._id_in_app is None else self._id_in_app
        app = LocalContext.blocks.get(None)
        return id_, (app.blocks.get(id_) if app else None) or self

    def _warn_of_stream(self, value: Any, call: Call) -> None:
        """Warns once of a generator whose values replace each other."""
        if not call.is_generator or not has_data(value):
            return
        _, component = self._in_app()
        if component._yielded_data_in != call.run:
            component._yielded_data_in = call.run
        elif not component._has_warned:
            component._has_warned = True
            warnings.warn(
                "A generator yields data to a Rerun component that is not streaming: each value replaces the one before. "
                "To add the data to what is shown, construct it with Rerun(streaming=True).",
                stacklevel=5,
            )

    def pieces(self, value: Any) -> Iterator[bytes] | None:
        """For Gradio: the data of a `LazyChunkStream` of the SDK, which is shown while it is read. None for other values."""
        return pieces_of(value) if chunk_class(value) == "LazyChunkStream" else None

    def check_streamable(self) -> None:
        """For Gradio: raises no error, since every viewer can be streamed to."""

    async def stream_output(
        self, value: Any, output_id: str, first_chunk: bool
    ) -> tuple[MediaStreamChunk, dict[str, Any]]:
        """For Gradio, when it caches examples: what the cache gets of a value that a generator has yielded.

        Parameters:
            value: The return value of `postprocess`.
            output_id: Unused.
            first_chunk: Unused.
        Returns:
            The value, and nothing for the frontend.
        """
        data = value.model_dump() if isinstance(value, Prepared) else value
        return MediaStreamChunk(data=data, duration=0, extension=".rrd"), {}

    async def combine_stream(
        self, stream: list[Any], desired_output_format: str | None = None, only_file: bool = False
    ) -> Recordings:
        """For Gradio, when it caches examples: joins all that a generator has yielded into one value."""
        root = await in_thread(partial(joined, stream, Path(self.GRADIO_CACHE), self.max_stream_size))
        return Recordings(root=root)


def is_quick(value: Any) -> bool:
    """Whether this thread can prepare the value: the bytes are few, and the thread runs no event loop."""
    return isinstance(value, bytes) and 0 < len(value) <= _QUICKLY_APPENDED and _get_running_loop() is None
