"""The control protocol of viewers from rerun-sdk 0.41 on: requests as bytes, and the state of the viewer.

viewer_control.proto defines the messages. They are created at run time from the compiled file, so any version of protobuf works: code that
protoc generates needs a protobuf of the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

COMPILED = Path(__file__).with_name("viewer_control.binpb")

_PACKAGE = "gradio_rerun.viewer_control"


@dataclass(frozen=True)
class Plan:
    """How the frontend carries out a command."""

    request: bytes | None = None
    """The request to a viewer from rerun-sdk 0.41 on; None if the frontend carries out the command in another way."""
    target: Sequence[int] = ()
    """The numbers of the fields that lead to the place in the request where the frontend puts the recording or view."""
    causes: Sequence[Mapping[str, Any]] = ()
    """The events that the viewer may send because of the command: the type, and the fields that the event must have."""
    waits: bool = True
    """Whether the next command waits until this one has finished. A viewer carries out any number of the others with one frame."""
    outlasts: bool = False
    """Whether the command is carried out even if the value beside it was skipped. Other commands refer to this value."""
    answers: bool = False
    """Whether the event `answer` has the viewer's response."""
    source: Path | None = None
    """The file whose content the command sends. The app checks the path again, since a thread of a function does not know the app."""


def request(kind: str, **fields: Any) -> bytes:
    """The request `kind` with these fields, such as `request("set_time_cursor", time={"time": 3})`; None leaves a field out."""
    content = {name: value for name, value in fields.items() if value is not None}
    message = _message("Request")(**{kind: content})
    getattr(message, kind).SetInParent()  # a request without fields is one, too
    return bytes(message.SerializeToString())


def field_path(*names: str) -> list[int]:
    """The numbers of the fields that lead to one within a request: `field_path("set_time_cursor", "store_id")` is [6, 1]."""
    numbers, message = [], _message("Request").DESCRIPTOR
    for name in names:
        field = message.fields_by_name[name]
        numbers.append(int(field.number))
        message = field.message_type
    return numbers


def read_response(data: bytes) -> Any:
    """The message `Response` that `data` holds; further fields of a newer viewer are left out."""
    return _message("Response").FromString(data)


def read_state(data: bytes) -> Any:
    """The message `State` that `data` holds; further fields of a newer viewer are left out."""
    return _message("State").FromString(data)


@cache
def _message(name: str) -> Any:
    found = _pool().FindMessageTypeByName(f"{_PACKAGE}.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(found)
    # Remove when the protobuf floor passes 4.22.
    return message_factory.MessageFactory(_pool()).GetPrototype(found)


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    # Not the default pool: names could clash with those of another package.
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(COMPILED.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool
