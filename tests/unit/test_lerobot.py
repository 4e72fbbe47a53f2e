"""Episodes of LeRobot datasets: their metadata, and their recordings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gradio.context import LocalContext
from gradio.data_classes import FileData
from lerobot_datasets import CAMERAS, TASKS, lerobot_v2, lerobot_v3
from needs import needs
from other_files import write
from updates import in_event
from waiting import wait_until
from web_files import TOKEN, WebFiles, web_files

from gradio_rerun import Rerun, cli, lerobot
from gradio_rerun._gradio import threads
from gradio_rerun._recordings import hub_dataset
from gradio_rerun._recordings.lerobot_files import episode_files
from gradio_rerun._recordings.sources import Sources
from gradio_rerun._recordings.values import to_recordings
from gradio_rerun._viewer import sdk
from gradio_rerun.errors import NotARecordingError, ParameterError, RecordingError, SdkError, UnsupportedValueError

EPISODES = needs((0, 39))
VERSIONS = pytest.mark.parametrize("make", [lerobot_v2, lerobot_v3])
Make = Callable[..., Path]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def shown(value: Any, cache: Path) -> Path:
    (item,) = to_recordings(value, cache)
    assert isinstance(item, FileData)
    return Path(item.path)


def contents(path: Path) -> dict[str, Any]:
    """The application, the recording, the number of rows and of chunks of each entity, and the text about videos that are left out."""
    from rerun.chunk import RrdReader

    reader = RrdReader(path)
    (entry,) = reader.recordings()
    rows: dict[str, int] = {}
    chunks = Counter[str]()
    text = ""
    for chunk in reader.stream().to_chunks():
        chunks[str(chunk.entity_path)] += 1
        rows[str(chunk.entity_path)] = max(rows.get(str(chunk.entity_path), 0), chunk.num_rows)
        if chunk.entity_path == "/left_out":
            text = str(chunk.to_record_batch().to_pydict())
    return {
        "application": entry.application_id,
        "recording": entry.recording_id,
        "rows": rows,
        "chunks": chunks,
        "text": text,
    }


@VERSIONS
def test_the_episodes_are_listed_with_their_metadata(make: Make, tmp_path: Path) -> None:
    found = lerobot.episodes(str(make(tmp_path / "dataset", episodes=4, cameras=())))
    assert [(each.index, each.length, each.seconds) for each in found] == [(i, 10, 1.0) for i in range(4)]
    assert [each.tasks for each in found] == [(TASKS[0],), (TASKS[1],)] * 2
    assert [each.success for each in found] == [False, True, True, False]
    assert lerobot.episode(tmp_path / "dataset", 2) == found[2]


def test_a_dataset_of_the_lerobot_package_stands_for_its_folder(tmp_path: Path, cache: Path) -> None:
    folder = lerobot_v3(tmp_path / "dataset", cameras=())
    loaded = SimpleNamespace(root=folder, repo_id="us/dataset")
    assert lerobot.episodes(loaded) == lerobot.episodes(folder)
    assert lerobot.episode(loaded, 2) == lerobot.episode(folder, 2)
    with pytest.raises(UnsupportedValueError, match=r"gradio_rerun\.lerobot\.episode\(dataset, 0\)"):
        to_recordings(loaded, cache)


@pytest.mark.parametrize("url", ["hf://datasets/us/pick", "hf://datasets/us/pick/", "hf://datasets/us/pick@v2"])
def test_the_error_for_a_dataset_of_the_hub_names_the_function_for_an_episode(url: str, cache: Path) -> None:
    for sources in (None, Sources.of_author(url)):
        with pytest.raises(RecordingError, match=r"gradio_rerun\.lerobot\.episode\(url, 0\)"):
            to_recordings(url, cache, sources=sources)


def test_an_episode_is_a_key_that_nothing_can_change(tmp_path: Path) -> None:
    dataset = lerobot_v2(tmp_path / "dataset", cameras=())
    ratings = {each: each.index for each in lerobot.episodes(dataset)}
    assert ratings[lerobot.episode(dataset, 2)] == 2
    with pytest.raises(AttributeError):
        lerobot.episode(dataset, 2).index = 3  # type: ignore[misc]


def test_an_episode_is_printed_with_its_documented_fields(tmp_path: Path) -> None:
    printed = repr(lerobot.episode(lerobot_v2(tmp_path / "dataset", cameras=()), 2))
    assert re.findall(r"[(\s](\w+)=", printed) == ["folder", "index", "length", "seconds", "tasks", "success"]


def test_the_list_changes_with_the_dataset(tmp_path: Path) -> None:
    dataset = lerobot_v2(tmp_path / "dataset", cameras=())
    assert len(lerobot.episodes(dataset)) == 3
    with (dataset / "meta" / "episodes.jsonl").open("a") as file:
        file.write(json.dumps({"episode_index": 7, "length": 20}))
    assert [(each.index, each.tasks) for each in lerobot.episodes(dataset)][-1] == (7, ())


def test_missing_metadata_is_none(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    write(dataset / "meta" / "info.json", '{"features": [], "fps": "ten"}')
    lines = ['{"episode_index": 2, "length": "long", "tasks": [null, "go"]}', "{", "[]", '{"episode_index": -1}']
    write(dataset / "meta" / "episodes.jsonl", "\n".join([*lines, '{"episode_index": 0, "success": true}']))
    first, second = lerobot.episodes(dataset)
    assert (first.index, first.length, first.seconds, first.tasks, first.success) == (0, None, None, (), True)
    assert (second.index, second.length, second.tasks, second.success) == (2, None, ("go",), None)


@pytest.mark.parametrize("number", [10**400, 2**63, float("inf"), float("nan"), True, 0, -1])
def test_impossible_numbers_count_as_missing(number: Any, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    write(dataset / "meta" / "info.json", json.dumps({"fps": number, "chunks_size": number}))
    entries = [{"episode_index": 0, "length": 10}, {"episode_index": 1, "length": number}, {"episode_index": number}]
    write(dataset / "meta" / "episodes.jsonl", "\n".join(map(json.dumps, entries)))
    found = lerobot.episodes(dataset)
    assert [each.index for each in found][-1] == 1
    assert found[-1].length in (None, 0)
    assert not [each.seconds for each in found if each.seconds is not None and each.seconds > 0 and number != 2**63]


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "nowhere/x.parquet", "meta"])
def test_a_file_that_cannot_exist_is_not_a_file_of_the_episode(name: str, tmp_path: Path) -> None:
    dataset = lerobot_v2(tmp_path / "dataset", cameras=())
    info = json.loads((dataset / "meta" / "info.json").read_text())
    write(dataset / "meta" / "info.json", json.dumps({**info, "data_path": name}))
    assert set(episode_files(dataset, 1)) == {f"meta/{path.name}" for path in (dataset / "meta").iterdir()}


@pytest.mark.parametrize("name", ["/etc/passwd", "\\etc\\passwd", "C:x", "../x", "a\\..\\x", "a/.hidden", "./x"])
def test_a_dataset_that_names_a_file_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    dataset = lerobot_v3(tmp_path / "dataset", cameras=())
    info = json.loads((dataset / "meta" / "info.json").read_text())
    write(dataset / "meta" / "info.json", json.dumps({**info, "data_path": name}))
    with pytest.raises(NotARecordingError, match="which is not in its folder"):
        episode_files(dataset, 1)


@VERSIONS
def test_an_episode_has_its_own_files(make: Make, tmp_path: Path) -> None:
    files = episode_files(make(tmp_path / "dataset", episodes=4), 3)
    data = {name for name in files if not name.startswith("meta/")}
    if make is lerobot_v2:
        videos = {f"videos/chunk-000/{camera}/episode_000003.mp4" for camera in CAMERAS}
        assert data == {"data/chunk-000/episode_000003.parquet", *videos}
    else:
        assert data == {
            "data/chunk-000/file-000.parquet",
            *(f"videos/{camera}/chunk-000/file-000.mp4" for camera in CAMERAS),
        }
    assert all(files[name] == tmp_path / "dataset" / name for name in files)


@pytest.mark.parametrize("folder", [3, None, b"x", ["x"], "~nobody-of-this-name/x"])
def test_a_path_that_is_not_a_folder_is_refused(folder: Any) -> None:
    for call in (lerobot.episodes, lambda given: lerobot.episode(given, 0)):
        with pytest.raises((ParameterError, NotARecordingError), match="Expected the folder of a LeRobot dataset"):
            call(folder)


def test_a_damaged_meta_file_hides_only_its_own_episodes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    dataset = lerobot_v3(tmp_path / "dataset", cameras=())
    write(dataset / "meta" / "episodes" / "chunk-000" / "file-001.parquet", b"PAR1")
    assert len(lerobot.episodes(dataset)) == 3
    assert "file-001.parquet" in capfd.readouterr().err


@pytest.mark.parametrize(("info", "words"), [(None, "no readable"), ("[]", "not a JSON object"), ("{}", "list none")])
def test_a_folder_without_episodes_is_refused_with_the_reason(info: str | None, words: str, tmp_path: Path) -> None:
    if info is not None:
        write(tmp_path / "dataset" / "meta" / "info.json", info)
    with pytest.raises(NotARecordingError, match=f"'dataset'.*{words}") as caught:
        lerobot.episodes(tmp_path / "dataset")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    "info",
    ["[" * 100_000, '{"features":' * 100_000, '{"fps": 1' + "0" * 400 + "}", '{"fps": NaN}', "{}" + " " * 5_000_000],
)
def test_any_info_is_read_or_refused(info: str, tmp_path: Path) -> None:
    folder = lerobot_v2(tmp_path / "dataset", episodes=1, cameras=())
    write(folder / "meta" / "info.json", info)
    if info.startswith('{"fps"'):
        assert lerobot.episodes(folder)[0].seconds is None
    else:
        with pytest.raises(NotARecordingError, match="is not a JSON object"):
            lerobot.episodes(folder)


def test_numbers_that_no_episode_has_are_left_out(tmp_path: Path) -> None:
    folder = lerobot_v2(tmp_path / "dataset", episodes=1, cameras=())
    big = "1" + "0" * 400
    lines = f'{{"episode_index": {big}}}\n{{"episode_index": 7, "length": {big}, "tasks": {"[" * 99_999}\n{{"episode_index": 8, "length": {big}}}'
    write(folder / "meta" / "episodes.jsonl", lines)
    assert [(each.index, each.length) for each in lerobot.episodes(folder)] == [(8, None)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
@pytest.mark.parametrize("name", ["info.json", "episodes.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_pipe_or_a_device_is_not_read(kind: str, name: str, tmp_path: Path) -> None:
    file = lerobot_v2(tmp_path / "dataset", episodes=1, cameras=()) / "meta" / name
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    with pytest.raises(NotARecordingError):
        lerobot.episodes(tmp_path / "dataset")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_small_list_of_episodes_that_needs_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lerobot_v3(tmp_path / "dataset", episodes=1, cameras=())
    (file,) = (folder / "meta" / "episodes").rglob("*.parquet")
    task = pa.DictionaryArray.from_arrays(pa.array([0] * 400_000), pa.array(["task" * 500]))
    pq.write_table(pa.table({"episode_index": pa.array(range(400_000)), "tasks": task}), file)
    assert file.stat().st_size < 2_000_000
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_MEMORY", "500mb")
    with pytest.raises(RecordingError, match="more about episodes than this app allows"):
        lerobot.episodes(folder)
    pq.write_table(pa.table({"episode_index": pa.array(range(100_000)), "tasks": ["task" * 500] * 100_000}), file)
    assert file.stat().st_size < 2_000_000
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_MEMORY", "200mb")
    with pytest.raises(RecordingError, match=r"more than this app allows, [\d,]+ bytes of memory"):
        lerobot.episodes(folder)


def test_an_episode_that_does_not_exist_is_refused(tmp_path: Path, cache: Path) -> None:
    dataset = lerobot_v2(tmp_path / "dataset", cameras=())
    for wrong in (3, -1):
        with pytest.raises(NotARecordingError, match=f"from 0 to 2 of 'dataset', got {wrong}"):
            lerobot.episode(dataset, wrong)
    with pytest.raises(ParameterError, match="to be an integer, got float"):
        lerobot.episode(dataset, 1.0)  # type: ignore[arg-type]


def conversions(processes: list[subprocess.Popen[bytes]]) -> list[Any]:
    return [each for each in processes if "convert_episode.py" in str(each.args)]


@EPISODES
@VERSIONS
def test_the_viewer_gets_one_episode_with_its_videos_and_no_other_is_read(
    make: Make, tmp_path: Path, cache: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    dataset = make(tmp_path / "my dataset")
    for other in dataset.rglob("*_000000.*"):  # v2: v3 has several episodes in a file
        other.write_bytes(b"damaged")
    path = shown([lerobot.episode(dataset, 1)], cache)
    found = contents(path)
    assert (found["application"], found["recording"]) == ("my_dataset", "episode_1")
    for entity in ("/observation.state", "/action", *(f"/{camera}" for camera in CAMERAS)):
        assert found["rows"][entity] == 10, entity
        assert found["chunks"][entity] <= 3, "the viewer needs a second for some two hundred chunks"
    assert found["text"] == ""
    # Only once, until the dataset changes.
    assert len(conversions(processes)) == 1
    assert shown(lerobot.episode(dataset, 1), cache) == path
    assert len(conversions(processes)) == 1
    os.utime(next((dataset / "data").rglob("*1.parquet" if make is lerobot_v2 else "*.parquet")))
    assert shown(lerobot.episode(dataset, 1), cache) != path


@EPISODES
def test_a_video_that_cannot_be_read_is_left_out_and_the_page_says_so(
    tmp_path: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    dataset = lerobot_v3(tmp_path / "dataset")
    info = (dataset / "meta" / "info.json").read_bytes()
    write(dataset / "videos" / CAMERAS[1] / "chunk-000" / "file-000.mp4", b"damaged")
    path = shown(lerobot.episode(dataset, 1), cache)
    rows, text = contents(path)["rows"], contents(path)["text"]
    assert rows[f"/{CAMERAS[0]}"] == 10
    assert f"/{CAMERAS[1]}" not in rows
    assert "The video of **wrist** cannot be read. rerun-sdk says: Failed to read video" in text
    assert "ffmpeg" not in text
    assert "chunk-000" not in text
    assert CAMERAS[1] in capfd.readouterr().err
    assert (dataset / "meta" / "info.json").read_bytes() == info


@EPISODES
def test_a_video_that_needs_ffmpeg_is_left_out_with_what_to_install(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    dataset = lerobot_v3(tmp_path / "dataset", cameras=CAMERAS[:1])
    shutil.copy(b_frames(), dataset / "videos" / CAMERAS[0] / "chunk-000" / "file-000.mp4")
    text = contents(shown(lerobot.episode(dataset, 1), cache))["text"]
    assert "To show **top**, rerun-sdk needs **ffmpeg**" in text
    assert "apt install ffmpeg" in text


@EPISODES
@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
@pytest.mark.parametrize("has_ffmpeg", [True, False])
@pytest.mark.parametrize(("start", "is_known"), [(b"", True), (b"\0\0\0\x08free", False)], ids=["mp4", "another start"])
def test_ffmpeg_gets_no_file_that_it_could_take_for_another_format(
    start: bytes,
    is_known: bool,
    has_ffmpeg: bool,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """ffmpeg chooses the format by the content, and opens the files that a playlist names."""
    program = write(
        tmp_path / "bin" / "ffmpeg",
        f'#!/bin/sh\necho "$@" >> {tmp_path}/run\necho "ffmpeg version 6.1.1 Copyright"\necho " V....D libx264 H.264"',
    )
    program.chmod(0o755)
    if not has_ffmpeg:
        program.unlink()
    monkeypatch.setenv("PATH", str(program.parent))
    dataset = lerobot_v3(tmp_path / "dataset", cameras=CAMERAS[:1])
    video = dataset / "videos" / CAMERAS[0] / "chunk-000" / "file-000.mp4"
    video.unlink()
    video.write_bytes(start + b_frames().read_bytes())
    text = str(contents(shown(lerobot.episode(dataset, 1), cache))["text"])
    run = (tmp_path / "run").read_text() if (tmp_path / "run").exists() else ""
    assert ("-i dataset/videos" in run) == (is_known and has_ffmpeg)
    # The viewer and the log advise to install ffmpeg only if this helps.
    said = text + capfd.readouterr().err
    assert ("nstall ffmpeg" in said) == (is_known and not has_ffmpeg)
    assert ("Couldn't find an installation" in said) == (is_known and not has_ffmpeg)
    because = "not run on this episode, because videos/observation.images.top/chunk-000/file-000.mp4 does not start"
    assert (because in text) == (because in said.removeprefix(text)) == (not is_known)
    assert ("The video of **top** cannot be read. rerun-sdk says: " in text) == (is_known and has_ffmpeg)


@EPISODES
@pytest.mark.skipif(sys.platform != "linux", reason="the program is a shell script, and /proc says whether it runs")
@pytest.mark.parametrize("end", ["unwanted", "crash", "death of the app"])
def test_a_program_that_a_conversion_has_started_ends_with_it(
    end: str,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    started = tmp_path / "started"
    program = write(
        tmp_path / "bin" / "ffmpeg",
        f"""#!/bin/sh
