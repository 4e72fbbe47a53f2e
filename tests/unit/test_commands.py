from __future__ import annotations

import base64
import datetime as dt
import json
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import gradio as gr
import numpy as np
import pytest
import rerun.blueprint as rrb
from apps import settings_in
from google.protobuf.json_format import MessageToDict
from needs import NEEDS
from recordings import write_recording

from gradio_rerun import Rerun, commands
from gradio_rerun._component.requests import separated, to_wire
from gradio_rerun._servers.tunnel import Servers
from gradio_rerun._viewer import viewer_control
from gradio_rerun.commands import set_time
from gradio_rerun.errors import CommandError, RecordingError

NANOS = 1_714_979_289_123_456_789
UTC = dt.timezone.utc
PLAY = set_time(play_state="playing")


def sent(command: commands.Command, servers: Servers | None = None) -> Any:
    """The command as the frontend gets it."""
    (wired,) = to_wire([command], servers or Servers())
    return wired


def time_of(command: commands.Command) -> int:
    return dict(command.arguments)["time"]


def test_the_public_names_are_these() -> None:
    made = {name: str(getattr(value, "__module__", "")) for name, value in vars(commands).items()}
    own = {name for name, module in made.items() if module.startswith(f"{commands.__name__}.") and name[0] != "_"}
    assert own == set(commands.__all__)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (set_time("frame", sequence=3), "set_time('frame', sequence=3)"),
        (set_time(sequence=3, play=True), "set_time(sequence=3, play_state='playing')"),
        (set_time(sequence=3, play_state="playing"), "set_time(sequence=3, play_state='playing')"),
        (set_time(duration=dt.timedelta(seconds=1)), "set_time(duration=datetime.timedelta(seconds=1))"),
        (set_time("frame"), "set_time('frame')"),
        (
            set_time(play_state="following", recording="Recording:a:run"),
            "set_time(play_state='following', recording='Recording:a:run')",
        ),
        (commands.set_active_recording("run"), "set_active_recording('run')"),
        (commands.close(), "close()"),
        (commands.close("all"), "close('all')"),
        (commands.close(store_ids=["run"]), "close(store_ids=('run',))"),
        (commands.close("https://a/b.rrd"), "close(('https://a/b.rrd',))"),
        (commands.open("https://example.com/a.rrd"), "open('https://example.com/a.rrd')"),
        (commands.open(["https://a/b.rrd"], navigate=False), "open(['https://a/b.rrd'], navigate=False)"),
        (commands.update_panels(time="hidden"), "update_panels(time='hidden')"),
        (commands.run_command("ui.about"), "run_command('ui.about')"),
        (commands.take_screenshot(), "take_screenshot()"),
        (commands.take_screenshot("3D", max_size=200), "take_screenshot('3D', max_size=200)"),
        (commands.take_screenshot(max_size=200), "take_screenshot(max_size=200)"),
        (commands.save_recording(), "save_recording()"),
        (commands.save_blueprint(), "save_blueprint()"),
        (commands.get_state(), "get_state()"),
        (commands.get_logs(3), "get_logs(3)"),
        (commands.list_commands(), "list_commands()"),
        (commands.highlight_rect((1, 2, 3, 4), "here"), "highlight_rect((1, 2, 3, 4), label='here')"),
        (commands.set_blueprint({"a": 1}, store_id="run"), "set_blueprint(<dict>, recording_id='run')"),
        (
            commands.set_blueprint({}, "table", table_url="a://b", partial=True),
            "set_blueprint(<dict>, of='table', table_url='a://b', partial=True)",
        ),
        (commands.get_blueprint("table", table_url="a://b"), "get_blueprint('table', table_url='a://b')"),
        (commands.get_location(), "get_location()"),
        (commands.set_location("a"), "set_location('a')"),
        (commands.run_command("a", server_origin="a://b"), "run_command('a', server_origin='a://b')"),
        (commands.list_commands(include_unavailable=False), "list_commands(include_unavailable=False)"),
        (commands.get_table_schema("a://b"), "get_table_schema(table_url='a://b')"),
        (
            commands.get_recording_schema("run", entity_path="/a", max_entities=3, paths_only=True),
            "get_recording_schema(recording_id='run', entity_path='/a', max_entities=3, paths_only=True)",
        ),
        (
            commands.get_transform_graph("run", edge_filter="static", include_transforms=True),
            "get_transform_graph(recording_id='run', edge_filter='static', include_transforms=True)",
        ),
        (
            commands.get_dataset_assets_schema("a://b", entity_path="/a", max_entities=3, paths_only=True),
            "get_dataset_assets_schema(dataset_url='a://b', entity_path='/a', max_entities=3, paths_only=True)",
        ),
        (commands.get_dataset_schema("a://b"), "get_dataset_schema(dataset_url='a://b')"),
        (commands.get_recording_schema(entity_path="/a"), "get_recording_schema(entity_path='/a')"),
        (commands.get_transform_graph(frame_filter="named"), "get_transform_graph(frame_filter='named')"),
    ],
)
def test_a_command_shows_how_it_was_made(command: commands.Command, text: str) -> None:
    assert repr(command) == text


