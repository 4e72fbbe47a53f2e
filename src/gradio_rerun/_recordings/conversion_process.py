"""Processes in which the installed rerun-sdk reads a file: their commands, their limits, and how they end."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .._gradio.threads import current_work, unwanted
from .._viewer.sdk import has_python, knows_robot_descriptions, sdk_version
from .._viewer.sdk_process import SdkProcess
from ..errors import NotARecordingError, RecordingError, SdkError, log
from .convert_file import ALONE, ENDS_AFTER, READS, REFUSED, WHOLE
from .limits import MEMORY_VARIABLE, SECONDS_VARIABLE, Limits, over

# The SDK converts the readable part of these, and an error does not mean that it refuses the file: a robot that crashes leaves a truncated .mcap.
_PARTLY_CONVERTED = ".mcap"

MOST_OUTPUT = 18_000_000
"""Upper bound on the bytes of the names of a file's parts, and of a list of episodes: 100,000 episodes take 10 MB."""

_LONGEST_REASON = 1000

_SPARE_SECONDS = 5
"""By its limit of time, this process ends the other one, and reports the limit. Later, the other one ends by itself: this one has died."""

_NO_MEMORY = re.compile(
    "memory allocation of|MemoryError|Cannot allocate memory|Memory allocation still failed|bad_alloc|alloc of size"
)

_NO_SUMMARY = "; try reopening it with recovery enabled"
"""The SDK's advice on an .mcap that is truncated, which its importer does not have."""


@dataclass(frozen=True)
class Ended:
    """How a process has ended, and what it has written."""

    code: int
    output: str
    last_line: str
    """The last line that the process has written to stderr."""
    disk_full: str
    """What it has written about a full disk."""
    errors: list[str]
    warnings: list[str]


def run(
    path: Path, command: list[str], most: Limits, copies: Mapping[str, str] | None = None, file: Path | None = None
) -> Ended:
    """Runs a command of `convert_file.py` within the limits, and returns how it has ended. Raises a `RecordingError` at a limit.

    `file`: a path by which the process reads `path`, as `opened` returns it.
    """
    # OpenBLAS, which NumPy uses, allocates memory for each core of the machine.
    variables = {"RUST_LOG": "warn", "NO_COLOR": "1", "OPENBLAS_NUM_THREADS": "1"}
    variables[ENDS_AFTER] = str(most.seconds + _SPARE_SECONDS)
    descriptors = []
    if file not in (None, path):
        variables[READS] = str(file)
        descriptors.append(int(file.name))
    work = current_work()
    try:
        process = SdkProcess(command, most.seconds, variables, descriptors)
    except OSError as error:
        log(f"{path.name}: the process that reads it cannot be started: {error}")
        raise RecordingError(
            f"{path.name!r:.200} could not be converted to a recording: the process that reads it cannot be started: {error.strerror}. "
            "The app's log has the details."
        ) from error
    try:
        with work.ended_by(process.kill):
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(copies or {}).encode() + b"\n")
                process.stdin.flush()
            output = process.stdout.read(MOST_OUTPUT)
            if len(output) == MOST_OUTPUT:
                process.kill()
            code = process.finish()
    finally:
        process.end()
    if work.is_unwanted:
        raise unwanted()
    if process.is_late:
        raise over(path.name, f"{most.seconds:g} s", SECONDS_VARIABLE)
    if code and _NO_MEMORY.search(process.said):
        raise over(path.name, f"{most.memory:,} bytes of memory", MEMORY_VARIABLE)
    last_line = process.last_lines[-1] if process.last_lines else ""
    return Ended(code, output.decode(errors="replace"), last_line, process.disk_full, *_log_entries(process.said))


def crashed(path: Path, ended: Ended) -> RecordingError:
    """The error for a file that has ended the process."""
    log(f"{path.name}: the process that reads it says: {ended.last_line}")
    reason = re.split(r"['\"]?[/\\]", ended.last_line)[0].rstrip(": ")  # up to the first path
    return RecordingError(
        f"{path.name!r:.200} could not be converted to a recording: the process in which rerun-sdk {sdk_version()} "
        f"reads it ended with exit code {ended.code}. {reason:.{_LONGEST_REASON}}".rstrip()
    )


# From 0.30 or so "2026-11-23T13:44:37.774371Z  WARN re_mp4_reader::asset: …", before "[2026-11-23T13:44:39Z WARN  re_x::y] …".
# Remove the second when the rerun-sdk floor passes 0.28.
_ENTRY = re.compile(r"^\[?[\d-]+T[\d:.]+Z +(ERROR|WARN|INFO|DEBUG|TRACE) +[\w:]+(?::|\]) ", re.MULTILINE)


