"""A user's app with what checkers refuse: in each line that says so."""

import gradio as gr

from gradio_rerun import Rerun, events


def tell(event: events.TimeUpdate) -> str:
    return event.recording_id


with gr.Blocks() as demo:
    viewer = Rerun()
    viewer.time_updated(tell)  # wrong
    viewer.click(tell)  # wrong
    viewer.select(tell)  # wrong
    viewer.play(tell, queueing=True)  # wrong
    viewer.play(tell, trigger_mode="always")  # wrong
    viewer.play("tell")  # wrong
    viewer.play(tell, "viewer")  # wrong
    Rerun(heigth=300)  # wrong
