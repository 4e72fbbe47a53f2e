"""Extracts the web viewer from the installed rerun-sdk: from the zip beside it, or from the server that it can start."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import urllib.error
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ViewerError
from . import sdk
from .sdk_process import SdkProcess

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
    try:
        process = SdkProcess(command, TIME_LIMIT)
    except OSError as error:
        raise ViewerError(f"The web viewer cannot be extracted from rerun-sdk: {error}. {_PREPARE}") from error
    try:
        line = process.stdout.readline()
        if not line:
            process.finish()
        port = int(line)
        return ExtractedViewer(glue=_fetch(port, GLUE), wasm=_fetch(port, WASM))
    except urllib.error.HTTPError as error:
        raise ViewerError(
            f"rerun-sdk {sdk.sdk_version()} has no web viewer: it answers HTTP {error.code} for {error.url}. {_reinstall()}"
        ) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ViewerError(_failure(process, error)) from error
    finally:
        process.end()


def _fetch(port: int, name: str) -> bytes:
    # Without this, http_proxy would send the request to a proxy, which cannot reach this machine's 127.0.0.1.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/{name}", timeout=TIME_LIMIT) as response:
        content: bytes = response.read()
        return content


def _failure(process: SdkProcess, error: Exception) -> str:
    """Ends the process. Returns the reason why there is no viewer, and what to do."""
    process.end()
    if process.is_late:
        what = f"did not return its web viewer within {TIME_LIMIT:g} s"
    elif isinstance(error, ValueError):
        what = f"could not serve its web viewer: its process ended with exit code {process.returncode}"
    else:
        what = f"did not return its web viewer: {error}"
    said = f" It said: {words}\n" if (words := "\n".join(process.last_lines)) else " "
    return f"rerun-sdk {sdk.sdk_version()} {what}.{said}{_PREPARE}"


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
