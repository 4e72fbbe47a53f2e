from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import platformdirs
import pytest
from fake_sdk import FakeSdk

from gradio_rerun._viewer import cache
from gradio_rerun._viewer.cache import cache_dir, check_owner, own_folder, remove_abandoned, stored, write_whole
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
    assert line.startswith(f"gradio_rerun: {blocked} cannot be used (Not a directory), so {fallback} is used")
    assert "GRADIO_RERUN_CACHE_DIR" in line


def test_the_temporary_folder_is_removed_when_its_process_exits(blocked: Path, tmp_path: Path) -> None:
    process = FakeSdk(tmp_path / "site").process("""
        from gradio_rerun._viewer.cache import stored, write_whole
        print(stored(lambda root: write_whole(root / "a", b"1") or root))
    """)
    printed, _ = process.communicate()
    assert Path(printed.strip()).is_absolute()
    assert not Path(printed.strip()).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_worker_that_exits_leaves_the_temporary_folder_to_the_others(blocked: Path, tmp_path: Path) -> None:
    process = FakeSdk(tmp_path / "site").process("""
        import os
        from gradio_rerun._viewer.cache import stored, write_whole
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
    assert "cannot be used (No space left on device)" in capsys.readouterr().err


def test_when_nothing_can_be_written_the_error_names_both_reasons_and_the_cure(
    blocked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_disk(monkeypatch, lambda folder: True)
    with pytest.raises(ViewerError, match=r"Not a directory.*No space left.* Set GRADIO_RERUN_CACHE_DIR to") as raised:
        stored(lambda root: write_whole(root / "a", b"1"))
    assert str(blocked) not in str(raised.value)
    assert str(blocked) in capsys.readouterr().err


def fill_disk(monkeypatch: pytest.MonkeyPatch, is_full: Any) -> None:
    """Simulates a full disk for folders for which `is_full` is true: files can be created there, but not written."""
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


def test_files_of_a_killed_writer_are_removed_after_an_hour(tmp_path: Path) -> None:
    old, young, other = tmp_path / ".a.js.x1.tmp", tmp_path / ".a.js.x2.tmp", tmp_path / "a.js"
    for path in (old, young, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (time.time() - 4000, time.time() - 4000))
    remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([young, other])


def test_a_missing_folder_has_nothing_to_remove(tmp_path: Path) -> None:
    remove_abandoned(tmp_path / "none")


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the folders of users apart")


def owned_by(monkeypatch: pytest.MonkeyPatch, paths: list[Path], **fields: int) -> None:
    """Gives paths another owner, as only root could."""
    stat = Path.stat

    def changed(path: Path, **options: Any) -> Any:
        found = stat(path, **options)
        names = ("st_mode", "st_uid", "st_gid")
        given = fields if path in paths else {}
        return SimpleNamespace(**{name: given.get(name, getattr(found, name)) for name in names}) if given else found

    monkeypatch.setattr(Path, "stat", changed)


@posix
def test_a_folder_is_made_so_that_no_other_user_can_write_there(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = own_folder(tmp_path / "a" / "cache", "viewer", "1")
    finally:
        os.umask(before)
    for each in (folder, folder.parent, folder.parent.parent, tmp_path / "a"):
        assert each.stat().st_mode & 0o777 == 0o755


OTHERS = {
    "another user": ({"st_uid": 12345}, "belongs to the user 12345"),
    "every user": ({"st_mode": 0o40777}, "can be written by every user"),
    "every user, sticky": ({"st_mode": 0o41777}, "can be written by every user"),
    "another group": ({"st_mode": 0o40775, "st_gid": 12345}, "can be written by the group 12345"),
}


@posix
@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("where", ["", "viewer", "viewer/1", "viewer/1/manifest.json"])
def test_a_folder_that_other_users_can_write_to_is_refused(
    others: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "cache"
    file = own_folder(root, "viewer", "1") / "manifest.json"
    file.touch()
    check_owner(file, root)
    fields, words = OTHERS[others]
    owned_by(monkeypatch, [root / where], **fields)
    with pytest.raises(PermissionError, match=rf"{root / where} {words}, who could have put scripts there: "):
        check_owner(file, root)


@posix
def test_a_parent_folder_may_have_any_owner_but_be_world_writable_only_if_sticky(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "above" / "cache"
    own_folder(root)
    for mode, words in ((0o41777, None), (0o40755, None), (0o40775, None), (0o40777, "can be written by every user")):
        with monkeypatch.context() as patch:
            owned_by(patch, [root.parent], st_mode=mode, st_uid=12345, st_gid=12345)
            with pytest.raises(PermissionError, match=words) if words else nullcontext():
                check_owner(root, root)


@posix
@pytest.mark.parametrize(
    "fields", [{"st_uid": 0}, {"st_mode": 0o40775, "st_gid": 0}, {"st_mode": 0o40775, "st_gid": 4242}]
)
def test_folders_of_root_and_of_the_users_own_group_are_used(
    fields: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such folders are in images that root has prepared, and in images for any user id, which is in the group of root."""
    root = tmp_path / "cache"
    own_folder(root)
    monkeypatch.setattr(os, "getegid", lambda: 4242)
    owned_by(monkeypatch, [root], **fields)
    check_owner(root, root)


@posix
def test_a_cache_that_others_can_write_is_replaced_by_a_temporary_folder_and_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "open"
    root.mkdir()
    root.chmod(0o777)
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(root))
    fallback = stored(lambda root: own_folder(root, "viewer"))
    assert not fallback.is_relative_to(root)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{root} can be written by every user, who could have put scripts there: run chmod o-w {root}" in line
    root.chmod(0o755)
    assert stored(lambda root: own_folder(root, "viewer")) == root / "viewer"


@posix
def test_the_temporary_folder_is_used_in_a_container_whose_tmp_is_open_to_all(
    blocked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    temporary.chmod(0o777)  # as Kubernetes mounts an emptyDir
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    assert stored(lambda root: own_folder(root, "viewer")).is_relative_to(temporary)
