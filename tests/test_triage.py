"""Triage decides as the dossier says: red flags, combinations, thresholds, and what was not asked.

The tables below are written from the dossier's section D, apart from the model file; `expected_level` decides from them
alone, and Hypothesis holds the library against it.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import Data, small_model

from buttockpain import AnswerError, ImpossibleEvidenceError, Level, Model, default_model, model_file
from buttockpain.triage import Triage

MODEL = default_model()

FLAGS = {
    "emergency_ambulance": [
        "throat_spasm_or_breathing_difficulty", "seizure", "irregular_heartbeat_or_fainting",
        "sudden_severe_pain_with_collapse", "cold_pale_leg", "chest_pain_or_breathless_with_swollen_leg", "sepsis_signs",
        "major_injury",
    ],
    "emergency": [
        "saddle_numbness", "bladder_change", "bowel_control_loss", "genital_or_sexual_numbness", "both_legs_affected",
        "severe_or_worsening_leg_weakness", "locked_hand_or_foot_spasm", "fever_with_infection_risk", "hot_swollen_joint",
        "spreading_skin_infection", "injury_cannot_bear_weight", "spine_procedure_or_blood_thinner_with_new_weakness",
        "cancer_with_nerve_symptoms", "dark_urine_with_muscle_pain", "early_pregnancy_pain_or_bleeding",
        "dark_or_tense_buttock",
    ],
    "consultation_24h": [
        "fever_with_pain", "swollen_calf", "cancer_history", "minor_injury_with_fragile_bones", "blistering_rash",
        "neck_surgery_with_tingling", "severe_pain",
    ],
    "consultation": [
        "immune_suppression_or_injected_drugs", "steadily_worsening_pain", "unexplained_weight_loss",
        "unrelenting_night_pain", "steroids_or_osteoporosis", "walking_pain_eased_by_rest", "inflammatory_back_pain",
        "pregnancy_or_recent_birth", "under_18", "long_lasting_pain",
    ],
}  # fmt: skip
LEVEL_OF = {flag: level for level, flags in FLAGS.items() for flag in flags}
EMERGENCIES = [*FLAGS["emergency_ambulance"], *FLAGS["emergency"]]
ALL_NO = dict.fromkeys(LEVEL_OF, "no")

LEG_WEAKNESS = ["leg_weakness", "severe_or_worsening_leg_weakness", "foot_dorsiflexion_weakness", "calf_weakness"]
CHEST = ["chest_pain_or_breathless_with_swollen_leg", "throat_spasm_or_breathing_difficulty"]

# Section D, "Combinations that raise the level": with all of these, and one of those if any are named, at least this.
COMBINATIONS: list[tuple[list[str], list[str], str]] = [
    (["fever_with_pain", "immune_suppression_or_injected_drugs"], [], "emergency"),
    (
        ["fever_with_pain"],
        ["difficulty_moving", "severe_pain", "buttock_injury", "steadily_worsening_pain"],
        "emergency",
    ),
    (["hand_foot_spasms"], [], "consultation_24h"),
    (
        ["hand_foot_spasms"],
        ["neck_surgery_with_tingling", "tingling_mouth_fingers", "low_blood_calcium", "fever_with_pain", "under_18"],
        "emergency",
    ),
    (
        ["steadily_worsening_pain"],
        [
            "age >= 70",
            "cancer_history",
            "immune_suppression_or_injected_drugs",
            "unexplained_weight_loss",
            "steroids_or_osteoporosis",
        ],
        "consultation_24h",
    ),
    (["pregnancy_or_recent_birth"], ["leg_weakness", "hand_foot_spasms", "fever_with_pain"], "consultation_24h"),
    (["cancer_history"], ["unexplained_weight_loss", "unrelenting_night_pain"], "consultation_24h"),
    (["cancer_history"], [*LEG_WEAKNESS, "bladder_change", "bowel_control_loss"], "emergency"),
    (["swollen_calf"], CHEST, "emergency_ambulance"),
    (["foot_dorsiflexion_weakness"], [], "consultation_24h"),
    (["foot_dorsiflexion_weakness"], ["severe_or_worsening_leg_weakness"], "emergency"),
    (["severe_pain", "long_lasting_pain"], [], "consultation_24h"),
    (["pain >= 9"], [], "emergency"),
]

# What the model file adds to that, each on the safe side: the parts of a flag asked apart, and age by itself.
ADDED: list[tuple[list[str], list[str], str]] = [
    (["hand_foot_spasms", "neck_gland_surgery"], [], "emergency"),
    (
        ["neck_gland_surgery"],
        ["tingling_mouth_fingers", "leg_cramps", "widespread_cramps", "hand_foot_spasms"],
        "consultation_24h",
    ),
    (["age >= 70"], [], "consultation"),
]


def expected_level(answers: Mapping[str, Any]) -> str:
    """Return the level of the dossier for answers in plain form."""
    age, pain, days = (answers.get(name) for name in ("age", "pain_severity", "duration_days"))
    facts = {name for name, answer in answers.items() if answer == "yes"}
    facts |= {name for name, answer in answers.items() if isinstance(answer, float) and 0.5 < answer < 1}
    known = {name for name, answer in answers.items() if answer == "no"} | facts
    if pain is not None:
        facts |= {"severe_pain"} if pain >= 7 else set()
        facts |= {"pain >= 9"} if pain >= 9 else set()
    if days is not None:
        facts |= {"long_lasting_pain"} if days >= 42 else set()
    if age is not None:
        facts |= {"under_18"} if age < 18 else set()
        facts |= {"age >= 70"} if age >= 70 else set()
    found = [level for flag, level in LEVEL_OF.items() if flag in facts]
    for all_of, any_of, level in (*COMBINATIONS, *ADDED):
        if facts.issuperset(all_of) and (not any_of or facts.intersection(any_of)):
            found.append(level)
    if any(flag not in known and flag not in answers for flag in EMERGENCIES):
        found.append("consultation")
    if any(flag not in known and flag in answers for flag in EMERGENCIES):
        found.append("consultation_24h")
    return max(found, key=list(reversed([*FLAGS, "self_care"])).index, default="self_care")


def level_of(answers: Mapping[str, Any]) -> Level:
    """Return the level by the rules."""
    return MODEL.triage(answers).level


def answering(facts: Iterable[str]) -> dict[str, Any]:
    """Return answers that make facts present, with all other red flags answered no."""
    answers: dict[str, Any] = dict(ALL_NO)
    for fact in facts:
        if fact == "age >= 70":
            answers["age"] = 70
        elif fact == "pain >= 9":
            answers["pain_severity"] = 9
            del answers["severe_pain"]
        else:
            answers[fact] = "yes"
    return answers


# --- the table of red flags -----------------------------------------------------------------------------------------


def test_there_are_41_red_flags() -> None:
    """The model has the red flags of the dossier, and no other."""
    assert len(LEVEL_OF) == 41
    assert {name: str(flag.level) for name, flag in MODEL.rules.flags.items()} == LEVEL_OF


@pytest.mark.parametrize("form", ["yes", True, 0.51, 0.99])
@pytest.mark.parametrize("flag", LEVEL_OF)
def test_each_red_flag_alone_has_its_level(flag: str, form: Any) -> None:
    """One red flag present, all others answered no: its level, and it is a reason with its source."""
    triage = MODEL.triage({**ALL_NO, flag: form})
    assert triage.level == LEVEL_OF[flag]
    (reason,) = [reason for reason in triage.reasons if reason.rule == flag]
    assert reason.level == LEVEL_OF[flag]
    assert reason.text
    assert reason.source or reason.basis == "judgement"


@pytest.mark.parametrize("flag", LEVEL_OF)
def test_red_flag_speaks_whatever_else_is_unknown(flag: str) -> None:
    """The level of a red flag is a lower bound when nothing else was asked."""
    assert MODEL.triage({flag: "yes"}).level >= LEVEL_OF[flag]
    assert MODEL.rank({flag: "yes"}).triage.level >= LEVEL_OF[flag]


def test_no_flag_is_self_care() -> None:
    """Every red flag answered no: the only way to the lowest level."""
    triage = MODEL.triage(ALL_NO)
    assert (triage.level, triage.reasons, triage.unasked, triage.unclear) == ("self_care", (), (), ())
    assert triage.override is None


# --- combinations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("all_of", "any_of", "level"), [*COMBINATIONS, *ADDED], ids=lambda part: str(part)[:60])
def test_combination_raises_the_level(all_of: list[str], any_of: list[str], level: str) -> None:
    """All of the first with any one of the second give at least the level, all other red flags answered no."""
    for facts in [[*all_of, other] for other in any_of] or [all_of]:
        triage = MODEL.triage(answering(facts))
        assert triage.level >= level, facts
        assert triage.level == expected_level(answering(facts)), facts


@pytest.mark.parametrize(
    ("all_of", "any_of"), [entry[:2] for entry in (*COMBINATIONS, *ADDED)], ids=lambda part: str(part)[:60]
)
def test_half_a_combination_does_not_fire(all_of: list[str], any_of: list[str]) -> None:
    """Without one of its parts a combination counts for nothing: the level is that of what is left."""
    for missing in (*all_of, *any_of):
        rest = [fact for fact in (*all_of, *any_of[:1]) if fact != missing]
        assert level_of(answering(rest)) == expected_level(answering(rest)), missing


def test_every_rule_of_the_model_is_in_the_tables() -> None:
    """No rule of the model file goes beyond the tables above, and no table entry is missing there."""
    names = {"age >= 70": "age_70_or_more", "pain >= 9": "extreme_pain"}

    def pairs(all_of: Iterable[str], any_of: Iterable[str], level: str) -> set[tuple[frozenset[str], str]]:
        base = frozenset(names.get(name, name) for name in all_of)
        return {(base | {names.get(name, name)}, level) for name in any_of} or {(base, level)}

    table = set().union(*(pairs(*entry) for entry in (*COMBINATIONS, *ADDED)))
    rules = set().union(*(pairs(rule.all_of, rule.any_of, str(rule.reason.level)) for rule in MODEL.rules.combinations))
    assert rules == table


RISKY = sorted(
    {
        *LEVEL_OF,
        *(name for all_of, any_of, _ in (*COMBINATIONS, *ADDED) for name in (*all_of, *any_of) if " " not in name),
    }
)
MEASURED = {
    "age": st.sampled_from([17, 18, 40, 69, 70, 90]),
    "pain_severity": st.sampled_from([0.0, 6.9, 7.0, 8.9, 9.0, 10.0]),
    "duration_days": st.sampled_from([0.0, 41.9, 42.0, 400.0]),
}
FORMS = st.sampled_from(["yes", "no", "no", "no", "unknown", 0.2, 0.5, 0.7])
DECIDED_BY_MEASURE = ("severe_pain", "long_lasting_pain", "under_18")
FREE = [name for name in RISKY if name not in DECIDED_BY_MEASURE]


def answers_about(names: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return any answers to some questions beside all red flags answered no, or beside nothing."""
    some = st.dictionaries(st.sampled_from(list(names)), FORMS, max_size=8)
    measured = st.fixed_dictionaries({}, optional=MEASURED)
    cleared = {name: "no" for name in LEVEL_OF if name not in DECIDED_BY_MEASURE}
    return st.tuples(st.sampled_from([{}, cleared]), some, measured).map(
        lambda parts: {**parts[0], **parts[1], **parts[2]}
    )


