"""Measures many visitors of an app at once, with this package and with the peer package (PyPI gradio_rerun 0.39.0).

    .venv/bin/python bench/load.py [--sessions 100] [--streams 20] [--quick] [--rounds 3] [--json FILE] [--peer-python PATH]

visitors.py says what a visitor does. The packages alternate. Prints the medians of the rounds. `make bench` measures two of these loads, too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
from environments import PEER, make_environment
from environments import python as python_of
from visitors import FIGURES, Load, measure, write_recordings

from gradio_rerun._viewer.cache import cache_dir


def report(results: dict[str, list[dict[str, Any]]]) -> None:
    print(f"\n{'':32}" + "".join(f"{package:>12}" for package in results))
    for label, figure in FIGURES.items():
        values = [[figure(each) for each in rounds] for rounds in results.values()]
        medians = [None if None in each else statistics.median(each) for each in values]
        print(f"{label:32}" + "".join(f"{'-':>12}" if each is None else f"{each:12,.2f}" for each in medians))
    for package, rounds in results.items():
        for error, count in Counter(error for each in rounds for error in each["errors"]).most_common(5):
            print(f"{package}: {count} x {error}")


def _peer_python() -> str:
    folder = cache_dir() / "bench" / "peer"
    make_environment(folder, [PEER])
    return str(python_of(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=100, help="visitors that open a recording")
    parser.add_argument("--streams", type=int, default=20, help="visitors that watch a stream")
    parser.add_argument("--megabytes", type=float, default=8, help="size of a recording")
    parser.add_argument("--frames", type=int, default=150, help="frames of a stream")
    parser.add_argument("--size", type=int, default=16_000, help="bytes of points in a frame; the SDK adds some 4,500")
    parser.add_argument("--rate", type=int, default=10, help="frames per second; 0: as fast as Gradio accepts them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--quick", action="store_true", help="one round, with a fifth of the visitors and of the frames"
    )
    parser.add_argument("--packages", nargs="+", default=["peer", "ours"], choices=["peer", "ours"])
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all figures are written")
    parser.add_argument(
        "--peer-python", metavar="PATH", help=f"a Python with {PEER}; default: an environment in the cache folder"
    )
    arguments = parser.parse_args()
    part, rounds = (5, 1) if arguments.quick else (1, arguments.rounds)
    load = Load(
        arguments.sessions // part,
        arguments.streams // part,
        arguments.megabytes,
        arguments.frames // part,
        arguments.size,
        arguments.rate,
    )
    pythons = {"peer": lambda: arguments.peer_python or _peer_python(), "ours": lambda: sys.executable}
    chosen = {package: pythons[package]() for package in arguments.packages}
    results: dict[str, list[dict[str, Any]]] = {package: [] for package in chosen}
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "recordings"
        write_recordings(folder, load.megabytes)
        for turn in range(rounds):
            for package, python in chosen.items():
                print(f"round {turn + 1} of {rounds}: {package}", file=sys.stderr)
                results[package].append(measure(package, python, load, folder))
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{platform.platform()}, {os.cpu_count()} cores, {memory:.0f} GiB, load {busy:.1f} at first"
    print(machine)
    for package, measured in results.items():
        print(f"{package}: " + ", ".join(f"{name} {version}" for name, version in measured[0]["versions"].items()))
    print(
        f"medians of {rounds}; {load.sessions} open {load.megabytes:g} MB each, {load.streams} stream {load.frames} frames"
    )
    report(results)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine, "load": load._asdict(), "results": results}))


if __name__ == "__main__":
    main()
