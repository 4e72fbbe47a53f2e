from __future__ import annotations

import inspect
import re

import gradio as gr
import pytest

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


def test_a_message_is_one_line_of_the_log_and_does_not_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    errors.log("a\nb\r\x1b]0;c\x07\x9b\u202e\ud800 'd' \\ é")
    assert capsys.readouterr().err == r"gradio_rerun: a\nb\r\x1b]0;c\x07\x9b\u202e\ud800 'd' \ é" + "\n"


def test_a_user_fills_the_log_with_no_long_text(capsys: pytest.CaptureFixture[str]) -> None:
    errors.log("/" + "\n" * 1_000_000)
    assert len(capsys.readouterr().err) < 10_000
