"""A second opinion: pgmpy's VariableElimination on the shipped model.

The network is built here from the numbers of the model file, one table for each node, states "no" and "yes". Documented
differences: none. Where pgmpy has no answer (it gives NaN for impossible evidence), the library raises.
"""

import dataclasses
from collections.abc import Mapping
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

from buttockpain import ImpossibleEvidenceError, Model, default_model
from buttockpain.inference import Posterior, evidence_of, infer
from buttockpain.knowledge import Knowledge
from buttockpain.presentation import read
from buttockpain.types import FloatArray

EXACT = 1e-12
Answers = Mapping[str, str | float]


def states_of(knowledge: Knowledge, name: str) -> list[str]:
    """Return the states of a node, the remainder first."""
    factor = knowledge.risk_factor.get(name)
    return list(factor.states) if factor is not None and factor.states else ["no", "yes"]


def noisy_or_table(knowledge: Knowledge, name: str, leak: float, links: Mapping[str, Mapping[str, float]]) -> Any:
    """Return the table of a noisy-OR: every combination of its parents' states, the last parent running fastest."""
    from pgmpy.factors.discrete import TabularCPD  # noqa: PLC0415 - takes seconds

    parent_states = {parent: states_of(knowledge, parent) for parent in links}
    no = []
    for combination in product(*parent_states.values()):
        stays_away = 1 - leak
        for parent, state in zip(links, combination, strict=True):
            stays_away *= 1 - links[parent].get(state, 0.0)
        no.append(stays_away)
    return TabularCPD(
        name, 2, [no, [1 - value for value in no]], list(links) or None,
        [len(states) for states in parent_states.values()] or None,
        state_names={name: ["no", "yes"], **parent_states},
    )  # fmt: skip


def second_network(knowledge: Knowledge) -> Any:
    """Return the model as pgmpy's own."""
    from pgmpy.factors.discrete import TabularCPD  # noqa: PLC0415 - takes seconds
    from pgmpy.models import DiscreteBayesianNetwork  # noqa: PLC0415

    network = DiscreteBayesianNetwork()
    tables = []
    for name, factor in knowledge.risk_factor.items():
        rates = [parameter.value for parameter in factor.active_states().values()]
        states = states_of(knowledge, name)
        network.add_node(name)
        tables.append(
            TabularCPD(name, len(states), [[1 - sum(rates)], *([rate] for rate in rates)], state_names={name: states})
        )
    for name, cause in knowledge.cause.items():
        links = {parent: {s: p.value for s, p in cause.links_from(parent).items()} for parent in cause.link}
        network.add_node(name)
        network.add_edges_from([(parent, name) for parent in links])
        tables.append(noisy_or_table(knowledge, name, cause.leak.value, links))
    for name, finding in knowledge.finding.items():
        if finding.leak is not None:
            network.add_edges_from([(parent, name) for parent in finding.link])
            by_parent = {parent: {"yes": parameter.value} for parent, parameter in finding.link.items()}
            tables.append(noisy_or_table(knowledge, name, finding.leak.value, by_parent))
    network.add_cpds(*tables)
    assert network.check_model()
    return network


@pytest.fixture(scope="module")
def second() -> Any:
    """Return pgmpy's engine on the shipped model; building and importing it takes seconds, so once."""
    from pgmpy.inference import VariableElimination  # noqa: PLC0415 - takes seconds

    return VariableElimination(second_network(default_model().knowledge))


def ask(second: Any, knowledge: Knowledge, answers: Answers) -> FloatArray:
    """Return pgmpy's distribution over the states of the causes, bit k of a state's number for cause k."""
    from pgmpy.factors.discrete import TabularCPD  # noqa: PLC0415 - takes seconds

    presenting = next(name for name, finding in knowledge.finding.items() if finding.presenting)
    hard = {presenting: "yes", **{name: answer for name, answer in answers.items() if isinstance(answer, str)}}
    soft = [
        TabularCPD(name, 2, [[1 - answer], [answer]], state_names={name: ["no", "yes"]})
        for name, answer in answers.items()
        if not isinstance(answer, str)
    ]
    causes = list(knowledge.cause)
    result = second.query(causes, evidence=hard, virtual_evidence=soft or None, show_progress=False)
    # Axis k of the table is made that of the k-th cause from the end, so that counting through it counts the states.
    axes = [result.variables.index(cause) for cause in reversed(causes)]
    assert all(result.state_names[cause] == ["no", "yes"] for cause in causes)
    distribution: FloatArray = result.values.transpose(axes).reshape(-1)
    return distribution


def ours(model: Model, answers: Answers) -> Posterior:
    """Return the library's posterior."""
    presentation, problems = read(answers, model.vocabulary)
    assert not problems
    return infer(model.network, evidence_of(model.network, presentation))


