from __future__ import annotations

import base64
import getpass
import io
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import rerun as rr
import rerun.blueprint as rrb
from apps import Served
from full_disk import full_disk
from gradio.data_classes import FileData
from gradio.utils import get_upload_folder
from needs import needs
from other_files import SECRET, lerobot, mcap
from PIL import Image
from recordings import log_points, recording_bytes, write_recording

from gradio_rerun._gradio.calls import Call
from gradio_rerun._gradio.files import uploaded_file
from gradio_rerun._recordings import cached_files, conversions, leftovers, sinks, turns, values
from gradio_rerun._recordings.blueprints import read_blueprint
from gradio_rerun._recordings.chunks import pieces_of
from gradio_rerun._recordings.convert_file import arrow_messages
from gradio_rerun._recordings.episodes import Episode
from gradio_rerun._recordings.file_types import read_start
from gradio_rerun._recordings.rrd import MAGIC
from gradio_rerun._recordings.shown import Appender, Shown
from gradio_rerun._recordings.values import has_data, to_recordings
from gradio_rerun._servers.tunnel import Servers
from gradio_rerun.commands import set_blueprint
from gradio_rerun.errors import (
    CommandError,
    NotARecordingError,
    RecordingError,
    RecordingNotFoundError,
    UnsupportedValueError,
)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "files" / "run 1.rrd", "run_1")


def path_of(item: FileData | str) -> Path:
    assert isinstance(item, FileData)
    return Path(item.path)


def test_none_and_an_empty_list_are_no_recordings(cache: Path) -> None:
    assert to_recordings(None, cache) == []
    assert to_recordings([], cache) == []


@pytest.mark.parametrize("kind", [str, Path, lambda path: FileData(path=str(path)), lambda path: {"path": str(path)}])
def test_a_file_is_served_from_the_cache_under_its_own_name(kind: Any, file: Path, cache: Path) -> None:
    (item,) = to_recordings(kind(file), cache)
    assert path_of(item).is_relative_to(cache)
    assert path_of(item).name == "run 1.rrd"
    assert path_of(item).read_bytes() == file.read_bytes()
    assert isinstance(item, FileData)
    assert (item.orig_name, item.size) == ("run 1.rrd", file.stat().st_size)


def test_the_same_file_again_is_the_same_value(file: Path, cache: Path) -> None:
    assert to_recordings(file, cache) == to_recordings(str(file), cache)


def test_a_rewritten_file_is_another_value(file: Path, cache: Path) -> None:
    before = to_recordings(file, cache)
    write_recording(file, "run_2", frames=3)
    assert to_recordings(file, cache) != before


def test_an_earlier_value_is_the_same_value_when_it_is_returned_again(file: Path, cache: Path) -> None:
    (item,) = to_recordings(file, cache)
    assert to_recordings(path_of(item), cache) == [item]


def test_a_robot_that_a_user_uploads_cannot_name_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    secret = tmp_path / "secret.stl"
    secret.write_bytes(b"solid secret\nendsolid secret\n")
    robot = tmp_path / "uploads" / "1" / "robot.urdf"
    robot.parent.mkdir(parents=True)
    robot.write_text(
        f'<robot name="r"><link name="l"><visual><geometry><mesh filename="file://{secret}"/></geometry></visual></link></robot>'
    )
    with pytest.raises(RecordingError):
        to_recordings(robot, tmp_path / "uploads")


ROBOT = '<robot name="r" xmlns:x="urn:x"><link name="base"><visual><geometry>{}</geometry></visual></link></robot>'


@pytest.fixture
def served(served: Served) -> Served:
    """With secrets outside of the working folder."""
    for name in ("secret.txt", "secret.stl", "secret.parquet"):
        (served.outside / name).write_bytes(SECRET)
    return served


def bytes_of(cache: Path) -> bytes:
    return b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["secret.txt", "secret.stl"])
