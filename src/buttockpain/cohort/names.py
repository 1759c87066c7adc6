"""The names of a table's columns: which answer a question, which questions nobody was asked, and which look misspelt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttockpain.cohort.spelling import folded, meant
from buttockpain.errors import AnswerError, Problem, nearest
from buttockpain.types import Id

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["ColumnUse", "use_of"]


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What becomes of the columns of a table.

    Attributes
    ----------
    used : columns that answer a question of the model.
    missing : questions of the model without a column, and not settled by a measure that has one: not asked of anybody.
    unasked_emergencies : those of them that are warning signs of an emergency, and so raise the level of everybody.
    ignored : columns that are neither questions nor carried through.
    """

    used: tuple[Id, ...]
    missing: tuple[Id, ...]
    unasked_emergencies: tuple[Id, ...]
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
        strict. Or an unknown column could hide an emergency: its name is that of a question but for capitals, blanks
        and the like, or a slip away from a question without a column that the triage rules look at.
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
    settled = _settled(model, counts)
    if strict:
        expected = "a question of the model, or a column to carry through"
        problems += [Problem(name, "an unknown column", expected, nearest(name, order)) for name in ignored]
    else:
        problems += _misspelt(model, ignored, counts, settled)
    if problems:
        raise AnswerError(problems)
    missing = tuple(name for name in order if name not in counts and name not in settled)
    emergencies = {question.id for question in model.rules.questions if question.level.is_emergency}
    return ColumnUse(
        tuple(name for name in counts if name in order),
        missing,
        tuple(name for name in missing if name in emergencies),
        ignored,
    )


def _settled(model: Model, names: Iterable[str]) -> set[Id]:
    """Return the questions that measures among the columns answer, and the complaint, which everybody has."""
    vocabulary, names = model.vocabulary, set(names)
    settled = {vocabulary.presenting}
    settled |= {name for name, threshold in vocabulary.thresholds if threshold.measure in names}
    settled |= {name for name, *_ in vocabulary.age_filled if "age" in names}
    return settled | {name for name, _ in vocabulary.sex_filled if "sex" in names}


def _misspelt(
    model: Model, ignored: Iterable[str], counts: Container[str], settled: Container[Id]
) -> Iterator[Problem]:
    """Yield what is wrong with columns that were probably meant to answer a question."""
    rules, vocabulary = model.rules, model.vocabulary
    urgent = {question.id for question in rules.questions}.union(
        *(rule.all_of | rule.any_of for rule in rules.combinations)
    )
    urgent |= {threshold.measure for _, threshold in vocabulary.thresholds}
    alike = [name for name in vocabulary.order if name not in settled and (name not in counts or name in urgent)]
    near = [name for name in alike if name in urgent and name not in counts]
    for name in ignored:
        plain = folded(name)
        found = plain if plain in alike else meant(plain, near)
        if found:
            column = "has a column" if found in counts else "has no column"
            yield Problem(name, "an unknown column", f"no name that is nearly `{found}`, a question that {column}",
                          "rename it, or drop it or carry it through if it is something else")  # fmt: skip
