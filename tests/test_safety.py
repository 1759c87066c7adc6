"""The safety promises, end to end: on the whole answer, on edited models, and at the edges."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import small_model

import buttockpain.person
from buttockpain import (
    AnswerError,
    Differential,
    ImpossibleEvidenceError,
    Level,
    Model,
    ModelError,
    default_model,
    model_file,
)
from buttockpain.inference import evidence_of, infer
from buttockpain.presentation import Presentation

MODEL = default_model()
SMALL = Model.of(model_file.from_data(small_model()))
FLAGS = list(MODEL.rules.flags)
EMERGENCIES = [name for name, flag in MODEL.rules.flags.items() if flag.level.is_emergency]
ALL_NO = dict.fromkeys(FLAGS, "no")
FREE = [name for name in FLAGS if name not in ("severe_pain", "long_lasting_pain", "under_18")]
NETWORK = [row for row in MODEL.parameters() if row.path.split(".")[0] in ("risk_factor", "cause", "finding")]
ASKED = [
    name
    for name in MODEL.vocabulary.order
    if name not in ("age", "sex", "pain_severity", "duration_days", "age_band", "buttock_pain")
]
FORMS = st.sampled_from(["yes", "no", "unknown", 0.2, 0.5, 0.9])


def answers(names: list[str], most: int = 12) -> st.SearchStrategy[dict[str, Any]]:
    """Return any answers to some questions, with or without measured answers."""
    measured: dict[str, st.SearchStrategy[Any]] = {
        "pain_severity": st.floats(0, 10), "duration_days": st.floats(0, 1000), "age": st.integers(18, 100),
    }  # fmt: skip
    some = st.dictionaries(st.sampled_from(names), FORMS, max_size=most)
    return st.builds(lambda one, two: {**one, **two}, some, st.fixed_dictionaries({}, optional=measured))


QUESTIONS = [name for name in ASKED if name not in ("severe_pain", "long_lasting_pain", "under_18")]


def rules_of(answer: Differential) -> set[str]:
    """Return the rules among the reasons."""
    return {reason.rule for reason in answer.triage.reasons}


# --- 1: no posterior, prior or model edit lowers the level -----------------------------------------------------------------


@given(answers(QUESTIONS), st.dictionaries(st.sampled_from(NETWORK), st.floats(0.001, 0.2), max_size=6))
@settings(max_examples=25)
def test_no_edit_of_a_number_lowers_the_level(given_answers: dict[str, Any], edits: Mapping[Any, float]) -> None:
    """Promise 1: whatever the priors and links, the whole answer has at least the level and reasons of the rules."""
    model = MODEL.replace({row.path: value for row, value in edits.items()})
    rules = MODEL.triage(given_answers)
    assert model.triage(given_answers) == rules
    whole = model.rank(given_answers).triage
    assert whole.level >= rules.level
    assert set(rules.reasons) <= set(whole.reasons)
    assert whole.override == rules.override


@pytest.mark.parametrize("cause", ["fasciitis", "something_else", "calcium_deficiency"])
@pytest.mark.parametrize("leak", [1e-6, 0.999])
def test_certainty_calms_nothing(cause: str, leak: float) -> None:
    """Promise 1: a model that is sure of a harmless cause hears every emergency all the same."""
    model = MODEL.replace({f"cause.{cause}.leak": leak})
    for flag in FLAGS:
        assert model.rank({flag: "yes"}).triage.level >= MODEL.rules.flags[flag].level


@given(answers(QUESTIONS), st.sampled_from(FREE))
def test_one_more_red_flag_never_lowers_the_whole_answer(given_answers: dict[str, Any], flag: str) -> None:
    """Promise 1 with the ranking in: one more red flag never lowers the level of the whole answer."""
    assert MODEL.rank({**given_answers, flag: "yes"}).triage.level >= MODEL.rank(given_answers).triage.level


@given(answers(QUESTIONS), st.floats(0, 10), st.floats(0, 10), st.floats(0, 36525), st.floats(0, 36525))
def test_more_pain_or_time_never_lowers_the_whole_answer(
    given_answers: dict[str, Any], pain: float, more_pain: float, days: float, more_days: float
) -> None:
    """Promise 1: and the ranking does not change with pain or time at all."""
    low, high = sorted((pain, more_pain))
    short, long = sorted((days, more_days))
    less = MODEL.rank({**given_answers, "pain_severity": low, "duration_days": short})
    more = MODEL.rank({**given_answers, "pain_severity": high, "duration_days": long})
    assert more.triage.level >= less.triage.level
    assert more.causes == less.causes


def test_red_flag_cannot_explain_a_floor_away() -> None:
    """Promise 1: a floor above the lowest red flag is refused, for a red flag could take its cause below the floor."""
    data = small_model(rules=())
    data["triage"]["floor"]["strain"] |= {"level": "emergency", "value": 0.7}
    with pytest.raises(ModelError, match="must not lower the level"):
        model_file.from_data(data)


def test_triage_needs_no_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules decide from names: with the inference broken, `triage` still answers."""

    def broken(*_: Any) -> Any:
        raise FloatingPointError

    monkeypatch.setattr(buttockpain.person, "infer", broken)
    assert MODEL.triage(seizure="yes", pain_severity=8).level == "emergency_ambulance"


