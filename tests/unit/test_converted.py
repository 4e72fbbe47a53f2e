"""What the app does before and after the process in which rerun-sdk converts a file. Here, another program is in its place."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lerobot_datasets import lerobot_v2
from other_files import glb, gltf, lerobot, png, stl, write

from gradio_rerun._recordings import conversions
from gradio_rerun._recordings.conversions import converted, converted_episode
from gradio_rerun._viewer import sdk
from gradio_rerun.errors import NotARecordingError, RecordingError, RecordingNotFoundError, SdkError

IMAGES = ("bmp", "gif", "jpeg", "jpg", "png", "webp")
STARTS = (b"BM", b"GIF8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"II*\0", b"MM\0*")

Program = Callable[[str], None]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    """Replaces the program that converts. It has the variables `source`, `target`, and `copies`, the JSON object that it gets."""

    def replace(code: str) -> None:
        start = "import json, os, pathlib, sys; source, target = map(pathlib.Path, sys.argv[1:3]); copies = json.loads(input())"

        def command(source: Path, target: Path, *_: Any) -> list[str]:
            return [sys.executable, "-I", "-S", "-c", f"{start}\n{code}", str(source), str(target)]

        monkeypatch.setattr(conversions, "conversion_command", command)
        monkeypatch.setattr(conversions, "episode_command", command)
        monkeypatch.setattr(sdk, "knows_episodes", lambda: True)

    replace("target.write_text('converted')")
    return replace


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def anything(_: Path) -> bool:
    return True


def left_in(cache: Path) -> list[Path]:
    """The files and folders in the cache, apart from recordings in a folder of their own."""
    return [path for path in cache.iterdir() if not list(path.glob("*.rrd"))]


@pytest.mark.parametrize("suffix", IMAGES)
def test_a_picture_must_start_as_some_kind_of_picture_does(
    suffix: str, program: Program, tmp_path: Path, cache: Path, processes: list[Any]
) -> None:
    for name in (f"a.{suffix}", f"A.{suffix.upper()}"):
        with pytest.raises(NotARecordingError, match=r"it is not an image: it starts with b'<html>'"):
            converted(write(tmp_path / name, "<html>"), cache)
    assert not processes
    for start in STARTS:
        assert converted(write(tmp_path / f"a.{suffix}", start), cache).name == f"a.{suffix}.rrd"


def test_other_files_may_start_with_anything(program: Program, tmp_path: Path, cache: Path) -> None:
    for name in ("a.tiff", "a.obj", "a"):
        assert converted(write(tmp_path / name, "<html>"), cache).read_text() == "converted"


def test_a_binary_gltf_may_be_longer_but_not_shorter_than_it_says(
    program: Program, tmp_path: Path, cache: Path
) -> None:
    content = glb(10)
    for name, whole in (("a.glb", content), ("b.GLB", content + b"more")):
        assert converted(write(tmp_path / name, whole), cache).read_text() == "converted"
    for name in ("c.glb", "d.GLB"):
        with pytest.raises(NotARecordingError, match=f"it has {len(content) - 1} of its {len(content)} bytes"):
            converted(write(tmp_path / name, content[:-1]), cache)
        with pytest.raises(NotARecordingError, match="it is not a binary glTF: it starts with b'x'"):
            converted(write(tmp_path / name, "x"), cache)


@pytest.mark.parametrize(
    ("suffix", "most"), [("urdf", 4 << 20), ("gltf", 256 << 20), ("md", 16 << 20), ("txt", 16 << 20)]
)
def test_a_file_that_is_read_as_one_string_may_have_this_size(
    suffix: str, most: int, program: Program, tmp_path: Path, cache: Path, processes: list[Any]
) -> None:
    path = tmp_path / f"long.{suffix.upper()}"
    path.touch()
    os.truncate(path, most + 1)
    with pytest.raises(NotARecordingError, match=f"it has {most + 1:,} bytes, and a .{suffix} file {most:,} at most"):
        converted(path, cache)
    assert not processes
    os.truncate(path, most)
    if suffix in ("md", "txt"):
        assert converted(path, cache).read_text() == "converted"


def test_a_folder_that_is_not_a_dataset_is_refused_by_what_it_lacks(
    program: Program, tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(
        NotARecordingError, match=r"it is a folder without meta.info\.json, so it is not a LeRobot dataset"
    ):
        converted(tmp_path, cache)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other limits")
def test_a_file_that_is_missing_or_cannot_be_read_is_named_without_its_folder(
    program: Program, tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(RecordingNotFoundError, match=r"got 'gone\.md': there is no such file") as missing:
        converted(tmp_path / "gone.md", cache)
    with pytest.raises(RecordingError, match=r"The file 'x+ cannot be read: File name too long\.") as unreadable:
        converted(tmp_path / ("x" * 300), cache)
    assert str(tmp_path) not in f"{missing.value} {unreadable.value}"
    assert not isinstance(unreadable.value, RecordingNotFoundError)


def test_a_converted_file_is_found_again_until_it_is_deleted(
    program: Program, tmp_path: Path, cache: Path, processes: list[Any]
) -> None:
    path = write(tmp_path / "a.md", "text")
    target = converted(path, cache)
    assert converted(path, cache) == target
    assert len(processes) == 1
    assert left_in(cache) == []
    target.unlink()  # by Gradio's `delete_cache`
    assert converted(path, cache) == target
    assert target.is_file()
    assert len(processes) == 2


def test_the_copy_of_a_file_in_another_folder_is_the_same_recording(
    program: Program, tmp_path: Path, cache: Path
) -> None:
    paths = [write(tmp_path / folder / "a.md", "text") for folder in ("one", "other")]
    assert len({converted(path, cache) for path in paths}) == 1


def test_a_big_file_is_another_recording_wherever_it_differs(program: Program, tmp_path: Path, cache: Path) -> None:
    size = (2 << 20) + 10
    contents = [bytes(size), bytes(size - 1) + b"x", b"x" + bytes(size - 1), bytes(size - 1)]
    assert len({converted(write(tmp_path / "a.obj", each), cache) for each in contents}) == 4


def test_the_program_gets_a_copy_of_each_part_by_its_name(program: Program, tmp_path: Path, cache: Path) -> None:
    program("target.write_text(json.dumps({name: [copy, open(copy).read()] for name, copy in copies.items()}))")
    names = ("a.bin", "./a.bin", "b.PNG")
    document, _ = gltf(3)
    document["buffers"] = [{"uri": name} for name in names[:2]]
    document["images"] = [{"uri": names[2]}]
    write(tmp_path / "in" / "a.bin", "one")
    write(tmp_path / "in" / "b.PNG", "other")
    path = write(tmp_path / "in" / "scene.gltf", json.dumps(document))
    copies = json.loads(converted(path, cache).read_text())
    assert {name: content for name, (_, content) in copies.items()} == dict(
        zip(names, ("one", "one", "other"), strict=True)
    )
    assert copies["a.bin"] == copies["./a.bin"]  # one file
    files = {Path(file) for file, _ in copies.values()}
    assert {file.suffix for file in files} == {".bin", ".PNG"}
    assert {file.parent.parent for file in files} == {cache}
    assert left_in(cache) == []


def scene(path: Path) -> Path:
    """A .gltf with one part."""
    document, _ = gltf(3)
    document["buffers"] = [{"uri": "a.bin"}]
    write(path.with_name("a.bin"), "part")
    return write(path, json.dumps(document))


def test_copies_that_an_app_has_left_are_removed_after_an_hour(
    program: Program, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:  # before the app could remove them
        killed.setattr(shutil, "rmtree", lambda *_, **__: None)
        converted(scene(tmp_path / "scene.gltf"), cache)
        converted_episode(lerobot_v2(tmp_path / "pick", cameras=()), 1, cache, anything)
    left = left_in(cache)
    assert len(left) == 2
    for path in left:
        os.utime(path, (time.time() - 4000,) * 2)
    converted(write(tmp_path / "a.md", "text"), cache)
    assert left_in(cache) == []


def test_copies_that_the_program_has_removed_itself_are_no_error(program: Program, tmp_path: Path, cache: Path) -> None:
    program(
        "import shutil\nfor copy in copies.values(): shutil.rmtree(os.path.dirname(copy))\n"
        "if not copies: shutil.rmtree(source.parent)\n"
        "target.write_text('converted')"
    )
    assert converted(scene(tmp_path / "scene.gltf"), cache).read_text() == "converted"
    folder = lerobot_v2(tmp_path / "pick", cameras=())
    assert converted_episode(folder, 1, cache, anything).read_text() == "converted"
    assert folder.is_dir()


def test_parts_are_a_part_of_what_decides_whether_a_recording_exists(
    program: Program, tmp_path: Path, cache: Path, processes: list[Any]
) -> None:
    robot = write(
        tmp_path / "robot.urdf",
        '<robot name="r"><link name="l"><visual><geometry><mesh filename="a.stl"/></geometry></visual></link></robot>',
    )
    without = converted(robot, cache, anything)
    mesh = write(tmp_path / "a.stl", stl())
    found = converted(robot, cache, anything)
    mesh.write_bytes(stl() + b"changed")
    assert len({without, found, converted(robot, cache, anything)}) == 3


def test_what_the_sdk_says_about_a_converted_file_is_in_the_log(
    program: Program, tmp_path: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "2026-11-23T13:44:37.7Z {} re_mesh::x: {}\\n"
    lines = said.format(" WARN", "no colors") + said.format("ERROR", "no end") + said.format(" INFO", "done")
    program(f"sys.stderr.write('{lines}'); target.write_text('converted')")
    assert converted(write(tmp_path / "a.mcap", "text"), cache).read_text() == "converted"
    logged = capfd.readouterr().err
    assert "gradio_rerun: a.mcap: rerun-sdk says: no end" in logged
    assert "gradio_rerun: a.mcap: rerun-sdk says: no colors" in logged
    assert "done" not in logged


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.stderr.write('2026-11-23T13:44:37.7Z ERROR re_mesh::x: no end\\n')", r"rerun-sdk \S+ says: no end\."),
        ("sys.exit(3)", "says: nothing, and logs nothing"),
    ],
)
def test_a_file_that_the_sdk_refuses_leaves_nothing(
    code: str, reason: str, program: Program, tmp_path: Path, cache: Path
) -> None:
    program(f"target.write_text('half'); {code}")
    with pytest.raises(NotARecordingError, match=reason):
        converted(write(tmp_path / "a.obj", "text"), cache)
    assert left_in(cache) == list(cache.iterdir()) == []


def test_a_crash_of_the_sdk_leaves_nothing(program: Program, tmp_path: Path, cache: Path) -> None:
    program("target.write_text('half'); sys.exit('out of luck')")
    with pytest.raises(RecordingError, match=r"ended with exit code 1\. out of luck") as caught:
        converted(write(tmp_path / "a.obj", "text"), cache)
    assert not isinstance(caught.value, NotARecordingError)
    assert list(cache.iterdir()) == []


def test_the_error_of_a_file_that_is_deleted_while_it_waits_for_its_turn_names_no_folder(
    program: Program, tmp_path: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "it's here" / "a.obj", "text")
    program(f"open({str(path)!r} + '.gone')")
    with pytest.raises(RecordingError, match=r"exit code 1\. FileNotFoundError: .*No such file or directory$"):
        converted(path, cache)
    assert f"{path}.gone" in capfd.readouterr().err


@pytest.mark.parametrize(("size", "reason"), [(99, "Make room"), (100, "100 bytes of recording.*CONVERT_SIZE")])
def test_a_full_disk_is_not_taken_for_a_recording_that_is_too_large(
    size: int, reason: str, program: Program, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SIZE", "100")
    program(f"target.write_bytes(bytes({size})); sys.exit('File too large')")
    with pytest.raises(RecordingError, match=reason):
        converted(write(tmp_path / "a.obj", "text"), cache)
    assert list(cache.iterdir()) == []


def test_files_of_killed_conversions_are_removed_and_others_are_not(
    program: Program, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [write(cache / ".0.a.part", "half"), write(cache / ".0.a.parts" / "0.stl", "copy").parent]
    others = [write(cache / "a.part", "x"), write(cache / ".hidden", "x")]
    for path in (*old, *others):
        os.utime(path, (time.time() - 3700,) * 2)
    new = write(cache / ".0.b.part", "half")
    os.utime(new, (time.time() - 3500,) * 2)
    converted(write(tmp_path / "a.md", "text"), cache)
    assert [path.exists() for path in (*old, *others, new)] == [False, False, True, True, True]


def test_an_episode_is_named_after_its_dataset_and_index(program: Program, tmp_path: Path, cache: Path) -> None:
    program("target.write_text(source.name)")
    folder = lerobot_v2(tmp_path / "pick", cameras=())
    own = converted_episode(folder, 1, cache, anything)
    assert (own.name, own.read_text()) == ("pick_episode_1.rrd", "pick")
    named = converted_episode(folder, 1, cache, anything, name="us pick")
    assert (named.name, named.read_text()) == ("us pick_episode_1.rrd", "us pick")
    assert left_in(cache) == []


def test_a_process_that_crashes_while_it_lists_videos_is_reported_as_crashed(
    program: Program, tmp_path: Path, cache: Path
) -> None:
    program("""print('{"top": "no ff', flush=True); os._exit(7)""")
    with pytest.raises(RecordingError, match="ended with exit code 7"):
        converted_episode(lerobot_v2(tmp_path / "pick", cameras=()), 1, cache, anything)


def test_an_sdk_that_reads_no_single_episodes_is_named_with_what_to_do(
    program: Program, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, processes: list[Any]
) -> None:
    monkeypatch.setattr(sdk, "knows_episodes", lambda: False)
    with pytest.raises(SdkError, match=r"rerun-sdk 0\.39 or newer.*pip install -U.*the path of the dataset's folder"):
        converted_episode(lerobot_v2(tmp_path / "pick", cameras=()), 1, cache, anything)
    assert not processes


def test_an_episode_is_made_again_if_something_changes_that_it_depends_on(
    program: Program, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, processes: list[Any]
) -> None:
    folder = lerobot_v2(tmp_path / "pick", cameras=())
    monkeypatch.setattr(shutil, "which", lambda _: None)
    made = [converted_episode(folder, index, cache, anything) for index in (0, 1, 1)]
    os.utime(folder / "data" / "chunk-000" / "episode_000000.parquet")  # of another episode
    made.append(converted_episode(folder, 1, cache, anything))
    assert len(set(made)) == len(processes) == 2
    made.append(converted_episode(folder, 1, cache, anything, name="other"))
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/ffmpeg")  # so that videos can be read that could not
    made.append(converted_episode(folder, 1, cache, anything))
    monkeypatch.setattr(sdk, "sdk_version", lambda: "0.99.0")
    made.append(converted_episode(folder, 1, cache, anything))
    assert len(set(made)) == len(processes) == 5


@pytest.mark.parametrize("can_link", [True, False])
def test_the_program_gets_the_files_of_the_episode_only(
    can_link: bool, program: Program, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_link:

        def refuse(*_: Any) -> None:
            raise OSError("a required privilege is not held by the client")

        monkeypatch.setattr(Path, "symlink_to", refuse)
    program(
        "files = {str(each.relative_to(source)): [each.is_symlink(), each.stat().st_size] for each in source.rglob('*.*')}\n"
        "(source / 'meta' / 'info.json').write_text('changed')\n"
        "target.write_text(json.dumps(files))"
    )
    folder = lerobot_v2(tmp_path / "pick", cameras=())
    info = (folder / "meta" / "info.json").read_bytes()
    found = json.loads(converted_episode(folder, 1, cache, anything).read_text())
    meta = {f"meta/{path.name}" for path in (folder / "meta").iterdir()}
    assert found.keys() == {*meta, "data/chunk-000/episode_000001.parquet"}
    assert {name: size for name, (_, size) in found.items()} == {name: (folder / name).stat().st_size for name in found}
    assert {name for name, (is_link, _) in found.items() if is_link} == (
        found.keys() - {"meta/info.json"} if can_link else set()
    )
    assert (folder / "meta" / "info.json").read_bytes() == info
    assert left_in(cache) == []


def test_the_videos_that_an_episode_lacks_are_in_the_log(
    program: Program, tmp_path: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program("""target.write_text('converted'); print('{"top": "no ffmpeg"}')""")
    converted_episode(lerobot_v2(tmp_path / "pick", cameras=()), 2, cache, anything)
    assert "gradio_rerun: pick, episode 2: the video 'top' is left out: no ffmpeg" in capfd.readouterr().err


def test_errors_about_an_episode_name_the_dataset(program: Program, tmp_path: Path, cache: Path) -> None:
    program("sys.exit(3)")
    folder = lerobot_v2(tmp_path / "0123abcd", cameras=())
    for name, named in (("pick", "pick"), ("", "0123abcd")):
        with pytest.raises(NotARecordingError, match=f"'{named}' cannot be converted"):
            converted_episode(folder, 1, cache, anything, name=name)
    with pytest.raises(NotARecordingError, match=r"'0123abcd' .*the file 'meta/tasks\.jsonl', which is not allowed"):
        converted_episode(folder, 1, cache, lambda file: file.name != "tasks.jsonl")


def test_a_dataset_is_made_again_if_one_of_its_files_changes(
    program: Program, tmp_path: Path, cache: Path, processes: list[Any]
) -> None:
    folder = lerobot(tmp_path / "pick")
    made = [converted(folder, cache)]
    write(folder / ".git" / "index", "hidden")
    made.append(converted(folder, cache))
    assert made[0].name == "pick.rrd"
    assert len(set(made)) == len(processes) == 1
    os.utime(folder / "data" / "chunk-000" / "episode_000000.parquet")
    made.append(converted(folder, cache))
    write(folder / "more", "file")
    made.append(converted(folder, cache))
    assert len(set(made)) == len(processes) == 3


def test_paths_may_be_relative_to_the_working_folder(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    png(tmp_path / "a.png")
    lerobot_v2(tmp_path / "pick", cameras=())
    monkeypatch.chdir(tmp_path)
    found = converted(Path("a.png"), Path("cache")), converted_episode(Path("pick"), 0, Path("cache"), anything)
    assert [path.relative_to(tmp_path / "cache").name for path in found] == ["a.png.rrd", "pick_episode_0.rrd"]
