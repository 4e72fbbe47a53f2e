"""The files that a page loads, on disk under names that never change their bytes.

    <cache>/viewer/<SDK version>/re_viewer-<version>-<hash>.js.gz         the web viewer of the installed rerun-sdk
                                 re_viewer_bg-<version>-<hash>.wasm.gz, .wasm.br
                                 warm_up-<version>-<hash>.rrd             a recording for a viewer that starts before there is a value
                                 manifest-<build>.json                    their sizes and hashes, written last

There is no lock: processes that start at the same time write the same content, each with an atomic rename.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict

import brotli  # Gradio needs it, too

from .._fork import ModuleLock
from ..errors import log
from .cache import cache_dirs, check_owner, holds, own_folder, remove_abandoned, state_of, stored, write_whole
from .extraction import ExtractedViewer, extract_viewer, warm_up_recording
from .sdk import build_file, sdk_version

# Level and size of the WASM of 0.41.0 (43.2 MB), time on one core of the machine this was written on:
# 5: 13.94 MB 1.3 s, 6: 13.78 MB 2.4 s, 7: 13.74 MB 2.7 s, 8: 13.72 MB 3.4 s, 9: 13.71 MB 3.9 s.
_GZIP_LEVEL = 7
# The same with brotli: quality 4: 12.07 MB 2.4 s, 5: 11.22 MB 2.8 s, 6: 11.02 MB 4.0 s, 7: 10.83 MB 11.8 s.
_BROTLI_QUALITY = 5

# After a failed check. Any client can request a check, and each would start a process.
_CHECK_AGAIN_AFTER = 10.0  # seconds

_assets: ViewerAssets | None = None
_assets_lock = ModuleLock(threading.RLock)
_next_check = 0.0


@dataclass(frozen=True)
class ViewerAssets:
    """The web viewer of the installed rerun-sdk, as files."""

    version: str
    """The version of the rerun-sdk, which is also the version of the viewer."""
    glue: Path
    """The JavaScript, compressed with gzip."""
    wasm: Path
    """The WebAssembly, compressed with gzip."""
    wasm_br: Path
    """The WebAssembly, compressed with brotli."""
    wasm_size: int
    """Bytes of the WebAssembly before compression."""
    warm_up: Path | None = None
    """A small recording that an empty viewer shows unseen, so that the browser compiles the viewer's code."""


class _File(TypedDict):
    name: str
    size: int
    sha256: str


class _Manifest(TypedDict):
    glue: _File
    wasm: _File
    wasm_br: _File
    wasm_size: int
    warm_up: _File | None


def viewer_assets() -> ViewerAssets:
    """The web viewer of the installed rerun-sdk; extracted at first use, which takes seconds and prints a line.

    The result is kept for the life of the process, while its files exist.

    Raises SdkError when rerun-sdk is missing or too old, ViewerError when the viewer cannot be extracted.
    """
    global _assets
    with _assets_lock:
        if _assets is None or not all(path.is_file() for path in (_assets.glue, _assets.wasm, _assets.wasm_br)):
            _assets = _found_or_extracted()
        return _assets


def known_viewer_assets() -> ViewerAssets:
    """The web viewer as last found, without a check of its files: Gradio updates components on the event loop."""
    return _assets or viewer_assets()


def _found_or_extracted() -> ViewerAssets:
    version, build = sdk_version(), _build()
    found = (_read(folder, version, build) for folder in cache_dirs())
    return next(filter(None, found), None) or _extract(version, build)


def restore_viewer_assets() -> None:
    """Extracts the viewer again if its files are missing or damaged. Raises as `viewer_assets` does."""
    global _assets, _next_check
    with _assets_lock:
        if time.monotonic() < _next_check:
            return
        _next_check = time.monotonic() + _CHECK_AGAIN_AFTER
        _assets = _found_or_extracted()
        _next_check = 0.0


def _build() -> str:
    """A hash that differs between two builds of one version of the SDK, without reading 200 MB."""
    stat = build_file().stat()
    # Layers of container images keep whole seconds only.
    return _short_hash(f"{stat.st_size} {int(stat.st_mtime)}".encode())


