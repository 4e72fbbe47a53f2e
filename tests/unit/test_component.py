from __future__ import annotations

import asyncio
import inspect
import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
import rerun as rr
from apps import settings_in
from gradio.data_classes import FileData
from recordings import log_points, recording_bytes, write_recording
from updates import sent_to_the_page

import gradio_rerun
from gradio_rerun import Rerun, link
from gradio_rerun._viewer.assets import viewer_assets
from gradio_rerun._wire import Recordings
from gradio_rerun.errors import ParameterError, RecordingError, UnsupportedValueError

NO_REQUEST: Any = SimpleNamespace(headers={})

PARAMETERS = [
    *["value", "label", "every", "inputs", "show_label", "show_download_button", "show_clear_button", "container"],
    *["scale", "min_width", "height", "interactive", "visible", "elem_id", "elem_classes", "render", "key"],
    *["preserved_by_key", "streaming", "max_stream_size", "file_count", "file_types", "buttons", "panel_states"],
    *["theme", "telemetry", "on_demand_above", "allowed_origins", "allowed_sources", "tunnel"],
    *["time_update_interval", "time_controls", "keys"],
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "run.rrd", "run")


def test_the_public_names_are_these() -> None:
    modules = ["answers", "commands", "errors", "events", "lerobot"]
    others = ["LiveState", "Rerun", "ViewerClient", "__version__", "export", "link", "mcp_tools"]
    assert sorted(gradio_rerun.__all__) == sorted([*modules, *others])


def test_the_parameters_are_these_and_each_is_described() -> None:
    signature = inspect.signature(Rerun.__init__)
    assert list(signature.parameters)[1:] == PARAMETERS
    described = inspect.getdoc(Rerun.__init__)
    assert described
    assert [line.split(":")[0].strip() for line in described.splitlines()[1:]] == PARAMETERS


def test_each_parameter_is_an_attribute_so_that_a_loaded_app_recovers_it() -> None:
    viewer = Rerun(height=300, theme="dark", panel_states={"time": "hidden"}, telemetry=True, scale=2)
    config = viewer.get_config()
    assert (config["height"], config["theme"], config["telemetry"], config["scale"]) == (300, "dark", True, 2)
    assert Rerun.recover_kwargs(config)["panel_states"] == {"time": "hidden"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("label", "x"), ("show_label", False), ("container", False), ("visible", "hidden"), ("interactive", False)],
        *[("elem_id", "x"), ("elem_classes", ["x"]), ("key", "k"), ("preserved_by_key", ["value", "height"])],
        *[("scale", 2), ("min_width", 300), ("streaming", True), ("max_stream_size", 100), ("file_count", "multiple")],
        *[("height", 250), ("theme", "dark"), ("telemetry", True), ("panel_states", {"time": "hidden"})],
        *[("show_download_button", False), ("show_clear_button", True)],
        *[("file_types", [".png"]), ("allowed_origins", ["https://a.test"]), ("time_update_interval", 3)],
        *[("time_controls", True), ("keys", ["w"])],
    ],
)
def test_gradio_knows_each_parameter(name: str, value: Any) -> None:
    assert Rerun(render=False).get_config().get(name) != value
    assert Rerun(**{name: value}, render=False).get_config()[name] == value


def test_the_defaults_are_those_of_the_documentation() -> None:
    defaults = {
        **{"value": None, "label": None, "container": True, "scale": None, "min_width": 160},
        **{"visible": True, "elem_id": None, "key": None, "preserved_by_key": ["value"], "height": 640},
        **{"show_download_button": True, "show_clear_button": False, "interactive": None, "streaming": False},
        **{"max_stream_size": None, "file_count": "single", "file_types": None, "panel_states": None},
        **{"theme": "auto", "telemetry": False, "allowed_origins": None, "time_update_interval": 0.1},
        **{"time_controls": None, "keys": None},
    }
    config = Rerun(render=False).get_config()
    assert {name: config.get(name) for name in defaults} == defaults


def test_the_template_has_the_height_of_the_viewer() -> None:
    config = Rerun(height="70vh", render=False).get_config()
    assert "<rerun-viewer>" in config["html_template"]
    assert "height: 70vh" in config["css_template"]
    assert config["apply_default_css"] is False


def test_a_component_that_is_not_rendered_is_not_in_the_app() -> None:
    with gr.Blocks() as demo:
        hidden, shown = Rerun(render=False), Rerun()
    assert (hidden._id in demo.blocks, shown._id in demo.blocks) == (False, True)


