"""The process in which the installed rerun-sdk converts a file."""

from __future__ import annotations

import sys
from pathlib import Path

from .._viewer.sdk import knows_robot_descriptions
from ..errors import SdkError
from .convert_file import ALONE, WHOLE
from .limits import Limits


def conversion_command(source: Path, target: Path, most: Limits) -> list[str]:
    """The command that converts `source` to the recording `target` with the importers of the installed rerun-sdk."""
    # Before it knew robot descriptions, the importer of .mcap opened files of its own, and none of others.
    # Remove when the rerun-sdk floor passes 0.32.
    whole = source.is_dir() or (source.suffix.lower() == ".mcap" and not knows_robot_descriptions())
    # Absolute, because the process changes to the folder of the file.
    entries = [str(Path(entry).absolute()) for entry in sys.path]
    return [*_convert_file("convert", source, most), str(target), WHOLE if whole else ALONE, *entries]


def names_command(source: Path, most: Limits) -> list[str]:
    """The command that lists the files that `source` names as its parts."""
    return _convert_file("names", source, most)


def _convert_file(command: str, source: Path, most: Limits) -> list[str]:
    if getattr(sys, "frozen", False) or not sys.executable:
        raise SdkError(
            f"Files are converted by rerun-sdk in a Python of its own, and this process has none (sys.executable is "
            f"{sys.executable!r}). Convert {source.name!r} beforehand, and give the .rrd file."
        )
    script = Path(__file__).with_name("convert_file.py")
    return [sys.executable, str(script), command, str(source), str(most.memory), str(most.size)]
