"""Files of buckets, of the Hugging Face Hub and of web servers as values: which files the app fetches, and for whom."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import gradio as gr
import pytest
from apps import app_without_server, in_app
from gradio.data_classes import FileData
from gradio.state_holder import SessionState
from recordings import recording_bytes
from updates import in_event
from web_files import TOKEN, WebFiles, redirect, web_files

from gradio_rerun import Rerun, commands, export
from gradio_rerun._clients import Client
from gradio_rerun._gradio.threads import in_thread
from gradio_rerun._recordings import web_file
from gradio_rerun._recordings.sources import Sources, compared
from gradio_rerun._recordings.urls import checked_url
from gradio_rerun._recordings.values import to_recordings
from gradio_rerun.errors import ParameterError, RecordingError, RecordingNotFoundError, UnsupportedValueError

RUN, OTHER = recording_bytes("run"), recording_bytes("other")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def bucket() -> Iterator[Any]:
    """A bucket of fsspec's file system in memory, with `runs/a.rrd`."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/runs/a.rrd", RUN)
    memory.pipe("/bucket-evil/runs/a.rrd", RUN)
    yield memory
    memory.store.clear()


@pytest.fixture
def server() -> Iterator[WebFiles]:
    with web_files() as served:
        yield served


@pytest.fixture
def hub(server: WebFiles, monkeypatch: pytest.MonkeyPatch) -> WebFiles:
    """A stand-in for the Hub, with a public and a private file."""
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    server.files = {f"/datasets/us/{name}/resolve/main/run.rrd": RUN for name in ("public", "private")}
    server.private = {"/datasets/us/private/resolve/main/run.rrd"}
    return server


def allowed(*folders: str) -> Sources:
    sources = Sources(folders)
    sources.trust()
    return sources


def shown(value: Any, cache: Path, *folders: str) -> bytes:
    """The content of the one recording that is shown."""
    (recording,) = to_recordings(value, cache, sources=allowed(*folders))
    assert isinstance(recording, FileData)
    assert recording.size == Path(recording.path).stat().st_size
    return Path(recording.path).read_bytes()


RUNS = "s3://bucket/runs/"
# fmt: off
LEADING_OUT = [
    "../a.rrd", "x/../../a", "./a", "%2e%2e/a", "%2E%2E%2Fa", "%252e%252e/a", "..%2fa", "..\\a", "..;/a",
]
ELSEWHERE = [
    "s3://bucket/a.rrd", "s3://bucket/runs-evil/a.rrd", "s3://bucket/RUNS/a.rrd", "s3://bucket-evil/runs/a.rrd",
    "gs://bucket/runs/a.rrd", "s3://x@bucket/runs/a.rrd", "s3://bucket@evil/runs/a.rrd", "s3:///bucket/runs/a.rrd",
    "s3://bucket/runs/a.rrd::file:///etc/passwd", "simplecache::s3://bucket/runs/a.rrd", "s3://bucket//runs/a.rrd",
    "s3://bucket/runs/a.rrd?versionId=1", "s3://bucket/runs/#a.rrd", "s3://bucket/runs/a\n.rrd", "s3:/bucket/runs/a.rrd",
]
ELSEWHERE_ON_THE_WEB = [
    "http://host.test/runs/a.mcap", "https://host.test:444/runs/a.mcap", "https://host.test.evil.test/runs/a.mcap",
    "https://host.test@evil.test/runs/a.mcap", "https://host.test\\@evil.test/runs/a", "https://evil.test/runs/a.mcap",
    "https://host.test/runs/..%2fa.mcap", "https://host.test/a.mcap?/runs/", "https://host.test/a.mcap#/runs/",
]
"""Another folder or bucket, in any notation."""
# fmt: on