def test_a_function_as_the_value_is_called_when_an_input_changes_and_by_a_timer() -> None:
    with gr.Blocks() as demo:
        box = gr.Textbox()
        Rerun(lambda _: None, every=3, inputs=[box])
    targets = {event for each in demo.fns.values() for _, event in each.targets}
    assert targets == {"load", "change", "tick"}
    assert [each.value for each in demo.blocks.values() if isinstance(each, gr.Timer)] == [3]


def test_the_page_knows_which_component_it_shows() -> None:
    viewer = Rerun(render=False, elem_id="left")
    (part,) = re.findall(r"part = (\{.*\});", viewer.get_config()["js_on_load"])
    assert json.loads(part) == {
        "id": viewer._id,
        "session": "",
        "elemId": "left",
        "isAsked": False,
        "isInput": False,
        "linked": None,
        "listenerCounts": {},
        "listened": [],
    }


def test_a_wrong_value_is_refused_at_construction() -> None:
    with pytest.raises(RecordingError):
        Rerun("nowhere.rrd")


def test_none_and_an_empty_list_are_no_value() -> None:
    viewer = Rerun()
    assert viewer.value is None
    assert viewer.postprocess(None) is None
    assert viewer.postprocess([]) is None


def test_a_path_becomes_a_file_in_the_cache(file: Path) -> None:
    viewer = Rerun()
    value = viewer.postprocess(file)
    assert value
    (item,) = value.root
    assert isinstance(item, FileData)
    assert Path(item.path).is_relative_to(viewer.GRADIO_CACHE)


@pytest.mark.parametrize(
    ("payload", "given"),
    [
        (None, None),
        ([], None),
        ("", None),
        (["https://host/a.rrd"], "https://host/a.rrd"),
        ([{"path": "a.rrd"}], "a.rrd"),
        ({"path": "a.rrd"}, "a.rrd"),
        ([{"path": "a.rrd"}, "https://host/a.rrd"], ["a.rrd", "https://host/a.rrd"]),
    ],
)
def test_as_an_input_the_function_gets_paths_and_urls(
    payload: Any, given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.chdir(write_recording(tmp_path / "a.rrd", "a").parent)
    model = None if payload is None else Recordings.model_validate(payload)
    assert Rerun().preprocess(model) == given


def test_a_deleted_upload_is_an_error_for_the_user() -> None:
    with pytest.raises(RecordingError, match=r"a\.rrd was not uploaded, or was deleted"):
        Rerun().preprocess(Recordings.model_validate([{"path": "/nowhere/a.rrd"}]))


def test_a_file_that_was_not_uploaded_is_refused_where_gradio_does_not_check_it(file: Path) -> None:
    """In the content of a gr.Chatbot, Gradio checks only files with "meta"."""
    for path in (file, "a.rrd"):
        with pytest.raises(RecordingError, match="was not uploaded"):
            Rerun().preprocess(Recordings.model_validate([{"path": str(path)}]))


@pytest.mark.parametrize(
    ("types", "name", "taken"),
    [
        (None, "x.anything", True),
        ([".png"], "x.mcap", False),
        ([".png"], "x.rrd", True),  # a file that a function has shown
    ],
)
def test_other_types_of_files_are_refused_from_clients_too(
    types: Any, name: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    file = tmp_path / name
    file.write_bytes(b"x")
    payload = Recordings.model_validate([{"path": str(file)}])
    if taken:
        assert Rerun(file_types=types).preprocess(payload) == str(file)
    else:
        with pytest.raises(RecordingError, match="none of the types"):
            Rerun(file_types=types).preprocess(payload)
        # With a folder, `file_types` does not apply.
        assert Rerun(file_types=types, file_count="directory").preprocess(payload) == [str(file)]


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({"scale": 3}, {"scale": 3, "height": "640px"}),
        ({"height": 300}, {"scale": None, "height": "300px"}),
        ({"visible": False}, {"scale": None, "height": "640px"}),
        ({"min_width": 3, "theme": "dark"}, {"min_width": 3, "theme": "dark"}),
    ],
)
def test_every_update_sends_all_settings(update: dict[str, Any], expected: dict[str, Any]) -> None:
    sent, _ = sent_to_the_page(lambda: gr.update(**update), with_a_hidden_panel)
    expected = {**expected, "panel_states": {"time": "hidden"}}
    sent_settings = settings_in(sent["props"])
    assert {name: sent_settings[name] for name in expected} == expected


def with_a_hidden_panel() -> Rerun:
    return Rerun(panel_states={"time": "hidden"})


