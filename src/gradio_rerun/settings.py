"""The settings that the page needs besides the value: the checked parameters of `Rerun`, and the URLs of its files."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, urlsplit

import gradio as gr
from gradio.data_classes import FileDataDict
from gradio.utils import is_static_file

from .conversions import CONVERTIBLE_SUFFIXES
from .errors import ParameterError
from .parameters import is_collection, is_number, suggestion, wrong
from .recordings import RECORDING_SUFFIXES
from .viewer_assets import check_viewer_assets, published_folder, viewer_assets
from .wire import ButtonName, FileCount, PanelName, PanelState, Settings, Theme, ViewerFiles

FRONTEND = Path(__file__).parent / "frontend"

DEFAULT_HEIGHT = 640
"""Pixels."""

# No quotes, braces or backquotes: the text goes through gr.HTML's template.
_CSS_LENGTH = re.compile(
    r"\s*(?=.*[1-9])(\d+|\d*\.\d+)(%|px|cm|mm|q|in|pt|pc|r?em|r?ex|r?ch|r?lh|r?cap|r?ic|[sld]?v(h|w|i|b|min|max)|cq(h|w|i|b|min|max))\s*"
    r"|\s*(calc|min|max|clamp|var|env)\([\w\s.%()+*/,-]+\)\s*",
    re.IGNORECASE,
)

_AN_ORIGIN = "https://tile.openstreetmap.org"

_DEFAULT_BUTTONS: tuple[ButtonName, ...] = ("download", "screenshot", "fullscreen")


def page_settings(
    *,
    height: int | float | str | None,
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
    buttons: Sequence[ButtonName | gr.Button] | None,
) -> Settings:
    """The settings that the page needs besides the value. Raises a `ParameterError` for an invalid value."""
    for name, value, known in (("theme", theme, get_args(Theme)), ("file_count", file_count, get_args(FileCount))):
        if not isinstance(value, str) or value not in known:
            raise wrong(name, f"one of {known}", value, suggestion(value, known))
    modules = published_folder(FRONTEND)
    return Settings(
        page=_static_file(modules / "gradio" / "bridge.js", modules),
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
        buttons=_built_in_buttons(buttons, download=show_download_button, clear=show_clear_button),
        clear_if_interactive=buttons is None,
    )


SETTINGS = tuple(inspect.signature(page_settings).parameters)
"""The parameters of `Rerun` that the page needs."""


def check_page_files() -> None:
    """Restores the files that a page loads if they are missing or damaged."""
    published_folder(FRONTEND)
    check_viewer_assets()


def css_length(height: int | float | str | None) -> str:
    """`height` as CSS: pixels if a number, as it is if a string, 640 pixels if None. Raises a `ParameterError` for anything else."""
    if height is None:
        return f"{DEFAULT_HEIGHT}px"
    if isinstance(height, str) and height.isdecimal():
        height = int(height)
    if isinstance(height, str) and _CSS_LENGTH.fullmatch(height) and height.count("(") == height.count(")"):
        return height
    if not isinstance(height, str) and is_number(height) and height > 0:
        return f"{height}px"
    raise wrong("height", 'a positive number of pixels, a CSS length such as "70vh" or "100%", or None', height)


def checked_stream_size(size: int | None) -> int | None:
    """`size`, if it can be a `max_stream_size`. Raises a `ParameterError` otherwise."""
    if size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0):
        return size
    raise wrong("max_stream_size", "a positive number of bytes or None", size)


def _interval(seconds: float) -> float:
    if is_number(seconds) and seconds >= 0:
        return seconds
    raise wrong("time_update_interval", "a number of seconds, 0 or more", seconds)


def _panel_states(states: Mapping[PanelName, PanelState] | None) -> dict[PanelName, PanelState]:
    if states is not None and not isinstance(states, Mapping):
        raise wrong("panel_states", 'a dict such as {"time": "hidden"}, or None', states)
    known = {name: state for name, state in (states or {}).items() if state is not None}
    for name, state in known.items():
        if name not in get_args(PanelName) or state not in get_args(PanelState):
            raise ParameterError(
                f"Expected panel_states to give the panels {get_args(PanelName)} one of the states {get_args(PanelState)}, "
                f"got {name!r}: {state!r}."
            )
    return known


def _origins(origins: Sequence[str] | None) -> list[str]:
    if origins is not None and not is_collection(origins):
        cure = f"Write [{origins!r}]." if isinstance(origins, str) else ""
        raise wrong("allowed_origins", f"a list such as [{_AN_ORIGIN!r}], or None", origins, cure)
    for origin in origins or ():
        if not _is_origin(origin):
            raise ParameterError(f"Expected allowed_origins to hold origins such as {_AN_ORIGIN!r}, got {origin!r}.")
    return [origin.rstrip("/") for origin in origins or ()]


def _is_origin(origin: Any) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path.strip("/")
    except (ValueError, TypeError, AttributeError):  # no string, or half an IPv6 address
        return False


def _built_in_buttons(
    buttons: Sequence[ButtonName | gr.Button] | None, *, download: bool, clear: bool
) -> list[ButtonName]:
    known = get_args(ButtonName)
    if buttons is not None and not is_collection(buttons):
        cure = f"Write [{buttons!r}]." if isinstance(buttons, str) else ""
        raise wrong("buttons", f"a list of {known} and gr.Buttons, or None", buttons, cure)
    for each in buttons or ():
        if each not in known if isinstance(each, str) else not isinstance(each, gr.Button):
            raise ParameterError(
                f"Expected buttons to hold {known} and gr.Buttons, got {each!r:.200}. {suggestion(each, known)}".rstrip()
            )
    named = _DEFAULT_BUTTONS if buttons is None else buttons
    # The order is that of the toolbar.
    return [
        name for name in known if (name in named and (name != "download" or download)) or (name == "clear" and clear)
    ]


def _file_types(types: Sequence[str] | None) -> list[str]:
    if types is None:
        return [*RECORDING_SUFFIXES, *CONVERTIBLE_SUFFIXES]
    if not is_collection(types) or not all(isinstance(each, str) and each for each in types):
        cure = f"Write [{types!r}]." if isinstance(types, str) else ""
        raise wrong("file_types", 'a list such as [".rrd", ".png", "image"], or None', types, cure)
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


def _static_file(path: Path, folder: Path | None = None) -> FileDataDict:
    """A file that any visitor may read, as all in `folder`; by default, the file's own folder."""
    if not is_static_file(path):
        gr.set_static_paths(folder or path.parent)
    # Gradio puts the app's root in front of the url of everything that looks like a file.
    return FileDataDict(
        path=str(path),
        url=f"/gradio_api/file={quote(path.as_posix(), safe='/:')}",
        size=path.stat().st_size,
        orig_name=path.name,
        is_stream=False,
        meta={"_type": "gradio.FileData"},
    )
