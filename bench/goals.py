"""The goals of this package, and why it misses some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cells import cell
from measured import Measured, Record, download_section, first_frame_section, get, grown, latency
from pages import Network


class Goal(NamedTuple):
    label: str
    measured: Callable[[Measured], float | None]
    limit: float
    unit: str = ""
    why: str = ""
    """What a profile shows, if the goal is missed."""


_RATE, _MANY, _MORE, _GIGABYTE = (
    "stream 300 x 16 kB at 30 Hz",
    "stream 800 x 16 kB",
    "stream 8,000 x 16 kB",
    "stream 1,000 x 1 MB",
)
_FAST = first_frame_section(Network(50, 20))
_DOWNLOAD = download_section(Network(50, 20))


def _a_yield(record: Record) -> float:
    return float(record["function s"] / record["frames"])


def _a_number(record: Record) -> float:
    return float(record["number s"] / record["frames"])


def _yield_to_number(m: Measured) -> float | None:
    ours, number = (m.median(_MANY, "ours", each) for each in (_a_yield, _a_number))
    return ours / number if ours and number else None


def _first_frame_to_download(m: Measured) -> float | None:
    parts = (
        m.median(_FAST, "ours", get("cold s")),
        m.median(_DOWNLOAD, "plain", get("s")),
        m.median("first frame", "sdk", get("cold s")),
    )
    return None if None in parts else parts[0] / (parts[1] + parts[2])


def _big_to_bare(m: Measured) -> float | None:
    ours, bare = m.median("big recording behind a login", "ours", get("s")), m.median("big recording", "sdk", get("s"))
    return ours / bare if ours and bare else None


_OF_THE_VIEWER = "The bare viewer itself needs almost as long: see the first table."
_OF_THE_PAGE = "Gradio's page and server share the processor with the viewer: the component cannot run before Gradio's page has loaded."
_OF_THE_BYTES = "The bytes alone take longer than that: see the download by an empty page."
_OF_A_CLICK = (
    "Of some 120 ms, Gradio's call takes 55, its page 20 to apply the value, the frame in which the viewer takes the URL 15 (60 if no recording was shown before), the "
    "request and the next frame the rest. 0.x downloads the file itself and passes the bytes to the viewer, which needs no frame of its own."
)
_OF_FRAMES = (
    "The viewer takes in some 20 chunks in each frame, and software draws a frame in 100 ms and more: 800 chunks take 37 frames. The SDK joins log calls to a few "
    "larger chunks before `serve_grpc` sends them; each yield of a function is a chunk at least."
)
_OF_THE_STAGES = "See the stages above: what is added to the viewer's own time is the work of Gradio's page for each yield, on the same thread."
_OF_YIELDS = "A yield of Gradio, with the page's requests for its messages, costs most of it, here and in 0.x."
_OF_THREADS = (
    "Twenty functions run in threads and share Python's lock with the event loop, and the messages of all of them may be due in one round of it. Yields into a "
    "`gr.Number` block it longer than this goal, too. No single step of the event loop takes 10 ms."
)
_OF_TEXT = "A third is the frontend, the rest is Python. It contains no viewer and no pictures."


_GOALS = [
    Goal("First frame, first visit / 0.x", lambda m: m.ratio("first frame", get("cold s")), 0.3, why=_OF_THE_VIEWER),
    Goal("First frame, second visit / 0.x", lambda m: m.ratio("first frame", get("warm s")), 0.27, why=_OF_THE_VIEWER),
    Goal("The same at 50 Mbit/s, first visit / 0.x", lambda m: m.ratio(_FAST, get("cold s")), 0.3, why=_OF_THE_VIEWER),
    Goal("The same at 50 Mbit/s, second visit / 0.x", lambda m: m.ratio(_FAST, get("warm s")), 0.2, why=_OF_THE_VIEWER),
    Goal(
        "First frame, first visit / bare viewer",
        lambda m: m.ratio("first frame", get("cold s"), "sdk"),
        1.3,
        why=_OF_THE_PAGE,
    ),
    Goal(
        "First frame, second visit / bare viewer",
        lambda m: m.ratio("first frame", get("warm s"), "sdk"),
        1.1,
        why=_OF_THE_PAGE,
    ),
    Goal(
        "The same at 50 Mbit/s, first visit / bare viewer",
        lambda m: m.ratio(_FAST, get("cold s"), "sdk"),
        0.22,
        why=_OF_THE_BYTES,
    ),
    Goal(
        "The same / (a download of as many bytes + the bare viewer without the network)", _first_frame_to_download, 1.1
    ),
    Goal(
        "Click on an empty viewer → recording open / 0.x",
        lambda m: m.ratio("first click", get("s")),
        1,
        why=_OF_A_CLICK,
    ),
    Goal("A second viewer / 0.x", lambda m: m.ratio("second viewer", get("s")), 0.8),
    Goal("A yield of 16 kB / 0.x", lambda m: m.ratio(_MANY, _a_yield), 0.9),
    Goal("A yield of 16 kB / `gr.Number`", _yield_to_number, 2),
    Goal(
        "CPU time of the server for a visitor, of 120 at once / 0.x",
        lambda m: m.ratio("visitors", get("server's CPU a session, s")),
        0.8,
        why=_OF_YIELDS,
    ),
    Goal(
        "Longest block of the event loop by 500 yields to each of 20 visitors",
        lambda m: m.median("yields", "ours", get("longest block of the event loop, ms")),
        20,
        "ms",
        why=_OF_THREADS,
    ),
    *(
        Goal(
            f"{section.removeprefix('stream ').replace(' x ', ' × ')}: first log call → last frame / bare viewer",
            lambda m, section=section: m.ratio(section, get("total s"), "sdk"),
            1.1,
            why=_OF_FRAMES,
        )
        for section in (_MANY, _MORE, _GIGABYTE)
    ),
    Goal(
        "30 Hz: log call → viewer, median / bare viewer",
        lambda m: m.ratio(_RATE, latency(50), "sdk"),
        1.15,
        why=_OF_THE_STAGES,
    ),
    Goal(
        "30 Hz: log call → viewer, 95 % within / bare viewer",
        lambda m: m.ratio(_RATE, latency(95), "sdk"),
        1.15,
        why=_OF_THE_STAGES,
    ),
    Goal("The viewer's code on the wire", lambda m: m.median("first frame", "ours", get("cold viewer MB")), 13.8, "MB"),
    Goal("The same, second visit", lambda m: m.median("first frame", "ours", get("warm viewer MB")), 0, "MB"),
    Goal("JavaScript heap of the page", lambda m: m.median("first frame", "ours", get("heap MB")), 30, "MB"),
    Goal(
        "Big recording with a login: click → first update",
        lambda m: m.median("big recording behind a login", "ours", get("s")),
        1.5,
        "s",
    ),
    Goal("The same / the bare viewer, which opens it without a login", _big_to_bare, 1.1),
    Goal("Big recording: memory of the browser / 0.x", lambda m: m.ratio("big recording", get("more browser MB")), 1),
    Goal("800 chunks: bytes on the wire / yielded", lambda m: m.median(_MANY, "ours", get("wire")), 1.03),
    Goal("8,000 chunks: bytes on the wire / yielded", lambda m: m.median(_MORE, "ours", get("wire")), 1.03),
    Goal(
        "1 GB stream: additional memory of the server",
        lambda m: m.median(_GIGABYTE, "ours", grown("peak MB")),
        30,
        "MB",
    ),
    Goal("Wheel", lambda m: m.median("install", "ours", get("wheel MB")), 0.2, "MB", _OF_TEXT),
]


def goals(measured: Measured) -> str:
    """The table, and a list of the reasons."""
    lines, reasons = ["| | at most | measured | |", "|---|--:|--:|---|"], {}
    for label, figure, limit, unit, why in _GOALS:
        value = figure(measured)
        verdict = "not measured" if value is None else "met" if value <= limit else "missed"
        lines.append(f"| {label} | {cell(limit, unit)} | {cell(value, unit)} | {verdict} |")
        if verdict == "missed" and why:
            reasons.setdefault(why, []).append(label)
    texts = [f"- {'; '.join(labels)}: {why}" for why, labels in reasons.items()]
    return "\n".join(lines) + ("\n\nWhat profiles of the missed ones show:\n\n" + "\n".join(texts) if texts else "")
