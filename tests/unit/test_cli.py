from __future__ import annotations

import io
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from gradio_rerun import __version__, cli


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in this process: importing Gradio takes seconds."""
    code: object = 0
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(io.StringIO()) as errors:
        try:
            cli.main(arguments)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), errors.getvalue())


def test_version_names_all_that_a_bug_report_should() -> None:
    result = run("--version")
    assert result.returncode == 0
    assert re.fullmatch(
        rf"gradio_rerun {re.escape(__version__)}, rerun-sdk [\d.]+\S*, gradio [\d.]+\S*, "
        rf"Python {re.escape(platform.python_version())}, {re.escape(platform.platform())}\n",
        result.stdout,
    )


def test_prepare_says_where_the_viewer_is() -> None:
    result = run("--prepare")
    assert result.returncode == 0
    folder = Path(result.stdout.strip().split(" is in ")[1])
    assert list(folder.glob("*.wasm.gz"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.rrd"], "there is no such file"),
        ([__file__], "it starts with"),
        (["ftp://host/a.rrd"], "got the URL 'ftp://host/a.rrd'"),
        (["--port", "http"], "expected a port from 1 to 65535, got 'http'"),
        (["--port", "70000"], "expected a port"),
        (["--auth", "me"], "expected USER:PASSWORD"),
        (["--theme", "pink"], "invalid choice: 'pink'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert words in result.stderr.splitlines()[-1]


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("--port", str(port), "https://host.invalid/a.rrd")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith(f"gradio-rerun: cannot listen on 127.0.0.1:{port}")


def test_it_serves_the_example_and_ends_when_told(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gradio_rerun", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell that runs the tests in the background has them, and what they start, ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout
        line = next(line for line in process.stdout if "http" in line)
        assert str(port) in line
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/config", timeout=30) as answer:
            assert b"rrt_star.rrd" in answer.read()
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert "Traceback" not in output
