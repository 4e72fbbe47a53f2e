from __future__ import annotations

from pathlib import Path

import pytest

DIST = Path(__file__).parents[2] / "dist"


@pytest.fixture(scope="session")
def wheel() -> Path:
    return only("*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return only("*.tar.gz")


def only(pattern: str) -> Path:
    found = list(DIST.glob(pattern))
    assert len(found) == 1, f"expected one {pattern} in {DIST}, got {found}: `make package` builds what is tested here"
    return found[0]
