from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from anyio import to_thread

from gradio_rerun._gradio.files import uploaded_file
from gradio_rerun._gradio.server_calls import one_a_session
from gradio_rerun._gradio.threads import current_work
from gradio_rerun._recordings.file_types import check_file
from gradio_rerun.errors import RecordingError


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "uploads"
    (folder / "1").mkdir(parents=True)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_an_upload_keeps_the_path_that_gradio_gave_it(uploads: Path) -> None:
    assert uploaded_file(f"{uploads}/1/x.rrd") == uploads / "1" / "x.rrd"
    assert uploaded_file(f"{uploads}/2/../1/x.rrd") == uploads / "1" / "x.rrd"
    (uploads / "link").symlink_to(uploads / "1")
    assert uploaded_file(f"{uploads}/link/x.rrd") == uploads / "link" / "x.rrd"


@pytest.mark.parametrize("name", ["x" * 5000, "loop/x.rrd", "\ud800"])
def test_a_path_that_no_system_opens_is_refused_or_unchanged(name: str, uploads: Path) -> None:
    (uploads / "loop").symlink_to(uploads / "loop")
    with suppress(RecordingError):
        assert uploaded_file(f"{uploads}/{name}") == uploads / name


@pytest.mark.parametrize("path", ["/etc/passwd", "{uploads}/../passwd", "passwd", "{uploads}-other/passwd"])
def test_a_path_elsewhere_is_refused_without_naming_a_folder_of_the_server(path: str, uploads: Path) -> None:
    with pytest.raises(RecordingError) as refused:
        uploaded_file(path.format(uploads=uploads))
    assert str(refused.value).startswith("passwd was not uploaded")


@pytest.mark.parametrize(
    ("path", "named"),
    [(3, "3"), (None, "None"), ([1], "[1]"), ("{uploads}/x\0.rrd", r"'{uploads}/x\x00.rrd'")],
)
def test_a_value_that_is_not_a_path_is_refused_with_its_value(path: Any, named: str, uploads: Path) -> None:
    given = path.format(uploads=uploads) if isinstance(path, str) else path
    with pytest.raises(RecordingError) as refused:
        uploaded_file(given)
    assert str(refused.value).startswith(f"{named.format(uploads=uploads)[:80]} was not uploaded")


@pytest.mark.parametrize("name", ["gone.rrd", "", "x" * 300 + ".rrd", "\ud800.rrd", "a\0b.rrd"])
@pytest.mark.parametrize("types", [None, ["file"]])
def test_a_path_that_is_not_a_file_is_refused_for_all_file_types(name: str, types: Any, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"^.{1,80} was not uploaded"):
        check_file(tmp_path / name, types)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this system has no file that nobody can read")
def test_a_file_that_cannot_be_read_is_none_of_the_types() -> None:
    with pytest.raises(RecordingError, match=r"^mem .*: \.csv"):
        check_file(Path("/proc/self/mem"), [".csv"])


TAKEN = [
    ("x.rrd", []),
    ("x.RBL", [".png"]),
    ("x.PNG", [".png"]),
    ("x.png", [".PNG"]),
    ("x.tar.gz", [".tar.gz"]),
    ("x.anything", ["file"]),
    ("x.anything", None),
    ("x.anything", [".csv", ".anything"]),
    ("x.png", ["image"]),
    ("x.png", ["image/*"]),
    ("x.png", ["image/png"]),
]
REFUSED = [
    ("x.png", []),
    ("x.png", [".pn", ".mcap"]),
    ("png", [".png"]),
    ("x.png", ["video"]),
    ("x.png", ["video/*", "image/jpeg"]),
    ("x.anything", ["image", "image/*"]),
    ("x.png", ["png"]),
    ("x.png", ["image/pngx"]),
]


@pytest.mark.parametrize(("name", "types"), TAKEN)
def test_files_of_the_types_and_recordings_are_accepted(name: str, types: Any, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    check_file(tmp_path / name, types)


@pytest.mark.parametrize(("name", "types"), REFUSED)
def test_files_of_other_types_are_refused_unless_they_start_as_a_recording(
    name: str, types: list[str], tmp_path: Path
) -> None:
    file = tmp_path / name
    for content in (b"x", b"", b"RRF1...."):
        file.write_bytes(content)
        with pytest.raises(RecordingError) as refused:
            check_file(file, types)
        assert str(refused.value).startswith(f"{name} ")
        assert str(refused.value).endswith(f": {', '.join(types)}.")
    file.write_bytes(b"RRF2....")
    check_file(file, types)


class Client:
    """A client that has sent a request, and may disconnect."""

    def __init__(self, session: str) -> None:
        self.left = asyncio.Event()
        self._session = session

    async def json(self) -> dict[str, str]:
        return {"session_hash": self._session}

    async def receive(self) -> dict[str, str]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def ask(self, work: Any) -> dict[str, Any]:
        request: gr.Request = SimpleNamespace(request=self)  # type: ignore[assignment]
        return await one_a_session(work, request)


def test_the_uploads_of_a_session_are_opened_one_after_the_other_and_those_of_others_meanwhile() -> None:
    together = threading.Barrier(2, timeout=60)
    at_once: dict[str, int] = {"one": 0, "other": 0}
    done: list[str] = []

    def work(session: str, waits: bool) -> dict[str, Any]:
        at_once[session] += 1
        assert at_once[session] == 1
        if waits:
            together.wait()  # only two sessions at once pass
        at_once[session] -= 1
        done.append(session)
        return {"file": session}

    async def ask() -> None:
        asked = [
            Client(session).ask(lambda session=session, waits=waits: work(session, waits))
            for session, waits in (("one", True), ("one", False), ("one", False), ("other", True))
        ]
        assert [each["file"] for each in await asyncio.gather(*asked)] == ["one", "one", "one", "other"]

    asyncio.run(ask())
    assert sorted(done) == ["one", "one", "one", "other"]


def test_clients_that_name_no_session_do_not_wait_for_each_other() -> None:
    together = threading.Barrier(4, timeout=10)

    def work() -> dict[str, Any]:
        together.wait()  # only four at once pass
        return {"file": "a"}

    async def ask() -> list[dict[str, Any]]:
        asked = [*(Client("").ask(work) for _ in range(2)), *(one_a_session(work, None) for _ in range(2))]
        return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == [{"file": "a"}] * 4


def test_the_work_for_a_client_ends_when_the_client_disconnects() -> None:
    started, ended = threading.Event(), threading.Event()

    def work() -> dict[str, Any]:
        with current_work().ended_by(ended.set):
            started.set()
            assert ended.wait(60)
        return {}

    async def leave() -> None:
        client = Client("session")
        asked = asyncio.create_task(client.ask(work))
        waiting = asyncio.create_task(client.ask(lambda: pytest.fail("the client has left")))
        await to_thread.run_sync(started.wait, 60)
        client.left.set()
        assert await asked == await waiting == {"error": "The page was closed."}

    asyncio.run(leave())
    assert ended.wait(60)
