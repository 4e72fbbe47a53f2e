"""What the page must know besides the value: the parameters of `Rerun`, checked, and where its files are."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args
from urllib.parse import quote, urlsplit

import gradio as gr
from gradio.data_classes import FileDataDict
from gradio.utils import is_static_file

from .conversions import CONVERTIBLE_SUFFIXES
from .errors import ParameterError
from .recordings import RECORDING_SUFFIXES
from .viewer_assets import check_viewer_assets, published_folder, viewer_assets
from .wire import FileCount, PanelName, PanelState, Settings, Theme, ViewerFiles

FRONTEND = Path(__file__).parent / "frontend"


def page_settings(
    *,
    height: int | float | str,
    scale: int | None,
    min_width: int | None,
    streaming: bool,
    panel_states: Mapping[PanelName, PanelState] | None,
    theme: Theme,
    telemetry: bool,
    time_update_interval: float,
    allowed_origins: Sequence[str] | None,
    interactive: bool | None,
    file_count: FileCount,
    file_types: Sequence[str] | None,
    show_download_button: bool,
    show_clear_button: bool,
) -> Settings:
    """What the page must know besides the value. Raises a `ParameterError` for what cannot be."""
    for name, value, known in (("theme", theme, get_args(Theme)), ("file_count", file_count, get_args(FileCount))):
        if value not in known:
            raise ParameterError(f"Expected {name} to be one of {known}, got {value!r}.")
    return Settings(
        page=_static_file(published_folder(FRONTEND) / "bridge.js"),
        viewer=_viewer_files(),
        height=css_length(height),
        scale=scale,
        min_width=min_width,
        theme=theme,
        streaming=bool(streaming),
        panel_states=_panel_states(panel_states),
        telemetry=bool(telemetry),
        time_update_interval=_interval(time_update_interval),
        allowed_origins=_origins(allowed_origins),
        interactive=interactive,
        file_count=file_count,
        file_types=_file_types(file_types),
        show_download_button=bool(show_download_button),
        show_clear_button=bool(show_clear_button),
    )


SETTINGS = tuple(inspect.signature(page_settings).parameters)
"""The parameters of `Rerun` that the page must know."""


def check_page_files() -> None:
    """Puts back those of the files that a page loads which are gone or damaged."""
    published_folder(FRONTEND)
    check_viewer_assets()


def css_length(height: int | float | str) -> str:
    """`height` as CSS: pixels if a number, as it is if a string. Raises a `ParameterError` for anything else."""
    if isinstance(height, (int, float)) and not isinstance(height, bool) and height > 0:
        return f"{height}px"
    # No quotes, braces or backquotes: the text goes through gr.HTML's template.
    if isinstance(height, str) and re.fullmatch(r"[\w\s.%()+*/,-]+", height):
        return f"{height}px" if height.isdecimal() else height
    raise ParameterError(
        f'Expected height to be a positive number of pixels or a CSS length such as "70vh", got {height!r}.'
    )


def checked_stream_size(size: int | None) -> int | None:
    """`size`, if it can be a `max_stream_size`. Raises a `ParameterError` otherwise."""
    if size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0):
        return size
    raise ParameterError(f"Expected max_stream_size to be a positive number of bytes or None, got {size!r}.")


def _interval(seconds: float) -> float:
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < math.inf:
        return seconds
    raise ParameterError(f"Expected time_update_interval to be seconds, 0 or more, got {seconds!r}.")


def _panel_states(states: Mapping[PanelName, PanelState] | None) -> dict[PanelName, PanelState]:
    known = {name: state for name, state in (states or {}).items() if state is not None}
    for name, state in known.items():
        if name not in get_args(PanelName) or state not in get_args(PanelState):
            raise ParameterError(
                f"Expected panel_states to give the panels {get_args(PanelName)} one of the states {get_args(PanelState)}, "
                f"got {name!r}: {state!r}."
            )
    return known


def _origins(origins: Sequence[str] | None) -> list[str]:
    if isinstance(origins, str):
        raise ParameterError(f"Expected allowed_origins to be a list, got {origins!r}. Write [{origins!r}].")
    for origin in origins or ():
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise ParameterError(
                f'Expected allowed_origins to hold origins such as "https://tile.openstreetmap.org", got {origin!r}.'
            )
    return [origin.rstrip("/") for origin in origins or ()]


def _file_types(types: Sequence[str] | None) -> list[str]:
    if types is None:
        return [*RECORDING_SUFFIXES, *CONVERTIBLE_SUFFIXES]
    if isinstance(types, str) or not all(isinstance(each, str) and each for each in types):
        raise ParameterError(f'Expected file_types to be a list such as [".rrd", ".png", "image"], got {types!r}.')
    # The words are those of gr.File: "file" is any, "image" is all images.
    if "file" in types:
        return []
    return [each if each.startswith(".") or "/" in each else f"{each}/*" for each in types]


def _viewer_files() -> ViewerFiles:
    assets = viewer_assets()
    return ViewerFiles(
        version=assets.version,
        glue=_static_file(assets.glue),
        wasm=_static_file(assets.wasm),
        wasm_size=assets.wasm_size,
    )


def _static_file(path: Path) -> FileDataDict:
    if not is_static_file(path):
        gr.set_static_paths(path.parent)
    # Gradio puts the app's root in front of the url of everything that looks like a file.
    return FileDataDict(
        path=str(path),
        url=f"/gradio_api/file={quote(path.as_posix(), safe='/:')}",
        size=path.stat().st_size,
        orig_name=path.name,
        is_stream=False,
        meta={"_type": "gradio.FileData"},
    )
