"""The client that work is for, and fair shares of what all clients need."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

_BITS_OF_NETWORK = 64
"""Of an IPv6 address: each connection to the internet has all addresses of such a network."""

_UNKNOWN = "unknown"
"""The address of all clients that reach the server through a Unix socket, unless the server trusts the addresses that its proxy passes on."""

_LONGEST_NAME = 200
"""Characters. Clients choose the names of their sessions."""


@dataclass(frozen=True)
class Client:
    """A page of a visitor. One without an address stands for the app itself."""

    address: str = ""
    page: str = ""
    """A name that the client has chosen, such as its session. So a client gains nothing beyond its address by further names."""


_current: ContextVar[Client] = ContextVar("gradio_rerun_client")


def current_client() -> Client:
    """The client for which this thread or task works."""
    return _current.get(Client())


@contextmanager
def working_for(client: Client) -> Iterator[None]:
    """Inside the `with`, and in the threads that it starts with `in_thread`, `current_client` is this client."""
    token = _current.set(client)
    try:
        yield
    finally:
        _current.reset(token)


def client_of(request: Any, page: Any = None) -> Client:
    """The client that has sent a request of Gradio or Starlette; one without an address for None."""
    # Gradio's own requests have none of a client.
    is_of_client = getattr(request, "request", request) is not None
    address = getattr(getattr(request, "client", None), "host", None)
    network = _network(address) if isinstance(address, str) else _UNKNOWN if is_of_client else ""
    return Client(network, str(page or "")[:_LONGEST_NAME])


def one_too_many(holders: Sequence[Client], newcomer: Client) -> int | None:
    """The index of the holder that gives its place to a newcomer when there are no more places. None if the newcomer gets no place.

    The address with the most places loses one to an address with fewer places. Within an address, the page with the most places loses one to
    another page. Behind a proxy that does not pass on addresses, all pages have the same address.
    """
    of_addresses = Counter(each.address for each in holders)
    crowded = max(of_addresses, key=of_addresses.__getitem__, default=newcomer.address)
    if of_addresses[crowded] < of_addresses[newcomer.address] + 2:  # the newcomer would not have fewer then
        crowded = newcomer.address
    of_pages = Counter(each.page for each in holders if each.address == crowded)
    busiest = max(reversed(of_pages), key=of_pages.__getitem__, default=newcomer.page)
    if crowded == newcomer.address and of_pages[busiest] < of_pages[newcomer.page] + 2:
        return None
    found = Client(crowded, busiest)
    return max(index for index, each in enumerate(holders) if each == found)


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST_NAME]
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ipaddress.ip_address(int(ip) >> _BITS_OF_NETWORK << _BITS_OF_NETWORK)
    return str(ip)
