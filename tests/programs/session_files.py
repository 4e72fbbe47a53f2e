"""Pattern: each session writes into its own folder, which `demo.unload` deletes; a gr.DownloadButton serves the recording that the viewer shows.
Whose: gradio-app/gradio, guide "Resource cleanup" and demo/state_cleanup.
Its user generates, downloads the recording, closes the tab, and leaves nothing behind."""

import shutil
import tempfile
from pathlib import Path

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

folder = Path(tempfile.mkdtemp())


def generate(count, request: gr.Request):
    own = folder / request.session_hash
    own.mkdir(exist_ok=True)
    path = own / f"run_{count}.rrd"
    with rr.RecordingStream("sessions", recording_id=path.stem) as recording:
        recording.save(path)
        recording.log("points", rr.Points2D([[0, 0]] * (count + 1), radii=0.2))
    return path, count + 1


def clean_up(request: gr.Request):
    shutil.rmtree(folder / request.session_hash, ignore_errors=True)


with gr.Blocks(delete_cache=(60, 60)) as demo:
    count = gr.State(0)
    viewer = Rerun(height=400)
    gr.Button("Generate").click(generate, count, [viewer, count])
    download = gr.DownloadButton("Download it")
    viewer.change(lambda path: path, viewer, download)
    demo.unload(clean_up)

demo.launch()
