"""One page for several tests: a viewer, and buttons whose functions return what a test wants to return."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gradio as gr
from playwright.sync_api import Page, expect
from seen import DRAW, wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun

SHARED: set[Page] = set()
"""The pages that stay open between tests."""


class SharedPage(ViewerPage):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.returned: deque[Any] = deque()
        self.inputs: list[Any] = []
        self.heard: list[Any] = []
        """The events that functions of the app have received."""

    def send(self, *returned: Any) -> None:
        """Clicks a button whose function returns this value, or this list."""
        self.returned.append(returned[0] if len(returned) == 1 else list(returned))
        self.click("send")

    def stream(self, values: Iterable[Any]) -> None:
        """Clicks a button whose function yields these values."""
        self.returned.append(values)
        self.click("stream")

    def clear(self) -> None:
        cleared = self.get_by_label("cleared")
        before = int(cleared.input_value())
        self.click("clear")
        expect(cleared).to_have_value(str(before + 1))  # the viewer may have been empty before
        self.expect_state("idle", recordings=0)
        self.forget_events()

    def given(self) -> Any:
        """What a function gets whose input is the viewer."""
        self.click("input")
        wait_until(self, lambda: self.inputs)
        return self.inputs.pop()

    def settle(self) -> None:
        """Waits until the app has handled all that the page has sent until now."""
        self.evaluate(DRAW, 10)
        self.given()  # Gradio starts calls in the order in which they arrive

    def expect_command(self, name: str) -> None:
        """Waits until the page has got a command."""
        self.wait_for_function(
            "name => document.querySelector('rerun-viewer').settings?.commands?.some((each) => each.name === name)",
            arg=name,
        )

    def answer(self, kind: type[Any]) -> Any:
        """The first event that was not taken yet."""
        wait_until(self, lambda: self.heard)
        event = self.heard.pop(0)
        assert isinstance(event, kind), vars(event)
        return event

    def wait_for(self, what: str, **fields: Any) -> None:
        """Waits until the viewer has reported an event with these fields."""
        self.wait_for_function(
            "([type, fields]) => window.seen.some(({detail}) => detail?.type === type && "
            "Object.entries(fields).every(([name, value]) => detail[name] === value))",
            arg=[what, fields],
        )


@contextmanager
def shared_page(
    new_tab: Callable[[], Page], listened: Mapping[str, type[Any]] | None = None, **parameters: Any
) -> Iterator[SharedPage]:
    """`listened`: the events that functions of the app receive."""
    page = SharedPage(new_tab())
    SHARED.add(page.page)

    def listener(kind: type[Any]) -> Callable[[Any], None]:
        def listen(event: Any) -> None:
            page.heard.append(event)

        listen.__annotations__["event"] = kind
        return listen

    def run() -> Iterator[Any]:
        yield from page.returned.popleft()

    with gr.Blocks() as demo:
        viewer = Rerun(**{"height": 300, **parameters})
        gr.Button("send").click(page.returned.popleft, None, viewer, trigger_mode="multiple")
        gr.Button("stream").click(run, None, viewer)
        cleared = gr.Number(0, label="cleared")
        gr.Button("clear").click(lambda cleared: (None, cleared + 1), cleared, [viewer, cleared])
        gr.Button("input").click(page.inputs.append, viewer)
        for name, kind in (listened or {}).items():
            getattr(viewer, name)(listener(kind), trigger_mode="multiple")
    demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", show_error=True)
    page.open(demo.local_url)
    yield page
    assert page.third_party_requests() == []
    page.close()
    SHARED.remove(page.page)
    demo.close(verbose=False)
