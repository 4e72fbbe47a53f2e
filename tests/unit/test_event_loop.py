"""No slow work runs on the event loop, where all visitors would wait for it. tests/matrix.py runs these tests with other versions of Gradio."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import gradio as gr
import pytest
import rerun as rr
import rerun.blueprint as rrb
from apps import settings_in
from gradio.context import LocalContext
from gradio.data_classes import FileData
from gradio.state_holder import SessionState
from other_files import lerobot
from PIL import Image
from recordings import log_points, recording_bytes, sdk, write_recording

from gradio_rerun import Rerun, commands
from gradio_rerun._component import server_functions, streaming
from gradio_rerun._gradio.postponed import Postponed
from gradio_rerun._recordings import episodes
from gradio_rerun.errors import RecordingError
from gradio_rerun.lerobot import Episode

BEATS = 2
HEARTBEAT = 0.002  # seconds
LIMIT = 30.0
"""Seconds within which an event loop that is not blocked has a heartbeat."""


class Heart:
    """Heartbeats on the event loop. Slow work waits for heartbeats, which never come if the work runs on the loop itself."""

    def __init__(self) -> None:
        self._beat = threading.Semaphore(0)
        self.slow = 0

    async def beat(self) -> None:
        while True:
            self._beat.release()
            await asyncio.sleep(HEARTBEAT)

    def wait(self) -> None:
        self.slow += 1
        while self._beat.acquire(blocking=False):
            pass
        for _ in range(BEATS):
            assert self._beat.acquire(timeout=LIMIT), "the event loop was blocked"


@pytest.fixture
def heart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Heart:
    """Each conversion, hash, copy, read or write takes two heartbeats."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    heart = Heart()

    def slowly(function: Callable[..., Any]) -> Callable[..., Any]:
        def slow(value: Any, *args: Any, **options: Any) -> Any:
            if value is not None:
                heart.wait()
            return function(value, *args, **options)

        return slow

    def convert(folder: Path, index: int, cache: Path, may_read: Any) -> Path:
        return write_recording(cache / "episode" / "run.rrd", "run", frames=1)

    monkeypatch.setattr(episodes, "converted_episode", convert)
    monkeypatch.setattr(streaming, "to_recordings", slowly(streaming.to_recordings))
    return heart


SLOW = {"open", "os.link", "os.listdir", "os.scandir", "shutil.copyfile", "subprocess.Popen"}
_on_loop: list[str] | None = None
_loop_thread = 0


def _note(event: str, args: tuple[Any, ...]) -> None:
    if _on_loop is not None and event in SLOW and threading.get_ident() == _loop_thread:
        _on_loop.append(f"{event} {args[0]}")


sys.addaudithook(_note)


def call(demo: gr.Blocks, heart: Heart, function: Any = None) -> list[Any]:
    """Returns the values that the page gets from a function of the app, by default the first. Fails if a file is opened on the event loop."""

    async def call() -> list[Any]:
        global _loop_thread
        _loop_thread = threading.get_ident()
        beating = asyncio.create_task(heart.beat())
        state, values, iterator = SessionState(demo), [], None
        while True:
            output = await demo.process_api(
                block_fn=function or next(iter(demo.fns.values())),
                inputs=[],
                state=state,
                session_hash="session",
                event_id="event",
                iterator=iterator,
                simple_format=True,
            )
            values.append(output["data"][0])
            iterator = output["iterator"]
            if not output["is_generating"]:
                beating.cancel()
                return values

    global _on_loop
    _on_loop = opened = []
    try:
        return asyncio.run(call())
    finally:
        _on_loop = None
        assert opened == []


def picture(folder: Path) -> Path:
    Image.new("RGB", (4, 4)).save(folder / "picture.png")
    return folder / "picture.png"


def recording(folder: Path) -> Path:
    return write_recording(folder / "run.rrd", "run", frames=1)


def logged(_: Path) -> rr.RecordingStream:
    stream = rr.RecordingStream("logged")
    log_points(stream)
    return stream


def binary_stream(_: Path) -> rr.BinaryStream:
    stream = rr.RecordingStream("binary")
    read = stream.binary_stream()
    log_points(stream)
    return read


def blueprint(folder: Path) -> Path:
    rrb.Blueprint(rrb.Spatial3DView()).save("layout", str(folder / "layout.rbl"))
    return folder / "layout.rbl"


def reader(folder: Path) -> Any:
    return sdk("RrdReader")(recording(folder))


