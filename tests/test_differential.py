"""The answer is put together as promised: order and ties, who leads, joint explanations, words, caps, stamp, triage."""

import importlib.metadata
import json
import math
import re
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import Network as Plain
from oracle import joint
from pydantic import ValidationError
from small_models import of_network, small_model
from strategies import Answers, answers, cases, model_from, model_of, networks

from buttockpain import Differential, Level, Model, default_model, rank
from buttockpain.differential import MARGIN, JointExplanation
from buttockpain.directory import Directory
from buttockpain.render.words import display_probability

SAME = 1e-12


def twins(leaks: dict[str, float], **display: float) -> Model:
    """Return a model of causes that differ in nothing but their leaks; `display` replaces numbers of that table."""
    plain: Plain = {
        "causes": list(leaks), "presenting": "f", "risk_factors": {}, "cause_leak": leaks, "cause_link": {},
        "finding_leak": {"f": 0.01}, "finding_link": {"f": dict.fromkeys(leaks, 0.5)},
    }  # fmt: skip
    data = of_network(plain)
    data["display"].update(display)
    for cause in data["cause"].values():
        cause["ranked"] = True
    return model_from(data)


def directory_of(*strength: tuple[str, float]) -> Directory:
    """Return the directory of a small model with these words for likelihood ratios, strongest first."""
    data = small_model()
    source = {"basis": "judgement", "ref": [1]}
    data["display"]["strength"] = [{"word": word, "ratio": ratio, **source} for word, ratio in strength]
    return model_from(data).directory


# --- order, ties, leading -------------------------------------------------------------------------------------------


@given(answers())
def test_causes_are_ranked_by_probability(answered: Answers) -> None:
    """The most probable cause comes first, every ranked cause comes once, and `something_else` never."""
    answer = rank(answered)
    for one, next_one in pairwise(answer.causes):
        assert one.probability >= next_one.probability - MARGIN
    knowledge = default_model().knowledge
    assert {cause.id for cause in answer.causes} == {name for name, cause in knowledge.cause.items() if cause.ranked}
    assert len(answer.causes) == 5