def test_commands_are_values() -> None:
    assert set_time(duration=1) == set_time(duration=np.timedelta64(1_000, "ms"))
    assert set_time(sequence=1) != set_time(sequence=2)
    assert set_time(sequence=1) != set_time(duration=1e-9)
    assert len({PLAY, set_time(play_state="playing"), set_time(play_state="paused")}) == 2
    assert commands.show("a.rrd", PLAY) == commands.show("a.rrd", PLAY)


@pytest.mark.parametrize(
    ("given", "nanos"),
    [
        (2, 2_000_000_000),
        (np.int64(2), 2_000_000_000),
        (0.5, 500_000_000),
        (np.float32(0.5), 500_000_000),
        (dt.timedelta(days=100_000, microseconds=1), 100_000 * 86_400 * 10**9 + 1_000),
        (np.timedelta64(7, "ns"), 7),
        (np.timedelta64(7_900, "ps"), 7),
        (np.timedelta64(7_900_000, "fs"), 7),
        (np.timedelta64(10**10 + 1, "as"), 10),
    ],
)
def test_a_duration_is_nanoseconds(given: Any, nanos: int) -> None:
    assert time_of(set_time(duration=given)) == nanos


@pytest.mark.parametrize(
    ("given", "nanos"),
    [
        (0, 0),
        (1_714_979_289, 1_714_979_289 * 10**9),
        (0.25, 250_000_000),
        (-1, -(10**9)),
        (np.datetime64(NANOS, "ns"), NANOS),
        (dt.datetime(2024, 5, 6, 7, 8, 9, 123_457), 1_714_979_289_123_457_000),
        (dt.datetime(2024, 5, 6, 7, 8, 9, 123_457, UTC), 1_714_979_289_123_457_000),
        (dt.datetime(2024, 5, 6, 9, 8, 9, tzinfo=dt.timezone(dt.timedelta(hours=2))), 1_714_979_289 * 10**9),
    ],
)
def test_a_timestamp_is_nanoseconds_since_1970(given: Any, nanos: int) -> None:
    assert time_of(set_time(timestamp=given)) == nanos


