"""An app for clients without a browser, run in a process of its own: `python visited_app.py [URL of a Rerun server]`.

It has the viewer in all its roles, and a listener for each event. It prints where it is as a line of JSON, and ends when its stdin does.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import rerun as rr
from gradio.components.base import server
from gradio.route_utils import delete_files_created_by_app

from gradio_rerun import Rerun, ViewerClient, agents, events, mcp_tools
from gradio_rerun._component import questions
from gradio_rerun._gradio import server_calls
from gradio_rerun._recordings import fetched, file_server, on_demand, shown, sinks
from gradio_rerun._recordings.turns import conversion_turns
from gradio_rerun._servers import forwarding, own_servers

SESSIONS = 20
"""The number of sessions that Gradio remembers."""
FRAMES = 8

questions.POLL_SECONDS = 0.2
questions._GRACE_SECONDS = 5
file_server.LEASE_SECONDS = 5
on_demand._LOOKS_EVERY = 1
LARGE = 100_000
"""Bytes. Larger files are served piece by piece."""


class Trivial(gr.HTML):
    """A component whose server function does nothing, to compare with."""

    @server
    def nothing(self, data: Any) -> None:
        pass


def stream() -> Iterator[rr.RecordingStream]:
    """Logs and yields, as a live robot does."""
    recording = rr.RecordingStream("visited_app")
    for frame in range(FRAMES):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D([[0, 0, frame]] * 200))
        time.sleep(0.02)  # as a robot that has no more to say
        yield recording


def listener(name: str) -> Callable[..., str]:
    """A function that reads all fields of the event of this name."""
    kinds = {each.__name__.lower(): each for each in vars(events).values() if isinstance(each, type)}
    kind = kinds.get(name.replace("_", ""), gr.EventData)
    assert issubclass(kind, gr.EventData)

    def listen(value: Any, event: Any) -> str:
        repr((value, event, getattr(event, "payload", None)))
        return "heard"

    listen.__annotations__ = {"event": kind}
    return listen


async def ask() -> str:
    """Returns the answer of the visitor's page, or the error."""
    return repr(await client.get_recording_schema())


TURNS = (conversion_turns, on_demand._turns, fetched._turns, fetched._web_turns)


async def counts() -> dict[str, int]:
    """Returns the sizes of the collections that hold data of sessions."""
    gc.collect()
    questions._forget()
    return {
        "sinks": sum(type(each) is sinks.Sink for each in gc.get_objects()),
        "recordings that grow": len(shown._shown_by_path) + len(sinks._shared),
        "calls to Rerun servers": len(forwarding._open_calls),
        "uploads that wait": len(server_calls._turns),
        "turns": sum(len(each._running) + len(each._waiting) for each in TURNS),
        "servers for large files": len(on_demand._servers) + len(own_servers._secrets),
        "tokens of agents": sum(len(each._holders) for each in gc.get_objects() if type(each) is agents._Tokens),
        "tasks": len(asyncio.all_tasks()),
        "sessions": len(demo.app.state_holder.session_data),
        "pages that may be asked": len(questions._pages),
        "sessions with streams": len(shown._sessions),
    }


with gr.Blocks() as demo:
    output, numbers = gr.Textbox(), gr.JSON()
    viewer = Rerun(sys.argv[1] if len(sys.argv) > 1 else None, on_demand_above=LARGE)
    client = ViewerClient(viewer, seconds=5)
    mcp_tools(viewer, seconds=5)
    streaming = Rerun(streaming=True)
    trivial = Trivial()
    for event in Rerun.EVENTS:
        getattr(viewer, str(event))(listener(str(event)), viewer, output, api_name=f"event_{event}")
    unlimited: dict[str, Any] = {"concurrency_limit": None}
    gr.Button().click(stream, None, streaming, api_name="stream", **unlimited)
    gr.Button().click(lambda: None, None, output, api_name="nothing", **unlimited)
    gr.Button().click(ask, None, output, api_name="ask", **unlimited)
    # As `delete_cache` does with files that are old.
    gr.Button().click(lambda: delete_files_created_by_app(demo, None), None, output, api_name="delete_files")
    gr.Button().click(counts, None, numbers, api_name="counts", **unlimited)


if __name__ == "__main__":
    demo.launch(
        prevent_thread_lock=True,
        quiet=True,
        server_name="127.0.0.1",
        show_error=True,
        state_session_capacity=SESSIONS,
    )
    about = {"url": demo.local_url, "viewer": viewer._id, "streaming": streaming._id, "trivial": trivial._id}
    print(json.dumps({**about, "folders": [str(Path.cwd()), str(Path(gr.__file__).parents[1])]}), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    demo.block_thread()
