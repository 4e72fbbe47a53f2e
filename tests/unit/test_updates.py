"""The data that Gradio sends for `gr.update(...)` and for a returned `Rerun(...)`. browser/test_updates.py tests the effect in the page."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from apps import settings_in
from gradio.components.base import _Keywords
from gradio.context import Context
from gradio.state_holder import SessionState
from gradio_client import Client
from recordings import recording_bytes, write_recording
from updates import CHANGES, NO_UPDATE, PARAMETERS, in_event, sent_to_the_page

from gradio_rerun import Rerun, commands
from gradio_rerun._gradio import updates
from gradio_rerun.errors import CommandError, ParameterError


def viewer() -> Rerun:
    return Rerun("https://example.com/a.rrd", label="label", scale=2, theme="dark", panel_states={"time": "hidden"})


def streaming_viewer() -> Rerun:
    return Rerun(streaming=True)


def viewer_with_a_button() -> Rerun:
    return Rerun(buttons=["download", gr.Button("mine")])


def viewer_of_a_server() -> Rerun:
    return Rerun("rerun+http://10.0.0.1:9876/proxy")


ways = pytest.mark.parametrize("update", [gr.update, Rerun], ids=["gr.update", "Rerun"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_has_a_change_or_a_reason_against_it(name: str) -> None:
    assert (name in CHANGES) != (name in NO_UPDATE)


@pytest.mark.parametrize("name", NO_UPDATE)
def test_the_documentation_gives_the_reason_for_no_update(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "parameters.md"
    _, _, reasons = page.read_text().partition("## Parameters that cannot be changed later")
    assert re.search(rf"^- .*`{name}`.*: {re.escape(NO_UPDATE[name])}$", reasons, re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in ("tunnel", "allowed_sources")])
def test_a_returned_component_sends_the_page_what_an_update_sends(name: str) -> None:
    by_update, updated = sent_to_the_page(lambda: gr.update(**{name: CHANGES[name]}))
    by_component, replaced = sent_to_the_page(lambda: Rerun(**{name: CHANGES[name]}))
    assert by_update == by_component
    assert by_update["__type__"] == "update"
    configs = [
        {key: value for key, value in each.get_config().items() if key != "js_on_load"} for each in (updated, replaced)
    ]
    assert configs[0] == configs[1]


@ways
def test_parameters_that_are_not_named_stay(update: Callable[..., Any]) -> None:
    sent, updated = sent_to_the_page(lambda: update(height=300), viewer)
    settings = settings_in(sent["props"])
    assert (settings["height"], settings["theme"], settings["panel_states"]) == ("300px", "dark", {"time": "hidden"})
    assert (updated.height, updated.theme) == (300, "dark")


@ways
def test_a_wrong_parameter_is_refused(update: Callable[..., Any]) -> None:
    with pytest.raises(ParameterError, match="Expected height"):
        sent_to_the_page(lambda: update(height="tall;"))


def test_a_wrong_parameter_is_refused_in_the_function() -> None:
    for wrong in ({"height": "tall;"}, {"max_stream_size": -1}, {"tunnel": ["nowhere"]}):
        with pytest.raises(ParameterError):
            in_event(lambda wrong=wrong: Rerun(**wrong))


@ways
@pytest.mark.parametrize("streaming", [False, True])
def test_a_value_of_any_kind(update: Callable[..., Any], streaming: bool) -> None:
    data = recording_bytes("any kind")
    sent, _ = sent_to_the_page(lambda: update(value=data, label="new"), streaming_viewer if streaming else viewer)
    assert sent["label"] == "new"
    (file,) = sent["value"]
    assert file["path"].endswith(".rrd")


@ways
def test_a_value_of_none_clears(update: Callable[..., Any]) -> None:
    sent, _ = sent_to_the_page(lambda: update(value=None), viewer)
    assert not sent["value"]


@ways
@pytest.mark.parametrize(
    "value", [commands.set_time(play_state="playing"), commands.show(None, commands.set_time(play_state="playing"))]
)
def test_commands_in_an_update_are_refused_with_what_to_do(update: Callable[..., Any], value: Any) -> None:
    with pytest.raises(CommandError, match=r"Return them without gr\.update or Rerun"):
        sent_to_the_page(lambda: update(value=value))


def test_a_tunnel_opens_and_its_token_stays_on_the_server() -> None:
    server = "rerun+http://10.0.0.1:9876"
    sent, updated = sent_to_the_page(lambda: Rerun(tunnel={server: "secret"}))
    assert updated.postprocess(server).model_dump()[0]["ticket"]
    assert "secret" not in json.dumps([sent, updated.get_config()])


def test_a_tunnel_in_a_dict_which_may_come_from_a_client_is_refused_with_what_to_do() -> None:
    with pytest.raises(ParameterError, match=r"Return Rerun\(tunnel=\.\.\.\)") as refused:
        sent_to_the_page(lambda: gr.update(tunnel={"rerun+http://10.0.0.1:9876": "secret"}))
    assert "secret" not in str(refused.value)


@ways
def test_an_address_in_a_value_of_a_function_opens_no_tunnel(update: Callable[..., Any]) -> None:
    server = "rerun+http://10.0.0.1:9876/proxy"
    sent, updated = sent_to_the_page(lambda: update(value=server))
    assert sent["value"] == updated.postprocess(server).model_dump() == [server]


def test_an_address_in_a_component_built_in_another_thread_opens_no_tunnel() -> None:
    # Threads of an executor do not know that they run in an event.
    built = Rerun("rerun+http://10.0.0.1:9876/proxy", render=False)
    sent, updated = sent_to_the_page(lambda: built)
    assert sent["value"] == ["rerun+http://10.0.0.1:9876/proxy"]
    assert updated.postprocess(sent["value"]).model_dump() == sent["value"]


def test_a_subclass_is_updated_as_it_was_made() -> None:
    class Small(Rerun):
        def __init__(self, **parameters: Any) -> None:
            super().__init__(height=100, **parameters)

    sent, _ = sent_to_the_page(lambda: Small(theme="dark"), Small)
    assert settings_in(sent["props"])["height"] == "100px"
    assert in_event(lambda: Small(theme="dark")).constructor_args == {"theme": "dark"}
    server = "rerun+http://10.0.0.1:9876"
    _, updated = sent_to_the_page(lambda: Small(tunnel=[server]), Small)
    assert updated.postprocess(server).model_dump()[0]["ticket"]


def test_a_subclass_that_names_a_server_keeps_it_after_an_update() -> None:
    server = "rerun+http://10.0.0.1:9876"

    class OfServer(Rerun):
        def __init__(self, **parameters: Any) -> None:
            super().__init__(tunnel=[server], **parameters)

    _, updated = sent_to_the_page(lambda: gr.update(height=300), OfServer)
    assert updated.postprocess(server).model_dump()[0]["ticket"]


@ways
def test_the_buttons_of_the_app_stay_when_others_change(update: Callable[..., Any]) -> None:
    sent, updated = sent_to_the_page(lambda: update(buttons=["clear"]), viewer_with_a_button)
    assert settings_in(sent["props"])["buttons"] == ["clear"]
    assert "buttons" not in sent
    (mine,) = updated.buttons
    assert mine.value == "mine"


def test_a_component_built_in_an_event_leaves_nothing_behind() -> None:
    with gr.Blocks() as demo:
        before = Context.id
        in_event(lambda: [Rerun(height=300) for _ in range(10)])
        assert Context.id == before
        assert not demo.blocks


@ways
def test_a_changed_parameter_stays_through_later_updates(update: Callable[..., Any]) -> None:
    _, updated = sent_to_the_page(lambda: update(buttons=["clear"]), viewer_with_a_button)
    later = updated.constructor_args.copy()
    later.update({"height": 300})
    assert settings_in(Rerun(**{**later, "render": False}).props)["buttons"] == ["clear"]


@ways
def test_the_tunnel_of_the_first_value_stays_open_after_an_update(update: Callable[..., Any]) -> None:
    server = "rerun+http://10.0.0.1:9876/proxy"
    _, updated = sent_to_the_page(lambda: update(height=300), viewer_of_a_server)
    assert updated.postprocess(server).model_dump()[0]["ticket"]


def test_an_update_has_the_last_commands_which_a_page_without_the_viewer_has_not_read() -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(commands.show("https://example.com/a.rrd", commands.set_time("frame", sequence=1)))
        gr.Button().click(lambda: None, None, viewer)
    (listener,) = demo.fns.values()
    state = SessionState(demo)

    def send(returned: Any) -> list[str]:
        (sent,) = asyncio.run(demo.postprocess_data(listener, returned, state))
        return (
            [each["name"] for each in sent["props"]["settings"].get("commands", [])] if isinstance(sent, dict) else []
        )

    assert send(gr.update(label="new")) == ["set_time"]
    assert send(commands.update_panels(time="hidden")) == ["set_time", "update_panels"]
    assert not send(_Keywords.FINISHED_ITERATING)  # at the end of a generator
    assert send(gr.skip()) == ["set_time", "update_panels"]
    assert not send("https://example.com/b.rrd")  # to which the time does not refer
    assert send(commands.set_time("frame", sequence=2)) == ["update_panels", "set_time"]
    assert send(commands.show("https://example.com/c.rrd", commands.get_state())) == ["update_panels", "get_state"]
    assert not send(None)
    assert not send(gr.update(label="newer"))
    many = [commands.set_time("frame", sequence=frame) for frame in range(30)]
    assert len(send(many)) == 30
    assert len(send(gr.update(label="newest"))) == 20
    assert send(commands.set_blueprint({"a": "b" * 100_000})) == ["set_time"] * 20 + ["set_blueprint"]
    assert not updates._commands[state][viewer._id]  # a session keeps no large command
    assert not send(gr.skip())


def test_a_deep_link_keeps_the_recording_when_a_function_has_returned_commands(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "run.rrd", "run")
    with gr.Blocks() as demo:
        viewer = Rerun()
        gr.Button().click(lambda: path, None, viewer, api_name="show")
        gr.Button().click(lambda: commands.set_time("frame", sequence=1), None, viewer, api_name="seek")
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, allowed_paths=[str(tmp_path)])
    try:
        client = Client(url, verbose=False)
        for name in ("/show", "/seek"):
            client.predict(api_name=name)
        name = httpx.get(f"{url}gradio_api/deep_link", params={"session_hash": client.session_hash}).json()
        page = httpx.get(url, params={"deep_link": name}).text
        assert "run.rrd" in page
    finally:
        demo.close(verbose=False)