@given(answers_about(FREE))
def test_level_is_that_of_the_dossier(answers: dict[str, Any]) -> None:
    """On any answers the rules give exactly the level worked out from the dossier's tables."""
    assert level_of(answers) == expected_level(answers)


@given(answers_about(RISKY), st.sampled_from(RISKY))
def test_one_more_yes_never_lowers_the_level(answers: dict[str, Any], name: str) -> None:
    """Promise 1: whatever the answers, turning one into yes never lowers the level, nor takes the override away."""
    before, after = (triage_of(one) for one in (answers, {**answers, name: "yes"}))
    assert after.level >= before.level
    assert after.override == before.override or before.override is None


@given(answers_about(FREE), st.floats(0, 10), st.floats(0, 10), st.floats(0, 36525), st.floats(0, 36525))
def test_more_pain_or_time_never_lowers_the_level(
    answers: dict[str, Any], pain: float, more_pain: float, days: float, more_days: float
) -> None:
    """Promise 1: in the whole answer too, ranking included."""
    less = {**answers, "pain_severity": min(pain, more_pain), "duration_days": min(days, more_days)}
    more = {**answers, "pain_severity": max(pain, more_pain), "duration_days": max(days, more_days)}
    assert level_of(more) >= level_of(less)
    assert MODEL.rank(more).triage.level >= MODEL.rank(less).triage.level


