from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
import rerun as rr
from anyio import to_thread
from recordings import recording_bytes
from starlette.requests import Request
from waiting import wait_until

from gradio_rerun._clients import Client, client_of, working_for
from gradio_rerun._gradio import threads
from gradio_rerun._gradio.calls import Call
from gradio_rerun._gradio.threads import Work, current_work, in_thread
from gradio_rerun._recordings import bounded, shown, sinks, turns
from gradio_rerun._recordings.looked_up import looked_up
from gradio_rerun._recordings.shown import shown_in
from gradio_rerun._recordings.sinks import read_sink
from gradio_rerun._recordings.turns import Turns, cores
from gradio_rerun._servers import forwarding
from gradio_rerun._viewer import assets, cache
from gradio_rerun._viewer.assets import viewer_assets
from gradio_rerun._viewer.cache import _fallback_folder, stored
from gradio_rerun.errors import RecordingError


def test_work_in_threads_uses_none_of_gradios_threads() -> None:
    done = threading.Event()

    async def ask_and_look() -> None:
        asked = [asyncio.create_task(in_thread(lambda: done.wait(60))) for _ in range(50)]
        await to_thread.run_sync(done.set)  # with a thread of the pool that Gradio uses for files
        assert all(await asyncio.gather(*asked))

    asyncio.run(ask_and_look())


def test_work_is_unwanted_when_its_caller_is_cancelled() -> None:
    started, ended = threading.Event(), threading.Event()

    def work() -> None:
        with current_work().ended_by(ended.set):
            started.set()
            assert ended.wait(60)

    async def cancel() -> None:
        asked = asyncio.create_task(in_thread(work))
        await to_thread.run_sync(started.wait, 60)
        asked.cancel()
        await asyncio.wait({asked})
        assert asked.cancelled()

    asyncio.run(cancel())
    assert ended.wait(60)


def test_work_whose_result_is_unwanted_does_not_begin() -> None:
    wanted, work = Work(), Work()
    work.give_up()
    with pytest.raises(RecordingError, match="no longer wanted"):
        work.begin()
    assert not work.has_begun
    assert not wanted.has_begun
    wanted.begin()
    assert wanted.has_begun


def test_unwanted_work_is_ended_by_what_ends_it_at_that_time_and_later() -> None:
    work, ended = Work(), list[str]()
    with work.ended_by(lambda: ended.append("earlier")):
        pass
    with work.ended_by(lambda: ended.append("then")):
        work.give_up()
    with work.ended_by(lambda: ended.append("later")):
        pass
    assert ended == ["then", "later"]


def hold(turns: Turns, key: str, held: threading.Event, end: threading.Event) -> None:
    with turns.turn(key):
        held.set()
        assert end.wait(60)


def test_the_queue_for_turns_is_bounded_and_then_the_app_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._WAITING_FOR_EACH", 2)
    turns, held, end = Turns(lambda: 1), threading.Event(), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(hold, turns, "first", held, end)
        assert held.wait(60)
        waiting = [pool.submit(hold, turns, str(number), held, end) for number in range(3)]
        refused = next(as_completed(waiting, 60))
        with pytest.raises(RecordingError, match="try again in a minute"):
            refused.result()
        end.set()
        first.result()
        for each in waiting:
            if each is not refused:
                each.result()


def test_many_clients_wait_for_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._WAITING_FOR_EACH", 1)
    turns, held, end = Turns(lambda: 1), threading.Event(), threading.Event()
    with ThreadPoolExecutor(51) as pool:
        first = pool.submit(hold, turns, "same", held, end)
        assert held.wait(60)
        others = [pool.submit(hold, turns, "same", held, end) for _ in range(49)]
        wait_until(lambda: len(turns._waiting) == 49 or any(each.done() for each in others))
        other = pool.submit(hold, turns, "other", held, end)  # they take no place from it
        wait_until(lambda: len(turns._waiting) == 50 or other.done())
        end.set()
        for each in (first, *others, other):
            each.result()


def test_equal_work_runs_once_at_a_time() -> None:
    turns, held, end = Turns(lambda: 2), threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold, turns, "same", held, end)
        assert held.wait(60)
        again = threading.Event()
        second = pool.submit(hold, turns, "same", again, end)
        other = threading.Event()
        pool_of_others = ThreadPoolExecutor(1)
        third = pool_of_others.submit(hold, turns, "other", other, end)
        assert other.wait(60)
        assert not again.is_set()
        end.set()
        for each in (first, second, third):
            each.result()


