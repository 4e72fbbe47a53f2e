"""Rerun servers for large files: when they start, what they serve, and when they end."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
import rerun as rr
from full_disk import full_disk
from recordings import recording_bytes, write_recording
from waiting import wait_until

from gradio_rerun import Rerun
from gradio_rerun._clients import Client, working_for
from gradio_rerun._component.large_files import large_file, lines_while
from gradio_rerun._gradio.calls import Call
from gradio_rerun._gradio.server_calls import turn_of
from gradio_rerun._gradio.threads import Work
from gradio_rerun._gradio.threads import _current as current
from gradio_rerun._recordings import file_server, on_demand
from gradio_rerun._recordings.file_server import FileServer
from gradio_rerun._recordings.on_demand import end_lease, served
from gradio_rerun._recordings.shown import Shown
from gradio_rerun._servers import own_servers
from gradio_rerun._servers.origins import origin_of
from gradio_rerun._servers.tunnel import Servers
from gradio_rerun.errors import GradioRerunError, RecordingError, SdkError

Serve = Callable[..., FileServer]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setattr(on_demand, "_LOOKS_EVERY", 0.05)

    def serve(file: Path, lease: str = "lease", on_progress: Any = lambda _: None) -> FileServer:
        return served(file, tmp_path / "cache", lease, on_progress)

    yield serve
    for server in on_demand._servers.values():
        server.leases.clear()
        server.shared_until = 0
    on_demand._end_unwanted()
    wait_until(lambda: on_demand._sweeper is None)
    assert list((tmp_path / "cache").glob("*")) == []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "run.rrd", "run")


def segments(server: FileServer) -> list[str]:
    return [url.rpartition("segment_id=")[2] for url in server.urls]


def test_one_server_serves_a_file_to_all_until_the_last_lease_ends(file: Path, serve: Serve) -> None:
    server = serve(file, "one")
    assert segments(server) == ["run"]
    assert serve(file, "two") is server
    end_lease(file, "one")
    assert server.process.poll() is None
    end_lease(file, "two")
    assert server.process.poll() is not None
    assert on_demand._servers == {}
    assert serve(file, "three") is not server


def test_a_lease_that_nobody_renews_ends(file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_server, "LEASE_SECONDS", 0.5)
    server = serve(file)
    server.process.wait(30)
    wait_until(lambda: on_demand._sweeper is None)
    assert on_demand._servers == {}


def test_a_server_that_was_killed_is_started_again(file: Path, serve: Serve) -> None:
    server = serve(file)
    server.process.kill()
    server.process.wait()
    again = serve(file)
    assert again is not server
    assert again.process.poll() is None
    assert not server.folder.exists()


def test_a_script_finds_the_modules_beside_it_whatever_the_environment_says(
    file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert segments(serve(file)) == ["run"]


def test_a_file_that_has_changed_gets_another_server(file: Path, serve: Serve) -> None:
    server = serve(file)
    write_recording(file, "other")
    assert segments(serve(file)) == ["other"]
    assert segments(server) == ["run"]


def test_at_the_limit_no_other_file_is_served(file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_demand, "_MOST_SERVERS", 1)
    server = serve(file)
    with pytest.raises(RecordingError, match="already serves 1 large recordings"):
        serve(write_recording(file.with_name("other.rrd"), "other"))
    assert serve(file) is server


def test_at_the_limit_a_client_with_several_files_loses_one_to_another_client(
    file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_demand, "_MOST_SERVERS", 3)
    crowded, same, other = Client("a", "1"), Client("a", "2"), Client("b", "1")

    def serve_for(client: Client, name: str) -> FileServer:
        path = file.with_name(name)
        with working_for(client):
            return serve(path if path.exists() else write_recording(path, name), f"{client}")

    first, second = serve_for(crowded, "first"), serve_for(crowded, "second")
    for_all = serve_for(crowded, "for all")
    assert [serve_for(each, "for all") for each in (same, other)] == [for_all, for_all]
    third = serve_for(other, "third")
    assert (first.process.poll(), second.is_wanted, for_all.is_wanted) == (None, False, True)
    for client in (crowded, other):
        with pytest.raises(RecordingError, match="already serves 3 large recordings"):
            serve_for(client, "fourth")
    assert all(each.is_wanted for each in (first, for_all, third))
    assert len(on_demand._servers) == 3


def test_at_the_limit_pages_of_one_address_keep_what_several_of_them_show(
    file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_demand, "_MOST_SERVERS", 2)
    for name in ("first", "second"):
        recording = write_recording(file.with_name(name), name)
        for page in ("1", "2"):
            with working_for(Client("a", page)):
                serve(recording, page)
    with working_for(Client("a", "3")), pytest.raises(RecordingError, match="already serves 2 large recordings"):
        serve(file)
    with working_for(Client("b", "1")):
        assert serve(file).is_wanted


def test_nobody_takes_the_lease_of_another_page(file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_server, "_MOST_LEASES", 2)
    for lease in ["a", "b", "a"]:
        server = serve(file, lease)
    assert serve(file, "c") is server
    assert server.leases.keys() == {"a", "b"}
    for lease in ["a", "b", "c"]:
        end_lease(file, lease)
    assert server.is_wanted  # "c" may be several pages
    server.shared_until = time.monotonic()
    assert not server.is_wanted
    server.leases = {"a": time.monotonic() + 60, "b": 0}  # "b" has ended
    assert serve(file, "c").leases.keys() == {"a", "c"}


def test_a_lease_is_renewed_while_others_wait(file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(file)

    def turn(_: str) -> Any:
        raise AssertionError("It waits.")

    monkeypatch.setattr(on_demand._turns, "turn", turn)
    assert serve(file) is server


@pytest.mark.parametrize("name", ["\u65e5\u672c.rrd", "-.rrd", "\u00fcbung (1) a+b'50%#?" + "x" * 200 + ".rrd"])
def test_a_file_may_have_any_name(name: str, file: Path, serve: Serve) -> None:
    assert segments(serve(file.rename(file.with_name(name)))) == ["run"]


def test_ids_of_recordings_are_encoded_in_urls(tmp_path: Path, serve: Serve) -> None:
    file = write_recording(tmp_path / "run.rrd", "a&segment_id=b#c? d/\u00fc")
    (url,) = serve(file).urls
    assert url.endswith("?segment_id=a%26segment_id%3Db%23c%3F%20d%2F%C3%BC")


def test_a_file_with_too_many_recordings_is_not_served(tmp_path: Path, serve: Serve) -> None:
    file = write_recording(tmp_path / "run.rrd", "x" * 1001)
    with pytest.raises(RecordingError, match="more than 1000 recordings, or their ids are too long"):
        serve(file)


@pytest.mark.parametrize(
    ("content", "ids", "is_truncated"),
    [
        (lambda file: recording_bytes("one"), ["one"], False),  # of a stream: without a manifest
        (
            lambda file: recording_bytes("one") + file.read_bytes() + recording_bytes("two"),
            ["one", "run", "two"],
            False,
        ),
        (lambda file: file.read_bytes() * 2, ["run"], False),
        (lambda file: file.read_bytes()[:-200], ["run"], False),
        (lambda file: recording_bytes("one")[:-5], ["one"], False),
        (lambda file: file.read_bytes()[:6000], ["run"], True),
    ],
    ids=[
        "stream",
        "streams and a file",
        "twice",
        "half a manifest",
        "half a table",
        "truncated",
    ],
)
def test_a_file_without_one_manifest_gets_one(
    content: Callable[[Path], bytes], ids: list[str], is_truncated: bool, file: Path, serve: Serve
) -> None:
    given = file.with_name("given.rrd")
    given.write_bytes(content(file))
    server = serve(given)
    assert sorted(segments(server)) == ids
    assert server.is_truncated is is_truncated
    assert {each.name for each in server.folder.iterdir()} == {"recording.rrd"}  # nothing of the program `rerun`


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no recording at all", "it is not a Rerun recording"),
        (b"RRF2", "it is not a Rerun recording"),
        (b"RRF2" + bytes(8) + b"\xff" * 100, "its structure is unknown"),
        (
            b"RRF2" + bytes(8) + b"\x02" + bytes(7) + b"\x10" + bytes(7) + b"\xff" * 16,
            "rerun-sdk cannot read it",
        ),
        (b"RRF2" + bytes(8), "rerun-sdk cannot read it"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_reason(
    content: bytes, reason: str, file: Path, serve: Serve
) -> None:
    file.write_bytes(content)
    with pytest.raises(RecordingError, match=rf"^'run.rrd' cannot be served piece by piece: ({reason})\.$") as refused:
        serve(file)
    assert str(file.parent) not in str(refused.value)
    assert on_demand._servers == {}


def test_recordings_of_different_versions_cannot_be_joined(file: Path, serve: Serve) -> None:
    other = bytearray(recording_bytes("other"))
    other[4] ^= 1
    file.write_bytes(file.read_bytes() + other)
    with pytest.raises(RecordingError, match="different versions of rerun-sdk"):
        serve(file)


def test_a_file_that_is_missing_is_refused(tmp_path: Path, serve: Serve) -> None:
    with pytest.raises(RecordingError, match=r"'no.rrd' cannot be read: No such file"):
        serve(tmp_path / "no.rrd")
    end_lease(tmp_path / "no.rrd", "lease")


def test_an_older_sdk_says_which_one_is_needed(file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._viewer.sdk.metadata.version", lambda _: "0.31.4")
    (file.parent / "cache").mkdir()
    with pytest.raises(SdkError, match=r"rerun-sdk 0\.31\.4 .* 0\.32 or newer is needed"):
        serve(file)


def test_the_memory_of_a_server_is_limited(file: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_MEMORY", "10mb")
    with pytest.raises(RecordingError, match="cannot be served piece by piece"):
        serve(file)


def test_work_that_is_unwanted_ends_the_process(tmp_path: Path, serve: Serve) -> None:
    pipe = tmp_path / "pipe.rrd"
    os.mkfifo(pipe)  # which the process waits for
    work = Work()
    token = current.set(work)
    try:
        threading.Timer(1, work.give_up).start()
        with pytest.raises(RecordingError, match="no longer wanted"):
            serve(pipe)
    finally:
        current.reset(token)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit for files")
def test_a_full_disk_is_named_and_later_the_file_is_served(file: Path, serve: Serve) -> None:
    growing = Shown(file.parent, set()).append(recording_bytes("stream"), Call(), None)
    file = Path(growing.path)  # without a manifest
    with full_disk(1000), pytest.raises(RecordingError, match=r"cannot be kept in Gradio's cache: .*Make room"):
        serve(file)
    assert segments(serve(file)) == ["stream"]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces the program `rerun` by a shell script."""

    def replace(script: str) -> None:
        package = tmp_path / "packages" / "rerun_cli"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "rerun").write_text(f"#!/bin/sh\n{script}\n")
        (package / "rerun").chmod(0o755)
        monkeypatch.syspath_prepend(str(tmp_path / "packages"))

    return replace


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    """A file to which `rerun` must add a manifest."""
    file = tmp_path / "joined.rrd"
    file.write_bytes(recording_bytes("one") * 2)
    return file


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_the_program_that_adds_manifests_sends_no_usage_data(
    tmp_path: Path, joined: Path, serve: Serve, program: Callable[[str], None]
) -> None:
    found = importlib.util.find_spec("rerun_cli")
    assert found
    assert found.origin
    rerun, settings, files = Path(found.origin).with_name("rerun"), tmp_path / "settings", tmp_path / "files"
    program(f'{rerun} analytics config > {settings}\n{rerun} "$@"\nfind "$HOME" -type f > {files}')
    serve(joined)
    assert json.loads(settings.read_text())["analytics_enabled"] is False
    assert {Path(each).name for each in files.read_text().splitlines()} == {"analytics.json"}  # no data to send later


