"""Numbers as the tables have them."""

from __future__ import annotations


def cell(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{number(value)} {unit}".rstrip()


def number(value: float | None) -> str:
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
