"""Sessions come, upload, convert, stream, watch a live recording and go, many of them in the middle: the app holds nothing of them then.

SOAK_SESSIONS=2000 pytest tests/soak/test_a_day.py -s     shows the figures
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from app_process import AppProcess, app_process
from ports import free_port
from recordings import recording_bytes
from rerun_servers import logger
from visitor import Visitor

from gradio_rerun._recordings.rrd import MAGIC, split

APP = Path(__file__).parents[1] / "visited_app.py"
SESSIONS = int(os.environ.get("SOAK_SESSIONS", "30"))
AT_ONCE = 6
REMEMBERED = 20
"""The number of sessions whose state Gradio keeps, in visited_app.py."""
CONVERT_ONE_OF = 10
"""A conversion takes a second of a core; the other uploads are recordings, and files that were converted before."""
LEAVE_ONE_OF = 3
SETTLES_WITHIN = 60
SPARE = {"memory": 64, "threads": 8, "descriptors": 4, "tasks": 6}
"""Of these, the app may hold more at the end: the allocator does not give back all (MB), and threads and connections end late."""


async def upload(visitor: Visitor, app: AppProcess, number: int) -> None:
    path = await visitor.upload(f"{number}.rrd", recording_bytes(f"of session {number}"))
    file = (await visitor.ask(app.about["viewer"], "open_upload", path)).json()["file"]
    data = b"".join([piece async for piece in visitor.download(visitor.file_url(file))])
    assert len(data) == file["size"]


async def convert(visitor: Visitor, app: AppProcess, number: int) -> None:
    text = f"# Session {number if number % CONVERT_ONE_OF == 0 else 'any'}"
    path = await visitor.upload("notes.md", text.encode())
    answer = (await visitor.ask(app.about["viewer"], "open_upload", path)).json()
    if "error" in answer:  # documented: too many wait
        assert "as many files as it can" in answer["error"]
        return
    data = b"".join([piece async for piece in visitor.download(visitor.file_url(answer["file"]))])
    assert data.startswith(MAGIC)
    assert len(data) == answer["file"]["size"]


async def stream(visitor: Visitor, app: AppProcess, number: int) -> None:
    file = await visitor.stream("stream")
    assert split(bytes(file.data))
    assert len(file.data) == file.marks[-1]
    await visitor.ask(app.about["streaming"], "forget_recording", file.url.partition("file=")[2])


async def watch(visitor: Visitor, app: AppProcess, number: int) -> None:
    """Until data have come; the recording has no end."""
    question = visitor.question(app.about["viewer"], "ask_server", visitor.live_call(app.about["viewer"]))
    response = await visitor.client.send(question, stream=True)
    try:
        assert response.status_code == 200
        assert await anext(response.aiter_raw())
    finally:
        await response.aclose()


async def open_large(visitor: Visitor, app: AppProcess, number: int) -> None:
    """One of few files, so that several visitors share a server."""
    path = await visitor.upload("large.rrd", LARGE[number % len(LARGE)])
    data = {"path": path, "lease": visitor.session}
    answer = await visitor.ask(app.about["viewer"], "open_large_file", data)
    assert json.loads(answer.text.splitlines()[-1])["servers"], answer.text
    await visitor.ask(app.about["viewer"], "close_large_file", data)


LARGE = [recording_bytes(f"large {number}", points=2000) for number in range(2)]
ACTIONS = (upload, convert, stream, watch, open_large)


async def session(app: AppProcess, number: int, dice: random.Random, seen: Counter[str]) -> None:
    """One visitor, who does some things, and may leave in the middle of one."""
    async with Visitor(app.url) as visitor:
        alive = asyncio.create_task(stay(visitor))
        for act in dice.sample(ACTIONS, 2):
            leaves = dice.randrange(LEAVE_ONE_OF) == 0
            try:
                await asyncio.wait_for(act(visitor, app, number), dice.random() if leaves else 300)
                seen[act.__name__] += 1
            except asyncio.TimeoutError:
                assert leaves, f"{act.__name__} of session {number} takes longer than 300 s"
                seen["left in the middle"] += 1
                break
        alive.cancel()
        with suppress(asyncio.CancelledError):
            await alive


async def stay(visitor: Visitor) -> None:
    """The connection by which Gradio knows that a page is open."""
    async with visitor.client.stream("GET", visitor._route(f"heartbeat/{visitor.session}")) as response:
        async for _ in response.aiter_raw():
            pass


async def day(app: AppProcess, numbers: range, seen: Counter[str]) -> None:
    left = iter(numbers)

    async def one_after_the_other() -> None:
        for number in left:
            await session(app, number, random.Random(number), seen)
            seen["sessions"] += 1

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def night(app: AppProcess) -> dict[str, int]:
    """What the app holds when nobody but visitors who do nothing has come last, and Gradio has deleted the files of all."""
    async with Visitor(app.url) as visitor:
        for _ in range(REMEMBERED):
            visitor.session = secrets.token_hex(6)
            await last_of(visitor, "nothing")
        await last_of(visitor, "delete_files")
        held: dict[str, int] = await last_of(visitor, "counts")
    return {**app.usage(), "files": len(files(app)), **held}


def files(app: AppProcess) -> list[Path]:
    """All but what Gradio itself leaves of an upload that is interrupted, in any of its components: `tmp????????`, in the folder of uploads."""
    return [path for path in app.files() if not (path.parent.name == "uploads" and path.name.startswith("tmp"))]


async def last_of(visitor: Visitor, name: str) -> Any:
    return [value async for value in visitor.click(name)][-1]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    port = free_port()
    with (
        logger(port, "live", 0, 20),
        app_process(APP, f"rerun+http://127.0.0.1:{port}/proxy", folder=tmp_path_factory.mktemp("day")) as app,
    ):
        yield app


def test_after_a_day_the_app_holds_nothing_of_its_visitors(app: AppProcess) -> None:
    seen: Counter[str] = Counter()

    async def all_() -> tuple[dict[str, int], dict[str, int]]:
        first = max(SESSIONS // 10, 2 * AT_ONCE)  # which fill the caches, and start the threads that stay
        await day(app, range(first), seen)
        before = await night(app)
        await day(app, range(first, first + SESSIONS), seen)
        end = asyncio.get_running_loop().time() + SETTLES_WITHIN
        after = await night(app)
        while over(before, after) and asyncio.get_running_loop().time() < end:
            after = await night(app)
        return before, after

    before, after = asyncio.run(all_())
    print(
        f"\n{dict(seen)}\nbefore {before}\nafter  {after}\n{dict(app.threads())}\n{[str(each.relative_to(app.folder)) for each in files(app)]}"
    )
    assert over(before, after) == {}
    assert "Traceback" not in own_errors(app.log())


def over(before: dict[str, int], after: dict[str, int]) -> dict[str, tuple[int, int]]:
    """What is more than before."""
    return {name: (before[name], after[name]) for name in before if after[name] > before[name] + SPARE.get(name, 0)}


def own_errors(log: str) -> str:
    """The part of the log in which our code appears; Gradio logs visitors who leave in the middle."""
    return "\n".join(part for part in log.split("\n\n") if "gradio_rerun/" in part)
