"""Every number moves the joint probability of evidence and outcome along a straight line.

A Bayesian network is linear in each of its numbers, so P(outcome, evidence) as a function of one number is a straight
line, given by its height at 0 and at the number's ceiling. One pass gives the lines of *all* numbers: forwards through
the steps by which causes come about, backwards through the same steps from the evidence, and at each step both ends
of the line. Heights are relative to the present one, and every one is a sum of positive terms, so nothing cancels.
Derivatives, sensitivity functions, tornado rows and decision margins are all read off these lines.

Axis letters: S states of the causes, N numbers, O outcomes (see `parameters`).

References
----------
Linearity in each number, and the sensitivity function that follows: Castillo, Gutiérrez and Hadi, IEEE Trans. Systems,
Man and Cybernetics A 27 (1997), 412-423; Coupé and van der Gaag, Ann. Math. Artif. Intell. 36 (2002), 323-356.
One backward pass for all derivatives: Darwiche, A differential approach to inference in Bayesian networks,
J. ACM 50 (2003), 280-305.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from buttockpain.inference import Evidence, log_likelihood
from buttockpain.model import Model
from buttockpain.research.parameters import ParameterTable, table_of
from buttockpain.research.steps import Ends, steps_of
from buttockpain.types import BoolArray, FloatArray, IntArray

__all__ = ["Lines", "lines_of", "probability_of"]


@dataclass(frozen=True, slots=True)
class Lines:
    """The straight lines of one person.

    Attributes
    ----------
    log_odds : (O,) of every outcome, given the evidence.
    at_zero, at_ceiling : (N, 2, O) P(outcome, evidence), and P(not the outcome, evidence), if the number were 0 or at
        its ceiling, divided by what it is now; 1 and 1 where the evidence does not involve the number.
    involved : (N,) whether the evidence involves the number.
    """

    log_odds: FloatArray
    at_zero: FloatArray
    at_ceiling: FloatArray
    involved: BoolArray

    @property
    def probability(self) -> FloatArray:
        """(O,) probability of every outcome."""
        return probability_of(self.log_odds)


def probability_of(log_odds: FloatArray) -> FloatArray:
    """Return probabilities of natural log-odds, without overflow at either end."""
    small: FloatArray = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1 + small)


def lines_of(model: Model, evidence: Evidence) -> Lines:
    """Return the lines of one person's evidence, all numbers and outcomes in one pass."""
    table = table_of(model)
    steps = steps_of(model, evidence.factor[:, 0])
    moments = [np.eye(1, len(table.within))[0]]  # before any step no cause is present
    for step in steps:
        moments.append(step.forward(moments[-1]))
    prior = moments.pop()
    with np.errstate(divide="ignore"):  # a state too improbable for a float has log 0
        log_joint = np.log(prior) + log_likelihood(model.network, evidence)[:, 0]
    belongs = np.hstack([table.within, ~table.within])
    log_columns = np.where(belongs, log_joint[:, None], -np.inf)
    peak = log_columns.max(axis=0)
    share = np.exp(log_columns - peak)
    total = share.sum(axis=0)
    share /= total  # (S, 2 O) the posterior, given each outcome and given its absence
    log_height = np.log(total) + peak
    size = len(table.outcomes)
    lines = Lines(
        log_odds=log_height[:size] - log_height[size:],
        at_zero=np.ones((len(table.paths), 2, size)),
        at_ceiling=np.ones((len(table.paths), 2, size)),
        involved=np.zeros(len(table.paths), dtype=bool),
    )
    ends: Ends = (lines.at_zero.reshape(-1, 2 * size), lines.at_ceiling.reshape(-1, 2 * size))
    lines.involved[_finding_lines(model, table, evidence, share, ends)] = True
    # What the likelihood is worth per unit of prior; nothing for a state too improbable for a float.
    likely = prior[:, None] >= np.finfo(np.float64).tiny
    worth = np.divide(share, prior[:, None], out=np.zeros_like(share), where=likely)
    for step, before in zip(steps[::-1], moments[::-1], strict=True):
        lines.involved[list(step.numbers)] = True
        worth = step.backward(before, worth, ends)
    for array in (lines.log_odds, lines.at_zero, lines.at_ceiling, lines.involved):
        array.flags.writeable = False
    return lines


@dataclass(frozen=True, slots=True)
class _FindingTables:
    """For each number of a finding: which number and finding, the states it acts in, and P(no), P(yes) without it."""

    number: IntArray
    finding: IntArray
    acts: BoolArray
    no: FloatArray
    yes: FloatArray


@lru_cache(maxsize=8)
def _finding_tables(model: Model) -> _FindingTables:
    table, network = table_of(model), model.network
    rows = [
        (f, place, number)
        for f, finding in enumerate(table.findings)
        for place, number in ((0, finding.leak), *((k + 1, number) for k, number in finding.links))
    ]
    finding, place, number = np.array(rows).T
    log_no = np.zeros((len(table.findings), len(network.causes) + 1))  # the leak, then one per cause
    log_no[finding, place] = np.log1p(-table.value[number])
    others = log_no[finding]
    others[np.arange(len(rows)), place] = 0.0
    present = np.column_stack([np.ones(len(network.has), dtype=bool), network.has])
    log_without = others @ present.T
    return _FindingTables(number, finding, present.T[place], np.exp(log_without), -np.expm1(log_without))


def _finding_lines(model: Model, table: ParameterTable, evidence: Evidence, share: FloatArray, ends: Ends) -> IntArray:
    """Fill in the lines of the numbers of the answered findings; return which those are."""
    tables, network = _finding_tables(model), model.network
    asked = list(table.asked(evidence))
    strength = np.full(len(network.findings), np.nan)  # 0 for no, 1 for yes, in between for virtual evidence
    strength[asked] = np.where(
        evidence.finding[asked, 0] >= 0,
        evidence.finding[asked, 0],
        0.5 if evidence.soft is None else evidence.soft[asked, 0],
    )
    rows = np.flatnonzero(~np.isnan(strength)[tables.finding])
    finding, acts = tables.finding[rows], tables.acts[rows]
    yes = strength[finding, None]
    log_no, log_yes = network.log_answer[2 * finding], network.log_answer[2 * finding + 1]
    now = (1 - yes) * np.exp(log_no) + yes * np.exp(log_yes)
    without = (1 - yes) * tables.no[rows] + yes * tables.yes[rows]
    number = tables.number[rows]
    ends[0][number] = np.where(acts, without / now, 1.0) @ share
    ends[1][number] = np.where(acts, yes / now, 1.0) @ share
    return number
