"""Pattern: two recordings side by side, each viewer following the other's time, by a user who has not read the docs.
Whose: comparison apps, such as pablovela5620/monoprior (`depth_compare_ui.py`).
Its user sees both come to rest at the same time as soon as the hand does, with docs/recipes.md's line (`from_command`)."""

import gradio as gr
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun, commands
from gradio_rerun.events import TimeUpdate


def recording(name):
    stream = rr.RecordingStream(name)
    stream.send_blueprint(rrb.Blueprint(rrb.TimeSeriesView(), rrb.TimePanel(state="expanded", play_state="paused")))
    for index in range(100):
        stream.set_time("frame", sequence=index)
        stream.log("x", rr.Scalars(index))
    return stream


def follow(calls, event: TimeUpdate):
    if event.from_command:
        return gr.skip(), calls + 1
    return commands.set_time("frame", sequence=event.time), calls + 1


with gr.Blocks() as demo:
    calls = gr.Number(0, label="Calls")
    with gr.Row():
        left, right = Rerun(lambda: recording("a")), Rerun(lambda: recording("b"))
    left.time_update(follow, calls, [right, calls])
    right.time_update(follow, calls, [left, calls])

demo.launch()
