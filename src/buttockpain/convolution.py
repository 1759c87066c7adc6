"""How what many risk factors bring about is put together, a few causes at a time.

Each risk factor brings about the causes it is linked to, independently of the others, and a cause is present if
anything brought it about: the distribution of the causes is an OR-convolution of small distributions. A factor
touches few causes, so factors that share causes are first put together in *parts*, and only the last joins run over
all 2^C states. All terms are sums of products of positive numbers, so every state keeps full relative accuracy.

Arrays are (2^t, B): bit i of the first index says whether the i-th of t causes, in ascending order, is present.

References
----------
Independence of causal influence and its factorisation: Zhang and Poole, JAIR 5 (1996), 301-328.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from buttockpain.types import FloatArray

__all__ = ["TABLE", "Action", "Join", "Part", "Plan", "Scratch", "Share", "part_of", "switch_on", "together"]

TABLE = 2**15
"""The most numbers in a table of a part over all answers to its factors: 256 KiB, which stays in the cache."""

Float = TypeVar("Float", np.float32, np.float64)

_MATRIX_STATES = 16  # up to here one small matrix product is faster than switching on cause by cause


def switch_on(distribution: FloatArray, link: FloatArray) -> FloatArray:
    """Return the distribution after something has had its chance to bring about causes.

    Each cause not yet present comes about with its own probability, independently. Only products and sums of
    positive numbers, so every state keeps full relative accuracy, however improbable it is.

    Parameters
    ----------
    distribution : (S, B) over the states of the causes.
    link : (C,) probability of bringing about each cause; 0 where there is no link.

    Examples
    --------
    >>> import numpy as np
    >>> switch_on(np.array([[1.0], [0.0], [0.0], [0.0]]), np.array([0.5, 0.1])).ravel()
    array([0.45, 0.45, 0.05, 0.05])
    """
    result = distribution.copy()
    for k in np.flatnonzero(link):
        by_cause = result.reshape(len(result) >> (k + 1), 2, 2**k, result.shape[-1])
        absent, present = by_cause[:, 0], by_cause[:, 1]
        present += absent * link[k]
        absent *= 1 - link[k]
    return result


class Scratch:
    """Work arrays that are used again: fresh memory would cost more than the arithmetic in it.

    Attributes
    ----------
    width : people that an array has room for.
    used : people that there are; a multiple of the tile.
    tile : people per matrix product. A product always has the same shape, so a person's numbers do not depend on how
        many others there are.
    """

    def __init__(self, width: int, tile: int | None = None) -> None:
        self.width = self.used = width
        self.tile = tile or max(1, width)
        self._free: dict[int, list[FloatArray]] = {}

    def take(self, rows: int) -> FloatArray:
        """Return an array (rows, used) of anything."""
        free = self._free.get(rows)
        array = free.pop() if free else np.empty((rows, self.width))
        return array if self.used == self.width else array[:, : self.used]

    def give(self, *arrays: FloatArray) -> None:
        """Take arrays back that nobody uses any more."""
        for array in arrays:
            self._free.setdefault(len(array), []).append(array if array.base is None else array.base)

    def product(self, left: NDArray[Float], right: NDArray[Float], out: NDArray[Float]) -> NDArray[Float]:
        """Return the matrix product of (rows, n) and (n, used), tile by tile."""
        tiles = (right.shape[1] // self.tile, self.tile)
        by_tile = right.reshape(len(right), *tiles).transpose(1, 0, 2)
        np.matmul(left, by_tile, out=out.reshape(len(out), *tiles).transpose(1, 0, 2))
        return out

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays given back."""
        return sum(array.nbytes for arrays in self._free.values() for array in arrays)


