"""Virtual environments of the two packages, as pip installs them for users."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

PEER = "gradio_rerun<1"
"""The predecessor: the newest gradio_rerun on PyPI before this package took over the name. The code of the benchmarks calls it the peer."""


def build_wheel(folder: Path) -> Path:
    """Builds the wheel of this checkout."""
    source = Path(__file__).parents[1]
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", folder, source]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(folder: Path, requirements: list[str], stamp: str = "") -> dict[str, Any]:
    """Creates a virtual environment with these requirements, unless it exists. Returns the duration, the size and the packages of the installation."""
    stored = folder / "installed.json"
    if stored.exists():
        previous: dict[str, Any] = json.loads(stored.read_text())
        if previous.pop("requirements") == requirements and previous["stamp"] == stamp:
            return previous
    venv.create(folder, with_pip=True, clear=True)
    empty = _size(folder)
    pip = [python(folder), "-m", "pip", "--disable-pip-version-check"]
    start = time.monotonic()
    subprocess.run([*pip, "install", "-qq", "--no-cache-dir", *requirements], check=True)
    seconds = time.monotonic() - start
    packages = json.loads(subprocess.run([*pip, "list", "--format=json"], check=True, capture_output=True).stdout)
    versions = {each["name"].lower().replace("_", "-"): each["version"] for each in packages}
    installed = {
        "stamp": stamp,
        "install s": seconds,
        "installed MB": (_size(folder) - empty) / 1e6,
        "packages": sorted(set(versions) - {"pip", "setuptools", "wheel"}),
        "versions": {name: versions[name] for name in ("gradio-rerun", "gradio", "rerun-sdk")},
    }
    stored.write_text(
        json.dumps({**installed, "requirements": requirements})
    )  # contains paths of this machine, so it is not in the report
    return installed


def wheel_size(folder: Path) -> float:
    """The size in MB of the wheel of gradio_rerun that this environment has installed."""
    scratch = folder / "wheel"
    version = json.loads((folder / "installed.json").read_text())["versions"]["gradio-rerun"]
    command = [
        python(folder),
        "-m",
        "pip",
        "download",
        "-qq",
        "--no-deps",
        "--dest",
        scratch,
        f"gradio_rerun=={version}",
    ]
    subprocess.run(command, check=True)
    (wheel,) = scratch.glob("*.whl")
    return wheel.stat().st_size / 1e6


def python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
