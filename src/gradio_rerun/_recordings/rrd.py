"""The format of a recording, as far as it is needed to join several recordings.

A recording is a header of 12 bytes (magic, version of the SDK, options), then messages (kind and length, 8 bytes each, then the
content). A message of kind 0 is the last one. Since rerun-sdk 0.28 or so, the last message has a table of contents, and the positions of such
tables follow: 20 bytes for each, `RRF2FOOT`, and their number. Seen in recordings of rerun-sdk 0.24 to 0.41.

Only the viewer reads two concatenated recordings as one: the readers of the SDK stop at the first end, or fail at the last table.
This file imports nothing of the package: scripts in processes of their own use it, too.
"""

from __future__ import annotations

import struct

MAGIC = b"RRF2"
HEADER_SIZE = 12

MESSAGE = struct.Struct("<QQ")
END = 0
_STORE_INFO = 1
FOOT = b"RRF2FOOT"
FOOT_SIZE = len(FOOT) + 4
TABLE_SIZE = 20
_MOST_TABLES = 16
MOST_KINDS = 256
_MOST_BITS = 70
"""Of a number: 7 in each byte."""


def is_closed(end: bytes) -> bool:
    """Whether a recording with these last 16 bytes has an end: the SDK has written all of it."""
    return end[4:].startswith(FOOT) or end == MESSAGE.pack(END, 0)


def split(data: bytes) -> tuple[bytes, list[memoryview]] | None:
    """The header and the messages of a recording, or of several with the same header; None if its format is unknown."""
    header = data[:HEADER_SIZE]
    view = memoryview(data)
    messages: list[memoryview] = []
    at = 0
    while at < len(data):
        if len(header) < HEADER_SIZE or data[at : at + HEADER_SIZE] != header:
            return None
        start = at + HEADER_SIZE
        end = _end_of_messages(data, start)
        if end is None:
            return None
        messages.append(view[start:end])
        at = _end_of_recording(data, end)
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


def _end_of_messages(data: bytes, at: int) -> int | None:
    while at < len(data):
        if at + MESSAGE.size > len(data):
            return None
        kind, length = MESSAGE.unpack_from(data, at)
        if kind == END:
            return at
        at += MESSAGE.size + length
        if kind > MOST_KINDS or at > len(data):
            return None
    return at


def _end_of_recording(data: bytes, at: int) -> int:
    """The position of the next recording. The last message of this one, if it has one, is at `at`."""
    if at == len(data):
        return at
    _, length = MESSAGE.unpack_from(data, at)
    at += MESSAGE.size + length
    for tables in range(1, _MOST_TABLES + 1):
        foot = at + TABLE_SIZE * tables
        if data[foot : foot + len(FOOT)] == FOOT:
            return foot + FOOT_SIZE
    return at
