"""Rerun servers that the browser does not ask itself: live recordings and catalogs through the app."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
import uvicorn
from fastapi import FastAPI
from fault_proxy import Exchange, fault_proxy
from needs import needs
from nginx import buffering_and_compressing, in_front_of, nginx
from playwright.sync_api import Route, expect
from recordings import log_points, write_recording
from rerun_servers import catalog_server, logger
from streams import held
from viewer_page import ViewerPage

from gradio_rerun import Rerun, ViewerClient

Launch = Callable[..., str]


def showing(*values: Any, **parameters: Any) -> gr.Blocks:
    with gr.Blocks() as demo:
        Rerun(*values, height=300, **parameters)
    return demo


@pytest.fixture
def live_recording(free_port: int) -> Iterator[tuple[rr.RecordingStream, str]]:
    """A live recording `live` of this process, and its URL."""
    recording = rr.RecordingStream("test_app", recording_id="live")
    url = recording.serve_grpc(grpc_port=free_port)
    log_points(recording)
    yield recording, url
    recording.disconnect()


@pytest.fixture
def live(live_recording: tuple[rr.RecordingStream, str]) -> str:
    return live_recording[1]


def asked_of(page: ViewerPage) -> list[tuple[str, str]]:
    """Where the viewer's calls to Rerun servers went, and their paths; to be called before the page opens."""
    asked: list[tuple[str, str]] = []

    def hear(request: Any) -> None:
        if request.url.endswith("/component_server"):
            asked.append((request.url, json.loads(request.post_data)["data"]["path"]))
        elif "/rerun." in request.url:
            asked.append((request.url, ""))

    page.on("request", hear)
    return asked


def test_a_live_recording_plays_behind_a_login_on_one_port(page: ViewerPage, launch: Launch, live: str) -> None:
    asked = asked_of(page)
    url = launch(showing(live), auth=("user", "password"))
    page.open(url)
    page.log_in()
    page.expect_recordings("live")
    assert {where for where, _ in asked} == {f"{url}gradio_api/component_server"}


@pytest.mark.slow
def test_a_live_recording_plays_below_a_root_path(page: ViewerPage, launch: Launch, live: str) -> None:
    inner = launch(showing(live), root_path="/apps/viewer").rstrip("/")
    with fault_proxy(inner, Exchange.pass_on, prefix="/apps/viewer") as proxy:
        page.open(f"{proxy}/apps/viewer/").expect_recordings("live")
        page.goto("about:blank")


@pytest.mark.slow
@pytest.mark.parametrize("change", [str, buffering_and_compressing])
def test_a_live_recording_plays_behind_nginx(
    change: Callable[[str], str], page: ViewerPage, launch: Launch, free_port: int, tmp_path: Path
) -> None:
    with (
        logger(free_port, "live", 0, 9) as process,
        nginx(tmp_path, change(in_front_of(launch(showing(f"rerun+http://127.0.0.1:{free_port}/proxy"))))) as url,
    ):
        page.open(url).expect_recordings("live")
        assert process.stdin
        print(10, file=process.stdin, flush=True)  # and no more behind it, which would push it through a buffer
        page.wait_for_time(10)
        page.goto("about:blank")


@pytest.mark.slow
def test_a_live_recording_plays_in_a_mounted_app(page: ViewerPage, live: str) -> None:
    app = gr.mount_gradio_app(FastAPI(), showing(live), path="/gradio")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
        page.open(f"http://127.0.0.1:{listening.getsockname()[1]}/gradio/").expect_recordings("live")
        server.should_exit = True
        page.goto("about:blank")


