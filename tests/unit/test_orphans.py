"""The threads that rerun-sdk keeps for RecordingStreams without references."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import wraps
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rerun as rr
import rerun.blueprint as rrb
from needs import needs
from recordings import log_points
from waiting import wait_until

from gradio_rerun._recordings import orphans
from gradio_rerun._recordings.blueprints import blueprint_bytes
from gradio_rerun._recordings.values import to_recordings

pytestmark = [
    needs((0, 28)),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads as Linux does"),
]


@pytest.fixture(scope="module")
def in_own_process() -> Iterator[Callable[..., None]]:
    """Calls a function in a process without the recordings of other tests."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _sweep_soon) as process:
        process.submit(int).result()  # it has imported all, which takes a minute on a busy machine
        try:
            yield lambda *call: process.submit(*call).result(60)
        finally:
            for each in multiprocessing.active_children():  # one that has stopped would never end
                each.kill()


def _sweep_soon() -> None:
    orphans.QUIET = 0.05


def logged() -> rr.RecordingStream:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    return recording


def threads_of_streams() -> int:
    return sum(_name(each) == "RecordingStream" for each in Path("/proc/self/task").glob("*/comm"))


def _name(thread: Path) -> str:
    with suppress(OSError):  # it has ended
        return thread.read_text().strip()
    return ""


def test_recordings_that_functions_have_returned_leave_no_threads(
    in_own_process: Callable[..., None], tmp_path: Path
) -> None:
    in_own_process(_returned_recordings_leave_no_threads, tmp_path)


def _returned_recordings_leave_no_threads(folder: Path) -> None:
    def saved(number: int) -> Path:
        recording = rr.RecordingStream("my_app")
        recording.save(folder / f"{number}.rrd")
        log_points(recording)
        recording.flush()
        return folder / f"{number}.rrd"

    for number in range(5):
        to_recordings(logged(), folder)
        to_recordings(str(saved(number)), folder)
    assert threads_of_streams() > 0
    wait_until(lambda: threads_of_streams() == 0, seconds=30)


def test_a_recording_that_nobody_holds_makes_no_call_of_the_sdk_fail() -> None:
    def flush_and_cleanup_orphaned_recordings() -> None:
        raise RuntimeError("gRPC server thread shut down")

    def new_recording() -> None:
        raise RuntimeError("no memory")

    orphans._guarded(flush_and_cleanup_orphaned_recordings)()
    with pytest.raises(RuntimeError, match="no memory"):
        orphans._guarded(new_recording)()


def test_threads_stay_as_long_as_a_recording_can_be_logged_to(
    in_own_process: Callable[..., None], tmp_path: Path
) -> None:
    in_own_process(_threads_stay_beside_a_recording, tmp_path)


def _threads_stay_beside_a_recording(folder: Path) -> None:
    kept = logged()
    file = to_recordings(logged(), folder)
    wait_until(lambda: orphans._sweeper is None)
    assert threads_of_streams() == 2
    log_points(kept)
    del kept
    to_recordings(file, folder)
    wait_until(lambda: threads_of_streams() == 0, seconds=30)


def test_an_app_that_is_never_quiet_keeps_a_bounded_number_of_threads(
    in_own_process: Callable[..., None], tmp_path: Path
) -> None:
    in_own_process(_a_busy_app_keeps_few_threads, tmp_path)


def _a_busy_app_keeps_few_threads(folder: Path) -> None:
    many, orphans.MANY = orphans.MANY, 20
    kept = logged()
    for number in range(100):
        to_recordings(logged(), folder)
        time.sleep(0.01)  # functions return values more often than every `QUIET` seconds
        log_points(kept)
        assert threads_of_streams() < 90, f"after {number} recordings"
    assert len(to_recordings(kept, folder)) == 1
    orphans.MANY = many


def test_blueprints_leave_no_threads(in_own_process: Callable[..., None], tmp_path: Path) -> None:
    in_own_process(_blueprints_leave_no_threads, tmp_path)


