"""Functions that send requests to the viewer in a page. The test plays the page."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from asked_page import Page, protocol, protocol_state
from gradio.context import LocalContext
from recordings import recording_bytes
from visitor import Visitor

from gradio_rerun import Rerun, ViewerClient, agents, answers, commands, mcp_tools
from gradio_rerun._component import questions
from gradio_rerun.errors import AnswerError, CommandError, EventDataError, ParameterError, RecordingError

NOT_OURS = {
    "connect": "for a native viewer",
    "spawn": "for a native viewer",
    "quit": "for a native viewer",
    "url": "for a native viewer",
    "save_screenshot": "writes a file on the viewer's machine",
    "capture_profile_trace": "writes a file on the viewer's machine",
    "open_url": "deprecated",
    "close_recordings": "deprecated",
    "viewer_state": "deprecated",
    "viewer_logs": "deprecated",
}
"""Methods of the SDK's `ViewerClient` that this one does not have, with the reasons, as in docs/commands.md."""


def test_each_command_is_a_method() -> None:
    former = {"pause", "play", "screenshot", "set_panel_states", "set_recording", "set_timeline"}
    made = set(commands.__all__) - former - {"Command", "Show", "show"}
    assert {name for name in vars(ViewerClient) if name[0] != "_"} == made | {"ask", "of"}


def test_each_method_of_the_sdks_client_is_ours_with_its_parameters_or_has_a_reason_against_it() -> None:
    sdk = pytest.importorskip("rerun.experimental")
    if not hasattr(sdk, "ViewerClient") or not hasattr(sdk.ViewerClient, "get_state"):
        pytest.skip("The client of rerun-sdk 0.41 is the model.")
    theirs = {name: each for name, each in vars(sdk.ViewerClient).items() if name[0] != "_"}
    assert theirs.keys() - set(vars(ViewerClient)) == set(NOT_OURS)
    for name in theirs.keys() - NOT_OURS.keys():
        ours = inspect.signature(getattr(ViewerClient, name)).parameters
        assert set(inspect.signature(theirs[name]).parameters) - {"self"} <= set(ours), name


@pytest.fixture
def viewer() -> Iterator[Rerun]:
    with gr.Blocks():
        yield Rerun()
    questions._pages.clear()


@pytest.fixture
def client(viewer: Rerun) -> ViewerClient:
    return ViewerClient(viewer)


def asked_by(client: ViewerClient, session: str) -> ViewerClient:
    return client.of(gr.Request(session_hash=session))


def test_a_question_reaches_the_page_of_its_session_and_the_answer_the_function(client: ViewerClient) -> None:
    async def ask() -> Any:
        page, other = Page("one", client._viewer), Page("two", client._viewer)
        answer = asked_by(client, "one").get_location()
        (question,) = await page.next()
        assert (question["name"], question["seconds"]) == ("get_location", 30)
        assert not other.answer(question["question"], protocol=protocol("get_location", location="elsewhere"))
        assert page.answer(question["question"], protocol=protocol("get_location", location="here"))
        assert not page.answer(question["question"], protocol=protocol("get_location", location="again"))
        return await answer

    assert asyncio.run(ask()) == "here"


def test_forty_visitors_of_an_app_who_ask_for_the_state_at_once_get_each_their_own() -> None:
    asking: set[str] = set()

    async def ask(request: gr.Request) -> str:
        asking.add(request.session_hash)
        while len(asking) < 40:  # all questions are open at once
            await asyncio.sleep(0.01)
        state = await client.get_state()
        return f"{request.session_hash} {state.location} {state.recordings[0].current_time}"

    with gr.Blocks() as demo:
        viewer, shown = Rerun(), gr.Textbox()
        client = ViewerClient(viewer)
        gr.Button().click(ask, None, shown, api_name="ask", concurrency_limit=None)

    async def visit(url: str, number: int) -> tuple[str, str]:
        async with Visitor(url) as page:
            asked = asyncio.create_task(anext(page.click("ask")))
            sent: list[Any] = []
            while not sent:
                sent = (await page.ask(viewer._id, "next_questions", [])).raise_for_status().json()
            cursor = {"timeline": {"name": "frame"}, "time": {"time": number}}
            recording = {"store_id": f"Recording:app:{number}", "current_time": cursor}
            state = protocol_state(location=page.session, active_store_id=recording["store_id"], recordings=[recording])
            answer = {"question": sent[0]["question"], "protocol": state}
            assert (await page.ask(viewer._id, "answer_question", answer)).json() is True
            return await asked, f"{page.session} {page.session} {number}"

    async def visit_all(url: str) -> list[tuple[str, str]]:
        return await asyncio.gather(*(visit(url, number) for number in range(40)))

    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        pairs = asyncio.run(visit_all(url))
    finally:
        demo.close(verbose=False)
        questions._pages.clear()
    assert [got for got, _ in pairs] == [expected for _, expected in pairs]
    assert len({got for got, _ in pairs}) == 40


