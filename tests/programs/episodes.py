"""Pattern: two dropdowns, of datasets and of their episodes; `.change` streams the chosen episode.
Whose: huggingface/lerobot, lerobot/scripts/visualize_dataset_gradio.py.
Its user chooses a dataset, then an episode, and sees the camera and the plots of the action while they are read."""

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun

DATASETS = {"pusht": 3, "aloha": 5}


@rr.thread_local_stream("lerobot_visualization")
def visualize_episode(dataset, episode):
    stream = rr.binary_stream()
    views = rrb.Vertical(rrb.TimeSeriesView(), rrb.Spatial2DView(origin="camera"))
    rr.send_blueprint(rrb.Blueprint(views, rrb.TimePanel(state="collapsed"), rrb.SelectionPanel(state="collapsed")))
    yield stream.read()
    rr.log("info/dataset", rr.TextDocument(f"{dataset} {episode}"), static=True)
    for frame in range(20):
        rr.set_time("frame_index", sequence=frame)
        rr.set_time("timestamp", duration=frame / 10)
        rr.log("camera", rr.Image(np.full((48, 64, 3), 40 * int(episode) + 60, np.uint8)))
        rr.log("action/0", rr.Scalars(np.sin(frame / 5)))
        yield stream.read()


def update_episodes(dataset):
    return gr.update(choices=list(range(DATASETS[dataset])), value=0)


with gr.Blocks() as demo:
    with gr.Row():
        dataset = gr.Dropdown(choices=list(DATASETS), value=None, label="Dataset")
        episode = gr.Dropdown(choices=[], interactive=True, label="Episode")
    viewer = Rerun(streaming=True, height=500)
    dataset.change(update_episodes, inputs=[dataset], outputs=[episode])
    episode.change(visualize_episode, inputs=[dataset, episode], outputs=[viewer])

demo.queue(default_concurrency_limit=10)
demo.launch()
