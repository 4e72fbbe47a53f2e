from __future__ import annotations

import inspect
import re
from pathlib import Path

import gradio as gr
import pytest

from gradio_rerun import Rerun, errors
from gradio_rerun._recordings.values import to_recordings
from gradio_rerun.errors import ParameterError, RecordingError


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


@pytest.mark.parametrize(
    "url", ["ftp://me:secret@host/a.rrd", "https://me:secret@host:99999/a", "s3://me:secret@bucket"]
)
def test_a_password_in_a_url_is_neither_on_the_page_nor_in_the_log(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in (url, [url, 3], {"url": url}):
        with pytest.raises(RecordingError) as caught:
            to_recordings(value, tmp_path)
        assert "secret" not in f"{caught.value} {caught.value.message} {caught.value.args} {capsys.readouterr().err}"
    with pytest.raises(ParameterError) as refused:
        Rerun(tunnel=[url, 3])  # type: ignore[list-item]
    assert "secret" not in str(refused.value)


def test_a_user_fills_the_log_with_no_long_text(capsys: pytest.CaptureFixture[str]) -> None:
    errors.log("/" + "\n" * 1_000_000)
    assert len(capsys.readouterr().err) < 10_000
