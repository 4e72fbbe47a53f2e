"""What the meta files of LeRobot datasets say: which episodes there are, and in which files."""

from __future__ import annotations

import itertools
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from other_files import write

from gradio_rerun import lerobot
from gradio_rerun._checks import read_json
from gradio_rerun._recordings import lerobot_meta
from gradio_rerun._recordings.lerobot_files import episode_files, files_of
from gradio_rerun._recordings.lerobot_meta import Row, read_rows
from gradio_rerun._recordings.looked_up import size_of
from gradio_rerun.errors import NotARecordingError, RecordingError

VIDEOS = {"camera": {"dtype": "video"}, "state": {"dtype": "float32"}}


def v2(folder: Path, *episodes: Any, info: dict[str, Any] | None = None, stats: tuple[Any, ...] = ()) -> Path:
    """A dataset of version 2 that consists of meta files only."""
    write(folder / "meta" / "info.json", json.dumps(info or {}))
    write(folder / "meta" / "episodes.jsonl", "\n".join(map(json.dumps, episodes)))
    if stats:
        write(folder / "meta" / "episodes_stats.jsonl", "\n".join(map(json.dumps, stats)))
    return folder


def v3(folder: Path, *tables: dict[str, list[Any]], info: dict[str, Any] | None = None) -> Path:
    """A dataset of version 3 that consists of meta files only, with one file of episodes for each table."""
    write(folder / "meta" / "info.json", json.dumps(info or {}))
    (folder / "meta" / "episodes" / "chunk-000").mkdir(parents=True)
    for number, table in enumerate(tables):
        pq.write_table(pa.table(table), folder / "meta" / "episodes" / "chunk-000" / f"file-{number:03d}.parquet")
    return folder


def test_without_paths_in_info_the_files_of_version_2_are_where_lerobot_puts_them(tmp_path: Path) -> None:
    folder = v2(tmp_path / "dataset", {"episode_index": 1234}, info={"features": VIDEOS, "chunks_size": 1000})
    assert files_of(folder, 1234) == [
        "data/chunk-001/episode_001234.parquet",
        "videos/chunk-001/camera/episode_001234.mp4",
    ]


def test_without_paths_in_info_the_files_of_version_3_are_where_lerobot_puts_them(tmp_path: Path) -> None:
    places = {
        "data/chunk_index": [0, 1],
        "data/file_index": [0, 12],
        "videos/camera/chunk_index": [0, 2],
        "videos/camera/file_index": [0, 34],
    }
    folder = v3(tmp_path / "dataset", {"episode_index": [0, 1], **places}, info={"features": VIDEOS})
    assert files_of(folder, 0) == ["data/chunk-000/file-000.parquet", "videos/camera/chunk-000/file-000.mp4"]
    assert files_of(folder, 1) == ["data/chunk-001/file-012.parquet", "videos/camera/chunk-002/file-034.mp4"]


@pytest.mark.parametrize("missing", ["data/chunk_index", "data/file_index"])
def test_without_a_place_of_its_data_an_episode_is_in_the_first_file(missing: str, tmp_path: Path) -> None:
    places = {"data/chunk_index": [3], "data/file_index": [4]}
    places[missing] = [-1]
    damaged = v3(tmp_path / "damaged", {"episode_index": [0], **places})
    del places[missing]
    incomplete = v3(tmp_path / "incomplete", {"episode_index": [0], **places})
    for folder in (damaged, incomplete):
        assert files_of(folder, 0) == ["data/chunk-000/file-000.parquet"]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{episode_chunk}/{episode_index:03d}", "2/025"),
        ("{episode_index:6d}", "000025"),
        ("{video_key}/{episode_index}", "data/25"),
        ("{chunk_index:03d}_{file_index}", "000_0"),
        ("{unknown:03d}/{0}/{episode_index!r}", "{unknown:03d}/{0}/{episode_index!r}"),
    ],
)
def test_a_path_in_info_is_filled_with_the_numbers_of_the_episode(template: str, name: str, tmp_path: Path) -> None:
    info = {"data_path": template, "chunks_size": 10}
    assert files_of(v2(tmp_path / "dataset", {"episode_index": 25}, info=info), 25) == [name]


@pytest.mark.parametrize("size", [0, -10, "10", None, 10.5])
def test_with_a_chunk_size_that_is_none_all_episodes_are_in_the_first_chunk(size: Any, tmp_path: Path) -> None:
    folder = v2(tmp_path / "dataset", {"episode_index": 25}, info={"chunks_size": size})
    assert files_of(folder, 25) == ["data/chunk-000/episode_000025.parquet"]


