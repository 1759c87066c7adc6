"""The shipped model in other libraries, for comparison: the same network, the same cases, the same questions."""

from __future__ import annotations

import importlib
import itertools
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from buttockpain.model import Model

__all__ = ["cases", "pgmpy_engine", "pgmpy_evidence", "pyagrum_engine", "pyagrum_evidence"]

_KNOWN = Path(__file__).parents[1] / "tests" / "data" / "known_answers.json"


def cases() -> list[dict[str, Any]]:
    """Return the answers of the 190 published cases."""
    data = json.loads(_KNOWN.read_text())
    return [case["answers"] for case in (*data["classic"], *data["random"])]


def _state_names(model: Model, answers: dict[str, Any]) -> dict[str, str]:
    """Return answers as states of nodes: the complaint is yes, age and sex fill their risk factors."""
    states = {name: value for name, value in answers.items() if name not in ("age", "sex")}
    states[model.vocabulary.presenting] = "yes"
    if "age" in answers:
        _, ages, names = model.vocabulary.age_filled[0]
        states["age_band"] = names[sum(answers["age"] >= first for first in ages)]
    if "sex" in answers:
        states["female_sex"] = "yes" if answers["sex"] == "female" else "no"
    return states


def pgmpy_engine(model: Model) -> Any:
    """Return pgmpy's variable elimination over the shipped model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pgmpy warns about itself while it is imported
        from pgmpy.factors.discrete import TabularCPD
        from pgmpy.inference import VariableElimination
        from pgmpy.models import DiscreteBayesianNetwork

        logging.getLogger("pgmpy").setLevel(logging.ERROR)
        knowledge = model.knowledge
        network = DiscreteBayesianNetwork()
        states = {name: list(factor.states or ("no", "yes")) for name, factor in knowledge.risk_factor.items()}
        states |= {name: ["no", "yes"] for name in (*knowledge.cause, *model.network.findings)}
        network.add_nodes_from(states)
        for factor in model.network.factors:
            base = model.network.base[factor.first : factor.first + len(factor.states)]
            network.add_cpds(
                TabularCPD(factor.id, len(base), base[:, None].tolist(), state_names={factor.id: states[factor.id]})
            )

        def add(name: str, leak: float, links: dict[str, dict[str, float]]) -> None:
            network.add_edges_from((parent, name) for parent in links)
            no = [
                (1 - leak)
                * np.prod([1 - links[parent].get(state, 0.0) for parent, state in zip(links, row, strict=True)])
                for row in itertools.product(*(states[parent] for parent in links))
            ]
            network.add_cpds(
                TabularCPD(
                    name, 2, [no, [1 - value for value in no]], evidence=list(links) or None,
                    evidence_card=[len(states[parent]) for parent in links] or None,
                    state_names={key: states[key] for key in (name, *links)},
                )
            )  # fmt: skip

        for name, cause in knowledge.cause.items():
            links = {
                parent: {s: number.value for s, number in cause.links_from(parent).items()} for parent in cause.link
            }
            add(name, cause.leak.value, links)
        for name in model.network.findings:
            finding = knowledge.finding[name]
            assert finding.leak is not None
            add(name, finding.leak.value, {parent: {"yes": link.value} for parent, link in finding.link.items()})
        return VariableElimination(network)


def pgmpy_evidence(model: Model, answers: dict[str, Any]) -> dict[str, str]:
    """Return answers as pgmpy takes them."""
    return _state_names(model, answers)


def pyagrum_engine(model: Model) -> Any:
    """Return pyAgrum's lazy propagation over the shipped model, the causes as targets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its bindings warn while they are imported
        gum: Any = importlib.import_module("pyagrum")

    knowledge = model.knowledge
    network = gum.BayesNet("buttock_pain")
    for factor in model.network.factors:
        network.add(gum.LabelizedVariable(factor.id, factor.id, list(factor.states)))
        network.cpt(factor.id).fillWith(model.network.base[factor.first : factor.first + len(factor.states)].tolist())
        for number, state in enumerate(factor.states[1:], start=1):
            if len(factor.states) > 2:  # its noisy-OR takes yes-or-no parents, so each state gets an indicator
                name = f"{factor.id}.{state}"
                network.add(gum.LabelizedVariable(name, name, ["no", "yes"]))
                network.addArc(factor.id, name)
                network.cpt(name).fillWith(
                    [float(yes == (k == number)) for k in range(len(factor.states)) for yes in (0, 1)]
                )
    for name, cause in knowledge.cause.items():
        network.addNoisyORNet(gum.LabelizedVariable(name, name, ["no", "yes"]), cause.leak.value)
    for name, cause in knowledge.cause.items():
        for parent in cause.link:
            for state, link in cause.links_from(parent).items():
                network.addWeightedArc(parent if state == "yes" else f"{parent}.{state}", name, link.value)
    for name in model.network.findings:
        finding = knowledge.finding[name]
        assert finding.leak is not None
        network.addNoisyORNet(gum.LabelizedVariable(name, name, ["no", "yes"]), finding.leak.value)
        for parent, link in finding.link.items():
            network.addWeightedArc(parent, name, link.value)
    engine = gum.LazyPropagation(network)
    engine.setTargets(set(knowledge.cause))
    return engine


def pyagrum_evidence(model: Model, answers: dict[str, Any]) -> dict[str, str]:
    """Return answers as pyAgrum takes them."""
    return _state_names(model, answers)
