"""What a model says of many people: who leads the ranking and how urgent it is, exactly as `Model.rank` says of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from buttockpain.differential import MARGIN
from buttockpain.inference import Evidence, infer, surprise
from buttockpain.research.cases import CaseTable, evidence_of_cases, rule_levels
from buttockpain.types import FloatArray, Id, IntArray

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["NONE_OF_THESE", "Decisions", "decide_cases"]

NONE_OF_THESE = "none_of_these"
"""What a ranking lists beside the ranked causes."""

_CHUNK = 2048  # people at a time; their arrays of 64 states each then stay in the cache


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a model says of B people; R ranked causes.

    Attributes
    ----------
    options : the ids of the ranked causes in the order of the file, then `none_of_these`; R + 1 of them.
    order : (R + 1, B) indices of the options, the leading one first; ties as in a differential.
    probability, complement : (R + 1, B) of each option, in the order of `options`, and of its opposite, which is summed
        by itself so that it stays exact near certainty.
    cause : (C, B) probability of every cause of the model.
    level : (B,) rank of the triage level.
    """

    options: tuple[Id, ...]
    order: IntArray
    probability: FloatArray
    complement: FloatArray
    cause: FloatArray
    level: IntArray

    @property
    def leading(self) -> tuple[Id, ...]:
        """Who leads the ranking of each person, a ranked cause or `none_of_these`."""
        return tuple(self.options[option] for option in self.order[0])


def decide_cases(model: Model, table: CaseTable) -> Decisions:
    """Return what a model says of everybody in a table, from the answers alone.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> from buttockpain.research.cases import read_cases
    >>> model = default_model()
    >>> decisions = decide_cases(model, read_cases(model, [{}, {"leg_numbness": "yes", "low_back_pain": "yes"}]))
    >>> [decisions.options[option] for option in decisions.order[0]], decisions.level.tolist()
    (['none_of_these', 'sciatica'], [1, 1])
    """
    evidence = evidence_of_cases(model.network, table)
    starts = range(0, len(table), _CHUNK)
    chunks = [_probabilities(model, _columns(evidence, start)) for start in starts]
    size, is_ranked = len(model.network.causes), model.network.ranked
    numbers = np.concatenate(chunks, axis=1) if chunks else np.empty((2 * size + 3, 0))
    cause, absent = numbers[:size], numbers[size : 2 * size]
    none, some, unusual = numbers[2 * size :]
    options = tuple(name for name, entry in model.knowledge.cause.items() if entry.ranked)
    ranked = cause[is_ranked]
    order = _order(ranked, none)
    return Decisions(
        options=(*options, NONE_OF_THESE),
        order=order,
        probability=np.vstack([ranked, none]),
        complement=np.vstack([absent[is_ranked], some]),
        cause=cause,
        level=_levels(model, table, cause, order[0] == len(options), unusual),
    )


def _columns(evidence: Evidence, start: int) -> Evidence:
    """Return the evidence of one chunk of people."""
    people = slice(start, start + _CHUNK)
    soft = None if evidence.soft is None else evidence.soft[:, people]
    return Evidence(evidence.finding[:, people], evidence.factor[:, people], soft)


def _probabilities(model: Model, evidence: Evidence) -> FloatArray:
    """Return the probabilities of each cause and of its absence, of no ranked cause and of some, and the surprise."""
    network = model.network
    posterior = infer(network, evidence)
    some = posterior.state[network.has[:, network.ranked].any(axis=1)].sum(axis=0)
    unusual = surprise(network, evidence, posterior)
    return np.vstack([posterior.cause, posterior.absent, posterior.none_of_these, some, unusual])


def _order(ranked: FloatArray, none: FloatArray) -> IntArray:
    """Return the options by probability, ties in the order of the file; "none" comes first only where it is clearly so."""
    causes = np.argsort(-np.round(ranked / MARGIN), axis=0, kind="stable")
    place = (np.take_along_axis(ranked, causes, axis=0) >= none - MARGIN).sum(axis=0)
    rows = np.arange(len(ranked))[:, None]
    order = np.full((len(ranked) + 1, len(none)), len(ranked))
    np.put_along_axis(order, rows + (rows >= place), causes, axis=0)
    return order


def _levels(model: Model, table: CaseTable, cause: FloatArray, none_leads: FloatArray, unusual: FloatArray) -> IntArray:
    """Return the triage level: the rules, raised by the ranking where it says more; see `differential.assemble`."""
    level = rule_levels(model.rules, table)
    further = [
        (cause[model.network.causes.index(name)] >= least - MARGIN, reason)
        for name, least, reason in model.rules.floors
    ]
    further.append((none_leads, model.rules.none_of_these))
    further.append((unusual > model.knowledge.triage.poor_fit.value + MARGIN, model.rules.poor_fit))
    for who, reason in further:
        np.maximum(level, reason.level.rank * who, out=level)
    return level
