"""Decision margins: how far each number may move before the leading cause or the triage level is another.

Along one number the weight of every outcome is a straight line, so the leading cause changes only where two lines
cross, and a cause reaches its triage floor only where its line crosses that of its absence. The crossings are exact;
between them the decision is the same.

What the rules say of red flags holds whatever the numbers are. Whether the answers fit the model badly is kept as it
is: how surprising answers are is no straight line.

References
----------
Admissible deviation: van der Gaag and Renooij, Analysing sensitivity data from probabilistic networks, UAI 2001,
530-537.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel

from buttockpain.differential import MARGIN
from buttockpain.model import Model
from buttockpain.presentation import Answers
from buttockpain.research.lines import Lines, lines_of, probability_of
from buttockpain.research.parameters import NONE, ParameterTable, answered, table_of
from buttockpain.research.sensitivity import own_range
from buttockpain.research.uncertainty import uncertainty_of
from buttockpain.triage import RuleTable, decide
from buttockpain.types import FloatArray, IntArray, Level

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.presentation import Presentation

__all__ = ["DecisionMargin", "FragileNumber", "fragile_numbers", "margins"]

Decision = Literal["leading", "triage"]
_LEVELS = tuple(Level)


class DecisionMargin(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How far one number may move before one decision is another.

    Attributes
    ----------
    path, value, low, high : the number, and its own range.
    decision : "leading", the most probable of the named causes and none of them; or "triage", the level.
    now : what is decided: a cause or "none_of_these"; or a triage level.
    down, down_to : the number below which the decision is another, and which; None if it holds all the way to 0.
    up, up_to : the same above.
    distance : how far the nearer of the two is, in standard deviations of the number's own uncertainty, on the scale of
        its log-odds; None if the decision never changes, or only where the number is taken to be known.
    """

    path: str
    value: float
    low: float
    high: float
    decision: Decision
    now: str
    down: float | None
    down_to: str | None
    up: float | None
    up_to: str | None
    distance: float | None

    @property
    def within_range(self) -> bool:
        """Whether the decision changes inside the number's own range."""
        below = self.down is not None and self.down > self.low
        return below or (self.up is not None and self.up < self.high)