def test_pandas_times_are_exact() -> None:
    pandas = pytest.importorskip("pandas")
    assert time_of(set_time(timestamp=pandas.Timestamp(NANOS, unit="ns"))) == NANOS
    assert time_of(set_time(duration=pandas.Timedelta(7, unit="ns"))) == 7


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: set_time(), "none of them"),
        (lambda: set_time("frame", sequence=1, duration=1), "sequence, duration"),
        (lambda: set_time("frame", sequence=1.5), "float 1.5"),
        (lambda: set_time("frame", sequence=True), "bool True"),
        (lambda: set_time("frame", sequence="1"), "str '1'"),
        (lambda: set_time("frame", sequence=2**63), "64 bits"),
        (lambda: set_time(3, sequence=1), "timeline"),
        (lambda: set_time(sequence=1, play="yes"), "str 'yes'"),
        (lambda: set_time(duration=dt.timedelta(days=200_000)), "64 bits"),
        (lambda: set_time(duration=-1), "0 or more"),
        (lambda: set_time(duration=float("nan")), "nan"),
        (lambda: set_time(duration=np.timedelta64("NaT")), "NaT"),
        (lambda: set_time(duration=dt.datetime.now()), "datetime"),
        (lambda: set_time(timestamp=1_714_979_289_000), "milliseconds"),
        (lambda: set_time(timestamp=dt.timedelta(1)), "timedelta"),
        (lambda: set_time(timestamp=np.datetime64("NaT")), "NaT"),
        (lambda: set_time(sequence=-(2**63) - 1), "64 bits"),
        (lambda: set_time(sequence=np.True_), "True"),
        (lambda: set_time("", sequence=1), "timeline"),
        (lambda: set_time(sequence=1, play=1), "int 1"),
        (lambda: set_time(duration=True), "bool True"),
        (lambda: set_time(duration=np.True_), "True"),
        (lambda: set_time(duration=float("inf")), "inf"),
        (lambda: set_time(duration=dt.timedelta(microseconds=-1)), "0 or more"),
        (lambda: set_time(duration=np.timedelta64(-1, "ns")), "0 or more"),
        (lambda: set_time(timestamp=True), "bool True"),
        (lambda: set_time(timestamp=float("nan")), "nan"),
        (lambda: set_time(timestamp=10**400), "10000"),
        (lambda: set_time(timestamp=-(10**400)), "64 bits"),
        (lambda: set_time(timestamp=np.datetime64("9999-01-01")), "64 bits"),
        (lambda: set_time(timestamp=np.datetime64("-9999-01-01T00:00", "m")), "64 bits"),
        (lambda: set_time(duration=1e300), "64 bits"),
        (lambda: set_time(duration=np.timedelta64(10**12, "s")), "64 bits"),
        (lambda: set_time("\ud800", sequence=1), "timeline to be a non-empty string"),
        (lambda: commands.take_screenshot("\ud800"), "view_id to be a non-empty string"),
        (lambda: set_time(timestamp=np.float32(1.5)), "float32"),
        (lambda: set_time(timestamp=np.timedelta64(1, "s")), "timedelta64"),
        (lambda: set_time(timestamp=100_000_000_001), "milliseconds"),
        (lambda: set_time(timestamp=100_000_000_000), "64 bits"),
        (lambda: set_time(""), "timeline"),
        (lambda: set_time(play_state="fast"), "str 'fast'"),
        (lambda: set_time(play_state="following", sequence=1), "no time together with play_state='following'"),
        (lambda: set_time(play_state="playing", recording=3), "recording to be a non-empty string"),
        (lambda: commands.close(""), "URLs, got str ''"),
        (lambda: commands.close(3), "int 3"),
        (lambda: commands.close([]), "list []"),
        (lambda: commands.close("all", store_ids=["run"]), "str 'all'"),
        (lambda: commands.close(store_ids="run"), "str 'run'"),
        (lambda: commands.close(store_ids=[""]), "store_ids to be a non-empty string"),
        (lambda: commands.open([]), "list []"),
        (lambda: commands.open("https://a/b.rrd", navigate="no"), "navigate to be True, False or None"),
        (lambda: commands.send_table("t", 3), "int 3"),
        (lambda: commands.send_table("", 3), "name to be a non-empty string"),
        (lambda: commands.highlight_rect((1, 2, 3)), "(x, y, width, height)"),
        (lambda: commands.highlight_rect((1, 2, 3, float("nan"))), "nan"),
        (lambda: commands.highlight_rect("abcd"), "str 'abcd'"),
        (lambda: commands.list_commands("a"), "list of strings"),
        (lambda: commands.list_commands([3]), "ids to be a non-empty string, got int 3"),
        (lambda: commands.highlight_rect((1, 2, 3, 1e9)), "(x, y, width, height)"),
        (lambda: commands.get_logs(2**64), "after_sequence"),
        (lambda: commands.get_blueprint("recording", table_url="https://a"), "got both"),
        (lambda: commands.get_blueprint("table", store_id="run"), "got both"),
        (lambda: commands.get_blueprint(store_id=""), "store_id to be"),
        (lambda: commands.get_blueprint(table_url=""), "table_url to be"),
        (lambda: commands.close(np.array(["a", "b"])), "'current', 'all' or URLs, got ndarray"),
        (lambda: set_time(play_state=np.array(["a", "b"])), "play_state to be one of"),
        (lambda: commands.get_blueprint(np.array(["a", "b"])), "of to be one of"),
        (lambda: commands.update_panels(time=np.array(["a", "b"])), "update_panels"),
        (lambda: commands.set_blueprint({"a": float("nan")}), "not JSON"),
        (lambda: commands.list_commands(server_origin=""), "server_origin to be"),
        (lambda: commands.list_commands(store_id=""), "store_id to be"),
        (lambda: commands.list_commands(include_unavailable="no"), "include_unavailable to be"),
        (lambda: commands.run_command("a", server_origin=3), "server_origin to be"),
        (lambda: commands.run_command("a", allow_blocking_native_modal=3), "allow_blocking_native_modal to be"),
        (lambda: commands.get_table_schema(3), "table_url to be"),
        (lambda: commands.get_dataset_schema(3), "dataset_url to be"),
        (lambda: commands.get_recording_schema(entity_path=3), "entity_path to be"),
        (lambda: commands.get_recording_schema(store_id=3), "store_id to be"),
        (lambda: commands.get_recording_schema(paths_only=3), "paths_only to be"),
        (lambda: commands.get_transform_graph(store_id=3), "store_id to be"),
        (lambda: commands.get_transform_graph(include_transforms=3), "include_transforms to be"),
        (lambda: commands.get_transform_graph(frame_filter="some"), "frame_filter to be one of"),
        (lambda: commands.highlight_rect(None, 3), "label to be"),
        (lambda: commands.get_logs(-1), "after_sequence"),
        (lambda: commands.set_location(""), "location"),
        (lambda: commands.get_blueprint("view"), "('recording', 'table') or None"),
        (lambda: commands.get_blueprint(store_id="run", table_url="https://a"), "got both"),
        (lambda: commands.set_blueprint({"a": {1}}), "not JSON"),
        (lambda: commands.set_blueprint({}, application_id="app"), "Name a store_id"),
        (lambda: commands.set_blueprint("a.rbl", partial=True), "only with a dict"),
        (lambda: commands.get_recording_schema(max_entities=0), "max_entities"),
        (lambda: commands.get_transform_graph(edge_filter="some"), "str 'some'"),
        (lambda: commands.get_dataset_schema(paths_only=1), "paths_only"),
        (lambda: commands.open(Path("a://b")), "a URL such as"),
        (lambda: commands.set_active_recording(None), "recording_id"),
        (lambda: commands.open("run.rrd"), "Return a path"),
        (lambda: commands.open(3), "int 3"),
        (lambda: commands.update_panels(time="small"), "small"),
        (lambda: commands.run_command(""), "id to be a non-empty string"),
        (lambda: commands.take_screenshot(3), "view_id"),
        (lambda: commands.take_screenshot(""), "view_id"),
        (lambda: commands.take_screenshot(max_size=0), "max_size"),
        (lambda: commands.take_screenshot(max_size=True), "bool True"),
        (lambda: commands.take_screenshot(max_size=2**31), "max_size"),
        (lambda: commands.take_screenshot(max_size=1.5), "float 1.5"),
        (lambda: commands.take_screenshot(max_size="big"), "max_size"),
        (lambda: commands.set_blueprint(3), "int 3"),
        (lambda: commands.set_blueprint("a.rbl", application_id="app"), "names its own"),
        (lambda: commands.set_blueprint(rrb.Blueprint(), application_id=""), "application_id"),
        (lambda: commands.show("run.rrd", "play"), "str 'play'"),
        (lambda: commands.show("run.rrd", PLAY, 3), "int 3"),
        (lambda: separated([PLAY, "run.rrd"]), "commands.show"),
        (lambda: separated(("run.rrd", PLAY)), "commands.show"),
        (lambda: separated([commands.show("run.rrd", PLAY)]), "commands.show"),
    ],
)
def test_an_invalid_argument_raises_at_once_with_its_value(make: Any, said: str) -> None:
    with pytest.raises(CommandError, match="Expected") as raised:
        make()
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "make",
    [
        commands.open,
        commands.set_blueprint,
        commands.take_screenshot,
        commands.run_command,
        commands.highlight_rect,
        commands.close,
        partial(commands.show, "run.rrd"),
        lambda value: set_time(sequence=value),
        lambda value: set_time(duration=value),
        lambda value: set_time(timestamp=value),
        lambda value: separated([PLAY, value]),
    ],
)
def test_an_error_contains_the_beginning_of_a_long_value(make: Any) -> None:
    with pytest.raises(CommandError, match=r"\[0, 1, 2") as raised:
        make(list(range(1000)))
    assert len(str(raised.value)) < 400


