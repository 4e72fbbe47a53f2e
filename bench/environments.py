"""The two packages, each in an environment of its own, as a user gets it from pip."""

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
"""The newest of PyPI's gradio_rerun from before this package took over its name."""


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    source = Path(__file__).parents[1]
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", folder, source]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def make_environment(folder: Path, requirements: list[str], stamp: str = "") -> dict[str, Any]:
    """Installs, and tells how long that took, how big it is, and what is in it; what is there already stays."""
    told = folder / "installed.json"
    if told.exists():
        kept: dict[str, Any] = json.loads(told.read_text())
        if kept.pop("requirements") == requirements and kept["stamp"] == stamp:
            return kept
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
    told.write_text(
        json.dumps({**installed, "requirements": requirements})
    )  # with paths of this machine, hence in no report
    return installed


def wheel_size(folder: Path) -> float:
    """MB of the wheel of gradio_rerun that was installed there."""
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
