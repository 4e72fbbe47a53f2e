from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import ports
import pytest
from http_server import http_server
from recordings import write_recording


@pytest.fixture(scope="session")
def recording_a(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("recordings") / "a.rrd", "recording_a", application_id="app_a")


@pytest.fixture(scope="session")
def recording_b(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("recordings") / "b.rrd", "recording_b", application_id="app_b")


@pytest.fixture(scope="session")
def big_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 310 MB."""
    path = write_recording(tmp_path_factory.mktemp("big") / "big.rrd", "big", frames=60, points=430_000)
    assert path.stat().st_size > 300e6
    return path


class _OtherServer(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL and the folder of a server of files that is not the app's."""
    with http_server(partial(_OtherServer, directory=str(tmp_path))) as port:
        yield f"http://127.0.0.1:{port}", tmp_path


@pytest.fixture
def free_port() -> int:
    return ports.free_port()
