"""URLs that the viewer opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from gradio.data_classes import FileData

from .._wire import Recording
from ..errors import UnsupportedValueError
from .file_types import CONVERTIBLE_SUFFIXES

URL_SCHEMES = ("http", "https", "rerun", "rerun+http", "rerun+https")

STORE_SCHEMES = ("hf", "s3", "gs", "az", "abfs")
"""The Hugging Face Hub and buckets, from which the app fetches files."""

SCHEMES = ", ".join((*URL_SCHEMES, *STORE_SCHEMES))

IN_RECORDING = "recording://"
"""What the URL of an entity of the recording on screen begins with. Only the viewer reads it."""

_MOST_URLS = 5000
"""Upper bound on the URLs of a value that a client sends: this number takes 0.1 s."""

_LONGEST_URL = 10_000
"""Characters. To decode a longer one takes seconds, and web servers accept no longer ones."""

WANTED = (
    "Expected the path of a recording (.rrd), a blueprint (.rbl) or a file that rerun can convert, "
    f"a URL ({SCHEMES}), "
    "bytes, a rerun.RecordingStream, a rerun.server.Server, chunks or a reader of rerun-sdk, or a list of these"
)


def is_importable(url: str) -> bool:
    """Whether the URL of a web server names a file that rerun-sdk can convert, by its suffix."""
    return urlsplit(url).path.lower().endswith(CONVERTIBLE_SUFFIXES)


def check_characters(url: str) -> None:
    """Raises an `UnsupportedValueError` for a URL that has too many characters, or one that no server can have sent."""
    if len(url) > _LONGEST_URL:
        raise UnsupportedValueError(f"Expected a URL of {_LONGEST_URL:,} characters at most, got one of {len(url):,}.")
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", url):  # Gradio cannot send a lone surrogate to the page
        raise UnsupportedValueError(
            f"{WANTED}; got the URL {url!r:.300}, which has a control character or a lone surrogate in it."
        )


def checked_url(url: str) -> str:
    """The URL, without blanks around it, if it is one that the viewer opens. Raises an `UnsupportedValueError` otherwise."""
    url = url.strip()
    check_characters(url)
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for an invalid port
    except ValueError as error:
        raise UnsupportedValueError(f"{WANTED}; got the URL {url!r:.300}: {error}.") from error
    if parts.scheme.lower() not in URL_SCHEMES:
        raise UnsupportedValueError(
            f"{WANTED}; got the URL {url!r:.300}. For a local file, give its path; with gradio_client, handle_file(path)."
        )
    # Browsers take a backslash for "/", and would connect to another host than `parts` has.
    if not parts.hostname or re.search(r"[\s\\]", parts.netloc) or not _is_host(parts.hostname):
        raise UnsupportedValueError(f"{WANTED}; got the URL {url!r:.300}, which names no host.")
    if parts.username is not None:
        raise UnsupportedValueError(
            f"{WANTED}; got a URL for {parts.hostname} with a user name, which browsers do not fetch. "
            "Download the recording in the function, and return its path."
        )
    return url


def check_number(items: Sequence[Recording]) -> None:
    """Raises an `UnsupportedValueError` if a value has more URLs than pages show. A client can send a million, which Gradio 6.10 checks on the event loop."""
    number = sum(not isinstance(each, FileData) for each in items)
    if number > _MOST_URLS:
        raise UnsupportedValueError(f"Expected {_MOST_URLS:,} URLs at most, got {number:,}.")


def _is_host(name: str) -> bool:
    """Whether browsers take the name as the host of a URL unchanged: from an escape, they would make another host."""
    if re.search(r"[%<>^|]", name):
        return False
    labels = name.removesuffix(".").split(".")
    if ":" in name or not re.fullmatch(r"\d+|0x[\da-f]*", labels[-1]):
        return True
    # An address of IPv4, as the URL Standard reads it: parts can be octal or hexadecimal, and the last one fills the rest.
    try:
        *first, last = (
            int(each.removeprefix("0x") or "0", 16) if each.startswith("0x") else int(each, 8 if each[0] == "0" else 10)
            for each in labels
        )
    except (ValueError, IndexError):
        return False
    return len(first) < 4 and all(each < 256 for each in first) and last < 256 ** (4 - len(first))
