"""The page on which `gradio-rerun` shows a LeRobot dataset: a table of its episodes, and the viewer."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from . import Rerun, lerobot
from ._wire import Theme
from .errors import RecordingError

_LISTED = ("Episode", "Frames", "Seconds", "Task", "Success")


def episode_browser(folder: Path, theme: Theme = "auto") -> gr.Blocks:
    """The app. Shows the first episode at first, and prepares the next one while the visitor watches. Raises the errors of `lerobot.episodes`."""
    episodes = lerobot.episodes(folder)
    positions = {each.index: position for position, each in enumerate(episodes)}

    def show(position: int) -> tuple[Any, int]:
        position = min(max(position, 0), len(episodes) - 1)
        return gr.update(value=episodes[position], label=_title(episodes[position])), position

    def show_chosen(event: gr.SelectData) -> tuple[Any, int]:
        return show(positions[int(event.row_value[0])])

    def prepare_next(position: int) -> None:
        for each in episodes[position + 1 : position + 2]:
            with suppress(RecordingError):  # reported when the visitor opens the episode
                each.prepare()

    rows, headers = _table(episodes)
    with gr.Blocks(title=folder.name, fill_height=True, fill_width=True) as page:
        position = gr.State(0)
        with gr.Row():
            with gr.Column(scale=2, min_width=360):
                with gr.Row():
                    previous = gr.Button("Previous", min_width=100)
                    following = gr.Button("Next", variant="primary", min_width=100)
                table = gr.Dataframe(
                    rows,
                    headers=headers,
                    label=folder.name,
                    show_search="search",
                    interactive=False,
                    wrap=True,
                    max_height=640,
                )
            viewer = Rerun(
                episodes[0],
                label=_title(episodes[0]),
                height="calc(100vh - 120px)",
                theme=theme,
                panel_states={"blueprint": "hidden", "selection": "hidden"},
                scale=5,
            )
        previous.click(lambda position: show(position - 1), position, [viewer, position])
        following.click(lambda position: show(position + 1), position, [viewer, position])
        table.select(show_chosen, None, [viewer, position])
        viewer.load(prepare_next, position, None)
    return page


def _title(episode: lerobot.Episode) -> str:
    return f"Episode {episode.index}" + "".join(f", {task}" for task in episode.tasks)


def _table(episodes: list[lerobot.Episode]) -> tuple[list[list[Any]], list[str]]:
    """The rows and the headers, without the columns about which the dataset says nothing."""
    cells = [
        [
            each.index,
            each.length,
            None if each.seconds is None else round(each.seconds, 1),
            ", ".join(each.tasks),
            None if each.success is None else "yes" if each.success else "no",
        ]
        for each in episodes
    ]
    known = [number for number in range(len(_LISTED)) if any(row[number] not in (None, "") for row in cells)]
    return [[row[number] for number in known] for row in cells], [_LISTED[number] for number in known]
