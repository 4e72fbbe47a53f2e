"""An app for many visitors at once: one function shows a recording, one streams. bench/load.py runs it with both packages.

    python load_app.py FOLDER FRAMES SIZE RATE

`show` returns the recordings of FOLDER in turn. `stream` yields FRAMES frames of SIZE bytes of points, RATE per second (0: as fast as
Gradio accepts them), and then prints a line of JSON with the times at which it logged the frames. The first line has the URL of the app and the versions.
`numbers` yields as many numbers, as fast. `longest_block` returns the longest times in ms for which the event loop was blocked since the previous call: `all`, and
`own`, the time for which its thread itself used the processor, without the time for which other threads held Python's lock.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun

FOLDER = Path(sys.argv[1])
FRAMES, SIZE, RATE = (int(argument) for argument in sys.argv[2:])

recordings = itertools.cycle(sorted(FOLDER.iterdir()))
output_lock = threading.Lock()


def report(**line: Any) -> None:
    with output_lock:
        sys.__stdout__.write(json.dumps(line) + "\n")
        sys.__stdout__.flush()


def show() -> str:
    return str(next(recordings))


def stream(request: gr.Request) -> Iterator[bytes]:
    recording = rr.RecordingStream("bench")
    data = recording.binary_stream()
    logged = []
    start = time.time()
    for frame in range(FRAMES):
        if RATE:
            time.sleep(max(0, start + frame / RATE - time.time()))
        logged.append(time.time())
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(np.random.rand(SIZE // 12, 3)))
        yield data.read() or b""
    report(session=request.session_hash, logged=logged)


def numbers() -> Iterator[int]:
    start = time.time()
    for frame in range(FRAMES):
        if RATE:
            time.sleep(max(0, start + frame / RATE - time.time()))
        yield frame


HEARTBEAT = 0.005  # seconds
blocks: list[tuple[float, float]] = []


async def beat() -> None:
    while True:
        start, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(HEARTBEAT)
        blocks.append((time.perf_counter() - start - HEARTBEAT, time.thread_time() - used))


beating: list[asyncio.Task[None]] = []


async def longest_block() -> dict[str, float]:
    if not beating:
        beating.append(asyncio.create_task(beat()))
    longest = {"all": max((each for each, _ in blocks), default=0), "own": max((own for _, own in blocks), default=0)}
    blocks.clear()
    return {name: seconds * 1000 for name, seconds in longest.items()}


with gr.Blocks() as demo:
    gr.Button("longest_block").click(longest_block, None, gr.JSON())
    gr.Button("numbers").click(numbers, None, gr.Number())
    gr.Button("show").click(show, None, Rerun(height=300))
    gr.Button("stream").click(stream, None, Rerun(streaming=True, height=300))

if __name__ == "__main__":
    demo.queue(default_concurrency_limit=None)  # the default is 1: one stream after the other
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", allowed_paths=[str(FOLDER)])
    report(url=url, versions={name: metadata.version(name) for name in ("gradio_rerun", "gradio", "rerun-sdk")})
    demo.block_thread()
