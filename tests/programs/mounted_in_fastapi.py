"""Pattern: FastAPI with CORS around the app, a worker thread that puts log calls into a queue, a generator that reads the queue.
Whose: rerun-io/python-example-huggingface, app.py (FastAPI, mounted); a Space for PaddleOCR (the queue).
Its user sees the pages' boxes appear one after another."""

from queue import SimpleQueue
from threading import Thread

import gradio as gr
import rerun as rr
import rerun.blueprint as rrb
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from gradio_rerun import Rerun

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.rerun.io"])


def detect(queue):
    queue.put(("blueprint", rrb.Blueprint(rrb.Spatial2DView(origin="Image"), collapse_panels=True)))
    for line in range(8):
        queue.put(("log", "Image/line", rr.Boxes2D(mins=[[10, 20 * line]], sizes=[[200, 15]], labels=[f"line {line}"])))
    queue.put(("done",))


@rr.thread_local_stream("PaddleOCR")
def log_to_rerun():
    stream, queue = rr.binary_stream(), SimpleQueue()
    Thread(target=detect, args=[queue]).start()
    for line, (kind, *what) in enumerate(iter(queue.get, ("done",))):
        if kind == "blueprint":
            rr.send_blueprint(what[0])
        else:
            rr.set_time("line", sequence=line)
            rr.log(*what)
        yield stream.read()


with gr.Blocks() as demo:
    run = gr.Button("Read")
    viewer = Rerun(streaming=True, height=500)
    run.click(log_to_rerun, outputs=[viewer])

app = gr.mount_gradio_app(app, demo, path="/")
uvicorn.run(app, port=8000)
