"""The exact posterior of many people at once: blocks of columns that stay in the cache, on work arrays used again.

The same numbers as `inference.infer`, to rounding. What makes it fast: the answers to risk factors are looked up in
one table per part of the network (`convolution`); "no" answers factorise over the causes, so they cost C + 1 numbers
and not S; and nothing is allocated inside a block. All blocks of a model have the same width, the last one filled up
with people of whom nothing is known, so that every product has the same shape and a person's numbers are the same
bits wherever they stand.

Axis letters as in `network`; R risk factors.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from buttockpain.cohort.answers import NO, NOT_ASKED, SOFT, YES, Answers, Codes, Soft
from buttockpain.convolution import Part, Scratch, part_of, together
from buttockpain.inference import FLAT, Evidence, infer, log_soft_answer
from buttockpain.inference import surprise as surprise_of
from buttockpain.network import Network, follow_arcs
from buttockpain.types import FloatArray, IntArray

__all__ = ["Kernel", "Scores"]

_CELLS = 2**17  # numbers in the largest work array of a block: 1 MiB, half a second-level cache
_WIDEST, _NARROWEST = 1024, 64
_LEAST_LOG = -500.0  # with no finding below it, the exponential of no state loses digits
_SMALLEST_TOTAL = 1e-280  # below this a product may have lost digits on its way to zero, and logarithms are used


@dataclass(frozen=True, slots=True)
class Scores:
    """What follows from the answers, one column per person.

    Attributes
    ----------
    cause : (C, B) probability of each cause.
    none_of_these : (B,) probability that no ranked cause is present.
    log_evidence : (B,) natural log of the probability of the answers; minus infinity, with zeros elsewhere, where
        the answers are impossible.
    surprise : (B,) as `inference.surprise`; NaN where it was not asked for.
    """

    cause: FloatArray
    none_of_these: FloatArray
    log_evidence: FloatArray
    surprise: FloatArray


class Work(Scratch):
    """Scratch with the arrays that are not of numbers."""

    def __init__(self, width: int, rows: int) -> None:
        super().__init__(width)
        self.mask = np.empty((rows, width), dtype=np.bool_)
        self.codes = np.empty((rows, width), dtype=np.int8)


class Kernel:
    """A network prepared for batches.

    Attributes
    ----------
    network : what it computes with.
    width : people per block; depends on the size of the network only.
    nbytes : what one worker needs to work on.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        states, findings = len(network.has), len(network.findings)
        rows = max(states, findings + len(network.causes) + 1)
        self.width = min(_WIDEST, max(_NARROWEST, 2 ** int(math.log2(_CELLS / rows))))
        log_no, log_yes = network.log_answer[::2], network.log_answer[1::2]
        # log P(no | state) is a sum: one term always, and one for each cause the state has.
        alone = log_no[:, [0, *(1 << k for k in range(len(network.causes)))]].T
        self._no_terms = np.ascontiguousarray(np.vstack([alone[:1], alone[1:] - alone[0]]))
        self._likelihood = np.ascontiguousarray(np.hstack([log_yes.T, np.ones((states, 1)), network.has]))
        self._summary = np.vstack([network.summary[: len(network.causes)], network.summary[-1:], np.ones((1, states))])
        # Of the surprisal the mean, a ninth of the variance and a 162nd of the third moment: see `_distances`. The
        # complaint is always answered, so its row carries what keeps a variance from being zero.
        moments = network.surprisal.transpose(1, 2, 0) * np.array([1, 1 / 9, 1 / 162])[:, None, None]
        moments[1, :, network.presenting] += FLAT / 9
        self._moments = np.ascontiguousarray(moments).reshape(3 * states, findings)
        # Whether the least likely of all answers together are still far from the smallest float.
        self._fits = network.log_answer.min(axis=1).reshape(-1, 2).min(axis=1).sum() > _LEAST_LOG
        self._radix = np.zeros((len(network.plan.parts), len(network.factors)))
        for row, part in enumerate(network.plan.parts):
            sizes = [len(share.link) + 2 for share in part.shares]
            for place, share in enumerate(part.shares):
                self._radix[row, share.factor] = math.prod(sizes[place + 1 :])
        self._tables = [_table(network, part) for part in network.plan.parts]
        self._weights = [_weights(network, number) for number in range(len(network.factors))]
        self._in_parts = {share.factor for part in network.plan.parts for share in part.shares}
        self._idle: deque[Work] = deque()
        self._nobody = np.full((findings + len(network.factors), self.width), NOT_ASKED, dtype=np.int8)
        self._nobody[network.presenting] = YES
        work = Work(self.width, len(self._nobody))
        self._block(self._nobody, (), work, _empty(network, self.width), slice(0, self.width), surprise=True)
        self.nbytes = work.nbytes + 4 * 8 * states * self.width  # virtual evidence needs a few more
        self._idle.append(work)

    def score(self, answers: Answers, *, surprise: bool = True) -> Scores:
        """Return what follows from the answers of any number of people.

        Parameters
        ----------
        answers : filled in from age and sex.
        surprise : whether the surprise is wanted; it costs as much as all the rest.
        """
        network = self.network
        rows, size = len(network.findings) + len(network.factors), answers.codes.shape[1]
        scores = _empty(network, size)
        work = self._idle.pop() if self._idle else Work(self.width, rows)
        soft = list(answers.soft(0, rows))
        for first in range(0, size, self.width):
            last = min(first + self.width, size)
            block = answers.codes[:rows, first:last]
            if last - first < self.width:
                block = self._nobody.copy()
                block[:, : last - first] = answers.codes[:rows, first:last]
            self._block(block, [one.between(first, last) for one in soft], work, scores, slice(first, last), surprise)
        self._idle.append(work)
        for column in np.flatnonzero(np.isnan(scores.log_evidence)):
            self._carefully(answers, soft, int(column), scores)
        return scores

    def _block(
        self, codes: Codes, soft: Sequence[Soft], work: Work, scores: Scores, here: slice, surprise: bool
    ) -> None:
        """Score one block, and write the columns that are people; log-evidence NaN where logarithms are needed."""
        network = self.network
        states, findings, causes = len(network.has), len(network.findings), len(network.causes)
        answered, asked = work.take(findings + causes + 1), work.take(findings)
        mask = work.mask[:findings]
        np.copyto(answered[:findings], np.equal(codes[:findings], YES, out=mask))
        np.copyto(asked, np.equal(codes[:findings], NO, out=mask))
        np.matmul(self._no_terms, asked, out=answered[findings:])
        joint = np.matmul(self._likelihood, answered, out=work.take(states))
        moments = None
        if surprise:
            asked += answered[:findings]
            moments = self._distances(asked, joint, work)
        work.give(answered, asked)
        for one in soft:
            if one.row < findings and len(one.columns):
                joint[:, one.columns] += log_soft_answer(network, one.row, one.strength)
        shift: FloatArray | float = 0.0
        if not self._fits:
            shift = joint.max(axis=0)
            joint -= shift
        np.exp(joint, out=joint)
        prior = self._prior(codes[findings:], [one for one in soft if one.row >= findings], work)
        joint *= prior
        work.give(prior)

        summary = np.matmul(self._summary, joint, out=work.take(causes + 2))
        total = summary[-1]
        lost = total < _SMALLEST_TOTAL
        total[lost] = np.nan
        count = here.stop - here.start
        summary[:-1] /= total
        scores.cause[:, here] = summary[:causes, :count]
        scores.none_of_these[here] = summary[causes, :count]
        scores.log_evidence[here] = (np.log(total) + shift)[:count]
        if moments is not None:
            unusual = np.einsum("sb,sb->b", moments[2 * states :], joint)
            np.divide(unusual[:count], total[:count], out=scores.surprise[here])
            work.give(moments)
        work.give(joint, summary)

    def _prior(self, codes: Codes, soft: Sequence[Soft], work: Work) -> FloatArray:
        """Return the distribution of the causes and what is known of the risk factors, jointly, (S, B)."""
        network = self.network
        number = np.maximum(codes, NOT_ASKED, out=work.codes[: len(codes)])
        number += 1
        index = (self._radix @ number).astype(np.intp)  # whole numbers far below 2^53
        parts = [
            np.take(table, places, axis=1, out=work.take(len(table)), mode="clip")
            for table, places in zip(self._tables, index, strict=True)
        ]
        weight = work.take(len(network.base))
        for f, factor in enumerate(network.factors):
            if f not in self._in_parts:
                rows = weight[factor.first : factor.first + len(factor.states)]
                np.take(self._weights[f], number[f], axis=1, out=rows, mode="clip")
        if any(len(one.columns) for one in soft):
            columns = np.unique(np.concatenate([one.columns for one in soft]))
            some = self._soft_weights(number, soft, columns)
            for part, distribution in zip(network.plan.parts, parts, strict=True):
                distribution[:, columns] = part_of(part, some)
            weight[:, columns] = some
        result = together(network.plan, parts, weight, work)
        work.give(weight)
        return follow_arcs(result, network.arc_steps)

    def _soft_weights(self, number: Codes, soft: Sequence[Soft], columns: IntArray) -> FloatArray:
        """Return the weight of every state of every risk factor in the columns with virtual evidence, (K, n)."""
        network = self.network
        weight = np.vstack([table[:, number[f, columns]] for f, table in enumerate(self._weights)])
        for one in soft:
            first = network.factors[one.row - len(network.findings)].first
            sides = np.stack([1 - one.strength, one.strength]) / np.maximum(one.strength, 1 - one.strength)
            weight[first : first + 2, np.searchsorted(columns, one.columns)] = (
                network.base[first : first + 2, None] * sides
            )
        return weight

    def _distances(self, asked: FloatArray, log_likelihood: FloatArray, work: Work) -> FloatArray:
        """Return the distance of the answers from their mean surprisal in each state, as in `inference.surprise`.

        Returns
        -------
        (3S, B), the distances in the last S rows; what stands in the others is of no more use.
        """
        states = len(log_likelihood)
        moments = np.matmul(self._moments, asked, out=work.take(3 * states))
        plain, variance, sixth = moments[:states], moments[states : 2 * states], moments[2 * states :]
        inverse = np.divide(1, variance, out=variance)
        sixth *= inverse
        per_deviation = np.sqrt(inverse, out=inverse)  # 3 / deviation
        sixth *= per_deviation
        plain += log_likelihood
        plain *= per_deviation  # -3 times the plain distance
        root = np.multiply(plain, sixth, out=variance)
        np.subtract(1, root, out=root)
        np.cbrt(root, out=root)
        below = np.add(root, 1, out=work.take(states))
        below *= root
        below += 1
        plain /= below
        sixth -= plain
        work.give(below)
        return moments

    def _carefully(self, answers: Answers, soft: Sequence[Soft], column: int, scores: Scores) -> None:
        """Score one person with logarithms all the way, where the product of all probabilities came near zero."""
        network = self.network
        findings = len(network.findings)
        code = answers.codes[: findings + len(network.factors), column]
        finding = np.where(code[:findings] == SOFT, NOT_ASKED, np.maximum(code[:findings], NOT_ASKED))[:, None]
        likelihood = np.ones((len(network.base), 1))
        for f, one in enumerate(network.factors):
            if code[findings + f] >= 0:
                likelihood[one.first : one.first + len(one.states), 0] = (
                    np.arange(len(one.states)) == code[findings + f]
                )
        strength = np.full(finding.shape, 0.5)
        for here in soft:
            for answer in here.strength[here.columns == column]:
                if here.row < findings:
                    strength[here.row] = answer
                else:
                    first = network.factors[here.row - findings].first
                    likelihood[first : first + 2, 0] = np.array([1 - answer, answer]) / max(answer, 1 - answer)
        evidence = Evidence(finding, likelihood, strength if soft else None)
        posterior = infer(network, evidence)
        scores.cause[:, column] = posterior.cause[:, 0]
        scores.none_of_these[column] = posterior.none_of_these[0]
        scores.log_evidence[column] = posterior.log_evidence[0]
        scores.surprise[column] = surprise_of(network, evidence, posterior)[0]


def _empty(network: Network, size: int) -> Scores:
    """Return scores to be written."""
    return Scores(np.empty((len(network.causes), size)), np.empty(size), np.empty(size), np.full(size, np.nan))


def _table(network: Network, part: Part) -> FloatArray:
    """Return the distribution of a part for every combination of answers to its factors, unknown first, (2^t, ...)."""
    answers = np.array(list(product(*(range(len(share.link) + 2) for share in part.shares))), dtype=np.intp)
    weight = np.zeros((len(network.base), len(answers)))
    for position, share in enumerate(part.shares):
        states = len(share.link) + 1
        weight[share.first : share.first + states] = _weights(network, share.factor)[:, answers[:, position]]
    return np.ascontiguousarray(part_of(part, weight))


def _weights(network: Network, number: int) -> FloatArray:
    """Return the weight of each state of a risk factor under each answer, unknown first, (states, states + 1)."""
    factor = network.factors[number]
    base = network.base[factor.first : factor.first + len(factor.states)]
    return np.hstack([base[:, None], np.diag(base)])
