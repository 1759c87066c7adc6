"""Some rows of a table, and what is wrong with them in the words of one person's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from buttockpain.cohort.columns import Nulls
from buttockpain.cohort.encodings import EMPTY, Column, cells
from buttockpain.errors import AnswerError, ImpossibleEvidenceError, Problem
from buttockpain.presentation import read
from buttockpain.types import IntArray

if TYPE_CHECKING:
    import pyarrow as pa

    from buttockpain.model import Model

__all__ = ["ColumnUse", "Rows", "problems_of"]

_SHOWN_ROWS = 10  # a message that lists more of them is not read


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What becomes of the columns of a table.

    Attributes
    ----------
    used : columns that answer a question of the model.
    missing : questions of the model without a column: not asked of anybody.
    ignored : columns that are neither questions nor carried through.
    """

    used: tuple[str, ...]
    missing: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a table as columns of any kind.

    Attributes
    ----------
    columns : those that answer questions, by name.
    ids : those that are carried through.
    size : number of rows.
    first : number of the first row in the whole table, for messages.
    """

    columns: Mapping[str, Column]
    ids: Sequence[pa.Array]
    size: int
    first: int


def problems_of(model: Model, rows: Rows, bad: IntArray, nulls: Nulls, *, flags: bool) -> dict[int, list[Problem]]:
    """Return what is wrong with the rows that are bad.

    Raises
    ------
    AnswerError : there are any, and they are not to be flagged; names row and column, and counts what it does not show.
    """
    shown = bad if flags else bad[:_SHOWN_ROWS]
    columns = {name: cells(column, shown) for name, column in rows.columns.items()} if len(shown) else {}
    found: dict[int, list[Problem]] = {}
    for place, row in enumerate(shown.tolist()):
        given: dict[str, Any] = {}
        for name, values in columns.items():
            if values[place] is not EMPTY:
                given[name] = values[place]
            elif nulls == "unknown":
                given[name] = None
        found[row] = _problems_of_one(model, given)
    if found and not flags:
        problems = [
            Problem(f"row {rows.first + row}, {one.path}", one.found, one.expected, one.advice)
            for row, those in found.items()
            for one in those
        ]
        if len(bad) > len(shown):
            last = rows.first + rows.size - 1
            problems.append(Problem(f"rows up to {last}", f"{len(bad) - len(shown)} more bad rows", "none"))
        raise AnswerError(problems)
    return found


def _problems_of_one(model: Model, given: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with one person's answers."""
    _, problems = read(given, model.vocabulary)
    if not problems:
        try:
            model.rank(given)
        except ImpossibleEvidenceError as error:
            clash = ", ".join(error.answers)
            problems = [Problem("answers", f"together of probability 0: {clash}", "answers that can occur together")]
    return problems
