"""The oracle is the truth the library is held against, so its own truth is shown first.

By hand, by definition, by a second routine, and by the known answers of another program.
Comparisons are exact (fractions) where the promise is exact; every float tolerance carries its reason.
"""

import math
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from known_answers import CASES, KNOWN, KNOWN_TOLERANCE, RANKED, SHIPPED
from oracle import (
    Network,
    evidence_from_answers,
    joint,
    joint_factored,
    log_evidence,
    log_total,
    marginals,
    noisy_or,
    none_of,
    posterior,
    posterior_factored,
    random_evidence,
    random_network,
    read_parameters,
    share_without,
)

# A handful of float operations on numbers near 1; the figures by hand are themselves exact.
BY_HAND = 1e-14


def one_cause() -> Network:
    """Return one cause c, leak 0.1, and one finding f, leak 0.2 and link 0.5."""
    return {
        "causes": ["c"],
        "presenting": None,
        "risk_factors": {},
        "cause_leak": {"c": 0.1},
        "cause_link": {},
        "finding_leak": {"f": 0.2},
        "finding_link": {"f": {"c": 0.5}},
    }


def one_risk_factor() -> Network:
    """Return a risk factor r, "yes" in 0.3, and a cause c, leak 0.1, link 0.5 from r; no findings."""
    return {
        "causes": ["c"],
        "presenting": None,
        "risk_factors": {"r": {"states": ["no", "yes"], "base": {"no": 0.7, "yes": 0.3}}},
        "cause_leak": {"c": 0.1},
        "cause_link": {"c": {("r", "yes"): 0.5}},
        "finding_leak": {},
        "finding_link": {},
    }


def two_causes(arc: float) -> Network:
    """Return causes a, leak 0.2, and b, leak 0.1, an arc a -> b, and findings f, which is b, and g, which is a or b."""
    return {
        "causes": ["b", "a"],
        "presenting": None,
        "risk_factors": {},
        "cause_leak": {"a": 0.2, "b": 0.1},
        "cause_link": {"b": {("a", "yes"): arc}},
        "finding_leak": {"f": 0.0, "g": 0.0},
        "finding_link": {"f": {"b": 1.0}, "g": {"a": 1.0, "b": 1.0}},
    }


def random_cases(count: int) -> list[tuple[Network, dict[str, str | float]]]:
    """Return random small networks with random evidence, the same on every run."""
    cases = []
    for seed in range(count):
        rng = Random(seed)
        network = random_network(
            rng, causes=rng.randint(1, 4), risk_factors=rng.randint(0, 4), findings=rng.randint(0, 6)
        )
        cases.append((network, random_evidence(rng, network)))
    return cases


# --- by hand --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "by_hand", "evidence_by_hand"),
    [("yes", 1 / 4, 0.24), ("no", 1 / 19, 0.76), (0.75, 11 / 74, 0.37 / 0.75)],
)
def test_one_cause_one_finding(answer: str | float, by_hand: float, evidence_by_hand: float) -> None:
    """One cause (0.1), one finding (leak 0.2, link 0.5): Bayes' rule on a 2 x 2 table.

    P(f | c) = 1 - 0.8 * 0.5 = 0.6, P(f | not c) = 0.2.
    f yes: 0.1 * 0.6 = 0.06 against 0.9 * 0.2 = 0.18; P(c | f) = 0.06 / 0.24 = 1/4.
    f no: 0.1 * 0.4 = 0.04 against 0.9 * 0.8 = 0.72; P(c | not f) = 0.04 / 0.76 = 1/19.
    f 0.75: weights no 0.25/0.75 = 1/3, yes 1; c: 0.1 * (0.6 + 0.4/3) = 0.22/3; not c: 0.9 * (0.2 + 0.8/3) = 1.26/3;
    P(c | 0.75) = 0.22 / 1.48 = 11/74, P(evidence) = 1.48 / 3 = 0.37 / 0.75.
    """
    for weights in (joint(one_cause(), {"f": answer}), joint_factored(one_cause(), {"f": answer})):
        assert marginals(weights)["c"] == pytest.approx(by_hand, abs=BY_HAND)
        assert share_without(weights, ["c"]) == pytest.approx(1 - by_hand, abs=BY_HAND)
        assert log_total(weights) == pytest.approx(math.log(evidence_by_hand), abs=BY_HAND)