def test_a_page_that_waits_gets_a_question_at_once_and_again_until_it_has_it(client: ViewerClient) -> None:
    async def ask() -> None:
        page = Page("one", client._viewer)
        waiting = asyncio.create_task(page.next())
        await asyncio.sleep(0)
        answer = asked_by(client, "one").get_state()
        (question,) = await asyncio.wait_for(waiting, 10)
        assert await page.next() == [question]  # the connection was lost
        waiting = asyncio.create_task(page.next([question["question"]]))
        await asyncio.sleep(0)
        another = asked_by(client, "one").get_logs()
        (next_question,) = await asyncio.wait_for(waiting, 10)
        assert next_question["name"] == "get_logs"
        page.answer(next_question["question"], error="no log")
        with pytest.raises(AnswerError, match=r"could not carry out get_logs\(\): no log"):
            await another
        page.answer(question["question"], protocol=base64.b64encode(b"\x0a\x01x").decode())
        assert (await answer).location == "x"

    asyncio.run(ask())


def test_another_call_of_the_page_ends_the_one_that_waits(client: ViewerClient) -> None:
    async def call() -> None:
        page = Page("one", client._viewer)
        first = asyncio.create_task(page.next())
        await asyncio.sleep(0)
        second = asyncio.create_task(page.next())
        assert await asyncio.wait_for(first, 10) == []
        second.cancel()

    asyncio.run(call())


def test_a_function_without_async_waits_in_its_thread(client: ViewerClient) -> None:
    page = Page("one", client._viewer)
    asked: list[Any] = []

    def answer_it() -> None:
        for answer in ({}, {"protocol": protocol("get_location", location="here")}):
            asked.extend(asyncio.run(page.next()))
            page.answer(asked[-1]["question"], **answer)

    thread = threading.Thread(target=answer_it)
    thread.start()
    assert asked_by(client, "one").set_time("frame", sequence=3).result() is None
    assert asked_by(client, "one").get_location().result() == "here"
    thread.join()
    assert (asked[0]["arguments"]["timeline"], asked[0]["arguments"]["time"]) == ("frame", 3)
    with pytest.raises(AnswerError, match=r"did not answer get_state\(\) within 0.01 s"):
        asked_by(ViewerClient(client._viewer, seconds=0.01), "one").get_state().result()
    assert not questions._pages["one", client._viewer._id].questions


def answered(client: ViewerClient, ask: Callable[[ViewerClient], Any], data: Any) -> Any:
    """Returns the result in the function if the page answers `data`."""

    async def act() -> Any:
        page, answer = Page("one", client._viewer), ask(asked_by(client, "one"))
        (question,) = await page.next()
        assert questions.answer("one", client._viewer._id, question["question"], data)
        return await answer

    return asyncio.run(act())


def test_files_in_answers_are_uploads(client: ViewerClient, uploaded: Callable[[str], str]) -> None:
    for ask, name in (
        (ViewerClient.take_screenshot, "seen.png"),
        (ViewerClient.save_recording, "a.rrd"),
        (ViewerClient.save_blueprint, "a.rbl"),
    ):
        path = uploaded(name)
        assert answered(client, ask, {"path": path}) == path
        for wrong in (f"{path}x", None, __file__):
            with pytest.raises(RecordingError, match="was not uploaded, or was deleted"):
                answered(client, ask, {"path": wrong})


def test_open_returns_the_recordings(client: ViewerClient) -> None:
    data = {"command": "open", "store_ids": ["Recording:a:b"], "loading": ["https://a/b.rrd"] * 1000}
    opened = answered(client, lambda asking: asking.open("https://a/b.rrd"), data)
    assert (opened.store_ids, opened.loading) == (data["store_ids"], data["loading"])
    for wrong in ({"loading": ["x"] * 1001}, {"store_ids": "x"}, {"loading": [3]}, {"loading": None}):
        with pytest.raises(EventDataError, match="Expected the answer of a viewer"):
            answered(client, lambda asking: asking.open("https://a/b.rrd"), {**data, **wrong})