@pytest.mark.parametrize(
    "mesh",
    [
        '<mesh filename="file://{path}"/>',
        '<mesh filename="{path}"/>',
        '<mesh filename="../outside/{path.name}"/>',
        '<mesh filename="package://outside/{path.name}"/>',
        "<mesh><filename>file://{path}</filename></mesh>",
        '<mesh x:filename="file://{path}"/>',
        '<x:mesh filename="file://{path}"/>',
        '<mesh filename="link.stl"/>',
    ],
)
def test_a_robot_from_a_function_names_no_file_that_gradio_may_not_serve(
    mesh: str, name: str, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_PACKAGE_PATH", str(served.outside.parent))
    (served.work / "link.stl").symlink_to(served.outside / name)
    robot = served.work / "robot.urdf"
    robot.write_text(ROBOT.format(mesh.format(path=served.outside / name)))
    with pytest.raises(NotARecordingError, match=r"robot\.urdf.*names the file"):
        to_recordings(robot, cache)
    assert SECRET not in bytes_of(cache)


@pytest.mark.parametrize("name", ["app.py", "link.stl", "link.png"])
def test_a_robot_names_meshes_only(name: str, served: Served, cache: Path) -> None:
    (served.work / "app.py").write_bytes(SECRET)
    for link in ("link.stl", "link.png"):
        (served.work / link).symlink_to("app.py")
    robot = served.work / "robot.urdf"
    robot.write_text(ROBOT.format(f'<mesh filename="{name}"/>'))
    with pytest.raises(NotARecordingError, match=r"robot\.urdf.*names the file"):
        to_recordings(robot, cache)
    document = {"asset": {"version": "2.0"}, "buffers": [{"uri": name, "byteLength": len(SECRET)}]}
    scene = served.work / "scene.gltf"
    scene.write_text(json.dumps(document))
    with pytest.raises(NotARecordingError, match=r"scene\.gltf.*names the file"):
        to_recordings(scene, cache)
    assert SECRET not in bytes_of(cache)


def test_a_robot_shows_the_meshes_that_gradio_may_serve(served: Served, cache: Path) -> None:
    (served.work / "meshes").mkdir()
    (served.work / "meshes" / "arm.STL").write_bytes(SECRET)
    robot = served.work / "urdf" / "robot.urdf"
    robot.parent.mkdir()
    plugin = '<gazebo><plugin filename="libgazebo.so"/></gazebo>'
    mesh = '<mesh filename="../meshes/arm.STL" scale="2 2 2"/>'
    robot.write_text(ROBOT.format(mesh).replace("</robot>", f"{plugin}</robot>"))
    (item,) = to_recordings(robot, cache)
    assert SECRET in path_of(item).read_bytes()
    assert b"arm.STL" not in path_of(item).read_bytes()
    served.demo.blocked_paths = [str(served.work / "meshes")]
    with pytest.raises(NotARecordingError, match=r"robot\.urdf.*names the file"):
        to_recordings(robot, cache)


def test_meshes_that_are_larger_than_the_recording_may_be_are_not_copied(
    served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any) -> Any:
        raise AssertionError("it was read")

    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SIZE", "1mb")
    monkeypatch.setattr(shutil, "copyfile", read)
    monkeypatch.setattr(conversions, "_key", read)
    meshes = [served.work / f"{number}.stl" for number in range(2)]
    for mesh in meshes:
        with mesh.open("wb") as file:
            file.truncate(600_000)
    robot = served.work / "robot.urdf"
    robot.write_text(ROBOT.format(f'<mesh filename="0.stl"/><mesh filename="./0.stl"/><mesh filename="{meshes[1]}"/>'))
    with pytest.raises(RecordingError, match=r"robot\.urdf.*1,048,576 bytes of recording"):
        to_recordings(robot, cache)


@pytest.mark.parametrize("name", ["{}", "file://{}", "package://robots/secret.stl"])
def test_a_robot_shows_the_meshes_of_allowed_paths(
    name: str, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_PACKAGE_PATH", str(served.outside.parent / "packages"))
    (served.outside.parent / "packages").mkdir()
    served.outside.rename(served.outside.parent / "packages" / "robots")
    mesh = served.outside.parent / "packages" / "robots" / "secret.stl"
    served.demo.allowed_paths = [str(mesh.parent)]
    robot = served.work / "robot.urdf"
    robot.write_text(ROBOT.format(f'<mesh filename="{name.format(mesh)}"/>'))
    (item,) = to_recordings(robot, cache)
    assert SECRET in path_of(item).read_bytes()


def test_a_robot_in_a_log_gets_no_file_of_the_server(served: Served, cache: Path) -> None:
    log = served.work / "robot.mcap"
    log.write_bytes(
        mcap("/robot_description", [ROBOT.format(f'<mesh filename="file://{served.outside}/secret.stl"/>')])
    )
    with suppress(NotARecordingError):  # an SDK without an importer for it
        to_recordings(log, cache)
    assert SECRET not in bytes_of(cache)


def with_outer_file(served: Served, change: str) -> Path:
    """A dataset that names a file outside its folder."""
    dataset = lerobot(served.work / "dataset")
    info = json.loads((dataset / "meta" / "info.json").read_text())
    video = {"dtype": "video", "shape": [2, 2, 3], "names": None}
    if change == "data_path":
        info["data_path"] = f"{served.outside}/secret.parquet"
    elif change == "video_path":
        info["video_path"] = "videos/{video_key}/../../../outside/secret.txt"
        info["features"]["camera"] = video
    elif change == "feature":
        info["video_path"] = ".{video_key}"
        info["features"]["./../outside/secret.txt"] = video
    elif change == "symlink":
        (dataset / "data" / "chunk-000" / "episode_000000.parquet").unlink()
        (dataset / "data" / "chunk-000" / "episode_000000.parquet").symlink_to(served.outside / "secret.parquet")
    elif change == "symlink to a folder":
        (dataset / "videos").symlink_to(served.outside)
    else:
        (dataset / "data").rename(dataset / ".hidden")
        (dataset / "data").symlink_to(".hidden")
        (dataset / ".hidden" / "chunk-000" / "episode_000000.parquet").unlink()
        (dataset / ".hidden" / "chunk-000" / "episode_000000.parquet").symlink_to(served.outside / "secret.parquet")
    (dataset / "meta" / "info.json").write_text(json.dumps(info))
    return dataset


@pytest.mark.parametrize("change", ["data_path", "video_path", "feature", "symlink", "symlink to a folder", "hidden"])
def test_a_dataset_names_no_file_outside_of_its_folder(change: str, served: Served, cache: Path) -> None:
    dataset = with_outer_file(served, change)
    with pytest.raises(NotARecordingError, match=r"dataset.*names the file"):
        to_recordings(dataset, cache)
    assert SECRET not in bytes_of(cache)


def test_a_linked_folder_is_read_up_to_the_first_file_that_gradio_may_not_serve(
    served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link of a user's archive may lead to the root of the server."""
    dataset = with_outer_file(served, "symlink to a folder")
    (served.outside / "many" / "more").mkdir(parents=True)
    walk, seen = os.walk, list[str]()

    def followed(*args: Any, **options: Any) -> Iterator[Any]:
        for found in walk(*args, **options):
            seen.append(found[0])
            yield found

    monkeypatch.setattr(os, "walk", followed)
    with pytest.raises(NotARecordingError, match=r"dataset.*names the file"):
        to_recordings(dataset, cache)
    assert str(dataset / "videos") in seen
    assert str(dataset / "videos" / "many") not in seen


@pytest.mark.parametrize("data", [False, True], ids=["no data", "empty data"])
@pytest.mark.parametrize("name", ["robot.urdf", "robot.mcap", ".hidden.txt"])
def test_a_folder_that_is_no_dataset_for_the_sdk_gets_no_file_of_the_server(
    name: str, data: bool, served: Served, cache: Path
) -> None:
    """The SDK would convert each file in the folder."""
    folder = served.work / "dataset"
    (folder / "meta").mkdir(parents=True)
    (folder / "meta" / "info.json").write_text('{"codebase_version": "v2.1"}')
    if data:
        (folder / "data").mkdir()
    robot = ROBOT.format(f'<mesh filename="file://{served.outside}/secret.stl"/>')
    if name == ".hidden.txt":
        (folder / name).symlink_to(served.outside / "secret.txt")
    else:
        (folder / name).write_bytes(mcap("/robot_description", [robot]) if name.endswith(".mcap") else robot.encode())
    with pytest.raises(NotARecordingError, match="it has no data, so it is not a LeRobot dataset"):
        to_recordings(folder, cache)
    assert SECRET not in bytes_of(cache)


@needs((0, 39))
@pytest.mark.parametrize("change", ["data_path", "video_path", "feature", "symlink"])
def test_an_episode_gets_no_file_outside_of_its_dataset(change: str, served: Served, cache: Path) -> None:
    dataset = with_outer_file(served, change)
    with pytest.raises(NotARecordingError, match=r"dataset.*names the file"):
        to_recordings(Episode(dataset, 0), cache)
    assert SECRET not in bytes_of(cache)
    with pytest.raises(RecordingError, match="Gradio may not serve 'elsewhere'"):
        to_recordings(Episode(dataset.rename(served.outside / "elsewhere"), 0), cache)


def test_a_dataset_is_shown_with_files_that_are_linked_from_a_folder_that_gradio_may_serve(
    served: Served, cache: Path
) -> None:
    dataset = lerobot(served.work / "dataset")
    (dataset / ".gitattributes").touch()
    file = dataset / "data" / "chunk-000" / "episode_000000.parquet"
    file.rename(served.outside / "blob")
    file.symlink_to(served.outside / "blob")
    served.demo.allowed_paths = [str(served.outside)]
    (item,) = to_recordings(dataset, cache)
    assert path_of(item).read_bytes().startswith(b"RRF2")


def test_a_small_file_is_a_snapshot(file: Path, cache: Path) -> None:
    content = file.read_bytes()
    (item,) = to_recordings(file, cache)
    file.write_bytes(b"RRF2 overwritten")
    assert path_of(item).read_bytes() == content


def test_a_big_file_on_another_device_is_copied(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(cached_files, "LINK_FROM", 1)
    monkeypatch.setattr(os, "link", refuse)
    (item,) = to_recordings(file, cache)
    assert not path_of(item).samefile(file)
    assert path_of(item).read_bytes() == file.read_bytes()


def test_a_truncated_copy_in_the_cache_is_made_again(file: Path, cache: Path) -> None:
    (item,) = to_recordings(file, cache)
    path_of(item).write_bytes(b"RRF2")
    to_recordings(file, cache)
    assert path_of(item).read_bytes() == file.read_bytes()


def test_nothing_but_the_recording_is_left_in_the_cache(file: Path, cache: Path) -> None:
    (item,) = to_recordings(file, cache)
    assert [path for path in cache.rglob("*") if path.is_file()] == [path_of(item)]


def test_a_recording_without_suffix_gets_one_for_the_viewer(file: Path, cache: Path) -> None:
    (item,) = to_recordings(file.rename(file.with_name("plain")), cache)
    assert path_of(item).name == "plain.rrd"


def test_a_folder_in_the_cache_cannot_be_guessed(file: Path, cache: Path) -> None:
    (item,) = to_recordings(file, cache)
    name = path_of(item).parent.name
    cached_files._salt.cache_clear()  # as in another process
    (other,) = to_recordings(file, cache)
    assert path_of(other).parent.name != name


def test_a_url_stays_as_it_is(cache: Path) -> None:
    files = ["http://host/a.rrd", "https://host/a.rrd?x=1"]
    servers = ["rerun://host/x", "rerun+http://host:9876/proxy", "rerun+https://host/x"]
    assert to_recordings([*files, *servers], cache) == [*files, *servers]


@pytest.mark.parametrize("data", [bytes, bytearray, memoryview])
def test_bytes_are_kept_by_their_content(data: Any, cache: Path) -> None:
    content = recording_bytes("of_bytes")
    one, two = to_recordings([data(content), content], cache)
    assert one == two
    assert path_of(one).read_bytes() == content


def test_a_binary_stream_gives_its_data(cache: Path) -> None:
    recording = rr.RecordingStream("test_app")
    stream = recording.binary_stream()
    log_points(recording)
    (item,) = to_recordings(stream, cache)
    assert path_of(item).read_bytes().startswith(b"RRF2")
    assert path_of(item).name == "recording.rrd"  # a BinaryStream does not know its application


def test_a_recording_stream_gives_all_that_was_logged_each_time(cache: Path) -> None:
    recording = rr.RecordingStream("my_app", recording_id="r")
    log_points(recording)
    (first,) = to_recordings(recording, cache)
    assert to_recordings(recording, cache) == [first]  # nothing new
    log_points(recording)
    (second,) = to_recordings(recording, cache)
    assert path_of(first).name == "my_app.rrd"
    assert path_of(second).read_bytes().startswith(path_of(first).read_bytes())
    assert path_of(second).stat().st_size > 1.5 * path_of(first).stat().st_size


def test_a_url_with_a_password_is_refused_without_repeating_it(cache: Path) -> None:
    with pytest.raises(UnsupportedValueError, match="user name") as caught:
        to_recordings("https://me:secret@host/a.rrd", cache)
    assert "secret" not in str(caught.value)


def test_the_global_recording_gives_all_each_time_too(cache: Path) -> None:
    rr.init("global_app", recording_id="global")
    rr.log("points", rr.Points3D([[0, 0, 0]]))
    (first,) = to_recordings(rr.get_global_data_recording(), cache)
    rr.log("points", rr.Points3D([[1, 1, 1]]))
    (second,) = to_recordings(rr.get_global_data_recording(), cache)
    assert path_of(second).read_bytes().startswith(path_of(first).read_bytes())
    assert path_of(second).stat().st_size > path_of(first).stat().st_size


STEPS = 40


def saved(recording: rr.RecordingStream | None, folder: Path) -> Path:
    """The path of a file that the SDK still writes: the last rows are in its threads."""
    path = folder / "saved.rrd"
    rr.save(path, recording=recording)
    for step in range(STEPS):
        rr.log(f"step_{step}", rr.Points2D([[step, 0]]), recording=recording)
    return path


def test_a_path_that_is_returned_right_after_the_last_rr_log_has_all_that_was_logged(
    tmp_path: Path, cache: Path
) -> None:
    rr.init("saved", recording_id="saved")
    try:
        (shown,) = to_recordings(saved(None, tmp_path), cache)
        assert arrow_messages(path_of(shown)) == STEPS + 1  # with the recording's properties
    finally:
        rr.disconnect()


def test_a_path_of_a_recording_stream_that_the_app_keeps_has_all_that_was_logged(tmp_path: Path, cache: Path) -> None:
    recording = rr.RecordingStream("saved", recording_id="kept")
    (shown,) = to_recordings(saved(recording, tmp_path), cache)
    assert arrow_messages(path_of(shown)) == STEPS + 1


def test_a_file_is_shown_although_a_reload_has_removed_the_module_rerun(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(file.read_bytes()[:-40])  # still being written
    monkeypatch.delitem(sys.modules, "rerun")
    (item,) = to_recordings(file, cache)
    assert path_of(item).read_bytes() == file.read_bytes()


def test_a_file_that_is_complete_flushes_nothing(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = rr.RecordingStream("other", recording_id="other")
    flushed: list[object] = []
    monkeypatch.setattr(sinks, "_flush", lambda _, recording, __: flushed.append(recording))
    assert to_recordings(file, cache)
    assert not flushed
    assert to_recordings(saved(recording, file.parent), cache)
    assert flushed


def test_a_recording_stream_survives_the_deletion_of_its_file(cache: Path) -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    (first,) = to_recordings(recording, cache)
    content = path_of(first).read_bytes()
    path_of(first).unlink()
    (again,) = to_recordings(recording, cache)
    assert path_of(again).read_bytes() == content


@pytest.mark.parametrize("value", [3, 2.5, {"a": 1}, object()])
def test_a_value_that_is_not_a_recording_is_named(value: Any, cache: Path) -> None:
    with pytest.raises(UnsupportedValueError, match=r"Expected .* got .*return the recording") as caught:
        to_recordings(value, cache)
    assert isinstance(caught.value, TypeError)


class NoRepr:
    def __repr__(self) -> str:
        raise RuntimeError("no device")


class Awaited:
    """As what an async function returns when it is called without `await`, but Python does not warn of it."""

    def __await__(self) -> Any:
        raise AssertionError


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([None], r"got NoneType None\. Leave it out of the list\."),
        (io.BytesIO(b"RRF2"), r"Return the path of the file, or the bytes in it\."),
        (rr.RecordingStream("kept").memory_recording(), r"Return the result of its method drain_as_bytes\."),
        (rrb.Blueprint(), r"Send it with the recording, by recording\.send_blueprint"),
        (rrb.Spatial2DView(), r"Send it with the recording, by recording\.send_blueprint"),
        (pa.table({"a": [1]}), r"Return gradio_rerun\.commands\.send_table\(name, table\)"),
        (NoRepr(), r"got NoRepr\. Log it with rerun"),
        ({"a.rrd"}, "Return several recordings as one list"),
        (map(str, ["a.rrd"]), "Return several recordings as one list"),
        ({"a": "a.rrd"}.values(), "Return several recordings as one list"),
        ([["a.rrd"]], "Return several recordings as one list"),
        ((name for name in ["a.rrd"]), "return a list"),
        (Awaited(), "await it"),
    ],
)
def test_the_error_for_a_value_that_nearly_is_a_recording_names_the_cure(value: Any, words: str, cache: Path) -> None:
    with pytest.raises(UnsupportedValueError, match=words):
        to_recordings(value, cache)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_string_is_an_error_that_says_so(text: str, cache: Path) -> None:
    with pytest.raises(RecordingNotFoundError, match="got an empty string"):
        to_recordings(text, cache)


@pytest.mark.parametrize("text", ["x" * 5_000, "/tmp/" + "x" * 5_000 + ".rrd", "http://" + "x" * 5_000 + ":y/a.rrd"])
def test_an_error_does_not_contain_a_long_string_whole(text: str, cache: Path) -> None:
    with pytest.raises(RecordingError) as caught:
        to_recordings(text, cache)
    assert len(str(caught.value)) < 1_000


def test_a_missing_file_is_named_and_the_folder_is_for_the_server_s_log(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecordingNotFoundError, match=r"'nowhere\.rrd': there is no such file") as caught:
        to_recordings("some/nowhere.rrd", cache)
    assert isinstance(caught.value, FileNotFoundError)
    assert "/" not in str(caught.value)
    assert f"{Path.cwd()}/some/nowhere.rrd" in capsys.readouterr().err


def test_an_error_does_not_reveal_whether_a_file_that_gradio_may_not_serve_exists(
    served: Served, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = set()
    for folder in ("outside", "gone"):
        for value in (f"../{folder}/secret.txt", str(served.outside.parent / folder / "secret.txt")):
            with pytest.raises(RecordingError) as refused:
                to_recordings(value, cache)
            said.add(str(refused.value))
            assert f"{folder}/secret.txt" in capsys.readouterr().err
    (message,) = said
    assert "'secret.txt'" in message
    assert str(served.outside.parent) not in message


BY_DESCRIPTOR = {
    "self": "/proc/self/fd/{fd}",
    "process": "/proc/{pid}/fd/{fd}",
    "thread": "/proc/thread-self/fd/{fd}",
    "dev": "/dev/fd/{fd}",
    "slashes": "//proc/self/fd/{fd}",
    "dots": "/proc/../proc/self/fd/{fd}",
    "relative": "../../../../../../../../proc/self/fd/{fd}",
    "link": "link.rrd",
    "linked folder": "folder/{fd}",
    "URL": "file:///proc/self/fd/{fd}",
    "folder": "/proc/self/fd/{folder}/open.rrd",
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", BY_DESCRIPTOR.values(), ids=BY_DESCRIPTOR)
def test_a_file_that_the_app_has_open_for_another_session_is_not_shown(name: str, served: Served, cache: Path) -> None:
    """Gradio goes by the name of the file, which is in its cache or in the temporary folder."""
    uploads = Path(get_upload_folder())
    uploads.mkdir()
    with tempfile.TemporaryFile() as log, (uploads / "open.rrd").open("wb") as file:
        for each in (log, file):
            each.write(recording_bytes("another"))
            each.flush()
        folder = os.open(uploads, os.O_RDONLY)
        for each in (log, file):
            value = name.format(fd=each.fileno(), pid=os.getpid(), folder=folder)
            (served.work / "link.rrd").unlink(missing_ok=True)
            (served.work / "link.rrd").symlink_to(f"/proc/self/fd/{each.fileno()}")
            if not (served.work / "folder").exists():
                (served.work / "folder").symlink_to("/proc/self/fd")
            with pytest.raises(RecordingError, match="Gradio may not serve"):
                to_recordings(value, cache)
            with pytest.raises(RecordingError, match="was not uploaded"):
                uploaded_file(value)
        os.close(folder)
    assert not cache.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize(
    "name",
    [
        "file:///proc/self/fd/{}",
        "/proc/self/fd/{}",
        "package://robots/../../proc/self/fd/{}",
        "/" + "x" * 300 + "/../proc/self/fd/{}",
    ],
)
def test_a_robot_gets_no_file_that_the_app_has_open(
    name: str, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_PACKAGE_PATH", "/robots")
    monkeypatch.setattr(Path, "is_dir", lambda path: True if str(path) == "/robots/robots" else os.path.isdir(path))  # noqa: PTH112
    robot = served.work / "robot.urdf"
    mesh = Path(tempfile.gettempdir(), "another.stl")
    mesh.write_bytes(SECRET)
    with mesh.open("rb") as file:
        robot.write_text(ROBOT.format(f'<mesh filename="{name.format(file.fileno())}"/>'))
        with suppress(NotARecordingError):
            to_recordings(robot, cache)
    assert SECRET not in bytes_of(cache)


def test_an_error_does_not_reveal_the_names_of_users(served: Served, cache: Path) -> None:
    said = set()
    for name in (getpass.getuser(), "nobody-of-this-name"):
        with pytest.raises(RecordingError) as refused:
            to_recordings(f"~{name}/a.rrd", cache)
        said.add(str(refused.value))
    assert len(said) == 1


@pytest.mark.parametrize("value", ["~nobody-of-this-name/a.rrd", "a\0b.rrd", "loop.rrd", "x" * 5000])
def test_a_path_that_no_system_opens_is_refused_in_an_app(value: str, served: Served, cache: Path) -> None:
    (served.work / "loop.rrd").symlink_to("loop.rrd")
    with pytest.raises(RecordingError):
        to_recordings(value, cache)


def test_without_gradio_s_check_nothing_is_read(served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio import processing_utils

    monkeypatch.delattr(processing_utils, "_check_allowed")
    for name in ("secret.txt", "gone.txt"):
        with pytest.raises(RecordingError, match=r"give the \.rrd file"):
            to_recordings(served.outside / name, cache)
    recording = write_recording(served.outside / "run.rrd", "run", frames=1)
    listed: set[str] = set()
    (item,) = to_recordings(recording, cache, listed=listed)
    assert path_of(item) == recording  # Gradio decides
    assert not listed  # or `delete_cache` would delete it
    named = to_recordings([recording, FileData(path=str(recording), orig_name="mine.rrd")], cache)
    assert [each.orig_name for each in named if isinstance(each, FileData)] == ["run.rrd", "mine.rrd"]
    assert not cache.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "it is empty"), (b"\x89PNG", "it starts with"), (b"RRF0abc", "older rerun-sdk")],
)
def test_the_error_for_a_file_that_is_not_a_recording_has_the_reason(
    content: bytes, words: str, tmp_path: Path, cache: Path
) -> None:
    path = tmp_path / "x.rrd"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError, match=words):
        to_recordings(path, cache)
    with pytest.raises(NotARecordingError, match=words):
        to_recordings(content, cache)


def test_a_directory_and_a_nul_byte_are_refused_in_words(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(NotARecordingError, match="got the directory"):
        to_recordings(tmp_path, cache)
    with pytest.raises(NotARecordingError, match=r"got the directory '\.'"):
        to_recordings(".", cache)
    with pytest.raises(RecordingError):
        to_recordings("a\0b.rrd", cache)


def test_a_symlink_loop_is_refused_in_words(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop = tmp_path / "loop.rrd"
    loop.symlink_to(loop)
    with pytest.raises(RecordingError, match=r"'loop\.rrd' cannot be read") as refused:
        to_recordings(loop, cache)
    assert str(tmp_path) not in str(refused.value)
    assert f"{str(loop)!r} cannot be read" in capsys.readouterr().err  # for the app's author


@pytest.fixture
def special_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """A pipe and a socket, with the suffixes of a recording and of a file that is converted, and links to them and to a terminal."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such files in folders")
    controller, terminal = os.openpty()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as unix_socket:
        unix_socket.bind("socket.rrd")  # the whole path can be too long
    os.mkfifo("pipe.rrd")
    os.mkfifo("pipe.urdf")
    Path("terminal.rrd").symlink_to(os.ttyname(terminal))
    Path("link.png").symlink_to("pipe.urdf")
    yield [tmp_path / name for name in ("socket.rrd", "pipe.rrd", "pipe.urdf", "terminal.rrd", "link.png")]
    os.close(controller)
    os.close(terminal)


def test_a_pipe_a_socket_or_a_device_is_refused_at_once(special_files: list[Path], cache: Path) -> None:
    """A thread that opens a pipe would wait forever."""
    for path in special_files:
        with pytest.raises(NotARecordingError, match=f"got '{path.name}', which is a pipe, a socket or a device"):
            to_recordings(path, cache)
        with pytest.raises(NotARecordingError, match="which is a pipe, a socket or a device"):
            to_recordings(FileData(path=str(path)), cache)
        if path.suffix == ".rrd":
            path.rename(path.with_suffix(".rbl"))
            with pytest.raises(CommandError, match="which is not one"):
                read_blueprint(path.with_suffix(".rbl"))


def test_a_blueprint_that_is_too_large_is_refused_before_it_is_read(served: Served, tmp_path: Path) -> None:
    """It would be in memory several times."""
    for path in (served.work / "large.rbl", served.outside / "large.rbl"):
        with path.open("wb") as file:
            file.write(MAGIC)
            file.truncate(51_000_000)
    with pytest.raises(CommandError, match=r"a blueprint of 50 MB at most, got 'large\.rbl' with 51 MB"):
        read_blueprint(Path("large.rbl"))
    with pytest.raises(RecordingError, match="Gradio may not serve"):
        read_blueprint(served.outside / "large.rbl")


def test_a_dataset_with_a_pipe_in_it_is_refused_at_once(tmp_path: Path, cache: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such files in folders")
    dataset = lerobot(tmp_path / "dataset")
    (dataset / "loop").symlink_to(".")
    (dataset / "meta" / "itself").symlink_to("itself")
    (item,) = to_recordings(dataset, cache)
    assert path_of(item).is_file()
    episode = dataset / "data" / "chunk-000" / "episode_000000.parquet"
    episode.unlink()
    os.mkfifo(episode)
    with pytest.raises(NotARecordingError, match=r"episode_000000\.parquet', which is a pipe, a socket or a device"):
        to_recordings(dataset, cache)


def test_a_wrong_value_is_refused_without_loading_rerun(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a second, and 200 MB."""
    monkeypatch.delitem(sys.modules, "rerun")
    with pytest.raises(UnsupportedValueError, match="got int 3"):
        to_recordings(3, cache)
    assert not has_data(3)
    assert "rerun" not in sys.modules


def test_one_wrong_item_refuses_the_list_and_what_was_made_for_the_others_can_be_deleted(
    file: Path, cache: Path
) -> None:
    listed: set[str] = set()
    with pytest.raises(RecordingError):
        to_recordings([file, 3], cache, listed=listed)
    assert listed == {str(path) for path in cache.rglob("*.rrd")} != set()


@pytest.mark.parametrize("kind", [Path, Path.read_bytes])
def test_a_full_disk_is_named_and_leaves_nothing_behind(kind: Any, file: Path, cache: Path) -> None:
    with full_disk(), pytest.raises(RecordingError, match=r"cannot be kept in Gradio's cache.*Make room"):
        to_recordings(kind(file), cache)
    assert list(cache.rglob("*")) == []
    (item,) = to_recordings(kind(file), cache)
    assert path_of(item).read_bytes() == file.read_bytes()


def test_folders_of_deleted_recordings_are_removed_after_an_hour(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folders() -> set[str]:
        return {path.name for path in cache.iterdir()}

    shown, deleted = (path_of(*to_recordings(each, cache)) for each in (file, file.read_bytes()))
    streamed = path_of(Shown(cache, set()).append(file.read_bytes(), Call(), None))
    for path in (deleted, streamed):
        path.unlink()
        os.utime(path.parent, (0, 0))
    of_others = cache / ("a" * 64)
    of_others.mkdir()
    os.utime(of_others, (0, 0))
    (recent := cache / ("b" * 40)).mkdir()
    before = folders()
    to_recordings(file, cache)
    assert folders() == before
    monkeypatch.setattr(leftovers, "_searched", {})
    thread = leftovers.remove_leftovers(cache)
    assert thread
    thread.join()
    assert folders() == {shown.parent.name, of_others.name, recent.name}
    assert path_of(*to_recordings(file.read_bytes(), cache)) == deleted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_half_a_file_of_a_killed_process_is_removed_after_an_hour(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: Path, half: Path) -> None:
        half.write_bytes(b"half")
        os._exit(7)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(cached_files.shutil, "copyfile", killed)
        to_recordings(file, cache)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    (half,) = (path for path in cache.rglob("*") if path.is_file())
    link = half.with_name(".0.part")
    link.hardlink_to(file)
    for path in (half, link):
        os.utime(path, (0, 0))
    os.utime(next(cache.glob("[!.]*")), (0, 0))
    monkeypatch.setattr(leftovers, "_searched", {})
    thread = leftovers.remove_leftovers(cache)
    assert thread
    thread.join()
    assert list(cache.iterdir()) == [link]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the time at which a file was created")
@pytest.mark.parametrize("kind", ["path", "large path", "bytes", "stream", "chunks", "picture", "upload", "again"])
def test_a_file_that_is_shown_again_is_as_new_for_delete_cache_and_unchanged_for_browsers(
    kind: str, file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value: Any = file
    if kind == "large path":
        monkeypatch.setattr(cached_files, "LINK_FROM", 1)
    elif kind == "bytes":
        value = file.read_bytes()
    elif kind == "stream":
        value = rr.RecordingStream("app", recording_id="stream")
        value.log("x", rr.TextLog("x"))
    elif kind == "chunks":
        value = pytest.importorskip("rerun.experimental").RrdReader(file).stream()
    elif kind == "picture":
        Image.new("RGB", (4, 4)).save(value := file.with_name("a.png"))
    elif kind == "upload":
        value = cache / "upload" / "a.rrd"
        value.parent.mkdir(parents=True)
        shutil.copyfile(file, value)
    path = path_of(*to_recordings(value, cache))
    before = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # of the clock of the file system
        assert path_of(*to_recordings(path if kind == "again" else value, cache)) == path
        time.sleep(0.01)
        assert time.time() - before.st_ctime < 5
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_piece_of_a_stream_on_a_full_disk_is_named(file: Path, cache: Path) -> None:
    with full_disk(), pytest.raises(RecordingError, match=r"cannot be kept in Gradio's cache.*Make room"):
        to_recordings(file.read_bytes(), cache, stream=Appender(Shown(cache), Call(), None))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((f"picture{each}gpj.rrd", "picturegpj.rrd") for each in ("\u202e", "\u2066", "\u2028", "\x85", "\n")),
        ("a\u200db.rrd", "a\u200db.rrd"),  # a part of words
    ],
)
def test_a_name_in_the_cache_does_not_hide_its_suffix(name: str, kept: str, file: Path, cache: Path) -> None:
    (item,) = to_recordings(file.rename(file.with_name(name)), cache)
    assert path_of(item).name == kept


def test_a_deleted_cache_is_created_again(file: Path, cache: Path) -> None:
    before = to_recordings(file, cache)
    shutil.rmtree(cache)
    assert to_recordings(file, cache) == before
    assert path_of(before[0]).read_bytes() == file.read_bytes()


def test_a_recording_that_may_not_be_read_is_refused_in_words(file: Path, cache: Path) -> None:
    file.chmod(0)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:  # root may read everything
                os.setuid(65534)
            to_recordings(file, cache)
        except RecordingError as error:
            os.write(write_end, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    message = os.read(read_end, 10_000).decode()
    assert "Permission denied" in message
    assert "Give the path of a file that the app's user may read." in message


def test_a_file_may_have_another_name_for_the_user(file: Path, cache: Path) -> None:
    (item,) = to_recordings(FileData(path=str(file), orig_name="my run.RRD"), cache)
    assert isinstance(item, FileData)
    assert (item.orig_name, path_of(item).name) == ("my run.RRD", "my run.RRD")
    (again,) = to_recordings(FileData(path=item.path, orig_name="other"), cache)
    assert isinstance(again, FileData)
    assert (again.orig_name, again.path) == ("other", item.path)


def test_a_file_of_another_type_is_converted_unless_it_is_a_recording(tmp_path: Path, file: Path, cache: Path) -> None:
    content = file.read_bytes()
    picture, recording = tmp_path / "picture.png", file.rename(tmp_path / "recording.png")
    Image.new("RGB", (4, 4)).save(picture)
    converted, same = to_recordings([picture, recording], cache)
    assert path_of(converted).read_bytes().startswith(b"RRF2")
    assert arrow_messages(path_of(converted)) > 0
    assert (path_of(same).name, path_of(same).read_bytes()) == ("recording.png.rrd", content)


def test_a_url_in_a_file_is_a_url(cache: Path) -> None:
    assert to_recordings(FileData(path="https://host/a.rrd"), cache) == ["https://host/a.rrd"]
    with pytest.raises(UnsupportedValueError):
        to_recordings(FileData(path="ftp://host/a.rrd"), cache)


def test_a_path_may_begin_with_the_users_home(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(file.parent))
    (item,) = to_recordings("~/run 1.rrd", cache)
    assert path_of(item).read_bytes() == file.read_bytes()


def test_a_file_that_gradio_may_not_serve_is_refused_and_the_log_says_what_allows_it(
    served: Served, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_recording(served.outside / "run.rrd", "run", frames=1)
    with pytest.raises(RecordingError, match=r"Gradio may not serve 'run\.rrd'"):
        to_recordings("../outside/run.rrd", cache)
    assert f"launch(allowed_paths=['{served.work}/../outside'])" in capsys.readouterr().err
    served.demo.allowed_paths = [str(served.outside)]
    (item,) = to_recordings("../outside/run.rrd", cache)
    assert path_of(item).read_bytes() == file.read_bytes()


def test_temporary_folders_of_blueprints_are_not_remembered(tmp_path: Path) -> None:
    rrb.Blueprint(rrb.TextLogView()).save("app", str(tmp_path / "a.rbl"))
    read_blueprint(tmp_path / "a.rbl")
    number = len(leftovers._searched)
    for _ in range(3):
        read_blueprint(tmp_path / "a.rbl")
    assert len(leftovers._searched) <= number


@pytest.mark.parametrize("name", ["run.rrd", "run.md"])
def test_a_file_that_becomes_a_link_while_it_is_read_is_refused(
    name: str, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = served.work / name, served.outside / name
    file.write_bytes(MAGIC + b"own" if name == "run.rrd" else b"# own")
    other.write_bytes(MAGIC + SECRET if name == "run.rrd" else SECRET)

    def replaced(path: Path) -> bytes:
        start = read_start(path)
        file.unlink()
        file.symlink_to(other)
        return start

    monkeypatch.setattr(values, "read_start", replaced)
    with pytest.raises(RecordingError, match=rf"Gradio may not serve '{name}'|'{name}'.*it was replaced"):
        to_recordings(file, cache)
    assert SECRET not in bytes_of(cache)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say which file is open")
@pytest.mark.parametrize("size", [100, cached_files.LINK_FROM])
def test_a_file_that_is_a_link_only_while_it_is_read_is_refused(
    size: int, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, own, other = served.work / "run.rrd", served.work / "own", served.outside / "secret.rrd"
    file.write_bytes((MAGIC + b"own").ljust(size))
    other.write_bytes((MAGIC + SECRET).ljust(size))

    def replaced(path: Path) -> bytes:
        start = read_start(path)
        file.rename(own)
        file.symlink_to(other)
        return start

    def placed(*args: Any) -> Path:
        try:
            return cached_files.place(*args)
        finally:
            own.replace(file)

    monkeypatch.setattr(values, "read_start", replaced)
    monkeypatch.setattr(values, "place", placed)
    with pytest.raises(RecordingError, match=r"Gradio may not serve 'run\.rrd'"):
        to_recordings(file, cache)
    assert SECRET not in bytes_of(cache)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not say which file is open")
@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("name", ["notes.md", "robot.urdf", "scene.gltf"])
def test_a_file_that_is_a_link_only_while_it_is_converted_is_not_followed(
    name: str, part: bool, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {
        "notes.md": "# {}",
        "robot.urdf": '<robot name="{}"><link name="a"><visual><geometry><mesh filename="part.stl"/></geometry></visual></link></robot>',
        "scene.gltf": '{{"asset": {{"version": "2.0", "generator": "{}"}}, "buffers": [{{"uri": "part.bin", "byteLength": 12}}]}}',
    }
    names = {"robot.urdf": "part.stl", "scene.gltf": "part.bin"}
    if part and name not in names:
        pytest.skip("it has no parts")
    for folder, word in ((served.work, "own"), (served.outside, SECRET.decode())):
        (folder / name).write_text(contents[name].format(word))
        (folder / names.get(name, "none")).write_text(word)
    file = served.work / (names[name] if part else name)
    own = served.work / "own"

    def while_linked(function: Any) -> Any:
        def called(*args: Any) -> Any:
            file.rename(own)
            file.symlink_to(served.outside / file.name)
            try:
                return function(*args)
            finally:
                own.replace(file)

        return called

    if part:
        monkeypatch.setattr(conversions.shutil, "copyfile", while_linked(conversions.shutil.copyfile))
    else:
        monkeypatch.setattr(conversions, "run", while_linked(conversions.run))
    made = path_of(*to_recordings(served.work / name, cache)).read_bytes()
    assert SECRET not in made
    assert base64.b64encode(SECRET)[:-4] not in made


@pytest.mark.parametrize("is_episode", [pytest.param(True, marks=needs((0, 39))), False])
def test_a_file_of_a_dataset_that_becomes_a_link_while_it_waits_for_its_turn_is_refused(
    is_episode: bool, served: Served, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = lerobot(served.work / "dataset")
    file = dataset / "data" / "chunk-000" / "episode_000000.parquet"
    turn = turns.Turns.turn

    @contextmanager
    def replaced(self: turns.Turns, key: str) -> Iterator[None]:
        with turn(self, key):
            file.rename(served.outside / "blob")
            file.symlink_to(served.outside / "blob")
            yield

    monkeypatch.setattr(turns.Turns, "turn", replaced)
    with pytest.raises(NotARecordingError, match=r"names the file 'data/chunk-000/episode_000000\.parquet'"):
        to_recordings(Episode(dataset, 0) if is_episode else dataset, cache)
    assert not list(cache.rglob("*.rrd"))


@pytest.mark.parametrize("name", ["run.rrd", "run.md"])
def test_a_file_that_is_deleted_while_it_is_read_is_an_error_without_its_folder(
    name: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    file.write_bytes(MAGIC)
    monkeypatch.setattr(values, "read_start", lambda path: (MAGIC if name == "run.rrd" else b"#", path.unlink())[0])
    with pytest.raises(RecordingError, match=f"'{name}'.*(cannot be read|no such file)") as caught:
        to_recordings(file, cache)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("size", [99, 100, 101])
def test_files_are_linked_from_a_size_on(
    size: int, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_files, "LINK_FROM", 100)
    path = tmp_path / "x.rrd"
    path.write_bytes(b"RRF2" + bytes(size - 4))
    assert path_of(to_recordings(path, cache)[0]).samefile(path) == (size >= 100)


@pytest.mark.parametrize(
    ("name", "cached"),
    [
        ("é" * 300 + ".rbl", "é" * 100 + ".rbl"),
        ("x" + "é" * 300, "x" + "é" * 99 + ".rrd"),
        ("a\0b.rrd", "ab.rrd"),
        ("half \ud800 letter.RRD", "half  letter.RRD"),
    ],
)
def test_a_name_that_a_file_system_cannot_take_is_shortened_and_keeps_its_suffix(
    name: str, cached: str, file: Path, cache: Path
) -> None:
    (item,) = to_recordings(FileData(path=str(file), orig_name=name), cache)
    assert path_of(item).name == cached
    orjson.dumps(item.model_dump())  # as Gradio does


def test_a_file_of_another_size_is_not_there(file: Path) -> None:
    size = file.stat().st_size
    assert [cached_files.touched(file, each) for each in (None, size, size - 1)] == [True, True, False]
    assert cached_files.touched(file.with_name("other")) is False


def test_truncated_bytes_in_the_cache_are_written_again(cache: Path) -> None:
    content = recording_bytes("one")
    (item,) = to_recordings(content, cache)
    assert isinstance(item, FileData)
    assert (item.orig_name, item.size) == ("recording.rrd", len(content))
    path_of(item).write_bytes(content[:100])
    assert to_recordings(content, cache) == [item]
    assert path_of(item).read_bytes() == content


@pytest.mark.parametrize("kind", ["saved recording", "read stream"])
def test_a_recording_whose_data_went_elsewhere_is_refused_and_shown_again_when_more_is_logged(
    kind: str, tmp_path: Path, cache: Path
) -> None:
    recording = rr.RecordingStream("elsewhere")
    source = recording
    if kind == "saved recording":
        recording.save(tmp_path / "x.rrd")
        log_points(recording)
    else:
        source = recording.binary_stream()
        log_points(recording)
        source.read()
    with pytest.raises(NotARecordingError, match=r"holds no data of its own.*Was it sent to a file") as refused:
        to_recordings(source, cache)
    assert f"got {type(source).__name__} " in str(refused.value)
    log_points(recording)
    assert path_of(to_recordings(source, cache)[0]).stat().st_size > 1000


def test_an_error_contains_the_beginning_of_a_long_value(cache: Path) -> None:
    with pytest.raises(UnsupportedValueError, match=r"got dict \{0: 1, 1: 1") as refused:
        to_recordings(dict.fromkeys(range(1000), 1), cache)
    assert len(str(refused.value)) < 450


def test_whitespace_around_a_url_is_removed(cache: Path) -> None:
    assert to_recordings(" HTTPS://host/a.rrd\n", cache) == ["HTTPS://host/a.rrd"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://host/a\tb.rrd", "control character"),
        ("https://host/a\x7fb.rrd", "control character"),
        ("https://host:port/a.rrd", "Port could not be cast"),
        *((f"{each}://host/a.rrd", "For a local file, give its path") for each in ("ftp", "javascript")),
        ("file://host/a.rrd", "For a local file, give its path"),
        ("https://host:99999/x.rrd", "Port out of range"),
        ("https://[bad/x", "Invalid IPv6 URL"),
        ("http://a b/x", "names no host"),
        ("https:///a.rrd", "names no host"),
        ("s3://", "names no file"),
        ("s3://bucket", "names no file"),
        ("gs://bucket/runs/", "names no file"),
        ("https://host\\x/a.rrd", "names no host"),
        ("https://me@host/a.rrd", "with a user name"),
        ("https://999.999.999.999/a.rrd", "names no host"),
        ("rerun+http://1.2.3.256/proxy", "names no host"),
        ("https://1.2.3.4.5/a.rrd", "names no host"),
        ("https://host.08/a.rrd", "names no host"),
        ("https://ho%73t/a.rrd", "names no host"),
        ("https://ho|st/a.rrd", "names no host"),
        ("https://<b>/a.rrd", "names no host"),
        ("https://[fe80::1%25eth0]/a.rrd", "names no host"),
    ],
)
def test_a_url_that_the_viewer_does_not_open_is_refused_with_the_reason(url: str, said: str, cache: Path) -> None:
    with pytest.raises(UnsupportedValueError, match="Expected the path of a recording") as refused:
        to_recordings(url, cache)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "host",
    ["a", "10.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "[::1]", "a.b.", "a_b", "münchen.de", "1a", "1.2.3.4."],
)
def test_a_host_that_browsers_accept_is_accepted(host: str, cache: Path) -> None:
    assert to_recordings(f"https://{host}/a.rrd", cache) == [f"https://{host}/a.rrd"]


def test_the_url_of_a_server_behind_the_app_has_a_ticket(cache: Path) -> None:
    servers = Servers(True)
    servers.trust()
    (item,) = to_recordings("rerun+http://host/proxy", cache, servers=servers)
    assert item.ticket  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("make", "has"),
    [
        (lambda: b"RRF2", True),
        (lambda: memoryview(b"RRF2"), True),
        (lambda: ["a.rrd", b"RRF2"], True),
        (lambda: rr.RecordingStream("x"), True),
        (lambda: (rr.RecordingStream("x").binary_stream(),), True),
        (lambda: "a.rrd", False),
        (lambda: ["a.rrd", None], False),
        (lambda: None, False),
    ],
)
def test_has_data_finds_bytes_and_objects_of_rerun(make: Any, has: bool) -> None:
    assert has_data(make()) is has


@pytest.mark.parametrize(
    "kind", ["recording", "blueprint", "file of a blueprint", pytest.param("chunks", marks=needs((0, 39)))]
)
def test_a_missing_temporary_folder_is_an_error_without_its_name(
    kind: str, served: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A service of the system may delete old folders in /tmp."""
    blueprint, file = rrb.Blueprint(), served.work / "layout.rbl"
    blueprint.save("app", str(file))
    recording = rr.RecordingStream("app")
    recording.log("x", rr.TextLog("one"))

    def given() -> Any:
        if kind == "recording":
            return to_recordings(recording, served.work / "cache")
        if kind == "chunks":
            reader = pytest.importorskip("rerun.chunk").RrdReader(write_recording(served.work / "run.rrd", "run"))
            return list(pieces_of(reader.stream()))
        return set_blueprint(file) if kind.startswith("file") else set_blueprint(blueprint, application_id="app")

    missing = pytest.raises(RecordingError, match=r"to the system's temporary folder: [^/]+\. Make room")
    with monkeypatch.context() as patched, missing:
        patched.setattr(tempfile, "tempdir", str(served.work / "gone"))
        given()
    assert "gone" in capfd.readouterr().err