@pytest.mark.slow
def test_a_live_recording_plays_in_a_render_and_beside_a_file(
    page: ViewerPage, launch: Launch, live: str, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        text = gr.Textbox(live)

        @gr.render(inputs=text)
        def show(url: str) -> None:
            Rerun([recording_a, url], tunnel=[live], height=300)

    asked = asked_of(page)
    page.open(launch(demo)).expect_recordings("live", "recording_a")
    assert all(path for _, path in asked)


def test_the_browser_connects_to_a_server_that_a_user_types(page: ViewerPage, launch: Launch, live: str) -> None:
    with gr.Blocks() as demo:
        text = gr.Textbox(live)
        gr.Button("show").click(lambda url: url, text, Rerun(height=300))
    asked = asked_of(page)
    page.open(launch(demo)).click("show")
    page.expect_recordings("live")
    assert [path for _, path in asked] == [""]


@pytest.mark.slow
@needs((0, 41))
def test_all_frames_arrive_also_those_after_a_restart_of_the_logger(
    page: ViewerPage, launch: Launch, free_port: int
) -> None:
    asked = asked_of(page)
    with logger(free_port, "live", 0, 299):
        page.open(launch(showing(f"rerun+http://127.0.0.1:{free_port}/proxy"))).expect_recordings("live")
        page.wait_for_time(299)
        assert held(page)["live"] == Counter(range(300))
    expect(progress(page)).to_contain_text("Trying again.")
    page.expect_state("ready", recordings=1)  # what has come stays
    with logger(free_port, "live", 300, 399):
        expect(progress(page)).to_be_hidden(timeout=60_000)
        page.wait_for_time(399)
        assert held(page)["live"] == Counter(range(400))
    assert page.events("error") == []
    assert len(asked) > 1


@pytest.mark.slow
def test_another_recording_after_a_restart_of_the_logger_opens_beside_the_first(
    page: ViewerPage, launch: Launch, free_port: int
) -> None:
    page.open(launch(showing(f"rerun+http://127.0.0.1:{free_port}/proxy")))
    expect(progress(page)).to_contain_text("It cannot be reached (ConnectError). Trying again.", timeout=60_000)
    page.expect_state("loading")
    with logger(free_port, "one", 0, 9):
        page.expect_recordings("one")
    with logger(free_port, "two", 0, 9):
        page.expect_state("ready", recordings=2)
    assert page.opened() == ["one", "two"]
    assert page.events("error") == []


def progress(page: ViewerPage) -> Any:
    return page.viewer().locator(".rerun-progress")


def test_an_interrupted_connection_is_restored(
    page: ViewerPage, launch: Launch, live_recording: tuple[rr.RecordingStream, str]
) -> None:
    def fault(exchange: Exchange) -> None:
        exchange.pass_on(5_000 if exchange.number == 0 else None)

    recording, url = live_recording
    asked = asked_of(page)
    with fault_proxy(launch(showing(url)), fault, "/component_server") as proxy:
        page.open(proxy).expect_recordings("live")
        log_points(recording, frames=20)
        page.wait_for_time(19)
        assert len(asked) > 1
        page.goto("about:blank")  # or the proxy goes on for as long as the recording is live


@pytest.mark.slow
def test_a_ticket_of_another_run_of_the_app_says_what_to_do(page: ViewerPage, launch: Launch, live: str) -> None:
    def change(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        body["data"]["ticket"] = "0" * 64
        route.continue_(post_data=json.dumps(body))

    page.route("**/component_server", change)
    page.open(launch(showing(live)))
    page.expect_error("It may have been restarted: reload the page.")


def url_of(dataset: Any) -> str:
    (recording,) = Rerun(tunnel=False).postprocess(dataset).root
    return str(recording)


@contextmanager
def serving(page: ViewerPage, folder: Path) -> Iterator[rr.server.Server]:
    """A server with the recordings of the folder as the dataset `runs`."""
    with rr.server.Server(host="127.0.0.1", datasets={"runs": folder}) as server:
        try:
            yield server
        finally:
            page.goto("about:blank")  # the server waits for all who watch it


@needs((0, 31))
def test_a_catalog_is_browsed_and_its_recordings_open(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    for name in ("one", "two"):
        write_recording(tmp_path / f"{name}.rrd", name)
    with serving(page, tmp_path) as server:
        dataset = server.client().get_dataset("runs")
        with gr.Blocks() as demo:
            viewer = Rerun(server, height=300)
            gr.Button("dataset").click(lambda: dataset, None, viewer)
            gr.Button("both").click(lambda: [dataset.segment_url("one"), dataset.segment_url("two")], None, viewer)
            gr.Button("two").click(lambda: dataset.segment_url("two"), None, viewer)
        asked = asked_of(page)
        page.open(launch(demo)).expect_state("ready", recordings=0)
        page.click("dataset")
        page.wait_for_function(
            "url => document.querySelector('rerun-viewer').recordings[0].url === url", arg=url_of(dataset)
        )
        page.expect_state("ready", recordings=0)
        page.click("both")
        page.expect_recordings("one", "two")
        page.forget_events()
        page.click("two")
        page.wait_for_event("recording_open")
        page.expect_recordings("two")
        assert page.events("error") == []
    assert all(path for _, path in asked)
    assert any(path.endswith("/FindEntries") for _, path in asked)


@needs((0, 41))
def test_a_function_gets_the_schemas_of_datasets_and_tables_behind_a_login(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    pytest.importorskip("datafusion")
    import pyarrow as pa

    write_recording(tmp_path / "one.rrd", "one")
    with serving(page, tmp_path) as server:
        dataset = server.client().get_dataset("runs")
        table = server.client().create_table("numbers", pa.schema([("count", pa.int64())]))
        url = url_of(dataset)
        table_url = f"{url_of(server)}/entry/{table.id}"
        with gr.Blocks() as demo:
            client, shown = ViewerClient(Rerun(dataset, height=300)), gr.Textbox(label="Answer")

            async def ask() -> str:
                here, named = await client.get_dataset_schema(), await client.get_dataset_schema(url)
                assert here == named
                points = await client.get_dataset_schema(url, entity_path="/points", max_entities=1)
                segments = await client.get_table_schema()
                assert segments == await client.get_table_schema(url)
                assert await client.get_dataset_assets_schema(url) == []
                await client.open(table_url)
                (column,) = await client.get_table_schema(table_url)
                answers = {
                    "timelines": named.timelines,
                    "entities": sorted(each.entity_path for each in named.entities),
                    "components": [each.component for each in points.entities[0].components],
                    "segments": segments[0].name,
                    "column": [column.name, column.datatype],
                }
                return json.dumps(answers)

            gr.Button("ask").click(ask, None, shown)
        asked = asked_of(page)
        page.open(launch(demo, auth=("user", "password")))
        page.log_in()
        page.expect_state("ready", recordings=0)
        page.click("ask")
        expect(page.get_by_label("Answer")).not_to_have_value("", timeout=100_000)
        assert json.loads(page.get_by_label("Answer").input_value()) == {
            "timelines": ["frame", "log_time"],
            "entities": ["/__properties", "/points"],
            "components": ["Points3D:positions", "Points3D:radii"],
            "segments": "rerun_segment_id",
            "column": ["count", "Int64"],
        }
    assert all(path for _, path in asked)


@needs((0, 31))
def test_the_recordings_of_a_rerun_server_open(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    write_recording(tmp_path / "one.rrd", "one")
    with catalog_server(tmp_path) as server:
        segment = rr.catalog.CatalogClient(server).get_dataset("runs").segment_url("one")
        asked = asked_of(page)
        page.open(launch(showing(segment), auth=("user", "password")))
        page.log_in()
        page.expect_recordings("one")
    assert all(path for _, path in asked)


@pytest.mark.slow
@needs((0, 31))
def test_a_recording_of_hundreds_of_megabytes_opens_from_a_catalog(
    page: ViewerPage, launch: Launch, big_recording: Path
) -> None:
    pytest.importorskip("datafusion")
    with serving(page, big_recording.parent) as server:
        segment = server.client().get_dataset("runs").segment_url("big")
        page.open(launch(showing(segment))).expect_recordings("big")
        page.wait_for_time(0)
