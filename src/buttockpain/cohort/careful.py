"""Scores, and one person's scores by logarithms, for answers so improbable that a product of them is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from buttockpain.cohort.answers import NOT_ASKED, SOFT, Answers
from buttockpain.inference import Evidence, infer, sides, surprise
from buttockpain.network import Network
from buttockpain.types import BoolArray, FloatArray

__all__ = ["Scores", "careful"]


@dataclass(frozen=True, slots=True)
class Scores:
    """What follows from the answers, one column per person.

    Attributes
    ----------
    cause : (C, B) probability of each cause.
    none_of_these : (B,) probability that no ranked cause is present.
    log_evidence : (B,) natural log of the probability of the answers; minus infinity, with zeros elsewhere, where
        the answers are impossible.
    poor_fit : (B,) whether the answers are more surprising than a limit; False where no limit was given.
    """

    cause: FloatArray
    none_of_these: FloatArray
    log_evidence: FloatArray
    poor_fit: BoolArray


def careful(network: Network, answers: Answers, column: int, limit: float) -> Scores:
    """Return the scores of one person, through `inference.infer`.

    Parameters
    ----------
    answers : filled in from age and sex.
    column : which of them.
    limit : of the surprise.
    """
    findings = len(network.findings)
    code = answers.codes[: findings + len(network.factors), column]
    finding = np.where(code[:findings] == SOFT, NOT_ASKED, np.maximum(code[:findings], NOT_ASKED))[:, None]
    likelihood = np.ones((len(network.base), 1))
    strength = np.full(finding.shape, 0.5)
    for f, one in enumerate(network.factors):
        states = np.arange(len(one.states))
        if code[findings + f] >= 0:
            likelihood[one.first + states, 0] = states == code[findings + f]
    for row in np.flatnonzero(code == SOFT).tolist():
        answer = answers.strength[row][column]
        if row < findings:
            strength[row] = answer
        else:
            first = network.factors[row - findings].first
            likelihood[first : first + 2, 0] = sides(answer)
    evidence = Evidence(finding, likelihood, strength)
    posterior = infer(network, evidence)
    poor = surprise(network, evidence, posterior) > limit
    return Scores(posterior.cause, posterior.none_of_these, posterior.log_evidence, poor)