def triage_of(answers: Mapping[str, Any]) -> Triage:
    """Return the decision, also on answers that contradict each other."""
    try:
        return MODEL.triage(answers)
    except AnswerError as error:
        assert error.triage is not None  # noqa: PT017 - the answer, not a check of the error
        return error.triage


# --- severe and long-lasting pain -----------------------------------------------------------------------------------

OVERRIDE = "A detailed medical evaluation at a hospital is needed."


@pytest.mark.parametrize(
    ("answers", "overridden"),
    [
        ({"pain_severity": 6.99}, False),
        ({"pain_severity": 7}, True),
        ({"pain_severity": 10}, True),
        ({"duration_days": 41.99}, False),
        ({"duration_days": 42}, True),
        ({"duration_days": 36525}, True),
        ({"severe_pain": "yes"}, True),
        ({"severe_pain": 0.6}, True),
        ({"severe_pain": 0.5}, False),
        ({"severe_pain": "unknown"}, False),
        ({"long_lasting_pain": True}, True),
        ({"severe_pain": "no", "long_lasting_pain": "no"}, False),
        ({"pain_severity": 3, "severe_pain": "yes"}, True),
        ({"pain_severity": 7, "duration_days": 42}, True),
        ({"age": 90}, False),
    ],
    ids=str,
)
def test_override_at_the_boundaries(answers: dict[str, Any], overridden: bool) -> None:
    """Promise 2: pain of 7 or 6 weeks and more, by number or by yes, always gives the founding document's sentence."""
    assert MODEL.triage(answers).override == (OVERRIDE if overridden else None)
    assert MODEL.rank(answers).triage.override == (OVERRIDE if overridden else None)


