"""Functions that ask the viewer in their visitor's page, and all that the protocol of viewers from rerun-sdk 0.41 on can do."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
from needs import needs
from PIL import Image, ImageChops
from playwright.sync_api import BrowserContext, expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun, ViewerClient, commands, mcp_tools
from gradio_rerun.errors import AnswerError

Launch = Callable[..., str]

pytestmark = needs((0, 41))


def robot(recording_id: str) -> bytes:
    recording = rr.RecordingStream("my:app", recording_id=recording_id)
    stream = recording.binary_stream()
    for frame in range(20):
        recording.set_time("frame", sequence=frame)
        recording.log("world/arm", rr.Transform3D(translation=[frame, 0, 0]))
        recording.log("world/arm/points", rr.Points3D([[0, 0, 0], [1, 1, 1]]))
    data = stream.read()
    assert data
    return data


class Answers:
    """What a function has got, as text on the page."""

    def __init__(self, **functions: Callable[[ViewerClient], Any]) -> None:
        with gr.Blocks() as self.demo:
            viewer = Rerun(robot("run"), height=400)
            self.client = ViewerClient(viewer)
            shown = gr.Textbox(label="Answer", interactive=True)
            for name, function in functions.items():
                gr.Button(name).click(self._waits(function), None, shown)

    def _waits(self, function: Callable[[ViewerClient], Any]) -> Callable[[], Any]:
        async def ask() -> str:
            try:
                return json.dumps([name(each) for each in await function(self.client)])
            except AnswerError as error:
                return f"AnswerError: {error}"

        return ask


def name(value: Any) -> Any:
    return value if isinstance(value, (str, int, list, dict, type(None))) else type(value).__module__


def answer(page: ViewerPage, button: str) -> str:
    box = page.get_by_label("Answer")
    box.fill("")
    page.click(button)
    expect(box).not_to_have_value("")
    return box.input_value()


def changed(before: str, after: str, within: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    """The box of the pixels that differ between two pictures."""
    one, other = (Image.open(path).convert("RGB").crop(within) for path in (before, after))
    return ImageChops.difference(one, other).getbbox()


async def all_answers(client: ViewerClient) -> list[Any]:
    """Asks everything, and checks what can be checked here."""
    from rerun import experimental as sdk

    schema = await client.get_recording_schema(entity_path="/world/arm/points")
    assert isinstance(schema, sdk.RecordingSchema)
    assert "Points3D:positions" in [each.component for each in schema.entities[0].components]
    await client.set_time("frame", sequence=7)
    state = await client.get_state()
    assert isinstance(state, sdk.ViewerState)
    (recording,) = state.recordings
    assert (recording.current_timeline, recording.current_time, recording.store_id) == (
        *("frame", 7),
        "Recording:my\\:app:run",
    )
    assert recording.store_id == state.active_recording == schema.store_id
    location = await client.get_location()
    assert location == state.location
    await client.set_location(location)
    assert isinstance((await client.get_logs())[0], sdk.LogEntry)
    listed = await client.list_commands()
    assert isinstance(listed[0], sdk.Command)
    assert listed[0].title
    (one,) = await client.list_commands(["recording.seek_to_start"])
    assert one in listed
    assert (await client.run_command("recording.seek_to_start")).id == "recording.seek_to_start"
    blueprint = await client.get_blueprint(store_id=state.active_recording)
    assert isinstance(blueprint, sdk.Blueprint)
    written = await client.set_blueprint(blueprint.blueprint, store_id="run")
    assert written is not None
    assert written.store_id == state.active_recording
    graph = await client.get_transform_graph(include_transforms=True)
    assert "tf#/world/arm" in [each["child"] for each in graph["edges"]]
    before = await client.take_screenshot()
    await client.highlight_rect((20, 20, 100, 50), "here")
    outline = changed(before, await client.take_screenshot(), within=(0, 0, 190, 90))
    assert outline == pytest.approx((15, 15, 125, 90), abs=5)  # the label is below
    await client.open("recording://world/arm")
    await client.update_panels(blueprint="hidden")
    picture = await client.take_screenshot(max_size=300)
    assert max(Image.open(picture).size) == 300
    assert Path(await client.save_blueprint()).read_bytes().startswith(b"RRF2")
    return [len(schema.entities), len(state.views) > 0, location]


async def closing(client: ViewerClient) -> list[Any]:
    import pyarrow as pa

    await client.send_table("numbers", pa.table({"a": [1, 2, 3]}))
    while (await client.get_state()).location != "about:table?id=numbers":
        pass  # the viewer shows it some frames later
    assert [(each.name, each.datatype) for each in await client.get_table_schema()] == [("a", "Int64")]
    closed = await client.close("all")
    return [closed]


def wait_for_selection(page: ViewerPage, entity_path: str) -> None:
    page.wait_for_function(
        "path => window.seen.some(({detail}) => detail?.from_command && detail.items?.some?.((item) => item.entity_path === path))",
        arg=entity_path,
    )


def test_a_function_gets_each_answer_of_the_viewer(page: ViewerPage, launch: Launch) -> None:
    async def wrong(client: ViewerClient) -> list[Any]:
        return [await client.run_command("no.such.command")]

    app = Answers(everything=all_answers, wrong=wrong, close=closing)
    page.open(launch(app.demo)).expect_state("ready", recordings=1)
    entities, has_views, location = json.loads(answer(page, "everything"))
    assert (entities, has_views) == (1, True)
    assert "recording_id=run" in location
    wait_for_selection(page, "/world/arm")
    assert answer(page, "wrong").startswith(
        "AnswerError: The viewer could not carry out run_command('no.such.command'): "
    )
    assert json.loads(answer(page, "close")) == [["Recording:my\\:app:run"]]
    # Nothing is open any more.
    assert "No recording is open" in answer(page, "everything")


@pytest.mark.slow
def test_a_function_gets_the_state_of_an_empty_viewer_and_of_the_recording_that_it_has_yielded(
    page: ViewerPage, launch: Launch
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=400)
        client = ViewerClient(viewer)
        empty, shown = gr.Textbox(label="empty"), gr.Textbox(label="shown")

        async def show() -> AsyncIterator[Any]:
            state = await client.get_state()
            yield robot("run"), f"{state.recordings} {state.active_recording} {state.viewer_version}", ""
            state = await client.get_state()
            yield gr.skip(), gr.skip(), state.active_recording

        gr.Button("show").click(show, None, [viewer, empty, shown])
    page.open(launch(demo)).click("show")
    expect(page.get_by_label("empty")).to_have_value(f"[] None {rr.__version__}")
    expect(page.get_by_label("shown")).to_have_value("Recording:my\\:app:run", timeout=30_000)


def test_each_session_gets_its_own_answer(page: ViewerPage, launch: Launch, context: BrowserContext) -> None:
    async def where(client: ViewerClient) -> list[Any]:
        return [(await client.get_state()).recordings[0].current_time]

    with gr.Blocks() as demo:
        viewer = Rerun(robot("run"), height=300)
        client = ViewerClient(viewer)
        frame = gr.Number(label="Frame", precision=0)
        shown = gr.Textbox(label="Answer", interactive=True)
        gr.Button("go").click(lambda frame: commands.set_time("frame", sequence=frame), frame, viewer)

        def ask() -> str:
            return str(client.get_state().result().recordings[0].current_time)

        gr.Button("ask").click(ask, None, shown)
    url = launch(demo)
    pages = [page, ViewerPage(context.new_page())]
    for number, each in enumerate(pages, 3):
        each.open(url).expect_state("ready", recordings=1)
        each.get_by_label("Frame").fill(str(number))
        each.click("go")
        each.wait_for_function(
            "number => window.seen.some(({detail}) => detail?.type === 'time_update' && detail.time === number)",
            arg=number,
        )
    for each in pages:
        each.click("ask")
    for number, each in enumerate(pages, 3):
        expect(each.get_by_label("Answer")).to_have_value(str(number))


DOCS = Path(__file__).parents[2] / "docs"

ARRANGES = """
        blueprint = json.loads((await call("blueprint")).text)
        view = next(path for path, found in blueprint.items() if "ViewBlueprint" in found)
        await call("set_blueprint", blueprint=json.dumps({view: {"ViewBlueprint": {"display_name": "Seen by an agent"}}}))
        state = json.loads((await call("state")).text)
        assert [each["name"] for each in state["views"]] == ["Seen by an agent"]
        await call("show", location=state["location"])
        await call("select", entity_path="/world/arm")
