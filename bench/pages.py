"""Measures how long visitors wait: for the first frame, a second viewer, a big recording."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from chromium import browser_memory, chromium, settled_memory
from playwright.sync_api import BrowserContext, Page, Playwright
from playwright.sync_api import TimeoutError as PageTimeoutError

BENCH = Path(__file__).parent

_SERVE_VIEWER = "import os; from gradio_rerun._viewer.sdk import viewer_server_command as c; os.execv(c()[0], c())"


@contextmanager
def app(python: Path, kind: str, recording: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Runs page_app.py. Yields its URL and its process."""
    # Gradio's cache is on the file system of the recording, as in most apps.
    with tempfile.TemporaryDirectory(dir=recording.parent) as cache:
        environment = {**os.environ, "GRADIO_TEMP_DIR": cache, "GRADIO_ANALYTICS_ENABLED": "False"}
        with _process([python, BENCH / "page_app.py", kind, recording, *options], environment) as process:
            assert process.stdout
            line = next((line for line in process.stdout if line.startswith("{")), None)
            if line is None:
                raise RuntimeError("the app has ended")
            yield json.loads(line)["url"], process


@contextmanager
def sdk_page(python: Path, recording: Path) -> Iterator[str]:
    """Yields the URL of rerun-sdk's own page with the recording."""
    with _static_files(str(recording.parent)) as files, _process([python, "-c", _SERVE_VIEWER]) as server:
        assert server.stdout
        port = int(server.stdout.readline())
        yield f"http://127.0.0.1:{port}/?url={files}/{recording.name}"


