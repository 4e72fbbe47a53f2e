"""Extracts the web viewer from the installed rerun-sdk: from the zip beside it, or from the server that it can start."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import threading
import urllib.error
import urllib.request
import zipfile
import zlib
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ViewerError
from . import sdk

GLUE = "re_viewer.js"
WASM = "re_viewer_bg.wasm"

TIME_LIMIT = 120.0
"""Seconds for starting Python, loading rerun-sdk and fetching both files: 1 s from a local disk, minutes from a cold network one."""


@dataclass(frozen=True)
class ExtractedViewer:
    """The two files of the viewer, as the SDK serves them."""

    glue: bytes = field(repr=False)
    wasm: bytes = field(repr=False)


def extract_viewer() -> ExtractedViewer:
    """The web viewer of the installed rerun-sdk. Raises ViewerError if rerun-sdk has no viewer, or does not return it."""
    packaged = sdk.packaged_viewer()
    files = _from_zip(packaged) if packaged else _from_server(sdk.viewer_server_command())
    if not files.wasm.startswith(b"\0asm"):
        raise _nonsense(WASM, files.wasm, "a WebAssembly module")
    if b"wasm_bindgen" not in files.glue:
        raise _nonsense(GLUE, files.glue, "a script that defines wasm_bindgen")
    return files


def warm_up_recording() -> bytes:
    """A small recording that an empty viewer shows unseen; empty if the SDK makes none: the viewer works without it."""
    command = sdk.warm_up_command()
    if command is None:
        return b""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT, check=True)
        return done.stdout if done.stdout.startswith(b"RRF2") else b""
    return b""


def _from_zip(path: Path) -> ExtractedViewer:
    try:
        with zipfile.ZipFile(path) as archive:
            return ExtractedViewer(glue=archive.read(GLUE), wasm=archive.read(WASM))
    except (OSError, KeyError, zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise ViewerError(f"The web viewer cannot be read from {path}: {error}. {_reinstall()}") from error


def _from_server(command: list[str]) -> ExtractedViewer:
    with contextlib.closing(_ServerProcess(command)) as server:
        try:
            port = server.port()
            return ExtractedViewer(glue=_fetch(port, GLUE), wasm=_fetch(port, WASM))
        except urllib.error.HTTPError as error:
            raise ViewerError(
                f"rerun-sdk {sdk.sdk_version()} has no web viewer: it answers HTTP {error.code} for {error.url}. "
                f"{_reinstall()}"
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ViewerError(server.failure(error)) from error


def _fetch(port: int, name: str) -> bytes:
    # Without this, http_proxy would send the request to a proxy, which cannot reach this machine's 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/{name}", timeout=TIME_LIMIT) as response:
        content: bytes = response.read()
        return content


class _ServerProcess:
    """The process that serves the viewer; the process is killed at the time limit, so that no read waits forever."""

    def __init__(self, command: list[str]) -> None:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise ViewerError(f"The web viewer cannot be extracted from rerun-sdk: {error}. {_PREPARE}") from error
        self._last_words: deque[bytes] = deque(maxlen=12)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._late = threading.Event()
        self._limit = threading.Timer(TIME_LIMIT, self._kill_late)
        self._limit.daemon = True
        self._limit.start()

    def port(self) -> int:
        """Waits for the port of the server, and returns it. Raises ValueError if the process ends before."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
        return int(line)

    def close(self) -> None:
        """Ends the process."""
        self._limit.cancel()
        self._process.kill()
        self._process.wait()
        # Its own children, if the SDK ever starts some, may keep stderr open.
        self._listener.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()

    def failure(self, error: Exception) -> str:
        """Ends the process. Returns the reason why there is no viewer, and what to do."""
        self.close()
        if self._late.is_set():
            what = f"did not return its web viewer within {TIME_LIMIT:g} s"
        elif isinstance(error, ValueError):
            what = f"could not serve its web viewer: its process ended with exit code {self._process.returncode}"
        else:
            what = f"did not return its web viewer: {error}"
        words = b"".join(self._last_words).decode(errors="replace").strip()
        said = f" It said: {words}\n" if words else " "
        return f"rerun-sdk {sdk.sdk_version()} {what}.{said}{_PREPARE}"

    def _kill_late(self) -> None:
        self._late.set()
        self._process.kill()

    def _listen(self) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            self._last_words.extend(lines)


_PREPARE = (
    "If `python -c 'import rerun as rr; rr.serve_web_viewer(open_browser=False)'` works in a terminal, run "
    "`gradio-rerun --prepare` there, with the same GRADIO_RERUN_CACHE_DIR as the app; if it does not, reinstall rerun-sdk."
)


def _nonsense(name: str, content: bytes, wanted: str) -> ViewerError:
    return ViewerError(
        f"rerun-sdk {sdk.sdk_version()} has no web viewer: its {name} should be {wanted}, and is {len(content)} bytes "
        f"that begin with {content[:16]!r}. {_reinstall()}"
    )


def _reinstall() -> str:
    return f"Install a wheel from PyPI: pip install --force-reinstall rerun-sdk=={sdk.sdk_version()}"
