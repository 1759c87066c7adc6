"""Exact inference: from evidence as arrays to the posterior over all states of the causes.

Axis letters as in `network`: B people, C causes, F findings, K risk-factor states, S states of the causes.

Three steps. (1) The distribution of the causes given the risk factors: each factor in turn has its chance to bring
about the causes it is linked to, averaged over its states if it is not known; then the arcs between causes. The
chances are independent and "brought about" is an OR, so the order does not matter, and all terms are positive.
(2) The log-likelihood of the answered findings, a sum of table columns. (3) Bayes. Nothing is approximated, and
unknown findings and risk factors are summed out exactly.

References
----------
Noisy-OR two-layer networks and the cost of exact inference: Heckerman, A tractable inference algorithm for
diagnosing multiple diseases (UAI 1989). Independence of causal influence: Zhang and Poole, JAIR 5 (1996), 301-328.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from buttockpain.convolution import Scratch, part_of, together
from buttockpain.network import Network, follow_arcs
from buttockpain.presentation import Presentation
from buttockpain.types import BoolArray, FloatArray

__all__ = [
    "FLAT",
    "Evidence",
    "Posterior",
    "bayes",
    "evidence_of",
    "infer",
    "log_likelihood",
    "log_soft_answer",
    "sides",
    "state_prior",
    "surprise",
    "surprise_of",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known, as arrays; one column per person.

    Attributes
    ----------
    finding : int8 (F, B); 1 yes, 0 no, -1 unknown or soft.
    factor : (K, B) likelihood of each risk-factor state, largest 1 per factor; all ones when unknown.
    soft : (F, B) in (0, 1) where a finding has virtual evidence, 0.5 elsewhere; None when there is none at all.
    """

    finding: np.ndarray[tuple[int, int], np.dtype[np.int8]]
    factor: FloatArray
    soft: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Posterior:
    """What follows from the evidence.

    Attributes
    ----------
    state : (S, B) probability of every state of the causes; each column sums to 1.
    log_likelihood : (S, B) natural log of the probability of the answered findings in every state.
    cause : (C, B) probability of each cause.
    absent : (C, B) probability that the cause is absent, summed by itself so that odds stay exact near certainty.
    none_of_these : (B,) probability that no ranked cause is present.
    log_evidence : (B,) natural log of the probability of the evidence; virtual evidence counts its larger side as 1.
        Minus infinity, with zeros elsewhere, where the evidence is impossible.
    """

    state: FloatArray
    log_likelihood: FloatArray
    cause: FloatArray
    absent: FloatArray
    none_of_these: FloatArray
    log_evidence: FloatArray

    @property
    def impossible(self) -> BoolArray:
        """(B,) whether the evidence has probability 0."""
        impossible: BoolArray = self.log_evidence == -np.inf
        return impossible


def evidence_of(network: Network, *presentations: Presentation) -> Evidence:
    """Return the evidence of checked answers, one column per presentation; the complaint is always present."""
    size = len(presentations)
    finding = np.full((len(network.findings), size), -1, dtype=np.int8)
    factor = np.ones((len(network.base), size))
    soft: FloatArray | None = None
    finding_index, factor_index = network.finding_index, network.factor_index
    for column, presentation in enumerate(presentations):
        for name, answer in {**presentation.given, **presentation.filled}.items():
            if answer == "unknown":
                continue
            if name in finding_index:
                if isinstance(answer, str):
                    finding[finding_index[name], column] = answer == "yes"
                else:
                    soft = np.full(finding.shape, 0.5) if soft is None else soft
                    soft[finding_index[name], column] = answer
            elif name in factor_index:
                one = network.factors[factor_index[name]]
                if isinstance(answer, str):
                    factor[one.first : one.first + len(one.states), column] = 0
                    factor[one.first + one.states.index(answer), column] = 1
                else:
                    factor[one.first : one.first + 2, column] = sides(np.array(answer))
        finding[network.presenting, column] = 1
    return Evidence(finding, factor, soft)


def infer(network: Network, evidence: Evidence) -> Posterior:
    """Return the exact posterior; impossible evidence is marked, never NaN."""
    prior, log_factor_evidence = state_prior(network, evidence.factor)
    return bayes(network, prior, log_factor_evidence, log_likelihood(network, evidence))


def bayes(
    network: Network, prior: FloatArray, log_factor_evidence: FloatArray, log_likelihood: FloatArray
) -> Posterior:
    """Return the posterior from what `state_prior` and `log_likelihood` return."""
    with np.errstate(divide="ignore"):  # a state that cannot be has log 0
        log_joint = np.log(prior) + log_likelihood
        peak = log_joint.max(axis=0)
        joint = np.exp(log_joint - np.maximum(peak, -sys.float_info.max))
        total = joint.sum(axis=0)
        log_evidence = np.log(total) + peak + log_factor_evidence
    state = joint / np.maximum(total, 1.0)  # it is at least 1, the largest term, or 0 if nothing is possible
    summary, size = network.summary @ state, len(network.causes)
    return Posterior(state, log_likelihood, summary[:size], summary[size:-1], summary[-1], log_evidence)


