from __future__ import annotations

import gc
from pathlib import Path

import pytest
import rerun as rr
from recordings import log_points

from gradio_rerun import drains
from gradio_rerun.drains import drained


def test_a_drain_has_all_that_was_logged_so_far() -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    with drained(recording) as drain:
        first = drain.size
    log_points(recording)
    with drained(recording) as drain:
        assert drain.size > 1.5 * first
        drain.log.seek(0)
        assert len(drain.log.read()) == drain.size


def test_the_file_of_a_recording_stays_and_grows(tmp_path: Path) -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    with drained(recording) as drain:
        path = drain.growing(tmp_path, "my_app.rrd", None).path
        before = path.read_bytes()
    log_points(recording)
    with drained(recording) as drain:
        assert drain.growing(tmp_path, "my_app.rrd", None).path == path
    assert path.read_bytes().startswith(before)
    assert path.stat().st_size == drain.size


def test_a_file_that_was_deleted_is_written_anew_as_a_whole(tmp_path: Path) -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    with drained(recording) as drain:
        path = drain.growing(tmp_path, "my_app.rrd", None).path
        before = path.read_bytes()
        path.unlink()
        again = drain.growing(tmp_path, "my_app.rrd", None).path
    assert again != path
    assert again.read_bytes() == before


@pytest.mark.parametrize("kind", ["recording", "binary stream"])
def test_what_is_drained_is_not_kept_alive(kind: str, tmp_path: Path) -> None:
    source = rr.RecordingStream("my_app")
    log_points(source)
    if kind == "binary stream":
        source = source.binary_stream()
    with drained(source) as drain:
        drain.growing(tmp_path, "x.rrd", None)
    del source, drain
    gc.collect()
    assert len(drains._drains) == 0