@pytest.mark.parametrize(
    ("evidence", "by_hand", "evidence_by_hand"),
    [
        ({}, 0.235, 1.0),
        ({"r": "yes"}, 0.55, 0.3),
        ({"r": "no"}, 0.1, 0.7),
        ({"r": 0.75}, 0.353125, 1.6 / 3),
        ({"r": 0.5}, 0.235, 1.0),
    ],
)
def test_one_risk_factor_one_cause(evidence: dict[str, str | float], by_hand: float, evidence_by_hand: float) -> None:
    """One risk factor (0.3), one cause (leak 0.1, link 0.5): averaging over what is not known.

    P(c | r) = 1 - 0.9 * 0.5 = 0.55, P(c | not r) = 0.1.
    Unknown: 0.3 * 0.55 + 0.7 * 0.1 = 0.235.
    r 0.75: weights no 1/3, yes 1; 0.3 + 0.7/3 = 1.6/3 in all, with c 0.3 * 0.55 + 0.07/3 = 0.565/3;
    P(c | 0.75) = 0.565 / 1.6 = 0.353125. A number of 0.5 has weights 1 and 1 and changes nothing.
    """
    network = one_risk_factor()
    for weights in (joint(network, evidence), joint_factored(network, evidence)):
        assert marginals(weights)["c"] == pytest.approx(by_hand, abs=BY_HAND)
        assert sum(weights.values()) == pytest.approx(evidence_by_hand, abs=BY_HAND)


def test_arc_between_two_causes() -> None:
    """An arc a -> b (link 0.5) raises b when a is there, and b, seen, raises a.

    P(b | a) = 1 - 0.9 * 0.5 = 0.55, P(b | not a) = 0.1; P(b) = 0.2 * 0.55 + 0.8 * 0.1 = 0.11 + 0.08 = 0.19.
    f is b itself, so P(a | f) = 0.11 / 0.19 = 11/19.
    """
    network = two_causes(arc=0.5)
    for answer in (posterior, posterior_factored):
        assert answer(network, {}) == pytest.approx({"a": 0.2, "b": 0.19}, abs=BY_HAND)
        assert answer(network, {"f": "yes"}) == pytest.approx({"a": 11 / 19, "b": 1.0}, abs=BY_HAND)


def test_causes_explain_each_other_away() -> None:
    """Two causes without an arc that share a finding compete once it is seen.

    g is "a or b": P(g) = 1 - 0.8 * 0.9 = 0.28; P(a | g) = 0.2 / 0.28 = 5/7, P(b | g) = 0.1 / 0.28 = 5/14,
    P(both | g) = 0.02 / 0.28 = 1/14. Seeing b as well (f) takes a back to its prior 0.2.
    """
    network = two_causes(arc=0.0)
    for weights in (joint(network, {"g": "yes"}), joint_factored(network, {"g": "yes"})):
        assert marginals(weights) == pytest.approx({"a": 5 / 7, "b": 5 / 14}, abs=BY_HAND)
        assert weights[frozenset({"a", "b"})] / sum(weights.values()) == pytest.approx(1 / 14, abs=BY_HAND)
    assert posterior(network, {"g": "yes", "f": "yes"})["a"] == pytest.approx(0.2, abs=BY_HAND)


