"""Two models compared: every difference found, every changed answer real, every example minimal."""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import small_models
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from buttockpain import default_model
from buttockpain.cli import diff
from buttockpain.model import Model
from buttockpain.model_file import from_data
from buttockpain.research.cases import read_cases
from buttockpain.research.comparison import Change, Comparison, compare
from buttockpain.research.decisions import decide_cases
from buttockpain.research.differences import differences
from buttockpain.research.shares import Share
from buttockpain.research.simulation import SHORT_VISIT, simulate

CHANGES = {
    "cause.fasciitis.leak": 0.06,
    "finding.slr_positive.link.sciatica": 0.5,
    "triage.floor.calcium_deficiency": 0.4,
}


def small(**parts: Any) -> Model:
    """Return a small model."""
    return Model.of(from_data(small_models.small_model(**parts)))


def comparison(seed: int = 1, people: int = 4_000) -> Comparison:
    """Return the shipped model compared with a changed one."""
    model = default_model()
    return compare(model, model.replace(CHANGES), people=people, rng=np.random.default_rng(seed))


# --- decisions on many ------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_decisions_on_a_table_are_those_of_rank_on_each_person(seed: int) -> None:
    """Order of the options, probabilities and triage level are the same as one by one."""
    model = default_model()
    rng = np.random.default_rng(seed)
    table = simulate(model, 3, rng=rng, asked={**SHORT_VISIT, "red_flag": rng.random()}, flags={"severe_pain": 0.3})
    decisions = decide_cases(model, table)
    for person in range(3):
        answer = model.rank(table.answers(person))
        options = [decisions.options[option] for option in decisions.order[:, person]]
        assert options[0] == (answer.leading or "none_of_these") == decisions.leading[person]
        assert [name for name in options if name != "none_of_these"] == [cause.id for cause in answer.causes]
        assert decisions.level[person] == answer.triage.level.rank
        for cause in answer.causes:
            place = decisions.options.index(cause.id)
            assert decisions.probability[place, person] == pytest.approx(cause.probability, abs=1e-12)
            assert decisions.complement[place, person] == pytest.approx(1 - cause.probability, abs=1e-12)
        assert decisions.probability[-1, person] == pytest.approx(answer.none_of_these, abs=1e-12)
        assert decisions.complement[-1, person] == pytest.approx(1 - answer.none_of_these, abs=1e-12)


def test_poor_fit_and_a_leading_none_raise_the_level_as_in_rank() -> None:
    """The ranking may raise the level; here it does, in each of its ways."""
    model = default_model()
    flags = {name: "no" for name, finding in model.knowledge.finding.items() if finding.red_flag}
    odd = {"trousseau_sign": "yes", "pain_with_periods": "yes", "crossed_slr_positive": "yes", "calf_weakness": "yes",
           "foot_dorsiflexion_weakness": "yes", "slr_positive": "no", "pain_radiating_down_leg": "no"}  # fmt: skip
    disc = {
        "crossed_slr_positive": "yes",
        "leg_numbness": "yes",
        "low_back_pain": "yes",
        "previous_disc_problem": "yes",
    }
    rows: list[dict[str, Any]] = [
        flags, {**flags, **odd}, {**flags, "trousseau_sign": "yes"}, {**flags, **disc, "slr_positive": "yes"},
    ]  # fmt: skip
    decisions = decide_cases(model, read_cases(model, rows))
    answers = [model.rank(row) for row in rows]
    assert decisions.level.tolist() == [answer.triage.level.rank for answer in answers]
    reasons = {reason.rule for answer in answers for reason in answer.triage.reasons}
    assert {"none_of_these", "poor_fit", "floor.calcium_deficiency", "floor.lumbar_disc_herniation"} <= reasons


# --- what differs -----------------------------------------------------------------------------------------------------


