"""Expected information gain: how much the answer to each open question would tell about the causes.

The mutual information of an answer and the state of the causes, given everything known: how far, on average over the
answers the model expects, the distribution over all 2^C states would move. In bits; never negative, and 0 just when no
answer would move anything.

References
----------
Lindley, On a measure of the information provided by an experiment, Annals of Mathematical Statistics 27 (1956), 986-1005.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from buttockpain.inference import Evidence, Posterior, state_prior
from buttockpain.network import Network
from buttockpain.types import FloatArray

__all__ = ["Information", "information"]


@dataclass(frozen=True, slots=True)
class Information:
    """What the answers to questions are expected to be, and to tell; meaningless for what was answered already.

    Attributes
    ----------
    finding : (F, B) gain in bits.
    yes : (F, B) probability of a yes.
    factor : (number of risk factors, B) gain in bits.
    state : (K, B) probability of each state of each risk factor.
    """

    finding: FloatArray
    yes: FloatArray
    factor: FloatArray
    state: FloatArray


def information(network: Network, evidence: Evidence, posterior: Posterior) -> Information:
    """Return the expected information gain of every finding and every risk factor.

    Parameters
    ----------
    evidence, posterior : of B people; the evidence must not be impossible.
    """
    yes = np.exp(network.log_answer[1::2]) @ posterior.state
    no = np.exp(network.log_answer[::2]) @ posterior.state
    # Entropy of the answer, less what is left of it once the causes are known.
    finding = _entropy(yes) + _entropy(no) - network.surprisal[:, 0] @ posterior.state
    state, factor = _of_factors(network, evidence, posterior)
    return Information(_bits(finding), yes, _bits(factor), state)


def _of_factors(network: Network, evidence: Evidence, posterior: Posterior) -> tuple[FloatArray, FloatArray]:
    """Return the probability of each state of each risk factor, and the gain of each risk factor in nats.

    For each state the prior of the causes is worked out with the risk factor in that state, all in one batch.
    """
    rows, size = evidence.factor.shape
    if not rows:
        return np.empty((0, size)), np.empty((0, size))
    fixed = np.repeat(evidence.factor[:, None, :], rows, axis=1)
    for one in network.factors:
        own = slice(one.first, one.first + len(one.states))
        fixed[own, own] = np.eye(len(one.states))[:, :, None]
    prior, log_factor_evidence = (
        array.reshape(-1, rows, size) for array in state_prior(network, fixed.reshape(rows, -1))
    )
    likelihood = np.exp(posterior.log_likelihood - posterior.log_likelihood.max(axis=0))
    joint = prior * likelihood[:, None] * np.exp(log_factor_evidence - log_factor_evidence.max(axis=1))
    first = [one.first for one in network.factors]
    total = np.add.reduceat(joint.sum(axis=0), first, axis=0)
    joint /= np.repeat(total, [len(one.states) for one in network.factors], axis=0)
    state = joint.sum(axis=0)
    apart = _entropy(posterior.state).sum(axis=0) + np.add.reduceat(_entropy(state), first, axis=0)
    return state, apart - np.add.reduceat(_entropy(joint).sum(axis=0), first, axis=0)


def _entropy(probability: FloatArray) -> FloatArray:
    """Return -p log p, which is 0 at 0."""
    entropy: FloatArray = -probability * np.log(np.where(probability > 0, probability, 1.0))
    return entropy


def _bits(nats: FloatArray) -> FloatArray:
    """Return bits; a gain of nothing can come out a rounding error below 0."""
    bits: FloatArray = np.maximum(nats, 0.0) / np.log(2)
    return bits
