"""The tools for agents. The test plays the page of a visitor."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from asked_page import Page, protocol, protocol_state

from gradio_rerun import Rerun, agents
from gradio_rerun._component import questions
from gradio_rerun._viewer import viewer_control
from gradio_rerun.agents import mcp_tools
from gradio_rerun.errors import AnswerError, CommandError, ParameterError


class App:
    """An app with the tools, and what a visitor and an agent do in it."""

    def __init__(self, **options: Any) -> None:
        with gr.Blocks() as demo:
            self.viewer = Rerun()
            mcp_tools(self.viewer, **options)
        self.demo = demo
        self.shown = [(each.label or each.value) for each in demo.blocks.values() if isinstance(each, (gr.Button, gr.Textbox)) and each.visible]  # fmt: skip
        functions = list(demo.fns.values())
        self.tools: dict[str, Any] = {str(each.fn.__name__): each.fn for each in functions if each.queue is False and each.api_visibility == "public"}  # fmt: skip
        self._allow, self._revoke = (each.fn for each in functions if each.api_visibility == "private")

    def allow(self, session: str = "one") -> str:
        token, button = self._allow(gr.Request(session_hash=session))
        assert (token["visible"], button["visible"]) == (True, True)
        return str(token["value"])

    def revoke(self, session: str = "one") -> None:
        token, button = self._revoke(gr.Request(session_hash=session))
        assert (token["value"], token["visible"], button["visible"]) == ("", False, False)

    def use(self, tool: str, *given: Any, answers: list[dict[str, Any]], session: str = "one") -> tuple[Any, list[Any]]:
        """Returns the result of the tool, and the questions that the page got."""

        async def act() -> tuple[Any, list[Any]]:
            page, asked = Page(session, self.viewer), []
            running = asyncio.create_task(self.tools[f"viewer_{tool}"](*given))
            for answer in answers:
                next_ = asyncio.create_task(page.next())
                await asyncio.wait([running, next_], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    next_.cancel()
                    break
                (question,) = await next_
                asked.append(question)
                assert page.answer(question["question"], **answer)
            return await running, asked

        return asyncio.run(act())


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    yield App()
    questions._pages.clear()


TOOLS = {"screenshot", "state", "schema", "blueprint", "set_time", "show", "select", "highlight", "set_blueprint"}
RUN = {"store_id": "Recording:app:run", "timelines": [{"timeline": {"name": "frame"}, "time_type": 1}]}
STATE = {"protocol": protocol_state(active_store_id="Recording:app:run", recordings=[RUN])}
DONE = {"protocol": protocol("set_location")}


def test_the_tools_have_these_names_and_say_what_they_do(app: App) -> None:
    assert set(app.tools) == {f"viewer_{each}" for each in TOOLS}
    assert set(App(prefix="left").tools) == {f"left_{each}" for each in TOOLS}
    for tool in app.tools.values():
        assert "token: The token that the user's page shows." in tool.__doc__
    assert app.shown == ["Let an agent use the viewer"]  # and no token
    with pytest.raises(ParameterError, match=r"within gr\.Blocks"):
        mcp_tools(app.viewer)


def test_what_a_visitor_sees_after_a_click_and_whether_it_waits(app: App) -> None:
    hidden = [each for each in app.demo.blocks.values() if isinstance(each, (gr.Button, gr.Textbox)) and not each.visible]  # fmt: skip
    assert [each.label or each.value for each in hidden] == ["Token for the agent", "Revoke the token"]
    assert not hidden[0].interactive
    buttons = [each for each in app.demo.fns.values() if each.api_visibility == "private"]
    assert [each.queue for each in buttons] == [False, False]  # also while functions of the app run


def test_a_tool_works_in_the_page_that_shows_the_token_until_it_is_revoked(app: App) -> None:
    tokens = {session: app.allow(session) for session in ("one", "two")}
    for session, token in tokens.items():
        assert app.use("show", token, "a", answers=[DONE], session=session)[0] == "The viewer shows a."
    second = app.allow("one")
    app.revoke("two")
    for void in (tokens["one"], tokens["two"], "", "None"):
        with pytest.raises(AnswerError, match="the token that a page of this app shows"):
            app.use("show", void, "a", answers=[])
    assert app.use("show", second, "a", answers=[DONE])[1][0]["name"] == "set_location"


def test_the_oldest_token_is_revoked_at_the_limit(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "_MOST_TOKENS", 2)
    first, second, _ = (app.allow(session) for session in ("one", "two", "three"))
    with pytest.raises(AnswerError, match="token"):
        app.use("state", first, answers=[])
    assert app.use("state", second, answers=[STATE], session="two")


def test_little_is_kept_of_a_session_with_a_long_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[agents._Tokens] = []
    monkeypatch.setattr(agents, "_add_buttons", made.append)
    with gr.Blocks():
        mcp_tools(Rerun())
    token = made[0].grant(gr.Request(session_hash="x" * 1_000_000))
    assert len(made[0].session_of(token)) == 200
    made[0].revoke(gr.Request(session_hash="x" * 1_000_000))
    assert not made[0]._holders


def test_a_client_that_makes_up_sessions_revokes_its_own_tokens(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "_MOST_TOKENS", 5)

    def allow(session: str, address: str) -> str:
        request = SimpleNamespace(client=SimpleNamespace(host=address), session_hash=session)
        return str(app._allow(request)[0]["value"])

    victim = allow("one", "10.0.0.1")
    made_up = [allow(f"made up {number}", "10.0.0.2") for number in range(20)]
    assert app.use("state", victim, answers=[STATE])
    with pytest.raises(AnswerError, match="token"):
        app.use("state", made_up[0], answers=[])


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        ("state", [None], "token to be a string, got NoneType None"),
        ("state", [["x"]], r"token to be a string, got list \['x'\]"),
        ("state", [{}], "token to be a string, got dict {}"),
        ("select", ["t", None], "entity_path to be a string, got NoneType None"),
        ("select", ["t", {}], "entity_path to be a string, got dict {}"),
        ("set_blueprint", ["t", -1], "blueprint to be a string, got int -1"),
        ("set_time", ["t", "frame", 1e308 * 10], "time to be an integer, got float inf"),
        ("set_time", ["t", "frame", True], "time to be an integer, got bool True"),
        ("highlight", ["t", 1, 2, 3, "x"], "height to be a number, got str 'x'"),
        ("schema", ["t", "", 5, 1], "paths_only to be True or False, got int 1"),
        ("screenshot", ["t", "x" * 10, "1"], "max_size to be an integer, got str '1'"),
    ],
)
def test_arguments_of_other_types_are_refused_in_words(app: App, tool: str, given: list[Any], expected: str) -> None:
    with pytest.raises(CommandError, match=f"^Expected {expected}\\.$"):
        app.use(tool, *given, answers=[])


def test_whole_numbers_are_integers_and_null_is_the_default(app: App) -> None:
    schema = protocol("get_recording_schema", entities=[])
    _, (question,) = app.use("schema", app.allow(), None, 5.0, None, answers=[{"protocol": schema}])
    wanted = {"entity_path": None, "max_entities": 5, "paths_only": False}
    assert question["arguments"] == {"recording_id": None, **wanted}


def test_results_of_the_tools_are_json(app: App) -> None:
    token = app.allow()
    state, _ = app.use("state", token, answers=[STATE])
    assert json.loads(state)["recordings"][0]["timelines"][0]["name"] == "frame"
    schema = protocol("get_recording_schema", entities=[{"entity_path": "/a"}])
    read, (question,) = app.use("schema", token, "/a", 5, True, answers=[{"protocol": schema}])
    assert json.loads(read)["entities"][0]["entity_path"] == "/a"
    asked = {"recording_id": None, "entity_path": "/a", "max_entities": 5, "paths_only": True}
    assert question["arguments"] == asked
    _, (question,) = app.use("schema", token, answers=[{"protocol": schema}])
    assert question["arguments"] == {**asked, "entity_path": None, "max_entities": 100, "paths_only": False}
    blueprint, (question,) = app.use(
        "blueprint", token, answers=[{"protocol": protocol("get_blueprint", json='{"/": {}}')}]
    )
    assert (json.loads(blueprint), question["arguments"]["of"]) == ({"/": {}}, "recording")


def test_a_picture_is_the_file_that_the_page_has_uploaded(app: App, uploaded: Callable[[str], str]) -> None:
    path = uploaded("seen.png")
    for view_id in ("", "3D"):
        picture, (question,) = app.use("screenshot", app.allow(), view_id, answers=[{"path": path}])
        assert (picture["path"], picture["mime_type"], picture["orig_name"]) == (path, "image/png", "screenshot.png")
        assert question["arguments"] == {"view_id": view_id or None, "max_size": 1024}


def test_an_agent_moves_the_recording_on_screen(app: App) -> None:
    token = app.allow()
    result, (_, question) = app.use("set_time", token, "frame", 7, answers=[STATE, {}])
    assert result == "The time cursor is at 7 on frame."
    given = {"timeline": "frame", "kind": "sequence", "time": 7, "play_state": "paused", "recording_id": "run"}
    assert question["arguments"] == given
    _, (_, question) = app.use("set_time", token, "frame", 7, "playing", answers=[STATE, {}])
    assert question["arguments"] == {**given, "play_state": "playing"}
    opened = {"store_ids": [], "loading": []}
    for path in ("/world/arm", "world/arm"):
        result, (question,) = app.use("select", token, path, answers=[opened])
        assert result == f"{path} is selected."
        assert question["arguments"]["urls"] == [{"url": "recording://world/arm", "ticket": None}]
    result, (question,) = app.use(
        "highlight", token, 1, 2, 3, 4, "here", answers=[{"protocol": protocol("highlight_rect")}]
    )
    assert question["arguments"] == {"rect": [1, 2, 3, 4], "label": "here"}
    assert result == "The user sees the outline."
    _, (question,) = app.use("highlight", token, 1, 2, 3, 4, answers=[{"protocol": protocol("highlight_rect")}])
    assert question["arguments"]["label"] is None
    done = {"protocol": protocol("set_blueprint", blueprint_id="b")}
    result, (question,) = app.use("set_blueprint", token, '{"/": {}}', answers=[done])
    assert (question["arguments"]["of"], question["arguments"]["partial"]) == ("recording", True)
    assert (
        viewer_control._message("Request").FromString(b64decode(question["request"])).set_blueprint.json == '{"/": {}}'
    )
    assert result == "The blueprint is applied."


@pytest.mark.parametrize("blueprint", ["", "{", "[]", "3", "[" * 100_000])
def test_an_invalid_blueprint_is_an_error_that_the_agent_can_read(app: App, blueprint: str) -> None:
    with pytest.raises(CommandError, match=r"Expected .* got str ") as refused:
        app.use("set_blueprint", app.allow(), blueprint, answers=[])
    assert len(str(refused.value)) < 400
