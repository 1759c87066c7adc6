"""The compiled network says what the model says, on the axes it promises, in arrays nobody can change.

Every table is held against the oracle's noisy-OR in fractions, so a tolerance here is the rounding of floats alone.
"""

import dataclasses
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import fsum, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_answers import SHIPPED
from oracle import Network as Plain
from oracle import noisy_or
from strategies import chances, model_of, networks, seeded_network

from buttockpain import Model, default_model
from buttockpain.convolution import switch_on
from buttockpain.network import follow_arcs
from buttockpain.types import FloatArray

# Relative: a dozen roundings of 1.1e-16 each, on logs of up to a few dozen. With `abs=0` throughout, because
# `pytest.approx` would otherwise let any difference below 1e-12 pass.
TABLE = 1e-13

MODELS = [
    pytest.param(default_model, id="shipped"),
    pytest.param(lambda: model_of(seeded_network(1, causes=1, risk_factors=0, findings=1)), id="smallest"),
    pytest.param(lambda: model_of(seeded_network(7, causes=4, risk_factors=3, findings=5)), id="small"),
    pytest.param(lambda: model_of(seeded_network(7, causes=7, risk_factors=3, findings=5)), id="largest with maps"),
    pytest.param(lambda: model_of(seeded_network(8, causes=8, risk_factors=3, findings=5)), id="smallest without maps"),
]


def arrays_of(part: Any, path: str = "") -> Iterator[tuple[str, FloatArray]]:
    """Yield every array inside a record or tuple with its path, such as `factors.3.link`."""
    if isinstance(part, np.ndarray):
        yield path, part
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from arrays_of(getattr(part, field.name), f"{path}.{field.name}".lstrip("."))
    elif isinstance(part, tuple):
        for number, member in enumerate(part):
            yield from arrays_of(member, f"{path}.{number}")


def active(plain: Plain, causes: tuple[str, ...], state: int) -> frozenset[str]:
    """Return the causes that are present in a numbered state: bit k says whether cause k is."""
    return frozenset(cause for k, cause in enumerate(causes) if state >> k & 1)


def brought_about(distribution: list[Fraction], links: list[Fraction]) -> list[Fraction]:
    """Return by definition what `switch_on` returns: sum over the old states and over every pattern of successes."""
    result = [Fraction(0)] * len(distribution)
    for old, weight in enumerate(distribution):
        for pattern in product((0, 1), repeat=len(links)):
            chance = weight
            new = old
            for k, (success, link) in enumerate(zip(pattern, links, strict=True)):
                chance *= link if success else 1 - link
                new |= success << k
            result[new] += chance
    return result


# --- axes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MODELS)
def test_axes(make: Callable[[], Model]) -> None:
    """Every array has the shape its docstring says, on the axes C, F, K and S in the order of the model file."""
    model = make()
    knowledge, network = model.knowledge, model.network
    c, s, k = len(knowledge.cause), 2 ** len(knowledge.cause), len(network.base)
    f = sum(finding.leak is not None for finding in knowledge.finding.values())
    expected: dict[str, tuple[int, ...]] = {
        "ranked": (c,), "has": (s, c), "summary": (2 * c + 1, s), "from_leaks": (s,), "base": (k,),
        "log_answer": (2 * f, s), "surprisal": (f, 3, s),
    }  # fmt: skip
    for number, factor in enumerate(knowledge.risk_factor.values()):
        active_states = len(factor.active_states())
        expected[f"factors.{number}.link"] = (active_states, c)
    elsewhere = ("plan", "lookup", "arc_steps")  # in the tests of their own
    promised = {name: array.shape for name, array in arrays_of(network) if not name.startswith(elsewhere)}
    assert promised == expected
    assert network.causes == tuple(knowledge.cause)
    assert network.findings == tuple(n for n, finding in knowledge.finding.items() if finding.leak is not None)
    assert network.finding_index == {name: index for index, name in enumerate(network.findings)}
    assert tuple(factor.id for factor in network.factors) == tuple(knowledge.risk_factor)
    assert network.factor_index == {name: index for index, name in enumerate(knowledge.risk_factor)}
    assert knowledge.finding[network.findings[network.presenting]].presenting
    firsts = [factor.first for factor in network.factors]
    assert firsts == [sum(len(one.states) for one in network.factors[:i]) for i in range(len(network.factors))]
    assert [factor.states for factor in network.factors] == [
        tuple(factor.states or ("no", "yes")) for factor in knowledge.risk_factor.values()
    ]