"""
"""Another agent, which names a view, goes where it was, and selects an entity."""


def test_an_agent_finds_an_entity_seeks_points_and_returns_the_picture(
    page: ViewerPage,
    launch: Launch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("mcp")
    with gr.Blocks() as demo:
        viewer = Rerun(robot("run"), height=400)
        mcp_tools(viewer)
    url = launch(demo, mcp_server=True)
    page.open(url).expect_state("ready", recordings=1)
    page.get_by_role("button", name="Let an agent use the viewer").click()
    token = page.get_by_label("Token for the agent")
    expect(token).not_to_have_value("")
    program = re.findall(r"```py\n(.*?)```", (DOCS / "agents.md").read_text(), re.DOTALL)[-1]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["agent.py", url.rstrip("/"), token.input_value()])
    errors: list[BaseException] = []

    def run() -> None:  # not in this thread, whose loop Playwright has
        try:
            exec(program, {"__name__": "__main__"})
        except BaseException as error:
            errors.append(error)

    def finished() -> bool:
        thread = threading.Thread(target=run)
        thread.start()
        while thread.is_alive():
            page.wait_for_timeout(50)  # lets the page's events through
        return not errors

    assert finished(), errors
    assert capsys.readouterr().out.splitlines()[-1].split() == ["/world/arm/points", "frame", "19"]
    wait_for_selection(page, "/world/arm/points")
    assert Image.open(tmp_path / "seen.png").width == 800
    monkeypatch.setattr(sys, "argv", ["agent.py", url.rstrip("/"), token.input_value()])
    program = program[: program.index("        schema = ")] + ARRANGES + "\n\nasyncio.run(main(*sys.argv[1:]))"
    assert finished(), errors
    wait_for_selection(page, "/world/arm")
    page.get_by_role("button", name="Revoke the token").click()
    expect(token).to_be_hidden()
    assert not finished()
    assert "Expected the token that a page of this app shows" in repr(errors) + str(
        getattr(errors[0], "exceptions", "")
    )
