"""Simulated patients follow the model exactly, and case tables carry them without loss."""

from random import Random
from typing import Any

import numpy as np
import oracle
import pytest
import small_models
from hypothesis import given, settings
from hypothesis import strategies as st

from buttockpain import AnswerError, default_model
from buttockpain.inference import evidence_of, infer
from buttockpain.model import Model
from buttockpain.model_file import from_data
from buttockpain.presentation import read
from buttockpain.research.cases import CaseTable, evidence_of_cases, read_cases, rule_levels
from buttockpain.research.simulation import SHORT_VISIT, simulate
from buttockpain.triage import decide
from buttockpain.types import Kind
from buttockpain.urgency import UNASKED, UNCLEAR

PEOPLE = 40_000
FAR = 5.0  # standard errors; a few hundred comparisons of a right sampler stay below it


def network_with_complaint(seed: int) -> oracle.Network:
    """Return a random network that a model file can say, with numbers that leave no cell almost empty."""
    rng = Random(seed)
    network = oracle.random_network(rng, causes=3, risk_factors=3, findings=3)
    network["presenting"] = "f0"
    network["finding_leak"] = {name: rng.uniform(0.1, 0.4) for name in network["finding_leak"]}
    network["finding_link"] = {
        name: {cause: rng.uniform(0.2, 0.8) for cause in network["causes"]} for name in network["finding_leak"]
    }
    network["cause_leak"] = {name: rng.uniform(0.1, 0.5) for name in network["causes"]}
    return network


def model_of(network: oracle.Network) -> Model:
    """Return the library's model with the numbers of a network of the oracle."""
    return Model.of(from_data(small_models.of_network(network)))


def far_from(count: int, of: int, probability: float) -> float:
    """Return how many standard errors a count lies from what it should be."""
    return float(abs(count - of * probability) / max(np.sqrt(of * probability * (1 - probability)), 1.0))


def column(table: CaseTable, name: str) -> Any:
    """Return the codes of one question or cause."""
    if name in table.causes:
        return table.cause[table.causes.index(name)]
    return table.answer[table.questions.index(name)]


@pytest.mark.parametrize("seed", range(6))
def test_the_joint_of_causes_risk_factors_and_findings_is_that_of_the_model_given_the_complaint(seed: int) -> None:
    """Every pair of a risk-factor state and a set of causes, and every finding, comes as often as enumeration says."""
    network = network_with_complaint(seed)
    table = simulate(model_of(network), PEOPLE, rng=np.random.default_rng(seed))
    causes = network["causes"]
    complaint = oracle.log_total(oracle.joint(network, {}))
    sets = [frozenset(c for c, code in zip(table.causes, person, strict=True) if code) for person in table.cause.T]
    for name, factor in network["risk_factors"].items():
        for code, state in enumerate(factor["states"]):
            weights = oracle.joint(network, {name: state})
            mine = column(table, name) == code
            for present, weight in weights.items():
                count = sum(1 for one, here in zip(sets, mine, strict=True) if here and one == present)
                assert far_from(count, PEOPLE, weight / np.exp(complaint)) < FAR, (name, state, present)
    for name in ("f1", "f2"):
        for cause in causes:
            both = oracle.joint(network, {name: "yes"})
            expected = sum(weight for present, weight in both.items() if cause in present) / np.exp(complaint)
            count = int((column(table, name) & column(table, cause)).sum())
            assert far_from(count, PEOPLE, expected) < FAR, (name, cause)


@pytest.mark.parametrize("seed", range(3))
def test_risk_factors_depend_on_each_other_given_the_causes_as_enumeration_says(seed: int) -> None:
    """Two risk factors of one cause explain each other away; drawing them one by one must keep that."""
    network = network_with_complaint(seed + 100)
    table = simulate(model_of(network), PEOPLE, rng=np.random.default_rng(seed))
    total = np.exp(oracle.log_total(oracle.joint(network, {})))
    factors = network["risk_factors"]
    for a, first in enumerate(factors["r0"]["states"]):
        for b, second in enumerate(factors["r1"]["states"]):
            weights = oracle.joint(network, {"r0": first, "r1": second})
            here = (column(table, "r0") == a) & (column(table, "r1") == b)
            for cause in network["causes"]:
                expected = sum(weight for present, weight in weights.items() if cause in present) / total
                assert far_from(int((here & (column(table, cause) == 1)).sum()), PEOPLE, expected) < FAR


