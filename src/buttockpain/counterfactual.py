"""What would flip the answer: the smallest changes that put another cause first, or change the triage level.

Every set of one changed or added answer is looked at, then, if that flips nothing, every set of two. So a flip is as
small as any, and where none is named there is none of that size. What follows from age or sex may be added but not
changed; the complaint and measured answers stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import comb
from typing import Literal

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case, Item, vary
from buttockpain.differential import MARGIN
from buttockpain.inference import infer, state_prior
from buttockpain.outlook import LEVELS, Outlook, label_of, leaders, outlook
from buttockpain.presentation import Answer
from buttockpain.types import FloatArray, Id, IntArray, Level
from buttockpain.urgency import PRESENT, SETTLED, UNASKED, UNCLEAR, Status

__all__ = [
    "Change",
    "Counterfactual",
    "Flip",
    "FlipKind",
    "Variation",
    "counterfactual_of",
    "pair_probability",
    "variations",
]

FlipKind = Literal["top_cause", "triage_raised", "triage_lowered"]
KINDS: tuple[FlipKind, ...] = ("top_cause", "triage_raised", "triage_lowered")

Variation = tuple[Item, str]
"""A question and an answer to it that differs from the one given."""

PAIR_WORK = 2**27  # multiplications that a search through all pairs may take: about 20 ms
CHUNK = 1000  # sets of answers at once; bounds memory


class Change(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Another answer to one question; `before` is "unknown" if it was not answered."""

    id: Id
    label: str
    before: Answer
    after: str