def test_rules_of_a_loaded_model_cannot_be_taken_out() -> None:
    """Nobody can switch off a red flag of a model that others use."""
    model = Model.of(model_file.from_data(small_model()))
    with pytest.raises((TypeError, AttributeError)):
        del model.rules.flags["collapse"]  # type: ignore[attr-defined]


# --- 2: severe or long-lasting pain always yields the override ------------------------------------------------------------------


@given(st.floats(5, 8), st.floats(28, 84), st.floats(0, 10), st.floats(0, 36525))
@settings(max_examples=25)
def test_override_wherever_the_thresholds_are(severe: float, lasting: float, pain: float, days: float) -> None:
    """Promise 2: for any thresholds within the safe bounds, at or above one of them the sentence stands, below it not."""
    model = SMALL.replace({"safety.severe_pain": severe, "safety.long_lasting_pain": lasting})
    for one, other in ((pain, days), (severe, 0), (0, lasting)):
        triage = model.rank(fever="no", collapse="no", night_sweats="no", pain_severity=one, duration_days=other).triage
        holds = one >= severe or other >= lasting
        assert triage.override == ("Be examined at a hospital." if holds else None)
        assert triage.level >= "consultation" or not holds


ALL_NO_FREE = {name: "no" for name in FLAGS if name not in ("severe_pain", "long_lasting_pain")}


@pytest.mark.parametrize("pain", [7, 7.5, 10])
@pytest.mark.parametrize(
    "others", [{}, ALL_NO_FREE, {"gluteal_trigger_point": "yes"}], ids=["alone", "no flags", "fasciitis"]
)
def test_override_whatever_else_is_said(pain: float, others: dict[str, Any]) -> None:
    """Promise 2: nothing takes the sentence away."""
    triage = MODEL.rank({**others, "pain_severity": pain}).triage
    assert triage.override == "A detailed medical evaluation at a hospital is needed."
    assert triage.level >= "consultation_24h"


# --- 3: unasked and unknown are never no -----------------------------------------------------------------------------------------


@given(answers(QUESTIONS, most=60))
def test_open_flags_are_listed_and_never_self_care(given_answers: dict[str, Any]) -> None:
    """Promise 3: every flag is present, denied, or listed; with an emergency flag listed the level is above self-care."""
    triage = MODEL.rank(given_answers).triage
    listed = {question.id for question in (*triage.unasked, *triage.unclear)}
    for flag in FREE:
        settled = given_answers.get(flag) in ("yes", "no", 0.9)
        assert (flag in listed) is not settled
    assert not listed.intersection(EMERGENCIES) or triage.level >= "consultation"
    assert (
        not {question.id for question in triage.unclear}.intersection(EMERGENCIES) or triage.level >= "consultation_24h"
    )
    assert not {question.id for question in triage.unasked} & {question.id for question in triage.unclear}


# --- 4: nothing is shown as certain ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lowest", "highest"), [(0.01, 0.95), (0.05, 0.9), (0.02, 0.99)])
def test_caps_are_those_of_the_model_file(lowest: float, highest: float) -> None:
    """Promise 4: beyond the caps only over and under are said, and the exact number stands beside it."""
    telling = (0.001, {"strain": 0.999})
    findings = {"complaint": (0.05, {"strain": 0.5, "other": 0.9}), "tender": telling, "hard": telling, "warm": telling}
    data = small_model(findings=findings, flags={}, rules=())
    data["display"] |= {"lowest": lowest, "highest": highest}
    model = Model.of(model_file.from_data(data))
    sure, never = model.rank(tender="yes", hard="yes").causes[0], model.rank(tender="no", hard="no", warm="no").causes
    assert sure.probability > 0.99
    assert sure.displayed == f"over {highest:.0%}"
    strain = next(cause for cause in never if cause.id == "strain")
    assert strain.probability < lowest
    assert strain.displayed == f"under {lowest:.0%}"


@given(answers(ASKED, most=80))
def test_no_figure_is_shown_beyond_the_caps(given_answers: dict[str, Any]) -> None:
    """Promise 4 on any answers: every displayed figure is a whole per cent from 1 to 95, or over and under those."""
    try:
        answer = MODEL.rank(given_answers)
    except AnswerError:
        return
    figures = [
        *(cause.displayed for cause in answer.causes),
        *(one.displayed for one in answer.joint),
        answer.none_displayed,
    ]
    allowed = {"under 1%", "over 95%", *(f"{per_cent}%" for per_cent in range(1, 96))}
    assert set(figures) <= allowed
    assert all(0 < cause.probability < 1 for cause in answer.causes)


# --- 5: what the model does not explain is said plainly ---------------------------------------------------------------------------