@pytest.mark.parametrize("make", MODELS)
def test_arrays_are_read_only(make: Callable[[], Model]) -> None:
    """No array of a network can be written to: a model is the same for everyone who holds it."""
    for name, array in arrays_of(make().network):
        assert not array.flags.writeable, name
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_bit_k_of_a_state_is_cause_k() -> None:
    """State 5 = 1 + 4 has the first and the third cause; the summary counts presence, absence, and no ranked cause."""
    network = default_model().network
    assert network.has[5].tolist() == [True, False, True, False, False, False]
    assert network.has[0].sum() == 0
    assert network.has[63].all()
    assert network.causes[5] == "something_else"
    assert network.ranked.tolist() == [True] * 5 + [False]
    assert np.array_equal(network.summary[:6], network.has.T)
    assert np.array_equal(network.summary[6:12], ~network.has.T)
    assert np.flatnonzero(network.summary[12]).tolist() == [0, 32]


def test_findings_for_triage_only_are_on_no_axis() -> None:
    """A red flag without a leak has no column: it cannot move the ranking."""
    model = default_model()
    triage_only = {name for name, finding in model.knowledge.finding.items() if finding.leak is None}
    assert "cold_pale_leg" in triage_only
    assert triage_only.isdisjoint(model.network.findings)


# --- tables against the definition ----------------------------------------------------------------------------------


def check_tables(model: Model, plain: Plain) -> None:
    """Hold every table of a network against the noisy-OR of its plain form, in fractions."""
    network = model.network
    causes = network.causes
    for state in range(len(network.has)):
        present = active(plain, causes, state)
        leaks = [Fraction(plain["cause_leak"][cause]) for cause in causes]
        share = Fraction(1)
        for cause, leak in zip(causes, leaks, strict=True):
            share *= leak if cause in present else 1 - leak
        assert network.from_leaks[state] == pytest.approx(float(share), rel=TABLE, abs=0)
        for f, name in enumerate(network.findings):
            links = plain["finding_link"].get(name, {})
            no, yes = noisy_or(
                Fraction(plain["finding_leak"][name]), [Fraction(links[cause]) for cause in links if cause in present]
            )
            chance = np.exp(network.log_answer[2 * f : 2 * f + 2, state])
            assert chance == pytest.approx([float(no), float(yes)], rel=TABLE, abs=0), (name, sorted(present))
    for factor in network.factors:
        base = plain["risk_factors"][factor.id]["base"]
        stretch = network.base[factor.first : factor.first + len(factor.states)]
        assert stretch == pytest.approx([base[name] for name in factor.states], rel=TABLE, abs=0)
        assert fsum(stretch) == pytest.approx(1, abs=1e-15)
        for number, name in enumerate(factor.states[1:]):
            wanted = [plain["cause_link"].get(cause, {}).get((factor.id, name), 0.0) for cause in causes]
            assert factor.link[number].tolist() == wanted


@given(networks())
def test_tables_of_small_networks(plain: Plain) -> None:
    """Leaks, base rates, links and both answers of every finding keep all their digits, chances of 1e-9 included."""
    check_tables(model_of(plain), plain)


def test_tables_of_the_shipped_model() -> None:
    """Likewise for all 76 findings in all 64 states of the shipped model."""
    check_tables(default_model(), SHIPPED)


def test_remainder_of_base_rates_keeps_its_digits() -> None:
    """What several states leave for the remainder is exact, though each by itself was rounded.

    In floats 0.6 + 0.399999999 rounds before it is taken from 1, which would cost half the digits of 1e-9. What is looked
    up for the unknown factor keeps them too: nothing happens in the remainder, and in the rest for all but 1 - 1e-9.
    """
    shares, link = {"middle": 0.6, "high": 0.399999999}, 1 - 1e-9
    rest = 1 - sum(map(Fraction, shares.values()))
    plain = seeded_network(3, causes=1, risk_factors=0, findings=1)
    plain["risk_factors"] = {"r0": {"states": ["low", "middle", "high"], "base": {"low": float(rest), **shares}}}
    plain["cause_link"] = {"c0": {("r0", "middle"): link, ("r0", "high"): link}}
    network = model_of(plain).network
    assert network.base[0] == pytest.approx(float(rest), rel=1e-15, abs=0)
    assert network.lookup is not None
    unknown, _ = network.lookup.prior(np.ones(3))
    nothing_happens = (1 - Fraction(plain["cause_leak"]["c0"])) * (rest + (1 - rest) * (1 - Fraction(link)))
    assert unknown[0] == pytest.approx(float(nothing_happens), rel=1e-15, abs=0)


@pytest.mark.parametrize("make", MODELS)
def test_maps_and_arcs_neither_lose_nor_make_probability(make: Callable[[], Model]) -> None:
    """The columns of every map sum to 1, no entry is negative, and nothing is ever taken away: a cause stays."""
    network = make().network
    assert network.from_leaks.sum() == pytest.approx(1, abs=1e-15)
    size = len(network.has)
    loses = np.array([[old & ~new for old in range(size)] for new in range(size)]) > 0
    maps = [follow_arcs(np.eye(size), network.arc_steps)]
    if network.lookup is not None:
        maps += [matrix for table in network.lookup.maps for matrix in table.entries]
    for matrix in maps:
        assert (matrix >= 0).all()
        assert matrix.sum(axis=0) == pytest.approx(np.ones(size), abs=1e-14)
        assert not matrix[loses].any()


