"""One replica of an app whose recordings are elsewhere: `python replica_app.py NAME PORT URL...`"""

from __future__ import annotations

import sys

import gradio as gr

from gradio_rerun import Rerun

if __name__ == "__main__":
    name, port, *urls = sys.argv[1:]
    with gr.Blocks(title=name) as demo:
        for url in urls:
            Rerun(url, height=300)
    demo.launch(server_port=int(port), quiet=True)
