"""Pattern: `rr.init`, global `rr.log`, `rr.save` to a new path at the end, and the path as the value; lazily cached examples.
Whose: pablovela5620/mini-dust3r (a Space for DUSt3R).
Its user uploads pictures and sees the reconstruction; a click on an example computes it once and shows it at once thereafter."""

import tempfile
import uuid
from pathlib import Path

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun

folder = Path(tempfile.mkdtemp())
calls = []


def predict(size):
    calls.append(size)
    path = folder / f"{uuid.uuid4()}.rrd"
    rr.init(f"reconstruction_{int(size)}")
    rr.send_blueprint(rrb.Blueprint(rrb.Spatial3DView(origin="world"), collapse_panels=True))
    rr.set_time("sequence", sequence=0)
    rr.log("world/points", rr.Points3D(np.random.random((int(size), 3)), radii=0.05, colors=(40, 220, 60)))
    rr.save(path.as_posix())
    rr.disconnect()
    return path.as_posix()


with gr.Blocks(title="Mini-DUSt3R Demo") as demo:
    size = gr.Number(500, label="Points")
    run = gr.Button("Run")
    viewer = Rerun(height=500)
    run.click(fn=predict, inputs=[size], outputs=[viewer])
    gr.Examples([[200], [300]], [size], [viewer], fn=predict, cache_examples=True, cache_mode="lazy")

demo.launch()
