"""How uncertain every number is: its low, value and high turned into a distribution.

Each number has a split normal distribution on the log-odds scale: half of it below the value and half above, each half
with a scale of its own, so that low, value and high are its 2.5%, 50% and 97.5% quantiles exactly. Where low or high
is the value itself, that half is a point. Numbers are independent of each other. Only states of one risk factor are
not quite: draws of their base rates that leave nothing for the remainder are thrown away and drawn again.

References
----------
Ranges of probabilities as quantiles, a distribution from them, and independent draws: O'Hagan et al., Uncertain
Judgements: Eliciting Experts' Probabilities (2006); Pradhan et al., The sensitivity of belief networks to imprecise
probabilities, Artificial Intelligence 85 (1996), 363-397, for normal noise on the log-odds.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from buttockpain.model import Model
from buttockpain.research.parameters import table_of
from buttockpain.types import FloatArray, IntArray

__all__ = ["RANGE", "Uncertainty", "draw_models", "uncertainty_of"]

RANGE = 0.95
"""How much of its distribution a number's range from low to high holds."""

_END = NormalDist().inv_cdf((1 + RANGE) / 2)


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The distribution of every number of a model.

    Attributes
    ----------
    paths : of the numbers, on the N axis.
    centre : (N,) log-odds of the value, the median.
    below, above : (N,) standard deviation of the normal distribution that the half below, and above, is taken from.
    together : for each risk factor of several states, the numbers that must leave something for its remainder.
    """

    paths: tuple[str, ...]
    centre: FloatArray
    below: FloatArray
    above: FloatArray
    together: tuple[tuple[int, ...], ...]

    def quantile(self, share: float) -> FloatArray:
        """Return the value that each number lies below with probability `share`, (N,).

        Raises
        ------
        ValueError : a share that is not strictly between 0 and 1.

        Examples
        --------
        >>> from buttockpain import default_model
        >>> uncertain = uncertainty_of(default_model())
        >>> leak = uncertain.paths.index("cause.sciatica.leak")
        >>> [float(uncertain.quantile(share)[leak].round(4)) for share in (0.025, 0.5, 0.975)]
        [0.011, 0.0251, 0.053]
        """
        if not 0 < share < 1:
            message = f"`share` is {share!r}, expected a number above 0 and below 1"
            raise ValueError(message)
        return self.values_at(np.full(1, NormalDist().inv_cdf(share)), np.arange(len(self.paths)))[:, 0]

    def draw(
        self, rng: np.random.Generator, *, draws: int, numbers: Sequence[int] | IntArray | None = None
    ) -> FloatArray:
        """Return draws of the numbers, (numbers, D).

        Parameters
        ----------
        rng : where all randomness comes from.
        draws : how many of each.
        numbers : which, as places on the N axis; all if left out.
        """
        chosen = np.arange(len(self.paths)) if numbers is None else np.asarray(numbers, dtype=np.int64)
        drawn = self.values_at(rng.standard_normal((len(chosen), draws)), chosen)
        for group in self.together:
            rows = np.flatnonzero(np.isin(chosen, group))
            while (over := np.flatnonzero(drawn[rows].sum(axis=0) >= 1)).size:
                drawn[np.ix_(rows, over)] = self.values_at(rng.standard_normal((len(rows), over.size)), chosen[rows])
        return drawn

    def distance(self, numbers: IntArray, values: FloatArray) -> FloatArray:
        """Return how many standard deviations values are away from those of the model, on the log-odds scale.

        Infinite where the number is taken to be known, and for values of 0 and 1.
        """
        with np.errstate(divide="ignore"):
            away = np.log(values) - np.log1p(-values) - self.centre[numbers]
        scale = np.where(away < 0, self.below[numbers], self.above[numbers])
        result: FloatArray = np.divide(np.abs(away), scale, out=np.full(len(away), np.inf), where=scale > 0)
        return result

    def values_at(self, normal: FloatArray, numbers: IntArray) -> FloatArray:
        """Return the values of some numbers that standard normal deviates stand for, (numbers, D).

        Parameters
        ----------
        normal : (numbers, D), or (D,) for the same deviates in all of them.
        numbers : places on the N axis.
        """
        even, uneven = (self.above + self.below) / 2, (self.above - self.below) / 2
        result: FloatArray = np.abs(normal) * uneven[numbers, None]  # with the next line: one scale below 0, one above
        result += normal * even[numbers, None]
        result += self.centre[numbers, None]
        # A number is above 0 and below 1; one that would round to either stands for the nearest float inside.
        np.maximum(result, _LOWEST, out=result)
        np.negative(result, out=result)
        np.exp(result, out=result)
        result += 1
        np.reciprocal(result, out=result)
        np.minimum(result, 1 - sys.float_info.epsilon / 2, out=result)
        return result


_LOWEST = -700.0  # log-odds, of a probability near the smallest float


def draw_models(model: Model, *, rng: np.random.Generator, models: int) -> tuple[Model, ...]:
    """Return models whose numbers are drawn from the uncertainty of this one; with `simulate`, its uncertain patients.

    Parameters
    ----------
    model : whose numbers are uncertain.
    rng : where all randomness comes from.
    models : how many; each takes some milliseconds, so some hundreds are plenty.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> drawn = draw_models(default_model(), rng=np.random.default_rng(1), models=2)
    >>> [round(one.rank({"slr_positive": "yes"}).causes[0].probability, 2) for one in drawn]
    [0.4, 0.36]
    """
    uncertainty = uncertainty_of(model)
    drawn = uncertainty.draw(rng, draws=models)
    return tuple(model.replace(dict(zip(uncertainty.paths, column, strict=True))) for column in drawn.T.tolist())


@lru_cache(maxsize=8)
def uncertainty_of(model: Model) -> Uncertainty:
    """Return the distribution of every number of a model; the last few are kept."""
    table = table_of(model)
    low, centre, high = (np.log(value) - np.log1p(-value) for value in (table.low, table.value, table.high))
    below, above = (centre - low) / _END, (high - centre) / _END
    for array in (centre, below, above):
        array.flags.writeable = False
    together = tuple(factor.bases for factor in table.factors if len(factor.bases) > 1)
    return Uncertainty(table.paths, centre, below, above, together)
