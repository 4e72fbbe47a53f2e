"""Checks the parameters of `Rerun` that only Gradio needs; `settings.py`, `tunnel.py` and `sources.py` check the others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.i18n import I18nData

from .._checks import BYTES_OR_NONE, FLAG, FLAG_OR_NONE, Rule, is_collection, is_flag, is_number, suggestion, wrong


def check_parameters(given: Mapping[str, Any]) -> None:
    """Raises a `ParameterError` for the first parameter with an invalid value."""
    for name, rule in _RULES.items():
        rule(name, given[name])
    preserved = given["preserved_by_key"]
    for name in [preserved] if isinstance(preserved, str) else preserved or []:
        if name not in given:
            raise wrong("preserved_by_key", "the names of parameters", name, suggestion(name, given))


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (is_collection(value) and all(isinstance(each, str) for each in value))


def _is_inputs(value: Any) -> bool:
    items = value if is_collection(value) else [value]
    return value is None or all(isinstance(each, Block) for each in items)


_RULES = {
    "label": Rule(lambda value: _is_text(value) or isinstance(value, I18nData), "a string or None"),
    "every": Rule(
        lambda value: value is None or isinstance(value, gr.Timer) or (is_number(value) and value > 0),
        "a positive number of seconds, a gr.Timer or None",
    ),
    "inputs": Rule(_is_inputs, "a component, a list of components or None"),
    "show_label": FLAG_OR_NONE,
    "container": FLAG,
    "visible": Rule(
        lambda value: value == "hidden" if isinstance(value, str) else is_flag(value),
        'True, False or "hidden"',
    ),
    "elem_id": Rule(_is_text, "a string or None"),
    "elem_classes": Rule(_is_texts, "a string, a list of strings or None"),
    "render": FLAG,
    "max_stream_size": BYTES_OR_NONE,
    "key": Rule(lambda value: isinstance(value, Hashable), "an integer, a string, a tuple of these or None"),
    "preserved_by_key": Rule(_is_texts, "the name of a parameter, a list of names or None"),
}
