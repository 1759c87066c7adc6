"""Scores of a model on labelled cases: as other programs compute them, and as counted by hand."""

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.calibration import calibration_curve as reference_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from buttockpain import MissingExtraError, default_model
from buttockpain.research.cases import read_cases
from buttockpain.research.evaluation import Evaluation, calibration_curve, evaluate
from buttockpain.research.shares import Share
from buttockpain.research.simulation import SHORT_VISIT, simulate

# Labelled by hand; the model's answers to them are asked with `rank`, one by one, in the tests.
CASES: list[dict[str, Any]] = [
    {"slr_positive": "yes", "pain_below_knee": "yes", "lumbar_disc_herniation": "yes", "sciatica": "yes",
     "fasciitis": "no", "piriformis_syndrome": "no", "calcium_deficiency": "no", "reference_level": "consultation"},
    {"local_tenderness": "yes", "gluteal_trigger_point": "yes", "fasciitis": "yes", "sciatica": "no",
     "lumbar_disc_herniation": "no", "piriformis_syndrome": "no", "calcium_deficiency": "no",
     "reference_level": "self_care"},
    {"hip_or_groin_pain": "yes", "fasciitis": "no", "sciatica": "no", "lumbar_disc_herniation": "no",
     "piriformis_syndrome": "no", "calcium_deficiency": "no", "saddle_numbness": "yes", "reference_level": "emergency"},
    {"hip_or_groin_pain": "no", "sciatica": "yes", "reference_level": "emergency"},
    {"pain_worse_sitting": "yes", "fasciitis": "no", "reference_level": "consultation_24h"},
]  # fmt: skip


def of_simulated(seed: int = 1, people: int = 3_000) -> tuple[Evaluation, Any, Any]:
    """Return an evaluation of the shipped model on its own patients, and who they were and what was said of them."""
    model = default_model()
    table = simulate(model, people, rng=np.random.default_rng(seed), asked=SHORT_VISIT)
    return evaluate(model, table), table, model


def test_scores_are_those_of_scikit_learn() -> None:
    """Brier, log score and area under the curve of every option, from probabilities asked one by one."""
    evaluation, table, model = of_simulated(people=300)
    answers = [model.rank(table.answers(person)) for person in range(300)]
    ranked = [name for name, cause in model.knowledge.cause.items() if cause.ranked]
    truth = {name: table.cause[table.causes.index(name)] == 1 for name in ranked}
    truth["none_of_these"] = ~np.any(list(truth.values()), axis=0)
    said = {name: [next(c.probability for c in a.causes if c.id == name) for a in answers] for name in ranked}
    said["none_of_these"] = [answer.none_of_these for answer in answers]
    assert [one.option for one in evaluation.options] == [*ranked, "none_of_these"]
    for one in evaluation.options:
        true, probability = truth[one.option], said[one.option]
        assert one.cases == 300
        assert one.brier == pytest.approx(brier_score_loss(true, probability), abs=1e-12)
        assert one.log_score == pytest.approx(log_loss(true, probability), abs=1e-9)
        assert one.auc == pytest.approx(roc_auc_score(true, probability), abs=1e-12)
        assert one.prevalence == pytest.approx(true.mean())
        assert one.mean_probability == pytest.approx(np.mean(probability))


def test_top_1_and_top_2_are_counted_among_causes_and_none() -> None:
    """The first option is true if the cause is present, or, for none of these, if no ranked cause is."""
    evaluation, table, model = of_simulated(people=300)
    hits = [0, 0]
    for person in range(300):
        answer = model.rank(table.answers(person))
        options = {**{cause.id: cause.probability for cause in answer.causes}, "none_of_these": answer.none_of_these}
        case = table.case(person)
        present = {name for name in options if case.get(name) == "yes"} or {"none_of_these"}
        best = sorted(options, key=lambda name: -options[name])
        hits[0] += best[0] in present
        hits[1] += bool(present.intersection(best[:2]))
    assert (evaluation.top_1, evaluation.top_2) == (Share(hits[0], 300), Share(hits[1], 300))


def test_a_model_is_calibrated_on_its_own_patients() -> None:
    """What it expects occurs: each bin within its exact interval or close to it, and a small calibration error."""
    evaluation, _, _ = of_simulated(people=20_000)
    assert evaluation.calibration_error is not None
    assert evaluation.calibration_error < 0.005
    for one in evaluation.calibration:
        low, high = one.observed.clopper_pearson
        assert low - 0.01 < one.mean_probability < high + 0.01
    for score in evaluation.options:
        assert score.prevalence is not None
        assert score.mean_probability == pytest.approx(score.prevalence, abs=0.01)