def test_the_bounds_of_arguments_are_allowed() -> None:
    for number in (-(2**63), 2**63 - 1, np.int64(-1), np.uint8(3)):
        assert time_of(set_time(sequence=number)) == int(number)
    assert dict(commands.take_screenshot(max_size=2**31 - 1).arguments)["max_size"] == 2**31 - 1
    size = dict(commands.take_screenshot(max_size=np.int64(1)).arguments)["max_size"]
    assert (type(size), size) == (int, 1)
    assert dict(set_time(sequence=1, play=np.True_).arguments)["play_state"] == "playing"
    assert dict(set_time("frame", sequence=1).arguments) == {
        "timeline": "frame",
        "kind": "sequence",
        "time": 1,
        "play_state": "paused",
        "recording_id": None,
    }


def test_a_recording_is_named_by_its_id_or_its_store_id() -> None:
    for given in ("run:1", "Recording:my\\:app:run:1"):
        assert dict(set_time(play_state="playing", recording=given).arguments)["recording_id"] == "run:1"
        assert dict(commands.close(store_ids=[given]).arguments)["recording_ids"] == ("run:1",)


@pytest.mark.parametrize(
    ("former", "present"),
    [
        (lambda: commands.play("run"), lambda: set_time(play_state="playing", recording="run")),
        (lambda: commands.pause(), lambda: set_time(play_state="paused")),
        (lambda: commands.set_timeline("frame"), lambda: set_time("frame")),
        (lambda: commands.set_recording("run"), lambda: commands.set_active_recording("run")),
        (lambda: commands.screenshot("3D", 200), lambda: commands.take_screenshot("3D", max_size=200)),
        (
            lambda: commands.set_panel_states({"top": None, "time": "hidden"}),
            lambda: commands.update_panels(top="default", time="hidden"),
        ),
    ],
)
def test_the_former_names_do_the_same_and_say_the_present_ones(former: Any, present: Any) -> None:
    with pytest.warns(DeprecationWarning, match=f"commands.{present().name}.* Version 2.0 removes") as warned:
        assert former() == present()
    assert warned[0].filename == __file__
    assert commands.close("run") == commands.close(store_ids=["run"])


