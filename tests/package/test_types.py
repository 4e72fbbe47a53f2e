"""What mypy and pyright make of apps in which the wheel is installed, before its first import and after it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RIGHT, WRONG = (Path(__file__).with_name(name) for name in ("every_event.py", "wrong_events.py"))


@pytest.fixture(params=["before the first import", "after it"])
def python(request: pytest.FixtureRequest, bin_folder: Path) -> Path:
    """The Python in which the wheel is installed. At the first import Gradio writes stubs beside the component."""
    python = bin_folder / "python"
    if request.param == "after it":
        code = "import gradio_rerun.component as module; print(module.__file__)"
        file = subprocess.check_output([python, "-c", code], text=True).strip()
        assert Path(file).with_suffix(".pyi").is_file()
    else:
        for stub in bin_folder.parent.rglob("gradio_rerun/*.pyi"):
            stub.unlink()
    return python


@pytest.fixture
def docs_example(tmp_path: Path) -> Path:
    path = tmp_path / "docs_example.py"
    path.write_text(re.search(r"```python\n(.*?)```", (ROOT / "docs" / "events.md").read_text(), flags=re.DOTALL)[1])
    return path


def mypy(python: Path, *programs: Path, cache: Path) -> list[tuple[str, int]]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", python]
    command += ["--cache-dir", cache, "--no-pretty", "--hide-error-context", *programs]
    result = subprocess.run(command, capture_output=True, text=True)
    assert not result.stderr
    print(result.stdout)
    return [(Path(name).name, int(line)) for name, line in re.findall(r"^(.+?):(\d+): error", result.stdout, re.M)]


def pyright(python: Path, *programs: Path) -> list[tuple[str, int]]:
    command = [ROOT / "node_modules" / ".bin" / "pyright", "--outputjson", "--pythonpath", python, *programs]
    result = subprocess.run(command, capture_output=True, text=True, cwd=programs[0].parent)
    told = json.loads(result.stdout)
    print(json.dumps(told["generalDiagnostics"], indent=1))
    assert told["summary"]["filesAnalyzed"] == len(programs)
    return [(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in told["generalDiagnostics"]]


def wrong_lines() -> list[tuple[str, int]]:
    lines = WRONG.read_text().splitlines()
    return [(WRONG.name, number) for number, line in enumerate(lines, 1) if line.endswith("# wrong")]


def test_mypy_accepts_every_event_and_finds_wrong_ones(
    python: Path, docs_example: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = mypy(python, RIGHT, docs_example, WRONG, cache=tmp_path_factory.getbasetemp() / "mypy")
    assert sorted(set(found)) == wrong_lines()


def test_pyright_accepts_every_event_and_finds_wrong_ones(python: Path, docs_example: Path) -> None:
    assert sorted(set(pyright(python, RIGHT, docs_example, WRONG))) == wrong_lines()
