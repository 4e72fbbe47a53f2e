"""Reads the columns about episodes in a .parquet file of a LeRobot dataset (v3): a script, run in a process of its own.

    python list_episodes.py episodes FILE MEMORY SIZE [entry of sys.path ...]

Writes lines to stdout: a JSON object of the columns for some rows each. A small file can need much memory, so MEMORY limits this process. The exit code is `REFUSED`,
with the reason on stderr, if the file cannot be read. The process ends when stdin ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .convert_file import REFUSED, begin
else:  # The package would import Gradio, which takes seconds.
    from convert_file import REFUSED, begin

_KNOWN = ("episode_index", "length", "tasks", "success", "stats/next.success/max")
_PLACES = ("/chunk_index", "/file_index")

_ROWS = 100
"""In a line. While the app reads a line, no other thread of it runs."""


def main() -> None:
    """Write the columns."""
    begin(entries=sys.argv[5:])
    try:
        for columns in columns_in(Path(sys.argv[2])):
            print(json.dumps(columns, default=lambda _: None))
    except Exception as error:
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        sys.exit(REFUSED)


def columns_in(path: Path) -> Iterator[dict[str, Any]]:
    """The columns about episodes and the places of their files, some rows at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [each for each in file.schema_arrow.names if each in _KNOWN or each.endswith(_PLACES)]
        for rows in file.read(names).to_batches(max_chunksize=_ROWS):
            yield rows.to_pydict()


if __name__ == "__main__":
    main()
