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

import numpy as np
from numpy.typing import NDArray

from buttockpain.cohort.answers import NO, NOT_ASKED, YES, Answers, Codes, Soft
from buttockpain.cohort.careful import Scores, careful
from buttockpain.convolution import Part, Scratch, part_of, together
from buttockpain.inference import FLAT, log_soft_answer, sides, surprise_of
from buttockpain.lookup import Table
from buttockpain.network import Network, follow_arcs
from buttockpain.types import FloatArray, IntArray

__all__ = ["Kernel"]


_TILE = 384  # people per matrix product: a multiple of every width that the inner loops of such libraries have
_CELLS = 2**19  # numbers in the largest work array of a block: 4 MiB. Longer blocks mean fewer calls, and fewer moments
# at which two workers want the interpreter at once.
_TILES = 11  # at most
_LEAST_LOG = -500.0  # with no finding below it, the exponential of no state loses digits
_ROUNDING = float(np.finfo(np.float32).eps)  # of the bound: twice what one operation rounds off
_SMALLEST_TOTAL = 1e-280  # below this a product may have lost digits on its way to zero, and logarithms are used


class Work(Scratch):
    """Scratch for one block of a network, with the arrays that are not of float64."""

    def __init__(self, width: int, tile: int, network: Network) -> None:
        super().__init__(width, tile)
        states, findings, rows = len(network.has), len(network.findings), len(network.findings) + len(network.factors)
        self.codes = np.empty((rows, width), dtype=np.int8)
        self._mask = np.empty((rows, width), dtype=np.bool_)
        self._asked = np.empty((findings, width), dtype=np.float32)
        self._moments = np.empty((2 * states, width), dtype=np.float32)

    def where(self, codes: Codes, code: int, out: FloatArray) -> FloatArray:
        """Return 1 where a code stands, 0 elsewhere."""
        mask = self._mask[: len(codes), : codes.shape[1]]
        np.copyto(out, np.equal(codes, code, out=mask))
        return out

    def moments(self, matrix: NDArray[np.float32], codes: Codes) -> NDArray[np.float32]:
        """Return a matrix (2S, F) times 1 where a finding was answered by yes or no, 0 elsewhere, (2S, used)."""
        mask, asked = self._mask[: len(codes), : self.used], self._asked[:, : self.used]
        np.copyto(asked, np.greater_equal(codes, NO, out=mask))
        return self.product(matrix, asked, self._moments[:, : self.used])

    @property
    def all_bytes(self) -> int:
        """Bytes of all arrays."""
        return self.nbytes + 2 * self.codes.nbytes + self._asked.nbytes + self._moments.nbytes