@pytest.mark.skipif(sys.platform == "win32", reason="needs a session")
def test_the_program_that_adds_manifests_ends_with_the_work(
    tmp_path: Path, joined: Path, serve: Serve, program: Callable[[str], None]
) -> None:
    pid = tmp_path / "pid"
    program(f"echo $$ > {pid}\nexec sleep 600")
    work = Work()

    def end() -> None:
        wait_until(lambda: pid.exists() and pid.read_text().strip())
        work.give_up()

    token = current.set(work)
    try:
        threading.Thread(target=end).start()
        with pytest.raises(RecordingError, match="no longer wanted"):
            serve(joined)
        wait_until(lambda: not is_running(int(pid.read_text())))
    finally:
        current.reset(token)


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_a_disk_without_room_is_an_error(file: Path) -> None:
    (file.parent / "cache").write_bytes(b"a file where the cache should be")
    with pytest.raises(RecordingError, match="cannot be kept in Gradio's cache"):
        served(file, file.parent / "cache", "lease", lambda _: None)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_server_ends_with_its_parent_although_a_forked_process_lives(file: Path, serve: Serve) -> None:
    server = serve(file)
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        assert server.process.stdin
        server.process.stdin.close()  # as the end of this process does
        assert server.process.wait(30) == -signal.SIGKILL
        assert not server.folder.exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


