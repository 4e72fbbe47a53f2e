"""The meta files of LeRobot datasets (v2 and v3): which episodes there are, and in which files."""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from .._checks import is_number, read_json, whole_text
from ..errors import NotARecordingError, RecordingError, log
from .conversion_process import MOST_OUTPUT, episodes_command, run
from .file_types import LEROBOT_INFO
from .limits import SECONDS_VARIABLE, limits, over
from .looked_up import looked_up
from .turns import conversion_turns

_MOST_BYTES = 4_000_000
"""Of meta/info.json, and of a line of the others: they are read in this process."""

_MOST_EPISODES = 500_000
_MOST_MEMORY = 500_000_000
"""Bytes of what is known about all episodes. A task may have megabytes."""

_SUCCESS = "next.success"
"""The feature by which LeRobot's environments report success in each frame."""


@dataclass(frozen=True)
class Row:
    """What the meta files say about one episode."""

    length: int | None
    tasks: tuple[str, ...]
    success: bool | None
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """v3: the chunk and the number of the file with the data (`"data"`) and with the video of each camera."""

    def __sizeof__(self) -> int:
        """About its bytes in memory, with those of its parts."""
        return 300 + 100 * len(self.files) + sum(map(sys.getsizeof, self.tasks))


def read_info(folder: Path) -> dict[str, Any]:
    """The content of meta/info.json. Raises a `NotARecordingError` if the folder is not a LeRobot dataset."""
    try:
        info: dict[str, Any] = looked_up(_info, _regular(folder / LEROBOT_INFO))
    except OSError as error:
        raise NotARecordingError(
            f"Expected the folder of a LeRobot dataset (v2 or v3), got {folder.name!r:.200}: it has no readable {LEROBOT_INFO.as_posix()}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise NotARecordingError(
            f"Expected the folder of a LeRobot dataset (v2 or v3), got {folder.name!r:.200}: its {LEROBOT_INFO.as_posix()} is not a JSON object."
        ) from error
    return info


def read_rows(folder: Path) -> dict[int, Row]:
    """What the meta files say about each episode, by its index. Files and entries that cannot be read are left out.

    Raises a `NotARecordingError` if the folder is not a LeRobot dataset, or there are no episodes.
    """
    features, most, begun = features_of(folder), limits(), time.monotonic()
    rows: dict[int, Row] = {}
    size = 0
    for each in _row_files(folder):
        found = _readable(_rows_in, each)
        rows.update(found)
        size += sum(map(sys.getsizeof, found.values()))
        if len(rows) > _MOST_EPISODES or size > _MOST_MEMORY:
            most_listed = (
                f"{_MOST_EPISODES:,} episodes" if size <= _MOST_MEMORY else f"{_MOST_MEMORY:,} bytes about its episodes"
            )
            raise NotARecordingError(
                f"Expected a LeRobot dataset with {most_listed} at most, got {folder.name!r:.200}, which lists more."
            )
        if time.monotonic() - begun > most.seconds:  # a folder can have any number of small files
            raise over(folder.name, f"{most.seconds:g} s", SECONDS_VARIABLE)
    if not rows:
        raise NotARecordingError(
            f"Expected a LeRobot dataset with episodes, got {folder.name!r:.200}: its meta files list none. v2 lists them in "
            "meta/episodes.jsonl, v3 in meta/episodes/*/*.parquet."
        )
    if not is_v3(folder) and _SUCCESS in features:
        succeeded = _readable(_success_in, folder / "meta" / "episodes_stats.jsonl")
        for index, row in rows.items():
            if row.success is None:
                rows[index] = replace(row, success=succeeded.get(index))
    return dict(sorted(rows.items()))


def features_of(folder: Path) -> dict[str, Any]:
    """The features in meta/info.json."""
    features = read_info(folder).get("features")
    return {key: each for key, each in features.items() if isinstance(each, dict)} if isinstance(features, dict) else {}


def frames_per_second(folder: Path) -> float | None:
    """The frames per second; None if info.json does not say them."""
    fps: Any = read_info(folder).get("fps")
    return float(fps) if is_number(fps) and fps > 0 else None


def find_row(folder: Path, index: int) -> Row:
    """What the meta files say about one episode. Raises a `NotARecordingError` if the dataset has no such episode."""
    rows = read_rows(folder)
    if index not in rows:
        raise NotARecordingError(
            f"Expected an episode from {min(rows)} to {max(rows)} of {folder.name!r:.200}, got {index}."
        )
    return rows[index]


def is_v3(folder: Path) -> bool:
    """By the same rule as rerun-sdk."""
    return (folder / "meta" / "episodes").is_dir()


