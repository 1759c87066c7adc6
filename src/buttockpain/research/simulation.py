"""Patients drawn from a model, exactly: all of them have the complaint, none is drawn and thrown away.

First the causes are drawn given the complaint, then the findings given the causes, then the risk factors backwards.
The causes come about in steps (leaks, one risk factor after another, the links between causes), so the risk factors
given the causes are the hidden path of a Markov chain whose end is known, and are drawn by stepping back through it.

References
----------
Ancestral sampling: Koller and Friedman, Probabilistic Graphical Models (2009), section 12.1. Drawing a hidden path
backwards: Fruehwirth-Schnatter, Journal of Time Series Analysis 15 (1994), 183-202.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from buttockpain.convolution import switch_on
from buttockpain.errors import nearest
from buttockpain.network import Factor, Network, follow_arcs
from buttockpain.research.cases import CaseTable, Codes, questions_of
from buttockpain.types import FloatArray, Id, IntArray, Kind
from buttockpain.urgency import UNASKED

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["SHORT_VISIT", "draw", "simulate"]

SHORT_VISIT: Mapping[Kind, float] = {
    "symptom": 0.4, "history": 0.6, "risk_factor": 0.6, "red_flag": 1.0, "sign": 0.3, "test": 0.05,
}  # fmt: skip
"""Share of the questions of each kind that a short visit asks; made up to resemble one, not measured."""


def simulate(
    model: Model | Sequence[Model],
    size: int,
    *,
    rng: np.random.Generator,
    asked: Mapping[Kind, float] | None = None,
    flags: Mapping[Id, float] | None = None,
) -> CaseTable:
    """Return patients drawn from a model given the complaint, with their causes known.

    Parameters
    ----------
    model : where to draw from; or several models with the same questions, each patient from any of them with equal
        chance. Draws of an uncertain model's numbers give patients of the uncertain model.
    size : how many patients.
    rng : where all randomness comes from.
    asked : share of the questions of each kind that a patient is asked, independently of the answers and of each
        other; all of them for a kind that is left out. `SHORT_VISIT` is an example.
    flags : how often each red flag is present that the ranking does not use; the model says nothing about them, so
        one that is left out is absent in everybody.

    Returns
    -------
    CaseTable : of `size` people; questions nobody asked are marked so, not answered no.

    Raises
    ------
    ValueError : a share or rate outside [0, 1], an unknown kind or flag, or models with different questions.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> patients = simulate(default_model(), 20_000, rng=np.random.default_rng(1), asked=SHORT_VISIT)
    >>> round(float(patients.cause[patients.causes.index("fasciitis")].mean()), 2)  # the prior given the complaint
    0.22
    """
    models = [model] if not isinstance(model, Sequence) else list(model)
    _check(models, asked or {}, flags or {})
    counts = [size] if len(models) == 1 else rng.multinomial(size, np.full(len(models), 1 / len(models))).tolist()
    tables = [_patients(one, count, rng, flags or {}) for one, count in zip(models, counts, strict=True)]
    together = tables[0] if len(tables) == 1 else _shuffled(tables, rng)
    return _interviewed(models[0], together, asked or {}, rng)


def draw(network: Network, size: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, Codes]:
    """Return states of the causes (B,), states of the risk factors (R, B) and findings (F, B), given the complaint."""
    steps = [network.from_leaks]
    for one in network.factors:
        steps.append(_by_state(network, one, steps[-1]).sum(axis=0))
    log_yes = network.log_answer[1::2]
    after = follow_arcs(steps[-1][:, None].copy(), network.arc_steps)[:, 0]
    weight = after * np.exp(log_yes[network.presenting])
    state = rng.choice(len(weight), size=size, p=weight / weight.sum())
    finding = (rng.random((len(network.findings), size)) < np.exp(log_yes)[:, state]).astype(np.int8)
    finding[network.presenting] = 1

    before = np.empty_like(state)
    for one_state in np.unique(state):
        who = np.flatnonzero(state == one_state)
        weight = _from_states(network, one_state) * steps[-1]
        before[who] = rng.choice(len(weight), size=len(who), p=weight / weight.sum())
    factor = np.empty((len(network.factors), size), np.int64)
    for r in range(len(network.factors) - 1, -1, -1):
        factor[r], before = _step_back(network, network.factors[r], steps[r], before, rng)
    return state, factor, finding


def _from_states(network: Network, state: int) -> FloatArray:
    """Return how likely the links between causes make this state of each, (S,): `follow_arcs` the other way round."""
    chance = np.zeros((len(network.has), 1))
    chance[state] = 1
    for arc in reversed(network.arc_steps):
        by_child = chance.reshape(-1, 2, 2**arc.child, 1)
        absent, present = by_child[:, 0], by_child[:, 1]
        absent *= arc.stays_away
        absent += present * arc.comes
    return chance[:, 0]


def _by_state(network: Network, one: Factor, distribution: FloatArray) -> FloatArray:
    """Return what each state of a risk factor makes of a distribution over S, times the state's base rate."""
    base = network.base[one.first : one.first + len(one.states)]
    switched = [distribution, *(switch_on(distribution[:, None], link)[:, 0] for link in one.link)]
    return base[:, None] * np.array(switched)