@pytest.mark.parametrize("kind", ["batch", "batches", "table", "pandas", "DataFusion", "Polars", "lazy Polars"])
def test_a_table_crosses_in_arrows_stream_format_with_its_name(kind: str) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": [1, 2], "b": ["x", "y"]})
    given = {
        "batch": lambda: table.to_batches()[0],
        "batches": lambda: pa.table({"a": [1, 2], "b": ["x", "y"]}).to_batches(max_chunksize=1),
        "table": lambda: table,
        "pandas": lambda: pytest.importorskip("pandas").DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        "DataFusion": lambda: pytest.importorskip("datafusion").SessionContext().from_arrow(table),
        "Polars": lambda: SimpleNamespace(to_arrow=lambda: table),
        "lazy Polars": lambda: SimpleNamespace(collect=lambda: SimpleNamespace(to_arrow=lambda: table)),
    }[kind]()
    read = pa.ipc.open_stream(dict(commands.send_table("numbers", given).arguments)["table"]).read_all()
    assert read.to_pydict() == {"a": [1, 2], "b": ["x", "y"]}
    assert read.schema.metadata[b"__table_id"] == b"numbers"


def test_a_table_without_rows_has_its_columns() -> None:
    pa = pytest.importorskip("pyarrow")
    empty = pa.table({"a": pa.array([], pa.int64())})
    query = pytest.importorskip("datafusion").SessionContext().from_arrow(pa.table({"a": [1]})).filter("a > 5")
    for given in (empty, query):
        read = pa.ipc.open_stream(dict(commands.send_table("t", given).arguments)["table"]).read_all()
        assert (read.num_rows, read.schema.names, read.schema.metadata) == (0, ["a"], {b"__table_id": b"t"})


def test_a_table_that_no_update_should_carry_is_refused() -> None:
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(CommandError, match="50 MB at most, got 56 MB"):
        commands.send_table("big", pa.table({"a": np.zeros(7_000_000)}))


def test_a_blueprint_is_taken_as_a_file_or_an_object(tmp_path: Path) -> None:
    path = tmp_path / "a.rbl"
    rrb.Blueprint(rrb.Spatial3DView()).save("app", str(path))
    assert dict(commands.set_blueprint(path).arguments)["rbl"] == path.read_bytes()
    for blueprint in (rrb.Blueprint(rrb.Spatial3DView()), rrb.Spatial3DView(), rrb.Grid(rrb.Spatial2DView())):
        command = commands.set_blueprint(blueprint, application_id="app")
        assert dict(command.arguments)["rbl"].startswith(b"RRF2")
        assert repr(command) == "set_blueprint(<blueprint>, application_id='app')"


def test_a_blueprint_is_for_the_application_of_the_active_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rerun.get_application_id", lambda: None)
    with pytest.raises(CommandError, match="application_id"):
        commands.set_blueprint(rrb.Blueprint())
    monkeypatch.setattr("rerun.get_application_id", lambda: "active")
    assert "'active'" in repr(commands.set_blueprint(rrb.Blueprint()))


def test_a_file_that_is_not_a_blueprint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere\.rbl"):
        commands.set_blueprint("nowhere.rbl")
    (tmp_path / "text.rbl").write_text("text")
    with pytest.raises(CommandError, match=r"text\.rbl"):
        commands.set_blueprint(tmp_path / "text.rbl")


