"""The settings that the frontend needs besides the value: the checked parameters of `Rerun`, and the URLs of its files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import gradio as gr
from gradio.data_classes import FileDataDict

from .._checks import BYTES_OR_NONE, FLAG, FLAG_OR_NONE, Rule, is_collection, is_number, no_list, suggestion, wrong
from .._gradio.files import publish, static_file
from .._recordings.file_types import CONVERTIBLE_SUFFIXES, RECORDING_SUFFIXES
from .._viewer.assets import ViewerAssets, known_viewer_assets, restore_viewer_assets
from .._viewer.frontend import known_published_folder, published_folder
from .._wire import ButtonName, FileCount, PanelName, PanelState, Theme, ViewerFile, ViewerFiles
from ..errors import ParameterError
from .keys import checked_keys

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

# The words of gr.File: "file" is any, "image" is all images.
_FILE_KINDS = ("file", "image", "video", "audio", "text", "application", "model")

_Check = Callable[[str, Any], Any]
"""Gets the name and the value of a parameter, and returns what the frontend gets. Raises a `ParameterError` for an invalid value."""


def restore_page_files() -> None:
    """Restores the files that the frontend loads if they are missing or damaged."""
    published_folder()
    restore_viewer_assets()


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


def _one_of(words: Any) -> _Check:
    def check(name: str, value: Any) -> Any:
        known = get_args(words)
        if isinstance(value, str) and value in known:
            return value
        raise wrong(name, f"one of {known}", value, suggestion(value, known))

    return check


def _flag(name: str, value: Any) -> bool:
    return bool(FLAG(name, value))


def _is_size(value: Any) -> bool:
    return value is None or (is_number(value) and value >= 0)


def _is_duration(value: Any) -> bool:
    return is_number(value) and value >= 0


def _panel_states(_: str, states: Mapping[PanelName, PanelState] | None) -> dict[PanelName, PanelState]:
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


def _origins(_: str, origins: Sequence[str] | None) -> list[str]:
    if origins is not None and not is_collection(origins):
        raise no_list("allowed_origins", f"a list such as [{_AN_ORIGIN!r}], or None", origins)
    given = [] if origins is None else list(origins)
    for origin in given:
        if not _is_origin(origin):
            raise ParameterError(f"Expected allowed_origins to hold origins such as {_AN_ORIGIN!r}, got {origin!r}.")
    return [origin.rstrip("/") for origin in given]


def _is_origin(origin: Any) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path.strip("/")
    except (ValueError, TypeError, AttributeError):  # no string, or half an IPv6 address
        return False


def _built_in_buttons(
    buttons: Sequence[ButtonName | gr.Button] | None, show_download_button: bool, show_clear_button: bool
) -> list[ButtonName]:
    download = _flag("show_download_button", show_download_button)
    clear = _flag("show_clear_button", show_clear_button)
    known = get_args(ButtonName)
    if buttons is not None and not is_collection(buttons):
        raise no_list("buttons", f"a list of {known} and gr.Buttons, or None", buttons)
    named = list(_DEFAULT_BUTTONS if buttons is None else buttons)
    for each in named:
        if each not in known if isinstance(each, str) else not isinstance(each, gr.Button):
            raise ParameterError(
                f"Expected buttons to hold {known} and gr.Buttons, got {each!r:.200}. {suggestion(each, known)}".rstrip()
            )
    # The order is that of the toolbar.
    return [
        name for name in known if (name in named and (name != "download" or download)) or (name == "clear" and clear)
    ]


def _file_types(_: str, types: Sequence[str] | None) -> list[str]:
    if types is None:
        return [*RECORDING_SUFFIXES, *CONVERTIBLE_SUFFIXES]
    if not is_collection(types) or not all(isinstance(each, str) and each for each in types):
        raise no_list("file_types", 'a list such as [".rrd", ".png", "image"], or None', types)
    for each in types:
        if not (each.startswith(".") or "/" in each or each in _FILE_KINDS):
            known = "".join(f"{kind!r}, " for kind in _FILE_KINDS)
            cure = suggestion(each, _FILE_KINDS) or f"Write {f'.{each}'!r}."
            raise ParameterError(
                f"Expected file_types to hold suffixes such as '.rrd', {known}or MIME types, got {each!r:.200}. {cure}"
            )
    if "file" in types:
        return []
    return [each if each.startswith(".") or "/" in each else f"{each}/*" for each in types]


def _entry_module() -> FileDataDict:
    return _entry_module_in(known_published_folder())


@lru_cache(maxsize=1)
def _entry_module_in(modules: Path) -> FileDataDict:
    return static_file(modules / "gradio" / "bridge.js", modules)


def _viewer_files() -> ViewerFiles:
    return _files_of(known_viewer_assets())


@lru_cache(maxsize=1)
def _files_of(assets: ViewerAssets) -> ViewerFiles:
    return ViewerFiles(
        version=assets.version,
        glue=_viewer_file(assets.glue),
        wasm=_viewer_file(assets.wasm),
        wasm_size=assets.wasm_size,
        warm_up=_viewer_file(assets.warm_up) if assets.warm_up else None,
    )


def _viewer_file(path: Path) -> ViewerFile:
    publish(path)
    return ViewerFile(location=str(path), orig_name=path.name)


def _checked(check: _Check) -> dict[str, Any]:
    """For a field that is the parameter of the same name."""
    return {"check": check}


def _made(make: Callable[..., Any], *parameters: str) -> dict[str, Any]:
    """For a field that is made of other parameters, or of none."""
    return {"make": make, "parameters": parameters}


@dataclass(frozen=True)
class PageSettings:
    """All settings that the frontend needs besides the value; each update sends all of them.

    A new setting is a field here, a parameter of the same name in the constructor of `Rerun`, and its use in the frontend.
    """

    bridge: FileDataDict = field(metadata=_made(_entry_module))
    """The module `gradio/bridge.js`, from which the frontend imports all other modules."""
    viewer: ViewerFiles = field(metadata=_made(_viewer_files))
    height: str = field(metadata=_checked(lambda _, height: css_length(height)))
    """A CSS length."""
    scale: int | None = field(metadata=_checked(Rule(_is_size, "an integer such as 1, or None")))
    min_width: int | None = field(metadata=_checked(Rule(_is_size, "a number of pixels or None")))
    show_label: bool | None = field(metadata=_checked(FLAG_OR_NONE))
    streaming: bool = field(metadata=_checked(_flag))
    theme: Theme = field(metadata=_checked(_one_of(Theme)))
    panel_states: dict[PanelName, PanelState] = field(metadata=_checked(_panel_states))
    telemetry: bool = field(metadata=_checked(_flag))
    time_update_interval: float = field(metadata=_checked(Rule(_is_duration, "a number of seconds, 0 or more")))
    """Seconds."""
    time_controls: bool | None = field(metadata=_checked(FLAG_OR_NONE))
    """None: where the viewer has no room for its own."""
    keys: list[str] = field(metadata=_checked(checked_keys))
    on_demand_above: int | None = field(metadata=_checked(BYTES_OR_NONE))
    """Bytes."""
    allowed_origins: list[str] = field(metadata=_checked(_origins))
    interactive: bool | None = field(metadata=_checked(FLAG_OR_NONE))
    """None: decided by the component's events, which the frontend knows from the config."""
    file_count: FileCount = field(metadata=_checked(_one_of(FileCount)))
    file_types: list[str] = field(metadata=_checked(_file_types))
    """As in the `accept` of an HTML input; empty for all."""
    buttons: list[ButtonName] = field(
        metadata=_made(_built_in_buttons, "buttons", "show_download_button", "show_clear_button")
    )
    clear_if_interactive: bool = field(metadata=_made(lambda buttons: buttons is None, "buttons"))
    """Whether there is a Clear button if users can upload, though `buttons` does not name it."""

    @classmethod
    def parameters(cls) -> set[str]:
        """The parameters of `Rerun` that the settings are made of."""
        return {name for each in fields(cls) for name in each.metadata.get("parameters", (each.name,))}

    @classmethod
    def checked(cls, name: str, value: Any) -> Any:
        """The field for the parameter of the same name. Raises a `ParameterError` for an invalid value."""
        (check,) = (each.metadata["check"] for each in fields(cls) if each.name == name)
        return check(name, value)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> PageSettings:
        """The settings for these parameters. Raises a `ParameterError` for an invalid value."""
        made = {}
        for each in fields(cls):
            if "check" in each.metadata:
                made[each.name] = each.metadata["check"](each.name, given[each.name])
            else:
                made[each.name] = each.metadata["make"](*map(given.__getitem__, each.metadata["parameters"]))
        return cls(**made)

    def to_wire(self) -> dict[str, Any]:
        """As the frontend gets them; a further key `commands` is only in the update that sends commands.

        All but `bridge` is JSON: at each value of a generator, Gradio's page copies each item of an object several times, which takes milliseconds.
        """
        values = asdict(self)
        return {"bridge": values.pop("bridge"), "json": json.dumps(values, default=float)}  # NumPy's numbers
