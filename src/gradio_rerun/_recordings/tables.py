"""Tables as the viewer takes them: a record batch of Arrow, with its name in the metadata."""

from __future__ import annotations

from typing import Any

from .._checks import described
from ..errors import CommandError

MOST_BYTES = 50_000_000
"""Upper bound on a table or a blueprint: it travels inside the update that sends the command."""


def table_bytes(name: str, table: Any) -> bytes:
    """The table in Arrow's stream format. Raises a `CommandError` if it is not a table, or too big."""
    # rerun-sdk brings it; importing it takes a while.
    import pyarrow as pa

    try:
        whole = _table(pa, table).combine_chunks()
        batches = whole.to_batches() or [pa.RecordBatch.from_pylist([], schema=whole.schema)]
    except (TypeError, ValueError, AttributeError, pa.ArrowException) as error:
        raise CommandError(
            "Expected send_table to get a pyarrow.RecordBatch, a list of these, a pyarrow.Table, or a data frame of pandas, Polars or "
            f"DataFusion, got {described(table)}."
        ) from error
    if whole.nbytes > MOST_BYTES:
        raise CommandError(
            f"Expected send_table to get a table of {MOST_BYTES // 10**6} MB at most, got {whole.nbytes // 10**6} MB. "
            "Serve a bigger one from a Rerun server, and return its URL as the value."
        )
    schema = whole.schema.with_metadata({b"__table_id": name.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _table(pa: Any, table: Any) -> Any:
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.Table.from_batches([table])
    if isinstance(table, list) and table:
        return pa.Table.from_batches(table)
    if type(table).__module__.split(".")[0] == "pandas":
        return pa.Table.from_pandas(table)
    if hasattr(table, "to_arrow_table"):  # DataFusion
        return table.to_arrow_table()
    return (table.collect() if hasattr(table, "collect") else table).to_arrow()  # Polars, whose lazy frames collect
