"""The explanation: how the answers lead from the prior to the posterior of one cause, row by row.

Rows first, picture second: the rows add exactly from prior to posterior log-odds (`shapley`), each with the numbers of
the model behind it and their sources. Beside them: what would flip the answer, and which answers conflict.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case, Observation
from buttockpain.conflict import Conflict, conflict_of
from buttockpain.counterfactual import Counterfactual, counterfactual_of
from buttockpain.differential import MARGIN, ModelStamp
from buttockpain.outlook import NONE_OF_THESE, label_of, present_outlook
from buttockpain.presentation import Answer
from buttockpain.shapley import shares
from buttockpain.types import Id

if TYPE_CHECKING:
    from buttockpain.parameter import Parameter

__all__ = ["Explanation", "ExplanationRow", "NumberBehind", "explain"]


class NumberBehind(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """A number of the model that a row rests on: its path, its value, its basis, and the texts of its references."""

    path: str
    value: float
    basis: str
    source: tuple[str, ...]


class ExplanationRow(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What one answer adds.

    Attributes
    ----------
    id : id of the question; "age" or "sex" where that settled a risk factor.
    answer : as it was given.
    log_odds : what the answer adds to the natural log-odds, its Shapley value; above 0 speaks for the cause.
    likelihood_ratio : the same as a factor on the odds.
    strength : the factor in words.
    direction : "for", "against", or "neither" where it makes no difference at all.
    standard_error : of `log_odds`; 0 when the explanation is exact.
    numbers : the numbers of the model behind it: of a finding its leak and its links from the causes that matter here,
        of a risk factor its base rate and its links to them. The causes that matter are the one explained and those
        probable enough to be named.
    """

    id: Id
    label: str
    answer: Answer
    log_odds: float
    likelihood_ratio: float
    strength: str
    direction: Literal["for", "against", "neither"]
    standard_error: float
    numbers: tuple[NumberBehind, ...]


