"""The Rerun servers and remote files that a component names, and when the app trusts these names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradio.processing_utils import move_files_to_cache

from .._gradio.calls import may_build_apps
from .._recordings.sources import Sources
from .._servers.tunnel import Servers
from ..errors import ParameterError

if TYPE_CHECKING:
    from gradio.components.base import Component as _Base
    from typing_extensions import Self
else:
    _Base = object


_KINDS: dict[str, Any] = {"tunnel": Servers, "allowed_sources": Sources}


class RemoteAccess(_Base):
    """The part of `Rerun` that opens the tunnel to Rerun servers, and lets the app fetch remote files."""

    _named: Mapping[str, Any] | None = None
    """By parameter: the `Servers` of `tunnel`, the `Sources` of `allowed_sources`."""
    _first: Any = None
    """The initial value, while it waits for `render`."""

    def _name_servers(self, value: Any, *, is_trusted: bool, **given: Any) -> None:
        """Removes `tunnel` and `allowed_sources` from the arguments that Gradio keeps, and stores them. `is_trusted`: a function of the app is
        known to pass them.

        Gradio itself makes components from data of a client (gr.Chatbot), but not in the contexts in which functions of the app run.
        Threads of a function do not inherit these contexts. Without one, a component must be added to the app first: see `render`.
        """
        self._named_by_caller = {name for name in given if name in self._constructor_args[0]}
        # The `__init__` of a subclass passes them, and its caller cannot.
        self._named_by_itself = {name for name in given if given[name] is not None} - self._named_by_caller
        for arguments in self._constructor_args:
            for name in given:
                arguments.pop(name, None)  # Gradio can send them to pages, which must not get tokens
        self._named = {
            name: given[name] if isinstance(given[name], kind) else kind(given[name], value)
            for name, kind in _KINDS.items()
        }
        if is_trusted:
            for name in self._named_by_caller:
                self._named[name].trust()

    def _with_names(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The constructor's arguments for an update, with the names that this component trusts. Gradio makes the component again, without its value."""
        # If a function makes a component of a subclass, Gradio calls only the `__init__` of the subclass.
        if self._named is None:
            self._name_servers(None, is_trusted=True, **{name: arguments.get(name) for name in _KINDS})
        kept = {name: each for name, each in arguments.items() if name not in _KINDS}
        for name, named in (self._named or {}).items():
            is_other = name in self._named_by_caller or (named.has_names and name not in self._named_by_itself)
            if named.is_trusted and is_other and not self._is_loaded:
                kept[name] = named
        return kept

    @staticmethod
    def _check_names(changes: Mapping[str, Any]) -> None:
        """Raises a `ParameterError` for an update that names servers: it is a dict, which a client may have sent."""
        for name, kind in _KINDS.items():
            if name in changes and not isinstance(changes[name], kind):
                raise ParameterError(f"Expected an update without {name}, got one. Return Rerun({name}=...) instead.")

    @property
    def _is_loaded(self) -> bool:
        """Whether gr.load made the component from the config of another app: it sets its `proxy_url`."""
        return getattr(self, "proxy_url", None) is not None

    @property
    def _servers(self) -> Servers:
        """The Rerun servers that the frontend reaches through the app."""
        return Servers() if self._is_loaded or self._named is None else self._named["tunnel"]

    @property
    def _sources(self) -> Sources:
        """The remote files that only the app may fetch."""
        return Sources() if self._is_loaded or self._named is None else self._named["allowed_sources"]

    def _without_first(self, value: Any) -> Any:
        """The initial value; None if it names files that the app fetches. `render` adds such a value, since a client may have made the component."""
        if not self._sources.awaits_trust:
            return value
        self._first = value
        return None

    def render(self) -> Self:
        """For Gradio: adds the component to the app. From then on, it trusts the servers that the app's author has named."""
        super().render()
        if self.is_rendered and may_build_apps():
            self._servers.trust()
            self._sources.trust()
            if "value" in self.__dict__:  # its `__init__` has finished before
                self._add_tickets()
        if self.is_rendered and self._first is not None:
            value, self._first = self._first, None
            # As Gradio does with an initial value.
            viewer: Any = self
            self.value = move_files_to_cache(viewer.postprocess(value).model_dump(), self, True, keep_in_cache=True)
        return self

    def _trust_as(self, original: RemoteAccess) -> None:
        """Trusts the names that a subclass passes by itself, if the app trusted the same names before this update."""
        for mine, before in ((self._servers, original._servers), (self._sources, original._sources)):
            if before.is_trusted and mine.names == before.names:
                mine.trust()

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
