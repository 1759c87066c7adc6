"""Some rows of a table, and what is wrong with them in the words of one person's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from buttockpain.cohort.columns import Nulls
from buttockpain.cohort.encodings import ABSENT, EMPTY, Column, cells
from buttockpain.errors import AnswerError, ImpossibleEvidenceError, Problem
from buttockpain.presentation import read
from buttockpain.types import IntArray

if TYPE_CHECKING:
    import pyarrow as pa

    from buttockpain.model import Model

__all__ = ["Rows", "given_in", "problems_of"]

_SHOWN_ROWS = 10  # a message that lists more of them is not read


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
    given = given_in(rows, shown, nulls)
    found = {row: _problems_of_one(model, answers) for row, answers in zip(shown.tolist(), given, strict=True)}
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


def given_in(rows: Rows, wanted: IntArray, nulls: Nulls) -> list[dict[str, Any]]:
    """Return what some rows answer, as `rank` takes it."""
    given: list[dict[str, Any]] = [{} for _ in wanted]
    for name, column in rows.columns.items() if len(wanted) else ():
        for answers, value in zip(given, cells(column, wanted), strict=True):
            if value is EMPTY and nulls == "unknown":
                answers[name] = None
            elif value is not EMPTY and value is not ABSENT:
                answers[name] = value
    return given


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
