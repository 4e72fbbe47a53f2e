"""LeRobot datasets (v2 and v3), one episode at a time.

An episode is a value of `Rerun`: `return lerobot.episode("datasets/pick", 3)`. It needs rerun-sdk 0.39 or newer.
"""

from __future__ import annotations

import operator
import os
from pathlib import Path

from ._checks import as_path, described
from ._recordings.episodes import Episode, LeRobotDataset
from ._recordings.hub_dataset import HubDataset, hub_dataset, is_hub_url
from ._recordings.lerobot_meta import Row, find_row, frames_per_second, read_rows
from .errors import ParameterError

__all__ = ["Episode", "episode", "episodes"]


def episodes(folder: str | os.PathLike[str] | LeRobotDataset) -> list[Episode]:
    """All episodes of the dataset, ordered by their index. Reads the meta files only, and again only if they have changed.

    Args:
        folder: The folder of the dataset, with `meta/info.json`; a `LeRobotDataset` of the package `lerobot`, which stands for its folder; or the URL
            on the Hugging Face Hub, such as `hf://datasets/lerobot/pusht`. From there, the meta files are fetched now, and those of an episode when it is shown.

    Raises:
        NotARecordingError: The folder is not a LeRobot dataset, or has no episodes.
        RecordingError: The Hub refuses the dataset. A function of an app gets public datasets only: a user may have chosen the URL.
    """
    path, hub = _dataset(folder)
    return [_episode(path, hub, index, row) for index, row in read_rows(path).items()]


def episode(folder: str | os.PathLike[str] | LeRobotDataset, index: int) -> Episode:
    """One episode of the dataset.

    Args:
        folder: The folder of the dataset, a `LeRobotDataset`, or the URL on the Hugging Face Hub: see `episodes`.
        index: The index of the episode in the dataset.

    Raises:
        NotARecordingError: The folder is not a LeRobot dataset, or has no such episode.
        ParameterError: The index is not an integer.
    """
    path, hub = _dataset(folder)
    try:
        number = operator.index(index)
    except TypeError as error:
        raise ParameterError(f"Expected the index of an episode to be an integer, got {described(index)}.") from error
    return _episode(path, hub, number, find_row(path, number))


def _dataset(given: str | os.PathLike[str] | LeRobotDataset) -> tuple[Path, HubDataset | None]:
    if is_hub_url(given):
        hub = hub_dataset(str(given))
        return hub.folder, hub
    folder = given.root if isinstance(given, LeRobotDataset) else given
    return as_path("the folder of a LeRobot dataset", folder), None


def _episode(folder: Path, hub: HubDataset | None, index: int, row: Row) -> Episode:
    fps = frames_per_second(folder)
    seconds = row.length / fps if row.length is not None and fps else None
    return Episode(folder, index, row.length, seconds, row.tasks, row.success, hub)
