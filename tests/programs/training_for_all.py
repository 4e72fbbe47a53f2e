"""Pattern: a thread trains and logs into one RecordingStream, which a gr.Timer returns to every visitor; `launch(auth=...)` with a function.
Whose: gradio-app/gradio, guide "Real-time dashboards"; dashboards of a training that starts with the app.
Its users see the whole loss, also those who come late, and one of them may clear the viewer without changing it for others."""

import math
import threading
import time

import gradio as gr
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun

recording = rr.RecordingStream("training")
recording.send_blueprint(rrb.Blueprint(rrb.TimeSeriesView(origin="loss"), collapse_panels=True))
is_done = threading.Event()
steps = 0


def train():
    global steps
    while not is_done.is_set():
        recording.set_time("step", sequence=steps)
        recording.log("loss", rr.Scalars(math.exp(-steps / 100)))
        steps += 1
        time.sleep(0.1)


def tick(request: gr.Request):
    return recording, f"{request.username}: {steps}"


def finish():
    is_done.set()
    thread.join()
    return steps


thread = threading.Thread(target=train, daemon=True)
thread.start()

with gr.Blocks() as demo:
    viewer = Rerun(streaming=True, height=400)
    step, last = gr.Textbox(label="Now"), gr.Number(label="Last")
    gr.Timer(0.5).tick(tick, None, [viewer, step], show_progress="hidden")
    gr.Button("Clear").click(lambda: None, None, viewer)
    gr.Button("Finish").click(finish, None, last)

demo.launch(auth=lambda user, password: password == "password")
