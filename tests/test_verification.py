"""`verify` proves the safety promises over the whole rule table, and can fail: each promise is broken once."""

import dataclasses
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import Data, as_toml, small_model

import buttockpain.verification
from buttockpain import Level, Model, ModelError, UnsafeModelError, default_model, load_model, model_file
from buttockpain.presentation import Presentation, Vocabulary
from buttockpain.triage import CombinationRule, Decision, Reason, RuleTable, decide
from buttockpain.verification import Verification, verify

SHIPPED: Data = tomllib.loads((files("buttockpain.models") / "buttock_pain.toml").read_text(encoding="utf-8"))
SMALL = Model.of(model_file.from_data(small_model()))

Decide = Callable[[RuleTable, Presentation], Decision]


def broken_by(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Decision, Presentation], Decision], model: Model = SMALL
) -> str:
    """Return what `verify` says when every decision is changed in some way."""
    monkeypatch.setattr(
        buttockpain.verification,
        "decide",
        lambda table, presentation: change(decide(table, presentation), presentation),
    )
    return refused(model.rules, model.vocabulary)


def refused(table: RuleTable, vocabulary: Vocabulary = SMALL.vocabulary) -> str:
    """Return the message of the error about a rule table."""
    with pytest.raises(UnsafeModelError) as caught:
        verify(table, vocabulary)
    assert str(caught.value).startswith("safety promises: ")
    return str(caught.value)


def without(decision: Decision, *rules: str) -> Decision:
    """Return a decision without the reasons of some rules."""
    return dataclasses.replace(decision, reasons=tuple(one for one in decision.reasons if one.rule not in rules))


def answered(presentation: Presentation, name: str, answer: Any) -> bool:
    """Return whether a question has this answer."""
    return bool(presentation.given.get(name) == answer)


# --- the shipped model ----------------------------------------------------------------------------------------------


def test_shipped_model_is_proved_over_every_case() -> None:
    """Every flag in 7 answer states, all pairs in 16, every rule over all its inputs, every step of every measure."""
    rules = SHIPPED["triage"]["rule"]
    found = default_model().verify()
    assert found.flag_states == 41 * 7
    assert found.flag_pairs == 41 * 40 // 2 * 16
    assert found.rule_cases == sum(2 ** len({*rule["all_of"], *rule.get("any_of", ())}) for rule in rules)
    ages = {18, 40, 90} | {edge + step for edge in (18, 70) for step in (-1, 0, 1)}
    pains = {half / 2 for half in range(21)} | {edge + step for edge in (7, 9) for step in (-1, 0, 1)}
    days = {0, 3650, 41, 42, 43}
    assert found.measure_steps == len(ages) * len(pains) * len(days)
    assert found.total == found.flag_states + found.flag_pairs + found.rule_cases + found.measure_steps


def test_counts_are_a_frozen_record() -> None:
    """The counts are plain numbers that cannot be changed."""
    found = SMALL.verify()
    assert isinstance(found, Verification)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.flag_pairs = 0  # type: ignore[misc]


# --- promise 1: the highest level of all that fired; more never lowers it ------------------------------------------------


def test_flag_that_is_not_heard_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A red flag whose yes raises nothing."""
    message = broken_by(monkeypatch, lambda decision, _: without(decision, "collapse"))
    assert "`collapse = yes`: found self_care; expected at least emergency_ambulance" in message
    assert "`collapse = 0.9`" in message


def test_flag_of_a_lower_level_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A red flag that is heard at a lower level than its own."""
    quiet = dataclasses.replace(
        SMALL.rules,
        flags={
            name: reason.model_copy(update={"level": Level.SELF_CARE}) for name, reason in SMALL.rules.flags.items()
        },
    )
    monkeypatch.setattr(buttockpain.verification, "decide", lambda _, presentation: decide(quiet, presentation))
    assert "`fever = yes`: found self_care; expected at least consultation_24h" in refused(SMALL.rules)


def test_flag_that_silences_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One yes that takes another's reason away, seen only when both are present."""

    def silence(decision: Decision, presentation: Presentation) -> Decision:
        return without(decision, "collapse") if answered(presentation, "night_sweats", "yes") else decision

    message = broken_by(monkeypatch, silence)
    assert "`collapse = yes, night_sweats = yes`: found consultation; expected at least emergency_ambulance" in message


def test_flag_that_calms_an_open_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One yes that lowers the level that an unclear emergency flag beside it gives."""

    def calm(decision: Decision, presentation: Presentation) -> Decision:
        return without(decision, "unclear") if answered(presentation, "night_sweats", "yes") else decision

    assert (
        "`collapse = unknown, night_sweats = yes`: found consultation; expected at least consultation_24h"
        in broken_by(monkeypatch, calm)
    )


def test_rule_that_does_not_fire_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A combination that is there and raises nothing."""
    message = broken_by(monkeypatch, lambda decision, _: without(decision, "fever_when_weak"))
    assert "`rule fever_when_weak with fever, heavy_work`: found not fired; expected fired" in message


