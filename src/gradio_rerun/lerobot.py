"""LeRobot datasets (v2 and v3), one episode at a time.

An episode is a value of `Rerun`: `return lerobot.episode("datasets/pick", 3)`. It needs rerun-sdk 0.39 or newer.
"""

from __future__ import annotations

import operator
import os
from pathlib import Path

from ._checks import as_path, described
from ._recordings.episodes import Episode
from ._recordings.lerobot_meta import Row, find_row, frames_per_second, read_rows
from .errors import ParameterError

__all__ = ["Episode", "episode", "episodes"]

_FOLDER = "the folder of a LeRobot dataset"


def episodes(folder: str | os.PathLike[str]) -> list[Episode]:
    """All episodes of the dataset, ordered by their index. Reads the meta files only, and again only if they have changed.

    Args:
        folder: The folder of the dataset, with `meta/info.json`.

    Raises:
        NotARecordingError: The folder is not a LeRobot dataset, or has no episodes.
    """
    path = as_path(_FOLDER, folder)
    return [_episode(path, index, row) for index, row in read_rows(path).items()]


def episode(folder: str | os.PathLike[str], index: int) -> Episode:
    """One episode of the dataset.

    Args:
        folder: The folder of the dataset, with `meta/info.json`.
        index: The index of the episode in the dataset.

    Raises:
        NotARecordingError: The folder is not a LeRobot dataset, or has no such episode.
        ParameterError: The index is not an integer.
    """
    path = as_path(_FOLDER, folder)
    try:
        number = operator.index(index)
    except TypeError as error:
        raise ParameterError(f"Expected the index of an episode to be an integer, got {described(index)}.") from error
    return _episode(path, number, find_row(path, number))


def _episode(folder: Path, index: int, row: Row) -> Episode:
    fps = frames_per_second(folder)
    seconds = row.length / fps if row.length is not None and fps else None
    return Episode(folder, index, row.length, seconds, row.tasks, row.success)