@pytest.mark.parametrize("data", [None, "x", [], 3, {"error": 3}, {"error": {}}])
def test_an_answer_of_another_form_is_refused(client: ViewerClient, data: Any) -> None:
    with pytest.raises(EventDataError, match="Expected the answer of a viewer"):
        answered(client, ViewerClient.get_state, data)


def test_the_state_is_read_from_each_viewer(client: ViewerClient) -> None:
    timelines = [
        {"timeline": {"name": "log_time"}, "time_type": 3, "time_range": {"start": 1, "end": 2}},
        {"timeline": {"name": "frame"}, "time_type": 1},
        {"timeline": {"name": "new"}, "time_type": 9},
    ]
    cursor = {"timeline": {"name": "frame"}, "time": {"time": 7}}
    reports = [{"severity": "warning", "summary": "s"}, {"severity": "error", "summary": "s", "details": "d"}]
    view = {"view_id": "1", "class": "3D", "name": "n", "origin": "/", "visible": True, "reports": reports}
    recordings = [
        {"store_id": "Recording:a:b", "location": "l", "timelines": timelines, "current_time": cursor},
        {"store_id": "Recording:a:c"},
    ]
    data = protocol_state(
        location="here",
        active_store_id="Recording:a:b",
        viewer_version="0.41.0",
        recordings=recordings,
        views=[view],
        loading=[{"name": "x", "status": "y"}],
    )
    state = answered(client, ViewerClient.get_state, {"protocol": data})
    read = [
        answers.Timeline("log_time", "timestamp", 1, 2),
        answers.Timeline("frame", "sequence", None, None),
        answers.Timeline("new", "", None, None),
    ]
    read_reports = [answers.ViewReport("warning", "s", None), answers.ViewReport("error", "s", "d")]
    expected = answers.ViewerState(
        location="here",
        active_recording="Recording:a:b",
        recordings=[
            answers.Recording("Recording:a:b", "l", read, "frame", 7),
            answers.Recording("Recording:a:c", "", [], None, None),
        ],
        views=[answers.View("1", "3D", "n", "/", True, read_reports)],
        loading=[answers.LoadingSource("x", "y")],
        catalog_url=None,
        viewer_version="0.41.0",
    )
    assert asdict(state) == asdict(expected)
    empty = answered(client, ViewerClient.get_state, {"protocol": ""})
    assert asdict(empty) == asdict(answers.ViewerState("", None, [], [], [], None, None))


def test_the_state_of_an_older_viewer_has_the_same_form(client: ViewerClient) -> None:
    recording = {
        **{"application_id": "a:b", "recording_id": "c", "timeline": "frame", "time": 3, "playing": True},
        "range": {"min": 0, "max": 9},
    }
    data = {"viewer_version": "0.30.0", "recordings": [recording], "active_recording_id": "c"}
    state = answered(client, ViewerClient.get_state, data)
    read = answers.Recording("Recording:a\\:b:c", "", [answers.Timeline("frame", "", 0, 9)], "frame", 3)
    assert asdict(state) == asdict(answers.ViewerState("", "Recording:a\\:b:c", [read], [], [], None, "0.30.0"))
    state = answered(client, ViewerClient.get_state, {**data, "active_recording_id": None, "recordings": []})
    assert (state.active_recording, state.recordings) == (None, [])
    assert type(state) is type(answered(client, ViewerClient.get_state, {"protocol": ""}))
    for wrong in ({"protocol": "no base64!"}, {"protocol": "////"}, {"protocol": 3}, {"recordings": 3}, {}):
        with pytest.raises(EventDataError, match="Expected the state"):
            answered(client, ViewerClient.get_state, wrong)


def test_an_answer_that_is_too_long_is_refused(client: ViewerClient) -> None:
    data = {"protocol": protocol("get_location", location="x" * 9_000_000)}
    with pytest.raises(EventDataError, match="Expected a smaller answer"):
        answered(client, ViewerClient.get_location, data)


