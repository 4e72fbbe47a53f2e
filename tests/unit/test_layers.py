"""The layout of the package: imports point one way, files are short, and each oddity of Gradio says when it can be removed."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "gradio_rerun"

LAYERS = (
    *("errors", "viewer_state", "answers", "_fork", "_clients", "_checks", "_named", "_wire"),
    *("_gradio", "_viewer", "_servers", "_recordings"),
    *("lerobot", "commands", "events", "_component", "component", "client", "agents", "links", "live_state", "_export"),
    *("__init__", "_preparing", "_example", "_episode_browser", "cli", "__main__"),
)
"""The modules and subpackages. Each imports only those to its left."""


def imports_of(path: Path) -> set[str]:
    """The modules of the package that a file imports, such as "_recordings.rrd", also for type checkers only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for name in node.names:
                module = folder / name.name
                if module.is_dir():
                    module /= "__init__"
                elif not module.with_suffix(".py").exists():
                    module = folder / "__init__" if folder.is_dir() else folder
                found.add(".".join(module.relative_to(PACKAGE).parts))
    return found


IMPORTS = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): imports_of(path) for path in PACKAGE.rglob("*.py")
}


def layer(module: str) -> int:
    return LAYERS.index(module.split(".")[0])


def test_each_subpackage_imports_only_those_below_it() -> None:
    upward = [
        (module, each) for module, imported in IMPORTS.items() for each in imported if layer(each) > layer(module)
    ]
    assert upward == []


def test_no_two_modules_import_each_other() -> None:
    TopologicalSorter(IMPORTS).prepare()  # raises a CycleError


def test_the_test_sees_the_imports() -> None:
    assert "_recordings.rrd" in IMPORTS["_recordings.values"]
    assert "_gradio.calls" in IMPORTS["component"]
    assert IMPORTS["__init__"] == {
        "_export",
        "agents",
        "answers",
        "client",
        "commands.__init__",
        "component",
        "errors",
        "events.__init__",
        "lerobot",
        "links",
        "live_state",
    }


def test_no_file_is_longer_than_300_lines() -> None:
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]
    long = {path.name for path in files if len(path.read_text().splitlines()) > 300}
    assert long == set()


def test_each_oddity_of_gradio_names_its_versions_and_the_test_that_shows_when_it_can_be_removed() -> None:
    for path in (PACKAGE / "_gradio").glob("[!_]*.py"):
        described = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert re.search(r"^Gradio 6\.\d+ to 6\.\d+\.", described, re.MULTILINE), path.name
        tests = re.findall(r"(tests/[\w/.]+)::(\w+)", described)
        assert tests, path.name
        for file, name in tests:
            assert f"def {name}(" in (PACKAGE.parents[1] / file).read_text(), path.name


def test_each_module_has_quick_tests_or_a_reason_to_have_none() -> None:
    tool = ast.parse((PACKAGE.parents[1] / "tests" / "mutation" / "python.py").read_text())
    tables = {each.targets[0].id: each.value for each in tool.body if isinstance(each, ast.Assign)}  # type: ignore[attr-defined]
    tested, others = ast.literal_eval(tables["TESTS"]), ast.literal_eval(tables["OTHERS"])
    modules = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")}
    assert {each for each in modules if not each.endswith("__init__")} == (tested.keys() | others.keys()) - {
        "events/__init__"
    }
    for name in {name for names in tested.values() for name in names}:
        assert (Path(__file__).parent / f"test_{name}.py").exists(), name
