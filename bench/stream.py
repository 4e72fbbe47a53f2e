"""Measures when the viewer shows the data that a function yields.

Each measurement has its own app (stream_app.py), in its own process, and its own page. A run begins when the viewer has opened
frame 0 and draws regularly, so that no figure includes the start of the viewer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from playwright.sync_api import Browser, CDPSession, Page
from playwright.sync_api import TimeoutError as PageTimeoutError
from running_app import BENCH, peak_memory, resident, running
from stream_stages import shown_at, stages


class Case(NamedTuple):
    frames: int
    size: int
    """Bytes of points in a frame. The SDK adds about 4,500."""
    rate: int = 0
    """Frames per second; 0: as fast as Gradio accepts them."""

    @property
    def name(self) -> str:
        size = f"{self.size // 1000:,} kB" if self.size < 1_000_000 else f"{self.size / 1_000_000:g} MB"
        return f"{self.frames:,} x {size}" + (f" at {self.rate} Hz" if self.rate else "")


class Traffic:
    """Counts the bytes and requests of a page by their purpose."""

    def __init__(self, session: CDPSession) -> None:
        self._kinds: dict[str, str] = {}
        self._bytes: dict[str, Counter[str]] = defaultdict(Counter)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.responseReceived", lambda e: self._count(e, headers=e["response"]["encodedDataLength"]))
        session.on(
            "Network.dataReceived", lambda e: self._count(e, data=e["dataLength"], encoded=e["encodedDataLength"])
        )
        session.on("Network.loadingFinished", lambda e: self._count(e, exact=e["encodedDataLength"]))
        session.send("Network.enable")

    def sums(self) -> Counter[str]:
        result = Counter(f"{kind} requests" for kind in self._kinds.values())
        for request, counted in self._bytes.items():
            result[f"{self._kinds.get(request, 'other')} bytes"] += _size(counted)
        return result

    def _on_request(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        kind = "queue" if "/queue/" in url else "stream" if "/stream/" in url or url.endswith(".rrd") else "other"
        self._kinds[event["requestId"]] = kind

    def _count(self, event: dict[str, Any], **sizes: int) -> None:
        self._bytes[event["requestId"]].update(sizes)


def _size(counted: Counter[str]) -> int:
    # The browser reports the exact sum at the end of a response. A response that the page has aborted has no such sum.
    return int(counted["exact"] or counted["headers"] + max(counted["data"], counted["encoded"]))


def measure(browser: Browser, python: Path, case: Case, *, has_stages: bool, patience: float) -> dict[str, Any]:
    """Measures a run of a function that streams, after a run of the same function into a `gr.Number`, in the same app and page."""
    with running(python, "stream_app.py", *case) as app, visiting(browser, app.report(120)) as (page, started):
        server = psutil.Process(app.process.pid)
        page.wait_for_function("window.isReady()", timeout=300_000, polling=200)
        if has_stages:
            page.evaluate("window.addStages()")
        # Counting traffic slows the browser down, so not while latency is measured. Gradio may continue a response of the first run.
        traffic = None if case.rate else Traffic(page.context.new_cdp_session(page))
        click(page, "number")
        app.go()
        number = app.report(600, lambda: page.wait_for_timeout(50))
        page.wait_for_timeout(1500)  # until the last messages arrive, and the server releases memory
        page.evaluate("window.bench.messages.length = 0")
        before, earlier = resident(server), traffic.sums() if traffic else Counter()
        click(page, "viewer")
        page.wait_for_function("window.bench.isOpen", timeout=300_000, polling=100)
        page.evaluate("window.settle()")
        cpu = sum(server.cpu_times()[:2])
        with peak_memory(server) as peak:
            app.go()
            run = app.report(600, lambda: page.wait_for_timeout(50))
            is_whole = reaches(page, case.frames, patience)
            page.wait_for_timeout(1500)
        yielded = sum(run["sizes"])
        result: dict[str, Any] = {
            "versions": started["versions"],
            "frames": case.frames,
            "MB": yielded / 1e6,
            "function s": run["end"] - run["start"],
            "number s": number["end"] - number["start"],
            "lag s": None,
            "server CPU s": sum(server.cpu_times()[:2]) - cpu,
            "before MB": before,
            "peak MB": peak(),
            "after MB": resident(server),
        }
        if traffic:
            sums = traffic.sums()
            result |= {name: sums[name] - earlier[name] for name in ("stream bytes", "queue bytes", "other bytes")}
            result["wire"] = (result["stream bytes"] + result["queue bytes"]) / yielded
            result["requests"] = sums["stream requests"] - earlier["stream requests"]
        observed = page.evaluate("window.bench")
        if not is_whole:
            at = max(frame for _, frame in observed["frames"])
            return {**result, "error": f"at frame {at} of {case.frames} {patience:g} s after the function's end"}
        result["lag s"] = shown_at(observed, case.frames) / 1000 - run["end"]
        result["total s"] = shown_at(observed, case.frames) / 1000 - run["start"]
        if case.rate:
            shown = [shown_at(observed, frame) for frame in range(1, case.frames + 1)]
            result["latency ms"] = [at - logged * 1000 for at, logged in zip(shown, run["logged"][1:], strict=True)]
            result["frames shown"] = len({frame for _, frame in observed["frames"] if frame > 0})
        if has_stages:
            result["stages ms"] = stages(run, observed, case.frames)
    return result


@contextmanager
def visiting(browser: Browser, started: dict[str, Any]) -> Iterator[tuple[Page, dict[str, Any]]]:
    """Opens the page of an app. Yields the page, and the first report of the app."""
    context = browser.new_context(viewport={"width": 900, "height": 700})
    try:
        page = context.new_page()
        page.add_init_script(path=BENCH / "stream_page.js")
        page.goto(started["url"])
        yield page, started
    finally:
        context.close()


def click(page: Page, button: str) -> None:
    # Playwright's `click` waits until the page draws, which takes long on a slow machine.
    page.get_by_role("button", name=button, exact=True).dispatch_event("click", timeout=120_000)


def reaches(page: Page, frame: int, seconds: float) -> bool:
    """Whether the viewer reaches the frame in time."""
    is_there = "frame => window.bench.frames.some(([, at]) => at >= frame)"
    try:
        page.wait_for_function(is_there, arg=frame, timeout=seconds * 1000, polling=200)
    except PageTimeoutError:
        return False
    return True
