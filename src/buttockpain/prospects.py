"""Prospects: what each answer to an open question would do to the ranking and to the triage level.

All answers to all questions are worked through in one batch (`outlook`). What follows is read off as plain numbers:
there are hundreds of answers, and of each only a few numbers are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case, Item, vary
from buttockpain.differential import MARGIN
from buttockpain.information import Information
from buttockpain.outlook import LEVELS, Outlook, label_of, outlook
from buttockpain.types import Id, Level

__all__ = ["Outcome", "Prospect", "Shift", "prospects"]

SHIFTS = 3  # as many as a reader takes in at a glance


class Shift(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How an answer would move the probability of a cause, or of "none_of_these"."""

    id: Id
    label: str
    before: float
    after: float


class Outcome(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What one answer to a question would do.

    Attributes
    ----------
    probability : of this answer, as the model predicts it; None if the question serves triage only.
    leading : id of the cause that would lead, or "none_of_these".
    leading_probability : what the probability of that would be.
    shifts : the three probabilities that would move most, the furthest first; none if nothing would move.
    level, level_label : what the triage level would be.
    """

    answer: str
    probability: float | None
    leading: Id
    leading_label: str
    leading_probability: float
    shifts: tuple[Shift, ...]
    level: Level
    level_label: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What asking a question would do.

    Attributes
    ----------
    outcomes : of each answer, in the order of the states.
    apart : labels of what rises and of what falls most under the answer that moves most; None if nothing would move.
    """

    outcomes: tuple[Outcome, ...]
    apart: tuple[str, str] | None


def prospects(case: Case, items: Sequence[Item], known: Information, now: Outlook) -> Iterator[Prospect]:
    """Yield what asking each of the questions would do.

    Parameters
    ----------
    known : how likely the answers are.
    now : the outlook of the answers as they are.
    """
    after = outlook(case, *vary(case, [((item, answer),) for item in items for answer in item.states]))
    moves = after.probability - now.probability
    steps = np.rint(np.abs(moves) / MARGIN)
    furthest = np.argsort(-steps, axis=0, kind="stable")[:SHIFTS].T.tolist()
    moved = (steps > 0).T.tolist()
    most, rises, falls = (
        np.abs(moves).max(axis=0).tolist(),
        moves.argmax(axis=0).tolist(),
        moves.argmin(axis=0).tolist(),
    )
    before, then = now.probability[:, 0].tolist(), after.probability.T.tolist()
    leader, levels = after.leader.tolist(), [LEVELS[level] for level in after.level.tolist()]
    names = [label_of(case.background, row) for row in range(len(before))]
    words = case.background.urgency.table.levels

    def outcome(column: int, answer: str, probability: float | None) -> Outcome:
        leading, leading_label = names[leader[column]]
        return Outcome.model_validate(
            {
                "answer": answer,
                "probability": probability,
                "leading": leading,
                "leading_label": leading_label,
                "leading_probability": then[column][leader[column]],
                "shifts": [
                    {"id": names[row][0], "label": names[row][1], "before": before[row], "after": then[column][row]}
                    for row in furthest[column]
                    if moved[column][row]
                ],
                "level": levels[column],
                "level_label": words[levels[column]][0],
            }
        )

    first = 0
    for item in items:
        columns = range(first, first + len(item.states))
        first = columns.stop
        furthest_moving = max(columns, key=most.__getitem__)
        apart = names[rises[furthest_moving]][1], names[falls[furthest_moving]][1]
        yield Prospect(
            outcomes=tuple(map(outcome, columns, item.states, _probabilities(case, item, known))),
            apart=apart if most[furthest_moving] > MARGIN else None,
        )


def _probabilities(case: Case, item: Item, known: Information) -> list[float] | list[None]:
    """Return the probability of each answer, None where the model has none."""
    if item.axis is not None:
        yes = known.yes[item.axis, 0].item()
        return [1 - yes, yes]
    if item.factor is None:
        return [None] * len(item.states)
    first = case.background.network.factors[item.factor].first
    probabilities: list[float] = known.state[first : first + len(item.states), 0].tolist()
    return probabilities
