"""Shapley values: what each answer adds to the log-odds of a cause, fairly shared where answers overlap.

An answer's share is the change it makes to the log-odds, averaged over all orders in which the answers could have come
in. These are the only shares that add up exactly, treat equal answers equally and give nothing to an answer that changes
nothing. Few answers: exact, over all subsets in one batch. Many: over random orders and their reverses; each order by
itself adds up exactly, so the averages do too.

References
----------
Shapley, A value for n-person games, in Contributions to the Theory of Games II (1953), 307-317; sampling of orders:
Castro, Gomez and Tejada, Computers & Operations Research 36 (2009), 1726-1730; reversed orders: Mitchell, Cooper, Frank
and Holmes, Journal of Machine Learning Research 23 (2022), paper 43.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Literal

import numpy as np

from buttockpain.case import Case, Observation, only
from buttockpain.errors import ImpossibleEvidenceError
from buttockpain.inference import log_likelihood, state_prior
from buttockpain.types import BoolArray, FloatArray, IntArray

__all__ = ["Shares", "exact_shares", "sampled_shares", "shares"]

CELLS = 2**18  # subsets times states of the causes: 12 answers of the shipped model, about 10 ms
ORDERS = 256  # half of them the reverses of the others


@dataclass(frozen=True, slots=True)
class Shares:
    """How the log-odds got from prior to posterior.

    Attributes
    ----------
    prior, posterior : log-odds given the complaint alone, and given all answers.
    share : (n,) what each answer adds; sums to posterior - prior.
    standard_error : (n,) of the shares; zeros when they are exact.
    evaluations : how many sets of answers were worked through.
    """

    prior: float
    posterior: float
    share: FloatArray
    standard_error: FloatArray
    evaluations: int
    method: Literal["exact", "sampled"]


def shares(case: Case, observations: Sequence[Observation], target: BoolArray, *, rng: np.random.Generator) -> Shares:
    """Return what each observation adds to the log-odds of a target, exact while that is cheap.

    Parameters
    ----------
    target : (S,) the states of the causes that count as "yes", such as those with a certain cause.
    rng : draws the orders if there are too many observations for all subsets; not touched otherwise.

    Raises
    ------
    ImpossibleEvidenceError : some of the answers leave the target no chance at all, or no doubt.
    """
    if 2 ** len(observations) * len(target) <= CELLS:
        return exact_shares(case, observations, target)
    return sampled_shares(case, observations, target, rng=rng)


def exact_shares(case: Case, observations: Sequence[Observation], target: BoolArray) -> Shares:
    """Return the exact shares, from all 2^n subsets of the observations."""
    count = len(observations)
    findings = [number for number, one in enumerate(observations) if one.axis is not None]
    factors = [number for number, one in enumerate(observations) if one.axis is None]
    complaint, clue = _log_likelihoods(case, observations)
    table = complaint[:, None]
    for number in findings:
        table = np.hstack([table, table + clue[:, [number]]])
    members = np.zeros((count, 2 ** len(factors)), dtype=bool)
    members[factors] = _bits(len(factors))
    prior, _ = state_prior(case.background.network, only(case, observations, members).factor)
    with np.errstate(divide="ignore", invalid="ignore"):  # a sum of zero is reported below
        log_odds = _log_sums(table[target], prior[target]) - _log_sums(table[~target], prior[~target])
    value = _finite(log_odds.T.ravel(), observations)
    share = np.empty(count)
    weight = _weights(count)
    for place, number in enumerate([*findings, *factors]):
        by_presence = value.reshape(-1, 2, 2**place)
        others = weight.reshape(-1, 2, 2**place)[:, 0]
        share[number] = (others * (by_presence[:, 1] - by_presence[:, 0])).sum()
    return Shares(float(value[0]), float(value[-1]), share, np.zeros(count), len(value), "exact")


def sampled_shares(
    case: Case,
    observations: Sequence[Observation],
    target: BoolArray,
    *,
    rng: np.random.Generator,
    orders: int = ORDERS,
) -> Shares:
    """Return the shares averaged over random orders, in pairs of an order and its reverse; they add up exactly.

    Parameters
    ----------
    orders : how many; even, and at least 4, so that there is a standard error.
    """
    count = len(observations)
    complaint, clue = _log_likelihoods(case, observations)
    drawn = rng.permuted(np.tile(np.arange(count), (orders // 2, 1)), axis=1)
    pairs = np.stack([drawn, drawn[:, ::-1]], axis=1)
    size = max(1, 4 * CELLS // (2 * (count + 1) * len(target)))  # pairs at once; bounds memory, changes nothing
    per_pair = np.empty((len(pairs), count))
    for first in range(0, len(pairs), size):
        some = pairs[first : first + size].reshape(-1, count)
        value = _along(case, observations, target, complaint, clue, some)
        place = np.argsort(some, axis=1)
        each = np.take_along_axis(np.diff(value, axis=1), place, axis=1)
        per_pair[first : first + size] = each.reshape(-1, 2, count).mean(axis=1)
    error = per_pair.std(axis=0, ddof=1) / np.sqrt(len(pairs))
    evaluations = 2 * len(pairs) * (count + 1)
    return Shares(float(value[0, 0]), float(value[0, -1]), per_pair.mean(axis=0), error, evaluations, "sampled")


def _along(
    case: Case,
    observations: Sequence[Observation],
    target: BoolArray,
    complaint: FloatArray,
    clue: FloatArray,
    orders: IntArray,
) -> FloatArray:
    """Return the log-odds along each order, from no observation to all, (orders, n + 1)."""
    length, count = orders.shape
    table = np.empty((len(target), length, count + 1))
    table[:, :, 0] = complaint[:, None]
    table[:, :, 1:] = complaint[:, None, None] + np.cumsum(clue[:, orders], axis=2)
    place = np.argsort(orders, axis=1)
    members = (place.T[:, :, None] < np.arange(count + 1)).reshape(count, -1)
    members &= np.array([one.axis is None for one in observations])[:, None]
    # The prior depends on the risk factors alone, and few sets of them are different.
    _, index, inverse = np.unique(np.packbits(members, axis=0), axis=1, return_index=True, return_inverse=True)
    prior, _ = state_prior(case.background.network, only(case, observations, members[:, index]).factor)
    prior = prior[:, inverse.ravel()].reshape(table.shape)
    with np.errstate(divide="ignore", invalid="ignore"):  # a sum of zero is reported below
        return _finite(_log_sum(table[target], prior[target]) - _log_sum(table[~target], prior[~target]), observations)


def _log_likelihoods(case: Case, observations: Sequence[Observation]) -> tuple[FloatArray, FloatArray]:
    """Return log P(complaint | state), (S,), and log P(finding | state) of each observation, (S, n); 0 for the others."""
    network = case.background.network
    alone = only(case, observations, np.eye(len(observations), dtype=bool))
    alone.finding[network.presenting] = -1
    return network.log_answer[2 * network.presenting + 1], log_likelihood(network, alone)


def _log_sums(table: FloatArray, prior: FloatArray) -> FloatArray:
    """Return log of sum over states of exp(table) x prior, for every pair of columns."""
    peak = table.max(axis=0)
    result: FloatArray = np.log(np.exp(table - peak).T @ prior) + peak[:, None]
    return result


def _log_sum(table: FloatArray, prior: FloatArray) -> FloatArray:
    """Return the same, entry by entry."""
    peak = table.max(axis=0)
    result: FloatArray = np.log((np.exp(table - peak) * prior).sum(axis=0)) + peak
    return result


def _finite(log_odds: FloatArray, observations: Sequence[Observation]) -> FloatArray:
    """Return log-odds, all of which are finite."""
    if not np.isfinite(log_odds).all():
        raise ImpossibleEvidenceError([one.id for one in observations])
    return log_odds


def _bits(count: int) -> BoolArray:
    """Return all subsets of so many things, (count, 2^count); bit i of a subset's number says whether it has thing i."""
    return (np.arange(2**count) >> np.arange(count)[:, None] & 1).astype(bool)


def _weights(count: int) -> FloatArray:
    """Return the share of orders in which just this subset comes before another thing, (2^count,)."""
    by_size = [factorial(size) * factorial(count - 1 - size) / factorial(count) for size in range(count)]
    # The full set comes before nothing; its weight is never used.
    weight: FloatArray = np.array([*by_size, 0.0])[_bits(count).sum(axis=0)]
    return weight
