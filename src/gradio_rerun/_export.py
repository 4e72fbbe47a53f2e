"""Writes recordings and the viewer as a folder that any web server serves."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from html import escape
from importlib import metadata
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from gradio.data_classes import FileData

from ._checks import as_path, whole_text, wrong
from ._component.settings import PageSettings
from ._recordings.sources import Sources
from ._recordings.values import to_recordings
from ._viewer.assets import ViewerAssets, viewer_assets
from ._viewer.frontend import FRONTEND, published_folder
from ._wire import PanelName, PanelState, Theme, path_or_url
from .errors import UNPRINTABLE, ExportError, GradioRerunError, RecordingError, UnsupportedValueError

_LIST = "gradio_rerun.json"
"""In the folder: the names of the files of the page, which the next export into the same folder may delete."""

_SCRIPT = Path("export", "page.js")
_STYLES = (Path("rerun-viewer.css"), Path("export", "page.css"))
_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".svg")

_LICENCES = """\
This folder was written by gradio_rerun, and contains

- frontend/: the scripts of gradio_rerun, under MIT or Apache-2.0;
- viewer/: the web viewer of rerun-sdk {version}, Copyright (c) 2022 Rerun Technologies AB, https://rerun.io, under MIT or Apache-2.0. The wheel of
  rerun-sdk lists the libraries in the viewer.

The texts of these licences follow.
"""


def export(
    value: Any,
    folder: str | os.PathLike[str],
    *,
    title: str | None = None,
    height: int | float | str | None = 640,
    theme: Theme = "auto",
    panel_states: Mapping[PanelName, PanelState] | None = None,
    poster: str | os.PathLike[str] | None = None,
) -> str:
    """Writes a page that shows recordings into a folder, which any web server can serve, and returns the `<iframe>` that embeds the page.

    The page needs no Python and no other server. A folder that an earlier call has written is updated; other files in it stay.

    Args:
        value: What `Rerun` shows: a path (of a recording, a blueprint, or a file that the SDK can convert), `bytes`, a `rerun.RecordingStream`, or
            a list of these. URLs of `hf`, `s3`, `gs`, `az` are fetched; those of recordings on web servers are refused.
        folder: The folder: a new or an empty one, or one that an earlier call has written.
        title: The title of the page. If None, it is the name of the first recording.
        height: The height of the `<iframe>`: pixels if a number, a CSS length if a string. The viewer fills the page.
        theme: "light", "dark", or "auto" for the reader's choice in the browser or system.
        panel_states: As in `Rerun`.
        poster: The path of a picture that is shown until the reader clicks on it. If None, the viewer starts at once.
    """
    settings: dict[str, Any] = {"theme": theme, "panel_states": panel_states}
    settings = {name: PageSettings.checked(name, given) for name, given in settings.items()}
    css_height = PageSettings.checked("height", height)
    if title is not None and not isinstance(title, str):
        raise wrong("title", "a string or None", title)
    picture = None if poster is None else _checked_poster(poster)
    target = as_path("folder", folder).absolute()
    before = _files_of_earlier_export(target)
    with _new_files(target) as new:
        recordings = _add_recordings(value, new)
        frontend = _add_frontend(new)
        settings |= _add_viewer(new)
        # The command prints the title, and a terminal obeys control characters.
        page_title = UNPRINTABLE.sub("", whole_text(title if title is not None else recordings[0]["name"]))
        if picture:
            shutil.copyfile(picture, new / f"poster{picture.suffix.lower()}")
        page = {"settings": settings, "recordings": recordings}
        (new / "index.html").write_text(_page(page, page_title, frontend, picture), "utf-8")
        _replace(target, new, before)
    return (
        f'<iframe src="{quote(os.fsencode(target.name))}/index.html" title="{escape(page_title)}" loading="lazy" allow="fullscreen"'
        f' style="width: 100%; height: {css_height}; border: 0"></iframe>'
    )


def _checked_poster(poster: str | os.PathLike[str]) -> Path:
    path = as_path("poster", poster) if isinstance(poster, (str, os.PathLike)) else None
    if path is None or path.suffix.lower() not in _IMAGE_SUFFIXES or not os.path.isfile(path):  # noqa: PTH113  # any name
        raise wrong("poster", f"the path of a picture ({', '.join(_IMAGE_SUFFIXES)}) or None", poster)
    return path


def _files_of_earlier_export(folder: Path) -> set[str]:
    """The names of the files that an earlier export has written. Raises an `ExportError` for a folder with other files."""
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return set()
        names = {str(name) for name in json.loads((folder / _LIST).read_text("utf-8"))["files"]}
        if any("\0" in name for name in names):
            raise ValueError("no names of files")
        return names
    except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ExportError(
            f"The folder {folder.name!r} is not empty, and no earlier export has written it. Name a new folder, or empty this one."
        ) from error
    except OSError as error:  # a file, or a folder of another user
        raise _not_written(folder, error.strerror or error) from error


@contextmanager
def _new_files(folder: Path) -> Iterator[Path]:
    """A folder for the new files, in `folder`. Raises an `ExportError` if they cannot be written; then, a new `folder` is removed."""
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gradio_rerun-", dir=folder) as temporary:
            yield Path(temporary)
    except RecordingError as error:  # a RecordingNotFoundError is an OSError, too
        if error._unwritten:  # not to Gradio's cache
            raise _not_written(folder, error._unwritten) from error
        raise
    except GradioRerunError:
        raise
    except OSError as error:
        raise _not_written(folder, error.strerror or error) from error
    finally:
        if is_new:
            with suppress(OSError):  # the page is there
                folder.rmdir()


def _not_written(folder: Path, reason: object) -> ExportError:
    return ExportError(
        f"The page cannot be written into the folder {folder.name!r:.200}: {reason}. Name another folder."
    )


def _add_recordings(value: Any, new: Path) -> list[dict[str, Any]]:
    cache = new / ".cache"
    recordings: list[dict[str, Any]] = []
    names: set[str] = set()
    (new / "recordings").mkdir()
    sources = Sources.of_author(value, wants_files=True)
    for item in {path_or_url(each): each for each in to_recordings(value, cache, sources=sources)}.values():
        if not isinstance(item, FileData):
            raise UnsupportedValueError(
                f"Expected recordings that can be written into a folder, got the URL {path_or_url(item)!r:.300}. The page loads nothing from other servers: "
                "save the recording as a file, and pass its path."
            )
        name = item.orig_name or Path(item.path).name
        file = _file_name(name, names)
        source = Path(item.path)
        if source.is_relative_to(cache) and source.stat().st_nlink == 1:
            source.replace(new / "recordings" / file)
        else:  # the page must not change with the original
            shutil.copyfile(source, new / "recordings" / file)
        recordings.append({"name": name, "url": f"recordings/{file}", "size": item.size})
    shutil.rmtree(cache, ignore_errors=True)
    if not recordings:
        raise UnsupportedValueError(f"Expected a recording for the page, got {value!r:.200}.")
    return recordings


def _file_name(name: str, taken: set[str]) -> str:
    """A name that each web server takes, and that differs from those in `taken`, to which it is added."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    # GitHub Pages leaves out files whose names begin with "_" or ".", and some servers ignore case.
    stem = re.sub(r"[^a-z0-9.-]+", "_", stem.lower()).strip("._") or "recording"
    suffix = re.sub(r"[^a-z0-9.]+", "", suffix.lower())
    numbered = (stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 2)))
    found = next(each for each in (f"{each}{suffix}" for each in numbered) if each not in taken)
    taken.add(found)
    return found


