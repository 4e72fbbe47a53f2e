"""Objects of rerun-sdk that hold chunks or read them from a file, as values."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import rerun as rr
from apps import Served
from full_disk import full_disk
from gradio.data_classes import FileData
from other_files import SECRET, mcap
from recordings import recording_bytes, sdk, write_recording
from videos import write_av1

from gradio_rerun import Rerun
from gradio_rerun._recordings.convert_file import arrow_messages
from gradio_rerun._recordings.values import to_recordings
from gradio_rerun.errors import NotARecordingError, RecordingError, RecordingNotFoundError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "run.rrd", "run", frames=7, points=3)


def shown(value: Any, cache: Path) -> list[Path]:
    paths = []
    for item in to_recordings(value, cache):
        assert isinstance(item, FileData)
        paths.append(Path(item.path))
        assert item.size == paths[-1].stat().st_size
    return paths


def frames_in(recording: Path) -> int:
    chunks = sdk("RrdReader")(recording).stream().to_chunks()
    return sum(chunk.num_rows for chunk in chunks if chunk.entity_path == "/points")


KINDS: dict[str, Callable[[Path], Any]] = {
    "ChunkStore": lambda path: sdk("RrdReader")(path).stream().collect(),
    "LazyChunkStream": lambda path: sdk("RrdReader")(path).stream(),
    "LazyStore": lambda path: sdk("RrdReader")(path).store(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_become_a_recording_with_all_of_them_once(kind: str, run: Path, cache: Path) -> None:
    value = KINDS[kind](run)
    (recording,) = shown(value, cache)
    assert recording.is_relative_to(cache)
    assert frames_in(recording) == 7
    written = recording.stat().st_mtime_ns
    assert shown(value, cache) == [recording]  # the same value: the viewer keeps what it shows
    assert recording.stat().st_mtime_ns == written
    assert shown(KINDS[kind](run), cache) != [recording]
    assert not list(cache.rglob(".*"))


def test_a_reader_of_a_recording_is_its_file(run: Path, cache: Path) -> None:
    (recording,) = shown(sdk("RrdReader")(run), cache)
    assert recording.name == "run.rrd"
    assert recording.read_bytes() == run.read_bytes()
    assert shown(run, cache) == [recording]


def test_readers_of_other_files_become_recordings_named_by_the_files(tmp_path: Path, cache: Path) -> None:
    table = tmp_path / "states.parquet"
    pyarrow.parquet.write_table(pa.table({"joint_1": [0.0, 0.5, 1.0]}), table)
    log = tmp_path / "drive.mcap"
    log.write_bytes(mcap("/chat", ["hello", "world"]))
    recordings = shown([sdk("ParquetReader")(table), sdk("McapReader")(log)], cache)
    assert [each.name for each in recordings] == ["states.parquet.rrd", "drive.mcap.rrd"]
    assert all(arrow_messages(each) > 0 for each in recordings)


def test_a_robot_description_in_the_file_of_a_reader_gets_no_file_of_the_server(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "secret.txt").write_bytes(SECRET)
    robot = f"""<robot name="r"><link name="base"><visual><geometry><mesh filename="file://{tmp_path}/secret.txt"/></geometry></visual>
        <collision><geometry><mesh filename="file://{tmp_path}/secret.txt"/></geometry></collision></link></robot>"""
    (tmp_path / "robot.mcap").write_bytes(mcap("/robot_description", [robot]))
    (recording,) = shown(sdk("McapReader")(tmp_path / "robot.mcap"), cache)
    assert arrow_messages(recording) > 0
    assert SECRET not in recording.read_bytes()


def test_an_hdf5_file_is_shown_by_its_reader_which_the_error_for_its_path_names(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "episode.hdf5"
    with h5py.File(path, "w") as file:
        file["observations/qpos"] = np.zeros((50, 14), np.float32)
        file["action"] = np.zeros((50, 14), np.float32)
    with pytest.raises(NotARecordingError, match="Hdf5Reader"):
        to_recordings(path, cache)
    (recording,) = shown(sdk("Hdf5Reader")(path), cache)
    assert recording.name == "episode.hdf5.rrd"
    chunks = sdk("RrdReader")(recording).stream().to_chunks()
    assert {each.entity_path: each.num_rows for each in chunks if not each.is_static} == {"/": 50, "/observations": 50}


@pytest.mark.parametrize("count", [1, 2500])
def test_the_pictures_of_a_video_are_few_chunks(count: int, tmp_path: Path, cache: Path) -> None:
    """The SDK makes one for each: a file of many times the size, which the viewer opens slowly."""
    read = sdk("Mp4Reader")
    video = write_av1(tmp_path / "video.mp4", [np.zeros((16, 16, 3), np.uint8)], 30, times=count)
    (recording,) = shown(read(video), cache)
    chunks = sdk("RrdReader")(recording).stream().to_chunks()
    assert len(chunks) < 10
    assert sum(chunk.num_rows for chunk in chunks if "VideoStream:sample" in chunk.format()) == count


def test_large_chunks_stay_as_they_are(tmp_path: Path, cache: Path) -> None:
    recording = rr.RecordingStream("pictures")
    recording.save(tmp_path / "pictures.rrd")
    for number in range(3):
        recording.set_time("frame", sequence=number)
        recording.log("picture", rr.Image(np.full((400, 400, 3), number, np.uint8)))
    recording.disconnect()
    before = sdk("RrdReader")(tmp_path / "pictures.rrd").stream().to_chunks()
    (recording,) = shown(sdk("LazyChunkStream").from_iter(before), cache)
    after = sdk("RrdReader")(recording).stream().to_chunks()
    assert sorted(each.num_rows for each in after) == sorted(each.num_rows for each in before)


def test_a_reader_of_a_rewritten_file_is_another_value(tmp_path: Path, cache: Path) -> None:
    table = tmp_path / "states.parquet"
    pyarrow.parquet.write_table(pa.table({"joint_1": [0.0]}), table)
    reader = sdk("ParquetReader")(table)
    before = shown(reader, cache)
    pyarrow.parquet.write_table(pa.table({"joint_1": [0.0, 0.5, 1.0], "joint_2": [0.0, 0.5, 1.0]}), table)
    assert shown(reader, cache) != before


def test_chunks_may_stand_in_a_list_with_other_values(run: Path, cache: Path) -> None:
    value = [run, sdk("RrdReader")(run).stream(), recording_bytes("bytes")]
    assert len(set(shown(value, cache))) == 3


def test_a_generator_yields_chunks_to_a_streaming_component(run: Path, cache: Path) -> None:
    viewer = Rerun(streaming=True)
    viewer.GRADIO_CACHE = str(cache)
    value = viewer.postprocess(sdk("RrdReader")(run).stream())
    assert value is not None
    (item,) = value.model_dump()  # type: ignore[union-attr]
    assert frames_in(Path(item["path"])) == 7


def test_a_reader_gives_no_file_that_gradio_may_not_serve(served: Served, cache: Path) -> None:
    recording = write_recording(served.outside / "run.rrd", "run")
    table = served.outside / "states.parquet"
    pyarrow.parquet.write_table(pa.table({"joint_1": [0.0]}), table)
    for reader in (sdk("RrdReader")(recording), sdk("ParquetReader")(table)):
        with pytest.raises(RecordingError, match="Gradio may not serve") as failure:
            to_recordings(reader, cache)
        assert str(served.outside) not in str(failure.value)
    assert not cache.exists()


def test_a_reader_of_a_recording_that_was_deleted_is_named_as_its_path_is(run: Path, cache: Path) -> None:
    reader = sdk("RrdReader")(run)
    run.unlink()
    with pytest.raises(RecordingNotFoundError, match=r"'run\.rrd'"):
        to_recordings(reader, cache)


def test_an_error_in_the_stream_is_in_the_log_and_names_no_folder(
    run: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Any) -> Any:
        raise ValueError(f"no such sensor in {run}")

    with pytest.raises(RecordingError, match="The chunks of a LazyChunkStream could not be written") as failure:
        to_recordings(sdk("RrdReader")(run).stream().map(fail), cache)
    assert str(run.parent) not in str(failure.value)
    assert "no such sensor" in capsys.readouterr().err
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_an_empty_stream_of_chunks_is_refused(run: Path, cache: Path) -> None:
    nothing = sdk("RrdReader")(run).stream().filter(content="/nothing/**").collect()
    with pytest.raises(NotARecordingError, match="Expected a ChunkStore with something to show"):
        to_recordings(nothing, cache)


def test_a_full_disk_is_named(tmp_path: Path, cache: Path) -> None:
    big = write_recording(tmp_path / "big.rrd", "big", frames=100, points=1000)
    store = sdk("RrdReader")(big).stream().collect()
    with full_disk(), pytest.raises(RecordingError, match="cannot be kept in Gradio's cache"):
        to_recordings(store, cache)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_threads_that_show_one_stream_at_once_read_it_once(run: Path, cache: Path) -> None:
    chunks = sdk("RrdReader")(run).stream().to_chunks()
    stream = sdk("LazyChunkStream").from_iter(iter(chunks))
    found: list[list[Path]] = []
    threads = [threading.Thread(target=lambda: found.append(shown(stream, cache))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert found.count(found[0]) == 4
    assert frames_in(found[0][0]) == 7
