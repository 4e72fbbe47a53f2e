"""Attempts of clients other than the component's page, against running apps. Files of the server are `secret`, those of users `uploads`."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import gradio as gr
import httpx
import pytest
from apps import settings_in
from gradio.route_utils import delete_files_created_by_app
from other_files import ply
from PIL import Image
from recordings import recording_bytes, write_recording
from waiting import wait_until

from gradio_rerun import Rerun, commands
from gradio_rerun._clients import Client, current_client
from gradio_rerun._gradio.files import uploaded_file
from gradio_rerun._viewer.assets import viewer_assets
from gradio_rerun._wire import STREAM_TYPE
from gradio_rerun.errors import RecordingError

HTML = "<img src=x onerror=alert(1)>"
META = {"_type": "gradio.FileData"}


@dataclass
class Folders:
    uploads: Path
    secret: Path
    """A recording that Gradio may not serve."""


@dataclass
class App:
    url: str
    demo: gr.Blocks
    viewer: Rerun
    http: httpx.Client

    def call(self, name: str, *data: Any, session: str = "") -> tuple[bool, str]:
        """Returns whether the call succeeds, and everything that the page receives. Each call has its own session."""
        index = next(index for index, each in self.demo.fns.items() if each.api_name == name)
        session = session or secrets.token_hex()
        self._post("queue/join", {"data": data, "fn_index": index, "session_hash": session}).raise_for_status()
        received = self.http.get(f"{self.url}gradio_api/queue/data?session_hash={session}").text
        (end,) = [line for line in received.splitlines() if '"process_completed"' in line]
        return json.loads(end.removeprefix("data:"))["success"], received

    def open_upload(self, path: Any) -> Any:
        answer = self.ask("open_upload", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, function: str, data: Any, **headers: str) -> httpx.Response:
        body = {"data": data, "component_id": self.viewer._id, "fn_name": function, "session_hash": "any"}
        return self._post("component_server", body, **headers)

    def _post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        # Not by httpx's own JSON, which knows no half letters.
        headers = {"Content-Type": "application/json", **headers}
        return self.http.post(f"{self.url}gradio_api/{path}", content=json.dumps(body), headers=headers)

    def upload(self, name: str, content: bytes) -> str:
        return self.http.post(f"{self.url}gradio_api/upload", files={"files": (name, content)}).json()[0]

    def file(self, path: str | Path, **headers: str) -> httpx.Response:
        return self.http.get(f"{self.url}gradio_api/file={quote(str(path))}", headers=headers)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    """A working directory, a temporary one, one for uploads, and one that no app uses."""
    root = tmp_path_factory.mktemp("security").resolve()
    for name in ("work", "temporary", "uploads", "outside"):
        (root / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(root / "uploads"))
        patch.chdir(root / "work")
        patch.setattr(tempfile, "tempdir", str(root / "temporary"))
        (root / "uploads" / "link.rrd").symlink_to(root / "outside" / "secret.rrd")
        (root / "uploads" / "folder").symlink_to(root / "outside")
        (root / "uploads" / "loop.rrd").symlink_to(root / "uploads" / "loop.rrd")
        yield Folders(root / "uploads", write_recording(root / "outside" / "secret.rrd", "secret", frames=1))


@pytest.fixture(scope="module")
def launched(folders: Folders) -> Iterator[Callable[..., App]]:
    demos: list[gr.Blocks] = []
    clients: list[httpx.Client] = []

    def launch(demo: gr.Blocks, viewer: Rerun, **options: Any) -> App:
        demos.append(demo)
        clients.append(httpx.Client(timeout=60))
        _, url, _ = demo.launch(
            prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", show_error=True, **options
        )
        return App(url, demo, viewer, clients[-1])

    yield launch
    for client in clients:
        client.close()
    for demo in demos:
        demo.close(verbose=False)


def stream() -> Iterator[bytes]:
    for _ in range(2):
        yield recording_bytes("of_stream")


def blueprint_of_thread(path: str) -> commands.Command:
    """A thread does not know its app."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(commands.set_blueprint, path).result()