def case_list() -> list[Any]:
    """Return cases that together use every risk factor in every state, every finding in every answer, and numbers."""
    knowledge = default_model().knowledge
    findings = [
        name for name, finding in knowledge.finding.items() if finding.leak is not None and not finding.presenting
    ]
    cases: dict[str, Answers] = {
        "nothing": {},
        "disc": {"low_back_pain": "yes", "leg_numbness": "yes", "slr_positive": "yes"},
        "all findings yes": dict.fromkeys(findings, "yes"),
        "all findings no": dict.fromkeys(findings, "no"),
        "all findings soft": {name: 0.1 + 0.8 * place / len(findings) for place, name in enumerate(findings)},
        "all risk factors remainder": {name: states_of(knowledge, name)[0] for name in knowledge.risk_factor},
        "all risk factors last": {name: states_of(knowledge, name)[-1] for name in knowledge.risk_factor},
        "age in the middle": {"age_band": "30_to_50"},
        "soft risk factors": {name: 0.7 for name in knowledge.risk_factor if name != "age_band"},
        "nearly certain": {"slr_positive": 1 - 1e-9, "low_back_pain": 1e-9, "female_sex": 1e-6},
        "halves": {"slr_positive": 0.5, "female_sex": 0.5},
    }
    rng = Random(11)
    for number in range(14):
        answers: dict[str, str | float] = {}
        share = rng.choice([0.1, 0.3, 0.6])
        for name in (*knowledge.risk_factor, *findings):
            if rng.random() < share:
                states = states_of(knowledge, name)
                answers[name] = rng.random() if len(states) == 2 and rng.random() < 0.25 else rng.choice(states)
        cases[f"random {number}"] = answers
    return [pytest.param(answers, id=name) for name, answers in cases.items()]


@pytest.mark.parametrize("answers", case_list())
def test_pgmpy_agrees(second: Any, answers: Answers) -> None:
    """All 64 states, the six causes, and none of the five are pgmpy's, to 1e-12."""
    model = default_model()
    theirs = ask(second, model.knowledge, answers)
    posterior = ours(model, answers)
    assert posterior.state[:, 0] == pytest.approx(theirs, rel=0, abs=EXACT)
    has = model.network.has
    assert posterior.cause[:, 0] == pytest.approx(has.T @ theirs, rel=0, abs=EXACT)
    none = ~(has & model.network.ranked).any(axis=1)
    assert posterior.none_of_these[0] == pytest.approx(theirs[none].sum(), rel=0, abs=EXACT)


def test_where_pgmpy_answers_nan_we_raise(second: Any) -> None:
    """Impossible evidence: pgmpy says NaN, we name the fewest answers that clash, with the triage decided before.

    No model file can make evidence impossible, so both networks are altered: nobody has a positive leg raise.
    """
    from pgmpy.inference import VariableElimination  # noqa: PLC0415 - takes seconds

    model = default_model()
    altered = second_network(model.knowledge)
    table = altered.get_cpds("slr_positive")
    table.values[0], table.values[1] = 1.0, 0.0
    with np.errstate(invalid="ignore"):
        theirs = ask(VariableElimination(altered), model.knowledge, {"slr_positive": "yes"})
    assert np.isnan(theirs).all()

    f = model.network.finding_index["slr_positive"]
    log_answer = model.network.log_answer.copy()
    log_answer[2 * f : 2 * f + 2] = [[0.0], [-np.inf]]
    impossible = dataclasses.replace(model, network=dataclasses.replace(model.network, log_answer=log_answer))
    answers: Answers = {
        "low_back_pain": "yes", "slr_positive": "yes", "age": 45, "pain_severity": 8, "saddle_numbness": "yes",
        "leg_numbness": 0.8,
    }  # fmt: skip
    with pytest.raises(ImpossibleEvidenceError, match="together probability 0: `slr_positive`; check them") as caught:
        impossible.rank(answers)
    assert caught.value.answers == ("slr_positive",)
    assert caught.value.triage == model.triage(answers)
    assert caught.value.triage is not None
    assert caught.value.triage.override is not None
    assert impossible.rank({**answers, "slr_positive": "no"}).causes


def test_a_clash_of_two_answers_names_both_and_no_more() -> None:
    """Answers that are possible one by one and not together are named together, whatever stands around them.

    Here people with the first cause never have back pain, and people without it are never worse when sitting.
    """
    model = default_model()
    network = model.network
    log_answer = network.log_answer.copy()
    back, worse = network.finding_index["low_back_pain"], network.finding_index["pain_worse_sitting"]
    log_answer[2 * back + 1, network.has[:, 0]] = -np.inf
    log_answer[2 * worse + 1, ~network.has[:, 0]] = -np.inf
    impossible = dataclasses.replace(model, network=dataclasses.replace(network, log_answer=log_answer))
    answers: Answers = {
        "age": 60,
        "leg_numbness": "no",
        "pain_worse_sitting": "yes",
        "sex": "male",
        "low_back_pain": "yes",
    }
    with pytest.raises(ImpossibleEvidenceError) as caught:
        impossible.rank(answers)
    assert set(caught.value.answers) == {"low_back_pain", "pain_worse_sitting"}
    for one in caught.value.answers:
        fewer = {name: answer for name, answer in answers.items() if name != one}
        assert not ours(impossible, fewer).impossible[0]