def test_risk_factor_of_three_states() -> None:
    """A three-state risk factor acts through the link of each state; a state without a link acts as the leak.

    Base 0.25, 0.25, 0.5; links none, 0.5, 0.25 on a leak of 0.5: P(c) = 0.25 * 0.5 + 0.25 * 0.75 + 0.5 * 0.625 = 0.625.
    All numbers are short binary fractions, so floats are exact as well.
    """
    network: Network = {
        "causes": ["c"],
        "presenting": None,
        "risk_factors": {"age": {"states": ["low", "mid", "high"], "base": {"low": 0.25, "mid": 0.25, "high": 0.5}}},
        "cause_leak": {"c": 0.5},
        "cause_link": {"c": {("age", "mid"): 0.5, ("age", "high"): 0.25}},
        "finding_leak": {},
        "finding_link": {},
    }
    for answer in (posterior, posterior_factored):
        assert answer(network, {}) == {"c": 0.625}
        assert [answer(network, {"age": state})["c"] for state in ("low", "mid", "high")] == [0.5, 0.75, 0.625]


def test_two_risk_factors_shared_by_two_causes_by_hand() -> None:
    """An unknown risk factor makes its two children depend on each other; averaging inside each alone would be wrong.

    r yes 0.5, leaks 0, links 1: a and b are both r, so P(a and b) = P(a) = 0.5, not 0.25.
    """
    network: Network = {
        "causes": ["a", "b"],
        "presenting": None,
        "risk_factors": {"r": {"states": ["no", "yes"], "base": {"no": 0.5, "yes": 0.5}}},
        "cause_leak": {"a": 0.0, "b": 0.0},
        "cause_link": {"a": {("r", "yes"): 1.0}, "b": {("r", "yes"): 1.0}},
        "finding_leak": {},
        "finding_link": {},
    }
    both = {frozenset(): 0.5, frozenset({"a"}): 0.0, frozenset({"b"}): 0.0, frozenset({"a", "b"}): 0.5}
    assert joint(network, {}) == both
    assert joint_factored(network, {}) == both


def test_presenting_complaint_counts_as_yes() -> None:
    """A presenting finding is answered "yes" without being asked, and contradicting it is refused."""
    presenting: Network = {**one_cause(), "presenting": "f"}
    assert posterior(presenting, {}) == posterior(one_cause(), {"f": "yes"})
    assert posterior_factored(presenting, {}) == posterior_factored(one_cause(), {"f": "yes"})
    with pytest.raises(ValueError, match="f: the presenting complaint is always 'yes', found 'no'"):
        joint(presenting, {"f": "no"})


# --- by definition --------------------------------------------------------------------------------------------------


def test_noisy_or_is_an_or_of_independent_coins() -> None:
    """Noisy-OR is what Pearl 1988 section 4.3.2 says: one coin for each active parent, one for the leak, ORed."""
    rng = Random(0)
    chances = [Fraction(rng.random()) for _ in range(5)]
    some_coin_lands = Fraction(0)
    for coins in product([False, True], repeat=len(chances)):
        if any(coins):
            chance_of_these = Fraction(1)
            for p, coin in zip(chances, coins, strict=True):
                chance_of_these *= p if coin else 1 - p
            some_coin_lands += chance_of_these
    assert noisy_or(chances[0], chances[1:]) == (1 - some_coin_lands, some_coin_lands)


@pytest.mark.parametrize("way", [joint, joint_factored])
def test_joint_sums_to_the_chance_of_the_risk_evidence(way: Any) -> None:
    """With risk factors answered and no finding, the joint sums to exactly the product of their base rates."""
    for network, evidence in random_cases(100):
        bare: Network = {**network, "presenting": None}
        risks = {name: answer for name, answer in evidence.items() if name in network["risk_factors"]}
        expected = Fraction(1)
        for name, answer in risks.items():
            base = {state: Fraction(chance) for state, chance in network["risk_factors"][name]["base"].items()}
            if isinstance(answer, str):
                weight = {state: Fraction(state == answer) for state in base}
            else:
                larger = max(Fraction(answer), 1 - Fraction(answer))
                weight = {"yes": Fraction(answer) / larger, "no": (1 - Fraction(answer)) / larger}
            weighted = [base[state] * weight[state] for state in base]
            expected *= sum(weighted, Fraction(0)) / sum(base.values(), Fraction(0))
        assert sum(way(bare, risks, exact=True).values()) == expected
        assert sum(way(bare, {}, exact=True).values()) == 1


