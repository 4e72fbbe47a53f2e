from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from abused_app import Abused, give_files
from app_process import app_process
from rerun_servers import Call, other_server
from visitor import Visitor

APP = Path(__file__).parents[1] / "visited_app.py"


def answer_empty(call: Call) -> None:
    call.answer()
    call.write(bytes(5))


@pytest.fixture(scope="session")
def abused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Abused]:
    loop = asyncio.new_event_loop()
    run = loop.run_until_complete
    with (
        other_server(answer_empty) as (url, _),
        app_process(APP, url, folder=tmp_path_factory.mktemp("abused")) as app,
    ):
        stranger, other = (run(Visitor(app.url).__aenter__()) for _ in range(2))
        abused = Abused(app, run, stranger, other)
        give_files(abused)
        yield abused
        for each in (stranger, other):
            run(each.client.aclose())
    loop.close()
