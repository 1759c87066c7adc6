"""What must hold for every model and every set of answers, whatever the right numbers are.

Relations between answers: metamorphic tests. Each docstring is the relation; where it needs conditions, it says which.
"""

import dataclasses
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_answers import RANKED, SHIPPED
from oracle import Network as Plain
from oracle import joint_factored, marginals
from small_models import of_network, parameter
from strategies import Answers, answers, cases, chances, evidence, model_from, model_of, networks, plain_answers

from buttockpain import Differential, Model, default_model
from buttockpain.inference import Evidence, Posterior, evidence_of, infer, log_likelihood
from buttockpain.knowledge import Knowledge
from buttockpain.network import Network
from buttockpain.presentation import read

SAME = 1e-12
FINDINGS = [name for name in default_model().network.findings if name != SHIPPED["presenting"]]
YES_OR_NO = [*FINDINGS, *(name for name in SHIPPED["risk_factors"] if name != "age_band")]


def posterior_of(model: Model, answered: Mapping[str, str | float]) -> Posterior:
    """Return the posterior of one person."""
    presentation, problems = read(answered, model.vocabulary)
    assert not problems
    return infer(model.network, evidence_of(model.network, presentation))


def by_cause(model: Model, answered: Mapping[str, str | float]) -> dict[str, float]:
    """Return the probability of each cause, ranked or not."""
    return dict(zip(model.network.causes, posterior_of(model, answered).cause[:, 0].tolist(), strict=True))


def ranking(answer: Differential) -> dict[str, Any]:
    """Return everything in an answer that the ranking computes."""
    return answer.model_dump(include={"causes", "none_of_these", "none_displayed", "leading", "joint", "fit"})


def odds(probability: float, absent: float) -> float:
    """Return odds from both sides of a probability, so that they stay exact near certainty."""
    return probability / absent


# --- no evidence, unknown, order ------------------------------------------------------------------------------------


def test_no_evidence_gives_the_prior() -> None:
    """Without answers each cause has its prior, a likelihood ratio of 1, and the prior is that of the oracle."""
    model = default_model()
    exact = marginals(joint_factored(SHIPPED, {}))
    for empty in (model.rank(), model.rank({}), model.rank(None), model.rank({"age": None, "slr_positive": "unknown"})):
        for cause in empty.causes:
            assert cause.probability == cause.prior == pytest.approx(exact[cause.id], abs=SAME)
            assert cause.likelihood_ratio == 1
            assert cause.strength == "hardly any evidence"


@given(answers(), st.lists(st.sampled_from([*YES_OR_NO, "age", "sex", "age_band"]), unique=True, max_size=20))
def test_unknown_changes_nothing(answered: Answers, asked: list[str]) -> None:
    """A question answered "unknown", or with None, leaves every number as if it had not been asked."""
    model = default_model()
    unknown = {name: (None if place % 2 else "unknown") for place, name in enumerate(asked) if name not in answered}
    assert ranking(model.rank({**answered, **unknown})) == ranking(model.rank(answered))


@given(answers(), st.randoms(use_true_random=False))
def test_order_of_answers_does_not_matter(answered: Answers, random: Any) -> None:
    """The same answers in another order give the same bytes."""
    model = default_model()
    shuffled = list(answered.items())
    random.shuffle(shuffled)
    assert model.rank(dict(shuffled)).model_dump_json() == model.rank(answered).model_dump_json()


_RANK_AND_PRINT = """
import json, sys
import buttockpain as bp
for answers in json.load(sys.stdin):
    answer = bp.rank(answers)
    print(answer.model_dump_json())
    print(answer)
"""


