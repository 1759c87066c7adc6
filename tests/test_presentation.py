"""Answers are read in every friendly form, checked strictly, and never repeated when they are free text."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from small_models import small_model

import buttockpain as bp
from buttockpain import AnswerError, Differential, Model, default_model, model_file
from buttockpain.presentation import Presentation, Vocabulary, read

MODEL = default_model()
VOCABULARY = MODEL.vocabulary
SMALL = Model.of(model_file.from_data(small_model()))


class Word(StrEnum):
    """An enumeration of an application."""

    YES = "yes"


def presentation(answers: Mapping[str, Any], vocabulary: Vocabulary = VOCABULARY) -> Presentation:
    """Return answers that must be readable."""
    result, problems = read(answers, vocabulary)
    assert not problems, problems
    return result


def problems_of(answers: Mapping[str, Any]) -> list[str]:
    """Return the problems of answers, as lines."""
    return [str(problem) for problem in read(answers, VOCABULARY)[1]]


# --- accepted forms -------------------------------------------------------------------------------------------------

YES = ["yes", "Yes", "  YES ", "\tyes\n", True, 1, 1.0, np.True_, np.float64(1.0), np.int8(1), np.str_("yes"), Word.YES]
NO = ["no", "NO", " no ", False, 0, 0.0, -0.0, np.False_, np.float32(0), np.int64(0)]
UNKNOWN = ["unknown", "Unknown", " UNKNOWN", None]
SOFT = [
    (0.8, 0.8),
    (np.float64(0.3), 0.3),
    (np.float32(0.25), 0.25),
    (Fraction(1, 8), 0.125),
    (0.5, 0.5),
    (1e-300, 1e-300),
    (1 - 2**-53, 1 - 2**-53),
]


@pytest.mark.parametrize(
    ("form", "plain"),
    [*((form, "yes") for form in YES), *((form, "no") for form in NO), *((form, "unknown") for form in UNKNOWN), *SOFT],
    ids=repr,
)
def test_every_friendly_form_is_one_plain_answer(form: Any, plain: str | float) -> None:
    """Words in any case, truth values, numbers from 0 to 1 and None all come out as one plain form."""
    for name in ("low_back_pain", "kidney_disease", "saddle_numbness"):
        read_back = presentation({name: form}).given[name]
        assert read_back == plain
        assert type(read_back) is type(plain)


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ("maybe", "a text of 5 characters"),
        ("", "a text of 0 characters"),
        ("true", "a text of 4 characters"),
        ("1", "a text of 1 characters"),
        (2, "2"),
        (-1, "-1"),
        (1.5, "1.5"),
        (-1e-300, "-1e-300"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (np.float64("nan"), "nan"),
        (10**400, "inf"),
        (Decimal("0.5"), "a Decimal"),
        (0.5 + 0.5j, "a complex"),
        ([], "a list"),
        (["yes"], "a list"),
        ({"yes": True}, "a dict"),
        (b"yes", "a bytes"),
        (np.array([1.0]), "a ndarray"),
        (np.array(1.0), "a ndarray"),
        (object(), "a object"),
    ],
    ids=lambda form: repr(form)[:20],
)
def test_any_other_form_is_refused_with_what_was_expected(form: Any, found: str) -> None:
    """Nothing is guessed: not texts that look like truth, not numbers outside 0 to 1, never NaN."""
    (problem,) = problems_of({"low_back_pain": form})
    expected = (
        f"`low_back_pain`: found {found}; expected yes, no or unknown, True, False or None, or a number from 0 to 1"
    )
    assert problem.startswith(expected)


@pytest.mark.parametrize(("typed", "meant"), [("yess", "yes"), ("YE", "yes"), ("noo", "no"), ("unkown", "unknown")])
def test_misspelt_word_gets_a_hint(typed: str, meant: str) -> None:
    """The hint names the word that was meant, not what was typed."""
    (problem,) = problems_of({"low_back_pain": typed})
    assert problem.endswith(f"did you mean `{meant}`?")
    assert typed not in problem


def test_soft_numbers_have_the_meaning_of_their_likelihood_ratio() -> None:
    """0.5 changes no probability, 0 is no, 1 is yes, and in between lies in between."""
    nothing = MODEL.rank()
    half = MODEL.rank(slr_positive=0.5)
    assert [cause.probability for cause in half.causes] == [cause.probability for cause in nothing.causes]
    assert MODEL.rank(slr_positive=1.0).causes == MODEL.rank(slr_positive="yes").causes
    assert MODEL.rank(slr_positive=0.0).causes == MODEL.rank(slr_positive="no").causes
    disc = [
        next(
            cause.probability
            for cause in MODEL.rank(slr_positive=answer).causes
            if cause.id == "lumbar_disc_herniation"
        )
        for answer in ("no", 0.1, 0.4, 0.5, 0.6, 0.9, "yes")
    ]
    assert disc == sorted(disc)
    assert len(set(disc)) == 7


def test_unknown_is_not_absent() -> None:
    """Unknown changes no probability; no does."""
    nothing, unknown, no = (
        [cause.probability for cause in MODEL.rank(answers).causes]
        for answers in ({}, {"low_back_pain": "unknown"}, {"low_back_pain": "no"})
    )
    assert unknown == nothing
    assert no != nothing


@pytest.mark.parametrize("form", ["tall", " Tall ", "TALL"])
def test_states_are_read_like_words(form: str) -> None:
    """A state of a several-state risk factor is a word of its own."""
    assert presentation({"stature": form}, SMALL.vocabulary).given == {"stature": "tall"}


@pytest.mark.parametrize("form", UNKNOWN)
def test_states_can_be_unknown(form: Any) -> None:
    """Unknown is an answer to every question."""
    assert presentation({"age_band": form, "sex": form}).given == {"sex": "unknown", "age_band": "unknown"}


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("age_band", "yes", "a text of 3 characters; expected under_30, 30_to_50, over_50 or unknown"),
        ("age_band", "over_5", "did you mean `over_50`?"),
        ("age_band", True, "found a bool; expected under_30"),
        ("age_band", 0.7, "found 0.7; expected under_30"),
        ("age_band", 45, "found 45; expected under_30"),
        ("sex", "f", "a text of 1 characters; expected female, male or unknown"),
        ("sex", "femal", "did you mean `female`?"),
        ("sex", 1, "found 1; expected female, male or unknown"),
        ("sex", ["female"], "found a list; expected female"),
    ],
)
def test_states_and_sex_take_their_own_words_only(name: str, form: Any, words: str) -> None:
    """A truth value or a number is no state."""
    (problem,) = problems_of({name: form})
    assert words in problem


# --- measured answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "number"),
    [
        ("age", 45, 45),
        ("age", 45.0, 45),
        ("age", np.int32(45), 45),
        ("age", 0, 0),
        ("age", 120, 120),
        ("pain_severity", 7, 7),
        ("pain_severity", 6.5, 6.5),
        ("pain_severity", np.float32(6.5), 6.5),
        ("pain_severity", Fraction(13, 2), 6.5),
        ("pain_severity", 0, 0),
        ("pain_severity", 10, 10),
        ("duration_days", 0.25, 0.25),
        ("duration_days", 36525, 36525),
    ],
)
def test_measured_answers_keep_their_number(name: str, form: Any, number: float) -> None:
    """Any kind of real number within bounds, bounds included."""
    read_back = presentation({name: form})
    assert read_back.measured == {name: number}
    assert read_back.given == {name: number}


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("age", 45.5, "found 45.5; expected whole years from 0 to 120, or unknown"),
        ("age", -1, "found -1; expected whole years"),
        ("age", 121, "found 121; expected whole years"),
        ("age", "45", "found a text of 2 characters; expected whole years"),
        ("age", "forty", "found a text of 5 characters; expected whole years"),
        ("age", True, "found a bool; expected whole years"),
        ("age", float("nan"), "found nan; expected whole years"),
        ("age", float("inf"), "found inf; expected whole years"),
        ("age", 10**400, "found inf; expected whole years"),
        ("pain_severity", 10.5, "found 10.5; expected a number from 0 (no pain) to 10 (worst), or unknown"),
        ("pain_severity", -0.5, "found -0.5; expected a number"),
        ("pain_severity", "severe", "found a text of 6 characters; expected a number"),
        ("pain_severity", np.True_, "found a bool; expected a number"),
        ("pain_severity", [7], "found a list; expected a number"),
        ("duration_days", -1, "found -1; expected days from 0 to 36525, or unknown"),
        ("duration_days", 36526, "found 36526; expected days"),
        ("duration_days", "6 weeks", "found a text of 7 characters; expected days"),
    ],
    ids=str,
)
def test_measured_answers_out_of_bounds_are_refused(name: str, form: Any, words: str) -> None:
    """No clipping, no rounding, no guessing of units."""
    (problem,) = problems_of({name: form})
    assert problem.startswith(f"`{name}`: {words}")


@pytest.mark.parametrize("name", ["age", "pain_severity", "duration_days"])
@pytest.mark.parametrize("form", UNKNOWN)
def test_measured_answers_can_be_unknown(name: str, form: Any) -> None:
    """An unknown number is no number: nothing is measured and nothing filled."""
    read_back = presentation({name: form})
    assert not read_back.measured
    assert not read_back.filled


# --- filling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "under_30"),
        (17, "under_30"),
        (29, "under_30"),
        (30, "30_to_50"),
        (50, "30_to_50"),
        (51, "over_50"),
        (120, "over_50"),
    ],
)
def test_age_fills_the_age_band(age: int, band: str) -> None:
    """30 and 50 are still 30 to 50; the filled answer ranks like the answer itself."""
    read_back = presentation({"age": age})
    assert read_back.filled == {"age_band": band}
    assert read_back.given == {"age": age}
    by_age = {cause.id: cause.probability for cause in MODEL.rank(age=age).causes}
    by_band = {cause.id: cause.probability for cause in MODEL.rank(age_band=band).causes}
    assert by_age == by_band


@pytest.mark.parametrize(("sex", "woman"), [("female", "yes"), (" Male", "no")])
def test_sex_fills_female_sex(sex: str, woman: str) -> None:
    """Sex is asked with words and read as the risk factor of the model."""
    assert presentation({"sex": sex}).filled == {"female_sex": woman}
    assert MODEL.rank(sex=sex).causes == MODEL.rank(female_sex=woman).causes


@pytest.mark.parametrize(
    "answers",
    [{"age": 80}, {"pain_severity": 10}, {"duration_days": 400}, {"sex": "female"}, {"age": 12}],
    ids=str,
)
def test_measured_answers_fill_nothing_else(answers: dict[str, Any]) -> None:
    """Age and sex answer their risk factor, pain and time answer none, and none of them answers a finding."""
    read_back = presentation(answers)
    assert set(read_back.filled) <= {"age_band", "female_sex"}
    assert set(read_back.given) == set(answers)
    assert MODEL.rank(answers).answers == answers
    if "age" not in answers and "sex" not in answers:
        assert MODEL.rank(answers).causes == MODEL.rank().causes
        assert MODEL.rank(answers).fit == MODEL.rank().fit


def test_saying_the_same_twice_is_no_contradiction() -> None:
    """Age with its own band, sex with its own risk factor, a number with the flag it decides."""
    answers = {
        "age": 45, "age_band": "30_to_50", "sex": "male", "female_sex": "no", "pain_severity": 8, "severe_pain": "yes",
        "duration_days": 10, "long_lasting_pain": "no", "under_18": False,
    }  # fmt: skip
    assert presentation(answers).given["age_band"] == "30_to_50"
    assert MODEL.rank(answers).causes == MODEL.rank(age=45, sex="male").causes
    assert not problems_of({"age": 45, "age_band": "unknown", "sex": "male", "female_sex": None})


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"age": 50, "age_band": "over_50"}, "`age_band`: found an answer that contradicts `age`; expected 30_to_50"),
        ({"sex": "male", "female_sex": "yes"}, "`female_sex`: found an answer that contradicts `sex`; expected no"),
        ({"age": 17, "under_18": "no"}, "`under_18`: found the contradicting answer no; expected yes, from age 17"),
        ({"age": 18, "under_18": "yes"}, "`under_18`: found the contradicting answer yes; expected no, from age 18"),
        ({"pain_severity": 7, "severe_pain": "no"}, "`severe_pain`: found the contradicting answer no; expected yes"),
        ({"duration_days": 42, "long_lasting_pain": False}, "`long_lasting_pain`: found the contradicting answer no"),
        ({"duration_days": 41, "long_lasting_pain": 1}, "`long_lasting_pain`: found the contradicting answer yes"),
    ],
    ids=str,
)
def test_contradictions_are_told(answers: dict[str, Any], problem: str) -> None:
    """An answer that a measured answer rules out is a problem, which says which of the two to expect."""
    (found,) = problems_of(answers)
    assert found.startswith(problem)
    assert found.endswith("; correct one of them")


def test_severe_pain_below_the_threshold_is_no_contradiction() -> None:
    """The question also covers pain that stops sleeping or walking, so yes stands beside any number."""
    assert not problems_of({"pain_severity": 3, "severe_pain": "yes"})
    assert MODEL.rank(pain_severity=3, severe_pain="yes").triage.override


# --- the complaint --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", YES, ids=repr)
def test_complaint_may_be_said(form: Any) -> None:
    """The presenting complaint is always present; saying so changes nothing, not a byte."""
    assert MODEL.rank(buttock_pain=form).model_dump_json() == MODEL.rank().model_dump_json()


@pytest.mark.parametrize("form", ["no", False, None, "unknown", 0.9])
def test_complaint_cannot_be_anything_else(form: Any) -> None:
    """The model is for people with the complaint, and says so."""
    (problem,) = problems_of({"buttock_pain": form})
    assert problem.startswith(
        "`buttock_pain`: found another answer than yes; expected yes; leave it out: this model ranks"
    )


def test_unreadable_complaint_is_told_once() -> None:
    """One answer, one problem."""
    assert len(problems_of({"buttock_pain": "maybe"})) == 1


# --- ways to pass answers -------------------------------------------------------------------------------------------


class Form(BaseModel):
    """The form of an application."""

    low_back_pain: bool | None = None
    slr_positive: float | None = None
    age: int | None = None
    sex: str | None = None
    saddle_numbness: str = "no"


ANSWERS: dict[str, Any] = {"low_back_pain": True, "slr_positive": 0.8, "age": 45, "sex": "female"}


@pytest.mark.parametrize(
    "given",
    [ANSWERS, OrderedDict(ANSWERS), MappingProxyType(ANSWERS), Form(**ANSWERS)],
    ids=lambda given: type(given).__name__,
)
def test_mapping_object_and_keywords_give_the_same_bytes(given: Any) -> None:
    """A dict, any other mapping, a pydantic object, keywords, or some of each: one answer."""
    expected = bp.rank(ANSWERS).model_dump_json()
    assert bp.rank(given).model_dump_json() == expected
    assert bp.rank(**ANSWERS).model_dump_json() == expected
    assert bp.rank({"age": 45, "sex": "female"}, low_back_pain=True, slr_positive=0.8).model_dump_json() == expected


def test_fields_nobody_set_are_not_asked() -> None:
    """The default of a form is not an answer: it neither clears a red flag nor counts as unclear."""
    triage = bp.rank(Form(**ANSWERS)).triage
    assert "saddle_numbness" in {question.id for question in triage.unasked}
    triage = bp.rank(Form(**ANSWERS, saddle_numbness="no")).triage
    assert "saddle_numbness" not in {question.id for question in triage.unasked}


def test_answers_are_not_changed_and_not_kept() -> None:
    """The caller's mapping is left alone, and changing it later does not reach the answer."""
    answers = {"low_back_pain": " YES ", "age": 45}
    answer = bp.rank(answers)
    assert answers == {"low_back_pain": " YES ", "age": 45}
    answers["low_back_pain"] = "no"
    assert answer.answers == {"age": 45, "low_back_pain": "yes"}


