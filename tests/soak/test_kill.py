"""Processes are killed at random moments: what was complete can be read after the restart, and nothing half is served.

SOAK_KILLS=200 pytest tests/soak/test_kill.py -s     shows the figures
"""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import brotli
import pytest
from fake_sdk import GLUE, FakeSdk
from other_files import ply
from recordings import recording_bytes

from gradio_rerun._recordings.rrd import MAGIC, split

KILLS = int(os.environ.get("SOAK_KILLS", "12"))
"""Of each kind a third."""
ROUNDS = max(1, KILLS // 3)

if not hasattr(os, "fork"):
    pytest.skip("needs fork", allow_module_level=True)


def killed_at_random(process: subprocess.Popen[str], longest: float, dice: random.Random) -> str:
    """What the process has printed until it was killed, at a random moment after its first line."""
    assert process.stdout
    first = process.stdout.readline()
    assert first, process.stderr.read() if process.stderr else ""
    time.sleep(dice.random() * longest)  # the moment is what is random
    process.kill()
    rest, _ = process.communicate()
    return first + rest


# Importing Gradio takes seconds, so servers are forks of a process that has done it.
_FORKING = """
import os, signal, sys, time
from pathlib import Path
from gradio_rerun._recordings.conversions import converted
from gradio_rerun._recordings.shown import Shown
from gradio_rerun._gradio.calls import Call

{work}

for line in sys.stdin:
    seconds, *arguments = line.split()
    if (server := os.fork()) == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        work(*arguments)
        print("ended", flush=True)
        os._exit(0)
    start = time.monotonic()
    if seconds != "None":
        time.sleep(float(seconds))
        os.kill(server, signal.SIGKILL)  # also of one that has ended: nobody has waited for it
    os.waitpid(server, 0)
    print("gone", time.monotonic() - start, flush=True)
"""


class Forks:
    """Starts servers and kills them."""

    def __init__(self, work: str) -> None:
        paths = os.pathsep.join(os.path.abspath(each) for each in sys.path if each)  # noqa: PTH100
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-c", _FORKING.format(work=work)],
            stdin=pipe,
            stdout=pipe,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self.seconds = 0.0
        """That the last server has run."""

    def run(self, *arguments: object, seconds: float | None = None) -> list[str]:
        """The lines that a server prints until it ends, or is killed after some seconds."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(" ".join(map(str, (seconds, *arguments))) + "\n")
        self.process.stdin.flush()
        lines = []
        while not (line := self.process.stdout.readline()).startswith("gone"):
            assert line
            lines.append(line.strip())
        self.seconds = float(line.split()[1])
        return lines

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


APPENDS = """
def work(folder, data):
    content = Path(data).read_bytes()
    shown = Shown(Path(folder), set())
    for _ in range(300):
        file = shown.append(content, Call(), None)
        # What the page would be told, by one write that is whole or not there.
        os.write(1, f"{file.path} {file.size}\\n".encode())
"""


def test_a_stream_can_be_read_as_far_as_the_page_was_told(tmp_path: Path) -> None:
    dice, seen = random.Random(0), Counter[str]()
    data = tmp_path / "data.rrd"
    data.write_bytes(recording_bytes("one"))
    header, messages = split(data.read_bytes()) or (b"", [])
    assert messages
    forks = Forks(APPENDS)
    try:
        assert len(forks.run(tmp_path / "whole", data)) == 301
        longest = forks.seconds
        for number in range(ROUNDS):
            lines = forks.run(tmp_path / str(number), data, seconds=dice.random() * longest)
            seen["ended before" if "ended" in lines else "killed"] += 1
            if not (told := [line.split() for line in lines if line != "ended"]):
                continue
            path, size = Path(told[-1][0]), int(told[-1][1])
            content = path.read_bytes()
            assert len(content) >= size
            seen["half a value behind what was told"] += len(content) > size
            parts = split(content[:size])
            assert parts
            whole = b"".join(map(bytes, messages))
            assert parts[0] + b"".join(map(bytes, parts[1])) == header + whole * len(told)
    finally:
        forks.close()
    print(f"\nappends: {dict(seen)}, within {longest:.1f} s")


CONVERTS = """
def work(cache, source):
    os.write(1, f"{converted(Path(source), Path(cache))}\\n".encode())
"""


def test_a_conversion_is_whole_or_made_again(tmp_path: Path) -> None:
    dice, seen = random.Random(0), Counter[str]()
    source, cache = tmp_path / "points.ply", tmp_path / "cache"
    source.write_bytes(ply(300_000))
    forks = Forks(CONVERTS)
    try:
        wanted = data_of(Path(forks.run(tmp_path / "whole", source)[0]))
        longest = forks.seconds
        for _ in range(ROUNDS):
            lines = forks.run(cache, source, seconds=dice.random() * longest)
            seen["ended before" if "ended" in lines else "killed"] += 1
            # Whatever has a name that is served holds all of it.
            found = [path for path in cache.glob("[!.]*/*") if path.is_file()]
            assert [len(data_of(path)) for path in found] == [len(wanted)] * len(found)
            seen["whole files after the kill"] += len(found)
            for path in found:
                path.unlink()
        restarted = forks.run(cache, source)
        assert len(data_of(Path(restarted[0]))) == len(wanted)
    finally:
        forks.close()
    seen["unnamed rests"] = len(list(cache.glob(".*")))
    print(f"\nconversions: {dict(seen)}, within {longest:.1f} s")


def data_of(recording: Path) -> list[bytes]:
    """The messages of a recording, which must be whole."""
    content = recording.read_bytes()
    assert content.startswith(MAGIC)
    parts = split(content)
    assert parts, recording
    return [bytes(each) for each in parts[1]]


EXTRACTS = """
    from gradio_rerun._viewer.assets import viewer_assets
    print("ready", flush=True)
    assets = viewer_assets()
    print(assets.glue, assets.wasm, assets.wasm_br, flush=True)
"""


def test_the_viewer_is_whole_or_extracted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice, seen = random.Random(0), Counter[str]()
    fake = FakeSdk(tmp_path / "site")
    wasm = b"\0asm\1\0\0\0" + random.Random(0).randbytes(2_000_000)
    (fake.served / "re_viewer_bg.wasm").write_bytes(wasm)

    def extract(cache: Path) -> subprocess.Popen[str]:
        monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(cache))
        return fake.process(EXTRACTS)

    process = extract(tmp_path / "whole")
    assert process.stdout
    process.stdout.readline()
    start = time.monotonic()
    process.communicate()
    longest = time.monotonic() - start
    for number in range(ROUNDS):
        cache = tmp_path / f"cache{number // 4}"  # what one killed process leaves, the next one finds
        lines = killed_at_random(extract(cache), longest, dice).splitlines()
        seen["ended before" if len(lines) > 1 else "killed"] += 1
        for manifest in cache.rglob("manifest-*.json"):
            sizes = {
                each["name"]: each["size"]
                for each in json.loads(manifest.read_bytes()).values()
                if isinstance(each, dict)
            }
            assert {name: (manifest.parent / name).stat().st_size for name in sizes} == sizes
            seen["manifests after the kill"] += 1
        assert_whole(cache, wasm)
        seen["restarts"] += 1
        if number % 4 == 3 or number == ROUNDS - 1:
            said, errors = extract(cache).communicate()
            assert len(said.splitlines()) == 2, errors
            assert {Path(path).exists() for path in said.splitlines()[1].split()} == {True}
            assert_whole(cache, wasm)
            seen["temporary rests"] += len(list(cache.rglob(".*.tmp")))
    print(f"\nextractions: {dict(seen)}, within {longest:.1f} s")


def assert_whole(cache: Path, wasm: bytes) -> None:
    """Every file under a name that is served."""
    for path in cache.rglob("re_viewer*"):
        decompress = brotli.decompress if path.suffix == ".br" else gzip.decompress
        assert decompress(path.read_bytes()) == (wasm if "bg" in path.name else GLUE), path
