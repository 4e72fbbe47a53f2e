"""The component's own scripts and styles as a page loads them: `<cache>/frontend/<hash>/**/*.js *.css`, a folder named by its content.

A browser that keeps scripts of an older release, by their URL, thus never mixes them with newer ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .cache import cache_dir, holds, own_folder, remove_abandoned, state_of, stored, write_whole
from .modules import in_one

FRONTEND = Path(__file__).parents[1] / "frontend"

_SEPARATE = ("gradio/component-server.js", "gradio/styles.js", "viewer/loader.js", "wire.js")
"""What a page loads before the rest, or beside it; see _gradio/js_on_load.py."""

_ENTRIES = {"gradio/bridge.js": _SEPARATE, "export/page.js": ()}
"""The scripts that are published in one file with all that they import, and the modules that they import nevertheless."""


@dataclass(frozen=True)
class _Published:
    folder: Path
    names: list[str]
    state: str


_published: dict[Path, _Published] = {}
"""By cache folder."""


def published_folder() -> Path:
    """A folder with what a page loads of the .js and .css files in `FRONTEND`."""
    paths = list(_scripts_and_styles(FRONTEND))
    known = _published.get(cache_dir())
    if known and known.state and known.state == _state(paths, known.folder, known.names):
        return known.folder
    files = _in_few_files({path.relative_to(FRONTEND).as_posix(): path.read_bytes() for path in paths})
    folder = _publish(files)
    _published[cache_dir()] = _Published(folder, list(files), _state(paths, folder, files))
    return folder


def known_published_folder() -> Path:
    """The folder of `published_folder` as last found, without a check of its files: Gradio updates components on the event loop."""
    known = _published.get(cache_dir())
    return known.folder if known else published_folder()


def _scripts_and_styles(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _scripts_and_styles(path)
        elif path.suffix in (".js", ".css"):
            yield path


def _in_few_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that a page loads: Gradio needs 6 to 8 ms of the processor for each that it serves."""
    sources = {name: content.decode() for name, content in files.items()}
    kept = {name: files[name] for name in files if name.endswith(".css") or name in _SEPARATE}
    return kept | {entry: in_one(sources, entry, separate).encode() for entry, separate in _ENTRIES.items()}


def _publish(files: dict[str, bytes]) -> Path:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\n{len(content)}\n".encode() + content)

    def publish(root: Path) -> Path:
        folder = Path("frontend", digest.hexdigest()[:12])
        for name, content in files.items():
            path = own_folder(root, *(folder / name).parent.parts) / Path(name).name
            if not holds(path, content, root):
                remove_abandoned(path.parent)
                write_whole(path, content)
        return root / folder

    return stored(publish)


def _state(sources: Iterable[Path], folder: Path, names: Iterable[str]) -> str:
    """A string that changes when one of the sources, of the published files or of their folders changes."""
    paths = [folder / name for name in names]
    return state_of([*sources, *dict.fromkeys((folder, *(path.parent for path in paths), *paths))])
