"""Known vulnerabilities in what we depend on. Where the registries' advisories cannot be reached, a test is skipped and says so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_none_is_known_in_the_packages_that_ours_brings(tmp_path: Path) -> None:
    required = [line for line in metadata.requires("gradio_rerun") if "extra ==" not in line]
    names = [re.match(r"[\w-]+", line)[0] for line in required]
    pinned = tmp_path / "requirements.txt"
    pinned.write_text("".join(f"{name}=={metadata.version(name)}\n" for name in names))
    options = ["--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off"]
    result = run(sys.executable, "-m", "pip_audit", "--requirement", str(pinned), *options)
    if result.returncode == 1 and not result.stdout:
        pytest.skip(f"not reachable: {result.stderr.splitlines()[-1]}")
    told = json.loads(result.stdout)["dependencies"]
    assert [package for package in told if package.get("vulns")] == []
    # A mirror without advisories is to pip-audit one that does not know the package, and no failure.
    unknown = [package["skip_reason"] for package in told if "skip_reason" in package]
    if unknown:
        pytest.skip(f"not reachable: {unknown[0]}")
    assert len(told) == len(names)


def test_none_that_is_high_is_known_in_the_tools_that_check_the_page() -> None:
    result = run("npm", "audit", "--json", "--audit-level=high")
    report = json.loads(result.stdout)
    if "auditReportVersion" not in report:
        pytest.skip(f"not reachable: {report.get('message', report)}")
    assert result.returncode == 0, result.stdout


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
