"""The EM algorithm for the numbers of a model: what is climbed, the steps, and how sharp the top is.

What it assumes and does is told in `learning`. Axis letters as in `network` and `parameters`: N numbers, B cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from buttockpain.errors import AnswerError, Problem
from buttockpain.inference import Evidence
from buttockpain.model import Model
from buttockpain.research.cases import CaseTable, evidence_of_cases
from buttockpain.research.parameters import ParameterTable
from buttockpain.research.triggers import Expected, Triggers
from buttockpain.types import BoolArray, FloatArray, IntArray

__all__ = ["NORMAL_95", "Target", "climb", "precision", "scores"]

NORMAL_95 = 1.959963984540054
"""97.5% point of the standard normal distribution."""

_CHUNK = 512  # cases at a time
_LONGEST = 64.0  # a step is at most this many times as long as that of EM
_CERTAIN = 40.0  # log-odds beyond which 64-bit floats cannot tell a probability from 0 or 1


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be climbed: cases and prior, and the expected counts at any point.

    Attributes
    ----------
    prior, weight : (N,) value and k of each number; see `learning`.
    shares : for each risk factor, where the shares of its states stand on the N axis.
    """

    triggers: Triggers
    evidence: Evidence
    label: np.ndarray[tuple[int, int], np.dtype[np.int8]]
    prior: FloatArray
    weight: FloatArray
    shares: tuple[IntArray, ...]

    @classmethod
    def of(cls, model: Model, table: ParameterTable, cases: CaseTable, strength: float) -> Target:
        """Put the prior and the cases together."""
        label = np.full((len(model.network.causes), len(cases)), -1, np.int8)
        for axis, name in enumerate(model.network.causes):
            if name in cases.causes:
                label[axis] = cases.cause[cases.causes.index(name)]
        shares = tuple(np.array(factor.bases) for factor in table.factors)
        width = (_logit(table.high) - _logit(table.low)) / (2 * NORMAL_95)
        with np.errstate(divide="ignore"):  # a number without a range is not fitted
            weight = strength / (table.value * (1 - table.value) * width**2)
        for states in shares:
            weight[states] = weight[states].min()
        evidence = evidence_of_cases(model.network, cases)
        return cls(Triggers.of(model.network, table), evidence, label, table.value, weight, shares)

    def __len__(self) -> int:
        """Return the number of cases."""
        return self.label.shape[1]

    def chunks(self, theta: FloatArray) -> Iterator[Expected]:
        """Yield what is expected of the triggers, some cases at a time.

        Raises
        ------
        AnswerError : cases of probability 0.
        """
        has = self.triggers.network.has
        for start in range(0, len(self), _CHUNK):
            people = slice(start, start + _CHUNK)
            label = self.label[:, people]
            allowed = ((label[None] < 0) | (label[None] == has[:, :, None])).all(axis=1)
            soft = None if self.evidence.soft is None else self.evidence.soft[:, people]
            evidence = Evidence(self.evidence.finding[:, people], self.evidence.factor[:, people], soft)
            expected = self.triggers.expected(theta, evidence, allowed)
            impossible = np.flatnonzero(expected.log_probability == -np.inf)
            if len(impossible):
                expected_words = "answers and causes that the model can give"
                raise AnswerError(Problem(f"case {start + c}", "probability 0", expected_words) for c in impossible)
            yield expected

    def unseen(self, theta: FloatArray) -> tuple[Expected, Expected]:
        """Return what is expected of one person with the complaint and no answers, and of one without it."""
        network = self.triggers.network
        finding = np.full((len(network.findings), 2), -1, np.int8)
        finding[network.presenting] = (1, 0)
        evidence = Evidence(finding, np.ones((len(network.base), 2)))
        both = self.triggers.expected(theta, evidence, np.ones((len(network.has), 2), dtype=bool))
        one, other = (
            Expected(both.happened[:, [b]], both.chances[:, [b]], both.log_probability[[b]]) for b in range(2)
        )
        return one, other

    def log_prior(self, theta: FloatArray, free: BoolArray) -> float:
        """Return the log-density of the prior on the log-odds scale, up to a constant."""
        weight, prior = self.weight, self.prior
        alone = free.copy()
        total = 0.0
        for states in self.shares:
            alone[states] = False
            if free[states].any():
                rest = 1 - theta[states].sum()
                total += weight[states[0]] * (
                    prior[states] @ np.log(theta[states]) + (1 - prior[states].sum()) * np.log(rest)
                )
        one, v = theta[alone], prior[alone]
        return float(total + weight[alone] @ (v * np.log(one) + (1 - v) * np.log1p(-one)))

    def step(self, theta: FloatArray, free: BoolArray) -> tuple[FloatArray, float]:
        """Return the numbers after one step of EM, and the log-posterior before it."""
        happened, chances, log_probability = np.zeros(len(theta)), np.zeros(len(theta)), 0.0
        for expected in self.chunks(theta):
            happened += expected.happened.sum(axis=1)
            chances += expected.chances.sum(axis=1)
            log_probability += float(expected.log_probability.sum())
        seen, missed = self.unseen(theta)
        people = len(self) * np.exp(missed.log_probability[0] - seen.log_probability[0])
        happened += people * missed.happened[:, 0]
        chances += people * missed.chances[:, 0]
        better = theta.copy()
        weight = self.weight[free]
        better[free] = (happened[free] + weight * self.prior[free]) / (chances[free] + weight)
        log_posterior = log_probability - len(self) * float(seen.log_probability[0]) + self.log_prior(theta, free)
        return better, log_posterior


