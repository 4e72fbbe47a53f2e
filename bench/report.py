"""Writes docs/benchmarks.md and its pictures from the measurements."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import NamedTuple

from cells import cell, number
from goals import goals
from measured import Figure, Measured, Record, get, grown, latency
from plot import Bar, bars
from stream_stages import STAGES

WHO = ("sdk", "peer", "ours")
_NAMES = {"sdk": "bare viewer", "peer": "gradio_rerun 0.x", "ours": "this package"}
_SHORT = {"sdk": "bare", "peer": "0.x"}


class Row(NamedTuple):
    label: str
    section: str
    figure: Figure
    unit: str = ""


def _of_server(section: str) -> list[Row]:
    return [
        Row("CPU time of the server for a visitor", section, get("server's CPU a session, s"), "s"),
        Row("Additional memory of the server, peak", section, get("more at the peak"), "MB"),
        Row("Longest block of the event loop", section, get("longest block of the event loop, ms"), "ms"),
    ]


_PAGES = [
    Row("First frame, first visit", "first frame", get("cold s"), "s"),
    Row("  until Gradio's page runs the first line of the component", "first frame", get("cold mounted s"), "s"),
    Row("First frame, second visit", "first frame", get("warm s"), "s"),
    Row("  until Gradio's page runs the first line of the component", "first frame", get("warm mounted s"), "s"),
    Row("The viewer's code on the wire, first visit", "first frame", get("cold viewer MB"), "MB"),
    Row("All bytes on the wire, first visit", "first frame", get("cold MB"), "MB"),
    Row("The same, second visit", "first frame", get("warm MB"), "MB"),
    Row("JavaScript heap of the page", "first frame", get("heap MB"), "MB"),
    Row("Memory of the browser, all processes", "first frame", get("browser MB"), "MB"),
    Row("A second viewer on the page: click on its tab → recording open", "second viewer", get("s"), "s"),
    Row("  memory of the browser with both, all processes", "second viewer", get("browser MB"), "MB"),
]
_BIG = [
    Row("Click → first update of the viewer", "big recording", get("s"), "s"),
    Row("The same, with a login", "big recording behind a login", get("s"), "s"),
    Row("JavaScript heap of the page then", "big recording", get("heap MB"), "MB"),
    Row("Additional memory of the browser, peak within 10 s", "big recording", get("more browser MB"), "MB"),
]
_ACCEPTED = [
    Row("Call → answer", "accepted recording", get("s"), "s"),
    Row("Additional memory of the server, peak", "accepted recording", get("more MB at the peak"), "MB"),
]
_INSTALL = [
    Row("Wheel", "install", get("wheel MB"), "MB"),
    Row("Installed, with all dependencies", "install", get("installed MB"), "MB"),
    Row("`pip install` into an empty environment, download included", "install", get("install s"), "s"),
    Row("Packages installed", "install", lambda record: len(record["packages"])),
]
_CLICK = [
    Row("Click → recording open", "first click", get("s"), "s"),
]
_VISITORS = [
    Row("Visitors that ended without an error", "visitors", get("sessions that ended well")),
    Row("Bytes of recordings lost", "visitors", get("bytes lost")),
    Row("Frames of streams lost", "visitors", get("frames lost")),
    Row("Frames of streams doubled", "visitors", get("frames doubled")),
    Row("Until the last visitor was served", "visitors", get("until the last was served, s"), "s"),
    Row("Click → all bytes of a recording, median", "visitors", get("click -> all bytes p50, s"), "s"),
    Row("  95 % within", "visitors", get("click -> all bytes p95, s"), "s"),
    Row("Log call → its bytes are there, median", "visitors", get("lag of a frame p50, ms"), "ms"),
    Row("  95 % within", "visitors", get("lag of a frame p95, ms"), "ms"),
    Row("Requests of a visitor", "visitors", get("requests a session")),
    *_of_server("visitors"),
]
_YIELDS = [
    Row("Until the last visitor was served", "yields", get("until the last was served, s"), "s"),
    Row("Frames doubled", "yields", get("frames doubled")),
    *_of_server("yields"),
    Row("  CPU time of its thread between two steps, maximum", "yields", get("CPU time of its thread, ms"), "ms"),
    Row("  the same with yields into a `gr.Number`", "yields", get("the same with yields into a gr.Number"), "ms"),
]
_STREAM = [
    ("Log call → viewer, median", latency(50), "ms"),
    ("Log call → viewer, 95 % within", latency(95), "ms"),
    ("Different frames that the viewer showed", get("frames shown"), ""),
    ("Bytes on the wire / bytes yielded", get("wire"), ""),
    ("Requests for the data", get("requests"), ""),
    ("First log call → last frame shown", get("total s"), "s"),
    ("Duration of the function", get("function s"), "s"),
    ("  for each yield", lambda record: record["function s"] / record["frames"] * 1000, "ms"),
    ("  for each yield into a `gr.Number`", lambda record: record["number s"] / record["frames"] * 1000, "ms"),
    ("From the function's end until the viewer showed the last frame", get("lag s"), "s"),
    ("Additional memory of the server, peak", grown("peak MB"), "MB"),
    ("  after the run", grown("after MB"), "MB"),
    ("CPU time of the server", get("server CPU s"), "s"),
]


def write_report(data: Record, docs: Path) -> None:
    measured = Measured(data)
    pictures = docs / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, picture in _pictures(measured).items():
        (pictures / f"benchmark-{name}.svg").write_text(picture)
    (docs / "benchmarks.md").write_text(_text(data, measured))


def _text(data: Record, measured: Measured) -> str:
    about = data["about"]
    versions, quick = about["what"]["versions"], about["what"]["quick"]
    loads = [record["load"] for section in data["records"].values() for rounds in section.values() for record in rounds]
    packages = [set(data["records"]["install"][who][0]["packages"]) for who in ("peer", "ours")]
    peer = versions["peer"]["gradio-rerun"]
    parts = [
        "# Benchmarks",
        f"This page compares this package with its predecessor, gradio_rerun {peer} of PyPI, and with the page on which rerun-sdk serves the same viewer without "
        f"Gradio. They were measured in turn, in one run, on one machine. Each figure is the median of {measured.rounds('first frame')} rounds or, for networks and long streams, of one. "
        "`make bench` writes this page. Figures differ between "
        "machines, so compare the ratios.",
        _about(about, versions, loads)
        # Sections that were measured again, side by side, because a change affects only them.
        + (f"\n\nMeasured in a later run: {', '.join(about['later'])}." if "later" in about else "")
        + (f"\n\nMeasured in more rounds: {', '.join(about['more rounds'])}." if "more rounds" in about else "")
        + (f"\n\n**A quick run: {measured.rounds('first frame')} round with small sizes.**" if quick else ""),
        "## The page",
        "A small recording in a component of 700 pixels, in a newly started browser. The first frame is the first one that shows "
        "data in its middle.",
        "![First frame](images/benchmark-first-frame.svg)",
        _table(measured, _PAGES, WHO),
        "The component cannot run before Gradio's page reaches this point: it is not in a `<head>`, and its first line requests the viewer's code.",
        *_networks(measured),
        "### The first click",
        "At a click, a function returns this recording. The page has been open for some seconds, and its viewer is empty.",
        _table(measured, _CLICK),
        "## A big recording",
        "At a click, a function returns 600 MB of points. The viewer is loaded before the click."
        if not quick
        else "100 MB of points.",
        "![Big recording](images/benchmark-big.svg)",
        _table(measured, _BIG, WHO),
        "## Server costs of a recording",
        f"A function returns the path of a recording of {number(measured.median('accepted recording', 'ours', get('GB')))} GB.",
        _table(measured, _ACCEPTED),
        "## Many visitors",
        "All click at once. Each visitor is a client that sends the requests of the page, without a browser, on the same machine. {sessions:,.0f} visitors open a recording of {megabytes:,.0f} MB "
        "each, {streams:,.0f} watch a stream of {frames:,.0f} frames, {rate:,.0f} a second.".format(
            **_size_of(measured, "visitors")
        ),
        _table(measured, _VISITORS),
        "### {streams:,.0f} streams of {frames:,.0f} yields, as fast as Gradio accepts them".format(
            **_size_of(measured, "yields")
        ),
        _table(measured, _YIELDS),
        "## Streams",
        "A function yields the data that it has logged: points, and about 4.5 kB that the SDK adds to each chunk. The log call and the viewer's event are timed by "
        "the same clock. The bare viewer reads the same log calls from `RecordingStream.serve_grpc`. The viewer draws in software here, which limits all three, "
        "since the viewer determines the frame rate.",
        "![Streams](images/benchmark-streams.svg)",
    ]
    for section in measured.sections("stream "):
        rows = [Row(label, section, figure, unit) for label, figure, unit in _STREAM]
        parts += [
            f"### {section.removeprefix('stream ').replace(' x ', ' × ')}",
            _table(measured, rows, WHO),
            *_stages(measured, section),
        ]
    only = [
        "only for " + who + ": " + (", ".join(sorted(mine - others)) or "none")
        for who, mine, others in (("0.x", *packages), ("this package", *reversed(packages)))
    ]
    parts += [
        "## Installation",
        f"Dependencies {'; '.join(only)}.",
        _table(measured, _INSTALL),
        "## Goals",
        "The goals of this package, and the results of this run.",
        goals(measured),
        "All measurements, by round: [benchmarks.json](benchmarks.json).",
    ]
    return "\n\n".join(parts) + "\n"


def _size_of(measured: Measured, section: str) -> dict[str, float]:
    return {
        name: measured.median(section, "ours", get(name)) or 0
        for name in ("sessions", "streams", "megabytes", "frames", "rate")
    }


def _networks(measured: Measured) -> list[str]:
    parts = []
    for section in measured.sections("first frame at "):
        rows = [
            Row(f"First frame, {visit} visit", section, get(f"{kind} s"), "s")
            for visit, kind in (("first", "cold"), ("second", "warm"))
        ]
        parts += [
            f"### With a network of {section.removeprefix('first frame at ')}",
            "Emulated by Chromium.",
            _table(measured, rows, WHO),
        ]
        download = measured.median(section.replace("first frame", "download"), "plain", get("s"))
        if download is not None:
            parts.append(
                f"An empty page downloads as many bytes as this package at a first visit in {cell(download, 's')}."
            )
    return parts


def _about(about: Record, versions: dict[str, dict[str, str]], loads: list[float]) -> str:
    same = ", ".join(f"{name} {versions['ours'][name]}" for name in ("gradio", "rerun-sdk"))
    return (
        f"{about['begun']}; {about['machine']}; Chromium {about['what']['chromium']}, graphics by {about['graphics']}; both packages with {same}. "
        f"Load of the machine while it was measured: median {statistics.median(loads):.1f}, maximum {max(loads):.1f}"
        + (
            f" (above {_QUIET}, other programs were running: do not trust the times)."
            if statistics.median(loads) > _QUIET
            else "."
        )
    )


_QUIET = 4


def _table(measured: Measured, rows: list[Row], who: tuple[str, ...] = ("peer", "ours")) -> str:
    others = ("sdk", "peer") if "sdk" in who else ("peer",)
    heads = [*(_NAMES[each] for each in who), *(f"this / {_SHORT[each]}" for each in others)]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    notes: dict[str, None] = {}
    for label, section, figure, unit in rows:
        values = {each: measured.median(section, each, figure) for each in who}
        for each in who:
            if (error := measured.error(section, each)) and values[each] is None:
                notes[f"{_NAMES[each]}: {error}"] = None
        if all(value is None for value in values.values()) and section.startswith("stream"):
            continue
        ratios = [measured.ratio(section, figure, each) for each in others]
        cells = [cell(values[each], unit) for each in who] + [
            f"{ratio:.2f}" if ratio is not None else "" for ratio in ratios
        ]
        lines.append(f"| {label.replace('  ', '&emsp;')} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "".join(f"\n\nNot measured: {note}." for note in notes)


def _stages(measured: Measured, section: str) -> list[str]:
    """The durations of the stages between the log call and the viewer, of this package."""
    rows = []
    for stage in STAGES:
        p50 = measured.median(section, "ours", lambda record, stage=stage: record["stages"][stage][0])
        p95 = measured.median(section, "ours", lambda record, stage=stage: record["stages"][stage][1])
        if p50 is not None:
            rows.append(f"| {stage} | {cell(p50, 'ms')} | {cell(p95, 'ms')} |")
    if not rows:
        return []
    introduction = "The latency of this package by stages, per frame. From the third stage on, all wait for the main thread of the page, in which the viewer also draws:"
    return [introduction, "\n".join(["| | median | 95 % within |", "|---|--:|--:|", *rows])]


def _pictures(measured: Measured) -> dict[str, str]:
    def bar(section: str, who: str, figure: Figure, unit: str) -> Bar:
        value = measured.median(section, who, figure)
        text = cell(value, unit) if value is not None else "not measured" if measured.error(section, who) else "–"
        return Bar(_NAMES[who], who, value, text)

    def group(
        label: str, section: str, figure: Figure, unit: str, whose: tuple[str, ...] = ("peer", "ours")
    ) -> list[Bar]:
        return [
            each._replace(label=f"{label}, {each.label}") for each in (bar(section, who, figure, unit) for who in whose)
        ]

    streams = measured.sections("stream ")
    return {
        "first-frame": bars(
            "Seconds to the first frame",
            [
                group("first visit", "first frame", get("cold s"), "s", WHO),
                group("second visit", "first frame", get("warm s"), "s", WHO),
            ],
        ),
        "big": bars(
            "Seconds from a click to the first update, big recording",
            [
                group("no login", "big recording", get("s"), "s"),
                group("login", "big recording behind a login", get("s"), "s"),
            ],
        ),
        "streams": bars(
            "Bytes on the wire for each yielded byte",
            [group(name.removeprefix("stream "), name, get("wire"), "") for name in streams if "Hz" not in name],
        ),
    }