def _blueprints_leave_no_threads(folder: Path) -> None:
    blueprint = rrb.Blueprint(rrb.Spatial3DView())
    for _ in range(5):
        to_recordings(logged(), folder)
        recording = logged()
        recording.send_blueprint(blueprint)
        to_recordings(recording, folder)
        del recording
        blueprint_bytes(blueprint, "my_app")
    wait_until(lambda: threads_of_streams() == 0, seconds=30)
    for _ in range(5):  # an app that returns commands only
        blueprint_bytes(blueprint, "my_app")
    wait_until(lambda: threads_of_streams() == 0, seconds=30)


def test_a_reload_of_the_modules_while_recordings_are_freed_ends_nothing(
    in_own_process: Callable[..., None], tmp_path: Path
) -> None:
    in_own_process(_a_reload_ends_nothing, tmp_path)


def _a_reload_ends_nothing(folder: Path) -> None:
    rerun = sys.modules.pop("rerun")
    orphans.end_orphans()
    wait_until(lambda: orphans._sweeper is None)
    sys.modules["rerun"] = rerun
    to_recordings(logged(), folder)
    wait_until(lambda: threads_of_streams() == 0, seconds=30)


def test_the_recording_of_rr_init_stays(in_own_process: Callable[..., None], tmp_path: Path) -> None:
    in_own_process(_the_recording_of_rr_init_stays, tmp_path)


def _the_recording_of_rr_init_stays(folder: Path) -> None:
    rr.init("script", recording_id="script")
    stream = rr.binary_stream()
    to_recordings(logged(), folder)
    wait_until(lambda: orphans._sweeper is None)
    current = rr.get_global_data_recording()
    assert current is not None
    assert current.get_recording_id() == "script"
    stream.read()
    rr.log("x", rr.Points2D([[1, 2]]))
    assert b"Points2D" in (stream.read() or b"")
    sys.modules["rerun_bindings"].set_global_data_recording(None)


def test_python_goes_on_while_recordings_are_made_and_logged_to(
    in_own_process: Callable[..., None], tmp_path: Path
) -> None:
    in_own_process(_python_goes_on, tmp_path)


def _python_goes_on(folder: Path) -> None:
    """Threads that drop NumPy's arrays need the GIL, which the constructor of a recording may hold while it waits for them."""
    orphans.MANY = 5
    ends = threading.Event()

    def log() -> None:
        recording = rr.RecordingStream("live")
        stream = recording.binary_stream()
        while not ends.wait(0.001):
            recording.log("points", rr.Points3D(np.zeros((20_000, 3))))
            stream.read(flush=False)

    def make() -> None:
        while not ends.wait(0.001):
            rr.RecordingStream("new").send_blueprint(rrb.Blueprint(rrb.Spatial3DView()))

    threads = [threading.Thread(target=each) for each in (log, make)]
    for each in threads:
        each.start()
    (file,) = to_recordings(logged(), folder)
    bindings = sys.modules["rerun_bindings"]
    sweep, sweeps = bindings.flush_and_cleanup_orphaned_recordings, 0

    @wraps(sweep)
    def counted() -> None:
        nonlocal sweeps
        sweep()
        sweeps += 1

    bindings.flush_and_cleanup_orphaned_recordings = counted
    while sweeps < 20:
        to_recordings(file, folder)
        time.sleep(0.01)
    ends.set()
    for each in threads:
        each.join()
    bindings.flush_and_cleanup_orphaned_recordings = sweep
    to_recordings(file, folder)
    # Each has two threads. A thread of the SDK's own may have inherited their name.
    wait_until(lambda: threads_of_streams() <= 1, seconds=30)


def test_a_sdk_that_keeps_the_servers_of_such_recordings_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "QUIET", 0.05)
    wait_until(lambda: orphans._sweeper is None)  # of other tests
    monkeypatch.setitem(sys.modules, "rerun_bindings", ModuleType("rerun_bindings"))
    orphans.end_orphans()
    assert orphans._sweeper is None


def test_other_threads_can_make_tuples_while_recordings_are_looked_for(tmp_path: Path) -> None:
    """Python cannot finish a tuple that another thread refers to."""
    to_recordings(logged(), tmp_path)  # guards the functions of the SDK
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    looks = threading.Thread(target=lambda: [orphans._has_recordings(sys.modules["rerun_bindings"]) for _ in range(5)])
    looks.start()
    try:
        while looks.is_alive():
            assert len(tuple(each for each in range(11))) == 11
    finally:
        sys.setswitchinterval(interval)
        looks.join()