def test_rule_that_fires_without_its_condition_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A combination that fires on half of its parts."""
    (rule,) = SMALL.rules.combinations
    monkeypatch.setattr(
        buttockpain.verification,
        "decide",
        lambda table, presentation: decide(
            dataclasses.replace(table, combinations=(dataclasses.replace(rule, any_of=frozenset()),)), presentation
        ),
    )
    assert "`rule fever_when_weak with fever`: found fired; expected not fired" in refused(SMALL.rules)


def test_rule_that_fires_on_an_absence_is_found() -> None:
    """A rule without any condition, which a model file cannot say, raises the level of everyone."""
    always = CombinationRule(
        frozenset(), frozenset(), SMALL.rules.flags["collapse"].model_copy(update={"rule": "always"})
    )
    message = refused(dataclasses.replace(SMALL.rules, combinations=(always,)))
    assert (
        "`every red flag answered no`: found emergency_ambulance; expected self_care: no rule fires on absence"
        in message
    )


def test_more_pain_that_lowers_the_level_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that drops again at the top of the scale."""

    def drop(decision: Decision, presentation: Presentation) -> Decision:
        return without(decision, "severe_pain") if presentation.measured.get("pain_severity", 0) >= 9.5 else decision

    message = broken_by(monkeypatch, drop)
    assert "pain 9.5" in message
    assert "expected at least the level of less pain and of a shorter time" in message


def test_longer_pain_that_lowers_the_level_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that drops again after years."""

    def drop(decision: Decision, presentation: Presentation) -> Decision:
        late = presentation.measured.get("duration_days", 0) > 1000
        return without(decision, "long_lasting_pain", "unasked") if late else decision

    message = broken_by(monkeypatch, drop)
    assert "3650 days`: found self_care; expected at least the level of less pain and of a shorter time" in message


# --- promise 2: severe or long-lasting pain always yields the override -----------------------------------------------


@pytest.mark.parametrize("measure", ["pain_severity", "duration_days"])
def test_override_that_is_missing_is_found(monkeypatch: pytest.MonkeyPatch, measure: str) -> None:
    """An override that one of the two measures does not give."""

    def forget(decision: Decision, presentation: Presentation) -> Decision:
        other = {"pain_severity": "duration_days", "duration_days": "pain_severity"}[measure]
        low = presentation.measured.get(other, 0) < {"duration_days": 42, "pain_severity": 7}[other]
        return dataclasses.replace(decision, override=None) if low else decision

    assert "found override None; expected the override" in broken_by(monkeypatch, forget)


def test_override_without_reason_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An override on mild and fresh pain, which would teach people to ignore it."""
    message = broken_by(monkeypatch, lambda decision, _: dataclasses.replace(decision, override="Hospital!"))
    assert "pain 0, 0 days`: found override 'Hospital!'; expected none" in message


def test_override_that_a_yes_does_not_give_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An override that is given for a number, and not for a yes to the question."""

    def forget(decision: Decision, presentation: Presentation) -> Decision:
        return decision if presentation.measured else dataclasses.replace(decision, override=None)

    assert "override" in broken_by(monkeypatch, forget)


# --- promise 3: unasked and unknown are never taken for no -------------------------------------------------------------


def test_unknown_taken_for_no_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that reads unknown as no, and so is not alarmed."""
    monkeypatch.setattr(
        buttockpain.verification,
        "decide",
        lambda table, presentation: decide(
            table,
            Presentation(
                {name: "no" if answer == "unknown" else answer for name, answer in presentation.given.items()}
            ),
        ),
    )
    message = refused(SMALL.rules)
    assert (
        "`collapse = unknown`: found listed as unasked False, unclear False; expected listed as what it is" in message
    )


def test_unasked_taken_for_no_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that takes a question nobody asked for answered no."""
    monkeypatch.setattr(
        buttockpain.verification,
        "decide",
        lambda table, presentation: decide(
            table, Presentation({**dict.fromkeys(table.flags, "no"), **presentation.given})
        ),
    )
    assert "`collapse = not asked`: found listed as unasked False, unclear False" in refused(SMALL.rules)


def test_weak_number_taken_for_no_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that reads a number that speaks weakly against as no."""
    monkeypatch.setattr(
        buttockpain.verification,
        "decide",
        lambda table, presentation: decide(
            table,
            Presentation({name: "no" if answer == 0.1 else answer for name, answer in presentation.given.items()}),
        ),
    )
    assert "`collapse = 0.1`: found listed as unasked False, unclear False" in refused(SMALL.rules)


