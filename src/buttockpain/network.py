"""The network: a model compiled into read-only arrays. The only place that fixes the order of axes.

Axis letters, here and in `inference`::

    B  people in a batch
    C  causes, in the order of the model file
    F  findings that have a leak, in the order of the model file
    K  states of all risk factors, one after another, the remainder ("no") of each first
    S  = 2^C states of the causes; bit k of a state's number says whether cause k is present

Noisy-OR with leak: Pearl, Probabilistic Reasoning in Intelligent Systems (1988), section 4.3.2; Henrion, Some
practical issues in constructing belief networks (UAI 1987), for the leak.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.convolution import Plan
from buttockpain.convolution_plan import plan_of
from buttockpain.lookup import Lookup
from buttockpain.types import BoolArray, FloatArray, Id

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

__all__ = ["Arc", "Factor", "Network", "follow_arcs"]

_DENSE_STATES = 128  # up to here (S, S) matrices are small, and faster than axis by axis


@dataclass(frozen=True, slots=True)
class Factor:
    """One risk factor.

    Attributes
    ----------
    states : its states, the remainder first.
    first : index of the remainder on the K axis.
    link : (states - 1, C), probability that the state by itself brings about the cause; 0 where there is no link.
    """

    id: Id
    states: tuple[str, ...]
    first: int
    link: FloatArray


@dataclass(frozen=True, slots=True)
class Arc:
    """The links to one cause from other causes.

    Attributes
    ----------
    child : index on the C axis.
    comes, stays_away : (S / 2^(child + 1), 2^child, 1) probability that a parent brings it about, and that none does,
        for the states of the causes above the child and of those below.
    """

    child: int
    stays_away: FloatArray
    comes: FloatArray


@dataclass(frozen=True, slots=True)
class Network:
    """A compiled model.

    Attributes
    ----------
    causes, findings : ids on the C and F axes.
    ranked : (C,) whether the cause is offered as a diagnosis.
    has : (S, C) whether the state has the cause.
    summary : (2C + 1, S) of 0 and 1; times a distribution over S gives P(cause present), P(cause absent) and, last,
        P(no ranked cause).
    from_leaks : (S,) distribution of the causes that come about by their leaks alone.
    factors, base : the risk factors, and (K,) the base rate of each of their states.
    log_answer : (2F, S) natural log of P(no | state) in even rows and P(yes | state) in odd rows.
    surprisal : (F, 3, S) mean, variance and third central moment of -log P(answer | state).
    presenting : index on the F axis of the complaint that is always present.
    arc_steps : what links between causes do to a distribution over S, child by child.
    plan : how a batch puts its risk factors together.
    lookup : the same for one person, None for many states.
    """

    causes: tuple[Id, ...]
    findings: tuple[Id, ...]
    ranked: BoolArray
    has: BoolArray
    summary: FloatArray
    from_leaks: FloatArray
    factors: tuple[Factor, ...]
    base: FloatArray
    log_answer: FloatArray
    surprisal: FloatArray
    presenting: int
    finding_index: Mapping[Id, int]
    factor_index: Mapping[Id, int]
    arc_steps: tuple[Arc, ...]
    plan: Plan
    lookup: Lookup | None

    @classmethod
    def of(cls, knowledge: Knowledge) -> Network:
        """Compile a model.

        Examples
        --------
        >>> from buttockpain.model import default_model
        >>> network = default_model().network
        >>> len(network.causes), len(network.findings), network.log_answer.shape
        (6, 76, (152, 64))
        """
        causes = tuple(knowledge.cause)
        has = np.array([[state >> k & 1 for k in range(len(causes))] for state in range(2 ** len(causes))], dtype=bool)
        ranked = np.array([cause.ranked for cause in knowledge.cause.values()])
        none = ~(has & ranked).any(axis=1)
        leak = np.array([cause.leak.value for cause in knowledge.cause.values()])
        findings = tuple(name for name, finding in knowledge.finding.items() if finding.leak is not None)
        log_no, log_yes = _finding_tables(knowledge, causes, findings, has)
        factors, base = _factors(knowledge, causes)
        arc_steps = _arcs(knowledge, causes, has)
        links = [(factor.first, factor.link) for factor in factors]
        plan = plan_of(leak, links)
        dense = len(has) <= _DENSE_STATES
        return cls(
            causes=causes,
            findings=findings,
            ranked=_frozen(ranked),
            has=_frozen(has),
            summary=_frozen(np.vstack([has.T, ~has.T, none]).astype(np.float64)),
            from_leaks=_frozen(np.where(has, leak, 1 - leak).prod(axis=1)),
            factors=factors,
            base=_frozen(base),
            log_answer=_frozen(np.stack([log_no, log_yes], axis=1).reshape(2 * len(findings), -1)),
            surprisal=_frozen(_surprisal_moments(log_no, log_yes)),
            presenting=next(index for index, name in enumerate(findings) if knowledge.finding[name].presenting),
            finding_index={name: index for index, name in enumerate(findings)},
            factor_index={factor.id: index for index, factor in enumerate(factors)},
            arc_steps=arc_steps,
            plan=plan,
            lookup=Lookup.of(plan, links, base, follow_arcs(np.eye(len(has)), arc_steps)) if dense else None,
        )


def follow_arcs(distribution: FloatArray, arcs: tuple[Arc, ...]) -> FloatArray:
    """Let the links between causes do what they do to a distribution (S, B), in place, and return it."""
    for arc in arcs:
        by_child = distribution.reshape(len(distribution) >> (arc.child + 1), 2, 2**arc.child, distribution.shape[-1])
        absent, present = by_child[:, 0], by_child[:, 1]
        present += absent * arc.comes
        absent *= arc.stays_away
    return distribution


def _finding_tables(
    knowledge: Knowledge, causes: tuple[Id, ...], findings: tuple[Id, ...], has: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return log P(no | state) and log P(yes | state), both (F, S).

    "No" factorises over the causes, so its log is a sum; "yes" is its complement, taken without cancellation.
    """
    log_leak = np.empty(len(findings))
    log_link = np.zeros((len(findings), len(causes)))
    for f, name in enumerate(findings):
        finding = knowledge.finding[name]
        if finding.leak is not None:
            log_leak[f] = np.log1p(-finding.leak.value)
        for parent, link in finding.link.items():
            log_link[f, causes.index(parent)] = np.log1p(-link.value)
    log_no = log_leak[:, None] + log_link @ has.T
    return log_no, np.log(-np.expm1(log_no))


