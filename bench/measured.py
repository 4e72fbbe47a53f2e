"""The medians of what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from pages import Network
from stream_stages import percentile

Record = dict[str, Any]
Figure = Callable[[Record], float | None]


class Measured:
    """Medians of the rounds."""

    def __init__(self, data: Record) -> None:
        self._records: dict[str, dict[str, list[Record]]] = data["records"]

    def values(self, section: str, who: str, figure: Figure) -> list[float]:
        """Returns the values of all rounds. If a round has no value, returns none, since the other rounds alone would look too good."""
        known = [_value(figure, record) for record in self._records.get(section, {}).get(who, [])]
        return [value for value in known if value is not None] if None not in known else []

    def median(self, section: str, who: str, figure: Figure) -> float | None:
        values = self.values(section, who, figure)
        return statistics.median(values) if values else None

    def ratio(self, section: str, figure: Figure, to: str = "peer") -> float | None:
        ours, other = self.median(section, "ours", figure), self.median(section, to, figure)
        return ours / other if ours is not None and other is not None and other > 0 else None

    def error(self, section: str, who: str) -> str:
        errors = [record["error"] for record in self._records.get(section, {}).get(who, []) if "error" in record]
        return errors[0] if errors else ""

    def sections(self, start: str) -> list[str]:
        return [name for name in self._records if name.startswith(start)]

    def rounds(self, section: str) -> int:
        return max((len(each) for each in self._records.get(section, {}).values()), default=0)


def _value(figure: Figure, record: Record) -> float | None:
    try:
        return figure(record)
    except (KeyError, ValueError, IndexError):
        return None


def get(name: str) -> Figure:
    return lambda record: record[name]


def latency(part: int) -> Figure:
    return lambda record: percentile(record["latency ms"], part)


def grown(name: str) -> Figure:
    return lambda record: record[name] - record["before MB"]


def first_frame_section(network: Network | None) -> str:
    if network is None:
        return "first frame"
    return f"first frame at {network.megabits:g} Mbit/s and {network.milliseconds} ms"


def download_section(network: Network | None) -> str:
    return first_frame_section(network).replace("first frame", "download")
