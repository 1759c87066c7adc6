"""Questions are asked in the promised order, and promise what they keep: gains, outcomes and reasons.

Gains are held against the mutual information computed cell by cell from the oracle's joint, outcomes against `rank`.
"""

from collections.abc import Mapping
from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from oracle import Network as Plain
from oracle import joint_factored
from small_models import small_model
from strategies import Answers, answers, cases, model_of

from buttockpain import AnswerError, Model, default_model, model_file
from buttockpain.inference import evidence_of, infer
from buttockpain.information import information
from buttockpain.model import next_questions
from buttockpain.network import Network
from buttockpain.presentation import read
from buttockpain.questions import NextQuestions, Question

EXACT = 1e-9
SMALL = Model.of(model_file.from_data(small_model()))


def gain_by_definition(network: Plain, known: Answers, name: str, states: tuple[str, ...]) -> tuple[float, list[float]]:
    """Return the mutual information of an answer and the causes in bits, and how likely each answer is."""
    cells = [joint_factored(network, {**known, name: state}) for state in states]
    total = sum(sum(cell.values()) for cell in cells)
    likely = [sum(cell.values()) / total for cell in cells]
    causes = {present: sum(cell[present] for cell in cells) / total for present in cells[0]}
    gain = 0.0
    for cell, chance in zip(cells, likely, strict=True):
        for present, weight in cell.items():
            if weight > 0:
                gain += weight / total * log2(weight / total / (chance * causes[present]))
    return gain, likely


@settings(max_examples=40)
@given(cases())
def test_gains_are_the_mutual_information(drawn: tuple[Plain, frozenset[str], Answers]) -> None:
    """The gain of every open finding and risk factor, and the chance of each answer, agree with the joint cell by cell."""
    network, ranked, found = drawn
    questions = model_of(network, ranked).next_questions(found, n=None).questions
    open_names = {*network["risk_factors"], *network["finding_leak"]} - {*found, "f0"}
    assert {question.id for question in questions if question.outcomes[0].probability is not None} == open_names
    for question in questions:
        assert question.gain_bits >= 0
        if question.id in open_names:
            states = tuple(outcome.answer for outcome in question.outcomes)
            gain, likely = gain_by_definition(network, found, question.id, states)
            assert question.gain_bits == pytest.approx(gain, rel=0, abs=EXACT)
            assert [outcome.probability for outcome in question.outcomes] == pytest.approx(likely, rel=0, abs=EXACT)
        else:
            assert question.gain_bits == 0


@given(answers())
def test_gains_of_the_shipped_model_are_never_negative(given_answers: Answers) -> None:
    """Whatever was answered, no question is said to tell less than nothing."""
    model = default_model()
    case = model._case(given_answers, ())
    found = information(model.network, case.evidence, case.posterior)
    for gain in (found.finding, found.factor):
        assert (gain >= 0).all()
    assert ((found.yes >= 0) & (found.yes <= 1)).all()


@settings(max_examples=12)
@given(answers(max_size=10))
def test_outcomes_are_what_rank_would_say(given_answers: Answers) -> None:
    """For each answer: the leading cause, the level, and the probabilities that move most are those of ranking it."""
    model = default_model()
    now = probabilities(model, given_answers)
    for question in model.next_questions(given_answers, n=None, audience="clinician").questions[::9]:
        for outcome in question.outcomes:
            then = model.rank({**given_answers, question.id: outcome.answer})
            assert outcome.leading == (then.leading or "none_of_these")
            assert (outcome.level, outcome.level_label) == (then.triage.level, then.triage.label)
            probability = probabilities(model, {**given_answers, question.id: outcome.answer})
            assert outcome.leading_probability == pytest.approx(probability[outcome.leading], rel=0, abs=EXACT)
            moves = sorted((abs(probability[name] - now[name]) for name in now), reverse=True)
            for shift, move in zip(outcome.shifts, moves, strict=False):
                assert shift.before == pytest.approx(now[shift.id], rel=0, abs=EXACT)
                assert shift.after == pytest.approx(probability[shift.id], rel=0, abs=EXACT)
                assert abs(shift.after - shift.before) == pytest.approx(move, rel=0, abs=3 * EXACT)
            assert len(outcome.shifts) <= 3
            assert len(outcome.shifts) == 3 or moves[len(outcome.shifts)] < 2 * EXACT