def test_the_shipped_model_gives_its_own_priors_back() -> None:
    """Causes, and the posterior of a risk factor, come as often as the model says."""
    model = default_model()
    table = simulate(model, PEOPLE, rng=np.random.default_rng(5))
    for axis in range(len(table.causes)):
        assert far_from(int(table.cause[axis].sum()), PEOPLE, model.prior.cause[axis, 0]) < FAR
    for name, answer, code in (("age_band", "over_50", 2), ("buttock_injury", "yes", 1), ("leg_numbness", "yes", 1)):
        presentation, _ = read({name: answer}, model.vocabulary)
        log_ratio = (
            infer(model.network, evidence_of(model.network, presentation)).log_evidence - model.prior.log_evidence
        )
        assert far_from(int((column(table, name) == code).sum()), PEOPLE, float(np.exp(log_ratio[0]))) < FAR


def test_the_same_generator_gives_the_same_patients_and_another_seed_others() -> None:
    """Randomness comes from the generator alone."""
    one, same, other = (
        simulate(default_model(), 200, rng=np.random.default_rng(seed), asked=SHORT_VISIT) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.answer, same.answer)
    assert np.array_equal(one.cause, same.cause)
    assert not np.array_equal(one.answer, other.answer)


def test_what_is_asked_follows_the_shares_and_a_question_nobody_asked_is_not_answered_no() -> None:
    """A share of 0.4 of the symptoms is asked, no sign at all, every red flag; the rest is marked as not asked."""
    model = default_model()
    asked: dict[Kind, float] = {"symptom": 0.4, "sign": 0.0}
    table = simulate(model, PEOPLE, rng=np.random.default_rng(3), asked=asked)
    for name, finding in model.knowledge.finding.items():
        if finding.presenting:
            assert name not in table.questions
            continue
        share = asked.get(finding.kind, 1.0)
        unasked = int((column(table, name) == UNASKED).sum())
        assert far_from(unasked, PEOPLE, 1 - share) < FAR
        assert share not in (0.0, 1.0) or unasked == PEOPLE * (1 - share)
        assert (column(table, name) != UNCLEAR).all()
    assert not any(name in table.answers(0) for name, f in model.knowledge.finding.items() if f.kind == "sign")


def test_red_flags_outside_the_ranking_are_absent_unless_given_a_rate() -> None:
    """The model gives them no probability, so only the caller can."""
    model = default_model()
    table = simulate(model, PEOPLE, rng=np.random.default_rng(3), flags={"cold_pale_leg": 0.1})
    assert far_from(int(column(table, "cold_pale_leg").sum()), PEOPLE, 0.1) < FAR
    assert not column(table, "sepsis_signs").any()


