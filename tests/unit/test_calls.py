"""Values that functions return and yield to a component, through Gradio's own `process_api`."""

from __future__ import annotations

import asyncio
import functools
import gc
import importlib.util
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
from apps import in_app
from gradio.cli.commands.reload import reload_thread
from gradio.context import LocalContext
from gradio.data_classes import MediaStreamChunk
from gradio.state_holder import SessionState
from gradio.utils import safe_aclose_iterator
from recordings import pieces_of_stream, recording_bytes, sdk, write_recording
from waiting import wait_until

from gradio_rerun import Rerun, commands
from gradio_rerun._gradio import calls, postponed
from gradio_rerun._gradio.calls import Call, current_call
from gradio_rerun._recordings import shown
from gradio_rerun._wire import Recordings
from gradio_rerun.errors import RecordingError

DATA = recording_bytes("one")


class Session:
    """One visitor of an app."""

    def __init__(self, demo: gr.Blocks, name: str | None = "session") -> None:
        self.demo = demo
        self.state = SessionState(demo)
        self.name = name
        self.calls = 0
        self.values: list[list[Any]] = []
        """What the page has got in the last call."""

    def call(self, number: int = 0, inputs: tuple[Any, ...] = ()) -> list[list[Any]]:
        """Calls the app's function with this number, and yields each value that the page gets."""
        return asyncio.run(self._call(number, inputs))

    async def _call(self, number: int, inputs: tuple[Any, ...]) -> list[list[Any]]:
        self.calls += 1
        values: list[list[Any]] = []
        self.values, iterator = values, None
        while True:
            output = await self.demo.process_api(
                block_fn=list(self.demo.fns.values())[number],
                inputs=list(inputs),
                state=self.state,
                session_hash=self.name,
                event_id=f"event {self.calls}",
                iterator=iterator,
                simple_format=True,
            )
            values.append(output["data"])
            iterator = output["iterator"]
            if not output["is_generating"]:
                return values


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def app(*functions: Callable[..., Any], outputs: int = 1, **options: Any) -> tuple[gr.Blocks, Rerun]:
    with gr.Blocks() as demo:
        viewer = Rerun(**{"streaming": True, **options})
        others = [gr.Textbox() for _ in range(outputs - 1)]
        for function in functions:
            gr.Button().click(function, None, [viewer, *others] if others else viewer)
    return demo, viewer


def is_unchanged(value: Any) -> bool:
    """Whether it is an update that at most repeats the settings."""
    return value == gr.skip() or (isinstance(value, dict) and value.keys() == {"__type__", "props"})


def cleared(value: Any) -> bool:
    return value == [] or (isinstance(value, dict) and value.get("value") == [])


def sizes(values: list[list[Any]]) -> list[int]:
    """The size of the only file of each value."""
    return [file["size"] for ((file,), *_) in values]


def generate(*values: Any) -> Iterator[Any]:
    yield from values