def test_every_kind_of_difference_is_found_and_named() -> None:
    """Values, ranges, sources, rules, structure and texts, each with what stood there and what stands there."""
    before = small_models.small_model()
    after = small_models.small_model()
    after["cause"]["strain"]["leak"].update(value=0.06, basis="literature")
    after["finding"]["numb"]["leak"].update(high=0.6)
    after["safety"]["severe_pain"]["value"] = 6.5
    after["triage"]["rule"][0]["level"] = "emergency_ambulance"
    after["finding"]["fever"]["red_flag"]["level"] = "emergency"
    after["finding"]["tender"]["label"] = "Sore"
    after["finding"]["swollen"] = {**before["finding"]["tender"], "label": "Swollen"}
    del after["cause"]["nerve_pinch"]["link"]["strain"]
    after["cause"]["other"]["ranked"] = True
    found = differences(from_data(before), from_data(after))
    said = {(one.path, one.aspect): (one.before, one.after) for one in found}
    assert set(said) == {
        ("cause.strain.leak", "value"), ("cause.strain.leak", "source"), ("finding.numb.leak", "range"),
        ("safety.severe_pain", "value"), ("triage.rule.fever_when_weak.level", "rule"),
        ("finding.fever.red_flag.level", "rule"), ("finding.tender.label", "text"), ("finding.swollen", "structure"),
        ("cause.nerve_pinch.link.strain", "structure"), ("cause.other.ranked", "structure"),
    }  # fmt: skip
    assert said["cause.strain.leak", "value"] == (0.05, 0.06)
    assert said["finding.numb.leak", "range"] == ((0.025, 0.525), (0.025, 0.6))
    assert said["finding.swollen", "structure"][0] is None
    assert said["cause.nerve_pinch.link.strain", "structure"][1] is None
    assert [one.aspect for one in found] == sorted(
        (one.aspect for one in found), key=["value", "range", "source", "rule", "structure", "text"].index
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_model_does_not_differ_from_itself_and_differences_turn_round(seed: int) -> None:
    """Comparing the other way gives the same paths, with before and after exchanged."""
    one, other = (
        strategies.model_of(strategies.seeded_network(number, causes=3, risk_factors=2, findings=3)).knowledge
        for number in (seed, seed + 1)
    )
    assert differences(one, one) == ()
    there = {(each.path, each.aspect, str(each.before), str(each.after)) for each in differences(one, other)}
    back = {(each.path, each.aspect, str(each.after), str(each.before)) for each in differences(other, one)}
    assert there == back


# --- what it does -----------------------------------------------------------------------------------------------------


def test_a_model_compared_with_itself_changes_nothing() -> None:
    """No differences, no effects, no changes; the page says so."""
    same = compare(default_model(), default_model(), people=500, rng=np.random.default_rng(0))
    assert same.differences == ()
    assert same.changes == ()
    assert [(e.top.count, e.raised.count, e.lowered.count) for e in same.effects] == [(0, 0, 0), (0, 0, 0)]
    assert "### What differs: 0 paths\n\nNothing.\n" in same.markdown()
    assert "Smallest example" not in same.markdown()


def told(model: Model, answers: Mapping[str, Any], change: Change) -> str:
    """Return what a model says on the decision that a change is about."""
    answer = model.rank(answers)
    return answer.triage.level.value if change.decision == "level" else (answer.leading or "none_of_these")


def test_every_example_shows_its_change_and_none_of_its_answers_can_go() -> None:
    """Asked one by one with `rank`, each example changes as told, and with any answer left out it does not."""
    before = default_model()
    after = before.replace(CHANGES)
    changes = comparison().changes
    assert {change.decision for change in changes} == {"level", "top"}
    for change in changes:
        both = change.before, change.after
        assert (told(before, change.answers, change), told(after, change.answers, change)) == both
        for name in change.answers:
            fewer = {other: answer for other, answer in change.answers.items() if other != name}
            assert (told(before, fewer, change), told(after, fewer, change)) != both


def test_shares_are_those_of_patients_asked_one_by_one() -> None:
    """Counts of changes are what ranking every simulated patient with both models counts."""
    before = default_model()
    after = before.replace(CHANGES)
    people = 120
    result = compare(before, after, people=2 * people, rng=np.random.default_rng(7))
    rng = np.random.default_rng(7)
    for model, effect in zip((before, after), result.effects, strict=True):
        table = simulate(model, people, rng=rng, asked=SHORT_VISIT)
        answers = [(before.rank(table.answers(p)), after.rank(table.answers(p))) for p in range(people)]
        assert effect.top == Share(sum(one.leading != other.leading for one, other in answers), people)
        assert effect.raised == Share(sum(other.triage.level > one.triage.level for one, other in answers), people)
        assert effect.lowered == Share(sum(other.triage.level < one.triage.level for one, other in answers), people)
    total = sum(change.share.count for change in result.changes if change.decision == "top")
    assert total == sum(effect.top.count for effect in result.effects)


def test_shares_of_different_samples_agree_within_their_intervals() -> None:
    """The share of a large sample lies in the 95% interval of a small one, or close to it."""
    large = comparison(seed=2, people=20_000).effects[0].top
    small_share = comparison(seed=3).effects[0].top
    low, high = small_share.wilson
    assert low - 0.005 < large.share < high + 0.005
    assert large.wilson[1] - large.wilson[0] < high - low


def test_the_same_seed_gives_the_same_page() -> None:
    """Byte for byte."""
    assert comparison(people=300).markdown() == comparison(people=300).markdown()
    assert comparison(people=300).markdown() != comparison(seed=2, people=300).markdown()


def test_models_of_different_structure_can_be_compared() -> None:
    """A cause and a finding more, a rule less: each model reads what it knows, options of either are listed."""
    before = small()
    after = small(
        causes={**small_models.CAUSES, "cramp": 0.2},
        findings={**small_models.FINDINGS, "complaint": (0.05, {"strain": 0.6, "nerve_pinch": 0.7, "cramp": 0.9}),
                  "gripping": (0.1, {"cramp": 0.8})},
        rules=(),
    )  # fmt: skip
    result = compare(before, after, people=2_000, rng=np.random.default_rng(5), flags={"collapse": 0.01})
    assert result.priors["cramp"][0] is None
    assert result.priors["cramp"][1] is not None
    assert result.effects[0].top.count > 0
    assert ("cause.cramp", "structure") in {(one.path, one.aspect) for one in result.differences}
    for change in result.changes:
        known_before = {name: answer for name, answer in change.answers.items() if name != "gripping"}
        assert (told(before, known_before, change), told(after, change.answers, change)) == (
            change.before,
            change.after,
        )
    assert "| `cramp` | absent |" in result.markdown()


def test_too_few_people_are_refused() -> None:
    """Half are drawn from each model."""
    with pytest.raises(ValueError, match="people is 1, expected at least 2"):
        compare(default_model(), default_model(), people=1, rng=np.random.default_rng(0))


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_says_what_differs_whose_answer_changes_and_why() -> None:
    """A pull request shows numbers with before and after, priors, shares with intervals, and examples."""
    result = comparison()
    page = result.markdown()
    for words in (
        "## Model diff\n",
        "### What differs: 3 paths",
        "| `cause.fasciitis.leak` | 0.03557 judgement | 0.06 edited |",
        "| `finding.slr_positive.link.sciatica` | 0.323 (0.21 to 0.448) literature | 0.5 (0.21 to 0.5) edited |",
        "| `fasciitis` | 22.0% |",
        "| another cause leads | ",
        "Simulated: 2,000 and 2,000 patients",
        "| leading | none_of_these → fasciitis | ",
    ):
        assert words in page
    low, high = result.effects[0].top.wilson
    assert f"{result.effects[0].top.share:.2%} ({low:.2%} to {high:.2%})" in page
    assert all(len(line) < 500 for line in page.splitlines())


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    """A and B may be files or the shipped model; B may be an overlay of A."""
    parser = argparse.ArgumentParser()
    diff.register(parser.add_subparsers())
    path = tmp_path / "small.toml"
    path.write_text(small_models.as_toml(small_models.small_model()))
    overlay = tmp_path / "overlay.toml"
    overlay.write_text(
        '[overlay]\nid = "clinic"\ntitle = "t"\nreason = "r"\nsource = "s"\n[change]\n"cause.strain.leak" = 0.2\n'
    )
    options = parser.parse_args(["diff", str(path), str(overlay), "--people", "200", "--seed", "3"])
    assert options.run(options) == 0
    printed = capsys.readouterr().out
    model = small()
    expected = compare(model, model.replace({"cause.strain.leak": 0.2}), people=200, rng=np.random.default_rng(3))
    assert "| after | small | 1.0.0+clinic |" in printed
    assert expected.markdown().split("### Given")[1].strip() == printed.split("### Given")[1].strip()
    options = parser.parse_args(["diff", "shipped", "shipped", "--people", "10"])
    assert options.run(options) == 0
    assert "Nothing." in capsys.readouterr().out
    with pytest.raises(SystemExit):
        parser.parse_args(["diff", "shipped", "shipped", "--people", "1"])
    assert "expected 2 or more" in capsys.readouterr().err


# --- shares -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_score_interval_solves_its_equation(pair: tuple[int, int]) -> None:
    """Each end is where the share lies 1.96 standard errors away, the standard error being that of the end (Wilson)."""
    share = Share(*pair)
    for end in share.wilson:
        if 0 < end < 1:
            assert abs(share.share - end) == pytest.approx(1.959964 * np.sqrt(end * (1 - end) / share.of), rel=1e-5)
    assert share.wilson[0] <= share.share <= share.wilson[1]


def test_a_share_of_nobody_says_nothing() -> None:
    """Its interval is everything."""
    assert Share(0, 0).wilson == (0.0, 1.0)
    assert Share(0, 0).clopper_pearson == (0.0, 1.0)
    with pytest.raises(ZeroDivisionError):
        _ = Share(0, 0).share
