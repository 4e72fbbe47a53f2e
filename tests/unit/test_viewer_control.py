from __future__ import annotations

from pathlib import Path

import pytest

from gradio_rerun._viewer import viewer_control

PROTO = viewer_control.COMPILED.with_suffix(".proto")


def test_what_is_compiled_is_what_is_written(tmp_path: Path) -> None:
    protoc = pytest.importorskip("grpc_tools.protoc")
    descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
    compiled = tmp_path / "compiled.binpb"
    command = ["protoc", f"-I{PROTO.parent}", f"--descriptor_set_out={compiled}", PROTO.name]
    assert protoc.main(command) == 0
    read = descriptor_pb2.FileDescriptorSet.FromString
    assert read(compiled.read_bytes()) == read(viewer_control.COMPILED.read_bytes())


def test_a_request_holds_what_it_is_given() -> None:
    assert viewer_control.request("run_command", id="a") == b"\x5a\x03\x0a\x01a"
    assert viewer_control.request("run_command", id=None) == b"\x5a\x00"


def test_a_field_is_found_by_its_names() -> None:
    assert viewer_control.field_path("close", "store_ids", "store_ids") == [1, 3, 1]


def test_a_state_of_a_newer_viewer_is_read() -> None:
    unknown = b"\xfa\x07\x03new"  # field 127
    assert viewer_control.read_state(b"\x0a\x01x" + unknown).location == "x"
