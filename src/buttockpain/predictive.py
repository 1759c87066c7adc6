"""What the open questions would be answered, as the model itself predicts it: all combinations, or exact draws.

A draw is a whole person who could have given these answers: the causes, every risk factor and every finding, jointly.
Risk factors and causes depend on each other and on the findings, so they are drawn along the chain in which the model
makes causes: leaks, then each risk factor, then links between causes. Messages from the findings run backwards through
that chain first and say how well the evidence would be explained from each point on; with them each step forward is
drawn from its exact conditional distribution. The cost is that of one inference, then a table look-up per step.

References
----------
Backward messages and forward draws in a chain: Rabiner, Proceedings of the IEEE 77 (1989), 257-286, for the messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from buttockpain.inference import Evidence, Posterior
from buttockpain.network import Arc, Factor, Network
from buttockpain.types import BoolArray, FloatArray, IntArray

__all__ = ["People", "draw_people"]


@dataclass(frozen=True, slots=True)
class People:
    """People drawn from the model.

    Attributes
    ----------
    state : (B,) state of the causes.
    factor : (number of risk factors, B) state of each risk factor, 0 for the remainder.
    finding : (F, B) whether each finding is there; what the evidence says where it says it.
    """

    state: IntArray
    factor: IntArray
    finding: BoolArray


Switch: TypeAlias = tuple[int, FloatArray]
"""A cause, and the probability (S,) that it is brought about now, given the causes before."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One risk factor's place in the chain.

    Attributes
    ----------
    choice : (number of its states, S) cumulative probability of its state, given the causes before it.
    switches : for each of its states, the causes it can bring about.
    """

    choice: FloatArray
    switches: tuple[tuple[Switch, ...], ...]


def draw_people(
    network: Network, evidence: Evidence, posterior: Posterior, size: int, *, rng: np.random.Generator
) -> People:
    """Return people drawn from the model, given what is known of one.

    Parameters
    ----------
    evidence, posterior : of one person; the evidence must not be impossible.
    size : how many to draw, B.
    """
    log_likelihood = posterior.log_likelihood[:, 0]
    message = np.exp(log_likelihood - log_likelihood.max())
    arcs: list[Switch] = []
    for arc in reversed(network.arc_steps):
        switch, message = _backwards_through(arc, message)
        arcs.append(switch)
    steps: list[_Step] = []
    for one in reversed(network.factors):
        weight = network.base[one.first : one.first + len(one.states)]
        step, message = _backwards(one, weight * evidence.factor[one.first : one.first + len(one.states), 0], message)
        steps.append(step)

    state = _choose(np.cumsum(network.from_leaks * message)[:, None], np.zeros(size, dtype=np.int64), rng)
    factor = np.empty((len(network.factors), size), dtype=np.int64)
    for number, step in enumerate(reversed(steps)):
        factor[number] = _choose(step.choice, state, rng)
        for chosen, switches in enumerate(step.switches):
            if switches:
                _switch_on(state, np.flatnonzero(factor[number] == chosen), switches, rng)
    _switch_on(state, np.arange(size), arcs[::-1], rng)
    finding = rng.random((len(network.findings), size)) < np.exp(network.log_answer[1::2, state])
    known = evidence.finding[:, 0] >= 0
    finding[known] = evidence.finding[known] == 1
    return People(state, factor, finding)


def _backwards(factor: Factor, weight: FloatArray, message: FloatArray) -> tuple[_Step, FloatArray]:
    """Return how to draw one risk factor and what it brings about, and the message to what comes before it."""
    states = np.arange(len(message))
    through: list[FloatArray] = [weight[0] * message]
    switches: list[tuple[Switch, ...]] = [()]
    for share, link in zip(weight[1:], factor.link, strict=True):
        towards, found = message, list[Switch]()
        for cause in reversed(np.flatnonzero(link).tolist()):
            absent = (states >> cause & 1) == 0
            on = np.where(absent, link[cause] * towards[states | 1 << cause], 0.0)
            before = np.where(absent, (1 - link[cause]) * towards + on, towards)
            found.append((cause, np.divide(on, before, out=np.zeros_like(on), where=before > 0)))
            towards = before
        through.append(share * towards)
        switches.append(tuple(reversed(found)))
    choice = np.cumsum(np.stack(through), axis=0)
    return _Step(choice, tuple(switches)), choice[-1]


def _backwards_through(arc: Arc, message: FloatArray) -> tuple[Switch, FloatArray]:
    """Return how to draw what links between causes bring about, and the message to what comes before them."""
    before, probability = message.copy(), np.zeros_like(message)
    by_child = (-1, 2, 2**arc.child)
    absent, present = before.reshape(by_child)[:, 0], message.reshape(by_child)[:, 1]
    on = arc.comes[..., 0] * present
    absent *= arc.stays_away[..., 0]
    absent += on
    np.divide(on, absent, out=probability.reshape(by_child)[:, 0], where=absent > 0)
    return (arc.child, probability), before


def _switch_on(state: IntArray, here: IntArray, switches: Sequence[Switch], rng: np.random.Generator) -> None:
    """Let causes be brought about, one after another, in some of the people."""
    for cause, probability in switches:
        on = rng.random(len(here)) < probability[state[here]]
        state[here[on]] |= 1 << cause


def _choose(cumulative: FloatArray, column: IntArray, rng: np.random.Generator) -> IntArray:
    """Return a row drawn for each person, from the column of cumulative weights the person stands in."""
    threshold = rng.random(len(column)) * cumulative[-1, column]
    chosen: IntArray = (cumulative[:, column] <= threshold).sum(axis=0)
    return chosen
