from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

# Distributions whose name differs from the imported package.
DISTRIBUTIONS = {"google": "protobuf", "rerun": "rerun-sdk", "rerun_bindings": "rerun-sdk", "rerun_cli": "rerun-sdk"}


def imported() -> set[str]:
    """The distributions that the sources import, including imports in functions and for type checkers only."""
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    found = names - set(sys.stdlib_module_names) - {"gradio_rerun", "convert_file", "rrd"}  # of scripts, beside them
    return {DISTRIBUTIONS.get(name, name).replace("_", "-") for name in found}


def declared() -> dict[str, Requirement]:
    found = re.search(r"^dependencies = (\[.*?^\])", (ROOT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)
    assert found
    requirements = [Requirement(each) for each in ast.literal_eval(found[1])]  # such a list is also a Python list
    return {each.name: each for each in requirements}


def test_what_is_imported_is_declared_and_nothing_else() -> None:
    assert set(declared()) == imported()


def test_each_dependency_says_what_it_needs_at_least_and_the_installed_one_is_enough() -> None:
    for name, requirement in declared().items():
        assert any(each.operator == ">=" for each in requirement.specifier), name
        assert requirement.specifier.contains(metadata.version(name), prereleases=True), name


def test_no_range_excludes_a_version_that_gradio_takes() -> None:
    """The oldest version that Gradio accepts is sufficient, and only Gradio sets an upper limit."""
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


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_workflows_use_actions_by_their_commits(path: Path) -> None:
    for used in re.findall(r"uses: *(.*)", path.read_text()):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_a_release_is_built_where_nothing_but_pinned_tools_has_run() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    commands = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
    install, build, check = commands
    assert "--require-hashes" in install
    assert "-r .github/build-requirements.txt" in install
    assert build == "python -m build --no-isolation"
    assert check.startswith("test -f ")
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert not any("run" in step for step in jobs["publish"]["steps"])
    needed = re.search(r"requires = (\[.*\])", (ROOT / "pyproject.toml").read_text())
    pinned = re.findall(r"^([\w-]+)==", (ROOT / ".github" / "build-requirements.txt").read_text(), re.MULTILINE)
    assert needed
    assert {"build", *(Requirement(each).name for each in ast.literal_eval(needed[1]))} <= set(pinned)
