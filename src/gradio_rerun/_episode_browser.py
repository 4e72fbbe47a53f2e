"""The page on which `gradio-rerun` shows a LeRobot dataset: a table of its episodes, and the viewer."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import gradio as gr

from . import Rerun, lerobot
from ._wire import Theme
from .errors import RecordingError


def episode_browser(dataset: Path | str, theme: Theme = "auto") -> gr.Blocks:
    """The app for a folder, or a URL of the Hugging Face Hub. Shows the first episode at first, and prepares the next one while the visitor watches. Raises the errors of `lerobot.episodes`."""
    episodes = lerobot.episodes(dataset)
    name = PurePosixPath(dataset).name
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

    with gr.Blocks(title=name, fill_height=True, fill_width=True) as page:
        position = gr.State(0)
        with gr.Row():
            with gr.Column(scale=2, min_width=400):
                with gr.Row():
                    previous = gr.Button("Previous", min_width=100)
                    following = gr.Button("Next", variant="primary", min_width=100)
                table = gr.Dataframe(
                    **_table(episodes),
                    label=name,
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


def _table(episodes: list[lerobot.Episode]) -> dict[str, Any]:
    """The arguments of a gr.Dataframe, with the columns that have values in this dataset."""
    has_seconds = any(each.seconds is not None for each in episodes)
    columns: dict[str, tuple[int, list[Any]]] = {
        "Episode": (3, [each.index for each in episodes]),
        "Seconds" if has_seconds else "Frames": (3, [_length(each, has_seconds) for each in episodes]),
        "Task": (6, [", ".join(each.tasks) for each in episodes]),
        "Success": (3, ["" if each.success is None else "yes" if each.success else "no" for each in episodes]),
    }
    known = {name: each for name, each in columns.items() if any(cell not in (None, "") for cell in each[1])}
    shares = sum(share for share, _ in known.values())
    return {
        "value": [list(row) for row in zip(*(cells for _, cells in known.values()), strict=True)],
        "headers": list(known),
        "column_widths": [f"{100 * share // shares}%" for share, _ in known.values()],
    }


def _length(episode: lerobot.Episode, in_seconds: bool) -> float | None:
    return round(episode.seconds, 1) if in_seconds and episode.seconds is not None else episode.length
