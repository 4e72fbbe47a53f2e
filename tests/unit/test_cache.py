from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from fake_sdk import FakeSdk

from gradio_rerun import cache
from gradio_rerun.cache import cache_dir, remove_abandoned, stored, write_whole
from gradio_rerun.errors import ViewerError


@pytest.fixture(autouse=True)
def no_fallback_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_fallback", None)


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that cannot be written, not even by root."""
    blocked = tmp_path / "file" / "cache"
    blocked.parent.touch()
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(blocked))
    return blocked


def test_the_variable_is_read_when_the_folder_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (Path("/one").absolute(), Path("/two").absolute()):
        monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(folder))
        assert cache_dir() == folder


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_it_is_the_cache_folder_of_the_user(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRADIO_RERUN_CACHE_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", value)
    assert cache_dir() == Path(platformdirs.user_cache_dir("gradio_rerun", appauthor=False))


def test_the_variable_may_hold_a_home_or_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", "~/cache")
    assert cache_dir() == Path.home() / "cache"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", "cache")
    assert cache_dir() == tmp_path / "cache"


def test_a_user_without_a_home_still_has_an_absolute_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", "~nobody_of_this_name/cache")
    assert cache_dir() == tmp_path / "~nobody_of_this_name" / "cache"


def test_a_cache_that_cannot_be_written_is_replaced_by_a_temporary_folder_and_one_line_says_so(
    blocked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def store(root: Path) -> Path:
        write_whole(root / "a", b"1")
        return root

    fallback = stored(store)
    assert (fallback / "a").read_bytes() == b"1"
    assert stored(store) == fallback
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gradio_rerun: {blocked} cannot be written (Not a directory), so {fallback} is used")
    assert "GRADIO_RERUN_CACHE_DIR" in line


def test_the_temporary_folder_goes_with_its_process(blocked: Path, tmp_path: Path) -> None:
    process = FakeSdk(tmp_path / "site").process("""
        from gradio_rerun.cache import stored, write_whole
        print(stored(lambda root: write_whole(root / "a", b"1") or root))
    """)
    printed, _ = process.communicate()
    assert Path(printed.strip()).is_absolute()
    assert not Path(printed.strip()).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_worker_that_exits_leaves_the_temporary_folder_to_the_others(blocked: Path, tmp_path: Path) -> None:
    process = FakeSdk(tmp_path / "site").process("""
        import os
        from gradio_rerun.cache import stored, write_whole
        folder = stored(lambda root: write_whole(root / "a", b"1") or root)
        if worker := os.fork():
            os.waitpid(worker, 0)
            print((folder / "a").exists())
    """)
    assert process.communicate()[0] == "True\n"


def test_a_full_disk_is_replaced_by_a_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = tmp_path / "full"
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(full))
    fill_disk(monkeypatch, lambda folder: folder == full)

    def store(root: Path) -> Path:
        write_whole(root / "a", b"1")
        return root

    assert stored(store) != full
    assert list(full.iterdir()) == []
    assert "cannot be written (No space left on device)" in capsys.readouterr().err


def test_when_nothing_can_be_written_the_error_names_both_reasons_and_the_cure(
    blocked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch, lambda folder: True)
    with pytest.raises(ViewerError, match=r"Not a directory.*No space left.* Set GRADIO_RERUN_CACHE_DIR to"):
        stored(lambda root: write_whole(root / "a", b"1"))


def fill_disk(monkeypatch: pytest.MonkeyPatch, is_full: Any) -> None:
    """Lets files in folders for which `is_full` is true be made, but not be written."""
    make = tempfile.mkstemp

    def mkstemp(suffix: str, prefix: str, folder: Path) -> tuple[int, str]:
        handle, path = make(suffix, prefix, folder)
        if is_full(folder):
            os.close(handle)
            handle = os.open("/dev/full", os.O_WRONLY)
        return handle, path

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)


def test_a_reader_sees_the_old_content_or_the_new_and_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([letter]) * 1_000_000 for letter in b"abcd"]
    write_whole(path, contents[0])
    writers = [threading.Thread(target=write_whole, args=[path, content]) for content in contents for _ in range(5)]
    for writer in writers:
        writer.start()
    seen = []
    while any(writer.is_alive() for writer in writers):
        seen.append(path.read_bytes())
    assert all(content in contents for content in seen)
    assert [child.name for child in tmp_path.iterdir()] == ["file"]


def test_other_users_may_read_what_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"1")
    assert (tmp_path / "file").stat().st_mode & 0o444 == 0o444


def test_what_a_killed_writer_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    old, young, other = tmp_path / ".a.js.x1.tmp", tmp_path / ".a.js.x2.tmp", tmp_path / "a.js"
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (time.time() - 4000, time.time() - 4000))
    remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([young, other])


def test_a_folder_that_is_not_there_has_nothing_to_remove(tmp_path: Path) -> None:
    remove_abandoned(tmp_path / "none")
