"""Which Rerun servers the frontend reaches through the app, and when the app trusts their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradio.component_meta import get_local_contexts

from .._gradio.calls import may_build_apps
from .._servers.tunnel import Servers

if TYPE_CHECKING:
    from gradio.components.base import Component as _Base
    from typing_extensions import Self
else:
    _Base = object


class ServerAccess(_Base):
    """The part of `Rerun` that opens the tunnel to Rerun servers."""

    _named_servers: Servers | None = None

    def _name_servers(self, tunnel: Any, value: Any, *, is_trusted: bool) -> None:
        """Removes `tunnel` from the arguments that Gradio keeps, and stores it. `is_trusted`: a function of the app is known to pass it.

        Gradio itself makes components from data of a client (gr.Chatbot), but not in the contexts in which functions of the app run.
        Threads of a function do not inherit these contexts. Without one, a component must be added to the app first: see `render`.
        """
        self._is_tunnel_given = "tunnel" in self._constructor_args[0]
        # The `__init__` of a subclass passes `tunnel`, and its caller cannot.
        self._names_itself = tunnel is not None and not self._is_tunnel_given
        for arguments in self._constructor_args:
            arguments.pop("tunnel", None)  # Gradio can send them to pages, which must not get tokens
        self._named_servers = tunnel if isinstance(tunnel, Servers) else Servers(tunnel, value)
        if is_trusted and self._is_tunnel_given:
            self._named_servers.trust()

    @property
    def _servers(self) -> Servers:
        """The Rerun servers that the frontend reaches through the app."""
        # gr.load makes components from the config of another app, and sets their `proxy_url`.
        is_loaded = getattr(self, "proxy_url", None) is not None
        return Servers(False) if is_loaded or self._named_servers is None else self._named_servers

    def render(self) -> Self:
        """For Gradio: adds the component to the app. From then on, it trusts the servers that the app's author has named."""
        super().render()
        if self.is_rendered and not any(get_local_contexts()) and may_build_apps():
            self._servers.trust()
            if "value" in self.__dict__:  # its `__init__` has finished before
                self._add_tickets()
        return self

    def _trust_as(self, original: ServerAccess) -> None:
        """After an update, which makes the component again: trusts the servers that a subclass names by itself, if the app trusted the same before."""
        if original._servers.is_trusted and self._servers.names == original._servers.names:
            self._servers.trust()

    def _add_tickets(self) -> None:
        """Adds the tickets to the initial value and commands, which were made before the component was in the app."""
        if isinstance(self.value, list):
            self.value = [self._with_ticket(each) for each in self.value]
        for command in self.props["settings"].get("commands", []):
            if command["name"] == "open":
                for opened in command["arguments"]["urls"]:
                    opened["ticket"] = self._servers.ticket(opened["url"])

    def _with_ticket(self, item: Any) -> Any:
        is_admitted = isinstance(item, dict) and "server" in item
        if not isinstance(item, str) and not is_admitted:
            return item
        url = item["server"] if is_admitted else item
        admitted = self._servers.admit(url, own=is_admitted)
        return admitted if isinstance(admitted, str) else admitted.model_dump()