def test_ties_keep_the_order_of_the_model_file() -> None:
    """Causes that are equally probable come in the order of the file, whichever that is."""
    for names in (["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]):
        answer = twins(dict.fromkeys(names, 0.1)).rank()
        assert [cause.id for cause in answer.causes] == names
        assert answer.leading == names[0]


def test_differences_of_rounding_are_ties_and_real_ones_are_not() -> None:
    """A difference of 1e-13 is rounding and keeps the order of the file; one of 1e-6 is not."""
    by_file = [cause.id for cause in twins({"a": 0.1, "b": 0.1 + 1e-13, "c": 0.1 + 2e-13}).rank().causes]
    assert by_file == ["a", "b", "c"]
    by_size = [cause.id for cause in twins({"a": 0.1, "b": 0.1 + 1e-6, "c": 0.1 + 2e-6}).rank().causes]
    assert by_size == ["c", "b", "a"]


@given(cases())
def test_the_leading_cause_or_none(case: tuple[Plain, frozenset[str], Answers]) -> None:
    """The first cause leads unless "none of these" is more probable than it; then nobody leads, and triage says so."""
    plain, ranked, answered = case
    answer = model_of(plain, ranked).rank(answered)
    best = answer.causes[0]
    reasons = {reason.rule for reason in answer.triage.reasons}
    if answer.none_of_these > best.probability + 2 * MARGIN:
        assert answer.leading is None
        assert "none_of_these" in reasons
        assert answer.triage.level >= Level.CONSULTATION
    elif answer.none_of_these < best.probability:
        assert answer.leading == best.id
        assert "none_of_these" not in reasons


def test_a_tie_between_a_cause_and_none_goes_to_the_cause() -> None:
    """Equal to the last bit, the cause leads: one cause and its absence at 0.5 each."""
    plain: Plain = {
        "causes": ["c"], "presenting": "f", "risk_factors": {}, "cause_leak": {"c": 1 / 3}, "cause_link": {},
        "finding_leak": {"f": 0.5}, "finding_link": {"f": {"c": 1 - 1e-15}},
    }  # fmt: skip
    # Posterior odds: (1/3 * 1) / (2/3 * 1/2) = 1.
    answer = model_of(plain, ["c"]).rank()
    assert answer.causes[0].probability == pytest.approx(0.5, abs=1e-12)
    assert answer.leading == "c"


# --- joint explanations ---------------------------------------------------------------------------------------------


@given(cases())
def test_joint_explanations_are_enumerated(case: tuple[Plain, frozenset[str], Answers]) -> None:
    """Each explanation is the probability of exactly these named causes; together with none of them they sum to 1.

    From them the probability of every cause comes out again. Explanations down to 1e-9 are asked for, all others
    together are less than 16 of those.
    """
    plain, ranked, answered = case
    data = of_network(plain)
    for name, cause in data["cause"].items():
        cause["ranked"] = name in ranked
    data["display"]["explanation"] = 1e-9
    model = model_from(data)
    answer = model.rank(answered)

    weights = joint(plain, answered, exact=True)
    total = sum(weights.values())
    exact: dict[frozenset[str], Fraction] = {}
    for present, weight in weights.items():
        exact[present & ranked] = exact.get(present & ranked, Fraction(0)) + weight / total
    named = {frozenset(one.causes): one.probability for one in answer.joint}
    assert len(named) == len(answer.joint)
    assert frozenset[str]() not in named
    for members, probability in exact.items():
        if members and probability > 2e-9:
            assert named[members] == pytest.approx(float(probability), rel=SAME, abs=0)
    assert all(probability >= 1e-9 for probability in named.values())
    assert sum(named.values()) + answer.none_of_these == pytest.approx(1, abs=16e-9)
    for cause in answer.causes:
        share = sum(probability for members, probability in named.items() if cause.id in members)
        assert share == pytest.approx(cause.probability, abs=16e-9)
    order = [one.probability for one in answer.joint]
    assert all(one >= other - MARGIN for one, other in pairwise(order))
    assert all(
        list(one.causes) == [name for name in model.network.causes if name in one.causes] for one in answer.joint
    )


def test_only_explanations_worth_naming_are_named() -> None:
    """Below the limit of the model file, 0.05, a set of causes is not listed; at it and above, it is."""
    answer = rank(low_back_pain="yes", leg_numbness="yes", slr_positive="yes", pain_worse_cough_sneeze="yes")
    everything = twins_of_shipped(explanation=1e-9).rank(answer.answers)
    listed = [one for one in everything.joint if one.probability >= 0.05]
    assert [one.causes for one in answer.joint] == [one.causes for one in listed]
    assert len(everything.joint) == 31
    assert answer.joint[0].causes == ("lumbar_disc_herniation", "sciatica")


def twins_of_shipped(**display: float) -> Model:
    """Return the shipped model with some numbers of its display table replaced."""
    data = default_model().knowledge.model_dump(exclude_unset=True)
    data["display"].update(display)
    return model_from(data)


def test_a_joint_explanation_in_words() -> None:
    """One cause is "alone"; more are joined, the first as it stands and the others in small letters."""
    answer = twins({"alpha": 0.4, "beta": 0.4, "gamma": 0.4}, explanation=1e-9).rank()
    labels = {one.causes: one.label for one in answer.joint}
    assert labels["alpha",] == "Alpha alone"
    assert labels["alpha", "gamma"] == "Alpha with gamma"
    assert labels["alpha", "beta", "gamma"] == "Alpha with beta and gamma"


def test_equally_probable_explanations_keep_an_order() -> None:
    """Ties among explanations follow the model file, so that the same answers give the same bytes."""
    answer = twins(dict.fromkeys("abc", 0.2), explanation=1e-9).rank()
    assert [one.causes for one in answer.joint if len(one.causes) == 1] == [("a",), ("b",), ("c",)]
    assert [one.causes for one in answer.joint if len(one.causes) == 2] == [("a", "b"), ("a", "c"), ("b", "c")]


# --- words and caps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (math.inf, "strong evidence for"), (10.0, "strong evidence for"), (math.nextafter(10, 0), "moderate evidence for"),
        (5.0, "moderate evidence for"), (math.nextafter(5, 0), "weak evidence for"), (2.0, "weak evidence for"),
        (math.nextafter(2, 0), "hardly any evidence"), (1.0, "hardly any evidence"),
        (math.nextafter(0.5, 1), "hardly any evidence"), (0.5, "weak evidence against"), (0.3, "weak evidence against"),
        (math.nextafter(0.2, 1), "weak evidence against"), (0.2, "moderate evidence against"),
        (math.nextafter(0.1, 1), "moderate evidence against"), (0.1, "strong evidence against"),
        (0.0, "strong evidence against"),
    ],
)  # fmt: skip
def test_strength_in_words(ratio: float, word: str) -> None:
    """A ratio of at least the band's speaks for, one of at most its reciprocal against, on the edge as beyond it."""
    assert default_model().directory.strength(ratio) == word


