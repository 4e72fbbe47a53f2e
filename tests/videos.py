"""Videos for tests, made without ffmpeg: Pillow encodes each picture as AVIF, and its AV1 data becomes a frame of an .mp4."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

_TIMESCALE = 1000


def write_av1(path: Path, pictures: Sequence[np.ndarray], fps: int, times: int = 1) -> Path:
    """Writes pictures of the same size, each as a key frame, and all of them `times` times."""
    files = [_avif(picture) for picture in pictures]
    samples = [content for file in files for name, content in _boxes(file) if name == b"mdat"] * times
    at = files[0].index(b"av1C") - 4
    configuration = files[0][at : at + struct.unpack(">I", files[0][at : at + 4])[0]]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_mp4(samples, configuration, pictures[0].shape[1], pictures[0].shape[0], _TIMESCALE // fps))
    return path


def _avif(picture: np.ndarray) -> bytes:
    with io.BytesIO() as file:
        Image.fromarray(picture).save(file, "AVIF", quality=60, speed=10)
        return file.getvalue()


def _boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        found.append((name, data[at + 8 : at + size]))
        at += size
    return found


def _box(name: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", 8 + len(data), name.encode()) + data


def _full(name: str, *content: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *content)


def _mp4(samples: list[bytes], configuration: bytes, width: int, height: int, ticks: int) -> bytes:
    """An .mp4 with one track: ISO/IEC 14496-12."""
    count, duration = len(samples), len(samples) * ticks
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    kind = _box("ftyp", b"isom", struct.pack(">I", 0), b"isomav01mp41")
    entry = struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1)
    table = _box(
        "stbl",
        _full("stsd", struct.pack(">I", 1), _box("av01", entry, configuration)),
        _full("stts", struct.pack(">III", 1, count, ticks)),
        _full("stsc", struct.pack(">IIII", 1, 1, count, 1)),
        _full("stsz", struct.pack(">II", 0, count), *(struct.pack(">I", len(each)) for each in samples)),
        _full("stco", struct.pack(">II", 1, len(kind) + 8)),
    )
    links = _box("dinf", _full("dref", struct.pack(">I", 1), _full("url ", flags=1)))
    media = _box(
        "mdia",
        _full("mdhd", struct.pack(">IIIIHH", 0, 0, _TIMESCALE, duration, 0x55C4, 0)),
        _full("hdlr", struct.pack(">I4s12x", 0, b"vide"), b"\0"),
        _box("minf", _full("vmhd", bytes(8), flags=1), links, table),
    )
    header = struct.pack(">IIIII8xhhhh", 0, 0, 1, 0, duration, 0, 0, 0, 0) + matrix
    track = _full("tkhd", header, struct.pack(">II", width << 16, height << 16), flags=3)
    times = struct.pack(">IIIIIH10x", 0, 0, _TIMESCALE, duration, 0x10000, 0x100)
    movie = times + matrix + bytes(24) + struct.pack(">I", 2)
    return kind + _box("mdat", *samples) + _box("moov", _full("mvhd", movie), _box("trak", track, media))
