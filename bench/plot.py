"""Bar charts as SVG, readable on white and on black."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

_GREY = "#848d97"
_COLORS = {"sdk": "#8c959f", "peer": "#d0743c", "ours": "#3b82f6"}
_WIDTH, _LABEL, _BAR, _GAP = 720, 250, 16, 12


class Bar(NamedTuple):
    label: str
    who: str
    value: float | None
    text: str
    """Shown to the right of the bar."""


def bars(title: str, groups: list[list[Bar]]) -> str:
    """A chart of groups of bars, all on one scale."""
    values = [bar.value for group in groups for bar in group if bar.value is not None]
    scale = (_WIDTH - _LABEL - 130) / max([*values, 1e-9])
    parts: list[str] = []
    y = 40
    for group in groups:
        for bar in group:
            middle = y + _BAR * 0.75
            parts.append(_text(_LABEL - 10, middle, bar.label, anchor="end"))
            width = max(1.0, (bar.value or 0) * scale)
            if bar.value is not None:
                parts.append(
                    f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{_COLORS[bar.who]}"/>'
                )
            parts.append(_text(_LABEL + (width if bar.value is not None else 0) + 6, middle, bar.text))
            y += _BAR + 4
        y += _GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{escape(title)}"'
    style = f'font-family="system-ui, sans-serif" font-size="13" fill="{_GREY}">'
    return "\n".join([f"{head} {style}", _text(0, 18, title, weight="bold"), *parts, "</svg>\n"])


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
