"""What the uncertainty of each number by itself does to each outcome.

The effect of a number is what it adds to the log-odds of an outcome as it moves while all others stay: the exact
sensitivity function, over the distribution of the number. Added up over the numbers, as if they did not interact, the
effects give intervals; one by one, they say which numbers matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from buttockpain.model import Model
from buttockpain.research.lines import Lines
from buttockpain.research.parameters import table_of
from buttockpain.research.uncertainty import uncertainty_of
from buttockpain.types import FloatArray, IntArray

__all__ = ["Effects", "effects_of"]


@dataclass(frozen=True, slots=True)
class Effects:
    """Moments of the effects on the log-odds of every outcome; E of the N numbers have one.

    Attributes
    ----------
    numbers : (E,) which, as places on the N axis: those that the evidence involves.
    mean, variance, third : (E, O) mean, variance and third central moment of each effect.
    """

    numbers: IntArray
    mean: FloatArray
    variance: FloatArray
    third: FloatArray


def effects_of(model: Model, lines: Lines) -> Effects:
    """Return the effects of the numbers on one person's answer."""
    table = table_of(model)
    numbers = np.flatnonzero(lines.involved)
    values = uncertainty_of(model).values_at(_NODES, numbers)
    at_zero, at_ceiling = lines.at_zero[numbers, None], lines.at_ceiling[numbers, None]
    # One number of a risk factor by itself can be drawn beyond what the others leave; it is then held just below that.
    share = np.minimum(values / table.ceiling[numbers, None], _JUST_BELOW)[:, :, None, None]
    height = np.log((1 - share) * at_zero + share * at_ceiling)
    effect = height[:, :, 0] - height[:, :, 1]
    mean = np.einsum("z,ezo->eo", _WEIGHTS, effect)
    effect -= mean[:, None]
    variance, third = (np.einsum("z,ezo->eo", _WEIGHTS, effect**power) for power in (2, 3))
    return Effects(numbers, mean, variance, third)


def _half_normal_nodes(count: int, end: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights for means over a normal distribution, by Gauss-Legendre on either side of 0.

    The two sides apart, because a number's distribution changes scale there.
    """
    node, weight = np.polynomial.legendre.leggauss(count)
    node = (node + 1) * end / 2
    weight = weight * np.exp(-(node**2) / 2)
    return np.concatenate([-node, node]), np.concatenate([weight, weight]) / (2 * weight.sum())


_NODES, _WEIGHTS = _half_normal_nodes(count=8, end=5.0)  # beyond 5 standard deviations lies one in two million
_JUST_BELOW = 1 - 1e-9
