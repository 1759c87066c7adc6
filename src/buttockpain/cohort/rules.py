"""Triage of many people: the rule table over columns of codes, and what the ranking adds.

The same decisions as `triage.decide` and `differential.assemble` on each person; held against them in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from buttockpain.cohort.answers import SOFT, Answers, Layout
from buttockpain.cohort.careful import Scores
from buttockpain.differential import MARGIN
from buttockpain.triage import EVEN
from buttockpain.types import BoolArray, IntArray
from buttockpain.urgency import PRESENT, SETTLED, UNASKED, UNCLEAR, Reasons, Status, Urgency

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["Levels", "Rules"]


@dataclass(frozen=True, slots=True)
class Levels:
    """How urgent, why, and what leads.

    Attributes
    ----------
    reasons : how many there are for each urgency.
    override : (B,) whether the founding document's rule holds: severe or long-lasting pain.
    """

    reasons: Reasons
    override: BoolArray


class Rules:
    """The rule table of a model and the thresholds of its ranking, prepared for columns."""

    def __init__(self, model: Model, layout: Layout) -> None:
        self._urgency = urgency = Urgency.of(model.rules)
        self._table = table = model.rules
        facts = list(urgency.fact)
        self._asked = np.array([fact for fact, name in enumerate(facts) if name in layout.row])
        self._rows = np.array([layout.row[facts[fact]] for fact in self._asked])
        self._fact_of_row = dict(zip(self._rows.tolist(), self._asked.tolist(), strict=True))
        self._override = [urgency.fact[name] for name in table.override_facts]
        self._floors = [
            (model.network.causes.index(name), least, reason.level.rank) for name, least, reason in table.floors
        ]
        self._ranked = np.flatnonzero(model.network.ranked)

    def decide(self, answers: Answers) -> Levels:
        """Return what the rules say, before any ranking."""
        status = self._status(answers)
        return Levels(self._urgency.reasons(status), (status[self._override] == PRESENT).any(axis=0))

    def raise_levels(self, levels: Levels, scores: Scores, readable: BoolArray) -> IntArray:
        """Let the ranking raise the levels of those whose answers could be read, and return what leads.

        Returns
        -------
        (B,) place of the leading cause among the ranked ones; -1 where "none of these" leads.
        """
        ranked = scores.cause[self._ranked]
        leading = np.rint(ranked / MARGIN).argmax(axis=0)  # of equal ones the first in the file
        none_leads = scores.none_of_these > ranked[leading, np.arange(ranked.shape[1])] + MARGIN
        for cause, least, level in self._floors:
            levels.reasons[level] += (scores.cause[cause] >= least - MARGIN) & readable
        levels.reasons[self._table.none_of_these.level.rank] += none_leads & readable
        levels.reasons[self._table.poor_fit.level.rank] += scores.poor_fit & readable
        return np.where(none_leads, -1, leading)

    def _status(self, answers: Answers) -> Status:
        """Return what is known of each fact."""
        status = np.full((len(self._urgency.fact), answers.codes.shape[1]), UNASKED, dtype=np.int8)
        status[self._asked] = answers.codes[self._rows]
        for row, strength in answers.strength.items():
            if row in self._fact_of_row:
                fact = status[self._fact_of_row[row]]
                fact[:] = np.where(fact == SOFT, np.where(strength > EVEN, PRESENT, UNCLEAR), fact)
        for name, threshold in self._table.thresholds:
            if threshold.measure in answers.measured:
                measured = answers.measured[threshold.measure]
                fact = status[self._urgency.fact[name]]
                holds = cast("BoolArray", threshold.holds(cast("Any", measured)))  # compares element by element
                # A measure below an inexact threshold leaves an unclear answer as it is: both may be right.
                open_here = (fact == UNASKED) | (fact == UNCLEAR) if threshold.exact else fact == UNASKED
                fact[open_here & ~np.isnan(measured)] = SETTLED
                fact[holds] = PRESENT
        return status