def test_updates_accumulate() -> None:
    viewer = Rerun(render=False)
    for update in ({"height": 300}, {"scale": 2}, {"theme": "dark"}):
        arguments = viewer.constructor_args.copy()
        arguments.update(update)
        viewer = Rerun(**{**arguments, "render": False})
    settings = settings_in(viewer.props)
    assert (settings["height"], settings["scale"], settings["theme"]) == ("300px", 2, "dark")


def test_an_update_and_a_skip_stay_as_the_function_has_made_them() -> None:
    for update in (gr.update(height=300, buttons=["clear"]), gr.skip()):
        before = dict(update)
        Rerun(render=False).constructor_args.copy().update(update)
        assert update == before


def test_a_skip_sends_the_settings_and_no_value() -> None:
    """Gradio replaces all props of a component that the page has not mounted yet, also with those of a skip."""
    sent, _ = sent_to_the_page(gr.skip)
    assert "bridge" in sent["props"]["settings"]
    assert "value" not in sent


def test_an_example_is_shown_by_its_name_and_never_as_html() -> None:
    assert Rerun().process_example("/some/<img src=x onerror=alert(1)>.rrd") == "&lt;img src=x onerror=alert(1)&gt;.rrd"
    assert Rerun().process_example(["/some/a.rrd", "https://host/b.rrd"]) == "a.rrd, b.rrd"


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        (Path("/some/a.rrd"), "a.rrd"),
        (FileData(path="/some/a.rrd"), "a.rrd"),
        (FileData(path="/some/a.rrd", orig_name="<b>"), "&lt;b&gt;"),
        (b"RRF2", "bytes"),
        ((b"RRF2", "a.rrd"), "bytes, a.rrd"),
        (None, ""),
    ],
)
def test_an_example_of_any_kind_has_a_name(example: Any, shown: str) -> None:
    assert Rerun().process_example(example) == shown


def test_the_examples_of_the_api_are_values() -> None:
    viewer = Rerun(file_count="multiple")
    url = viewer.preprocess(Recordings.model_validate(viewer.example_payload()))
    assert viewer.postprocess(viewer.example_value()) == Recordings(root=url)
    assert FileData.model_validate(Rerun().example_payload()).path == viewer.example_value()


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=1.0", "br"),
        ("gzip, deflate", "gzip"),
        ("brotli, gzip", "gzip"),
        ("", "gzip"),
        ("gzip, br;q=0", "gzip"),
        ("gzip;q=0.5, br; q=0.0", "gzip"),
        ("BR;Q=0.1, gzip", "br"),
        ("*", "br"),
        ("br;q=0, *;q=0.5", "gzip"),
        ("identity", "gzip"),  # no browser
        ("x" * 100_000, "gzip"),
        ("br;q=1.2.3, gzip", "gzip"),
    ],
)
def test_the_viewers_code_has_an_encoding_that_the_browser_accepts(accepted: str, coding: str) -> None:
    assets = viewer_assets()
    request = SimpleNamespace(headers={"accept-encoding": accepted} if accepted else {})
    answer = asyncio.run(Rerun().viewer_code(assets.wasm.name, request))
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, coding)
    assert answer.headers["content-type"] == "application/wasm"
    assert Path(answer.path) == (assets.wasm_br if coding == "br" else assets.wasm)


@pytest.mark.parametrize("accepted", ["gzip;q=0", "br;q=0, gzip;q=0", "*;q=0", "identity, *;q=0"])
def test_a_client_that_refuses_both_encodings_gets_none(accepted: str) -> None:
    request = SimpleNamespace(headers={"accept-encoding": accepted})
    assert asyncio.run(Rerun().viewer_code(viewer_assets().wasm.name, request)).status_code == 406


def test_the_page_can_request_that_damaged_files_are_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bool] = []
    monkeypatch.setattr("gradio_rerun._component.server_functions.restore_page_files", lambda: checked.append(True))
    asyncio.run(Rerun().restore_files(None, NO_REQUEST))
    assert checked


def test_the_code_of_another_viewer_is_not_found() -> None:
    assert asyncio.run(Rerun().viewer_code("other.wasm", NO_REQUEST)).status_code == 404


def test_a_function_gets_the_url_of_a_server_behind_the_app_without_its_ticket() -> None:
    shown = Recordings.model_validate([{"server": "rerun+http://10.0.0.1/proxy", "ticket": "secret"}])
    assert Rerun().preprocess(shown) == "rerun+http://10.0.0.1/proxy"


