"""Derivatives and the lines they come from: central differences for every number, and exact fractions on small networks."""

import copy
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest
from enumeration import PEOPLE, enumeration_of
from hypothesis import given
from hypothesis import strategies as st
from oracle import Network, joint_factored
from strategies import Answers, cases, evidence, model_of, networks

from buttockpain import AnswerError, default_model
from buttockpain.inference import infer
from buttockpain.research.derivatives import derivatives
from buttockpain.research.lines import lines_of
from buttockpain.research.parameters import NONE, answered, table_of

MODEL = default_model()
TABLE = table_of(MODEL)


@pytest.mark.parametrize("person", PEOPLE)
def test_equal_central_differences_for_every_number(person: str) -> None:
    """All 449 derivatives agree with central differences of an independent program to a relative 1e-6.

    Per log-odds of the number, where effects below 1e-10 are beyond the digits of the differences.
    """
    answers = PEOPLE[person]
    found = derivatives(MODEL, answers)
    enumeration = enumeration_of(MODEL, answers)
    assert len(found.paths) == sum(path.startswith(("risk_", "cause.", "finding.")) for path in _all_paths())
    expected = np.zeros_like(found.by_value)
    for n, (path, value) in enumerate(zip(found.paths, TABLE.value.tolist(), strict=True)):
        section, name, *_ = path.split(".")
        if section == "finding" and name not in enumeration.findings:
            continue  # does not enter the evidence
        step = 1e-3 * value * (TABLE.ceiling[n] - value)
        inner, outer = (
            enumeration.log_odds({path: value + far}) - enumeration.log_odds({path: value - far})
            for far in (step, 2 * step)
        )
        expected[n] = (8 * inner - outer) / (12 * step)  # central differences, the third-order term taken out
    scale = (TABLE.value * (1 - TABLE.value))[:, None]
    np.testing.assert_allclose(found.by_log_odds, expected * scale, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(found.by_value * scale, found.by_log_odds, rtol=1e-15)
    np.testing.assert_allclose(found.log_odds, enumeration.log_odds({}), rtol=1e-12, atol=1e-12)


def _all_paths() -> list[str]:
    return [path for path, _ in MODEL.knowledge.parameters()]


def test_numbers_the_answers_do_not_involve_have_derivative_zero() -> None:
    """A finding nobody asked about, and links of a risk-factor state that is ruled out, cannot move anything."""
    found = derivatives(MODEL, {"prolonged_sitting": "no", "slr_positive": 0.5})
    for n, path in enumerate(found.paths):
        if path.startswith("finding.") and not path.startswith("finding.buttock_pain."):
            assert not found.by_value[n].any(), path
        if ".link.prolonged_sitting" in path:
            assert not found.by_value[n].any(), path


def test_base_rate_of_a_known_risk_factor_does_not_matter() -> None:
    """Whether a risk factor is common says nothing once it is known."""
    found = derivatives(MODEL, {"prolonged_sitting": "yes", "age": 60})
    for path in ("risk_factor.prolonged_sitting.base", "risk_factor.age_band.base.over_50"):
        np.testing.assert_allclose(found.by_value[found.paths.index(path)], 0, atol=1e-12)


def test_errors_are_those_of_rank() -> None:
    """What `rank` refuses is refused in the same words."""
    with pytest.raises(AnswerError, match="slr_positive") as caught:
        derivatives(MODEL, {"slr_positive": "maybe"})
    assert caught.value.triage is not None


def test_results_cannot_be_changed() -> None:
    """Arrays are read-only, so that a result stays what it was."""
    found = derivatives(MODEL)
    with pytest.raises(ValueError, match="read-only"):
        found.by_value[0, 0] = 1.0


# --- small networks, against fractions ------------------------------------------------------------------------------


def place(network: Network, path: str, value: Fraction) -> Network:
    """Return a network of the oracle with one number changed; a remainder takes up the difference."""
    section, name, kind, *rest = path.split(".")
    changed: Any = copy.deepcopy(network)
    if kind == "leak":
        changed[f"{section}_leak"][name] = value
    elif section == "finding":
        changed["finding_link"][name][rest[0]] = value
    elif section == "cause":
        changed["cause_link"][name][rest[0], (*rest, "yes")[1]] = value
    else:
        factor = changed["risk_factors"][name]
        remainder, *others = factor["states"]
        factor["base"][rest[0] if rest else "yes"] = value
        factor["base"][remainder] = 1 - sum(Fraction(factor["base"][state]) for state in others)
    return cast("Network", changed)


def odds(network: Network, ranked: frozenset[str], answers: Answers) -> list[Fraction]:
    """Return the exact odds of every cause, then of none of the ranked ones."""
    weights = joint_factored(network, answers, exact=True)
    total = sum(weights.values(), start=Fraction(0))
    present = [sum((w for causes, w in weights.items() if cause in causes), Fraction(0)) for cause in network["causes"]]
    present.append(sum((w for causes, w in weights.items() if not causes & ranked), Fraction(0)))
    return [one / (total - one) for one in present]


@given(cases(), st.data())
def test_small_networks_with_extreme_chances_against_fractions(
    case: tuple[Network, frozenset[str], Answers], data: st.DataObject
) -> None:
    """Chances within 1e-9 of 0 and 1, many-state risk factors, chains of arcs: as exact as fractions, per log-odds."""
    network, ranked, answers = case
    model = model_of(network, ranked)
    found = derivatives(model, answers)
    assert found.outcomes == (*network["causes"], NONE)
    table = table_of(model)
    n = data.draw(st.integers(0, len(found.paths) - 1))
    path, value = found.paths[n], Fraction(float(table.value[n]))
    exact = place(network, path, value)
    step = value * (Fraction(float(table.ceiling[n])) - value) * Fraction(1, 10**12)
    ahead, behind = (odds(place(exact, path, value + far), ranked, answers) for far in (step, -step))
    now = odds(exact, ranked, answers)
    scale = value * (1 - value)
    expected = [float((a - b) / (2 * step) / here * scale) for a, b, here in zip(ahead, behind, now, strict=True)]
    np.testing.assert_allclose(found.by_log_odds[n], expected, rtol=1e-6, atol=1e-10)


@given(networks(), st.data())
def test_lines_pass_through_the_present(network: Network, data: st.DataObject) -> None:
    """At the number's own value every line has height 1, and the log-odds are those of the kernel."""
    model = model_of(network)
    _, _, known = answered(model, data.draw(evidence(network)))
    table, lines, posterior = table_of(model), lines_of(model, known), infer(model.network, known)
    share = (table.value / table.ceiling)[:, None, None]
    away = np.abs((1 - share) * lines.at_zero + share * lines.at_ceiling - 1)
    room = (table.ceiling - table.value)[:, None, None]  # where a remainder is small, so are its digits
    assert (away < 1e-9 + 2e-15 / room).all()
    kernel = np.append(posterior.cause[:, 0], posterior.none_of_these)
    np.testing.assert_allclose(lines.probability, kernel, rtol=1e-9, atol=1e-300)
    assert (lines.at_zero >= 0).all()
    assert (lines.at_ceiling >= 0).all()