def state_prior(network: Network, factor: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distribution of the causes given the risk factors, and the log-probability of what is known of those.

    Parameters
    ----------
    factor : (K, B) likelihood of each risk-factor state.

    Returns
    -------
    (S, B) whose columns sum to 1, and (B,).
    """
    if factor.shape[1] == 1 and network.lookup is not None:
        distribution, log_chance = network.lookup.prior(factor[:, 0])
        return distribution[:, None], np.array([log_chance])
    weight = network.base[:, None] * factor
    log_evidence = np.zeros(factor.shape[1])
    for one in network.factors:
        states = weight[one.first : one.first + len(one.states)]
        total = states.sum(axis=0)
        log_evidence += np.log(total)
        states /= total
    parts = [part_of(part, weight) for part in network.plan.parts]
    return follow_arcs(together(network.plan, parts, weight, Scratch(factor.shape[1])), network.arc_steps), log_evidence


def log_likelihood(network: Network, evidence: Evidence) -> FloatArray:
    """Return log P(answered findings | state), (S, B), natural log."""
    finding = evidence.finding
    result: FloatArray
    if finding.shape[1] == 1:
        answer = finding[:, 0]
        (asked,) = (answer >= 0).nonzero()
        result = network.log_answer.take(2 * asked + answer[asked], axis=0).sum(axis=0)[:, None]
    else:
        yes, no = (finding == 1).astype(np.float64), (finding == 0).astype(np.float64)
        result = network.log_answer[1::2].T @ yes + network.log_answer[::2].T @ no
    if evidence.soft is not None:
        changes = evidence.soft != 0.5  # noqa: PLR2004 - it changes nothing
        for f in np.flatnonzero(changes.any(axis=1)).tolist():
            result[:, changes[f]] += log_soft_answer(network, f, evidence.soft[f, changes[f]])
    return result


def log_soft_answer(network: Network, finding: int, strength: FloatArray) -> FloatArray:
    """Return the log-likelihood of virtual evidence on a finding, its larger side counted as 1.

    Parameters
    ----------
    finding : on the F axis.
    strength : (B,) between 0 and 1.

    Returns
    -------
    (S, B), natural log.
    """
    no, yes = np.exp(network.log_answer[2 * finding : 2 * finding + 2, :, None])
    absent, present = sides(strength)
    likelihood = no * absent + yes * present
    result: FloatArray = np.log(likelihood, out=likelihood)
    return result


def sides(strength: FloatArray) -> FloatArray:
    """Return the likelihood of absent and of present, (2, B), from virtual evidence; the larger one counts as 1.

    References
    ----------
    Pearl, Probabilistic Reasoning in Intelligent Systems (1988), section 2.2.2: only the ratio of the two matters.
    """
    both = np.stack([1 - strength, strength])
    result: FloatArray = both / both.max(axis=0)
    return result


def surprise(network: Network, evidence: Evidence, posterior: Posterior) -> FloatArray:
    """Return how surprising the answers are even in the states that explain them best, (B,).

    In each state the surprisal -log P(answers) is a sum of independent terms with known moments. Its distance from
    its mean, in standard deviations, is the person-fit index of Drasgow et al. with the sign turned; the skewness is
    taken out by the Wilson-Hilferty cube root, and the result averaged over the posterior. Near standard normal for
    people the model describes; 3 and more is rare. The complaint counts; virtual evidence does not.

    References
    ----------
    Drasgow, Levine and Williams, Br J Math Stat Psychol 38 (1985), 67-86; Wilson and Hilferty, PNAS 17 (1931),
    684-688; three-moment corrections of person-fit indices: Molenaar and Hoijtink, Psychometrika 55 (1990), 75-106.
    """
    hard = evidence if evidence.soft is None else Evidence(evidence.finding, evidence.factor)
    log_likelihood_hard = posterior.log_likelihood if hard is evidence else log_likelihood(network, hard)
    return surprise_of(network, evidence.finding, log_likelihood_hard, posterior.state)


def surprise_of(
    network: Network,
    finding: np.ndarray[tuple[int, int], np.dtype[np.int8]],
    log_likelihood: FloatArray,
    state: FloatArray,
) -> FloatArray:
    """Return the surprise of answers (F, B), given their log-likelihood and the weight of each state, both (S, B)."""
    answered = finding >= 0
    if finding.shape[1] == 1:
        moments = network.surprisal.take(answered[:, 0].nonzero()[0], axis=0).sum(axis=0)[:, :, None]
    else:
        moments = np.tensordot(network.surprisal, answered.astype(np.float64), axes=(0, 0))
    mean, variance, third = moments
    variance += FLAT
    deviation = np.sqrt(variance)
    sixth = third / (variance * deviation * 6)  # of the skewness
    thrice = (log_likelihood + mean) / deviation * -3  # the plain distance
    root = np.cbrt(thrice * sixth + 1)
    # Wilson and Hilferty's (root - 1) / sixth, as a quotient that a skewness of zero does not make 0 / 0.
    distance = thrice / (root * (root + 1) + 1) + sixth
    result: FloatArray = (state * distance).sum(axis=0)
    return result


FLAT = 1e-12  # a state in which all answers are equally likely has no spread, and no answer is far from its mean