async def generate_async(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        yield value


class Generates:
    def run(self, *values: Any) -> Iterator[Any]:
        yield from values


def partials(*values: Any) -> list[Callable[..., Any]]:
    return [functools.partial(function, *values) for function in (generate, generate_async, Generates().run)]


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("event", [None, "selection_change", "time_update"])
def test_none_from_a_generator_changes_nothing(kind: int, event: str | None) -> None:
    function = partials(None, DATA, None, b"", DATA, None)[kind]
    demo, viewer = app(*([] if event else [function]))
    if event:  # of the viewer itself
        with demo:
            getattr(viewer, event)(function, None, viewer)
    first, *values, end = Session(demo).call()
    assert is_unchanged(first[0])
    one, nothing, empty, two, last = sizes(values)
    assert one == nothing == empty < two == last
    assert end == values[-1]  # Gradio sends the last value again


@pytest.mark.parametrize("values", [(None,), (None, None), ([None],), (b"", None), ([], None)])
def test_a_generator_with_nothing_new_changes_nothing(values: tuple[Any, ...]) -> None:
    demo, _ = app(functools.partial(generate, *values), lambda: DATA)
    session = Session(demo)
    (before,) = sizes(session.call(1))
    got = [value for (value,) in session.call()]
    if values[0] == []:
        assert got.pop(0) == []
    assert all(is_unchanged(value) for value in got)
    (after,) = sizes(session.call(1))
    assert (after > before) == (values[0] != [])


def test_none_means_the_same_beside_other_outputs() -> None:
    def lists() -> Iterator[Any]:
        yield DATA, "running"
        yield None, "done"

    def dicts() -> Iterator[Any]:
        yield {viewer: DATA, text: "running"}
        yield {text: "waiting"}
        yield {viewer: None, text: "done"}

    with gr.Blocks() as demo:
        viewer, text = Rerun(streaming=True), gr.Textbox()
        for function in (lists, dicts):
            gr.Button().click(function, None, [viewer, text])
    for number in (0, 1):
        first, *between, last, end = Session(demo).call(number)
        assert first[0] == last[0] == end[0]
        assert last[1] == "done"
        assert all(is_unchanged(value) for value, _ in between)


@pytest.mark.parametrize("value", [None, [], (), [None], (None, None)])
def test_none_from_a_plain_function_clears(value: Any) -> None:
    async def asynchronous() -> Any:
        return value

    demo, _ = app(lambda: DATA, lambda: value, asynchronous)
    session = Session(demo)
    paths = []
    for clear in (1, 2):
        (((file,),),) = session.call(0)
        paths.append(file["path"])
        assert session.call(clear) == [[[]]]
    assert paths[0] != paths[1]


def test_an_empty_list_that_a_generator_yields_clears() -> None:
    demo, _ = app(functools.partial(generate, DATA, [], None, DATA))
    first, empty, nothing, last, _ = [value for (value,) in Session(demo).call()]
    assert empty == []
    assert is_unchanged(nothing)
    assert last[0]["path"] != first[0]["path"]
    assert last[0]["size"] == first[0]["size"]


@pytest.mark.parametrize("is_generator", [True, False])
def test_none_in_an_update_clears(is_generator: bool) -> None:
    update = gr.update(value=None, label="cleared")
    demo, _ = app(lambda: DATA, functools.partial(generate, update, DATA) if is_generator else lambda: update)
    session = Session(demo)
    (before,) = sizes(session.call(0))
    (value,), *rest = session.call(1)
    assert cleared(value)
    assert value["label"] == "cleared"
    assert sizes(rest) == [before, before] if is_generator else not rest


def test_an_update_of_another_call_while_a_value_is_prepared_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    demo, _ = app(lambda: DATA, gr.skip)
    session = Session(demo)
    in_thread = postponed.in_thread

    async def in_thread_after_a_skip(work: Callable[[], Any]) -> Any:
        await asyncio.create_task(session._call(1, ()))  # which replaces the component in the session
        return await in_thread(work)

    ((first,),) = ([file["path"] for file in files] for (files,) in session.call())
    session.call(1)
    monkeypatch.setattr(postponed, "in_thread", in_thread_after_a_skip)
    ((second,),) = ([file["path"] for file in files] for (files,) in session.call())
    assert second == first


def test_none_in_an_update_clears_without_postprocessing_too() -> None:
    with gr.Blocks() as demo:
        gr.Button().click(lambda: gr.update(value=None), None, Rerun(streaming=True), postprocess=False)
    ((value,),) = Session(demo).call()
    assert value["value"] == []


def test_data_in_an_update_are_added() -> None:
    demo, _ = app(lambda: DATA, lambda: gr.update(value=DATA))
    session = Session(demo)
    (before,) = sizes(session.call(0))
    (((update),),) = session.call(1)
    assert update["value"][0]["size"] > before


def test_none_beside_commands() -> None:
    show = commands.show(None, commands.set_time(play_state="playing"))
    demo, _ = app(
        functools.partial(generate, DATA, show),
        lambda: show,
        lambda: commands.show(b"", commands.set_time(play_state="playing")),
    )
    session = Session(demo)
    first, update, _ = [value for (value,) in session.call(0)]
    assert update.get("value", first) == first
    assert len(update["props"]["settings"]["commands"]) == 1
    ((nothing,),) = session.call(2)
    assert "value" not in nothing
    ((update,),) = session.call(1)
    assert cleared(update)


@pytest.mark.parametrize("value", [None, []])
def test_without_streaming_none_and_an_empty_list_clear(value: Any) -> None:
    demo, _ = app(functools.partial(generate, DATA, value), lambda: value, streaming=False)
    session = Session(demo)
    assert session.call(0)[1] == [None]
    assert session.call(1) == [[None]]


def test_500_calls_leave_one_file(cache: Path) -> None:
    recording = rr.RecordingStream("ticks", recording_id="ticks")
    stream = recording.binary_stream()
    count = 0

    def tick() -> bytes | None:
        nonlocal count
        count += 1
        recording.set_time("step", sequence=count)
        recording.log("x", rr.Scalars(count))
        return stream.read()

    demo, viewer = app(tick)
    session = Session(demo)
    before, seen = 0, set()
    for _ in range(500):
        ((value,),) = session.call()
        (file,) = value
        assert file["size"] > before
        before = file["size"]
        seen.add(file["path"])
    assert seen == viewer.temp_files == {str(path) for path in cache.rglob("*") if path.is_file()}
    assert Path(seen.pop()).stat().st_size == before


def test_runs_and_calls_are_in_one_file_and_sessions_are_not() -> None:
    demo, viewer = app(functools.partial(generate, DATA, DATA), lambda: DATA)
    one, other = Session(demo, "one"), Session(demo, "other")
    values = [*one.call(0), *one.call(1), *one.call(0)]
    assert len({file["path"] for ((file,),) in values}) == 1
    assert max(sizes(values)) > 4 * (sizes(values)[0] - 100)
    (size,) = sizes(other.call(1))
    assert size == sizes(values)[0]
    assert len(viewer.temp_files) == 2


def lazy_stream(chunks: Iterable[Any]) -> Any:
    return sdk("LazyChunkStream").from_iter(chunks)


@pytest.fixture
def chunks(tmp_path: Path) -> list[Any]:
    """Four chunks of more than a megabyte each."""
    path = write_recording(tmp_path / "long.rrd", "long", frames=4, points=100_000)
    large = [chunk for chunk in sdk("RrdReader")(path).stream() if chunk.to_record_batch().nbytes > 1_000_000]
    return (large * 4)[:4]


@pytest.mark.parametrize("returned", ["alone", "list", "dict"])
def test_a_lazy_stream_of_chunks_is_shown_while_it_is_read(chunks: list[Any], returned: str) -> None:
    """Each chunk is read when the page has got the one before."""
    sent_before: list[int] = []

    def read() -> Iterator[Any]:
        for chunk in chunks:
            sent_before.append(len(session.values))
            yield chunk

    def show() -> Iterator[Any]:
        stream = lazy_stream(read())
        yield {"alone": stream, "list": [stream, "reading"], "dict": {viewer: stream, text: "reading"}}[returned]
        yield DATA if returned == "alone" else [DATA, "end"]

    demo, viewer = app(show, outputs=1 if returned == "alone" else 2)
    text = next(iter(demo.fns.values())).outputs[-1]
    session = Session(demo)
    first, *values = session.call()
    assert sent_before == [1, 2, 3, 4]
    assert is_unchanged(first[0])
    pieces = [item["size"] for ((*_, item), *_) in values[:4]]
    assert pieces == sorted(set(pieces))
    assert values[4][0][-1]["size"] > pieces[-1]
    if returned != "alone":
        assert first[1] == "reading"
        assert [value[1] for value in values[:4]] == [gr.skip()] * 4
        assert values[4][1] == "end"


def test_chunks_that_are_small_and_come_quickly_are_joined(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "long.rrd", "long", frames=4)
    chunks = sdk("RrdReader")(path).stream().to_chunks() * 200

    def show() -> Iterator[Any]:
        yield lazy_stream(chunks)

    demo, _ = app(show)
    assert len(Session(demo).call()) < len(chunks) / 2


def test_a_lazy_stream_that_fails_or_holds_nothing_is_an_error_of_its_step(
    chunks: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def read() -> Iterator[Any]:
        yield chunks[0]
        raise ValueError("no such sensor")

    for stream, error, steps in (
        (lambda: lazy_stream(read()), "The chunks of a LazyChunkStream could not be written", 2),
        (lambda: lazy_stream(()), "Expected a LazyChunkStream with something to show", 1),
    ):
        demo, _ = app(functools.partial(lambda made: (yield made()), stream))
        session = Session(demo)
        with pytest.raises(RecordingError, match=error):
            session.call()
        assert len(session.values) == steps
    assert "no such sensor" in capsys.readouterr().err


def test_a_cancelled_generator_reads_no_further_chunk(chunks: list[Any]) -> None:
    read: list[Any] = []
    ended: list[bool] = []

    def show() -> Iterator[Any]:
        try:
            yield lazy_stream(read.append(chunk) or chunk for chunk in chunks)
        finally:
            ended.append(True)

    async def cancel() -> None:
        demo, _ = app(show)
        process = functools.partial(demo.process_api, block_fn=0, state=SessionState(demo), session_hash="one")
        output = await process(inputs=[])
        output = await process(inputs=[], iterator=output["iterator"])
        await safe_aclose_iterator(output["iterator"])
        with pytest.raises(StopAsyncIteration):
            await anext(output["iterator"])

    asyncio.run(cancel())
    assert ended == [True]
    assert len(read) == 1


def test_an_updated_component_goes_on_with_its_recording() -> None:
    demo, viewer = app(lambda: DATA, lambda: gr.update(height=300), functools.partial(generate, DATA))
    session = Session(demo)
    (first,) = sizes(session.call(0))
    session.call(1)
    (((file,),),) = session.call(0)
    assert file["size"] > first
    assert sizes(session.call(2))[-1] > file["size"]
    assert viewer.temp_files == {file["path"]}


@pytest.mark.parametrize("streaming", [True, False])
def test_the_files_of_a_value_that_is_refused_are_deleted_with_the_others(
    streaming: bool, tmp_path: Path, cache: Path
) -> None:
    file = tmp_path / "run.rrd"
    file.write_bytes(DATA)
    demo, viewer = app(lambda: [file, "nowhere.rrd"], streaming=streaming)
    with pytest.raises(gr.Error, match="there is no such file"):
        Session(demo).call()
    assert viewer.temp_files == {str(path) for path in cache.rglob("*.rrd")} != set()


def test_two_components_of_a_session_do_not_mix() -> None:
    with gr.Blocks() as demo:
        viewers = [Rerun(streaming=True), Rerun(streaming=True)]
        gr.Button().click(lambda: (DATA, DATA), None, viewers)
    ((one, other),) = Session(demo).call()
    assert one[0]["path"] != other[0]["path"]
    assert one[0]["size"] == other[0]["size"]


def test_calls_of_no_session_or_of_several_get_a_file_each() -> None:
    with gr.Blocks() as demo:
        viewer, text = Rerun(streaming=True), gr.Textbox()
        gr.Button().click(lambda: DATA, None, viewer)
        gr.Button().click(lambda texts: [[DATA for _ in texts]], text, viewer, batch=True)
    anonymous, batched = Session(demo, None), Session(demo)
    paths = [value[0]["path"] for _ in range(2) for ((value,),) in [anonymous.call(0)]]
    ((values,),) = batched.call(1, (["a", "b"],))
    paths += [value[0]["path"] for value in values]
    assert len(set(paths)) == 4
    for path in paths:
        assert Path(path).stat().st_size < 1.1 * len(DATA)


def test_calls_of_an_app_inside_another_app_share_a_file() -> None:
    with gr.Blocks() as inner:
        viewer = Rerun(streaming=True)
        gr.Button().click(lambda: DATA, None, viewer)
    with gr.Blocks() as demo:
        inner.render()
    session = Session(demo)
    assert len({file["path"] for _ in range(3) for (((file,),),) in [session.call()]}) == 1


def test_calls_of_an_interface_with_a_generator_share_a_file() -> None:
    def run() -> Iterator[Any]:
        yield from generate(None, DATA, None)

    demo = gr.Interface(run, None, Rerun(streaming=True))
    number = next(index for index, function in enumerate(demo.fns.values()) if function.fn and function.types_generator)
    first, one, last, _ = [values[0] for values in Session(demo).call(number)]
    assert is_unchanged(first)
    assert one == last


def test_a_session_that_ends_is_forgotten() -> None:
    demo, _ = app(lambda: DATA)
    session = Session(demo)
    session.call()
    state = weakref.ref(session.state)
    before = len(shown._sessions)
    del session
    wait_until(lambda: (gc.collect(), state())[1] is None, 30)  # a thread of the call may still be ending
    assert len(shown._sessions) < before


def test_a_lazily_cached_example_is_not_the_recording_of_the_visitor_who_asked_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path / "examples"))
    with gr.Blocks() as demo:
        name, viewer = gr.Textbox(), Rerun(streaming=True)
        gr.Button().click(lambda: DATA, None, viewer)
        gr.Examples(
            ["one"], name, viewer, lambda name: (yield from (DATA, DATA)), cache_examples=True, cache_mode="lazy"
        )
    number = next(index for index, each in enumerate(demo.fns.values()) if each.name == "load_example_output")
    one, other = Session(demo, "one"), Session(demo, "other")
    (((own,),),) = one.call(0)
    (file,) = one.call(number, (0,))[-1][-1]
    assert file["path"] != own["path"]
    assert file["size"] > 1.2 * len(DATA)
    (again,) = other.call(number, (0,))[-1][-1]
    assert again["size"] == file["size"]
    (((after,),),) = one.call(0)
    assert Path(file["path"]).stat().st_size == file["size"]
    assert after["size"] < 2.1 * own["size"]