case "$*" in *"-i "*) echo $$ > {started}.part; mv {started}.part {started}; exec sleep 600;; esac
echo "ffmpeg version 6.1.1 Copyright"
echo " V....D libx264 H.264"
""",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    dataset = lerobot_v3(tmp_path / "dataset", cameras=CAMERAS[:1])
    video = dataset / "videos" / CAMERAS[0] / "chunk-000" / "file-000.mp4"
    video.unlink()
    shutil.copy(b_frames(), video)
    episode, work = lerobot.episode(dataset, 1), threads.Work()

    def convert() -> None:
        threads._current.set(work)
        with suppress(RecordingError):
            shown(episode, cache)

    thread = threading.Thread(target=convert)
    thread.start()
    wait_until(started.exists)
    if end == "unwanted":
        work.give_up()
    elif end == "crash":
        processes[-1].kill()
    else:
        assert processes[-1].stdin
        processes[-1].stdin.close()
    state = Path("/proc", started.read_text().strip(), "stat")
    wait_until(lambda: not state.exists() or ") Z " in state.read_text())
    thread.join()


@EPISODES
@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
def test_a_program_beside_a_dataset_is_not_run(tmp_path: Path, cache: Path) -> None:
    """A user's archive may have a program beside the dataset, with the name of one that the SDK runs."""
    program = write(tmp_path / "ffmpeg", f"#!/bin/sh\necho > {tmp_path}/run\n")
    program.chmod(0o755)
    dataset = lerobot_v3(tmp_path / "dataset", cameras=CAMERAS[:1])
    video = dataset / "videos" / CAMERAS[0] / "chunk-000" / "file-000.mp4"
    video.unlink()
    shutil.copy(b_frames(), video)
    shown(dataset, cache)
    video.write_bytes(b"\0\0\0\x08free" + b_frames().read_bytes())
    shown(lerobot.episode(dataset, 1), cache)
    assert not (tmp_path / "run").exists()


