"""Parsers of untrusted bytes and JSON, with arbitrary input. HYPOTHESIS_PROFILE=long tries thirty times as many cases."""

from __future__ import annotations

import json
import os
import re
import string
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import rerun as rr
from gradio.data_classes import FileData
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from recordings import recording_bytes

from gradio_rerun import Rerun, events
from gradio_rerun._component.settings import css_length
from gradio_rerun._recordings.cached_files import cached_name
from gradio_rerun._recordings.rrd import HEADER_SIZE, split, stores
from gradio_rerun._recordings.urls import URL_SCHEMES, checked_url
from gradio_rerun._viewer.viewer_control import _message
from gradio_rerun._wire import Recordings
from gradio_rerun.errors import EventDataError, GradioRerunError, ParameterError, RecordingError, UnsupportedValueError
from gradio_rerun.events import _answers, _viewer_events
from gradio_rerun.viewer_state import ViewerState

# The machine may be slow, and a run must be the same each time in CI.
settings.register_profile("ci", max_examples=150, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile(
    "mutation", settings.get_profile("ci"), max_examples=40, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def stream_bytes() -> bytes:
    recording = rr.RecordingStream("fuzzed", recording_id="fuzzed")
    stream = recording.binary_stream()
    for number in range(3):
        recording.log("points", rr.Points3D([[0, 0, number]]))
    return stream.read() or b""


REAL = [stream_bytes(), recording_bytes("one")]
NUMBERS = st.sampled_from([0, 1, 2, 255, 256, 257, 2**31, 2**32, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """One or two recordings, or a recording with pieces removed, repeated or overwritten."""
    data = bytearray(draw(st.sampled_from([*REAL, REAL[0] * 2, REAL[0] + REAL[1], REAL[0][:HEADER_SIZE]])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(["cut", "drop", "repeat", "number", "bytes"]))
        if kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at:end]
        elif kind == "repeat":
            data[at:at] = data[at:end]
        elif kind == "number":
            data[at : at + 8] = draw(NUMBERS).to_bytes(8, "little")
        else:
            data[at:end] = draw(st.binary(max_size=40))
    return bytes(data)


@st.composite
def built(draw: st.DrawFn) -> bytes:
    """A header, and messages of any kind whose length may be wrong."""
    header = draw(st.just(b"RRF2\x00\x29\x00\x00\x02\x00\x00\x00") | st.binary(min_size=12, max_size=12))
    messages = []
    for _ in range(draw(st.integers(0, 5))):
        content = draw(st.binary(max_size=30))
        length = draw(st.just(len(content)) | NUMBERS)
        kind = draw(st.sampled_from([0, 1, 2, 3]) | NUMBERS)
        messages.append(kind.to_bytes(8, "little") + length.to_bytes(8, "little") + content)
        messages += draw(st.sampled_from([[], [], [b"RRF2FOOT\0\0\0\0"], [header]]))
    return header + b"".join(messages)


def is_subsequence(parts: list[bytes], data: bytes) -> bool:
    at = 0
    for part in parts:
        at = data.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


@given(st.binary(max_size=200) | damaged() | built())
@example(b"")
@example(b"RRF2")
def test_any_bytes_are_split_into_pieces_of_themselves_or_not_at_all(data: bytes) -> None:
    parts = split(data)
    if parts is None:
        return
    header, messages = parts
    assert data.startswith(header)
    assert is_subsequence([header, *map(bytes, messages)], data)
    found = stores(messages)
    infos = b"".join(found.values())
    assert len(infos) <= sum(map(len, messages))
    assert stores([memoryview(infos)]) == {store: info for store, info in found.items() if info}
    whole = b"".join([header, *messages])
    again = split(whole)
    if not header:
        return
    assert again
    assert b"".join([again[0], *again[1]]) == whole
    assert stores(again[1]) == found
    # And so is what is put behind it.
    assert split(whole + b"".join(messages)) == (header, [memoryview(b"".join(messages) * 2)])


FILE = st.fixed_dictionaries({}, optional={name: JSON | st.just("x") for name in (*FileData.model_fields, "other")})


@given(JSON | FILE | st.lists(FILE | st.text(), max_size=3))
def test_any_json_is_a_list_of_files_and_urls_or_is_refused(value: Any) -> None:
    for context in (None, {"validate_meta": True}):
        try:
            recordings = Recordings.model_validate(value, context=context)
        except (ValidationError, AttributeError):  # the second is how Gradio refuses a "meta" that is no object
            continue
        assert all(isinstance(each, (FileData, str)) for each in recordings.root)
        assert Recordings.model_validate(recordings.model_dump(), context=context) == recordings


VIEWER = Rerun(render=False)
ANY_FILE = st.builds(lambda path: {"path": path}, st.text())


@given(st.lists(st.text() | ANY_FILE, min_size=1, max_size=3))
def test_a_function_gets_from_a_client_only_files_and_urls(value: list[Any]) -> None:
    try:
        got = VIEWER.preprocess(Recordings.model_validate(value))
    except GradioRerunError:
        return
    for path in [got] if isinstance(got, str) else got or []:
        assert urlsplit(path).scheme.lower() in URL_SCHEMES or Path(path).is_file()


KINDS = [
    *(events.Load, events.Error, events.Upload, events.Clear, events.Screenshot, events.State, events.Answer),
    *events.ViewerEvent.__subclasses__(),
]
KINDS = [kind for kind in KINDS if kind is not _viewer_events._TimeEvent] + _viewer_events._TimeEvent.__subclasses__()
ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["entity", "view", "container", "moon"]) | JSON},
    optional={
        **dict.fromkeys(("entity_path", "view_id", "view_name", "container_id", "container_name"), st.text() | JSON),
        "instance_id": st.integers() | JSON,
        "position": st.lists(st.floats() | st.none(), max_size=3) | JSON,
    },
)
TOLD = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("application_id", "recording_id", "segment_id", "partition_id", "timeline"), st.text() | JSON),
        **dict.fromkeys(("from_command", "timeline_type", "source", "version", "message", "names"), JSON),
        "time": st.integers().map(str) | st.floats() | JSON,
        "items": st.lists(ITEM | JSON, max_size=3) | JSON,
    },
)