@given(st.floats(1e-6, 1e6))
def test_words_for_and_against_mirror_each_other(ratio: float) -> None:
    """Turning a ratio upside down turns the word round."""
    directory = default_model().directory
    if not any(math.isclose(ratio, edge, rel_tol=1e-9) for edge in (2, 5, 10, 0.5, 0.2, 0.1)):
        turned = {"for": "against", "against": "for"}
        expected = re.sub(r"\b(for|against)\b", lambda found: turned[found[0]], directory.strength(ratio))
        assert directory.strength(1 / ratio) == expected


def test_one_word_of_strength_is_enough() -> None:
    """A model may have a single band."""
    directory = directory_of(("clear", 3.0))
    assert [directory.strength(ratio) for ratio in (3.0, 1.0, 0.3)] == [
        "clear evidence for", "hardly any evidence", "clear evidence against",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "under 1%"), (0.0099, "under 1%"), (0.01, "1%"), (0.123, "12%"), (0.95, "95%"), (0.9501, "over 95%"),
        (1.0, "over 95%"),
    ],
)  # fmt: skip
def test_displayed_probabilities_are_capped(probability: float, shown: str) -> None:
    """Between the caps of the shipped model a probability is shown in whole per cent, beyond them as beyond them."""
    assert display_probability(probability, default_model().directory.caps) == shown


@given(
    st.floats(0, 1),
    st.floats(0.01, 0.5, exclude_max=True),
    st.floats(0.5, 0.99, exclude_min=True),
)
def test_no_caps_make_anything_certain(probability: float, lowest: float, highest: float) -> None:
    """Whatever caps a model file may set, 0% and 100% are never shown."""
    shown = display_probability(probability, (lowest, highest))
    assert not re.search(r"\b(0|100)%", shown)


def test_caps_hold_in_the_whole_answer() -> None:
    """Raw probabilities beyond the caps stay available; what is displayed of them is capped, joint ones and none too."""
    tests = {
        "trousseau_sign": "yes",
        "low_blood_calcium": "yes",
        "hand_foot_spasms": "yes",
        "neck_gland_surgery": "yes",
    }
    answer = rank(tests)
    assert answer.causes[0].probability > 0.95
    assert answer.causes[0].displayed == "over 95%"
    assert answer.none_of_these < 0.01
    assert answer.none_displayed == "under 1%"
    shipped = default_model()
    findings = [name for name in shipped.network.findings if name != "buttock_pain"]
    nothing = rank(dict.fromkeys(findings, "no"))
    assert nothing.none_of_these > 0.95
    assert nothing.none_displayed == "over 95%"
    assert all(cause.displayed == "under 1%" for cause in nothing.causes)
    for one in (answer, nothing):
        shown = [(cause.probability, cause.displayed) for cause in one.causes]
        shown += [(explanation.probability, explanation.displayed) for explanation in one.joint]
        for probability, text in shown:
            assert text == display_probability(probability, (0.01, 0.95))


def test_caps_hold_for_joint_explanations() -> None:
    """A single cause that is nearly certain is shown as "over 95%", alone as well."""
    answer = twins({"a": 0.99}, explanation=1e-9).rank()
    assert answer.joint[0].probability > 0.95
    assert answer.joint[0].displayed == answer.causes[0].displayed == "over 95%"


