"""The threads that rerun-sdk keeps for RecordingStreams without references."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
import rerun as rr
from app_process import wait_until
from needs import needs
from recordings import log_points

from gradio_rerun._recordings import orphans
from gradio_rerun._recordings.values import to_recordings


def threads_of_streams() -> int:
    names = Counter(each.read_text().strip() for each in Path("/proc/self/task").glob("*/comm"))
    return names["RecordingStream"]


@needs((0, 28))
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux does")
def test_recordings_that_functions_have_returned_leave_no_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "SWEEP_EVERY", 0.05)

    def returned() -> rr.RecordingStream:
        recording = rr.RecordingStream("my_app")
        log_points(recording)
        return recording

    def saved(number: int) -> Path:
        recording = rr.RecordingStream("my_app")
        recording.save(tmp_path / f"{number}.rrd")
        log_points(recording)
        recording.flush()
        return tmp_path / f"{number}.rrd"

    kept = returned()
    to_recordings(kept, tmp_path)
    wait_until(lambda: orphans._sweeper is None)  # also those of other tests have ended
    before = threads_of_streams()
    for number in range(5):
        to_recordings(returned(), tmp_path)
        to_recordings(str(saved(number)), tmp_path)
    wait_until(lambda: threads_of_streams() <= before, seconds=30)
    log_points(kept)
    (file,) = to_recordings(kept, tmp_path)
    assert Path(file.path).stat().st_size > 0  # type: ignore[union-attr]


def test_a_sdk_that_keeps_the_servers_of_such_recordings_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rerun_bindings", ModuleType("rerun_bindings"))
    wait_until(lambda: orphans._sweeper is None)
    orphans.end_orphans()
    assert orphans._sweeper is None