def test_a_chunk_of_one_episode_is_a_chunk(tmp_path: Path) -> None:
    folder = v2(tmp_path / "dataset", {"episode_index": 25}, info={"chunks_size": 1})
    assert files_of(folder, 25) == ["data/chunk-025/episode_000025.parquet"]


@pytest.mark.parametrize(
    ("features", "cameras"), [([], 0), ({"camera": "video"}, 0), ({"camera": {"dtype": "image"}}, 0), (VIDEOS, 1)]
)
def test_only_features_with_a_video_have_a_file_of_their_own(features: Any, cameras: int, tmp_path: Path) -> None:
    assert len(files_of(v2(tmp_path / "dataset", {"episode_index": 0}, info={"features": features}), 0)) == 1 + cameras


def test_the_name_of_a_file_elsewhere_is_in_the_error_with_what_to_correct(tmp_path: Path) -> None:
    folder = v2(tmp_path / "dataset", {"episode_index": 0}, info={"data_path": "../{episode_index}"})
    with pytest.raises(NotARecordingError, match=r"'dataset' cannot .*'\.\./0', which .*Correct meta/info\.json\."):
        files_of(folder, 0)


@pytest.mark.parametrize(
    ("value", "success"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ([1.0], True),
        ([[False]], False),
        ([0, 1], None),
        ([], None),
        ("yes", None),
        (None, None),
        (math.nan, None),
    ],
)
def test_success_is_true_false_or_unknown(value: Any, success: bool | None, tmp_path: Path) -> None:
    stats = {"episode_index": 0, "stats": {"next.success": {"max": value}}}
    features = {"features": {"next.success": {"dtype": "bool"}}}
    says_so = v2(tmp_path / "one", {"episode_index": 0, "success": value})
    in_stats = v2(tmp_path / "two", {"episode_index": 0}, info=features, stats=(stats,))
    for folder in (says_so, in_stats):
        (episode,) = lerobot.episodes(folder)
        assert episode.success is success


def test_statistics_say_nothing_about_success_that_the_episode_itself_or_no_feature_says(tmp_path: Path) -> None:
    stats = tuple({"episode_index": i, "stats": {"next.success": {"max": [True]}}} for i in range(2))
    entries = [{"episode_index": 0, "success": False}, {"episode_index": 1}, {"episode_index": 2}]
    features = {"features": {"next.success": {"dtype": "bool"}}}
    with_feature = lerobot.episodes(v2(tmp_path / "one", *entries, info=features, stats=stats))
    assert [each.success for each in with_feature] == [False, True, None]
    without = lerobot.episodes(v2(tmp_path / "two", *entries, stats=stats))
    assert [each.success for each in without] == [False, None, None]


@pytest.mark.parametrize("stats", [None, [], {}, {"next.success": None}, {"next.success": {}}, {"next.success": 1}])
def test_statistics_without_the_success_leave_it_unknown(stats: Any, tmp_path: Path) -> None:
    features = {"features": {"next.success": {"dtype": "bool"}}}
    said = {"episode_index": 0, "stats": stats, "names": "next.success"}
    (episode,) = lerobot.episodes(v2(tmp_path / "dataset", {"episode_index": 0}, info=features, stats=(said,)))
    assert episode.success is None


@pytest.mark.parametrize(
    ("value", "tasks"), [("go", ("go",)), (["go", "come"], ("go", "come")), ([1, "go"], ("go",)), (1, ()), (None, ())]
)
def test_the_tasks_are_the_strings_among_what_the_dataset_says(
    value: Any, tasks: tuple[str, ...], tmp_path: Path
) -> None:
    (episode,) = lerobot.episodes(v2(tmp_path / "dataset", {"episode_index": 0, "tasks": value}))
    assert episode.tasks == tasks


def test_of_the_columns_of_version_3_any_may_be_missing(tmp_path: Path) -> None:
    assert read_rows(v3(tmp_path / "one", {"episode_index": [1, 0]})) == {i: Row(None, (), None) for i in range(2)}
    with pytest.raises(NotARecordingError, match="list none"):
        read_rows(v3(tmp_path / "two", {"length": [1, 2]}))


