"""The answers of many people as small integers: one row per question, one column per person.

What an answer means is decided in `presentation` alone; here stands what follows from several answers of one person:
age and sex fill risk factors, and answers may contradict each other. Held against `presentation.read` in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from buttockpain.presentation import SEXES, Vocabulary
from buttockpain.types import BoolArray, FloatArray, Id, IntArray, Measure
from buttockpain.urgency import PRESENT, SETTLED, UNASKED, UNCLEAR

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["NO", "NOT_ASKED", "SOFT", "UNKNOWN", "YES", "Answers", "Codes", "Layout", "Soft"]

# A plain answer is its own status in the rule table. A several-state risk factor has the number of its state.
YES, NO, NOT_ASKED, UNKNOWN = PRESENT, SETTLED, UNASKED, UNCLEAR
SOFT = -3  # virtual evidence: a number stands beside it

Codes = np.ndarray[tuple[int, int], np.dtype[np.int8]]


@dataclass(frozen=True, slots=True)
class Soft:
    """Virtual evidence on one question: in which columns, and how strong."""

    row: int
    columns: IntArray
    strength: FloatArray

    def between(self, first: int, last: int) -> Soft:
        """Return the same in some of the columns, counted from the first of them."""
        here = slice(*np.searchsorted(self.columns, (first, last)))
        return Soft(self.row, self.columns[here] - first, self.strength[here])


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known of B people.

    Attributes
    ----------
    codes : (Q, B) one row per question, in the order of `Layout.row`.
    strength : by row, (B,) the number beside each SOFT; not read elsewhere.
    measured : (B,) each; NaN where not given.
    sex : (B,) number of the word in `SEXES`, negative where not given.
    bad : (B,) whether something about the person cannot be read or contradicts itself.
    """

    codes: Codes
    strength: dict[int, FloatArray]
    measured: dict[Measure, FloatArray]
    sex: np.ndarray[tuple[int], np.dtype[np.int8]]
    bad: BoolArray

    def mark(self, bad: BoolArray) -> None:
        """Mark people as bad."""
        np.logical_or(self.bad, bad, out=self.bad)

    def soft(self, first: int, last: int) -> Iterator[Soft]:
        """Yield the virtual evidence on the rows from `first` up to `last`, in their order: sums depend on it."""
        for row, strength in sorted(self.strength.items(), key=itemgetter(0)):
            columns = np.flatnonzero(self.codes[row] == SOFT) if first <= row < last else ()
            if len(columns):
                yield Soft(row, np.asarray(columns), strength[columns])


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each question stands.

    Attributes
    ----------
    row : number of each question: the findings of the F axis, the risk factors, the findings for triage only.
    ranking : how many of these rows the ranking reads.
    vocabulary : what can be answered.
    """

    row: Mapping[Id, int]
    ranking: int
    vocabulary: Vocabulary

    @classmethod
    def of(cls, model: Model) -> Layout:
        """Lay out the questions of a model."""
        network = model.network
        ranking = [*network.findings, *network.factor_index]
        names = dict.fromkeys([*ranking, *model.knowledge.finding])
        return cls({name: row for row, name in enumerate(names)}, len(ranking), model.vocabulary)

    def blank(self, size: int) -> Answers:
        """Return answers of people of whom nothing is known but the complaint."""
        codes = np.full((len(self.row), size), NOT_ASKED, dtype=np.int8)
        codes[self.row[self.vocabulary.presenting]] = YES
        return Answers(codes, {}, {}, np.full(size, NOT_ASKED, dtype=np.int8), np.zeros(size, dtype=bool))

    def check(self, answers: Answers) -> None:
        """Mark the people whose answers contradict each other."""
        for name, filled, known in self._filled(answers):
            given = answers.codes[self.row[name]]
            contradiction = known & (given != filled) & (given != NOT_ASKED) & (given != UNKNOWN)
            answers.mark(contradiction)
        for name, threshold in self.vocabulary.thresholds:
            if threshold.measure in answers.measured and name in self.row:
                given, measured = answers.codes[self.row[name]], answers.measured[threshold.measure]
                holds = cast("BoolArray", threshold.holds(cast("Any", measured)))  # compares element by element
                answers.mark(holds & (given == NO))
                if threshold.exact:
                    answers.mark(~holds & ~np.isnan(measured) & (given == YES))

    def fill(self, answers: Answers) -> None:
        """Let age and sex answer the risk factors they stand for; for the ranking only, so triage comes before."""
        for name, filled, known in list(self._filled(answers)):
            np.copyto(answers.codes[self.row[name]], filled, where=known)

    def _filled(self, answers: Answers) -> Iterator[tuple[Id, Codes, BoolArray]]:
        """Yield the risk factors that age and sex answer: with which code, and for whom."""
        if "age" in answers.measured:
            age = answers.measured["age"]
            for name, ages, _ in self.vocabulary.age_filled:
                yield name, np.searchsorted(ages, age, side="right").astype(np.int8), ~np.isnan(age)
        for name, means_yes in self.vocabulary.sex_filled:
            yield name, (answers.sex == SEXES.index(means_yes)).astype(np.int8), answers.sex >= 0