def test_answers_to_a_finding_share_out_the_whole() -> None:
    """P(f yes, rest) + P(f no, rest) = P(rest) for every set of causes: an unobserved finding sums out to 1."""
    for network, evidence in random_cases(60):
        for finding in network["finding_leak"]:
            if finding == network["presenting"]:
                continue
            rest = {name: answer for name, answer in evidence.items() if name != finding}
            yes, no, unknown = (
                joint(network, given, exact=True) for given in ({**rest, finding: "yes"}, {**rest, finding: "no"}, rest)
            )
            assert {present: yes[present] + no[present] for present in unknown} == unknown


def test_marginals_none_of_and_log_evidence_are_sums_of_the_joint() -> None:
    """Posterior, none-of and log evidence are the sums over the joint that their names say."""
    for network, evidence in random_cases(40):
        weights = joint(network, evidence, exact=True)
        total = sum(weights.values())
        causes = network["causes"]
        for cause in causes:
            having = sum(w for present, w in weights.items() if cause in present)
            assert posterior(network, evidence, exact=True)[cause] == having / total
        assert none_of(network, evidence, causes, exact=True) == weights[frozenset()] / total
        assert none_of(network, evidence, [], exact=True) == 1
        assert (
            none_of(network, evidence, causes[:1], exact=True)
            == 1 - posterior(network, evidence, exact=True)[causes[0]]
        )
        # Two logs of the same number, taken in different ways.
        assert log_evidence(network, evidence, exact=True) == pytest.approx(math.log(total), abs=1e-12)
        assert log_evidence(network, evidence) == pytest.approx(math.log(total), abs=1e-12)


def test_log_evidence_of_a_fraction_far_below_the_smallest_float() -> None:
    """Exact mode gives the log of chances that no float can hold."""
    chance = Fraction(1, 10**400)
    assert log_total({frozenset(): chance}) == pytest.approx(-400 * math.log(10), rel=1e-15)


# --- two ways to a number -------------------------------------------------------------------------------------------


def test_factored_equals_full_exactly() -> None:
    """The two routines agree on every cell, without any rounding, on random networks with random evidence."""
    for network, evidence in random_cases(300):
        assert joint_factored(network, evidence, exact=True) == joint(network, evidence, exact=True)


def test_random_cases_cover_what_they_are_for() -> None:
    """The random cases have arcs, many-state and shared risk factors, virtual evidence, chances of 1e-5 and 0.999."""
    cases = random_cases(300)
    networks = [network for network, _ in cases]
    links = [(pair, p) for network in networks for table in network["cause_link"].values() for pair, p in table.items()]
    assert any(parent.startswith("c") for (parent, _), _ in links)
    assert {1e-5, 0.999} <= {p for _, p in links}
    assert {1e-5, 0.999} <= {p for network in networks for p in network["finding_leak"].values()}
    assert {2, 3, 4} == {len(risk["states"]) for network in networks for risk in network["risk_factors"].values()}
    assert {"f0", None} == {network["presenting"] for network in networks}
    assert any(network["causes"] != sorted(network["causes"]) for network in networks)
    shared_and_unknown = [
        risk
        for network, evidence in cases
        for risk in network["risk_factors"]
        if risk not in evidence
        and sum(any(parent == risk for parent, _ in table) for table in network["cause_link"].values()) > 1
    ]
    assert len(shared_and_unknown) > len(cases) / 4
    for kind in ("r", "f"):
        assert any(
            isinstance(p, float) for _, evidence in cases for name, p in evidence.items() if name.startswith(kind)
        )


