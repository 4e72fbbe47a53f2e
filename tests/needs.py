"""The rerun-sdk that each command needs. Browser tests use this table, and a test compares docs/commands.md with it."""

from __future__ import annotations

import pytest

from gradio_rerun._viewer.sdk import sdk_version

VERSION = tuple(int(part) for part in sdk_version().split(".")[:2])

NEEDS = {
    "set_time": (0, 24),
    "set_active_recording": (0, 24),
    "open": (0, 24),
    "close": (0, 41),
    "send_table": (0, 24),
    "update_panels": (0, 24),
    "set_blueprint": (0, 24),
    "get_blueprint": (0, 41),
    "take_screenshot": (0, 24),
    "highlight_rect": (0, 41),
    "get_location": (0, 41),
    "set_location": (0, 41),
    "list_commands": (0, 41),
    "run_command": (0, 41),
    "get_state": (0, 24),
    "get_logs": (0, 41),
    "get_recording_schema": (0, 41),
    "get_dataset_schema": (0, 41),
    "get_dataset_assets_schema": (0, 41),
    "get_table_schema": (0, 41),
    "get_transform_graph": (0, 41),
    "save_recording": (0, 39),
    "save_blueprint": (0, 39),
}

EXACT_TIMES = (0, 41)
VIEWS = (0, 41)


def needs(version: tuple[int, int]) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version > VERSION, reason=f"needs rerun-sdk {_text(version)}")


def without(version: tuple[int, int]) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version <= VERSION, reason=f"is for rerun-sdk before {_text(version)}")


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
