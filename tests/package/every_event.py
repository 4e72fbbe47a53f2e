"""A user's app with every event, which mypy --strict and pyright accept."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from gradio_rerun import LiveState, Rerun, ViewerClient, commands, events
from gradio_rerun.live_state import LiveViewerState


def on_load(event: events.Load) -> str:
    return f"{event.application_id} {event.recording_id}"


def on_error(event: events.Error) -> str:
    return event.message


def on_upload(value: str | None, event: events.Upload) -> str:
    return f"{value} {', '.join(event.names)}"


def on_play(event: events.Play) -> str:
    payload: events.PlayEvent = event.payload
    return payload.recording_id


def on_pause(event: events.Pause) -> bool:
    return event.from_command


def on_time_update(event: events.TimeUpdate) -> Iterator[str]:
    yield f"{event.time + 1} on {event.timeline}"
    yield f"{event.payload.time / 2}"


def on_timeline_change(event: events.TimelineChange) -> tuple[str, str]:
    return event.payload.timeline, str(event.as_timedelta())


def on_selection_change(event: events.SelectionChange) -> str:
    old = [item.entity_path for item in event.payload.items if item.type == "entity"]
    return ", ".join([*old, *(item.entity_path for item in event.items if item.type == "entity")])


def on_recording_open(event: events.RecordingOpen) -> str:
    return f"{event.source} {event.version}"


def on_key_input(event: events.KeyInput) -> tuple[str, str]:
    return f"{event.key} {event.pressed and not event.repeat}", "".join(event.held)


def on_screenshot(event: events.Screenshot) -> str:
    return event.path


def on_answer(event: events.Answer) -> str:
    return event.command


def on_state(event: events.State) -> int:
    return len(event.state.recordings)


with gr.Blocks() as demo:
    viewer = Rerun("https://app.rerun.io/version/0.24.0/examples/dna.rrd", label="Run", height=400, streaming=False)
    said, image = gr.Textbox(), gr.Image()
    button = gr.Button()

    viewer.load(on_load, None, said)
    viewer.error(on_error, inputs=None, outputs=[said])
    viewer.upload(on_upload, viewer, said, api_name="uploaded", api_visibility="private")
    viewer.clear(lambda: "cleared", None, {said}, show_progress="hidden")
    viewer.play(on_play, None, said).then(lambda: "more", None, said).success(lambda: "most", None, said)
    viewer.pause(on_pause, [], said, concurrency_limit=None, concurrency_id="viewer")
    updating = viewer.time_update(on_time_update, None, said, queue=True, trigger_mode="once")
    viewer.timeline_change(on_timeline_change, None, [said, said], queue=False)
    viewer.selection_change(on_selection_change, None, said, js=None, scroll_to_output=True)
    viewer.recording_open(on_recording_open, None, said, cancels=[updating])
    viewer.key_input(on_key_input, None, [said, said])
    viewer.screenshot(on_screenshot, None, image)
    viewer.recording_saved(lambda: None)
    viewer.blueprint_saved(None, js="() => {}")
    viewer.state(on_state, None, said)
    viewer.answer(on_answer, None, said)
    viewer.change(fn=lambda value: str(value), inputs=[viewer], outputs=said).failure(lambda: "failed", None, said)

    gr.on([viewer.play, viewer.pause, button.click], lambda: "either", None, said)
    gr.on(viewer.recording_open, lambda: "opened", None, said)
    button.click(lambda: [commands.set_time(play_state="playing"), commands.take_screenshot()], None, viewer)

    client = ViewerClient(viewer)

    async def ask(request: gr.Request) -> tuple[int, str | None]:
        schema = await client.get_recording_schema(paths_only=True)
        await client.set_time("frame", sequence=3)
        opened: list[str] = (await client.open("https://a.example/b.rrd")).store_ids
        return len(schema.entities) + len(opened), (await client.of(request).get_state()).active_recording

    button.click(ask, None, [said, said])
    button.click(lambda: client.take_screenshot().result(), None, image)

    def crop(state: LiveViewerState | None) -> str:
        return f"{state.time} {state.selection}" if state else ""

    button.click(crop, LiveState(viewer), said)

    @viewer.play
    def played() -> None:
        pass

    @viewer.pause(outputs=said, trigger_mode="multiple")
    def paused(event: events.Pause) -> str:
        return event.recording_id

    paused_again: str = paused(events.Pause(None, {}))

if __name__ == "__main__":
    demo.launch()