def test_the_data_of_an_example_are_in_no_file_until_all_are_there(cache: Path) -> None:
    viewer = Rerun(streaming=True)

    async def cached() -> Any:  # as Gradio does it
        values = [DATA, [DATA, "https://host/a.rrd"], DATA]
        chunks = [
            (await viewer.stream_output(viewer.postprocess(each), "cache/1", False))[0]["data"] for each in values
        ]
        assert not list(cache.rglob("*.rrd"))
        return await viewer.combine_stream(chunks)

    file, url = asyncio.run(cached()).root
    assert url == "https://host/a.rrd"
    assert list(cache.rglob("*.rrd")) == [Path(file.path)]
    assert file.size == Path(file.path).stat().st_size > 1.5 * len(DATA)


def first_step(session: Session, function: Any, event: str) -> Any:
    """Returns the first value that the page gets from a call that then stops."""
    output = asyncio.run(
        session.demo.process_api(
            block_fn=function,
            inputs=[],
            state=session.state,
            session_hash=session.name,
            event_id=event,
            simple_format=True,
        )
    )
    return output["data"][0]


def test_calls_of_a_function_that_gradio_names_by_its_number_share_a_file() -> None:
    demo, _ = app(lambda: DATA)
    session = Session(demo)
    (number,) = demo.fns
    (one,), (other,) = (first_step(session, number, event) for event in ("one", "other"))
    assert one["path"] == other["path"]


