"""The posterior of one person under many variants of a model's numbers at once.

The same steps as in `inference`, with the variants on the last axis and every number a row of its own: causes come about
by leaks, risk factors and links between causes, then the answered findings weigh the states. Only sums and products
of positive terms. What concerns each cause by itself is done before the states are laid out: leaks, risk factors that
are known or touch one cause, and answers of "no", which factorise over the causes.

Axis letters: S states of the causes, D variants; `off` and `on` hold one row per cause.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from buttockpain.inference import Evidence
from buttockpain.network import Network
from buttockpain.research.parameters import ParameterTable
from buttockpain.types import FloatArray

__all__ = ["numbers_that_matter", "posterior_of_variants"]

Numbers = Mapping[int, FloatArray]
"""From the place of a number on the N axis to its value in each variant, (D,)."""


def posterior_of_variants(table: ParameterTable, network: Network, evidence: Evidence, numbers: Numbers) -> FloatArray:
    """Return the posterior over the states of the causes under every variant.

    Parameters
    ----------
    table, network : of the model.
    evidence : of one person.
    numbers : all that matter, which `numbers_that_matter` lists.

    Returns
    -------
    (S, D) whose columns sum to 1; 0 throughout where the evidence is impossible.
    """
    joint = _prior(table, network, evidence.factor[:, 0].tolist(), numbers)
    _weigh_by_findings(joint, table, evidence, numbers)
    total = joint.sum(axis=0)
    joint /= np.where(total > 0, total, 1.0)
    return joint


def numbers_that_matter(table: ParameterTable, evidence: Evidence) -> list[int]:
    """Return the numbers that can change one person's posterior.

    All but those of findings that are not answered, and the leaks of findings that are absent, which concern all states
    alike.
    """
    found = [*table.leaks, *(number for _, _, number in table.arcs)]
    for factor in table.factors:
        found += [*factor.bases, *(number for links in factor.links for _, number in links)]
    for f in table.asked(evidence):
        found += [number for _, number in table.findings[f].links]
        if evidence.finding[f, 0] != 0:
            found.append(table.findings[f].leak)
    return found


def _prior(table: ParameterTable, network: Network, likelihood: list[float], numbers: Numbers) -> FloatArray:
    """Return the distribution of the causes given the risk factors, up to a factor per variant, (S, D)."""
    size = len(table.leaks)
    draws = len(numbers[table.leaks[0]])
    off, on = np.ones((size, draws)), np.zeros((size, draws))
    shared = []
    for k, number in enumerate(table.leaks):
        _bring_about(off, on, k, 1 - numbers[number], numbers[number])
    for one, factor in zip(network.factors, table.factors, strict=True):
        given = likelihood[one.first : one.first + len(one.states)]
        states = [(t, links) for t, links in enumerate(((), *factor.links)) if given[t]]
        if len(states) == 1:  # known
            for k, number in states[0][1]:
                _bring_about(off, on, k, 1 - numbers[number], numbers[number])
            continue
        rates = [numbers[number] for number in factor.bases]
        rates.insert(0, 1 - sum(rates, np.zeros(draws)))
        weighted = [(rates[t] * given[t], dict(links)) for t, links in states]
        touched = {k for _, links in weighted for k in links}
        if len(touched) == 1:
            k = touched.pop()
            yes, no = np.zeros(draws), np.zeros(draws)
            for weight, by_cause in weighted:
                chance = numbers[by_cause[k]] if k in by_cause else 0.0
                yes += weight * chance
                no += weight * (1 - chance)
            _bring_about(off, on, k, no / (yes + no), yes / (yes + no))
        elif touched:
            shared.append(weighted)
    distribution = np.empty((2**size, draws))
    distribution[0] = 1.0
    for k in range(size):
        np.multiply(distribution[: 2**k], on[k], out=distribution[2**k : 2 ** (k + 1)])
        distribution[: 2**k] *= off[k]
    for weighted in shared:
        distribution = _averaged(distribution, weighted, numbers)
    for parent, child, number in table.arcs:
        absent, present = _by_parent(distribution, child, parent)
        present += absent * numbers[number]
        absent *= 1 - numbers[number]
    return distribution


def _bring_about(off: FloatArray, on: FloatArray, k: int, no: FloatArray, yes: FloatArray) -> None:
    """Give cause k a further chance."""
    on[k] += off[k] * yes
    off[k] *= no


def _averaged(
    distribution: FloatArray, weighted: list[tuple[FloatArray, dict[int, int]]], numbers: Numbers
) -> FloatArray:
    """Return the distribution after a risk factor that is not known, averaged over its states."""
    result = np.zeros_like(distribution)
    for weight, links in weighted:
        one = distribution * weight
        for k, number in links.items():
            by_cause = one.reshape(-1, 2, 2**k, one.shape[-1])
            by_cause[:, 1] += by_cause[:, 0] * numbers[number]
            by_cause[:, 0] *= 1 - numbers[number]
        result += one
    return result


def _by_parent(distribution: FloatArray, child: int, parent: int) -> tuple[FloatArray, FloatArray]:
    """Return views of the states with the parent, those without the child and those with it."""
    low, high = sorted((child, parent))
    bits = distribution.reshape(-1, 2, 2 ** (high - low - 1), 2, 2**low, distribution.shape[-1])
    if child == high:
        return bits[:, 0, :, 1], bits[:, 1, :, 1]
    return bits[:, 1, :, 0], bits[:, 1, :, 1]


def _weigh_by_findings(joint: FloatArray, table: ParameterTable, evidence: Evidence, numbers: Numbers) -> None:
    """Multiply the states by the probability of the answered findings, up to a factor per variant."""
    size, draws = len(table.leaks), joint.shape[-1]
    cube = joint.reshape(*[2] * size, draws)  # the last cause on the first axis
    spared = np.ones((size, draws))  # how likely a cause is to bring about none of the findings that are absent
    for count, f in enumerate(table.asked(evidence), start=1):
        finding = table.findings[f]
        answer = float(evidence.finding[f, 0])
        if answer == 0:  # the leak concerns all states alike
            for k, number in finding.links:
                spared[k] *= 1 - numbers[number]
            continue
        no, yes = np.empty((2, 2 ** len(finding.links), draws))
        no[0], yes[0] = 1 - numbers[finding.leak], numbers[finding.leak]
        links = sorted(finding.links)
        for place, (_, number) in enumerate(links):
            half, both = 2**place, 2 ** (place + 1)
            np.multiply(no[:half], numbers[number], out=yes[half:both])
            yes[half:both] += yes[:half]
            np.multiply(no[:half], 1 - numbers[number], out=no[half:both])
        if answer < 0 and evidence.soft is not None:
            strength = evidence.soft[f, 0]
            yes *= strength
            yes += (1 - strength) * no
        linked = {k for k, _ in links}
        cube *= yes.reshape(*(2 if k in linked else 1 for k in reversed(range(size))), draws)
        if count % _RESCALE == 0:
            joint /= np.maximum(joint.max(axis=0), _TINY)
    for k in range(size):
        joint.reshape(-1, 2, 2**k, draws)[:, 1] *= spared[k]


_RESCALE = 16  # answers; few enough for their probabilities, multiplied, to stay far above the smallest float
_TINY = np.finfo(np.float64).tiny
