"""Sends questions from functions to the viewer in a visitor's page, and waits for the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial, wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import gradio as gr
from gradio.context import LocalContext

from . import commands
from ._checks import described, is_number
from ._component import questions
from ._component.requests import command_to_wire
from ._gradio.threads import in_thread
from ._recordings.file_types import saved_file
from ._viewer.answers import no_answer, read_answer, read_opened, read_state
from .commands import Command
from .component import Rerun
from .errors import AnswerError, ParameterError

Given = ParamSpec("Given")
Answered = TypeVar("Answered")


class Answer(Generic[Answered]):
    """The answer to a question. Write `await` before it in an `async` function, and call `result()` in others."""

    def __init__(self, command: Command[Answered], client: ViewerClient, session: str) -> None:
        self._command = command
        self._page = session, client._viewer._id
        self._seconds = client._seconds
        self._until = time.monotonic() + client._seconds
        servers = client._viewer._servers

        def wire(question: str) -> Any:
            return command_to_wire(command, servers, question, self._seconds)

        try:
            self._question, self._future = questions.ask(*self._page, wire, self._seconds)
        except OverflowError as error:
            raise AnswerError(
                f"Expected fewer questions to one page at the same time, got more than {error}. Wait for the answers."
            ) from None

    def result(self) -> Answered:
        """Waits for the answer, and returns it. Raises an `AnswerError` if the viewer could not carry out the command, or does not answer in time."""
        if asyncio._get_running_loop():
            raise AnswerError(
                "Expected result() in a function without async, got it in one that runs on the event loop, which it would block. "
                "Write `await` before the question instead."
            )
        try:
            return self._read(self._future.result(max(0.0, self._until - time.monotonic())))
        except FutureTimeoutError:
            raise self._late() from None
        finally:
            questions.withdraw(*self._page, self._question)

    def __await__(self) -> Generator[Any, None, Answered]:
        return self._waited().__await__()

    async def _waited(self) -> Answered:
        waiting = asyncio.wrap_future(self._future)
        try:
            data = await asyncio.wait_for(waiting, max(0.0, self._until - time.monotonic()))
        except asyncio.TimeoutError:
            raise self._late() from None
        finally:  # also if the function is cancelled
            questions.withdraw(*self._page, self._question)
        return await in_thread(partial(self._read, data))  # a schema may have thousands of entities

    def _late(self) -> AnswerError:
        is_there = questions.withdraw(*self._page, self._question)
        if is_there:
            why = "Its page has received the question. If the viewer is in a hidden tab, it answers when the tab is shown again."
        else:
            why = (
                "No page of this visitor has the viewer: the page was closed, or has not shown the viewer yet, as in a tab that was never "
                "selected."
            )
        return AnswerError(f"The viewer did not answer {self._command!r:.200} within {self._seconds:g} s. {why}")

    def _read(self, data: Any) -> Answered:
        if not isinstance(data, dict):
            raise no_answer(data)
        if (reason := data.get("error")) is not None:
            if not isinstance(reason, str):
                raise no_answer(data)
            raise AnswerError(f"The viewer could not carry out {self._command!r:.200}: {reason:.500}")
        read: Any = _READERS.get(self._command.name, _response)(data)
        return read  # type: ignore[no-any-return]


def _asks(make: Callable[Given, Command[Answered]]) -> Callable[Concatenate[ViewerClient, Given], Answer[Answered]]:
    @wraps(make)
    def ask(client: ViewerClient, *args: Given.args, **options: Given.kwargs) -> Answer[Answered]:
        return client.ask(make(*args, **options))

    return ask  # type: ignore[return-value]  # the first argument has another name


class ViewerClient:
    """Sends questions to the viewer in the page of the visitor whose function runs, and waits for the answers.

    Make one where the app is built: the page of a viewer with a client waits for its questions. In a function, each method is a command of
    `gradio_rerun.commands`, with the same arguments, that is carried out at once:

        client = ViewerClient(viewer)

        async def describe():
            state = await client.get_state()
            return state.active_recording

    In a function without `async`, write `client.get_state().result()`.
    """

    def __init__(self, viewer: Rerun, request: gr.Request | None = None, *, seconds: float = 30) -> None:
        """
        Parameters:
            viewer: The viewer.
            request: The request of the visitor, for a thread or task that Gradio does not know. If None, that of the function that runs.
            seconds: How long an answer may take. Otherwise it is an `AnswerError`.
        """
        if not isinstance(viewer, Rerun):
            raise ParameterError(f"Expected viewer to be a Rerun component, got {described(viewer)}.")
        if not is_number(seconds) or seconds <= 0:
            raise ParameterError(f"Expected seconds to be a positive number, got {described(seconds)}.")
        if not viewer._is_asked:
            if request is not None or (_request() is not None and not LocalContext.render_block.get(None)):
                raise ParameterError(
                    "Expected a ViewerClient to be made where the app is built, got the first one in a function: the page of this viewer "
                    "does not wait for questions. Write `client = ViewerClient(viewer)` below the viewer."
                )
            viewer._is_asked = True
            questions.expect(viewer)
        self._viewer = viewer
        self._request = request
        self._seconds = float(seconds)

    def of(self, request: gr.Request) -> ViewerClient:
        """The same client for the visitor of this request."""
        return ViewerClient(self._viewer, request, seconds=self._seconds)

    def ask(self, command: Command[Answered]) -> Answer[Answered]:
        """Sends a command to the viewer, and returns its answer, which may take a while."""
        if not isinstance(command, Command):
            raise ParameterError(f"Expected ask to get a command of gradio_rerun.commands, got {described(command)}.")
        request = self._request or _request()
        session = getattr(request, "session_hash", None)
        if not session:
            raise AnswerError(
                "Expected a question in a function that a visitor's page has called, got one elsewhere. In a thread or task of your own, "
                "write `client.of(request)`, with the `gr.Request` of the function."
            )
        return Answer(command, self, session)

    close = _asks(commands.close)
    get_blueprint = _asks(commands.get_blueprint)
    get_dataset_assets_schema = _asks(commands.get_dataset_assets_schema)
    get_dataset_schema = _asks(commands.get_dataset_schema)
    get_location = _asks(commands.get_location)
    get_logs = _asks(commands.get_logs)
    get_recording_schema = _asks(commands.get_recording_schema)
    get_state = _asks(commands.get_state)
    get_table_schema = _asks(commands.get_table_schema)
    get_transform_graph = _asks(commands.get_transform_graph)
    highlight_rect = _asks(commands.highlight_rect)
    list_commands = _asks(commands.list_commands)
    open = _asks(commands.open)
    run_command = _asks(commands.run_command)
    save_blueprint = _asks(commands.save_blueprint)
    save_recording = _asks(commands.save_recording)
    send_table = _asks(commands.send_table)
    set_active_recording = _asks(commands.set_active_recording)
    set_blueprint = _asks(commands.set_blueprint)
    set_location = _asks(commands.set_location)
    set_time = _asks(commands.set_time)
    take_screenshot = _asks(commands.take_screenshot)
    update_panels = _asks(commands.update_panels)


def _response(data: dict[str, Any]) -> Any:
    return read_answer(data) if "protocol" in data else None


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "get_state": read_state,
    "open": read_opened,
    "take_screenshot": saved_file,
    "save_recording": saved_file,
    "save_blueprint": saved_file,
}


def _request() -> Any:
    return LocalContext.request.get(None)
