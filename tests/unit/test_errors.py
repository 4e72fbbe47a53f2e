from __future__ import annotations

import inspect
import re

import gradio as gr

from gradio_rerun import errors


def classes() -> dict[str, type]:
    return {
        name: each
        for name, each in vars(errors).items()
        if inspect.isclass(each) and each.__module__ == errors.__name__
    }


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__
    drawn = re.findall(r"^[\s│├└─]*(\w+Error)\b", errors.__doc__, flags=re.MULTILINE)
    assert sorted(drawn) == sorted(classes())


def test_every_error_is_shown_by_gradio_with_its_own_text() -> None:
    for each in classes().values():
        error = each("what was given")
        assert isinstance(error, gr.Error)
        assert isinstance(error, errors.GradioRerunError)
        assert str(error) == error.message == "what was given"