@pytest.fixture(scope="module")
def app(launched: Callable[..., App]) -> App:
    with gr.Blocks() as demo:
        text = gr.Textbox()
        viewer = Rerun(label=HTML)
        streaming = Rerun(streaming=True)
        gr.Button().click(repr, viewer, text, api_name="tell")
        gr.Button().click(lambda value: value, viewer, streaming, api_name="echo")
        gr.Button().click(lambda path: path, text, viewer, api_name="show")
        gr.Button().click(commands.set_blueprint, text, viewer, api_name="blueprint")
        gr.Button().click(blueprint_of_thread, text, viewer, api_name="blueprint_of_thread")
        gr.Button().click(stream, None, streaming, api_name="stream")
        gr.Button().click(stream, None, Rerun(streaming=True, max_stream_size=1), api_name="stream_much")
    return launched(demo, viewer)


# How a client may name the secret file.
WAYS = {
    "its path": "{outside}/secret.rrd",
    "dots": "{uploads}/../outside/secret.rrd",
    "dots behind what is not there": "{uploads}/x/../../outside/secret.rrd",
    "encoded separators": "{uploads}/..%2foutside%2fsecret.rrd",
    "encoded dots": "{uploads}/%2e%2e/outside/secret.rrd",
    "encoded twice": "{uploads}/%252e%252e%252foutside%252fsecret.rrd",
    "backslashes": "{uploads}\\..\\outside\\secret.rrd",
    "encoded backslashes": "{uploads}/..%5coutside%5csecret.rrd",
    "a symlink": "{uploads}/link.rrd",
    "a folder that is a symlink": "{uploads}/folder/secret.rrd",
    "a symlink to itself": "{uploads}/loop.rrd",
    "a NUL": "{uploads}/x\0/../../outside/secret.rrd",
    "a NUL at the end": "{outside}/secret.rrd\0.rrd",
    "a URL": "file://{outside}/secret.rrd",
    "a home": "~/secret.rrd",
    "too much": "{uploads}/" + "x" * 5000,
    "the upload folder": "{uploads}",
    "half a letter": "{uploads}/\ud800.rrd",
}


@pytest.fixture(params=WAYS)
def named(request: pytest.FixtureRequest, folders: Folders) -> str:
    return WAYS[request.param].format(uploads=folders.uploads, outside=folders.secret.parent)


def test_a_path_from_a_client_reaches_a_function_only_if_it_is_an_upload(app: App, named: str) -> None:
    for value in ({"path": named, "meta": META}, {"path": named, "meta": META, "is_stream": True}, {"path": named}):
        succeeded, received = app.call("tell", [value])
        assert not succeeded, received
    assert app.call("tell", [named])[0] is False


def test_a_path_from_a_client_becomes_a_recording_only_if_it_is_an_upload(app: App, named: str) -> None:
    answer = app.open_upload(named)
    assert answer.keys() == {"error"}
    assert "was not uploaded" in answer["error"]


def test_the_file_route_serves_only_uploads_and_shown_files(app: App, named: str, folders: Folders) -> None:
    secret = folders.secret.read_bytes()
    # Once unchanged, though clients normalize paths, and once encoded.
    for path in {quote(named, safe="/%.~:\\", errors="replace"), quote(named, safe="", errors="replace")}:
        connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=60)
        connection.request("GET", f"/gradio_api/file={path}")
        answer = connection.getresponse()
        assert answer.status in (403, 404, 500)
        assert secret not in answer.read()
        connection.close()


def test_a_function_that_returns_user_input_serves_no_file_that_gradio_may_not_serve(
    app: App, folders: Folders
) -> None:
    folders.secret.with_suffix(".rbl").write_bytes(folders.secret.read_bytes())
    ways = (folders.secret, f"{folders.uploads}/../outside/secret.rrd", f"{folders.uploads}/link.rrd")
    blueprint = folders.secret.with_suffix(".rbl")
    of_blueprint = ("blueprint", blueprint), ("blueprint_of_thread", blueprint)
    for name, path in [*(("show", path) for path in ways), *of_blueprint]:
        succeeded, received = app.call(name, str(path))
        assert not succeeded
        assert "may not serve" in received


