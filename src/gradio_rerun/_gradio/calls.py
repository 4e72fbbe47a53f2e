"""Which call of an app's function a value belongs to: its session, its run, and whether the function is a generator.

Gradio passes only the value to `postprocess`. So this file wraps `Blocks.process_api`.

Gradio 6.10 to 6.31. Remove this file when `postprocess` gets the session and the run, and
tests/unit/test_calls.py::test_runs_and_calls_are_in_one_file_and_sessions_are_not passes without it.
"""

from __future__ import annotations

import inspect
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from gradio.blocks import Blocks
from gradio.cli.commands.reload import reload_thread
from gradio.component_meta import get_local_contexts

from .._clients import client_of, working_for
from .wrapping import Method, wrap


@dataclass(frozen=True)
class Call:
    """One call of a function of the app; of a generator, one step."""

    session: Any = None
    """Gradio's `SessionState`; None if the call belongs to no session, or to several (`batch=True`)."""
    run: str = ""
    """The same for all steps of a generator."""
    is_generator: bool = False


_current: ContextVar[Call] = ContextVar("gradio_rerun_call")
_has_called = False


def current_call() -> Call:
    """The call that is being handled; outside the app, an empty one without a session."""
    return _current.get(Call())


def may_build_apps() -> bool:
    """Whether the author of an app may be building it here. After the first call of a function, a thread other than the main one may belong to a function."""
    if any(get_local_contexts()):
        return False
    thread = threading.current_thread()
    return not _has_called or thread is threading.main_thread() or getattr(reload_thread, "running_reload", False)


def follow_calls() -> None:
    """Makes `current_call` return the calls of all apps of this process."""
    wrap("process_api", _followed)


def _followed(process: Method) -> Method:
    async def followed(*args: Any, **options: Any) -> Any:
        global _has_called
        _has_called = True
        # In the context of the task, which Gradio copies into the thread of `postprocess`.
        _current.set(_call(*args, **options))
        client = client_of(options.get("request"), options.get("session_hash"))
        try:
            with working_for(client):
                return await process(*args, **options)
        finally:
            # Not the outer call: gr.Examples caches lazily in the context of a visitor's call, and other visitors get the result.
            _current.set(Call())

    return followed


def _call(app: Blocks, block_fn: Any, *_: Any, **given: Any) -> Call:
    # Gradio passes the others by name. Other packages wrap `process_api`, too, so its signature may be another one.
    function = app.fns[block_fn] if isinstance(block_fn, int) else block_fn
    run = given.get("event_id") or ""
    # By the same rule as Gradio.
    is_generator = inspect.isgeneratorfunction(function.fn) or inspect.isasyncgenfunction(function.fn)
    has_session = given.get("session_hash") is not None and not function.batch
    return Call(given.get("state") if has_session else None, run, is_generator)