def in_bucket(_: Path) -> Any:
    """An object of fsspec, which is opened when it is read."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/run.rrd", recording_bytes("bucket"))
    return fsspec.core.OpenFile(memory, "/bucket/run.rrd")


KINDS: dict[str, Callable[[Path], Any]] = {
    "a picture": picture,
    "a BinaryStream": binary_stream,
    "a FileData": lambda folder: FileData(path=str(recording(folder)), orig_name="run.rrd"),
    "a blueprint": blueprint,
    "a reader": reader,
    "a ChunkStore": lambda folder: reader(folder).stream().collect(),
    "a LazyChunkStream": lambda folder: reader(folder).stream(),
    "a file in a bucket": in_bucket,
    "a LeRobot dataset": lambda folder: lerobot(folder / "dataset"),
    "a recording": recording,
    "bytes": lambda _: recording_bytes("bytes"),
    "a RecordingStream": logged,
    "a list": lambda folder: [recording(folder), recording_bytes("bytes")],
    "an episode": lambda folder: Episode(folder, 0),
    "commands with a value": lambda folder: commands.show(recording(folder), commands.set_time(play_state="playing")),
}
READ_AS_FILES = {
    "a FileData",
    "a blueprint",
    "a reader",
    "a ChunkStore",
    "a LazyChunkStream",
    "a file in a bucket",
    "a LeRobot dataset",
}
"""Kinds that are the same to a component that streams: only data are appended."""


def plain(value: Any) -> Any:
    return lambda: value


def asynchronous(value: Any) -> Any:
    async def function() -> Any:
        return value

    return function


def update(value: Any) -> Any:
    return lambda: gr.update(value=value, height=300)


def returned(value: Any) -> Any:
    return lambda: Rerun(value=value, height=300)


def generator(value: Any) -> Any:
    def function() -> Iterator[Any]:
        yield value
        yield gr.update(value=value)
        yield Rerun(value=value)

    return function


def asynchronous_update(value: Any) -> Any:
    async def function() -> Any:
        return gr.update(value=value, height=300)

    return function


def asynchronously_returned(value: Any) -> Any:
    async def function() -> Any:
        return Rerun(value=value, height=300)

    return function


def asynchronous_generator(value: Any) -> Any:
    async def function() -> AsyncIterator[Any]:
        yield value
        yield gr.update(value=value)
        yield Rerun(value=value)

    return function


WAYS = (plain, asynchronous, update, returned, generator)
ASYNCHRONOUS_WAYS = (asynchronous_update, asynchronously_returned, asynchronous_generator)
ALL_WAYS = (*WAYS, *ASYNCHRONOUS_WAYS)
IN_UPDATES = (update, returned, generator, *ASYNCHRONOUS_WAYS)


@pytest.mark.filterwarnings("ignore:A generator yields data")
@pytest.mark.parametrize(
    ("kind", "streaming"),
    [(kind, streaming) for kind in KINDS for streaming in ([False] if kind in READ_AS_FILES else [False, True])],
)
def test_the_event_loop_goes_on_while_a_value_is_prepared(
    kind: str, streaming: bool, heart: Heart, tmp_path: Path
) -> None:
    value = KINDS[kind](tmp_path)
    ways = [each for each in ALL_WAYS if not (kind.startswith("commands") and each in IN_UPDATES)]
    with gr.Blocks() as demo:
        viewer = Rerun(streaming=streaming, allowed_sources=["memory://bucket/"])
        for way in ways:
            gr.on(None, way(value), None, viewer)
    for way, function in zip(ways, list(demo.fns.values()), strict=True):
        heart.slow = 0
        viewer.temp_files.clear()
        values = call(demo, heart, function)
        assert heart.slow >= 1, way.__name__
        for sent in values[: 3 if way in (generator, asynchronous_generator) else 1]:
            files = sent if isinstance(sent, list) else sent["value"]
            for file in files:
                assert Path(file["path"]).read_bytes().startswith(b"RRF2"), way.__name__
                assert file["url"].startswith("/gradio_api/file="), way.__name__
                assert file["path"] in viewer.temp_files, way.__name__


@pytest.mark.parametrize(
    ("way", "sent_commands"),
    [
        (lambda path: gr.update(value=path, label="b"), 0),
        (lambda path: Rerun(path, label="b"), 0),
        (lambda path: commands.show(path, commands.get_state()), 1),
    ],
    ids=["gr.update", "Rerun", "commands.show"],
)
def test_an_update_keeps_what_another_function_changed_while_its_value_was_prepared(
    way: Callable[[Path], Any], sent_commands: int, heart: Heart, tmp_path: Path
) -> None:
    path, go_on = recording(tmp_path), threading.Event()

    def wait() -> None:
        heart.slow += 1
        assert go_on.wait(LIMIT)

    heart.wait = wait  # type: ignore[method-assign]
    with gr.Blocks() as demo:
        viewer = Rerun()
        gr.on(None, lambda: way(path), None, viewer)
        gr.on(None, lambda: gr.update(height=300), None, viewer)
    state, (slow, quick) = SessionState(demo), demo.fns.values()

    async def process(function: Any) -> tuple[Any, dict[str, Any]]:
        (sent,) = (await demo.process_api(function, [], state, session_hash="session"))["data"]
        return sent.get("value"), settings_in(sent["props"])

    async def both() -> None:
        slow_one = asyncio.create_task(process(slow))
        while not heart.slow:
            await asyncio.sleep(HEARTBEAT)
        _, changed = await process(quick)
        assert not slow_one.done()
        go_on.set()
        value, last = await slow_one
        assert (changed["height"], last["height"], len(value)) == ("300px", "300px", 1)
        assert len(last.get("commands", [])) == sent_commands

    asyncio.run(both())


def test_the_event_loop_goes_on_while_a_render_makes_a_component(heart: Heart, tmp_path: Path) -> None:
    with gr.Blocks() as demo:

        @gr.render()
        def show() -> None:
            Rerun(value=recording(tmp_path))

    call(demo, heart)
    assert heart.slow == 1


@pytest.mark.parametrize("way", [update, returned, asynchronous_update, asynchronously_returned])
def test_an_update_looks_at_no_file_on_the_event_loop(
    way: Callable[[Any], Any], heart: Heart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a network drive, each access takes milliseconds."""
    looked: list[str] = []

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        def noting(path: Any, *args: Any, **options: Any) -> Any:
            if threading.get_ident() == _loop_thread:
                looked.append(str(path))
            return function(path, *args, **options)

        return noting

    with gr.Blocks() as demo:
        gr.Button().click(way(recording(tmp_path)), None, Rerun())
    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, noted(getattr(os, name)))
    call(demo, heart)
    assert looked == []