def test_a_blueprint_has_its_suffix_and_may_be_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_recording(tmp_path / "a.rrd", "a")
    for path in (tmp_path, tmp_path / "a.rrd"):
        with pytest.raises(CommandError, match=r"Expected the path of a blueprint \(\.rbl\)"):
            commands.set_blueprint(path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.rbl").write_bytes(b"RRF2")
    assert dict(commands.set_blueprint("~/a.rbl").arguments)["rbl"] == b"RRF2"


def test_commands_cannot_be_changed() -> None:
    for made, name in ((PLAY, "name"), (commands.show(None), "value")):
        with pytest.raises(AttributeError):
            setattr(made, name, "pause")


def test_each_sending_has_an_id_of_its_own() -> None:
    assert len({each["id"] for each in [*to_wire([PLAY, PLAY], Servers()), sent(PLAY)]}) == 3


def test_big_numbers_cross_as_digits_and_bytes_as_base64() -> None:
    wired = sent(set_time(timestamp=np.datetime64(NANOS, "ns")))
    assert wired["arguments"] == {
        **{"timeline": None, "kind": "timestamp", "time": str(NANOS)},
        **{"play_state": "paused", "recording_id": None},
    }
    wired = sent(commands.Command("set_blueprint", (("rbl", b"RRF2"),)))
    assert base64.b64decode(wired["arguments"]["rbl"]) == b"RRF2"


@pytest.mark.parametrize(
    ("number", "wired"),
    [(2**53, 2**53), (-(2**53), -(2**53)), (2**53 + 1, str(2**53 + 1)), (-(2**53) - 1, str(-(2**53) - 1))],
)
def test_numbers_that_javascript_has_cross_as_numbers(number: int, wired: Any) -> None:
    assert sent(set_time(sequence=number))["arguments"]["time"] == wired


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (commands.get_logs(np.int64(3)), commands.get_logs(3)),
        (commands.get_recording_schema(max_entities=np.int8(3)), commands.get_recording_schema(max_entities=3)),
        (commands.get_dataset_schema(paths_only=np.True_), commands.get_dataset_schema(paths_only=True)),
        (
            commands.list_commands(["a"], include_unavailable=np.True_),
            commands.list_commands(["a"], include_unavailable=True),
        ),
        (commands.set_blueprint({}, partial=np.True_), commands.set_blueprint({}, partial=True)),
        (commands.highlight_rect(np.array([1, 2, 3, 4])), commands.highlight_rect([1, 2, 3, 4])),
    ],
)
def test_numbers_and_flags_of_numpy_are_those_of_python(given: commands.Command, plain: commands.Command) -> None:
    assert (given, repr(given)) == (plain, repr(plain))
    wired = [{**each, "id": ""} for each in to_wire([given, plain], Servers())]
    assert json.loads(json.dumps(wired[0])) == json.loads(
        json.dumps(wired[1])
    )  # as a question of a ViewerClient is sent


def test_what_is_opened_comes_with_the_ticket_of_its_server() -> None:
    url = "rerun+http://host/proxy"
    for servers in (Servers(), Servers(True)):
        servers.trust()
        admitted = servers.admit(url)
        ticket = None if isinstance(admitted, str) else admitted.ticket
        wired = sent(commands.open(url), servers)
        assert wired["arguments"] == {"urls": [{"url": url, "ticket": ticket}], "navigate": True}
    assert ticket
    assert "ticket" not in to_wire([commands.run_command("open")], servers)[0]["arguments"]


def test_an_entity_is_opened_without_a_ticket() -> None:
    servers = Servers(True)
    servers.trust()
    wired = sent(commands.open("recording://world/arm"), servers)
    assert wired["arguments"]["urls"] == [{"url": "recording://world/arm", "ticket": None}]


def test_panels_cross_by_their_names() -> None:
    wired = sent(commands.update_panels(time="hidden", top="default"))
    assert wired["arguments"] == {"states": {"time": "hidden", "top": None}}


@pytest.mark.parametrize(
    ("command", "request_", "target"),
    [
        (set_time("frame", sequence=7), b"\x32\x0f\x12\x07\x0a\x05frame\x1a\x02\x08\x07\x28\x01", [6, 1]),
        (set_time(sequence=0, play_state="playing"), b"\x32\x04\x1a\x00\x28\x02", [6, 1]),
        (set_time("frame"), b"\x32\x09\x12\x07\x0a\x05frame", [6, 1]),
        (PLAY, b"\x32\x02\x28\x02", [6, 1]),
        (set_time(play_state="following"), b"\x32\x02\x28\x03", [6, 1]),
        (set_time(play_state="paused", recording="run"), b"\x32\x02\x28\x01", [6, 1]),
        (commands.close(), b"\x0a\x02\x08\x01", [1, 3, 1]),
        (commands.close("all"), b"\x0a\x02\x10\x01", [1, 3, 1]),
        (commands.close(store_ids=["run"]), b"\x0a\x00", [1, 3, 1]),
        (commands.close("https://a/b.rrd"), b"\x0a\x00", [1, 4, 1]),
        (commands.set_active_recording("run"), b"\xa2\x01\x00", [20, 1]),
        (commands.run_command("ui.about"), b"\x5a\x0a\x0a\x08ui.about", [11, 2]),
        (commands.take_screenshot("3D", max_size=200), b"\x2a\x03\x18\xc8\x01", [5, 1]),
        (commands.get_logs(3), b"\x12\x02\x08\x03", []),
        (commands.get_location(), b"\x9a\x01\x00", []),
        (commands.set_location("a"), b"\xa2\x01\x03\x0a\x01a", []),
        (commands.highlight_rect(None), b"\x42\x00", []),
        (commands.get_recording_schema(paths_only=True), b"\x3a\x04\x28\x00\x30\x00", [7, 1]),
        (commands.get_blueprint("table"), b"\x62\x02\x1a\x00", []),
        (commands.get_blueprint(store_id="run"), b"\x62\x02\x12\x00", [12, 2, 1]),
        (commands.set_blueprint({}, partial=True), b"\x72\x08\x12\x02{}\x1a\x00\x28\x02", [14, 3, 1]),
        (commands.get_transform_graph(edge_filter="static"), b"\x7a\x02\x18\x01", [15, 1]),
    ],
)
def test_the_request_is_what_the_viewer_reads(command: commands.Command, request_: bytes, target: list[int]) -> None:
    wired = sent(command)
    assert (base64.b64decode(wired["request"] or ""), wired["target"]) == (request_, target)