NUMBER = st.integers() | st.floats() | st.booleans() | st.none() | st.text()
RECORDING_OF_PAGE = st.fixed_dictionaries(
    dict.fromkeys(("application_id", "recording_id", "timeline"), st.text() | JSON)
    | {"time": NUMBER | JSON, "playing": st.none() | st.booleans() | JSON}
    | {"range": st.none() | st.fixed_dictionaries({"min": NUMBER, "max": NUMBER}) | JSON}
)
STATE_OF_PAGE = st.fixed_dictionaries(
    dict.fromkeys(("viewer_version", "active_recording_id"), st.none() | st.text() | JSON)
    | {"recordings": st.lists(RECORDING_OF_PAGE, max_size=2) | JSON}
)
INT32, INT64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
STATE_OF_PROTOCOL = st.fixed_dictionaries(
    {"location": st.text(), "active_store_id": st.text(), "viewer_version": st.text()},
    optional={
        "recordings": st.lists(
            st.fixed_dictionaries(
                {"store_id": st.text(), "play_state": INT32},
                optional={
                    "timelines": st.lists(st.fixed_dictionaries({"time_type": INT32}), max_size=2),
                    "current_time": st.fixed_dictionaries({"time": st.fixed_dictionaries({"time": INT64})}),
                },
            ),
            max_size=2,
        )
    },
).map(lambda fields: {"protocol": b64encode(_message("State")(**fields).SerializeToString()).decode()})
PROTOCOL = (st.binary().map(lambda data: b64encode(data).decode()) | st.text() | JSON).map(
    lambda each: {"protocol": each}
)
STATES = TypeAdapter(ViewerState)


def state_of_page(**fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("application_id", "recording_id", "timeline"), "x")
    recording = {**empty, "time": 0, "range": None, "playing": None, **fields}
    return {"viewer_version": "0.24.1", "active_recording_id": "x", "recordings": [recording]}


@given(data=TOLD | JSON | STATE_OF_PAGE | STATE_OF_PROTOCOL | PROTOCOL)
@example(data=state_of_page(time=float("inf")))
@example(data=state_of_page(time=2**64))
@example(data=state_of_page(time=True))
@example(data=state_of_page(application_id={"a": 1}))
@example(data=state_of_page(timeline=[1]))
@example(data=state_of_page(range={"min": float("nan"), "max": float("-inf")}))
@example(data=state_of_page(playing="yes"))
@example(data={**state_of_page(), "viewer_version": None})
@example(data={"protocol": b64encode(_message("State")(recordings=[{"play_state": -1}]).SerializeToString()).decode()})
@example(
    data={"protocol": b64encode(_message("State")(recordings=[{"play_state": -100}]).SerializeToString()).decode()}
)
@example(data={"names": [{"a": 1}], "message": [1], "application_id": 3, "timeline": {}, "time": True})
@example(data={"time": "9" * 5000})
@example(data={"time": float("nan")})
@example(data={"time": float("inf")})
@example(data={"time": "9223372036854775807", "items": [{"type": []}]})
def test_any_json_is_an_event_or_is_refused_in_words(data: Any) -> None:
    for kind in KINDS:
        try:
            event = kind(None, data)
        except EventDataError:
            continue
        except RecordingError:
            assert issubclass(kind, _answers._Saved)  # no file was uploaded here
            continue
        expect_its_types(event)