def _step_back(
    network: Network, one: Factor, distribution: FloatArray, after: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return the state of a risk factor and the causes there were before it had its chance.

    Parameters
    ----------
    distribution : (S,) of the causes before.
    after : (B,) states of the causes afterwards.
    """
    shares = _by_state(network, one, distribution)
    cumulative = np.cumsum(shares / shares.sum(axis=0), axis=0)[:-1]
    chosen = (rng.random(len(after)) >= cumulative[:, after]).sum(axis=0)
    before = after.copy()
    for number, link in enumerate(one.link, start=1):
        who = np.flatnonzero(chosen == number)
        moments = [(distribution, -1)]
        for k in np.flatnonzero(link).tolist():
            moments.append((_switch_on_one(moments[-1][0], link, k), k))
        for (earlier, _), (later, k) in zip(moments[-2::-1], moments[:0:-1], strict=True):
            now = before[who]
            came_about = earlier[now & ~(1 << k)] * link[k] / later[now]
            switched = (now >> k & 1 == 1) & (rng.random(len(who)) < came_about)
            before[who] = np.where(switched, now ^ (1 << k), now)
    return chosen, before


def _switch_on_one(distribution: FloatArray, link: FloatArray, k: int) -> FloatArray:
    """Return the distribution after the chance to bring about cause k alone."""
    only = np.zeros_like(link)
    only[k] = link[k]
    return switch_on(distribution[:, None], only)[:, 0]


def _patients(model: Model, size: int, rng: np.random.Generator, flags: Mapping[Id, float]) -> CaseTable:
    """Return patients of one model who were asked everything."""
    network, knowledge = model.network, model.knowledge
    state, factor, finding = draw(network, size, rng)
    questions, states = questions_of(knowledge)
    answer = np.empty((len(questions), size), np.int8)
    for row, name in enumerate(questions):
        if name in network.factor_index:
            answer[row] = factor[network.factor_index[name]]
        elif name in network.finding_index:
            answer[row] = finding[network.finding_index[name]]
        else:
            answer[row] = rng.random(size) < flags.get(name, 0.0)
    return CaseTable(
        questions=questions,
        states=states,
        answer=answer,
        soft={},
        measured={},
        causes=network.causes,
        cause=network.has[state].T.astype(np.int8),
        reference=np.full(size, -1, np.int8),
    )


def _interviewed(model: Model, table: CaseTable, asked: Mapping[Kind, float], rng: np.random.Generator) -> CaseTable:
    """Return the table with the answers to questions that were not asked taken out."""
    answer = table.answer.copy()
    for row, name in enumerate(table.questions):
        share = asked.get(_kind(model, name), 1.0)
        if share < 1:
            answer[row, rng.random(len(table)) >= share] = UNASKED
    return replace(table, answer=answer)


def _kind(model: Model, name: Id) -> Kind:
    """Return the kind of a question."""
    return "risk_factor" if name in model.knowledge.risk_factor else model.knowledge.finding[name].kind


def _shuffled(tables: list[CaseTable], rng: np.random.Generator) -> CaseTable:
    """Return several tables as one, people in random order."""
    together = replace(
        tables[0],
        answer=np.concatenate([table.answer for table in tables], axis=1),
        cause=np.concatenate([table.cause for table in tables], axis=1),
        reference=np.concatenate([table.reference for table in tables]),
    )
    return together.take(rng.permutation(len(together)))


def _check(models: Sequence[Model], asked: Mapping[Kind, float], flags: Mapping[Id, float]) -> None:
    """Refuse what cannot be simulated, everything at once.

    Raises
    ------
    ValueError : see `simulate`.
    """
    problems = []
    first = models[0]
    known = [name for name, finding in first.knowledge.finding.items() if finding.leak is None]
    problems += [f"`asked` has the unknown kind {kind!r}" for kind in asked if kind not in first.knowledge.kind]
    problems += [
        f"`flags` has {name!r}, which is no red flag outside the ranking {nearest(name, known)}".rstrip()
        for name in flags if name not in known
    ]  # fmt: skip
    problems += [
        f"{what} of {name!r} is {share!r}, expected 0 to 1"
        for what, shares in (("`asked`", asked), ("`flags`", flags))
        for name, share in shares.items()
        if not 0 <= share <= 1
    ]
    if any(questions_of(one.knowledge) != questions_of(first.knowledge) for one in models):
        problems.append("the models do not have the same questions")
    if problems:
        raise ValueError("; ".join(problems))