def test_a_wrong_model_scores_worse_on_the_patients_of_another() -> None:
    """Proper scores: on average nobody beats the model the patients come from; and it is not calibrated."""
    model = default_model()
    wrong = model.replace({"cause.fasciitis.leak": 0.2, "cause.sciatica.leak": 0.005})
    table = simulate(model, 3_000, rng=np.random.default_rng(2), asked=SHORT_VISIT)
    right, other = evaluate(model, table), evaluate(wrong, table)
    assert right.calibration_error is not None
    assert other.calibration_error is not None
    assert other.calibration_error > 3 * right.calibration_error
    for one, worse in zip(right.options, other.options, strict=True):
        if one.option in ("fasciitis", "sciatica"):
            assert one.brier is not None
            assert worse.brier is not None
            assert one.log_score is not None
            assert worse.log_score is not None
            assert worse.brier > one.brier
            assert worse.log_score > one.log_score


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.integers(1, 12))
def test_the_calibration_curve_is_that_of_scikit_learn(pairs: list[tuple[float, bool]], bins: int) -> None:
    """Means of what was expected and shares of what occurred, bin by bin; nobody is lost, none counted twice."""
    probability = np.array([probability for probability, _ in pairs])
    true = np.array([true for _, true in pairs])
    curve = calibration_curve(probability, true, bins=bins)
    assert sum(one.observed.of for one in curve) == len(pairs)
    on_a_border = np.isclose(probability * bins, np.round(probability * bins))
    if not on_a_border.any():  # there, scikit-learn counts a case to the bin below
        occurred, expected = reference_curve(true, probability, n_bins=bins)
        assert [one.observed.share for one in curve] == pytest.approx(occurred.tolist())
        assert [one.mean_probability for one in curve] == pytest.approx(expected.tolist())
    assert all(one.low <= one.mean_probability <= one.high for one in curve)


def test_triage_is_held_against_the_reference() -> None:
    """Under-triage, over-triage and missed emergencies, counted over the cases that have a reference."""
    model = default_model()
    evaluation = evaluate(model, read_cases(model, CASES))
    labels = {"reference_level", *model.knowledge.cause}
    levels = [
        model.rank({name: answer for name, answer in case.items() if name not in labels}).triage.level.value
        for case in CASES
    ]
    assert levels == ["consultation", "consultation", "emergency", "consultation", "consultation"]
    triage = evaluation.triage
    assert triage is not None
    assert triage.exact == Share(2, 5)
    assert triage.over == Share(1, 5)
    assert triage.under == Share(2, 5)
    assert triage.missed_emergencies == Share(1, 2)


def test_a_score_is_over_the_cases_that_have_what_it_needs() -> None:
    """Unknown is not absent: a cause that is not known counts neither way."""
    model = default_model()
    evaluation = evaluate(model, read_cases(model, CASES))
    scores = {one.option: one for one in evaluation.options}
    assert evaluation.cases == 5
    assert evaluation.top_1.of == evaluation.top_2.of == 3
    assert scores["fasciitis"].cases == 4
    assert scores["sciatica"].cases == 4
    assert scores["calcium_deficiency"].cases == 3
    assert scores["calcium_deficiency"].auc is None  # no case has it
    assert scores["none_of_these"].cases == 4  # the fourth has one cause that is known to be present
    assert scores["none_of_these"].prevalence == 0.25
    nothing = evaluate(model, read_cases(model, [{"leg_numbness": "yes"}]))
    assert nothing.options[0].cases == 0
    assert nothing.options[0].brier is None
    assert nothing.calibration_error is None
    assert nothing.triage is None
    assert nothing.top_1 == Share(0, 0)


@given(st.integers(1, 200).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_exact_interval_is_that_of_its_definition(pair: tuple[int, int]) -> None:
    """At each end the count seen, or one further out, has a probability of 2.5% (Clopper and Pearson)."""
    count, of = pair
    low, high = Share(count, of).clopper_pearson
    assert (low == 0) == (count == 0)
    assert (high == 1) == (count == of)
    if count:
        assert stats.binom.sf(count - 1, of, low) == pytest.approx(0.025, abs=1e-6)
    if count < of:
        assert stats.binom.cdf(count, of, high) == pytest.approx(0.025, abs=1e-6)


def test_no_event_among_many_still_has_an_upper_bound() -> None:
    """0 of 300 missed: at most 1.2%, by the closed form 1 - 0.025^(1/n)."""
    assert Share(0, 300).clopper_pearson == pytest.approx((0.0, 1 - 0.025 ** (1 / 300)))


def test_the_page_shows_shares_with_bounds_and_leaves_out_what_is_not_known() -> None:
    """As Markdown: shares, scores by option, calibration."""
    model = default_model()
    page = evaluate(model, read_cases(model, CASES)).markdown()
    for words in (
        "## Evaluation on 5 cases",
        "| under-triage | 40.0% | 5.3% to 85.3% | 2 of 5 |",
        "| emergencies missed | 50.0% | 1.3% to 98.7% | 1 of 2 |",
        "| option | cases | occurred | expected | Brier | log score | AUC |",
        "Calibration error of the ranked causes, pooled: 0.",
    ):
        assert words in page
    nothing = evaluate(model, read_cases(model, [{}])).markdown()
    assert "| `fasciitis` | 0 |  |  |  |  |  |" in nothing
    assert "| first option true |  | 0.0% to 100.0% | 0 of 0 |" in nothing
    assert "not known" in nothing


def test_without_the_libraries_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Optional packages that are missing are named with their extra."""
    model = default_model()
    table = read_cases(model, CASES)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "sklearn.metrics", None)
        with pytest.raises(MissingExtraError, match=r"`scikit-learn`.*buttockpain\[research\]"):
            evaluate(model, table)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "scipy", None)
        with pytest.raises(MissingExtraError, match=r"`scipy`.*buttockpain\[research\]"):
            _ = Share(1, 2).clopper_pearson
