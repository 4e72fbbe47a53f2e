from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from gradio.utils import is_static_file

from gradio_rerun._gradio.files import file_url, publish, static_file
from gradio_rerun._viewer import cache, frontend
from gradio_rerun._viewer.frontend import FRONTEND, published_folder


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(folder))
    monkeypatch.setattr(cache, "_fallback", None)
    return folder


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source = tmp_path / "frontend"
    for name, content in {
        "wire.js": "wire",
        "gradio/bridge.js": "bridge",
        "export/page.js": "page",
        "c.css": "c",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content)
    monkeypatch.setattr(frontend, "FRONTEND", source)
    return source


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_the_published_folder_has_the_modules_and_the_styles(source: Path, folder: Path) -> None:
    published = published_folder()
    assert published.parent == folder / "frontend"
    assert contents(published) == contents(source)


def test_every_visitor_may_fetch_the_files_of_a_folder_and_none_beside(source: Path) -> None:
    (source / "a b%.js").write_text("four")
    assert static_file(source / "a b%.js", source) == {
        "path": f"{source}/a b%.js",
        "url": f"/gradio_api/file={source}/a%20b%25.js",
        "size": 4,
        "orig_name": "a b%.js",
        "is_stream": False,
        "meta": {"_type": "gradio.FileData"},
    }
    assert is_static_file(source / "gradio" / "bridge.js")
    assert not is_static_file(source.parent / "secret.env")


def test_a_drive_is_a_part_of_a_url() -> None:
    assert file_url(Path("C:/a b%.js")) == "/gradio_api/file=C:/a%20b%25.js"


def test_a_published_file_is_fetched_with_the_other_files_of_its_folder(source: Path) -> None:
    publish(source / "gradio" / "bridge.js")
    assert is_static_file(source / "gradio" / "bridge.js")
    assert not is_static_file(source / "wire.js")


def test_anything_else_is_not_published(source: Path) -> None:
    (source / "types.d.ts").touch()
    (source / "secret.env").touch()
    (source / "folder.js").mkdir()
    (source / "link.js").symlink_to(source / "secret.env")
    (source / "linked").symlink_to(source / "gradio", target_is_directory=True)
    assert sorted(contents(published_folder())) == ["c.css", "export/page.js", "gradio/bridge.js", "wire.js"]


def test_each_import_between_the_modules_names_a_file() -> None:
    for path in FRONTEND.rglob("*.js"):
        # Also the imports of types: they name the same files.
        for name in re.findall(r'(?:from|import|import\(|URL\() ?"(\.{1,2}/[^"]*)"', path.read_text()):
            assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"


def test_a_page_loads_the_modules_of_the_frontend_in_few_files() -> None:
    published = published_folder()
    assert sorted(contents(published)) == [
        *("export/page.css", "export/page.js", "gradio/bridge.js", "gradio/component-server.js", "gradio/styles.js"),
        *("rerun-viewer.css", "viewer/loader.js", "wire.js"),
    ]
    for path in published.rglob("*.js"):
        for name in re.findall(r'^import[^"(]* "([^"]*)";$', path.read_text(), re.MULTILINE):
            assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"
    assert "export function mount(" in (published / "gradio" / "bridge.js").read_text()


def test_a_file_that_moves_to_another_folder_is_another_published_folder(source: Path) -> None:
    before = published_folder()
    (source / "c.css").rename(source / "export" / "c.css")
    assert published_folder() != before


def test_the_same_files_are_written_once(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = published_folder()
    monkeypatch.setattr(cache.tempfile, "mkstemp", None)
    assert published_folder() == published


def test_a_changed_file_is_another_folder(source: Path) -> None:
    before = published_folder()
    (source / "wire.js").write_text("changed")
    after = published_folder()
    assert after != before
    assert (before / "wire.js").read_text() == "wire"
    assert (after / "wire.js").read_text() == "changed"


def test_a_renamed_file_is_another_folder(source: Path) -> None:
    before = published_folder()
    (source / "c.css").rename(source / "d.css")
    assert published_folder() != before


def test_a_file_that_was_appended_to_another_is_another_folder(source: Path) -> None:
    before = published_folder()
    with (source / "gradio" / "bridge.js").open("a") as file:
        file.write(f"wire.js\n{(source / 'wire.js').read_text()}")
    (source / "wire.js").unlink()
    assert published_folder() != before


def test_a_damaged_file_is_repaired(source: Path) -> None:
    published = published_folder()
    (published / "gradio" / "bridge.js").write_text("cut")
    (published / "wire.js").unlink()
    assert published_folder() == published
    assert contents(published) == contents(source)


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_folder(
    source: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.touch()
    published = published_folder()
    assert not published.is_relative_to(folder)
    assert contents(published) == contents(source)
    assert published_folder() == published
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missing_source_is_not_reported_as_a_problem_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "FRONTEND", tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        published_folder()


def test_files_that_have_not_changed_are_not_read_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = published_folder()
    monkeypatch.setattr(Path, "read_bytes", None)
    assert published_folder() == published


@pytest.mark.parametrize("name", ["wire.js", "gradio/bridge.js"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("damaged")])
def test_a_file_that_is_damaged_while_the_app_runs_is_restored(
    source: Path, damage: Callable[[Path], object], name: str
) -> None:
    published = published_folder()
    damage(published / name)
    assert contents(published_folder()) == contents(source)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the folders of users apart")
@pytest.mark.parametrize("name", [".", "gradio"])
def test_a_folder_that_others_could_have_written_is_not_served(source: Path, folder: Path, name: str) -> None:
    published = published_folder()
    (published / name).chmod(0o777)
    assert not published_folder().is_relative_to(folder)
