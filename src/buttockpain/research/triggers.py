"""Noisy-ORs taken apart into triggers, and how often each trigger is expected to have fired in each case.

A noisy-OR says: the leak and every parent that is present have each a chance to bring the thing about, independently.
Each chance is a trigger, and each number of the model is the probability of one. Triggers take their turn one after
another and only while the thing is absent, which gives the same probabilities as if all were pulled, and leaves less
to guess. What is known of a case leaves the triggers unseen; what is computed here, exactly, is how often each was
pulled (`chances`) and fired (`happened`) on average, given what is known.

Axis letters as in `network` (S states of the causes, F findings, K risk-factor states, B cases) and `parameters` (N).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from buttockpain.inference import Evidence, log_likelihood
from buttockpain.network import Network
from buttockpain.research.parameters import ParameterTable
from buttockpain.types import BoolArray, FloatArray, IntArray

__all__ = ["Expected", "Triggers"]


@dataclass(frozen=True, slots=True)
class Step:
    """One trigger for a cause: the states in which it may fire, what they become, and the number it fires with."""

    off: IntArray
    on: IntArray
    number: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of the triggers, given what is known.

    Attributes
    ----------
    happened, chances : (N, B) how often the trigger fired, and how often it was pulled. For the share of a
        risk-factor state: how often the state was the one, and 1.
    log_probability : (B,) of what is known; minus infinity, with zeros elsewhere, where it is impossible.
    """

    happened: FloatArray
    chances: FloatArray
    log_probability: FloatArray


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers of a network; its numbers are given anew with every call.

    Attributes
    ----------
    leaks : the steps by which causes come about by themselves.
    factors : for each risk factor and each of its states but the remainder, the steps of that state.
    arcs : the steps by which causes bring about others.
    """

    network: Network
    table: ParameterTable
    leaks: tuple[Step, ...]
    factors: tuple[tuple[tuple[Step, ...], ...], ...]
    arcs: tuple[Step, ...]

    @classmethod
    def of(cls, network: Network, table: ParameterTable) -> Triggers:
        """Take a network apart."""
        states = np.arange(len(network.has))

        def step(cause: int, number: int, parent: int | None = None) -> Step:
            may = (states >> cause & 1) == 0
            if parent is not None:
                may &= (states >> parent & 1) == 1
            return Step(states[may], states[may] | 1 << cause, number)

        return cls(
            network=network,
            table=table,
            leaks=tuple(step(cause, number) for cause, number in enumerate(table.leaks)),
            factors=tuple(
                tuple(tuple(step(cause, number) for cause, number in links) for links in factor.links)
                for factor in table.factors
            ),
            arcs=tuple(step(child, number, parent) for parent, child, number in table.arcs),
        )

    def expected(self, theta: FloatArray, evidence: Evidence, allowed: BoolArray) -> Expected:
        """Return what is expected of every trigger in every case.

        Parameters
        ----------
        theta : (N,) the numbers.
        evidence : the answers.
        allowed : (S, B) whether the state agrees with what is known of the causes.
        """
        size = allowed.shape[1]
        counts = Expected(np.zeros((len(theta), size)), np.zeros((len(theta), size)), np.full(size, -np.inf))
        start = np.zeros(allowed.shape)
        start[0] = 1.0
        leak_moments = _forward(start, self.leaks, theta)
        before = [leak_moments[-1]]
        shares = [self._shares(theta, evidence, f) for f in range(len(self.factors))]
        for branches, share in zip(self.factors, shares, strict=True):
            ends = (_forward(before[-1], steps, theta)[-1] for steps in branches)
            before.append(share[0] * before[-1] + sum(part * end for part, end in zip(share[1:], ends, strict=True)))
        arc_moments = _forward(before[-1], self.arcs, theta)

        tables = self._finding_tables(theta)
        log_worth = self._log_worth(tables, evidence, allowed)
        peak = log_worth.max(axis=0)
        worth = np.exp(log_worth - np.where(peak > -np.inf, peak, 0.0))
        total = (arc_moments[-1] * worth).sum(axis=0)
        possible = total > 0
        counts.log_probability[possible] = np.log(total[possible]) + peak[possible]
        worth /= np.where(possible, total, 1.0)
        self._findings(tables, evidence, arc_moments[-1] * worth, counts)

        worth = _backward(worth, self.arcs, arc_moments, theta, np.ones(size), counts)
        for f in range(len(self.factors) - 1, -1, -1):
            worth = self._factor_backward(f, theta, shares[f], before[f], worth, counts)
        _backward(worth, self.leaks, leak_moments, theta, np.ones(size), counts)
        return counts

    def _shares(self, theta: FloatArray, evidence: Evidence, f: int) -> FloatArray:
        """Return the share of every state of a risk factor times the likelihood of what was answered, (states, B)."""
        first, bases = self.network.factors[f].first, theta[list(self.table.factors[f].bases)]
        shares: FloatArray = (
            np.append(1 - bases.sum(), bases)[:, None] * evidence.factor[first : first + len(bases) + 1]
        )
        return shares

    def _factor_backward(
        self, f: int, theta: FloatArray, share: FloatArray, before: FloatArray, worth: FloatArray, counts: Expected
    ) -> FloatArray:
        """Return the worth of every state before a risk factor, and count its states and triggers."""
        earlier: FloatArray = share[0] * worth
        for base, steps, part in zip(self.table.factors[f].bases, self.factors[f], share[1:], strict=True):
            branch = _backward(worth, steps, _forward(before, steps, theta), theta, part, counts)
            counts.happened[base] = part * (before * branch).sum(axis=0)
            counts.chances[base] = counts.log_probability > -np.inf
            earlier = earlier + part * branch
        return earlier

    def _finding_tables(self, theta: FloatArray) -> list[tuple[IntArray, FloatArray, FloatArray]]:
        """Return for each finding its numbers, which of its triggers are pulled in each state, and log(1 - theta)."""
        tables = []
        for finding in self.table.findings:
            numbers = np.array([finding.leak, *(number for _, number in finding.links)])
            pulled = np.ones((len(numbers), len(self.network.has)))
            pulled[1:] = self.network.has[:, [cause for cause, _ in finding.links]].T
            tables.append((numbers, pulled, pulled * np.log1p(-theta[numbers])[:, None]))
        return tables

    def _log_worth(
        self, tables: Sequence[tuple[IntArray, FloatArray, FloatArray]], evidence: Evidence, allowed: BoolArray
    ) -> FloatArray:
        """Return the log-probability of the answered findings in every state that is allowed, (S, B)."""
        log_no = np.array([quiet.sum(axis=0) for _, _, quiet in tables])
        log_answer = np.stack([log_no, np.log(-np.expm1(log_no))], axis=1).reshape(2 * len(tables), -1)
        worth = log_likelihood(dataclasses.replace(self.network, log_answer=log_answer), evidence)
        return np.where(allowed, worth, -np.inf)

    def _findings(
        self,
        tables: Sequence[tuple[IntArray, FloatArray, FloatArray]],
        evidence: Evidence,
        state: FloatArray,
        counts: Expected,
    ) -> None:
        """Count the triggers of the answered findings; `state` (S, B) is the posterior."""
        for f, (numbers, pulled, quiet) in enumerate(tables):
            until = np.cumsum(quiet, axis=0) - quiet  # log-probability that none before has fired
            log_no = quiet.sum(axis=0)
            yes = -np.expm1(log_no)
            fired = np.exp(until) * -np.expm1(quiet) / yes
            turn = pulled * np.exp(until) * -np.expm1(log_no - until) / yes
            for code, (happened, chances) in enumerate(((np.zeros_like(fired), pulled), (fired, turn))):
                who = np.flatnonzero(evidence.finding[f] == code)
                counts.happened[np.ix_(numbers, who)] = happened @ state[:, who]
                counts.chances[np.ix_(numbers, who)] = chances @ state[:, who]
            if evidence.soft is not None:
                who = np.flatnonzero(evidence.soft[f] != 0.5)  # noqa: PLR2004 - 0.5 changes nothing
                for_yes = evidence.soft[f, who] * yes[:, None]
                true = for_yes / (for_yes + (1 - evidence.soft[f, who]) * np.exp(log_no)[:, None]) * state[:, who]
                counts.happened[np.ix_(numbers, who)] = fired @ true
                counts.chances[np.ix_(numbers, who)] = turn @ true + pulled @ (state[:, who] - true)


def _forward(distribution: FloatArray, steps: Sequence[Step], theta: FloatArray) -> list[FloatArray]:
    """Return the distribution over S before each step and after the last, each (S, B)."""
    moments = [distribution]
    for step in steps:
        after = moments[-1].copy()
        after[step.on] += theta[step.number] * after[step.off]
        after[step.off] *= 1 - theta[step.number]
        moments.append(after)
    return moments


def _backward(
    worth: FloatArray,
    steps: Sequence[Step],
    moments: Sequence[FloatArray],
    theta: FloatArray,
    share: FloatArray,
    counts: Expected,
) -> FloatArray:
    """Return what every state before the steps is worth for what follows, (S, B), and count the triggers."""
    for step, before in zip(reversed(steps), reversed(moments[:-1]), strict=True):
        number = theta[step.number]
        happened = number * (before[step.off] * worth[step.on]).sum(axis=0) * share
        stayed = (1 - number) * (before[step.off] * worth[step.off]).sum(axis=0) * share
        counts.happened[step.number] += happened
        counts.chances[step.number] += happened + stayed
        earlier = worth.copy()
        earlier[step.off] = number * worth[step.on] + (1 - number) * worth[step.off]
        worth = earlier
    return worth
