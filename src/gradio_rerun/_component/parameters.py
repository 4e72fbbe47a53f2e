"""Checks the parameters of `Rerun` that only Gradio needs; `settings.py`, `tunnel.py` and `sources.py` check the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.i18n import I18nData

from .._checks import is_collection, is_flag, is_number, wrong


def check_parameters(given: Mapping[str, Any]) -> None:
    """Raises a `ParameterError` for the first parameter with an invalid value."""
    for name, (is_valid, wanted) in _RULES.items():
        if not is_valid(given[name]):
            raise wrong(name, wanted, given[name])


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (is_collection(value) and all(isinstance(each, str) for each in value))


def _is_inputs(value: Any) -> bool:
    items = value if is_collection(value) else [value]
    return value is None or all(isinstance(each, Block) for each in items)


_Rule = tuple[Callable[[Any], bool], str]
_FLAG: _Rule = (is_flag, "True or False")
_FLAG_OR_NONE: _Rule = (lambda value: value is None or is_flag(value), "True, False or None")

_RULES: dict[str, _Rule] = {
    "label": (lambda value: _is_text(value) or isinstance(value, I18nData), "a string or None"),
    "every": (
        lambda value: value is None or isinstance(value, gr.Timer) or (is_number(value) and value > 0),
        "a positive number of seconds, a gr.Timer or None",
    ),
    "inputs": (_is_inputs, "a component, a list of components or None"),
    "show_label": _FLAG_OR_NONE,
    "container": _FLAG,
    "visible": (
        lambda value: value == "hidden" if isinstance(value, str) else is_flag(value),
        'True, False or "hidden"',
    ),
    "elem_id": (_is_text, "a string or None"),
    "elem_classes": (_is_texts, "a string, a list of strings or None"),
    "render": _FLAG,
    "key": (lambda value: isinstance(value, Hashable), "an integer, a string, a tuple of these or None"),
    "preserved_by_key": (_is_texts, "the name of a parameter, a list of names or None"),
}