@pytest.mark.parametrize(
    ("folder", "url", "is_allowed"),
    [
        *[(RUNS, f"s3://bucket/runs/{name}", True) for name in ("a.rrd", "b/c.rrd", "a%20b.rrd", "..a.rrd", "a..rrd")],
        ("s3://bucket/runs", "s3://bucket/runs/a.rrd", True),
        ("s3://bucket", "s3://bucket/a.rrd", True),
        ("S3://bucket/runs/", "s3://bucket/runs/a.rrd", True),
        (RUNS, "S3A://bucket/runs/a.rrd", True),
        ("s3://bucket/runs/a.rrd", "s3://bucket/runs/a.rrd", True),
        ("gcs://bucket", "gs://bucket/a.rrd", True),
        ("hf://datasets/us/runs", "hf://datasets/us/runs/a.rrd", True),
        ("https://Host.test/runs/", "HTTPS://host.test:443/runs/a.mcap?x=1", True),
        ("http://host.test:80/runs/", "http://host.test/runs/a.mcap", True),
        ("https://host.test", "https://host.test/a.mcap", True),
        ("https://host.test/runs/", "https://me@host.test/runs/a.mcap", False),
        ("az://box@account.dfs.core.windows.net", "abfss://box@account.dfs.core.windows.net/a.rrd", True),
        *[(RUNS, f"s3://bucket/runs/{name}", False) for name in LEADING_OUT],
        *[(RUNS, url, False) for url in ELSEWHERE],
        ("s3://bucket", "s3://bucket-evil/a.rrd", False),
        ("hf://datasets/us/runs", "hf://datasets/us/runs-evil/a.rrd", False),
        ("hf://datasets/us/runs", "hf://datasets/us/runs@refs/pr/1/a.rrd", False),
        *[("https://host.test/runs/", url, False) for url in ELSEWHERE_ON_THE_WEB],
    ],
)
def test_a_folder_allows_its_files_and_no_others(folder: str, url: str, is_allowed: bool) -> None:
    assert allowed(folder).admits(url) is is_allowed


@pytest.mark.parametrize(
    ("folders", "reason"),
    [
        (["s3://key:secret@bucket/"], "it has a user name"),
        (["https://me@host.test/runs/"], "it has a user name"),
        (["s3:///runs/"], "it names no server or bucket"),
        (["https:///runs/"], "it names no server or bucket"),
        ([RUNS, "runs/"], "'runs/' cannot be used: it names no server or bucket"),
        (["s3://bucket/../runs/"], "it has '.' or '..' as a folder"),
        (["file:///runs/"], "Local files need allowed_paths"),
        (["rerun://host.test"], "Rerun servers need tunnel"),
        (RUNS, f"Write ['{RUNS}']"),
        ([3], "got [3]."),
        (3, "got 3."),
    ],
)
def test_a_wrong_folder_is_refused_with_the_reason(folders: Any, reason: str) -> None:
    with pytest.raises(ParameterError, match="Expected allowed_sources to be a list of URLs of folders") as refused:
        Sources(folders)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "folders", ["s3://key:secret@bucket/", ["https://key:secret@host.test/"], [RUNS, "ftp://:secret@h"]]
)
def test_a_password_in_a_folder_is_not_repeated(folders: Any) -> None:
    """A function may make the component, and its visitor reads the error."""
    with pytest.raises(ParameterError, match="allowed_sources") as refused:
        Sources(folders)
    assert "secret" not in str(refused.value)


def test_the_value_of_the_author_allows_its_files_beside_what_cannot_be_fetched() -> None:
    sources = Sources.of_author(["s3://me@bucket/a.rrd", 3, "s3://bucket/b.rrd", "runs/c.rrd"])
    assert sources.admits("s3://bucket/b.rrd")
    assert sources.names == (frozenset(), {"s3://bucket/b.rrd"})


def test_a_file_that_the_author_names_by_its_query_allows_no_other_query() -> None:
    sources = Sources.of_author("https://host.test/get.mcap?id=1#start")
    assert sources.admits("https://HOST.test:443/get.mcap?id=1")
    assert not any(sources.admits(f"https://host.test/get.mcap{query}") for query in ("?id=2", "", "?id=1&id=2"))