TEXTS = ("application_id", "recording_id", "source", "message", "segment_id", "timeline", "version")


def expect_its_types(event: Any) -> None:
    fields = vars(event)  # Gradio's EventData looks up missing attributes in the data
    # As they were sent: no dict or number has become a string.
    data = {"segment_id": event._data.get("partition_id"), **event._data} if isinstance(event._data, dict) else {}
    assert all(
        (fields[name] or "") == (data.get(name) or "") for name in TEXTS if name in fields and name != "segment_id"
    )
    assert all(isinstance(fields.get(name) or "", str) for name in TEXTS)
    if isinstance(event, events.Upload):
        assert event.names == (event._data.get("names") or [])
    if isinstance(event, events.State):
        # Strict: no number for a string, no bool for a number.
        STATES.validate_json(json.dumps(asdict(event.state)), strict=True)
    if isinstance(event, events.ViewerEvent):
        hash(event)
        assert isinstance(event.from_command, bool)
        assert event.payload
    if isinstance(event, _viewer_events._TimeEvent):
        assert type(event.time) is int
        if event.timeline_type != "sequence":
            event.as_timedelta()
        if event.timeline_type in (None, "timestamp"):
            event.as_datetime()
    if isinstance(event, events.SelectionChange):
        for item in event.items:
            assert isinstance(item.type, str)
            if isinstance(item, events.EntityItem):
                assert isinstance(item.entity_path, str)


URLISH = st.lists(
    st.sampled_from(
        [*URL_SCHEMES, "javascript", "file", "data", ":", "/", "//", "://", "\\", "@", "#", "?", "%2f", "%00"]
    )
    | st.sampled_from(["host", "127.0.0.1", "[::1]", ":80", ":99999", " ", "\n", "\t", "\0", "x.rrd", "ⅰ", "。"])
    | st.text(max_size=3),
    max_size=10,
).map("".join)


@given(st.text() | URLISH)
@example(" https://host/x.rrd\n")
def test_a_url_is_of_a_known_scheme_with_a_host_and_without_a_password_or_is_refused(url: str) -> None:
    try:
        checked = checked_url(url)
    except UnsupportedValueError:
        return
    # Character by character, as a browser reads it, not with the parser of the tested code.
    assert checked in url
    match = re.fullmatch(r"([a-z+]+)://([^/?#\\@\s]+)(?:[/?#].*)?", checked, flags=re.IGNORECASE)
    assert match
    assert match[1].lower() in URL_SCHEMES
    assert not re.search(r"[\x00-\x1f\x7f]", checked)
    assert checked_url(checked) == checked


@given(
    st.text() | st.floats() | st.integers() | st.text(string.ascii_letters + string.digits + "%.()+*/,- \n`${}'\";:<>")
)
@example("${alert(1)}")
@example("1px`;alert(1);`")
@example('1px" onload="alert(1)')
@example("{{value}}")
@example("1px;background:red")
@example("</style>")
def test_a_height_cannot_leave_its_attribute_or_run_in_the_template(height: Any) -> None:
    try:
        css = css_length(height)
    except ParameterError:
        return
    assert not re.search(r"[`$\\{}'\";:<>&=]", css)


def test_the_template_contains_only_the_height() -> None:
    plain, other = (
        Rerun(render=False),
        Rerun(
            value="https://host/x.rrd",
            label="${1}",
            elem_id="`",
            height=640,
            allowed_origins=["https://${x}"],
            render=False,
        ),
    )
    assert plain.get_config()["html_template"] == other.get_config()["html_template"]
    assert plain.js_on_load == other.js_on_load


@given(st.text(st.characters() | st.sampled_from("/\\.\0~%\ud800")))
@example("x" * 300)
@example("é" * 300 + ".RRD")
@example("../../etc/passwd")
@example("..")
@example("line 1\nline 2.rrd")
def test_a_name_in_the_cache_is_a_name_for_any_file_system(name: str) -> None:
    made = cached_name(name)
    assert not {"/", "\0", "\n"} & set(made)
    assert 0 < len(made.encode()) <= 255
    assert made.lower().endswith((".rrd", ".rbl"))


@given(st.text(string.printable), st.text(string.printable))
def test_the_text_of_an_example_is_not_html(folder: str, name: str) -> None:
    assume(name)
    shown = VIEWER.process_example([f"{folder}/{name}", FileData(path="/x", orig_name=name)])
    assert not set("<>\"'") & set(shown)


@given(st.text())
@example("no view 'a\u202eb\u2066'")
def test_an_error_message_is_escaped_for_the_page_and_unchanged_for_python(text: str) -> None:
    error = GradioRerunError(text)
    assert not set("<>\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(error.message)
    assert str(error) == text