class FragileNumber(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How often a decision hangs on one number.

    Attributes
    ----------
    path, value, low, high, basis : the number, its own range, and its basis.
    either, leading, triage : share of the people in whom some value in the range changes the decision.
    """

    path: str
    value: float
    low: float
    high: float
    basis: str
    either: float
    leading: float
    triage: float


def margins(model: Model, answers: Answers | None = None) -> tuple[DecisionMargin, ...]:
    """Return the margins of both decisions along every number that the answers involve, the narrowest first.

    Parameters
    ----------
    model : the model.
    answers : of one person, as for `Model.rank`.

    Raises
    ------
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> first = margins(default_model(), {"slr_positive": "yes"})[0]
    >>> first.path, first.decision, first.now, round(first.up, 3), first.up_to
    ('finding.slr_positive.link.something_else', 'leading', 'sciatica', 0.212, 'none_of_these')
    """
    table = table_of(model)
    differential, presentation, evidence = answered(model, answers)
    lines = lines_of(model, evidence)
    changes = _changes(model, table, lines, differential, presentation)
    found = []
    for decision, change in changes.items():
        names = (*table.outcomes,) if decision == "leading" else tuple(level.value for level in _LEVELS)
        for row, n in enumerate(change.numbers.tolist()):
            down, up = change.down[row], change.up[row]
            found.append(
                DecisionMargin(
                    path=table.paths[n], value=table.value[n], low=table.low[n], high=table.high[n],
                    decision=decision, now=names[change.now],
                    down=down if down > 0 else None, down_to=names[change.down_to[row]] if down > 0 else None,
                    up=up if up < table.ceiling[n] else None,
                    up_to=names[change.up_to[row]] if up < table.ceiling[n] else None,
                    distance=change.distance[row] if np.isfinite(change.distance[row]) else None,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: np.inf if one.distance is None else one.distance))


def fragile_numbers(model: Model, people: Iterable[Answers]) -> tuple[FragileNumber, ...]:
    """Return how often decisions hang on each number, the most fragile number first.

    Parameters
    ----------
    model : the model.
    people : the answers of each; drawn from the model (see `simulation`) they stand for those the model describes.

    Raises
    ------
    ValueError : nobody.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`, for the first person it happens to.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> people = [{"slr_positive": "yes"}, {"pain_worse_sitting": "yes", "age": 30}]
    >>> fragile_numbers(default_model(), people)[0].path
    'cause.fasciitis.leak'
    """
    table = table_of(model)
    numbers = np.arange(len(table.paths))
    low, high = own_range(table, numbers)
    counts = np.zeros((3, len(numbers)), dtype=np.int64)
    size = 0
    for answers in people:
        size += 1
        differential, presentation, evidence = answered(model, answers)
        changes = _changes(model, table, lines_of(model, evidence), differential, presentation)
        flips = np.zeros((2, len(numbers)), dtype=bool)
        for row, change in enumerate(changes.values()):
            n = change.numbers
            flips[row, n] = (change.down > low[n]) | (change.up < high[n])
        counts += np.vstack([flips.any(axis=0), flips])
    if not size:
        message = "`people` is empty: there is no share of nobody"
        raise ValueError(message)
    basis = {row.path: row.basis for row in model.parameters()}
    shares = counts / size
    return tuple(
        FragileNumber(
            path=table.paths[n], value=table.value[n], low=table.low[n], high=table.high[n],
            basis=basis[table.paths[n]], either=shares[0, n], leading=shares[1, n], triage=shares[2, n],
        )
        for n in np.argsort(-shares[0], kind="stable").tolist()
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Change:
    """Where one decision changes along each of some numbers.

    `down` is 0 and `up` the ceiling where it does not; `distance` is infinite where it changes on neither side.
    """

    numbers: IntArray
    now: int
    down: FloatArray
    down_to: IntArray
    up: FloatArray
    up_to: IntArray
    distance: FloatArray


def _changes(
    model: Model, table: ParameterTable, lines: Lines, differential: Differential, presentation: Presentation
) -> dict[Decision, _Change]:
    """Return where the decisions of one person change."""
    numbers = np.flatnonzero(lines.involved)
    ends = (lines.at_zero[numbers], lines.at_ceiling[numbers])
    here = probability_of(np.stack([lines.log_odds, -lines.log_odds]))
    start, stop = (here * end for end in ends)  # (numbers, 2, O) P(outcome, evidence) up to a factor
    edges = _edges(model.rules, table, start, stop)
    share = (table.value / table.ceiling)[numbers, None]
    left, right = edges[:, :-1], edges[:, 1:]
    middle = np.where(right > left, (left + right) / 2, share)  # at an end itself the evidence may be impossible
    height = (1 - middle)[:, :, None, None] * start[:, None] + middle[:, :, None, None] * stop[:, None]
    probability = height[:, :, 0] / height.sum(axis=2)
    leading = table.leading(probability)
    floor = decide(model.rules, presentation).triage().level.rank
    if differential.fit.poor:
        floor = max(floor, model.rules.poor_fit.level.rank)
    now = {
        "leading": table.outcomes.index(differential.leading or NONE),
        "triage": differential.triage.level.rank,
    }
    decided = {"leading": leading, "triage": _level(model.rules, table, probability, leading, floor)}
    return {
        "leading": _change(model, table, numbers, edges, decided["leading"], now["leading"]),
        "triage": _change(model, table, numbers, edges, decided["triage"], now["triage"]),
    }


def _edges(rules: RuleTable, table: ParameterTable, start: FloatArray, stop: FloatArray) -> FloatArray:
    """Return where a decision can change along each number, as shares of its ceiling, sorted, from 0 to 1."""
    differences = []
    leads = np.flatnonzero(table.leads)
    first, second = np.triu_indices(len(leads), k=1)
    differences.append([end[:, 0, leads[first]] - end[:, 0, leads[second]] for end in (start, stop)])
    for name, least, _ in rules.floors:
        o = table.outcomes.index(name)
        differences.append([((1 - least) * end[:, 0, o] - least * end[:, 1, o])[:, None] for end in (start, stop)])
    before, after = (np.hstack(column) for column in zip(*differences, strict=True))
    crossing = np.sign(before) * np.sign(after) < 0
    roots = np.divide(before, before - after, out=np.ones_like(before), where=crossing)
    ends = np.zeros((len(roots), 1)), np.ones((len(roots), 1))
    return np.sort(np.hstack([ends[0], roots, ends[1]]), axis=1)


def _level(rules: RuleTable, table: ParameterTable, probability: FloatArray, leading: IntArray, floor: int) -> IntArray:
    """Return the rank of the triage level, likewise; never below `floor`."""
    level = np.where(leading == len(table.outcomes) - 1, max(floor, rules.none_of_these.level.rank), floor)
    for name, least, reason in rules.floors:
        reached = probability[..., table.outcomes.index(name)] >= least - MARGIN
        level = np.maximum(level, np.where(reached, reason.level.rank, floor))
    return level


def _change(
    model: Model, table: ParameterTable, numbers: IntArray, edges: FloatArray, decided: IntArray, now: int
) -> _Change:
    """Return the nearest change on either side of each number's value."""
    ceiling, value = table.ceiling[numbers], table.value[numbers]
    share = (value / ceiling)[:, None]
    left, right = edges[:, :-1], edges[:, 1:]
    other = (decided != now) & (right - left > 0)
    below = np.where(other & (left < share), np.minimum(right, share), 0.0)
    above = np.where(other & (right > share), np.maximum(left, share), 1.0)
    rows, lower, upper = np.arange(len(numbers)), below.argmax(axis=1), above.argmin(axis=1)
    down, up = below[rows, lower] * ceiling, above[rows, upper] * ceiling
    away = uncertainty_of(model).distance
    distance = np.minimum(away(numbers, down), np.where(up < ceiling, away(numbers, up), np.inf))
    return _Change(numbers, now, down, decided[rows, lower], up, decided[rows, upper], distance)