def test_episodes_of_version_3_have_what_the_columns_say(tmp_path: Path) -> None:
    one = {
        "episode_index": [4, None, 2],
        "length": [10, 20, None],
        "tasks": [["go"], ["come"], None],
        "success": [None, 1.0, 0.0],
        "stats/next.success/max": [[True], [True], [True]],
    }
    other = {"episode_index": [3], "stats/next.success/max": [[1.0]]}
    rows = read_rows(v3(tmp_path / "dataset", one, other))
    assert list(rows.items()) == [(2, Row(None, (), False)), (3, Row(None, (), True)), (4, Row(10, ("go",), None))]


def test_a_later_file_of_episodes_replaces_what_an_earlier_one_says(tmp_path: Path) -> None:
    tables = ({"episode_index": [0], "length": [length]} for length in (1, 2))
    assert read_rows(v3(tmp_path / "dataset", *tables))[0].length == 2


def test_more_episodes_than_a_file_may_list_are_not_shown_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lerobot_meta, "_MOST_EPISODES", 2)
    most, more = [{"episode_index": i} for i in range(2)], [{"episode_index": i} for i in range(3)]
    assert len(read_rows(v2(tmp_path / "v2", *most))) == 2
    assert len(read_rows(v3(tmp_path / "v3", {"episode_index": [0, 1]}))) == 2
    assert capfd.readouterr().err == ""
    for folder in (v2(tmp_path / "more v2", *more), v3(tmp_path / "more v3", {"episode_index": [0, 1, 2]})):
        with pytest.raises(NotARecordingError, match="list none"):
            read_rows(folder)
        assert "it lists more than 2 episodes" in capfd.readouterr().err


def test_a_dataset_without_a_list_of_episodes_says_nothing_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = v2(tmp_path / "dataset")
    (folder / "meta" / "episodes.jsonl").unlink()
    with pytest.raises(NotARecordingError, match=r"'dataset': .* v2 lists them in meta/episodes\.jsonl, v3 in meta/"):
        read_rows(folder)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a file that no process can read")
def test_a_list_of_episodes_that_cannot_be_read_is_named_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = v2(tmp_path / "dataset")
    (folder / "meta" / "episodes.jsonl").unlink()
    (folder / "meta" / "episodes.jsonl").symlink_to("/proc/self/mem")
    with pytest.raises(NotARecordingError, match="list none"):
        read_rows(folder)
    assert "episodes.jsonl' cannot be read: " in capfd.readouterr().err


@pytest.mark.parametrize(("fps", "seconds"), [(1, 10.0), (0.5, 20.0), (30, 10 / 30), ("30", None), (None, None)])
def test_the_duration_follows_from_the_length_and_the_frames_per_second(
    fps: Any, seconds: float | None, tmp_path: Path
) -> None:
    (episode,) = lerobot.episodes(v2(tmp_path / "dataset", {"episode_index": 0, "length": 10}, info={"fps": fps}))
    assert episode.seconds == seconds


def test_the_episodes_of_all_files_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lerobot_meta, "_MOST_EPISODES", 3)
    assert len(read_rows(v3(tmp_path / "few", {"episode_index": [0, 1]}, {"episode_index": [1, 2]}))) == 3
    folder = v3(tmp_path / "many", {"episode_index": [0, 1]}, {"episode_index": [2, 3]})
    with pytest.raises(NotARecordingError, match="with 3 episodes at most, got 'many', which lists more"):
        read_rows(folder)


def test_the_time_of_all_files_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "10")
    read: list[Path] = []
    clock = SimpleNamespace(monotonic=lambda: 6.0 * len(read))  # each file takes six seconds
    monkeypatch.setattr(lerobot_meta, "time", clock)

    def slow(path: Path) -> dict[int, Row]:
        read.append(path)
        return {len(read): Row(None, (), None)}

    monkeypatch.setattr(lerobot_meta, "_rows_in", slow)
    folder = v3(tmp_path / "dataset", *[{"episode_index": [0]}] * 9)
    with pytest.raises(RecordingError, match=r"'dataset' could not be converted.*10 s"):
        read_rows(folder)
    assert len(read) == 2


def test_a_half_letter_in_a_task_is_replaced(tmp_path: Path) -> None:
    """Gradio sends no page that has one."""
    assert read_rows(v2(tmp_path, {"episode_index": 0, "tasks": ["a\ud800"]}))[0].tasks == ("a\ufffd\ufffd\ufffd",)