@pytest.mark.parametrize(
    ("answers", "level", "rules"),
    [
        ({"pain_severity": 6.9}, "self_care", set()),
        ({"pain_severity": 7}, "consultation_24h", {"severe_pain"}),
        ({"pain_severity": 8.9}, "consultation_24h", {"severe_pain"}),
        ({"pain_severity": 9}, "emergency", {"severe_pain", "extreme_pain"}),
        ({"duration_days": 41}, "self_care", set()),
        ({"duration_days": 42}, "consultation", {"long_lasting_pain"}),
        (
            {"pain_severity": 7, "duration_days": 42},
            "consultation_24h",
            {"severe_pain", "long_lasting_pain", "severe_and_long_lasting_pain"},
        ),
        ({"age": 17}, "consultation", {"under_18"}),
        ({"age": 18}, "self_care", set()),
        ({"age": 69}, "self_care", set()),
        ({"age": 70}, "consultation", {"age_70_or_more"}),
        ({"age": 17, "hand_foot_spasms": "yes"}, "emergency", {"under_18"}),
        ({"age": 70, "steadily_worsening_pain": "yes"}, "consultation_24h", {"steadily_worsening_pain"}),
        ({"age": 69, "steadily_worsening_pain": "yes"}, "consultation", {"steadily_worsening_pain"}),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),  # a set has no order
)
def test_measured_answers_are_facts_for_triage(answers: dict[str, Any], level: str, rules: set[str]) -> None:
    """Pain, time and age answer their flag and the rules on age, at the boundary and not below."""
    decided = {"pain_severity": "severe_pain", "duration_days": "long_lasting_pain", "age": "under_18"}
    free = {flag: answer for flag, answer in ALL_NO.items() if flag not in {decided.get(name) for name in answers}}
    triage = MODEL.triage({**free, **answers})
    assert triage.level == level
    assert {reason.rule for reason in triage.reasons} >= rules
    assert not triage.unasked


