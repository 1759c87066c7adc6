"""Lines of JSON as columns: which line has which of the distinct values of each key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from buttockpain.cohort.encodings import Cells
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
        key = value if kind is str else (kind, repr(value) if kind is dict or kind is list else value)
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
        found = json.loads(line, object_pairs_hook=_object)
    except _RepeatedKeyError:
        raise AnswerError([Problem(f"row {number}", "a key that stands there twice", "each key once")]) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise AnswerError([Problem(f"row {number}", "no JSON object", 'an object such as {"slr_positive": true}')])
    for name, value in found.items():
        key = keys.get(name)
        if key is None:
            if not _is_text(name):
                raise AnswerError([Problem(f"row {number}", "a key with half a character", "keys of whole characters")])
            key = keys[name] = Key()
        key.add(row, value)


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