@given(st.integers(1, 4).flatmap(lambda c: st.tuples(
    st.lists(chances(), min_size=2**c, max_size=2**c), st.lists(st.one_of(st.just(0.0), chances()), min_size=c, max_size=c)
)))  # fmt: skip
def test_switch_on_is_the_definition(case: tuple[list[float], list[float]]) -> None:
    """Every state keeps all its digits, whatever is switched on, and the input stays as it was."""
    weights, links = case
    before = np.array(weights)[:, None]
    after = switch_on(before, np.array(links))
    exact = brought_about([Fraction(weight) for weight in weights], [Fraction(link) for link in links])
    assert after.ravel() == pytest.approx([float(value) for value in exact], rel=1e-14, abs=0)
    assert before.ravel().tolist() == weights


def test_switch_on_keeps_people_apart() -> None:
    """Each column is a person of its own."""
    rng = np.random.default_rng(5)
    together = rng.random((8, 3))
    link = np.array([0.2, 0.0, 0.7])
    alone = np.hstack([switch_on(together[:, [b]], link) for b in range(3)])
    assert np.array_equal(switch_on(together, link), alone)


def test_arcs_of_a_chain_and_of_two_parents() -> None:
    """A chain a -> b -> c and an arc a -> c: starting from a alone, every outcome has the product of its arcs.

    a stays. b comes with 0.5. c comes with 0.25 from a, and with 0.25 and 0.75 from a and b: 1 - 0.75 * 0.25 = 0.8125.
    The model lists the causes as c, b, a, so that parents come last: a is bit 2, b bit 1, c bit 0.
    """
    plain: Plain = {
        "causes": ["c", "b", "a"], "presenting": "f", "risk_factors": {}, "cause_leak": {"a": 0.5, "b": 0.5, "c": 0.5},
        "cause_link": {"b": {("a", "yes"): 0.5}, "c": {("a", "yes"): 0.25, ("b", "yes"): 0.75}},
        "finding_leak": {"f": 0.1}, "finding_link": {"f": {"c": 0.5}},
    }  # fmt: skip
    arcs = follow_arcs(np.eye(8), model_of(plain).network.arc_steps)
    by_hand = {0b100: 0.5 * 0.75, 0b101: 0.5 * 0.25, 0b110: 0.5 * 0.1875, 0b111: 0.5 * 0.8125}
    assert {state: arcs[state, 0b100] for state in by_hand} == pytest.approx(by_hand, rel=1e-15, abs=0)
    assert arcs[0, 0] == 1
    assert arcs[0b010, 0b010] == pytest.approx(0.25, rel=1e-15, abs=0)


def test_small_and_near_certain_links_keep_their_digits() -> None:
    """A leak of 1e-12 beside a link of 1 - 1e-9: neither "yes" nor "no" is taken from 1 by subtraction."""
    plain = seeded_network(3, causes=1, risk_factors=0, findings=1)
    plain["finding_leak"], plain["finding_link"] = {"f0": 1e-12}, {"f0": {"c0": 1 - 1e-9}}
    log_answer = model_of(plain).network.log_answer
    assert log_answer[1, 0] == pytest.approx(log(1e-12), rel=1e-15, abs=0)
    no = (1 - Fraction(1e-12)) * (1 - Fraction(1 - 1e-9))
    assert np.exp(log_answer[0, 1]) == pytest.approx(float(no), rel=TABLE, abs=0)


# --- moments of the surprisal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MODELS)
def test_moments_of_one_answer(make: Callable[[], Model]) -> None:
    """Mean, variance and third central moment of -log P(answer | state), by going through both answers."""
    network = make().network
    no, yes = np.exp(network.log_answer[::2]), np.exp(network.log_answer[1::2])
    surprisal_no, surprisal_yes = -network.log_answer[::2], -network.log_answer[1::2]
    mean = no * surprisal_no + yes * surprisal_yes
    assert network.surprisal[:, 0] == pytest.approx(mean, rel=1e-12, abs=0)
    for moment in (2, 3):
        central = no * (surprisal_no - mean) ** moment + yes * (surprisal_yes - mean) ** moment
        # Relative to the size of its terms: where yes and no are nearly even the third moment is nearly 0.
        scale = no * np.abs(surprisal_no - mean) ** moment + yes * np.abs(surprisal_yes - mean) ** moment
        assert np.abs(network.surprisal[:, moment - 1] - central).max() <= 1e-12 * scale.max()
