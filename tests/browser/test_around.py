"""The component among Gradio's own features: Examples, Interface, clients, rendering, deployments."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from gradio_client import Client, handle_file
from playwright.sync_api import expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]


def test_an_example_is_shown_by_name_and_runs_on_click(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        source = gr.File(label="file")
        viewer = Rerun(height=300)
        gr.Examples([[str(recording_a)], [str(recording_b)]], source, viewer, lambda path: path, run_on_click=True)
    page.open(launch(demo))
    page.page.get_by_text("b.rrd").click()
    page.expect_recordings("recording_b")


def test_the_component_as_input_of_examples(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        told = gr.Textbox(label="told")
        gr.Examples([[str(recording_a)]], viewer, told, repr, run_on_click=True)
    page.open(launch(demo))
    page.page.get_by_text("a.rrd").click()
    page.expect_recordings("recording_a")
    expect(page.page.get_by_label("told")).to_have_value(re.compile(r"^'.*/a\.rrd'$"))


def test_cached_examples_show_at_once(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path))
    calls = []

    def show(path: str) -> str:
        calls.append(path)
        return path

    with gr.Blocks() as demo:
        source = gr.File(label="file")
        viewer = Rerun(height=300)
        gr.Examples([[str(recording_a)]], source, viewer, show, cache_examples=True)
    page.open(launch(demo))
    assert len(calls) == 1
    page.page.get_by_text("a.rrd").first.click()
    page.expect_recordings("recording_a")
    assert len(calls) == 1


def test_an_interface_takes_and_gives_recordings(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    demo = gr.Interface(lambda path: path, Rerun(height=250, label="in"), Rerun(height=250, label="out"))
    page.open(launch(demo))
    page.viewer(0).locator("input[type=file]").set_input_files(recording_a)
    page.expect_recordings("recording_a", index=0)
    page.click("Submit")
    page.expect_recordings("recording_a", index=1)
    expect(page.viewer(1).get_by_role("button", name="Drop")).to_be_hidden()
    page.page.locator("button.lg", has_text="Clear").click()  # the Interface's own
    page.expect_state("idle", index=0)
    page.expect_state("idle", index=1)


def test_flagging_keeps_the_recording(page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path) -> None:
    demo = gr.Interface(
        lambda path: path,
        gr.File(),
        Rerun(height=250),
        flagging_mode="manual",
        flagging_dir=str(tmp_path / "flagged"),
    )
    page.open(launch(demo))
    page.page.locator("input[type=file]").first.set_input_files(recording_a)
    expect(page.page.get_by_text("a.rrd")).to_be_visible()
    page.click("Submit")
    page.expect_recordings("recording_a")
    page.click("Flag")
    deadline = time.monotonic() + 20
    while not list((tmp_path / "flagged").glob("*.csv")):
        assert time.monotonic() < deadline
        page.page.wait_for_timeout(100)
    kept = [path for path in (tmp_path / "flagged").rglob("*.rrd") if path.read_bytes() == recording_a.read_bytes()]
    assert kept


def test_a_chat_shows_a_recording_as_additional_output(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=250, render=False)
        gr.ChatInterface(lambda message, history: ("here", str(recording_a)), additional_outputs=[viewer])
        viewer.render()
    page.open(launch(demo))
    page.page.get_by_placeholder("Type a message...").fill("show")
    page.page.keyboard.press("Enter")
    page.expect_recordings("recording_a")


@pytest.mark.parametrize("several", [False, True])
def test_a_client_sends_and_receives_recordings(several: bool, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        told = gr.Textbox()
        gr.Button().click(lambda path: (path, repr(path)), viewer, [viewer, told], api_name="show")
    client = Client(launch(demo), verbose=False)
    sent = handle_file(recording_a)
    received, told_text = client.predict([sent] if several else sent, api_name="/show")
    assert told_text.endswith("a.rrd'")
    assert Path(received[0]).read_bytes() == recording_a.read_bytes()
    received, _ = client.predict(["https://host.invalid/a.rrd"], api_name="/show")
    assert received == ["https://host.invalid/a.rrd"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "/proc/self/environ", "{cache}/../../etc/passwd"])
def test_a_client_cannot_make_the_app_read_a_file_that_was_not_uploaded(path: str, launch: Launch) -> None:
    reached: list[Any] = []
    with gr.Blocks() as demo:
        viewer = Rerun()
        gr.Button().click(reached.append, viewer, None, api_name="show")
    url = launch(demo)
    path = path.format(cache=viewer.GRADIO_CACHE)
    # By hand: the Python client would upload the file first.
    with httpx.Client(base_url=url, trust_env=False) as client:
        for value in ([{"path": path, "meta": {"_type": "gradio.FileData"}}], [{"path": path}], [path], path):
            call = client.post("gradio_api/call/show", json={"data": [value]}).json()["event_id"]
            assert "event: error" in client.get(f"gradio_api/call/show/{call}").text
    assert reached == []


@pytest.fixture
def serve() -> Iterator[Callable[[FastAPI, int], None]]:
    import threading

    servers: list[uvicorn.Server] = []

    def serve(app: Any, port: int) -> None:
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
        threading.Thread(target=server.run, daemon=True).start()
        servers.append(server)

    yield serve
    for server in servers:
        server.should_exit = True


def upload_app() -> gr.Blocks:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        told = gr.Textbox(label="told")
        gr.Button("tell").click(repr, viewer, told)
    return demo


def check_upload(page: ViewerPage, recording: Path) -> None:
    page.viewer().locator("input[type=file]").set_input_files(recording)
    page.expect_recordings("recording_a")
    page.click("tell")
    expect(page.page.get_by_label("told")).to_have_value(re.compile(r"^'.*/a\.rrd'$"))


def open_when_up(page: ViewerPage, url: str) -> None:
    for attempt in range(50):
        try:
            page.open(url)
            return
        except Exception:
            if attempt == 49:
                raise
            page.page.wait_for_timeout(100)


def test_mounted_in_fastapi(
    page: ViewerPage, serve: Callable[[FastAPI, int], None], free_port: int, recording_a: Path
) -> None:
    serve(gr.mount_gradio_app(FastAPI(), upload_app(), path="/inner"), free_port)
    open_when_up(page, f"http://127.0.0.1:{free_port}/inner/")
    check_upload(page, recording_a)


def test_behind_a_login(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    page.open(launch(upload_app(), auth=("user", "password")))
    page.log_in()
    check_upload(page, recording_a)


def test_below_a_root_path(
    page: ViewerPage, launch: Launch, serve: Callable[[Any, int], None], free_port: int, recording_a: Path
) -> None:
    inner = launch(upload_app(), root_path="/apps/viewer").rstrip("/")
    serve(strip_prefix(inner, "/apps/viewer"), free_port)
    open_when_up(page, f"http://127.0.0.1:{free_port}/apps/viewer/")
    check_upload(page, recording_a)


def strip_prefix(target: str, prefix: str) -> Any:
    """A proxy that passes on what is below `prefix`, without it."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response, StreamingResponse
    from starlette.routing import Route

    client = httpx.AsyncClient(base_url=target, timeout=60)

    async def forward(request: Request) -> Response:
        if not request.url.path.startswith(prefix):
            return PlainTextResponse("not below the prefix", 404)
        url = request.url.path.removeprefix(prefix) or "/"
        headers = [(k, v) for k, v in request.headers.raw if k != b"host"]
        query = request.url.query
        outgoing = client.build_request(
            request.method, f"{url}?{query}" if query else url, headers=headers, content=request.stream()
        )
        answer = await client.send(outgoing, stream=True)
        hop = {"transfer-encoding", "connection"}
        kept = {k: v for k, v in answer.headers.items() if k not in hop}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, kept)

    return Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST", "HEAD"])])


def test_rendered_by_the_server_first(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    page.open(launch(upload_app(), ssr_mode=True))
    check_upload(page, recording_a)
