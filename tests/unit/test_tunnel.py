"""Which Rerun servers a page reaches through the app, and which requests the app forwards."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import http.client
import itertools
import json
import pickle
import re
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
import httpx
import pytest
import rerun as rr
from apps import app_without_server, in_app
from gradio.state_holder import SessionState
from needs import needs
from ports import free_port
from recordings import log_points, recording_bytes, write_recording
from rerun_servers import Call, other_server
from updates import in_event

from gradio_rerun import Rerun, commands
from gradio_rerun._gradio import server_calls
from gradio_rerun._servers import forwarding, frames, tunnel
from gradio_rerun._wire import ServerUrl
from gradio_rerun.errors import ParameterError, UnsupportedValueError

READ_MESSAGES = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages"
GRPC_WEB = {"content-type": "application/grpc-web+proto"}
EMPTY = b"\0\0\0\0\0"
PRIVATE = "rerun+http://127.0.0.1:9876/proxy"
PUBLIC = "rerun+https://api.example.com:443"


def admitted(viewer: Rerun, value: Any) -> list[bool]:
    """Returns for each URL of the value whether the page gets a ticket for its server."""
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
    assert set(in_app(url).value[0]) == {"server", "ticket"}


@pytest.mark.parametrize("url", [PUBLIC, "rerun://app.example.com/dataset/1", "rerun+http://8.8.8.8:9876/proxy"])
def test_the_browser_connects_to_a_public_address_itself(url: str) -> None:
    assert in_app(url).value == [url]


def test_a_url_that_a_function_returns_may_come_from_a_user_and_gets_no_ticket() -> None:
    assert admitted(in_app(), PRIVATE) == [False]
    assert admitted(in_app(PUBLIC), "rerun+http://169.254.169.254/proxy") == [False]
    assert admitted(in_app(lambda: PRIVATE), PRIVATE) == [False]
    assert in_app(lambda: PRIVATE).value == [PRIVATE]


def test_a_function_may_return_a_server_that_the_author_has_named() -> None:
    viewer = in_app([PRIVATE, PUBLIC])
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
def test_the_parameter_tunnel_decides_which_servers_get_a_ticket(setting: Any, expected: list[bool]) -> None:
    assert admitted(in_app(tunnel=setting), [PRIVATE, PUBLIC]) == expected
    assert admitted(in_app([PRIVATE, PUBLIC], tunnel=setting), [PRIVATE, PUBLIC]) == expected


@pytest.mark.parametrize(
    "wrong", [[(PRIVATE, "geheim")], {PRIVATE: "geheim"}.items(), {PRIVATE: b"geheim"}, [{PRIVATE: "geheim"}]]
)
def test_an_error_does_not_repeat_a_token(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="Expected tunnel to") as refused:
        Rerun(tunnel=wrong)
    assert "geheim" not in str(refused.value)


class OwnServers(Rerun):
    """A subclass that names servers. Callers do not pass `tunnel`."""

    def __init__(self, value: Any = None, *, server: str = PRIVATE, **parameters: Any) -> None:
        super().__init__(value, tunnel=True if server == "all" else [server], **parameters)


@pytest.mark.parametrize(
    ("given", "update", "has_ticket"),
    [
        ({"server": "all"}, {"height": 300}, True),
        ({}, {"height": 300}, True),
        ({"server": PUBLIC}, {"server": PRIVATE}, False),  # an update may come from a client
    ],
)
def test_a_subclass_that_names_servers_keeps_them_after_an_update(
    given: dict[str, Any], update: dict[str, Any], has_ticket: bool
) -> None:
    with gr.Blocks() as demo:
        viewer = OwnServers(**given)
        for value in (gr.update(**update), gr.update(**update), PRIVATE):
            gr.Button().click(lambda value=value: value, None, viewer)
    state = SessionState(demo)

    async def call() -> list[str]:
        functions = list(demo.fns.values())
        return [repr(await demo.process_api(each, [], state, session_hash="session")) for each in functions]

    assert bool(re.search(TICKET, asyncio.run(call())[-1])) is has_ticket


@pytest.mark.parametrize("url", ["rerun://", "rerun+http://:9876/proxy", "rerun+http://host:port", "rerun+http://[::1"])
def test_a_first_value_that_names_no_server_is_refused_as_one_of_a_function_is(url: str) -> None:
    for value in (url, [url]):
        with pytest.raises(UnsupportedValueError, match=r"^Expected the path of a recording"):
            Rerun(value, render=False)


def test_an_update_keeps_what_the_value_has_named() -> None:
    arguments = in_app(PRIVATE).constructor_args.copy()
    arguments.update({"height": 300, "__type__": "update"})
    arguments = {name: value for name, value in arguments.items() if name not in ("value", "__type__", "settings")}
    assert admitted(Rerun(**arguments), PRIVATE) == [True]


def listed_by(component: Rerun) -> str:
    """Everything that the app sends to pages about a component, or could send."""
    return json.dumps([component.value, component.get_config(), *component._constructor_args], default=repr)


def test_a_component_that_is_not_part_of_the_app_gets_no_ticket() -> None:
    """For example a component that a function builds in a thread. The thread does not know that it runs in a function."""
    for viewer in (
        Rerun(PRIVATE),
        Rerun(PRIVATE, tunnel=True),
        Rerun(tunnel=[PRIVATE]),
        Rerun(commands.show(PRIVATE, commands.open(PRIVATE)), tunnel=True),
    ):
        assert admitted(viewer, PRIVATE) == [False]
        assert not re.search(TICKET, listed_by(viewer))
        assert "tunnel" not in viewer.constructor_args


def test_a_function_that_builds_a_component_in_a_thread_gets_no_ticket(call: Ask) -> None:
    async def build(url: str) -> str:
        viewer = await asyncio.get_running_loop().run_in_executor(None, lambda: Rerun(url, tunnel=True))
        return listed_by(viewer)

    received = call(build, gr.Textbox(), gr.Textbox(), "rerun+http://169.254.169.254:80/proxy")
    assert "169.254.169.254" in received
    assert not re.search(TICKET, received)


def test_a_component_built_in_a_thread_while_an_app_is_built_gets_no_ticket(call: Ask) -> None:
    call(lambda text: text, gr.Textbox(), gr.Textbox(), "a call")
    with app_without_server(), ThreadPoolExecutor() as threads:
        viewer = threads.submit(Rerun, PRIVATE).result()
    assert viewer.value == [PRIVATE]


def test_a_component_whose_place_is_given_later_gets_its_tickets_then() -> None:
    both = commands.show([PRIVATE, PUBLIC], commands.open(PRIVATE), commands.set_time(play_state="playing"))
    viewer = Rerun(both, tunnel={PRIVATE: "geheim"}, render=False)
    assert viewer.value == [PRIVATE, PUBLIC]
    with app_without_server():
        direct = Rerun(both, tunnel={PRIVATE: "geheim"})
        viewer.render()
    assert viewer.value == direct.value
    assert set(viewer.value[0]) == {"server", "ticket"}
    tickets = [
        opened["ticket"]
        for component in (viewer, direct)
        for each in component.get_config()["props"]["settings"]["commands"]
        for opened in each["arguments"].get("urls", [])
    ]
    assert tickets == [viewer.value[0]["ticket"]] * 2


def test_files_and_other_urls_beside_a_server_stay_when_the_place_is_given() -> None:
    viewer = Rerun([recording_bytes("a"), "https://host/a.rrd", PRIVATE], render=False)
    before = viewer.value
    with app_without_server():
        assert viewer.render() is viewer
    assert viewer.value[:2] == before[:2]
    assert set(viewer.value[2]) == {"server", "ticket"}


def test_a_component_of_an_app_that_was_loaded_opens_nothing() -> None:
    """The parameters and the value come from another app."""
    with gr.Blocks() as theirs:
        Rerun(PRIVATE)
    config = theirs.get_config_file()
    (component,) = config["components"]
    component["props"] |= {"tunnel": True, "value": [PRIVATE], "proxy_url": "https://theirs.hf.space/"}
    loaded = gr.Blocks.from_config(config, [], "https://theirs.hf.space/")
    (viewer,) = [each for each in loaded.blocks.values() if isinstance(each, Rerun)]
    assert viewer.value == [PRIVATE]
    assert admitted(viewer, PRIVATE) == [False]
    assert "tunnel" not in viewer.constructor_args


FORGED = {
    "component": "rerun",
    "constructor_args": {"tunnel": True},
    "value": [PRIVATE],
    "type": "component",
    "props": {},
}


def test_a_component_that_a_client_sends_to_a_chat_opens_nothing(call: Ask) -> None:
    seen: list[Rerun] = []

    def echo(messages: Any) -> Any:
        seen.append(messages[0]["content"][0]["instance"])
        return seen[0]

    message = {"role": "user", "content": [FORGED], "metadata": None, "options": None}
    received = call(echo, gr.Chatbot(), Rerun(), [message])
    assert PRIVATE in received
    assert not re.search(TICKET, received)
    assert not re.search(TICKET, listed_by(seen[0]))


def test_an_update_that_a_client_sends_opens_nothing(call: Ask) -> None:
    forged = {"__type__": "update", "tunnel": True, "value": PRIVATE}
    with pytest.raises(ParameterError, match=r"Return Rerun\(tunnel=\.\.\.\)"):
        call(lambda update: update, gr.JSON(), Rerun(), forged)


def test_the_parameters_of_a_component_that_a_client_sends_open_nothing(call: Ask) -> None:
    def echo(viewer: Rerun) -> Any:
        viewer.value = PRIVATE
        return viewer

    viewer = Rerun()
    with pytest.raises(ParameterError, match=r"Return Rerun\(tunnel=\.\.\.\)"):
        call(echo, viewer, viewer, {"tunnel": True, "value": None, "height": 300})
    assert not re.search(TICKET, call(echo, viewer, viewer, {"value": None, "height": 300}))


@needs((0, 31))
def test_sdk_objects_get_a_ticket_since_no_user_can_send_them(tmp_path: Any) -> None:
    pytest.importorskip("datafusion")
    write_recording(tmp_path / "a.rrd", "a", frames=1)
    with rr.server.Server(host="127.0.0.1", datasets={"runs": tmp_path}) as server:
        dataset = server.client().get_dataset("runs")
        values = [server, server.client(), dataset, *([dataset.segment("a")] if hasattr(dataset, "segment") else [])]
        assert admitted(in_app(), values) == [True] * len(values)
        assert admitted(in_app(tunnel=False), values) == [False] * len(values)
        assert admitted(in_app(), dataset.segment_url("a")) == [False]
        assert admitted(in_app(server), dataset.segment_url("a")) == [True]
        urls = Rerun(tunnel=False).postprocess(values).root
        assert urls[:2] == [server.url(), server.url()]
        assert urls[2] == f"{server.url()}/entry/{dataset.id}"
        assert urls[3:] == [dataset.segment_url("a")][: len(urls) - 3]


def test_the_function_gets_the_url_that_the_page_has_with_a_ticket() -> None:
    viewer = in_app(PRIVATE)
    assert viewer.preprocess(viewer.data_model(root=viewer.value)) == PRIVATE


class Subclass(Rerun):
    def __init__(self, value: Any = None, *, tunnel: Any = None, **parameters: Any) -> None:
        super().__init__(value, tunnel=tunnel, **parameters)


@pytest.mark.parametrize("kind", [Rerun, Subclass])
def test_gradio_keeps_no_token_of_a_component(kind: type[Rerun]) -> None:
    given = {PRIVATE: "geheim"}
    with gr.Blocks() as demo:
        viewer = kind(PRIVATE, tunnel=given)
        kind(PRIVATE, tunnel=given, render=False)
        state = gr.State(kind(PRIVATE, tunnel=given, render=False))
        gr.Dataset(components=[kind(tunnel=given, render=False)], samples=[[PRIVATE]])
        gr.Button().click(lambda value: value, viewer, viewer, api_name="echo")
    copied = copy.deepcopy(state.value)
    updates = [in_event(lambda: kind(tunnel=given)).constructor_args, Rerun(PRIVATE, tunnel=given).constructor_args]
    session = SessionState(demo)
    said = [
        *(listed_by(each) for each in (viewer, copied)),
        *(repr((each.constructor_args, each._constructor_args)) for each in (viewer, copied)),
        repr(updates),
        json.dumps([demo.config, demo.get_config_file(), demo.get_api_info(), list(session.components)], default=repr),
    ]
    assert not [each for each in said if "geheim" in each]


def strings_in(thing: Any) -> set[str]:
    """All strings that are reached through the attributes and items of an object."""
    found, seen, waiting = set(), set(), [thing]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.add(each)
        if id(each) in seen or isinstance(each, (type, types.ModuleType)):
            continue
        seen.add(id(each))
        if isinstance(each, Mapping):
            waiting += [*each, *each.values()]
        elif isinstance(each, (list, tuple, set, frozenset)):
            waiting += each
        waiting += getattr(each, "__dict__", {}).values()
    return found


@pytest.mark.parametrize("kind", [Rerun, Subclass])
def test_lists_copies_and_pickles_of_a_component_contain_no_token(kind: type[Rerun]) -> None:
    viewer = in_app(PRIVATE, tunnel={PRIVATE: "geheim"}, kind=kind)
    servers, outside = viewer._servers, kind(PRIVATE, tunnel={PRIVATE: "geheim"}, render=False)
    for each in (viewer, copy.copy(viewer), outside, copy.deepcopy(outside), copy.deepcopy(servers)):
        assert "geheim" not in strings_in(each)
        assert "geheim" not in f"{each} {each!r} {vars(each)}"
        with contextlib.suppress(TypeError, AttributeError, pickle.PicklingError):
            assert b"geheim" not in pickle.dumps(each)
    assert b"geheim" not in pickle.dumps(servers)
    assert copy.deepcopy(servers).ticket(PRIVATE) == servers.ticket(PRIVATE) is not None
    assert pickle.loads(pickle.dumps(servers)).ticket(PRIVATE) is None


def test_pages_do_not_get_tokens(call: Ask) -> None:
    given = {PRIVATE: "geheim"}
    for function, target in (
        (lambda _: Rerun(PRIVATE, tunnel=given), Rerun()),
        (lambda _: gr.update(value=PRIVATE), Rerun(tunnel=given)),
        (lambda _: PRIVATE, Rerun(tunnel=given)),
    ):
        received = call(function, gr.Textbox(), target, "")
        assert re.search(TICKET, received)
        assert "geheim" not in received
    assert "geheim" not in call(lambda _: Rerun(tunnel=given), gr.Textbox(), gr.HTML(), "")


def test_a_token_in_a_render_reaches_no_page(rendered: Callable[..., str]) -> None:
    received = rendered(lambda url: Rerun(url, tunnel={PRIVATE: "geheim"}))
    assert re.search(TICKET, received)
    assert "geheim" not in received


def test_replicas_with_the_same_secret_take_the_tickets_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_two_replicas() -> list[str]:
        tickets = []
        for _ in range(2):
            tunnel._random_key.cache_clear()  # as in another process
            tickets.append(in_app(PRIVATE).value[0]["ticket"])
        return tickets

    monkeypatch.delenv("GRADIO_RERUN_SECRET", raising=False)
    assert len(set(of_two_replicas())) == 2
    monkeypatch.setenv("GRADIO_RERUN_SECRET", "between us")
    assert len(set(of_two_replicas())) == 1


class App:
    def __init__(self, url: str, viewer: Rerun, client: httpx.Client) -> None:
        self.url = url
        self.viewer = viewer
        self.http = client

    def request(self, address: str = "127.0.0.1", **changes: Any) -> httpx.Request:
        """The request of the page, with these `changes`."""
        first = self.viewer.value[0]
        call = {"path": READ_MESSAGES, "headers": GRPC_WEB, "body": base64.b64encode(EMPTY).decode()}
        call |= first if isinstance(first, dict) else {"server": first, "ticket": "0" * 64}
        data = {**call, **changes}
        body = {"data": data, "component_id": self.viewer._id, "fn_name": "ask_server", "session_hash": "any"}
        forwarded = {"x-forwarded-for": address}
        return self.http.build_request("POST", f"{self.url}gradio_api/component_server", json=body, headers=forwarded)

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


TICKET = r"ticket\W+[0-9a-f]{64}"

Ask = Callable[..., str]


def answer(demo: gr.Blocks, function: int, data: Any) -> str:
    """Calls a function, and returns everything that the page of the session `s` receives."""
    request = gr.Request(session_hash="s")
    call = demo.process_api(function, [data], SessionState(demo), request, session_hash="s")
    return json.dumps([asyncio.run(call), demo.config, demo.get_api_info()], default=repr)


@pytest.fixture
def call() -> Ask:
    """Calls a function of an app, and returns everything that its page receives."""

    def call(function: Callable[..., Any], source: Any, target: Any, data: Any) -> str:
        with gr.Blocks() as demo:
            for each in {source, target}:
                each.render()
            gr.Button().click(function, source, target)
        return answer(demo, 0, data)

    return call


@pytest.fixture
def rendered() -> Callable[..., str]:
    """Runs a function as a `gr.render`, with an address that a user has typed, and returns everything that the page receives."""

    def rendered(function: Callable[[str], Any]) -> str:
        with gr.Blocks() as demo:
            gr.render(inputs=gr.Textbox(PRIVATE))(function)
        return answer(demo, next(index for index, each in demo.fns.items() if each.renderable), PRIVATE)

    return rendered


def test_a_live_recording_is_behind_the_login(launch: Launch) -> None:
    recording = rr.RecordingStream("test_app", recording_id="live")
    app = launch(recording.serve_grpc(grpc_port=free_port()), launch={"auth": ("user", "password")})
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
    "a letter that is encoded": ({"path": f"{READ_MESSAGES}é"}, 403),
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
def test_a_refused_call_does_not_reach_the_server(what: str, refusing: tuple[App, list[Call], str]) -> None:
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
def test_a_response_that_is_not_grpc_web_is_not_forwarded(launch: Launch, answer: Any) -> None:
    def respond(call: Call) -> None:
        call.answer(**answer)
        call.write(b"secret")

    with other_server(respond) as (url, _):
        got = launch(url).ask()
    assert b"secret" not in got.content
    assert got.headers["grpc-status"] == "14"
    assert "not%20a%20Rerun%20server" in got.headers["grpc-message"]


def test_an_unreachable_server_is_reported_as_a_grpc_status(launch: Launch) -> None:
    answer = launch(f"rerun+http://127.0.0.1:{free_port()}/proxy").ask()
    assert (answer.status_code, answer.headers["grpc-status"], answer.content) == (200, "14", b"")
    assert "cannot%20be%20reached" in answer.headers["grpc-message"]


class Endless:
    """Writes until the caller disconnects."""

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


def test_the_call_ends_when_the_page_disconnects(launch: Launch) -> None:
    endless = Endless(EMPTY, pause=0.05)
    with other_server(endless) as (url, _):
        app = launch(url)
        with app.open() as response:
            pieces = response.iter_raw()  # which closes the response when it is forgotten
            assert next(pieces)
            assert len(forwarding._open_calls) == 1
        assert endless.ended.wait(30)
        assert app.ask(ticket="").status_code == 403
        assert forwarding._open_calls == []


def test_an_example_from_the_cache_has_the_ticket_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with gr.Blocks():
        viewer = Rerun(None, tunnel=[PRIVATE])
    kept = viewer.flag(viewer.postprocess([PRIVATE, PUBLIC]).model_dump())
    monkeypatch.setenv("GRADIO_RERUN_SECRET", "of a later process")
    first, second = viewer.read_from_flag(kept).root
    assert first == ServerUrl(server=PRIVATE, ticket=str(viewer._servers.ticket(PRIVATE)))
    assert first.ticket not in kept
    assert second == PUBLIC


def test_the_call_ends_when_the_user_logs_out(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_calls, "_LOOKS_EVERY", 0.05)
    endless = Endless(EMPTY, pause=0.05)
    with other_server(endless) as (url, _):
        app = launch(url, launch={"auth": [("one", "a"), ("two", "b")]})
        other = App(app.url, app.viewer, httpx.Client(timeout=60))
        for each, name, password in ((app, "one", "a"), (other, "two", "b")):
            each.http.post(f"{app.url}login", data={"username": name, "password": password}).raise_for_status()
        with app.open() as response, other.open() as staying:
            pieces, others = response.iter_raw(), staying.iter_raw()
            assert next(pieces)
            httpx.get(f"{app.url}logout", cookies=dict(app.http.cookies))
            assert endless.ended.wait(30)
            assert next(others)
            assert len(forwarding._open_calls) == 1
        assert app.ask().status_code == 401


def test_the_call_ends_when_the_page_disconnects_before_the_response(launch: Launch) -> None:
    arrived, gone = threading.Event(), threading.Event()

    def respond(call: Call) -> None:
        arrived.set()
        if call.handler.connection.recv(1) == b"":
            gone.set()

    with other_server(respond) as (url, _):
        request = launch(url).request()
        connection = http.client.HTTPConnection(request.url.host, request.url.port)
        connection.request("POST", request.url.path, request.content, dict(request.headers))
        assert arrived.wait(60)
        connection.close()
        assert gone.wait(60)


def test_a_page_that_does_not_read_holds_the_server_back(launch: Launch) -> None:
    endless = Endless(b"\0\0\x01\0\0" + bytes(65536))
    with other_server(endless) as (url, _), launch(url).open():
        before = -1
        while endless.written > before:
            before = endless.written
            threading.Event().wait(1)  # the time in which a server that is not held back writes hundreds of MB
        assert 0 < before < 50e6


@pytest.mark.parametrize(
    ("open_", "newcomer", "is_admitted"),
    [
        (["1/a", "1/a"], "1/b", True),
        (["1/a", "1/a"], "2/b", True),
        (["1/a", "1/b"], "2/c", True),  # pages that one client makes up
        (["1/a", "1/a"], "1/a", False),
        (["1/a", "1/b"], "1/c", False),
        (["1/a", "2/b"], "3/c", False),
    ],
)
def test_a_client_with_few_calls_takes_one_from_a_client_with_many(
    open_: list[str], newcomer: str, is_admitted: bool, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def caller(text: str) -> dict[str, str]:
        address, _, page = text.partition("/")
        return {"address": f"10.0.0.{address}", "page": page}

    monkeypatch.setattr(forwarding, "MAX_OPEN_CALLS", len(open_))
    with other_server(Endless(EMPTY, pause=0.05)) as (url, _), contextlib.ExitStack() as stack:
        app = launch(url)
        pieces = [stack.enter_context(app.open(**caller(each))).iter_raw() for each in open_]
        assert all(next(each) for each in pieces)
        response = stack.enter_context(app.open(**caller(newcomer)))
        assert response.status_code == (200 if is_admitted else 503)
        if is_admitted:
            new = response.iter_raw()
            assert next(new)
            with contextlib.suppress(httpx.RemoteProtocolError):  # the last of the others ends
                assert len(list(itertools.islice(pieces[-1], 1000))) < 1000
            assert next(pieces[0])
            assert app.ask(**caller(open_[-1])).status_code == 503


def test_silence_is_filled_with_heartbeats_but_not_within_a_frame(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "HEARTBEAT_EVERY", 0.05)
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
        while not data.endswith(frames.HEARTBEAT * 2):
            data += next(pieces)
        go_on[1].set()
        data += b"".join(pieces)
    assert data == frame + frames.HEARTBEAT * data.count(frames.HEARTBEAT) + b"\x80\0\0\0\0"


def test_in_a_render_an_address_may_be_what_a_user_has_typed_and_gets_no_ticket(rendered: Callable[..., str]) -> None:
    made: list[Rerun] = []

    def show(url: str) -> None:
        made.append(Rerun(url))
        made.append(Rerun(url, tunnel=True))

    received = rendered(show)
    assert made[0].value == [PRIVATE]
    assert made[1].value[0]["server"] == PRIVATE
    assert re.search(r"session\W+s\W", received)


def test_the_command_open_goes_through_the_app_as_a_value_does() -> None:
    def arguments(**parameters: Any) -> Any:
        update = in_app(**parameters).postprocess(commands.open(PRIVATE))
        return update["props"]["settings"]["commands"][0]["arguments"]["urls"]

    assert arguments() == [{"url": PRIVATE, "ticket": None}]
    assert arguments(tunnel=True)[0]["ticket"] == in_app(PRIVATE).value[0]["ticket"]