def _add_frontend(new: Path) -> list[str]:
    """Copies the script and the styles of the page, and returns their names in the folder."""
    published = published_folder()
    # The name contains a hash: browsers do not mix the files of two exports.
    folder = Path("frontend", published.name)
    names = [_SCRIPT, *_STYLES]
    for name in names:
        (new / folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(published / name, new / folder / name)
    return [(folder / name).as_posix() for name in names]


def _add_viewer(new: Path) -> dict[str, Any]:
    """Copies the viewer with its licences, and returns its settings."""
    assets = viewer_assets()
    (new / "viewer").mkdir()
    for path in (assets.glue, assets.wasm):
        shutil.copyfile(path, new / "viewer" / path.name)
    (new / "LICENSES.txt").write_text(_licences(assets), "utf-8")
    files = {
        name: {"location": path.name, "url": f"viewer/{quote(path.name)}", "orig_name": path.name}
        for name, path in (("glue", assets.glue), ("wasm", assets.wasm))
    }
    viewer = {"version": assets.version, **files, "wasm_size": assets.wasm_size, "warm_up": None}
    # The viewer may load an app's files below the URL of `bridge`. An exported folder has none.
    bridge = {"path": "", "url": "frontend"}
    return {"viewer": viewer, "bridge": bridge, "telemetry": False, "allowed_origins": [], "time_controls": None}


def _licences(assets: ViewerAssets) -> str:
    # A checkout of the repository that is not installed has the licences at its root.
    ours = [*_licence_texts("gradio_rerun")] or [
        path.read_text("utf-8") for path in sorted(FRONTEND.parents[2].glob("LICENSE-*"))
    ]
    texts = [_LICENCES.format(version=assets.version), *ours, *_licence_texts("rerun-sdk")]
    return f"\n{'-' * 80}\n\n".join(texts)


def _licence_texts(package: str) -> Iterator[str]:
    """The texts of the licences in an installed package. Wheels of rerun-sdk before 0.41 have none: its texts differ from ours only in the names."""
    with suppress(metadata.PackageNotFoundError):
        for file in metadata.files(package) or ():
            if file.name.startswith("LICENSE"):
                yield file.read_text(encoding="utf-8")


def _page(page: dict[str, Any], title: str, frontend: list[str], picture: Path | None) -> str:
    script, *styles = frontend
    poster = f'<img src="poster{picture.suffix.lower()}" alt="">' if picture else ""
    return Template((FRONTEND / "export" / "page.html").read_text("utf-8")).substitute(
        title=escape(title),
        styles="\n".join(f'<link rel="stylesheet" href="{name}">' for name in styles),
        script=script,
        page=json.dumps(page).replace("<", "\\u003c"),
        poster=poster and f'<button type="button" class="rerun-poster">{poster}</button>',
    )


def _replace(folder: Path, new: Path, before: set[str]) -> None:
    """Moves the new files into the folder, and deletes those that an earlier export has written there."""
    names = [path.relative_to(new).as_posix() for path in sorted(new.rglob("*")) if path.is_file()]
    (new / _LIST).write_text(json.dumps({"files": [*names, _LIST]}, indent=2), "utf-8")
    # The page comes last: until then, the earlier one works.
    for name in sorted([*names, _LIST], key=lambda name: name == "index.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).replace(folder / name)
    for name in before - {*names, _LIST}:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            path.unlink()
            with suppress(OSError):  # not empty
                path.parent.rmdir()
