"""An app with a function that streams into a viewer or into a `gr.Number`. bench/stream.py runs it with both packages.

    python stream_app.py FRAMES SIZE RATE

A run yields frame 0, waits for a line on stdin, which is sent when the viewer runs, and then yields frames 1 to FRAMES, each with SIZE bytes of points,
RATE per second (0: as fast as Gradio accepts them). The first line of output is JSON with the URL of the app and the versions. After each run follows a line with its times.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun

FRAMES, SIZE, RATE = (int(argument) for argument in sys.argv[1:])


def report(**line: Any) -> None:
    sys.__stdout__.write(json.dumps(line) + "\n")
    sys.__stdout__.flush()


def run(value: Callable[[bytes], Any]) -> Iterator[Any]:
    recording = rr.RecordingStream("bench")
    stream = recording.binary_stream()
    logged, yielded, sizes = [], [], []
    start = 0.0
    for frame in range(FRAMES + 1):
        if frame == 1:
            sys.stdin.readline()
            start = time.time()
        if RATE and frame:
            time.sleep(max(0, start + frame / RATE - time.time()))
        logged.append(time.time())
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(np.random.rand(SIZE // 12, 3)))
        data = stream.read()
        assert data
        sizes.append(len(data))
        yielded.append(time.time())
        yield value(data)
    report(start=start, end=time.time(), logged=logged, yielded=yielded, sizes=sizes)


def run_viewer() -> Iterator[bytes]:
    yield from run(lambda data: data)


def run_number() -> Iterator[int]:
    yield from run(len)


with gr.Blocks() as demo:
    viewer = Rerun(streaming=True, height=300)
    number = gr.Number(label="bytes")
    gr.Button("viewer").click(run_viewer, None, viewer)
    gr.Button("number").click(run_number, None, number)

if __name__ == "__main__":
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    versions = {name: metadata.version(name) for name in ("gradio_rerun", "gradio", "rerun-sdk")}
    report(url=url, versions=versions)
    demo.block_thread()