@pytest.mark.parametrize(
    # The full one takes "yes" from 1 - "no", which for a chance of 1e-5 costs five digits; the factored one does not.
    ("way", "tolerance"),
    [(posterior, 1e-12), (posterior_factored, 1e-14)],
)
def test_floats_agree_with_fractions(way: Any, tolerance: float) -> None:
    """Rounding in float mode is far below any tolerance the library is tested with."""
    for network, evidence in random_cases(200):
        exact = {cause: float(p) for cause, p in way(network, evidence, exact=True).items()}
        assert way(network, evidence) == pytest.approx(exact, rel=0, abs=tolerance)


def test_order_of_causes_and_answers_does_not_matter() -> None:
    """The same network listed in another order gives exactly the same answer."""
    for network, evidence in random_cases(40):
        turned: Network = {
            **network,
            "causes": network["causes"][::-1],
            "risk_factors": dict(reversed(list(network["risk_factors"].items()))),
            "finding_leak": dict(reversed(list(network["finding_leak"].items()))),
        }
        backwards = dict(reversed(evidence.items()))
        assert joint(turned, backwards, exact=True) == joint(network, evidence, exact=True)
        assert joint_factored(turned, backwards, exact=True) == joint_factored(network, evidence, exact=True)


# --- the shipped model ----------------------------------------------------------------------------------------------


def test_parameters_are_read_whole() -> None:
    """parameters.csv gives 6 causes, 17 risk factors (one of three states), 76 findings, 31 + 2 and 316 links."""
    pairs = [(parent, cause) for cause, links in SHIPPED["cause_link"].items() for parent, _ in links]
    arcs = {(parent, cause) for parent, cause in pairs if parent in SHIPPED["causes"]}
    assert arcs == {("lumbar_disc_herniation", "sciatica"), ("piriformis_syndrome", "sciatica")}
    counts = {
        "causes": len(SHIPPED["causes"]),
        "risk factors": len(SHIPPED["risk_factors"]),
        "findings": len(SHIPPED["finding_leak"]),
        "links to causes": len(pairs) - len(arcs),
        "links to findings": sum(len(links) for links in SHIPPED["finding_link"].values()),
    }
    assert counts == {
        "causes": 6,
        "risk factors": 17,
        "findings": 76,
        "links to causes": 31,
        "links to findings": 316,
    }
    age = SHIPPED["risk_factors"]["age_band"]
    assert age["states"] == ["under_30", "30_to_50", "over_50"]
    assert age["base"] == pytest.approx({"under_30": 0.20, "30_to_50": 0.36, "over_50": 0.44}, abs=BY_HAND)
    assert SHIPPED["cause_link"]["lumbar_disc_herniation"] == {
        ("heavy_lifting_vibration", "yes"): 0.0157,
        ("previous_disc_problem", "yes"): 0.0524,
        ("previous_back_pain", "yes"): 0.0118,
        ("age_band", "30_to_50"): 0.0157,
        ("age_band", "over_50"): 0.00393,
    }


@pytest.mark.parametrize("case", CASES)
def test_known_answers(case: dict[str, Any]) -> None:
    """Each of the 190 posteriors of the shipped model that another exact program gave comes out of this one too."""
    weights = joint_factored(SHIPPED, evidence_from_answers(case["answers"]))
    assert marginals(weights) == pytest.approx(case["posterior"], rel=0, abs=KNOWN_TOLERANCE)
    assert share_without(weights, RANKED) == pytest.approx(case["none_of_the_five"], rel=0, abs=KNOWN_TOLERANCE)


def test_known_answers_are_all_there() -> None:
    """The file holds 40 classic and 150 random cases, and each of them is run."""
    assert (len(KNOWN["classic"]), len(KNOWN["random"]), len(CASES)) == (40, 150, 40 + 150)


