"""What the server needs to return a recording from a function: time and memory, until the response arrives."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import psutil
from gradio_client import Client
from pages import app
from running_app import peak_memory, resident


def enlarge(recording: Path, target: Path, size: int) -> None:
    """Writes copies of the recording, one after the other, until the file has `size` bytes."""
    with target.open("wb") as file:
        while file.tell() < size:
            with recording.open("rb") as source:
                shutil.copyfileobj(source, file, 1 << 24)


def accept(python: Path, recording: Path) -> dict[str, float]:
    """Calls a function that returns the recording. Returns the seconds until the response, and the memory that the server needs."""
    with app(python, "click", recording) as (url, process):
        client = Client(url, download_files=False, verbose=False)
        server = psutil.Process(process.pid)
        before = resident(server)
        with peak_memory(server) as peak:
            start = time.monotonic()
            client.predict(api_name="/show")
            seconds = time.monotonic() - start
        return {"GB": recording.stat().st_size / 1e9, "s": seconds, "more MB at the peak": peak() - before}
