"""Distributions of the numbers, many variants of a model at once, intervals and their coverage, triage by upper ends."""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from enumeration import PEOPLE, enumeration_of
from hypothesis import given
from hypothesis import strategies as st
from oracle import Network
from small_models import parameter, small_model
from strategies import Answers, cases, model_of

from buttockpain import Level, Model, default_model, model_file
from buttockpain.inference import infer
from buttockpain.research.effects import effects_of
from buttockpain.research.intervals import (
    Interval,
    UncertainRanking,
    delta_intervals,
    intervals,
    rank_with_intervals,
)
from buttockpain.research.lines import lines_of
from buttockpain.research.parameters import NONE, answered, table_of
from buttockpain.research.sensitivity import sensitivity_function
from buttockpain.research.uncertainty import RANGE, Uncertainty, draw_models, uncertainty_of
from buttockpain.research.variants import numbers_that_matter, posterior_of_variants
from buttockpain.types import FloatArray

MODEL = default_model()
TABLE = table_of(MODEL)
UNCERTAIN = uncertainty_of(MODEL)
NORMAL = NormalDist()


def rng(seed: int = 1) -> np.random.Generator:
    """Return a seeded generator."""
    return np.random.default_rng(seed)


def ranged(value: float, low: float, high: float) -> Model:
    """Return a small model with one number, the leak of `strain`, of this range."""
    data = small_model()
    data["cause"]["strain"]["leak"] = parameter(value, low=low, high=high)
    return Model.of(model_file.from_data(data))


# --- distributions --------------------------------------------------------------------------------------------------


def test_low_value_and_high_are_the_quantiles() -> None:
    """Of every number of the shipped model: 2.5%, 50% and 97.5%, to the last digits."""
    for share, expected in (((1 - RANGE) / 2, TABLE.low), (0.5, TABLE.value), ((1 + RANGE) / 2, TABLE.high)):
        np.testing.assert_allclose(UNCERTAIN.quantile(share), expected, rtol=1e-9)