def test_result_would_block_the_event_loop(client: ViewerClient) -> None:
    async def ask() -> None:
        asked_by(client, "one").get_state().result()

    with pytest.raises(AnswerError, match="Write `await`"):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("calls", "why"), [(False, "No page of this visitor"), (True, "Its page has received the question")]
)
def test_a_missing_answer_is_an_error_with_the_reason(viewer: Rerun, calls: bool, why: str) -> None:
    async def ask() -> None:
        answer = asked_by(ViewerClient(viewer, seconds=0.1), "one").get_state()
        if calls:
            assert len(await Page("one", viewer).next()) == 1
        await answer

    with pytest.raises(AnswerError, match=f"did not answer get_state.. within 0.1 s. {why}"):
        asyncio.run(ask())
    assert not questions._pages["one", viewer._id].questions


def test_pages_that_no_longer_call_are_forgotten(client: ViewerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(questions, "_GRACE_SECONDS", -1)
    for session in range(100):
        assert asyncio.run(Page(str(session), client._viewer).next()) == []
    assert len(questions._pages) <= 1


def test_one_page_has_a_bounded_number_of_questions_and_one_process_of_pages(
    client: ViewerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [asked_by(client, "one").get_state() for _ in range(questions._MOST_QUESTIONS)]
    with pytest.raises(AnswerError, match="more than 100 questions"):
        asked_by(client, "one").get_state()
    assert len(asked) == 100
    monkeypatch.setattr(questions, "_MOST_PAGES", 1)
    assert asyncio.run(Page("another", client._viewer).next()) == []
    assert list(questions._pages) == [("one", client._viewer._id)]


def test_a_page_with_questions_gets_them_although_there_are_too_many_pages(
    client: ViewerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "_MOST_PAGES", 1)
    asked = [asked_by(client, session).get_state() for session in ("one", "two")]
    assert len(asked) == 2
    for session in ("one", "two"):
        assert len(asyncio.run(asyncio.wait_for(Page(session, client._viewer).next(), 5))) == 1


def test_a_call_for_a_viewer_without_clients_does_not_wait() -> None:
    with gr.Blocks():
        viewer = Rerun()
    assert asyncio.run(asyncio.wait_for(Page("one", viewer).next(), 5)) == []
    assert ("one", viewer._id) not in questions._pages


@pytest.mark.parametrize("known", [None, 3, {"a": 1}, [3, None, []], "x"])
def test_a_page_may_send_any_list_of_known_questions(client: ViewerClient, known: Any) -> None:
    asked_by(client, "one").get_state()
    assert len(asyncio.run(questions.next_questions("one", client._viewer._id, known))) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"protocol": 3},
        {"protocol": "no base64!"},
        {"protocol": protocol("get_logs", entries=[{}] * 6000)},
        {"protocol": base64.b64encode(b"\xff\xff").decode()},
        {"protocol": ""},
        {"path": "/etc/passwd"},
    ],
)
def test_a_wrong_answer_is_refused(client: ViewerClient, data: dict[str, Any]) -> None:
    ask = ViewerClient.take_screenshot if "path" in data else ViewerClient.get_logs
    with pytest.raises((EventDataError, AnswerError, gr.Error)) as raised:
        answered(client, ask, data)
    assert len(str(raised.value)) < 400


def test_a_client_is_made_where_the_app_is_built(viewer: Rerun) -> None:
    request = gr.Request(session_hash="one")
    token = LocalContext.request.set(request)
    try:
        with pytest.raises(ParameterError, match="where the app is built"):
            ViewerClient(viewer)
    finally:
        LocalContext.request.reset(token)
    with pytest.raises(ParameterError, match="where the app is built"):
        ViewerClient(viewer, request)
    assert '"isAsked": false' in viewer.get_config()["js_on_load"]
    client = ViewerClient(viewer)
    assert '"isAsked": true' in viewer.get_config()["js_on_load"]
    with pytest.raises(AnswerError, match=r"client\.of\(request\)"):
        client.get_state()
    for wrong, words in (
        (lambda: ViewerClient(3), "viewer to be a Rerun component, got int 3"),
        (lambda: ViewerClient(viewer, seconds=0), "seconds to be a positive number, got int 0"),
        (lambda: ViewerClient(viewer, seconds="3"), "seconds to be a positive number, got str '3'"),
        (lambda: client.ask("play"), "a command of gradio_rerun.commands, got str 'play'"),
    ):
        with pytest.raises(ParameterError, match=words):
            wrong()  # type: ignore[no-untyped-call]


