"""Objects of Python that stand for a file on another server: those of fsspec and universal_pathlib, and paths such as those of cloudpathlib."""

from __future__ import annotations

import sys
from typing import Any


def url_of_object(item: Any) -> str | None:
    """The URL of the file that `item` stands for; None for other objects, and for strings."""
    if isinstance(item, (str, bytes, dict)):
        return None
    if found := file_system_of(item):
        file_system, path = found
        url = str(file_system.unstrip_protocol(path))
        return url.replace("memory:///", "memory://")  # fsspec takes both, and its files are in folders, not in buckets
    text = str(item) if hasattr(item, "open") and hasattr(item, "stat") else ""
    return text if "://" in text else None


def file_system_of(item: Any) -> tuple[Any, str] | None:
    """The file system of fsspec that an object has, and its path there."""
    fsspec = sys.modules.get("fsspec")  # whoever holds one of its objects has imported it
    path = getattr(item, "path", None)
    if fsspec is None or not isinstance(path, str) or not hasattr(item, "fs"):
        return None
    return (item.fs, path) if isinstance(item.fs, fsspec.AbstractFileSystem) else None
