"""The files that a robot description, a .gltf or a dataset consists of."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from other_files import gltf, lerobot, stl, write

from gradio_rerun._recordings import parts
from gradio_rerun._recordings.file_types import is_convertible
from gradio_rerun._recordings.parts import files_in, parts_of
from gradio_rerun.errors import NotARecordingError, RecordingError

links = pytest.mark.skipif(sys.platform == "win32", reason="Windows needs a right to make links")


def anything(_: Path) -> bool:
    return True


def robot(path: Path, *meshes: str) -> Path:
    """A robot description that names these meshes."""
    visuals = "".join(f'<visual><geometry><mesh filename="{each}"/></geometry></visual>' for each in meshes)
    return write(path, f'<robot name="r"><link name="base">{visuals}</link></robot>')


def scene(path: Path, *uris: str) -> Path:
    """A .gltf whose buffers are these files."""
    document, _ = gltf(3)
    document["buffers"] = [{"uri": each, "byteLength": 36} for each in uris]
    return write(path, json.dumps(document))


@pytest.mark.parametrize(
    ("variable", "entry", "mesh"),
    [
        ("ROS_PACKAGE_PATH", "packages", "packages/arm/meshes/a.stl"),
        ("ROS_PACKAGE_PATH", "packages/arm", "packages/arm/meshes/a.stl"),
        ("AMENT_PREFIX_PATH", "install", "install/share/arm/meshes/a.stl"),
    ],
)
def test_a_mesh_of_a_ros_package_is_found_where_ros_looks_for_the_package(
    variable: str, entry: str, mesh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("ROS_PACKAGE_PATH", "AMENT_PREFIX_PATH"):
        monkeypatch.delenv(each, raising=False)
    path = robot(tmp_path / "robot.urdf", "package://arm/meshes/a.stl")
    write(tmp_path / mesh, stl())
    assert parts_of(path, anything) == {}  # without the variable, the robot is shown without the mesh
    monkeypatch.setenv(variable, os.pathsep.join(["", str(tmp_path / "nowhere"), str(tmp_path / entry)]))
    assert parts_of(path, anything) == {"package://arm/meshes/a.stl": tmp_path / mesh}


@pytest.mark.parametrize("variable", ["ROS_PACKAGE_PATH", "AMENT_PREFIX_PATH"])
def test_an_empty_entry_of_the_ros_packages_is_not_the_working_folder(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, os.pathsep)
    for folder in ("arm", "share/arm"):
        write(tmp_path / folder / "a.stl", stl())
    assert parts_of(robot(tmp_path / "robot.urdf", "package://arm/a.stl"), anything) == {}


def test_the_first_ros_package_with_the_name_has_the_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = robot(tmp_path / "robot.urdf", "package://arm/a.stl")
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders[1:]:
        write(folder / "arm" / "a.stl", stl())
    monkeypatch.setenv("ROS_PACKAGE_PATH", os.pathsep.join(map(str, folders)))
    assert parts_of(path, anything) == {"package://arm/a.stl": tmp_path / "two" / "arm" / "a.stl"}


def test_the_parts_of_a_robot_have_the_names_that_it_gives_them(tmp_path: Path) -> None:
    names = [str(tmp_path / "a.stl"), "meshes/b.OBJ", f"file://{tmp_path}/c.dae"]
    files = [write(tmp_path / name, stl()) for name in ("a.stl", "urdf/meshes/b.OBJ", "c.dae")]
    path = robot(tmp_path / "urdf" / "robot.URDF", *names, "gone.stl", "https://host/d.stl", "folder.stl")
    (path.parent / "folder.stl").mkdir()
    assert parts_of(path, anything) == dict(zip(names, files, strict=True))


@links
def test_a_part_that_is_a_link_is_the_file_itself(tmp_path: Path) -> None:
    mesh = write(tmp_path / "elsewhere" / "a.stl", stl())
    (tmp_path / "link.stl").symlink_to(mesh)
    (tmp_path / "loop.stl").symlink_to(tmp_path / "loop.stl")
    path = robot(tmp_path / "robot.urdf", "link.stl")
    asked: list[Path] = []
    assert parts_of(path, lambda file: not asked.append(file)) == {"link.stl": mesh}
    assert asked == [mesh]


@links
@pytest.mark.parametrize("name", ["loop.stl", "x" * 5000 + ".stl"])
def test_a_mesh_that_cannot_exist_is_left_out(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop.stl").symlink_to(tmp_path / "loop.stl")
    assert parts_of(robot(tmp_path / "robot.urdf", name), anything) == {}


@pytest.mark.parametrize("may_read", [None, lambda file: False])
def test_a_robot_names_only_meshes_that_may_be_read(may_read: Callable[[Path], bool] | None, tmp_path: Path) -> None:
    write(tmp_path / "a.stl", stl())
    with pytest.raises(
        NotARecordingError, match=r"'robot\.urdf'.*'a\.stl', which is not allowed: Gradio may not serve"
    ):
        parts_of(robot(tmp_path / "robot.urdf", "a.stl"), may_read)


@pytest.mark.parametrize(
    ("make", "suffixes"),
    [(robot, "stl obj dae glb gltf ply"), (scene, "bin glbin glbuf png jpg jpeg webp ktx2 dds")],
    ids=["urdf", "gltf"],
)
def test_parts_of_each_kind_may_be_named(make: Callable[..., Path], suffixes: str, tmp_path: Path) -> None:
    files = {name: write(tmp_path / name, "part") for name in (f"a.{each}" for each in suffixes.split())}
    assert parts_of(make(tmp_path / ("robot.urdf" if make is robot else "scene.gltf"), *files), anything) == files


@pytest.mark.parametrize("name", ["notes.txt", "a.png", "id_rsa"])
def test_a_file_that_is_no_mesh_is_refused_with_the_suffixes_of_meshes(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, "secret")
    with pytest.raises(NotARecordingError, match=rf"the file '{name}', which is none of \.stl, \.obj, \.dae"):
        parts_of(robot(tmp_path / "robot.urdf", name), anything)


def test_a_gltf_gets_the_files_in_its_folder(tmp_path: Path) -> None:
    files = [write(tmp_path / "scene" / name, "part") for name in ("a.bin", "more/b.BIN")]
    path = scene(tmp_path / "scene" / "scene.GLTF", "a.bin", "more/b.BIN")
    for may_read in (None, anything):
        assert parts_of(path, may_read) == dict(zip(("a.bin", "more/b.BIN"), files, strict=True))
    with pytest.raises(NotARecordingError, match=r"'a\.bin', which is not allowed"):
        parts_of(path, lambda file: file == files[1])


@pytest.mark.parametrize("name", ["../a.bin", "https://host/a.bin", "//host/a.bin", "package://scene/a.bin"])
def test_a_gltf_names_files_in_its_folder_only(name: str, tmp_path: Path) -> None:
    write(tmp_path / "a.bin", "part")
    with pytest.raises(NotARecordingError, match="which is not in its folder"):
        parts_of(scene(tmp_path / "scene" / "scene.gltf", name), anything)


@pytest.mark.parametrize("name", ["app.py", "id_rsa"])
def test_a_gltf_names_no_file_that_is_not_its_part_by_the_suffix(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, "secret")
    with pytest.raises(NotARecordingError, match=rf"'{name}', which is none of \.bin, "):
        parts_of(scene(tmp_path / "scene.gltf", name), anything)


def test_a_gltf_without_a_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").mkdir()
    for name in ("a.bin", "gone.bin", "x" * 300 + ".bin"):
        with pytest.raises(
            NotARecordingError, match=rf"'{name}', which is missing; a \.glb file carries all its parts"
        ):
            parts_of(scene(tmp_path / "scene.gltf", name), anything)


def test_a_robot_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match=r"'robot\.urdf' cannot be converted .*not a URDF"):
        parts_of(write(tmp_path / "robot.urdf", "<robot"), anything)


def test_a_crash_while_the_names_are_read_is_not_called_an_invalid_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", "import sys; print('out of luck', file=sys.stderr); sys.exit(9)"]
    monkeypatch.setattr(parts, "names_command", lambda *_: command)
    with pytest.raises(RecordingError, match=r"'robot\.urdf' could not be .* exit code 9\. out of luck") as caught:
        parts_of(robot(tmp_path / "robot.urdf"), anything)
    assert not isinstance(caught.value, NotARecordingError)


def test_other_files_have_no_parts_and_start_no_process(tmp_path: Path, processes: list[object]) -> None:
    assert parts_of(write(tmp_path / "a.obj", "mtllib a.mtl"), None) == {}
    assert not processes


def test_a_dataset_has_no_parts_but_each_of_its_files_must_be_allowed(tmp_path: Path) -> None:
    dataset = lerobot(tmp_path / "dataset")
    assert parts_of(dataset, None) == parts_of(dataset, anything) == {}
    with pytest.raises(NotARecordingError, match=r"'dataset'.*the file 'meta/tasks\.jsonl', which is not allowed"):
        parts_of(dataset, lambda file: file.name != "tasks.jsonl")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_dataset_with_a_pipe_is_refused(tmp_path: Path) -> None:
    dataset = lerobot(tmp_path / "dataset")
    os.mkfifo(dataset / "data" / "pipe")
    for may_read in (None, anything):
        with pytest.raises(NotARecordingError, match="'data/pipe', which is a pipe, a socket or a device"):
            parts_of(dataset, may_read)


@links
def test_the_files_of_a_dataset_are_listed_once_in_the_same_order_without_hidden_ones(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "dataset", tmp_path / "elsewhere"
    for name in ("b/2", "b/1", "a/3", "0", ".hidden", "a/.hidden", ".cache/4"):
        write(folder / name, "content")
    write(elsewhere / "5", "content")
    (folder / "c").symlink_to(elsewhere)
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "d").symlink_to(elsewhere)
    assert [path.relative_to(folder).as_posix() for path in files_in(folder)] == ["0", "a/3", "b/1", "b/2", "c/5"]


def test_a_folder_is_no_file_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    assert not is_convertible(tmp_path / "folder.png")
    (tmp_path / "folder.png" / "meta" / "info.json").mkdir(parents=True)
    assert not is_convertible(tmp_path / "folder.png")
