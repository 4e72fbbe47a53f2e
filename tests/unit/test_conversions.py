from __future__ import annotations

import asyncio
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import gradio
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anyio import to_thread
from full_disk import full_disk
from other_files import SECRET, glb, gltf, lerobot, mcap, ply, png, stl, write

from gradio_rerun._gradio.threads import in_thread
from gradio_rerun._recordings import conversions, convert_file, looked_up, parts
from gradio_rerun._recordings.bounded import Bounded
from gradio_rerun._recordings.conversion_process import conversion_command, crashed, run
from gradio_rerun._recordings.conversions import converted
from gradio_rerun._recordings.convert_file import application_id, arrow_messages
from gradio_rerun._recordings.file_types import CONVERTIBLE_SUFFIXES, is_convertible
from gradio_rerun._recordings.limits import limits
from gradio_rerun._recordings.turns import Turns
from gradio_rerun._viewer import sdk
from gradio_rerun.errors import NotARecordingError, ParameterError, RecordingError, RecordingNotFoundError

ROBOT = '<robot name="r"><link name="base"><visual><geometry>{}</geometry></visual></link></robot>'


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def converted_or_skipped(path: Path, cache: Path, **options: Any) -> Path:
    """Skips the test if the installed SDK has no importer for files with this suffix."""
    try:
        return converted(path, cache, **options)
    except NotARecordingError as error:
        if " support for " in str(error):
            pytest.skip(str(error))
        raise


def assert_recording(path: Path, name: str, at_least: int = 0) -> None:
    assert path.name == f"{name}.rrd"
    assert path.read_bytes()[:4] == b"RRF2"
    assert arrow_messages(path) >= 2  # the name, and the content of the file
    assert path.stat().st_size >= at_least


def assert_nothing_left(cache: Path) -> None:
    assert [path for path in cache.rglob("*") if path.name.endswith((".part", ".rrd"))] == []


def test_a_picture_becomes_a_recording_in_the_cache(tmp_path: Path, cache: Path) -> None:
    path = converted(png(tmp_path / "two words.PNG"), cache)
    assert_recording(path, "two words.PNG", at_least=4000)
    assert path.parent.parent == cache
    assert len(path.parent.name) == 40


def test_paths_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    png(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    assert_recording(converted(Path("a.png"), Path("cache")), "a.png")


def test_the_recording_contains_no_folder_of_the_server(tmp_path: Path, cache: Path) -> None:
    path = converted(png(tmp_path / "a.png"), cache)
    assert tmp_path.name.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mesh.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"),
        ("mesh.stl", stl()),
        ("notes.md", "# Notes"),
        ("robot.urdf", ROBOT.format('<box size="1 1 1"/>')),
        ("messages.mcap", mcap("/words", ["one", "two"])),
        (
            "sound.wav",
            b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x08\0\0\0" + bytes(8),
        ),
    ],
)
def test_a_file_of_each_kind_becomes_a_recording(tmp_path: Path, cache: Path, name: str, content: bytes | str) -> None:
    assert_recording(converted_or_skipped(write(tmp_path / name, content), cache), name)


