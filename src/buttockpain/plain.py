"""Plain tables of a model file, read without trusting them: what has the wrong type counts as not there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["Table", "by_state", "number", "table", "words"]

Table = Mapping[str, Any]


def table(data: Any, *keys: str) -> Table:
    """Return the sub-table at these keys, or an empty one if there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def words(entry: Any, key: str) -> list[str]:
    """Return a list of strings, leaving out what is not a string."""
    found = entry.get(key) if isinstance(entry, Mapping) else None
    return [word for word in found if isinstance(word, str)] if isinstance(found, list | tuple) else []


def number(entry: Any, key: str = "value") -> float | None:
    """Return a finite number, or None if there is none."""
    found = entry.get(key) if isinstance(entry, Mapping) else None
    if not isinstance(found, int | float) or isinstance(found, bool):
        return None
    try:
        return float(found) if math.isfinite(found) else None
    except OverflowError:
        return None


def by_state(entry: Any) -> bool:
    """Return whether an entry is a table of numbers by state, rather than one number.

    Examples
    --------
    >>> by_state({"low": {"value": 0.2}}), by_state({"low": 0.1}), by_state({})
    (True, False, False)
    """
    return isinstance(entry, Mapping) and bool(entry) and all(isinstance(one, Mapping) for one in entry.values())
