"""Splits a picture into regions, and shows how they form: `python demo/gallery/segmentation.py`.

The method is k-means over color and place, so that there is no model to download.
"""

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb
from PIL import Image

from gradio_rerun import Rerun


def sunset() -> np.ndarray:
    """A picture for those who have none at hand."""
    y, x = np.mgrid[0:240, 0:360]
    picture = np.stack([250 - y * 0.3, 150 + y * 0.2, 90 + y * 0.5], axis=2)
    picture[np.hypot(x - 250, y - 90) < 34] = 255, 225, 120
    for base, color in ((130, (95, 110, 140)), (165, (60, 100, 85)), (200, (30, 55, 50))):
        picture[y > base + 18 * np.sin(x / 41 + base) + 7 * np.sin(x / 15 - base)] = color
    return np.clip(picture + np.random.default_rng(0).normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def segment(picture: Image.Image, regions: int, place: float) -> rr.RecordingStream:
    """In each round, every pixel joins the nearest of `regions` means, and then the means move into their middle."""
    picture.thumbnail((320, 320))
    pixels = np.asarray(picture.convert("RGB"))
    where = np.moveaxis(np.indices(pixels.shape[:2]), 0, 2) * place
    features = np.concatenate([pixels, where], axis=2).reshape(-1, 5)
    means = features[:: len(features) // regions][:regions].astype(float)
    nearest = np.zeros(len(features))

    recording = rr.RecordingStream("segmentation")
    images = rrb.Horizontal(rrb.Spatial2DView(origin="picture"), rrb.Spatial2DView(origin="regions"))
    plot = rrb.TimeSeriesView(origin="changed", name="Changed pixels")
    recording.send_blueprint(rrb.Blueprint(rrb.Vertical(images, plot, row_shares=[2, 1]), collapse_panels=True))
    recording.log("picture", rr.Image(pixels), static=True)
    for step in range(20):
        before, nearest = nearest, np.argmin([((features - mean) ** 2).sum(axis=1) for mean in means], axis=0)
        means = np.array([features[nearest == k].mean(axis=0) if k in nearest else means[k] for k in range(regions)])
        colors = [(k, f"region {k}", mean[:3].astype(int).tolist()) for k, mean in enumerate(means)]
        recording.set_time("round", sequence=step)
        recording.log("regions", rr.AnnotationContext(colors))
        recording.log("regions", rr.SegmentationImage(nearest.reshape(pixels.shape[:2]).astype(np.uint8)))
        recording.log("changed", rr.Scalars(float((nearest != before).mean())))
    return recording


picture = gr.Image(sunset, type="pil", label="Picture", height=240)
regions = gr.Slider(2, 12, value=6, step=1, label="Regions")
place = gr.Slider(0, 1, value=0.3, label="How much the place counts")
demo = gr.Interface(segment, [picture, regions, place], Rerun(label="Regions", height=560), title="Segmentation")

if __name__ == "__main__":
    demo.launch()
