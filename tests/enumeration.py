"""The posterior of a model with any of its numbers changed, written apart from the library and fast enough to ask often.

Every combination of the risk factors that touch several causes is enumerated; those that touch one cause are averaged
inside it. `joint` follows the definition of the noisy-OR; it shares nothing with the library but the model file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.model import Model, default_model
from buttockpain.presentation import read
from buttockpain.types import FloatArray

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

Numbers = Mapping[str, float]


_ASKED = [
    name
    for name in (*default_model().knowledge.risk_factor, *default_model().network.findings)
    if name not in {"age_band", "female_sex", default_model().vocabulary.presenting}
]
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "nothing known": {},
    "a disc": {"low_back_pain": "yes", "leg_numbness": "yes", "slr_positive": "yes", "age": 45, "sex": "female"},
    "unsure": {
        "slr_positive": 0.8, "leg_numbness": 0.1, "pain_worse_sitting": "no", "running_or_sport": 0.3,
        "previous_back_pain": 0.9, "prolonged_sitting": "yes", "buttock_injury": "unknown",
    },
    "everything asked": {"age": 25} | {name: ("yes", "no", 0.3, "no")[i % 4] for i, name in enumerate(_ASKED)},
}  # fmt: skip
"""Answers to the shipped model: none, some, virtual evidence, all."""


def enumeration_of(model: Model, answers: Mapping[str, Any]) -> Enumeration:
    """Return one person's enumeration; age and sex answer risk factors."""
    presentation, problems = read(model.rank(answers).answers, model.vocabulary)
    assert not problems
    return Enumeration(model.knowledge, {**presentation.given, **presentation.filled})


class Enumeration:
    """One model and one person's answers; ask for the log-odds of every outcome under any numbers."""

    def __init__(self, knowledge: Knowledge, answers: Mapping[str, str | float]) -> None:
        self.causes = list(knowledge.cause)
        self.ranked = [cause.ranked for cause in knowledge.cause.values()]
        self.states = np.array(list(product([0, 1], repeat=len(self.causes))), dtype=bool)
        self.answers = {**answers, next(n for n, f in knowledge.finding.items() if f.presenting): "yes"}
        self.findings = {
            name: list(knowledge.finding[name].link)
            for name in self.answers
            if name in knowledge.finding and knowledge.finding[name].leak is not None
        }
        self.factors = {name: factor.states for name, factor in knowledge.risk_factor.items()}
        self.links = {name: list(cause.link) for name, cause in knowledge.cause.items()}
        self.values = {
            p: n.value for p, n in knowledge.parameters() if p.startswith(("cause.", "finding.", "risk_factor."))
        }
        self._prior = lru_cache(maxsize=4)(self._prior_of)

    def log_odds(self, changed: Numbers) -> FloatArray:
        """Return the log-odds of every cause, then of none of the ranked ones."""
        weights = self.joint({**self.values, **changed})
        within = np.column_stack([self.states, ~self.states[:, self.ranked].any(axis=1)])
        odds: FloatArray = np.log(weights @ within) - np.log(weights @ ~within)
        return odds

    def probability(self, changed: Numbers) -> FloatArray:
        """Return the probability of every cause, then of none of the ranked ones."""
        result: FloatArray = 1 / (1 + np.exp(-self.log_odds(changed)))
        return result

    def joint(self, numbers: Numbers) -> FloatArray:
        """Return P(cause state, evidence) for every state, up to a factor."""
        above = tuple(sorted((p, v) for p, v in numbers.items() if not p.startswith("finding.")))
        weights = self._prior(above)
        for name, parents in self.findings.items():
            no = np.full(len(self.states), 1 - numbers[f"finding.{name}.leak"])
            for parent in parents:
                spared = 1 - numbers[f"finding.{name}.link.{parent}"]
                no = no * np.where(self.states[:, self.causes.index(parent)], spared, 1.0)
            answer = self.answers[name]
            strength = {"yes": 1.0, "no": 0.0, "unknown": 0.5}[answer] if isinstance(answer, str) else answer
            if answer != "unknown":
                weights = weights * ((1 - strength) * no + strength * (1 - no))
        return weights

    def _prior_of(self, above: tuple[tuple[str, float], ...]) -> FloatArray:
        numbers = dict(above)
        spared = {cause: 1 - numbers[f"cause.{cause}.leak"] for cause in self.causes}
        shared: list[list[tuple[float, dict[str, float]]]] = []
        for name, states in self.factors.items():
            options = self._options(numbers, name, states)
            touched = {cause for _, chances in options for cause in chances}
            if len(touched) == 1:
                cause = touched.pop()
                total = sum(weight for weight, _ in options)
                spared[cause] *= sum(weight * (1 - chances.get(cause, 0.0)) for weight, chances in options) / total
            elif touched:
                shared.append(options)
        arcs = np.ones(self.states.shape)  # the part of "not brought about" that present causes leave
        for k, cause in enumerate(self.causes):
            for parent in self.links[cause]:
                if parent in self.causes:
                    chance = numbers[f"cause.{cause}.link.{parent}"]
                    arcs[:, k] *= np.where(self.states[:, self.causes.index(parent)], 1 - chance, 1.0)
        combinations = list(product(*shared))
        likely = np.array([np.prod([weight for weight, _ in one]) for one in combinations])
        apart = np.array(
            [
                [spared[c] * np.prod([1 - chances.get(c, 0.0) for _, chances in one]) for c in self.causes]
                for one in combinations
            ]
        )
        no = apart[:, None, :] * arcs
        prior: FloatArray = likely @ np.where(self.states, 1 - no, no).prod(axis=2)
        return prior

    def _options(self, numbers: Numbers, name: str, states: tuple[str, ...]) -> list[tuple[float, dict[str, float]]]:
        """Return weight and chances of each state of a risk factor that the answer leaves possible."""
        active = {state: f".{state}" for state in states[1:]} if states else {"yes": ""}
        rates = {state: numbers[f"risk_factor.{name}.base{end}"] for state, end in active.items()}
        remainder = states[0] if states else "no"
        answer = self.answers.get(name, "unknown")
        options = []
        for state, rate in {remainder: 1 - sum(rates.values()), **rates}.items():
            if isinstance(answer, str):
                likelihood = float(answer in ("unknown", state))
            else:
                likelihood = answer if state == "yes" else 1 - answer
            chances = {
                cause: numbers[path]
                for cause in self.causes
                if (path := f"cause.{cause}.link.{name}{active.get(state, '.none')}") in numbers
            }
            if likelihood:
                options.append((rate * likelihood, chances))
        return options
