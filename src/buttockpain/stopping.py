"""When to stop: how likely the answer would stay the same if everything else were asked.

The same-decision probability is the chance, under the model's own prediction of the answers still open, that the leading
cause (or the triage level) is then what it is now. It is exact while the open questions have few combinations of answers,
and simulated with exact draws beyond that.

Two things stand above the probabilities. Some red flags must be asked before any stop: those that could still raise the
level, if they are of an emergency level or the model has no probability for them, and those that decide whether the
founding document's rule applies. And at an emergency level that no flag could raise further, asking stops, because help
comes first.

References
----------
Darwiche and Choi, Same-decision probability: a confidence measure for threshold-based decisions under noisy sensors,
European Workshop on Probabilistic Graphical Models (2010); Chen, Choi and Darwiche, Algorithms and applications for the
same-decision probability, Journal of Artificial Intelligence Research 49 (2014), 601-633.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Literal

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case, Item
from buttockpain.inference import Evidence
from buttockpain.outlook import LEVELS, Outlook, outlook
from buttockpain.predictive import draw_people
from buttockpain.render.words import display_probability
from buttockpain.types import Id, IntArray
from buttockpain.urgency import PRESENT, SETTLED, UNCLEAR, Status

__all__ = ["StopAdvice", "must_ask", "stop_advice"]

COMBINATIONS = 1024  # of answers to the open questions: ten of yes or no
DRAWS = 1000


class StopAdvice(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Whether asking more could still change the answer.

    Attributes
    ----------
    same_top : probability that the leading cause (or "none of these") stays, if everything open were asked.
    same_triage : the same for the triage level, red flags without a probability in the model staying as they are.
    method : "exact", over all combinations of open answers, or "sampled", over people drawn from the model.
    standard_error_top, standard_error_triage : of the two; 0 when exact, never 0 when sampled.
    sets : how many sets of answers were worked through.
    open_questions : how many questions this audience could still be asked.
    must_ask : red flags that have to be asked whatever the probabilities, most urgent first: they could raise the level,
        and are of an emergency level or have no probability in the model; or they could bring the triage override.
    stop : whether the stop rule holds: nothing that must be asked; and an emergency level, or both probabilities at or
        above the limits of the model file, or nothing left to ask.
    sentence : the advice in words.
    """

    same_top: float
    same_triage: float
    method: Literal["exact", "sampled"]
    standard_error_top: float
    standard_error_triage: float
    sets: int
    open_questions: int
    must_ask: tuple[Id, ...]
    stop: bool
    sentence: str


def stop_advice(
    case: Case, items: Sequence[Item], now: Outlook, *, rng: np.random.Generator, draws: int = DRAWS
) -> StopAdvice:
    """Return whether asking the open questions could still change the answer.

    Parameters
    ----------
    items : the open questions.
    now : the outlook of the answers as they are.
    rng : draws people if there are too many combinations of open answers; not touched otherwise.
    draws : how many people to draw then.
    """
    predicted = [item for item in items if item.predicted]
    exact = prod(len(item.states) for item in predicted) <= COMBINATIONS
    answers = _combinations(predicted) if exact else _draws(case, predicted, draws, rng)
    after = outlook(case, *_answered(case, predicted, answers))
    size = answers.shape[1]
    weight = np.exp(after.log_evidence - after.log_evidence.max()) if exact else np.ones(size)
    same_top, same_triage = (
        float(weight[same].sum() / weight.sum()) for same in (after.leader == now.leader, after.level == now.level)
    )
    required = must_ask(case, items, int(now.level[0]))
    limits, caps = case.background.knowledge.stop, case.background.directory.caps
    urgent = LEVELS[int(now.level[0])].is_emergency
    enough = same_top >= limits.same_top and same_triage >= limits.same_triage
    return StopAdvice(
        same_top=same_top,
        same_triage=same_triage,
        method="exact" if exact else "sampled",
        standard_error_top=0.0 if exact else _standard_error(same_top, size),
        standard_error_triage=0.0 if exact else _standard_error(same_triage, size),
        sets=size,
        open_questions=len(items),
        must_ask=tuple(item.id for item in required),
        stop=not required and (urgent or enough or not items),
        sentence=_sentence(
            len(items),
            len(required),
            display_probability(same_top, caps),
            display_probability(same_triage, caps),
            urgent=urgent,
            enough=enough,
        ),
    )


