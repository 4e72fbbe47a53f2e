"""Values of the component in examples and in the API's description."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Any

from gradio.components.base import Component
from gradio.data_classes import FileData

from .._checks import items_of
from .._wire import Recordings, ServerUrl


class Examples:
    """The part of `Rerun` that describes values."""

    def process_example(self, value: Any) -> str:
        """The names of the recordings, as text for the table of examples."""
        # gr.Examples shows this as HTML.
        return ", ".join(html.escape(_name(item)) for item in ([] if value is None else items_of(value)))

    def read_from_flag(self, payload: Any) -> Recordings:
        """For Gradio, when it reads the cache of examples: the value, with tickets of this process."""
        viewer: Any = self
        kept: Recordings = Component.read_from_flag(viewer, payload)
        for each in kept.root:
            if isinstance(each, ServerUrl):
                each.ticket = viewer._servers.ticket(each.server) or each.ticket
        return kept

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value, for clients: a list of files and URLs."""
        viewer: Any = self
        return Component.api_info(viewer)  # gr.HTML says that the value is a string

    def api_info_as_input(self) -> dict[str, Any]:
        """JSON schema of the value that a client sends: one file, unless users can choose several."""
        viewer: Any = self
        # Gradio's MCP server converts URLs to files for an input that is one file, and no list with references to definitions.
        return self.api_info() if viewer.file_count != "single" else _schema_of_a_file()

    def example_payload(self) -> Any:
        """An example of a value that a client sends."""
        viewer: Any = self
        url = "https://app.rerun.io/version/0.24.0/examples/dna.rrd"
        return [url] if viewer.file_count != "single" else FileData(path=url).model_dump()

    def example_value(self) -> Any:
        """An example of a value that a function returns."""
        return "https://app.rerun.io/version/0.24.0/examples/dna.rrd"


# Gradio asks at the first click of each visitor, and Pydantic takes a millisecond.
@cache
def _schema_of_a_file() -> dict[str, Any]:
    schema: dict[str, Any] = FileData.model_json_schema()
    return schema


def _name(item: Any) -> str:
    if isinstance(item, FileData):
        return item.orig_name or Path(item.path).name
    return Path(str(item)).name if isinstance(item, (str, Path)) else type(item).__name__
