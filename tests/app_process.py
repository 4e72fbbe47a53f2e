"""An app in its own process, and the resources of the process (Linux)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class AppProcess:
    """A running app. `about` is the line of JSON that the app printed, `folder` contains all files that it writes."""

    process: subprocess.Popen[str]
    about: dict[str, Any]
    folder: Path

    @property
    def url(self) -> str:
        return str(self.about["url"])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def usage(self) -> dict[str, int]:
        """The memory in MB, the threads, the open descriptors, and the child processes."""
        proc = Path("/proc", str(self.process.pid))
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        return {
            "memory": int(status["VmRSS"].split()[0]) // 1024,
            "threads": int(status["Threads"]),
            "descriptors": sum(1 for _ in (proc / "fd").iterdir()),
            "processes": sum(len(each.read_text().split()) for each in proc.glob("task/*/children")),
        }

    def threads(self) -> Counter[str]:
        """The threads of the app by their names."""
        return Counter(each.read_text().strip() for each in Path("/proc", str(self.process.pid)).glob("task/*/comm"))

    def files(self) -> list[Path]:
        """The files in the temporary folders of the app."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def log(self) -> str:
        return (self.folder / "log.txt").read_text()


@contextmanager
def app_process(script: Path, *arguments: str, folder: Path) -> Iterator[AppProcess]:
    """Runs the app of a script that prints a line of JSON when it is ready."""
    for name in ("work", "temporary", "uploads"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    own = {"GRADIO_TEMP_DIR": f"{folder}/uploads", "TMPDIR": f"{folder}/temporary", "GRADIO_ANALYTICS_ENABLED": "False"}
    # The app's folder is not the package's.
    paths = os.pathsep.join(os.path.abspath(each) for each in sys.path if each)  # noqa: PTH100
    pipe = subprocess.PIPE
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(script.absolute()), *arguments],
            stdin=pipe,
            stdout=pipe,
            stderr=log,
            text=True,
            cwd=folder / "work",
            env={**os.environ, **own, "PYTHONPATH": paths},
        )
    assert process.stdout
    try:
        line = next((line for line in process.stdout if line.startswith("{")), None)
        assert line, (folder / "log.txt").read_text()
        yield AppProcess(process, json.loads(line), folder)
    finally:
        process.kill()
        process.communicate()