def test_work_whose_client_disconnects_loses_its_turn() -> None:
    turns, held, end = Turns(lambda: 1), threading.Event(), threading.Event()
    waits = threading.Event()

    def wait() -> None:
        waits.set()
        with turns.turn("waiting"):
            raise AssertionError("it had a turn")

    async def leave() -> None:
        asked = asyncio.create_task(in_thread(wait))
        await to_thread.run_sync(waits.wait, 60)
        asked.cancel()
        await asyncio.wait({asked})

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(hold, turns, "first", held, end)
        assert held.wait(60)
        asyncio.run(leave())
        end.set()
        first.result()
    with turns.turn("next"):
        pass


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, float("inf")),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, float("inf")),
        ({"cpu.max": "nonsense\n"}, float("inf")),
        ({}, float("inf")),
    ],
)
def test_the_cores_of_a_container_are_those_of_its_control_group(
    files: dict[str, str], expected: float, tmp_path: Path
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert turns._cores_of_container(tmp_path) == expected


def test_at_least_one_core_is_counted() -> None:
    assert cores() >= 1


def test_a_thread_counts_until_its_work_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_MOST_THREADS", 1)
    started, end = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        assert end.wait(60)

    async def cancel() -> None:
        first = asyncio.create_task(in_thread(work))
        await to_thread.run_sync(started.wait, 60)
        first.cancel()
        await asyncio.wait({first})
        waiting = asyncio.create_task(in_thread(end.is_set))
        for _ in range(20):
            await to_thread.run_sync(int)
        gone = asyncio.create_task(in_thread(end.is_set))  # disconnects before its turn
        await asyncio.wait({gone}, timeout=0.01)
        gone.cancel()
        end.set()
        assert await waiting
        assert await in_thread(end.is_set)

    asyncio.run(cancel())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_child_process_waits_for_no_thread_of_its_parent(tmp_path: Path) -> None:
    class Session:
        blocks_config = SimpleNamespace(blocks={})

    def in_child() -> None:
        viewer_assets()
        shown_in(Session(), 1, tmp_path, set(), is_computed=False).append(recording_bytes("child"), Call(), None)
        stored(lambda root: root / "x" if root == _fallback_folder(OSError("full")) else Path("/dev/null/x").touch())
        assert looked_up(Path.read_bytes, tmp_path / "file") == b"content"
        assert forwarding._make_room(Client("address", "page"))
        with turns.conversion_turns.turn("key"), read_sink(rr.RecordingStream("child")) as sink:
            assert sink.size

    (tmp_path / "file").write_bytes(b"content")
    os.utime(tmp_path / "file", (0, 0))
    viewer_assets()
    locks = [
        *(assets._assets_lock, cache._fallback_lock, shown._lock),
        *(bounded._lock, forwarding._lock, sinks._lock),
    ]
    held, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            for number in range(cores()):
                stack.enter_context(turns.conversion_turns.turn(str(number)))
            held.set()
            forked.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            in_child()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    forked.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0


def test_one_client_leaves_threads_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_MOST_FOR_PAGE", 1)
    monkeypatch.setattr(threads, "_MOST_FOR_ADDRESS", 2)
    monkeypatch.setattr(threads, "_MOST_THREADS", 3)
    end, begun = threading.Event(), list[str]()

    def work(client: Client) -> None:
        begun.append(f"{client.address} {client.page}")
        assert end.wait(60)

    async def ask() -> None:
        clients = [Client("a", "1")] * 2 + [Client("a", "2"), Client("a", "3"), Client("b", "1")]
        asked = [asyncio.create_task(in_thread(partial(work, each), each)) for each in clients]
        await to_thread.run_sync(wait_until, lambda: len(begun) == 3)
        assert sorted(begun) == ["a 1", "a 2", "b 1"]
        end.set()
        await asyncio.gather(*asked)

    asyncio.run(ask())
    assert len(begun) == 5


def turns_of(turns: Turns, clients: list[Client], have: int) -> tuple[list[Client], list[Client]]:
    """The clients that have turns after all have asked for one in this order, and the clients that were refused. `have`: how many wait or have a turn."""
    end, has_turn, refused = threading.Event(), list[Client](), list[Client]()

    def ask(number: int, client: Client) -> None:
        with working_for(client):
            try:
                with turns.turn(str(number)):
                    has_turn.append(client)
                    assert end.wait(60)
            except RecordingError:
                refused.append(client)

    asked = [threading.Thread(target=ask, args=each) for each in enumerate(clients)]
    for number, thread in enumerate(asked):
        thread.start()
        wait_until(lambda number=number: len(turns._running) + len(turns._waiting) + len(refused) > number)
    wait_until(lambda: len(turns._running) + len(turns._waiting) <= have)
    result = list(has_turn), list(refused)
    end.set()
    for thread in asked:
        thread.join()
    return result


async def arrived(turns: Turns, number: int) -> None:
    """Waits until as many tasks more than `number` wait or have a turn."""
    await to_thread.run_sync(wait_until, lambda: len(turns._running) + len(turns._waiting) > number)


A1, A2, B, APP = Client("a", "1"), Client("a", "2"), Client("b"), Client()


def test_a_client_that_holds_all_turns_loses_one_to_others_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._UNDISTURBED", 0.2)
    turns, end, log = Turns(lambda: 3), threading.Event(), list[tuple[str, Client]]()

    def ask(number: int, client: Client) -> None:
        try:
            with turns.turn(str(number)):
                log.append(("runs", client))
                begun, work = time.monotonic(), current_work()
                while not (work.is_unwanted or end.is_set()):
                    time.sleep(0.001)
                if work.is_unwanted:
                    assert time.monotonic() - begun >= 0.2
                    raise RecordingError("a part of the work")
        except RecordingError as error:
            log.append((str(error)[:10], client))

    async def ask_all() -> None:
        asked = []
        for number, client in enumerate([A1, A1, A1, A1, APP, B, A2, A2]):
            asked.append(asyncio.create_task(in_thread(partial(ask, number, client), client)))
            await arrived(turns, number)
        await to_thread.run_sync(wait_until, lambda: len(log) == 7)
        with turns._changed:
            assert [turns._end_one_for(each) for each in turns._waiting] == [None] * 3
        assert Counter(log) == {("runs", A1): 3, ("The app is", A1): 2, ("runs", APP): 1, ("runs", B): 1}
        end.set()
        await asyncio.gather(*asked)

    asyncio.run(ask_all())
    assert Counter(log)["runs", A2] == 2
    assert turns._running == {}


def test_a_client_whose_work_cannot_be_ended_loses_another_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._UNDISTURBED", 0.1)
    monkeypatch.setattr("gradio_rerun._recordings.turns._ENDS_WITHIN", 0.1)
    turns, end, log = Turns(lambda: 2), threading.Event(), list[Client]()

    def ask(number: int, client: Client) -> None:
        with turns.turn(str(number)):
            log.append(client)
            work = current_work()
            # The later turn of A1 is the first to end, but that is a download by a library, which does not end.
            while not end.is_set() and not (work.is_unwanted and number == 0):
                time.sleep(0.001)

    async def ask_all() -> None:
        asked = []
        for number, client in enumerate([A1, A1, B]):
            asked.append(asyncio.create_task(in_thread(partial(ask, number, client), client)))
            await arrived(turns, number)
        try:
            await to_thread.run_sync(wait_until, lambda: B in log, 30)
        finally:
            end.set()
            await asyncio.gather(*asked)

    asyncio.run(ask_all())
    assert turns._running == {}


def test_the_next_turn_is_for_the_client_that_has_the_fewest() -> None:
    turns, order, end = Turns(lambda: 1), list[Client](), threading.Event()

    def ask(number: int, client: Client) -> None:
        with working_for(client), turns.turn(str(number)):
            order.append(client)
            assert end.wait(60)

    asked = [threading.Thread(target=ask, args=each) for each in enumerate([A1, A1, A1, A2, B])]
    for number, thread in enumerate(asked, 1):
        thread.start()
        wait_until(lambda number=number: len(turns._running) + len(turns._waiting) == number)
    turns._most = lambda: 3
    turns._wake()
    wait_until(lambda: len(order) == 3)
    assert order == [A1, B, A2]
    end.set()
    for thread in asked:
        thread.join()


def test_a_client_that_fills_the_queue_loses_a_place_in_it_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._WAITING_FOR_EACH", 4)
    _, refused = turns_of(Turns(lambda: 1), [A1] * 6 + [B, A2, B, B], 5)
    assert Counter(refused) == {A1: 4, B: 1}
    _, refused = turns_of(Turns(lambda: 1), [APP] * 5 + [B], 5)
    assert refused == [B]


def request_from(host: Any) -> Any:
    return SimpleNamespace(client=SimpleNamespace(host=host))


@pytest.mark.parametrize(
    ("request_", "address"),
    [
        (request_from("10.0.0.1"), "10.0.0.1"),
        (request_from("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::"),
        (request_from("::ffff:10.0.0.1"), "10.0.0.1"),
        (request_from("fe80::1%eth0"), "fe80::"),
        (request_from("unix:" + "x" * 1000), ("unix:" + "x" * 1000)[:200]),
        (request_from(None), "unknown"),
        (SimpleNamespace(client=None), "unknown"),
        (gr.Request(Request({"type": "http", "client": None})), "unknown"),
        (Request({"type": "http", "client": None}), "unknown"),
        (None, ""),
        (gr.Request(), ""),
        (gr.Request(session_hash="a"), ""),
    ],
)
def test_a_client_is_known_by_its_address_or_network(request_: Any, address: str) -> None:
    assert client_of(request_, "a") == Client(address, "a")
    assert client_of(request_, "a" * 1000).page == "a" * 200