def _row_files(folder: Path) -> Iterable[Path]:
    if is_v3(folder):
        return sorted((folder / "meta" / "episodes").glob("*/*.parquet"))
    return [folder / "meta" / "episodes.jsonl"]


def _readable(read: Callable[[Path], dict[int, Any]], path: Path) -> dict[int, Any]:
    try:
        found: dict[int, Any] = looked_up(read, _regular(path))
    except RecordingError:  # a limit of the process that reads it; a ValueError, too
        raise
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log(f"{str(path)!r} cannot be read: {error}")
        return {}
    return found


def _regular(path: Path) -> Path:
    """The path. Raises an OSError for anything but a file: reading a pipe or a device may never end."""
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "not a file", str(path))
    return path


def _info(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
    info = read_json(path.read_bytes())
    if not isinstance(info, dict):
        raise ValueError(f"expected an object, got {type(info).__name__}")
    return info


def _json_lines(path: Path, having: bytes = b"") -> Iterable[tuple[int, dict[str, Any]]]:
    most, begun, number = limits(), time.monotonic(), 0
    with path.open("rb") as file:
        for line in iter(partial(file.readline, _MOST_BYTES), b""):
            if time.monotonic() - begun > most.seconds:
                raise over(path.name, f"{most.seconds:g} s", SECONDS_VARIABLE)
            if having not in line:
                continue
            entry = None
            with suppress(ValueError, RecursionError):
                entry = read_json(line)
            if isinstance(entry, dict) and (index := _count(entry.get("episode_index"))) is not None:
                number += 1
                if number > _MOST_EPISODES:
                    raise ValueError(f"it lists more than {_MOST_EPISODES:,} episodes")
                yield index, entry


def _rows_in(path: Path) -> dict[int, Row]:
    return (_parquet_rows if path.suffix == ".parquet" else _json_rows)(path)


def _json_rows(path: Path) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    size = 0
    for index, entry in _json_lines(path):
        row = rows[index] = Row(_count(entry.get("length")), _tasks(entry.get("tasks")), _flag(entry.get("success")))
        size += sys.getsizeof(row)
        if size > _MOST_MEMORY:
            raise ValueError(f"it says more than {_MOST_MEMORY:,} bytes about its episodes")
    return rows


def _success_in(path: Path) -> dict[int, bool | None]:
    found: dict[int, bool | None] = {}
    for index, entry in _json_lines(path, having=_SUCCESS.encode()):
        stats = entry.get("stats")
        feature = stats.get(_SUCCESS) if isinstance(stats, dict) else None
        found[index] = _flag(feature.get("max")) if isinstance(feature, dict) else None
    return found


def _parquet_rows(path: Path) -> dict[int, Row]:
    with conversion_turns.turn(str(path)):
        ended = run(path, episodes_command(path, limits()), limits())
    if len(ended.output) >= MOST_OUTPUT:
        raise RecordingError(
            f"{path.name!r:.200} cannot be read: it says more about episodes than this app allows, {MOST_OUTPUT:,} bytes. "
            "Split the dataset."
        )
    if ended.code:
        raise ValueError(ended.last_line)
    rows: dict[int, Row] = {}
    for line in ended.output.splitlines():
        rows.update(_rows_of(read_json(line)))
        if len(rows) > _MOST_EPISODES:
            raise ValueError(f"it lists more than {_MOST_EPISODES:,} episodes")
    return rows


def _rows_of(columns: Mapping[str, list[Any]]) -> dict[int, Row]:
    success = next((each for each in ("success", f"stats/{_SUCCESS}/max") if each in columns), "")
    keys = [name.removesuffix("/file_index") for name in columns if name.endswith("/file_index")]
    count = len(columns.get("episode_index", ()))
    nothing: Sequence[Any] = [None] * count
    rows = {}
    for number in range(count):
        index = _count(columns["episode_index"][number])
        if index is None:
            continue
        files = {}
        for key in keys:
            chunk, file_ = (
                _count(columns.get(f"{key}/{part}", nothing)[number]) for part in ("chunk_index", "file_index")
            )
            if chunk is not None and file_ is not None:
                files[key.removeprefix("videos/")] = (chunk, file_)
        rows[index] = Row(
            _count(columns.get("length", nothing)[number]),
            _tasks(columns.get("tasks", nothing)[number]),
            _flag(columns.get(success, nothing)[number]),
            files,
        )
    return rows


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def _tasks(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(whole_text(each) for each in values if isinstance(each, str))


def _flag(value: Any) -> bool | None:
    """A statistic is a list with one number for each dimension."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return bool(value) if isinstance(value, bool) or is_number(value) else None  # pandas writes NaN for what is missing
