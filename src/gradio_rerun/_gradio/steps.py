"""A value that takes long to read is shown while it is read: each piece of it is a step of the generator that yields it.

Gradio sends one message for each value that a generator yields. So this file wraps `Blocks.call_function`, which takes the next value.

Gradio 6.10 to 6.31. Remove this file when a component can send several messages for one value, and
tests/unit/test_calls.py::test_a_lazy_stream_of_chunks_is_shown_while_it_is_read passes without it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Blocks
from gradio.components import Component
from gradio.utils import safe_aclose_iterator

from .streams import StreamedAsPrepared
from .threads import in_thread
from .wrapping import Method, wrap


def follow_generators() -> None:
    """Lets generators yield values with `pieces`, in all apps of this process."""
    wrap("call_function", _followed)


class _Steps:
    """The steps of a generator, with one for each piece of a value. Gradio takes the next one when the page has got the last."""

    def __init__(self, generator: AsyncIterator[Any], outputs: list[Component]) -> None:
        self._generator = generator
        self._outputs = outputs
        self._pieces: list[tuple[Component, Iterator[Any]]] = []

    async def __anext__(self) -> Any:
        while self._pieces:
            component, pieces = self._pieces[0]
            piece = await in_thread(partial(next, pieces, None))
            if piece is not None:
                return {component: piece}
            del self._pieces[0]
        return self.separated(await anext(self._generator))

    def separated(self, step: Any) -> Any:
        """The step without the values whose pieces are the next steps."""
        values = self._by_component(step)
        for component, value in values.items():
            streams = isinstance(component, StreamedAsPrepared) and component.streaming
            if streams and (pieces := component.pieces(value)) is not None:
                self._pieces.append((component, pieces))
        return {**values, **{component: gr.skip() for component, _ in self._pieces}} if self._pieces else step

    def _by_component(self, step: Any) -> dict[Any, Any]:
        if isinstance(step, dict):
            return step
        values = [step] if len(self._outputs) == 1 else step
        is_complete = isinstance(values, (list, tuple)) and len(values) == len(self._outputs)
        return dict(zip(self._outputs, values, strict=True)) if is_complete else {}

    async def aclose(self) -> None:
        self._pieces.clear()
        await safe_aclose_iterator(self._generator)


def _followed(call: Method) -> Method:
    async def followed(
        app: Blocks, block_fn: Any, processed_input: Any, iterator: Any = None, *args: Any, **options: Any
    ) -> Any:
        result = await call(app, block_fn, processed_input, iterator, *args, **options)
        if iterator is None and result["is_generating"]:
            function = app.fns[block_fn] if isinstance(block_fn, int) else block_fn
            if any(isinstance(each, StreamedAsPrepared) for each in function.outputs):
                steps = _Steps(result["iterator"], function.outputs)
                result["prediction"] = steps.separated(result["prediction"])
                result["iterator"] = steps
        return result

    return followed
