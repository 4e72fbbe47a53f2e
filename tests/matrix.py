"""browser/test_core.py on many versions of Gradio, rerun-sdk and Python: `make matrix`, or a part of it in `make test-slow`.

test_updates.py and test_event_loop.py run on those of Gradio, too, and test_commands.py on older ones of rerun-sdk.

Each combination is a cell: an environment of its own, with the wheel of this checkout. A cell that fails leaves its log, and screenshots,
in its folder in .cache/matrix, and the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "matrix"
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OF_COMMANDS = ("0.33", "0.40")
"""Versions of rerun-sdk between the oldest and the newest, with which `make test-slow` carries out commands."""
TIME_LIMIT = 1800
"""Seconds for the tests of one cell: one to two minutes on a machine that does nothing else."""


@dataclass(frozen=True)
class Cell:
    gradio: str
    sdk: str
    python: str = HERE

    @property
    def folder(self) -> Path:
        return CACHE / f"gradio-{self.gradio}_sdk-{self.sdk}_python-{self.python}"

    def __str__(self) -> str:
        return f"Gradio {self.gradio}, rerun-sdk {self.sdk}, Python {self.python}"


@dataclass(frozen=True)
class Outcome:
    cell: Cell
    passed: int = 0
    skipped: int = 0
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.problems:
            return "; ".join(self.problems)
        return f"works ({self.passed} tests" + (f", {self.skipped} skipped)" if self.skipped else ")")


@dataclass(frozen=True)
class Versions:
    """The newest patch release of each minor version of a package, from the supported floor on, oldest first."""

    floor: str
    minors: list[str]

    @property
    def newest(self) -> str:
        return self.minors[-1]


def versions_of(package: str) -> Versions:
    requirement = next(
        each for each in map(Requirement, metadata.requires("gradio_rerun") or []) if each.name == package
    )
    floor = next(each.version for each in requirement.specifier if each.operator == ">=")
    asked = run([sys.executable, "-m", "pip", "index", "versions", package, "--json"])
    newest: dict[tuple[int, int], Version] = {}
    for version in map(Version, json.loads(asked)["versions"]):
        if version in requirement.specifier:
            minor = (version.major, version.minor)
            newest[minor] = max(version, newest.get(minor, version))
    oldest = f"{floor}.0" if floor.count(".") == 1 else floor
    return Versions(oldest, [str(newest[minor]) for minor in sorted(newest)])


def is_of_make_browser(cell: Cell) -> bool:
    return (cell.gradio, cell.sdk, cell.python) == (metadata.version("gradio"), metadata.version("rerun-sdk"), HERE)


def diagonal(gradio: Versions, sdk: Versions) -> list[Cell]:
    return [Cell(gradio.floor, sdk.floor), Cell(gradio.floor, sdk.newest), Cell(gradio.newest, sdk.newest)]


def of_commands(gradio: Versions, sdk: Versions) -> list[Cell]:
    return [Cell(gradio.newest, each) for each in sdk.minors if each.rpartition(".")[0] in OF_COMMANDS]


def all_cells(gradio: Versions, sdk: Versions) -> list[Cell]:
    cells = diagonal(gradio, sdk)
    cells += [Cell(gradio.newest, each) for each in sdk.minors]
    cells += [Cell(each, sdk.newest) for each in gradio.minors]
    cells += [cell for python in PYTHONS if (cell := newest_for(python))]
    return list(dict.fromkeys(cells))


@lru_cache
def newest_for(python: str) -> Cell | None:
    """The newest versions for this Python, or None if this Python is not installed."""
    command = ["uv", "python", "find", "--no-python-downloads", python]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return None
    compile_ = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-deps", "--python", python]
    found = run([*compile_, "--only-binary", ":all:", "-"], input="gradio\nrerun-sdk\n")
    versions = dict(line.split("==") for line in found.split())
    return Cell(versions["gradio"], versions["rerun-sdk"], python)


def run(command: Iterable[str | Path], **options: object) -> str:
    done = subprocess.run(list(map(str, command)), cwd=ROOT, text=True, capture_output=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return str(done.stdout)


def try_cell(cell: Cell, wheel: Path) -> Outcome:
    print(f"{cell} …", flush=True)
    cell.folder.mkdir(parents=True, exist_ok=True)
    try:
        environment = install(cell, wheel)
        outcome = test(cell, environment)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        outcome = Outcome(cell, problems=(reason(str(error)),))
    print(f"{cell}: {outcome}", flush=True)
    outcome_file(cell).write_text(json.dumps(asdict(outcome)))
    return outcome


def install(cell: Cell, wheel: Path) -> Path:
    """The environment of a cell, which is reused."""
    environment = cell.folder / "environment"
    if not environment.exists():
        run(["uv", "venv", "--quiet", "--no-python-downloads", "--python", cell.python, environment])
    packages = [f"gradio_rerun[test] @ {wheel.as_uri()}", f"gradio=={cell.gradio}", f"rerun-sdk=={cell.sdk}"]
    run(["uv", "pip", "install", "--quiet", "--python", environment, "--reinstall-package", "gradio_rerun", *packages])
    return environment


def test(cell: Cell, environment: Path) -> Outcome:
    report = cell.folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [environment / "bin" / "python", "-m", "pytest", *tests_of(cell)]
    own = {"TEST_RESULTS": str(cell.folder), "PYTHONDONTWRITEBYTECODE": "1"}
    with (cell.folder / "log.txt").open("w") as log:
        subprocess.run(
            [*command, "-p", "no:cacheprovider", f"--junitxml={report}"],
            cwd=ROOT,
            env=os.environ | own,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT,
            check=False,
        )
    if not report.exists():
        raise RuntimeError((cell.folder / "log.txt").read_text().strip()[-2000:] or "pytest said nothing")
    return read_report(cell, report)


def tests_of(cell: Cell) -> list[str]:
    """Those of Gradio are tried with one rerun-sdk, and neither these nor those of commands with the versions of `make browser`."""
    tests = ["tests/browser/test_core.py"]
    if cell.sdk != metadata.version("rerun-sdk"):
        return [*tests, "tests/browser/test_commands.py"]
    if cell.gradio == metadata.version("gradio"):
        return tests
    # The event loop first: Playwright has one of its own from the first browser test on.
    return ["tests/unit/test_event_loop.py", *tests, "tests/browser/test_updates.py"]


def read_report(cell: Cell, report: Path) -> Outcome:
    problems = []
    passed = skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        failure = next((each for each in case if each.tag in ("failure", "error")), None)
        if failure is not None:
            problems.append(f"`{case.get('name')}`: {reason(failure.get('message') or failure.text or '')}")
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    if not passed and not problems:
        problems.append("no test ran")
    return Outcome(cell, passed, skipped, tuple(problems))


def reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    cleaned = re.sub(r"(?<![\w/:])(?:file://)?/(?:[^\s/'\"]+/)+", "", " ".join(lines[:2]))  # no paths of this machine
    return re.sub(r"\s+", " ", cleaned).replace("|", "/")[:300]


def outcome_file(cell: Cell) -> Path:
    return cell.folder / "outcome.json"


def earlier_outcome(cell: Cell) -> Outcome | None:
    """The previous result of a cell, if it passed."""
    try:
        kept = json.loads(outcome_file(cell).read_text())
    except OSError:
        return None
    return None if kept["problems"] else Outcome(cell, kept["passed"], kept["skipped"])


def write_table(path: Path, outcomes: dict[Cell, Outcome], gradio: Versions, sdk: Versions) -> None:
    def name_of(python: str) -> str:
        """The cell with the newest versions that it allows."""
        cell = newest_for(python)
        if not cell or (cell.gradio, cell.sdk) == (gradio.newest, sdk.newest):
            return python
        return f"{python}, with Gradio {cell.gradio}, rerun-sdk {cell.sdk}: no newer ones are for it"

    def table(title: str, head: str, rows: list[tuple[str, Cell | None]]) -> list[str]:
        lines = [
            f"| {name} | {outcomes.get(cell, 'not tried') if cell else 'not tried: it was not on the machine'} |"
            for name, cell in rows
        ]
        return ["", f"## {title}", "", f"| {head} | |", "|---|---|", *lines]

    chromium = run(["chromium", "--version"]).strip()
    corners = [(f"Gradio {each.gradio}, rerun-sdk {each.sdk}", each) for each in diagonal(gradio, sdk)]
    newest = f"Gradio {gradio.newest}"
    lines = [
        "# Compatibility",
        "",
        f"Made by `make matrix` on {date.today().isoformat()} for gradio_rerun {metadata.version('gradio_rerun')}: in a real page behind a login, a recording"
        " is shown in a tab, replaced, cleared, uploaded and streamed, functions hear the viewer's events, and commands set the time, play and"
        f" take a picture (`tests/browser/test_core.py`), each parameter is changed (`tests/browser/test_updates.py`), and each command is carried out, or is an error (`tests/browser/test_commands.py`). On {platform.system()}, with {chromium}. Which commands need a newer rerun-sdk is in"
        " [Commands](commands.md).",
        *table("rerun-sdk", f"with {newest}", [(each, Cell(gradio.newest, each)) for each in sdk.minors]),
        *table("Gradio", f"with rerun-sdk {sdk.newest}", [(each, Cell(each, sdk.newest)) for each in gradio.minors]),
        *table("Python", "", [(name_of(python), newest_for(python)) for python in PYTHONS]),
        *table("Oldest and newest together", "", corners),
        "",
        "Other versions in between, and newer ones, are not refused: what differs between versions is found out by asking what"
        " is there, not by numbers.",
    ]
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--diagonal",
        action="store_true",
        help="only oldest and newest together, and some versions for commands, but not those that `make browser` has",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="cells at once (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="leave out cells that have worked the last time")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
    options = parser.parse_args()

    gradio, sdk = versions_of("gradio"), versions_of("rerun-sdk")
    cells = all_cells(gradio, sdk)
    if options.diagonal:
        cells = [cell for cell in [*diagonal(gradio, sdk), *of_commands(gradio, sdk)] if not is_of_make_browser(cell)]
    outcomes = {cell: kept for cell in cells if options.resume and (kept := earlier_outcome(cell))}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        run(["uv", "build", "--quiet", "--wheel", "--out-dir", folder])
        wheel = next(Path(folder).glob("*.whl"))
        left = [cell for cell in cells if cell not in outcomes]
        outcomes |= dict(zip(left, pool.map(lambda cell: try_cell(cell, wheel), left), strict=True))
    if options.write:
        write_table(options.write, outcomes, gradio, sdk)
    failed = [outcome for outcome in outcomes.values() if outcome.problems]
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} combinations work")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
