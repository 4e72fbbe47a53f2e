from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from anyio import to_thread

from gradio_rerun._gradio.threads import current_work, in_thread
from gradio_rerun._recordings import turns
from gradio_rerun._recordings.turns import Turns, cores
from gradio_rerun.errors import RecordingError


def test_work_in_threads_holds_none_of_gradio_s() -> None:
    done = threading.Event()

    async def ask_and_look() -> None:
        asked = [asyncio.create_task(in_thread(lambda: done.wait(60))) for _ in range(50)]
        await to_thread.run_sync(done.set)  # with a thread that Gradio takes for files
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


def hold(turns: Turns, key: str, held: threading.Event, end: threading.Event) -> None:
    with turns.turn(key):
        held.set()
        assert end.wait(60)


def test_few_wait_for_a_turn_and_the_others_are_told_that_the_app_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._WAITING_FOR_EACH_CORE", 2)
    turns, held, end = Turns(lambda: 1), threading.Event(), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(hold, turns, "first", held, end)
        assert held.wait(60)
        waiting = [pool.submit(hold, turns, str(number), held, end) for number in range(3)]
        refused = next(each for each in iter(lambda: next((w for w in waiting if w.done()), None), 1) if each)
        with pytest.raises(RecordingError, match="try again in a minute"):
            refused.result()
        end.set()
        first.result()
        for each in waiting:
            if each is not refused:
                each.result()


def test_one_thing_is_done_once_at_a_time() -> None:
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


def test_who_leaves_loses_the_turn() -> None:
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


def test_there_is_a_core() -> None:
    assert cores() >= 1
