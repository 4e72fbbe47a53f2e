"""Measures this package and its predecessor, gradio_rerun 0.39 of PyPI, in turn, in one run.

    make bench            everything, some 40 minutes on a machine that does nothing else
    make bench ARGS=--quick

Writes docs/benchmarks.md, its pictures and docs/benchmarks.json. An interrupted run continues where it was; --fresh starts anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import live
import pages
import psutil
from accept import accept, enlarge
from chromium import chromium
from environments import PEER, build_wheel, make_environment, python, wheel_size
from measured import Record, download_section, first_frame_section
from playwright.sync_api import Playwright, sync_playwright
from report import write_report
from results import Results
from stream import Case, measure
from stream_stages import percentile
from visitors import Load, figures, write_recordings
from visitors import measure as measure_visitors

from gradio_rerun._viewer.cache import cache_dir

WHO = ("peer", "ours")
DOCS = Path(__file__).parents[1] / "docs"


class Size(NamedTuple):
    """The size of the measurements."""

    rounds: int
    big_megabytes: int
    accepted_bytes: int
    streams: list[tuple[Case, int]]
    """Each with its maximum number of rounds."""
    networks: list[pages.Network]
    loads: list[tuple[Load, int]]
    """Each with its maximum number of rounds."""
    patience: float
    """Seconds after which a page that does not show its data has failed."""

    def of(self, rounds: int) -> Size:
        """The same figures with at most `rounds` rounds."""
        streams = [(case, min(most, rounds)) for case, most in self.streams]
        loads = [(load, min(most, rounds)) for load, most in self.loads]
        return self._replace(rounds=min(self.rounds, rounds), streams=streams, loads=loads)


FULL = Size(
    rounds=3,
    big_megabytes=600,
    accepted_bytes=2_000_000_000,
    streams=[
        (Case(300, 16_000, 30), 3),
        (Case(800, 16_000), 3),
        (Case(8_000, 16_000), 1),
        (Case(1_000, 1_000_000), 1),
    ],
    networks=[pages.Network(50, 20), pages.Network(10, 80)],
    loads=[
        (Load(sessions=100, streams=20, megabytes=8, frames=150, size=16_000, rate=10), 2),
        (Load(sessions=0, streams=20, megabytes=8, frames=500, size=16_000, rate=0), 1),
    ],
    patience=90,
)
QUICK = Size(
    rounds=1,
    big_megabytes=100,
    accepted_bytes=200_000_000,
    streams=[(Case(90, 16_000, 30), 1), (Case(100, 16_000), 1)],
    networks=[pages.Network(50, 20)],
    loads=[
        (Load(sessions=20, streams=4, megabytes=8, frames=30, size=16_000, rate=10), 1),
        (Load(sessions=0, streams=4, megabytes=8, frames=100, size=16_000, rate=0), 1),
    ],
    patience=60,
)

# For each chunk, the peer's page reads a list of all chunks: the time is quadratic in their number.
PEER_MOST_CHUNKS = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round with small sizes")
    parser.add_argument("--fresh", action="store_true", help="discard the measurements of an interrupted run")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="FOLDER", help="where the report is written")
    parser.add_argument("--rounds", type=int, default=3, help="the maximum number of rounds")
    arguments = parser.parse_args()
    work = cache_dir() / "bench"
    state = work / ("quick.json" if arguments.quick else "full.json")
    if arguments.fresh:
        state.unlink(missing_ok=True)
    installed, pythons = _environments(work)
    with sync_playwright() as playwright:
        results = Results(state, _about(playwright, installed, quick=arguments.quick))
        for who, record in installed.items():
            results.once("install", who, 0, record.copy)
        size = (QUICK if arguments.quick else FULL).of(arguments.rounds)
        _measure_all(playwright, results, pythons, work, size)
    _measure_visitors(results, pythons, size)  # Playwright has an event loop of its own
    write_report(results.data, arguments.docs)
    (arguments.docs / "benchmarks.json").write_text(json.dumps(_rounded(results.data), separators=(",", ":")) + "\n")
    state.unlink()
    print(f"Written: {arguments.docs / 'benchmarks.md'}")


def _environments(work: Path) -> tuple[dict[str, Record], dict[str, Path]]:
    """Returns the installations and their Pythons. Both have the Gradio and rerun-sdk that the peer requires."""
    print("Installing both packages ...", flush=True)
    wheel = build_wheel(work / "wheel")
    peer = make_environment(work / "peer", [PEER])
    same = [f"{name}=={peer['versions'][name]}" for name in ("gradio", "rerun-sdk")]
    ours = make_environment(work / "ours", [str(wheel), *same], stamp=hashlib.sha256(wheel.read_bytes()).hexdigest())
    ours["wheel MB"] = wheel.stat().st_size / 1e6
    peer["wheel MB"] = wheel_size(work / "peer")
    return {"peer": peer, "ours": ours}, {who: python(work / who) for who in WHO}


def _about(playwright: Playwright, installed: dict[str, Record], *, quick: bool) -> Record:
    with chromium(playwright) as browser:
        version = browser.version
    versions = {who: record["versions"] for who, record in installed.items()}
    return {
        # An interrupted run continues only if all of this is the same.
        "what": {"versions": versions, "stamp": installed["ours"]["stamp"], "chromium": version, "quick": quick},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        "graphics": "Mesa llvmpipe (software)",
        "begun": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
    }


def _measure_all(playwright: Playwright, results: Results, pythons: dict[str, Path], work: Path, size: Size) -> None:
    with tempfile.TemporaryDirectory(dir=work) as folder:
        recordings = _Recordings(Path(folder), pythons["ours"], size)
        _measure_first_frames(playwright, results, pythons, recordings, size)
        _measure_pages(playwright, results, pythons, recordings, size)
        _measure_server(results, pythons, recordings, size)
    for case, most in size.streams:
        for turn in range(most):
            for who in ("sdk", *WHO):
                results.once(
                    f"stream {case.name}",
                    who,
                    turn,
                    partial(_stream, playwright, who, pythons.get(who, pythons["ours"]), case, size.patience),
                )


class _Recordings:
    """The recordings, which are written when they are first needed: a continued run may need none."""

    def __init__(self, folder: Path, python: Path, size: Size) -> None:
        self._folder = folder
        self._python = python
        self._size = size

    @property
    def small(self) -> Path:
        return self._made("small.rrd", 0)

    @property
    def big(self) -> Path:
        return self._made("big.rrd", self._size.big_megabytes)

    @property
    def accepted(self) -> Path:
        path = self._folder / "accepted.rrd"
        if not path.exists():
            enlarge(self.big, path, self._size.accepted_bytes)
        return path

    def _made(self, name: str, megabytes: int) -> Path:
        path = self._folder / name
        if not path.exists():
            free = shutil.disk_usage(self._folder).free
            if free < 4 * self._size.accepted_bytes:
                raise RuntimeError(f"this machine has only {free / 1e9:.0f} GB of free disk space")
            script = Path(__file__).with_name("make_recordings.py")
            subprocess.run([self._python, script, path, str(megabytes)], check=True)
        return path


def _measure_first_frames(
    playwright: Playwright, results: Results, pythons: dict[str, Path], recordings: _Recordings, size: Size
) -> None:
    def visit(who: str, network: pages.Network | None) -> Record:
        if who == "sdk":
            with pages.sdk_page(pythons["ours"], recordings.small) as url:
                return pages.first_frame(playwright, url, network, size.patience)
        with pages.app(pythons[who], "first", recordings.small) as (url, _):
            return pages.first_frame(playwright, url, network, size.patience)

    for turn in range(size.rounds):
        for network in (None, *(size.networks if turn == 0 else [])):  # the peer takes minutes
            for who in ("sdk", *WHO):
                results.once(first_frame_section(network), who, turn, partial(visit, who, network))
            ours = results.data["records"][first_frame_section(network)]["ours"][turn]
            download = partial(pages.plain_download, playwright, ours.get("cold MB", 0), network)
            results.once(download_section(network), "plain", turn, download)


def _measure_pages(
    playwright: Playwright, results: Results, pythons: dict[str, Path], recordings: _Recordings, size: Size
) -> None:
    def click(who: str) -> Record:
        with pages.app(pythons[who], "click", recordings.small) as (url, _):
            return pages.first_click(playwright, url)

    def second(who: str) -> Record:
        with pages.app(pythons[who], "two", recordings.small) as (url, _):
            return pages.second_viewer(playwright, url)

    def big(who: str, *login: str) -> Record:
        if who == "sdk":
            with live.bare_page(pythons["ours"], recordings.big) as url:
                page = f"{url}/live_page.html?click&width=1150&height=700&url={url}/{recordings.big.name}"
                return pages.big_recording(playwright, page, login=False, patience=size.patience)
        with pages.app(pythons[who], "click", recordings.big, *login) as (url, _):
            return pages.big_recording(playwright, url, login=bool(login), patience=size.patience)

    for turn in range(size.rounds):
        results.once("big recording", "sdk", turn, partial(big, "sdk"))
        for who in WHO:
            results.once("first click", who, turn, partial(click, who))
            results.once("second viewer", who, turn, partial(second, who))
            results.once("big recording", who, turn, partial(big, who))
            results.once("big recording behind a login", who, turn, partial(big, who, "--login"))


def _measure_server(results: Results, pythons: dict[str, Path], recordings: _Recordings, size: Size) -> None:
    for turn in range(size.rounds):
        for who in WHO:
            results.once("accepted recording", who, turn, lambda who=who: accept(pythons[who], recordings.accepted))


def _measure_visitors(results: Results, pythons: dict[str, Path], size: Size) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "recordings"
        write_recordings(folder, size.loads[0][0].megabytes)

        def visitors(who: str, load: Load) -> Record:
            record = figures(measure_visitors(who, str(pythons[who]), load, folder))
            return {**record, **load._asdict()}

        for load, most in size.loads:
            section = "visitors" if load.sessions else "yields"
            for turn in range(most):
                for who in WHO:
                    results.once(section, who, turn, partial(visitors, who, load))


def _stream(playwright: Playwright, who: str, python: Path, case: Case, patience: float) -> Record:
    if who == "peer" and case.frames > PEER_MOST_CHUNKS:
        return {
            "error": f"not measured with more than {PEER_MOST_CHUNKS:,} chunks, since the time is quadratic in their number"
        }
    with chromium(playwright) as browser:
        if who == "sdk":
            return live.measure_bare_viewer(browser, python, case, patience)
        record = measure(browser, python, case, has_stages=who == "ours" and case.rate > 0, patience=patience)
    stages = record.pop("stages ms", {})
    record["stages"] = {name: [percentile(values, part) for part in (50, 95)] for name, values in stages.items()}
    return record


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
