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

import httpx
import ports
import pytest
from waiting import wait_until

from gradio_rerun import __version__, cli
from gradio_rerun._preparing import preparing_page
from gradio_rerun._viewer import assets as viewer_assets
from gradio_rerun._viewer import cache


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in this process, since importing Gradio takes seconds."""
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


def test_prepare_fails_if_the_viewer_is_deleted_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = viewer_assets.viewer_assets()
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "_fallback", None)
    monkeypatch.setattr(viewer_assets, "_assets", kept)  # an extraction takes seconds
    result = run("--prepare")
    assert result.returncode == 2
    assert f"{tmp_path / 'file'} cannot be used" in result.stderr
    assert "Nothing is prepared" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.rrd"], "got 'nowhere.rrd': there is no such file"),
        (["~nobody-here/a.rrd"], "there is no such file"),
        ([__file__], "it starts with"),
        (["htp://host/a.rrd"], "got the URL 'htp://host/a.rrd'"),
        (["--port", "http"], "expected a port from 1 to 65535, got 'http'"),
        (["--port", "70000"], "expected a port"),
        (["--auth", "me"], "expected USER:PASSWORD"),
        (["--theme", "pink"], "invalid choice: 'pink'"),
        (["--title", "Figure 1", "nowhere.rrd"], "--title and --poster need --export"),
        (["--export", "nowhere", "nowhere.rrd"], "got 'nowhere.rrd': there is no such file"),
        (["--export", "nowhere", "https://host.invalid/a.rrd"], "got the URL 'https://host.invalid/a.rrd'"),
        (["--export", "nowhere", "--poster", "nowhere.png"], "Expected poster to be the path of a picture"),
    ],
)
def test_an_error_is_printed_in_one_line(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert words in result.stderr.splitlines()[-1]
    for other in ("RecordingStream", "app's log"):  # words for the author of an app
        assert other not in result.stderr
    assert sum(words in line for line in result.stderr.splitlines()) == 1
    assert "does not exist" not in result.stderr
    assert "Open http" not in result.stdout or "no such file" not in words  # no page comes


@pytest.mark.parametrize("arguments", [["nowhere.rrd"], [__file__], ["htp://host/a.rrd"], ["--theme", "pink"]])
def test_errors_are_reported_before_the_viewer_is_extracted(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(tmp_path / "empty"))
    result = run(*arguments)
    assert result.returncode == 2
    assert "extract" not in result.stderr
    assert not (tmp_path / "empty").exists()


def test_export_writes_a_page_and_prints_what_embeds_it(tmp_path: Path) -> None:
    folder = tmp_path / "a figure"
    result = run("--export", str(folder), "--title", "Figure 1", "--theme", "dark")
    assert result.returncode == 0, result.stderr
    assert f"python -m http.server --directory '{folder}'\n" in result.stdout
    assert re.search('^<iframe src="a%20figure/index.html" title="Figure 1".*</iframe>$', result.stdout, re.MULTILINE)
    assert "<title>Figure 1</title>" in (folder / "index.html").read_text()
    assert list((folder / "recordings").iterdir()) == [folder / "recordings" / "example.rrd"]
    again = run("--export", str(tmp_path), "--title", "Figure 1")
    assert again.returncode == 2
    assert "is not empty" in again.stderr


def test_help_names_the_files_it_takes() -> None:
    result = run("--help")
    assert result.returncode == 0
    for words in (".rrd", ".rbl", ".mcap", ".glb", "LeRobot", "https", "rerun+http", "--no-browser"):
        assert words in result.stdout


def test_a_port_in_use_names_the_option_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(tmp_path / "empty"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("--port", str(port), "https://host.invalid/a.rrd")
    assert result.returncode == 2
    assert result.stderr == f"gradio-rerun: Port {port} is in use. Pass another one with --port.\n"
    assert not (tmp_path / "empty").exists()


def test_a_host_that_is_not_of_this_machine_names_the_option_for_another() -> None:
    result = run("--host", "192.0.2.1")
    assert result.returncode == 2
    assert "Cannot listen on 192.0.2.1" in result.stderr
    assert "--host" in result.stderr


@pytest.mark.parametrize(("display", "ci", "opens"), [(":0", "", True), ("", "", False), (":0", "true", False)])
def test_a_browser_opens_where_there_is_one(
    display: str, ci: str, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("webbrowser.get", lambda: object())
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("CI", ci)
    assert cli._has_browser() == opens


def test_an_early_visitor_gets_a_page_that_waits() -> None:
    port = ports.free_port()
    with preparing_page("127.0.0.1", port):
        early = httpx.get(f"http://127.0.0.1:{port}/?__theme=dark", trust_env=False)
        assert early.status_code == 503
        assert "The viewer is being prepared." in early.text
        assert httpx.head(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 503
    with preparing_page("127.0.0.1", port):  # the port is free again at once
        pass


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), pytest.param("::1", "[::1]", marks=IPV6)])
def test_the_command_serves_the_example_until_it_is_terminated(host: str, shown: str) -> None:
    port = ports.free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gradio_rerun", "--host", host, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell that runs the tests in the background makes them, and their processes, ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout
        line = next(line for line in process.stdout if "http" in line)
        assert line == f"Open http://{shown}:{port} in your browser. Ctrl-C ends gradio-rerun.\n"
        url = f"http://{shown}:{port}"
        wait_until(lambda: _is_app(url))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url}/config", timeout=30) as answer:
            assert b"example.rrd" in answer.read()
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert "Traceback" not in output
    assert process.returncode in (0, 130)


def _is_app(url: str) -> bool:
    """Whether the app responds. Before, the waiting page responds, with a short gap between the two."""
    try:
        return httpx.get(url, trust_env=False, timeout=10).status_code == 200
    except httpx.TransportError:
        return False
