"""Every number of a model has one path, can be listed with its source, and can be replaced in a new model."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import small_model

from buttockpain import Model, ModelError, default_model, model_file

MODEL = default_model()
SMALL = Model.of(model_file.from_data(small_model()))
ROWS = {row.path: row for row in MODEL.parameters()}
SMALL_PATHS = [row.path for row in SMALL.parameters()]


def row(model: Model, path: str) -> dict[str, Any]:
    """Return what a model says of a number."""
    return dataclasses.asdict(next(row for row in model.parameters() if row.path == path))


def refused(changes: Any, model: Model = SMALL) -> list[str]:
    """Return the problems of changes that a model must not accept."""
    with pytest.raises(ModelError) as caught:
        model.replace(changes)
    assert str(caught.value).startswith("replace: ")
    return [str(problem) for problem in caught.value.problems]


# --- the list -------------------------------------------------------------------------------------------------------


def test_paths_are_those_of_the_file() -> None:
    """A path is the way through the tables of the file, the same in the list and in the knowledge."""
    for path in (
        "cause.sciatica.leak",
        "cause.sciatica.link.piriformis_syndrome",
        "cause.lumbar_disc_herniation.link.age_band.30_to_50",
        "finding.slr_positive.link.sciatica",
        "finding.slr_positive.leak",
        "risk_factor.age_band.base.over_50",
        "risk_factor.kidney_disease.base",
        "safety.severe_pain",
        "triage.floor.calcium_deficiency",
        "triage.poor_fit",
    ):
        assert path in ROWS
    assert ROWS["cause.sciatica.leak"].value == MODEL.knowledge.cause["sciatica"].leak.value
    assert len(ROWS) == 449 + len(MODEL.knowledge.safety) + len(MODEL.knowledge.triage.floor) + 1


def test_rows_are_frozen_and_complete() -> None:
    """A row has value, range, basis, sources in words and a note, and cannot be changed."""
    for one in ROWS.values():
        assert one.low <= one.value <= one.high
        assert one.basis in ("literature", "founding document", "judgement")
        assert one.reference or one.note
        assert all(isinstance(text, str) and len(text) > 10 for text in one.reference)
    with pytest.raises(dataclasses.FrozenInstanceError):
        ROWS["cause.sciatica.leak"].value = 0.5  # type: ignore[misc]


# --- replacing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SMALL_PATHS)
def test_every_path_can_be_replaced(path: str) -> None:
    """A number takes its new value, and no other number changes."""
    before = {one.path: one for one in SMALL.parameters()}
    value = (before[path].value + before[path].high) / 2
    model = SMALL.replace({path: value})
    after = {one.path: one for one in model.parameters()}
    assert after[path].value == value
    assert (after[path].low, after[path].high) == (before[path].low, before[path].high)
    assert after[path].basis == "edited"
    assert repr(before[path].value) in after[path].note
    assert after[path].reference == before[path].reference
    assert {one: after[one] for one in after if one != path} == {one: before[one] for one in before if one != path}
    assert list(after) == list(before)
    assert model.fingerprint != SMALL.fingerprint


def test_all_paths_of_the_shipped_model_can_be_replaced_at_once() -> None:
    """Four hundred and more numbers, moved a little within their range, in one step."""
    changes = {path: one.value + 0.01 * (one.high - one.value) for path, one in ROWS.items() if one.high > one.value}
    assert len(changes) > 449
    model = MODEL.replace(changes)
    values = {one.path: one.value for one in model.parameters()}
    assert {path: values[path] for path in changes} == changes
    assert model.rank().causes != MODEL.rank().causes


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("cause.sciatica.leak", {}),
        ("cause.sciatica.link.piriformis_syndrome", {}),
        ("cause.lumbar_disc_herniation.link.age_band.30_to_50", {"age": 40}),
        ("finding.slr_positive.link.sciatica", {"slr_positive": "yes"}),
        ("finding.buttock_pain.leak", {}),
        ("risk_factor.kidney_disease.base", {}),
        ("risk_factor.age_band.base.over_50", {}),
    ],
)
def test_new_number_is_the_one_in_use(path: str, answers: dict[str, Any]) -> None:
    """The ranking changes with the number, and carries the new fingerprint."""
    model = MODEL.replace({path: ROWS[path].high})
    before, after = MODEL.rank(answers), model.rank(answers)
    assert {one.id: one.probability for one in after.causes} != {one.id: one.probability for one in before.causes}
    assert after.model.fingerprint == model.fingerprint != before.model.fingerprint
    assert (after.model.id, after.model.version) == (before.model.id, before.model.version)


def test_higher_leak_makes_a_cause_more_likely() -> None:
    """The change goes the way it should."""
    prior = [
        next(one.prior for one in MODEL.replace({"cause.sciatica.leak": leak}).rank().causes if one.id == "sciatica")
        for leak in (0.01, 0.02511, 0.1, 0.4)
    ]
    assert prior == sorted(prior)
    assert prior[1] == next(one.prior for one in MODEL.rank().causes if one.id == "sciatica")


def test_threshold_is_the_one_in_use() -> None:
    """A triage threshold is a number like any other."""
    careful = MODEL.replace({"safety.severe_pain": 6, "safety.long_lasting_pain": 28})
    assert MODEL.triage(pain_severity=6).override is None
    assert careful.triage(pain_severity=6).override
    assert careful.triage(duration_days=28).override
    assert careful.verify() == MODEL.verify()


def test_value_outside_its_range_widens_it() -> None:
    """The range always holds the value; the note says what the range was."""
    for value in (0.001, 0.9):
        found = row(MODEL.replace({"cause.sciatica.leak": value}), "cause.sciatica.leak")
        assert (found["low"], found["high"]) == (min(0.011, value), max(0.053, value))
        assert "0.02511 (0.011 to 0.053)" in found["note"]


def test_what_is_said_with_the_number_is_kept() -> None:
    """Range, basis, references and note can be given, alone or together."""
    path = "cause.sciatica.leak"
    whole = {"value": 0.03, "low": 0.02, "high": 0.04, "basis": "literature", "ref": [1], "note": "a new survey"}
    found = row(MODEL.replace({path: whole}), path)
    assert {key: found[key] for key in ("value", "low", "high", "basis", "note")} | {"ref": [1]} == whole
    assert found["reference"] == (MODEL.knowledge.reference["1"].text,)
    narrow = row(MODEL.replace({path: {"low": 0.02}}), path)
    assert (narrow["value"], narrow["low"], narrow["high"]) == (0.02511, 0.02, 0.053)
    fitted = row(MODEL.replace({path: {"value": 0.03, "basis": "fitted", "note": "by data"}}), path)
    assert (fitted["basis"], fitted["note"]) == ("fitted", "by data")


def test_same_whole_parameter_gives_the_same_fingerprint() -> None:
    """Replacing every number with all that is said of it already changes nothing."""
    changes = {path: number.model_dump() for path, number in MODEL.knowledge.parameters()}
    keep = ("value", "low", "high", "basis", "ref", "note")
    model = MODEL.replace({path: {key: number[key] for key in keep} for path, number in changes.items()})
    assert model.fingerprint == MODEL.fingerprint
    assert model.knowledge == MODEL.knowledge
    assert MODEL.replace({}).fingerprint == MODEL.fingerprint


def test_fingerprint_follows_the_edit() -> None:
    """The same edit gives the same fingerprint, in any order and one by one; another value another."""
    changes = {"cause.sciatica.leak": 0.03, "cause.fasciitis.leak": 0.04}
    together = MODEL.replace(changes)
    assert MODEL.replace(dict(reversed(changes.items()))).fingerprint == together.fingerprint
    one_by_one = MODEL.replace({"cause.fasciitis.leak": 0.04}).replace({"cause.sciatica.leak": 0.03})
    assert one_by_one.fingerprint == together.fingerprint
    assert MODEL.replace({**changes, "cause.fasciitis.leak": 0.041}).fingerprint != together.fingerprint
    assert MODEL.replace({"cause.sciatica.leak": np.float64(0.03)}).fingerprint == (
        MODEL.replace({"cause.sciatica.leak": 0.03}).fingerprint
    )


def test_nothing_is_changed_in_place() -> None:
    """The model that was edited answers as before, and so does an answer it gave."""
    fingerprint, knowledge, answer = MODEL.fingerprint, MODEL.knowledge.model_dump_json(), MODEL.rank(age=40)
    changes = {"cause.sciatica.leak": {"value": 0.5}}
    edited = MODEL.replace(changes)
    assert changes == {"cause.sciatica.leak": {"value": 0.5}}
    assert edited is not MODEL
    assert MODEL.knowledge.model_dump_json() == knowledge
    assert MODEL.fingerprint == fingerprint
    assert MODEL.rank(age=40) == answer


def test_arrays_of_a_model_are_read_only() -> None:
    """No array of the compiled network can be written to."""
    for array in (MODEL.network.log_answer, MODEL.network.from_leaks, MODEL.network.base, MODEL.network.has):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_second_edit_does_not_misquote_the_file() -> None:
    """After two edits the note does not say that the model file holds the value of the first edit."""
    model = MODEL.replace({"cause.sciatica.leak": 0.2}).replace({"cause.sciatica.leak": 0.3})
    assert "the model file says 0.2 " not in row(model, "cause.sciatica.leak")["note"]


# --- errors -------------------------------------------------------------------------------------------------------------


def test_unknown_paths_get_a_hint() -> None:
    """A misspelt path names the nearest one; a hopeless one says where to look."""
    problems = refused({"cause.sciatica.leek": 0.2, "slr": 0.2, "display.highest": 0.9, "cause.sciatica": 0.1}, MODEL)
    wrong = "found no such number; expected the path of a number in the model; "
    assert len(problems) == 4
    assert problems[0] == f"`cause.sciatica.leek`: {wrong}did you mean `cause.sciatica.leak`?"
    assert problems[1] == f"`slr`: {wrong}`model.parameters()` lists every path"
    assert problems[2] == f"`display.highest`: {wrong}`model.parameters()` lists every path"
    assert problems[3].startswith(f"`cause.sciatica`: {wrong}did you mean `")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("0.2", "found str '0.2'; expected a finite number"),
        (True, "found bool True; expected a finite number"),
        (None, "found NoneType None; expected a finite number"),
        (float("nan"), "found float nan; expected a finite number"),
        (float("inf"), "found float inf; expected a finite number"),
        ([0.2], "found list [0.2]; expected a finite number"),
        ({"value": "x"}, "found str 'x'; expected a finite number"),
        (0.0, "found 0.0; expected a probability above 0 and below 1"),
        (1.0, "found 1.0; expected a probability above 0 and below 1"),
        (1.5, "found 1.5; expected a probability above 0 and below 1"),
        (-0.1, "found -0.1; expected a probability above 0 and below 1"),
        (2, "expected a probability above 0 and below 1"),
        ({"low": 0.5}, "expected low <= value <= high"),
        ({"value": 0.2, "high": 0.1}, "expected low <= value <= high"),
        ({"basis": "a hunch"}, "found 'a hunch'; expected 'literature', 'founding document', 'judgement', 'edited'"),
        ({"ref": [99]}, "found [99]; expected a number with a [reference] entry"),
        ({"note": 5}, "found 5; expected a valid string"),
        ({"vlaue": 0.2}, "found an unknown key"),
    ],
    ids=str,
)
def test_bad_numbers_are_refused(change: Any, words: str) -> None:
    """Nothing is clipped or converted; the error names the path."""
    problems = refused({"cause.strain.leak": change})
    assert all(problem.startswith("`cause.strain.leak") for problem in problems)
    assert any(words in problem for problem in problems), problems


def test_replacing_cannot_switch_off_the_founding_rule() -> None:
    """Promise 2: thresholds stay within their safe bounds."""
    assert refused({"safety.severe_pain": 8.5}) == [
        "`safety.severe_pain`: found 8.5; expected a value within the safe bounds 5 to 8"
    ]
    assert refused({"safety.long_lasting_pain": 365}) == [
        "`safety.long_lasting_pain`: found 365; expected a value within the safe bounds 28 to 84"
    ]


def test_relations_are_checked_again() -> None:
    """Base rates of the states of a risk factor must leave room for the remainder."""
    (problem,) = refused({"risk_factor.stature.base.middling": 0.6, "risk_factor.stature.base.tall": 0.5})
    assert problem.startswith("`risk_factor.stature.base`: found base rates that sum to 1.1; expected a sum below 1")


def test_all_problems_of_an_edit_at_once() -> None:
    """Unknown paths, bad numbers and broken relations in one error, and no model comes of it."""
    problems = refused({"cause.starin.leak": 0.2, "cause.strain.leak": "much", "finding.numb.leak": None})
    assert len(problems) == 3
    problems = refused({"cause.strain.leak": 1.5, "safety.severe_pain": 10, "finding.numb.leak": {"ref": [7]}})
    assert {problem.split(":")[0] for problem in problems} == {
        "`cause.strain.leak.value`",
        "`safety.severe_pain`",
        "`finding.numb.leak.ref`",
    }


def test_unknown_path_does_not_hide_a_bad_number() -> None:
    """A misspelt path and a probability above 1 are told together."""
    assert len(refused({"cause.starin.leak": 0.2, "safety.severe_pain": 10})) == 2


@pytest.mark.parametrize("changes", [[("cause.strain.leak", 0.2)], {1: 0.2}, None, "cause.strain.leak"], ids=repr)
def test_changes_that_are_no_mapping_from_paths_are_refused(changes: Any) -> None:
    """A mistake in the call is a ModelError or a TypeError with a message."""
    with pytest.raises((ModelError, TypeError)):
        SMALL.replace(changes)


def test_number_too_large_for_a_float_is_refused() -> None:
    """A whole number of 400 digits is refused like any other that is no probability."""
    assert refused({"cause.strain.leak": 10**400})


# --- properties -----------------------------------------------------------------------------------------------------------

NETWORK_PATHS = [path for path in SMALL_PATHS if path.split(".")[0] in ("risk_factor", "cause", "finding")]


@given(st.dictionaries(st.sampled_from(NETWORK_PATHS), st.floats(1e-9, 0.45), max_size=8))
def test_any_probabilities_make_a_model(changes: dict[str, float]) -> None:
    """Values anywhere in (0, 1) load, stand in the list, and give probabilities."""
    model = SMALL.replace(changes)
    values = {one.path: one.value for one in model.parameters()}
    assert {path: values[path] for path in changes} == changes
    answer = model.rank(numb="yes", stature="tall")
    assert all(0 <= cause.probability <= 1 for cause in answer.causes)


@given(st.sampled_from(SMALL_PATHS), st.floats() | st.integers() | st.text() | st.none() | st.booleans())
def test_any_change_is_a_model_or_a_model_error(path: str, value: Any) -> None:
    """Whatever is put in, the answer is a model with that number or a ModelError that names it."""
    try:
        model = SMALL.replace({path: value})
    except ModelError as error:
        told = [problem.path for problem in error.problems]
    else:
        assert row(model, path)["value"] == value
        return
    assert all(one.startswith(path.rpartition(".")[0]) for one in told)
