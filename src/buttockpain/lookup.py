"""The distribution of the causes of one person, looked up.

Of a risk factor either nothing is known or its state. So there are few combinations of what is known of the factors of
a part (`convolution`), and few of the factors between parts; what each of them does is worked out once per model.
Virtual evidence is a mixture of them. The same numbers as `convolution.together`, to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from buttockpain.convolution import Part, Plan, Share, part_of, switch_on
from buttockpain.types import FloatArray, IntArray

__all__ = ["Lookup", "Table"]

_MAPS = 2**16  # numbers in a table of maps, 512 KiB; a factor whose maps are more has a table of its own


@dataclass(frozen=True, slots=True)
class Table:
    """What some risk factors do, for each combination of what can be known of them.

    Attributes
    ----------
    states : their states on the K axis.
    sizes : how many states each of them has.
    row : from the likelihoods of these states, as bytes, to the row of what they do; unknown first, the last factor
        fastest.
    entries : (rows, 2^t) distribution of t causes, or (rows, S, S) what is done to a distribution over S.
    log_evidence : (rows,) natural log of the probability of what is known.
    """

    states: IntArray
    sizes: tuple[int, ...]
    row: Mapping[bytes, int]
    entries: FloatArray
    log_evidence: FloatArray

    def __post_init__(self) -> None:
        for array in (self.states, self.entries, self.log_evidence):
            array.flags.writeable = False

    @classmethod
    def of_part(cls, part: Part, base: FloatArray) -> Table:
        """Return the distributions of the causes of a part."""
        likelihood, weight, log_evidence = _known(part.shares, base)
        return cls._of(part.shares, likelihood, part_of(part, weight).T, log_evidence)

    @classmethod
    def of_maps(cls, shares: Sequence[Share], base: FloatArray, after: FloatArray) -> Table:
        """Return what some factors do to a distribution over S, and after them a map (S, S)."""
        likelihood, weight, log_evidence = _known(shares, base)
        nothing = np.eye(len(after))
        maps = np.repeat(nothing[None], len(log_evidence), axis=0)
        for share in shares:
            switched = np.stack([nothing, *(switch_on(nothing, link) for link in share.link)])
            maps = np.tensordot(weight[_own(share)], switched, axes=(0, 0)) @ maps
        return cls._of(shares, likelihood, after @ maps, log_evidence)

    @classmethod
    def _of(
        cls, shares: Sequence[Share], likelihood: FloatArray, entries: FloatArray, log_evidence: FloatArray
    ) -> Table:
        """Return a table; each column of the likelihood (K, rows) tells what a row is for."""
        states = np.array([state for share in shares for state in range(len(likelihood))[_own(share)]], dtype=np.int64)
        row = {column.tobytes(): number for number, column in enumerate(likelihood[states].T)}
        sizes = tuple(len(share.link) + 1 for share in shares)
        return cls(states, sizes, row, np.ascontiguousarray(entries), log_evidence)

    def find(self, likelihood: FloatArray) -> tuple[FloatArray, float]:
        """Return what the factors do, and the log-probability of what is known, from the likelihood of states (K,)."""
        own = likelihood[self.states]
        row = self.row.get(own.tobytes())
        return self._mixed(own) if row is None else (self.entries[row], self.log_evidence[row])

    def _mixed(self, likelihood: FloatArray) -> tuple[FloatArray, float]:
        """Return the same for virtual evidence, which is a mixture: each state has as much of a share as its likelihood."""
        share, start = np.ones(1), 0
        for size in self.sizes:
            own = likelihood[start : (start := start + size)]
            known = np.eye(size + 1)[0] if (own == 1).all() else np.concatenate([[0.0], own])
            share = np.multiply.outer(share, known).ravel()
        (rows,) = share.nonzero()
        log_joint = np.log(share[rows]) + self.log_evidence[rows]
        peak = log_joint.max()
        joint = np.exp(log_joint - peak)
        total = joint.sum()
        return np.tensordot(joint / total, self.entries[rows], axes=1), np.log(total) + peak


@dataclass(frozen=True, slots=True)
class Lookup:
    """The tables of a network.

    Attributes
    ----------
    parts : of the parts of the plan.
    places : for each part, (S,) which state of its causes is the one in each state of all causes.
    maps : of the factors that no part holds; the last does what links between causes do, too.
    """

    parts: tuple[Table, ...]
    places: tuple[IntArray, ...]
    maps: tuple[Table, ...]

    def __post_init__(self) -> None:
        for place in self.places:
            place.flags.writeable = False

    @classmethod
    def of(cls, plan: Plan, factors: Sequence[tuple[int, FloatArray]], base: FloatArray, arcs: FloatArray) -> Lookup:
        """Prepare a network.

        Parameters
        ----------
        plan : of the network.
        factors : of each risk factor, its first row on the K axis and its links (states - 1, C).
        base : (K,) base rate of each state.
        arcs : (S, S) what links between causes do to a distribution over S.
        """
        held = {share.factor for part in plan.parts for share in part.shares}
        groups: list[list[Share]] = [[]]
        for number, (first, link) in enumerate(factors):
            if number not in held:
                share = Share(number, first, link)
                if groups[-1] and _rows([*groups[-1], share]) * arcs.size > _MAPS:
                    groups.append([])
                groups[-1].append(share)
        nothing = [np.eye(len(arcs))] * (len(groups) - 1)
        return cls(
            parts=tuple(Table.of_part(part, base) for part in plan.parts),
            places=tuple(_places(part, len(arcs)) for part in plan.parts),
            maps=tuple(
                Table.of_maps(group, base, after) for group, after in zip(groups, [*nothing, arcs], strict=True)
            ),
        )

    def prior(self, likelihood: FloatArray) -> tuple[FloatArray, float]:
        """Return the distribution of the causes, (S,), and the log-probability of what is known of the risk factors.

        Parameters
        ----------
        likelihood : (K,) of each risk-factor state.
        """
        parts = [table.find(likelihood) for table in self.parts]
        maps = [table.find(likelihood) for table in self.maps]
        distribution: FloatArray = reduce(
            np.multiply, [one[place] for (one, _), place in zip(parts, self.places, strict=True)]
        )
        for one, _ in maps:
            distribution = np.dot(one, distribution)
        return distribution, math.fsum([log_evidence for _, log_evidence in parts + maps])


def _own(share: Share) -> slice:
    """Return where the states of a factor stand on the K axis."""
    return slice(share.first, share.first + len(share.link) + 1)


def _rows(shares: Sequence[Share]) -> int:
    """Return how many combinations there are of what can be known of some factors."""
    return math.prod([len(share.link) + 2 for share in shares])


def _known(shares: Sequence[Share], base: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what can be known of some factors: nothing, or the state, of each.

    Returns
    -------
    likelihood : (K, rows) of each state.
    weight : (K, rows) probability of each state of these factors.
    log_evidence : (rows,) natural log of the probability of what is known.
    """
    answers = np.indices([len(share.link) + 2 for share in shares]).reshape(len(shares), _rows(shares))
    likelihood, weight = np.ones((2, len(base), answers.shape[1]))
    log_evidence = np.zeros(answers.shape[1])
    for share, answer in zip(shares, answers, strict=True):
        own, states = _own(share), len(share.link) + 1
        likelihood[own] = np.hstack([np.ones((states, 1)), np.eye(states)])[:, answer]
        joint = base[own, None] * likelihood[own]
        total = joint.sum(axis=0)
        weight[own] = joint / total
        log_evidence += np.log(total)
    return likelihood, weight, log_evidence


def _places(part: Part, states: int) -> IntArray:
    """Return which state of its own causes each state of all causes is for a part, (S,)."""
    every = np.arange(states)
    own: IntArray = np.sum([(every >> cause & 1) << bit for bit, cause in enumerate(part.causes)], axis=0)
    return own