def test_none_of_these_in_the_lead_is_said_and_routes_to_a_clinician() -> None:
    """Promise 5: no cause is called leading, the reason is told, and the report shows none of these first."""
    answer = MODEL.rank({**ALL_NO, "low_back_pain": "no", "leg_numbness": "no"})
    assert answer.leading is None
    assert answer.none_of_these > answer.causes[0].probability
    assert answer.triage.level == "consultation"
    assert rules_of(answer) == {"none_of_these"}
    for report in (answer.report("clinician"), answer.report("patient")):
        ranking = report[report.index("How likely each cause is") :]
        assert ranking.index("None of these") < ranking.index(answer.causes[0].label)
        assert "clinician look for another cause" in " ".join(report.split())


ODD = (
    "trousseau_sign",
    "pain_with_periods",
    "local_swelling",
    "outer_hip_or_sitting_bone_pain",
    "crossed_slr_positive",
)


def test_poor_fit_is_said_and_routes_to_a_clinician() -> None:
    """Promise 5: answers more surprising than the limit are called so, in the record and in both reports."""
    odd = ALL_NO | dict.fromkeys(ODD, "yes")
    answer = MODEL.rank(odd)
    assert not MODEL.replace({"triage.poor_fit": 4}).rank(odd).fit.poor
    assert answer.fit.poor
    assert "poor_fit" in rules_of(answer)
    assert answer.triage.level >= "consultation"
    for report in (answer.report("clinician"), answer.report("patient")):
        assert "do not rely on its ranking" in " ".join(report.split())


def test_usual_answers_fit() -> None:
    """Promise 5, the other way: a classic case is not called surprising."""
    answer = MODEL.rank(low_back_pain="yes", leg_numbness="yes", slr_positive="yes", pain_worse_cough_sneeze="yes")
    assert not answer.fit.poor
    assert "poor_fit" not in rules_of(answer)


def test_impossible_evidence_is_a_typed_error_with_the_triage() -> None:
    """Promise 5: probability 0 is never a ranking; the error names the clash and the urgency stands."""
    model = Model.of(model_file.from_data(small_model()))
    table = model.network.log_answer.copy()
    numb, tender = (model.network.finding_index[name] for name in ("numb", "tender"))
    strained = model.network.has[:, model.network.causes.index("strain")]
    table[2 * numb + 1, strained] = -np.inf  # numb only without strain
    table[2 * tender + 1, ~strained] = -np.inf  # tender only with strain
    clashing = dataclasses.replace(model, network=dataclasses.replace(model.network, log_answer=table))
    with pytest.raises(ImpossibleEvidenceError) as caught:
        clashing.rank(numb="yes", tender="yes", fever="no", heavy_work="yes", collapse="yes")
    assert set(caught.value.answers) == {"numb", "tender"}
    assert caught.value.triage is not None
    assert caught.value.triage.level == "emergency_ambulance"
    for possible in ({"numb": "yes", "tender": "no"}, {"numb": "no", "tender": "yes"}):
        assert not infer(clashing.network, evidence_of(clashing.network, Presentation(possible))).impossible[0]


# --- numbers at the edge ----------------------------------------------------------------------------------------------------------


EDGES = st.sampled_from([1e-12, 1e-9, 1e-6, 0.5, 1 - 1e-6, 1 - 1e-9])
SMALL_PATHS = [
    row.path
    for row in SMALL.parameters()
    if row.path[:5] in ("cause", "findi") or row.path == "risk_factor.heavy_work.base"
]


@given(
    st.dictionaries(st.sampled_from(SMALL_PATHS), EDGES, max_size=8),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("tender", "numb", "fever", "heavy_work"), FORMS)),
)
def test_extreme_numbers_give_finite_answers(edits: dict[str, float], given_answers: dict[str, Any]) -> None:
    """Probabilities of one in a million millions and near-certain links: no NaN, no infinity, JSON loses nothing."""
    answer = SMALL.replace(edits).rank(given_answers)
    for cause in answer.causes:
        assert 0 <= cause.probability <= 1 + 1e-12
        assert math.isfinite(cause.likelihood_ratio)
    assert math.isfinite(answer.fit.surprise)
    assert math.isfinite(answer.fit.log_evidence)
    assert Differential.model_validate_json(answer.model_dump_json()) == answer


# --- the ladder -------------------------------------------------------------------------------------------------------------------


def test_levels_compare_by_urgency() -> None:
    """Comparisons follow the ladder, with members and with words, and not the alphabet."""
    ladder = ["self_care", "consultation", "consultation_24h", "emergency", "emergency_ambulance"]
    assert [str(level) for level in Level] == ladder
    for lower, level in enumerate(ladder):
        for higher, other in enumerate(ladder):
            assert (Level(level) < Level(other)) is (lower < higher)
            assert (Level(level) <= other) is (lower <= higher)
            assert (Level(level) > other) is (lower > higher)
            assert (Level(level) >= Level(other)) is (lower >= higher)
    assert [Level(level).is_emergency for level in ladder] == [False, False, False, True, True]
    with pytest.raises(ValueError, match="urgent"):
        assert Level.EMERGENCY > "urgent"
