"""Conflict: answers that speak against each other.

Answers that point the same way make each other more likely, so their joint probability is above the product of their
single ones. Jensen's measure is the log of the opposite: log2(product of P(answer) / P(all answers)), everything given
the complaint. Above 0 the answers are harder to explain together than one by one.

References
----------
Jensen, Chamberlain, Nordahl and Jensen, Analysis in HUGIN of data conflict, Uncertainty in Artificial Intelligence 6
(1991), 519-528.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import log

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case, Observation, only
from buttockpain.differential import MARGIN
from buttockpain.inference import infer
from buttockpain.types import Id

__all__ = ["Conflict", "ConflictPair", "conflict_of"]


class ConflictPair(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Two answers that are harder to explain together than one by one, and by how many bits."""

    ids: tuple[Id, Id]
    labels: tuple[str, str]
    bits: float


class Conflict(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How much the answers speak against each other.

    Attributes
    ----------
    bits : Jensen's measure of all answers that bear on the ranking, given the complaint; above 0 they conflict, below
        0 they support each other, and 0 with fewer than two answers.
    worst : the pair that conflicts most; None if no two answers conflict.
    """

    bits: float
    worst: ConflictPair | None


def conflict_of(case: Case, observations: Sequence[Observation]) -> Conflict:
    """Return how much the observations speak against each other."""
    count = len(observations)
    pairs = list(combinations(range(count), 2))
    # Columns: the complaint alone, each observation, each pair, all.
    members = np.zeros((count, 1 + count + len(pairs) + 1), dtype=bool)
    members[range(count), range(1, count + 1)] = True
    for column, pair in enumerate(pairs, start=1 + count):
        members[list(pair), column] = True
    members[:, -1] = True
    log_evidence = infer(case.background.network, only(case, observations, members)).log_evidence
    log_given_complaint = (log_evidence - log_evidence[0]) / log(2)
    single = log_given_complaint[1 : count + 1]
    if not pairs:
        return Conflict(bits=0.0, worst=None)
    first, second = np.array(pairs).T
    bits = single[first] + single[second] - log_given_complaint[count + 1 : -1]
    most = int(np.rint(bits / MARGIN).argmax())
    worst = None
    if bits[most] > MARGIN:
        one, other = (observations[number] for number in pairs[most])
        worst = ConflictPair(ids=(one.id, other.id), labels=(one.label, other.label), bits=float(bits[most]))
    return Conflict(bits=float(single.sum() - log_given_complaint[-1]), worst=worst)
