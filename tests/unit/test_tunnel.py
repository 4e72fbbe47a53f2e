"""Which Rerun servers a page reaches through the app, and what the app passes on."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import httpx
import pytest
import rerun as rr
from needs import needs
from recordings import log_points, write_recording
from rerun_servers import Call, other_server

from gradio_rerun import Rerun, commands, tunnel
from gradio_rerun.errors import ParameterError
from gradio_rerun.wire import ServerUrl

READ_MESSAGES = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages"
GRPC_WEB = {"content-type": "application/grpc-web+proto"}
EMPTY = b"\0\0\0\0\0"
PRIVATE = "rerun+http://127.0.0.1:9876/proxy"
PUBLIC = "rerun+https://api.example.com:443"


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def admitted(viewer: Rerun, value: Any) -> list[bool]:
    """Of each URL of the value, whether the page gets a ticket for its server."""
    recordings = viewer.postprocess(value)
    return [isinstance(each, ServerUrl) for each in recordings.root]


@pytest.mark.parametrize(
    "url",
    [
        PRIVATE,
        "rerun+http://localhost:1/proxy",
        "rerun+http://[::1]:9876/proxy",
        "rerun+http://10.1.2.3:9876/proxy",
        "rerun+https://192.168.0.7",
        "rerun+http://169.254.1.1:80",
        "rerun+http://robot:9876/proxy",
        "rerun+http://robot.local:9876/proxy",
        "rerun://catalog.internal",
    ],
)
def test_a_private_address_that_the_author_names_goes_through_the_app(url: str) -> None:
    assert isinstance(Rerun(url).value[0], dict)
    assert set(Rerun(url).value[0]) == {"server", "ticket"}


@pytest.mark.parametrize("url", [PUBLIC, "rerun://app.example.com/dataset/1", "rerun+http://8.8.8.8:9876/proxy"])
def test_an_address_that_every_browser_reaches_is_asked_by_the_browser(url: str) -> None:
    assert Rerun(url).value == [url]


def test_what_a_function_returns_may_come_from_a_user_and_gets_no_ticket() -> None:
    assert admitted(Rerun(), PRIVATE) == [False]
    assert admitted(Rerun(PUBLIC), "rerun+http://169.254.169.254/proxy") == [False]
    assert admitted(Rerun(lambda: PRIVATE), PRIVATE) == [False]
    assert Rerun(lambda: PRIVATE).value == [PRIVATE]


def test_what_the_author_has_named_a_function_may_return_too() -> None:
    viewer = Rerun([PRIVATE, PUBLIC])
    of_same = "rerun+http://127.0.0.1:9876/dataset/1?segment_id=2#when=frame@3"
    assert admitted(viewer, [of_same, "rerun+http://127.0.0.1:9877/proxy", PUBLIC]) == [True, False, False]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (True, [True, True]),
        (False, [False, False]),
        ([], [False, False]),
        ([PUBLIC], [False, True]),
        (["rerun+http://127.0.0.1:9876"], [True, False]),
        ({PUBLIC: "token", PRIVATE: None}, [True, True]),
    ],
)
def test_a_parameter_says_it_all(setting: Any, expected: list[bool]) -> None:
    assert admitted(Rerun(tunnel=setting), [PRIVATE, PUBLIC]) == expected
    assert admitted(Rerun([PRIVATE, PUBLIC], tunnel=setting), [PRIVATE, PUBLIC]) == expected


@pytest.mark.parametrize("wrong", [PRIVATE, ["http://127.0.0.1"], ["127.0.0.1:9876"], [3], {"rerun://": None}])
def test_a_parameter_that_names_no_server_is_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="Expected tunnel to"):
        Rerun(tunnel=wrong)


def test_an_update_keeps_what_the_value_has_named() -> None:
    with gr.Blocks():
        arguments = Rerun(PRIVATE).constructor_args.copy()
    arguments.update({"height": 300, "__type__": "update"})
    arguments = {name: value for name, value in arguments.items() if name not in ("value", "__type__", "settings")}
    assert admitted(Rerun(**arguments), PRIVATE) == [True]


@needs((0, 31))
def test_the_objects_of_the_sdk_come_from_no_user(tmp_path: Any) -> None:
    pytest.importorskip("datafusion")
    write_recording(tmp_path / "a.rrd", "a", frames=1)
    with rr.server.Server(host="127.0.0.1", datasets={"runs": tmp_path}) as server:
        dataset = server.client().get_dataset("runs")
        values = [server, server.client(), dataset, *([dataset.segment("a")] if hasattr(dataset, "segment") else [])]
        assert admitted(Rerun(), values) == [True] * len(values)
        assert admitted(Rerun(tunnel=False), values) == [False] * len(values)
        assert admitted(Rerun(), dataset.segment_url("a")) == [False]
        assert admitted(Rerun(server), dataset.segment_url("a")) == [True]
        urls = Rerun(tunnel=False).postprocess(values).root
        assert urls[:2] == [server.url(), server.url()]
        assert urls[2] == f"{server.url()}/entry/{dataset.id}"
        assert urls[3:] == [dataset.segment_url("a")][: len(urls) - 3]


def test_the_function_gets_the_url_that_the_page_has_with_a_ticket() -> None:
    viewer = Rerun(PRIVATE)
    assert viewer.preprocess(viewer.data_model(root=viewer.value)) == PRIVATE


def test_a_token_does_not_reach_the_page() -> None:
    viewer = Rerun(PRIVATE, tunnel={PRIVATE: "geheim"})
    changes = {"tunnel": {PRIVATE: "geheim"}, "__type__": "update"}
    viewer.constructor_args.copy().update(changes)
    assert "geheim" not in json.dumps([viewer.get_config(), changes, viewer.value])


def test_replicas_with_the_same_secret_take_the_tickets_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADIO_RERUN_SECRET", raising=False)
    code = f"""
