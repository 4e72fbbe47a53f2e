"""The browser, and how a test starts an app and opens its page: of tests/browser and tests/programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright
from viewer_page import OTHER_HOST, ViewerPage

expect.set_options(timeout=20_000)  # machines are slow at times

CHROMIUM = "/usr/bin/chromium"

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
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(DISABLED_FEATURES)}",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--use-fake-device-for-media-stream",  # a webcam
    "--use-fake-ui-for-media-stream",  # which every page may use
    # Every test is offline: no name resolves, but for one that stands for another machine.
    f"--host-resolver-rules=MAP {OTHER_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[ViewerPage]:
    page = ViewerPage(context.new_page())
    yield page
    if getattr(request.node, "failed", False):
        page.keep_screenshot(request.node.name)
    assert page.third_party_requests() == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report


@pytest.fixture
def launch() -> Iterator[Callable[..., str]]:
    """Launches a Gradio app, and returns its URL; the app ends with the test."""
    demos: list[gr.Blocks] = []

    def launch(demo: gr.Blocks, **options: Any) -> str:
        _, url, _ = demo.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", show_error=True, **options
        )
        demos.append(demo)
        return url

    yield launch
    for demo in demos:
        demo.close(verbose=False)
        if node := getattr(demo, "node_process", None):  # of ssr_mode; Gradio leaves it running
            node.terminate()
