"""Measures live recordings on their way from a Rerun server to the viewer: `python bench/live.py`.

- Latency: the time from the log call until the viewer in a browser reports the frame. Three ways are compared: a page with only the viewer,
  which connects to the port of the server; the tunnel through the app; a generator that streams without a server.
- Cost: the CPU time and memory of the program that logs, and of the app, for clients that read as the viewer does.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
from chromium import chromium
from playwright.sync_api import Browser, sync_playwright
from running_app import App, resident, running
from stream import Case, measure, reaches, visiting
from stream_stages import percentile, shown_at

CALL = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages"
HEADERS = {"content-type": "application/grpc-web+proto"}
NO_MESSAGE = b"\0\0\0\0\0"
READERS = (1, 10)

_FILES = "from gradio_rerun._viewer.assets import viewer_assets; a = viewer_assets(); print(a.glue, a.wasm, sep='\\n')"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--bytes", type=int, default=16_000, help="bytes of points in a frame")
    parser.add_argument("--rate", type=int, default=30, help="frames per second")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    case = Case(arguments.frames, arguments.bytes, arguments.rate)
    print(f"{case.name}, {arguments.rounds} rounds\n")
    latencies(case, arguments.rounds)
    costs(case)


def latencies(case: Case, rounds: int) -> None:
    ways = {"its own port": on_own_port, "through the app": through_app, "streamed": streamed}
    lags: dict[str, list[float]] = {name: [] for name in ways}
    with sync_playwright() as playwright:
        for _ in range(rounds):
            for name, way in ways.items():
                with chromium(playwright) as browser:
                    lags[name] += way(browser, case)
    print("| log call -> viewer | p50 | p95 |\n|---|---|---|")
    for name, each in lags.items():
        print(f"| {name} | {statistics.median(each):.0f} ms | {percentile(each, 95):.0f} ms |")


def on_own_port(browser: Browser, case: Case) -> list[float]:
    return list(measure_bare_viewer(browser, Path(sys.executable), case, 60)["latency ms"])


def measure_bare_viewer(browser: Browser, python: Path, case: Case, patience: float) -> dict[str, Any]:
    """Measures the same log calls into a Rerun server, with a page that has only the viewer and connects to the port of the server."""
    with running(python, "live_robot.py", *case) as robot, bare_page(python) as url:
        return measure_latency(browser, f"{url}/live_page.html?url={robot.report(60)['url']}", robot, case, patience)


def through_app(browser: Browser, case: Case) -> list[float]:
    with (
        running(sys.executable, "live_robot.py", *case) as robot,
        running(sys.executable, "live_app.py", robot.report(60)["url"]) as app,
    ):
        return list(measure_latency(browser, app.report(120)["url"], robot, case, 60)["latency ms"])


def streamed(browser: Browser, case: Case) -> list[float]:
    return list(measure(browser, Path(sys.executable), case, has_stages=False, patience=60)["latency ms"])


def measure_latency(browser: Browser, url: str, robot: App, case: Case, patience: float) -> dict[str, Any]:
    """Returns the ms from each log call until the viewer reports the frame, and the seconds from the first call to the last frame."""
    with visiting(browser, {"url": url}) as (page, _):
        page.wait_for_function("window.bench.isOpen", timeout=300_000, polling=100)
        page.evaluate("window.settle()")
        robot.go()
        logged = robot.report(600, lambda: page.wait_for_timeout(50))["logged"]
        if not reaches(page, case.frames, patience):
            raise RuntimeError("the viewer did not reaches the last frame")
        observed = page.evaluate("window.bench")
        shown = [shown_at(observed, frame) for frame in range(1, case.frames + 1)]
        return {
            "latency ms": [at - when * 1000 for at, when in zip(shown, logged[1:], strict=True)],
            "frames shown": len({frame for _, frame in observed["frames"] if frame > 0}),
            "total s": shown[-1] / 1000 - logged[1],
        }


@contextmanager
def bare_page(python: Path, *others: Path) -> Iterator[str]:
    """The URL of a server with live_page.html, the viewer of that Python's rerun-sdk, and other files."""
    with tempfile.TemporaryDirectory() as folder:
        files = subprocess.run([python, "-c", _FILES], check=True, capture_output=True, text=True).stdout.splitlines()
        for name, file in zip(("viewer.js", "viewer.wasm"), files[-2:], strict=True):
            (Path(folder) / name).write_bytes(gzip.decompress(Path(file).read_bytes()))
        page = Path(__file__).with_name("live_page.html")
        for file in (page, *others):
            (Path(folder) / file.name).symlink_to(file.resolve())
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def costs(case: Case) -> None:
    print("\n| readers | CPU of the program | its memory | CPU of the app |\n|---|---|---|---|")
    print(f"| none | {cost(case, 0, through_app=False)}")
    for way in ("on its own port", "through the app"):
        for readers in READERS:
            print(f"| {readers} {way} | {cost(case, readers, through_app=way == 'through the app')}")


def cost(case: Case, readers: int, *, through_app: bool) -> str:
    with (
        ExitStack() as stack,
        running(sys.executable, "live_robot.py", *case) as robot,
        running(sys.executable, "live_app.py", url := robot.report(60)["url"]) as app,
    ):
        started = app.report(120)
        own = url.removeprefix("rerun+").removesuffix("/proxy")
        frame = {"path": CALL, "headers": HEADERS, "body": base64.b64encode(NO_MESSAGE).decode()}
        call = {**started["call"], "data": {**started["call"]["data"], **frame}}
        received = [0] * readers
        for reader in range(readers):
            request = partial(httpx.Request, "POST", own + CALL, headers=HEADERS, content=NO_MESSAGE)
            if through_app:
                request = partial(httpx.Request, "POST", f"{started['url']}gradio_api/component_server", json=call)
            stack.enter_context(reading(request, received, reader))
        time.sleep(3)
        processes = [psutil.Process(each.process.pid) for each in (robot, app)]
        before = [sum(each.cpu_times()[:2]) for each in processes]
        robot.go()
        robot.report(600)
        time.sleep(1)
        seconds = case.frames / case.rate
        program, server = (
            (sum(each.cpu_times()[:2]) - earlier) / seconds for each, earlier in zip(processes, before, strict=True)
        )
        if readers and min(received) < case.frames * case.size:
            raise RuntimeError(f"a reader received only {min(received)} bytes")
        return f"{program:.1%} of a core | {resident(processes[0]):.0f} MB | {server:.1%} of a core |"


@contextmanager
def reading(request: Callable[[], httpx.Request], received: list[int], reader: int) -> Iterator[None]:
    """Counts the bytes that a reader receives, within the context."""
    client = httpx.Client(timeout=None, trust_env=False)
    response = client.send(request(), stream=True)

    def read() -> None:
        try:
            for piece in response.iter_raw():
                received[reader] += len(piece)
        except (httpx.HTTPError, httpx.StreamError, OSError):
            pass  # closed below

    threading.Thread(target=read, daemon=True).start()
    yield
    response.close()
    client.close()


if __name__ == "__main__":
    main()
