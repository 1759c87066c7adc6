"""What is looked up for one person is the definition: summed over all states of the risk factors, in fractions."""

from fractions import Fraction
from itertools import product
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import Network as Plain
from oracle import noisy_or
from strategies import chances, model_of, networks, seeded_network

from buttockpain import convolution, default_model, lookup
from buttockpain.inference import state_prior
from buttockpain.lookup import Lookup
from buttockpain.network import Network
from buttockpain.types import FloatArray

ROUNDED = 1e-13  # relative: a few dozen roundings of 1.1e-16 each


def by_definition(plain: Plain, causes: tuple[str, ...], likelihood: dict[tuple[str, str], float]) -> list[Fraction]:
    """Return P(state of the causes and what is known), for states numbered by bits, from the states of all factors.

    `likelihood` is that of states of factors of which something is known.
    """
    factors = {name: factor["base"] for name, factor in plain["risk_factors"].items()}
    result = [Fraction(0)] * 2 ** len(causes)
    for states in product(*factors.values()):
        happened = dict(zip(factors, states, strict=True))
        weight = Fraction(1)
        for name, state in happened.items():
            weight *= Fraction(factors[name][state]) * Fraction(likelihood.get((name, state), 1.0))
        if not weight:
            continue
        for number in range(len(result)):
            active = happened | {cause: "yes" if number >> k & 1 else "no" for k, cause in enumerate(causes)}
            chance = weight
            for cause in causes:
                links = [
                    Fraction(link)
                    for (parent, parent_state), link in plain["cause_link"].get(cause, {}).items()
                    if active[parent] == parent_state
                ]
                chance *= noisy_or(Fraction(plain["cause_leak"][cause]), links)[active[cause] == "yes"]
            result[number] += chance
    return result


def array_of(network: Network, likelihood: dict[tuple[str, str], float]) -> FloatArray:
    """Return the likelihood of each risk-factor state, (K,)."""
    return np.array([likelihood.get((one.id, state), 1.0) for one in network.factors for state in one.states])


def tables_of(network: Network) -> Lookup:
    """Return the tables of a network of few causes."""
    assert network.lookup is not None
    return network.lookup


@pytest.mark.parametrize("in_parts", [True, False], ids=["in parts", "by maps"])
@pytest.mark.parametrize("together", [True, False], ids=["maps together", "maps alone"])
@given(networks(max_causes=3), st.data())
def test_prior_is_the_definition(in_parts: bool, together: bool, plain: Plain, data: st.DataObject) -> None:
    """Whatever is known of the factors, virtual evidence included, every state of the causes and the evidence keep all their digits."""
    with pytest.MonkeyPatch.context() as patch:
        if not in_parts:
            patch.setattr(convolution, "TABLE", 0)
        if not together:
            patch.setattr(lookup, "_MAPS", 0)
        network = model_of(plain).network
    likelihood: dict[tuple[str, str], float] = {}
    for name, factor in plain["risk_factors"].items():
        states = list(factor["base"])
        kind, chosen = data.draw(st.sampled_from(["unknown", "state", "virtual"])), data.draw(st.sampled_from(states))
        if kind != "unknown":
            other = st.just(0.0) if kind == "state" else st.one_of(st.just(1.0), chances())
            likelihood |= {(name, state): 1.0 if state == chosen else data.draw(other) for state in states}
    exact = by_definition(plain, network.causes, likelihood)
    total = sum(exact)
    found = tables_of(network).prior(array_of(network, likelihood))
    assert found[0] == pytest.approx([float(share / total) for share in exact], rel=ROUNDED, abs=0)
    assert found[1] == pytest.approx(log(total), rel=0, abs=ROUNDED)


def test_factors_share_tables_only_while_these_are_small() -> None:
    """Of the shipped model 15 factors stand in parts, and age and sex in one table of maps."""
    network = default_model().network
    tables = tables_of(network)
    assert sorted(state for table in tables.parts + tables.maps for state in table.states) == list(range(35))
    (maps,) = tables.maps
    assert maps.entries.shape == (4 * 3, 64, 64)
    assert sum(table.entries.nbytes for table in tables.parts + tables.maps) < 2**19


def test_virtual_evidence_on_every_factor_at_once() -> None:
    """Everything of the shipped model known by halves gives what a batch gives, whose factors are put together anew."""
    network = default_model().network
    likelihood = np.random.default_rng(1).uniform(size=len(network.base))
    for one in network.factors:
        likelihood[one.first : one.first + len(one.states)] /= likelihood[one.first : one.first + len(one.states)].max()
    alone, log_alone = state_prior(network, likelihood[:, None])
    batch, log_batch = state_prior(network, np.stack([likelihood, np.ones_like(likelihood)], axis=1))
    assert alone[:, 0] == pytest.approx(batch[:, 0], rel=ROUNDED, abs=0)
    assert log_alone[0] == pytest.approx(log_batch[0], rel=0, abs=ROUNDED)


def test_a_model_without_risk_factors_has_one_answer() -> None:
    """Nothing can be known, and what is looked up is what the leaks and the links between causes bring about."""
    plain = seeded_network(5, causes=3, risk_factors=0, findings=1)
    network = model_of(plain).network
    found = tables_of(network).prior(np.ones(0))
    exact = by_definition(plain, network.causes, {})
    assert found[0] == pytest.approx([float(share) for share in exact], rel=ROUNDED, abs=0)
    assert found[1] == 0
