"""A visitor of `visited_app.py`, without a browser, who may send invalid data."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
from http_page import HttpPage

READ_MESSAGES = "/rerun.sdk_comms.v1alpha1.MessageProxyService/ReadMessages"


class Visitor(HttpPage):
    """Sends any data, including JSON with lone surrogates and NaN."""

    def component(self, id_: int) -> dict[str, Any]:
        return next(each for each in self.config["components"] if each["id"] == id_)

    async def upload(self, name: str, content: bytes) -> str:
        """The path of the file on the server."""
        answer = await self.client.post(self._route("upload"), files={"files": (name, content)})
        return str(answer.raise_for_status().json()[0])

    async def ask(self, component: int, function: str, data: Any, session: Any = None) -> httpx.Response:
        """Returns the response of a server function of a component."""
        return await self.client.send(self.question(component, function, data, session))

    def question(self, component: int, function: str, data: Any, session: Any = None) -> httpx.Request:
        session = self.session if session is None else session
        body = {"data": data, "component_id": component, "fn_name": function, "session_hash": session}
        return self.request("component_server", body)

    def request(self, path: str, body: Any) -> httpx.Request:
        # Not by httpx's own JSON, which knows no half letters.
        headers = {"Content-Type": "application/json"}
        return self.client.build_request("POST", self._route(path), content=json.dumps(body), headers=headers)

    async def join(self, name: str, data: Any, event_data: Any = None, session: Any = None) -> httpx.Response:
        """Calls the function of this name, without waiting for it."""
        function = next(each["id"] for each in self.config["dependencies"] if each["api_name"] == name)
        session = self.session if session is None else session
        body = {"data": data, "event_data": event_data, "fn_index": function, "session_hash": session}
        return await self.client.send(self.request("queue/join", body))

    async def news(self) -> str:
        """Returns all messages of the functions to this visitor, until the last function has ended."""
        answer = await self.client.get(self._route("queue/data"), params={"session_hash": self.session})
        return answer.text

    def live_call(self, viewer: int) -> dict[str, Any]:
        """A call to the Rerun server for which this page has a ticket."""
        (value,) = self.component(viewer)["props"]["value"]
        headers = {"content-type": "application/grpc-web+proto"}
        return {**value, "path": READ_MESSAGES, "headers": headers, "body": base64.b64encode(bytes(5)).decode()}
