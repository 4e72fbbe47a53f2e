"""The threads that rerun-sdk keeps of RecordingStreams that no code holds any more."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import rerun as rr
from app_process import wait_until
from needs import needs
from recordings import log_points

from gradio_rerun._recordings import orphans
from gradio_rerun._recordings.values import to_recordings


@pytest.fixture(autouse=True)
def no_global_recording() -> Iterator[None]:
    """Puts rerun's global recording back, which programs of other tests have left."""
    before = rr.get_global_data_recording()
    rr.set_global_data_recording(None)
    yield
    rr.set_global_data_recording(before)


def logged() -> rr.RecordingStream:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    return recording


def threads_of_streams() -> int:
    names = Counter(each.read_text().strip() for each in Path("/proc/self/task").glob("*/comm"))
    return names["RecordingStream"]


@needs((0, 28))
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux does")
def test_recordings_that_functions_have_returned_leave_no_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "SWEEP_EVERY", 0.05)

    def saved(number: int) -> Path:
        recording = rr.RecordingStream("my_app")
        recording.save(tmp_path / f"{number}.rrd")
        log_points(recording)
        recording.flush()
        return tmp_path / f"{number}.rrd"

    kept = logged()
    to_recordings(kept, tmp_path)
    wait_until(lambda: orphans._sweeper is None)  # also those of other tests have ended
    before = threads_of_streams()
    for number in range(5):
        to_recordings(logged(), tmp_path)
        to_recordings(str(saved(number)), tmp_path)
    wait_until(lambda: threads_of_streams() <= before, seconds=30)
    log_points(kept)
    (file,) = to_recordings(kept, tmp_path)
    assert Path(file.path).stat().st_size > 0  # type: ignore[union-attr]


@needs((0, 28))
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux does")
def test_the_recording_of_rr_init_stays_while_the_threads_of_others_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "SWEEP_EVERY", 0.05)
    monkeypatch.setattr(orphans, "BESIDE_GLOBAL", 4)
    wait_until(lambda: orphans._sweeper is None)
    monkeypatch.setattr(orphans, "_values", 0)
    rr.init("script", recording_id="script")
    stream = rr.binary_stream()
    before = threads_of_streams()
    for values in (3, 3):  # few, and many
        for _ in range(values):
            to_recordings(logged(), tmp_path)
        wait_until(lambda: orphans._sweeper is None)
        current = rr.get_global_data_recording()
        assert current is not None
        assert current.get_recording_id() == "script"
        stream.read()
        rr.log("x", rr.Points2D([[1, 2]]))
        assert b"Points2D" in (stream.read() or b"")
    wait_until(lambda: threads_of_streams() <= before, seconds=30)


def test_a_recording_whose_viewer_is_away_does_not_end_the_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps = []

    def flush() -> None:
        sweeps.append(1)
        raise RuntimeError("gRPC has been unable to connect for 6s")

    bindings = ModuleType("rerun_bindings")
    bindings.__dict__.update(
        disconnect_orphaned_recordings=None,
        flush_and_cleanup_orphaned_recordings=flush,
        get_global_data_recording=lambda: None,
    )
    wait_until(lambda: orphans._sweeper is None)
    monkeypatch.setitem(sys.modules, "rerun_bindings", bindings)
    monkeypatch.setattr(orphans, "SWEEP_EVERY", 0.05)
    for count in (1, 2):
        orphans.end_orphans()
        wait_until(lambda count=count: len(sweeps) == count)  # type: ignore[misc]
        wait_until(lambda: orphans._sweeper is None)


def test_a_sdk_that_keeps_the_servers_of_such_recordings_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rerun_bindings", ModuleType("rerun_bindings"))
    wait_until(lambda: orphans._sweeper is None)
    orphans.end_orphans()
    assert orphans._sweeper is None