def test_same_bytes_in_every_process() -> None:
    """The same answers give the same bytes whatever the hash seed: nothing depends on the order of a set."""
    people: list[Answers] = [
        {},
        {name: ("yes", "no", "unknown", 0.3)[place % 4] for place, name in enumerate(YES_OR_NO)},
        {
            "low_back_pain": "yes",
            "age": 71,
            "sex": "male",
            "pain_severity": 9,
            "duration_days": 60,
            "fever_with_pain": "yes",
        },
    ]

    def run(seed: str) -> bytes:
        finished = subprocess.run(
            [sys.executable, "-c", _RANK_AND_PRINT], input=json.dumps(people).encode(), capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        return finished.stdout

    first = run("1")
    assert first == run("2")
    here = [default_model().rank(answered).model_dump_json() for answered in people]
    assert [line for line in first.decode().splitlines() if line.startswith("{")] == here


# --- probabilities --------------------------------------------------------------------------------------------------


@given(answers())
def test_probabilities_are_probabilities(answered: Answers) -> None:
    """Every probability is finite and within 0 and 1, and the likelihood ratio is posterior odds over prior odds."""
    model = default_model()
    posterior = posterior_of(model, answered)
    answer = model.rank(answered)
    assert len(answer.causes) == len(RANKED)
    for cause in answer.causes:
        k = model.network.causes.index(cause.id)
        assert 0 <= cause.probability <= 1
        assert 0 < cause.prior < 1
        posterior_odds = odds(cause.probability, posterior.absent[k, 0])
        prior_odds = odds(model.prior.cause[k, 0], model.prior.absent[k, 0])
        assert cause.likelihood_ratio == pytest.approx(posterior_odds / prior_odds, rel=SAME, abs=0)
    assert 0 <= answer.none_of_these <= 1
    assert math.isfinite(answer.fit.surprise)
    assert answer.fit.log_evidence <= 0
    total = posterior.state[:, 0].sum()
    assert total == pytest.approx(1, abs=SAME)


@given(answers(max_size=10), st.sampled_from(YES_OR_NO))
def test_law_of_total_probability(answered: Answers, name: str) -> None:
    """What is expected after a question is what is believed before it: P(c) = P(yes) P(c | yes) + P(no) P(c | no)."""
    model = default_model()
    before = {other: answer for other, answer in answered.items() if other not in {name, "sex"}}
    parts = [posterior_of(model, {**before, name: answer}) for answer in ("yes", "no")]
    whole = posterior_of(model, before)
    chance = [float(np.exp(part.log_evidence[0] - whole.log_evidence[0])) for part in parts]
    assert sum(chance) == pytest.approx(1, abs=SAME)
    mixed = sum(share * part.state[:, 0] for share, part in zip(chance, parts, strict=True))
    assert mixed == pytest.approx(whole.state[:, 0], rel=1e-11, abs=0)


# --- virtual evidence -----------------------------------------------------------------------------------------------


@given(answers(max_size=10), st.sampled_from(YES_OR_NO))
def test_ends_and_middle_of_virtual_evidence(answered: Answers, name: str) -> None:
    """A number of 1 is yes, 0 is no, 0.5 changes nothing: to the last bit."""
    model = default_model()
    before = {other: answer for other, answer in answered.items() if other not in {name, "sex"}}
    for number, word in ((1.0, "yes"), (0.0, "no"), (0.5, "unknown")):
        assert ranking(model.rank({**before, name: number})) == ranking(model.rank({**before, name: word}))


@given(answers(max_size=10), st.sampled_from(YES_OR_NO), st.floats(0.001, 0.999))
def test_virtual_evidence_lies_between_no_and_yes(answered: Answers, name: str, strength: float) -> None:
    """With virtual evidence each cause is as probable as some mixture of "no" and "yes" makes it."""
    model = default_model()
    before = {other: answer for other, answer in answered.items() if other not in {name, "sex"}}
    no, yes, soft = (by_cause(model, {**before, name: answer}) for answer in ("no", "yes", strength))
    for cause, probability in soft.items():
        low, high = sorted((no[cause], yes[cause]))
        assert low - SAME <= probability <= high + SAME


@given(answers(max_size=10), st.sampled_from(YES_OR_NO), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_likelihoods_of_two_observations_multiply(answered: Answers, name: str, one: float, other: float) -> None:
    """Two independent observations p and q of the same thing are one with the odds p/(1-p) times q/(1-q).

    The weight of a state of the causes is then p q of its weight with "yes" plus (1-p)(1-q) of its weight with "no".
    """
    model = default_model()
    before = {key: answer for key, answer in answered.items() if key not in {name, "sex"}}
    both = one * other / (one * other + (1 - one) * (1 - other))
    yes, no = (posterior_of(model, {**before, name: answer}) for answer in ("yes", "no"))
    base = max(yes.log_evidence[0], no.log_evidence[0])
    weights = one * other * yes.state[:, 0] * np.exp(yes.log_evidence[0] - base)
    weights += (1 - one) * (1 - other) * no.state[:, 0] * np.exp(no.log_evidence[0] - base)
    assert posterior_of(model, {**before, name: both}).state[:, 0] == pytest.approx(
        weights / weights.sum(), rel=1e-11, abs=0
    )


@given(answers(max_size=10))
def test_answers_to_findings_add_on_the_log_scale(answered: Answers) -> None:
    """Given the causes the findings are independent: the log-likelihood of all answers is the sum of each one's."""
    model = default_model()
    network = model.network

    def likelihood(some: Answers) -> Any:
        presentation, problems = read(some, model.vocabulary)
        assert not problems
        return log_likelihood(network, evidence_of(network, presentation))

    alone = likelihood({})
    total = alone + sum(likelihood({name: answer}) - alone for name, answer in answered.items())
    assert likelihood(answered) == pytest.approx(total, rel=0, abs=1e-11)


@given(networks(), st.data())
def test_weights_of_risk_factors_are_relative(plain: Plain, data: st.DataObject) -> None:
    """Only the ratios of a risk factor's likelihoods matter: a common factor moves the log-evidence and nothing else."""
    model = model_of(plain)
    network = model.network
    presentation, _ = read(data.draw(evidence(plain)), model.vocabulary)
    known = evidence_of(network, presentation)
    factor = known.factor.copy()
    shift = 0.0
    for one in network.factors:
        scale = data.draw(st.floats(0.1, 1))
        factor[one.first : one.first + len(one.states)] *= scale
        shift += math.log(scale)
    first, scaled = infer(network, known), infer(network, Evidence(known.finding, factor, known.soft))
    assert scaled.state == pytest.approx(first.state, rel=SAME, abs=0)
    assert scaled.log_evidence[0] == pytest.approx(first.log_evidence[0] + shift, abs=SAME)


# --- names and order in the model -----------------------------------------------------------------------------------


@given(cases(), st.data())
def test_order_and_names_in_the_model_do_not_matter(
    case: tuple[Plain, frozenset[str], Answers], data: st.DataObject
) -> None:
    """Renaming causes and findings and listing them in another order permutes the results and changes no number."""
    plain, ranked, answered = case
    new = {name: f"renamed_{name}" for name in (*plain["causes"], *plain["finding_leak"])}
    causes = data.draw(st.permutations(list(plain["causes"])))
    findings = data.draw(st.permutations(list(plain["finding_leak"])))
    factors = data.draw(st.permutations(list(plain["risk_factors"])))
    turned: Plain = {
        "causes": [new[cause] for cause in causes],
        "presenting": new["f0"],
        "risk_factors": {name: plain["risk_factors"][name] for name in factors},
        "cause_leak": {new[cause]: plain["cause_leak"][cause] for cause in causes},
        "cause_link": {
            new[cause]: {(new.get(parent, parent), state): link for (parent, state), link in links.items()}
            for cause, links in plain["cause_link"].items()
        },
        "finding_leak": {new[name]: plain["finding_leak"][name] for name in findings},
        "finding_link": {
            new[name]: {new[cause]: plain["finding_link"][name][cause]
                        for cause in causes if cause in plain["finding_link"][name]}
            for name in findings
        },
    }  # fmt: skip
    here = model_of(plain, ranked)
    there = model_of(turned, {new[cause] for cause in ranked})
    first, second = posterior_of(here, answered), posterior_of(there, {new.get(k, k): v for k, v in answered.items()})
    axes = [there.network.causes.index(new[cause]) for cause in here.network.causes]
    assert second.cause[axes] == pytest.approx(first.cause, rel=SAME, abs=0)
    states = [sum(1 << axes[k] for k in np.flatnonzero(row)) for row in here.network.has]
    assert second.state[states] == pytest.approx(first.state, rel=SAME, abs=0)
    assert second.none_of_these[0] == pytest.approx(first.none_of_these[0], rel=SAME, abs=0)
    assert second.log_evidence[0] == pytest.approx(first.log_evidence[0], rel=0, abs=SAME)


@given(cases(), chances(), plain_answers())
def test_a_finding_without_links_changes_nothing(
    case: tuple[Plain, frozenset[str], Answers], leak: float, answer: str | float
) -> None:
    """An answer about something that no cause brings about moves no cause, whatever the answer.

    A model file refuses such a finding; the network itself is asked.
    """
    plain, _, answered = case
    data = of_network(plain)
    model = model_from(data)
    data["finding"]["stray"] = {**data["finding"]["f0"], "presenting": False, "leak": parameter(leak), "link": {}}
    knowledge = Knowledge.model_validate(data)
    stray = dataclasses.replace(
        model, knowledge=knowledge, network=Network.of(knowledge), vocabulary=type(model.vocabulary).of(knowledge)
    )
    before, after = posterior_of(model, answered), posterior_of(stray, {**answered, "stray": answer})
    assert after.state == pytest.approx(before.state, rel=SAME, abs=0)


@given(answers(max_size=10), st.sampled_from(["yes", "no", 0.8]))
def test_flags_for_triage_only_do_not_move_the_ranking(answered: Answers, answer: str | float) -> None:
    """A red flag that has no links raises the level and leaves every probability as it is."""
    model = default_model()
    before = {name: value for name, value in answered.items() if name != "cold_pale_leg"}
    after = model.rank({**before, "cold_pale_leg": answer})
    assert ranking(after) == ranking(model.rank(before))


def test_setting_a_number_to_itself_changes_no_probability() -> None:
    """`replace` with the value that stands there gives the same ranking from a model with another fingerprint."""
    model = default_model()
    same = model.replace({"cause.sciatica.leak": model.knowledge.cause["sciatica"].leak.value})
    for answered in ({}, {"low_back_pain": "yes", "age": 40}, dict.fromkeys(FINDINGS, "yes")):
        assert ranking(same.rank(answered)) == ranking(model.rank(answered))
    assert same.fingerprint != model.fingerprint


# --- one cause ------------------------------------------------------------------------------------------------------


def one_cause(leak: float, findings: Mapping[str, tuple[float, float]]) -> Model:
    """Return a model of one cause: its leak, and leak and link of each finding."""
    return model_of({
        "causes": ["c"], "presenting": "f0", "risk_factors": {}, "cause_leak": {"c": leak}, "cause_link": {},
        "finding_leak": {name: numbers[0] for name, numbers in findings.items()},
        "finding_link": {name: {"c": numbers[1]} for name, numbers in findings.items()},
    }, ["c"])  # fmt: skip


def odds_in(model: Model, answered: Mapping[str, str | float]) -> float:
    """Return the posterior odds of the only cause."""
    posterior = posterior_of(model, answered)
    return odds(posterior.cause[0, 0], posterior.absent[0, 0])


@st.composite
def one_cause_cases(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], Answers]:
    """Leak and link of up to four findings, the complaint first, and answers to the others."""
    names = [f"f{i}" for i in range(draw(st.integers(1, 4)))]
    findings = {name: (draw(chances()), draw(chances())) for name in names}
    answered = {name: draw(plain_answers()) for name in names[1:] if draw(st.booleans())}
    return findings, answered


@given(one_cause_cases(), chances(), chances())
def test_odds_scale_with_prior_odds(case: tuple[dict[str, tuple[float, float]], Answers], p: float, q: float) -> None:
    """With one cause, twice the prior odds are twice the posterior odds, and what the answers add does not depend on it.

    By Bayes' rule posterior odds = likelihood ratio times prior odds.
    """
    findings, answered = case
    ratio_p = odds_in(one_cause(p, findings), answered) / (p / (1 - p))
    ratio_q = odds_in(one_cause(q, findings), answered) / (q / (1 - q))
    assert ratio_p == pytest.approx(ratio_q, rel=SAME, abs=0)


@given(one_cause_cases(), chances(), st.integers(0, 3), chances(), st.sampled_from(["yes", "no"]))
def test_a_stronger_link_speaks_louder(
    case: tuple[dict[str, tuple[float, float]], Answers], leak: float, which: int, link: float, answer: str
) -> None:
    """With one cause, a stronger link to a finding that is there cannot lower the cause; to one that is not, not raise it.

    With several causes this fails: a stronger link may explain the finding away from another cause.
    """
    findings, answered = case
    name = f"f{which % len(findings)}"
    answer = "yes" if name == "f0" else answer
    answered = {key: value for key, value in {**answered, name: answer}.items() if key != "f0"}
    finding_leak, old = findings[name]
    weak, strong = (
        odds_in(one_cause(leak, {**findings, name: (finding_leak, value)}), answered) for value in sorted((old, link))
    )
    if answer == "yes":
        assert strong >= weak * (1 - SAME)
    else:
        assert strong <= weak * (1 + SAME)


@given(one_cause_cases(), chances())
def test_one_cause_by_the_textbook(case: tuple[dict[str, tuple[float, float]], Answers], leak: float) -> None:
    """Each answer multiplies the odds by P(answer | cause) / P(answer | no cause), the diagnostic likelihood ratio."""
    findings, answered = case
    expected = leak / (1 - leak)
    for name, answer in {**answered, "f0": "yes"}.items():
        finding_leak, link = findings[name]
        without, given_cause = finding_leak, finding_leak + (1 - finding_leak) * link
        if answer == "yes":
            expected *= given_cause / without
        elif answer == "no":
            expected *= 1 - link  # (1 - leak)(1 - link) / (1 - leak)
        elif not isinstance(answer, str):
            strength = answer
            expected *= (strength * given_cause + (1 - strength) * (1 - finding_leak) * (1 - link)) / (
                strength * without + (1 - strength) * (1 - finding_leak)
            )
    assert odds_in(one_cause(leak, findings), answered) == pytest.approx(expected, rel=SAME, abs=0)
