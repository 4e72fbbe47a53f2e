"""A minimal rerun-sdk for tests of the extraction of the viewer, and processes that do not import Gradio."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent, indent

import pytest

import gradio_rerun

GLUE = b"let wasm_bindgen = () => {};\n"
WASM = b"\0asm\1\0\0\0" + bytes(range(256)) * 100

_RERUN = """
import http.server, os, sys, threading, time
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent

def serve_web_viewer(*, web_port, open_browser):
    assert not open_browser
    with (HERE / "served.log").open("a") as log:
        log.write(f"{web_port}\\n")
    # body
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=HERE / "served")
    server = http.server.ThreadingHTTPServer(("", web_port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
"""

_PRELUDE = """
import sys, types
gradio, exceptions = types.ModuleType("gradio"), types.ModuleType("gradio.exceptions")
class Error(Exception):
    def __init__(self, message, print_exception):
        self.message = message
exceptions.Error = Error
package = types.ModuleType("gradio_rerun")
package.__path__ = [{package!r}]
sys.modules.update({{"gradio": gradio, "gradio.exceptions": exceptions, "gradio_rerun": package}})
"""


class FakeSdk:
    """A folder for `sys.path` with a rerun-sdk. `body` runs before its server starts."""

    def __init__(self, folder: Path, *, version: str = "0.41.0", body: str = "", build: bytes = b"library") -> None:
        self.folder = folder
        self.rerun = folder / "rerun"
        self.served = self.rerun / "served"
        self.served.mkdir(parents=True)
        (self.rerun / "__init__.py").write_text(_RERUN.replace("    # body\n", indent(dedent(body), "    ") + "\n"))
        (self.served / "re_viewer.js").write_bytes(GLUE)
        (self.served / "re_viewer_bg.wasm").write_bytes(WASM)
        self.library = folder / "rerun_bindings" / "rerun_bindings.abi3.so"
        self.library.parent.mkdir()
        (self.library.parent / "__init__.py").touch()
        self.library.write_bytes(build)
        self.metadata = folder / f"rerun_sdk-{version}.dist-info" / "METADATA"
        self.metadata.parent.mkdir()
        self.metadata.write_text(f"Metadata-Version: 2.1\nName: rerun-sdk\nVersion: {version}\n")

    def ship_zip(self, **files: bytes) -> Path:
        """Turns the SDK into one with a packaged viewer, which needs no server. Returns the path of the zip."""
        (self.rerun / "__init__.py").write_text("raise ImportError('this wheel is not to be loaded')")
        with zipfile.ZipFile(self.rerun / "web_viewer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(f"{name}.js" if name == "re_viewer" else f"{name}.wasm", content)
        return self.rerun / "web_viewer.zip"

    def ports(self) -> list[int]:
        """The ports on which the SDK was called to serve so far."""
        log = self.rerun / "served.log"
        return [int(line) for line in log.read_text().splitlines()] if log.exists() else []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> FakeSdk:
        """Makes this SDK the rerun-sdk of this process until the test ends."""
        for name in ("rerun", "rerun_bindings"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(str(self.folder))
        return self

    def process(self, code: str) -> subprocess.Popen[str]:
        """Runs `code` in a new Python process with this rerun-sdk and the modules of gradio_rerun, but without Gradio."""
        prelude = _PRELUDE.format(package=str(Path(gradio_rerun.__file__).parent))
        script = f"{prelude}sys.path.insert(0, {str(self.folder)!r})\n{dedent(code)}"
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