def b_frames() -> Path:
    """A video from Gradio's package, in H.264 with B-frames."""
    path = Path(gr.__file__).parent / "media_assets" / "videos" / "b.mp4"
    if not path.is_file():
        pytest.skip("this Gradio brings no such video")
    return path


@EPISODES
def test_an_episode_that_the_sdk_cannot_read_is_refused_with_its_reason(tmp_path: Path, cache: Path) -> None:
    dataset = lerobot_v2(tmp_path / "dataset", cameras=())
    (dataset / "data" / "chunk-000" / "episode_000001.parquet").unlink()
    with pytest.raises(NotARecordingError, match=r"'dataset' cannot be .*: rerun-sdk .* says: ") as caught:
        shown(lerobot.episode(dataset, 1), cache)
    assert str(tmp_path) not in str(caught.value)
    assert not list(cache.glob("**/*.*"))


def test_an_sdk_that_reads_only_whole_datasets_is_named(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = lerobot_v2(tmp_path / "dataset", cameras=())
    monkeypatch.setattr(sdk, "knows_episodes", lambda: False)
    with pytest.raises(SdkError, match=r"needs rerun-sdk 0\.39 or newer, and this app has "):
        shown(lerobot.episode(dataset, 1), cache)


@EPISODES
def test_a_prepared_episode_opens_without_a_process_and_is_deleted_with_the_app_s_files(
    tmp_path: Path, processes: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    episode = lerobot.episode(lerobot_v2(tmp_path / "dataset", cameras=()), 1)
    with gr.Blocks() as demo:
        viewer = Rerun()
    token = LocalContext.blocks.set(demo)
    try:
        episode.prepare()
    finally:
        LocalContext.blocks.reset(token)
    assert len(processes) == 1
    path = shown(episode, Path(viewer.GRADIO_CACHE))
    assert len(processes) == 1
    assert any(str(path) in files for files in demo.temp_file_sets)


def launched_by_command(dataset: str, monkeypatch: pytest.MonkeyPatch) -> tuple[gr.Blocks, dict[str, Any]]:
    """The app that the command launches for a dataset, and the options of the launch."""
    launched: list[tuple[gr.Blocks, dict[str, Any]]] = []
    monkeypatch.setattr(gr.Blocks, "launch", lambda self, **options: launched.append((self, options)))
    cli.main([dataset, "--no-browser"])
    ((app, options),) = launched
    return app, options


@EPISODES
def test_the_command_shows_the_folder_of_a_dataset_as_a_table_of_its_episodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, options = launched_by_command(str(lerobot_v2(tmp_path / "dataset", cameras=())), monkeypatch)
    (table,) = (block for block in page.blocks.values() if isinstance(block, gr.Dataframe))
    assert table.headers == ["Episode", "Seconds", "Task", "Success"]
    assert table.value["data"][1] == [1, 1.0, TASKS[1], "yes"]
    assert options["allowed_paths"] == [str(tmp_path / "dataset")]


@EPISODES
def test_a_link_in_a_dataset_lets_nobody_fetch_the_files_beside_its_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = lerobot_v2(tmp_path / "cache" / "snapshots" / "0a1b", cameras=())
    info = write(tmp_path / "home" / "info.json", (dataset / "meta" / "info.json").read_text())
    (dataset / "meta" / "info.json").unlink()
    (dataset / "meta" / "info.json").symlink_to(info)
    blobs = tmp_path / "cache" / "blobs"
    blobs.symlink_to(tmp_path / "home")
    assert launched_by_command(str(dataset), monkeypatch)[1]["allowed_paths"] == [str(dataset)]
    blobs.unlink()
    blobs.mkdir()
    assert launched_by_command(str(dataset), monkeypatch)[1]["allowed_paths"] == [str(dataset), str(blobs)]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebFiles]:
    """A stand-in for the Hugging Face Hub with the dataset us/pick, and an empty cache of the Hub's files."""
    folder = lerobot_v3(tmp_path / "on the hub", cameras=())
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with web_files() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        for name, content in files.items():
            server.files[f"/datasets/us/pick/resolve/main/{name}"] = content
        api, siblings = "/api/datasets/us/pick", [{"rfilename": name} for name in files]
        info = json.dumps({"id": "us/pick", "sha": server.commit, "siblings": siblings}).encode()
        for revision in ("", "/revision/main", f"/revision/{server.commit}"):
            server.files[api + revision] = info
        tree = [{"type": "file", "path": name, "size": len(each), "oid": "0" * 40} for name, each in files.items()]
        server.files[f"{api}/tree/{server.commit}"] = json.dumps(tree).encode()
        meta = [each for each in tree if str(each["path"]).startswith("meta/")]
        server.files[f"{api}/tree/{server.commit}/meta"] = json.dumps(meta).encode()
        yield server


@EPISODES
def test_an_episode_of_the_hub_is_fetched_with_its_files_only(hub: WebFiles, cache: Path) -> None:
    found = lerobot.episodes("hf://datasets/us/pick")
    assert [each.index for each in found] == [0, 1, 2]
    assert not [path for path in hub.bodies if "/data/" in path]
    recording = contents(shown(found[1], cache))
    assert (recording["application"], recording["recording"]) == ("pick", "episode_1")
    assert [path for path in hub.bodies if "/data/" in path] == [
        f"/datasets/us/pick/resolve/{hub.commit}/data/chunk-000/file-000.parquet"
    ]
    assert {token for _, _, token in hub.requests} == {f"Bearer {TOKEN}"}
    shown(found[1], cache)
    assert len([path for path in hub.bodies if "/data/" in path]) == 1


@EPISODES
def test_a_function_gets_public_datasets_of_the_hub_only(hub: WebFiles) -> None:
    assert len(in_event(lambda: lerobot.episodes("hf://datasets/us/pick"))) == 3
    assert {token for _, _, token in hub.requests} == {""}
    hub.private |= set(hub.files)
    with pytest.raises(RecordingError, match="us/pick"):  # although it is in the cache
        in_event(lambda: lerobot.episodes("hf://datasets/us/pick"))
    assert len(lerobot.episodes("hf://datasets/us/pick@main")) == 3  # outside functions, where the app is built


@EPISODES
def test_a_function_fetches_no_dataset_of_any_size(hub: WebFiles, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user may have chosen it."""
    meta = 100_000 * sum("/resolve/main/meta/" in name for name in hub.files)
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SIZE", str(meta - 1))
    with pytest.raises(RecordingError, match=f"'us/pick' could not be .* {meta - 1:,} bytes of files of the Hub"):
        in_event(lambda: lerobot.episodes("hf://datasets/us/pick"))
    assert not [path for path in hub.bodies if "/resolve/" in path]
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SIZE", str(meta))
    episode, *_ = in_event(lambda: lerobot.episodes("hf://datasets/us/pick"))
    monkeypatch.setattr(hub_dataset, "_LEAST", 8 * meta + 1)
    with pytest.raises(RecordingError, match=f"'pick' could not be .* {8 * meta:,} bytes of files of the Hub"):
        shown(episode, cache)
    monkeypatch.setattr(hub_dataset, "_LEAST", 8 * meta)
    shown(episode, cache)


@pytest.mark.parametrize(
    "url", ["hf://datasets/us", "hf://datasets/us/pick/run.rrd", "hf://us/model", "hf://datasets/us/.."]
)
def test_a_url_that_is_not_a_dataset_of_the_hub_is_named(url: str) -> None:
    with pytest.raises((ParameterError, RecordingError), match=r"hf://datasets/lerobot/pusht|could not be fetched"):
        lerobot.episodes(url)


@EPISODES
def test_the_command_shows_a_dataset_of_the_hub_as_a_table_of_its_episodes(
    hub: WebFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, options = launched_by_command("hf://datasets/us/pick/", monkeypatch)
    assert (page.title, options["allowed_paths"]) == ("pick", [])