SERVER = "rerun://host"


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (
            commands.get_recording_schema(entity_path="/a", max_entities=3),
            {"entity_path": "/a", "max_entities": 3, "with_archetypes": False, "with_components": True},
        ),
        *(
            (ask(SERVER, entity_path="/a", max_entities=3, paths_only=True), {"dataset_url": SERVER, "entity_path": "/a", "max_entities": 3, "paths_only": True})
            for ask in (commands.get_dataset_schema, commands.get_dataset_assets_schema)
        ),
        (commands.get_table_schema(SERVER), {"table_url": SERVER}),
        (
            commands.get_transform_graph(frame_filter="entity_path", edge_filter="all", include_transforms=False),
            {"frame_filter": "FRAME_FILTER_ENTITY_PATH", "edge_filter": "EDGE_FILTER_ALL", "include_transforms": False},
        ),
        (commands.list_commands(include_unavailable=True, server_origin=SERVER), {"include_unavailable": True, "server_origin": SERVER}),
        (commands.list_commands(np.array(["a", "b"]), server_origin=SERVER), {"ids": ["a", "b"], "server_origin": SERVER}),
        (
            commands.run_command("a", server_origin=SERVER, allow_blocking_native_modal=False),
            {"id": "a", "server_origin": SERVER, "allow_blocking_native_modal": False},
        ),
        (commands.highlight_rect((1, 2, 3, 4), "here"), {"rect": {"x": 1, "y": 2, "w": 3, "h": 4}, "label": "here"}),
        (commands.get_blueprint(), {}),
        (commands.get_blueprint("recording"), {"recording": {}}),
        (commands.get_blueprint("table", table_url=SERVER), {"table": {"table_url": SERVER}}),
        (commands.get_blueprint(table_url=SERVER), {"table": {"table_url": SERVER}}),
        (commands.get_logs(0), {"after_sequence": "0"}),
    ],
)  # fmt: skip
def test_a_question_has_each_argument_that_was_given(command: commands.Command, request_: dict[str, Any]) -> None:
    wired = sent(command)
    request = viewer_control._message("Request").FromString(base64.b64decode(wired["request"] or ""))
    kind = request.WhichOneof("kind")
    assert MessageToDict(getattr(request, kind), preserving_proto_field_name=True) == request_
    assert wired["answers"] == (command.name not in ("run_command", "highlight_rect"))


@pytest.mark.parametrize("store_id", ["run", "Recording:app:run"])
def test_a_question_to_a_recording_has_its_id_and_the_place_of_its_store_id(store_id: str) -> None:
    for command, target in (
        (commands.get_recording_schema(store_id), [7, 1]),
        (commands.get_transform_graph(store_id), [15, 1]),
        (commands.list_commands(store_id=store_id), [9, 3]),
        (commands.list_commands(["a"], store_id=store_id), [10, 2]),
        (commands.run_command("a", store_id=store_id), [11, 2]),
        (commands.get_blueprint(store_id=store_id), [12, 2, 1]),
        (commands.set_blueprint({}, store_id=store_id), [14, 3, 1]),
    ):
        wired = sent(command)
        assert (wired["arguments"]["recording_id"], wired["target"]) == ("run", target), command


def test_a_viewer_that_lists_no_commands_is_asked_to_describe_those_that_are_wanted() -> None:
    wired = sent(commands.list_commands(["a"], server_origin=SERVER))
    assert wired["arguments"]["ids"] == ["a"]
    describing = viewer_control._message("Request").FromString(base64.b64decode(wired["arguments"]["describe"]))
    assert (describing.describe_commands.server_origin, list(describing.describe_commands.ids)) == (SERVER, [])
    assert sent(commands.list_commands())["arguments"]["ids"] is None


OF_ANOTHER = ["selection_change", "timeline_change", "time_update"]