def test_quantiles_are_a_split_normal_on_the_log_odds() -> None:
    """Against the definition, written out: half a normal distribution on either side of the value."""
    leak = TABLE.number("cause.sciatica.leak")
    value, low, high = (float(column[leak]) for column in (TABLE.value, TABLE.low, TABLE.high))
    for share in (0.001, 0.2, 0.6, 0.999):
        z = NORMAL.inv_cdf(share)
        scale = (math.log(high / (1 - high)) if z > 0 else math.log(low / (1 - low))) - math.log(value / (1 - value))
        log_odds = math.log(value / (1 - value)) + abs(z) / NORMAL.inv_cdf(0.975) * scale
        assert UNCERTAIN.quantile(share)[leak] == pytest.approx(1 / (1 + math.exp(-log_odds)), rel=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_quantiles_of_certainty_are_refused(share: float) -> None:
    """There is no 0% and no 100% quantile of a number that is never 0 or 1."""
    with pytest.raises(ValueError, match="`share` is"):
        UNCERTAIN.quantile(share)


def test_draws_follow_the_distribution() -> None:
    """Of 10,000 draws of every number, 2.5% lie below low, half below value, 97.5% below high; within 4.5 standard errors."""
    drawn = UNCERTAIN.draw(rng(), draws=10_000)
    for share, limit in ((0.025, TABLE.low), (0.5, TABLE.value), (0.975, TABLE.high)):
        spread = TABLE.low < TABLE.high
        found = (drawn < limit[:, None]).mean(axis=1)[spread]
        assert np.abs(found - share).max() < 4.5 * math.sqrt(share * (1 - share) / 10_000)
    assert 0 < drawn.min() < drawn.max() < 1


def test_numbers_are_independent() -> None:
    """No two numbers move together, apart from states of one risk factor that must leave something for the remainder."""
    drawn = UNCERTAIN.draw(rng(2), draws=20_000, numbers=range(60))
    correlation = np.corrcoef(np.log(drawn / (1 - drawn))) - np.eye(60)
    assert np.abs(correlation).max() < 5 / math.sqrt(20_000)


def test_a_side_of_width_zero_is_a_point() -> None:
    """A number that cannot be lower is never drawn lower: half of its draws are the value itself."""
    model = ranged(0.2, 0.2, 0.4)
    leak = table_of(model).number("cause.strain.leak")
    uncertain = uncertainty_of(model)
    drawn = uncertain.draw(rng(3), draws=10_000, numbers=[leak])[0]
    at_value = np.isclose(drawn, 0.2, rtol=1e-12)
    assert (drawn[~at_value] > 0.2).all()
    assert at_value.mean() == pytest.approx(0.5, abs=0.02)
    assert uncertain.quantile(0.025)[leak] == pytest.approx(0.2, rel=1e-12)
    assert uncertain.quantile(0.975)[leak] == pytest.approx(0.4, rel=1e-12)


def test_a_number_that_is_known_is_known() -> None:
    """A range without width is drawn as the number, and no margin is any of its standard deviations away."""
    model = ranged(0.2, 0.2, 0.2)
    leak = table_of(model).number("cause.strain.leak")
    np.testing.assert_allclose(uncertainty_of(model).draw(rng(), draws=50, numbers=[leak]), 0.2, rtol=1e-12)
    assert uncertainty_of(model).distance(np.array([leak]), np.array([0.3])) == np.inf


def test_distance_turns_quantiles_into_deviates() -> None:
    """Each number's 97.5% quantile is 1.96 of its standard deviations from the value, its 16% quantile about 1."""
    everything = np.arange(len(TABLE.paths))
    for share in (0.975, 0.16):
        distance = UNCERTAIN.distance(everything, UNCERTAIN.quantile(share))
        np.testing.assert_allclose(distance, abs(NORMAL.inv_cdf(share)), rtol=1e-6)


def test_base_rates_of_a_several_state_factor_leave_something_for_the_remainder() -> None:
    """Draws that would leave nothing are drawn again; in the shipped model that is 3 in 1,000."""
    data = small_model(risk_factors={"heavy_work": 0.2, "stature": {"short": 0.1, "middling": 0.45, "tall": 0.45}})
    model = Model.of(model_file.from_data(data))
    (group,) = uncertainty_of(model).together
    assert uncertainty_of(model).draw(rng(), draws=5_000, numbers=group).sum(axis=0).max() < 1
    assert uncertainty_of(model).draw(rng(), draws=5_000)[list(group)].sum(axis=0).max() < 1
    (shipped,) = UNCERTAIN.together
    apart = np.vstack([UNCERTAIN.draw(rng(4), draws=100_000, numbers=[number]) for number in shipped])
    assert 0 < (apart.sum(axis=0) >= 1).mean() < 0.004


def test_draws_are_probabilities_however_wide_the_range() -> None:
    """Numbers next to 0 and 1 with enormous ranges stay above 0 and below 1."""
    model = ranged(1e-9, 1e-300, 1 - 1e-9)
    drawn = uncertainty_of(model).draw(rng(), draws=20_000)
    assert 0 < drawn.min() < drawn.max() < 1


def test_drawn_models_have_the_drawn_numbers() -> None:
    """The same seed gives the numbers of `draw`, in models that say they were edited."""
    (one, two) = draw_models(MODEL, rng=rng(9), models=2)
    drawn = UNCERTAIN.draw(rng(9), draws=2)
    np.testing.assert_array_equal(table_of(one).value, drawn[:, 0])
    np.testing.assert_array_equal(table_of(two).value, drawn[:, 1])
    assert {row.basis for row in one.parameters() if row.path in TABLE.paths} == {"edited"}


# --- many variants at once ------------------------------------------------------------------------------------------


@given(cases(), st.integers(0, 2**32 - 1))
def test_variants_are_the_edited_models(case: tuple[Network, frozenset[str], Answers], seed: int) -> None:
    """Each column is the posterior of the model with its numbers replaced by those of the column."""
    network, ranked, answers = case
    model = model_of(network, ranked)
    table = table_of(model)
    _, _, evidence = answered(model, answers)
    numbers = numbers_that_matter(table, evidence)
    drawn = uncertainty_of(model).draw(rng(seed), draws=2, numbers=numbers)
    found = posterior_of_variants(table, model.network, evidence, dict(zip(numbers, drawn, strict=True)))
    for column, values in enumerate(drawn.T.tolist()):
        edited = model.replace({table.paths[n]: value for n, value in zip(numbers, values, strict=True)})
        expected = infer(edited.network, evidence).state[:, 0]
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-6, atol=1e-300)