def test_list_of_unasked_flags_that_is_empty_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that does not list what is open."""
    message = broken_by(monkeypatch, lambda decision, _: dataclasses.replace(decision, unasked=(), unclear=()))
    assert "`fever = not asked`: found listed as unasked False, unclear False" in message
    assert "`fever = unknown`: found listed as unasked False, unclear False" in message


@pytest.mark.parametrize(("rule", "state"), [("unasked", "not asked"), ("unclear", "unknown")])
def test_self_care_with_an_open_emergency_is_found(monkeypatch: pytest.MonkeyPatch, rule: str, state: str) -> None:
    """A decision that lists an open emergency flag and still says self-care."""
    message = broken_by(monkeypatch, lambda decision, _: without(decision, rule))
    assert (
        f"`collapse = {state}`: found self_care; expected a level above it while an emergency flag is open" in message
    )


# --- models that are refused on loading ---------------------------------------------------------------------------------


@pytest.mark.parametrize("notice", ["unasked", "unclear"])
def test_unsafe_model_file_does_not_load(tmp_path: Path, notice: str) -> None:
    """Promise 6: a model file whose rules break a promise is refused with the counterexample."""
    data = small_model()
    data["triage"][notice]["level"] = "self_care"
    file = tmp_path / "unsafe.toml"
    file.write_text(as_toml(data), encoding="utf-8")
    with pytest.raises(ModelError, match="found self_care; expected a level above it"):
        load_model(file)


def test_counterexamples_are_few() -> None:
    """At most five of a kind, so that the message can be read."""
    quiet = SMALL.rules.unasked.model_copy(update={"level": Level.SELF_CARE})
    flags = {f"flag{number}": Reason(**{**quiet.model_dump(), "level": "emergency"}) for number in range(20)}
    questions = tuple(
        SMALL.rules.questions[0].model_copy(update={"id": name, "level": Level.EMERGENCY}) for name in flags
    )
    table = dataclasses.replace(SMALL.rules, flags=flags, questions=questions, combinations=(), unasked=quiet)
    with pytest.raises(UnsafeModelError) as caught:
        verify(table, SMALL.vocabulary)
    assert 0 < len(caught.value.problems) <= 20
    assert sum("not asked" in problem.path for problem in caught.value.problems) == 5


def test_rule_of_many_inputs_is_tried_one_by_one() -> None:
    """Beyond 14 inputs the combinations are too many: each of `any_of` is tried alone."""
    flags = {f"flag{number}": "consultation" for number in range(15)}
    data = small_model(
        flags=flags, rules=[{"id": "many", "all_of": ["numb"], "any_of": list(flags), "level": "emergency"}]
    )
    assert Model.of(model_file.from_data(data)).verify().rule_cases == 16


# --- any model that a file can say is safe ----------------------------------------------------------------------------------

FACTS = [
    "tender",
    "numb",
    "fever",
    "collapse",
    "night_sweats",
    "severe_pain",
    "long_lasting_pain",
    "heavy_work",
]
LEVELS = st.sampled_from(list(Level))


@st.composite
def rule_sets(draw: st.DrawFn) -> Data:
    """Models with any levels and combination rules."""
    names = draw(st.lists(st.sampled_from(["fever", "collapse", "night_sweats"]), unique=True))
    facts = st.sampled_from([fact for fact in FACTS if fact not in ("collapse", "night_sweats") or fact in names])
    rules = [
        {
            "id": f"rule{number}",
            "all_of": draw(st.lists(facts, min_size=1, max_size=3, unique=True)),
            "any_of": draw(st.lists(facts, max_size=4, unique=True)),
            "level": str(draw(LEVELS)),
        }
        for number in range(draw(st.integers(0, 4)))
    ]
    return small_model(
        flags={name: str(draw(LEVELS.filter(lambda level: level > "self_care"))) for name in names}, rules=rules
    )


@given(rule_sets())
def test_what_the_checks_accept_verify_accepts(data: Data) -> None:
    """Rules are safe by construction: positive conditions and the highest level cannot break a promise."""
    knowledge = model_file.from_data(data)
    assert verify(RuleTable.of(knowledge), Vocabulary.of(knowledge)).total > 0


def test_rule_on_two_facts_of_one_measure_is_accepted() -> None:
    """A rule may rest on two thresholds of one measure; the higher one decides."""
    data = small_model(
        rules=[
            {"id": f"rule{age}", "all_of": [f"age_{age}", f"age_{age + 1}"], "level": "emergency"} for age in range(30)
        ]
    )
    for age in range(31):
        data["safety"][f"age_{age}"] = {
            **data["safety"]["severe_pain"], "measure": "age", "value": age, "low": 0, "high": 120, "exact": True,
        }  # fmt: skip
    assert Model.of(model_file.from_data(data)).triage(age=40).level == "emergency"
