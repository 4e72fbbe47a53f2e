"""The app that each deployment deploys. As a program, one replica of it: `python deployed_app.py NAME PORT RECORDING`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from streams import stream_with_a_stop

from gradio_rerun import Rerun


def deployed_app(recording: Path, name: str = "app") -> gr.Blocks:
    """Shows `recording`, streams up to frame 20 and then on, and tells which file was uploaded."""
    go_on = threading.Event()

    def stream() -> Iterator[bytes]:
        go_on.clear()
        yield from stream_with_a_stop(go_on)

    with gr.Blocks(title=name) as demo:
        viewer = Rerun(streaming=True, interactive=True, height=300)
        told = gr.Textbox(label="told")
        gr.Button("tell").click(str, viewer, told)
        gr.Button("show").click(lambda: recording, None, viewer)
        gr.Button("stream").click(stream, None, viewer)
        gr.Button("go on").click(go_on.set)
    return demo


if __name__ == "__main__":
    name, port, path = sys.argv[1:]
    folder = str(Path(path).parent)
    deployed_app(Path(path), name).launch(server_port=int(port), allowed_paths=[folder], quiet=True)
