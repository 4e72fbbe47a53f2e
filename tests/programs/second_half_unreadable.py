"""Pattern: recordings joined by hand (`cat a.rrd b.rrd`), or chunks of which one has lost its first bytes.
Whose: users who keep the bytes of a stream in a buffer (rerun-io/rerun#11441) and write them to a file.
Its user sees the readable half, and in words that the recording is incomplete."""

import tempfile
from pathlib import Path

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def chunk(start):
    recording = rr.RecordingStream("joined", recording_id="one")
    stream = recording.binary_stream()
    for index in range(start, start + 30):
        recording.set_time("iteration", sequence=index)
        recording.log("value", rr.Scalars(index))
    return stream.read()


path = Path(tempfile.mkdtemp()) / "joined.rrd"
path.write_bytes(chunk(0) + chunk(30)[12:])
with gr.Blocks() as demo:
    Rerun(path, height=400)

demo.launch()
