from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

from gradio_rerun._viewer import viewer_control

PROTO = viewer_control.COMPILED.with_suffix(".proto")


def test_the_compiled_protocol_is_up_to_date(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc")
    descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
    compiled = tmp_path / "compiled.binpb"
    command = ["protoc", f"-I{PROTO.parent}", f"--descriptor_set_out={compiled}", PROTO.name]
    assert protoc.main(command) == 0
    read = descriptor_pb2.FileDescriptorSet.FromString
    assert read(compiled.read_bytes()) == read(viewer_control.COMPILED.read_bytes())


def test_a_request_contains_its_fields() -> None:
    assert viewer_control.request("run_command", id="a") == b"\x5a\x03\x0a\x01a"
    assert viewer_control.request("run_command", id=None) == b"\x5a\x00"


def test_a_field_is_found_by_its_names() -> None:
    assert viewer_control.field_path("close", "store_ids", "store_ids") == [1, 3, 1]


def test_a_state_of_a_newer_viewer_is_read() -> None:
    unknown = b"\xfa\x07\x03new"  # field 127
    assert viewer_control.read_state(b"\x0a\x01x" + unknown).location == "x"


OURS = {
    "Request": "ViewerControlRequest",
    "Response": "ViewerControlResponse",
    "State": "GetStateResponse",
    "StoreIds": "ViewerRecordingIds",
    "Urls": "ViewerSourceUrls",
    "LogEntry": "ViewerLogEntry",
    "EntitySchema": "RecordingEntitySchema",
    "ComponentSchema": "RecordingComponentSchema",
    "RecordingTarget": "RecordingBlueprintTarget",
    "TableTarget": "TableBlueprintTarget",
    "LoadingSource": "ViewerLoadingSource",
    "Recording": "ViewerRecording",
    "RecordingTimeline": "ViewerTimeline",
    "View": "ViewerView",
    "Report": "ViewerReport",
}
"""Messages whose name here differs from the protocol's. A request is `X` here and `XRequest` in the protocol."""

OF_ANOTHER_FILE = {"Timeline", "Time", "TimeRange"}


def test_the_messages_have_the_numbers_of_the_installed_sdk() -> None:
    theirs = {message.name: message for message in sdk_protocol().message_type}
    ours = viewer_control._pool().FindMessageTypeByName("gradio_rerun.viewer_control.Request").file
    differing = {}
    for name, message in ours.message_types_by_name.items():
        if name in OF_ANOTHER_FILE:
            continue
        found = theirs.get(OURS.get(name, name)) or theirs[f"{name}Request"]
        numbers = {field.name: (field.number, field.type) for field in found.field}
        own = {field.name: (field.number, field.type) for field in message.fields}
        differing |= {
            f"{name}.{key}": (value, numbers.get(key)) for key, value in own.items() if numbers.get(key) != value
        }
    assert differing == {}


def sdk_protocol() -> Any:
    """Returns the definition of the protocol from the SDK's binary, which contains it with comments."""
    import rerun_bindings

    (binary,) = Path(rerun_bindings.__file__).parent.glob("*.so")
    name = b"rerun/v1alpha1/viewer_control.proto"
    with binary.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(b"\x0a" + bytes([len(name)]) + name)
        if start < 0:
            pytest.skip("This rerun-sdk has no control protocol.")
        return descriptor_pb2.FileDescriptorProto.FromString(content[start : message_end(content, start)])


def message_end(content: Any, start: int) -> int:
    """Returns the end of the FileDescriptorProto: the first byte that does not begin one of its fields."""
    at = start
    while True:
        tag, body = varint(content, at)
        if tag >> 3 not in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14) or tag & 7 not in (0, 2):
            return at
        size, end = varint(content, body)
        at = end + size if tag & 7 == 2 else end


def varint(content: Any, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
