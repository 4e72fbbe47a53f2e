"""The types of what the server sends to the frontend; `frontend/wire.js` has the same in JavaScript."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

from gradio.data_classes import FileData, GradioModel, GradioRootModel
from pydantic import model_validator

PanelName = Literal["top", "blueprint", "selection", "time"]
PanelState = Literal["hidden", "collapsed", "expanded"]
Theme = Literal["auto", "light", "dark"]
ButtonName = Literal["download", "screenshot", "link", "fullscreen", "clear"]
FileCount = Literal["single", "multiple", "directory"]

STREAM_TYPE = "application/vnd.rerun.stream"
"""The `mime_type` of a growing file, which adds to what is shown. `size` bytes of the file can be read so far; they end with a whole chunk.

`;cleared=` may follow, with the time of the component's last clear in milliseconds; then `;end=`, with the last bytes in base64.
"""


class ServerUrl(GradioModel):
    """A URL of a Rerun server that the frontend reaches through the app."""

    server: str
    """The URL: of a live recording, a catalog, a dataset or a segment."""
    ticket: str
    """Opens the tunnel to this server. Only the app can make one."""


Recording: TypeAlias = FileData | ServerUrl | str


def path_or_url(item: Recording) -> str:
    """The path of a file, or the URL."""
    return item if isinstance(item, str) else item.path if isinstance(item, FileData) else item.server


class Recordings(GradioRootModel):
    """A list of recordings: files, URLs, and URLs of Rerun servers with the ticket that the app has made for them."""

    root: list[Recording]

    @model_validator(mode="before")
    @classmethod
    def _accept_one_or_none(cls, value: Any) -> Any:
        # Clients may send a bare file or URL. The frontend sends "" for None, and adds "" to a list when a recording was closed.
        if isinstance(value, cls):
            return value
        return [] if value is None else [each for each in (value if isinstance(value, list) else [value]) if each != ""]


class ViewerFile(TypedDict):
    """A file of the viewer. gradio_client downloads everything with a `path`, with each command that a function returns."""

    location: str
    orig_name: str


class ViewerFiles(TypedDict):
    """Where the frontend finds the web viewer of the installed rerun-sdk."""

    version: str
    glue: ViewerFile
    wasm: ViewerFile
    """The WebAssembly, compressed with gzip."""
    wasm_size: int
    """Bytes of the WebAssembly itself."""
    warm_up: ViewerFile | None
    """A recording that a viewer shows unseen before there is a value."""


class CommandDict(TypedDict):
    """A command for the viewer, to be carried out once. The fields of `Plan` are described there."""

    id: str
    name: str
    arguments: dict[str, Any]
    """Numbers beyond 2**53 as digits, bytes as base64."""
    request: str | None
    """In base64."""
    target: list[int]
    causes: list[dict[str, Any]]
    waits: bool
    outlasts: bool
    answers: bool
    question: str | None
    """The id of the question of a function that waits for the answer; None if none does."""
    seconds: float
    """How long the function waits."""
