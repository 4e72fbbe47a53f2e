from __future__ import annotations

import gzip
import os
import select
import sys
from pathlib import Path

import pytest
from fake_sdk import GLUE, WASM, FakeSdk

from gradio_rerun._viewer import extraction
from gradio_rerun._viewer.extraction import extract_viewer
from gradio_rerun.errors import ViewerError


def test_the_files_are_those_that_the_server_of_the_sdk_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSdk(tmp_path).install(monkeypatch)
    files = extract_viewer()
    assert (files.glue, files.wasm) == (GLUE, WASM)
    assert len(fake.ports()) == 1


def test_proxies_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSdk(tmp_path).install(monkeypatch)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert extract_viewer().wasm == WASM


def test_another_port_is_tried_when_one_is_taken_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
        if len((HERE / "served.log").read_text().splitlines()) < 3:
            raise RuntimeError("Failed to create server: Address already in use (os error 98)")
    """
    fake = FakeSdk(tmp_path, body=body).install(monkeypatch)
    assert extract_viewer().wasm == WASM
    assert len(fake.ports()) == 3


def test_no_free_port_is_an_error_with_the_output_of_the_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSdk(tmp_path, body='raise RuntimeError("Address already in use")').install(monkeypatch)
    with pytest.raises(ViewerError, match=r"exit code 1\. It said: (.|\n)*Address already in use\n.*--prepare"):
        extract_viewer()
    assert len(fake.ports()) == 5


def test_the_error_contains_the_last_output_of_a_process_that_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = 'print("many\\n" * 10_000, file=sys.stderr)\nprint("GLIBC_9.99 not found", file=sys.stderr)\nos._exit(3)'
    FakeSdk(tmp_path, body=body).install(monkeypatch)
    with pytest.raises(ViewerError, match=r"rerun-sdk 0\.41\.0 could not serve .* exit code 3") as caught:
        extract_viewer()
    assert "GLIBC_9.99 not found" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_an_sdk_that_takes_too_long_is_an_error_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSdk(tmp_path, body="time.sleep(600)").install(monkeypatch)
    monkeypatch.setattr(extraction, "TIME_LIMIT", 0.5)
    with pytest.raises(ViewerError, match=r"within 0\.5 s\. .*gradio-rerun --prepare"):
        extract_viewer()


def test_a_server_that_falls_silent_is_an_error_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "http.server.SimpleHTTPRequestHandler.do_GET = lambda self: time.sleep(600)"
    FakeSdk(tmp_path, body=body).install(monkeypatch)
    monkeypatch.setattr(extraction, "TIME_LIMIT", 0.5)
    with pytest.raises(ViewerError, match=r"within 0\.5 s\."):
        extract_viewer()


@pytest.mark.parametrize("name", ["re_viewer.js", "re_viewer_bg.wasm"])
def test_an_sdk_without_a_viewer_is_an_error_with_the_cure(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (FakeSdk(tmp_path).install(monkeypatch).served / name).unlink()
    with pytest.raises(ViewerError, match=rf"HTTP 404 for .*/{name}\. .*--force-reinstall rerun-sdk==0\.41\.0"):
        extract_viewer()


@pytest.mark.parametrize("content", [b"", b"<html>not built</html>", b"\0asn" + WASM])
@pytest.mark.parametrize("name", ["re_viewer.js", "re_viewer_bg.wasm"])
def test_other_content_is_not_accepted_as_the_viewer(
    name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (FakeSdk(tmp_path).install(monkeypatch).served / name).write_bytes(content)
    with pytest.raises(ViewerError, match=f"its {name} should be .*, and is {len(content)} bytes"):
        extract_viewer()


def test_a_truncated_download_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
        def get(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"wasm_bindgen")
        http.server.SimpleHTTPRequestHandler.do_GET = get
    """
    FakeSdk(tmp_path, body=body).install(monkeypatch)
    with pytest.raises(ViewerError, match="did not return its web viewer: IncompleteRead"):
        extract_viewer()


def test_a_packaged_viewer_is_read_without_starting_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeSdk(tmp_path).install(monkeypatch).ship_zip(re_viewer=GLUE, re_viewer_bg=WASM)
    monkeypatch.setattr(sys, "executable", "")
    files = extract_viewer()
    assert (files.glue, files.wasm) == (GLUE, WASM)


def test_a_packaged_viewer_that_lacks_a_file_is_an_error_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeSdk(tmp_path).install(monkeypatch).ship_zip(re_viewer=GLUE)
    with pytest.raises(ViewerError, match=r"web_viewer\.zip: .*re_viewer_bg\.wasm.* --force-reinstall"):
        extract_viewer()


def test_a_damaged_packaged_viewer_is_an_error_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = FakeSdk(tmp_path).install(monkeypatch).ship_zip(re_viewer=GLUE, re_viewer_bg=WASM)
    content = bytearray(archive.read_bytes())
    content[100:200] = gzip.compress(b"nonsense").ljust(100)
    archive.write_bytes(content)
    with pytest.raises(ViewerError, match=r"cannot be read from .*web_viewer\.zip"):
        extract_viewer()


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
def test_the_server_ends_when_the_process_that_wants_the_viewer_is_killed(tmp_path: Path) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    fake = FakeSdk(tmp_path / "site", body=f'alive = open({str(pipe)!r}, "w")\ntime.sleep(600)')
    process = fake.process("from gradio_rerun._viewer.extraction import extract_viewer; extract_viewer()")
    with pipe.open("rb") as alive:  # opens when the server has opened its end
        process.kill()
        process.communicate()
        assert select.select([alive], [], [], 10)[0]
        assert alive.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
def test_the_server_ends_after_the_extraction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    FakeSdk(tmp_path / "site", body=f'sys.alive = open({str(pipe)!r}, "w")').install(monkeypatch)
    try:
        extract_viewer()
        assert os.read(descriptor, 1) == b""  # BlockingIOError if the server still had it open
    finally:
        os.close(descriptor)
