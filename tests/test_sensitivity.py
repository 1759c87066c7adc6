"""One-way sensitivity: functions, constraint queries, tornado rows, decision margins, fragile numbers."""

import json
from random import Random
from typing import Any

import numpy as np
import pytest
from enumeration import PEOPLE, enumeration_of
from hypothesis import given
from hypothesis import strategies as st
from oracle import Network, random_evidence
from small_models import FINDINGS, small_model
from strategies import Answers, cases, model_of, seeded_network

from buttockpain import Level, Model, ModelError, default_model, model_file
from buttockpain.inference import evidence_of, infer
from buttockpain.presentation import read
from buttockpain.research.margins import DecisionMargin, fragile_numbers, margins
from buttockpain.research.parameters import table_of
from buttockpain.research.sensitivity import (
    RequiredValue,
    TornadoRow,
    sensitivity_function,
    tornado,
    value_for,
)

MODEL = default_model()
DISC = PEOPLE["a disc"]
LEAK = "cause.sciatica.leak"


def probabilities(model: Model, answers: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the probability of every outcome, from the kernel."""
    presentation, _ = read(model.rank(answers).answers, model.vocabulary)
    posterior = infer(model.network, evidence_of(model.network, presentation))
    return np.append(posterior.cause[:, 0], posterior.none_of_these)


# --- functions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["a disc", "unsure"])
def test_functions_equal_recomputation_at_fifty_points(person: str) -> None:
    """(a x + b) / (c x + d) is what an independent program gets with the number changed, to 1e-10, over all x."""
    enumeration = enumeration_of(MODEL, PEOPLE[person])
    table = table_of(MODEL)
    paths = [
        path
        for n, path in enumerate(table.paths)
        if path.split(".")[1] in enumeration.findings or (path.startswith(("cause.", "risk_")) and n % 8 == 0)
    ]
    assert len(paths) > 30
    for path in paths:
        curve = sensitivity_function(MODEL, PEOPLE[person], path=path)
        points = curve.ceiling * np.concatenate([np.linspace(0.001, 0.999, 40), np.geomspace(1e-9, 1e-3, 10)])
        expected = np.array([enumeration.probability({path: x}) for x in points.tolist()]).T
        np.testing.assert_allclose(curve.probability_at(points), expected, atol=1e-10, err_msg=path)
        for o, outcome in enumerate(curve.outcomes):
            a, b, c, d = curve.coefficients(outcome)
            np.testing.assert_allclose((a * points + b) / (c * points + d), expected[o], atol=1e-10, err_msg=path)


@given(cases(), st.data())
def test_functions_equal_an_edited_model(case: tuple[Network, frozenset[str], Answers], data: st.DataObject) -> None:
    """On small networks with extreme chances: the curve at x is the posterior of the model with the number set to x."""
    network, ranked, answers = case
    model = model_of(network, ranked)
    path = data.draw(st.sampled_from(table_of(model).paths))
    curve = sensitivity_function(model, answers, path=path)
    for share in (1e-6, 0.1, 0.7, 1 - 1e-6):
        x = share * curve.ceiling
        edited = probabilities(model.replace({path: x}), answers)
        np.testing.assert_allclose(curve.probability_at(x), edited, rtol=1e-6, atol=1e-10)


def test_values_outside_the_possible_are_refused() -> None:
    """A curve ends where the number stops being a probability, or leaves nothing for the remainder."""
    curve = sensitivity_function(MODEL, DISC, path="risk_factor.age_band.base.over_50")
    assert curve.ceiling == pytest.approx(1 - 0.36)
    with pytest.raises(ValueError, match=r"`risk_factor.age_band.base.over_50` must be above 0 and below 0.64"):
        curve.probability_at([0.2, 0.7])
    with pytest.raises(ValueError, match="must be above 0"):
        curve.probability_at(float("nan"))


def test_shapes_follow_the_values() -> None:
    """One value gives one probability per outcome, a grid of values a grid."""
    curve = sensitivity_function(MODEL, DISC, path=LEAK)
    assert curve.probability_at(0.1).shape == (7,)
    assert curve.log_odds_at(np.full((2, 3), 0.1)).shape == (7, 2, 3)


def test_unknown_paths_and_outcomes_are_named() -> None:
    """A misspelt path or outcome gets the nearest known one; a threshold of triage is no probability of the network."""
    with pytest.raises(ModelError, match=r"did you mean `cause.sciatica.leak`"):
        sensitivity_function(MODEL, path="cause.sciatica.leek")
    with pytest.raises(ModelError, match="no such probability"):
        sensitivity_function(MODEL, path="safety.severe_pain")
    with pytest.raises(ModelError, match="did you mean `sciatica`"):
        value_for(MODEL, path=LEAK, outcome="sciatika")
    with pytest.raises(ModelError, match="expected a cause or `none_of_these`"):
        tornado(MODEL, outcome="leg_numbness")


# --- constraint queries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("path", [LEAK, "finding.slr_positive.link.sciatica", "finding.slr_positive.leak"])
def test_required_value_gives_that_probability(path: str, probability: float) -> None:
    """The model edited to the required value gives the probability asked for; if there is none it is out of reach."""
    found = value_for(MODEL, DISC, path=path, outcome="sciatica", probability=probability)
    if found.value is None:
        assert not found.lowest < probability < found.highest
        return
    place = MODEL.network.causes.index("sciatica")
    edited = MODEL.replace({path: found.value})
    assert probabilities(edited, DISC)[place] == pytest.approx(probability, abs=1e-10)
    assert found.lowest < probability < found.highest


def test_out_of_reach_says_how_far_it_goes() -> None:
    """The reachable interval is where the curve ends at both ends."""
    path = "finding.slr_positive.link.sciatica"
    found = value_for(MODEL, DISC, path=path, outcome="sciatica", probability=0.99)
    assert found.value is None
    curve = sensitivity_function(MODEL, DISC, path=path)
    ends = curve.probability_at([1e-12, 1 - 1e-12])[curve.outcomes.index("sciatica")]
    assert (found.lowest, found.highest) == pytest.approx(tuple(sorted(ends)), abs=1e-9)
    assert found.highest < 0.99


def test_a_number_without_effect_has_no_required_value() -> None:
    """A known risk factor's base rate reaches one probability only, whatever it is, and says so without dividing by 0."""
    path = "risk_factor.prolonged_sitting.base"
    found = value_for(MODEL, {"prolonged_sitting": "yes"}, path=path, outcome="sciatica")
    now = probabilities(MODEL, {"prolonged_sitting": "yes"})[MODEL.network.causes.index("sciatica")]
    assert found.value is None
    assert (found.lowest, found.highest) == pytest.approx((now, now))


@pytest.mark.parametrize("probability", [0.0, 1.0, -1, float("nan")])
def test_certainty_cannot_be_asked_for(probability: float) -> None:
    """Probabilities of 0 and 1 are never reached."""
    with pytest.raises(ValueError, match="`probability` is"):
        value_for(MODEL, path=LEAK, outcome="sciatica", probability=probability)


def test_required_value_travels_as_json() -> None:
    """A record loses nothing on its way through JSON."""
    found = value_for(MODEL, DISC, path=LEAK, outcome="sciatica")
    assert RequiredValue.model_validate_json(found.model_dump_json()) == found


# --- tornado --------------------------------------------------------------------------------------------------------


def test_tornado_rows_are_the_model_edited_to_the_ends_of_each_range() -> None:
    """Widest first, each end what the model with the number set there answers."""
    rows = tornado(MODEL, DISC, outcome="sciatica")
    swings = [row.swing for row in rows]
    assert swings == sorted(swings, reverse=True)
    place = MODEL.network.causes.index("sciatica")
    parameters = {row.path: row for row in MODEL.parameters()}
    for row in (*rows[:8], *rows[40::20]):
        assert (row.value, row.low, row.high) == (
            parameters[row.path].value, parameters[row.path].low, parameters[row.path].high,
        )  # fmt: skip
        for end, probability in ((row.low, row.at_low), (row.high, row.at_high), (row.value, row.at_value)):
            assert probabilities(MODEL.replace({row.path: end}), DISC)[place] == pytest.approx(probability, abs=1e-10)


def test_nothing_inside_a_range_is_beyond_its_ends() -> None:
    """What happens over a range happens at its ends."""
    for row in tornado(MODEL, DISC, top=20):
        curve = sensitivity_function(MODEL, DISC, path=row.path)
        inside = curve.probability_at(np.linspace(row.low, row.high, 20))[curve.outcomes.index(row.outcome)]
        assert inside.min() >= min(row.at_low, row.at_high) - 1e-12
        assert inside.max() <= max(row.at_low, row.at_high) + 1e-12


def test_tornado_of_all_outcomes_holds_that_of_each() -> None:
    """Left out, `outcome` means all; `top` cuts the same list."""
    everything = tornado(MODEL, DISC)
    for outcome in table_of(MODEL).outcomes:
        assert tuple(row for row in everything if row.outcome == outcome) == tornado(MODEL, DISC, outcome=outcome)
    assert tornado(MODEL, DISC, top=5) == everything[:5]
    asked = {row.path.split(".")[1] for row in everything if row.path.startswith("finding.")}
    assert asked == {"buttock_pain", "low_back_pain", "leg_numbness", "slr_positive"}
    assert TornadoRow.model_validate_json(everything[0].model_dump_json()) == everything[0]


def test_a_range_beyond_what_other_states_leave_ends_just_below() -> None:
    """Two states of 0.45 with ranges to 0.8 cannot both be there; the row says where it ended."""
    data = small_model(risk_factors={"heavy_work": 0.2, "stature": {"short": 0.1, "middling": 0.45, "tall": 0.45}})
    model = Model.of(model_file.from_data(data))
    path = "risk_factor.stature.base.tall"
    row = next(row for row in tornado(model, outcome="nerve_pinch") if row.path == path)
    assert row.high == pytest.approx(0.55)
    assert row.high < 0.55
    assert np.isfinite(row.at_high)


# --- decision margins -----------------------------------------------------------------------------------------------


def decided(model: Model, answers: Any, margin: DecisionMargin, value: float) -> str | None:
    """Return what is decided with a number set to a value; None if only just.

    Whether the answers fit badly is kept as it is in the model, see `margins`.
    """
    before, answer = model.rank(answers), model.replace({margin.path: value}).rank(answers)
    ranked = sorted([*(cause.probability for cause in answer.causes), answer.none_of_these])
    floors = [
        abs(cause.probability - least)
        for name, least, _ in model.rules.floors
        for cause in answer.causes
        if cause.id == name
    ]
    if min(ranked[-1] - ranked[-2], *floors) < 1e-8:  # the library decides ties on a scale of 1e-9
        return None
    if margin.decision == "leading":
        return answer.leading or "none_of_these"
    fired = [reason.level for reason in answer.triage.reasons if reason.rule != "poor_fit"]
    fired += [reason.level for reason in before.triage.reasons if reason.rule == "poor_fit"]
    return str(max(fired, default=Level.SELF_CARE, key=lambda level: level.rank))


def check(model: Model, answers: Any, margin: DecisionMargin) -> None:
    """The decision is the same up to each margin and another one just beyond."""
    table = table_of(model)
    ceiling = float(table.ceiling[table.paths.index(margin.path)])
    down, up = margin.down or 0.0, margin.up or ceiling
    nudge = 1e-6 * min(margin.value, ceiling - margin.value)
    held = [down + nudge, down + 0.3 * (margin.value - down), margin.value, up - 0.3 * (up - margin.value), up - nudge]
    for value in held:
        assert decided(model, answers, margin, value) in (margin.now, None), (margin, value)
    for value, to in ((down - nudge, margin.down_to), (up + nudge, margin.up_to)):
        if to is not None and 0 < value < ceiling:
            assert decided(model, answers, margin, value) in (to, None), (margin, value)


def test_margins_of_the_shipped_model_are_where_edited_models_decide_otherwise() -> None:
    """For the narrowest margins of both decisions, and some without any, the edited model agrees on both sides."""
    answers = {**DISC, "pain_worse_cough_sneeze": "yes", "saddle_numbness": "no"}
    found = margins(MODEL, answers)
    assert {margin.now for margin in found} == {"lumbar_disc_herniation", "consultation"}
    finite = [margin for margin in found if margin.distance is not None]
    assert [margin.distance for margin in finite] == sorted(margin.distance for margin in finite if margin.distance)
    for margin in (*finite[:8], *found[-2:]):
        check(MODEL, answers, margin)


FLAGS = ("severe_pain", "long_lasting_pain", "fever", "collapse", "night_sweats")
CLEARED = dict.fromkeys(FLAGS, "no")


@pytest.mark.parametrize(
    "answers",
    [
        {**CLEARED, "tender": "yes", "heavy_work": "yes"},
        {**CLEARED, "tender": "yes", "numb": "yes"},
        {**CLEARED, "tender": 0.9, "numb": "no", "stature": "tall"},
        {**CLEARED, "numb": 0.3},
    ],
)
def test_margins_of_a_model_whose_triage_hangs_on_the_ranking(answers: Answers) -> None:
    """With every red flag cleared the level is decided by a floor and by "none of these": margins find both."""
    model = Model.of(model_file.from_data(small_model()))
    found = margins(model, answers)
    kinds = {(margin.decision, margin.down_to or margin.up_to) for margin in found if margin.down_to or margin.up_to}
    assert {"leading", "triage"} == {decision for decision, _ in kinds}
    for margin in found:
        check(model, answers, margin)


def test_a_poor_fit_is_kept_as_it_is() -> None:
    """Answers that fit badly have raised the level already: no number moves it below that."""
    odd = {f"odd{i}": (0.02, {"strain": 0.01}) for i in range(3)}
    model = Model.of(model_file.from_data(small_model(unranked=(), findings={**FINDINGS, **odd})))
    answers = {**CLEARED, "tender": "yes", **dict.fromkeys(odd, "yes")}
    assert [reason.rule for reason in model.rank(answers).triage.reasons] == ["floor.strain", "poor_fit"]
    found = [margin for margin in margins(model, answers) if margin.decision == "triage"]
    assert {margin.now for margin in found} == {"consultation"}
    assert all(margin.down is None and margin.up is None for margin in found)


@pytest.mark.parametrize("seed", range(6))
def test_margins_of_random_models(seed: int) -> None:
    """Of either decision: up to the margin the present one, beyond it the one foretold."""
    rng = Random(seed)
    network = seeded_network(seed, causes=3, risk_factors=2, findings=3)
    model, answers = model_of(network), random_evidence(rng, network)
    found = margins(model, answers)
    assert any(margin.distance is not None for margin in found)
    for margin in found:
        check(model, answers, margin)


def test_within_range_is_what_the_ends_of_the_range_decide() -> None:
    """A leading cause that is the same at both ends of the range is the same inside; so `within_range` can be seen there."""
    answers = {**DISC, "slr_positive": 0.8, "pain_worse_sitting": "no", "low_back_pain": "yes"}
    found = [margin for margin in margins(MODEL, answers) if margin.decision == "leading"]
    fragile = {margin.path for margin in found if margin.within_range}
    assert 0 < len(fragile) < len(found)
    for margin in (*found[:12], *found[60::40]):
        ends = {decided(MODEL, answers, margin, end) for end in (margin.low, margin.high)}
        assert (ends != {margin.now}) == (margin.path in fragile), margin


def test_distance_is_in_standard_deviations_of_the_number() -> None:
    """A margin at the end of the range is 1.96 standard deviations away, and inside the range it is nearer."""
    for margin in margins(MODEL, {**DISC, "slr_positive": 0.8, "pain_worse_sitting": "no"}):
        if margin.distance is not None:
            assert (margin.distance < 1.959963) == margin.within_range


def test_margins_travel_as_json() -> None:
    """A record loses nothing on its way through JSON."""
    found = margins(MODEL, DISC)[0]
    assert json.loads(found.model_dump_json())["path"] == found.path
    assert DecisionMargin.model_validate_json(found.model_dump_json()) == found


# --- fragile numbers ------------------------------------------------------------------------------------------------


def test_fragile_numbers_count_people_whose_decision_changes() -> None:
    """Shares are counts of people with a margin inside the range, over everybody; the most fragile number is first."""
    people = [
        {**DISC, "slr_positive": 0.8, "pain_worse_sitting": "no"},
        {"local_tenderness": "yes"},
        {"pain_worse_sitting": "yes"},
        {},
    ]
    rows = fragile_numbers(MODEL, people)
    assert len(rows) == len(table_of(MODEL).paths)
    assert [row.either for row in rows] == sorted((row.either for row in rows), reverse=True)
    assert 0 < rows[0].either <= 1
    each = [margins(MODEL, person) for person in people]
    for row in rows[:10] + rows[-3:]:
        for decision, share in (("leading", row.leading), ("triage", row.triage)):
            hangs = [
                any(m.within_range for m in found if m.path == row.path and m.decision == decision) for found in each
            ]
            assert share == sum(hangs) / len(people)
        assert max(row.leading, row.triage) <= row.either <= row.leading + row.triage


def test_nobody_has_no_shares() -> None:
    """An empty list of people is refused, not divided by."""
    with pytest.raises(ValueError, match="`people` is empty"):
        fragile_numbers(MODEL, [])
