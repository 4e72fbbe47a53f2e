"""The browser, and how a test starts an app and opens its page: of tests/browser and tests/programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import gradio as gr
import pytest
from gradio import http_server as gradio_server
from http_server import http_server
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, ViewportSize, expect, sync_playwright
from shared_page import SHARED
from viewer_page import OTHER_HOST, ViewerPage

from gradio_rerun._viewer.assets import viewer_assets

expect.set_options(timeout=20_000)  # machines are slow at times

# Without windows and toolbars, a page takes half as much CPU.
HEADLESS_SHELL = shutil.which("chromium-headless-shell")
CHROMIUM = HEADLESS_SHELL or "/usr/bin/chromium"

# Mesa draws with less CPU than SwiftShader, and has nothing left to draw when a page is closed.
SOFTWARE_GL: dict[str, str | float | bool] = {"LIBGL_ALWAYS_SOFTWARE": "1"}

VIEWPORT: ViewportSize = {"width": 1100, "height": 800}
"""Narrower viewers hide their panels."""

# Playwright disables the first ones, too: the browser takes the last list only. The last two draw the browser's own toolbar, which nobody
# sees here, with a process of its own for each window.
DISABLED_FEATURES = [
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "BlockOriginHeaderModificationOnRedirect",
    "DestroyProfileOnBrowserClose",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "Translate",
    "InitialWebUI",
    "WebUIReloadButton",
]
FLAGS = [
    *([] if HEADLESS_SHELL else ["--headless=new"]),
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(DISABLED_FEATURES)}",
    "--use-gl=angle",
    "--use-angle=gl-egl",
    "--ignore-gpu-blocklist",
    "--use-fake-device-for-media-stream",  # a webcam
    "--use-fake-ui-for-media-stream",  # which every page may use
    # Every test is offline: no name resolves, but for one that stands for another machine.
    f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

FIRST_TAB = "/first_tab"
"""The path of a page that is open during all tests."""


def pytest_configure() -> None:
    """Each process of tests has ports of its own: Gradio takes the first free one, and two processes would take the same one."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    gradio_server.INITIAL_PORT_VALUE += 100 * int(worker.removeprefix("gw"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env={**os.environ, **SOFTWARE_GL})
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def user(browser: Browser) -> Iterator[BrowserContext]:
    """One user's browser, whose cache keeps the code of Gradio and of the viewer."""
    context = browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser, user: BrowserContext, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """The user's browser, logged in nowhere; with the mark `first_visit`, one that has visited no page before."""
    if request.node.get_closest_marker("first_visit"):
        context = browser.new_context(viewport=VIEWPORT)
        yield context
        context.close()
    else:
        yield user
        if user.cookies():
            user.clear_cookies()


@pytest.fixture(scope="session")
def new_tab(user: BrowserContext) -> Iterator[Callable[[], Page]]:
    """Opens a tab of the user's browser. All run in one process, which compiles the viewer once: a first tab keeps the compiled code."""
    with http_server(_Code) as port:
        first = user.new_page()
        first.goto(f"http://127.0.0.1:{port}{FIRST_TAB}")
        first.evaluate("async () => { window.code = await WebAssembly.compileStreaming(fetch('viewer.wasm')) }")

        def new_tab() -> Page:
            with first.expect_popup() as opened:
                first.evaluate("() => void window.open()")
            return opened.value

        yield new_tab


class _Code(BaseHTTPRequestHandler):
    """Answers with the code of the viewer, and else with an empty page."""

    def do_GET(self) -> None:
        is_code = self.path == "/viewer.wasm"
        content = viewer_assets().wasm.read_bytes() if is_code else b""
        self.send_response(200)
        self.send_header("Content-Type", "application/wasm" if is_code else "text/html")
        if is_code:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[ViewerPage]:
    is_first_visit = request.node.get_closest_marker("first_visit")
    page = ViewerPage(context.new_page() if is_first_visit else request.getfixturevalue("new_tab")())
    yield page
    page.close()
    assert page.third_party_requests() == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, ViewerPage):
        with suppress(Error):  # the page may be gone
            page.keep_screenshot(item.name)
    return report


@pytest.fixture
def launch(browser: Browser) -> Iterator[Callable[..., str]]:
    """Launches a Gradio app, and returns its URL; the app ends with the test."""
    demos: list[gr.Blocks] = []

    def launch(demo: gr.Blocks, **options: Any) -> str:
        _, url, _ = demo.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", show_error=True, **options
        )
        demos.append(demo)
        return url

    yield launch
    # An app waits 5 seconds for the pages that listen to it.
    for page in [page for context in browser.contexts for page in context.pages]:
        if page not in SHARED and not page.url.endswith(FIRST_TAB):
            page.close()
    for demo in demos:
        demo.close(verbose=False)
        if node := getattr(demo, "node_process", None):  # of ssr_mode; Gradio leaves it running
            node.terminate()