def test_the_same_answer_twice_is_a_problem_even_if_equal() -> None:
    """One question, one place for its answer."""
    with pytest.raises(AnswerError, match="`age`: found two answers, one by keyword; expected one answer; remove one"):
        bp.rank({"age": 45}, age=45)


@pytest.mark.parametrize("given", [["low_back_pain"], "low_back_pain", 5, {"low_back_pain"}], ids=repr)
def test_what_is_no_mapping_is_a_type_error(given: Any) -> None:
    """A mistake of the program, not of the answers; what was passed is not repeated."""
    with pytest.raises(
        TypeError, match="answers must be a mapping from id to answer or a pydantic object, not"
    ) as caught:
        bp.rank(given)
    assert "low_back_pain" not in str(caught.value)


# --- everything wrong at once ---------------------------------------------------------------------------------------


def test_all_problems_in_one_error() -> None:
    """Every kind of mistake is told in one error, each with its path, and nearest ids are suggested."""
    answers: dict[Any, Any] = {
        "low_back_pian": "yes", "leg_numbness": "sometimes", "age": 17.5, "sex": "x", "pain_severity": 11,
        "age_band": 3, "slr_positive": 1.01, "zzzzzz": "yes", 7: "yes", "two words": "yes",
        "saddle_numbness": "no", "duration_days": 50, "long_lasting_pain": "no", "buttock_pain": "no",
    }  # fmt: skip
    with pytest.raises(AnswerError) as caught:
        bp.rank(answers, saddle_numbness="yes")
    assert [problem.path for problem in caught.value.problems] == [
        "saddle_numbness", "low_back_pian", "leg_numbness", "age", "sex", "pain_severity", "age_band", "slr_positive",
        "zzzzzz", "answers", "answers", "buttock_pain", "long_lasting_pain",
    ]  # fmt: skip
    message = str(caught.value)
    assert message.splitlines()[0] == "answers: 13 problems"
    assert "`low_back_pian`: found an unknown id; expected an id of the model; did you mean `low_back_pain`?" in message
    assert "`zzzzzz`: found an unknown id; expected an id of the model\n" in message
    assert "`answers`: found a key of type int; expected ids as text" in message
    assert "`answers`: found a key of 9 characters that is no id" in message
    assert isinstance(caught.value, ValueError)