# --- triage ---------------------------------------------------------------------------------------------------------


def test_a_cause_at_its_floor_raises_the_level() -> None:
    """A cause at or above its threshold adds its reason; below it does not. The level never falls below the rules' own."""
    shipped = default_model()
    above = shipped.replace({"triage.floor.calcium_deficiency": 0.07})
    below = shipped.replace({"triage.floor.calcium_deficiency": 0.0701})
    assert shipped.rank().causes[-1].id == "calcium_deficiency"
    assert shipped.rank().causes[-1].probability == pytest.approx(0.07003, abs=1e-5)
    assert "floor.calcium_deficiency" in {reason.rule for reason in above.rank().triage.reasons}
    assert "floor.calcium_deficiency" not in {reason.rule for reason in below.rank().triage.reasons}


def test_a_poor_fit_raises_the_level() -> None:
    """Yes and no in turn, whatever is asked: no explanation fits, which is a reason to see a doctor by itself."""
    shipped = default_model()
    findings = [name for name in shipped.network.findings if name not in {"buttock_pain", *shipped.rules.flags}]
    answer = shipped.rank({name: ("no", "yes")[place % 2] for place, name in enumerate(findings)})
    assert answer.fit.surprise > shipped.knowledge.triage.poor_fit.value
    assert answer.fit.poor
    assert "poor_fit" in {reason.rule for reason in answer.triage.reasons}
    assert answer.triage.level >= Level.CONSULTATION
    fits = shipped.rank(low_back_pain="yes", leg_numbness="yes")
    assert not fits.fit.poor
    assert "poor_fit" not in {reason.rule for reason in fits.triage.reasons}


@given(answers())
def test_the_ranking_only_adds_to_triage(answered: Answers) -> None:
    """Every reason of the rules alone stays, and the level is at least theirs, whatever the ranking says."""
    model = default_model()
    rules, answer = model.triage(answered), model.rank(answered)
    assert answer.triage.level >= rules.level
    assert set(rules.reasons) <= set(answer.triage.reasons)
    further = {reason.rule for reason in answer.triage.reasons} - {reason.rule for reason in rules.reasons}
    assert further <= {"none_of_these", "poor_fit", "floor.calcium_deficiency", "floor.lumbar_disc_herniation"}
    assert ("poor_fit" in further) == answer.fit.poor
    assert ("none_of_these" in further) == (answer.leading is None)


# --- the record -----------------------------------------------------------------------------------------------------


@given(answers())
def test_json_round_trip_loses_nothing(answered: Answers) -> None:
    """The record goes through JSON and comes back equal, and ranking its own answers gives it again."""
    answer = rank(answered)
    assert Differential.model_validate_json(answer.model_dump_json()) == answer
    assert rank(answer.answers) == answer
    assert "NaN" not in answer.model_dump_json()
    assert "null" not in json.dumps(answer.model_dump(mode="json", include={"fit", "none_of_these"}))


def test_ratio_beyond_the_largest_float_stays_a_number() -> None:
    """Evidence so strong that the odds leave the range of floats gives a finite likelihood ratio, which JSON can carry."""
    plain: Plain = {
        "causes": ["c"], "presenting": "f0", "risk_factors": {}, "cause_leak": {"c": 1e-3}, "cause_link": {},
        "finding_leak": {f"f{i}": 1e-9 for i in range(40)},
        "finding_link": {f"f{i}": {"c": 1 - 1e-9} for i in range(40)},
    }  # fmt: skip
    plain["finding_leak"] = {**plain["finding_leak"], "f0": 0.4}
    answer = model_of(plain, ["c"]).rank({f"f{i}": "yes" for i in range(1, 40)})
    assert answer.causes[0].probability == 1
    assert math.isfinite(answer.causes[0].likelihood_ratio)
    assert answer.causes[0].strength == "strong evidence for"
    assert Differential.model_validate_json(answer.model_dump_json()) == answer


