"""Lines of JSON as columns: which line has which of the distinct values of each key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.cohort.encodings import Cells, arrow
from buttockpain.errors import AnswerError, Problem

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Key", "id_column", "id_type", "slices_of"]

_KINDS: dict[str, set[type]] = {
    "bool": {bool},
    "int64": {int},
    "double": {float, int},
    "string": {str},
}  # writers may spell 1.0 as 1


class Key:
    """The values of one key in some lines: which line has which of the distinct values."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.numbers: list[int] = []  # -1 for null
        self.values: list[Any] = []
        self._number: dict[Any, int] = {}

    def add(self, row: int, value: Any) -> None:
        """Add the value of a line; true and 1 are different values."""
        self.rows.append(row)
        if value is None:
            self.numbers.append(-1)
            return
        kind = type(value)
        key = value if kind is str else (kind, repr(value) if kind is dict or kind is list else value)
        number = self._number.setdefault(key, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        self.numbers.append(number)

    def column(self, size: int) -> Cells:
        """Return a column of so many lines; null is an empty cell, and a key that is left out none at all."""
        index = np.full(size, -2)
        index[self.rows] = self.numbers
        return Cells(index, self.values)

    def cells(self, size: int) -> list[Any]:
        """Return the values line by line, None where there is none."""
        return [self.values[number] if number >= 0 else None for number in self.column(size).index.tolist()]


def slices_of(path: Path, size: int) -> Iterator[tuple[int, dict[str, Key]]]:
    """Yield the keys of some lines at a time, and how many lines these are."""
    with path.open("rb") as file:
        lines = enumerate(line for line in file if line.strip())
        while True:
            keys: dict[str, Key] = {}
            count = 0
            for number, line in islice(lines, size):
                _add_line(keys, count, number, line)
                count += 1
            if not count:
                return
            yield count, keys


def keys_of(path: Path, ids: Sequence[str]) -> tuple[dict[str, None], dict[str, tuple[int, Any]]]:
    """Return the keys of all lines, and of each id the first line that has a value for it, and the value."""
    names: dict[str, None] = {}
    found: dict[str, tuple[int, Any]] = dict.fromkeys(ids, (0, None))
    with path.open("rb") as file:
        for number, line in enumerate(line for line in file if line.strip()):
            row = _object_of(number, line)
            if not row.keys() <= names.keys():
                if not all(map(_is_text, row)):
                    raise AnswerError([Problem(f"row {number}", "a key with half a character", "whole characters")])
                names.update(dict.fromkeys(row))
            for name in ids:
                if found[name][1] is None and row.get(name) is not None:
                    found[name] = (number, row[name])
    return names, found


def id_type(name: str, first: tuple[int, Any]) -> pa.DataType:
    """Return the type of a column to carry through, that of its first value."""
    number, value = first
    return id_column(name, [value], None, number).type


def id_column(name: str, values: list[Any], kind: pa.DataType | None, first: int) -> pa.Array:
    """Return a column that is carried through.

    Parameters
    ----------
    kind : its type; None to find out.
    first : number of the first row in the file, for messages.

    Raises
    ------
    AnswerError : a value is of another type, also where it could be converted: what a value becomes would depend on
        the lines around it.
    """
    pa = arrow()
    allowed = _KINDS.get(str(kind))
    for row, value in enumerate(values):
        if allowed is not None and value is not None and type(value) not in allowed:
            raise AnswerError([Problem(f"row {first + row}, {name}", "a value of another type",
                                       f"{kind}, as in the first row that has one")])  # fmt: skip
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        where = f"rows {first} to {first + len(values) - 1}, {name}"
        expected = f"values of one type{'' if kind is None else f' ({kind})'}: text, or whole numbers below 2^63"
        raise AnswerError([Problem(where, "a value that no column can hold", expected)]) from None


def _add_line(keys: dict[str, Key], row: int, number: int, line: bytes) -> None:
    """Add one line, the so-manieth of its slice and of the file."""
    for name, value in _object_of(number, line).items():
        key = keys.get(name)
        if key is None:
            key = keys[name] = Key()
        key.add(row, value)


def _object_of(number: int, line: bytes) -> dict[str, Any]:
    """Return the object in a line, the so-manieth of the file."""
    try:
        found = json.loads(line, object_pairs_hook=_object)
    except _RepeatedKeyError:
        raise AnswerError([Problem(f"row {number}", "a key that stands there twice", "each key once")]) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AnswerError([Problem(f"row {number}", "no JSON object", 'an object such as {"slr_positive": true}')])
    return found


class _RepeatedKeyError(Exception):
    """A key stands twice in a JSON object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the keys and values of a JSON object."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _is_text(name: str) -> bool:
    """Return whether a key has no lone surrogate, which JSON can spell and no file can hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