def test_a_path_of_megabytes_is_no_upload_and_takes_no_time(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradio's check takes a time that is quadratic in the length: hours."""
    monkeypatch.setattr("gradio_rerun._gradio.files.is_in_or_equal", lambda *_: pytest.fail("checked"))
    with pytest.raises(RecordingError, match="was not uploaded"):
        uploaded_file(f"{folders.uploads}{'/a' * 1_000_000}")


@pytest.mark.parametrize("data", [None, 3, True, {"a": 1}, ["x"], "", "\ud800"])
def test_a_string_that_is_not_a_path_is_an_error_that_says_so(app: App, data: Any) -> None:
    assert "was not uploaded" in app.open_upload(data)["error"]


@pytest.mark.parametrize(
    "url",
    [
        *["javascript:alert(1)", "javascript://host/%0aalert(1)", "java\nscript://host/x", " javascript://host/x"],
        *[
            "file:///etc/passwd",
            "file://localhost/etc/passwd",
            "data:text/html,x",
            "blob:https://host/1",
            "ftp://host/x",
        ],
        *["//host/x.rrd", "https:host/x.rrd", "https:///x.rrd", "https://a@host/x.rrd", "https://evil\\.host/x.rrd"],
        *["vbscript://x/", "https://host/\0.rrd", "HTTPS", "/etc/passwd", "rerun+file://host/x"],
        *["file://[", "rerun://\ud800", "https://host/\ud800.rrd", "hf://datasets/a/b/\ud800.rrd"],
    ],
)
def test_a_url_of_another_kind_is_refused_from_clients_and_from_functions(app: App, url: str) -> None:
    for name, value in (("tell", [url]), ("tell", url), ("show", url)):
        succeeded, received = app.call(name, value)
        assert not succeeded, received
        assert re.search("Expected|may not serve", received)


@pytest.mark.parametrize("file", [{"path": "http://127.0.0.1/x.rrd"}, {"path": "http://[::1]/x.rrd"}])
def test_the_server_fetches_nothing_from_itself_for_a_client(app: App, file: dict[str, str]) -> None:
    assert app.call("tell", [{**file, "meta": META}])[0] is False


@pytest.mark.parametrize("value", [3, [3], [[]], {"a": 1}, [{"path": 3, "meta": META}], [None], [{"meta": META}]])
def test_a_value_of_another_shape_is_an_error_and_the_app_goes_on(app: App, value: Any) -> None:
    assert app.call("tell", value)[0] is False
    assert app.call("tell", None)[0] is True


def test_a_client_cannot_name_a_piece_of_a_stream_which_would_be_taken_and_deleted(app: App) -> None:
    upload = app.upload("chunk.rrd", recording_bytes("uploaded"))
    value = {"path": upload, "meta": META, "mime_type": STREAM_TYPE, "size": 3, "url": "https://elsewhere.test/x.rrd"}
    succeeded, received = app.call("echo", [value])
    assert succeeded
    assert STREAM_TYPE not in received
    assert "elsewhere" not in received
    assert Path(upload).is_file()


def test_the_work_for_a_value_an_upload_and_a_large_file_counts_for_the_client_that_wants_it(
    launched: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[Client] = []

    def found(*_: Any, **__: Any) -> list[str]:
        clients.append(current_client())
        return ["https://a.com/a.rrd"]

    def renewed(*_: Any) -> Any:
        clients.append(current_client())
        return SimpleNamespace(urls=[], is_truncated=False)

    with gr.Blocks() as demo:
        viewer = Rerun(on_demand_above=1)
        gr.Button().click(lambda: "a.rrd", None, viewer, api_name="show")
    app = launched(demo, viewer)
    upload = app.upload("a.rrd", recording_bytes("upload"))
    monkeypatch.setattr("gradio_rerun._component.streaming.to_recordings", found)
    monkeypatch.setattr("gradio_rerun._component.server_functions.to_recordings", found)
    monkeypatch.setattr("gradio_rerun._component.server_functions.renewed", renewed)
    assert app.call("show", session="of the value")[0]
    app.open_upload(upload)
    app.ask("open_large_file", {"path": upload, "lease": "a"})
    assert clients == [Client("127.0.0.1", page) for page in ("of the value", "any", "any")]


def test_a_client_can_call_only_the_server_functions_of_the_component(app: App) -> None:
    members = [name for name in dir(Rerun) if getattr(getattr(Rerun, name, None), "_is_server_fn", False)]
    assert members == [
        *("answer_question", "ask_server", "close_large_file", "forget_recording", "next_questions"),
        *("open_large_file", "open_upload", "restore_files", "viewer_code"),
    ]
    assert app.ask("restore_files", "/etc/passwd").json() is None
    for name in ("postprocess", "preprocess", "stream_output", "get_config", "_shown", "__init__"):
        assert app.ask(name, "x").status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "", None, 3, ["x"], {}])