@pytest.mark.parametrize("way", [update, returned])
def test_a_call_within_a_call_returns_an_update(way: Callable[[Any], Any], heart: Heart, tmp_path: Path) -> None:
    """gr.Examples(cache_mode="lazy") calls its function like this."""
    with gr.Blocks() as demo:
        gr.Button().click(way(recording(tmp_path)), None, Rerun())
    token = LocalContext.in_event_listener.set(True)
    try:
        (sent,) = call(demo, heart)
    finally:
        LocalContext.in_event_listener.reset(token)
    assert len(sent["value"]) == 1


@pytest.mark.parametrize("way", WAYS)
def test_an_error_reaches_the_visitor(way: Callable[[Any], Any], heart: Heart) -> None:
    with gr.Blocks() as demo:
        gr.Button().click(way(b"no recording"), None, Rerun())
    with pytest.raises(gr.Error, match="it starts with b'no r'"):
        call(demo, heart)


@pytest.mark.parametrize("update", [gr.update, Rerun])
def test_an_update_without_new_data_leaves_what_is_shown(update: Callable[..., Any], heart: Heart) -> None:
    with gr.Blocks() as demo:
        gr.on(None, lambda: update(value=b"", label="b"), None, Rerun(streaming=True))
    (sent,) = call(demo, heart)
    assert "value" not in sent
    assert sent["label"] == "b"


def test_an_error_leaves_nothing_unprepared_in_the_session(heart: Heart) -> None:
    with gr.Blocks() as demo:
        viewers = [Rerun(), Rerun()]
        gr.on(None, lambda: [b"not a recording", recording_bytes("good")], None, viewers)
    state = SessionState(demo)

    async def fail() -> None:
        beating = asyncio.create_task(heart.beat())
        with pytest.raises(gr.Error):
            await demo.process_api(next(iter(demo.fns.values())), [], state, session_hash="session")
        beating.cancel()

    asyncio.run(fail())
    values = [config["props"].get("value") for config in state.config_values.values()]
    assert values
    assert not any(isinstance(value, Postponed) for value in values)


def test_gradio_does_not_check_the_file_of_a_stream_at_each_yield(
    heart: Heart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these checks would resolve paths."""
    resolve, resolved = Path.resolve, []

    def counted(path: Path, *args: Any, **options: Any) -> Path:
        resolved.append(path)
        return resolve(path, *args, **options)

    def function() -> Iterator[bytes]:
        for number in range(5):
            yield recording_bytes(str(number))
            if number == 0:  # the file has been created
                resolved.clear()

    with gr.Blocks() as demo:
        gr.on(None, function, None, Rerun(streaming=True))
    monkeypatch.setattr(Path, "resolve", counted)
    values = call(demo, heart)
    assert resolved == []
    sizes = [file["size"] for (file,) in values[:5]]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    ("function", "data", "does"),
    [
        ("close_large_file", None, "large_file"),
        ("restore_files", None, "restore_page_files"),
        ("viewer_code", "name", "viewer_assets"),
        ("forget_recording", "path", "forget"),
    ],
)
def test_the_event_loop_goes_on_while_a_page_calls_a_function_of_the_server(
    function: str, data: Any, does: str, heart: Heart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio 6.10 calls functions without `async` on the event loop."""

    def slow(*_: Any) -> Any:
        heart.wait()
        raise RecordingError("slow")

    monkeypatch.setattr(server_functions, does, slow)
    viewer = Rerun()

    async def ask() -> None:
        beating = asyncio.create_task(heart.beat())
        with suppress(RecordingError):
            called: Any = getattr(viewer, function)(data, SimpleNamespace(headers={}))
            if inspect.isawaitable(called):
                await called
        beating.cancel()

    asyncio.run(ask())
    assert heart.slow == 1


def test_all_functions_of_the_server_are_async() -> None:
    functions = {name: getattr(Rerun, name) for name in dir(Rerun)}
    functions = {name: each for name, each in functions.items() if getattr(each, "_is_server_fn", False)}
    assert [name for name, each in functions.items() if not inspect.iscoroutinefunction(each)] == []
