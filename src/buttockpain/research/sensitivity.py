"""One-way sensitivity: how an answer depends on one number, exactly, over all values the number can take.

P(outcome | evidence) is (a x + b) / (c x + d) in any one number x, so it only rises or only falls: what happens over a
range happens at its ends.

References
----------
Coupé and van der Gaag, Properties of sensitivity analysis of Bayesian belief networks, Ann. Math. Artif. Intell. 36
(2002), 323-356; Castillo, Gutiérrez and Hadi, Sensitivity analysis in discrete Bayesian networks, IEEE Trans. Systems,
Man and Cybernetics A 27 (1997), 412-423.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from buttockpain.model import Model
from buttockpain.presentation import Answers
from buttockpain.research.lines import Lines, lines_of, probability_of
from buttockpain.research.parameters import ParameterTable, answered, table_of
from buttockpain.types import FloatArray, Id, IntArray

__all__ = [
    "RequiredValue",
    "SensitivityFunction",
    "TornadoRow",
    "over_own_range",
    "own_range",
    "sensitivity_function",
    "tornado",
    "value_for",
]


@dataclass(frozen=True, slots=True)
class SensitivityFunction:
    """How the probability of every outcome depends on one number, all other numbers staying as they are.

    Attributes
    ----------
    path, value : the number, and what it is in the model.
    ceiling : what it must stay below: 1, or for a state of a several-state risk factor what the other states leave.
    outcomes : on the O axis: the causes, then "none_of_these".
    log_odds : (O,) natural log-odds of every outcome at `value`.
    at_zero, at_ceiling : (2, O) P(outcome, evidence) and P(not the outcome, evidence) there, relative to now.
    """

    path: str
    value: float
    ceiling: float
    outcomes: tuple[Id, ...]
    log_odds: FloatArray
    at_zero: FloatArray
    at_ceiling: FloatArray

    def log_odds_at(self, values: npt.ArrayLike) -> FloatArray:
        """Return the natural log-odds of every outcome at other values of the number, (O, *shape of values).

        Raises
        ------
        ValueError : a value that is not strictly between 0 and the ceiling.
        """
        x = np.asarray(values, dtype=np.float64)
        if not ((x > 0) & (x < self.ceiling)).all():
            message = f"values of `{self.path}` must be above 0 and below {self.ceiling:g}"
            raise ValueError(message)
        share = x / self.ceiling
        height = np.multiply.outer(self.at_zero, 1 - share) + np.multiply.outer(self.at_ceiling, share)
        now = self.log_odds.reshape(-1, *[1] * x.ndim)
        result: FloatArray = now + np.log(height[0]) - np.log(height[1])
        return result

    def probability_at(self, values: npt.ArrayLike) -> FloatArray:
        """Return the probability of every outcome at other values of the number; shapes as for `log_odds_at`."""
        return probability_of(self.log_odds_at(values))

    def coefficients(self, outcome: Id) -> tuple[float, float, float, float]:
        """Return a, b, c, d of P(outcome) = (a x + b) / (c x + d); a common factor is free, and c x + d is 1 now.

        Raises
        ------
        ValueError : no such outcome.
        """
        o = self.outcomes.index(outcome)
        now = probability_of(np.array([self.log_odds[o], -self.log_odds[o]]))
        present, absent = now[:, None] * np.column_stack([self.at_zero[:, o], self.at_ceiling[:, o]])
        b, d = present[0], present[0] + absent[0]
        a, c = (present[1] - b) / self.ceiling, (present[1] + absent[1] - d) / self.ceiling
        return float(a), float(b), float(c), float(d)


class RequiredValue(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What a number would have to be for an outcome to have a given probability.

    Attributes
    ----------
    path, outcome, probability : what was asked.
    value : of the number; None if no value does it.
    lowest, highest : the probability comes as near to these as one likes, and not beyond, as the number goes through
        all it can be.
    """

    path: str
    outcome: Id
    probability: float
    value: float | None
    lowest: float
    highest: float