class Explanation(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Why a cause is as probable as it is.

    Attributes
    ----------
    cause, label : what is explained; "none_of_these" means that none of the named causes is present.
    prior, posterior : probability given the complaint alone, and given all answers.
    prior_log_odds, posterior_log_odds : the same as natural log-odds.
    rows : one per answer that bears on the ranking, absent findings and risk factors included, the largest first; their
        `log_odds` add up to `posterior_log_odds - prior_log_odds`.
    triage_only : ids of answers that count for triage alone, and so have no row.
    method : "exact", over all subsets of the answers, or "sampled", over random orders of them.
    evaluations : how many sets of answers were worked through for the rows.
    conflict : how much the answers speak against each other.
    counterfactual : what would flip the answer.
    answers : what was answered, in plain form.
    model : which model and library gave this explanation.
    """

    cause: Id
    label: str
    prior: float
    prior_log_odds: float
    rows: tuple[ExplanationRow, ...]
    posterior: float
    posterior_log_odds: float
    triage_only: tuple[Id, ...]
    method: Literal["exact", "sampled"]
    evaluations: int
    conflict: Conflict
    counterfactual: Counterfactual
    answers: Mapping[str, Answer]
    model: ModelStamp

    def __str__(self) -> str:
        """Return the rows as a plain table."""
        said = [f"{row.label}: {row.answer if isinstance(row.answer, str) else f'{row.answer:g}'}" for row in self.rows]
        width = max(map(len, said), default=0)
        lines = [
            f"{self.label}: from {self.prior:.1%} to {self.posterior:.1%}",
            *(
                f"  {text:<{width}}  {row.log_odds:+.3f}  {row.strength}"
                for text, row in zip(said, self.rows, strict=True)
            ),
        ]
        if self.method == "sampled":
            largest = max(row.standard_error for row in self.rows)
            lines.append(f"  Sampled: the rows add up exactly, each is off by about {largest:.1g} at most.")
        return "\n".join(lines)


def explain(case: Case, cause: Id, *, rng: np.random.Generator) -> Explanation:
    """Return why a cause is as probable as it is.

    Parameters
    ----------
    cause : a ranked cause, or "none_of_these".
    rng : draws orders of the answers if there are too many for an exact explanation; not touched otherwise.
    """
    background, network = case.background, case.background.network
    labels = dict(label_of(background, row) for row in range(len(background.directory.profiles) + 1))
    target = network.summary[-1] == 1 if cause == NONE_OF_THESE else network.has[:, network.causes.index(cause)]
    observations = case.observations()
    found = shares(case, observations, target, rng=rng)
    rows = [
        _row(case, cause, one, share, error)
        for one, share, error in zip(observations, found.share.tolist(), found.standard_error.tolist(), strict=True)
    ]
    rows.sort(key=lambda row: -round(abs(row.log_odds) / MARGIN))  # stable: ties keep the order of the model
    explained = {one.id for one in observations} | set(case.presentation.filled) | {background.vocabulary.presenting}
    return Explanation(
        cause=cause,
        label=labels[cause],
        prior=_probability(found.prior),
        prior_log_odds=found.prior,
        rows=tuple(rows),
        posterior=_probability(found.posterior),
        posterior_log_odds=found.posterior,
        triage_only=tuple(
            [name for name, answer in case.presentation.given.items() if answer != "unknown" and name not in explained]
        ),
        method=found.method,
        evaluations=found.evaluations,
        conflict=conflict_of(case, observations),
        counterfactual=counterfactual_of(case, present_outlook(case)),
        answers=case.presentation.given,
        model=background.directory.stamp,
    )


def _row(case: Case, cause: Id, observation: Observation, log_odds: float, error: float) -> ExplanationRow:
    """Return one row."""
    # JSON cannot carry infinity, so the factor stops at the largest float.
    ratio = math.exp(min(log_odds, math.log(sys.float_info.max)))
    return ExplanationRow(
        id=observation.id,
        label=observation.label,
        answer=observation.answer,
        log_odds=log_odds,
        likelihood_ratio=ratio,
        strength=case.background.directory.strength(ratio),
        direction="for" if log_odds > 0 else "against" if log_odds < 0 else "neither",
        standard_error=error,
        numbers=_numbers(case, cause, observation),
    )


def _numbers(case: Case, cause: Id, observation: Observation) -> tuple[NumberBehind, ...]:
    """Return the numbers of the model behind an answer, in the order of the file."""
    knowledge, network = case.background.knowledge, case.background.network
    probable = dict(zip(network.causes, case.posterior.cause[:, 0].tolist(), strict=True))
    matter = {name for name, p in probable.items() if name == cause or p >= case.background.directory.explanation}
    found: list[tuple[str, Parameter]] = []
    if observation.axis is not None:
        finding = knowledge.finding[observation.id]
        if finding.leak is not None:
            found.append((f"finding.{observation.id}.leak", finding.leak))
        found += [
            (f"finding.{observation.id}.link.{name}", link) for name, link in finding.link.items() if name in matter
        ]
    for number in observation.factors:
        name = network.factors[number].id
        entry = knowledge.risk_factor[name]
        found += _by_state(f"risk_factor.{name}.base", entry.active_states())
        for child in (child for child in network.causes if child in matter):
            found += _by_state(f"cause.{child}.link.{name}", knowledge.cause[child].links_from(name))
    return tuple(
        [
            NumberBehind(
                path=path,
                value=one.value,
                basis=one.basis,
                source=tuple([knowledge.reference[str(reference)].text for reference in one.ref]),
            )
            for path, one in found
        ]
    )


def _by_state(path: str, entries: Mapping[str, Parameter]) -> list[tuple[str, Parameter]]:
    """Return numbers with their paths; that of a yes-or-no factor does not name the state."""
    return [(path if state == "yes" else f"{path}.{state}", one) for state, one in entries.items()]


def _probability(log_odds: float) -> float:
    """Return the probability of log-odds, exact at both ends."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds >= 0 else math.exp(log_odds) / (1 + math.exp(log_odds))
