"""How much of the page a viewer takes: as much as Gradio's own components with the same `height`, buttons and label included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from playwright.sync_api import Page, expect
from slow import slow
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]
NewTab = Callable[[], Page]

MODEL = Path(gr.__file__).parent / "media_assets" / "models3d" / "Duck.glb"
LONG = "A label that says at great length what the viewer below it shows, and from where it came, and when " * 3

HEIGHTS = [300, 250.5, "40vh", "20em", "calc(20vh + 90px)"]
LOOKS: list[dict[str, Any]] = [
    {},
    {"label": "label"},
    {"label": LONG},
    {"show_label": False},
    {"container": False},
    {"interactive": True},
]
FILLED: list[dict[str, Any]] = [{}, {"label": LONG}, {"container": False}]


@contextmanager
def opened(new_tab: NewTab, demo: gr.Blocks, width: int = 1280, css: str | None = None) -> Iterator[ViewerPage]:
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", css=css)
    page = ViewerPage(new_tab())
    page.set_viewport_size({"width": width, "height": 900})
    viewers = sum(isinstance(each, Rerun) for each in demo.blocks.values())
    try:
        page.open(url)
        expect(page.locator("rerun-viewer[data-state]")).to_have_count(viewers, timeout=60_000)
        yield page
    finally:
        page.close()
        demo.close(verbose=False)


def box(page: ViewerPage, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found
    return {**found, "bottom": found["y"] + found["height"]}


def wait_for_height(page: ViewerPage, selector: str, height: float) -> None:
    page.wait_for_function(
        "([selector, height]) => Math.abs(document.querySelector(selector).getBoundingClientRect().height - height) < 0.6",
        arg=[selector, height],
    )


def heights(page: ViewerPage, prefix: str) -> list[float]:
    return page.locator(f"[id^={prefix}-]").evaluate_all(
        "all => all.map((each) => Math.round(each.getBoundingClientRect().height * 10) / 10)"
    )


def test_a_block_is_as_high_as_gr_image_and_gr_model3d_and_height_none_is_the_default(
    new_tab: NewTab,
) -> None:
    with gr.Blocks() as demo:
        Rerun(height=None, elem_id="none")
        Rerun(elem_id="default")
        for number, height in enumerate(HEIGHTS):
            for look, more in enumerate(LOOKS):
                with gr.Row():
                    for kind in (gr.Image, gr.Model3D, Rerun):
                        kind(height=height, elem_id=f"{kind.__name__}-{number}-{look}", **more)
    with opened(new_tab, demo) as page:
        assert heights(page, "Rerun") == heights(page, "Image") == heights(page, "Model3D")
        assert heights(page, "Rerun")[0] == 300
        for name in ("none", "default"):
            wait_for_height(page, f"#{name}", 640)


def test_a_filled_block_is_as_high_as_an_empty_one(new_tab: NewTab, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        with gr.Row(equal_height=False):
            viewers = [Rerun(height=300, elem_id=f"Rerun-{n}", min_width=200, **look) for n, look in enumerate(FILLED)]
        gr.Markdown("below", elem_id="below")
        gr.Button("fill").click(lambda: [recording_a] * len(FILLED), None, viewers)
        gr.Button("clear").click(lambda: [None] * len(FILLED), None, viewers)
        for number, look in enumerate(FILLED):
            gr.Image(np.zeros((600, 800, 3), np.uint8), height=300, elem_id=f"Image-{number}", **look)
            gr.Model3D(str(MODEL), height=300, elem_id=f"Model3D-{number}", **look)
    with opened(new_tab, demo) as page:
        expect(page.locator("#Rerun-0[data-rerun]")).to_be_visible()
        empty = heights(page, "Rerun")
        # Everything below the viewer stays where it is.
        page.evaluate(
            """() => {
              window.tops = new Set();
              const look = () => {
                tops.add(document.querySelector("#below").getBoundingClientRect().top + scrollY);
                requestAnimationFrame(look);
              };
              look();
            }"""
        )
        page.click("fill")
        for index in range(len(FILLED)):
            page.expect_recordings("recording_a", index=index)
        assert empty == heights(page, "Rerun") == heights(page, "Image") == heights(page, "Model3D")
        assert empty[0] == 300
        page.click("clear")
        for index in range(len(FILLED)):
            page.expect_state("idle", index=index)
        assert page.evaluate("tops.size") == 1


@pytest.mark.slow
def test_the_toolbar_is_above_the_viewer_and_both_fill_the_block(new_tab: NewTab, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        Rerun(recording_a, height=400, elem_id="viewer", label="label", time_controls=False)
    with opened(new_tab, demo) as page:
        page.expect_recordings("recording_a")
        outer, toolbar, inner = (box(page, each) for each in ("#viewer", ".rerun-toolbar", "rerun-viewer"))
        assert toolbar["y"] >= outer["y"]
        assert toolbar["bottom"] <= inner["y"]
        assert inner["bottom"] == outer["bottom"] - 1  # the border
        assert inner["width"] == outer["width"] - 2


def test_a_label_with_a_margin_stands_above_the_viewer(page: ViewerPage, launch: Launch) -> None:
    with gr.Blocks() as demo:
        Rerun(height=300, elem_id="viewer", label="label")
    page.open(launch(demo, theme=gr.themes.Soft()))
    expect(page.get_by_test_id("block-label")).to_be_visible()
    expect(page.viewer()).to_be_visible()
    outer, label, inner = (box(page, each) for each in ("#viewer", "[data-testid=block-label]", "rerun-viewer"))
    margin = label["x"] - outer["x"]
    assert margin > 4
    assert label["y"] - outer["y"] == margin
    assert label["bottom"] <= inner["y"]
    assert inner["bottom"] <= outer["bottom"]


@pytest.mark.slow
def test_height_100_percent_fills_the_parent(new_tab: NewTab) -> None:
    """Each viewer fills what has a height: a row, a column, a tab, a group, a grid, with its toolbar and its neighbours."""
    with gr.Blocks() as demo:
        with gr.Row(elem_id="stretched"):
            Rerun(height="100%", elem_id="in_stretched_row")
        with gr.Row(height=350):
            Rerun(height="100%", elem_id="in_row")
            Rerun(height="50%", elem_id="half_of_row", label="label")
        with gr.Row(height=360), gr.Column():
            Rerun(height="100%", elem_id="in_column_of_row")
        with gr.Row(equal_height=True):
            with gr.Column():
                gr.Image(height=450)
                gr.Image(height=434, elem_id="last_of_tall")
            with gr.Column():
                Rerun(height="100%", elem_id="beside_tall")
        with gr.Column(elem_id="grid"):
            Rerun(height="100%", elem_id="in_grid")
            Rerun(height="20vh", elem_id="vh_in_grid")
        with gr.Tab("tab"), gr.Row(height=320):
            Rerun(height="100%", elem_id="in_tab")
        with gr.Accordion("accordion"), gr.Row(height=330):
            Rerun(height="100%", elem_id="in_accordion")
        with gr.Group(elem_id="group"):
            Rerun(height=310, elem_id="in_group")
        with gr.Sidebar():
            Rerun(height="30vh", elem_id="in_sidebar")
    css = (
        "#stretched { height: 400px; align-items: stretch; }"
        "#grid { display: grid; grid-template-rows: 300px auto; gap: 10px; }"
    )
    with opened(new_tab, demo, css=css) as page:
        expected = {
            "in_stretched_row": 400,
            "in_row": 350,
            "half_of_row": 175,
            "in_column_of_row": 360,
            "in_grid": 300,
            "vh_in_grid": 180,
            "in_tab": 320,
            "in_accordion": 330,
            "in_group": 310,
            "in_sidebar": 270,
        }
        for name, height in expected.items():
            wait_for_height(page, f"#{name}", height)
            inside = page.locator(f"#{name}").evaluate("block => block.clientHeight")
            label = box(page, f"#{name} [data-testid=block-label]")["height"]
            assert box(page, f"#{name} rerun-viewer")["height"] == pytest.approx(inside - label, abs=1)
        assert box(page, "#beside_tall")["height"] == pytest.approx(900, abs=1)
        assert box(page, "#beside_tall")["bottom"] == pytest.approx(box(page, "#last_of_tall")["bottom"], abs=1)


def test_a_percentage_of_a_parent_without_a_height_is_never_an_empty_frame(new_tab: NewTab, recording_a: Path) -> None:
    with gr.Blocks() as demo, gr.Tab("tab"), gr.Accordion("accordion"):
        Rerun(recording_a, height="100%")
    with opened(new_tab, demo) as page:
        page.expect_recordings("recording_a")
        assert box(page, "rerun-viewer")["height"] == 320


@pytest.mark.parametrize("height", [slow(300), "100%"])
def test_fill_height_gives_the_rest_of_the_window(new_tab: NewTab, height: Any) -> None:
    with gr.Blocks(fill_height=True) as demo:
        with gr.Row(elem_id="split"):
            Rerun(height="100%")
        Rerun(height=height, scale=1, elem_id="viewer")
    with opened(new_tab, demo, css="#split { height: 300px; }") as page:
        page.wait_for_function(
            "() => document.querySelector('#viewer').getBoundingClientRect().height > 350"
            " && document.documentElement.scrollHeight <= innerHeight"
        )
        assert box(page, "footer")["y"] - box(page, "#viewer")["bottom"] < 40  # nothing is left over
        assert box(page, "#viewer rerun-viewer")["height"] >= box(page, "#viewer")["height"] - 32  # less the label


@pytest.mark.parametrize("width", [slow(1280), 390])
def test_a_long_label_is_shortened_and_never_covers_buttons(new_tab: NewTab, recording_a: Path, width: int) -> None:
    with gr.Blocks() as demo:
        one, two = gr.Button("Mine", visible=False), gr.Button("Another", visible=False)
        buttons = ["download", "screenshot", "fullscreen", "clear", one, two]
        viewer = Rerun(
            recording_a,
            height=300,
            label="short",
            interactive=True,
            buttons=buttons,
            elem_id="viewer",
            time_controls=False,
        )
        told = gr.Textbox(label="told")
        one.click(lambda: "one", None, told)
        two.click(lambda: "two", None, told)
        gr.Button("longer").click(lambda: gr.update(label=LONG), None, viewer)
    with opened(new_tab, demo, width) as page:
        page.expect_recordings("recording_a")
        page.click("longer")
        label = page.locator("#viewer").get_by_test_id("block-label")
        expect(label).to_contain_text(LONG.strip())
        assert label.evaluate("label => label.scrollWidth > label.clientWidth")
        assert label.evaluate("label => getComputedStyle(label).textOverflow") == "ellipsis"
        shown = page.locator("#viewer").get_by_role("button").filter(visible=True)
        end = label.evaluate("label => label.getBoundingClientRect().right")
        ends = shown.evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect()).map(({ x, right }) => [x, right])"
        )
        assert len(ends) == 7
        assert all(end <= left and right <= width for left, right in ends)
        for name, said in (("Mine", "one"), ("Another", "two")):
            page.locator("#viewer").get_by_label(name).click()
            expect(page.get_by_label("told")).to_have_value(said)
        page.locator("#viewer").get_by_label("Clear").click()
        page.expect_state("idle")