def test_several_models_share_the_patients_equally() -> None:
    """Of two models that differ in one prior, patients come from either with equal chance, in random order."""
    model = default_model()
    other = model.replace({"cause.fasciitis.leak": 0.5})
    table = simulate([model, other], PEOPLE, rng=np.random.default_rng(4))
    axis = table.causes.index("fasciitis")
    expected = (model.prior.cause[axis, 0] + other.prior.cause[axis, 0]) / 2
    assert far_from(int(table.cause[axis].sum()), PEOPLE, expected) < FAR
    assert far_from(int(table.cause[axis, : PEOPLE // 2].sum()), PEOPLE // 2, expected) < FAR


def test_what_cannot_be_simulated_is_refused_all_at_once() -> None:
    """Kinds, flags, shares and models are checked together."""
    small = Model.of(from_data(small_models.small_model()))
    with pytest.raises(ValueError, match="expected 0 to 1") as caught:
        simulate(
            [default_model(), small],
            1,
            rng=np.random.default_rng(0),
            asked={"symptoms": 0.5, "sign": 1.5},  # type: ignore[dict-item]
            flags={"cold_pale_legs": 0.1, "leg_numbness": 0.1},
        )
    for words in (
        "`asked` has the unknown kind 'symptoms'",
        "`asked` of 'sign' is 1.5, expected 0 to 1",
        "'cold_pale_legs', which is no red flag outside the ranking did you mean `cold_pale_leg`?",
        "'leg_numbness', which is no red flag outside the ranking",
        "the models do not have the same questions",
    ):
        assert words in str(caught.value)


# --- case tables ------------------------------------------------------------------------------------------------------


def answers_of(model: Model) -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy of valid answers, measures and virtual evidence among them."""
    knowledge = model.knowledge
    plain = st.one_of(st.sampled_from(["yes", "no", "unknown"]), st.floats(0.01, 0.99))
    questions = {name: plain for name, finding in knowledge.finding.items() if not finding.presenting}
    questions |= {name: plain for name, factor in knowledge.risk_factor.items() if not factor.states and not factor.sex}
    measures = st.fixed_dictionaries(
        {},
        optional={
            "age": st.integers(0, 120),
            "pain_severity": st.floats(0, 10),
            "sex": st.sampled_from(["female", "male"]),
        },
    )
    some = st.sets(st.sampled_from(sorted(questions)), max_size=12).flatmap(
        lambda names: st.fixed_dictionaries({name: questions[name] for name in sorted(names)})
    )
    return st.tuples(some, measures).map(lambda pair: {**pair[0], **pair[1]})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_table_says_what_its_rows_say(data: st.DataObject) -> None:
    """Evidence and rule level of a table are those of its answers read one by one; reading rows back loses nothing."""
    model = default_model()
    rows = []
    for row in data.draw(st.lists(answers_of(model), min_size=1, max_size=4)):
        measured = {"severe_pain", "extreme_pain", "under_18"} if row.keys() & {"age", "pain_severity"} else set()
        rows.append({name: answer for name, answer in row.items() if name not in measured})
    table = read_cases(model, rows)
    presentations = [read(row, model.vocabulary)[0] for row in rows]
    single = evidence_of(model.network, *presentations)
    batch = evidence_of_cases(model.network, table)
    assert np.array_equal(batch.finding, single.finding)
    assert np.array_equal(batch.factor, single.factor)
    assert (batch.soft is None) == (single.soft is None)
    assert batch.soft is None or single.soft is None or np.array_equal(batch.soft, single.soft)
    levels = [decide(model.rules, presentation).triage().level.rank for presentation in presentations]
    assert rule_levels(model.rules, table).tolist() == levels
    again = read_cases(model, [table.case(person) for person in range(len(table))])
    assert np.array_equal(again.answer, table.answer)
    assert again.soft == table.soft


def test_simulated_patients_keep_their_answers_and_causes_as_mappings() -> None:
    """A table written as flat mappings and read back is the same table."""
    model = default_model()
    table = simulate(model, 50, rng=np.random.default_rng(8), asked=SHORT_VISIT, flags={"severe_pain": 0.5})
    again = read_cases(model, [table.case(person) for person in range(50)])
    assert np.array_equal(again.answer, table.answer)
    assert np.array_equal(again.cause, table.cause)
    part = table.take(np.array([7, 3]))
    assert [part.case(0), part.case(1)] == [table.case(7), table.case(3)]


def test_cases_carry_what_is_known_of_causes_and_the_reference_level() -> None:
    """Yes, no and not known are three things; virtual evidence keeps its place when people are taken out."""
    model = default_model()
    table = read_cases(
        model,
        [
            {"slr_positive": 0.8, "fasciitis": False, "sciatica": "Yes", "reference_level": "emergency"},
            {"slr_positive": 0.3, "sciatica": None},
        ],
    )
    known = {name: codes.tolist() for name, codes in zip(table.causes, table.cause, strict=True)}
    assert (known["fasciitis"], known["sciatica"], known["something_else"]) == ([0, -1], [1, -1], [-1, -1])
    assert table.reference.tolist() == [3, -1]
    second = table.take(np.array([1]))
    assert second.case(0) == {"slr_positive": 0.3}


def test_every_problem_of_every_case_is_in_one_error_and_no_text_of_a_person_is_repeated() -> None:
    """The number of the case, the place and what was expected are told; what was typed is not."""
    rows: list[dict[str, Any]] = [
        {"leg_numbnes": "yes"},
        {"fasciitis": "Jane Doe", "reference_level": "emergancy"},
        {"sciatica": 0.7, "age": 200},
    ]
    with pytest.raises(AnswerError) as caught:
        read_cases(default_model(), rows)
    message = str(caught.value)
    for words in (
        "5 problems",
        "`case 0: leg_numbnes`: found an unknown id; expected an id of the model; did you mean `leg_numbness`?",
        "`case 1: fasciitis`: found a str; expected yes, no or unknown: a cause is known or it is not",
        "`case 1: reference_level`: found a str",
        "did you mean `emergency`?",
        "`case 2: sciatica`: found a float",
        "`case 2: age`: found 200",
    ):
        assert words in message
    assert "Jane" not in message


def test_a_model_without_a_question_reads_the_rest() -> None:
    """Questions go by name: what a model does not ask is unknown to it, and states it does not have too."""
    model = Model.of(from_data(small_models.small_model()))
    data = small_models.small_model(
        findings={name: entry for name, entry in small_models.FINDINGS.items() if name != "tender"},
        risk_factors={**small_models.RISK_FACTORS, "stature": {"short": 0.5, "tall": 0.2, "huge": 0.3}},
        cause_links={"strain": {"heavy_work": 0.1}, "nerve_pinch": {"stature": {"tall": 0.04, "huge": 0.1}}},
    )
    other = Model.of(from_data(data))
    table = read_cases(
        model, [{"tender": "yes", "numb": "yes", "stature": "tall"}, {"heavy_work": "yes", "stature": "middling"}]
    )
    evidence = evidence_of_cases(other.network, table)
    expected = evidence_of(
        other.network,
        *(read(row, other.vocabulary)[0] for row in ({"numb": "yes", "stature": "tall"}, {"heavy_work": "yes"})),
    )
    assert np.array_equal(evidence.finding, expected.finding)
    assert np.array_equal(evidence.factor, expected.factor)