def test_a_run_that_was_cancelled_does_not_count_against_the_limit_of_the_next() -> None:
    demo, _ = app(
        functools.partial(generate, DATA, DATA), max_stream_size=len(DATA)
    )  # as much as one and a half runs add
    session = Session(demo)
    (function,) = demo.fns.values()
    (one,), (other,) = (first_step(session, function, event) for event in ("one", "other"))
    assert other["size"] > one["size"]


@pytest.mark.parametrize("kind", ["generator", "async generator", "coroutine"])
def test_a_value_may_be_a_generator_function_or_an_async_one(kind: str) -> None:
    def generator() -> Iterator[bytes]:
        yield DATA

    async def async_generator() -> AsyncIterator[bytes]:
        yield DATA

    async def coroutine() -> bytes:
        return DATA

    function = {"generator": generator, "async generator": async_generator, "coroutine": coroutine}[kind]
    with gr.Blocks() as demo:
        viewer = Rerun(function)
    assert viewer.value is None
    value = Session(demo).call()[0][0]
    assert Path(value[0]["path"]).read_bytes() == DATA


def test_the_path_of_a_stream_stands_for_what_it_holds_when_it_is_returned() -> None:
    pieces, path = iter(pieces_of_stream(3)), ""
    with gr.Blocks() as demo:
        viewer, other = Rerun(streaming=True), Rerun()
        demo.load(lambda: next(pieces), None, viewer)
        demo.load(lambda: path, None, other)
        demo.load(lambda: path, None, viewer)
    session = Session(demo)
    path = session.call(0)[0][0][0]["path"]
    first, again = (session.call(1)[0][0][0]["path"] for _ in range(2))
    before = Path(path).read_bytes()
    session.call(0)
    second = session.call(1)[0][0][0]["path"]
    assert first == again != second
    assert [Path(each).read_bytes() for each in (first, second)] == [before, Path(path).read_bytes()]
    # In the viewer that shows the stream, it is a file like any other: the frontend drops late data of the stream.
    restored = session.call(2)[0][0]
    assert [each["path"] for each in restored] == [second]
    assert session.call(0)[0][0][0]["path"] == second


