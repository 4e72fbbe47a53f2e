from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from gradio_rerun import _example


def columns(path: Path) -> dict[str, set[float]]:
    """The entities that the SDK's own reader finds, each with its seconds on the timeline `time`."""
    found: dict[str, set[float]] = {}
    try:
        chunks = importlib.import_module("rerun.chunk")
    except ImportError:
        # Remove when the rerun-sdk floor has rerun.chunk.
        recording = importlib.import_module("rerun.dataframe").load_recording(path)
        table = recording.view(index="time", contents="/**").select().read_all()
        for name in table.column_names:
            if name.startswith("/"):
                rows = zip(table["time"].to_pylist(), table[name].to_pylist(), strict=True)
                found.setdefault(name.split(":")[0], set()).update(t.total_seconds() for t, cell in rows if cell)
        return found
    reader = chunks.RrdReader(path)
    (store,) = reader.recordings()
    assert store.application_id == "example"
    for chunk in reader.stream(store=store):
        batch = chunk.to_record_batch()
        times = batch["time"].to_pylist() if "time" in batch.schema.names else []
        found.setdefault(str(chunk.entity_path), set()).update(time.total_seconds() for time in times)
    return found


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _example.write(tmp_path_factory.mktemp("example") / "example.rrd")


def test_the_example_has_three_paths_a_plot_and_a_text_for_some_seconds(recording: Path) -> None:
    found = columns(recording)
    assert {"/about", "/x", "/space/paths", "/space/end_0", "/space/end_2"} <= found.keys()
    for entity in ("/x", "/space/paths", "/space/end_0", "/space/end_1", "/space/end_2"):
        assert len(found[entity]) == 500, entity
        assert min(found[entity]) == 0
        assert 20 < max(found[entity]) < 30


def test_the_example_is_small(recording: Path) -> None:
    assert recording.stat().st_size < 500_000