def test_age_is_no_answer_to_thin_bones() -> None:
    """Age 70 counts for triage by its own rule; it does not answer the flag that also moves the ranking."""
    triage = MODEL.triage(age=80)
    assert "steroids_or_osteoporosis" in {question.id for question in triage.unasked}
    assert MODEL.rank(age=80).causes == MODEL.rank(age=60).causes
    assert MODEL.rank(age=60, steroids_or_osteoporosis="yes").causes != MODEL.rank(age=60).causes


@pytest.mark.parametrize(
    ("answer", "flag"), [({"pain_severity": 8}, "severe_pain"), ({"duration_days": 5}, "long_lasting_pain")]
)
def test_measured_answer_settles_its_flag_and_no_other(answer: dict[str, Any], flag: str) -> None:
    """A number settles the flag it measures; every other flag stays unasked."""
    assert {question.id for question in MODEL.triage(answer).unasked} == set(LEVEL_OF) - {flag}


# --- unasked and unclear --------------------------------------------------------------------------------------------


def test_nothing_asked_lists_every_flag() -> None:
    """Promise 3: every flag is listed as unasked, most urgent first, with its question; the level is a consultation."""
    triage = MODEL.triage()
    assert {question.id: str(question.level) for question in triage.unasked} == LEVEL_OF
    assert list(triage.unasked) == sorted(triage.unasked, key=lambda question: -question.level.rank)
    assert all(question.question.endswith("?") and question.label for question in triage.unasked)
    assert triage.level == "consultation"
    assert [reason.rule for reason in triage.reasons] == ["unasked"]
    assert not triage.unclear


@pytest.mark.parametrize("flag", EMERGENCIES)
def test_one_emergency_flag_open_is_never_self_care(flag: str) -> None:
    """Promise 3: unasked asks for a consultation, unclear for one within 24 hours."""
    unasked = MODEL.triage({name: "no" for name in LEVEL_OF if name != flag})
    assert (unasked.level, [question.id for question in unasked.unasked]) == ("consultation", [flag])
    for form in ("unknown", None, 0.5, 0.2, 1e-9):
        unclear = MODEL.triage({**ALL_NO, flag: form})
        assert (unclear.level, [question.id for question in unclear.unclear]) == ("consultation_24h", [flag])
        assert not unclear.unasked


@pytest.mark.parametrize("flag", [flag for flag in LEVEL_OF if flag not in EMERGENCIES])
def test_other_flags_open_are_listed(flag: str) -> None:
    """Promise 3: a flag of a lower level is listed too, without raising the level by itself."""
    unasked = MODEL.triage({name: "no" for name in LEVEL_OF if name != flag})
    assert (unasked.level, [question.id for question in unasked.unasked]) == ("self_care", [flag])
    unclear = MODEL.triage({**ALL_NO, flag: "unknown"})
    assert (unclear.level, [question.id for question in unclear.unclear]) == ("self_care", [flag])


@given(st.dictionaries(st.sampled_from(list(LEVEL_OF)), FORMS | st.sampled_from(["yes", "no"])))
def test_self_care_only_when_every_emergency_was_denied(answers: dict[str, Any]) -> None:
    """Promise 3: self-care means that each emergency flag was asked and answered no, in the whole answer too."""
    for triage in (MODEL.triage(answers), MODEL.rank(answers).triage):
        assert triage.level > "self_care" or all(answers.get(flag) == "no" for flag in EMERGENCIES)
        listed = {question.id for question in (*triage.unasked, *triage.unclear)}
        settled = {name for name, answer in answers.items() if answer in ("yes", "no", 0.7)}
        assert listed == set(LEVEL_OF) - settled


def test_unknown_beside_a_low_number_stays_unclear() -> None:
    """The question on severe pain asks for more than the number, so unknown stays unclear beside a low number."""
    triage = MODEL.triage(pain_severity=3, severe_pain="unknown")
    assert "severe_pain" in {question.id for question in triage.unclear}


