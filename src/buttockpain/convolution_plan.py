"""In which order to put risk factors together so that little is computed over all 2^C states.

First the parts: risk factors that touch the same few causes, as many as fit into one table of all their answers. Then
the joins: what is left, always the factor next whose result has the fewest states.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from buttockpain import convolution
from buttockpain.convolution import Action, Join, Part, Plan, Share
from buttockpain.types import FloatArray

__all__ = ["plan_of"]


def plan_of(leak: FloatArray, factors: Sequence[tuple[int, FloatArray]]) -> Plan:
    """Return the plan of a network.

    Parameters
    ----------
    leak : (C,) probability of each cause if nothing brings it about.
    factors : of each risk factor, its first row on the K axis and its links (states - 1, C).
    """
    shares = [Share(number, first, link) for number, (first, link) in enumerate(factors)]
    shares.sort(key=lambda share: np.count_nonzero(share.link.any(axis=0)))  # stable
    groups: list[tuple[frozenset[int], list[Share]]] = [(frozenset([k]), []) for k in range(len(leak))]
    left: list[Share] = []
    for share in shares:
        touched = [group for group in groups if group[0] & _touched(share)]
        causes = frozenset[int]().union(*(group[0] for group in touched))
        inside = [share, *(one for group in touched for one in group[1])]
        if 2 ** len(causes) * math.prod(len(one.link) + 2 for one in inside) <= convolution.TABLE:
            groups = [group for group in groups if group not in touched] + [(causes, inside)]
        else:
            left.append(share)
    parts = tuple(_part(tuple(sorted(causes)), leak, inside) for causes, inside in groups)
    return Plan(parts, tuple(_joins([part.causes for part in parts], left)))


def _touched(share: Share) -> frozenset[int]:
    """Return the causes a factor is linked to; one with no link counts too, and is put to the first cause."""
    return frozenset(np.flatnonzero(share.link.any(axis=0)).tolist()) or frozenset([0])


def _part(causes: tuple[int, ...], leak: FloatArray, shares: Sequence[Share]) -> Part:
    """Return a part over some causes, its factors in the order of the network."""
    has = np.arange(2 ** len(causes))[:, None] >> np.arange(len(causes)) & 1
    leaks = np.where(has, leak[list(causes)], 1 - leak[list(causes)]).prod(axis=1, keepdims=True)
    inside = sorted(shares, key=lambda share: share.factor)
    return Part(causes, leaks, tuple(Share(s.factor, s.first, s.link[:, list(causes)]) for s in inside))


def _joins(causes: list[tuple[int, ...]], left: list[Share]) -> Iterator[Join]:
    """Yield the joins: always the factor next whose result has the fewest states, at last what no factor joins."""
    open_parts = set(range(len(causes)))
    left = list(left)

    def join(wide: int, narrow: int | None, share: Share | None) -> Join:
        here = causes[wide]
        there = () if narrow is None else causes[narrow]
        causes.append(tuple(sorted(here + there)))
        open_parts.difference_update({wide, narrow})
        open_parts.add(len(causes) - 1)
        rows: list[int | None] = [None] if share is None else [share.first + n for n in range(len(share.link) + 1)]
        links = np.zeros((len(rows), max(map(max, causes)) + 1))
        if share is not None:
            links[1:] = share.link
        groups: dict[tuple[float, ...], list[tuple[int | None, Action]]] = {}
        for row, link in zip(rows, links, strict=True):
            groups.setdefault(tuple(link[list(here)]), []).append((row, Action.of(link[list(there)])))
        return Join(
            wide, narrow, _layout(here, there), tuple((Action.of(np.array(w)), tuple(g)) for w, g in groups.items())
        )

    def touched(share: Share) -> list[int]:
        return sorted((p for p in open_parts if _touched(share) & set(causes[p])), key=lambda p: (len(causes[p]), p))

    while left:
        share = min(left, key=lambda one: sum(len(causes[p]) for p in touched(one)))
        left.remove(share)
        while len(touched(share)) > 2:  # noqa: PLR2004 - the factor acts on a wide and a narrow part
            narrow, wide = touched(share)[:2]
            yield join(wide, narrow, None)
        *rest, wide = touched(share)
        yield join(wide, rest[0] if rest else None, share)
    while len(open_parts) > 1:
        narrow, wide = sorted(open_parts, key=lambda p: (len(causes[p]), p))[:2]
        yield join(wide, narrow, None)


def _layout(here: tuple[int, ...], there: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes in which two parts broadcast to their causes together, the highest cause first."""
    runs = [(side, 2 ** len(list(run))) for side, run in groupby(sorted(here + there, reverse=True), here.__contains__)]
    return tuple(n if side else 1 for side, n in runs), tuple(1 if side else n for side, n in runs)