def test_full_enumeration_of_the_shipped_model() -> None:
    """Cell by cell, the shipped model gives what the factored routine gives.

    To keep it to seconds, six risk factors with one child are answered. The eight with several children and two more
    are unknown, one is answered with a number: 2**10 * 3 combinations x 64 states. (Once, by hand: with all 17 unknown,
    77 s, the largest relative difference over the 64 weights was 4e-14.)
    """
    evidence: dict[str, str | float] = {
        "low_sunlight_vitamin_d": "no",
        "neck_gland_surgery": "yes",
        "kidney_disease": "no",
        "gut_absorption_problem": "no",
        "vascular_risk_or_diabetes": "yes",
        "low_calcium_intake": "yes",
        "cold_damp_exposure": 0.7,
        "slr_positive": 0.8,
        "low_back_pain": "yes",
        "pain_worse_sitting": "no",
    }
    full, factored = joint(SHIPPED, evidence), joint_factored(SHIPPED, evidence)
    assert full.keys() == factored.keys()
    assert marginals(factored) == pytest.approx(marginals(full), rel=0, abs=1e-13)
    assert log_total(factored) == pytest.approx(log_total(full), abs=1e-12)


def test_shipped_model_in_floats_is_exact_to_rounding() -> None:
    """With nothing but the complaint known (all 17 risk factors unknown), floats and fractions agree."""
    exact = {cause: float(p) for cause, p in posterior_factored(SHIPPED, {}, exact=True).items()}
    assert posterior_factored(SHIPPED, {}) == pytest.approx(exact, rel=0, abs=1e-14)


def test_prevalence_in_adults_is_that_of_the_dossier() -> None:
    """Without the complaint the causes are as common as EVIDENCE.md section A says; 0.20 of adults complain."""
    adults: Network = {**SHIPPED, "presenting": None}
    tabled = {
        "calcium_deficiency": 0.034,
        "fasciitis": 0.062,
        "lumbar_disc_herniation": 0.030,
        "piriformis_syndrome": 0.018,
        "sciatica": 0.054,
        "something_else": 0.136,
    }
    # Half a unit of the last digit in the table.
    assert posterior_factored(adults, {}) == pytest.approx(tabled, rel=0, abs=0.0005)
    assert math.exp(log_total(joint_factored(SHIPPED, {}))) == pytest.approx(0.20, abs=0.005)


@pytest.mark.parametrize(
    ("age", "band"), [(18, "under_30"), (29, "under_30"), (30, "30_to_50"), (50, "30_to_50"), (51, "over_50")]
)
def test_age_falls_into_its_band(age: int, band: str) -> None:
    """30 and 50 belong to the middle band."""
    assert evidence_from_answers({"age": age, "sex": "female"}) == {"age_band": band, "female_sex": "yes"}


