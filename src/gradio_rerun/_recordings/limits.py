"""The limits of one conversion, from environment variables."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from .._checks import wrong
from ..errors import RecordingError

MEMORY_VARIABLE = "GRADIO_RERUN_CONVERT_MEMORY"
SIZE_VARIABLE = "GRADIO_RERUN_CONVERT_SIZE"
SECONDS_VARIABLE = "GRADIO_RERUN_CONVERT_SECONDS"

_UNITS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}


@dataclass(frozen=True)
class Limits:
    """The limits of one conversion."""

    memory: int
    """Memory of its process, in bytes. rerun-sdk uses 160 MB before it reads anything; 100 MB of .ply need 1.3 GB."""
    size: int
    """Size of the recording, in bytes. Browsers show no more than 2 GB."""
    seconds: float
    """Images take 1 s, mostly to load rerun-sdk; 100 MB of .ply with rerun-sdk 0.24 take 25 s."""


def limits() -> Limits:
    """The limits that the environment sets now. Raises a `ParameterError` for an invalid variable."""
    return Limits(_bytes(MEMORY_VARIABLE, "2gb"), _bytes(SIZE_VARIABLE, "1gb"), _seconds(SECONDS_VARIABLE, "120"))


def over(name: str, limit: str, variable: str) -> RecordingError:
    """The error for a file whose conversion exceeds a limit."""
    return RecordingError(
        f"{name!r} could not be converted to a recording: it takes more than this app allows, {limit}. Convert it beforehand, with "
        f"rr.log_file_from_path, and give the .rrd file. The app's author can raise the limit: {variable}."
    )


def _bytes(variable: str, default: str) -> int:
    text = os.environ.get(variable) or default
    found = re.fullmatch(r"\s*(\d+)\s*([kmg]b)?\s*", text, re.IGNORECASE)
    if not found or int(found[1]) == 0:
        raise wrong(variable, 'a size such as "2gb" or "500mb"', text)
    return int(found[1]) * _UNITS[(found[2] or "").lower()]


def _seconds(variable: str, default: str) -> float:
    text = os.environ.get(variable) or default
    if not re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*", text) or float(text) == 0:
        raise wrong(variable, "a number of seconds", text)
    return float(text)