import os
from gradio_rerun import Rerun
print(Rerun({PRIVATE!r}).value[0]["ticket"])
os.environ["GRADIO_RERUN_SECRET"] = "between us"
print(Rerun({PRIVATE!r}).value[0]["ticket"])
"""
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert Rerun(PRIVATE).value[0]["ticket"] != other[0]
    monkeypatch.setenv("GRADIO_RERUN_SECRET", "between us")
    assert Rerun(PRIVATE).value[0]["ticket"] == other[1]


class App:
    def __init__(self, url: str, viewer: Rerun, client: httpx.Client) -> None:
        self.url = url
        self.viewer = viewer
        self.http = client

    def request(self, **changes: Any) -> httpx.Request:
        """What the page would send, but for the `changes`."""
        first = self.viewer.value[0]
        call = {"path": READ_MESSAGES, "headers": GRPC_WEB, "body": base64.b64encode(EMPTY).decode()}
        call |= first if isinstance(first, dict) else {"server": first, "ticket": "0" * 64}
        data = {**call, **changes}
        body = {"data": data, "component_id": self.viewer._id, "fn_name": "ask_server", "session_hash": "any"}
        return self.http.build_request("POST", f"{self.url}gradio_api/component_server", json=body)

    def ask(self, **changes: Any) -> httpx.Response:
        return self.http.send(self.request(**changes))

    @contextlib.contextmanager
    def open(self, **changes: Any) -> Iterator[httpx.Response]:
        response = self.http.send(self.request(**changes), stream=True)
        yield response
        response.close()


Launch = Callable[..., App]


@pytest.fixture
def launch() -> Iterator[Launch]:
    with contextlib.ExitStack() as stack:

        def launch(*given: Any, launch: dict[str, Any] | None = None, **parameters: Any) -> App:
            with gr.Blocks() as demo:
                viewer = Rerun(*given, **parameters)
            _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", **(launch or {}))
            stack.callback(demo.close, verbose=False)
            return App(url, viewer, stack.enter_context(httpx.Client(timeout=60)))

        yield launch


def test_a_live_recording_is_behind_the_login(launch: Launch, free_port: int) -> None:
    recording = rr.RecordingStream("test_app", recording_id="live")
    app = launch(recording.serve_grpc(grpc_port=free_port), launch={"auth": ("user", "password")})
    log_points(recording)
    assert app.ask().status_code == 401
    app.http.post(f"{app.url}login", data={"username": "user", "password": "password"}).raise_for_status()
    with app.open() as response:
        assert response.headers["content-type"] == "application/grpc-web+proto"
        assert b"/points" in read_until(response, b"/points")
    recording.disconnect()


def read_until(response: httpx.Response, wanted: bytes) -> bytes:
    data = b""
    for piece in response.iter_raw():
        data += piece
        if wanted in data:
            break
    return data


def answer_empty(call: Call) -> None:
    call.answer(set_cookie="a=b", x_rerun_request_id="7", server="secret")
    call.write(EMPTY)


def test_a_call_passes_with_the_headers_of_grpc_and_no_others(launch: Launch) -> None:
    with other_server(answer_empty) as (url, calls):
        app = launch(url, tunnel={url: "geheim"})
        theirs = {"authorization": "Bearer mine", "cookie": "a=b", "host": "evil", "x-forwarded-for": "1.1.1.1"}
        headers = {**GRPC_WEB, "accept": "application/grpc-web+proto", "x-rerun-client-version": "1", **theirs}
        answer = app.ask(headers=headers)
    assert answer.content == EMPTY
    assert (answer.headers["x-rerun-request-id"], answer.headers["x-accel-buffering"]) == ("7", "no")
    assert not {"set-cookie"} & set(answer.headers)
    assert answer.headers.get("server") != "secret"
    (call,) = calls
    assert (call.path, call.body) == (READ_MESSAGES, EMPTY)
    passed = {"accept", "content-type", "x-rerun-client-version"}
    assert set(call.headers) == {*passed, "authorization", "host", "content-length", "accept-encoding"}
    assert call.headers["authorization"] == "Bearer geheim"
    assert call.headers["host"] == url.removeprefix("rerun+http://")


REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "no ticket": ({"ticket": ""}, 403),
    "a ticket of its own making": ({"ticket": "0" * 64}, 403),
    "a ticket with letters": ({"ticket": "ä" * 64}, 403),
    "another port": ({"server": "rerun+http://127.0.0.1:1"}, 403),
    "another scheme": ({"server": "rerun+https://127.0.0.1:{port}"}, 403),
    "a link-local address": ({"server": "rerun+http://169.254.169.254"}, 403),
    "a user in the address": ({"server": "rerun+http://127.0.0.1:{port}@127.0.0.1:1"}, 403),
    "a port that is none": ({"server": "rerun+http://127.0.0.1:port"}, 400),
    "an http address": ({"server": "http://127.0.0.1:{port}"}, 400),
    "writing": ({"path": READ_MESSAGES.replace("Read", "Write")}, 403),
    "registering": ({"path": "/rerun.cloud.v1alpha1.RerunCloudService/RegisterWithDataset"}, 403),
    "deleting": ({"path": "/rerun.cloud.v1alpha1.RerunCloudService/DeleteEntry"}, 403),
    "a grant to write": ({"path": "/rerun.cloud.v1alpha1.RerunCloudService/GetWriteAccessGrant"}, 403),
    "parts of an upload": ({"path": "/rerun.cloud.v1alpha1.RerunCloudService/GetMultipartUploadPartGrants"}, 403),
    "control of a viewer": ({"path": "/rerun.viewer_control.v1alpha1.ViewerControlService/ReadLogs"}, 403),
    "another path": ({"path": "/latest/meta-data"}, 403),
    "dots in the path": ({"path": READ_MESSAGES + "/../../x"}, 403),
    "a query": ({"path": READ_MESSAGES + "?a=b"}, 403),
    "a line in the path": ({"path": READ_MESSAGES + "\n"}, 403),
    "another type": ({"headers": {"content-type": "application/json"}}, 415),
    "no type": ({"headers": {}}, 415),
    "10,000 headers": ({"headers": GRPC_WEB | {f"x-rerun-{n}": "1" for n in range(10_000)}}, 400),
    "a header of two lines": ({"headers": GRPC_WEB | {"accept": "a\r\nx: y"}}, 400),
    "half a letter": ({"headers": GRPC_WEB | {"accept": "\ud800"}}, 400),
    "a long header": ({"headers": GRPC_WEB | {"accept": "a" * 20_000}}, 400),
    "a big request": ({"body": "A" * (tunnel.MAX_REQUEST * 4 // 3 + 8)}, 413),
    "what is no base64": ({"body": "ä"}, 400),
    "a method": ({"method": "GET"}, 400),
    "a body that is no text": ({"body": 3}, 400),
}


@pytest.fixture(scope="module")
def refusing() -> Iterator[tuple[App, list[Call], str]]:
    with other_server(answer_empty) as (url, calls), httpx.Client(timeout=60) as client, gr.Blocks() as demo:
        viewer = Rerun(url)
        demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
        yield App(demo.local_url, viewer, client), calls, url.rpartition(":")[2]
        demo.close(verbose=False)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_does_not_reach_the_server(what: str, refusing: tuple[App, list[Call], str]) -> None:
    app, calls, port = refusing
    changes, status = REFUSED[what]
    changes = {name: value.format(port=port) if name == "server" else value for name, value in changes.items()}
    request = app.request()
    body = json.loads(request.content)
    body["data"] |= changes
    answer = app.http.post(request.url, content=json.dumps(body), headers={"content-type": "application/json"})
    assert (answer.status_code, calls) == (status, [])
    assert "127.0.0.1" not in answer.text


def test_a_page_without_the_value_has_no_way_to_its_server(refusing: tuple[App, list[Call], str]) -> None:
    app, calls, _ = refusing
    assert app.http.get(f"{app.url}gradio_api/component_server").status_code == 405
    for data in (None, "text", [], {}, {"server": app.viewer.value[0]["server"]}):
        body = {"data": data, "component_id": app.viewer._id, "fn_name": "ask_server", "session_hash": "any"}
        assert app.http.post(f"{app.url}gradio_api/component_server", json=body).status_code == 400
    assert calls == []


def test_a_redirect_is_not_followed(launch: Launch) -> None:
    with (
        other_server(answer_empty) as (target, reached),
        other_server(lambda call: call.answer(307, location=target.replace("rerun+", "") + READ_MESSAGES)) as (url, _),
    ):
        answer = launch(url).ask()
    assert (answer.content, reached) == (b"", [])


@pytest.mark.parametrize("answer", [{"content_type": "text/html"}, {"status": 302, "content_type": "text/plain"}])
def test_what_is_no_answer_of_a_rerun_server_is_not_shown(launch: Launch, answer: Any) -> None:
    def respond(call: Call) -> None:
        call.answer(**answer)
        call.write(b"secret")

    with other_server(respond) as (url, _):
        got = launch(url).ask()
    assert b"secret" not in got.content
    assert got.headers["grpc-status"] == "14"
    assert "no%20Rerun%20server" in got.headers["grpc-message"]


def test_a_server_that_is_not_there_is_told_as_grpc_tells_it(launch: Launch, free_port: int) -> None:
    answer = launch(f"rerun+http://127.0.0.1:{free_port}/proxy").ask()
    assert (answer.status_code, answer.headers["grpc-status"], answer.content) == (200, "14", b"")
    assert "cannot%20be%20reached" in answer.headers["grpc-message"]


class Endless:
    """Writes until the caller goes."""

    def __init__(self, piece: bytes, pause: float = 0) -> None:
        self.piece = piece
        self.written = 0
        self.pause = threading.Event()
        self.seconds = pause
        self.ended = threading.Event()

    def __call__(self, call: Call) -> None:
        call.answer()
        with contextlib.suppress(OSError):
            while True:
                call.write(self.piece)
                self.written += len(self.piece)
                self.pause.wait(self.seconds)
        self.ended.set()


def test_the_call_ends_when_the_page_goes(launch: Launch) -> None:
    endless = Endless(EMPTY, pause=0.05)
    with other_server(endless) as (url, _):
        app = launch(url)
        with app.open() as response:
            pieces = response.iter_raw()  # which closes the response when it is forgotten
            assert next(pieces)
            assert tunnel._open_calls == 1
        assert endless.ended.wait(30)
        assert app.ask(ticket="").status_code == 403
        assert tunnel._open_calls == 0


def test_the_call_ends_when_the_page_goes_before_there_is_an_answer(launch: Launch) -> None:
    arrived, gone = threading.Event(), threading.Event()

    def respond(call: Call) -> None:
        arrived.set()
        if call.handler.connection.recv(1) == b"":
            gone.set()

    with other_server(respond) as (url, _):
        app = launch(url)
        app.http.timeout = httpx.Timeout(60, read=0.5)
        with pytest.raises(httpx.ReadTimeout):
            app.ask()
        assert arrived.is_set()
        assert gone.wait(30)


def test_a_page_that_does_not_read_holds_the_server_back(launch: Launch) -> None:
    endless = Endless(b"\0\0\x01\0\0" + bytes(65536))
    with other_server(endless) as (url, _), launch(url).open():
        before = -1
        while endless.written > before:
            before = endless.written
            threading.Event().wait(1)  # the time in which a server that is not held back writes hundreds of MB
        assert 0 < before < 50e6


def test_more_calls_than_are_allowed_are_refused(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "MAX_OPEN_CALLS", 1)
    with other_server(Endless(EMPTY, pause=0.05)) as (url, _):
        app = launch(url)
        with app.open() as response:
            pieces = response.iter_raw()
            assert next(pieces)
            assert app.ask().status_code == 503


def test_silence_is_filled_with_heartbeats_but_not_within_a_frame(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tunnel, "HEARTBEAT_EVERY", 0.05)
    go_on = [threading.Event(), threading.Event()]
    frame = b"\0\0\0\0\4abcd"

    def respond(call: Call) -> None:
        call.answer()
        for piece, event in ((frame[:3], go_on[0]), (frame[3:], go_on[1]), (b"\x80\0\0\0\0", None)):
            call.write(piece)
            if event:
                event.wait(30)

    with other_server(respond) as (url, _), launch(url).open() as response:
        threading.Timer(0.5, go_on[0].set).start()
        pieces = response.iter_raw()
        data = b""
        while not data.endswith(tunnel.HEARTBEAT * 2):
            data += next(pieces)
        go_on[1].set()
        data += b"".join(pieces)
    assert data == frame + tunnel.HEARTBEAT * data.count(tunnel.HEARTBEAT) + b"\x80\0\0\0\0"


def test_in_a_render_an_address_may_be_what_a_user_has_typed_and_gets_no_ticket(launch: Launch) -> None:
    made: list[Rerun] = []
    with gr.Blocks() as demo:
        text = gr.Textbox(PRIVATE)

        @gr.render(inputs=text)
        def show(url: str) -> None:
            made.append(Rerun(url))
            made.append(Rerun(url, tunnel=True))

    demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    render = next(index for index, each in demo.fns.items() if each.renderable)
    with httpx.Client(timeout=60) as client:
        body = {"data": [PRIVATE], "fn_index": render, "session_hash": "s"}
        client.post(f"{demo.local_url}gradio_api/queue/join", json=body).raise_for_status()
        told = client.get(f"{demo.local_url}gradio_api/queue/data?session_hash=s").text
    demo.close(verbose=False)
    assert '"success":true' in told
    assert made[0].value == [PRIVATE]
    assert made[1].value[0]["server"] == PRIVATE
    assert '\\"session\\": \\"s\\"' in told


def test_the_command_open_goes_through_the_app_as_a_value_does() -> None:
    def arguments(**parameters: Any) -> Any:
        update = Rerun(**parameters).postprocess(commands.open(PRIVATE))
        return update["props"]["settings"]["commands"][0]["arguments"]

    assert arguments() == {"url": PRIVATE, "ticket": None}
    assert arguments(tunnel=True)["ticket"] == Rerun(PRIVATE).value[0]["ticket"]
