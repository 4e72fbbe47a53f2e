from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from apps import Served
from gradio.context import LocalContext
from gradio.routes import App


@pytest.fixture(scope="session", autouse=True)
def web_apps_are_made_when_they_are_used() -> Iterator[None]:
    """gr.Blocks makes two web apps while an app is built, which takes longer than most tests. Only few tests send requests to one."""
    create = App.create_app
    create(gr.Blocks())  # Gradio imports further modules for the first one

    def create_app(blocks: gr.Blocks, **options: Any) -> Any:
        is_being_built = options == {"mcp_server": False}  # not by `launch` or `gr.mount_gradio_app`
        return partial(create, blocks, **options) if is_being_built else create(blocks, **options)

    def app(blocks: gr.Blocks) -> App:
        made = vars(blocks).get("app")
        if made is None:
            raise AttributeError("app")
        if isinstance(made, partial):
            made = vars(blocks)["app"] = made()
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "create_app", staticmethod(create_app))
        patch.setattr(
            gr.Blocks, "app", property(app, lambda blocks, made: vars(blocks).update(app=made)), raising=False
        )
        yield


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started, in order."""
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen.__init__

    def start_and_note(process: subprocess.Popen[bytes], *args: Any, **options: Any) -> None:
        start(process, *args, **options)
        started.append(process)

    monkeypatch.setattr(subprocess.Popen, "__init__", start_and_note)
    return started


@pytest.fixture
def uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Puts a file into Gradio's upload folder, and returns its path."""
    folder = tmp_path / "uploads"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))

    def upload(name: str) -> str:
        (folder / "1").mkdir(parents=True, exist_ok=True)
        (folder / "1" / name).write_bytes(b"content")
        return str(folder / "1" / name)

    return upload


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("work", "outside", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    demo = gr.Blocks()
    demo.has_launched, demo.allowed_paths, demo.blocked_paths = True, [], []
    token = LocalContext.blocks.set(demo)
    yield Served(tmp_path / "work", tmp_path / "outside", demo)
    LocalContext.blocks.reset(token)
