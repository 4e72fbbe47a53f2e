"""SECURITY.md: each promise has its tests, and these exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def table(title: str) -> dict[str, str]:
    """The first and the last cells of the table under this title."""
    section = (ROOT / "SECURITY.md").read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {row[0]: row[-1] for row in rows[1:]}


def test_each_check_has_tests() -> None:
    assert table("What is checked where").keys() <= table("Which tests prove it").keys()


def test_the_tests_that_are_named_exist() -> None:
    for promise, cell in table("Which tests prove it").items():
        tests = re.findall(r"`([\w./-]+)::([^`]+)`", cell)
        assert tests, promise
        for file, name in tests:
            code = (ROOT / "tests" / file).read_text()
            wanted = rf"def {name}\(" if file.endswith(".py") else rf'test\(["`]{re.escape(name)}'
            assert re.search(wanted, code), f"{promise}: {file} has no {name}"