# --- what the ranking may add ---------------------------------------------------------------------------------------

CALCIUM = {"low_blood_calcium": "yes", "leg_cramps": "yes", "low_calcium_intake": "yes"}
DISC = {
    "low_back_pain": "yes", "pain_below_knee": "yes", "leg_numbness": "yes", "pain_worse_cough_sneeze": "yes",
    "slr_positive": "yes", "sudden_onset_lifting": "yes", "age": 38,
}  # fmt: skip
FASCIITIS = {
    "gluteal_trigger_point": "yes",
    "local_tenderness": "yes",
    "pain_radiating_down_leg": "no",
    "leg_numbness": "no",
}


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        (CALCIUM, "floor.calcium_deficiency"),
        (DISC, "floor.lumbar_disc_herniation"),
        ({}, "none_of_these"),
        (
            dict.fromkeys(("pain_radiating_down_leg", "local_tenderness", "leg_numbness", "muscle_spasm"), "no"),
            "none_of_these",
        ),
    ],
    ids=["calcium", "disc", "nothing", "nothing much"],
)
def test_ranking_may_raise_the_level(answers: dict[str, Any], rule: str) -> None:
    """With every flag answered no, a likely cause, none of these, or a poor fit still asks for a consultation."""
    answers = {**ALL_NO, **answers}
    assert MODEL.triage(answers).level == "self_care"
    triage = MODEL.rank(answers).triage
    assert triage.level == "consultation"
    (reason,) = [reason for reason in triage.reasons if reason.rule == rule]
    assert reason.text
    assert (triage.label, triage.action) == MODEL.rules.levels[Level.CONSULTATION]


def test_ranking_can_leave_self_care() -> None:
    """A clear case of muscle pain with every flag answered no is self-care, with the safety net."""
    triage = MODEL.rank({**ALL_NO, **FASCIITIS}).triage
    assert (triage.level, triage.reasons) == ("self_care", ())
    for words in ("numbness between your legs", "passing urine", "both legs", "sexual function"):
        assert words in triage.safety_net


def test_poor_fit_holds_above_its_limit() -> None:
    """Answers more surprising than the limit raise the level, and say so; less surprising ones do not."""
    answers = {**ALL_NO, **FASCIITIS, "waddling_gait_or_limp": "yes", "crossed_slr_positive": "yes"}
    surprise = MODEL.rank(answers).fit.surprise
    for limit, poor in ((surprise - 0.01, True), (surprise + 0.01, False)):
        answer = MODEL.replace({"triage.poor_fit": limit}).rank(answers)
        assert answer.fit.poor is poor
        assert ("poor_fit" in {reason.rule for reason in answer.triage.reasons}) is poor


def test_floor_holds_from_its_value_on() -> None:
    """A cause exactly at its floor raises the level; just below it does not."""
    answers = {**ALL_NO, **FASCIITIS, "leg_cramps": "yes"}
    probability = next(cause.probability for cause in MODEL.rank(answers).causes if cause.id == "calcium_deficiency")
    for value, fires in ((probability, True), (probability - 1e-6, True), (probability + 1e-6, False)):
        model = MODEL.replace({"triage.floor.calcium_deficiency": value})
        rules = {reason.rule for reason in model.rank(answers).triage.reasons}
        assert ("floor.calcium_deficiency" in rules) is fires


@given(answers_about(RISKY))
def test_ranking_never_lowers_the_level(answers: dict[str, Any]) -> None:
    """Promise 1: the whole answer has at least the level of the rules, all their reasons, and the same lists."""
    try:
        rules = MODEL.triage(answers)
    except AnswerError:
        return
    whole = MODEL.rank(answers).triage
    assert whole.level >= rules.level
    assert set(rules.reasons) <= set(whole.reasons)
    assert (whole.unasked, whole.unclear, whole.override) == (rules.unasked, rules.unclear, rules.override)
    assert whole.level == max(
        (reason.level for reason in whole.reasons), key=lambda level: level.rank, default="self_care"
    )
    assert [reason.level.rank for reason in whole.reasons] == sorted(
        (r.level.rank for r in whole.reasons), reverse=True
    )
    assert (whole.label, whole.action) == MODEL.rules.levels[whole.level]


