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

from dataclasses import dataclass

import numpy as np

from buttockpain.inference import Evidence, Posterior
from buttockpain.network import Factor, Network
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


@dataclass(frozen=True, slots=True)
class _Step:
    """One risk factor's place in the chain.

    Attributes
    ----------
    choice : (number of its states, S) cumulative probability of its state, given the causes before it.
    switches : for each of its states the causes it can bring about, each with the probability (S,) that it does.
    """

    choice: FloatArray
    switches: tuple[tuple[tuple[int, FloatArray], ...], ...]


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
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    last = network.arcs * likelihood[:, None]  # (state after the arcs, state before them)
    message = last.sum(axis=0)
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
            here = np.flatnonzero(factor[number] == chosen) if switches else ()
            if len(here):
                for cause, probability in switches:
                    on = rng.random(len(here)) < probability[state[here]]
                    state[here[on]] |= 1 << cause
    state = _choose(np.cumsum(last, axis=0), state, rng)
    finding = rng.random((len(network.findings), size)) < np.exp(network.log_answer[1::2, state])
    known = evidence.finding[:, 0] >= 0
    finding[known] = evidence.finding[known] == 1
    return People(state, factor, finding)


def _backwards(factor: Factor, weight: FloatArray, message: FloatArray) -> tuple[_Step, FloatArray]:
    """Return how to draw one risk factor and what it brings about, and the message to what comes before it."""
    states = np.arange(len(message))
    through: list[FloatArray] = [weight[0] * message]
    switches: list[tuple[tuple[int, FloatArray], ...]] = [()]
    for share, link in zip(weight[1:], factor.link, strict=True):
        towards, found = message, list[tuple[int, FloatArray]]()
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


def _choose(cumulative: FloatArray, column: IntArray, rng: np.random.Generator) -> IntArray:
    """Return a row drawn for each person, from the column of cumulative weights the person stands in."""
    threshold = rng.random(len(column)) * cumulative[-1, column]
    chosen: IntArray = (cumulative[:, column] <= threshold).sum(axis=0)
    return chosen
