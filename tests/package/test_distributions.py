"""The wheel and the sdist of dist/: what is in them, and what they say about themselves."""

from __future__ import annotations

import re
import subprocess
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
import readme_renderer.markdown
from build.util import project_wheel_metadata

from gradio_rerun import __version__

ROOT = Path(__file__).parents[2]
NAME = f"gradio_rerun-{__version__}"
LICENSES = ["LICENSE-APACHE", "LICENSE-MIT"]


def tracked(folder: str) -> set[str]:
    return set(subprocess.check_output(["git", "ls-files", folder], cwd=ROOT, text=True).splitlines())


@pytest.fixture
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(f"{NAME}.dist-info/METADATA").decode())


def test_the_wheel_has_the_files_of_the_package_and_the_licences_and_no_more(wheel: Path) -> None:
    ours = {name.removeprefix("src/") for name in tracked("src")}
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", *(f"licenses/{name}" for name in LICENSES)}
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == ours | {f"{NAME}.dist-info/{name}" for name in about}
        assert all(archive.read(name) == (ROOT / "src" / name).read_bytes() for name in ours)
    assert "gradio_rerun/py.typed" in ours


def test_the_sdist_has_what_the_wheel_is_built_from_and_no_more(sdist: Path) -> None:
    about = {"README.md", "CHANGELOG.md", "pyproject.toml", "hatch_build.py", ".gitignore", "PKG-INFO", *LICENSES}
    with tarfile.open(sdist) as archive:
        assert {member.name for member in archive if member.isfile()} == {
            f"{NAME}/{name}" for name in tracked("src") | about
        }


def test_both_are_small_enough_to_hold_no_viewer(wheel: Path, sdist: Path) -> None:
    assert wheel.stat().st_size < 400_000
    assert sdist.stat().st_size < 320_000


def test_the_wheel_is_for_every_platform(wheel: Path) -> None:
    assert wheel.name == f"{NAME}-py3-none-any.whl"


def test_it_brings_gradio_and_rerun_and_two_small_packages(metadata: Message) -> None:
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = sorted(re.match(r"[\w-]+", line)[0] for line in required)
    come_with_these = {
        "anyio",
        "brotli",
        "certifi",
        "fsspec",
        "httpx",
        "huggingface-hub",
        "numpy",
        "pyarrow",
        "pydantic",
        "starlette",
        "typing-extensions",
    }
    assert come_with_these <= set(names)
    assert set(names) - come_with_these == {"gradio", "platformdirs", "protobuf", "rerun-sdk"}


def test_it_says_under_which_licences_it_is(metadata: Message) -> None:
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert sorted(metadata.get_all("License-File", [])) == LICENSES


def test_each_link_and_picture_of_the_readme_leads_somewhere_on_pypi(metadata: Message) -> None:
    page = readme_renderer.markdown.render(metadata.get_payload())
    anchors = {f"#{anchor}" for anchor in re.findall(r'id="([^"]+)"', page)}
    targets = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert "https://rerun.io" in targets
    assert [target for target in targets if not target.startswith("https://") and target not in anchors] == []
    assert "](" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)


def test_a_package_built_on_github_leads_to_the_repository_that_built_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/a_name")
    metadata = project_wheel_metadata(ROOT)
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL") or [])
    assert list(urls) == ["Documentation", "Issues", "Changelog", "Source"]
    assert all(url.startswith("https://github.com/someone/a_name") for url in urls.values())
    page = readme_renderer.markdown.render(metadata["Description"])
    targets = re.findall(r'(?:href|src)="([^"#]+)"', page)
    assert f"https://github.com/someone/a_name/blob/v{__version__}/docs/values.md" in targets
    assert f"https://github.com/someone/a_name/raw/v{__version__}/docs/images/viewer.png" in targets
    files = re.findall(rf"a_name/(?:blob|raw)/v{re.escape(__version__)}/(\S+)", " ".join([*urls.values(), *targets]))
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.search(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1]
    release, unfinished = re.fullmatch(r"(\d+\.\d+\.\d+)(\D.*)?", __version__).groups()
    date = "Unreleased" if unfinished else r"\d{4}-\d\d-\d\d"
    assert re.fullmatch(rf"\[{re.escape(release)}\] - {date}", newest)
