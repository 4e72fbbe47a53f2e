from __future__ import annotations

import runpy
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import ports
import pytest
import uvicorn
from viewer_page import ViewerPage

PROGRAMS = Path(__file__).parent


@pytest.fixture
def program() -> dict[str, Any]:
    """The global names of the program that runs."""
    return {}


@pytest.fixture
def serve(
    launch: Callable[..., str], monkeypatch: pytest.MonkeyPatch, program: dict[str, Any], tmp_path: Path
) -> Iterator[Callable[[Path], str]]:
    """Runs a program as `python PROGRAM` does, and returns the URL of the app that it starts; the app ends with the test."""
    urls: list[str] = []
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []
    start = gr.Blocks.launch
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path / "examples"))

    def launch_program(demo: gr.Blocks, **options: Any) -> None:
        monkeypatch.setattr(gr.Blocks, "launch", start)
        urls.append(launch(demo, **options))

    def run_uvicorn(app: Any, **_: Any) -> None:
        port = ports.free_port()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        servers.append((server, thread))
        urls.append(f"http://127.0.0.1:{port}")

    def serve(path: Path) -> str:
        monkeypatch.setattr(gr.Blocks, "launch", launch_program)
        monkeypatch.setattr(uvicorn, "run", run_uvicorn)
        program.update(runpy.run_path(str(path), run_name="__main__"))
        return urls[-1]

    yield serve
    for server, thread in servers:
        server.should_exit = True
        thread.join()


@pytest.fixture
def run(page: ViewerPage, serve: Callable[[Path], str]) -> Callable[..., ViewerPage]:
    """Runs tests/programs/NAME.py, and opens its page."""

    def run(name: str, path: str = "") -> ViewerPage:
        return page.open(serve(PROGRAMS / f"{name}.py") + path)

    return run