def must_ask(case: Case, items: Sequence[Item], level: int) -> tuple[Item, ...]:
    """Return the red flags that have to be asked whatever the probabilities, most urgent first.

    Parameters
    ----------
    items : the open questions.
    level : the urgency as it is, 0 to 4.
    """
    urgency = case.background.urgency
    could = urgency.could_raise(case.status, level)
    override = urgency.table.override_facts
    decided = LEVELS[level].is_emergency or any(case.status[urgency.fact[name], 0] == PRESENT for name in override)
    required = [
        item
        for item in items
        if (item.id in override and not decided)
        or (item.id in urgency.fact and could[urgency.fact[item.id]] and (item.emergency or not item.predicted))
    ]
    return tuple(sorted(required, key=lambda item: -urgency.flag[urgency.fact[item.id]]))


def _combinations(items: Sequence[Item]) -> IntArray:
    """Return every combination of answers, as numbers of states, (number of questions, B)."""
    sizes = [len(item.states) for item in items]
    return np.indices(sizes).reshape(len(sizes), prod(sizes))


def _draws(case: Case, items: Sequence[Item], size: int, rng: np.random.Generator) -> IntArray:
    """Return the answers of people drawn from the model, as numbers of states, (number of questions, B)."""
    people = draw_people(case.background.network, case.evidence, case.posterior, size, rng=rng)
    return np.stack(
        [
            people.finding[item.axis].astype(np.int64) if item.axis is not None else people.factor[item.factor]
            for item in items
        ]
    )


def _answered(case: Case, items: Sequence[Item], answers: IntArray) -> tuple[Evidence, Status]:
    """Return the evidence and the status of the facts once the open questions are answered so."""
    network, fact = case.background.network, case.background.urgency.fact
    size = answers.shape[1]
    finding, factor = np.repeat(case.evidence.finding, size, axis=1), np.repeat(case.evidence.factor, size, axis=1)
    status: Status = np.repeat(case.status, size, axis=1)
    for item, answer in zip(items, answers, strict=True):
        if item.axis is not None:
            finding[item.axis] = answer
        elif item.factor is not None:
            first = network.factors[item.factor].first
            factor[first : first + len(item.states)] = np.arange(len(item.states))[:, None] == answer
        if item.id in fact:
            meaning = [PRESENT if state == "yes" else SETTLED if state == "no" else UNCLEAR for state in item.states]
            status[fact[item.id]] = np.array(meaning)[answer]
    soft = None if case.evidence.soft is None else np.repeat(case.evidence.soft, size, axis=1)
    return Evidence(finding, factor, soft), status


def _standard_error(share: float, draws: int) -> float:
    """Return the standard error of a simulated share; with one imagined draw on either side, so that it is never 0."""
    smoothed = (share * draws + 1) / (draws + 2)
    return float(np.sqrt(smoothed * (1 - smoothed) / draws))


def _sentence(questions: int, required: int, same_top: str, same_triage: str, *, urgent: bool, enough: bool) -> str:
    """Return the advice in words, given the two probabilities as they are shown to people."""
    if required:
        flags = "1 warning sign has" if required == 1 else f"{required} warning signs have"
        advice = f"Go on: {flags} to be asked about, whatever the probabilities."
    elif urgent:
        return "Stop: help comes before further questions."
    elif not questions:
        return "Nothing is left to ask."
    else:
        advice = "Stop: asking more is unlikely to matter." if enough else "Go on."
    asked = "the one question left were" if questions == 1 else f"all {questions} questions left were"
    return (
        f"{advice} If {asked} asked, the leading cause would stay first with probability {same_top} "
        f"and the triage level would stay with probability {same_triage}."
    )
