"""Many visitors at once, each as our page without a browser; `bench/load.py` has more of them, and figures."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
from http_page import HttpPage
from recordings import write_recording
from streams import frames_of, stream_bytes

from gradio_rerun import Rerun


@pytest.mark.slow
def test_many_visitors_who_open_and_stream_at_once_lose_no_data(launch: Callable[..., str], tmp_path: Path) -> None:
    chunk = pytest.importorskip("rerun.chunk")
    path = write_recording(tmp_path / "shown.rrd", "shown", frames=20, points=5000)

    def stream(request: gr.Request) -> Iterator[bytes]:
        yield from stream_bytes(str(request.session_hash), frames=30)

    with gr.Blocks() as demo:
        live = Rerun(streaming=True)
        gr.Button("stream").click(stream, None, live)
        gr.Button("show").click(lambda: path, None, Rerun(), api_name="show")
    demo.queue(default_concurrency_limit=None)
    url = launch(demo)

    async def visit(name: str) -> None:
        async with HttpPage(url) as page:
            if name == "show":
                data = path.read_bytes()
                assert await page.show(name) == ("shown.rrd", len(data), hashlib.sha256(data).hexdigest())
            else:
                file = await page.stream(name)
                assert frames_of(bytes(file.data), chunk) == {page.session: Counter(range(30))}

    async def visits() -> None:
        await asyncio.gather(*map(visit, ["show"] * 20 + ["stream"] * 5))

    with ThreadPoolExecutor() as pool:  # in this one, Playwright may have an event loop running
        pool.submit(asyncio.run, visits()).result()
    assert len(live.temp_files) == 5  # one recording for each stream, which delete_cache deletes
