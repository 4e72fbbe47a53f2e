"""A component that streams: what it shows in each session."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.base import StreamingOutput
from gradio.context import LocalContext
from gradio.data_classes import FileData, MediaStreamChunk

from .._gradio.calls import Call, current_call
from .._gradio.threads import in_thread
from .._recordings.shown import Appender, Shown, joined, shown_in
from .._recordings.values import has_data, to_recordings
from .._wire import Recordings
from .server_access import ServerAccess


class Streaming(ServerAccess, StreamingOutput):
    """The part of `Rerun` that shows recordings that grow."""

    _yielded_data_in: str | None = None
    """The run of a generator that has yielded data, if the component is not streaming."""
    _has_warned = False
    _id_in_app: int | None = None
    """The id in the app, once it is known: another call may replace this object in the session while this one prepares a value."""
    max_stream_size: int | None

    def _streamed(self, value: Any, call: Call) -> Recordings | dict[str, Any] | None:
        """All that is shown after a value of a function; a `gr.skip()` if there is no new data."""
        shown = self._shown(call)
        is_empty = isinstance(value, (list, tuple)) and not value
        if is_empty or (value is None and not call.is_generator):
            shown.clear()
            # For the frontend, None means that a generator has ended without a yield.
            return Recordings(root=[])
        appender = Appender(shown, call, self.max_stream_size)
        recordings = to_recordings(
            value, Path(self.GRADIO_CACHE), stream=appender, servers=self._servers, listed=self._listed(call)
        )
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
        """Gradio's list of the files of this component in the app, for `delete_cache`."""
        listed: set[str] = self._in_app(call)[1].temp_files
        return listed

    def _in_app(self, call: Call) -> tuple[int, Any]:
        """The id and the object of this component in the app: after an update, a session has another object, with a later id."""
        blocks = call.session.blocks_config.blocks if call.session else {}
        # The session keeps an object that was replaced, by the later id.
        known = self._id if self._id_in_app is None else self._id_in_app
        self._id_in_app = id_ = min([known, *(id_ for id_, each in blocks.items() if each is self)])
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
        """For Gradio: what it sends to the frontend for a value that a generator has yielded.

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


class _Files(list[Any]):
    """Files and URLs. Gradio reads fields of a streamed value as if it were a single file."""

    def get(self, name: str) -> None:
        """None: a list has no such field."""
