"""An app that shows the recordings of a Rerun server: `python live_app.py URL`. bench/live.py runs it.

The first line of output is JSON: the URL of the app, and the request that its page sends for a call of the viewer to the server.
"""

from __future__ import annotations

import json
import sys

import gradio as gr

from gradio_rerun import Rerun

with gr.Blocks() as demo:
    viewer = Rerun(sys.argv[1], height=300)

if __name__ == "__main__":
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    call = {"data": viewer.value[0], "component_id": viewer._id, "fn_name": "ask_server", "session_hash": ""}
    print(json.dumps({"url": url, "call": call}), flush=True)
    demo.block_thread()
