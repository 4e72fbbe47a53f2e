"""LeRobot datasets for tests: v2 and v3, with a video from each of two cameras."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from other_files import write
from videos import write_av1

FPS = 10
CAMERAS = ("observation.images.top", "observation.images.wrist")
TASKS = ("pick the cube", "open the drawer")
_NUMBERS = ("frame_index", "episode_index", "index", "task_index")


def task_of(episode: int) -> str:
    return TASKS[episode % len(TASKS)]


def has_success(episode: int) -> bool:
    return episode % 3 != 0


def lerobot_v2(folder: Path, episodes: int = 3, frames: int = 10, cameras: tuple[str, ...] = CAMERAS) -> Path:
    _write_info(folder, "v2.1", episodes, frames, cameras)
    write(folder / "meta" / "tasks.jsonl", _lines({"task_index": i, "task": task} for i, task in enumerate(TASKS)))
    rows = [{"episode_index": i, "tasks": [task_of(i)], "length": frames} for i in range(episodes)]
    write(folder / "meta" / "episodes.jsonl", _lines(rows))
    stats = [{"episode_index": i, "stats": {"next.success": {"max": [has_success(i)]}}} for i in range(episodes)]
    write(folder / "meta" / "episodes_stats.jsonl", _lines(stats))
    for camera in cameras:
        first = write_av1(
            folder / "videos" / "chunk-000" / camera / "episode_000000.mp4", pictures(camera, frames), FPS
        )
        for episode in range(1, episodes):
            shutil.copy(first, first.with_name(f"episode_{episode:06d}.mp4"))
    for episode in range(episodes):
        _write_data(folder / "data" / "chunk-000" / f"episode_{episode:06d}.parquet", [episode], frames)
    return folder


def lerobot_v3(folder: Path, episodes: int = 3, frames: int = 10, cameras: tuple[str, ...] = CAMERAS) -> Path:
    _write_info(folder, "v3.0", episodes, frames, cameras)
    tasks = {"task_index": pa.array(range(len(TASKS))), "__index_level_0__": pa.array(TASKS)}
    pq.write_table(pa.table(tasks), folder / "meta" / "tasks.parquet")
    all_ = range(episodes)
    zeros = pa.array([0] * episodes)
    rows: dict[str, Any] = {
        "episode_index": pa.array(all_),
        "tasks": pa.array([[task_of(i)] for i in all_]),
        "length": pa.array([frames] * episodes),
        "data/chunk_index": zeros,
        "data/file_index": zeros,
        "dataset_from_index": pa.array([i * frames for i in all_]),
        "dataset_to_index": pa.array([(i + 1) * frames for i in all_]),
        "stats/next.success/max": pa.array([[has_success(i)] for i in all_]),
    }
    for camera in cameras:
        rows |= {f"videos/{camera}/chunk_index": zeros, f"videos/{camera}/file_index": zeros}
        rows[f"videos/{camera}/from_timestamp"] = pa.array([i * frames / FPS for i in all_])
        rows[f"videos/{camera}/to_timestamp"] = pa.array([(i + 1) * frames / FPS for i in all_])
        path = folder / "videos" / camera / "chunk-000" / "file-000.mp4"
        write_av1(path, pictures(camera, frames), FPS, times=episodes)
    path = folder / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(rows), path)
    _write_data(folder / "data" / "chunk-000" / "file-000.parquet", list(all_), frames)
    return folder


def pictures(camera: str, frames: int) -> list[np.ndarray]:
    """A square that moves, in a color of its own for each camera."""
    made = []
    for frame in range(frames):
        picture = np.full((96, 128, 3), 40, np.uint8)
        left = frame * 96 // frames
        picture[40:60, left : left + 20] = (240, 140, 40) if camera.endswith("top") else (60, 160, 240)
        made.append(picture)
    return made


def _lines(entries: Any) -> str:
    return "".join(f"{json.dumps(each)}\n" for each in entries)


def _write_info(folder: Path, version: str, episodes: int, frames: int, cameras: tuple[str, ...]) -> None:
    features: dict[str, Any] = {
        "observation.state": {"dtype": "float32", "shape": [2], "names": ["x", "y"]},
        "action": {"dtype": "float32", "shape": [2], "names": ["x", "y"]},
        "next.success": {"dtype": "bool", "shape": [1], "names": None},
        "timestamp": {"dtype": "float32", "shape": [1], "names": None},
    }
    features |= {name: {"dtype": "int64", "shape": [1], "names": None} for name in _NUMBERS}
    for camera in cameras:
        features[camera] = {"dtype": "video", "shape": [96, 128, 3], "names": ["height", "width", "channels"]}
    v3 = version == "v3.0"
    info = {
        "codebase_version": version,
        "robot_type": "arm",
        "total_episodes": episodes,
        "total_frames": episodes * frames,
        "total_tasks": len(TASKS),
        "total_videos": len(cameras) * (1 if v3 else episodes),
        "total_chunks": 1,
        "chunks_size": 1000,
        "fps": FPS,
        "splits": {"train": f"0:{episodes}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
        if v3
        else "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
        if v3
        else "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
        "features": features,
    }
    write(folder / "meta" / "info.json", json.dumps(info))


def _write_data(path: Path, episodes: list[int], frames: int) -> None:
    count = len(episodes) * frames
    number = np.arange(count)
    episode, frame = np.repeat(episodes, frames), np.tile(np.arange(frames), len(episodes))
    state = np.stack([np.sin(frame / 3 + episode), np.cos(frame / 3)], axis=1).astype(np.float32)
    pairs = pa.FixedSizeListArray.from_arrays(pa.array(state.ravel()), 2)
    columns = {
        "observation.state": pairs,
        "action": pairs,
        "next.success": pa.array([has_success(int(each)) for each in episode]),
        "timestamp": pa.array((frame / FPS).astype(np.float32)),
        "frame_index": pa.array(frame),
        "episode_index": pa.array(episode),
        "index": pa.array(number),
        "task_index": pa.array(episode % len(TASKS)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
