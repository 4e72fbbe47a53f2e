"""The functions that the frontend calls, with a request as Gradio passes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from asked_page import protocol
from recordings import recording_bytes

from gradio_rerun import Rerun, ViewerClient
from gradio_rerun._component import large_files, questions, server_functions
from gradio_rerun._gradio.server_calls import page_of

URL = "rerun+http://127.0.0.1:9876/proxy"


class FakeRequest:
    """The request of a session's page for a component, whose client stays connected until `left` is set."""

    def __init__(self, component: Rerun, session: str = "one") -> None:
        self.left = asyncio.Event()
        self._body = {"component_id": component._id, "session_hash": session}
        self.blocks = SimpleNamespace(upload_file_set=set())
        self.app = SimpleNamespace(get_blocks=lambda: self.blocks)

    async def json(self) -> dict[str, Any]:
        return self._body

    async def receive(self) -> dict[str, str]:
        await self.left.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rerun]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    yield Rerun(on_demand_above=100, render=False)
    questions._pages.clear()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of a function's value, which is larger than `on_demand_above`."""
    path = tmp_path / "1" / "run.rrd"
    path.parent.mkdir()
    path.write_bytes(bytes(101))
    return path


def result_of_large_file(viewer: Rerun, path: Any) -> Any:
    """The last line of the response to a request for a large file."""

    async def read() -> list[str]:
        response = await viewer.open_large_file({"path": str(path), "lease": "a"}, FakeRequest(viewer))
        assert response.headers["cache-control"] == "no-store"
        return [str(line) async for line in response.body_iterator]

    return json.loads(asyncio.run(read())[-1])


def test_a_large_file_is_reached_by_its_servers_and_their_tickets(
    viewer: Rerun, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def served(*given: Any) -> Any:
        opened.append(given[:3])
        return SimpleNamespace(urls=[URL], is_truncated=True)

    monkeypatch.setattr(server_functions, "served", served)
    result = result_of_large_file(viewer, large)
    (server,) = result.pop("servers")
    assert server == {"server": URL, "ticket": viewer._servers.ticket_for_file(URL)}
    assert result == {"is_truncated": True}
    assert opened == [(large, tmp_path, "a")]


def test_a_file_that_is_not_a_large_one_of_the_cache_is_an_error_of_the_page(viewer: Rerun, large: Path) -> None:
    assert result_of_large_file(viewer, "/etc/passwd") == {"error": "passwd was not uploaded, or was deleted."}
    large.write_bytes(bytes(100))
    assert result_of_large_file(viewer, large) == {"error": "run.rrd is not a large file."}


def test_a_large_file_that_is_deleted_while_it_is_checked_is_an_error_of_the_page(
    viewer: Rerun, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_files, "check_file", lambda path: path.unlink(missing_ok=True))
    assert result_of_large_file(viewer, large) == {"error": "run.rrd was not uploaded, or was deleted."}
    assert asyncio.run(viewer.close_large_file({"path": str(large), "lease": "a"}, FakeRequest(viewer))) is None


def test_a_page_ends_its_own_lease(viewer: Rerun, large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(server_functions, "end_lease", lambda *given: ended.append(given))
    for data in (None, {"path": str(large)}, {"path": "/etc/passwd", "lease": "a"}, {"path": str(large), "lease": "a"}):
        asyncio.run(viewer.close_large_file(data, FakeRequest(viewer)))
    assert ended == [(large, "a")]


def test_the_recording_of_an_upload_is_deleted_with_the_uploads_of_the_app(viewer: Rerun, tmp_path: Path) -> None:
    upload, request = tmp_path / "1" / "run", FakeRequest(viewer)
    upload.parent.mkdir()
    upload.write_bytes(recording_bytes("run"))
    opened = asyncio.run(viewer.open_upload(str(upload), request))
    assert request.blocks.upload_file_set == {opened["file"]["path"]} != {str(upload)}


class BodyRequest:
    """A request with any body; an exception is raised when it is read."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def json(self) -> Any:
        if isinstance(self._body, Exception):
            raise self._body
        return self._body


@pytest.mark.parametrize(
    "body", [None, 3, "x", [], {}, {"component_id": "7"}, {"session_hash": None, "component_id": None}, ValueError()]
)
def test_a_body_of_any_form_names_no_page(body: Any) -> None:
    request: Any = BodyRequest(body)
    assert asyncio.run(page_of(request)) == ("", 0)


def test_a_body_names_the_session_and_the_component() -> None:
    request: Any = BodyRequest({"session_hash": "one", "component_id": 7})
    assert asyncio.run(page_of(request)) == ("one", 7)


def test_a_request_without_a_body_names_no_page() -> None:
    request: Any = gr.Request()
    assert asyncio.run(page_of(request)) == ("", 0)


def test_a_call_for_questions_ends_when_its_page_is_closed(viewer: Rerun) -> None:
    async def close() -> list[Any]:
        request = FakeRequest(viewer)
        ViewerClient(viewer)  # so the call waits
        call = asyncio.create_task(viewer.next_questions([], request))
        while not questions._pages:
            await asyncio.sleep(0.01)
        request.left.set()
        return await asyncio.wait_for(call, 5)

    assert asyncio.run(close()) == []


def test_a_page_gets_the_questions_of_its_session_and_answers_them(viewer: Rerun) -> None:
    async def ask() -> Any:
        mine, other = FakeRequest(viewer), FakeRequest(viewer, "other")
        answer = ViewerClient(viewer).of(gr.Request(session_hash="one")).get_location()
        (question,) = await viewer.next_questions([], mine)
        data = {"question": question["question"], "protocol": protocol("get_location", location="here")}
        for wrong in (None, 3, [question["question"]], {}, {**data, "question": "other"}):
            assert await viewer.answer_question(wrong, mine) is False
        assert await viewer.answer_question(data, other) is False
        assert await viewer.answer_question(data, mine) is True
        return await answer

    assert asyncio.run(ask()) == "here"


def test_a_session_with_a_long_name_is_none() -> None:
    """Its page would be kept for a minute, and so would the name."""
    for length, kept in ((200, 200), (201, 0)):
        request: Any = BodyRequest({"session_hash": "x" * length})
        session, _ = asyncio.run(page_of(request))
        assert len(session) == kept
