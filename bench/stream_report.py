"""What bench/stream.py has measured, as tables."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from stream_stages import STAGES

Round = dict[str, Any]

_PACKAGES = ("peer", "ours")

_ROWS: dict[str, Callable[[Round], float | None]] = {
    "latency p50, ms": lambda each: each.get("latency ms") and percentile(each["latency ms"], 50),
    "latency p95, ms": lambda each: each.get("latency ms") and percentile(each["latency ms"], 95),
    "frames shown": lambda each: each.get("frames shown"),
    "MB yielded": lambda each: each["MB"],
    "bytes on the wire / yielded": lambda each: each.get("wire"),
    "  of which stream data": lambda each: each.get("wire") and each["stream bytes"] / each["MB"] / 1e6,
    "  of which Gradio's queue": lambda each: each.get("wire") and each["queue bytes"] / each["MB"] / 1e6,
    "requests for stream data": lambda each: each.get("requests"),
    "function, s": lambda each: each["function s"],
    "lag after its end, s": lambda each: each["lag s"],
    "ms a yield": lambda each: each["function s"] / each["frames"] * 1000,
    "ms a yield into gr.Number": lambda each: each["number s"] / each["frames"] * 1000,
    "  yield / yield into gr.Number": lambda each: each["function s"] / each["number s"],
    "server's CPU, s": lambda each: each["server CPU s"],
    "server's memory before, MB": lambda each: each["before MB"],
    "  more at the peak": lambda each: each["peak MB"] - each["before MB"],
    "  more after it": lambda each: each["after MB"] - each["before MB"],
}


def report(results: dict[str, dict[str, list[Round]]]) -> None:
    for name, packages in results.items():
        print(f"\n{name:32} {'peer':>10} {'ours':>10} {'ratio':>7}")
        for package, rounds in packages.items():
            for each in rounds:
                if "error" in each:
                    print(f"  {package}: {each['error']}")
        whole = {package: [each for each in packages[package] if "MB" in each] for package in _PACKAGES}
        for label, figure in _ROWS.items():
            peer, ours = (_median([figure(each) for each in whole[package]]) for package in _PACKAGES)
            if peer is None and ours is None:
                continue
            ratio = f"{ours / peer:7.2f}" if peer and ours is not None else ""
            print(f"  {label:30} {_number(peer)} {_number(ours)} {ratio}")
        _report_stages([each["stages ms"] for each in whole["ours"] if "stages ms" in each])


def _report_stages(rounds: list[dict[str, list[float]]]) -> None:
    if not rounds:
        return
    print(f"  {'ours: ms that a frame needs':37} {'mean':>8} {'p50':>10} {'p95':>7}")
    for stage in STAGES:
        mean = statistics.median(statistics.mean(each[stage]) for each in rounds)
        p50, p95 = (statistics.median(percentile(each[stage], part) for each in rounds) for part in (50, 95))
        print(f"    {stage:37} {mean:6.1f} {p50:10.1f} {p95:7.1f}")


def percentile(values: list[float], part: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[part - 1]


def _median(values: list[float | None]) -> float | None:
    """None if a round has no such figure: the others would make it look better than it is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known and len(known) == len(values) else None


def _number(value: float | None) -> str:
    return f"{'-':>10}" if value is None else f"{value:10,.2f}"
