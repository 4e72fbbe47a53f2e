"""A WebAssembly module with a limited memory."""

from __future__ import annotations

_MEMORY_SECTION = 5


def with_memory_limit(module: bytes, more_pages: int) -> bytes:
    """Returns the module with a memory that can grow by only this number of pages of 64 kB."""
    at = 8  # behind magic and version
    while True:
        size, content = _read(module, at + 1)
        if module[at] == _MEMORY_SECTION:
            break
        at = content + size
    least, _ = _read(module, content + 2)  # behind the number of memories, which is 1, and flags
    section = b"\x01\x01" + _written(least) + _written(least + more_pages)
    return module[: at + 1] + _written(len(section)) + section + module[content + size :]


def _read(data: bytes, at: int) -> tuple[int, int]:
    """Returns the LEB128 number at `at`, and the offset of its end."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def _written(number: int) -> bytes:
    digits = []
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])
