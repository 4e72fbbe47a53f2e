"""As many calls as one client can send: the server answers, others wait no longer than beside calls that do nothing, and nothing is left.

pytest tests/abuse/test_as_many_calls.py -s     shows the figures
"""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from abused_app import Abused
from test_any_call import EVENTS, SERVER_FUNCTIONS
from waiting import wait_until

SECONDS = 5.0
BASELINE_SECONDS = 3.0
CALLS = 10_000
"""No more than that, on a machine that manages them sooner."""
CLIENTS = 8
FEWEST_WAITS = 20
"""Calls of another visitor, also on a machine that is busy."""
SLOWER = 4.0
"""Times that another visitor may wait longer than beside calls that do nothing. It is below 2 on a machine that does nothing else."""
MEMORY = 64
"""MB that it may have grown: the allocator does not give back all."""

Send = Callable[[http.client.HTTPConnection, str], http.client.HTTPResponse]


@dataclass
class Load:
    """What the clients of one kind have seen, and another visitor beside them."""

    statuses: Counter[int] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """Milliseconds of the visitor's calls."""
    seconds: float = 0.0

    @property
    def calls(self) -> int:
        return sum(self.statuses.values())

    @property
    def typical_wait(self) -> float:
        return statistics.median(self.waits)

    def __str__(self) -> str:
        p50, p95 = self.typical_wait, statistics.quantiles(self.waits, n=20)[-1]
        rate = f"{self.calls:6,} calls, {self.calls / self.seconds:5,.0f} a second"
        return f"{rate}; another visitor waits {p50:3.0f} ms, p95 {p95:3.0f} ms; {dict(self.statuses)}"


class Attack:
    """Clients that send calls in turn, each without a pause."""

    def __init__(self, abused: Abused) -> None:
        self.abused = abused
        self.folder = str(abused.app.folder)
        self.address = urlsplit(abused.app.url).netloc

    def run(self, bodies: list[tuple[str, dict[str, Any]]], seconds: float = SECONDS) -> Load:
        load, over = Load(), threading.Event()
        left = itertools.count()
        clients = [threading.Thread(target=self._send, args=(bodies, load, over, left, n)) for n in range(CLIENTS)]
        start = time.monotonic()
        for each in clients:
            each.start()
        visitor = http.client.HTTPConnection(self.address, timeout=60)
        while len(load.waits) < FEWEST_WAITS or (
            time.monotonic() < start + seconds and any(each.is_alive() for each in clients)
        ):
            load.waits.append(self._wait(visitor))
        over.set()
        for each in clients:
            each.join()
        load.seconds = time.monotonic() - start
        visitor.close()
        return load

    def _wait(self, visitor: http.client.HTTPConnection) -> float:
        start = time.perf_counter()
        status, _ = post(visitor, "component_server", self.question("trivial", "nothing", None, "visitor"))
        assert status == 200
        return (time.perf_counter() - start) * 1000

    def _send(
        self,
        bodies: list[tuple[str, dict[str, Any]]],
        load: Load,
        over: threading.Event,
        left: itertools.count[int],
        number: int,
    ) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        statuses: Counter[int] = Counter()
        for path, body in itertools.islice(itertools.cycle(bodies), number, None):
            if over.is_set() or next(left) >= CALLS:
                break
            session = f"attacker {number}"
            sent = {**body, "session_hash": session}
            status, told = post(connection, path, sent)
            statuses[status] += 1
            if path == "queue/join" and status == 200:
                connection.request("GET", f"/gradio_api/queue/data?session_hash={session.replace(' ', '%20')}")
                told += connection.getresponse().read()
            if self.folder.encode() in told and self.folder not in json.dumps(sent):
                load.leaks.append(told.decode())
        load.statuses.update(statuses)  # at the end of each client, one after the other
        connection.close()

    def question(self, component: str, function: str, data: Any, session: str = "") -> dict[str, Any]:
        id_ = self.abused.app.about[component]
        return {"data": data, "component_id": id_, "fn_name": function, "session_hash": session}

    def join(self, name: str, data: list[Any], event_data: Any) -> dict[str, Any]:
        functions = {each["api_name"]: each["id"] for each in self.abused.stranger.config["dependencies"]}
        return {"data": data, "event_data": event_data, "fn_index": functions[name]}

    def of_server_functions(self) -> list[tuple[str, dict[str, Any]]]:
        names = self.abused.names
        uploads = [names[name] for name in ("@upload", "@recording", "@other upload", "@other stream", "@log")]
        data = [None, 3, "x", {"path": uploads[0]}, ["x"], "x" * 5000, *uploads, {**names["@call"], "ticket": ""}]
        return [
            ("component_server", self.question("viewer", function, each))
            for each in data
            for function in SERVER_FUNCTIONS
        ]

    def of_events(self) -> list[tuple[str, dict[str, Any]]]:
        said: list[Any] = [{}, {"time": "x"}, {"names": ["x"], "message": "x", "time": "3", "timeline": "t"}]
        return [("queue/join", self.join(f"event_{event}", [None], each)) for each in said for event in EVENTS]

    def of_nothing(self) -> list[tuple[str, dict[str, Any]]]:
        return [("component_server", self.question("trivial", "nothing", None))]

    def of_no_event(self) -> list[tuple[str, dict[str, Any]]]:
        return [("queue/join", self.join("nothing", [], None))]


def post(connection: http.client.HTTPConnection, path: str, body: Any) -> tuple[int, bytes]:
    connection.request("POST", f"/gradio_api/{path}", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def at_rest(abused: Abused) -> dict[str, int]:
    async def counts() -> dict[str, int]:
        async for value in abused.stranger.click("counts"):
            held = dict(value)
        return held

    return {**abused.app.usage(), **abused.run(counts())}


def test_as_many_calls_as_a_client_can_send_hold_up_nobody_and_leave_nothing(abused: Abused) -> None:
    attack = Attack(abused)
    kinds = {
        "server functions": (attack.of_nothing(), attack.of_server_functions()),
        "events": (attack.of_no_event(), attack.of_events()),
    }
    for bodies in itertools.chain(*kinds.values()):
        attack.run(bodies, 0.5)  # the threads that stay
    before = at_rest(abused)
    for kind, (nothing, bodies) in kinds.items():
        baseline, load = attack.run(nothing, BASELINE_SECONDS), attack.run(bodies)
        print(f"\n{'nothing':16} {baseline}\n{kind:16} {load}")
        assert [status for status in load.statuses if status >= 500 and status != 503] == []
        assert load.leaks == []
        assert load.typical_wait < SLOWER * baseline.typical_wait
    more: dict[str, int] = {}

    def is_back() -> bool:
        now = at_rest(abused)
        more.update({name: now[name] - before[name] for name in now})
        return all(more[name] <= (MEMORY if name == "memory" else 0) for name in more)

    try:
        wait_until(is_back)  # threads end 10 s after their last work
    finally:
        print(f"{'before':16} {before}\n{'more at the end':16} {more}")
