"""Scored batches into files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from buttockpain.cohort.encodings import arrow, plain
from buttockpain.cohort.output import decoded
from buttockpain.errors import AnswerError, Problem

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
        with _csv(path, schema) as write:
            yield write
    else:
        with path.open("w", encoding="utf-8") as file:
            yield lambda batch: file.writelines(
                json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in _finite(batch).to_pylist()
            )


def _finite(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with nulls for the numbers that JSON cannot spell."""
    from pyarrow import compute  # noqa: PLC0415 - optional

    pa = arrow()
    columns = list(batch.columns)
    for place, column in enumerate(columns):
        if pa.types.is_floating(column.type):
            number = column.cast(pa.float64())
            columns[place] = compute.if_else(compute.is_finite(number), number, None)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


@contextmanager
def _csv(path: Path, schema: pa.Schema) -> Iterator[Write]:
    """Open a CSV file; what it cannot hold is told before anything is scored, where the type says it."""
    from pyarrow import csv  # noqa: PLC0415 - optional

    plain_schema = _as_text(arrow().RecordBatch.from_pylist([], schema)).schema
    with csv.CSVWriter(path, plain_schema) as writer:
        yield lambda batch: writer.write_batch(_as_text(batch))


def _as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with columns that CSV can hold.

    Raises
    ------
    AnswerError : names a column that it cannot.
    """
    columns = [_text(name, column) for name, column in zip(batch.schema.names, decoded(batch).columns, strict=True)]
    return arrow().RecordBatch.from_arrays(columns, names=batch.schema.names)


def _text(name: str, column: pa.Array) -> pa.Array:
    """Return one column in a type that CSV can hold."""
    pa = arrow()
    if isinstance(column, pa.ExtensionArray):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    column = plain(column)
    try:
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            return column.cast(pa.large_string())
        types = (pa.types.is_nested, pa.types.is_union, pa.types.is_interval, pa.types.is_fixed_size_binary)
        if not any(is_one(column.type) for is_one in types):
            return column
    except pa.ArrowInvalid:
        pass  # bytes that are no text
    problem = Problem(name, f"a column of {column.type}", "one that CSV can hold", "write Parquet")
    raise AnswerError([problem])


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
