"""The format of a recording, as far as it is needed to join and to serve recordings.

A recording is a header of 12 bytes (magic, version of the SDK, options), then messages (kind and length, 8 bytes each, then the
content). A message of kind 0 is the last one. Since rerun-sdk 0.28 or so, the last message has a table of contents, and the positions of such
tables follow: 20 bytes for each, `RRF2FOOT`, and their number. Seen in recordings of rerun-sdk 0.24 to 0.41.

Only the viewer reads two concatenated recordings as one: the readers of the SDK stop at the first end, or fail at the last table.
This file imports nothing of the package: scripts in processes of their own use it, too.
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b"RRF2"
HEADER_SIZE = 12

MESSAGE = struct.Struct("<QQ")
END = 0
_STORE_INFO = 1
_ARROW = 2
FOOT = b"RRF2FOOT"
FOOT_SIZE = len(FOOT) + 4
_TABLE_SIZE = 20
_MOST_TABLES = 1000
_MOST_KINDS = 256
_MOST_BITS = 70
"""Of a number: 7 in each byte."""


def is_closed(end: bytes) -> bool:
    """Whether a recording with these last 16 bytes has an end: the SDK has written all of it."""
    return end[4:].startswith(FOOT) or end == MESSAGE.pack(END, 0)


def split(data: bytes) -> tuple[bytes, list[memoryview]] | None:
    """The header and the messages of a recording, or of several with the same header; None if its format is unknown."""
    header = data[:HEADER_SIZE]
    view, file = memoryview(data), io.BytesIO(data)
    messages: list[memoryview] = []
    at = 0
    while at < len(data):
        if len(header) < HEADER_SIZE or data[at : at + HEADER_SIZE] != header:
            return None
        start = at + HEADER_SIZE
        at, kind = end_of_messages(file, start, len(data))
        messages.append(view[start:at])
        if kind == END:
            at = end_of_recording(file, at, len(data))
        elif at < len(data):
            return None
    return header, messages


def stores(messages: list[memoryview]) -> dict[bytes, bytes]:
    """The ids of the stores (recordings and blueprints) that the messages belong to, each with its SetStoreInfo messages.

    Viewers up to 0.33 at least show nothing of a store without SetStoreInfo.
    """
    found: dict[bytes, list[memoryview]] = {}
    for view in messages:
        at = 0
        while at < len(view):
            kind, length = MESSAGE.unpack_from(view, at)
            end = at + MESSAGE.size + length
            content = view[at + MESSAGE.size : end]
            if kind == _STORE_INFO:
                store = _field(_field(content, 2), 2)
                found.setdefault(store, []).append(view[at:end])
            else:
                found.setdefault(_field(content, 1), [])
            at = end
    found.pop(b"", None)
    return {store: b"".join(infos) for store, infos in found.items()}


def _field(message: bytes | memoryview, number: int) -> bytes:
    """The bytes of a field of a protobuf message; none if it has no such field."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 2:
            length, at = _varint(message, at)
            if tag >> 3 == number:
                return bytes(message[at : at + length])
            at += length
        elif kind == 0:
            _, at = _varint(message, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            break
    return b""


def _varint(message: bytes | memoryview, at: int) -> tuple[int, int]:
    """A number, and where it ends; a part of the number if it has more bytes than protobuf allows."""
    value = shift = 0
    while at < len(message) and shift < _MOST_BITS:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return value, at


def end_of_messages(file: BinaryIO, at: int, size: int) -> tuple[int, int | None]:
    """Where the complete messages of known kinds end that begin at `at`, and the kind of the next message; None if no complete message follows."""
    while at + MESSAGE.size <= size:
        file.seek(at)
        kind, length = MESSAGE.unpack(file.read(MESSAGE.size))
        end = at + MESSAGE.size + length
        if kind == END or kind > _MOST_KINDS:
            return at, kind
        if end > size:
            break
        at = end
    return at, None


def end_of_recording(file: BinaryIO, at: int, size: int) -> int:
    """The end of the recording whose last message begins at `at`, with the tables behind it."""
    file.seek(at)
    _, length = MESSAGE.unpack(file.read(MESSAGE.size))
    at = min(at + MESSAGE.size + length, size)
    file.seek(at)
    start = file.read(len(MAGIC))
    if start == MAGIC:  # the next recording
        return at
    tables = start + file.read(_TABLE_SIZE * _MOST_TABLES + FOOT_SIZE)
    foot = tables.find(FOOT)
    number, rest = divmod(foot, _TABLE_SIZE)
    if foot <= 0 or rest or tables[foot + len(FOOT) : foot + FOOT_SIZE] != number.to_bytes(4, "little"):
        return at  # the foot of another recording, or none
    return at + foot + FOOT_SIZE


def arrow_messages(path: Path) -> int:
    """How many messages of the recording carry data."""
    found = 0
    with path.open("rb") as file:
        file.seek(HEADER_SIZE)
        while len(header := file.read(MESSAGE.size)) == MESSAGE.size:
            kind, size = MESSAGE.unpack(header)
            if kind == END:  # a footer follows
                break
            found += kind == _ARROW
            file.seek(size, os.SEEK_CUR)
    return found
