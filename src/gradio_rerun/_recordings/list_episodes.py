"""Reads the columns about episodes in a .parquet file of a LeRobot dataset (v3): a script, run in a process of its own.

    python list_episodes.py episodes FILE MEMORY SIZE [entry of sys.path ...]

Writes a JSON object of the columns to stdout. A small file can need much memory, so MEMORY limits this process. The exit code is `REFUSED`,
with the reason on stderr, if the file cannot be read. The process ends when stdin ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .convert_file import REFUSED, begin
else:  # The package would import Gradio, which takes seconds.
    from convert_file import REFUSED, begin

_KNOWN = ("episode_index", "length", "tasks", "success", "stats/next.success/max")
_PLACES = ("/chunk_index", "/file_index")


def main() -> None:
    """Write the columns."""
    begin(entries=sys.argv[5:])
    try:
        print(json.dumps(columns(Path(sys.argv[2])), default=lambda _: None))
    except Exception as error:
        print(" ".join(str(error).split()) or type(error).__name__, file=sys.stderr)
        sys.exit(REFUSED)


def columns(path: Path) -> dict[str, Any]:
    """The columns about episodes and the places of their files."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = [each for each in file.schema_arrow.names if each in _KNOWN or each.endswith(_PLACES)]
        found: dict[str, Any] = file.read(names).to_pydict()
        return found


if __name__ == "__main__":
    main()
