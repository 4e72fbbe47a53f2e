"""Linked viewers that are not on the page from the start: in a tab, and in a `gr.render`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from needs import needs
from recordings import write_recording
from seen import step, time_of, wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands, link

Launch = Callable[..., str]


@pytest.mark.slow
@needs((0, 41))  # older viewers do not report the time between two events
def test_a_viewer_in_a_tab_and_one_that_is_rendered_later_are_in_step(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    files = [write_recording(tmp_path / f"{name}.rrd", name) for name in ("page", "tab", "later")]
    with gr.Blocks() as demo:
        left = Rerun(files[0], height=250)
        with gr.Tab("first"):
            gr.Button("go").click(lambda: commands.set_time("frame", sequence=3), None, left)
            later = gr.Button("later")
        with gr.Tab("second"):
            right = Rerun(files[1], height=250)
        link(left, right)

        @gr.render(triggers=[later.click])
        def add() -> None:
            link(left, Rerun(files[2], height=250))

    page.open(launch(demo)).expect_state("ready", recordings=1)
    page.click("go")
    wait_until(page, lambda: time_of(page, 0) == 3)
    page.click("later")
    page.expect_state("ready", recordings=1, index=1)
    wait_until(page, lambda: time_of(page, 1) == 3)
    page.get_by_role("tab", name="second").click()
    page.expect_state("ready", recordings=1, index=2)
    wait_until(page, lambda: [time_of(page, index) for index in range(3)] == [3, 3, 3])
    for index, frame in enumerate((4, 5, 6)):  # each of them may lead
        step(page, index)
        wait_until(page, lambda frame=frame: [time_of(page, each) for each in range(3)] == [frame] * 3)
