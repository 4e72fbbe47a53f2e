"""Many visitors of an app at once, without a browser: all load its page, then all click, and open a recording or watch a stream.

Each visitor sends the HTTP requests of the package's page (tests/http_page.py; `PeerPage`). The app runs in another process on the same machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from running_app import BENCH, App, peak_memory, resident, running
from stream_stages import percentile

sys.path[:0] = [str(BENCH.parent / "tests"), str(BENCH.parent / "tests" / "browser")]
import rerun.chunk  # noqa: E402
from http_page import GrowingFile, HttpPage  # noqa: E402 - found by the line above
from recordings import write_recording  # noqa: E402
from streams import frames_of  # noqa: E402

from gradio_rerun._recordings.rrd import split  # noqa: E402

# The reader warns that a growing stream has no footer.
warnings.filterwarnings("ignore", message="RRD file has no footer")

FILES = 4
"""The number of recordings, which visitors share."""


class Load(NamedTuple):
    sessions: int
    """Visitors that open a recording."""
    streams: int
    """Visitors that watch their own stream."""
    megabytes: float
    """Of each recording."""
    frames: int
    size: int
    rate: int


class PeerPage(HttpPage):
    """A visitor of an app with the peer package, whose streams are playlists."""

    async def stream(self, name: str) -> GrowingFile:
        file = Playlist(self, "")
        updates = []
        async for value in self.click(name):
            file.url = value["url"]
            updates.append(asyncio.create_task(file.update()))
        await asyncio.gather(*updates)
        return file


class Playlist(GrowingFile):
    """Requests the playlist at each yield, and then its new segments, one after the other."""

    _known = ""

    async def update(self) -> None:
        playlist = b"".join([piece async for piece in self.page.download(self.url)]).decode()
        new, self._known = playlist[len(self._known) :], playlist
        for line in new.splitlines():
            if not line or line.startswith("#"):
                continue
            url = self.url.rpartition("/")[0] + "/" + line
            self.data += b"".join([piece async for piece in self.page.download(url)])
            self.marks.append(len(self.data))
            self.arrivals.append((time.time(), len(self.data)))


async def show(page: HttpPage, hashes: dict[str, tuple[str, int]]) -> dict[str, Any]:
    """Opens a recording, and checks its bytes."""
    start = time.time()
    name, size, sha = await page.show("show")
    seconds = time.time() - start
    expected, length = hashes[name]
    if size == length and sha != expected:
        raise RuntimeError(f"{name} arrived with other bytes")
    return {"seconds": seconds, "lost bytes": length - size}


async def stream(page: HttpPage) -> dict[str, Any]:
    file = await page.stream("stream")
    return {"session": page.session, "file": file}


async def visit(page: HttpPage, act: Callable[[HttpPage], Any]) -> dict[str, Any]:
    try:
        result = await act(page)
    except Exception as error:  # of any kind: this visitor failed
        result = {"error": f"{type(error).__name__}: {error}"}
    return {**result, "end": time.time(), "requests": page.requests, "received": page.received}


async def numbers(page: HttpPage) -> dict[str, Any]:
    """Watches a `gr.Number` into which a function yields as many values as a stream has frames."""
    async for _ in page.click("numbers"):
        pass
    return {}


async def longest_block(page_class: type[HttpPage], url: str) -> dict[str, float]:
    """Returns the longest times in ms for which the event loop was blocked since the previous call; see load_app.py."""
    async with page_class(url) as page:
        longest: dict[str, float] = [value async for value in page.click("longest_block")][-1]
        return longest


async def load_page(page: HttpPage) -> float:
    start = time.time()
    await page.__aenter__()
    return time.time() - start


async def visits(
    page_class: type[HttpPage],
    url: str,
    load: Load,
    hashes: dict[str, tuple[str, int]],
    watch: Callable[[HttpPage], Any] = stream,
) -> tuple[list[float], float, list[dict[str, Any]]]:
    """Returns the seconds that each page needed to load, the time of the click, and the result of each visitor."""
    pages = [page_class(url) for _ in range(load.sessions + load.streams)]
    try:
        loaded = await asyncio.gather(*map(load_page, pages))
        clicked = time.time()
        streaming = [visit(page, watch) for page in pages[: load.streams]]
        showing = [visit(page, lambda page: show(page, hashes)) for page in pages[load.streams :]]
        return list(loaded), clicked, await asyncio.gather(*streaming, *showing)
    finally:
        await asyncio.gather(*(page.client.aclose() for page in pages))


def measure(package: str, python: str, load: Load, folder: Path) -> dict[str, Any]:
    """Measures all visitors at once, after one visitor of each kind has warmed up the app."""
    page_class = HttpPage if package == "ours" else PeerPage
    hashes = {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size) for path in folder.iterdir()
    }
    with running(python, "load_app.py", folder, load.frames, load.size, load.rate) as app:
        started = app.report(120)
        server = psutil.Process(app.process.pid)
        for sessions, streams in [(1, 0)] * FILES + [(0, 1)]:  # each file once, so that it is in the cache
            _, _, ended = asyncio.run(
                visits(page_class, started["url"], load._replace(sessions=sessions, streams=streams), hashes)
            )
            if "error" in ended[0]:
                raise RuntimeError(ended[0]["error"])
        app.report(60)
        time.sleep(1)
        asyncio.run(longest_block(page_class, started["url"]))
        before, cpu, own = resident(server), sum(server.cpu_times()[:2]), time.process_time()
        with peak_memory(server) as peak:
            loaded, clicked, ended = asyncio.run(visits(page_class, started["url"], load, hashes))
            cpu, own = sum(server.cpu_times()[:2]) - cpu, time.process_time() - own
            blocked = asyncio.run(longest_block(page_class, started["url"]))
            time.sleep(3)
        streams = check_streams(app, ended, load.frames)
        asyncio.run(visits(page_class, started["url"], load._replace(sessions=0), hashes, numbers))
        blocked_by_numbers = asyncio.run(longest_block(page_class, started["url"]))
        shown = [each for each in ended if "seconds" in each]
        seconds = max(each["end"] for each in ended) - clicked
        return {
            "versions": started["versions"],
            "sessions": len(ended),
            "errors": [each["error"] for each in ended if "error" in each],
            "lost bytes": sum(each["lost bytes"] for each in shown),
            "lost frames": sum(each["lost"] for each in streams) + load.frames * (load.streams - len(streams)),
            "doubled frames": sum(each["doubled"] for each in streams),
            "page s": loaded,
            "open s": [each["seconds"] for each in shown],
            "stream s": [each["logged"][-1] - each["logged"][0] for each in streams],
            "lag ms": [lag for each in streams for lag in each["lag ms"]],
            "all s": seconds,
            "MB": sum(each["received"] for each in ended) / 1e6,
            "requests": sum(each["requests"] for each in ended),
            "blocked ms": blocked,
            "blocked by numbers ms": blocked_by_numbers,
            "server CPU s": cpu,
            "own CPU s": own,
            "before MB": before,
            "peak MB": peak(),
            "after MB": resident(server),
        }


def check_streams(app: App, ended: list[dict[str, Any]], frames: int) -> list[dict[str, Any]]:
    """Returns the lost and doubled frames of each stream, and the delay of each frame after its log call."""
    files = {each["session"]: each["file"] for each in ended if "file" in each}
    results: list[dict[str, Any]] = []
    while len(results) < len(files):
        finished = app.report(60)
        file = files.get(finished["session"])
        if file is None:  # its visitor failed
            continue
        header, messages = split(bytes(file.data)) or (b"", [])
        (counts,) = frames_of(b"".join([header, *messages]), rerun.chunk).values()
        times = [moment for moment, _ in file.arrivals]
        sizes = [size for _, size in file.arrivals]
        arrived = [times[bisect_left(sizes, mark)] for mark in file.marks]
        results.append(
            {
                "logged": finished["logged"],
                "lost": sum(counts[frame] == 0 for frame in range(frames)),
                "doubled": (counts - Counter(range(frames))).total(),
                "lag ms": [(at - logged) * 1000 for at, logged in zip(arrived, finished["logged"], strict=False)],
            }
        )
    return results


FIGURES: dict[str, Callable[[dict[str, Any]], float | None]] = {
    "sessions that ended well": lambda each: each["sessions"] - len(each["errors"]),
    "sessions that failed": lambda each: len(each["errors"]),
    "bytes lost": lambda each: each["lost bytes"],
    "frames lost": lambda each: each["lost frames"],
    "frames doubled": lambda each: each["doubled frames"],
    "until the last was served, s": lambda each: each["all s"],
    "page p50, s": lambda each: _percentile(each["page s"], 50),
    "page p95, s": lambda each: _percentile(each["page s"], 95),
    "click -> all bytes p50, s": lambda each: _percentile(each["open s"], 50),
    "click -> all bytes p95, s": lambda each: _percentile(each["open s"], 95),
    "a stream's function p50, s": lambda each: _percentile(each["stream s"], 50),
    "lag of a frame p50, ms": lambda each: _percentile(each["lag ms"], 50),
    "lag of a frame p95, ms": lambda each: _percentile(each["lag ms"], 95),
    "longest block of the event loop, ms": lambda each: each["blocked ms"]["all"],
    "  CPU time of its thread, ms": lambda each: each["blocked ms"]["own"],
    "  the same with yields into a gr.Number": lambda each: each["blocked by numbers ms"]["all"],
    "MB a second": lambda each: each["MB"] / each["all s"],
    "requests a session": lambda each: each["requests"] / each["sessions"],
    "server's CPU a session, s": lambda each: each["server CPU s"] / each["sessions"],
    "server's CPU, cores": lambda each: each["server CPU s"] / (max(each["page s"]) + each["all s"]),
    "visitors' CPU, cores": lambda each: each["own CPU s"] / (max(each["page s"]) + each["all s"]),
    "server's memory before, MB": lambda each: each["before MB"],
    "  more at the peak": lambda each: each["peak MB"] - each["before MB"],
    "  more after it": lambda each: each["after MB"] - each["before MB"],
}


def _percentile(values: list[float], part: int) -> float | None:
    return percentile(values, part) if len(values) > 1 else next(iter(values), None)


def write_recordings(folder: Path, megabytes: float) -> None:
    for number in range(FILES):
        write_recording(folder / f"{number}.rrd", f"r{number}", frames=20, points=int(megabytes * 1e6 / 240))


def figures(measured: dict[str, Any]) -> dict[str, float | None]:
    """What `measure` returns, as the rows of a table."""
    return {label.strip(): figure(measured) for label, figure in FIGURES.items()}