@pytest.mark.parametrize("person", PEOPLE)
def test_variants_of_the_shipped_model_agree_with_enumeration(person: str) -> None:
    """An independent program gives the same probabilities for drawn numbers, to 1e-12."""
    enumeration = enumeration_of(MODEL, PEOPLE[person])
    _, _, evidence = answered(MODEL, PEOPLE[person])
    numbers = numbers_that_matter(TABLE, evidence)
    drawn = UNCERTAIN.draw(rng(), draws=4, numbers=numbers)
    state = posterior_of_variants(TABLE, MODEL.network, evidence, dict(zip(numbers, drawn, strict=True)))
    for column, values in enumerate(drawn.T.tolist()):
        expected = enumeration.probability({TABLE.paths[n]: v for n, v in zip(numbers, values, strict=True)})
        np.testing.assert_allclose(state[:, column] @ TABLE.within, expected, atol=1e-12)


def test_many_rare_answers_do_not_underflow() -> None:
    """Hundreds of findings of one in a billion each: the posterior is still that of the kernel."""
    rare = {f"f{i}": (1e-9, {"strain": 2e-9, "other": 1e-9}) for i in range(300)}
    findings = {"complaint": (0.05, {"strain": 0.6, "nerve_pinch": 0.7, "other": 0.5}), **rare}
    model = Model.of(model_file.from_data(small_model(findings=findings, flags={}, rules=())))
    table, (_, _, evidence) = table_of(model), answered(model, dict.fromkeys(rare, "yes"))
    numbers = {n: np.array([table.value[n]]) for n in numbers_that_matter(table, evidence)}
    found = posterior_of_variants(table, model.network, evidence, numbers)
    np.testing.assert_allclose(found[:, 0], infer(model.network, evidence).state[:, 0], rtol=1e-9)


TRUTHS = 400

# --- intervals ------------------------------------------------------------------------------------------------------


def truth(person: str, draws: int, seed: int) -> FloatArray:
    """Return true probabilities (O, draws): models drawn and computed apart from the library."""
    enumeration = enumeration_of(MODEL, PEOPLE[person])
    source = np.random.default_rng(seed)
    ranges = [
        (path, row.value, row.low, row.high) for path, row in MODEL.knowledge.parameters() if path in enumeration.values
    ]
    found = []
    for _ in range(draws):
        numbers = {}
        for path, value, low, high in ranges:
            z = source.standard_normal()
            centre, end = (math.log(x / (1 - x)) for x in (value, low if z < 0 else high))
            numbers[path] = 1 / (1 + math.exp(-(centre + abs(z) / 1.959963984540054 * (end - centre))))
        found.append(enumeration.probability(numbers))
    return np.array(found).T


@pytest.fixture(scope="module", params=["a disc", "unsure", "everything asked"])
def person_and_truth(request: pytest.FixtureRequest) -> tuple[str, FloatArray]:
    """A person, and true posteriors."""
    return request.param, truth(request.param, TRUTHS, seed=11)


@pytest.mark.parametrize("method", ["simulation", "delta"])
def test_intervals_cover_as_they_promise(person_and_truth: tuple[str, FloatArray], method: str) -> None:
    """95% intervals hold 93% to 97% of the true probabilities.

    Over the outcomes together; of one outcome with so many truths the share itself is known to two points only.
    """
    person, probability = person_and_truth
    found = _by(method, PEOPLE[person])
    inside = np.array([(probability[o] >= one.low) & (probability[o] <= one.high) for o, one in enumerate(found)])
    assert 0.93 <= inside.mean() <= 0.97
    assert (np.abs(inside.mean(axis=1) - 0.95) < 0.03).all()


@pytest.mark.parametrize("level", [0.5, 0.8])
@pytest.mark.parametrize("method", ["simulation", "delta"])
def test_intervals_of_other_levels_cover_theirs(
    person_and_truth: tuple[str, FloatArray], method: str, level: float
) -> None:
    """Half of the truths lie in the 50% intervals, and the median is in their middle."""
    person, probability = person_and_truth
    found = _by(method, PEOPLE[person], level=level)
    inside = [((probability[o] >= one.low) & (probability[o] <= one.high)).mean() for o, one in enumerate(found)]
    below = [(probability[o] < one.median).mean() for o, one in enumerate(found)]
    assert np.abs(np.array(inside) - level).max() < 0.09
    assert np.abs(np.array(below) - 0.5).max() < 0.09


def _by(method: str, answers: Mapping[str, Any], level: float = 0.95) -> tuple[Interval, ...]:
    if method == "delta":
        return delta_intervals(MODEL, answers, level=level)
    return intervals(MODEL, answers, rng=rng(5), level=level)


