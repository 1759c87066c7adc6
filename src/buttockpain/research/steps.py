"""The steps by which causes come about in one person, forwards and backwards.

Leaks, risk factors and links between causes each give causes a chance. Forwards a step turns the distribution over the
states of the causes into the next one. Backwards it turns what each state is worth afterwards, in probability of the
evidence, into what it was worth before, and fills in the straight lines of its own numbers (see `lines`).

Axis letters: S states of the causes, N numbers, O outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from buttockpain.model import Model
from buttockpain.research.parameters import table_of
from buttockpain.types import FloatArray, IntArray

__all__ = ["Ends", "Factor", "Mixture", "Step", "Switch", "steps_of"]

Ends = tuple[FloatArray, FloatArray]
"""Heights of the lines at zero and at the ceiling, each (N, 2 O), filled in step by step."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A chance that a cause comes about.

    `becomes` (S,) is the state that each state turns into; `off` are those that turn into another one, `on` those others,
    and `stays` (S,) how likely each state is to stay what it is.
    """

    number: int
    chance: float
    becomes: IntArray
    off: IntArray
    on: IntArray
    stays: FloatArray

    @property
    def numbers(self) -> tuple[int, ...]:
        """What this step fills in."""
        return (self.number,)

    def forward(self, distribution: FloatArray) -> FloatArray:
        """Return the distribution (S,) after the chance."""
        result = self.stays * distribution
        result[self.on] += self.chance * distribution[self.off]
        return result

    def backward(
        self, before: FloatArray, worth: FloatArray, ends: Ends, weight: float = 1.0, others: float | FloatArray = 0.0
    ) -> FloatArray:
        """Return what each state is worth (S, 2 O) before the chance, and fill in its line.

        `weight` is the probability that the chance is given at all, and `others` (2 O,) the height of all else.
        """
        certain = worth[self.becomes]
        ends[0][self.number] = weight * before.dot(worth) + others
        ends[1][self.number] = weight * before.dot(certain) + others
        return (1 - self.chance) * worth + self.chance * certain


@dataclass(frozen=True, slots=True)
class Factor:
    """A risk factor: its place on the K axis and the base rates of its states, the remainder first.

    For each state but the remainder, `bases` holds its number and `branches` its switches.
    """

    first: int
    rates: tuple[float, ...]
    bases: tuple[int, ...]
    branches: tuple[tuple[Switch, ...], ...]


@dataclass(frozen=True, slots=True)
class Mixture:
    """A risk factor of one person.

    `likelihood` is that of what is known of it, in each state, and `weights` the same times the base rate; a state that
    is ruled out has no switches.
    """

    factor: Factor
    likelihood: list[float]
    weights: list[float]
    branches: tuple[tuple[Switch, ...], ...]

    @classmethod
    def of(cls, factor: Factor, likelihood: list[float]) -> Mixture:
        """Return the risk factor of a person."""
        weights = [rate * one for rate, one in zip(factor.rates, likelihood, strict=True)]
        branches = (branch if weight else () for weight, branch in zip(weights[1:], factor.branches, strict=True))
        return cls(factor, likelihood, weights, ((), *branches))

    @property
    def numbers(self) -> tuple[int, ...]:
        """What this step fills in."""
        return (*self.factor.bases, *(switch.number for branch in self.branches for switch in branch))

    def forward(self, distribution: FloatArray) -> FloatArray:
        """Return the distribution (S,) after the risk factor, times the probability of what is known of it."""
        result = self.weights[0] * distribution
        for weight, branch in zip(self.weights[1:], self.branches[1:], strict=True):
            one = distribution
            for switch in branch:
                one = switch.forward(one)
            result += weight * one
        return result

    def backward(self, before: FloatArray, worth: FloatArray, ends: Ends) -> FloatArray:
        """Return what each state is worth (S, 2 O) before the risk factor, and fill in its lines."""
        weights, likelihood = self.weights, self.likelihood
        moments = [[before] for _ in weights]
        for branch, passed in zip(self.branches, moments, strict=True):
            for switch in branch:
                passed.append(switch.forward(passed[-1]))
        total = [passed.pop().dot(worth) for passed in moments]  # of each state by itself
        height = [weight * one for weight, one in zip(weights, total, strict=True)]
        result = weights[0] * worth
        for t, number in enumerate(self.factor.bases, start=1):
            value, others = worth, _sum(height, t)
            for switch, moment in zip(self.branches[t][::-1], moments[t][::-1], strict=True):
                value = switch.backward(moment, value, ends, weights[t], others)
            result += weights[t] * value
            others, ceiling = _sum(height, t, 0), self.factor.rates[0] + self.factor.rates[t]
            ends[0][number] = ceiling * likelihood[0] * total[0] + others
            ends[1][number] = ceiling * likelihood[t] * total[t] + others
        return result


def _sum(height: list[FloatArray], *without: int) -> FloatArray | float:
    """Return the sum of all heights but some; the sum of all minus those would cancel."""
    return sum(one for t, one in enumerate(height) if t not in without)


Step = Switch | Mixture


def steps_of(model: Model, likelihood: FloatArray) -> list[Step]:
    """Return the steps of one person: leaks, risk factors, links between causes.

    Parameters
    ----------
    likelihood : (K,) of what is known of the risk factors, in each of their states.
    """
    leaks, factors, arcs = _places(model)
    known = likelihood.tolist()
    mixtures = [Mixture.of(one, known[one.first : one.first + len(one.rates)]) for one in factors]
    return [*leaks, *mixtures, *arcs]


@lru_cache(maxsize=8)
def _places(model: Model) -> tuple[tuple[Switch, ...], tuple[Factor, ...], tuple[Switch, ...]]:
    table, network = table_of(model), model.network
    states = np.arange(len(network.has))

    def switch(number: int, child: int, parent: int | None = None) -> Switch:
        concerned = ~network.has[:, child] if parent is None else ~network.has[:, child] & network.has[:, parent]
        chance = float(table.value[number])
        becomes = np.where(concerned, states | 1 << child, states)
        stays = np.where(concerned, 1 - chance, 1.0)
        return Switch(number, chance, becomes, states[concerned], becomes[concerned], stays)

    leaks = tuple(switch(number, k) for k, number in enumerate(table.leaks))
    factors = tuple(
        Factor(
            one.first,
            tuple(network.base[one.first : one.first + len(one.states)].tolist()),
            places.bases,
            tuple(tuple(switch(number, k) for k, number in links) for links in places.links),
        )
        for one, places in zip(network.factors, table.factors, strict=True)
    )
    return leaks, factors, tuple(switch(number, child, parent) for parent, child, number in table.arcs)