@pytest.mark.parametrize("text", ["/etc/passwd", "a.rrd", "file:///etc/passwd"])
def test_a_string_from_a_client_is_not_a_path(text: str) -> None:
    with pytest.raises(RecordingError, match="got the URL"):
        Rerun().preprocess(Recordings.model_validate([text]))


@pytest.mark.parametrize("file_count", ["multiple", "directory"])
def test_with_several_files_allowed_one_file_is_a_list(
    file_count: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(file.parent))
    model = Recordings.model_validate([{"path": str(file)}])
    assert Rerun(file_count=file_count).preprocess(model) == [str(file)]


def is_input(demo: gr.Blocks) -> bool:
    (config,) = [each["props"] for each in demo.get_config_file()["components"] if each["props"]["name"] == "rerun"]
    return '"isInput": true' in config["js_on_load"]


def test_a_component_that_is_only_an_input_is_interactive_by_default() -> None:
    with gr.Blocks() as as_input:
        gr.Button().click(lambda value: None, Rerun(), None)
    with gr.Blocks() as as_output:
        gr.Button().click(lambda: None, None, Rerun())
    with gr.Blocks() as as_both:
        viewer = Rerun()
        gr.Button().click(lambda value: value, viewer, viewer)
    with gr.Blocks() as with_examples:
        viewer = Rerun()
        expected = gr.Textbox()
        gr.Button().click(repr, viewer, expected)
        gr.ClearButton([viewer])
        gr.Examples([["https://host.invalid/a.rrd"]], viewer)
    with gr.Blocks() as as_neither:
        Rerun()
    assert is_input(as_input)
    assert is_input(with_examples)
    assert not any(is_input(demo) for demo in (as_output, as_both, as_neither))


def open_upload(viewer: Rerun, path: str) -> Any:
    return asyncio.run(viewer.open_upload(path))