def test_hints_forgive_case() -> None:
    """An id in capitals gets the hint of its own id."""
    (problem,) = problems_of({"Low_Back_Pain": "yes"})
    assert problem.endswith("did you mean `low_back_pain`?")


@pytest.mark.parametrize("name", list(VOCABULARY.order))
def test_one_letter_lost_still_finds_the_id(name: str) -> None:
    """Every id of the model is the nearest one to itself without its last letter."""
    if name in ("age", "sex"):
        return
    (problem,) = problems_of({name[:-1]: "yes"})
    assert problem.endswith(f"did you mean `{name}`?")


@pytest.mark.parametrize("cause", ["sciatica", "fasciitis", "something_else"])
def test_causes_cannot_be_answered(cause: str) -> None:
    """A diagnosis is what is asked of the model, not an answer to it."""
    assert "an unknown id" in problems_of({cause: "yes"})[0]


# --- privacy --------------------------------------------------------------------------------------------------------

NAME = "Wilhelmina Fitzgerald-Oduya"


@pytest.mark.parametrize(
    "answers",
    [
        {"low_back_pain": NAME},
        {"age": NAME},
        {"pain_severity": NAME},
        {"sex": NAME},
        {"age_band": NAME},
        {"buttock_pain": NAME},
        {NAME: "yes"},
        {f"{NAME}\nborn 1 May": NAME},
        {"low_back_pain": [NAME]},
        {"low_back_pain": {"name": NAME}},
        {"saddle_numbness": "yes", "note": NAME},
    ],
    ids=lambda answers: next(iter(answers))[:12],
)
def test_free_text_is_never_repeated(answers: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """A name in an answer or a key stands in no message, repr, triage or log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AnswerError) as caught:
        bp.rank(answers)
    error = caught.value
    told = [str(error), repr(error), str(error.args), str(error.problems), repr(error.triage), caplog.text]
    assert error.triage is not None
    told.append(error.triage.model_dump_json())
    for part in NAME.split():
        assert not any(part.lower() in text.lower() for text in told)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Ranking writes no log at all."""
    caplog.set_level(logging.DEBUG)
    bp.rank(ANSWERS)
    assert not caplog.records


# --- properties -----------------------------------------------------------------------------------------------------

ANSWERABLE = [name for name in VOCABULARY.order if name not in ("age", "sex", "pain_severity", "duration_days")]
FORMS = st.one_of(st.sampled_from([*YES, *NO, *UNKNOWN]), st.floats(0, 1))
ANY_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        **{name: FORMS for name in ANSWERABLE if name not in (*VOCABULARY.states, "buttock_pain")},
        "age_band": st.sampled_from(["under_30", "30_to_50", "over_50", None, " UNKNOWN"]),
        "pain_severity": st.floats(0, 10),
        "duration_days": st.floats(0, 36525),
        "age": st.integers(0, 120),
        "sex": st.sampled_from(["female", "male", None]),
    },
)