@contextmanager
def _process(command: list[Any], environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def _static_files(folder: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class _Files(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Network(NamedTuple):
    """A network that the browser emulates."""

    megabits: float
    """Per second."""
    milliseconds: int
    """The minimum from the request to the first byte."""


def first_frame(playwright: Playwright, url: str, network: Network | None, patience: float) -> dict[str, float]:
    """Measures the first and the second visit of a browser."""
    result = {}
    with chromium(playwright) as browser:
        context = _context(browser)
        for kind in ("cold", "warm"):
            page = _page(context)
            page.add_init_script(path=BENCH / "first_frame_probe.js")
            if network:
                _emulate(page, network)
            page.goto(url, wait_until="commit")
            _wait(page, "window.firstFrame", patience)
            result[f"{kind} s"] = page.evaluate("window.firstFrame") / 1000
            mounted = page.evaluate("probe.mounted()")
            if mounted is not None:
                result[f"{kind} mounted s"] = mounted / 1000
            page.wait_for_timeout(2000)  # until the browser has written its caches
            wire = _wire(page)
            result[f"{kind} viewer MB"] = sum(size for name, size in wire.items() if _is_viewer(name)) / 1e6
            result[f"{kind} MB"] = sum(wire.values()) / 1e6
            if kind == "warm":
                result["heap MB"] = _heap(page)
                result["browser MB"] = settled_memory()
            page.close()
    return result


def plain_download(playwright: Playwright, megabytes: float, network: Network | None) -> dict[str, float]:
    """Measures how long an empty page needs to download as many bytes, from the navigation on."""
    with tempfile.TemporaryDirectory() as folder, chromium(playwright) as browser:
        (Path(folder) / "page.html").write_text("<!doctype html>")
        (Path(folder) / "bytes").write_bytes(os.urandom(round(megabytes * 1e6)))
        with _static_files(folder) as url:
            page = _context(browser).new_page()
            if network:
                _emulate(page, network)
            page.goto(f"{url}/page.html", wait_until="commit")
            page.evaluate("fetch('bytes').then((response) => response.arrayBuffer())")
            return {"s": page.evaluate("performance.now()") / 1000}


def second_viewer(playwright: Playwright, url: str) -> dict[str, float]:
    """Measures from the click on a tab until its viewer has opened its recording. Another viewer is already on the page."""
    with chromium(playwright) as browser:
        page = _page(_context(browser))
        page.goto(url)
        _wait(page, "probe.opened.length > 0")
        page.wait_for_timeout(2000)
        before, opened = settled_memory(), page.evaluate("probe.opened.length")
        start = _click(page, page.get_by_role("tab", name="two"))
        _wait(page, f"probe.opened.length > {opened}")
        seconds = (page.evaluate(f"probe.opened[{opened}]") - start) / 1000
        page.wait_for_timeout(1000)
        after = settled_memory()
        return {"s": seconds, "browser MB": after, "more browser MB": after - before}


def first_click(playwright: Playwright, url: str) -> dict[str, float]:
    """Measures from a click on a page with an empty viewer until the recording that the function returns is open."""
    with chromium(playwright) as browser:
        page = _page(_context(browser))
        page.goto(url)
        button = page.get_by_role("button", name="show", exact=True)
        button.wait_for(timeout=120_000)
        _wait(page, "document.querySelector('canvas, rerun-viewer')")
        page.wait_for_timeout(6000)  # until the viewer, or its code, is loaded
        start = _click(page, button)
        _wait(page, "probe.opened.length > 0")
        return {"s": (page.evaluate("probe.opened[0]") - start) / 1000}


def big_recording(playwright: Playwright, url: str, *, login: bool, patience: float) -> dict[str, float]:
    """Measures from a click to the first update of the viewer. The page and the viewer's code are loaded before."""
    with chromium(playwright) as browser:
        page = _page(_context(browser))
        page.goto(url)
        if login:
            page.get_by_label("username").fill("user")
            page.get_by_label("password").fill("password")
            page.get_by_role("button", name="Login").click()
        button = page.get_by_role("button", name="show", exact=True)
        button.wait_for(timeout=120_000)
        _wait(page, "document.querySelector('canvas, rerun-viewer')")
        page.wait_for_timeout(6000)  # until the viewer, or its code, is loaded
        before = browser_memory()
        start = _click(page, button)
        _wait(page, "probe.updated.length > 0", patience)
        result = {"s": (page.evaluate("probe.updated[0]") - start) / 1000, "heap MB": _heap(page)}
        most = browser_memory()
        for _ in range(20):  # while the rest is loaded
            page.wait_for_timeout(500)
            most = max(most, browser_memory())
        return {**result, "more browser MB": most - before}


def _emulate(page: Page, network: Network) -> None:
    rate = network.megabits * 1e6 / 8
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": network.milliseconds,
            "downloadThroughput": rate,
            "uploadThroughput": rate,
        },
    )


def _context(browser: Any) -> BrowserContext:
    return browser.new_context(viewport={"width": 1200, "height": 800})


def _page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.add_init_script(path=BENCH / "page_probe.js")
    return page


def _wire(page: Page) -> dict[str, int]:
    """Returns the received bytes by URL. The browser's network events are not used, since they repeat the data URLs of the peer for minutes."""
    entries = page.evaluate("""["navigation", "resource"].flatMap((type) =>
        performance.getEntriesByType(type).map(({ name, transferSize }) => [name, transferSize]))""")
    wire: dict[str, int] = defaultdict(int)
    for url, size in entries:
        wire[url] += size
    return wire


def _is_viewer(url: str) -> bool:
    """Whether the URL is that of the viewer's code. The peer has this code in the component's JavaScript."""
    return "re_viewer" in url or "/custom_component/" in url or "component_server" in url


def _click(page: Page, target: Any) -> float:
    """Clicks in the page, and returns the time. Playwright's `click` would wait until the page draws."""
    return float(target.evaluate("(it) => { const now = performance.now(); it.click(); return now; }"))


def _wait(page: Page, condition: str, seconds: float = 300) -> None:
    try:
        page.wait_for_function(condition, timeout=seconds * 1000, polling=100)
    except PageTimeoutError as error:
        raise RuntimeError(f"not within {seconds:g} s") from error


def _heap(page: Page) -> float:
    return float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6
