"""One person's case beside the compiled model: what "what if" and "what next" are asked of.

`Background` is what can be prepared once per model, `Case` one person's answers and what follows from them. `vary` and
`only` write down other sets of answers, one per column, for the exact kernel to work through in one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from buttockpain.directory import Directory
from buttockpain.inference import Evidence, Posterior
from buttockpain.network import Network
from buttockpain.presentation import Answer, Presentation, Vocabulary
from buttockpain.types import Audience, BoolArray, Id, Kind, Measure
from buttockpain.urgency import UNASKED, Status, Urgency, status_of

if TYPE_CHECKING:
    from buttockpain.knowledge import Finding, Knowledge, RiskFactor

__all__ = ["Background", "Case", "Item", "Observation", "only", "vary"]


@dataclass(frozen=True, slots=True)
class Item:
    """A question of the model.

    Attributes
    ----------
    states : what can be answered, apart from "unknown".
    asked_of, cost : by its kind.
    axis : its finding on the F axis, None if the finding serves triage only or this is a risk factor.
    factor : its number among the risk factors, None if this is a finding.
    emergency : whether it is a red flag of an emergency level.
    measure : what can be answered instead, such as `age` for an age band.
    """

    id: Id
    label: str
    kind: Kind
    question: str
    states: tuple[str, ...]
    asked_of: tuple[Audience, ...]
    cost: float
    axis: int | None
    factor: int | None
    emergency: bool
    measure: Measure | Literal["sex"] | None

    @property
    def predicted(self) -> bool:
        """Whether the model has a probability for the answer."""
        return self.axis is not None or self.factor is not None

    @property
    def personal(self) -> bool:
        """Whether it follows from age or sex, which nothing can change."""
        return self.measure in ("age", "sex")


@dataclass(frozen=True, slots=True)
class Background:
    """What can be prepared once per model; `items` holds every question but the complaint, in the order of the model."""

    knowledge: Knowledge
    network: Network
    vocabulary: Vocabulary
    directory: Directory
    urgency: Urgency
    items: Mapping[Id, Item]

    @classmethod
    def of(
        cls, knowledge: Knowledge, network: Network, vocabulary: Vocabulary, directory: Directory, urgency: Urgency
    ) -> Background:
        """Prepare a model."""
        entries: dict[Id, Finding | RiskFactor] = {**knowledge.risk_factor, **knowledge.finding}
        items = {name: _item(knowledge, network, name, entry) for name, entry in entries.items()}
        del items[vocabulary.presenting]
        return cls(knowledge, network, vocabulary, directory, urgency, items)


def _item(knowledge: Knowledge, network: Network, name: Id, entry: Finding | RiskFactor) -> Item:
    """Return a question with what its kind says about it."""
    factor = network.factor_index.get(name)
    measure: Measure | Literal["sex"] | None = None
    if factor is not None:
        measure = "age" if knowledge.risk_factor[name].ages else "sex" if knowledge.risk_factor[name].sex else None
    elif name in knowledge.safety:
        measure = knowledge.safety[name].measure
    flag = None if factor is not None else knowledge.finding[name].red_flag
    kind: Kind = "risk_factor" if factor is not None else knowledge.finding[name].kind
    return Item(
        id=name,
        label=entry.label,
        kind=kind,
        question=entry.question,
        states=("no", "yes") if factor is None else network.factors[factor].states,
        asked_of=knowledge.kind[kind].asked_of,
        cost=knowledge.kind[kind].cost,
        axis=network.finding_index.get(name),
        factor=factor,
        emergency=flag is not None and flag.level.is_emergency,
        measure=measure,
    )


@dataclass(frozen=True, slots=True)
class Observation:
    """An answer that bears on the ranking: a finding, or the risk factors that it settles (age can settle several)."""

    id: Id
    label: str
    answer: Answer
    axis: int | None
    factors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One person's answers and what follows from them; `evidence`, `posterior` and `status` have one column."""

    background: Background
    presentation: Presentation
    evidence: Evidence
    posterior: Posterior
    status: Status

    def open_items(self, audience: Audience) -> tuple[Item, ...]:
        """Return what could still be asked, in the order of the model; answered "unknown" is not asked again."""
        given, filled, fact = self.presentation.given, self.presentation.filled, self.background.urgency.fact
        sex_unknown = given.get("sex") == "unknown"
        by_sex = {name for name, _ in self.background.vocabulary.sex_filled} if sex_unknown else frozenset[Id]()
        return tuple(
            item
            for name, item in self.background.items.items()
            if name not in given
            and name not in filled
            and name not in by_sex
            and audience in item.asked_of
            and (name not in fact or self.status[fact[name], 0] == UNASKED)
        )

    def observations(self) -> tuple[Observation, ...]:
        """Return the answers that bear on the ranking, in the order of the model; age and sex count as one each."""
        network, items = self.background.network, self.background.items
        filled, vocabulary = self.presentation.filled, self.background.vocabulary
        settles = {
            "age": [name for name, *_ in vocabulary.age_filled if name in filled],
            "sex": [name for name, _ in vocabulary.sex_filled if name in filled],
        }
        found: list[Observation] = []
        for name, answer in self.presentation.given.items():
            names = settles.get(name, [] if name in filled else [name])
            axis = network.finding_index.get(name)
            factors = tuple([network.factor_index[one] for one in names if one in network.factor_index])
            if answer != "unknown" and name != vocabulary.presenting and (axis is not None or factors):
                label = items[name].label if name in items else name.capitalize()  # age and sex
                found.append(Observation(name, label, answer, axis, factors))
        return tuple(found)