@dataclass(frozen=True, slots=True)
class Share:
    """What a part holds of one risk factor: where its states stand on the K axis, and its links to the part's causes."""

    factor: int
    first: int
    link: FloatArray

    def __post_init__(self) -> None:
        self.link.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Part:
    """A few causes, with all risk factors that touch no others and whose answers fit into one table.

    Attributes
    ----------
    causes : ascending.
    leaks : (2^t, 1) distribution of the causes that come about by their leaks alone.
    shares : the factors.
    """

    causes: tuple[int, ...]
    leaks: FloatArray
    shares: tuple[Share, ...]

    def __post_init__(self) -> None:
        self.leaks.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Action:
    """Switching on causes; `matrix` is the same as a (2^t, 2^t) map, None for many states; no links change nothing."""

    link: FloatArray
    matrix: FloatArray | None

    def __post_init__(self) -> None:
        self.link.flags.writeable = False
        if self.matrix is not None:
            self.matrix.flags.writeable = False

    @classmethod
    def of(cls, link: FloatArray) -> Action:
        """Prepare the switching on of t causes."""
        states = 2 ** len(link)
        return cls(link, switch_on(np.eye(states), link) if states <= _MATRIX_STATES else None)

    def on(self, distribution: FloatArray, scratch: Scratch) -> FloatArray:
        """Return the distribution afterwards: the same array if nothing changes, else one of the scratch."""
        if not self.link.any():
            return distribution
        result = scratch.take(len(distribution))
        if self.matrix is not None:
            return scratch.product(self.matrix, distribution, result)
        np.copyto(result, distribution)
        for k in np.flatnonzero(self.link):
            by_cause = result.reshape(len(result) >> (k + 1), 2, 2**k, result.shape[-1])
            absent, present = by_cause[:, 0], by_cause[:, 1]
            half = scratch.take(len(result) // 2)
            present += np.multiply(absent, self.link[k], out=half.reshape(absent.shape))
            absent *= 1 - self.link[k]
            scratch.give(half)
        return result


@dataclass(frozen=True, slots=True)
class Join:
    """Two parts become one, and one risk factor that touches both has its chance; or one part and such a factor.

    The states of the factor that do the same to the wide part are one group: what they do to the narrow part is
    summed first, and the product over all states of both is formed once per group.

    Attributes
    ----------
    wide, narrow : numbers of the parts; parts first, then the results of earlier joins. None: there is only one.
    layout : shapes in which the arrays of both broadcast to the states of the result.
    groups : what happens to the wide part; and for each state, its row on the K axis (None: always) and what happens
        to the narrow part.
    """

    wide: int
    narrow: int | None
    layout: tuple[tuple[int, ...], tuple[int, ...]]
    groups: tuple[tuple[Action, tuple[tuple[int | None, Action], ...]], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """In which order the risk factors of a network are put together; `convolution_plan` makes it."""

    parts: tuple[Part, ...]
    joins: tuple[Join, ...]


def part_of(part: Part, weight: FloatArray) -> FloatArray:
    """Return the distribution over the causes of a part, (2^t, B), given the weights of risk-factor states, (K, B)."""
    result = np.repeat(part.leaks, weight.shape[1], axis=1)
    for share in part.shares:
        before = result
        result = before * weight[share.first]
        for state, link in enumerate(share.link, start=share.first + 1):
            result += switch_on(before * weight[state], link)
    return result


def together(plan: Plan, parts: Sequence[FloatArray], weight: FloatArray, scratch: Scratch) -> FloatArray:
    """Return the distribution over all causes, (S, B), from those of the parts.

    Parameters
    ----------
    parts : of each part of the plan, (2^t, B); given back to the scratch.
    weight : (K, B) weights of risk-factor states; only those of factors in joins are read.
    """
    known = list(parts)
    for join in plan.joins:
        wide, narrow = known[join.wide], None if join.narrow is None else known[join.narrow]
        result, *others = [_product(join, *group, wide, narrow, weight, scratch) for group in join.groups]
        _add(result, others, scratch)
        scratch.give(wide)
        if narrow is not None:
            scratch.give(narrow)
        known.append(result)
    return known[-1]


def _product(
    join: Join,
    action: Action,
    members: tuple[tuple[int | None, Action], ...],
    wide: FloatArray,
    narrow: FloatArray | None,
    weight: FloatArray,
    scratch: Scratch,
) -> FloatArray:
    """Return what the states of one group make of both parts, weighted and summed."""
    share, *others = [_weighted(one, None if row is None else weight[row], narrow, scratch) for row, one in members]
    _add(share, others, scratch)
    acted = action.on(wide, scratch)
    product = scratch.take(len(acted) * len(share))
    one, other = ((*shape, wide.shape[-1]) for shape in join.layout)
    np.multiply(acted.reshape(one), share.reshape(other), out=product.reshape(tuple(map(max, one, other))))
    scratch.give(share)
    if acted is not wide:
        scratch.give(acted)
    return product


def _weighted(action: Action, weight: FloatArray | None, narrow: FloatArray | None, scratch: Scratch) -> FloatArray:
    """Return what one state makes of the narrow part, weighted; of no part, the weight itself."""
    if narrow is None:
        result = scratch.take(1)
        np.copyto(result, 1.0 if weight is None else weight)
        return result
    acted = action.on(narrow, scratch)
    result = acted if acted is not narrow else scratch.take(len(narrow))
    return np.multiply(acted, 1.0 if weight is None else weight, out=result)


def _add(result: FloatArray, others: list[FloatArray], scratch: Scratch) -> None:
    """Add the others to the result, and give them back."""
    for other in others:
        result += other
        scratch.give(other)
