"""The triage rules over many sets of answers at once: the rules of `triage.decide` as arrays.

What-if questions ask for the level of thousands of sets of answers that differ in a few. `triage.decide` decides for
people; this agrees with it case by case, and is held against it in the tests.

Axis letters as in `network`, and A for the facts: everything the rules can look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from buttockpain.presentation import Answer, Presentation
from buttockpain.triage import RuleTable, speaks_for
from buttockpain.types import BoolArray, Id, IntArray, Level

__all__ = ["PRESENT", "SETTLED", "UNASKED", "UNCLEAR", "Reasons", "Status", "Urgency", "highest", "status_of"]

UNCLEAR, UNASKED, SETTLED, PRESENT = -2, -1, 0, 1

Single = NDArray[np.float32]

Reasons = np.ndarray[tuple[int, int], np.dtype[np.int16]]
"""(5, B) how many reasons there are for each urgency, from 0 (`self_care`) to 4 (`emergency_ambulance`)."""

Status = np.ndarray[tuple[int, int], np.dtype[np.int8]]
"""(A, B) what is known of each fact: present, settled as absent, not asked, or asked without a clear answer."""


def status_of(answer: Answer) -> int:
    """Return what an answer says about a fact.

    Examples
    --------
    >>> [status_of(answer) for answer in ("yes", 0.8, "no", 0.2, "unknown")]
    [1, 1, 0, -2, -2]
    """
    if speaks_for(answer):
        return PRESENT
    return SETTLED if answer == "no" else UNCLEAR


@dataclass(frozen=True, slots=True)
class Urgency:
    """The rule table, compiled.

    Attributes
    ----------
    fact : number of each fact on the A axis.
    flag : (A,) urgency that the fact alone raises the level to, 0 if it is no red flag.
    emergency : (A,) whether the fact is a red flag of an emergency level.
    rules : for each combination its facts that must all be present, those of which one must be, and its urgency.
    counts : (2R, A) of 0 and 1, R being red flags and combinations; times what is present, how many of the facts that
        must all be there are, and below, how many of those of which one must be.
    least : (2R, 1) how many of them it takes.
    by_urgency : (5, R) of 0 and 1, which of the R have which urgency.
    table : what it was compiled from.
    """

    fact: Mapping[Id, int]
    flag: np.ndarray[tuple[int], np.dtype[np.int8]]
    emergency: BoolArray
    rules: tuple[tuple[IntArray, IntArray, int], ...]
    counts: Single
    least: Single
    by_urgency: Single
    table: RuleTable

    @classmethod
    def of(cls, table: RuleTable) -> Urgency:
        """Compile a rule table."""
        names = dict.fromkeys(table.flags)
        for rule in table.combinations:
            names |= dict.fromkeys(sorted(rule.all_of | rule.any_of))
        names |= dict.fromkeys(name for name, _ in table.thresholds)
        fact = {name: number for number, name in enumerate(names)}
        levels = [table.flags[name].level if name in table.flags else None for name in names]
        flag = np.array([level.rank if level else 0 for level in levels], dtype=np.int8)
        rules = tuple(
            (_numbers(fact, rule.all_of), _numbers(fact, rule.any_of), rule.reason.level.rank)
            for rule in table.combinations
        )
        everything = [
            *((np.array([one]), np.array([], dtype=np.int64), int(flag[one])) for one in flag.nonzero()[0]),
            *rules,
        ]
        counts = np.zeros((2, len(everything), len(fact)), dtype=np.float32)
        by_urgency = np.zeros((len(Level), len(everything)), dtype=np.float32)
        for number, (all_of, any_of, urgency) in enumerate(everything):
            counts[0, number, all_of] = counts[1, number, any_of] = by_urgency[urgency, number] = 1
        least = np.concatenate([counts[0].sum(axis=1), counts[1].max(axis=1, initial=0)])[:, None]
        return cls(
            fact=fact,
            flag=flag,
            emergency=np.array([level is not None and level.is_emergency for level in levels]),
            rules=rules,
            counts=counts.reshape(-1, len(fact)),
            least=least,
            by_urgency=by_urgency,
            table=table,
        )

    def status(self, presentation: Presentation) -> Status:
        """Return what one person's answers say about each fact, (A, 1)."""
        status = np.full((len(self.fact), 1), UNASKED, dtype=np.int8)
        for name, answer in presentation.given.items():
            if name in self.fact:
                status[self.fact[name]] = status_of(answer)
        for name, threshold in self.table.thresholds:
            if threshold.measure in presentation.measured:
                if threshold.holds(presentation.measured[threshold.measure]):
                    status[self.fact[name]] = PRESENT
                elif status[self.fact[name]] in (UNASKED, UNCLEAR if threshold.exact else UNASKED):
                    status[self.fact[name]] = SETTLED
        return status

    def reasons(self, status: Status) -> Reasons:
        """Return the reasons that the rules alone give.

        Counting is a product of matrices, exact in float32: there are far fewer than 2^24 facts and rules.
        """
        enough = self.counts @ (status == PRESENT).astype(np.float32) >= self.least
        rules = len(enough) // 2
        reasons: Reasons = (self.by_urgency @ (enough[:rules] & enough[rules:]).astype(np.float32)).astype(np.int16)
        emergencies = status[self.emergency]
        for gap, reason in ((UNASKED, self.table.unasked), (UNCLEAR, self.table.unclear)):
            reasons[reason.level.rank] += (emergencies == gap).any(axis=0)
        return reasons

    def level(self, status: Status) -> IntArray:
        """Return the urgency by the rules alone, (B,), from 0 (`self_care`) to 4 (`emergency_ambulance`)."""
        return highest(self.reasons(status))

    def could_raise(self, status: Status, level: int) -> BoolArray:
        """Return for each fact whether a yes could raise one person's level, alone or with other open facts, (A,)."""
        alive, present = status[:, 0] != SETTLED, status[:, 0] == PRESENT
        could: BoolArray = self.flag > level
        for all_of, any_of, urgency in self.rules:
            if urgency > level and alive[all_of].all() and (not any_of.size or alive[any_of].any()):
                could[all_of] = True
                if not present[any_of].any():
                    could[any_of] = True
        could &= status[:, 0] == UNASKED
        return could


def highest(reasons: Reasons) -> IntArray:
    """Return the highest urgency that has a reason, (B,); 0 where none has."""
    some = reasons > 0
    some[0] = True
    level: IntArray = len(some) - 1 - some[::-1].argmax(axis=0)
    return level


def _numbers(fact: Mapping[Id, int], names: frozenset[Id]) -> IntArray:
    """Return facts as numbers, in a fixed order."""
    return np.array(sorted(fact[name] for name in names), dtype=np.int64)