@pytest.mark.parametrize("url", ["https://host.test/%s/a.mcap", "s3://bucket/runs/%s/a.rrd"])
def test_a_url_that_is_encoded_again_and_again_is_refused_soon(url: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ValueError, match="encoded too often"):
        compared(url % ("%" + "25" * 100_000))
    assert not allowed("https://host.test", RUNS).admits(url % ("%" + "25" * 100_000))
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "start", ["https://host.test/", "s3://bucket/runs/", "hf://datasets/a/b/", "rerun://host.test/"]
)
def test_a_url_of_a_megabyte_is_refused_before_it_is_decoded(start: str, cache: Path) -> None:
    url = f"{start}{'%25' * 500_000}.png"
    with pytest.raises(UnsupportedValueError, match=r"Expected a URL of 10,000 characters at most, got one of 1,500,0"):
        to_recordings(url, cache, sources=allowed(RUNS))


def test_a_url_of_a_megabyte_is_refused_from_clients_and_in_commands() -> None:
    for check in (checked_url, commands.open):
        with pytest.raises(UnsupportedValueError, match="characters at most"):
            check("https://host.test/" + "a" * 10_000)


@pytest.mark.parametrize("name", ["\ud800", "\0", "a" * 10_000])
def test_the_name_of_an_entity_that_no_page_can_get_is_refused(name: str) -> None:
    """Gradio cannot write half a letter as JSON, and would answer no further call of the page."""
    with pytest.raises(UnsupportedValueError):
        commands.open(f"recording://{name}")


def test_untrusted_sources_allow_nothing() -> None:
    for sources in (Sources([RUNS]), Sources(None, f"{RUNS}a.rrd"), pickle.loads(pickle.dumps(allowed(RUNS)))):
        assert not sources.admits(f"{RUNS}a.rrd")
    for copied in (copy.copy, copy.deepcopy):
        assert copied(allowed(RUNS)).admits(f"{RUNS}a.rrd")


# Buckets.


def test_a_file_of_a_bucket_needs_the_permission_of_the_author(
    bucket: Any, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecordingError, match=r"not fetch 'a\.rrd' from s3://.*allowed_sources"):
        to_recordings("s3://secret-bucket/runs/a.rrd", cache)
    with pytest.raises(RecordingError, match="allowed_sources") as refused:
        shown(fsspec.open("memory://bucket-evil/runs/a.rrd"), cache, "memory://bucket/")
    assert "bucket" not in str(refused.value)
    assert 'allowed_sources=["memory://bucket-evil/runs/"]' in capfd.readouterr().err
    assert not cache.exists()
    assert shown("memory://bucket/runs/a.rrd", cache, "memory://bucket/") == RUN


def test_a_changed_file_is_fetched_anew_and_an_unchanged_one_is_not(bucket: Any, cache: Path) -> None:
    url, sources = "memory://bucket/runs/a.rrd", allowed("memory://bucket/runs")
    (first,) = to_recordings(url, cache, sources=sources)
    before = Path(first.path).stat()
    assert to_recordings([url, url], cache, sources=sources) == [first, first]
    assert Path(first.path).stat().st_ctime_ns >= before.st_ctime_ns
    assert Path(first.path).stat().st_ino == before.st_ino
    bucket.pipe("/bucket/runs/a.rrd", OTHER)
    (second,) = to_recordings(url, cache, sources=sources)
    assert second.path != first.path
    assert Path(second.path).read_bytes() == OTHER
    assert Path(first.path).read_bytes() == RUN  # somebody may be looking at it
    Path(second.path).unlink()  # `delete_cache`
    assert shown(url, cache, "memory://bucket") == OTHER


def test_a_file_that_must_be_converted_leaves_no_copy(bucket: Any, cache: Path) -> None:
    bucket.pipe("/bucket/runs/notes.md", b"# Notes of a run")
    listed: set[str] = set()
    recordings = to_recordings(
        "memory://bucket/runs/notes.md", cache, sources=allowed("memory://bucket"), listed=listed
    )
    assert to_recordings("memory://bucket/runs/notes.md", cache, sources=allowed("memory://bucket")) == recordings
    files = [str(path) for path in cache.rglob("*") if path.is_file()]
    assert files == [recordings[0].path] == list(listed)
    assert files[0].endswith("notes.md.rrd")


