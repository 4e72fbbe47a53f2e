"""A page with viewers, for tests."""

from __future__ import annotations

import base64
import io
import os
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Locator, Page, expect

# Where a test that fails leaves its screenshot.
RESULTS = Path(os.environ.get("TEST_RESULTS") or Path(__file__).parents[1] / "test-results")

OTHER_HOST = "gradio.test"
"""A name of this machine that browsers do not treat as localhost."""

# Every event of every viewer on the page, in order; the viewer's debug log would cost more time than the viewer.
INIT_SCRIPT = """
console.debug = () => {};
window.seen = [];
for (const type of ["loadstart", "load", "error", "viewer-event"]) {
  document.addEventListener(type, (event) => {
    if (event.target instanceof Element && event.target.localName === "rerun-viewer") {
      window.seen.push({ type, detail: event.detail, viewer: [...document.querySelectorAll("rerun-viewer")].indexOf(event.target) });
    }
  }, true);
}

// Where a viewer's time cursor has been; of a recording that has just opened the viewer does not always tell, but from 0.41 on can be asked.
window.timesOf = (index) => {
  const reported = window.seen.filter(({ detail, viewer }) => viewer === index && detail?.type === "time_update").map(({ detail }) => detail.time);
  const now = document.querySelectorAll("rerun-viewer")[index]?.currentTime;
  const hasOpened = window.seen.some(({ detail }) => detail?.type === "recording_open" && detail.recording_id === now?.recording_id);
  return hasOpened ? [...reported, Number(now.time)] : reported;
};

// The memory of each viewer, for as long as something else holds it.
window.memories = [];
const instantiate = WebAssembly.instantiate;
WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given);
  window.memories.push(new WeakRef((made.instance ?? made).exports.memory));
  return made;
};
"""

NO_VIEWER_AHEAD = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"
"""A browser with this setting starts a viewer only with the first value."""