RESPONSES = [
    ("close", {"closed": ["Recording:a:b"]}, ["Recording:a:b"]),
    (
        "get_logs",
        {"entries": [{"sequence": 1, "level": "WARN", "target": "re_x", "message": "m"}]},
        [answers.LogEntry(1, "WARN", "re_x", "m")],
    ),
    (
        "get_recording_schema",
        {
            "store_id": "s",
            "timelines": [{"timeline": {"name": "frame"}, "time_type": 1, "time_range": {"start": 0, "end": 9}}],
            "entities": [{"entity_path": "/a", "components": [{"component": "c", "datatype": "d", "archetype": "e"}]}],
            "omitted_entities": 2,
        },
        answers.RecordingSchema(
            "s",
            [answers.Timeline("frame", "sequence", 0, 9)],
            [answers.EntitySchema("/a", [answers.ComponentSchema("c", "e", None, "d", has_static=False)])],
            2,
        ),
    ),
    (
        "describe_commands",
        {"commands": [{"id": "a", "title": "A", "shortcuts": ["Ctrl+A"], "available": True}]},
        [
            answers.Command("a", "A", "", "", ["Ctrl+A"], True, False, False, None),
        ],
    ),
    (
        "get_blueprint",
        {"blueprint_id": "b", "json": '{"x": 1}', "store_id": "s"},
        answers.Blueprint("b", "s", None, {"x": 1}),
    ),
    ("set_blueprint", {"blueprint_id": "b", "table_url": "t"}, answers.BlueprintInfo("b", None, "t")),
    ("get_state", {"location": "here"}, answers.ViewerState("here", None, [], [], [], None, None)),
    ("get_location", {"location": "here"}, "here"),
    ("set_time_cursor", {}, None),
    (
        "run_command",
        {"command": {"id": "a", "target": "t", "destructive": True, "scope": "recording", "description": "d"}},
        answers.Command("a", "", "d", "recording", [], False, False, True, "t"),
    ),
    ("get_transform_graph", {"json": '{"frames": []}'}, {"frames": []}),
    (
        "get_table_schema",
        {"columns": [{"name": "a", "datatype": "Utf8"}]},
        [answers.TableColumnSchema("a", "", "Utf8")],
    ),
    (
        "get_dataset_schema",
        {"timelines": ["t"], "asset_ids": ["x"], "omitted_entities": 1, "entities": [{"entity_path": "/a"}]},
        answers.DatasetSchema(["t"], [answers.EntitySchema("/a", [])], 1, ["x"]),
    ),
    (
        "get_dataset_assets_schema",
        {"assets": [{"asset_id": "x", "entities": [{"entity_path": "/a"}], "omitted_entities": 3}]},
        [answers.DatasetAssetSchema("x", [answers.EntitySchema("/a", [])], 3)],
    ),
    ("set_location", {}, None),
    ("highlight_rect", {}, None),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), RESPONSES, ids=[kind for kind, *_ in RESPONSES])
def test_a_response_is_read_and_is_of_the_sdks_class(kind: str, fields: Any, expected: Any) -> None:
    from gradio_rerun._viewer.answers import read_answer

    read = read_answer({"protocol": protocol(kind, **fields)})
    assert plain(read) == plain(expected)
    first = read[0] if isinstance(read, list) else read
    if type(first).__name__ in answers.__all__:
        sdk = pytest.importorskip("rerun.experimental")
        own = getattr(answers, type(first).__name__)
        assert isinstance(first, getattr(sdk, type(first).__name__, own))


