"""An app that shows a recording. bench/pages.py and bench/accept.py run it with both packages.

    python page_app.py first|click|two RECORDING [--login]

The first line of output is JSON with the URL of the app. The app ends when its stdin is closed.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata

import gradio as gr

from gradio_rerun import Rerun

HEIGHT = 700
KIND, PATH = sys.argv[1:3]
LOGIN = ("user", "password")

with gr.Blocks() as demo:
    if KIND == "first":
        Rerun(PATH, height=HEIGHT)
    elif KIND == "click":
        viewer = Rerun(height=HEIGHT)
        gr.Button("show").click(lambda: PATH, None, viewer, api_name="show")
    else:
        with gr.Tab("one"):
            Rerun(PATH, height=HEIGHT)
        with gr.Tab("two"):
            Rerun(PATH, height=HEIGHT)

if __name__ == "__main__":
    folder = PATH.rpartition("/")[0]
    auth = LOGIN if "--login" in sys.argv else None
    _, url, _ = demo.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", auth=auth, allowed_paths=[folder]
    )
    versions = {name: metadata.version(name) for name in ("gradio_rerun", "gradio", "rerun-sdk")}
    print(json.dumps({"url": url, "versions": versions}), flush=True)
    sys.stdin.read()