class ViewerPage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.page_errors: list[str] = []
        page.add_init_script(INIT_SCRIPT)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))

    def __getattr__(self, name: str) -> Any:
        """Forwards to Playwright's page: `page.get_by_label("frame")`."""
        return getattr(self.page, name)

    def open(self, url: str) -> ViewerPage:
        """Returns when the page listens: all viewers in it are mounted."""
        self.page.goto(url)
        self.page.wait_for_function(
            "() => document.querySelector('.gradio-container')"
            " && [...document.querySelectorAll('rerun-viewer')].every((viewer) => viewer.dataset.state)"
        )
        return self

    def keep_screenshot(self, name: str) -> None:
        RESULTS.mkdir(exist_ok=True)
        name = re.sub(r"[^\w-]+", "_", name)
        self.page.screenshot(path=RESULTS / f"{name}.png")

    def viewer(self, index: int = 0) -> Locator:
        return self.page.locator("rerun-viewer").nth(index)

    def block(self, index: int = 0) -> Locator:
        """The whole component: the viewer, its label and its buttons."""
        return self.page.locator(".block[data-rerun]").nth(index)

    def log_in(self) -> None:
        self.page.get_by_label("username").fill("user")
        self.page.get_by_label("password").fill("password")
        self.click("Login")

    def click(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def expect_state(self, state: str, *, recordings: int | None = None, index: int = 0, timeout: float = 60) -> None:
        viewer = self.viewer(index)
        expect(viewer).to_have_attribute("data-state", state, timeout=timeout * 1000)
        if state == "idle":  # also before the component listens
            expect(self.block(index)).to_be_attached(timeout=timeout * 1000)
        if recordings is not None:
            expect(viewer).to_have_attribute("data-recordings", str(recordings), timeout=timeout * 1000)

    def expect_recordings(self, *ids: str, index: int = 0) -> None:
        """Waits until the viewer has reported these recordings as open, and no others."""
        self.expect_state("ready", recordings=len(ids), index=index)
        assert sorted(self.opened(index)[-len(ids) :]) == sorted(ids)

    def expect_loaded(self, index: int = 0) -> None:
        """Waits until no more data is arriving in a viewer, and no newer value waits."""
        self.page.wait_for_function("index => !document.querySelectorAll('rerun-viewer')[index].isLoading", arg=index)

    def events(self, type_: str, index: int | None = None) -> list[Any]:
        """The details of the events of one type, oldest first."""
        seen = self.page.evaluate("window.seen")
        of_viewer = [event for event in seen if index is None or event["viewer"] == index]
        if type_ in ("loadstart", "load", "error"):
            return [event["detail"] for event in of_viewer if event["type"] == type_]
        reported = [event["detail"] for event in of_viewer if event["type"] == "viewer-event"]
        return [event for event in reported if event["type"] == type_]

    def wait_for_event(self, type_: str) -> None:
        self.page.wait_for_function(
            "type => window.seen.some(e => e.type === type || (e.type === 'viewer-event' && e.detail.type === type))",
            arg=type_,
        )

    def expect_frame(self, frame: int, index: int = 0) -> None:
        """Waits until the viewer's time cursor is at this frame."""
        self.page.wait_for_function(
            "([frame, index]) => Math.floor(window.timesOf(index).at(-1)) === frame",  # not a frame that it has passed
            arg=[frame, index],
            timeout=100_000,
        )

    def wait_for_time(self, least: float) -> None:
        """Waits until the first viewer's time cursor has reached this time."""
        self.page.wait_for_function(
            "least => window.timesOf(0).some((time) => time >= least)", arg=least, timeout=90_000
        )

    def wait_until(self, condition: str, seconds: float = 30) -> None:
        """Waits until the function resolves to a true value. `wait_for_function` treats the promise of an async function as true."""
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
            self.page.wait_for_timeout(50)

    def forget_events(self) -> None:
        self.page.evaluate("window.seen.length = 0")

    def opened(self, index: int | None = None) -> list[str]:
        """Ids of the recordings that the viewer has opened, oldest first."""
        return [event["recording_id"] for event in self.events("recording_open", index)]

    def error(self, index: int = 0) -> Locator:
        return self.viewer(index).locator(".rerun-error")

    def expect_error(self, text: str, index: int = 0) -> None:
        self.expect_state("error", index=index)
        expect(self.error(index)).to_contain_text(text)
        expect(self.error(index)).to_be_visible()

    def third_party_requests(self) -> list[str]:
        """The requests of the page to other servers, except those that the pages of older Gradio versions send."""
        local = (
            "127.0.0.1",
            "localhost",
            OTHER_HOST,
            "cdnjs.cloudflare.com",
            "fonts.googleapis.com",
            "fonts.gstatic.com",
        )
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme.startswith("http") and urlsplit(url).hostname not in local
        ]

    def requests_for(self, part: str) -> list[str]:
        """URLs with this part, without the recording that an empty viewer shows unseen."""
        return [url for url in self.requests if part in url and "/warm_up-" not in url]

    def picture(self, index: int = 0) -> Image.Image:
        return Image.open(io.BytesIO(self.viewer(index).screenshot())).convert("RGB")

    def brightness(self, index: int = 0) -> float:
        """The brightness of the canvas' median pixel, from 0 to 255."""
        pixels = sorted(self.picture(index).convert("L").resize((64, 64)).tobytes())
        return pixels[len(pixels) // 2]

    def expect_blueprint_panel(self, *, shown: bool) -> None:
        """In the light theme: the blue bar of the selected recording is at the left, or is not."""
        deadline = time.monotonic() + 20  # the viewer slides its panels
        while self._has_blue_bar() != shown:
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(200)

    def _has_blue_bar(self) -> bool:
        colors = self.picture().crop((0, 0, 200, 150)).getcolors(40_000) or []
        return any(count > 500 for count, (red, green, blue) in colors if blue > 180 and red < 80 and green < 140)

    def saved(self, index: int = 0) -> bytes | None:
        """The data that the viewer holds, as the bytes of a recording; None if there is no viewer, or if it saves nothing."""
        text = self.page.evaluate(
            """async (index) => {
              const viewer = document.querySelectorAll("rerun-viewer")[index];
              const bytes = await viewer?.running?.viewer?.saveRecording().catch(() => null);
              if (!bytes) return null;
              let text = "";
              for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
              return btoa(text);
            }""",
            index,
        )
        return base64.b64decode(text) if text else None

    def expect_ahead(self, started: int) -> None:
        """Waits until an empty viewer has started ahead, invisibly. `started`: the number of viewers since the page was opened."""
        self.page.wait_for_function(
            "started => window.memories.length === started"
            " && document.querySelector('rerun-viewer[data-state=idle] canvas')",
            arg=started,
            timeout=60_000,
        )

    def live_memories(self) -> int:
        """The number of WebAssembly memories after a garbage collection: one for each running viewer."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("HeapProfiler.collectGarbage")
        session.detach()
        return int(self.page.evaluate("window.memories.filter((memory) => memory.deref()).length"))

    def heap(self) -> float:
        """Bytes of JavaScript objects after a garbage collection."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("HeapProfiler.collectGarbage")
        used = session.send("Runtime.getHeapUsage")["usedSize"]
        session.detach()
        return float(used)
