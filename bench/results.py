"""What was measured so far, in a file, so that an interrupted run can go on."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from measured import Record


class Results:
    """The measurements so far, in a file, by section, package and round."""

    def __init__(self, path: Path, about: Record) -> None:
        self._path = path
        self.data: Record = {"about": about, "records": {}}
        if path.exists():
            previous = json.loads(path.read_text())
            if previous["about"]["what"] == about["what"]:
                self.data = previous

    def once(self, section: str, who: str, turn: int, measure: Callable[[], Record]) -> None:
        """Measures a round, unless it was measured before without an error."""
        rounds = self.data["records"].setdefault(section, {}).setdefault(who, [])
        if turn < len(rounds) and "error" not in rounds[turn]:
            return
        start = time.monotonic()
        try:
            record = measure()
        except Exception as error:  # of any kind: the other measurements continue, and the report contains the error
            record = {"error": _without_folders(f"{type(error).__name__}: {error}".splitlines()[0])[:300]}
        record["load"] = os.getloadavg()[0]
        rounds[turn:] = [record]
        print(f"{section}, {who}, round {turn + 1}: {time.monotonic() - start:.0f} s {_short(record)}", flush=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.data))
        temporary.replace(self._path)


def _without_folders(text: str) -> str:
    """Removes the folders from paths, since the report is committed to the repository."""
    return re.sub(r"(?<![\w/:])/(?:[^\s/'\"]+/)+", "", text)


def _short(record: Record) -> str:
    return ", ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in record.items()
        if isinstance(value, (int, float, str)) and name != "load"
    )[:160]
