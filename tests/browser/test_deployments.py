"""The component behind, within and in front of what apps are deployed with; docs/deploying.md tells how."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import gradio as gr
import httpx
import pytest
import rerun as rr
import uvicorn
from deployed_app import deployed_app
from fastapi import FastAPI
from needs import needs
from nginx import buffering_and_compressing, documented, in_front_of, nginx
from playwright.sync_api import Playwright, expect
from ports import free_port, wait_for_port
from recordings import write_recording
from rerun_servers import catalog_server, logger
from streams import expect_frames
from viewer_page import OTHER_HOST, ViewerPage

pytestmark = pytest.mark.first_visit

Launch = Callable[..., str]


@pytest.fixture(scope="session")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 2.4 MB: more than servers in between take by themselves."""
    return write_recording(tmp_path_factory.mktemp("upload") / "upload.rrd", "uploaded", points=20_000)


def check(page: ViewerPage, upload: Path) -> None:
    """An upload shows and reaches a function, a recording shows, and a stream shows while its function runs, whole."""
    check_upload_and_show(page, upload)
    page.click("stream")
    page.expect_frame(20)
    page.click("go on")
    expect_frames(page, "run")
    assert page.page_errors == []


def check_upload_and_show(page: ViewerPage, upload: Path) -> None:
    page.viewer().locator("input[type=file]").set_input_files(upload)
    page.expect_recordings("uploaded")
    page.click("tell")
    expect(page.get_by_label("told")).to_have_value(re.compile(r"/upload\.rrd$"))
    page.forget_events()
    page.click("show")
    page.wait_for_event("recording_open")
    page.expect_recordings("recording_a")
    assert page.page_errors == []


def test_behind_a_login(page: ViewerPage, launch: Launch, recording_a: Path, upload: Path) -> None:
    page.open(launch(deployed_app(recording_a), auth=("user", "password")))
    page.log_in()
    check(page, upload)


def test_mounted_in_fastapi(page: ViewerPage, recording_a: Path, upload: Path) -> None:
    port = free_port()
    app = gr.mount_gradio_app(FastAPI(), deployed_app(recording_a), path="/inner")
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    page.open(f"http://127.0.0.1:{port}/inner/")
    check(page, upload)
    page.open(f"http://127.0.0.1:{port}/inner")
    page.click("show")
    page.expect_recordings("recording_a")
    server.should_exit = True


@pytest.mark.slow
def test_below_a_path_that_a_proxy_strips(
    page: ViewerPage, launch: Launch, recording_a: Path, upload: Path, tmp_path: Path
) -> None:
    app = launch(deployed_app(recording_a), root_path="/apps/viewer")
    config = in_front_of(app, "Below a path")
    with nginx(tmp_path, config) as url:
        page.open(f"{url}/apps/viewer/")
        check(page, upload)


@pytest.mark.slow
def test_behind_nginx(page: ViewerPage, launch: Launch, recording_a: Path, upload: Path, tmp_path: Path) -> None:
    with nginx(tmp_path, in_front_of(launch(deployed_app(recording_a)))) as url:
        page.open(url)
        check(page, upload)


