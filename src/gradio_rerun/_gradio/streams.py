"""Values of streaming components reach the frontend as `postprocess` has prepared them.

Gradio checks the path of each file that a function returns, twice for each yield of a generator, on the event loop. Each check reads links and
folders: at 800 yields, Gradio took longer for the checks than for all else. The file of a stream was created in Gradio's cache by this package.

Gradio 6.10 to 6.31. Remove this file when
tests/unit/test_event_loop.py::test_gradio_does_not_check_the_file_of_a_stream_at_each_yield passes without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.blocks import Blocks
from gradio.components.base import StreamingOutput

from .growing_files import serve_growing_files
from .wrapping import Method, wrap


class Prepared:
    """The value of an output as it is sent to the frontend, apart from the app's URL. Gradio does not look into it."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def model_dump(self) -> list[Any]:
        """A copy of the value, which Gradio may change."""
        return [{**each} if isinstance(each, dict) else each for each in self._items]


class StreamedAsPrepared(StreamingOutput):
    """A component whose values Gradio sends to the frontend as they are. Gradio calls `stream_output` only to cache examples."""

    def pieces(self, value: Any) -> Iterator[Any] | None:
        """The pieces of a value that is shown while it is read, none of them None; None for a value that is shown as a whole."""
        return None


def follow_streams() -> None:
    """Lets Gradio stream the values of `StreamedAsPrepared` components as they are, in all apps of this process."""
    wrap("handle_streaming_outputs", _followed)
    serve_growing_files()


def _followed(process: Method) -> Method:
    async def followed(
        app: Blocks, block_fn: Any, data: list[Any], session_hash: str | None, *args: Any, **options: Any
    ) -> Any:
        kept = {
            index: data[index]
            for index, block in enumerate(block_fn.outputs)
            if session_hash is not None and isinstance(block, StreamedAsPrepared) and block.streaming
        }
        for index in kept:
            data[index] = dict(gr.skip())  # Gradio leaves updates alone
        data = await process(app, block_fn, data, session_hash, *args, **options)
        for index, value in kept.items():
            if value is not None:  # the end of the run
                data[index] = value
        return data

    return followed