def test_a_video_becomes_a_recording(cache: Path) -> None:
    video = Path(gradio.__file__).parent / "media_assets" / "videos" / "a.mp4"
    if not video.is_file():
        pytest.skip(f"this Gradio ships no {video}")
    assert_recording(converted(video, cache), "a.mp4", at_least=video.stat().st_size // 2)


@pytest.mark.parametrize(("name", "content"), [("big.ply", ply(300_000)), ("big.glb", glb(2_000_000))])
def test_a_big_file_arrives_whole(tmp_path: Path, cache: Path, name: str, content: bytes) -> None:
    assert_recording(converted(write(tmp_path / name, content), cache), name, at_least=len(content))


def test_an_mcap_of_many_messages_arrives_whole(tmp_path: Path, cache: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [rng.bytes(32).hex() for _ in range(100_000)]
    path = converted_or_skipped(write(tmp_path / "long.mcap", mcap("/words", texts)), cache)
    assert_recording(path, "long.mcap", at_least=100_000 * 32)  # the entropy of the texts


def test_a_folder_becomes_a_recording_if_it_is_a_lerobot_dataset(tmp_path: Path, cache: Path) -> None:
    dataset = lerobot(tmp_path / "dataset")
    assert_recording(converted(dataset, cache), "dataset")
    with pytest.raises(NotARecordingError, match="LeRobot"):
        converted(tmp_path / "dataset" / "data", cache)


@pytest.mark.parametrize("name", ["robot.urdf", "scene.gltf"])
def test_a_conversion_waits_for_no_second_turn(
    name: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "part.stl", stl())
    write(tmp_path / "part.bin", b"1234")
    document = {"asset": {"version": "2.0"}, "buffers": [{"uri": "part.bin", "byteLength": 4}]}
    file = write(
        tmp_path / name, json.dumps(document) if name == "scene.gltf" else ROBOT.format('<mesh filename="part.stl"/>')
    )
    turn, taken = Turns.turn, list[str]()

    @contextmanager
    def noted(self: Turns, key: str) -> Iterator[None]:
        assert taken == []  # with as many conversions as cores, all would wait for each other
        with turn(self, key):
            taken.append(key)
            try:
                yield
            finally:
                taken.remove(key)

    monkeypatch.setattr(Turns, "turn", noted)
    monkeypatch.setattr(looked_up, "_A_WHILE", math.inf)  # as if it had just been uploaded
    assert_recording(converted(file, cache, lambda _: True), name)


def test_the_parts_of_a_gltf_are_put_into_the_recording(tmp_path: Path, cache: Path) -> None:
    document, positions = gltf(1000)
    document["buffers"][0]["uri"] = "the%20parts.bin"
    write(tmp_path / "the parts.bin", positions)
    path = write(tmp_path / "scene.gltf", json.dumps(document))
    first = converted(path, cache)
    assert_recording(first, "scene.gltf", at_least=len(positions))
    write(tmp_path / "the parts.bin", positions[::-1])
    assert converted(path, cache) != first


@pytest.mark.parametrize("uri", ["../outside.bin", "/etc/hostname", "file:///etc/hostname", "%00"])
def test_a_gltf_gets_no_file_outside_its_folder(tmp_path: Path, cache: Path, uri: str) -> None:
    write(tmp_path / "outside.bin", SECRET)
    document, _ = gltf(3)
    document["buffers"][0]["uri"] = uri
    with pytest.raises(NotARecordingError, match=r"scene\.gltf.*(not in its folder|missing)"):
        converted(write(tmp_path / "in" / "scene.gltf", json.dumps(document)), cache)


def test_a_gltf_without_its_parts_is_refused_by_the_name_of_the_part(tmp_path: Path, cache: Path) -> None:
    document, _ = gltf(3)
    document["buffers"][0]["uri"] = "gone.bin"
    with pytest.raises(NotARecordingError, match=r"'gone\.bin', which is missing"):
        converted(write(tmp_path / "scene.gltf", json.dumps(document)), cache)


def test_the_meshes_of_a_robot_are_read_only_if_they_may_be(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "meshes" / "arm.stl", stl())
    robot = write(tmp_path / "robot" / "robot.urdf", ROBOT.format('<mesh filename="../meshes/arm.stl"/>'))
    assert_recording(converted(robot, cache, lambda file: file == tmp_path / "meshes" / "arm.stl"), "robot.urdf")
    with pytest.raises(NotARecordingError, match=r"\.\./meshes/arm\.stl.*may not serve"):
        converted(robot, cache)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot keep a process from opening files")
def test_a_robot_description_in_an_mcap_gets_no_file_of_the_server(tmp_path: Path, cache: Path) -> None:
    secret = write(tmp_path / "secret.txt", SECRET)
    description = ROBOT.format(f'<mesh filename="file://{secret}"/>')
    path = write(tmp_path / "robot.mcap", mcap("/robot_description", [description]))
    assert SECRET not in converted_or_skipped(path, cache).read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.png", "hello, I am no picture", r"not an image: it starts with b'hello, I am '"),
        ("empty.png", b"", "it is empty"),
        ("cut.glb", glb(10)[:-40], r"truncated: it has \d+ of its \d+ bytes"),
        ("text.glb", "hello, I am no mesh", "not a binary glTF"),
        ("text.gltf", "hello, I am no mesh", "not a glTF document: Expecting value"),
        ("deep.gltf", '{"asset":' + "[" * 100_000, "not a glTF document: it has too many levels"),
        ("list.gltf", "[]", r"not a glTF document: its content has another structure\. Check"),
        ("buffers.gltf", '{"asset": {}, "buffers": [{"uri": 5}]}', r"its content has another structure\. Check"),
        ("utf16.gltf", b"\xff\xfe{", r"not a glTF document: it is not UTF-8\. Check"),
        ("cut.ply", ply(10)[:110], "rerun-sdk .* says: Line 7: Couldn't parse line"),
        ("latin.md", "Grüße".encode("latin-1"), "rerun-sdk .* says: .*utf-8 sequence"),
        ("cut.urdf", "<robot>", "not a URDF: no element found"),
        ("empty.urdf", "<robot name='r'/>", "rerun-sdk .* says: .*root"),
        ("text.mp4", "hello, I am no video", "rerun-sdk .* says: Failed to read frame timestamps"),
        ("text.mcap", "hello, I am no log", "rerun-sdk .* says: .*(MCAP|support for)"),
        (
            "cut.mcap",
            mcap("/words", ["one", "two"])[:-30],
            r"says: .*(expected magic bytes\. \"mcap recover\"|support for)",
        ),
        ("text.xyz", "0 0 0", r"rerun-sdk .* says: No .* support for \"text.xyz\"\. Update rerun-sdk"),
    ],
)
def test_a_file_that_is_refused_gives_the_reason_and_leaves_nothing(
    tmp_path: Path, cache: Path, name: str, content: bytes | str, reason: str
) -> None:
    with pytest.raises(NotARecordingError, match=reason) as caught:
        converted(write(tmp_path / name, content), cache)
    message = str(caught.value)
    assert message.startswith(f"{name!r} cannot be converted to a recording")
    assert "give the .rrd file" in message
    assert not any(
        noise in message
        for noise in ("re_data_loader", "re_importer", "ERROR", "WARN", "20:", "recovery enabled", str(tmp_path))
    )
    assert_nothing_left(cache)


