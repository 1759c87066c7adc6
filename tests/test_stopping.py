"""Whether to stop asking: same-decision probabilities against enumeration, exact draws, and the rule.

Truth is the oracle's joint over all combinations of the open answers; which level each would give is asked of `rank`.
"""

from itertools import product
from math import exp, prod

import numpy as np
import pytest
from hypothesis import given, settings
from oracle import Network as Plain
from oracle import joint, joint_factored, log_total
from small_models import Data, small_model
from strategies import Answers, answers, cases, model_of, seeded_network

from buttockpain import Level, Model, default_model, model_file
from buttockpain.model import next_questions
from buttockpain.predictive import draw_people
from buttockpain.stopping import DRAWS, StopAdvice

EXACT = 1e-9


def by_enumeration(network: Plain, model: Model, known: Answers) -> tuple[float, float]:
    """Return the chances that leading cause and level stay, over all combinations of the open answers, one by one."""
    factors = network["risk_factors"]
    states = {
        name: tuple(factors[name]["states"]) if name in factors else ("no", "yes")
        for name in (*factors, *network["finding_leak"])
        if name not in known and name != "f0"
    }
    now = model.rank(known)
    total = same_top = same_triage = 0.0
    for combination in product(*states.values()):
        then = {**known, **dict(zip(states, combination, strict=True))}
        weight = exp(log_total(joint_factored(network, then)))
        total += weight
        answer = model.rank(then)
        same_top += weight * (answer.leading == now.leading)
        same_triage += weight * (answer.triage.level == now.triage.level)
    return same_top / total, same_triage / total