def _read(root: Path, version: str, build: str) -> ViewerAssets | None:
    """The viewer in the cache; None if it is missing or damaged."""
    folder = _viewer_folder(root, version)
    path = _manifest_path(folder, build)
    try:
        check_owner(path, root)
        manifest: _Manifest = json.loads(path.read_bytes())
        entries = manifest["glue"], manifest["wasm"], manifest["wasm_br"]
        glue, wasm, wasm_br = (_whole_file(folder, entry, root) for entry in entries)
        warm_up = _whole_file(folder, manifest["warm_up"], root) if manifest["warm_up"] else None
        return ViewerAssets(version, glue, wasm, wasm_br, int(manifest["wasm_size"]), warm_up)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _whole_file(folder: Path, entry: _File, root: Path) -> Path:
    path = folder / entry["name"]
    check_owner(path, root)
    if _entry(path) != entry:  # also when the name leads out of the folder
        raise ValueError(f"{path} is damaged")
    return path


def _extract(version: str, build: str) -> ViewerAssets:
    started = time.monotonic()
    log(f"extracting the web viewer from rerun-sdk {version} (first use only)")
    with ThreadPoolExecutor(1) as beside:
        recording = beside.submit(warm_up_recording)
        files = extract_viewer()
    assets = stored(lambda root: _write(root, version, build, files, recording.result()))
    megabytes = sum(path.stat().st_size for path in (assets.glue, assets.wasm, assets.wasm_br)) / 1e6
    log(f"that took {time.monotonic() - started:.1f} s; {megabytes:.1f} MB in {assets.glue.parent}")
    return assets


def _write(root: Path, version: str, build: str, files: ExtractedViewer, recording: bytes) -> ViewerAssets:
    folder = own_folder(root, *_viewer_folder(Path(), version).parts)
    remove_abandoned(folder)
    glue_name, wasm_name = (
        f"{stem}-{folder.name}-{_short_hash(content)}.{suffix}"
        for stem, suffix, content in (("re_viewer", "js", files.glue), ("re_viewer_bg", "wasm", files.wasm))
    )
    contents = {f"{glue_name}.gz": files.glue, f"{wasm_name}.gz": files.wasm, f"{wasm_name}.br": files.wasm}
    glue, wasm, wasm_br = paths = [folder / name for name in contents]
    with ThreadPoolExecutor() as pool:
        compress = partial(_compressed_unless_there, root)
        for path, compressed in zip(paths, pool.map(compress, paths, contents.values()), strict=True):
            if compressed is not None:
                write_whole(path, compressed)
    # Each process logs other bytes, so its recording has another name.
    warm_up = folder / f"warm_up-{folder.name}-{_short_hash(recording)}.rrd" if recording else None
    if warm_up:
        write_whole(warm_up, recording)
    manifest = _Manifest(
        glue=_entry(glue),
        wasm=_entry(wasm),
        wasm_br=_entry(wasm_br),
        wasm_size=len(files.wasm),
        warm_up=_entry(warm_up) if warm_up else None,
    )
    write_whole(_manifest_path(folder, build), json.dumps(manifest, indent=2).encode())
    return ViewerAssets(version, glue, wasm, wasm_br, len(files.wasm), warm_up)


def _compressed_unless_there(root: Path, path: Path, content: bytes) -> bytes | None:
    # A Python with another zlib compresses to other bytes. A file that exists stays as it is, since another process serves it.
    if holds(path, content, root):
        return None
    if path.suffix == ".br":
        return bytes(brotli.compress(content, quality=_BROTLI_QUALITY))
    return gzip.compress(content, _GZIP_LEVEL, mtime=0)


def _entry(path: Path) -> _File:
    state = state_of([path])
    known = _entries.get(path)
    if known is None or known[0] != state:
        content = path.read_bytes()
        known = state, _File(name=path.name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        _entries[path] = known
    return known[1]


# Any client can request a check, which would read 25 MB.
_entries: dict[Path, tuple[str, _File]] = {}


def _viewer_folder(root: Path, version: str) -> Path:
    # A version such as 0.42.0+dev becomes part of a URL.
    return root / "viewer" / re.sub(r"[^\w.]", "-", version)


def _manifest_path(folder: Path, build: str) -> Path:
    # One per build: two environments with the same version share the files, and neither undoes the other's manifest.
    return folder / f"manifest-{build}.json"


def _short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
