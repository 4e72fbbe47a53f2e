"""Values of `pytest.mark.parametrize` that only `make test-slow` tests."""

from __future__ import annotations

from typing import Any

import pytest


def slow(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.slow)