def climb(
    target: Target, theta: FloatArray, free: BoolArray, max_iterations: int, tolerance: float
) -> tuple[FloatArray, list[float], bool]:
    """Return the numbers at the top, the log-posterior along the way, and whether it is the top.

    Two steps of EM say how the way bends; a longer step along it is kept if it leads higher than they do, or else
    they are.
    """
    trace: list[float] = []
    one, height = target.step(theta, free)
    trace.append(height)
    for _ in range(max_iterations):
        two, height_one = target.step(one, free)
        ahead = _ahead(theta, one, two, free, target.shares)
        theta, one, height = one, two, height_one
        if ahead is not None:
            three, height_ahead = target.step(ahead, free)
            if height_ahead > height:
                theta, one, height = ahead, three, height_ahead
        trace.append(height)
        if trace[-1] - trace[-2] < tolerance:
            return theta, trace, True
    return theta, trace, False


def _ahead(
    start: FloatArray, one: FloatArray, two: FloatArray, free: BoolArray, groups: tuple[IntArray, ...]
) -> FloatArray | None:
    """Return a point further along the way of two steps of EM, None where the way is straight or ends.

    Squared extrapolation with the step length S3 of Varadhan and Roland, on the log-odds scale; the shares of a risk
    factor on that of their log-ratios to the remainder, so that any point is a possible one.
    """
    a, b, c = (_unbounded(point, groups) for point in (start, one, two))
    first, bend = (b - a)[free], (c - 2 * b + a)[free]
    curvature = float(np.sqrt(bend @ bend))
    if curvature == 0:
        return None
    length = min(float(np.sqrt(first @ first)) / curvature, _LONGEST)
    if length <= 1:  # no further than the two steps themselves
        return None
    ahead = a.copy()
    ahead[free] += 2 * length * first + length**2 * bend
    if np.abs(ahead).max() > _CERTAIN:
        return None
    return np.where(free, _bounded(ahead, groups), start)


def _unbounded(theta: FloatArray, groups: tuple[IntArray, ...]) -> FloatArray:
    """Return the numbers as log-odds, shares of a risk factor as log-ratios to the remainder."""
    result = _logit(theta)
    for states in groups:
        result[states] = np.log(theta[states]) - np.log(1 - theta[states].sum())
    return result


def _bounded(unbounded: FloatArray, groups: tuple[IntArray, ...]) -> FloatArray:
    """Return the numbers again."""
    result = 1 / (1 + np.exp(-unbounded))
    for states in groups:
        ratios = np.exp(unbounded[states])
        result[states] = ratios / (1 + ratios.sum())
    return result


def precision(target: Target, theta: FloatArray, free: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how sharp the top is, on the log-odds scale, and how often each number was seen at work.

    Returns
    -------
    of the cases (free, free) : the sum of the squared scores of single cases about their mean; with the mean goes the
        score of the complaint, which all cases share.
    of the prior (free, free) : its curvature.
    chances (N,) : see `triggers.Expected`.
    """
    size = int(free.sum())
    chances, total, squares = np.zeros(len(theta)), np.zeros(size), np.zeros((size, size))
    for expected in target.chunks(theta):
        chances += expected.chances.sum(axis=1)
        score = scores(expected, theta, target.shares)[free]
        total += score.sum(axis=1)
        squares += score @ score.T
    squares -= np.outer(total, total) / len(target)
    return squares, _prior_precision(target, theta)[np.ix_(free, free)], chances


def scores(expected: Expected, theta: FloatArray, groups: tuple[IntArray, ...]) -> FloatArray:
    """Return the derivative of each case's log-probability by the log-odds of each number, (N, B).

    References
    ----------
    It is the expected derivative with the triggers known: Fisher's identity, in the discussion of Dempster, Laird and
    Rubin (1977).
    """
    score: FloatArray = expected.happened - theta[:, None] * expected.chances
    for states in groups:
        remainder = (1 - expected.happened[states].sum(axis=0)) / (1 - theta[states].sum())
        own = theta[states][:, None]
        score[states] = (1 - own) * (expected.happened[states] - own * remainder)
    return score


def _prior_precision(target: Target, theta: FloatArray) -> FloatArray:
    """Return minus the second derivatives of the log-prior by the log-odds of the numbers, at the top, (N, N).

    Those by the numbers themselves are scaled: at the top of prior and cases together the first derivatives vanish,
    so what the change of scale adds vanishes too.
    """
    prior, slope = target.prior, theta * (1 - theta)
    result = np.diag(target.weight * (prior / theta**2 + (1 - prior) / (1 - theta) ** 2))
    for states in target.shares:
        rest, rest_prior = 1 - theta[states].sum(), 1 - prior[states].sum()
        own = np.diag(prior[states] / theta[states] ** 2) + rest_prior / rest**2
        result[np.ix_(states, states)] = target.weight[states[0]] * own
    return slope[:, None] * result * slope


def _logit(probability: FloatArray) -> FloatArray:
    return np.log(probability) - np.log1p(-probability)
