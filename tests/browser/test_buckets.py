"""Files of a bucket on a server of S3 (moto), which checks the credentials of each request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import gradio as gr
import pytest
from recordings import recording_bytes
from viewer_page import ViewerPage

from gradio_rerun import Rerun
from gradio_rerun._recordings.sources import Sources
from gradio_rerun._recordings.values import to_recordings
from gradio_rerun.errors import RecordingError, RecordingNotFoundError

pytestmark = pytest.mark.slow

RUN, OTHER = recording_bytes("run"), recording_bytes("other")
RUNS = "s3://robots/runs/"
Put = Callable[[str, bytes], Any]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Any]]:
    """The URL of the server, and what may write into the bucket `robots`."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=url, **_keys(url, "author", "*"))
    client.create_bucket(Bucket="robots")
    yield url, client
    server.stop()


def _keys(url: str, user: str, *actions: str) -> dict[str, str]:
    """The credentials of a new user."""
    import boto3

    anyone = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    iam = boto3.client("iam", endpoint_url=url, **anyone)
    iam.create_user(UserName=user)
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}}
    iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return anyone | {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


@pytest.fixture(scope="module")
def keys(server: tuple[str, Any]) -> dict[str, str]:
    return _keys(server[0], "app", "s3:GetObject", "s3:ListBucket")


@pytest.fixture
def put(server: tuple[str, Any], keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """Writes a file into `runs/`, which the credentials in the environment may read."""
    import s3fs
    from moto import settings

    environment = {name.upper(): value for name, value in keys.items() if name != "region_name"}
    environment |= {
        "AWS_ENDPOINT_URL": server[0],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)  # from now on, requests need rights
    s3fs.S3FileSystem.clear_instance_cache()  # with other credentials
    yield lambda name, content: server[1].put_object(Bucket="robots", Key=f"runs/{name}", Body=content)
    s3fs.S3FileSystem.clear_instance_cache()


def shown(value: Any, cache: Path) -> Path:
    """The file that is shown by an app that allows `RUNS`."""
    sources = Sources([RUNS])
    sources.trust()
    (recording,) = to_recordings(value, cache, sources=sources)
    return Path(recording.path)


def test_a_recording_of_a_bucket_is_shown_and_a_changed_one_replaces_it(
    page: ViewerPage, launch: Callable[..., str], put: Put
) -> None:
    put("a.rrd", RUN)
    with gr.Blocks() as demo:
        name = gr.Textbox(label="Name")
        viewer = Rerun(allowed_sources=[RUNS])
        name.submit(lambda name: f"s3://robots/{name}", name, viewer)
    page.open(launch(demo))
    name_of_file = page.get_by_label("Name")
    name_of_file.fill("runs/a.rrd")
    name_of_file.press("Enter")
    page.expect_recordings("run")
    put("a.rrd", OTHER)
    page.forget_events()
    name_of_file.press("Enter")
    page.wait_for_event("recording_open")
    page.expect_recordings("other")
    for name, words in (
        ("runs/b.rrd", "There is no file 'b.rrd'"),
        ("plans/a.rrd", "does not fetch 'a.rrd' from s3://"),
    ):
        name_of_file.fill(name)
        name_of_file.press("Enter")
        page.get_by_text(words).wait_for()
    page.expect_recordings("other")


def test_a_file_is_fetched_again_only_if_it_has_changed(put: Put, tmp_path: Path) -> None:
    put("a b+ü%20.rrd", RUN)
    first = shown(f"{RUNS}a b+ü%20.rrd", tmp_path)
    inode = first.stat().st_ino
    assert first.read_bytes() == RUN
    assert shown(fsspec.open(f"{RUNS}a b+ü%20.rrd"), tmp_path) == first
    assert first.stat().st_ino == inode
    put("a b+ü%20.rrd", OTHER)
    assert shown(f"{RUNS}a b+ü%20.rrd", tmp_path).read_bytes() == OTHER
    assert first.read_bytes() == RUN  # somebody may be looking at it
    put("notes.md", b"# Notes")
    assert shown(f"{RUNS}notes.md", tmp_path).name == "notes.md.rrd"


REFUSED = r"The file 'b\.rrd' could not be fetched with the app's credentials\. The app's log has the details\."


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, r"There is no file 'b\.rrd' at this place, or the app may not see it\."),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, REFUSED),
        ({"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}, REFUSED),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, r"could not be fetched \(NoCredentialsError\)\."),
    ],
    ids=["missing", "wrong secret", "unknown key", "no credentials"],
)
def test_an_error_of_the_bucket_is_in_words_without_its_secrets(
    credentials: dict[str, str],
    words: str,
    put: Put,
    keys: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in credentials.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(RecordingError, match=words) as failed:
        shown(f"{RUNS}b.rrd", tmp_path)
    assert isinstance(failed.value, RecordingNotFoundError) is (not credentials)
    secret = keys["aws_secret_access_key"]
    for hidden in ("robots", "runs", "127.0.0.1", "AKIA", "wrong", secret):
        assert hidden not in str(failed.value)
    log = capfd.readouterr().err
    assert "gradio_rerun: 'b.rrd': " in log
    assert secret not in log