def test_a_client_forgets_no_recording_that_it_cannot_name(app: App, path: Any) -> None:
    assert app.ask("forget_recording", path).json() is False


@pytest.mark.parametrize(("accepted", "coding"), [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("", "gzip")])
def test_the_viewer_has_the_best_compression_that_a_client_accepts(app: App, accepted: str, coding: str) -> None:
    name = viewer_assets().wasm.name
    answer = app.ask("viewer_code", name, **{"Accept-Encoding": accepted})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/wasm")
    assert answer.headers["Content-Encoding"] == coding
    assert len(answer.content) == viewer_assets().wasm_size  # decompressed


@pytest.mark.parametrize("name", ["/etc/passwd", "re_viewer_bg-0.1.0-0.wasm.gz", "", None, 3, ["x"], {}])
def test_a_client_gets_no_other_file_for_the_viewer(app: App, name: Any) -> None:
    assert app.ask("viewer_code", name).status_code == 404


def test_file_types_apply_to_all_clients(launched: Callable[..., App]) -> None:
    with gr.Blocks() as demo:
        viewer, received = Rerun(file_types=[".png"]), gr.Textbox()
        gr.Button().click(repr, viewer, received, api_name="tell")
    app = launched(demo, viewer)
    upload = app.upload("robot.mcap", b"\x89MCAP0\r\n")
    succeeded, message = app.call("tell", [{"path": upload, "meta": META}])
    assert not succeeded
    assert "robot.mcap is none of the types that can be uploaded: .png" in message
    assert "none of the types" in app.open_upload(upload)["error"]
    recording = app.upload("shown.rrd", recording_bytes("shown"))  # as a file that a function has shown
    assert app.call("tell", [{"path": recording, "meta": META}])[0] is True


def test_without_a_login_a_client_gets_nothing(launched: Callable[..., App], folders: Folders) -> None:
    recording = write_recording(folders.uploads / "initial" / "run.rrd", "run", frames=1)
    with gr.Blocks() as demo:
        viewer, received = Rerun(recording), gr.Textbox()
        gr.Button().click(repr, viewer, received, api_name="tell")
    app = launched(demo, viewer, auth=("user", "password"))
    settings = settings_in(viewer.get_config()["props"])
    files = [
        recording,
        *(settings["viewer"][name]["location"] for name in ("glue", "wasm")),
        settings["bridge"]["path"],
    ]
    join = {"data": [None], "fn_index": 0, "session_hash": "any"}

    def answers() -> list[int]:
        api = f"{app.url}gradio_api/"
        return [
            *(app.file(file).status_code for file in files),
            *(app.http.head(f"{api}file={file}").status_code for file in files),
            app.ask("open_upload", str(recording)).status_code,
            app.ask("viewer_code", viewer_assets().wasm.name).status_code,
            app.http.post(f"{api}queue/join", json=join).status_code,
            app.http.post(f"{api}call/tell", json={"data": [None]}).status_code,
            app.http.post(f"{api}upload", files={"files": ("x.rrd", b"x")}).status_code,
            app.http.get(f"{app.url}config").status_code,
            app.http.get(f"{api}info").status_code,
        ]

    assert set(answers()) == {401}
    with app.http.stream("GET", f"{app.url}gradio_api/queue/data?session_hash=any") as events:
        assert events.status_code == 401
    login = app.http.post(f"{app.url}login", data={"username": "user", "password": "password"})
    assert login.status_code == 200
    assert set(answers()) == {200}


