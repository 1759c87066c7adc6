"""The outlook: which cause would lead, and how urgent it would be, for many sets of answers at once.

The same decisions as `differential.assemble` takes for one person, by the same exact kernel, without the words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from buttockpain.case import Background, Case
from buttockpain.differential import MARGIN
from buttockpain.inference import Evidence, Posterior, bayes, infer, log_likelihood, state_prior, surprise
from buttockpain.types import BoolArray, FloatArray, Id, IntArray, Level
from buttockpain.urgency import Status

__all__ = ["LEVELS", "NONE_OF_THESE", "Outlook", "label_of", "leaders", "outlook", "present_outlook"]

NONE_OF_THESE = "none_of_these"
LEVELS = tuple(sorted(Level, key=lambda level: level.rank))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What each set of answers would give.

    Attributes
    ----------
    probability : (number of ranked causes + 1, B), the ranked causes in the order of the model, then none of them.
    leader : (B,) row of `probability` that leads; the last row leads only if it is above every cause.
    level : (B,) urgency, 0 to 4.
    log_evidence : (B,) natural log of the probability of the answers, scaled as in `inference.Posterior`.
    """

    probability: FloatArray
    leader: IntArray
    level: IntArray
    log_evidence: FloatArray


def outlook(case: Case, evidence: Evidence, status: Status) -> Outlook:
    """Return what sets of answers would give; `evidence` and `status` have one column per set."""
    background = case.background
    posterior = _posterior(case, evidence)
    profiles = [profile.axis for profile in background.directory.profiles]
    probability = np.vstack([posterior.cause[profiles], posterior.none_of_these])
    leader = leaders(probability)
    level = background.urgency.level(status)
    _raise_by_ranking(background, posterior, leader == len(profiles), level)
    _raise_by_surprise(background, evidence, posterior, level)
    return Outlook(probability, leader, level, posterior.log_evidence)


def _posterior(case: Case, evidence: Evidence) -> Posterior:
    """Return what `inference.infer` returns, quicker: most sets of answers leave the risk factors as they are."""
    network, size = case.background.network, evidence.finding.shape[1]
    other = (evidence.factor != case.evidence.factor).any(axis=0)
    if other.all():
        return infer(network, evidence)
    own, log_own = state_prior(network, case.evidence.factor)
    prior, log_factor_evidence = np.repeat(own, size, axis=1), np.repeat(log_own, size)
    if other.any():
        prior[:, other], log_factor_evidence[other] = state_prior(network, evidence.factor[:, other])
    return bayes(network, prior, log_factor_evidence, log_likelihood(network, evidence))


def present_outlook(case: Case) -> Outlook:
    """Return what the answers as they are give; arrays of one column."""
    return outlook(case, case.evidence, case.status)


def leaders(probability: FloatArray) -> IntArray:
    """Return the row that leads in each column; ties keep the order of the rows, and the last row must be above all."""
    causes = probability[:-1]
    best = np.rint(causes / MARGIN).argmax(axis=0)
    top = np.take_along_axis(causes, best[None], axis=0)[0]
    return np.where(probability[-1] > top + MARGIN, len(causes), best)


def label_of(background: Background, row: int) -> tuple[Id, str]:
    """Return id and label of a row of `Outlook.probability`."""
    profiles = background.directory.profiles
    if row == len(profiles):
        return NONE_OF_THESE, "None of these"
    return profiles[row].id, profiles[row].label


def _raise_by_ranking(background: Background, posterior: Posterior, none_leads: BoolArray, level: IntArray) -> None:
    """Raise the levels where a cause reaches its floor, or none of the causes leads."""
    table = background.urgency.table
    for name, least, reason in table.floors:
        reached = posterior.cause[background.network.causes.index(name)] >= least - MARGIN
        np.maximum(level, reason.level.rank * reached, out=level)
    np.maximum(level, table.none_of_these.level.rank * none_leads, out=level)


def _raise_by_surprise(background: Background, evidence: Evidence, posterior: Posterior, level: IntArray) -> None:
    """Raise the levels where the answers fit the model badly; looked at only where that could make a difference."""
    urgency = background.urgency.table.poor_fit.level.rank
    lower = np.flatnonzero(level < urgency)
    if not lower.size:
        return
    some = Evidence(
        evidence.finding[:, lower],
        evidence.factor[:, lower],
        None if evidence.soft is None else evidence.soft[:, lower],
    )
    state, log_likelihood = posterior.state[:, lower], posterior.log_likelihood[:, lower]
    narrowed = Posterior(
        state, log_likelihood, posterior.cause, posterior.absent, posterior.none_of_these, posterior.log_evidence
    )
    poor = surprise(background.network, some, narrowed) > background.directory.poor_fit + MARGIN
    level[lower] = np.where(poor, urgency, level[lower])
