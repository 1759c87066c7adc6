"""Lines of JSON as columns: which line has which of the distinct values of each key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from buttockpain.cohort.columns import Cells
from buttockpain.errors import AnswerError, Problem

__all__ = ["Key", "slices_of"]


class Key:
    """The values of one key in some lines: which line has which of the distinct values."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.numbers: list[int] = []
        self.values: list[Any] = []
        self._number: dict[Any, int] = {}

    def add(self, row: int, value: Any) -> None:
        """Add the value of a line; true and 1 are different values."""
        kind = type(value)
        key = value if kind is str else (kind, repr(value) if kind is _Pairs or kind is list else value)
        number = self._number.setdefault(key, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        self.rows.append(row)
        self.numbers.append(number)

    def column(self, size: int) -> Cells:
        """Return a column of so many lines."""
        index = np.full(size, -1)
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


def _add_line(keys: dict[str, Key], row: int, number: int, line: bytes) -> None:
    """Add one line, the so-manieth of its slice and of the file."""
    try:
        pairs = json.loads(line, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, _Pairs):
        raise AnswerError([Problem(f"row {number}", "no JSON object", 'an object such as {"slr_positive": true}')])
    for name, value in pairs:
        key = keys.get(name)
        if key is None:
            key = keys[name] = Key()
        elif key.rows and key.rows[-1] == row:
            raise AnswerError([Problem(f"row {number}", "a key that stands there twice", "each key once")])
        key.add(row, value)


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of a JSON object as they stand there."""
