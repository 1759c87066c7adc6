"""Putting risk factors together a few causes at a time gives the distribution by definition, in whatever order."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttockpain import convolution, default_model
from buttockpain.convolution import Part, Plan, Scratch, part_of, switch_on, together
from buttockpain.convolution_plan import plan_of
from buttockpain.types import FloatArray

# A few dozen roundings of 1.1e-16 each; relative, because every state keeps its digits.
RELATIVE = 1e-12

chances = st.floats(1e-9, 1 - 1e-9) | st.sampled_from([1e-9, 1 - 1e-9, 0.5])


@st.composite
def networks(draw: st.DrawFn) -> tuple[FloatArray, list[tuple[int, FloatArray]], FloatArray]:
    """Return leaks, risk factors (first row, links), and weights of their states for three people."""
    causes = draw(st.integers(1, 6))
    leak = np.array([draw(chances) for _ in range(causes)])
    factors, first = [], 0
    for _ in range(draw(st.integers(0, 5))):
        links = np.zeros((draw(st.integers(1, 3)), causes))
        for k in draw(st.lists(st.integers(0, causes - 1), unique=True)):
            links[:, k] = [draw(st.just(0.0) | chances) for _ in links]
        factors.append((first, links))
        first += len(links) + 1
    weights = np.array([[draw(chances) for _ in range(3)] for _ in range(first)]).reshape(first, 3)
    return leak, factors, weights


def by_definition(leak: FloatArray, factors: list[tuple[int, FloatArray]], weights: FloatArray) -> FloatArray:
    """Return the distribution summed over every state of every risk factor, (S, B)."""
    has = np.arange(2 ** len(leak))[:, None] >> np.arange(len(leak)) & 1
    total = np.zeros((len(has), weights.shape[1]))
    for states in product(*(range(len(links) + 1) for _, links in factors)):
        comes, stays_away = leak, 1 - leak
        weight = np.ones(weights.shape[1])
        for (first, links), state in zip(factors, states, strict=True):
            weight = weight * weights[first + state]
            if state:  # 1 - stays_away, without the subtraction
                comes, stays_away = comes + stays_away * links[state - 1], stays_away * (1 - links[state - 1])
        total += np.where(has, comes, stays_away).prod(axis=1)[:, None] * weight
    return total


def put_together(plan: Plan, weights: FloatArray) -> FloatArray:
    """Return the distribution by the plan."""
    parts = [part_of(part, weights) for part in plan.parts]
    return together(plan, parts, weights, Scratch(weights.shape[1]))


@pytest.mark.parametrize("table", [1, 12, 2**15])
@given(case=networks())
def test_it_is_the_definition(table: int, case: tuple[FloatArray, list[tuple[int, FloatArray]], FloatArray]) -> None:
    """With parts as large as they go, with small ones, and with nothing but joins."""
    leak, factors, weights = case
    before, convolution.TABLE = convolution.TABLE, table
    try:
        plan = plan_of(leak, factors)
    finally:
        convolution.TABLE = before
    assert put_together(plan, weights) == pytest.approx(by_definition(leak, factors, weights), rel=RELATIVE, abs=0)


@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_risk_factors_does_not_matter(
    case: tuple[FloatArray, list[tuple[int, FloatArray]], FloatArray], rng: np.random.Generator
) -> None:
    """Independent chances: any order gives the same distribution, to the last digits of every state."""
    leak, factors, weights = case
    turned = list(factors)
    rng.shuffle(turned)
    mine, other = put_together(plan_of(leak, factors), weights), put_together(plan_of(leak, turned), weights)
    assert mine == pytest.approx(other, rel=RELATIVE, abs=0)


def test_the_plan_of_the_shipped_model() -> None:
    """Every risk factor has its place once, parts fit into their tables, and few steps run over all states."""
    network = default_model().network
    plan = network.plan
    inside = [share.factor for part in plan.parts for share in part.shares]
    rows = {row for join in plan.joins for _, members in join.groups for row, _ in members if row is not None}
    joined = [f for f, factor in enumerate(network.factors) if factor.first in rows]
    assert sorted(inside + joined) == list(range(len(network.factors)))
    assert sorted(k for part in plan.parts for k in part.causes) == list(range(len(network.causes)))
    for part in plan.parts:
        assert 2 ** len(part.causes) * prod(len(share.link) + 2 for share in part.shares) <= convolution.TABLE
    assert len(plan.joins) <= 2


def test_a_part_is_its_factors_one_after_another() -> None:
    """The distribution of a part is each factor's chance in turn, averaged over its states."""
    part = next(part for part in default_model().network.plan.parts if len(part.causes) == 3)
    rng = np.random.default_rng(1)
    weights = rng.random((len(default_model().network.base), 2))
    expected = np.repeat(part.leaks, 2, axis=1)
    for share in part.shares:
        expected = expected * weights[share.first] + sum(
            switch_on(expected, link) * weights[share.first + state] for state, link in enumerate(share.link, start=1)
        )
    assert isinstance(part, Part)
    assert part_of(part, weights) == pytest.approx(expected, rel=RELATIVE, abs=0)


def test_scratch_gives_arrays_again() -> None:
    """An array that was given back is taken again, and its bytes are counted."""
    scratch = Scratch(10)
    array = scratch.take(4)
    assert scratch.nbytes == 0
    scratch.give(array)
    assert scratch.nbytes == 4 * 10 * 8
    assert scratch.take(4) is array
    assert scratch.take(4) is not array