def _surprisal_moments(log_no: FloatArray, log_yes: FloatArray) -> FloatArray:
    """Return mean, variance and third central moment of -log P(answer | state), (F, 3, S)."""
    no, yes = np.exp(log_no), np.exp(log_yes)
    gap = log_no - log_yes  # how much more surprising a yes is than a no
    mean = -(yes * log_yes + no * log_no)
    return np.stack([mean, yes * no * gap**2, yes * no * (no - yes) * gap**3], axis=1)


def _factors(knowledge: Knowledge, causes: tuple[Id, ...]) -> tuple[tuple[Factor, ...], FloatArray]:
    """Return the risk factors and the base rates of their states."""
    factors: list[Factor] = []
    base: list[float] = []
    for name, entry in knowledge.risk_factor.items():
        states = entry.states or ("no", "yes")
        active = entry.active_states()
        rates = np.array([active[state].value for state in states[1:]])
        remainder = math.fsum([1.0, *-rates])  # rounded once: it may be small
        link = np.zeros((len(rates), len(causes)))
        for c, cause in enumerate(knowledge.cause.values()):
            for state, parameter in cause.links_from(name).items():
                link[states.index(state) - 1, c] = parameter.value
        factors.append(Factor(name, states, len(base), _frozen(link)))
        base.extend([remainder, *rates])
    return tuple(factors), np.array(base)


def _arcs(knowledge: Knowledge, causes: tuple[Id, ...], has: BoolArray) -> tuple[Arc, ...]:
    """Return the links between causes, child by child, parents first; each present parent has its chance."""
    arcs = []
    for name in _parents_first(knowledge, causes):
        child = causes.index(name)
        log_stays_away = np.zeros(len(has))
        for parent in (parent for parent in knowledge.cause[name].link if parent in causes):
            for link in knowledge.cause[name].links_from(parent).values():
                log_stays_away += np.where(has[:, causes.index(parent)], np.log1p(-link.value), 0.0)
        without = log_stays_away.reshape(-1, 2, 2**child)[:, 0, :, None]
        arcs.append(Arc(child, _frozen(np.exp(without)), _frozen(-np.expm1(without))))
    return tuple(arcs)


def _parents_first(knowledge: Knowledge, causes: tuple[Id, ...]) -> list[Id]:
    """Return the causes that have parents among the causes, each after its parents."""
    parents = {name: [p for p in knowledge.cause[name].link if p in causes] for name in causes}
    ordered: list[Id] = []
    while len(ordered) < len(causes):
        ordered += [n for n in causes if n not in ordered and all(p in ordered for p in parents[n])]
    return [name for name in ordered if parents[name]]


def _frozen(array: Any) -> Any:
    """Return the array, contiguous and read-only."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
