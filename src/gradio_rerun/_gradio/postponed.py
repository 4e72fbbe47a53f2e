"""Prepares the values of functions in threads of our own.

Gradio calls `postprocess` on the event loop for the value of a `gr.update` or of a component that a function returns; Gradio 6.10 does so for
every value. All visitors wait meanwhile. Otherwise Gradio uses one of the threads that also serve files.

Gradio 6.10 to 6.31. Remove this file when
tests/unit/test_event_loop.py::test_the_event_loop_goes_on_while_a_value_is_prepared passes without it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from gradio.blocks import Blocks
from gradio.context import LocalContext
from gradio.processing_utils import move_files_to_cache
from gradio.state_holder import SessionState
from gradio.utils import is_prop_update
from pydantic import BaseModel

from .streams import Prepared
from .threads import in_thread
from .updates import complete, set_ids, trust
from .wrapping import Method, wrap

_is_postponing: ContextVar[bool] = ContextVar("gradio_rerun_postponing", default=False)


class Postponed:
    """A placeholder for a value until Gradio has processed all outputs of a function."""

    def __init__(self, postprocess: Callable[[Any], Any], value: Any) -> None:
        self.postprocess = postprocess
        self.value = value


def is_postponing() -> bool:
    """Whether `postprocess` may return a `Postponed`."""
    return _is_postponing.get()


def follow_outputs() -> None:
    """Lets `postprocess` return a `Postponed`, in all apps of this process."""
    wrap("postprocess_data", _followed)


def _followed(process: Method) -> Method:
    async def followed(app: Blocks, block_fn: Any, predictions: Any, state: Any = None) -> Any:
        state = SessionState(app) if state is None else state
        kept = [state.config_values.get(block._id, {}).get("props", {}).get("value") for block in block_fn.outputs]
        set_ids(block_fn.outputs, state)
        token = _is_postponing.set(True)
        # gr.Examples caches lazily within a call, in which Gradio would run only a part of a component's `__init__`.
        in_call = LocalContext.in_event_listener.set(False)
        try:
            data = await process(app, block_fn, predictions, state)
        finally:
            _is_postponing.reset(token)
            LocalContext.in_event_listener.reset(in_call)
        outputs = block_fn.outputs[: len(data)]
        ends = [value is None for value in data]  # of a generator; other values are postponed
        set_ids(outputs, state)  # those that this call has made again
        try:
            for index, block in enumerate(outputs):
                await _prepare(data, index, block, state, kept[index])
        finally:  # after an error, too
            for block, value in zip(outputs, data, strict=True):
                if isinstance(value, (Postponed, Prepared)) or _has_postponed(value):
                    state._update_value_in_config(block._id, None)
        # Last, and at once: while the values were prepared, another function may have updated the component.
        for block, value, is_end in zip(outputs, data, ends, strict=True):
            if not is_end:
                complete(value, block, state)
        return data

    return followed


async def _prepare(data: list[Any], index: int, block: Any, state: Any, kept: Any) -> None:
    """Replaces what is postponed in one output. `kept`: the component's value before."""
    value = data[index]
    if isinstance(value, (Postponed, Prepared)):
        data[index] = await _prepared(value, block, state, kept)
    elif is_prop_update(value):
        trust(state[block._id], block)
        if _has_postponed(value):
            # None in an update clears. None of a generator means that there is nothing new.
            value["value"].value = [] if value["value"].value is None else value["value"].value
            value["value"] = await _prepared(value["value"], block, state, kept)
            if is_prop_update(value["value"]):  # no new data
                del value["value"]


def _has_postponed(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("value"), Postponed)


async def _prepared(value: Postponed | Prepared, block: Any, state: Any, kept: Any) -> Any:
    """The value that `postprocess` returns, serialized, with its files in Gradio's cache."""
    serialized: Any = None
    try:
        prepared = await in_thread(partial(_in_cache, value, block)) if isinstance(value, Postponed) else value
        serialized = prepared.model_dump() if isinstance(prepared, Prepared) else prepared
        return prepared.model_dump() if isinstance(prepared, Prepared) else prepared
    finally:
        # Instead of the Postponed. A deep link has what the session has here: commands leave the value as it is.
        is_update = isinstance(serialized, dict) and is_prop_update(serialized)
        state._update_value_in_config(block._id, serialized.get("value", kept) if is_update else serialized)


def _in_cache(value: Postponed, block: Any) -> Any:
    returned = value.postprocess(value.value)
    if isinstance(returned, Prepared):
        return returned
    serialized = returned.model_dump() if isinstance(returned, BaseModel) else returned
    # Gradio checks the paths, for which it reads links and folders, and hashes files that are not in its cache.
    return move_files_to_cache(serialized, block, postprocess=True)
