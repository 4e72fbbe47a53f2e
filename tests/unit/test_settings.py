from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import gradio as gr
import numpy as np
import pytest
from apps import settings_in
from fastapi.testclient import TestClient
from gradio_client import Client

import gradio_rerun
from gradio_rerun import Rerun, commands
from gradio_rerun._component.settings import PageSettings, css_length
from gradio_rerun.errors import ParameterError


def settings(**changes: Any) -> Any:
    parameters = inspect.signature(Rerun.__init__).parameters
    given = {name: changes.get(name, parameters[name].default) for name in PageSettings.parameters()}
    return settings_in({"settings": PageSettings.of(given).to_wire()})


@pytest.mark.parametrize(
    ("height", "css"),
    [
        *[(640, "640px"), (0.5, "0.5px"), ("300", "300px"), (None, "640px")],
        *[(each, each) for each in ("70vh", "calc(100vh - 2rem)", "100%", " 70VH ", "0.5em", ".5rem", "12cqw")],
        *[(each, each) for each in ("min(50vh, 400px)", "VAR(--height)")],
    ],
)
def test_a_height_is_pixels_or_css(height: Any, css: str) -> None:
    assert css_length(height) == css
    assert settings(height=height)["height"] == css


@pytest.mark.parametrize(
    ("name", "wrong", "known"),
    [
        ("theme", "pink", "'auto', 'light', 'dark'"),
        ("file_count", "several", "'single', 'multiple', 'directory'"),
        ("panel_states", {"left": "hidden"}, "'blueprint'.*'collapsed'"),
        ("panel_states", {"time": "closed"}, "'blueprint'.*'collapsed'"),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(name: str, wrong: Any, known: str) -> None:
    with pytest.raises(ParameterError, match=known):
        settings(**{name: wrong})


def test_a_panel_state_of_none_leaves_the_panel_to_the_user() -> None:
    assert settings(panel_states={"time": None, "top": "hidden"})["panel_states"] == {"top": "hidden"}


@pytest.mark.parametrize(
    ("types", "accepted"),
    [
        *[([".rrd"], [".rrd"]), (["image"], ["image/*"]), (["file"], []), (["text/csv"], ["text/csv"])],
        *[([], []), ((".png", "image", "text/csv"), [".png", "image/*", "text/csv"]), ([".png", "file"], [])],
    ],
)
def test_file_types_are_those_of_gradio(types: Any, accepted: Any) -> None:
    assert settings(file_types=types)["file_types"] == accepted


def test_by_default_what_the_sdk_opens_may_be_uploaded() -> None:
    assert {".rrd", ".rbl", ".png", ".glb", ".mcap"} <= set(settings()["file_types"])


def test_the_files_of_the_page_are_static_files_of_gradio() -> None:
    from gradio.utils import is_static_file

    made = settings()
    for path in (made["bridge"]["path"], *(made["viewer"][name]["location"] for name in ("glue", "wasm"))):
        assert is_static_file(path)
    assert made["bridge"]["url"] == f"/gradio_api/file={made['bridge']['path']}"


def test_a_second_call_adds_no_static_paths() -> None:
    from gradio.data_classes import _StaticFiles

    settings()
    before = list(_StaticFiles.all_paths)
    settings()
    assert before == _StaticFiles.all_paths


@pytest.mark.parametrize(
    ("origins", "kept"),
    [
        (None, []),
        ([], []),
        (("http://a.test:8080", "https://b.test//"), ["http://a.test:8080", "https://b.test"]),
    ],
)
def test_origins_are_a_list_without_slashes_at_the_end(origins: Any, kept: list[str]) -> None:
    assert settings(allowed_origins=origins)["allowed_origins"] == kept


@pytest.mark.parametrize(
    "origin", ["https://", "https://a.test/path", "ftp://a.test", "//a.test", "https://[::1", 3, None]
)
def test_one_wrong_origin_is_named(origin: Any) -> None:
    with pytest.raises(ParameterError, match="to hold origins such as 'https://") as refused:
        settings(allowed_origins=["https://a.test", origin])
    assert str(refused.value).endswith(f"got {origin!r}.")


def test_an_array_stands_for_a_list() -> None:
    wired = settings(
        buttons=np.array(["clear", "download"]), allowed_origins=np.array(["https://a.test/", "https://b.test"])
    )
    assert wired["buttons"] == ["download", "clear"]
    assert wired["allowed_origins"] == ["https://a.test", "https://b.test"]


@pytest.mark.parametrize("name", ["allowed_origins", "buttons", "file_types"])
def test_for_a_string_in_place_of_a_list_the_list_is_suggested(name: str) -> None:
    with pytest.raises(ParameterError, match=r"Write \['download'\]\."):
        settings(**{name: "download"})
    with pytest.raises(ParameterError, match=r"or None, got 3\.$"):
        settings(**{name: 3})


def test_keys_are_characters_and_the_names_that_browsers_give() -> None:
    assert settings()["keys"] == []
    keys = ["w", "é", "ArrowUp", "Space", *(f"F{number}" for number in range(1, 13))]
    assert settings(keys=tuple(keys))["keys"] == keys
    with pytest.raises(ParameterError, match=r"Expected keys to hold single characters .*, got 'F13'"):
        settings(keys=["w", "F13"])


def test_the_page_gets_flags_and_sizes_unchanged() -> None:
    sent = settings(streaming=True, telemetry=True, scale=2, min_width=300, interactive=False, time_update_interval=0.5)
    assert (sent["streaming"], sent["telemetry"]) == (True, True)
    assert (sent["scale"], sent["min_width"], sent["interactive"]) == (2, 300, False)
    assert (sent["time_update_interval"], sent["theme"], sent["file_count"]) == (0.5, "auto", "single")
    sent = settings()
    assert (sent["streaming"], sent["telemetry"], sent["panel_states"]) == (False, False, {})


def test_each_script_of_the_page_is_served_where_another_script_imports_it() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
    client = TestClient(gr.routes.App.create_app(demo))
    first = settings()["bridge"]["url"]
    by_script = re.findall(r'module\("([^"]*)"\)', viewer.get_config()["js_on_load"])
    waiting, served = [first, *(first.replace("gradio/bridge.js", name) for name in by_script)], set()
    assert len(waiting) == 4
    while waiting:
        url = waiting.pop()
        if url in served:
            continue
        served.add(url)
        response = client.get(url)
        assert response.status_code == 200, url
        assert re.match("(text|application)/javascript", response.headers["content-type"]), url  # as Python knows it
        names = re.findall(r'^import [^"]*"(\.{1,2}/[^"]*)";$', response.text, re.MULTILINE)
        waiting += [urljoin(url, name) for name in names]
    assert {url.rpartition("/")[2] for url in served} == {
        *("bridge.js", "component-server.js", "loader.js", "styles.js", "wire.js"),
    }


def test_the_page_gets_the_name_and_size_of_each_file() -> None:
    sent = settings()
    glue, wasm = (Path(sent["viewer"][name]["location"]) for name in ("glue", "wasm"))
    assert [sent["viewer"][name]["orig_name"] for name in ("glue", "wasm")] == [glue.name, wasm.name]
    assert sent["viewer"]["wasm_size"] > wasm.stat().st_size > 1_000_000 > glue.stat().st_size
    bridge = sent["bridge"]
    assert (bridge["orig_name"], bridge["size"]) == ("bridge.js", Path(bridge["path"]).stat().st_size)
    assert (bridge["is_stream"], bridge["meta"]) == (False, {"_type": "gradio.FileData"})


def test_a_client_of_the_api_that_gets_a_command_downloads_no_viewer(tmp_path: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        gr.Button().click(commands.play, None, viewer, api_name="command")
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    try:
        Client(url, verbose=False, download_files=tmp_path).predict(api_name="/command")
    finally:
        demo.close(verbose=False)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["bridge.js"]


PACKAGE = Path(gradio_rerun.__file__).parent


def files_that_name(setting: str) -> set[str]:
    """The files of the package that name a setting, other than as a value in a string with more words."""
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")]
    return {str(each.relative_to(PACKAGE)) for each in files if re.search(rf"\b{setting}\b", each.read_text())}


@pytest.mark.parametrize("setting", ["telemetry", "time_update_interval", "panel_states"])
def test_a_setting_is_named_by_the_constructor_the_dataclass_and_the_frontend_only(setting: str) -> None:
    # `panel_states` is mentioned by the command `update_panels` and the page of a dataset, too, and `time_update_interval` by the event. Exported pages have some of both.
    mentioned = {
        "_episode_browser.py",
        "_export.py",
        "commands/_viewer.py",
        "commands/__init__.py",
        "commands/_former.py",
        "_gradio/event_list.py",
        "_gradio/event_methods.py",
    }
    python = {each for each in files_that_name(setting) if each.endswith(".py")}
    assert python - mentioned == {"component.py", "_component/settings.py"}


def test_a_setting_is_added_by_one_field_and_one_parameter() -> None:
    @dataclass(frozen=True)
    class More(PageSettings):
        zoom: float = field(metadata={"check": lambda name, value: value * 2})

    assert More.parameters() - PageSettings.parameters() == {"zoom"}
    given = {**Rerun()._given, "zoom": 3}
    before, after = ({"settings": each} for each in (Rerun()._page_settings(), More.of(given).to_wire()))
    assert settings_in(after) == {**settings_in(before), "zoom": 6}
