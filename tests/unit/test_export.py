"""The folder of an exported page. In a browser: tests/browser/test_export.py."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import rerun as rr
from full_disk import full_disk
from other_files import png
from recordings import log_points, recording_bytes, write_recording

from gradio_rerun import export
from gradio_rerun._recordings import cached_files
from gradio_rerun._viewer.assets import viewer_assets
from gradio_rerun.errors import ExportError, GradioRerunError, ParameterError, RecordingError, UnsupportedValueError


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "files" / "run.rrd", "run")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site" / "figure 1"


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def page_of(folder: Path) -> dict[str, Any]:
    text = (folder / "index.html").read_text()
    (page,) = re.findall(r'<script type="application/json" id="page">(.*?)</script>', text)
    return dict(json.loads(page))


def recordings_of(folder: Path) -> dict[str, str]:
    return {each["name"]: each["url"] for each in page_of(folder)["recordings"]}


def test_the_folder_has_the_page_the_viewer_the_recording_and_the_licences(run: Path, folder: Path) -> None:
    export(run, folder)
    files = files_in(folder)
    assets = viewer_assets()
    modules = {name for name in files if name.startswith("frontend/")}
    assert files - modules == {
        *("index.html", "gradio_rerun.json", "LICENSES.txt", "recordings/run.rrd"),
        *(f"viewer/{path.name}" for path in (assets.glue, assets.wasm)),
    }
    assert (folder / "recordings" / "run.rrd").read_bytes() == run.read_bytes()
    page = (folder / "index.html").read_text()
    assert "http" not in page  # it names no other server
    named = {*re.findall(r'(?:href|src)="([^"]*)"', page)} - {"data:,"}
    assert named == modules & named
    styles = re.findall(r'<link rel="stylesheet" href="([^"]*)">', page)
    assert [Path(name).name for name in styles] == ["rerun-viewer.css", "page.css"]
    licences = (folder / "LICENSES.txt").read_text()
    for words in ("Rerun Technologies AB", "The gradio_rerun authors", "Apache License"):
        assert words in licences


def test_the_page_is_one_script_that_needs_no_gradio(run: Path, folder: Path) -> None:
    export(run, folder)
    (script,) = folder.rglob("*.js")
    assert not re.findall(r"^import|callComponent", script.read_text(), re.MULTILINE)


def test_a_name_does_not_control_the_terminal(tmp_path: Path, folder: Path) -> None:
    run = write_recording(tmp_path / "run.rrd", "run")
    snippet = export({"path": str(run), "orig_name": "a\x1b]0;b\x07\u202e\n.rrd"}, folder)
    assert 'title="a]0;b.rrd"' in snippet
    assert "\x1b" not in (folder / "index.html").read_text("utf-8")


def test_a_title_and_names_are_text(tmp_path: Path, folder: Path) -> None:
    name = "</script><b>.rrd"
    run = write_recording(tmp_path / "run.rrd", "run")
    snippet = export({"path": str(run), "orig_name": name}, folder, title='"><script>')
    page = (folder / "index.html").read_text()
    assert "<title>&quot;&gt;&lt;script&gt;</title>" in page
    assert page.count("<script") == 2
    assert recordings_of(folder) == {name: "recordings/script_b.rrd"}
    assert 'title="&quot;&gt;&lt;script&gt;"' in snippet


@pytest.mark.parametrize("name", ["a.r#d?x", "a.\\..\\..\\b", "a.\0rrd", "../../a.rrd", "%2e%2e%2fa.r%2fd"])
def test_the_url_of_a_recording_is_the_name_of_its_file(name: str, run: Path, folder: Path) -> None:
    export({"path": str(run), "orig_name": name}, folder)
    (url,) = recordings_of(folder).values()
    assert re.fullmatch(r"recordings/[a-z0-9][\w.-]*", url)
    assert url in files_in(folder)


@pytest.mark.skipif(os.name == "nt", reason="names of files are Unicode there")
def test_names_that_are_no_unicode_are_written(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"o\xff")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system takes no such name")
    assert 'src="o%FF/index.html" title="half \ufffd' in export(run, folder, title="half \ud800")
    assert "<title>half \ufffd" in (folder / "index.html").read_text("utf-8")


def test_the_snippet_embeds_the_folder(run: Path, folder: Path) -> None:
    snippet = export(run, folder, height="60vh")
    assert snippet.startswith('<iframe src="figure%201/index.html" title="run.rrd"')
    assert "height: 60vh" in snippet
    assert "height: 300px" in export(run, folder, height=300)


def test_a_list_of_all_kinds_is_written_under_names_that_each_server_takes(tmp_path: Path, folder: Path) -> None:
    logged = rr.RecordingStream("app")
    log_points(logged)
    files = [write_recording(tmp_path / name / "_Run 1.rrd", name) for name in ("a", "b")]
    export([*files, png(tmp_path / "ä.png"), recording_bytes("bytes"), logged, files[0]], folder)
    assert [each["url"] for each in page_of(folder)["recordings"]] == [
        *("recordings/run_1.rrd", "recordings/run_1_2.rrd", "recordings/png.rrd", "recordings/recording.rrd"),
        "recordings/app.rrd",
    ]
    for each in page_of(folder)["recordings"]:
        assert (folder / each["url"]).stat().st_size == each["size"]


def test_the_page_does_not_change_with_a_big_file(run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_files, "LINK_FROM", 1)
    export(run, folder)
    before = run.read_bytes()
    run.write_bytes(b"another")
    assert (folder / "recordings" / "run.rrd").read_bytes() == before
    assert not [name for name in files_in(folder) if name.startswith(".")]


def test_without_parameters_the_page_has_the_defaults(run: Path, folder: Path) -> None:
    export(run, folder)
    page, assets = page_of(folder), viewer_assets()
    viewer = page["settings"].pop("viewer")
    assert (viewer["version"], viewer["wasm_size"]) == (assets.version, assets.wasm_size)
    for name, path in (("glue", assets.glue), ("wasm", assets.wasm)):
        assert viewer[name] == {"location": path.name, "url": f"viewer/{path.name}", "orig_name": path.name}
    assert page["settings"] == {
        **{"theme": "auto", "panel_states": {}, "bridge": {"path": "", "url": "frontend"}},
        **{"telemetry": False, "allowed_origins": [], "time_controls": None},
    }
    assert page["recordings"] == [{"name": "run.rrd", "url": "recordings/run.rrd", "size": run.stat().st_size}]
    assert "rerun-poster" not in (folder / "index.html").read_text()


def test_the_page_has_the_parameters(run: Path, folder: Path, tmp_path: Path) -> None:
    export(run, folder, theme="dark", panel_states={"time": "collapsed"}, poster=png(tmp_path / "Figure.PNG"))
    settings = page_of(folder)["settings"]
    assert (settings["theme"], settings["panel_states"], settings["telemetry"]) == (
        "dark",
        {"time": "collapsed"},
        False,
    )
    page = (folder / "index.html").read_text()
    assert '<button type="button" class="rerun-poster"><img src="poster.png" alt=""></button>' in page
    assert (folder / "poster.png").read_bytes() == (tmp_path / "Figure.PNG").read_bytes()


def test_an_export_replaces_only_the_files_of_the_previous_one(run: Path, folder: Path, tmp_path: Path) -> None:
    export(run, folder, poster=png(tmp_path / "figure.png"))
    (folder / "CNAME").write_text("paper.example")
    (folder / "viewer" / "mine.txt").touch()
    (folder / "viewer-0.1").mkdir()
    (folder / "viewer-0.1" / "viewer.wasm").touch()
    names = json.loads((folder / "gradio_rerun.json").read_text())["files"]
    assert {*names} == files_in(folder) - {"CNAME", "viewer/mine.txt", "viewer-0.1/viewer.wasm"}
    (folder / "gradio_rerun.json").write_text(json.dumps({"files": [*names, "viewer-0.1/viewer.wasm"]}))
    other = write_recording(tmp_path / "other.rrd", "other")
    export(other, folder)
    files = files_in(folder)
    assert "recordings/other.rrd" in files
    assert not (folder / "viewer-0.1").exists()
    assert not files & {"recordings/run.rrd", "poster.png"}
    assert {"CNAME", "viewer/mine.txt", "index.html"} <= files
    assert recordings_of(folder) == {"other.rrd": "recordings/other.rrd"}


def test_a_failed_export_keeps_the_previous_one(run: Path, folder: Path) -> None:
    export(run, folder)
    before = {name: (folder / name).read_bytes() for name in files_in(folder)}
    with pytest.raises(RecordingError):
        export([run, "nowhere.rrd"], folder)
    assert {name: (folder / name).read_bytes() for name in files_in(folder)} == before


def test_an_export_that_fails_halfway_keeps_the_earlier_page(
    run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(run, folder, title="earlier")
    replace = Path.replace

    def replaced(path: Path, target: Path) -> Path:
        if target.parent == folder / "viewer":
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replaced)
    with pytest.raises(ExportError, match="No space left on device"):
        export(run, folder, title="later")
    assert "<title>earlier</title>" in (folder / "index.html").read_text()


def test_a_list_of_files_that_leads_out_of_the_folder_deletes_nothing(run: Path, folder: Path, tmp_path: Path) -> None:
    export(run, folder)
    (folder / "gradio_rerun.json").write_text(json.dumps({"files": ["../../files/run.rrd", str(run), "index.html"]}))
    export(recording_bytes("run"), folder)
    assert run.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"title": 3}, "Expected title to be a string or None, got 3"),
        ({"height": "tall"}, "Expected height to be"),
        ({"theme": "pink"}, "Expected theme to be one of"),
        ({"panel_states": {"time": "gone"}}, "Expected panel_states to give"),
        ({"poster": "nowhere.png"}, "Expected poster to be the path of a picture"),
        ({"poster": __file__}, "Expected poster to be the path of a picture"),
        ({"poster": 3}, "Expected poster to be the path of a picture"),
        *(
            ({"poster": f"{name}.png"}, "Expected poster to be")
            for name in ("x" * 5000, "~nobody-of-this-name/x", "a\0b")
        ),
    ],
)
def test_a_wrong_parameter_is_named(arguments: dict[str, Any], words: str, run: Path, folder: Path) -> None:
    with pytest.raises(ParameterError, match=re.escape(words)):
        export(run, folder, **arguments)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (None, UnsupportedValueError, "Expected a recording for the page, got None"),
        ([], UnsupportedValueError, "Expected a recording for the page, got []"),
        (["https://example.com/run.rrd"], UnsupportedValueError, "got the URL 'https://example.com/run.rrd'"),
        ("rerun+http://127.0.0.1:9876/proxy", UnsupportedValueError, "save the recording as a file"),
        ("nowhere.rrd", RecordingError, "got 'nowhere.rrd': there is no such file"),
        (__file__, RecordingError, "it starts with"),
        (3, UnsupportedValueError, "got int 3"),
    ],
)
def test_a_value_that_cannot_be_exported_is_named(
    value: Any, error: type[GradioRerunError], words: str, folder: Path
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        export(value, folder)
    assert not folder.exists()


def test_a_folder_with_other_files_is_refused_and_stays(run: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("mine")
    with pytest.raises(
        ExportError, match="The folder 'figure 1' is not empty, and no earlier export has written it"
    ) as failure:
        export(run, folder)
    assert str(folder.parent) not in str(failure.value)
    assert files_in(folder) == {"index.html"}
    assert (folder / "index.html").read_text() == "mine"


@pytest.mark.parametrize("names", ["[" * 100_000, '{"files": ["a\\u0000b"]}'])
def test_a_folder_whose_list_is_damaged_is_refused(names: str, run: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "gradio_rerun.json").write_text(names)
    with pytest.raises(ExportError, match="no earlier export has written it"):
        export(run, folder)


def test_a_path_that_cannot_be_a_folder_is_refused(run: Path) -> None:
    for folder in (3, None, b"site"):
        with pytest.raises(ParameterError, match="Expected folder to be a path, got "):
            export(run, folder)  # type: ignore[arg-type]
    with pytest.raises(ExportError, match=r"The page cannot be written into the folder .xxx.*: File name too long"):
        export(run, "x" * 5000)


def test_a_file_in_place_of_the_folder_is_refused(run: Path) -> None:
    for folder in (run, run / "site"):
        with pytest.raises(ExportError, match=r"The page cannot be written into the folder .*Not a directory"):
            export(run, folder)


@pytest.mark.parametrize("room", [1 << 20, 4096])  # for the recording, and for nothing
def test_a_full_disk_is_named_and_leaves_nothing(room: int, run: Path, folder: Path) -> None:
    viewer_assets()
    with (
        full_disk(room),
        pytest.raises(ExportError, match="The page cannot be written into the folder 'figure 1': File too large"),
    ):
        export(run, folder)
    assert not folder.exists()