def test_the_page_gets_recordings_of_uploads_only(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    viewer = Rerun()
    assert "was not uploaded" in open_upload(viewer, str(file))["error"]
    assert "was not uploaded" in open_upload(viewer, "/etc/passwd")["error"]
    assert "was not uploaded" in open_upload(viewer, f"{viewer.GRADIO_CACHE}/../x")["error"]
    uploaded = tmp_path / "uploads" / "1" / "run"
    uploaded.parent.mkdir(parents=True)
    uploaded.write_bytes(file.read_bytes())
    assert open_upload(viewer, str(uploaded))["file"]["path"].endswith("run.rrd")
    uploaded.write_bytes(b"no recording")
    assert "it starts with" in open_upload(viewer, str(uploaded))["error"]
    assert "none of the types" in open_upload(Rerun(file_types=[".png"]), str(uploaded))["error"]
    assert "it starts with" in open_upload(Rerun(file_types=[".png"], file_count="directory"), str(uploaded))["error"]


def test_a_tool_of_the_mcp_server_takes_the_url_of_a_recording() -> None:
    mcp = pytest.importorskip("gradio.mcp")

    def measure(recording: str) -> int:
        return len(recording)

    with gr.Blocks() as demo:
        gr.Button().click(measure, Rerun(interactive=True), gr.Number())
    schema, files = mcp.GradioMCPServer(demo).get_input_schema("measure")
    assert schema["properties"]["recording"]["type"] == "string"
    assert "$ref" not in json.dumps(schema)
    assert files == [["recording"]]


def test_the_api_describes_the_value() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(file_count="multiple")
        gr.Button().click(lambda value: value, viewer, viewer, api_name="show")
    (parameter,) = demo.get_api_info()["named_endpoints"]["/show"]["parameters"]
    assert parameter["python_type"]["type"].startswith("list[")
    assert "filepath" in parameter["python_type"]["type"]
    assert "str" in parameter["python_type"]["type"]
    assert "frontend" not in parameter["python_type"]["description"]  # clients do not know it


def test_a_path_of_a_client_is_refused_with_the_cure() -> None:
    with pytest.raises(UnsupportedValueError, match=r"with gradio_client, handle_file\(path\)"):
        Rerun().preprocess(Recordings.model_validate(["/tmp/downloaded/run.rrd"]))


@pytest.mark.parametrize("size", [0, -1, 1.5, "1 GB", True])
def test_a_wrong_stream_size_is_refused(size: object) -> None:
    with pytest.raises(ParameterError, match="max_stream_size"):
        Rerun(streaming=True, max_stream_size=size)  # type: ignore[arg-type]


def test_a_stream_without_new_data_changes_nothing() -> None:
    viewer = Rerun(streaming=True)
    assert viewer.postprocess(b"") == gr.skip()
    assert viewer.postprocess(None) == Recordings(root=[])


@pytest.mark.parametrize("sent", ["", None, [], [""]])
def test_the_page_may_send_an_empty_string_for_no_recording(sent: Any) -> None:
    assert Recordings.model_validate(sent).root == []


def test_the_page_may_send_an_empty_string_beside_recordings() -> None:
    urls = ["https://one.test/a.rrd", "https://two.test/b.rrd"]
    assert Recordings.model_validate([*urls, ""]).root == urls
    assert Recordings.model_validate(urls[0]).root == urls[:1]


def test_a_stream_beside_a_server_behind_the_app_has_the_ticket_of_the_server() -> None:
    server = "rerun+http://10.0.0.1:9876/proxy"
    with gr.Blocks():
        viewer = Rerun(streaming=True, tunnel=["rerun+http://10.0.0.1:9876"])
    value = viewer.postprocess([recording_bytes("one"), server])
    assert value.model_dump()[1]["ticket"]  # type: ignore[union-attr]


def test_forgetting_a_stream_returns_whether_the_same_file_can_come_again() -> None:
    recording = rr.RecordingStream("test_app")
    log_points(recording)
    viewer = Rerun(streaming=True)
    shared = viewer.postprocess(recording)  # outside of a session
    assert isinstance(shared, Recordings)
    (file,) = shared.model_dump()
    assert asyncio.run(viewer.forget_recording(file["path"], NO_REQUEST)) is True
    for other in ("/etc/passwd", None, 3, [file["path"]]):
        assert asyncio.run(viewer.forget_recording(other, NO_REQUEST)) is False


def test_linked_viewers_name_each_other_in_the_page() -> None:
    with gr.Blocks() as demo:
        one, two, three, alone = (Rerun() for _ in range(4))
        link(one, two, three)
    scripts = {each["id"]: each["props"]["js_on_load"] for each in demo.get_config_file()["components"]}
    ids = [each._id for each in (one, two, three)]
    for viewer in (one, two, three):
        assert f'"linked": {{"ids": {ids}, "time": true, ' in scripts[viewer._id]
    assert '"linked": null' in scripts[alone._id]


def test_what_linked_viewers_have_in_common_reaches_the_page() -> None:
    with gr.Blocks() as demo:
        one, two = Rerun(), Rerun()
        link(one, two, play=False, selection=np.False_, camera=True, timelines=("a", "b"), offsets=[0, timedelta(-1)])
    scripts = [each["props"]["js_on_load"] for each in demo.get_config_file()["components"]]
    options = '"time": true, "play": false, "selection": false, "camera": true, "timelines": ["a", "b"]'
    assert all(f'{options}, "offsets": ["0", "-86400000000000"]' in each for each in scripts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": "yes"},
        {"camera": None},
        {"timelines": ["a"]},
        {"timelines": "ab"},
        {"timelines": ["a", ""]},
        {"offsets": [1]},
        {"offsets": [0, 1.5]},
        {"offsets": [0, np.timedelta64("NaT")]},
        {"offsets": 3},
    ],
)
def test_a_wrong_option_of_link_is_an_error(wrong: dict[str, Any]) -> None:
    one, two = Rerun(render=False), Rerun(render=False)
    with pytest.raises(ParameterError, match=f"Expected {next(iter(wrong))} to be .*got "):
        link(one, two, **wrong)
    link(one, two)


def test_a_client_cannot_send_more_urls_than_are_checked_in_a_moment() -> None:
    urls = [f"https://a.b/{number}.rrd" for number in range(5001)]
    assert Rerun().preprocess(Recordings.model_validate(urls[:5000])) == urls[:5000]
    for many in (urls, [{"server": url, "ticket": ""} for url in urls]):
        with pytest.raises(UnsupportedValueError, match="Expected 5,000 URLs at most, got 5,001"):
            Rerun().preprocess(Recordings.model_validate(many))


def test_a_wrong_argument_of_link_is_an_error() -> None:
    one, two, three = (Rerun(render=False) for _ in range(3))
    for wrong in [(), (one,), (one, "two"), ([one, two],)]:
        with pytest.raises(ParameterError, match="Expected link to get two Rerun components or more, got "):
            link(*wrong)
    link(one, two)
    for wrong in [(one, three), (three, three)]:
        with pytest.raises(ParameterError, match="linked to no others"):
            link(*wrong)