class Kernel:
    """A network prepared for batches.

    Attributes
    ----------
    network : what it computes with.
    width, tile : people per block at most, and per matrix product; depend on the size of the network only.
    nbytes : what one worker needs to work on.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        states, findings = len(network.has), len(network.findings)
        rows = max(states, findings + len(network.causes) + 1)
        self.tile = min(_TILE, max(48, _CELLS // rows // 48 * 48))
        self.width = self.tile * min(_TILES, max(1, _CELLS // rows // self.tile))
        log_no, log_yes = network.log_answer[::2], network.log_answer[1::2]
        # log P(no | state) is a sum: one term always, and one for each cause the state has.
        alone = log_no[:, [0, *(1 << k for k in range(len(network.causes)))]].T
        self._no_terms = np.ascontiguousarray(np.vstack([alone[:1], alone[1:] - alone[0]]))
        self._likelihood = np.ascontiguousarray(np.hstack([log_yes.T, np.ones((states, 1)), network.has]))
        self._summary = np.vstack([network.summary[: len(network.causes)], network.summary[-1:], np.ones((1, states))])
        # For `_bounds`. The complaint is always answered, so its row carries what is added once per person.
        gap = log_no - log_yes
        self._bend = bend = float(((np.exp(log_no) - np.exp(log_yes)) * gap).max()) / 6
        moments = network.surprisal[:, :2].transpose(1, 2, 0) * np.array([-1, 1])[:, None, None]
        self._rounding = (findings + 8) * _ROUNDING
        most = bend + float(network.surprisal[:, 0].max(axis=-1).sum())
        moments[:, :, network.presenting] += np.array([bend + self._rounding * most, FLAT])[:, None]
        self._moments = np.ascontiguousarray(moments, dtype=np.float32).reshape(2 * states, findings)
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
        work = Work(self.width, self.tile, network)
        self._block(self._nobody, (), work, _empty(network, self.width), slice(0, self.width), limit=math.inf)
        self.nbytes = work.all_bytes + 4 * 8 * states * self.width  # virtual evidence needs a few more
        self._idle.append(work)

    def score(self, answers: Answers, *, limit: float | None = None) -> Scores:
        """Return what follows from the answers of any number of people.

        Parameters
        ----------
        answers : filled in from age and sex.
        limit : of the surprise, above which the fit is poor; None if nobody wants to know.
        """
        network = self.network
        rows, size = len(network.findings) + len(network.factors), answers.codes.shape[1]
        scores = _empty(network, size)
        try:
            work = self._idle.pop()
        except IndexError:  # asking first would be two steps, and another thread could be between them
            work = Work(self.width, self.tile, network)
        soft = list(answers.soft(0, rows))
        for first in range(0, size, self.width):
            last = min(first + self.width, size)
            block = answers.codes[:rows, first:last]
            work.used = -(-(last - first) // self.tile) * self.tile
            if work.used > last - first:
                block = self._nobody[:, : work.used].copy()
                block[:, : last - first] = answers.codes[:rows, first:last]
            self._block(block, [one.between(first, last) for one in soft], work, scores, slice(first, last), limit)
        self._idle.append(work)
        for column in np.flatnonzero(np.isnan(scores.log_evidence)):
            person = careful(network, answers, int(column), math.inf if limit is None else limit)
            scores.cause[:, column], scores.none_of_these[column] = person.cause[:, 0], person.none_of_these[0]
            scores.log_evidence[column], scores.poor_fit[column] = person.log_evidence[0], person.poor_fit[0]
        return scores

    def _block(
        self, codes: Codes, soft: Sequence[Soft], work: Work, scores: Scores, here: slice, limit: float | None
    ) -> None:
        """Score one block, and write the columns that are people; log-evidence NaN where logarithms are needed."""
        network = self.network
        states, findings, causes = len(network.has), len(network.findings), len(network.causes)
        answered, answered_no = work.take(findings + causes + 1), work.take(findings)
        work.where(codes[:findings], YES, answered[:findings])
        work.where(codes[:findings], NO, answered_no)
        work.product(self._no_terms, answered_no, answered[findings:])
        work.give(answered_no)
        joint = work.product(self._likelihood, answered, work.take(states))
        bounds = None if limit is None else self._bounds(codes[:findings], joint, work)
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

        summary = work.product(self._summary, joint, work.take(causes + 2))
        total = summary[-1]
        lost = total < _SMALLEST_TOTAL
        total[lost] = np.nan
        count = here.stop - here.start
        summary[:-1] /= total
        scores.cause[:, here] = summary[:causes, :count]
        scores.none_of_these[here] = summary[causes, :count]
        scores.log_evidence[here] = (np.log(total) + shift)[:count]
        if bounds is not None and limit is not None:
            most = np.einsum("sb,sb->b", bounds, joint) * (1 + self._rounding)
            doubtful = np.flatnonzero(most[:count] > limit * total[:count])
            if len(doubtful):
                state = joint[:, doubtful] / total[doubtful]
                log_likelihood = self._likelihood @ answered[:, doubtful]
                surprise = surprise_of(network, codes[:findings, doubtful], log_likelihood, state)
                scores.poor_fit[here.start + doubtful] = surprise > limit
        work.give(joint, summary, answered)

    def _prior(self, codes: Codes, soft: Sequence[Soft], work: Work) -> FloatArray:
        """Return the distribution of the causes and what is known of the risk factors, jointly, (S, B)."""
        network = self.network
        number = np.maximum(codes, NOT_ASKED, out=work.codes[: len(codes), : codes.shape[1]])
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
            weight[first : first + 2, np.searchsorted(columns, one.columns)] = network.base[
                first : first + 2, None
            ] * sides(one.strength)
        return weight

    def _bounds(self, codes: Codes, log_likelihood: FloatArray, work: Work) -> NDArray[np.float32]:
        """Return in each state a number that the distance in `inference.surprise` does not exceed, (S, B).

        Few people surprise, and this shows it of most others at a quarter of the cost. With z the plain distance and g
        a sixth of the skewness, the distance is (cbrt(1 + 3gz) - 1) / g + g. As g is never negative (of two answers the
        rarer one surprises more), that is at most z + g where z is positive, and at most g where it is not. And g is at
        most `_bend` / deviation, `_bend` being a sixth of the largest ratio of third moment to variance of any answer.
        Computed in float32: what that may round off was added to the moments, or is `_rounding` of the whole.
        """
        states = len(log_likelihood)
        moments = work.moments(self._moments, codes)
        excess, variance = moments[:states], moments[states:]  # minus the mean surprisal, and `_bend`
        np.subtract(excess, log_likelihood, out=excess, casting="same_kind")
        np.maximum(excess, np.float32(self._bend), out=excess)
        excess /= np.sqrt(variance, out=variance)
        return excess


def _empty(network: Network, size: int) -> Scores:
    """Return scores to be written."""
    return Scores(np.empty((len(network.causes), size)), np.empty(size), np.empty(size), np.zeros(size, dtype=bool))


def _table(network: Network, part: Part) -> FloatArray:
    """Return the distribution of a part for every combination of answers to its factors, unknown first, (2^t, ...)."""
    table = Table.of_part(part, network.base)
    return np.ascontiguousarray(table.entries.T * np.exp(table.log_evidence))


def _weights(network: Network, number: int) -> FloatArray:
    """Return the weight of each state of a risk factor under each answer, unknown first, (states, states + 1)."""
    factor = network.factors[number]
    base = network.base[factor.first : factor.first + len(factor.states)]
    return np.hstack([base[:, None], np.diag(base)])