# Tickets


def call(url: str, ticket: str) -> Any:
    request = {"server": url, "ticket": ticket, "path": "/rerun.cloud.v1alpha1.RerunCloudService/FindEntries"}
    return {**request, "headers": {"content-type": "application/grpc-web+proto"}, "body": ""}


def test_only_the_ticket_for_the_file_opens_its_server_and_only_while_it_runs(file: Path, serve: Serve) -> None:
    url = serve(file).urls[0]
    servers = Servers(True)
    servers.trust()
    assert (servers.ticket(url), servers.ticket(url, own=True)) == (None, None)  # a user may have typed the URL
    for name in ["localhost", "127.1", "2130706433", "0.0.0.0", "[::1]"]:
        assert servers.ticket(url.replace("127.0.0.1", name)) is None
    ticket = servers.ticket_for_file(url)
    assert servers.forward(call(url, ticket)).status_code == 200
    end_lease(file, "lease")
    assert servers.forward(call(url, ticket)).status_code == 403
    secret = own_servers.add(url)  # another server at the same port
    try:
        assert servers.forward(call(url, ticket)).status_code == 403
        own_servers.remove(url, "of the one before")
        assert own_servers.secret_of(origin_of(url)) == secret
    finally:
        own_servers.remove(url, secret)
    assert own_servers.secret_of(origin_of(url)) is None


