"""How fast every outcome moves with every number: all derivatives of one person's answer in one pass.

The derivative of log P(outcome | evidence) - log P(not the outcome | evidence) is the posterior mean of the derivative
of log P(states, evidence) given the outcome, less the same given its absence. Both are slopes of the straight lines of
`lines`.

References
----------
Laskey, Sensitivity analysis for probability assessments in Bayesian networks, IEEE Trans. Systems, Man and
Cybernetics 25 (1995), 901-909; Darwiche, J. ACM 50 (2003), 280-305.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from buttockpain.model import Model
from buttockpain.presentation import Answers
from buttockpain.research.lines import Lines, lines_of
from buttockpain.research.parameters import ParameterTable, answered, table_of
from buttockpain.types import FloatArray, Id

__all__ = ["Derivatives", "derivatives", "slopes"]


@dataclass(frozen=True, slots=True)
class Derivatives:
    """Derivatives of the log-odds of every outcome with respect to every number.

    A rise of one state of a several-state risk factor is taken from its remainder, as when the number is edited.

    Attributes
    ----------
    paths : of the numbers, on the N axis.
    outcomes : ids of the causes and, last, "none_of_these", on the O axis.
    log_odds : (O,) natural log-odds of each outcome, given the answers.
    by_value : (N, O) per unit of the number; 0 where the answers do not involve it.
    by_log_odds : (N, O) per unit of the natural log-odds of the number, which makes numbers of all sizes comparable.
    """

    paths: tuple[str, ...]
    outcomes: tuple[Id, ...]
    log_odds: FloatArray
    by_value: FloatArray
    by_log_odds: FloatArray


def derivatives(model: Model, answers: Answers | None = None) -> Derivatives:
    """Return the derivative of every outcome's log-odds with respect to every number of the model.

    Parameters
    ----------
    model : the model as it stands; derivatives are taken at its values.
    answers : of one person, as for `Model.rank`.

    Raises
    ------
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> found = derivatives(default_model(), {"slr_positive": "yes"})
    >>> sciatica = found.outcomes.index("sciatica")
    >>> strongest = abs(found.by_log_odds[:, sciatica]).argmax()
    >>> found.paths[strongest], round(float(found.by_log_odds[strongest, sciatica]), 2)
    ('finding.slr_positive.link.sciatica', 0.39)
    """
    _, _, evidence = answered(model, answers)
    table, lines = table_of(model), lines_of(model, evidence)
    by_value = slopes(table, lines)
    by_log_odds = by_value * (table.value * (1 - table.value))[:, None]
    for array in (by_value, by_log_odds):
        array.flags.writeable = False
    return Derivatives(table.paths, table.outcomes, lines.log_odds, by_value, by_log_odds)


def slopes(table: ParameterTable, lines: Lines) -> FloatArray:
    """Return the derivative of every outcome's log-odds by every number, (N, O)."""
    rise = (lines.at_ceiling - lines.at_zero) / table.ceiling[:, None, None]  # of the log: the height now is 1
    return np.where(lines.involved[:, None], rise[:, 0] - rise[:, 1], 0.0)