def path_shown(received: str) -> str:
    return re.findall(r'"path": ?"([^"]+)"', received)[0]


def test_a_session_learns_nothing_about_another_session(app: App) -> None:
    succeeded, received = app.call("stream")
    assert succeeded
    folder = Path(path_shown(received)).parent.name
    assert app.file(path_shown(received)).status_code == 200
    told_to_others = [
        httpx.get(f"{app.url}{path}").text
        for path in (
            "",
            "config",
            "gradio_api/info",
            "gradio_api/queue/status",
            "gradio_api/startup-events",
            "theme.css",
        )
    ]
    told_to_others += [app.call("tell", None)[1], app.call("stream")[1]]
    assert not any(folder in each for each in told_to_others)
    for path in (Path(path_shown(received)).parent, Path(path_shown(received)).parent.parent):
        assert app.file(path).status_code == 403


def test_a_session_with_the_name_of_a_cache_streams_as_any_other(app: App) -> None:
    """Gradio names the run of a generator by its session, whose hash a client chooses."""
    succeeded, received = app.call("stream", session="cache")
    assert succeeded
    recording = Path(path_shown(received))
    assert recording.stat().st_size > len(recording_bytes("of_stream"))
    succeeded, received = app.call("stream_much", session="cache")
    assert not succeeded
    assert "max_stream_size" in received