@pytest.mark.parametrize(
    ("command", "causes"),
    [
        (
            set_time("frame", sequence=2**60, play_state="playing"),
            [
                {"type": "timeline_change", "timeline": "frame"},
                {"type": "time_update", "time": str(2**60)},
                {"type": "play"},
            ],
        ),
        (set_time(sequence=7), [{"type": "timeline_change"}, {"type": "time_update", "time": 7}, {"type": "pause"}]),
        (set_time("frame"), [{"type": "timeline_change", "timeline": "frame"}, {"type": "time_update"}]),
        (PLAY, [{"type": "play"}]),
        (set_time(play_state="paused", recording="run"), [{"type": "pause", "recording_id": "run"}]),
        (commands.set_active_recording("run"), [{"type": each, "recording_id": "run"} for each in OF_ANOTHER]),
        (commands.close(store_ids=["run"]), [{"type": each} for each in OF_ANOTHER]),
        (commands.open("https://a/b.rrd"), [{"type": "recording_open"}]),
        (commands.open("recording://world/arm"), [{"type": "selection_change"}]),
        (
            commands.open(["recording://world/arm", "https://a/b.rrd"]),
            [{"type": "recording_open"}, {"type": "selection_change"}],
        ),
        (commands.run_command("ui.about"), [{"type": each} for each in [*OF_ANOTHER, "play", "pause"]]),
        (commands.set_location("a"), [{"type": each} for each in [*OF_ANOTHER, "play", "pause"]]),
        (commands.update_panels(), []),
        (commands.get_state(), []),
    ],
)
def test_a_command_declares_the_events_that_it_may_cause(command: commands.Command, causes: list[Any]) -> None:
    assert sent(command)["causes"] == causes


def test_a_command_declares_whether_the_next_one_waits_and_whether_it_outlasts_a_skipped_value() -> None:
    each = [set_time(sequence=1), set_time(play_state="playing"), set_time("a"), commands.get_state()]
    wired = to_wire([*each, commands.update_panels()], Servers())
    assert [one["waits"] for one in wired] == [False, False, True, True, True]
    assert [one["name"] for one in wired if one["outlasts"]] == ["get_state", "update_panels"]
    of_bytes = commands.set_blueprint(rrb.Blueprint(), application_id="a")
    assert all(sent(command)["outlasts"] for command in (commands.get_logs(), commands.highlight_rect(None), of_bytes))
    assert not sent(commands.get_blueprint())["outlasts"]


@pytest.mark.parametrize(
    "command", [commands.take_screenshot(), commands.get_state(), commands.open("https://a/b.rrd")]
)
def test_commands_that_the_page_carries_out_have_no_request(command: commands.Command) -> None:
    wired = sent(command)
    assert (wired["request"], wired["target"]) == (None, [])


def test_a_view_is_named_by_its_id_too() -> None:
    view = UUID(int=7)
    assert dict(commands.take_screenshot(view).arguments)["view_id"] == str(view)


@pytest.mark.parametrize("value", [None, [], "run.rrd", ["a.rrd", "b.rrd"], b"RRF2"])
def test_other_values_are_not_commands(value: Any) -> None:
    assert separated(value) is None


def test_a_function_may_return_one_or_several_commands() -> None:
    viewer = Rerun(height=300)
    for value in (PLAY, [PLAY], (PLAY,)):
        update = viewer.postprocess(value)
        assert "value" not in update
        assert update["__type__"] == "update"
        assert settings_in(update["props"])["height"] == "300px"
        assert [each["name"] for each in update["props"]["settings"]["commands"]] == ["set_time"]


def test_show_brings_the_value_before_the_commands(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "run.rrd", "run")
    update = Rerun().postprocess(commands.show(path, PLAY))
    assert next(iter(update)) == "value"
    assert update["value"][0]["orig_name"] == "run.rrd"
    assert Rerun().postprocess(commands.show(None, PLAY))["value"] is None


def test_an_initial_value_may_have_commands(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "run.rrd", "run")
    config = Rerun(commands.show(path, PLAY)).get_config()
    assert config["value"][0]["orig_name"] == "run.rrd"
    assert [each["name"] for each in config["props"]["settings"]["commands"]] == ["set_time"]


def test_commands_in_an_update_are_refused() -> None:
    with pytest.raises(CommandError, match=r"without gr\.update"):
        Rerun().constructor_args.copy().update(gr.update(value=PLAY))


def test_the_page_gets_the_events_that_functions_listen_to() -> None:
    with gr.Blocks():
        viewer = Rerun()
        viewer.screenshot(lambda: None)
        viewer.error(lambda: None)
        assert '"listened": ["screenshot"]' in viewer.get_config()["js_on_load"]


def test_the_docs_name_the_sdk_that_each_command_needs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
    rows = [re.split(r"\s*\|\s*", line) for line in docs.splitlines() if re.match(r"\| `\w+\(", line)]
    documented = {
        re.match(r"`(\w+)", row[1])[1]: tuple(map(int, re.match(r"0\.\d+", row[3])[0].split("."))) for row in rows
    }
    assert documented == NEEDS
    former = {"pause", "play", "screenshot", "set_panel_states", "set_recording", "set_timeline"}
    assert set(NEEDS) == set(commands.__all__) - {"Command", "Show", "show"} - former
