"""The wheel of dist/ in an environment that has only what it brings."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from recordings import write_recording
from uv import find_uv_bin

from gradio_rerun import __version__

UV = find_uv_bin()
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environment(cache: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**ours, "GRADIO_RERUN_CACHE_DIR": str(cache), "GRADIO_ANALYTICS_ENABLED": "False"}


@pytest.fixture
def run(bin_folder: Path, environment: dict[str, str], tmp_path: Path):
    def run(program: str, *arguments: str) -> str:
        return subprocess.check_output([bin_folder / program, *arguments], cwd=tmp_path, env=environment, text=True)

    return run


def test_the_command_prepares_the_viewer(run, cache: Path) -> None:
    assert not list(cache.iterdir())
    assert str(cache) in run("gradio-rerun", "--prepare")
    assert list(cache.rglob("*.wasm.gz"))
    assert list(cache.rglob("bridge.js"))


def test_what_it_brings_fits_together(bin_folder: Path) -> None:
    subprocess.run([UV, "pip", "check", "--python", bin_folder.parent], check=True)


def test_it_is_imported_from_there(run, bin_folder: Path) -> None:
    code = "import gradio_rerun; gradio_rerun.Rerun(); print(gradio_rerun.__version__, gradio_rerun.__file__)"
    version, file = run("python", "-c", code).split()
    assert version == __version__
    assert Path(file).is_relative_to(bin_folder.parent)


def test_the_command_tells_its_version(run) -> None:
    assert run("gradio-rerun", "--version").startswith(f"gradio_rerun {__version__}, rerun-sdk ")


def test_the_command_serves_a_page_with_the_recording(
    bin_folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    recording = write_recording(tmp_path / "run_1.rrd", "run_1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [bin_folder / "gradio-rerun", "--port", str(port), recording]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    try:
        page = answer(process, f"http://127.0.0.1:{port}/")
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert "<gradio-app" in page
    assert recording.name in page


def answer(process: subprocess.Popen[bytes], url: str) -> str:
    """What the URL answers with status 200: before that, the process listens with a page that asks to wait."""
    while process.poll() is None:
        try:
            with OPENER.open(url, timeout=60) as response:
                assert response.status == 200
                return response.read().decode()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(0.2)
        except (urllib.error.URLError, ConnectionError):  # for a moment, nobody listens
            time.sleep(0.2)
    raise AssertionError(f"gradio-rerun ended with code {process.returncode}")