def test_a_truncated_image_is_converted_as_the_sdk_does(tmp_path: Path, cache: Path) -> None:
    whole = png(tmp_path / "a.png").read_bytes()
    assert_recording(converted(write(tmp_path / "cut.png", whole[: len(whole) // 2]), cache), "cut.png")


def test_the_error_for_a_missing_file_says_so(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(RecordingNotFoundError, match=r"gone\.png"):
        converted(tmp_path / "gone.png", cache)


def test_four_threads_that_convert_one_file_start_one_process(
    tmp_path: Path, cache: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    copies = [png(write(tmp_path / str(number) / "a.png", b"")) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        results = set(pool.map(lambda path: converted(path, cache), copies))
    assert len(results) == 1
    assert len(processes) == 1
    assert converted(copies[0], cache) in results
    assert len(processes) == 1


def test_conversions_wait_for_their_turn(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    one_at_a_time = Turns(lambda: 1)
    for module in (conversions, parts):
        monkeypatch.setattr(module, "conversion_turns", one_at_a_time)
    start, running = subprocess.Popen.__init__, []

    def start_and_count(*args: Any, **options: Any) -> None:
        running.append(sum(process.returncode is None for process in processes))
        start(*args, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", start_and_count)
    paths = [write(tmp_path / f"{number}.md", str(number)) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda path: converted(path, cache), paths))
    assert running == [0, 0, 0]
    assert len(set(results)) == 3


def test_an_unchanged_file_is_read_once(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looked_up, "_A_WHILE", 0.0)
    read: list[Path] = []
    digest = conversions._digest
    monkeypatch.setattr(conversions, "_digest", lambda path: (read.append(path), digest(path))[1])
    path = write(tmp_path / "a.md", "# One")
    assert converted(path, cache) == converted(path, cache)
    assert len(read) == 1
    write(path, "# Two")
    converted(path, cache)
    assert len(read) == 2


def test_what_is_remembered_of_files_is_limited_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = Bounded(1000, 5000, itemgetter(1))
    monkeypatch.setattr(looked_up, "_remembered", remembered)
    monkeypatch.setattr(looked_up, "_A_WHILE", 0.0)
    for number in range(9):
        path = write(tmp_path / str(number), str(number) * 1000)
        assert looked_up.looked_up(Path.read_bytes, path) == path.read_bytes()
    assert [key[1].name for key in remembered] == ["5", "6", "7", "8"]
    assert looked_up.looked_up(Path.read_bytes, write(tmp_path / "big", "x" * 6000)) == b"x" * 6000
    assert not remembered


def test_a_conversion_that_nobody_waits_for_ends(
    tmp_path: Path, cache: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    path = write(tmp_path / "big.ply", ply(2_000_000))

    async def leave() -> None:
        asked = asyncio.create_task(in_thread(lambda: converted(path, cache)))
        while not processes:
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.wait({asked})
        await to_thread.run_sync(processes[0].wait, 60)

    asyncio.run(leave())
    assert processes[0].returncode == -signal.SIGKILL
    assert len(processes) == 1


def test_another_name_another_content_or_another_sdk_makes_another_recording(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {
        converted(write(tmp_path / name, text), cache) for name, text in [("a.md", "1"), ("b.md", "1"), ("a.md", "2")]
    }
    monkeypatch.setattr(sdk, "sdk_version", lambda: "0.99.0")
    paths.add(converted(tmp_path / "a.md", cache))
    assert len(paths) == 4


def test_a_conversion_that_is_killed_says_so_and_leaves_nothing(
    tmp_path: Path, cache: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    path = write(tmp_path / "big.ply", ply(1_000_000))

    def kill() -> None:
        while not list(cache.glob(".*.part")):
            time.sleep(0.01)
        processes[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(RecordingError, match="ended with exit code") as caught:
        converted(path, cache)
    killer.join()
    assert not isinstance(caught.value, NotARecordingError)
    assert_nothing_left(cache)


def test_a_conversion_that_takes_too_long_is_ended(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, processes: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "0.05")
    with pytest.raises(RecordingError, match=r"more than this app allows, 0\.05 s.*GRADIO_RERUN_CONVERT_SECONDS"):
        converted(png(tmp_path / "a.png"), cache)
    assert processes[0].returncode is not None
    assert_nothing_left(cache)


@pytest.mark.skipif(sys.platform != "linux", reason="no other system limits the memory of a process")
def test_a_small_file_that_needs_much_memory_or_room_is_refused_with_the_limit(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "zeros.parquet"
    pq.write_table(pa.table({"zeros": np.zeros(8_000_000)}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_MEMORY", "256mb")
    with pytest.raises(RecordingError, match=r"268,435,456 bytes of memory.*GRADIO_RERUN_CONVERT_MEMORY"):
        converted(path, cache)
    monkeypatch.delenv("GRADIO_RERUN_CONVERT_MEMORY")
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SIZE", "10 MB")
    with pytest.raises(RecordingError, match=r"10,485,760 bytes of recording.*GRADIO_RERUN_CONVERT_SIZE"):
        converted(path, cache)
    assert_nothing_left(cache)


@pytest.mark.parametrize("value", ["much", "-1", "0", "1tb", "nan"])
@pytest.mark.parametrize("name", ["MEMORY", "SIZE", "SECONDS"])
def test_an_invalid_limit_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"GRADIO_RERUN_CONVERT_{name}", value)
    with pytest.raises(ParameterError, match=f"GRADIO_RERUN_CONVERT_{name} to be .*{value}"):
        limits()


@pytest.mark.parametrize("suffix", [".urdf", ".gltf", ".md", ".txt"])
def test_a_text_file_that_is_too_large_is_refused_before_it_is_read(
    suffix: str, tmp_path: Path, cache: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    path = tmp_path / f"long{suffix}"
    with path.open("wb") as file:
        file.truncate(300 << 20)
    with pytest.raises(NotARecordingError, match=rf"it has 314,572,800 bytes, and a \{suffix} file [\d,]+ at most"):
        converted(path, cache)
    assert not processes


def test_no_mesh_is_requested_from_another_machine(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows, such a name is that of a file on another machine, even if the check of the resolved path passes."""
    monkeypatch.setenv("ROS_PACKAGE_PATH", str(tmp_path))
    resolved: list[str] = []
    resolve = Path.resolve
    monkeypatch.setattr(Path, "resolve", lambda path, *args: (resolved.append(str(path)), resolve(path, *args))[1])
    names = ["//host/share/a.stl", r"\\host\share\a.stl", "file:////host/a.stl", "package:////host/a.stl"]
    meshes = "".join(f'<mesh filename="{name}"/>' for name in names)
    robot = write(tmp_path / "robot.urdf", ROBOT.format(f'{meshes}<box size="1 1 1"/>'))
    with suppress(NotARecordingError):
        converted(robot, cache, lambda _: True)
    assert not [path for path in resolved if "host" in path]
    assert parts._named_files(robot) == names


def test_long_names_of_parts_are_refused_where_they_are_read(tmp_path: Path, cache: Path) -> None:
    document, _ = gltf(1)
    document["buffers"] = [{"uri": f"{number}{'x' * 100_000}"} for number in range(50)]
    with pytest.raises(NotARecordingError, match="names of 5,000,090 characters") as refused:
        converted(write(tmp_path / "scene.gltf", json.dumps(document)), cache)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_app_keeps_little_of_what_the_process_writes(stream: str, tmp_path: Path) -> None:
    code = f"import sys; sys.{stream}.write('x' * 100_000_000)"
    ended = run(tmp_path / "a.mcap", [sys.executable, "-c", code], limits())
    assert 100 < len(ended.output + ended.last_line) < 20_000_000
    assert len(str(crashed(tmp_path / "a.mcap", ended))) < 2000


def test_a_file_that_nobody_waits_for_is_not_read_to_its_end(tmp_path: Path, cache: Path) -> None:
    path, started, ended = tmp_path / "huge.ply", threading.Event(), threading.Event()
    with path.open("wb") as file:
        file.truncate(1 << 38)

    def convert() -> None:
        started.set()
        try:
            converted(path, cache)
        finally:
            ended.set()

    async def leave() -> None:
        asked = asyncio.create_task(in_thread(convert))
        await to_thread.run_sync(started.wait, 60)
        asked.cancel()
        await asyncio.wait({asked})
        assert await to_thread.run_sync(ended.wait, 60)

    asyncio.run(leave())


def test_files_of_killed_conversions_are_removed_after_an_hour(tmp_path: Path, cache: Path) -> None:
    old = [write(cache / ".0.a.part", "half"), write(cache / ".0.a.parts" / "0.stl", "copy").parent]
    new = write(cache / ".0.b.part", "half")
    for path in old:
        os.utime(path, (time.time() - 4000,) * 2)
    converted(write(tmp_path / "a.md", "# One"), cache)
    assert [path.exists() for path in (*old, new)] == [False, False, True]


def test_a_conversion_that_may_take_hours_loses_nothing_to_another(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "7200")
    running = write(cache / ".0.a.part", "half")
    os.utime(running, (time.time() - 7000,) * 2)
    converted(write(tmp_path / "a.md", "# One"), cache)
    assert running.exists()


def test_a_robot_is_read_in_another_process_only(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ElementTree, "fromstring", None)
    monkeypatch.setattr(ElementTree, "parse", None)
    robot = write(tmp_path / "robot.urdf", ROBOT.format('<box size="1 1 1"/>'))
    assert_recording(converted(robot, cache), "robot.urdf")


def test_a_conversion_ends_and_cleans_up_when_the_app_dies(tmp_path: Path) -> None:
    target = tmp_path / "half.part"
    command = conversion_command(write(tmp_path / "big.ply", ply(2_000_000)), target, limits())
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(b"{}\n")
    process.stdin.flush()
    while not target.exists():
        time.sleep(0.01)
    process.stdin.close()
    process.wait(10)
    assert not target.exists()


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="this system does not show the limits of a process")
def test_copies_of_parts_are_removed_when_the_app_dies_while_no_file_can_be_opened(tmp_path: Path) -> None:
    document, positions = gltf(2_000_000)
    document["buffers"][0]["uri"] = "parts.bin"
    target, copy = tmp_path / "half.part", write(tmp_path / "half.parts" / "0.bin", positions)
    command = conversion_command(write(tmp_path / "scene.gltf", json.dumps(document)), target, limits())
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(json.dumps({"parts.bin": str(copy)}).encode() + b"\n")
    process.stdin.flush()
    while not re.search(r"Max open files +0 ", Path(f"/proc/{process.pid}/limits").read_text()):
        assert process.poll() is None
        time.sleep(0.01)
    process.stdin.close()
    process.wait(60)
    assert not target.exists()
    assert not copy.parent.exists()


def test_environment_variables_for_rerun_and_python_do_not_affect_a_conversion(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RERUN", "off")
    monkeypatch.setenv("RUST_LOG", "off")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert_recording(converted(png(tmp_path / "a.png"), cache), "a.png")
    with pytest.raises(NotARecordingError, match="Couldn't parse line"):
        converted(write(tmp_path / "cut.ply", ply(10)[:110]), cache)


@pytest.mark.skipif(os.name == "nt", reason="a script is no program on Windows")
def test_programs_on_the_path_are_not_run(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = write(tmp_path / "bin" / "rerun-loader-spy", f"#!/bin/sh\necho > {tmp_path}/spied\n")
    loader.chmod(0o755)
    monkeypatch.setenv("PATH", f"{loader.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(NotARecordingError, match="support for"):
        converted(write(tmp_path / "a.xyz", "0 0 0"), cache)
    assert not (tmp_path / "spied").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.png", True), ("A.GLB", True), ("a.rrd", False), ("a.rbl", False), ("a", False), ("a.py", False)],
)
def test_the_suffix_decides_what_is_convertible(name: str, expected: bool) -> None:
    assert is_convertible(Path(name)) is expected


def test_a_folder_is_convertible_if_it_is_a_lerobot_dataset(tmp_path: Path) -> None:
    assert not is_convertible(tmp_path)
    write(tmp_path / "meta" / "info.json", "{}")
    assert is_convertible(tmp_path)


def test_the_suffixes_are_lower_case_and_listed_once() -> None:
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in CONVERTIBLE_SUFFIXES)
    assert len(set(CONVERTIBLE_SUFFIXES)) == len(CONVERTIBLE_SUFFIXES)


def test_an_application_id_has_only_characters_that_every_sdk_accepts() -> None:
    assert application_id("a b.png") == "a_b_png"
    assert len(application_id("x" * 300)) == 100
    assert application_id("日本.png") == "_png"


def test_a_full_disk_is_named_at_once_though_the_sdk_would_wait(tmp_path: Path, cache: Path) -> None:
    path = write(tmp_path / "big.ply", ply(200_000))
    with full_disk(100_000), pytest.raises(RecordingError, match=r"cannot be kept in Gradio's cache.*Make room"):
        converted(path, cache)
    assert_nothing_left(cache)
    assert converted(path, cache).stat().st_size > 100_000


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"cannot be kept in Gradio's cache.*Not a directory"):
        converted(png(tmp_path / "a.png"), tmp_path / "file" / "cache")


@pytest.mark.skipif(sys.platform == "win32", reason="finds the C library as POSIX does")
def test_a_process_whose_app_has_died_ends_after_its_time_though_the_sdk_holds_the_gil() -> None:
    code = """
import ctypes, os, sys, threading
import convert_file
read, waits = os.read, threading.Event()
os.read = lambda *given: waits.set() or read(*given)
threading.Thread(target=convert_file.end_with_stdin, daemon=True).start()
waits.wait()
sys.setswitchinterval(1000)  # the other thread gets the GIL no more
library = ctypes.PyDLL(None)
library.write(1, b"ready\\n", 6)
library.sleep(60)
"""
    own = {"PYTHONPATH": str(Path(convert_file.__file__).parent), convert_file.ENDS_AFTER: "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, env={**os.environ, **own}) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        process.stdin.close()
        try:
            assert process.wait(30)
        finally:
            process.kill()


def test_a_process_that_reads_a_file_gets_no_secrets_of_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "GRADIO_RERUN_SECRET", "DB_PASSWORD", "DATABASE_URL", "HTTP_PROXY"]
    for name in names:
        monkeypatch.setenv(name, "http://me:hidden@host")
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "GITHUB_PAT", "SLACK_WEBHOOK", "PGPW", "SENTRY_DSN", "MY_PW"):
        monkeypatch.setenv(name, "hidden" if name != "PGPW" else "host=a password=hidden")
    values = (
        *(
            "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hidden",
            "https://a.test/?sv=1&sig=hidden",
            "hf_hidden",
        ),
        *(
            '{"private_key": "hidden"}',
            "-----BEGIN PRIVATE KEY-----\nhidden",
            "eyJhidden.eyJ.x",
            "sk-hidden",
            "ghp_hidden",
        ),
    )
    for number, value in enumerate(values):
        monkeypatch.setenv(f"SETTING_{number}", value)
    harmless = {"LD_LIBRARY_PATH": "/opt/compass:/data/sk-learn/lib", "LANG": "C.UTF-8", "RERUN_SETTING": "a=b"}
    for name, value in harmless.items():
        monkeypatch.setenv(name, value)
    ended = run(tmp_path / "a", [sys.executable, "-c", "import os; print(dict(os.environ))"], limits())
    assert "hidden" not in ended.output
    assert all(repr(value) in ended.output for value in harmless.values())
    assert repr(os.environ["PATH"])[1:-1] in ended.output


@pytest.mark.parametrize("name", ["a.md", "robot.urdf"])
def test_a_process_that_cannot_be_started_is_named_as_the_reason(
    name: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python was updated or moved below a running app, or the system has no room for another process."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "moved" / "python"))
    with pytest.raises(RecordingError, match=f"'{name}' could not be converted.* cannot be started: No such") as caught:
        converted(write(tmp_path / name, ROBOT), cache)
    assert type(caught.value) is RecordingError
    assert "moved" not in str(caught.value)
    assert "moved" in capfd.readouterr().err


def test_a_crash_leaves_no_memory_in_a_file(tmp_path: Path) -> None:
    code = """import resource, sys
from convert_file import begin
sys.argv = ["", "", "", str(1 << 30), str(1 << 20)]
begin(entries=[])
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""
    resource = pytest.importorskip("resource")  # Windows has no such limits
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    command = f"import sys; sys.path.insert(0, {str(Path(convert_file.__file__).parent)!r})\n{code}"
    try:
        assert run(tmp_path / "a", [sys.executable, "-c", command], limits()).output == "0\n"
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def test_a_process_gets_the_time_after_which_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "7")
    ended = run(
        tmp_path / "a", [sys.executable, "-c", f"import os; print(os.environ[{convert_file.ENDS_AFTER!r}])"], limits()
    )
    assert 7 < float(ended.output) < 20