@pytest.mark.parametrize("name", ["process_api", "call_function", "postprocess_data", "handle_streaming_outputs"])
def test_gradio_is_wrapped_once_for_all_components(name: str) -> None:
    Rerun()
    process = getattr(gr.Blocks, name)
    Rerun()
    assert getattr(gr.Blocks, name) is process


def opens_its_server(*, is_reloading: bool = False) -> bool:
    """Whether a viewer in an app that this thread builds reaches its server through the app."""
    if is_reloading:
        reload_thread.running_reload = True
    (shown,) = in_app("rerun+http://10.0.0.1:9876/proxy").value
    return isinstance(shown, dict)


def test_after_the_first_call_apps_are_built_by_the_main_thread_and_by_reloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads may belong to functions, where a user may have named the server."""
    monkeypatch.setattr(calls, "_has_called", False)
    demo, _ = app(lambda: DATA)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(opens_its_server).result()
        Session(demo).call()
        assert not thread.submit(opens_its_server).result()
        assert thread.submit(opens_its_server, is_reloading=True).result()
    assert opens_its_server()


def test_before_the_first_call_each_thread_may_build_apps() -> None:
    assert calls.__spec__
    assert calls.__spec__.loader
    new = importlib.util.module_from_spec(calls.__spec__)  # as in a new process
    calls.__spec__.loader.exec_module(new)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(new.may_build_apps).result()


def test_a_wrapper_that_another_package_has_put_around_gradio_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    process = gr.Blocks.process_api

    async def traced(app: gr.Blocks, *args: Any, **options: Any) -> Any:  # without the names of the parameters
        return await process(app, *args, **options)

    monkeypatch.setattr(gr.Blocks, "process_api", traced)
    demo, _ = app(lambda: DATA)
    assert gr.Blocks.process_api is not traced
    session = Session(demo)
    assert sizes(session.call()) < sizes(session.call())  # one recording, which grows


def test_commands_leave_the_value_that_a_deep_link_has() -> None:
    demo, viewer = app(lambda: gr.update(value=DATA), lambda: commands.set_time(play_state="playing"), streaming=False)
    session = Session(demo)
    (((update),),) = session.call(0)
    session.call(1)
    assert session.state.config_values[viewer._id]["props"]["value"] == update["value"] != []


def test_a_deep_link_has_the_value_that_commands_go_with() -> None:
    seek = commands.set_time(play_state="playing")
    demo, viewer = app(lambda: commands.show(DATA, seek), streaming=False)
    session = Session(demo)
    ((update,),) = session.call(0)
    assert session.state.config_values[viewer._id]["props"]["value"] == update["value"] != []


def test_after_a_call_a_value_is_prepared_at_once() -> None:
    demo, viewer = app(lambda: DATA, streaming=False)

    async def call_and_prepare() -> Any:
        await Session(demo)._call(0, ())
        return viewer.postprocess(DATA)

    assert isinstance(asyncio.run(call_and_prepare()), Recordings)


def test_a_value_that_is_prepared_after_a_call_leaves_what_the_session_shows() -> None:
    demo, viewer = app(lambda: DATA)
    session = Session(demo)

    async def call_and_prepare() -> Any:
        ((value,),) = await session._call(0, ())
        viewer.postprocess(None)  # as Gradio caches an example
        return value

    (before,) = asyncio.run(call_and_prepare())
    (((after,),),) = session.call()
    assert after["path"] == before["path"]


def test_urls_beside_data_arrive_unchanged() -> None:
    url = "https://host/a.rrd"
    demo, _ = app(functools.partial(generate, [DATA, url], DATA))
    values = [value for (value,) in Session(demo).call()]
    assert [each for _, each in values] == [url] * 3
    assert len({file["path"] for file, _ in values}) == 1


def test_gradio_keeps_no_copy_of_a_stream() -> None:
    demo, _ = app(functools.partial(generate, DATA, DATA))
    Session(demo).call()
    assert not any(demo.pending_streams["session"].values())


def test_gradio_streams_the_other_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def stream_output(self: gr.Audio, value: bytes, output_id: str, _: bool) -> Any:
        return MediaStreamChunk(data=value, duration=1, extension=".aac"), {"path": output_id}

    monkeypatch.setattr(gr.Audio, "stream_output", stream_output)
    with gr.Blocks() as demo:
        outputs = Rerun(streaming=True), gr.Audio(streaming=True)
        gr.Button().click(functools.partial(generate, (DATA, b"sound")), None, outputs)
    (_, sound), *_ = Session(demo).call()
    assert sound["path"].startswith("session/")


@pytest.mark.parametrize("value", [DATA, gr.update(value=DATA)])
def test_a_call_without_a_session_gets_its_value(value: Any) -> None:
    demo, _ = app(lambda: value, streaming=False)
    output = asyncio.run(demo.process_api(next(iter(demo.fns.values())), []))  # as gr.Examples caches
    (sent,) = output["data"]
    (file,) = sent["value"] if isinstance(value, dict) else sent
    assert Path(file["path"]).read_bytes() == DATA
    assert file["url"].startswith("/gradio_api/file=")


def test_a_call_within_a_function_leaves_the_function_in_its_event() -> None:
    demo, _ = app(lambda: DATA)

    async def function() -> bool:
        LocalContext.in_event_listener.set(True)
        await Session(demo)._call(0, ())
        return LocalContext.in_event_listener.get()

    assert asyncio.run(function())


def test_outside_of_an_app_there_is_no_call() -> None:
    assert current_call() == Call()
    viewer = Rerun(streaming=True)
    value = viewer.postprocess(DATA)
    assert value
    assert viewer.postprocess(b"") == gr.skip()
    cleared = viewer.postprocess(None)
    assert cleared is not None
    assert cleared.root == []  # type: ignore[union-attr]


def test_a_generator_that_yields_data_without_streaming_is_warned_of_once() -> None:
    demo, _ = app(functools.partial(generate, DATA, DATA, DATA), lambda: DATA, streaming=False)
    session = Session(demo)
    session.call(1)
    session.call(1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for _ in range(2):
            session.call(0)
    (warning,) = [each for each in warned if "Rerun(streaming=True)" in str(each.message)]
    assert "gradio_rerun" not in warning.filename  # or apps that make our warnings errors get an error


@pytest.mark.parametrize("values", [(DATA,), ("https://host/a.rrd",) * 3, (None, DATA, None)])
def test_a_generator_that_replaces_nothing_is_not_warned_of(values: tuple[Any, ...]) -> None:
    demo, _ = app(functools.partial(generate, *values), streaming=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Session(demo).call()


@pytest.mark.parametrize("streaming", [True, False])
def test_the_error_for_a_returned_generator_says_what_to_attach(streaming: bool) -> None:
    demo, _ = app(lambda: generate(DATA), streaming=streaming)
    with pytest.raises(Exception, match="attach a function that has `yield` in it"):
        Session(demo).call()


@pytest.mark.parametrize("update", [gr.skip, lambda: gr.update(height=300)])
def test_data_stay_in_one_recording_when_another_function_updates_the_component_meanwhile(
    update: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each update replaces the session's object of the component, also while a thread of Gradio calls the object's `postprocess`."""
    demo, viewer = app(lambda: DATA, update)
    session = Session(demo)
    postprocess = Rerun.postprocess

    def updated_meanwhile(self: Rerun, value: Any) -> Any:
        if value == DATA:
            session.call(1)
        return postprocess(self, value)

    (((before,),),) = session.call(0)
    session.call(1)
    monkeypatch.setattr(Rerun, "postprocess", updated_meanwhile)
    (((after,),),) = session.call(0)
    assert after["path"] == before["path"]
    assert after["size"] > before["size"]
    assert viewer.temp_files == {before["path"]}