@settings(max_examples=12)
@given(cases())
def test_few_open_questions_are_enumerated_exactly(drawn: tuple[Plain, frozenset[str], Answers]) -> None:
    """With few open questions both probabilities are those of the full enumeration, and have no error."""
    network, ranked, found = drawn
    model = model_of(network, ranked)
    factors = network["risk_factors"]
    # Keep the enumeration by the oracle short.
    for name in (*factors, *network["finding_leak"]):
        left = [other for other in (*factors, *network["finding_leak"]) if other not in {*found, "f0"}]
        if name in left and prod(len(factors[other]["states"]) if other in factors else 2 for other in left) > 100:
            found[name] = list(factors[name]["states"])[-1] if name in factors else "no"
    advice = model.next_questions(found).stop
    assert advice.method == "exact"
    assert (advice.same_top, advice.same_triage) == pytest.approx(
        by_enumeration(network, model, found), rel=0, abs=EXACT
    )
    assert (advice.standard_error_top, advice.standard_error_triage) == (0, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_open_questions_are_simulated_within_their_error(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated probabilities lie within five standard errors of the enumerated ones, which the same model gives."""
    network = seeded_network(seed, causes=3, risk_factors=2, findings=5)
    model = model_of(network)
    exact = model.next_questions({"f1": 0.7}).stop
    monkeypatch.setattr("buttockpain.stopping.COMBINATIONS", 0)
    advice = model.next_questions({"f1": 0.7}).stop
    assert (advice.method, advice.sets) == ("sampled", DRAWS)
    for name in ("top", "triage"):
        found, truth = getattr(advice, f"same_{name}"), getattr(exact, f"same_{name}")
        error = getattr(advice, f"standard_error_{name}")
        assert error > 0
        assert abs(found - truth) < 5 * error


def test_draws_follow_the_joint_of_the_model() -> None:
    """Causes, risk factors and findings are drawn jointly from their exact distribution, given answers plain and soft."""
    network = seeded_network(41, causes=3, risk_factors=2, findings=3)
    factors = network["risk_factors"]
    strength = {"no": 0.3, "yes": 0.7}
    model = model_of(network)
    case = model._case({"f1": "yes", "r1": strength["yes"]}, ())
    cells: dict[tuple[object, ...], float] = {}
    for r0, r1, f2 in product(factors["r0"]["states"], ("no", "yes"), ("no", "yes")):
        for present, weight in joint(network, {"f1": "yes", "r0": r0, "r1": r1, "f2": f2}).items():
            cells[present, r0, r1, f2] = weight * strength[r1]
    total = sum(cells.values())

    size = 100_000
    people = draw_people(model.network, case.evidence, case.posterior, size, rng=np.random.default_rng(11))
    index = model.network.finding_index
    assert people.finding[index["f1"]].all()  # what is known is not drawn
    counts = dict.fromkeys(cells, 0)
    columns = (people.state, *people.factor, people.finding[index["f2"]])
    for state, first, second, found in zip(*(column.tolist() for column in columns), strict=True):
        present = frozenset(cause for k, cause in enumerate(model.network.causes) if state >> k & 1)
        counts[present, factors["r0"]["states"][first], ("no", "yes")[second], ("no", "yes")[found]] += 1
    for cell, weight in cells.items():
        chance = weight / total
        assert abs(counts[cell] / size - chance) < 5 * (chance * (1 - chance) / size) ** 0.5 + 5 / size, cell


def test_draws_from_a_model_with_many_causes() -> None:
    """Where no matrices are prepared for the risk factors the draws still follow the posterior."""
    model = model_of(seeded_network(8, causes=8, risk_factors=4, findings=4))
    case = model._case({"f1": "yes", "f2": "no"}, ())
    size = 50_000
    people = draw_people(model.network, case.evidence, case.posterior, size, rng=np.random.default_rng(2))
    found = np.array([(people.state >> k & 1).mean() for k in range(8)])
    chance = case.posterior.cause[:, 0]
    assert (np.abs(found - chance) < 5 * np.sqrt(chance * (1 - chance) / size) + 5 / size).all()


@settings(max_examples=10)
@given(answers())
def test_advice_is_a_probability_and_the_same_every_time(given_answers: Answers) -> None:
    """Both chances lie in [0, 1], never with a claim to certainty from a simulation; the same answers give the same advice."""
    advice = next_questions(given_answers, n=0).stop
    for share, error in (
        (advice.same_top, advice.standard_error_top),
        (advice.same_triage, advice.standard_error_triage),
    ):
        assert 0 <= share <= 1
        assert (error > 0) == (advice.method == "sampled")
    assert next_questions(given_answers, n=0).stop == advice
    assert StopAdvice.model_validate_json(advice.model_dump_json()) == advice
    other = next_questions(given_answers, n=0, rng=np.random.default_rng(9)).stop
    assert other.same_top == pytest.approx(advice.same_top, abs=8 * advice.standard_error_top)


# --- the rule --------------------------------------------------------------------------------------------------------

CALM: Answers = {"collapse": "no", "severe_pain": "no", "long_lasting_pain": "no", "night_sweats": "no"}


def sure(**stop: float) -> Model:
    """Return a model in which little can change once the flags are asked, with these limits to stop at."""
    data: Data = small_model()
    data["stop"].update(stop)
    return Model.of(model_file.from_data(data))


def test_the_limits_are_those_of_the_model_file() -> None:
    """Asking stops when both chances reach their limits in the model file, and goes on just below."""
    advice = sure().next_questions(CALM).stop
    top, triage = advice.same_top, advice.same_triage
    assert 0.01 < top < 0.99
    assert 0.01 < triage < 0.99
    assert sure(same_top=top - 1e-6, same_triage=triage - 1e-6).next_questions(CALM).stop.stop
    assert not sure(same_top=top + 1e-6, same_triage=triage - 1e-6).next_questions(CALM).stop.stop
    assert not sure(same_top=top - 1e-6, same_triage=triage + 1e-6).next_questions(CALM).stop.stop
    said = sure(same_top=top - 1e-6, same_triage=triage - 1e-6).next_questions(CALM).stop.sentence
    assert said.startswith("Stop: asking more is unlikely to matter.")
    assert f"stay first with probability {top:.0%}" in said
    assert f"triage level would stay with probability {triage:.0%}" in said


def test_flags_that_must_be_asked_stand_above_the_probabilities() -> None:
    """Emergency flags, and flags without a probability that could raise the level, block a stop; the list says which."""
    easy = sure(same_top=0.001, same_triage=0.001)
    found = easy.next_questions({}).stop
    assert found.must_ask == ("collapse", "severe_pain", "long_lasting_pain")  # night sweats would raise no level here
    assert not found.stop
    assert "have to be asked about, whatever the probabilities" in found.sentence
    assert not easy.next_questions({"severe_pain": "no", "long_lasting_pain": "no"}).stop.stop
    assert not easy.next_questions({"collapse": "no"}).stop.stop
    # Long-lasting pain alone would raise nothing, but the founding document's rule turns on it.
    assert easy.next_questions({"collapse": "no", "severe_pain": "no"}).stop.must_ask == ("long_lasting_pain",)
    for decided in ({"severe_pain": "no", "duration_days": 3}, {"severe_pain": "yes"}):
        done = easy.next_questions({"collapse": "no", **decided}).stop
        assert (done.must_ask, done.stop) == ((), True)
    # An answer of "unknown" is an answer: it is not asked again, and triage says that it is unclear.
    unclear = easy.next_questions({"collapse": "unknown", "severe_pain": "no", "long_lasting_pain": "no"})
    assert unclear.stop.must_ask == ()
    assert "collapse" not in {question.id for question in unclear.questions}


def test_at_an_emergency_help_comes_first() -> None:
    """Once the level is an emergency that no open flag could raise, asking stops, whatever the ranking."""
    strict = sure(same_top=0.9999, same_triage=0.9999)
    assert strict.rank(collapse="yes").triage.level == Level.EMERGENCY_AMBULANCE
    advice = strict.next_questions({"collapse": "yes"}).stop
    assert (advice.stop, advice.must_ask) == (True, ())
    assert advice.sentence == "Stop: help comes before further questions."
    # An emergency that could still turn out to need an ambulance goes on with the flags for that, and with no other.
    emergency: Answers = {"fever": "yes", "numb": "yes"}
    assert strict.rank(emergency).triage.level == Level.EMERGENCY
    advice = strict.next_questions(emergency).stop
    assert (advice.stop, advice.must_ask) == (False, ("collapse",))
    assert strict.next_questions({**emergency, "collapse": "no"}).stop.stop


def test_with_nothing_left_to_ask_asking_stops() -> None:
    """When everything is answered the answer cannot change, however strict the limits."""
    model = sure(same_top=0.9999, same_triage=0.9999)
    everything: Answers = {name: item.states[0] for name, item in model.background.items.items()}
    found = model.next_questions(everything)
    assert found.questions == ()
    assert (found.stop.same_top, found.stop.same_triage, found.stop.stop) == (1, 1, True)
    assert found.stop.sentence == "Nothing is left to ask."
    del everything["tender"]
    assert "If the one question left were asked" in model.next_questions(everything).stop.sentence


def test_the_stop_rule_is_about_what_the_audience_can_be_asked() -> None:
    """For a patient the answers of an examination are not among what could still be asked."""
    model = default_model()
    patient = {
        name: "no" for name, item in model.background.items.items() if "patient" in item.asked_of and name != "age_band"
    }
    patient["age_band"] = "30_to_50"
    assert next_questions(patient).stop.open_questions == 0
    clinician = next_questions(patient, audience="clinician").stop
    assert clinician.open_questions > 10
    assert clinician.method == "sampled"
    assert clinician.same_triage < 1