@pytest.mark.slow
def test_behind_nginx_no_file_that_the_app_has_open_is_served_without_its_name(
    launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    with nginx(tmp_path, in_front_of(launch(deployed_app(recording_a)))) as url:
        for path in (
            *("/proc/self/fd/9", "//proc/self/fd/9", "/dev/fd/9", "/./proc/self/fd/9", "/tmp/../proc/self/fd/9"),
            *("%2Fproc%2Fself/fd/9", "../../proc/self/fd/9", "/proc/../proc/1/fd/9"),
        ):
            connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
            connection.request("GET", f"/gradio_api/file={path}")  # httpx would shorten the path
            answer = connection.getresponse()
            assert (answer.status, b"nginx" in answer.read()) == (404, True), path


@pytest.mark.slow
@pytest.mark.parametrize("announced", [True, False])
def test_behind_nginx_a_call_of_a_gigabyte_ends_there(
    announced: bool, launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    with nginx(tmp_path, in_front_of(launch(deployed_app(recording_a)))) as url:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
        connection.putrequest("POST", "/gradio_api/component_server")
        connection.putheader("Content-Type", "application/json")
        if announced:
            connection.putheader("Content-Length", str(10**9))
            connection.endheaders()
        else:
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            for _ in range(9):
                connection.send(b"100000\r\n" + bytes(0x100000) + b"\r\n")
        assert connection.getresponse().status == 413


@pytest.mark.slow
def test_rendered_by_the_server_first(
    page: ViewerPage, launch: Launch, recording_a: Path, upload: Path, tmp_path: Path
) -> None:
    app = launch(deployed_app(recording_a), ssr_mode=True).rstrip("/")
    assert "<button" in httpx.get(app, trust_env=False).text
    page.open(app)
    check(page, upload)
    # Its answers have more headers than nginx takes by itself.
    with nginx(tmp_path, in_front_of(app)) as url:
        page.open(url)
        check_upload_and_show(page, upload)


@pytest.mark.slow
def test_behind_an_nginx_that_buffers_and_compresses_all(
    page: ViewerPage, launch: Launch, recording_a: Path, upload: Path, tmp_path: Path
) -> None:
    config = buffering_and_compressing(in_front_of(launch(deployed_app(recording_a))))
    with nginx(tmp_path, config) as url:
        page.open(url)
        compressed = page.evaluate("fetch('/config').then(({ headers }) => headers.get('content-encoding'))")
        assert compressed == "gzip"
        check_upload_and_show(page, upload)
        page.click("stream")
        page.click("go on")
        expect_frames(page, "run")
        assert page.page_errors == []


@pytest.mark.slow
def test_embedded_in_a_page_of_another_origin(
    page: ViewerPage, launch: Launch, other_server: tuple[str, Path], recording_a: Path, upload: Path
) -> None:
    app = launch(deployed_app(recording_a))
    server, folder = other_server
    (folder / "gradio").symlink_to(Path(gr.__file__).parent / "templates" / "frontend")  # as on Gradio's CDN
    (folder / "index.html").write_text(
        f'<!doctype html><script type="module" src="gradio/gradio.js"></script><gradio-app src="{app}"></gradio-app>'
    )
    page.open(server)
    check(page, upload)


@pytest.mark.slow
def test_without_a_secure_context(page: ViewerPage, launch: Launch, recording_a: Path, upload: Path) -> None:
    page.open(launch(deployed_app(recording_a)).replace("127.0.0.1", OTHER_HOST))
    assert page.evaluate("[isSecureContext, 'caches' in window]") == [False, False]
    check(page, upload)


@pytest.mark.slow
def test_without_a_network(page: ViewerPage, launch: Launch, recording_a: Path, upload: Path) -> None:
    assert page.evaluate("fetch('https://rerun.io/', { mode: 'no-cors' }).catch(() => 'offline')") == "offline"
    page.requests.clear()
    page.open(launch(deployed_app(recording_a)))
    check(page, upload)


@pytest.mark.slow
@pytest.mark.parametrize("login", [False, True])
def test_in_a_page_with_a_content_security_policy(
    login: bool, page: ViewerPage, launch: Launch, recording_a: Path, upload: Path, tmp_path: Path
) -> None:
    page.add_init_script(
        """window.violations = [];
        document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sourceFile, sample }) => {
          window.violations.push({ directive: effectiveDirective, blocked: blockedURI, where: sourceFile, sample });
        });"""
    )
    policy = documented("Content-Security-Policy")
    if login:
        policy = policy.replace("script-src", "script-src 'unsafe-inline'")
    app = launch(deployed_app(recording_a), auth=("user", "password") if login else None)
    with nginx(tmp_path, with_headers(in_front_of(app), policy)) as url:
        page.open(url)
        if login:
            page.log_in()
        check(page, upload)
        with page.expect_download():
            page.click("Screenshot")
        violations = page.evaluate("window.violations")
        # The scripts of Gradio's page, which it does without unless it has to ask for a login.
        inline = ("script-src-elem", "inline", f"{url}/")
        seen = {(each["directive"], each["blocked"], each["where"]) for each in violations}
        assert seen == (set() if login else {inline})


@pytest.mark.slow
def test_in_a_page_that_is_cross_origin_isolated(
    page: ViewerPage, launch: Launch, recording_a: Path, upload: Path, tmp_path: Path
) -> None:
    app = launch(deployed_app(recording_a))
    headers = (
        "add_header Cross-Origin-Opener-Policy same-origin;\nadd_header Cross-Origin-Embedder-Policy require-corp;\n"
    )
    with nginx(tmp_path, with_headers(in_front_of(app), headers)) as url:
        page.open(url)
        assert page.evaluate("crossOriginIsolated")
        check(page, upload)


def with_headers(config: str, headers: str) -> str:
    return config.replace("    location /", f"{headers}\n    location /")


@pytest.mark.slow
def test_with_two_replicas_of_which_one_fails(
    page: ViewerPage, recording_a: Path, upload: Path, tmp_path: Path
) -> None:
    shared = {"GRADIO_TEMP_DIR": str(tmp_path / "shared")}
    with two_replicas(tmp_path, "deployed_app.py", recording_a, **shared) as (url, replicas):
        # Visitors are spread, and stay where they are.
        visitors = dict(visit(url) for _ in range(30))
        assert set(visitors) == set(replicas)
        name, cookie = next(iter(visitors.items()))
        page.context.add_cookies([{"name": "visitor", "value": cookie, "url": url}])
        page.open(url)
        expect(page.page).to_have_title(name)
        check(page, upload)

        # What a replica has shown, another one serves.
        shown = page.requests_for(".rrd")[-1]
        stop(replicas[name])
        assert page.evaluate("url => fetch(url).then(({ status }) => status)", shown) == 200
        page.open(url)
        expect(page.page).not_to_have_title(name)
        check(page, upload)


@pytest.mark.slow
@needs((0, 31))
def test_with_two_replicas_whose_recordings_are_in_a_bucket_and_on_servers(
    page: ViewerPage, other_server: tuple[str, Path], free_port: int, tmp_path: Path
) -> None:
    pytest.importorskip("datafusion")
    bucket, folder = other_server
    write_recording(folder / "in_bucket.rrd", "in_bucket")
    (tmp_path / "served").mkdir()
    write_recording(tmp_path / "served" / "on_server.rrd", "on_server")
    with logger(free_port, "live", 0, 9) as robot, catalog_server(tmp_path / "served") as catalog:
        segment = rr.catalog.CatalogClient(catalog).get_dataset("runs").segment_url("on_server")
        urls = [f"{bucket}/in_bucket.rrd", f"rerun+http://127.0.0.1:{free_port}/proxy", segment]
        with two_replicas(tmp_path, "replica_app.py", *urls, GRADIO_RERUN_SECRET="one for both") as (url, replicas):
            shown = ("in_bucket", "live", "on_server")
            page.open(url)
            for index, recording_id in enumerate(shown):
                page.expect_recordings(recording_id, index=index)
            shown_by = page.title()

            # An open page goes on with the other one.
            stop(replicas[shown_by])
            assert robot.stdin
            print(10, file=robot.stdin, flush=True)
            page.expect_frame(10, index=1)
            page.open(url)
            for index, recording_id in enumerate(shown):
                page.expect_recordings(recording_id, index=index)
            assert page.title() != shown_by
            page.goto("about:blank")


def stop(replica: subprocess.Popen[bytes]) -> None:
    replica.terminate()
    replica.wait()


def visit(url: str) -> tuple[str, str]:
    """The name of the replica that a new visitor gets, and the visitor's cookie."""
    answer = httpx.get(f"{url}/config", trust_env=False)
    return str(answer.json()["title"]), answer.cookies["visitor"]


@contextmanager
def two_replicas(
    folder: Path, script: str, *arguments: object, **environment: str
) -> Iterator[tuple[str, dict[str, subprocess.Popen[bytes]]]]:
    """The URL of an nginx in front of two processes with the app, and these by their names."""
    with ExitStack() as stack:
        config = documented("Several replicas")
        ports: list[int] = []
        replicas = {}
        for name, documented_port in (("one", 7860), ("two", 7861)):
            port = free_port()
            own = {"GRADIO_TEMP_DIR": str(folder / name), "PYTHONPATH": str(Path(__file__).parents[1]), **environment}
            command = [sys.executable, Path(__file__).with_name(script), name, str(port), *map(str, arguments)]
            replicas[name] = subprocess.Popen(command, env={**os.environ, **own})
            stack.callback(stop, replicas[name])
            config = config.replace(f"127.0.0.1:{documented_port};", f"127.0.0.1:{port};")
            ports.append(port)
        for port, replica in zip(ports, replicas.values(), strict=True):
            wait_for_port(port, replica)
        yield stack.enter_context(nginx(folder, config)), replicas


@pytest.mark.slow
def test_in_firefox(playwright: Playwright, launch: Launch, recording_a: Path, upload: Path) -> None:
    with firefox(playwright) as page:
        page.open(launch(deployed_app(recording_a)))
        check(page, upload)
        assert page.third_party_requests() == []
        assert page.brightness() > 0


@contextmanager
def firefox(playwright: Playwright) -> Iterator[ViewerPage]:
    """A page in Debian's Firefox, which draws WebGL only where there is a display."""
    told, tell = os.pipe()
    command = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=[tell], stderr=subprocess.DEVNULL)
    os.close(tell)
    try:
        display = os.read(told, 16).decode().strip()
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path="/usr/bin/firefox-esr",
            env={**os.environ, "DISPLAY": f":{display}"},
            firefox_user_prefs={"webgl.force-enabled": True, "network.dns.disabled": True},
        )
        context = browser.new_context(viewport={"width": 1100, "height": 800})
        yield ViewerPage(context.new_page())
        browser.close()
    finally:
        os.close(told)
        screen.terminate()
        screen.wait()
