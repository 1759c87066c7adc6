"""The names of a table's columns: which answer a question, which questions nobody was asked, and which look misspelt."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttockpain.errors import AnswerError, Problem, nearest
from buttockpain.types import Id

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["ColumnUse", "use_of"]

_MISSPELT = 0.9  # how alike names are that are taken for one, from 0 to 1: about one letter in ten differs


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What becomes of the columns of a table.

    Attributes
    ----------
    used : columns that answer a question of the model.
    missing : questions of the model without a column, and not settled by a measure that has one: not asked of anybody.
    flags : those of them that are warning signs of an emergency, and so raise the level of everybody.
    ignored : columns that are neither questions nor carried through.
    """

    used: tuple[Id, ...]
    missing: tuple[Id, ...]
    flags: tuple[Id, ...]
    ignored: tuple[str, ...]


def use_of(model: Model, names: Iterable[str], ids: Sequence[str], *, strict: bool) -> ColumnUse:
    """Return what becomes of columns.

    Parameters
    ----------
    ids : columns to carry through.
    strict : whether a column that is neither a question nor carried through is an error.

    Raises
    ------
    AnswerError : a column stands there twice, one to carry through does not, or one is not known and the table is
        strict. Or an unknown column is called like a question without a column but for capitals and blanks, or nearly
        like one that decides the urgency: ignoring it could hide an emergency.
    """
    counts, order = Counter(iter(names)), model.vocabulary.order
    problems = [
        Problem(name, f"{count} columns", "one column of a name", "rename or remove the others")
        for name, count in counts.items()
        if count > 1 and (name in order or name in ids)
    ]
    problems += [
        Problem(name, "no such column", "a column to carry through", nearest(name, counts))
        for name in ids
        if name not in counts
    ]
    ignored = tuple(name for name in counts if name not in order and name not in ids)
    for name in ignored:
        meant = _misspelt(model, name, [other for other in order if other not in counts])
        if strict:
            expected = "a question of the model, or a column to carry through"
            problems.append(Problem(name, "an unknown column", expected, nearest(name, order)))
        elif meant:
            advice = f"rename it, or drop it or carry it through if it is not `{meant}`"
            problems.append(Problem(name, "an unknown column", f"no name so near to `{meant}`, which has none", advice))
    if problems:
        raise AnswerError(problems)
    settled = _settled(model, counts)
    missing = tuple(name for name in order if name not in counts and name not in settled)
    flags = {question.id for question in model.rules.questions if question.level.is_emergency}
    return ColumnUse(
        tuple(name for name in counts if name in order),
        missing,
        tuple(name for name in missing if name in flags),
        ignored,
    )


def _settled(model: Model, names: Iterable[str]) -> set[Id]:
    """Return the questions that measures among the columns settle, and the complaint, which everybody has."""
    vocabulary, names = model.vocabulary, set(names)
    settled = {vocabulary.presenting}
    settled |= {name for name, threshold in vocabulary.thresholds if threshold.measure in names}
    settled |= {name for name, *_ in vocabulary.age_filled if "age" in names}
    return settled | {name for name, _ in vocabulary.sex_filled if "sex" in names}


def _misspelt(model: Model, name: str, open_questions: Sequence[Id]) -> Id | None:
    """Return the question without a column that a column was probably meant to answer, if ignoring it is not harmless."""
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    if plain in open_questions:
        return plain
    urgent = {question.id for question in model.rules.questions}
    urgent |= {threshold.measure for _, threshold in model.vocabulary.thresholds}
    close = difflib.get_close_matches(plain, [one for one in open_questions if one in urgent], n=1, cutoff=_MISSPELT)
    return close[0] if close else None