class _PathLike:
    """Like a path of cloudpathlib, whose `__fspath__` would download the file into the cache of cloudpathlib."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return "s3://bucket/runs/a.rrd"

    def __fspath__(self) -> str:
        raise AssertionError("It was downloaded.")

    def stat(self) -> os.stat_result:
        return self._path.stat()

    def open(self, mode: str) -> Any:
        return self._path.open(mode)


def test_an_object_that_stands_for_a_file_is_that_file(bucket: Any, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(RUN)
    for value in (
        fsspec.open("memory://bucket/runs/a.rrd"),
        bucket.open("/bucket/runs/a.rrd"),
        _PathLike(tmp_path / "a"),
    ):
        assert shown(value, cache, "memory://bucket", "s3://bucket") == RUN
        with pytest.raises(RecordingError, match="allowed_sources"):
            to_recordings(value, cache)


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "FILE://{}", "local://{}"])
def test_a_local_file_may_be_written_as_a_url(form: str, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "a b.rrd").write_bytes(RUN)
    assert shown(form.format(str(tmp_path / "a%20b.rrd")), cache) == RUN
    with fsspec.open(str(tmp_path / "a b.rrd")) as file:
        assert shown(file, cache) == RUN


@pytest.mark.parametrize("url", ["file://host/a.rrd", "file://host@localhost/a.rrd"])
def test_a_file_of_another_machine_is_no_local_file(url: str, cache: Path) -> None:
    with pytest.raises(UnsupportedValueError, match="got the URL"):
        to_recordings(url, cache)


def test_an_error_of_a_store_is_a_readable_error(bucket: Any, cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, error in (("b.rrd", RecordingNotFoundError), ("", RecordingError)):
        with pytest.raises(error, match=r"There is no file 'b\.rrd'|names no file"):
            shown(f"memory://bucket/runs/{name}", cache, "memory://bucket")
    bucket.pipe("/bucket/runs/c.rrd", b"no recording")
    with pytest.raises(RecordingError, match=r"got the file 'c\.rrd': it starts with"):
        shown("memory://bucket/runs/c.rrd", cache, "memory://bucket")
    with pytest.raises(RecordingError, match=r"Files of adl:// need the package adlfs.*pip install adlfs"):
        shown("adl://bucket/c.rrd", cache, "adl://bucket")
    assert [*cache.glob(".*")] == []
    assert "b.rrd" in capfd.readouterr().err


def test_a_fetch_ends_when_the_visitor_leaves(bucket: Any, cache: Path) -> None:
    begun, may_go_on = threading.Event(), threading.Event()

    class Slow(_PathLike):
        def open(self, mode: str) -> Any:
            begun.set()
            may_go_on.wait(30)
            return self._path.open(mode)

    async def leave() -> None:
        (cache.parent / "a").write_bytes(RUN)
        task = asyncio.ensure_future(
            in_thread(lambda: to_recordings(Slow(cache.parent / "a"), cache, sources=allowed("s3://bucket")))
        )
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        may_go_on.set()

    asyncio.run(leave())
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and "AnyIO" in thread.name:
            thread.join(30)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


# The Hub.


def test_the_page_fetches_a_public_file_of_the_hub_by_itself(hub: WebFiles, cache: Path) -> None:
    url, sources = "hf://datasets/us/public/run.rrd", allowed("hf://datasets/us")
    (first,) = to_recordings(url, cache, sources=sources)
    assert first == f"{hub.url}/datasets/us/public/resolve/{'a' * 40}/run.rrd"
    hub.commit = "b" * 40  # of another file
    assert to_recordings(url, cache, sources=sources) == [first]
    hub.files["/datasets/us/public/resolve/main/run.rrd"] = OTHER
    assert to_recordings(url, cache, sources=sources) == [first.replace("a" * 40, "b" * 40)]
    assert hub.bodies == []
    assert {token for *_, token in hub.requests} == {""}


def test_the_app_fetches_a_private_file_of_the_hub_with_its_token(hub: WebFiles, cache: Path) -> None:
    url, path = "hf://datasets/us/private/run.rrd", "/datasets/us/private/resolve/main/run.rrd"
    assert [shown(url, cache, "hf://datasets/us/private") for _ in range(2)] == [RUN, RUN]
    assert hub.bodies == [path]
    hub.files[path] = OTHER
    assert shown(url, cache, "hf://datasets/us/private") == OTHER
    with pytest.raises(RecordingNotFoundError, match=r"There is no file 'b\.rrd'"):
        shown("hf://datasets/us/private/b.rrd", cache, "hf://datasets/us/private")


def test_an_exported_page_has_the_files_of_other_servers(hub: WebFiles, bucket: Any, tmp_path: Path) -> None:
    export(["hf://datasets/us/public/run.rrd", URL], tmp_path / "page")
    exported = {path.name: path.read_bytes() for path in (tmp_path / "page" / "recordings").iterdir()}
    assert exported == {"run.rrd": RUN, "a.rrd": RUN}


def test_a_url_of_the_hub_from_a_user_gets_no_token(hub: WebFiles, cache: Path) -> None:
    for name in ("private/run.rrd", "private/a b.rrd"):
        (url,) = to_recordings(f"hf://datasets/us/{name}", cache)
        assert url == f"{hub.url}/datasets/us/private/resolve/main/{name.split('/')[1].replace(' ', '%20')}"
    (url,) = to_recordings("hf://us/model@refs/pr/1/x/run.rrd", cache)
    assert url == f"{hub.url}/us/model/resolve/refs%2Fpr%2F1/x/run.rrd"
    with pytest.raises(RecordingError, match="no public address"):  # as it is with a URL of http
        to_recordings("hf://datasets/us/private/run.mcap", cache)
    assert hub.requests == []
    for url in ("hf://datasets/us/run.rrd", "hf://datasets/us/a/../../b/c.rrd", "hf://us", "hf://x@y/us/a/b.rrd"):
        with pytest.raises(RecordingError, match="Expected the URL of a file on the Hugging Face Hub"):
            to_recordings(url, cache)
    with pytest.raises(RecordingError, match="allowed_sources"):  # only the app can read a bucket of the Hub
        to_recordings("hf://buckets/us/runs/a.rrd", cache)


# Web servers.


def test_a_file_of_a_web_server_is_converted_if_its_folder_is_allowed(server: WebFiles, cache: Path) -> None:
    server.files = {"/runs/n.md": b"# Notes", "/n.md": redirect("/runs/n.md")}
    url = f"{server.url}/runs/n.md?key=1"
    recordings = to_recordings(url, cache, sources=allowed(f"{server.url}/runs/"))
    assert recordings[0].orig_name == "n.md.rrd"
    assert server.requests[0] == ("GET", "/runs/n.md?key=1", "")
    assert to_recordings(url, cache, sources=allowed(f"{server.url}/runs/")) == recordings
    server.files["/runs/n.md"] = b"# Others"
    assert to_recordings(url, cache, sources=allowed(f"{server.url}/runs/")) != recordings
    assert len(server.requests) == 3
    assert to_recordings(f"{server.url}/n.rrd", cache) == [f"{server.url}/n.rrd"]  # the page fetches it


def test_slow_servers_of_one_client_delay_the_files_of_others_for_a_short_time(
    server: WebFiles, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradio_rerun._recordings.turns._UNDISTURBED", 0.2)

    def wait(_: Any) -> None:
        server.has_ended.wait(60)

    server.files = {f"/runs/slow{number}.md": wait for number in range(20)} | {"/runs/n.md": b"# Notes"}
    folder = f"{server.url}/runs/"

    def fetch(name: str, client: Client) -> Any:
        return in_thread(lambda: to_recordings(f"{folder}{name}", cache, sources=allowed(folder)), client)

    async def fetch_all() -> None:
        slow = [asyncio.create_task(fetch(f"slow{number}.md", Client("a", str(number % 2)))) for number in range(20)]
        while len(server.requests) < 16:
            await asyncio.sleep(0.01)
        assert len(await fetch("n.md", Client("b"))) == 1
        done, pending = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
        assert "fetching as many files as it can" in str(done.pop().exception())
        server.has_ended.set()
        await asyncio.wait(pending)

    asyncio.run(fetch_all())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"])
def test_no_request_reaches_a_server_in_the_network_of_the_app(server: WebFiles, cache: Path, host: str) -> None:
    port = server.url.rpartition(":")[2]
    with pytest.raises(RecordingError, match=r"no public address, or does not exist.*allowed_sources"):
        to_recordings(f"http://{host}:{port}/a.md", cache, sources=allowed("http://192.168.0.1/", "http://127.0.0.1/"))
    assert server.requests == []


def test_a_name_that_does_not_exist_is_refused_as_a_private_one_is(cache: Path) -> None:
    texts = []
    for host in ("localhost", "no-such-name.invalid"):
        with pytest.raises(RecordingError) as refused:
            to_recordings(f"http://{host}/a.md", cache)
        texts.append(str(refused.value).replace(host, "HOST"))
    assert texts[0] == texts[1]


def test_a_redirect_to_a_url_that_is_not_allowed_is_refused(server: WebFiles, cache: Path) -> None:
    with web_files() as other:
        other.files = {"/a.md": b"# A secret"}
        elsewhere = f"{other.url}/a.md", f"{server.url}/else/a.md"
        for target in (*elsewhere, "file:///etc/passwd", "//127.0.0.1/a.md", "http://x@y/"):
            server.files = {"/runs/a.md": redirect(target), "/else/a.md": b"# A secret"}
            with pytest.raises(RecordingError, match=r"no public address|redirects to a URL without"):
                to_recordings(f"{server.url}/runs/a.md", cache, sources=allowed(f"{server.url}/runs/"))
        server.files = {"/runs/a.md": redirect("/runs/a.md")}
        with pytest.raises(RecordingError, match="redirects too often"):
            to_recordings(f"{server.url}/runs/a.md", cache, sources=allowed(f"{server.url}/runs/"))
        assert other.requests == []
        assert all(path == "/runs/a.md" for _, path, _ in server.requests)


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        *[(each, True) for each in ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")],
        *[(each, False) for each in ("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "192.0.0.192")],
        *[(each, False) for each in ("168.63.129.16", "::ffff:168.63.129.16", "169.254.169.254", "100.64.0.1")],
        *[
            (each, False)
            for each in ("0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "::127.0.0.1")
        ],
        *[(each, False) for each in ("::1", "::", "fe80::1%eth0", "fd00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1")],
        *[(each, False) for each in ("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::")],
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, is_public: bool) -> None:
    assert web_file.is_public(address) is is_public


def test_requests_go_to_the_address_that_was_checked(
    server: WebFiles, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first lookup of a name may return a public address, and the next one another address."""
    looked_up: list[str] = []
    find = socket.getaddrinfo

    def rebinding(host: str, *args: Any, **options: Any) -> Any:
        if host != "rebinding.test":
            return find(host, *args, **options)
        looked_up.append(host)
        public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 9))]  # for documentation: not public
        return public if len(looked_up) == 1 else find("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(web_file, "is_public", lambda address: address == "192.0.2.1")
    monkeypatch.setattr(web_file, "_PATIENCE", 0.2)
    with pytest.raises(RecordingError, match="could not be fetched"):
        to_recordings(f"http://rebinding.test:{server.url.rpartition(':')[2]}/a.md", cache)
    assert looked_up == ["rebinding.test"]
    assert server.requests == []


def test_the_size_and_time_of_a_response_are_limited(
    server: WebFiles, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def announced(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "10000000000")
        request.end_headers()

    def endless(request: Any) -> None:
        request.send_response(200)
        request.end_headers()
        with contextlib.suppress(OSError):
            while True:
                request.wfile.write(b"0" * 100_000)

    def dripping(request: Any) -> None:
        with contextlib.suppress(OSError):
            while not server.has_ended.wait(0.05):
                request.wfile.write(b"H")

    def silent(request: Any) -> None:
        request.send_response(200)
        request.end_headers()
        server.has_ended.wait(60)

    def unreadable(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "9" * 5000)
        request.end_headers()

    def truncated(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"# Notes")

    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SIZE", "1mb")
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "0.5")
    cases: list[tuple[Callable[[Any], None], str]] = [
        *((each, "more than this app allows, 1,048,576 bytes") for each in (announced, unreadable, endless)),
        *((each, "more than this app allows, 0.5 s") for each in (dripping, silent)),
        (truncated, "could not be fetched|not fetched completely"),
        (lambda request: request.send_error(403), "answers with the status 403"),
    ]
    for answer, expected in cases:
        server.files = {"/a.md": answer}
        with pytest.raises(RecordingError, match=expected):
            to_recordings(f"{server.url}/a.md", cache, sources=allowed(server.url))
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("slow", ["lookup", "connect"])
def test_no_connection_is_made_after_the_time_has_passed(
    slow: str, server: WebFiles, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may have any number of addresses that do not answer."""
    has_passed, tried = threading.Event(), list[Any]()
    end, find = web_file._Deadline._end, socket.getaddrinfo

    def ended(deadline: Any) -> None:
        end(deadline)
        has_passed.set()

    def looked_up(*args: Any, **options: Any) -> Any:
        if slow == "lookup":
            has_passed.wait(60)
        return find(*args, **options) * 100

    def connected(_: socket.socket, address: Any) -> None:
        tried.append(address)
        has_passed.wait(60)
        raise TimeoutError("no answer")

    monkeypatch.setattr(web_file._Deadline, "_end", ended)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setenv("GRADIO_RERUN_CONVERT_SECONDS", "0.2")
    server.files = {"/a.md": b"# Notes"}
    with pytest.raises(RecordingError, match=r"more than this app allows, 0\.2 s"):
        to_recordings(f"{server.url}/a.md", cache, sources=allowed(server.url))
    assert server.requests == []
    assert len(tried) == (slow == "connect")


# Whose permission counts: the same places as for Rerun servers, see test_tunnel.py.


URL = "memory://bucket/runs/a.rrd"


def is_shown(viewer: Rerun, value: Any = URL) -> bool:
    """Whether a function may return this value."""
    try:
        return bool(viewer.postprocess(value).root)
    except RecordingError:
        return False


class Own(Rerun):
    """A subclass that allows a folder. Callers do not pass `allowed_sources`."""

    def __init__(self, value: Any = None, *, folder: str = "memory://bucket", **parameters: Any) -> None:
        super().__init__(value, allowed_sources=[folder], **parameters)


def test_a_function_may_return_files_that_the_author_has_named(bucket: Any) -> None:
    assert not is_shown(in_app())
    assert is_shown(in_app(allowed_sources=["memory://bucket/runs/"]))
    assert is_shown(in_app(kind=Own))
    assert not is_shown(in_app(allowed_sources=["memory://bucket/other/"]))
    viewer = in_app(URL)
    assert is_shown(viewer)
    assert not is_shown(viewer, "memory://bucket/runs/b.rrd")
    with pytest.raises(RecordingError):
        in_app(lambda: URL)


@pytest.mark.parametrize("value", [URL, [URL], fsspec.open(URL)])
def test_the_first_value_is_fetched_when_the_component_is_in_the_app(bucket: Any, value: Any) -> None:
    viewer = Rerun(value, render=False)
    assert viewer.value is None
    with app_without_server():
        direct = Rerun(value)
        viewer.render()
    assert Path(viewer.value[0]["path"]).read_bytes() == RUN
    assert direct.value == viewer.value
    assert viewer.value[0]["path"] in viewer.keep_in_cache


def test_a_component_that_is_not_part_of_the_app_fetches_nothing(bucket: Any) -> None:
    for viewer in (Rerun(URL), Rerun(URL, allowed_sources=["memory://bucket"]), Own(URL)):
        assert viewer.value is None
        assert not is_shown(viewer)
        assert "allowed_sources" not in viewer.constructor_args


def test_an_update_keeps_what_is_allowed_and_a_dict_allows_nothing(bucket: Any) -> None:
    for viewer in (in_app(allowed_sources=["memory://bucket"]), in_app(URL)):
        arguments = viewer.constructor_args.copy()
        arguments.update({"height": 300, "__type__": "update"})
        assert is_shown(Rerun(**{name: each for name, each in arguments.items() if name not in ("value", "__type__")}))
        with pytest.raises(ParameterError, match=r"Return Rerun\(allowed_sources=\.\.\.\)"):
            arguments.update({"allowed_sources": ["memory://bucket"]})
    changed = in_event(lambda: Rerun(allowed_sources=["memory://bucket"])).constructor_args
    assert is_shown(Rerun(**changed))


def test_pages_do_not_get_the_allowed_folders(bucket: Any) -> None:
    with gr.Blocks() as demo:
        Rerun(allowed_sources=["s3://secret-bucket"])
        Own(folder="s3://secret-bucket")
    assert "secret-bucket" not in json.dumps(demo.config, default=repr)


def test_a_component_of_an_app_that_was_loaded_fetches_nothing(bucket: Any) -> None:
    with gr.Blocks() as theirs:
        Rerun()
    config = theirs.get_config_file()
    (component,) = config["components"]
    component["props"] |= {"allowed_sources": ["memory://bucket"], "value": [URL], "proxy_url": "https://t.hf.space/"}
    loaded = gr.Blocks.from_config(config, [], "https://t.hf.space/")
    (viewer,) = [each for each in loaded.blocks.values() if isinstance(each, Rerun)]
    assert not is_shown(viewer)


def called(function: Callable[..., Any], source: Any, target: Any, data: Any) -> str:
    """Calls a function of an app, and returns everything that the page receives."""
    with gr.Blocks() as demo:
        for each in {source, target}:
            each.render()
        gr.Button().click(function, source, target)
    call = demo.process_api(0, [data], SessionState(demo), gr.Request(session_hash="s"), session_hash="s")
    return json.dumps([asyncio.run(call), demo.config], default=repr)


def test_data_from_a_client_allows_no_source(bucket: Any) -> None:
    forged = {"component": "rerun", "constructor_args": {"allowed_sources": ["memory://bucket"], "value": URL}}
    forged |= {"value": [URL], "type": "component", "props": {}}
    message = {"role": "user", "content": [forged], "metadata": None, "options": None}

    def echo(messages: Any) -> Any:
        return messages[0]["content"][0]["instance"]

    with contextlib.suppress(RecordingError):
        assert ".rrd" not in called(echo, gr.Chatbot(), Rerun(), [message]).replace(URL, "")
    update = {"__type__": "update", "allowed_sources": ["memory://bucket"], "value": URL}
    with pytest.raises(ParameterError, match=r"Return Rerun\(allowed_sources=\.\.\.\)"):
        called(lambda update: update, gr.JSON(), Rerun(), update)
    for value in (URL, {"__type__": "update", "value": URL}, {"path": URL, "meta": {"_type": "gradio.FileData"}}):
        with pytest.raises(RecordingError):
            called(lambda text: text, gr.JSON(), Rerun(), value)
    viewer = Rerun()
    with pytest.raises(RecordingError):  # the value of the component itself
        called(lambda shown: shown, viewer, viewer, [URL])


@pytest.mark.parametrize("streaming", [False, True])
def test_functions_return_objects_of_a_bucket_in_each_way(bucket: Any, streaming: bool) -> None:
    def way(how: str) -> Any:
        return {"text": URL, "list": [URL], "update": gr.update(value=URL), "component": Rerun(value=URL)}[how]

    for how in ("text", "list", "update", "component"):
        viewer = Rerun(allowed_sources=["memory://bucket"], streaming=streaming)
        assert "a.rrd" in called(way, gr.Textbox(), viewer, how), how


def test_an_example_is_an_object_of_a_bucket(bucket: Any) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(allowed_sources=["memory://bucket"])
        gr.Examples([[URL]], [viewer])
    assert "a.rrd" in json.dumps(demo.config, default=repr)
