"""Apps as their authors write them, without a web server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from gradio_rerun import Rerun


class _LeftError(Exception):
    pass


@contextmanager
def app_without_server() -> Iterator[None]:
    """A gr.Blocks without a web server, which would take a second to start."""
    with suppress(_LeftError), gr.Blocks():
        yield
        raise _LeftError


def in_app(*given: Any, kind: type[Rerun] = Rerun, **parameters: Any) -> Rerun:
    """A viewer of an app, as its author writes it."""
    viewer = kind(*given, **parameters, render=False)
    with app_without_server():
        viewer.render()
    return viewer


@dataclass
class Served:
    """A working folder, a folder outside it, and the app, which lets Gradio serve further paths."""

    work: Path
    outside: Path
    demo: gr.Blocks


def settings_in(sent: dict[str, Any]) -> dict[str, Any]:
    """The settings in the `props` of a component or of an update, as the frontend reads them."""
    settings = dict(sent["settings"])
    return {**json.loads(settings.pop("json")), **settings}
