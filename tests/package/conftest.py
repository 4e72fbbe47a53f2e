from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

DIST = Path(__file__).parents[2] / "dist"


@pytest.fixture(scope="session")
def wheel() -> Path:
    return only("*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return only("*.tar.gz")


@pytest.fixture(scope="session")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, and what it brings."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([find_uv_bin(), "pip", "install", "--quiet", "--python", folder, wheel], check=True)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def only(pattern: str) -> Path:
    found = list(DIST.glob(pattern))
    assert len(found) == 1, f"expected one {pattern} in {DIST}, got {found}: `make package` builds what is tested here"
    return found[0]