# --- what it refuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        ({"slr_posative": "yes"}, "slr_posative: neither a finding nor a risk factor"),
        ({"sciatica": "yes"}, "sciatica: neither a finding nor a risk factor"),
        ({"slr_positive": "unknown"}, "slr_positive: found 'unknown', expected one of"),
        ({"age_band": "70"}, "age_band: found '70', expected one of"),
        ({"age_band": 0.7}, "age_band: a number needs the states no and yes"),
        ({"slr_positive": 1.5}, "slr_positive: found 1.5, expected a state or a number from 0 to 1"),
        ({"slr_positive": math.nan}, "slr_positive: found nan, expected a state or a number from 0 to 1"),
        ({"slr_positive": True}, "slr_positive: found True, expected a state or a number from 0 to 1"),
    ],
)
def test_bad_evidence_is_refused(evidence: dict[str, str | float], message: str) -> None:
    """A slip in a test's evidence is an error, never an unobserved finding."""
    with pytest.raises(ValueError, match=message):
        joint_factored(SHIPPED, evidence)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cause_leak": {"a": 0.2}}, "cause_leak: needs exactly the causes"),
        ({"cause_leak": {"a": 0.2, "b": 1.1}}, "1.1 is not a probability"),
        ({"cause_link": {"b": {("x", "yes"): 0.5}}}, r"b: no parent \('x', 'yes'\)"),
        ({"cause_link": {"b": {("a", "no"): 0.5}}}, r"b: no parent \('a', 'no'\)"),
        ({"cause_link": {"a": {("b", "yes"): 0.5}, "b": {("a", "yes"): 0.5}}}, "run in a circle"),
        ({"finding_link": {"f": {"x": 0.5}}}, "f: no cause x"),
        ({"presenting": "h"}, "presenting: 'h' is not a finding"),
        ({"risk_factors": {"r": {"states": ["no", "yes"], "base": {"no": 0.5, "yes": 0.4}}}}, "r: base sums to 0.9"),
        ({"risk_factors": {"r": {"states": ["no", "yes"], "base": {"yes": 1.0}}}}, "r: base needs exactly the states"),
        ({"risk_factors": {"a": {"states": ["no", "yes"], "base": {"no": 0.5, "yes": 0.5}}}}, "an id is used twice"),
    ],
)
def test_malformed_network_is_refused(change: dict[str, Any], message: str) -> None:
    """A network that is no network is refused by both routines."""
    network: Any = {**two_causes(arc=0.5), **change}
    for way in (joint, joint_factored):
        with pytest.raises(ValueError, match=message):
            way(network, {})


@pytest.mark.parametrize("exact", [False, True])
def test_impossible_evidence_is_an_error(exact: bool) -> None:
    """Evidence of probability zero has no posterior: an error, never NaN. Its joint is all zeros."""
    network = two_causes(arc=0.5)
    impossible = {"f": "yes", "g": "no"}
    for way, answer in ((joint, posterior), (joint_factored, posterior_factored)):
        weights: Any = way(network, impossible, exact=True) if exact else way(network, impossible)
        assert set(weights.values()) == {0}
        with pytest.raises(ValueError, match="probability zero"):
            answer(network, impossible)
    with pytest.raises(ValueError, match="probability zero"):
        log_evidence(network, impossible, exact=exact)


def test_ruled_out_risk_factor_is_impossible_evidence() -> None:
    """An answer that the base rate excludes has probability zero in both routines."""
    network: Network = {
        **one_risk_factor(),
        "risk_factors": {"r": {"states": ["no", "yes"], "base": {"no": 1.0, "yes": 0.0}}},
    }
    for way in (joint, joint_factored):
        assert set(way(network, {"r": "yes"}).values()) == {0.0}


def test_total_too_small_for_floats_is_an_error_not_a_guess() -> None:
    """Where floats have run out of digits the float routine refuses, and the exact one gives the log."""
    network: Network = {
        **one_cause(),
        "finding_leak": {f"f{i}": 1e-5 for i in range(62)},
        "finding_link": {},
    }
    evidence: dict[str, str | float] = dict.fromkeys(network["finding_leak"], "yes")
    for answer in (posterior, posterior_factored):
        with pytest.raises(ValueError, match="too small for floats"):
            answer(network, evidence)
    assert log_evidence(network, evidence, exact=True) == pytest.approx(62 * math.log(1e-5), rel=1e-14)


def test_none_of_an_unknown_cause_is_refused() -> None:
    """A misspelt cause is an error, never a cause that is always absent."""
    with pytest.raises(ValueError, match=r"not causes of this network: \['x'\]"):
        none_of(one_cause(), {}, ["c", "x"])


@pytest.mark.parametrize("row", ["prior,,c,0.2", "priors,,d,0.2"])
def test_repeated_or_unknown_row_is_refused(tmp_path: Path, row: str) -> None:
    """A number given twice, or of a kind not known, is an error, never silently dropped."""
    path = tmp_path / "parameters.csv"
    path.write_text(f"kind,parent,child,value\nprior,,c,0.1\n{row}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="unknown kind or repeated row"):
        read_parameters(path)
