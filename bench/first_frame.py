"""Time to the first frame, against the web viewer page that rerun-sdk serves itself, in one run.

    .venv/bin/python bench/first_frame.py [rounds]

Each round visits both pages in turn, each in a browser profile of its own: once cold, once more warm. The first frame is the first WebGL
draw call after the last byte of the recording has come, counted from the start of the visit. Prints medians, ratios, and bytes.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import gradio as gr
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gradio_rerun import Rerun, rrt_star
from gradio_rerun.sdk import sdk_version, viewer_server_command

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]
from conftest import CHROMIUM, FLAGS  # noqa: E402 - found by the line above

PROBE = """
console.debug = () => {};
window.firstFrame = new Promise((resolve) => {
  let come = false;
  new PerformanceObserver((list) => {
    come ||= list.getEntries().some((entry) => entry.name.split("?")[0].endsWith(".rrd"));
  }).observe({ type: "resource", buffered: true });
  for (const name of ["drawArrays", "drawElements", "drawArraysInstanced", "drawElementsInstanced"]) {
    const draw = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...rest) {
      if (come) resolve(performance.now());
      return draw.apply(this, rest);
    };
  }
});
"""


class Files(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def sdk_page(recording: Path) -> Iterator[str]:
    """The URL of the page that rerun-sdk serves, showing the recording."""
    files = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(recording.parent)))
    Thread(target=files.serve_forever, daemon=True).start()
    server = subprocess.Popen(viewer_server_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    port = int(server.stdout.readline())
    yield f"http://127.0.0.1:{port}/?url=http://127.0.0.1:{files.server_port}/{recording.name}"
    server.kill()
    files.shutdown()


@contextmanager
def our_page(recording: Path) -> Iterator[str]:
    """The URL of a Gradio app that shows the recording."""
    with gr.Blocks() as demo:
        Rerun(recording, height=700)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    yield url
    demo.close(verbose=False)


def visit(context: BrowserContext, url: str) -> tuple[float, int, float]:
    """Seconds to the first frame, bytes of the viewer's code on the wire, MB of heap of the page's JavaScript."""
    page: Page = context.new_page()
    page.add_init_script(PROBE)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    wire: dict[str, int] = defaultdict(int)
    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on("Network.loadingFinished", lambda e: wire.update({urls.get(e["requestId"], ""): e["encodedDataLength"]}))
    page.goto(url, wait_until="commit")
    seconds = page.evaluate("window.firstFrame") / 1000
    page.wait_for_timeout(1500)
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    code = sum(size for name, size in wire.items() if "re_viewer" in name)
    page.close()
    return seconds, code, heap


def measure(browser: Browser, pages: dict[str, str], rounds: int) -> dict[str, dict[str, list[float]]]:
    results: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in pages}
    for _ in range(rounds):
        for name, url in pages.items():
            context = browser.new_context(viewport={"width": 1200, "height": 800})
            for kind in ("cold", "warm"):
                seconds, code, heap = visit(context, url)
                results[name][kind].append(seconds)
                results[name][f"{kind} bytes"].append(code)
                results[name]["heap MB"].append(heap)
            context.close()
    return results


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        recording = rrt_star.write(Path(folder) / "rrt_star.rrd")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with sdk_page(recording) as sdk, our_page(recording) as ours:
            results = measure(browser, {"sdk": sdk, "ours": ours}, rounds)
        print(f"rerun-sdk {sdk_version()}, gradio {gr.__version__}, Chromium {browser.version}, {platform.platform()}")
        browser.close()
    medians = {
        name: {kind: statistics.median(values) for kind, values in kinds.items()} for name, kinds in results.items()
    }
    print(f"{'median of ' + str(rounds):12} {'sdk page':>12} {'ours':>12} {'ratio':>6}")
    for kind in ("cold", "warm", "cold bytes", "warm bytes", "heap MB"):
        sdk_value, our_value = medians["sdk"][kind], medians["ours"][kind]
        ratio = f"{our_value / sdk_value:6.2f}" if sdk_value else ""
        print(f"{kind:12} {sdk_value:12,.2f} {our_value:12,.2f} {ratio}")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