def plain(value: Any) -> Any:
    """Converts objects of any class to dicts."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {type(value).__name__: {name: plain(each) for name, each in vars(value).items()}}
    return value


def test_a_question_that_nobody_waits_for_is_forgotten(client: ViewerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        page = Page("one", client._viewer)
        waiting = asyncio.ensure_future(asked_by(client, "one").get_state())
        assert len(await page.next()) == 1
        await asyncio.sleep(0)
        waiting.cancel()  # the visitor has left, or another event cancels the function
        await asyncio.wait([waiting])
        ViewerClient(client._viewer, gr.Request(session_hash="one"), seconds=0.01).get_logs()  # without await
        await asyncio.sleep(0.02)
        assert await page.next() == []

    monkeypatch.setattr(questions, "POLL_SECONDS", 0.01)
    asyncio.run(ask())
    assert not questions._pages["one", client._viewer._id].questions


def test_clients_that_make_up_pages_keep_no_question_from_another_page(
    client: ViewerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "_MOST_PAGES", 3)

    async def ask() -> Any:
        made_up = [asyncio.create_task(Page(f"made up {number}", client._viewer).next()) for number in range(5)]
        await asyncio.sleep(0)
        page = asyncio.create_task(Page("one", client._viewer).next())
        await asyncio.sleep(0)
        answer = asked_by(client, "one").get_location()
        (question,) = await asyncio.wait_for(page, 5)
        assert len(questions._pages) <= 3
        Page("one", client._viewer).answer(question["question"], protocol=protocol("get_location", location="here"))
        for each in made_up:
            each.cancel()
        return await answer

    assert asyncio.run(ask()) == "here"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_process_asks_although_a_thread_of_its_parent_was_asking(client: ViewerClient) -> None:
    with questions._lock:
        child = os.fork()
        if child == 0:
            threading.Timer(20, lambda: os._exit(1)).start()
            asked_by(client, "one").get_state()
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def deep() -> Any:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "data",
    [
        {"protocol": protocol("get_recording_schema", entities=[{"components": [{}] * 4000}] * 100)},
        {"protocol": deep()},
        {"error": deep()},
        {"protocol": 3, "x": ["y" * 1000] * 1000},
        {"protocol": protocol("get_transform_graph", json=f"[{'[],' * 200_000}0]")},
        {"protocol": protocol("get_blueprint", json=f"[{'[],' * 200_000}0]")},
        {"protocol": protocol("close", closed=[""] * 200_000)},
        {"protocol": protocol("get_dataset_schema", timelines=[""] * 200_000)},
        {"protocol": protocol("get_dataset_schema", asset_ids=[""] * 200_000)},
        {"protocol": protocol("run_command", command={"shortcuts": [""] * 200_000})},
    ],
    ids=[
        "many parts",
        "deep",
        "a deep error",
        "long",
        "graph",
        "blueprint",
        "closed",
        "timelines",
        "assets",
        "shortcuts",
    ],
)
def test_an_answer_that_takes_long_to_read_is_refused_soon(client: ViewerClient, data: dict[str, Any]) -> None:
    begun = time.monotonic()
    with pytest.raises((EventDataError, AnswerError)) as raised:
        answered(client, ViewerClient.get_recording_schema, data)
    assert len(str(raised.value)) < 400
    assert time.monotonic() - begun < 20


def test_what_an_agent_reads_and_writes_is_handled_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    on: list[bool] = []

    def noted(function: Any) -> Any:
        def note(*args: Any, **options: Any) -> Any:
            on.append(threading.current_thread() is threading.main_thread())
            return function(*args, **options)

        return note

    monkeypatch.setattr(agents.json, "dumps", noted(json.dumps))
    monkeypatch.setattr(agents, "read_json", noted(agents.read_json))
    with gr.Blocks() as demo:
        viewer = Rerun()
        mcp_tools(viewer)
    tools: dict[str, Any] = {each.name: each.fn for each in demo.fns.values()}
    token = tools["allow"](gr.Request(session_hash="one"))[0]["value"]
    page = Page("one", viewer)

    async def use(tool: str, answer: str, *given: str) -> str:
        using = asyncio.create_task(tools[f"viewer_{tool}"](token, *given))
        (question,) = await asyncio.wait_for(page.next(), 10)
        page.answer(question["question"], protocol=answer)
        return str(await using)

    async def work() -> None:
        schema = protocol("get_recording_schema", entities=[{"entity_path": "/a"}])
        assert "/a" in await use("schema", schema)
        assert "{}" in await use("blueprint", protocol("get_blueprint", json="{}"))
        assert "applied" in await use("set_blueprint", protocol("set_blueprint"), "{}")
        for wrong in ("{", "[" * 100_000, "3"):
            with pytest.raises(CommandError, match=r"Expected .*blueprint"):
                await tools["viewer_set_blueprint"](token, wrong)

    on.clear()
    asyncio.run(work())
    assert len(on) >= 6
    assert not any(on)


def test_an_error_names_no_folder_of_the_server(client: ViewerClient, tmp_path: Path) -> None:
    path = tmp_path / "layout.rbl"
    path.write_bytes(recording_bytes("layout"))

    async def ask() -> None:
        await ViewerClient(client._viewer, gr.Request(session_hash="one"), seconds=0.01).set_blueprint(str(path))

    with pytest.raises(AnswerError, match=r"did not answer set_blueprint\('layout\.rbl'\)"):
        asyncio.run(ask())
