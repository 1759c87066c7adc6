"""Scored batches into files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from buttockpain.cohort.columns import arrow
from buttockpain.cohort.output import decoded

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["open_writer"]

Write: TypeAlias = "Callable[[pa.RecordBatch], None]"

_ROW_GROUP = 2**17  # rows: enough for columns to compress, little enough to hold


@contextmanager
def open_writer(path: Path, ending: str, schema: pa.Schema) -> Iterator[Write]:
    """Open a file for scored batches; the format is told by the ending, not by the path."""
    if ending == ".parquet":
        with _parquet(path, schema) as write:
            yield write
    elif ending == ".csv":
        from pyarrow import csv  # noqa: PLC0415 - optional

        plain = decoded(arrow().RecordBatch.from_pylist([], schema)).schema
        with csv.CSVWriter(path, plain) as writer:
            yield lambda batch: writer.write_batch(decoded(batch))
    else:
        with path.open("w", encoding="utf-8") as file:
            yield lambda batch: file.writelines(
                json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in batch.to_pylist()
            )


@contextmanager
def _parquet(path: Path, schema: pa.Schema) -> Iterator[Write]:
    """Open a Parquet file; batches are put together to row groups."""
    from pyarrow import parquet  # noqa: PLC0415 - optional

    held: list[pa.RecordBatch] = []

    def flush() -> None:
        if held:
            writer.write_table(arrow().Table.from_batches(held, schema), row_group_size=_ROW_GROUP)
            held.clear()

    def write(batch: pa.RecordBatch) -> None:
        held.append(batch)
        if sum(one.num_rows for one in held) >= _ROW_GROUP:
            flush()

    with parquet.ParquetWriter(path, schema) as writer:
        yield write
        flush()
