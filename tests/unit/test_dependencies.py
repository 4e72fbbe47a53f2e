from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

# Where a distribution has another name than the package that is imported.
DISTRIBUTIONS = {"google": "protobuf", "rerun": "rerun-sdk", "rerun_bindings": "rerun-sdk"}


def imported() -> set[str]:
    """The distributions that the sources import, also for type checkers only and within functions."""
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    found = names - set(sys.stdlib_module_names) - {"gradio_rerun"}
    return {DISTRIBUTIONS.get(name, name).replace("_", "-") for name in found}


def declared() -> dict[str, Requirement]:
    found = re.search(r"^dependencies = (\[.*?^\])", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    requirements = [Requirement(each) for each in ast.literal_eval(found[1])]  # such a list is one of Python, too
    return {each.name: each for each in requirements}


def test_what_is_imported_is_declared_and_nothing_else() -> None:
    assert set(declared()) == imported()


def test_each_dependency_says_what_it_needs_at_least_and_the_installed_one_is_enough() -> None:
    for name, requirement in declared().items():
        assert any(each.operator == ">=" for each in requirement.specifier), name
        assert requirement.specifier.contains(metadata.version(name), prereleases=True), name


def test_no_range_excludes_a_version_that_gradio_takes() -> None:
    """The oldest version that Gradio takes is enough, and Gradio alone says which is too new."""
    for text in metadata.requires("gradio") or []:
        theirs = Requirement(text)
        ours = declared().get(theirs.name.lower())
        if ours is None or (theirs.marker and not theirs.marker.evaluate({"extra": ""})):
            continue
        assert {each.operator for each in ours.specifier} == {">="}, ours
        for each in theirs.specifier:
            if each.operator in (">=", "~="):
                # numpy: rerun-sdk needs a newer one.
                assert ours.specifier.contains(each.version) or ours.name == "numpy", (ours, theirs)