def test_probability_of_being_first(person_and_truth: tuple[str, FloatArray]) -> None:
    """The share of true models in which an outcome leads; over what can lead they sum to 1."""
    person, probability = person_and_truth
    found = {one.outcome: one.first for one in intervals(MODEL, PEOPLE[person], rng=rng())}
    leads = [o for o, can in enumerate(TABLE.leads) if can]
    first = np.bincount(np.array(leads)[probability[leads].argmax(axis=0)], minlength=7) / TRUTHS
    for outcome, share in zip(TABLE.outcomes, first, strict=True):
        assert found[outcome] == pytest.approx(share, abs=0.08)
    assert sum(share or 0 for share in found.values()) == pytest.approx(1)
    assert found["something_else"] == 0  # not ranked


def test_same_seed_same_intervals() -> None:
    """Randomness comes from the generator alone."""
    one, two, three = (intervals(MODEL, PEOPLE["a disc"], rng=rng(seed), draws=600) for seed in (1, 1, 2))
    assert one == two
    assert one != three
    assert delta_intervals(MODEL, PEOPLE["a disc"]) == delta_intervals(MODEL, PEOPLE["a disc"])


def test_intervals_carry_the_answer_of_the_model_as_it_stands() -> None:
    """Every cause and "none of these", in the order of the model, with the probability that `rank` gives."""
    answer = MODEL.rank(PEOPLE["a disc"])
    found = intervals(MODEL, PEOPLE["a disc"], rng=rng(), draws=100)
    assert tuple(one.outcome for one in found) == (*MODEL.network.causes, NONE)
    probability = {one.outcome: one.probability for one in found}
    for cause in answer.causes:
        assert probability[cause.id] == cause.probability
    assert probability[NONE] == answer.none_of_these
    assert all(one.first is None for one in delta_intervals(MODEL))


def test_displayed_ends_are_capped() -> None:
    """No end of an interval is shown as certain."""
    found = {
        one.outcome: one
        for one in delta_intervals(MODEL, dict.fromkeys(MODEL.network.findings[:12], "no") | {"buttock_pain": "yes"})
    }
    lowest = min(found.values(), key=lambda one: one.low)
    assert lowest.low < MODEL.knowledge.display.lowest
    assert lowest.displayed.startswith("under 1% to")


def test_a_model_without_uncertainty_has_intervals_without_width() -> None:
    """Where every number is known, both methods give the probability itself."""
    exact = {
        path: {"value": row.value, "low": row.value, "high": row.value}
        for path, row in MODEL.knowledge.parameters()
        if path in TABLE.paths
    }
    model = MODEL.replace(exact)
    for found in (intervals(model, rng=rng(), draws=50), delta_intervals(model)):
        for one in found:
            assert (one.low, one.median, one.high) == pytest.approx((one.probability,) * 3, abs=1e-12)


@pytest.mark.parametrize("outcome", ["sciatica", "calcium_deficiency"])
def test_effects_are_the_moments_over_one_number_alone(outcome: str) -> None:
    """Mean, variance and third moment of the log-odds as this number alone runs through its distribution."""
    _, _, evidence = answered(MODEL, PEOPLE["a disc"])
    lines, o = lines_of(MODEL, evidence), TABLE.outcome(outcome)
    effects, matter = effects_of(MODEL, lines), numbers_that_matter(TABLE, evidence)
    deviates = np.array([NORMAL.inv_cdf((i + 0.5) / 20_000) for i in range(20_000)])
    for row in effects.variance[:, o].argsort()[-4:]:
        n = int(effects.numbers[row])
        numbers = {other: np.full(20_000, TABLE.value[other]) for other in matter}
        log_odds = UNCERTAIN.centre[n] + deviates * np.where(deviates < 0, UNCERTAIN.below[n], UNCERTAIN.above[n])
        numbers[n] = 1 / (1 + np.exp(-log_odds))
        present = posterior_of_variants(TABLE, MODEL.network, evidence, numbers).T @ TABLE.within
        effect = (np.log(present) - np.log1p(-present))[:, o] - lines.log_odds[o]
        away = effect - effect.mean()
        assert effects.mean[row, o] == pytest.approx(effect.mean(), rel=1e-2)
        assert effects.variance[row, o] == pytest.approx((away**2).mean(), rel=1e-2)
        assert effects.third[row, o] == pytest.approx((away**3).mean(), rel=5e-2)


