"""Whatever clients send to the server functions and as events, the server does not fail, and names no file that they have not named."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from abused_app import Abused
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradio_rerun import Rerun

SERVER_FUNCTIONS = [name for name in dir(Rerun) if getattr(getattr(Rerun, name, None), "_is_server_fn", False)]
EVENTS = [str(event) for event in Rerun.EVENTS]

ANY_TEXT = st.text(st.characters(), max_size=20)  # half letters, too
NAMES = ["upload", "recording", "other upload", "other recording", "other stream", "log", "dots", "folder", "elsewhere"]
FILES = st.sampled_from([f"@{name}" for name in NAMES])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | FILES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=10,
)
FILE_DATA = st.fixed_dictionaries(
    {"path": FILES | JSON},
    optional={name: FILES | JSON for name in ("url", "size", "mime_type", "is_stream", "orig_name", "server", "ticket")}
    | {"meta": st.just({"_type": "gradio.FileData"}) | JSON},
)
FIELDS = ("server", "ticket", "path", "headers", "body", "page", "other")
CALL = st.fixed_dictionaries({"@call": st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3)})
SAID = ("application_id", "recording_id", "segment_id", "from_command", "time", "timeline", "timeline_type", "items")
SAID += ("source", "version", "names", "message", "id", "data", "error", "state", "kind", "type", "name", "size")
EVENT_DATA = st.dictionaries(st.sampled_from(SAID), JSON, max_size=8)
SESSIONS = st.sampled_from(["@own session", "@other session"]) | ANY_TEXT

given_few = settings(max_examples=40, deadline=None, derandomize=True)


@pytest.fixture(scope="module", autouse=True)
def others_keep_what_they_have(abused: Abused) -> Any:
    """What belongs to another visitor is the same after all calls."""
    abused.names["@own session"] = abused.stranger.session
    theirs = {name: Path(path).read_bytes() for name, path in abused.names.items() if name in THEIRS}
    yield
    assert {name: Path(abused.names[name]).read_bytes() for name in theirs} == theirs
    assert all(theirs.values())


THEIRS = ("@other upload", "@other recording", "@other stream")


def test_there_are_server_functions_and_events() -> None:
    assert len(SERVER_FUNCTIONS) >= 5
    assert len(EVENTS) >= 15


@pytest.mark.parametrize("function", SERVER_FUNCTIONS)
def test_a_server_function_answers_whatever_it_gets(function: str, abused: Abused) -> None:
    @given_few
    @given(FILES | CALL | JSON, SESSIONS)
    def answers(data: Any, session: str) -> None:
        sent = abused.filled([data, session])
        abused.check(abused.run(abused.stranger.ask(abused.viewer, function, *sent)), sent)

    answers()


@pytest.mark.parametrize("event", EVENTS)
def test_a_listener_ends_whatever_the_event_says(event: str, abused: Abused) -> None:
    @settings(given_few, max_examples=10)
    @given(st.lists(st.lists(FILE_DATA | FILES) | JSON, max_size=2), EVENT_DATA | JSON)
    def ends(data: Any, event_data: Any) -> None:
        sent = abused.filled([data, event_data])
        answer = abused.run(abused.stranger.join(f"event_{event}", *sent))
        abused.check(answer, sent)
        if answer.status_code == 200:
            told = abused.run(abused.stranger.news())
            assert '"process_completed"' in told
            abused.check_text(told, sent)

    ends()


@pytest.mark.parametrize("event", EVENTS)
def test_a_call_in_the_name_of_another_session_tells_nothing_of_it(event: str, abused: Abused) -> None:
    session = abused.other.session
    answer = abused.run(abused.stranger.join(f"event_{event}", [None], {}, session))
    abused.check(answer, session)
    assert answer.json().keys() == {"event_id"}
    assert '"process_completed"' in abused.run(abused.other.news())


ANSWERS = st.fixed_dictionaries(
    {}, optional={name: FILES | JSON for name in ("protocol", "error", "path", "recordings", "store_ids", "loading")}
)


def test_a_function_that_asks_ends_whatever_the_page_answers(abused: Abused) -> None:
    visitor = abused.stranger

    async def answered(data: Any) -> str:
        assert (await visitor.join("ask", [])).status_code == 200
        questions: list[Any] = []
        while not questions:
            questions = (await visitor.ask(abused.viewer, "next_questions", [])).json()
        (question,) = questions
        forged = {**data, "question": question["question"]}
        theirs = await visitor.ask(abused.viewer, "answer_question", forged, abused.other.session)
        assert theirs.json() is False
        mine = await visitor.ask(abused.viewer, "answer_question", forged)
        assert mine.json() is True
        again = await visitor.ask(abused.viewer, "answer_question", forged)
        assert again.json() is False
        return await visitor.news()

    @settings(given_few, max_examples=15)
    @example({"protocol": "@upload"})
    @given(ANSWERS)
    def ends(data: Any) -> None:
        sent = abused.filled(data)
        told = abused.run(answered(sent))
        assert '"process_completed"' in told
        abused.check_text(told, sent)

    ends()


MEGABYTES = 100


def test_answers_of_100_mb_are_errors_and_are_not_kept(abused: Abused) -> None:
    visitor = abused.stranger

    async def answered() -> dict[str, Any]:
        assert (await visitor.join("ask", [])).status_code == 200
        questions: list[Any] = []
        while not questions:
            questions = (await visitor.ask(abused.viewer, "next_questions", [])).json()
        answer = {"question": questions[0]["question"], "protocol": "A" * MEGABYTES * 1_000_000}
        await visitor.ask(abused.viewer, "answer_question", answer)
        told = [json.loads(line.removeprefix("data:")) for line in (await visitor.news()).splitlines() if line]
        (end,) = (each for each in told if each["msg"] == "process_completed")
        return dict(end)

    async def collect_garbage() -> None:
        async for _ in visitor.click("counts"):
            pass

    before = abused.app.usage()["memory"]
    for _ in range(3):
        end = abused.run(answered())
        assert end["success"] is False
        # A busy app gets it after the deadline of the question.
        assert end["output"]["error"].startswith(("Expected a smaller answer", "The viewer did not answer"))
    abused.run(collect_garbage())
    assert abused.app.usage()["memory"] < before + MEGABYTES


TOOLS: dict[str, list[Any]] = {
    "screenshot": ["", 64],
    "state": [],
    "schema": ["", 1, False],
    "blueprint": [],
    "set_time": ["frame", 1, "paused"],
    "show": ["x"],
    "select": ["/x"],
    "highlight": [0, 0, 1, 1, ""],
    "set_blueprint": ["{}"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_of_agents_needs_the_token_of_a_page(tool: str, abused: Abused) -> None:
    given = ["a" * 32, *TOOLS[tool]]
    abused.check(abused.run(abused.stranger.join(f"viewer_{tool}", given, None, abused.other.session)), given)
    assert "Expected the token that a page of this app shows" in abused.run(abused.other.news())


def test_all_tools_of_agents_are_called(abused: Abused) -> None:
    names = {str(each["api_name"]) for each in abused.stranger.config["dependencies"]}
    assert {each for each in names if each.startswith("viewer_")} == {f"viewer_{tool}" for tool in TOOLS}


def test_no_other_member_of_the_component_is_a_server_function(abused: Abused) -> None:
    async def ask_all() -> None:
        for name in [*dir(Rerun), "", "\ud800", "__dict__.x", *EVENTS]:
            if name not in SERVER_FUNCTIONS:
                answer = await abused.stranger.ask(abused.viewer, name, None)
                assert answer.status_code == 404, (name, answer.text)

    abused.run(ask_all())


@pytest.mark.parametrize("function", SERVER_FUNCTIONS)
def test_files_of_others_are_not_named_to_who_has_not_named_them(function: str, abused: Abused) -> None:
    theirs = [abused.names[name] for name in THEIRS]

    async def ask(session: str) -> str:
        return (await abused.stranger.ask(abused.viewer, function, None, session)).text

    async def ask_both() -> list[str]:
        return list(await asyncio.gather(ask(abused.other.session), ask(abused.stranger.session)))

    told = abused.run(ask_both())
    assert told[0] == told[1]
    assert not [path for path in theirs if Path(path).parent.name in json.dumps(told)]