def probabilities(model: Model, given_answers: Answers) -> Mapping[str, float]:
    """Return what `rank` says of every named cause, and of none of them."""
    answer = model.rank(given_answers)
    return {**{cause.id: cause.probability for cause in answer.causes}, "none_of_these": answer.none_of_these}


# --- order -----------------------------------------------------------------------------------------------------------


def in_order(questions: tuple[Question, ...]) -> bool:
    """Return whether required questions come first, then emergency flags, then the others by gain per cost."""
    keys = [
        (not question.required, not question.emergency and not question.required,
         0.0 if question.required or question.emergency else -round(question.gain_per_cost, 9))
        for question in questions
    ]  # fmt: skip
    return keys == sorted(keys)


@settings(max_examples=8)
@given(answers())
def test_questions_come_in_the_promised_order(given_answers: Answers) -> None:
    """Emergency flags first, the most urgent foremost, then gain per cost; nothing answered is asked again."""
    model = default_model()
    for audience in ("patient", "clinician"):
        found = model.next_questions(given_answers, n=None, audience=audience)
        assert in_order(found.questions)
        triage = model.triage(given_answers)
        emergencies = [flag for flag in triage.unasked if flag.level.is_emergency]
        asked = [question.id for question in found.questions if question.emergency]
        assert set(asked) == {flag.id for flag in emergencies}
        required = [flag.id for flag in emergencies if flag.id in found.stop.must_ask]
        assert asked[: len(required)] == required
        assert not {question.id for question in found.questions} & given_answers.keys()
        assert len(found.questions) == found.stop.open_questions
        two = model.next_questions(given_answers, n=2, audience=audience).questions
        assert [question.id for question in two] == [question.id for question in found.questions[:2]]


def test_signs_and_tests_are_for_clinicians() -> None:
    """A patient is asked no sign and no test; for a clinician they are weighed by what they cost."""
    kind = {
        audience: {question.kind for question in next_questions(n=None, audience=audience).questions}
        for audience in ("patient", "clinician")
    }
    assert kind["clinician"] - kind["patient"] == {"sign", "test"}
    for question in next_questions(n=None, audience="clinician").questions:
        assert question.cost == default_model().knowledge.kind[question.kind].cost
        assert question.gain_per_cost == pytest.approx(question.gain_bits / question.cost, rel=1e-12)


def test_flags_without_a_probability_come_early_while_they_could_matter() -> None:
    """A red flag the model cannot predict is required while it could raise the level, and last once it cannot."""
    cleared = {name: "no" for name, flag in default_model().rules.flags.items() if flag.level.is_emergency}
    first = next_questions(cleared, n=None).questions
    assert {"severe_pain", "long_lasting_pain", "swollen_calf"} <= {
        question.id for question in first if question.required
    }
    assert not any(question.emergency for question in first)
    # At 24 hours and with the override already; long-lasting pain asks for less, and no rule with it for more.
    urgent = next_questions({**cleared, "severe_pain": "yes"}, n=None).questions
    place = {question.id: number for number, question in enumerate(urgent)}
    assert not urgent[place["long_lasting_pain"]].required
    assert urgent[place["long_lasting_pain"]].gain_bits == 0
    assert place["long_lasting_pain"] > place["leg_numbness"]


# --- reasons ---------------------------------------------------------------------------------------------------------


def test_reasons_are_made_of_the_model() -> None:
    """A reason names the causes a question tells apart, what each answer would do, and what a warning sign warns of."""
    found = {question.id: question for question in next_questions(n=None, audience="clinician").questions}
    numb = found["leg_numbness"].why
    assert numb.startswith("It helps to tell ")
    further = max(
        (shift for outcome in found["leg_numbness"].outcomes for shift in outcome.shifts),
        key=lambda shift: abs(shift.after - shift.before),
    )
    assert f"{further.label[:1].lower()}{further.label[1:]}" in numb.split(". ")[0]
    for outcome in found["leg_numbness"].outcomes:
        assert f"{outcome.leading_label[:1].lower()}{outcome.leading_label[1:]} first" in numb
    assert found["saddle_numbness"].why.startswith("Warning sign: cauda equina syndrome.")
    assert "A yes would raise the urgency to: go to an emergency department now." in found["saddle_numbness"].why
    assert "helps to tell" not in found["sepsis_signs"].why  # the model has no probability for it
    assert found["sepsis_signs"].outcomes[0].probability is None
    assert 'the answer "over_50"' in found["age_band"].why
    assert (found["age_band"].measure, found["female_sex"].measure) == ("age", "sex")
    assert found["severe_pain"].measure == "pain_severity"
    for question in found.values():
        assert question.why[0].isupper()
        assert question.why.endswith(".")