def test_what_is_known_about_all_episodes_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task may have megabytes."""
    monkeypatch.setattr(lerobot_meta, "_MOST_MEMORY", 5000)
    few, many = ([{"episode_index": i, "tasks": ["x" * 1000]} for i in range(number)] for number in (3, 4))
    assert len(read_rows(v2(tmp_path / "v2", *few))) == 3
    with pytest.raises(NotARecordingError, match="its meta files list none"):
        read_rows(v2(tmp_path / "more v2", *many))
    with pytest.raises(
        NotARecordingError, match="with 5,000 bytes about its episodes at most, got 'more v3', which lists more"
    ):
        read_rows(v3(tmp_path / "more v3", *({"episode_index": [i], "tasks": [["x" * 1000]]} for i in range(4))))


def test_the_places_of_the_files_of_an_episode_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lerobot_meta, "_MOST_MEMORY", 1000)
    places = {f"{i}/{part}": [1] for i in range(8) for part in ("chunk_index", "file_index")}
    with pytest.raises(NotARecordingError, match="which lists more"):
        read_rows(v3(tmp_path / "dataset", {"episode_index": [0], **places}))


def test_episodes_that_are_listed_twice_count_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lerobot_meta, "_MOST_EPISODES", 2)
    with pytest.raises(NotARecordingError, match="its meta files list none"):
        read_rows(v2(tmp_path, *[{"episode_index": 0}] * 3))


def test_the_time_of_one_file_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "10")
    clock = SimpleNamespace(monotonic=itertools.count().__next__)
    monkeypatch.setattr(lerobot_meta, "time", clock)
    with pytest.raises(RecordingError, match=r"'episodes\.jsonl' could not be converted.*10 s"):
        read_rows(v2(tmp_path, *[{}] * 20))


def test_a_small_info_does_not_name_many_videos(tmp_path: Path) -> None:
    for number in (1000, 1001):
        info = {"features": {str(i): {"dtype": "video"} for i in range(number)}}
        folder = v2(tmp_path / str(number), {"episode_index": 0}, info=info)
        if number == 1000:
            assert len(files_of(folder, 0)) == 1001
        else:
            with pytest.raises(NotARecordingError, match="it has 1,001 videos, and an episode 1,000 at most"):
                files_of(folder, 0)


@pytest.mark.parametrize(
    "info",
    [
        {"data_path": "x" * 1_000_000},
        {"video_path": "{video_key}" * 300, "features": {"x" * 100: {"dtype": "video"}}},
        {"video_path": "{video_key}" * 90_000, "features": {"x" * 1_000_000: {"dtype": "video"}}},
    ],
)
def test_a_small_info_does_not_name_files_with_gigabytes_of_characters(info: dict[str, Any], tmp_path: Path) -> None:
    """Which could not exist."""
    folder = v2(tmp_path / "dataset", {"episode_index": 0}, info=info)
    assert files_of(folder, 0)[-1] == "x" * 5000
    assert len(episode_files(folder, 0)) == 2


def test_other_threads_run_while_the_episodes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python runs no other thread while it reads one JSON text, or pickles one object."""
    longest: list[int] = []

    def noted(text: Any) -> Any:
        longest.append(len(text))
        return read_json(text)

    monkeypatch.setattr(lerobot_meta, "read_json", noted)
    folder = v3(tmp_path, {"episode_index": list(range(5000)), "tasks": [["pick"]] * 5000})
    rows = read_rows(folder)
    assert list(rows) == list(range(5000))
    assert max(longest) < 5000
    asked: list[Row] = []
    monkeypatch.setattr(Row, "__sizeof__", lambda row: (asked.append(row), 300)[1])
    assert size_of(rows) > 5000 * 300
    assert asked == list(rows.values())


@pytest.mark.parametrize("parts", ["[]", "1", "{}"])
def test_a_text_of_many_parts_is_not_read(parts: str, tmp_path: Path) -> None:
    many = f"[{','.join([parts] * 100_000)}]"
    write(tmp_path / "meta" / "info.json", f'{{"features": {many}}}')
    with pytest.raises(NotARecordingError, match="is not a JSON object"):
        read_rows(tmp_path)
    v2(tmp_path, {"episode_index": 7})
    file = tmp_path / "meta" / "episodes.jsonl"
    file.write_text(f'{{"episode_index": 3, "x": {many}}}\n{file.read_text()}')
    assert list(read_rows(tmp_path)) == [7]
