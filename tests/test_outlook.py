"""What-if questions in a batch are decided just as a person would be: same leader, same level, same probabilities."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import small_model
from strategies import Answers, answers, cases, model_of

from buttockpain import Differential, ImpossibleEvidenceError, Model, default_model, model_file
from buttockpain.case import Case, Item, only, vary
from buttockpain.outlook import LEVELS, Outlook, label_of, outlook, present_outlook
from buttockpain.presentation import Presentation
from buttockpain.triage import decide
from buttockpain.urgency import PRESENT, SETTLED, UNASKED, UNCLEAR, Urgency

EXACT = 1e-12
SMALL = Model.of(model_file.from_data(small_model()))


def assert_agrees(model: Model, column: int, found: Outlook, answer: Differential) -> None:
    """Hold one column of an outlook against the answer of `rank`."""
    named = dict(zip((profile.id for profile in model.directory.profiles), found.probability[:, column], strict=False))
    assert named == pytest.approx({cause.id: cause.probability for cause in answer.causes}, rel=0, abs=EXACT)
    assert found.probability[-1, column] == pytest.approx(answer.none_of_these, rel=0, abs=EXACT)
    leading, _ = label_of(model.background, int(found.leader[column]))
    assert leading == (answer.leading or "none_of_these")
    assert LEVELS[found.level[column]] == answer.triage.level


def assert_flags_agree(case: Case, answer: Differential) -> None:
    """Hold what is unasked and what is unclear against the lists of triage."""
    urgency = case.background.urgency
    for gap, listed in ((UNASKED, answer.triage.unasked), (UNCLEAR, answer.triage.unclear)):
        flags = {
            name for name, row in urgency.fact.items() if case.status[row, 0] == gap and name in urgency.table.flags
        }
        assert flags == {flag.id for flag in listed}


@given(answers())
def test_the_outlook_of_the_answers_as_they_are_is_the_ranking(given_answers: Answers) -> None:
    """Leader, level and probabilities agree with `rank`, whatever was answered, red flags and measures included."""
    model = default_model()
    case = model._case(given_answers, ())
    assert_agrees(model, 0, present_outlook(case), model.rank(given_answers))
    assert_flags_agree(case, model.rank(given_answers))


@given(answers(max_size=12), st.data())
def test_an_outlook_of_changed_answers_is_the_ranking_of_them(given_answers: Answers, data: st.DataObject) -> None:
    """Whatever is changed or added, each column of the batch is what `rank` says of those answers."""
    model = default_model()
    case = model._case(given_answers, ())
    measured = {name for name, threshold in model.rules.thresholds if threshold.measure in given_answers}
    free = [item for name, item in case.background.items.items() if name not in {*case.presentation.filled, *measured}]
    one_change = st.sampled_from(free).flatmap(lambda item: st.tuples(st.just(item), st.sampled_from(item.states)))
    change = st.lists(one_change, max_size=3, unique_by=lambda pair: pair[0].id)
    changes: list[list[tuple[Item, str]]] = data.draw(st.lists(change, min_size=1, max_size=4))
    found = outlook(case, *vary(case, changes))
    for column, changed in enumerate(changes):
        assert_agrees(
            model, column, found, model.rank({**given_answers, **{item.id: answer for item, answer in changed}})
        )


@given(cases())
def test_an_outlook_knows_any_small_model(drawn: tuple[object, frozenset[str], Answers]) -> None:
    """Several ranked causes or one, chances next to 0 and 1: the outlook is still what `rank` says."""
    network, ranked, evidence = drawn
    model = model_of(network, ranked)  # type: ignore[arg-type]
    assert_agrees(model, 0, present_outlook(model._case(evidence, ())), model.rank(evidence))


@pytest.mark.parametrize(
    "given_answers",
    [
        {"pain_severity": 3, "severe_pain": "unknown"},
        {"pain_severity": 3, "severe_pain": 0.2},
        {"pain_severity": 3, "severe_pain": "yes"},
        {"pain_severity": 9},
        {"duration_days": 3, "long_lasting_pain": "unknown"},
        {"age": 12, "under_18": "unknown"},
        {"age": 75},
    ],
)
def test_measured_answers_settle_facts_as_in_triage(given_answers: Answers) -> None:
    """A measure decides its fact, but an unclear answer to a flag that says more than the measure stays unclear."""
    model = default_model()
    cleared = {name: "no" for name in model.rules.flags if name not in {name for name, _ in model.rules.thresholds}}
    everything: Answers = {**cleared, "local_tenderness": "yes", **given_answers}
    case = model._case(everything, ())
    assert_agrees(model, 0, present_outlook(case), model.rank(everything))
    assert_flags_agree(case, model.rank(everything))


def test_a_poor_fit_raises_the_level_as_in_the_ranking() -> None:
    """With nothing else to raise it, the level is that of a poor fit just below the surprise of the answers, not above."""
    odd = ("ankle_reflex_reduced", "pressure_reproduces_leg_pain", "pain_radiating_down_leg", "pain_with_periods",
           "low_bone_density", "widespread_cramps")  # fmt: skip
    given_answers: Answers = {**dict.fromkeys(default_model().rules.flags, "no"), **dict.fromkeys(odd, "yes")}
    given_answers["low_back_pain"] = "no"
    answer = default_model().rank(given_answers)
    for limit, level in ((answer.fit.surprise - 0.01, "consultation"), (answer.fit.surprise + 0.01, "self_care")):
        model = default_model().replace({"triage.poor_fit": limit})
        case = model._case(given_answers, ())
        assert LEVELS[present_outlook(case).level[0]] == level == model.rank(given_answers).triage.level
        # In a batch too, where only some of the columns are low enough for the fit to matter.
        seizure, back = model.background.items["seizure"], model.background.items["low_back_pain"]
        batch = outlook(case, *vary(case, [[(seizure, "yes")], [(back, "no")]]))
        assert [LEVELS[step] for step in batch.level] == ["emergency_ambulance", level]


def test_a_batch_of_levels_is_decided_as_one_by_one() -> None:
    """For every status of every fact of a small rule table the level is that of `triage.decide`."""
    urgency, rules = Urgency.of(SMALL.rules), SMALL.rules
    words = {PRESENT: "yes", SETTLED: "no", UNASKED: None, UNCLEAR: "unknown"}
    status = np.array(list(product(words, repeat=len(urgency.fact))), dtype=np.int8).T
    level = urgency.level(status)
    # A sample, spread evenly over all statuses, because deciding each of some 16,000 by names takes a second.
    for column in range(0, status.shape[1], 7):
        answered = {name: words[status[row, column]] for name, row in urgency.fact.items()}
        decision = decide(rules, Presentation({name: word for name, word in answered.items() if word is not None}))
        assert LEVELS[level[column]] == decision.triage().level, answered


def test_a_flag_that_could_raise_the_level_is_never_missed() -> None:
    """If with some answers to the other open facts a yes raises the level, the fact is said to be able to."""
    urgency = Urgency.of(SMALL.rules)
    missed, found = [], 0
    for known in product((PRESENT, SETTLED, UNASKED), repeat=len(urgency.fact)):
        status = np.array(known, dtype=np.int8)[:, None]
        level = int(urgency.level(status)[0])
        said = urgency.could_raise(status, level)
        unasked = np.flatnonzero(status[:, 0] == UNASKED)
        for fact in unasked:
            others = [other for other in unasked if other != fact]
            patterns = list(product((PRESENT, SETTLED), repeat=len(others)))
            without = np.repeat(status, len(patterns), axis=1)
            for row, other in enumerate(others):
                without[other] = [pattern[row] for pattern in patterns]
            without[fact] = SETTLED
            present = without.copy()
            present[fact] = PRESENT
            truth = (urgency.level(present) > np.maximum(urgency.level(without), level)).any()
            found += int(truth)
            if truth and not said[fact]:
                missed.append((known, fact))
    assert not missed
    assert found  # otherwise nothing was tried


def test_a_flag_that_can_do_nothing_is_not_said_to() -> None:
    """Answered flags, flags below the level reached, and rules that can no longer fire do not count."""
    urgency = Urgency.of(SMALL.rules)

    def able(**given_answers: str) -> set[str]:
        case = SMALL._case(given_answers, ())
        said = urgency.could_raise(case.status, int(present_outlook(case).level[0]))
        return {name for name, row in urgency.fact.items() if said[row]}

    assert able(collapse="no", fever="yes", numb="no", severe_pain="no") == {"heavy_work"}
    assert able(collapse="no", fever="yes", numb="yes") == set()
    assert able(collapse="yes") == set()
    assert able(collapse="no", fever="no", severe_pain="yes") == set()
    raised = able(collapse="no", fever="no", severe_pain="no", tender="yes", numb="no")
    assert raised == {"night_sweats", "long_lasting_pain"}  # the level is self-care, so even these two count


def test_a_subset_of_the_answers_is_the_evidence_of_those_answers() -> None:
    """`only` gives the evidence a person would have who answered just these; age and sex settle their risk factors."""
    given_answers = {
        "age": 60,
        "sex": "female",
        "heavy_lifting_vibration": "no",
        "leg_numbness": "yes",
        "slr_positive": 0.8,
    }
    model = default_model()
    case = model._case(given_answers, ())
    observations = case.observations()
    assert [one.id for one in observations] == ["age", "sex", "heavy_lifting_vibration", "leg_numbness", "slr_positive"]
    members = np.array(list(product((False, True), repeat=len(observations)))).T
    evidence = only(case, observations, members)
    for column in range(members.shape[1]):
        some = {
            one.id: given_answers[one.id]
            for one, member in zip(observations, members[:, column], strict=True)
            if member
        }
        expected: Case = model._case(some, ())
        assert (evidence.finding[:, column] == expected.evidence.finding[:, 0]).all()
        assert (evidence.factor[:, column] == expected.evidence.factor[:, 0]).all()
        assert evidence.soft is not None
        soft = expected.evidence.soft
        assert (evidence.soft[:, column] == (0.5 if soft is None else soft[:, 0])).all()


def test_what_was_answered_is_not_open() -> None:
    """Answered, answered "unknown", settled by a measure, and not for this audience: none of these can be asked."""
    model = default_model()
    given_answers = {"age": 60, "sex": "unknown", "pain_severity": 3, "leg_numbness": "unknown", "fatigue": 0.5}
    items = {item.id for item in model._case(given_answers, ()).open_items("patient")}
    gone = {
        "age_band",
        "female_sex",
        "under_18",
        "severe_pain",
        "leg_numbness",
        "fatigue",
        "buttock_pain",
        "slr_positive",
    }
    assert not gone & items
    assert {"low_back_pain", "long_lasting_pain", "saddle_numbness", "kidney_disease"} <= items
    assert "slr_positive" in {item.id for item in model._case({}, ()).open_items("clinician")}


def test_impossible_answers_are_said_to_be_impossible() -> None:
    """What has no probability cannot be explained or asked about; the error names the answer and carries the triage."""
    table = SMALL.network.log_answer.copy()
    table[2 * SMALL.network.finding_index["numb"] + 1] = -np.inf
    model = dataclasses.replace(SMALL, network=dataclasses.replace(SMALL.network, log_answer=table))
    answered = {"numb": "yes", "tender": "no", "collapse": "yes"}
    for ask in (
        model.next_questions,
        model.next_question,
        lambda given_answers: model.explain(given_answers, "strain"),
    ):
        with pytest.raises(ImpossibleEvidenceError, match="probability 0: `numb`; check them") as error:
            ask(answered)
        assert error.value.triage is not None
        assert error.value.triage.level == "emergency_ambulance"
