"""Every probability of the network on one axis: its path, value and range, and where it stands in the network.

Axis letters as in `network` (C causes, F findings, S states of the causes), and in this package also::

    N  the numbers: all probabilities of the network, in the order of the model file
    D  draws: variants of the numbers
    O  = C + 1 outcomes: every cause in the order of the model file, then "none_of_these"
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

from buttockpain.differential import MARGIN
from buttockpain.errors import ModelError, Problem, nearest
from buttockpain.inference import Evidence, evidence_of
from buttockpain.model import Model
from buttockpain.presentation import Answers, read
from buttockpain.types import BoolArray, FloatArray, Id, IntArray

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.knowledge import Knowledge
    from buttockpain.presentation import Presentation

__all__ = ["NONE", "FactorNumbers", "FindingNumbers", "ParameterTable", "answered", "table_of"]

NONE = "none_of_these"
"""The outcome that no ranked cause is present; the other outcomes are the ids of the causes."""


@dataclass(frozen=True, slots=True)
class FindingNumbers:
    """Where the numbers of a finding stand on the N axis; `links` holds (cause, number) pairs."""

    leak: int
    links: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FactorNumbers:
    """The same for a risk factor; one entry per state but the remainder, each link a (cause, number) pair."""

    bases: tuple[int, ...]
    links: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """Every probability of a network.

    Attributes
    ----------
    paths, value, low, high : (N,) as in the model file.
    ceiling : (N,) what the number must stay below: 1, or what the other states of a risk factor leave of it.
    outcomes : ids of the causes and, last, "none_of_these".
    leads : (O,) whether the outcome can lead the ranking: the ranked causes, and none of them.
    within : (S, O) whether the state belongs to the outcome.
    findings, factors : in the order of the network.
    leaks : (C,) of the causes.
    arcs : (parent, child, number) of links between causes, parents first.
    """

    paths: tuple[str, ...]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    ceiling: FloatArray
    outcomes: tuple[Id, ...]
    leads: BoolArray
    within: BoolArray
    findings: tuple[FindingNumbers, ...]
    leaks: tuple[int, ...]
    factors: tuple[FactorNumbers, ...]
    arcs: tuple[tuple[int, int, int], ...]

    def number(self, path: str) -> int:
        """Return where a path stands on the N axis.

        Raises
        ------
        ModelError : the model has no such probability; thresholds of triage are not probabilities of the network.
        """
        if path not in self.paths:
            advice = nearest(path, self.paths) or "`model.parameters()` lists every path"
            raise ModelError("path", [Problem(path, "no such probability", "the path of one in the network", advice)])
        return self.paths.index(path)

    def outcome(self, name: str) -> int:
        """Return where an outcome stands on the O axis.

        Raises
        ------
        ModelError : it is neither a cause of the model nor "none_of_these".
        """
        if name not in self.outcomes:
            expected = f"a cause or `{NONE}`"
            raise ModelError("outcome", [Problem(name, "no such outcome", expected, nearest(name, self.outcomes))])
        return self.outcomes.index(name)

    def leading(self, probability: FloatArray) -> IntArray:
        """Return which outcome leads, as the ranked answer decides it: none of the causes if it beats each of them.

        Parameters
        ----------
        probability : (..., O) of every outcome.

        Returns
        -------
        (...) places on the O axis.
        """
        causes = np.flatnonzero(self.leads[:-1])
        top = causes[np.round(probability[..., causes] / MARGIN).argmax(axis=-1)]  # the first of equals
        highest = np.take_along_axis(probability, top[..., None], axis=-1)[..., 0]
        return np.where(probability[..., -1] > highest + MARGIN, len(self.outcomes) - 1, top)

    def asked(self, evidence: Evidence) -> tuple[int, ...]:
        """Return the findings on the F axis that one person's evidence says anything about."""
        known = evidence.finding[:, 0] >= 0
        if evidence.soft is not None:
            known |= evidence.soft[:, 0] != 0.5  # noqa: PLR2004 - 0.5 changes nothing
        return tuple(np.flatnonzero(known).tolist())


@lru_cache(maxsize=8)
def table_of(model: Model) -> ParameterTable:
    """Return the table of a model; the last few are kept.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> table = table_of(default_model())
    >>> table.paths[:2], float(table.value[0]), table.outcomes[-1]
    (('risk_factor.low_calcium_intake.base', 'risk_factor.low_sunlight_vitamin_d.base'), 0.4, 'none_of_these')
    """
    knowledge, network = model.knowledge, model.network
    rows = {
        path: number
        for path, number in knowledge.parameters()
        if path.startswith(("risk_factor.", "cause.", "finding."))
    }
    position = {path: index for index, path in enumerate(rows)}
    value = np.array([row.value for row in rows.values()])
    factors = tuple(_factor(knowledge, network.causes, position, name) for name in knowledge.risk_factor)
    ceiling = np.ones(len(rows))
    for factor in factors:
        states = value[list(factor.bases)]
        ceiling[list(factor.bases)] = states + (1 - states.sum())
    none = ~network.has[:, network.ranked].any(axis=1)
    arrays = (
        value, np.array([row.low for row in rows.values()]), np.array([row.high for row in rows.values()]), ceiling,
        np.append(network.ranked, True), np.column_stack([network.has, none]),
    )  # fmt: skip
    for array in arrays:
        array.flags.writeable = False
    value, low, high, ceiling, leads, within = arrays
    return ParameterTable(
        paths=tuple(rows), value=value, low=low, high=high, ceiling=ceiling, outcomes=(*network.causes, NONE),
        leads=leads, within=within,
        findings=tuple(
            FindingNumbers(
                position[f"finding.{name}.leak"],
                tuple((network.causes.index(cause), position[f"finding.{name}.link.{cause}"])
                      for cause in knowledge.finding[name].link),
            )
            for name in network.findings
        ),
        leaks=tuple(position[f"cause.{name}.leak"] for name in network.causes),
        factors=factors, arcs=_arcs(knowledge, network.causes, position),
    )  # fmt: skip


def answered(model: Model, answers: Answers | None) -> tuple[Differential, Presentation, Evidence]:
    """Return the ranked answer of one person, what was answered, and the same as evidence; errors as for `rank`."""
    differential = model.rank(answers)
    presentation, _ = read(differential.answers, model.vocabulary)  # were read before, so there are no problems
    return differential, presentation, evidence_of(model.network, presentation)


def _factor(knowledge: Knowledge, causes: tuple[Id, ...], position: dict[str, int], name: Id) -> FactorNumbers:
    """Return where the numbers of a risk factor stand."""
    several = bool(knowledge.risk_factor[name].states)
    states = tuple(knowledge.risk_factor[name].states[1:]) or ("yes",)

    def end(state: str) -> str:
        return f".{state}" if several else ""

    return FactorNumbers(
        bases=tuple(position[f"risk_factor.{name}.base{end(state)}"] for state in states),
        links=tuple(
            tuple(
                (axis, position[f"cause.{cause}.link.{name}{end(state)}"])
                for axis, cause in enumerate(causes)
                if state in knowledge.cause[cause].links_from(name)
            )
            for state in states
        ),
    )


def _arcs(knowledge: Knowledge, causes: tuple[Id, ...], position: dict[str, int]) -> tuple[tuple[int, int, int], ...]:
    """Return the links between causes, those into a parent before those out of it."""
    parents = {name: [parent for parent in knowledge.cause[name].link if parent in causes] for name in causes}
    return tuple(
        (causes.index(parent), causes.index(child), position[f"cause.{child}.link.{parent}"])
        for child in TopologicalSorter(parents).static_order()
        for parent in parents[child]
    )