def test_the_record_is_frozen_and_closed() -> None:
    """Nothing in an answer can be set, and no field can be added."""
    answer = rank()
    with pytest.raises(ValidationError, match="frozen"):
        answer.none_of_these = 0.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        answer.causes[0].probability = 0.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        JointExplanation.model_validate({**answer.joint[0].model_dump(), "more": 1})


def test_stamp_names_model_and_library() -> None:
    """Which model and which library: id, version, SHA-256 fingerprint, library version; another model, another print."""
    model = default_model()
    stamp = model.rank().model
    assert (stamp.id, stamp.version) == ("buttock_pain", model.knowledge.model.version)
    assert re.fullmatch(r"[0-9a-f]{64}", stamp.fingerprint)
    assert stamp.fingerprint == model.fingerprint
    assert stamp.library_version == importlib.metadata.version("buttockpain")
    assert model.replace({"cause.sciatica.leak": 0.2}).rank().model.fingerprint != stamp.fingerprint


def test_causes_carry_what_the_model_file_says() -> None:
    """Label, plain words, codes and the treatments the source names, in its wording, come from the file unchanged."""
    knowledge = default_model().knowledge
    for cause in rank().causes:
        entry = knowledge.cause[cause.id]
        assert (cause.label, cause.plain, cause.codes) == (entry.label, entry.plain, entry.codes)
        assert entry.treatments is not None
        assert cause.treatments is not None
        assert cause.treatments.wording == knowledge.founding_document.treatment_wording
        assert cause.treatments.named == entry.treatments.named
        assert cause.treatments.by_physician == entry.treatments.by_physician
        assert cause.treatments.caution == entry.treatments.caution
    without = model_from(small_model()).rank()
    assert all(cause.treatments is None for cause in without.causes)


def test_answers_are_kept_in_plain_form_and_in_the_order_of_the_model() -> None:
    """What was answered comes back in one spelling; reading it again changes nothing."""
    answer = rank({"slr_positive": 0.8, "leg_numbness": True, "low_back_pain": " YES ", "sex": "Female", "age": 45.0})
    assert dict(answer.answers) == {
        "age": 45, "sex": "female", "low_back_pain": "yes", "leg_numbness": "yes", "slr_positive": 0.8,
    }  # fmt: skip
    order = default_model().vocabulary.order
    assert list(answer.answers) == sorted(answer.answers, key=order.__getitem__)


def test_scope_is_said_with_every_answer() -> None:
    """What it is for and what it is not stand in the record."""
    about = default_model().knowledge.model
    assert rank().scope == f"{about.intended_use} {about.not_for}"


# --- what is prepared once per model --------------------------------------------------------------------------------


@given(networks(), st.data())
def test_directory(plain: Plain, data: st.DataObject) -> None:
    """Ranked causes in the order of the file with their priors, and every set of them under its number."""
    ranked = data.draw(st.frozensets(st.sampled_from(list(plain["causes"])), min_size=1))
    model = model_of(plain, ranked)
    directory, network = model.directory, model.network
    names = [name for name in network.causes if name in ranked]
    assert [profile.id for profile in directory.profiles] == names
    for profile in directory.profiles:
        assert network.causes[profile.axis] == profile.id
        assert profile.prior == model.prior.cause[profile.axis, 0]
    assert directory.ranked_set.shape == (len(network.has),)
    assert len(directory.sets) == 2 ** len(names)
    for state, number in enumerate(directory.ranked_set.tolist()):
        present = {name for name, there in zip(network.causes, network.has[state], strict=True) if there}
        assert list(directory.sets[number][0]) == [name for name in names if name in present]
    assert not np.any(directory.ranked_set[~(network.has & network.ranked).any(axis=1)])


def test_prior_is_given_the_complaint() -> None:
    """The prior is the figure of the dossier given the complaint (section G, case 0), not that of all adults."""
    priors: dict[str, Any] = {cause.id: round(cause.prior, 3) for cause in rank(leg_numbness="yes").causes}
    assert priors == {
        "calcium_deficiency": 0.070, "fasciitis": 0.220, "lumbar_disc_herniation": 0.120, "piriformis_syndrome": 0.080,
        "sciatica": 0.210,
    }  # fmt: skip
    assert round(rank().none_of_these, 3) == 0.427
