"""The peer package, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import venv
from importlib import metadata

from gradio_rerun.cache import cache_dir

PEER = "gradio_rerun==0.39.0"


def peer_python() -> str:
    """A Python that has the peer package, and the Gradio that this one has; made at the first call."""
    folder = cache_dir() / "bench-peer"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = [PEER, f"gradio=={metadata.version('gradio')}"]
    marker = folder / "installed"
    if not marker.exists() or marker.read_text() != str(wanted):
        print(f"Installing {' '.join(wanted)} in {folder}")
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        marker.write_text(str(wanted))
    return str(python)
