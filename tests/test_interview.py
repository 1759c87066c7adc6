"""The interview remembers nothing, asks what is urgent first, takes "unknown" for an answer, and comes to an end."""

from random import Random

import pytest
from small_models import small_model
from strategies import Answers

from buttockpain import AnswerError, Model, default_model, model_file
from buttockpain.interview import Step
from buttockpain.model import next_question
from buttockpain.types import Audience

SMALL = Model.of(model_file.from_data(small_model()))


def interview(model: Model, rng: Random, audience: Audience) -> tuple[Answers, list[Step]]:
    """Return the answers and the steps of an interview with random answers, the last step being the end."""
    given_answers: Answers = {}
    steps = [model.next_question(given_answers, audience=audience)]
    while steps[-1].question is not None:
        question = steps[-1].question
        states = [outcome.answer for outcome in question.outcomes]
        given_answers[question.id] = rng.choice(["unknown", *states[:1], *states])
        steps.append(model.next_question(given_answers, audience=audience))
    return given_answers, steps


@pytest.mark.parametrize("audience", ["patient", "clinician"])
def test_an_interview_ends_and_never_asks_twice(audience: Audience) -> None:
    """Whatever is answered, "unknown" included, no question comes twice, and the end has its reason."""
    for seed in range(20):
        given_answers, steps = interview(SMALL, Random(seed), audience)
        asked = [step.question.id for step in steps if step.question is not None]
        assert len(asked) == len(set(asked)) == len(given_answers)
        assert all(not step.stop.stop for step in steps[:-1])
        assert steps[-1].stop.stop
        assert steps[-1].stop.must_ask == ()
        triage = SMALL.rank(given_answers).triage
        assert triage.level.is_emergency or not any(flag.level.is_emergency for flag in triage.unasked)


def test_an_interview_can_be_taken_up_anywhere() -> None:
    """The same answers give the same step, in whatever order they come, and after a trip through JSON."""
    given_answers, steps = interview(SMALL, Random(4), "clinician")
    for number, step in enumerate(steps):
        so_far = dict(list(given_answers.items())[:number])
        assert SMALL.next_question(dict(reversed(so_far.items())), audience="clinician") == step
        assert Step.model_validate_json(step.model_dump_json()) == step


def test_red_flags_come_first() -> None:
    """Every emergency flag, the most urgent foremost, and every flag that could raise the level is asked before the rest."""
    model = default_model()
    given_answers: Answers = {}
    asked = []
    step = model.next_question(given_answers)
    while step.stop.must_ask:
        assert step.question is not None
        assert step.question.required
        asked.append(step.question.id)
        given_answers[step.question.id] = "no"
        step = model.next_question(given_answers)
    emergencies = [flag.id for flag in model.triage().unasked if flag.level.is_emergency]
    assert asked[: len(emergencies)] == emergencies
    assert {"severe_pain", "long_lasting_pain"} <= set(asked)
    assert step.question is not None
    assert not step.question.required
    assert step.question.id == model.next_questions(given_answers).questions[0].id
    assert not model.rank(given_answers).triage.unclear


def test_not_knowing_is_not_a_no() -> None:
    """A red flag answered "unknown" is not asked again, and triage keeps it as unclear."""
    step = next_question()
    assert step.question is not None
    again = next_question({step.question.id: "unknown"})
    assert again.question is not None
    assert again.question.id != step.question.id
    triage = default_model().triage({step.question.id: "unknown"})
    assert [flag.id for flag in triage.unclear] == [step.question.id]
    assert triage.level == "consultation_24h"


def test_an_emergency_ends_the_interview_once_no_flag_could_raise_it() -> None:
    """After a yes that needs an ambulance the interview is over; after another emergency only ambulance flags are asked."""
    step = next_question({"seizure": "yes"})
    assert (step.question, step.stop.sentence) == (None, "Stop: help comes before further questions.")
    given_answers: Answers = {"saddle_numbness": "yes"}
    asked = []
    while (step := next_question(given_answers)).question is not None:
        asked.append(step.question.id)
        given_answers[step.question.id] = "no"
    flags = default_model().rules.flags
    ambulance = {name for name, flag in flags.items() if flag.level == "emergency_ambulance"}
    assert set(asked) <= {*ambulance, "swollen_calf"}  # which with breathlessness needs an ambulance
    assert ambulance <= set(asked)


def test_age_can_be_given_as_age() -> None:
    """A question says what can be answered in its place; that answer closes it."""
    given_answers: Answers = dict.fromkeys(default_model().rules.flags, "no")
    given_answers |= {name: "no" for name, item in default_model().background.items.items() if item.axis is not None}
    given_answers |= {name: "no" for name in default_model().knowledge.risk_factor if name != "age_band"}
    open_questions = default_model().next_questions(given_answers, audience="clinician").questions
    assert [(question.id, question.measure) for question in open_questions] == [("age_band", "age")]
    assert next_question({**given_answers, "age": 40}, audience="clinician").stop.open_questions == 0


def test_an_unknown_audience_is_refused() -> None:
    """The error says what can be asked; it carries the triage of the answers."""
    with pytest.raises(
        AnswerError, match="`audience`: found a text of 5 characters; expected one of patient, clin"
    ) as error:
        next_question({"seizure": "yes"}, audience="nurse")  # type: ignore[arg-type]
    assert error.value.triage is not None
    assert error.value.triage.level == "emergency_ambulance"