def test_a_lopsided_number_makes_a_lopsided_interval() -> None:
    """With one uncertain number, up by far more than down, the exact interval is at its ends; the delta method is near."""
    data = small_model()
    everything = [data["cause"], data["finding"], data["risk_factor"]]
    while everything:
        entry = everything.pop()
        entry |= {"low": entry["value"], "high": entry["value"]} if "value" in entry else {}
        everything += [one for one in entry.values() if isinstance(one, dict)]
    data["cause"]["strain"]["leak"] = parameter(0.05, low=0.045, high=0.3)
    model, answers = Model.of(model_file.from_data(data)), {"tender": "yes"}
    exact = sensitivity_function(model, answers, path="cause.strain.leak").log_odds_at([0.045, 0.05, 0.3])[0]
    found = delta_intervals(model, answers)[0]
    ends = [math.log(end / (1 - end)) for end in (found.low, found.median, found.high)]
    assert exact[2] - exact[1] > 5 * (exact[1] - exact[0])
    assert np.abs(ends - exact).max() < 0.25
    assert ends[2] == pytest.approx(exact[2], abs=0.05)
    simulated = intervals(model, answers, rng=rng(), draws=5000)[0]
    assert [simulated.low, simulated.median] == pytest.approx(1 / (1 + np.exp(-exact[:2])), abs=0.003)
    assert simulated.high == pytest.approx(1 / (1 + np.exp(-exact[2])), abs=0.01)


@pytest.mark.parametrize(("draws", "level", "words"), [(0, 0.95, "`draws` is 0"), (9, 1.0, "`level` is 1.0")])
def test_what_cannot_be_asked_is_refused(draws: int, level: float, words: str) -> None:
    """No draws, or certainty, in one clear error."""
    with pytest.raises(ValueError, match=words):
        intervals(MODEL, rng=rng(), draws=draws, level=level)
    with pytest.raises(ValueError, match=words):
        rank_with_intervals(MODEL, rng=rng(), draws=draws, level=level)


# --- triage by upper ends -------------------------------------------------------------------------------------------

FLAGS = ("severe_pain", "long_lasting_pain", "fever", "collapse", "night_sweats")
CLEARED = dict.fromkeys(FLAGS, "no")


def test_a_cause_possibly_above_its_floor_raises_the_level() -> None:
    """The floor of `strain` is at 0.8: a probability below it with an upper end above it is enough."""
    model = Model.of(model_file.from_data(small_model(unranked=())))
    answers = {**CLEARED, "tender": "yes"}
    plain = model.rank(answers)
    assert plain.triage.level == Level.SELF_CARE
    ranking = rank_with_intervals(model, answers, rng=rng())
    strain = next(one for one in ranking.intervals if one.outcome == "strain")
    assert strain.probability < 0.8 <= strain.high
    assert ranking.differential.triage.level == Level.CONSULTATION
    assert [reason.rule for reason in ranking.differential.triage.reasons] == ["floor.strain"]
    assert ranking.differential.model_copy(update={"triage": plain.triage}) == plain


@pytest.mark.parametrize("person", PEOPLE)
def test_intervals_never_lower_the_level(person: str) -> None:
    """Every reason of the plain answer is still there; at most floors are added, none twice."""
    plain = MODEL.rank(PEOPLE[person]).triage
    raised = rank_with_intervals(MODEL, PEOPLE[person], rng=rng(), draws=300).differential.triage
    assert raised.level >= plain.level
    rules = [reason.rule for reason in raised.reasons]
    assert len(set(rules)) == len(rules)
    assert {reason.rule for reason in plain.reasons} <= set(rules)
    assert all(rule.startswith("floor.") for rule in set(rules) - {reason.rule for reason in plain.reasons})
    assert (raised.unasked, raised.unclear, raised.override) == (plain.unasked, plain.unclear, plain.override)


def test_uncertain_ranking_reads_well_and_travels_as_json() -> None:
    """The report has the intervals after the ranking; JSON loses nothing."""
    ranking = rank_with_intervals(MODEL, PEOPLE["a disc"], rng=rng(), draws=200)
    sciatica = next(one for one in ranking.intervals if one.outcome == "sciatica")
    assert f"  Sciatica: {sciatica.displayed}" in str(ranking).splitlines()
    assert str(ranking).startswith(str(ranking.differential))
    assert UncertainRanking.model_validate_json(ranking.model_dump_json()) == ranking
    assert isinstance(UNCERTAIN, Uncertainty)