# --- triage is told even if ranking fails ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"low_back_pian": "yes"}, {"low_back_pain": "maybe"}, {"age": "old"}, {"age": 45, "age_band": "over_50"}]
)
def test_unreadable_answers_do_not_hide_an_emergency(wrong: dict[str, Any]) -> None:
    """The error carries the triage of what could be read."""
    for call in (MODEL.rank, MODEL.triage):
        with pytest.raises(AnswerError) as caught:
            call({**wrong, "saddle_numbness": "yes", "pain_severity": 8})
        triage = caught.value.triage
        assert triage is not None
        assert triage.level == "emergency"
        assert triage.override == OVERRIDE
        assert "saddle_numbness" in {reason.rule for reason in triage.reasons}


def test_unreadable_flag_stays_open() -> None:
    """A red flag with an unreadable answer is not cleared."""
    with pytest.raises(AnswerError) as caught:
        MODEL.rank({**ALL_NO, "saddle_numbness": "not at all"})
    triage = caught.value.triage
    assert triage is not None
    assert triage.level == "consultation"
    assert [question.id for question in triage.unasked] == ["saddle_numbness"]


def test_clashing_answers_do_not_hide_an_emergency() -> None:
    """Of two answers to one red flag the triage on the error counts the yes."""
    for mapping, keyword in (("no", "yes"), ("yes", "no")):
        with pytest.raises(AnswerError) as caught:
            MODEL.rank({"saddle_numbness": mapping}, saddle_numbness=keyword)
        assert caught.value.triage is not None
        assert caught.value.triage.level == "emergency"


def impossible(model: Model, finding: str) -> Model:
    """Return a model in which a finding cannot be present, whatever the causes."""
    table = model.network.log_answer.copy()
    table[2 * model.network.finding_index[finding] + 1] = -np.inf
    return dataclasses.replace(model, network=dataclasses.replace(model.network, log_answer=table))


def test_impossible_answers_do_not_hide_an_emergency() -> None:
    """The error names the answers that clash and no other, and carries the triage; it repeats no free text."""
    model = impossible(Model.of(model_file.from_data(small_model())), "numb")
    with pytest.raises(ImpossibleEvidenceError) as caught:
        model.rank(numb="yes", tender="no", collapse="yes", stature="tall", pain_severity=8)
    error = caught.value
    assert error.answers == ("numb",)
    assert "probability 0: `numb`; check them" in str(error)
    assert "the triage decision still stands" in str(error)
    assert error.triage is not None
    assert error.triage.level == "emergency_ambulance"
    assert error.triage.override == "Be examined at a hospital."
    assert model.rank(numb="no").causes


# --- the level depends on names and rules alone ---------------------------------------------------------------------


def test_order_of_the_file_does_not_matter() -> None:
    """The same model with causes, findings and rules in reverse order decides the same."""
    data = small_model()
    turned: Data = {
        **data,
        "cause": dict(reversed(data["cause"].items())),
        "finding": dict(reversed(data["finding"].items())),
        "triage": {**data["triage"], "rule": data["triage"]["rule"][::-1]},
    }
    one, other = Model.of(model_file.from_data(data)), Model.of(model_file.from_data(turned))
    for answers in (
        {},
        {"fever": "yes", "numb": "yes"},
        {"collapse": "unknown"},
        {"pain_severity": 8, "tender": "yes"},
    ):
        first, second = one.rank(answers).triage, other.rank(answers).triage
        assert (first.level, first.reasons, first.override) == (second.level, second.reasons, second.override)
        assert set(first.unasked) == set(second.unasked)


def test_triage_is_a_frozen_record() -> None:
    """What was decided cannot be changed, and survives JSON."""
    triage = MODEL.triage(saddle_numbness="yes", pain_severity=8)
    with pytest.raises(ValueError, match="frozen"):
        triage.level = Level.SELF_CARE  # type: ignore[misc]
    assert Triage.model_validate_json(triage.model_dump_json()) == triage
