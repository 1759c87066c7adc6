"""Clinical stories, written as data: each person gets the ranking, the urgency and the figures the dossier expects."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from buttockpain import Differential, default_model
from buttockpain.inference import evidence_of, infer
from buttockpain.presentation import read

MODEL = default_model()
FOLDER = Path(__file__).parent / "stories"
STORIES: list[dict[str, Any]] = [
    story
    for file in sorted(FOLDER.glob("*.toml"))
    for story in tomllib.loads(file.read_text(encoding="utf-8"))["story"]
]
KEYS = {
    "title", "source", "answers", "clear_others", "first", "none_leads", "all_below", "level", "level_at_least", "override",
    "reasons", "not_reasons", "printed",
}  # fmt: skip
DECIDED = {"pain_severity": "severe_pain", "duration_days": "long_lasting_pain", "age": "under_18"}


def answers_of(story: dict[str, Any]) -> dict[str, Any]:
    """Return the answers of a story, with all other red flags denied if it says so."""
    answers: dict[str, Any] = story["answers"]
    if not story.get("clear_others"):
        return answers
    decided = {flag for measure, flag in DECIDED.items() if measure in answers}
    return {**{flag: "no" for flag in MODEL.rules.flags if flag not in decided}, **answers}


def answer_of(story: dict[str, Any]) -> Differential:
    """Return what the program says of a story."""
    return MODEL.rank(answers_of(story))


def probabilities(story: dict[str, Any]) -> dict[str, float]:
    """Return the exact probability of every cause, the unranked one too, and of none of the five."""
    presentation, _ = read(answers_of(story), MODEL.vocabulary)
    posterior = infer(MODEL.network, evidence_of(MODEL.network, presentation))
    answer = answer_of(story)
    found = dict(zip(MODEL.network.causes, posterior.cause[:, 0].tolist(), strict=True))
    assert {cause.id: cause.probability for cause in answer.causes}.items() <= found.items()
    return {**found, "none_of_these": answer.none_of_these}


def with_key(key: str) -> list[Any]:
    """Return the stories that expect something of a kind, for `parametrize`."""
    return [pytest.param(story, id=story["title"]) for story in STORIES if key in story]


def test_stories_are_whole() -> None:
    """Every story has a title of its own, a source, answers and at least one expectation, and no misspelt key."""
    assert not [title for title, count in Counter(story["title"] for story in STORIES).items() if count > 1]
    for story in STORIES:
        assert set(story) <= KEYS, story["title"]
        assert {"title", "source", "answers"} <= set(story), story["title"]
        assert set(story) - {"title", "source", "answers", "clear_others"}, story["title"]


def test_every_case_of_the_dossier_is_told() -> None:
    """Section G of the dossier has 41 cases with printed figures, and each of them is a story."""
    cases = [story for story in STORIES if story["source"].startswith("dossier, section G, case ")]
    assert len(cases) == 41
    for story in cases:
        assert set(story["printed"]) == {*MODEL.network.causes, "none_of_these"}


@pytest.mark.parametrize("story", with_key("printed"))
def test_figures_are_those_of_the_dossier(story: dict[str, Any]) -> None:
    """The exact posterior, to two decimals, is the printed figure."""
    exact = probabilities(story)
    assert {name: round(exact[name], 2) for name in story["printed"]} == story["printed"]


@pytest.mark.parametrize("story", with_key("first"))
def test_expected_causes_lead(story: dict[str, Any]) -> None:
    """The expected cause, or pair in any order, stands first among the five."""
    ranked = [cause.id for cause in answer_of(story).causes]
    assert set(ranked[: len(story["first"])]) == set(story["first"])


@pytest.mark.parametrize("story", with_key("none_leads"))
def test_none_of_the_five_leads_or_not(story: dict[str, Any]) -> None:
    """None of the five above every named cause is said plainly: no leading cause, and a reason for a consultation."""
    answer = answer_of(story)
    assert (answer.none_of_these > max(cause.probability for cause in answer.causes)) is story["none_leads"]
    assert (answer.leading is None) is story["none_leads"]
    assert ("none_of_these" in {reason.rule for reason in answer.triage.reasons}) is story["none_leads"]
    assert answer.triage.level >= "consultation" or not story["none_leads"]


@pytest.mark.parametrize("story", with_key("all_below"))
def test_no_cause_dominates(story: dict[str, Any]) -> None:
    """Where the dossier leaves it open, no cause is probable."""
    assert all(cause.probability < story["all_below"] for cause in answer_of(story).causes)


@pytest.mark.parametrize("story", with_key("level"))
def test_urgency_is_exactly_as_told(story: dict[str, Any]) -> None:
    """The level of the whole answer, ranking included."""
    assert answer_of(story).triage.level == story["level"]


@pytest.mark.parametrize("story", with_key("level_at_least"))
def test_urgency_is_at_least_as_told(story: dict[str, Any]) -> None:
    """The level by the rules alone, and that of the whole answer."""
    assert MODEL.triage(answers_of(story)).level >= story["level_at_least"]
    assert answer_of(story).triage.level >= story["level_at_least"]


@pytest.mark.parametrize("story", with_key("override"))
def test_override_is_as_told(story: dict[str, Any]) -> None:
    """The founding document's sentence stands where it must, and only there."""
    assert (answer_of(story).triage.override is not None) is story["override"]


@pytest.mark.parametrize("story", with_key("reasons"))
def test_reasons_are_told(story: dict[str, Any]) -> None:
    """Every expected rule or red flag is among the reasons, each with words."""
    reasons = {reason.rule: reason for reason in answer_of(story).triage.reasons}
    assert set(story["reasons"]) <= set(reasons)
    assert all(reason.text for reason in reasons.values())


@pytest.mark.parametrize("story", with_key("not_reasons"))
def test_other_reasons_are_not_told(story: dict[str, Any]) -> None:
    """What did not happen is no reason."""
    assert not set(story["not_reasons"]) & {reason.rule for reason in answer_of(story).triage.reasons}


def test_red_flags_of_every_story_are_heard() -> None:
    """Whatever else a story is about: a red flag answered yes is a reason, and the level is at least its own."""
    for story in STORIES:
        triage = answer_of(story).triage
        for name, flag in MODEL.rules.flags.items():
            if story["answers"].get(name) in ("yes", True):
                assert name in {reason.rule for reason in triage.reasons}, story["title"]
                assert triage.level >= flag.level, story["title"]


def test_no_single_answer_says_too_much() -> None:
    """The dossier: no finding takes a named cause above 0.72, no lay symptom above 0.63, no risk factor above 0.42."""

    def highest(names: Iterable[str]) -> tuple[float, str]:
        answers = [(name, state) for name in names for state in MODEL.vocabulary.states.get(name, ("yes",))]
        tops = [(max(cause.probability for cause in MODEL.rank({name: state}).causes), name) for name, state in answers]
        return max(tops)

    findings = MODEL.knowledge.finding
    top, name = highest(findings)
    assert (round(top, 2), name) == (0.72, "locked_hand_or_foot_spasm")
    top, name = highest(name for name, finding in findings.items() if finding.kind == "symptom")
    assert (round(top, 2), name) == (0.63, "hand_foot_spasms")
    top, name = highest(MODEL.knowledge.risk_factor)
    assert top < 0.42
    assert name == "neck_gland_surgery"