def outcome(answers: Mapping[Any, Any]) -> Differential | AnswerError:
    """Return the answer, or why there is none; any other exception is a failure."""
    try:
        return MODEL.rank(answers)
    except AnswerError as error:
        return error


@given(ANY_ANSWERS)
def test_reading_again_changes_nothing(answers: dict[str, Any]) -> None:
    """The plain form is a fixed point, and so is the whole answer."""
    first, problems = read(answers, VOCABULARY)
    again, problems_again = read(first.given, VOCABULARY)
    assert again == first
    assert list(again.given) == list(first.given)
    assert [problem.path for problem in problems] == [problem.path for problem in problems_again]
    if not problems:
        answer = MODEL.rank(answers)
        assert MODEL.rank(answer.answers) == answer


@given(ANY_ANSWERS, st.randoms(use_true_random=False))
def test_order_of_answers_does_not_matter(answers: dict[str, Any], random: Any) -> None:
    """Answers in another order give the same bytes, and the same problems."""
    items = list(answers.items())
    random.shuffle(items)
    first, second = outcome(answers), outcome(dict(items))
    if isinstance(first, AnswerError) or isinstance(second, AnswerError):
        assert isinstance(first, AnswerError)
        assert isinstance(second, AnswerError)
        assert set(first.problems) == set(second.problems)
        assert first.triage == second.triage
    else:
        assert first.model_dump_json() == second.model_dump_json()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(VOCABULARY.order)) | st.text() | st.integers(), ANYTHING, max_size=6))
def test_whatever_is_passed_is_answered_or_refused(answers: dict[Any, Any]) -> None:
    """Any mapping gives an answer or an AnswerError with a triage decision, never another exception."""
    result = outcome(answers)
    assert result.triage is not None
    assert result.triage.level > "self_care"  # no such mapping clears every emergency flag


@given(st.sampled_from(ANSWERABLE), st.text())
def test_free_text_of_any_kind_is_not_repeated(name: str, text: str) -> None:
    """The problem of a text is the same for every text of its length, but for the hint."""
    problems = problems_of({name: text})
    for problem in problems:
        assert f"found a text of {len(text)} characters" in problem or "another answer than yes" in problem