def _log_entries(said: str) -> tuple[list[str], list[str]]:
    """The errors and the warnings of the SDK, without times and modules."""
    said = re.sub(r"\x1b\[[\d;]*m", "", said)
    _, *parts = _ENTRY.split(said)
    errors, warnings = [], []
    for level, text in zip(parts[::2], parts[1::2], strict=True):
        if level == "ERROR":
            errors.append(_cleaned(text))
        elif level == "WARN":
            warnings.append(_cleaned(text))
    return errors, warnings


def _cleaned(text: str) -> str:
    text = text.rpartition(" err=")[2]
    text = text.partition("\nFile path: ")[0]
    return re.sub(r"\s+", " ", text).strip()


def refusal(path: Path, ended: Ended) -> str | None:
    """The reason why the SDK refuses the file; None if it has converted the file or has crashed."""
    if ended.code == REFUSED:
        return "; ".join(ended.errors or ended.warnings) or ended.last_line or "nothing, and logs nothing"
    if ended.code:
        return None
    if ended.errors and path.suffix.lower() != _PARTLY_CONVERTED and path.is_file():
        return "; ".join(ended.errors)
    # The SDK passes on a video in which it finds no frames, and the video never plays.
    unplayable = [said for said in ended.warnings if "Failed to read frame timestamps" in said]
    return unplayable[0] if unplayable else None


def refused(path: Path, reason: str) -> NotARecordingError:
    """The error for a file that cannot be converted."""
    # "No importer support for …" and, before 0.30 or so, "No data-loader support for …"
    cure = "Update rerun-sdk" if " support for " in reason else "Check the file and its suffix"
    if _NO_SUMMARY in reason:
        reason = reason.replace(_NO_SUMMARY, "")
        cure = '"mcap recover" of the MCAP command line tool writes what is left of it into a new file. Use this'
    return NotARecordingError(
        f"{path.name!r:.200} cannot be converted to a recording: {reason.rstrip('.'):.{_LONGEST_REASON}}. {cure}, or log it with rerun and give "
        "the .rrd file."
    )


def replaced(path: Path) -> NotARecordingError:
    """The error for a file that has become another one since it was checked."""
    return refused(path, "it was replaced while it was read")


def conversion_command(source: Path, target: Path, most: Limits) -> list[str]:
    """The command that converts `source` to the recording `target` with the importers of the installed rerun-sdk."""
    # Older importers of .mcap, which know no robot descriptions, must open files, and open none that the .mcap names.
    # Remove when the rerun-sdk floor passes 0.32.
    whole = source.is_dir() or (source.suffix.lower() == ".mcap" and not knows_robot_descriptions())
    return [*_script("convert_file.py", "convert", source, most), str(target), WHOLE if whole else ALONE, *_entries()]


def names_command(source: Path, most: Limits) -> list[str]:
    """The command that lists the files that `source` names as its parts."""
    return _script("convert_file.py", "names", source, most)


def episodes_command(source: Path, most: Limits) -> list[str]:
    """The command that lists the episodes in a .parquet file of a LeRobot dataset."""
    return [*_script("list_episodes.py", "episodes", source, most), *_entries()]


def episode_command(dataset: Path, target: Path, index: int, most: Limits) -> list[str]:
    """The command that writes one episode of a LeRobot dataset into the recording `target`."""
    return [*_script("convert_episode.py", str(index), dataset, most), str(target), *_entries()]


def serving_command(source: Path, folder: Path, most: Limits) -> list[str]:
    """The command that serves the recordings in a file, with a folder of its own."""
    return [*_script("serve_file.py", "serve", source, most), str(folder), source.name, *_entries()]


def _entries() -> list[str]:
    # Absolute, because the process changes to the folder of the file.
    return [str(Path(entry).absolute()) for entry in sys.path]


def _script(name: str, command: str, source: Path, most: Limits) -> list[str]:
    if not has_python():
        raise SdkError(
            f"rerun-sdk converts files in another Python process, and this process has no Python to start (sys.executable is "
            f"{sys.executable!r}). Convert {source.name!r:.200} beforehand, and give the .rrd file."
        )
    script = Path(__file__).with_name(name)
    return [sys.executable, str(script), command, str(source), str(most.memory), str(most.size)]
