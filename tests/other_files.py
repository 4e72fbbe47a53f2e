"""Files that are not recordings, for the tests of conversions."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

# The SDK compresses recordings, and takes four bytes that were there before from there: no part of this may be in an id or a path.
SECRET = b"Vq~Wz^Jk|Xh}Gp`Yr{Nt@Zs&Lm$Uw%Qv?Kj!"


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def png(path: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8)).save(path)
    return path


def ply(points: int) -> bytes:
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {points}\n"
    header += "property float x\nproperty float y\nproperty float z\nend_header\n"
    return header.encode() + np.random.default_rng(0).random((points, 3), dtype=np.float32).tobytes()


def gltf(points: int) -> tuple[dict[str, Any], bytes]:
    positions = np.random.default_rng(0).random((points, 3), dtype=np.float32).tobytes()
    document = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "buffers": [{"byteLength": len(positions)}],
        "bufferViews": [{"buffer": 0, "byteLength": len(positions)}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": points, "type": "VEC3"}],
    }
    return document, positions


def glb(points: int) -> bytes:
    document, positions = gltf(points)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 8 + len(positions)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(positions), b"BIN\0") + positions
    return b"glTF" + struct.pack("<II", 2, size) + chunks


def stl() -> bytes:
    return bytes(80) + struct.pack("<I12fH", 1, *(0, 0, 1), *(0, 0, 0), *(1, 0, 0), *(0, 1, 0), 0)


def mcap(topic: str, texts: list[str]) -> bytes:
    """An MCAP file with one uncompressed chunk of std_msgs/String: https://mcap.dev/spec."""

    def text(value: str | bytes) -> bytes:
        value = value.encode() if isinstance(value, str) else value
        return struct.pack("<I", len(value)) + value

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<BQ", kind, len(content)) + content

    schema = record(3, struct.pack("<H", 1) + text("std_msgs/msg/String") + text("ros2msg") + text("string data"))
    channel = record(4, struct.pack("<HH", 1, 1) + text(topic) + text("cdr") + text(b""))
    records, index = bytearray(schema + channel), bytearray()
    for number, value in enumerate(texts):
        index += struct.pack("<QQ", number, len(records))
        message = b"\0\1\0\0" + text(value.encode() + b"\0")
        records += record(5, struct.pack("<HIQQ", 1, number, number, number) + message)
    last = len(texts) - 1
    chunk = record(
        6, struct.pack("<QQQI", 0, last, len(records), 0) + text("") + struct.pack("<Q", len(records)) + records
    )
    indices = record(7, struct.pack("<H", 1) + text(bytes(index)))
    start = b"\x89MCAP0\r\n" + record(1, text("ros2") + text("test"))
    data = start + chunk + indices + record(15, struct.pack("<I", 0))
    statistics = struct.pack("<QHIIIIQQ", len(texts), 1, 1, 0, 0, 1, 0, last) + text(struct.pack("<HQ", 1, len(texts)))
    chunk_index = struct.pack("<QQQQ", 0, last, len(start), len(chunk))
    chunk_index += text(struct.pack("<HQ", 1, len(start) + len(chunk))) + struct.pack("<Q", len(indices))
    chunk_index += text("") + struct.pack("<QQ", len(records), len(records))
    summary = schema + channel + record(11, statistics) + record(8, chunk_index)
    return data + summary + record(2, struct.pack("<QQI", len(data), 0, 0)) + b"\x89MCAP0\r\n"


def lerobot(folder: Path, frames: int = 5) -> Path:
    numbers = ("timestamp", "frame_index", "episode_index", "index", "task_index")
    features: dict[str, Any] = {"action": {"dtype": "float32", "shape": [2], "names": ["x", "y"]}}
    features |= {name: {"dtype": "int64", "shape": [1], "names": None} for name in numbers}
    info = {
        "codebase_version": "v2.1",
        "robot_type": "arm",
        "total_episodes": 1,
        "total_frames": frames,
        "total_tasks": 1,
        "total_videos": 0,
        "total_chunks": 1,
        "chunks_size": 1000,
        "fps": 10,
        "splits": {"train": "0:1"},
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": None,
        "features": features,
    }
    write(folder / "meta" / "info.json", json.dumps(info))
    write(folder / "meta" / "tasks.jsonl", '{"task_index": 0, "task": "wave"}\n')
    write(folder / "meta" / "episodes.jsonl", json.dumps({"episode_index": 0, "tasks": ["wave"], "length": frames}))
    columns: dict[str, Any] = {name: pa.array([0] * frames) for name in numbers}
    columns["frame_index"] = pa.array(range(frames))
    columns["action"] = pa.array([[1.0, 2.0]] * frames, pa.list_(pa.float32(), 2))
    data = folder / "data" / "chunk-000"
    data.mkdir(parents=True)
    pq.write_table(pa.table(columns), data / "episode_000000.parquet")
    return folder
