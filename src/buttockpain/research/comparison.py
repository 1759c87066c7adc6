"""Two models on the same patients: what they say differently, and whose answer changes.

Half of the patients are drawn from one model, half from the other, and each is judged by both. So every patient counts
once, each share is a plain proportion of the patients one of the models expects, and its interval needs no weights.
Were one sample weighted instead, patients who are common under one model and rare under the other would dominate it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

import numpy as np

from buttockpain.differential import ModelStamp
from buttockpain.presentation import Answer
from buttockpain.research.cases import CaseTable, Codes
from buttockpain.research.decisions import NONE_OF_THESE, decide_cases
from buttockpain.research.differences import Difference, differences
from buttockpain.research.shares import Share
from buttockpain.research.simulation import SHORT_VISIT, simulate
from buttockpain.types import Id, IntArray, Kind, Level
from buttockpain.urgency import UNASKED

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["Change", "Comparison", "Effect", "compare"]

Decision = Literal["top", "level"]
Side = Literal["before", "after"]

DECISIONS: tuple[Decision, ...] = ("level", "top")

_STARTS = 4  # how many patients a smallest example is looked for from


@dataclass(frozen=True, slots=True)
class Effect:
    """How many of the patients that one model expects are answered differently by the other.

    Attributes
    ----------
    drawn_from : which model the patients were drawn from.
    top : another cause leads, or "none of these" does or no longer does.
    raised, lowered : the triage level goes up, goes down.
    """

    drawn_from: Side
    top: Share
    raised: Share
    lowered: Share


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change of an answer, and the smallest example found.

    Attributes
    ----------
    decision : `top`, who leads the ranking, or `level`, the triage level.
    before, after : what it was and what it becomes: an id or `none_of_these`; a level.
    share : among all patients, half of them drawn from each model.
    answers : no answer of the example can be left out without losing the change.
    """

    decision: Decision
    before: str
    after: str
    share: Share
    answers: Mapping[Id, Answer]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models say differently, and what that does to patients.

    Attributes
    ----------
    before, after : which models.
    differences : what they say differently, path by path.
    priors : from each option of either ranking to its probability given the complaint alone under both; None where a
        model does not have it.
    effects : on the patients drawn from `before`, and on those drawn from `after`.
    changes : the kinds of changes that occurred; triage levels first, the most frequent of each first.
    """

    before: ModelStamp
    after: ModelStamp
    differences: tuple[Difference, ...]
    priors: Mapping[Id, tuple[float | None, float | None]]
    effects: tuple[Effect, Effect]
    changes: tuple[Change, ...]

    def markdown(self) -> str:
        """Return the comparison as Markdown, fit for a pull request."""
        from buttockpain.research.markdown import comparison_markdown  # noqa: PLC0415 - writers are not needed to compute

        return comparison_markdown(self)


def compare(
    before: Model,
    after: Model,
    *,
    people: int = 20_000,
    rng: np.random.Generator,
    asked: Mapping[Kind, float] = SHORT_VISIT,
    flags: Mapping[Id, float] | None = None,
) -> Comparison:
    """Return what two models say differently, and whose answer changes.

    Parameters
    ----------
    before, after : two models; their causes and questions need not be the same. A question that a model does not
        have is not read by it.
    people : how many patients to draw, half from each model.
    rng : where all randomness comes from.
    asked, flags : how patients are interviewed, as for `simulate`; a flag counts for the model that has it.

    Raises
    ------
    ValueError : fewer than two people, or an interview that `simulate` refuses.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> model = default_model()
    >>> comparison = compare(model, model.replace({"cause.fasciitis.leak": 0.05}), people=2_000,
    ...                      rng=np.random.default_rng(1))
    >>> round(comparison.effects[0].top.share, 2), comparison.changes[0].after
    (0.03, 'self_care')
    """
    if people < 2:  # noqa: PLR2004 - one from each
        message = f"people is {people}, expected at least 2: half are drawn from each model"
        raise ValueError(message)
    sides: tuple[tuple[Side, Model, int], ...] = (
        ("before", before, people - people // 2), ("after", after, people // 2),
    )  # fmt: skip
    effects: list[Effect] = []
    seen = []
    for name, model, size in sides:
        known = {flag: rate for flag, rate in (flags or {}).items() if flag in model.knowledge.finding}
        table = simulate(model, size, rng=rng, asked=asked, flags=known)
        answers = _Answers.of(before, after, table)
        effects.append(answers.effect(name))
        seen.append(answers)
    return Comparison(
        before=before.directory.stamp,
        after=after.directory.stamp,
        differences=differences(before.knowledge, after.knowledge),
        priors=_priors(before, after),
        effects=(effects[0], effects[1]),
        changes=tuple(_changes(before, after, seen)),
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    """Patients, and what both models decide on each: names of the leading option, ranks of the level, (B,)."""

    table: CaseTable
    top: tuple[tuple[Id, ...], tuple[Id, ...]]
    level: tuple[IntArray, IntArray]

    @classmethod
    def of(cls, before: Model, after: Model, table: CaseTable) -> _Answers:
        """Put the decisions of both models side by side."""
        one, other = decide_cases(before, table), decide_cases(after, table)
        return cls(table, (one.leading, other.leading), (one.level, other.level))

    def effect(self, drawn_from: Side) -> Effect:
        """Count the changes."""
        size, (before, after) = len(self.table), self.level
        return Effect(
            drawn_from=drawn_from,
            top=Share(sum(one != other for one, other in zip(*self.top, strict=True)), size),
            raised=Share(int((after > before).sum()), size),
            lowered=Share(int((after < before).sum()), size),
        )

    def pairs(self, decision: Decision) -> list[tuple[str, str]]:
        """Return what each patient is told before and after."""
        if decision == "top":
            return list(zip(*self.top, strict=True))
        words = [level.value for level in Level]
        return [(words[one], words[other]) for one, other in zip(*(side.tolist() for side in self.level), strict=True)]


def _priors(before: Model, after: Model) -> dict[Id, tuple[float | None, float | None]]:
    """Return the probability of each option given the complaint alone, under both models."""
    sides = []
    for model in (before, after):
        ranked = {profile.id: profile.prior for profile in model.directory.profiles}
        sides.append({**ranked, NONE_OF_THESE: float(model.prior.none_of_these[0])})
    return {name: (sides[0].get(name), sides[1].get(name)) for name in dict.fromkeys([*sides[0], *sides[1]])}


def _changes(before: Model, after: Model, seen: list[_Answers]) -> list[Change]:
    """Return the kinds of changes that occurred, each with the smallest example found."""
    everybody = sum(len(answers.table) for answers in seen)
    counts: dict[tuple[Decision, str, str], int] = {}
    for decision in DECISIONS:
        found = Counter((decision, *pair) for answers in seen for pair in answers.pairs(decision) if pair[0] != pair[1])
        counts.update(sorted(found.items(), key=lambda item: (-item[1], item[0])))
    examples: dict[tuple[Decision, str, str], list[dict[Id, Answer]]] = {kind: [] for kind in counts}
    for answers in seen:
        starts = list(_starts(answers, list(counts)))
        people = np.array([person for _, person in starts], np.int64)
        shrunk = _shrink(before, after, answers.table.take(people), [kind for kind, _ in starts])
        for (kind, _), example in zip(starts, shrunk, strict=True):
            examples[kind].append(example)
    return [Change(*kind, Share(count, everybody), min(examples[kind], key=len)) for kind, count in counts.items()]


def _starts(
    answers: _Answers, kinds: list[tuple[Decision, str, str]]
) -> Iterator[tuple[tuple[Decision, str, str], int]]:
    """Yield, for each kind of change, the patients with the fewest answers who show it."""
    given = (answers.table.answer != UNASKED).sum(axis=0)
    for decision in DECISIONS:
        pairs = np.array(answers.pairs(decision))
        for kind in kinds:
            if kind[0] == decision:
                showing = np.flatnonzero((pairs == kind[1:]).all(axis=1))
                yield from (
                    (kind, int(person)) for person in showing[np.argsort(given[showing], kind="stable")][:_STARTS]
                )


def _shrink(
    before: Model, after: Model, table: CaseTable, kinds: list[tuple[Decision, str, str]]
) -> list[dict[Id, Answer]]:
    """Return for each person a subset of the answers that shows the change and of which none can be left out.

    Halves, quarters and so on of the answers are left out as long as the change persists, those that say no first.
    All people take their next step together, so that a step is one batch.

    References
    ----------
    Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, IEEE Trans. Software Engineering 28
    (2002), 183-200.
    """
    kept = table.answer.copy()
    length = (kept != UNASKED).sum(axis=0)
    while length.any():
        tried = [_with_less(kept[:, person], int(most)) for person, most in enumerate(length)]
        answers = _Answers.of(before, after, _with_answers(table, np.concatenate(tried, axis=1)))
        told = {decision: iter(answers.pairs(decision)) for decision in DECISIONS}
        for person, (columns, kind) in enumerate(zip(tried, kinds, strict=True)):
            pairs = {decision: list(islice(told[decision], columns.shape[1])) for decision in DECISIONS}[kind[0]]
            if kind[1:] in pairs:
                kept[:, person] = columns[:, pairs.index(kind[1:])]
            else:
                length[person] //= 2
    smallest = _with_answers(table, kept)
    return [smallest.answers(person) for person in range(len(table))]


def _with_less(answer: np.ndarray[tuple[int], np.dtype[np.int8]], most: int) -> Codes:
    """Return one person's answers with every part of at most so many left out, one column per part."""
    given = np.flatnonzero(answer != UNASKED)
    given = given[np.argsort(answer[given], kind="stable")]
    parts = [given[start : start + most] for start in range(0, len(given), most)] if most else []
    columns = np.repeat(answer[:, None], len(parts), axis=1)
    for column, part in enumerate(parts):
        columns[part, column] = UNASKED
    return columns


def _with_answers(table: CaseTable, answer: Codes) -> CaseTable:
    """Return a table with other answers of nobody in particular."""
    size = answer.shape[1]
    nothing = np.full((len(table.causes), size), -1, np.int8)
    return replace(table, answer=answer, cause=nothing, reference=np.full(size, -1, np.int8))