class Flip(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """A smallest set of changes that flips the answer in one way, and what the answer would then be.

    Attributes
    ----------
    leading : id of the cause that would lead, or "none_of_these".
    level, level_label : what the triage level would be.
    """

    kind: FlipKind
    changes: tuple[Change, ...]
    leading: Id
    leading_label: str
    level: Level
    level_label: str


class Counterfactual(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What would flip the answer, and how far the search went.

    Attributes
    ----------
    flips : at most one for each way of flipping; of equally small ones the one with the largest effect, then the first
        in the order of the model.
    largest_set : a way that is not among the flips needs more changes than this.
    sets : how many sets of changes there are up to that size.
    """

    flips: tuple[Flip, ...]
    largest_set: int
    sets: int


def counterfactual_of(case: Case, now: Outlook) -> Counterfactual:
    """Return the smallest sets of changed or added answers that flip the answer.

    Parameters
    ----------
    now : the outlook of the answers as they are.
    """
    options = variations(case)
    if not options:
        return Counterfactual(flips=(), largest_set=0, sets=0)
    found: dict[FlipKind, tuple[Variation, ...]] = {}
    evidence, status = vary(case, [(option,) for option in options])
    each = outlook(case, evidence, status)
    for kind in KINDS:
        best = _best(_effect(kind, each, now))
        if best is not None:
            found[kind] = (options[best],)
    same = Counter(item.id for item, _ in options).values()
    sets = len(options)
    with_pairs = sets**2 * (len(now.probability) + 1) * len(case.posterior.state) <= PAIR_WORK
    if with_pairs:
        sets += comb(sets, 2) - sum(comb(states, 2) for states in same)
        for kind in [kind for kind in KINDS if kind not in found]:
            if kind == "top_cause":
                pair = _pair_for_top(case, options, now)
            else:
                pair = _pair_for_level(case, options, status, kind, now)
            if pair is not None:
                found[kind] = pair
    return Counterfactual(flips=_flips(case, found), largest_set=2 if with_pairs else 1, sets=sets)


def variations(case: Case) -> tuple[Variation, ...]:
    """Return every answer that could be changed or added, in the order of the model."""
    presentation, table = case.presentation, case.background.urgency.table
    by_measure = {name: threshold for name, threshold in table.thresholds if threshold.measure in presentation.measured}
    options: list[Variation] = []
    for name, item in case.background.items.items():
        before = presentation.answer(name)
        if name in presentation.filled or (item.personal and before != "unknown"):
            continue
        threshold = by_measure.get(name)
        if threshold is not None:
            # The measure decides, but for a flag that says more than the measure and may be there without it.
            if threshold.exact or threshold.holds(presentation.measured[threshold.measure]):
                continue
            before = before if name in presentation.given else "no"
        options += [(item, state) for state in item.states if state != before]
    return tuple(options)


def _effect(kind: FlipKind, after: Outlook, now: Outlook) -> FloatArray:
    """Return how large a flip each set makes, minus infinity where it makes none."""
    if kind == "top_cause":
        lead = np.take_along_axis(after.probability, after.leader[None], axis=0)[0]
        return np.where(after.leader != now.leader, lead - after.probability[now.leader[0]], -np.inf)
    steps = (after.level - now.level) * (1 if kind == "triage_raised" else -1)
    return np.where(steps > 0, steps.astype(np.float64), -np.inf)


def _best(effect: FloatArray) -> int | None:
    """Return the first of the largest effects, None if there is none."""
    if not effect.size or np.isneginf(effect.max()):
        return None
    return int(np.rint(effect / MARGIN).argmax())


def _pairs(options: Sequence[Variation], pool: IntArray) -> IntArray:
    """Return all pairs of variations of two questions, (2, number of pairs), in the order of the model."""
    number = {name: place for place, name in enumerate(dict.fromkeys(item.id for item, _ in options))}
    question = np.array([number[item.id] for item, _ in options], dtype=np.int64)[pool]
    first, second = np.triu_indices(len(pool), k=1)
    apart = question[first] != question[second]
    return np.stack([pool[first[apart]], pool[second[apart]]])


def _pair_for_top(case: Case, options: Sequence[Variation], now: Outlook) -> tuple[Variation, ...] | None:
    """Return the best pair that puts another cause first."""
    pairs = _pairs(options, np.arange(len(options)))
    probability = pair_probability(case, options, pairs)
    leader = leaders(probability)
    lead = np.take_along_axis(probability, leader[None], axis=0)[0]
    best = _best(np.where(leader != now.leader, lead - probability[now.leader[0]], -np.inf))
    return None if best is None else tuple(options[number] for number in pairs[:, best])


def pair_probability(case: Case, options: Sequence[Variation], pairs: IntArray) -> FloatArray:
    """Return the probability of each ranked cause, and of none of them, after each pair of variations.

    A variation multiplies the probability of each state of the causes by a weight of its own, so the masses of all pairs
    are matrix products. Only two risk factors together are more than the product; those are worked out one by one.

    Parameters
    ----------
    pairs : (2, number of pairs), numbers of variations, of two questions each.
    """
    network, state = case.background.network, case.posterior.state[:, 0]
    evidence, _ = vary(case, [(option,) for option in options])
    before, _ = state_prior(network, case.evidence.factor)
    after, _ = state_prior(network, evidence.factor)
    log_weight = infer(network, evidence).log_likelihood - case.posterior.log_likelihood
    weight = np.exp(log_weight - log_weight.max(axis=0))
    weight *= np.divide(after, before, out=np.zeros_like(after), where=before > 0)
    profiles = [profile.axis for profile in case.background.directory.profiles]
    rows = [*network.has.T[profiles], network.summary[-1], np.ones(len(state))]
    mass = np.stack([((weight * (state * row)[:, None]).T @ weight)[pairs[0], pairs[1]] for row in rows])
    probability: FloatArray = np.divide(mass[:-1], mass[-1], out=np.zeros_like(mass[:-1]), where=mass[-1] > 0)
    factor = np.array([item.factor is not None for item, _ in options])
    both = np.flatnonzero(factor[pairs].all(axis=0))
    for columns in np.split(both, range(CHUNK, len(both), CHUNK)):
        some, _ = vary(case, [[options[number] for number in pairs[:, column]] for column in columns])
        posterior = infer(network, some)
        probability[:, columns] = np.vstack([posterior.cause[profiles], posterior.none_of_these])
    return probability


def _pair_for_level(
    case: Case, options: Sequence[Variation], status: Status, kind: FlipKind, now: Outlook
) -> tuple[Variation, ...] | None:
    """Return the best pair that raises or lowers the level; `status` is that after each single variation.

    The rules are quick, so they come first: most pairs are ruled out by them, and the ranking is asked about the rest.
    """
    urgency, level = case.background.urgency, int(now.level[0])
    table = urgency.table
    raising = kind == "triage_raised"
    by_ranking = [table.none_of_these, table.poor_fit, *(reason for *_, reason in table.floors)]
    # Facts only ever raise the level, so all of them present, or all settled, is the most that any set can do.
    changeable = (status != case.status).any(axis=1, keepdims=True)
    extreme = int(urgency.level(np.where(changeable, PRESENT if raising else SETTLED, case.status))[0])
    if raising:
        ranking_decides = max(reason.level.rank for reason in by_ranking) > level
        if extreme <= level and not ranking_decides:
            return None
    else:
        gaps = ((UNASKED, table.unasked), (UNCLEAR, table.unclear))
        still_open = [
            (case.status[urgency.emergency] == gap).sum() > 2 and reason.level.rank >= level  # noqa: PLR2004 - a pair
            for gap, reason in gaps
        ]
        if extreme >= level or any(still_open):
            return None
        ranking_decides = bool(urgency.level(case.status)[0] < level or (urgency.level(status) < level).any())
    touched = (status != case.status).any(axis=0)
    pairs = _pairs(options, np.arange(len(options)) if ranking_decides else np.flatnonzero(touched))
    best: tuple[float, tuple[Variation, ...]] | None = None
    for first in range(0, pairs.shape[1], CHUNK):
        some = pairs[:, first : first + CHUNK]
        # Each variation touches at most one fact, and the two of a pair touch different ones.
        both = case.status + (status[:, some[0]] - case.status) + (status[:, some[1]] - case.status)
        by_rules = urgency.level(both)
        worth = some[:, (by_rules > level) | ranking_decides if raising else by_rules < level]
        if not worth.size:
            continue
        sets = [tuple(options[number] for number in pair) for pair in worth.T]
        effect = _effect(kind, outlook(case, *vary(case, sets)), now)
        place = _best(effect)
        if place is not None and (best is None or effect[place] > best[0]):
            best = float(effect[place]), sets[place]
    return None if best is None else best[1]


def _flips(case: Case, found: Mapping[FlipKind, tuple[Variation, ...]]) -> tuple[Flip, ...]:
    """Return the flips that were found, with what the answer would be."""
    kinds = [kind for kind in KINDS if kind in found]
    if not kinds:
        return ()
    after = outlook(case, *vary(case, [found[kind] for kind in kinds]))
    flips: list[Flip] = []
    for kind, leader, urgency in zip(kinds, after.leader.tolist(), after.level.tolist(), strict=True):
        leading, leading_label = label_of(case.background, leader)
        level = LEVELS[urgency]
        changes = tuple(
            [
                Change(id=item.id, label=item.label, before=case.presentation.answer(item.id), after=answer)
                for item, answer in found[kind]
            ]
        )
        flips.append(
            Flip(
                kind=kind,
                changes=changes,
                leading=leading,
                leading_label=leading_label,
                level=level,
                level_label=case.background.urgency.table.levels[level][0],
            )
        )
    return tuple(flips)
