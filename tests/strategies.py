"""All Hypothesis strategies: random small networks with evidence, and random answers to the shipped model.

A network is a plain dict of the oracle (`oracle.Network`), so that the oracle and the library can be asked the same;
`model_of` turns it into a model.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction
from random import Random
from typing import Any, TypeAlias

from hypothesis import strategies as st
from oracle import Network, RiskFactor, random_network
from small_models import Data, of_network

from buttockpain import Model, default_model, model_file
from buttockpain.triage import RuleTable

Answers: TypeAlias = dict[str, str | float]

EDGE = 1e-9  # the most extreme chance in a random network, and its distance from certainty
_STATES = (("no", "yes"), ("no", "yes"), ("low", "middle", "high"), ("none", "a", "b", "c"))


def model_of(network: Network, ranked: Collection[str] | None = None) -> Model:
    """Return the model of a network; `ranked` names the ranked causes, all but the last one if left out."""
    data = of_network(network)
    if ranked is not None:
        for name, cause in data["cause"].items():
            cause["ranked"] = name in ranked
    return model_from(data)


def model_from(data: Data) -> Model:
    """Return the model of plain tables without proving its rules, which take most of the time and are not at stake."""
    knowledge = model_file.from_data(data)
    return Model.of(knowledge, proved=RuleTable.of(knowledge))


def seeded_network(seed: int, *, causes: int, risk_factors: int, findings: int) -> Network:
    """Return a random network of the oracle that a model file can hold: it has a complaint, and no finding unlinked."""
    rng = Random(seed)
    network = random_network(rng, causes=causes, risk_factors=risk_factors, findings=findings)
    links = {
        finding: network["finding_link"][finding] or {rng.choice(network["causes"]): 0.3}
        for finding in network["finding_leak"]
    }
    return {**network, "presenting": "f0", "finding_link": links}


def chances() -> st.SearchStrategy[float]:
    """Probabilities: plain ones, and ones within `EDGE` of 0 and of 1."""
    powers = st.floats(1, 9).map(lambda digits: 10.0**-digits)
    return st.one_of(
        st.floats(0.01, 0.99),
        powers,
        powers.map(lambda rare: 1 - rare),
        st.sampled_from([EDGE, 1 - EDGE, 0.5]),
    )


@st.composite
def risk_factors(draw: st.DrawFn) -> RiskFactor:
    """Risk factors of two to four states; the share of the first is what the others leave, to the last digit."""
    states = draw(st.sampled_from(_STATES))
    weights = [draw(chances()) for _ in states]
    others = [weight / sum(weights) for weight in weights[1:]]
    rest = 1 - sum(map(Fraction, others))
    # Shares that sum to 1 but for rounding leave nothing for the first state, which a model file refuses.
    if rest < Fraction(EDGE) / 10 or max(others) >= 1:
        others = [share * (1 - EDGE) for share in others]
        rest = 1 - sum(map(Fraction, others))
    return {"states": states, "base": dict(zip(states, [float(rest), *others], strict=True))}


@st.composite
def networks(draw: st.DrawFn, *, max_causes: int = 4, max_risk_factors: int = 3, max_findings: int = 5) -> Network:
    """Small networks: risk factors of several states, arcs between causes (chains, two parents), extreme chances."""
    made = [f"c{i}" for i in range(draw(st.integers(1, max_causes)))]
    factors = {f"r{i}": draw(risk_factors()) for i in range(draw(st.integers(0, max_risk_factors)))}
    findings = [f"f{i}" for i in range(draw(st.integers(1, max_findings)))]
    cause_link: dict[str, dict[tuple[str, str], float]] = {}
    for i, cause in enumerate(made):
        pairs = [(name, state) for name, factor in factors.items() for state in list(factor["states"])[1:]]
        pairs += [(parent, "yes") for parent in made[:i]]
        cause_link[cause] = {pair: draw(chances()) for pair in pairs if draw(st.booleans())}
    finding_link = {}
    for finding in findings:
        parents = draw(st.lists(st.sampled_from(made), min_size=1, unique=True))
        finding_link[finding] = {cause: draw(chances()) for cause in parents}
    return {
        "causes": draw(st.permutations(made)),
        "presenting": "f0",
        "risk_factors": factors,
        "cause_leak": {cause: draw(chances()) for cause in made},
        "cause_link": cause_link,
        "finding_leak": {finding: draw(chances()) for finding in findings},
        "finding_link": finding_link,
    }


@st.composite
def evidence(draw: st.DrawFn, network: Network) -> Answers:
    """Evidence for a network: unknown (left out), a state, or a number for what has the states no and yes."""
    answers: Answers = {}
    factors: Mapping[str, RiskFactor] = network["risk_factors"]
    for name in (*factors, *(finding for finding in network["finding_leak"] if finding != network["presenting"])):
        states = list(factors[name]["states"]) if name in factors else ["no", "yes"]
        kinds: list[st.SearchStrategy[Any]] = [st.none(), st.sampled_from(states)]
        if states == ["no", "yes"]:
            kinds.append(chances())
        answer = draw(st.one_of(kinds))
        if answer is not None:
            answers[name] = answer
    return answers


@st.composite
def cases(draw: st.DrawFn) -> tuple[Network, frozenset[str], Answers]:
    """A small network, which of its causes are ranked (at least one), and evidence."""
    network = draw(networks())
    ranked = draw(st.frozensets(st.sampled_from(list(network["causes"])), min_size=1))
    return network, ranked, draw(evidence(network))


def plain_answers() -> st.SearchStrategy[str | float]:
    """Answers to a yes-or-no question: yes, no, unknown, or a number for virtual evidence."""
    return st.one_of(st.sampled_from(["yes", "no", "unknown"]), st.floats(0.001, 0.999))


@st.composite
def answers(draw: st.DrawFn, *, max_size: int = 25) -> Answers:
    """Answers to the shipped model that do not contradict each other: findings, risk factors, red flags, measures."""
    vocabulary = default_model().vocabulary
    measured = {name for name, _ in vocabulary.thresholds}  # answered by the measures instead
    filled = {name for name, *_ in (*vocabulary.age_filled, *vocabulary.sex_filled)}  # answered by age and sex instead
    special: Mapping[str, st.SearchStrategy[str | float]] = {
        "age": st.integers(0, 120),
        "sex": st.sampled_from(["female", "male", "unknown"]),
        "pain_severity": st.floats(0, 10),
        "duration_days": st.floats(0, 4000),
    }
    names = [name for name in vocabulary.order if name not in {*measured, *filled, vocabulary.presenting}]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=max_size))
    return {name: draw(special.get(name, plain_answers())) for name in chosen}