def test_the_server_is_reached_from_this_machine_only(file: Path, serve: Serve) -> None:
    url = serve(file).urls[0]
    assert httpx.URL(origin_of(url)).host == "127.0.0.1"


# What clients send


def test_a_client_names_large_uploads_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    upload = write_recording(tmp_path / "uploads" / "1" / "run.rrd", "run")
    assert large_file({"path": str(upload), "lease": "a"}, 100) == (upload, "a")
    elsewhere = write_recording(tmp_path / "run.rrd", "run")
    for data in [
        *(None, [], "x", {}, {"path": str(upload)}, {"lease": "a"}),
        *({"path": str(upload), "lease": each} for each in (1, None, "a" * 65)),
        *({"path": each, "lease": "a"} for each in (None, 3, str(elsewhere), str(upload.parent), f"{upload}x", "\0")),
    ]:
        with pytest.raises(GradioRerunError):
            large_file(data, 100)
    for above in [None, upload.stat().st_size]:
        with pytest.raises(GradioRerunError, match=r"run\.rrd is not a large file"):
            large_file({"path": str(upload), "lease": "a"}, above)


def lines_of(
    work: Callable[[Any], dict[str, Any]],
    patience: float = 30,
    at_once: Callable[[], dict[str, Any] | None] = lambda: None,
) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        response: Any = lines_while(work, asyncio.Lock(), at_once, Client())
        with anyio.fail_after(patience):
            return [json.loads(line) async for line in response.body_iterator]

    return asyncio.run(read())


def test_the_progress_is_reported_while_a_file_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._component.large_files._REPORTS_EVERY", 0.01)
    go = threading.Event()

    def work(on_progress: Callable[[float], object]) -> dict[str, Any]:
        on_progress(0.25)
        go.wait(1)
        return {"servers": []}

    first, *_, last = lines_of(work)
    assert first["progress"] in (0, 0.25)
    assert last == {"servers": []}


