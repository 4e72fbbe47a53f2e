"""The files of one episode of a LeRobot dataset (v2 and v3), by the templates in its meta files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import NotARecordingError
from .convert_file import leaves_folder
from .file_types import LEROBOT_INFO
from .lerobot_meta import features_of, find_row, is_v3, read_info
from .parts import files_in

_DATA = "data"
_TEMPLATES = {
    "v2": (
        "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
    ),
    "v3": (
        "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    ),
}
"""Where the files of the data and of the videos are if info.json does not say it."""

_MOST_VIDEOS = 1000
_LONGEST_NAME = 5000
"""Characters of the name of a file that are read: no system has such long paths."""


def episode_files(folder: Path, index: int) -> dict[str, Path]:
    """The files that rerun-sdk reads for one episode, by their names in the folder: the meta files, the data, and the videos.

    Raises a `NotARecordingError` if the dataset has no such episode, or names a file outside of its folder.
    """
    names = [path.relative_to(folder).as_posix() for path in files_in(folder / "meta")]
    names += files_of(folder, index)
    return {name: folder / name for name in names if os.path.isfile(folder / name)}  # noqa: PTH113  # any name


def files_of(folder: Path, index: int) -> list[str]:
    """The names of the files with the data and the videos of an episode. Raises the errors of `episode_files`."""
    row, info, version = find_row(folder, index), read_info(folder), "v3" if is_v3(folder) else "v2"
    chunks = info.get("chunks_size")
    chunk = index // chunks if isinstance(chunks, int) and chunks > 0 else 0
    data, video = _TEMPLATES[version]
    videos = [key for key, feature in features_of(folder).items() if feature.get("dtype") == "video"]
    if len(videos) > _MOST_VIDEOS:
        raise _unusable(folder, f"it has {len(videos):,} videos, and an episode {_MOST_VIDEOS:,} at most")
    names = []
    data, video = info.get("data_path") or data, info.get("video_path") or video
    for template, key in [(data, _DATA), *((video, key) for key in videos)]:
        place = row.files.get(key, (0, 0))
        numbers = {"episode_chunk": chunk, "episode_index": index, "chunk_index": place[0], "file_index": place[1]}
        # A small info.json could name files with gigabytes of characters.
        name = _filled(str(template)[:_LONGEST_NAME], key[:_LONGEST_NAME], numbers)[:_LONGEST_NAME]
        if leaves_folder(name):
            raise _unusable(folder, f"it names the file {name!r:.200}, which is not in its folder")
        names.append(name)
    return names


def _unusable(folder: Path, reason: str) -> NotARecordingError:
    return NotARecordingError(
        f"{folder.name!r:.200} cannot be converted to a recording: {reason}. Correct {LEROBOT_INFO.as_posix()}."
    )


def _filled(template: str, video_key: str, numbers: Mapping[str, int]) -> str:
    """The template with its fields filled, such as `{file_index:03d}`. Not by `str.format`: the template can have any fields."""

    def value(field: re.Match[str]) -> str:
        if field[1] == "video_key":
            return video_key
        number = numbers.get(field[1])
        return field[0] if number is None else f"{number:0{int(field[2] or 0)}d}"

    return re.sub(r"\{(\w+)(?::0?(\d)d)?\}", value, template)