class TornadoRow(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """The probability of one outcome over the range of one number; exact, and nowhere outside the two ends.

    Attributes
    ----------
    path, outcome : which number, which outcome.
    value, low, high : the number in the model and its range; a range that reaches what other states of the risk
        factor leave ends just below it.
    at_value, at_low, at_high : probability of the outcome there.
    """

    path: str
    outcome: Id
    value: float
    low: float
    high: float
    at_value: float
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """How far the probability moves over the range."""
        return abs(self.at_high - self.at_low)


def sensitivity_function(model: Model, answers: Answers | None = None, *, path: str) -> SensitivityFunction:
    """Return how every outcome depends on one number.

    Parameters
    ----------
    model : the model.
    answers : of one person, as for `Model.rank`.
    path : of the number, such as `cause.sciatica.leak`.

    Raises
    ------
    ModelError : no such number.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> curve = sensitivity_function(default_model(), {"slr_positive": "yes"}, path="cause.sciatica.leak")
    >>> sciatica = curve.outcomes.index("sciatica")
    >>> curve.probability_at([0.01, 0.05, 0.2])[sciatica].round(2)
    array([0.39, 0.53, 0.77])
    """
    table = table_of(model)
    n = table.number(path)
    lines = lines_of(model, answered(model, answers)[2])
    return SensitivityFunction(
        path, float(table.value[n]), float(table.ceiling[n]), table.outcomes, lines.log_odds, lines.at_zero[n],
        lines.at_ceiling[n],
    )  # fmt: skip


def value_for(
    model: Model, answers: Answers | None = None, *, path: str, outcome: Id, probability: float = 0.5
) -> RequiredValue:
    """Return what a number would have to be for an outcome to have a given probability.

    Raises
    ------
    ModelError : no such number or outcome.
    ValueError : a probability that is not strictly between 0 and 1.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> asked = value_for(default_model(), {"slr_positive": "yes"}, path="cause.sciatica.leak", outcome="sciatica")
    >>> round(asked.value, 3), round(asked.lowest, 2)
    (0.039, 0.35)
    """
    table = table_of(model)
    n, o = table.number(path), table.outcome(outcome)
    if not 0 < probability < 1:
        message = f"`probability` is {probability!r}, expected a number above 0 and below 1"
        raise ValueError(message)
    lines = lines_of(model, answered(model, answers)[2])
    now = probability_of(np.array([lines.log_odds[o], -lines.log_odds[o]]))
    zero, ceiling = now * lines.at_zero[n, :, o], now * lines.at_ceiling[n, :, o]
    # An end that the evidence rules out says nothing by itself: the probability is then the same up to it.
    ends = [(one if one.any() else other) for one, other in ((zero, ceiling), (ceiling, zero))]
    lowest, highest = sorted(float(present / (present + absent)) for present, absent in ends)
    excess = [float((1 - probability) * present - probability * absent) for present, absent in (zero, ceiling)]
    value = None
    if min(excess) < 0 < max(excess):
        value = float(table.ceiling[n]) * excess[0] / (excess[0] - excess[1])
    return RequiredValue(
        path=path, outcome=outcome, probability=probability, value=value, lowest=lowest, highest=highest
    )


def tornado(
    model: Model, answers: Answers | None = None, *, outcome: Id | None = None, top: int | None = None
) -> tuple[TornadoRow, ...]:
    """Return how far each number moves each outcome over the number's own range, the widest swing first.

    Parameters
    ----------
    model : the model.
    answers : of one person, as for `Model.rank`.
    outcome : a cause or "none_of_these"; all of them if left out.
    top : how many rows; all if left out. Numbers that the answers do not involve cannot move anything and have none.

    Raises
    ------
    ModelError : no such outcome.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> for row in tornado(default_model(), {"slr_positive": "yes"}, outcome="sciatica", top=2):
    ...     print(f"{row.path} from {row.low:g} to {row.high:g}: {row.at_low:.0%} to {row.at_high:.0%}")
    cause.sciatica.link.lumbar_disc_herniation from 0.22 to 0.7: 39% to 55%
    cause.sciatica.leak from 0.011 to 0.053: 40% to 54%
    """
    table = table_of(model)
    outcomes = range(len(table.outcomes)) if outcome is None else [table.outcome(outcome)]
    lines = lines_of(model, answered(model, answers)[2])
    numbers = np.flatnonzero(lines.involved)
    low, high, at_low, at_high = over_own_range(table, lines, numbers)
    swing = np.abs(at_high - at_low)[:, list(outcomes)]
    widest = np.argsort(-swing, axis=None, kind="stable")[:top]
    return tuple(
        TornadoRow(
            path=table.paths[numbers[n]], outcome=table.outcomes[o], value=table.value[numbers[n]], low=low[n],
            high=high[n], at_value=lines.probability[o], at_low=at_low[n, o], at_high=at_high[n, o],
        )
        for n, o in _places(widest, outcomes)
    )  # fmt: skip


def own_range(table: ParameterTable, numbers: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the range of some numbers, kept below what other states of the same risk factor leave."""
    just_below = table.ceiling[numbers] * (1 - 1e-9)  # at the ceiling itself the remainder would be impossible
    return table.low[numbers], np.minimum(table.high[numbers], just_below)


def over_own_range(table: ParameterTable, lines: Lines, numbers: IntArray) -> tuple[FloatArray, ...]:
    """Return both ends of the range of some numbers, (n,), and the probability of every outcome there, (n, O)."""
    ends = own_range(table, numbers)
    return *ends, *(_probability_over(table, lines, numbers, values) for values in ends)


def _probability_over(table: ParameterTable, lines: Lines, numbers: IntArray, values: FloatArray) -> FloatArray:
    """Return the probability of every outcome with one number at a time set to another value, (numbers, O)."""
    share = (values / table.ceiling[numbers])[:, None, None]
    height = (1 - share) * lines.at_zero[numbers] + share * lines.at_ceiling[numbers]
    return probability_of(lines.log_odds + np.log(height[:, 0]) - np.log(height[:, 1]))


def _places(flat: IntArray, outcomes: Iterable[int]) -> list[tuple[int, int]]:
    """Return row and outcome of places in a flattened (numbers, outcomes) table."""
    columns = list(outcomes)
    return [(place // len(columns), columns[place % len(columns)]) for place in flat.tolist()]