def test_lines_arrive_while_a_file_waits_for_another_one_of_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies end calls without data."""
    monkeypatch.setattr("gradio_rerun._component.large_files._REPORTS_EVERY", 0.01)

    async def read() -> list[dict[str, Any]]:
        turn, others_end = asyncio.Lock(), anyio.Event()

        async def other() -> None:
            async with turn:
                await others_end.wait()

        response: Any = lines_while(lambda _: {"servers": []}, turn, lambda: None, Client())
        lines = response.body_iterator
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(other)
                await anyio.sleep(0)
                waiting = [json.loads(await anext(lines)) for _ in range(3)]
                others_end.set()
                rest = [json.loads(line) async for line in lines]
            async with turn:
                return [*waiting, rest[-1]]

    assert asyncio.run(read()) == [{"progress": 0}] * 3 + [{"servers": []}]


class _RequestOfSession:
    async def json(self) -> dict[str, Any]:
        return {"session_hash": "one"}


def test_the_next_file_of_a_session_is_prepared_after_a_client_has_left_while_a_line_was_sent() -> None:
    async def read() -> list[dict[str, Any]]:
        request: Any = _RequestOfSession()
        turn = await turn_of(request)
        begun, goes_on = threading.Event(), threading.Event()

        def work(_: Any) -> dict[str, Any]:
            begun.set()
            goes_on.wait(10)
            return {}

        left: Any = lines_while(work, turn, lambda: None, Client())
        lines = left.body_iterator
        await anext(lines)
        assert begun.is_set()
        # The task that read the lines was cancelled in `send`: Python closes the generator in another task.
        await asyncio.create_task(lines.aclose())
        goes_on.set()
        response: Any = lines_while(lambda _: {"servers": []}, await turn_of(request), lambda: None, Client())
        with anyio.fail_after(10):
            return [json.loads(line) async for line in response.body_iterator]

    assert asyncio.run(read())[-1] == {"servers": []}


@pytest.fixture
def upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    upload = write_recording(tmp_path / "cache" / "1" / "run.rrd", "run")
    yield upload
    upload.unlink()
    upload.parent.rmdir()


def test_a_lease_is_renewed_while_another_file_of_the_session_is_prepared(serve: Serve, upload: Path) -> None:
    viewer = Rerun(on_demand_above=1000)
    data = {"path": str(upload), "lease": "a"}
    work, at_once = partial(viewer._served, data), partial(viewer._renewed, data)
    (*_, opened) = lines_of(work, at_once=at_once)

    async def renewed_meanwhile() -> Any:
        turn = asyncio.Lock()
        async with turn:
            response: Any = lines_while(work, turn, at_once, Client())
            with anyio.fail_after(10):
                return [json.loads(line) async for line in response.body_iterator]

    (renewed,) = asyncio.run(renewed_meanwhile())
    assert [each["server"] for each in renewed["servers"]] == [each["server"] for each in opened["servers"]]
    asyncio.run(viewer.close_large_file(data, SimpleNamespace(headers={})))
    assert on_demand._servers == {}


def test_the_work_is_unwanted_when_the_client_leaves() -> None:
    ended = threading.Event()

    def work(_: Any) -> dict[str, Any]:
        with (current.get() or Work()).ended_by(ended.set):
            ended.wait(30)
        return {}

    with pytest.raises(TimeoutError):
        lines_of(work, patience=0.8)
    assert ended.wait(10)


def test_a_component_serves_a_large_file_and_says_why_it_does_not(serve: Serve, upload: Path) -> None:
    viewer = Rerun(on_demand_above=1000)
    data = {"path": str(upload), "lease": "a"}
    ((*_, result),) = [lines_of(partial(viewer._served, data))]
    assert [each["server"].rpartition("=")[2] for each in result["servers"]] == ["run"]
    asyncio.run(viewer.close_large_file(data, SimpleNamespace(headers={})))
    assert on_demand._servers == {}
    assert lines_of(partial(viewer._served, {"path": 1}))[-1] == {"error": "This is not a request for a large file."}
    asyncio.run(viewer.close_large_file(None, SimpleNamespace(headers={})))


def test_values_keep_their_path(tmp_path: Path) -> None:
    assert rr.__version__
    file = write_recording(tmp_path / "run.rrd", "run")
    viewer = Rerun(on_demand_above=1)
    (shown,) = viewer.postprocess(str(file)).root
    assert Path(shown.path).name == "run.rrd"