def only(case: Case, observations: Sequence[Observation], members: BoolArray) -> Evidence:
    """Return the evidence of the complaint and some of the observations.

    Parameters
    ----------
    members : (number of observations, B), which observations each column holds.
    """
    network, known = case.background.network, case.evidence
    finding = np.full((len(network.findings), members.shape[1]), -1, dtype=np.int8)
    factor = np.ones((len(network.base), members.shape[1]))
    soft = None if known.soft is None else np.full(finding.shape, 0.5)
    finding[network.presenting] = 1
    for observation, member in zip(observations, members, strict=True):
        if observation.axis is not None:
            finding[observation.axis, member] = known.finding[observation.axis]
            if soft is not None and known.soft is not None:
                soft[observation.axis, member] = known.soft[observation.axis]
        for number in observation.factors:
            one = network.factors[number]
            rows = np.arange(one.first, one.first + len(one.states))
            factor[np.ix_(rows, member)] = known.factor[rows]
    return Evidence(finding, factor, soft)


def vary(case: Case, changes: Sequence[Sequence[tuple[Item, str]]]) -> tuple[Evidence, Status]:
    """Return the evidence and the status of the facts after some answers were changed or added.

    Parameters
    ----------
    changes : for each column, the questions that get another answer, and that answer: one of the question's states.
    """
    network, fact = case.background.network, case.background.urgency.fact
    finding = np.repeat(case.evidence.finding, len(changes), axis=1)
    factor = np.repeat(case.evidence.factor, len(changes), axis=1)
    soft = None if case.evidence.soft is None else np.repeat(case.evidence.soft, len(changes), axis=1)
    status: Status = np.repeat(case.status, len(changes), axis=1)
    for column, changed in enumerate(changes):
        for item, answer in changed:
            if item.axis is not None:
                finding[item.axis, column] = item.states.index(answer)
                if soft is not None:
                    soft[item.axis, column] = 0.5
            elif item.factor is not None:
                first = network.factors[item.factor].first
                factor[first : first + len(item.states), column] = [state == answer for state in item.states]
            if item.id in fact:
                status[fact[item.id], column] = status_of(answer)
    return Evidence(finding, factor, soft), status