def test_a_question_that_does_nothing_says_so() -> None:
    """A question whose answers change neither the ranking nor the urgency has a reason that says it."""
    data = small_model(risk_factors={"idle": 0.5}, cause_links={}, rules=())
    model = Model.of(model_file.from_data(data))
    question = next(one for one in model.next_questions(n=None).questions if one.id == "idle")
    assert question.why == "No answer to it alone would change the ranking or the urgency."
    assert question.outcomes[0].shifts == ()
    assert question.gain_bits == pytest.approx(0, abs=1e-12)


def test_probabilities_in_reasons_are_capped() -> None:
    """Nothing is said to be certain: figures in sentences are shown as reports show them."""
    answered = {"leg_numbness": "yes", "pain_radiating_down_leg": "yes", "pain_below_knee": "yes", "slr_positive": "yes",
                "crossed_slr_positive": "yes", "dermatomal_sensory_loss": "yes", "pain_worse_cough_sneeze": "yes"}  # fmt: skip
    found = next_questions(answered, n=None, audience="clinician")
    assert any(outcome.leading_probability > 0.95 for question in found.questions for outcome in question.outcomes)
    said = " ".join(question.why for question in found.questions)
    assert "over 95%" in said
    assert not {"96%", "97%", "98%", "99%", "100%", " 0%"} & set(said.replace(",", " ").replace(".", " ").split())


# --- the record ------------------------------------------------------------------------------------------------------


def test_next_questions_are_a_record() -> None:
    """They survive JSON, are the same every time, name the model, and print as text."""
    found = next_questions({"leg_numbness": "yes"}, n=3)
    assert NextQuestions.model_validate_json(found.model_dump_json()) == found
    assert next_questions({"leg_numbness": "yes"}, n=3).model_dump_json() == found.model_dump_json()
    assert found.model == default_model().rank().model
    assert found.questions[0].question in str(found)
    assert str(found).startswith(found.stop.sentence)
    assert next_questions(n=0).questions == ()
    assert len(next_questions().questions) == 5


def test_a_model_without_risk_factors_can_ask() -> None:
    """Nothing depends on there being risk factors."""
    data = small_model(risk_factors={}, cause_links={}, rules=())
    found = Model.of(model_file.from_data(data)).next_questions({"collapse": "no"}, n=None)
    assert {"tender", "numb", "fever"} <= {question.id for question in found.questions}


def test_wrong_arguments_are_told_together() -> None:
    """One error names the audience, the number and the answers that are wrong, and carries the triage."""
    with pytest.raises(AnswerError) as error:
        next_questions({"seizure": "yes", "leg_numbnes": 1}, n=-1, audience="doctor")  # type: ignore[arg-type]
    message = str(error.value)
    assert "answers: 3 problems" in message
    assert "`audience`: found a text of 6 characters; expected one of patient, clinician" in message
    assert "`n`: found -1; expected 0 or more, or None for all open questions" in message
    assert "did you mean `leg_numbness`?" in message
    assert error.value.triage is not None
    assert error.value.triage.level == "emergency_ambulance"


def test_information_of_a_batch_is_that_of_each() -> None:
    """Several people at once give what each gives alone."""
    people: list[Answers] = [{}, {"tender": "yes"}, {"numb": 0.8, "heavy_work": "yes"}]
    network: Network = SMALL.network
    alone = [SMALL._case(person, ()) for person in people]
    evidence = evidence_of(network, *(read(person, SMALL.vocabulary)[0] for person in people))
    batch = information(network, evidence, infer(network, evidence))
    for column, case in enumerate(alone):
        one = information(network, case.evidence, case.posterior)
        for name in ("finding", "yes", "factor", "state"):
            assert np.allclose(getattr(batch, name)[:, column], getattr(one, name)[:, 0], rtol=0, atol=1e-12)
