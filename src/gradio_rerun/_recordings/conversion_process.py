"""Processes in which the installed rerun-sdk reads a file: their commands, their limits, and how they end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from .._gradio.threads import current_work, unwanted
from .._viewer.sdk import has_python, knows_robot_descriptions, sdk_version
from ..errors import NotARecordingError, RecordingError, SdkError, log
from .convert_file import ALONE, ENDS_AFTER, REFUSED, WHOLE
from .limits import MEMORY_VARIABLE, SECONDS_VARIABLE, Limits, over

# The SDK converts the readable part of these, and an error does not mean that it refuses the file: a robot that crashes leaves a truncated .mcap.
_PARTLY_CONVERTED = ".mcap"

DISK_FULL = re.compile("No space left on device|File too large|Disk quota exceeded")

_MOST_SAID = 1_000_000
"""Upper bound on the characters that are kept of the SDK's log for one file."""

_MOST_OUTPUT = 18_000_000
"""Upper bound on the bytes of the names of a file's parts, and of a list of episodes: 100,000 episodes take 10 MB."""

_LONGEST_LINE = 100_000
_LONGEST_REASON = 1000

_SPARE_SECONDS = 5
"""By its limit of time, this process ends the other one, and reports the limit. Later, the other one ends by itself: this one has died."""

_NO_MEMORY = re.compile(
    "memory allocation of|MemoryError|Cannot allocate memory|Memory allocation still failed|bad_alloc|malloc of size"
)


_SECRET = re.compile("TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH|COOKIE|DSN|_URL$|_URI$", re.IGNORECASE)
"""In the name of an environment variable."""
_PASSWORD = re.compile(r"://[^/\s]*@")
"""In its value: a URL with a user name."""

_NO_SUMMARY = "; try reopening it with recovery enabled"
"""The SDK's advice on an .mcap that is truncated, which its importer does not have."""


@dataclass(frozen=True)
class Ended:
    """How a process has ended, and what it has written."""

    code: int
    output: str
    said: str
    errors: list[str]
    warnings: list[str]

    @property
    def last_line(self) -> str:
        """The last line that the process has written to stderr."""
        lines = [line for line in self.said.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def run(path: Path, command: list[str], most: Limits, copies: Mapping[str, str] | None = None) -> Ended:
    """Runs a command of `convert_file.py` within the limits, and returns how it has ended. Raises a `RecordingError` at a limit."""
    # OpenBLAS, which NumPy uses, allocates memory for each core of the machine.
    variables = {"RUST_LOG": "warn", "NO_COLOR": "1", "OPENBLAS_NUM_THREADS": "1"}
    variables[ENDS_AFTER] = str(most.seconds + _SPARE_SECONDS)
    pipe = subprocess.PIPE
    # A new session, so that `kill` also ends a program that the process has started, such as ffmpeg.
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment(variables), start_new_session=True
    )
    stdin, stdout, stderr = (cast("IO[bytes]", each) for each in (process.stdin, process.stdout, process.stderr))
    work, late = current_work(), threading.Event()
    limit = threading.Timer(most.seconds, _end_late, (process, late))
    limit.start()
    output: list[bytes] = []
    reader = threading.Thread(target=_read_output, args=(process, stdout, output), daemon=True)
    reader.start()
    try:
        with work.ended_by(partial(kill, process)):
            with suppress(BrokenPipeError):
                stdin.write(json.dumps(copies or {}).encode() + b"\n")
                stdin.flush()
            said = _read_log(process, stderr)
            _kill_group(process)  # it has ended, but not what it has started if it has crashed
            code = process.wait()
    finally:
        limit.cancel()
        kill(process)
        process.wait()
        reader.join()
        with suppress(BrokenPipeError):
            stdin.close()
        stdout.close()
        stderr.close()
    if work.is_unwanted:
        raise unwanted()
    if late.is_set():
        raise over(path.name, f"{most.seconds:g} s", SECONDS_VARIABLE)
    if code and _NO_MEMORY.search(said):
        raise over(path.name, f"{most.memory:,} bytes of memory", MEMORY_VARIABLE)
    errors, warnings = _log_entries(said)
    return Ended(code, b"".join(output).decode(errors="replace"), said, errors, warnings)


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a process for which this module has the command, without tokens, passwords and keys of the app."""
    # RERUN=off would log nothing. With PYTHONSAFEPATH, a script cannot import the modules beside it.
    left_out = ("RERUN", "PYTHONSAFEPATH")
    kept = {name: value for name, value in os.environ.items() if name not in left_out and not _is_secret(name, value)}
    return {**kept, **changes}


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET.search(name) or _PASSWORD.search(value))


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills the process, which has a session of its own, and the processes that it has started."""
    _kill_group(process)
    process.kill()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # After `wait`, the id may belong to another process.
    if hasattr(os, "killpg") and process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


def _end_late(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    kill(process)


def _read_output(process: subprocess.Popen[bytes], stdout: IO[bytes], output: list[bytes]) -> None:
    output.append(stdout.read(_MOST_OUTPUT))
    if len(output[0]) == _MOST_OUTPUT:
        kill(process)


def _read_log(process: subprocess.Popen[bytes], stderr: IO[bytes]) -> str:
    """The log of the SDK. Ends the process if a disk is full: after this error, the SDK may hang."""
    said = ""
    while line := stderr.readline(_LONGEST_LINE):
        text = line.decode(errors="replace")
        if len(said) < _MOST_SAID:
            said += text
        if DISK_FULL.search(text):
            kill(process)
    return said


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
