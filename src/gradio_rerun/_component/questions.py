"""Questions of functions to the viewer in a visitor's page: commands whose answer a function waits for.

The page gets its questions by a call that waits until there are some. A question stays here until it is answered or its deadline has passed.
Each call names the questions that the page has, so no question is lost with a connection.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from .._fork import ModuleLock, after_fork
from .._wire import CommandDict

POLL_SECONDS = 25.0
"""How long a call of the page waits: proxies end calls that take longer."""

_GRACE_SECONDS = 30.0
"""How long a page is remembered after its last call."""

_MOST_PAGES = 10_000
_MOST_QUESTIONS = 100
"""Of one page at the same time."""
_MOST_KNOWN = 1000
"""Of the questions that a call names; the frontend sends no more."""


@dataclass
class _Question:
    command: CommandDict
    answer: Future[Any]
    until: float
    """The deadline, after which nobody waits for the answer."""


@dataclass
class _Page:
    """A viewer in the page of one session."""

    questions: dict[str, _Question] = field(default_factory=dict)
    wake: Callable[[], None] | None = None
    """Ends the call that waits."""
    begun: float = field(default_factory=time.monotonic)
    """When the last call of the page began."""
    seen: float = -math.inf
    """When the last call ended."""


_lock = ModuleLock()
_pages: dict[tuple[str, int], _Page] = {}
"""By session and component, in the order of their last calls. `_forget` deletes pages that no longer call."""
after_fork(_pages.clear)

_asked: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""The components that get questions, by their ids. Gradio makes copies of a component for updates, with the same id."""


def expect(component: Any) -> None:
    """Lets the calls of this component's pages wait for questions."""
    _asked[component._id] = component


def ask(session: str, component: int, command: Callable[[str], CommandDict], seconds: float) -> tuple[str, Future[Any]]:
    """Sends a question to the page. `command` makes the command for the question's id. The future gets the answer, if it arrives within `seconds`."""
    question = secrets.token_hex(16)
    answer: Future[Any] = Future()
    wire = command(question)
    with _lock:
        _forget()
        page = _pages.setdefault((session, component), _Page())
        _drop_late(page)
        if len(page.questions) >= _MOST_QUESTIONS:
            raise OverflowError(f"{_MOST_QUESTIONS} questions")
        page.questions[question] = _Question(wire, answer, time.monotonic() + seconds)
        wake = page.wake
    if wake:
        wake()
    return question, answer


def withdraw(session: str, component: int, question: str) -> bool:
    """Drops a question. Returns whether the page has called for its questions recently."""
    with _lock:
        page = _pages.get((session, component))
        if page is None:
            return False
        page.questions.pop(question, None)
        return page.wake is not None or time.monotonic() - page.seen < POLL_SECONDS


async def next_questions(session: str, component: int, known: Any) -> list[CommandDict]:
    """The questions that the page does not have, as soon as there are any. The page calls again when it has them."""
    if component not in _asked:
        return []  # any client can call: it holds no connection open
    names = {each for each in known[-_MOST_KNOWN:] if isinstance(each, str)} if isinstance(known, list) else set()
    loop = asyncio.get_running_loop()
    new = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(new.set)

    with _lock:
        _forget()
        page = _pages.pop((session, component), None)
        ends: list[Callable[[], None] | None] = []
        if page is not None:
            ends.append(page.wake)  # of another mount, or of a connection that was lost
        elif len(_pages) >= _MOST_PAGES:
            idle = next((name for name, each in _pages.items() if not each.questions), None)
            if idle is None:
                return []
            ends.append(_pages.pop(idle).wake)  # it calls again
        page = page or _Page()
        page.wake, page.begun = wake, time.monotonic()
        _pages[session, component] = page
    for end in filter(None, ends):
        end()
    try:
        found = _unknown(page, names)
        if not found:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(new.wait(), POLL_SECONDS)
            found = _unknown(page, names)
        return found
    finally:
        with _lock:
            page.seen = time.monotonic()
            if page.wake is wake:
                page.wake = None


def answer(session: str, component: int, question: Any, data: dict[str, Any]) -> bool:
    """Passes the page's answer to the function. Returns whether a function of this session waits for it."""
    with _lock:
        page = _pages.get((session, component))
        found = page.questions.pop(question, None) if page and isinstance(question, str) else None
    if found is None or not found.answer.set_running_or_notify_cancel():
        return False
    found.answer.set_result(data)
    return True


def _unknown(page: _Page, known: set[str]) -> list[CommandDict]:
    with _lock:
        _drop_late(page)
        return [each.command for question, each in page.questions.items() if question not in known]


def _drop_late(page: _Page) -> None:
    """Deletes questions that nobody waits for. The caller holds the lock."""
    now = time.monotonic()
    page.questions = {question: each for question, each in page.questions.items() if now < each.until}


def _forget() -> None:
    """Deletes pages that no longer call. The caller holds the lock."""
    before = time.monotonic() - POLL_SECONDS - _GRACE_SECONDS
    for _ in range(len(_pages)):
        name, page = next(iter(_pages.items()))
        if page.begun >= before:
            break
        _drop_late(page)
        del _pages[name]
        if page.wake or page.questions:
            page.begun = time.monotonic()
            _pages[name] = page