def test_folders_of_shown_files_have_random_names(app: App, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    token_hex = secrets.token_hex
    monkeypatch.setattr(secrets, "token_hex", lambda size=32: (asked.append(size), token_hex(size))[1])
    names = {Path(path_shown(app.call("stream")[1])).parent.name for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch("[0-9a-f]{40}", name) for name in names)
    assert max(asked) >= 20  # bytes of the system's randomness
    write_recording(folders.uploads.parent / "work" / "run.rrd", "run", frames=1)
    shown = Path(path_shown(app.call("show", "run.rrd")[1]))
    assert re.fullmatch("[0-9a-f]{40}", shown.parent.name)


def test_names_and_labels_are_not_html(app: App, folders: Folders) -> None:
    config = app.http.get(f"{app.url}config").json()
    assert HTML not in app.http.get(app.url).text  # the config within the page
    parts = [each["props"] for each in config["components"] if each["props"].get("name") == "rerun"]
    assert parts[0]["label"] == HTML
    for props in parts:
        # All that Gradio puts into the page as HTML or runs.
        for name in ("html_template", "js_on_load", "css_template", "head"):
            assert HTML not in (props.get(name) or "")
        assert not re.search(r"[{`$]", props["html_template"])
    recording = write_recording(folders.uploads.parent / "work" / f"{HTML}.rrd", "run", frames=1)
    assert HTML not in app.viewer.process_example(str(recording))


# HTML in files and strings of users that may get into messages, by the error.
WITH_HTML: dict[str, tuple[str, bytes | None]] = {
    "a file that is missing": (f"{HTML}nowhere.rrd", None),
    "a file that is no recording": (f"{HTML}none.rrd", HTML.encode()),
    "a picture that is none": (f"{HTML}none.png", HTML.encode()),
    "a scene that names a file": ("named.gltf", json.dumps({"asset": {}, "buffers": [{"uri": HTML}]}).encode()),
    "a scene that is none": (f"{HTML}.gltf", json.dumps({HTML: HTML}).encode()),
    "a robot that is none": (f"{HTML}.urdf", f"<{HTML}".encode()),
    "a URL with a password": (f"https://{HTML}@host/", None),
    "a URL of another scheme": (f"ftp://host/{HTML}", None),
    "a URL without a host": (f"https:///{HTML}", None),
    "a URL with half an address": (f"https://[{HTML}", None),
}


@pytest.mark.parametrize("what", WITH_HTML)
def test_a_message_shows_html_of_names_and_contents_as_text(app: App, what: str) -> None:
    # Gradio's page treats messages as HTML.
    name, content = WITH_HTML[what]
    if content is not None:
        Path(name).write_bytes(content)
    succeeded, received = app.call("show", name)
    assert not succeeded
    assert "<" not in received
    assert "&lt;" in received


# Gradio's own messages name the paths that a client sends as they are: to that client alone.
@pytest.mark.parametrize("value", [[HTML], [f"{HTML}://host/x.rrd"], [f"ftp://{HTML}"]])
def test_a_message_shows_html_of_a_client_as_text(app: App, value: Any) -> None:
    succeeded, received = app.call("tell", value)
    assert not succeeded
    assert HTML not in received


SECRETS = {"Cookie": "access-token=mine", "Authorization": "Bearer mine", "X-Mine": "mine"}


@pytest.mark.parametrize("asked", [None, "bytes=0-", "bytes=100-", "bytes=99999999-"])
def test_responses_to_the_page_do_not_contain_the_headers_of_the_request(app: App, asked: str | None) -> None:
    """A cache in front of the app would send the headers to others. Gradio's responses to closed ranges, such as bytes=0-10, contain them."""
    file = app.upload("run.rrd", recording_bytes("ranges"))
    answer = app.file(file, **SECRETS, **({"Range": asked} if asked else {}))
    assert answer.status_code == {None: 200, "bytes=99999999-": 416}.get(asked, 206)
    assert "mine" not in str(answer.headers)
    assert not {"cookie", "authorization", "x-mine", "range"} & set(answer.headers)


def test_a_recording_is_never_a_page_of_the_apps_origin(app: App) -> None:
    for name in ("page.html", "picture.svg", "run.rrd"):
        answer = app.file(app.upload(name, b"<script>alert(1)</script>"))
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")


def test_a_conversion_ends_when_its_client_leaves(app: App, processes: list[subprocess.Popen[bytes]]) -> None:
    path = app.upload("points.ply", ply(2_000_000))
    body = {"data": path, "component_id": app.viewer._id, "fn_name": "open_upload", "session_hash": "any"}
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=60)
    connection.request("POST", "/gradio_api/component_server", json.dumps(body), {"Content-Type": "application/json"})
    wait_until(lambda: bool(processes))
    connection.close()
    assert processes[0].wait(60) == -signal.SIGKILL


def test_no_file_that_a_session_has_made_outlives_it(
    launched: Callable[..., App], folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    picture = folders.uploads.parent / "work" / "picture.png"
    Image.new("RGB", (4, 4)).save(picture)
    initial = write_recording(folders.uploads.parent / "work" / "initial.rrd", "initial", frames=1)
    with gr.Blocks() as demo:
        viewer, streaming = Rerun(initial), Rerun(streaming=True)
        values: dict[str, Any] = {
            "converted": picture,
            "bytes": recording_bytes("bytes"),
            "update": gr.update(value=recording_bytes("update"), height=300),
            "half": [recording_bytes("half"), picture, "nowhere.rrd"],
        }
        for name, value in values.items():
            gr.Button().click(lambda value=value: value, None, viewer, api_name=name)
        gr.Button().click(stream, None, streaming, api_name="stream")
        gr.Button().click(lambda: [recording_bytes("half"), "nowhere.rrd"], None, streaming, api_name="half_streamed")
    app = launched(demo, viewer)
    cache = tmp_path / "cache"
    kept = {path for path in cache.rglob("*") if path.is_file()}
    assert len(kept) == 1  # the initial value
    for name in (*values, "stream", "half_streamed"):
        app.call(name)
    assert "file" in app.open_upload(app.upload("notes.md", b"# Notes"))
    assert len({path for path in cache.rglob("*") if path.is_file()}) > 5
    delete_files_created_by_app(demo, None)  # as `delete_cache` does with those that are old
    assert {path for path in cache.rglob("*") if path.is_file()} == kept
