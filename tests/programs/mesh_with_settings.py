"""Pattern: a reconstruction is computed once, written as a mesh, and written again whenever a setting changes; a log beside it.
Whose: facebookresearch/vggt, demo_gradio.py (gr.Model3D, whose place the viewer takes).
Its user reconstructs, moves the slider, and sees the points that are left."""

import tempfile
from pathlib import Path

import gradio as gr
import numpy as np

from gradio_rerun import Rerun

folder = Path(tempfile.mkdtemp())


def write_mesh(points, confidence):
    path = folder / f"scene_{confidence}.ply"
    kept = points[points[:, 3] >= confidence / 100]
    header = f"ply\nformat ascii 1.0\nelement vertex {len(kept)}\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz") + "end_header\n"
    path.write_text(header + "".join(f"{x} {y} {z}\n" for x, y, z, _ in kept))
    return str(path), f"{len(kept)} points"


def reconstruct(confidence):
    points = np.random.default_rng(0).random((100, 4))
    points[:, 3] = np.linspace(0, 1, 100)
    return points, *write_mesh(points, confidence)


def update(points, confidence):
    return gr.skip() if points is None else write_mesh(points, confidence)


with gr.Blocks() as demo:
    predictions = gr.State(None)
    log = gr.Textbox(label="Log")
    viewer = Rerun(height=400, label="3D Reconstruction")
    confidence = gr.Slider(0, 100, 0, label="Confidence", step=10)
    gr.Button("Reconstruct").click(reconstruct, confidence, [predictions, viewer, log])
    confidence.change(update, [predictions, confidence], [viewer, log])

demo.launch()
