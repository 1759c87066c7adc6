"""What stands in a column, however it is encoded: cells as Python values, as numbers, as truth values, or distinct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from buttockpain.errors import MissingExtraError
from buttockpain.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ABSENT", "EMPTY", "Cells", "Column", "arrow", "bits", "cells", "distinct", "is_number", "numbers", "plain"]


@dataclass(frozen=True, slots=True)
class Cells:
    """A column of anything: a number per row into a list of distinct values; -1 for an empty cell, -2 for none at all."""

    index: IntArray
    values: Sequence[Any]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.index)


Column: TypeAlias = "pa.Array | Cells"

EMPTY, ABSENT = object(), object()
"""What `cells` returns for an empty cell, and where there is none at all: such a question was not asked."""


def arrow() -> Any:
    """Return pyarrow.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingExtraError("pyarrow", "cohort") from None
    return pyarrow


def plain(column: pa.Array) -> pa.Array:
    """Return a column without wrappings that Arrow's own functions misread or refuse: the same cells, row by row."""
    pa = arrow()
    if isinstance(column, pa.ExtensionArray):
        stored = plain(column.storage)
        return stored.cast(pa.bool_()) if column.type.extension_name == "arrow.bool8" else stored
    if pa.types.is_run_end_encoded(column.type):
        rows = np.arange(column.offset, column.offset + len(column))
        return plain(column.values).take(pa.array(np.searchsorted(column.run_ends, rows, side="right")))
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    if pa.types.is_binary_view(column.type):
        return column.cast(pa.large_binary())
    return column


def cells(column: Column, rows: IntArray) -> list[Any]:
    """Return some cells as Python values; EMPTY or ABSENT where there is none."""
    if isinstance(column, Cells):
        values = [*column.values, ABSENT, EMPTY]
        return [values[index] for index in column.index[rows].tolist()]
    return [EMPTY if value is None else value for value in _values(column.take(arrow().array(rows)))]


def distinct(column: Column) -> tuple[IntArray, Sequence[Any]]:
    """Return a number per row into distinct values; -1 for an empty cell, -2 for none at all."""
    if isinstance(column, Cells):
        return column.index, column.values
    pa = arrow()
    types = pa.types
    if types.is_null(column.type):
        return np.full(len(column), -1), []
    if types.is_union(column.type):
        return _row_by_row(column)
    if types.is_nested(column.type) or types.is_temporal(column.type) or types.is_binary(column.type):
        # Nothing of the kind is an answer; one example says so, and no conversion of the others is tried.
        first = next((_value(one) for one in column if one.is_valid), None)
        return np.where(_valid(column), 0, -1), [first]
    if not types.is_dictionary(column.type):
        try:
            column = column.dictionary_encode()
        except pa.ArrowNotImplementedError:
            return _row_by_row(column)
    index = column.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False, writable=True)
    values = _values(column.dictionary)
    index[np.isin(index, [place for place, value in enumerate(values) if value is None])] = -1
    return index, values


def _row_by_row(column: pa.Array) -> tuple[IntArray, Sequence[Any]]:
    """Return a column of a rare type that Arrow cannot encode as if all cells were distinct."""
    values = _values(column)
    return np.array([-1 if value is None else row for row, value in enumerate(values)], dtype=np.int64), values


def _values(column: pa.Array) -> list[Any]:
    """Return all cells as Python values, None where there is none."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value(one) for one in column]


def _value(cell: Any) -> Any:
    """Return a cell as a Python value; bytes if it is text that is none, itself if Python has no such value."""
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return (cell.value if isinstance(cell, arrow().DictionaryScalar) else cell).as_buffer().to_pybytes()
    except (ValueError, OverflowError):
        return cell


def is_number(column: pa.Array) -> bool:
    """Return whether a column is of numbers, which are read without looking at each value."""
    return bool(arrow().types.is_integer(column.type) or arrow().types.is_floating(column.type))


def numbers(column: pa.Array) -> tuple[FloatArray, BoolArray]:
    """Return a column of numbers as floats, and where there is one."""
    start = int(column.offset * column.type.bit_width // 8)
    stored = np.frombuffer(column.buffers()[1], column.type.to_pandas_dtype(), len(column), start)
    return stored.astype(np.float64), _valid(column)


def _valid(column: pa.Array) -> BoolArray:
    """Return where there is a cell."""
    buffer = column.buffers()[0]
    if buffer is None:
        return np.ones(len(column), dtype=bool)
    stored = np.frombuffer(bits(buffer, column.offset, len(column)), np.uint8)
    return np.unpackbits(stored, count=len(column), bitorder="little").view(np.bool_)


def bits(buffer: pa.Buffer, offset: int, length: int) -> bytes:
    """Return a run of bits, from the first bit of a byte."""
    stored = memoryview(buffer)[offset // 8 : (offset + length + 7) // 8]
    if offset % 8 == 0:
        return bytes(stored)
    unpacked = np.unpackbits(np.frombuffer(stored, np.uint8), bitorder="little")[offset % 8 :][:length]
    return np.packbits(unpacked, bitorder="little").tobytes()
