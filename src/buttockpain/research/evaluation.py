"""How good a model's answers are on labelled cases.

Each score is over the cases in which what it needs is known. A ranking is scored on its options, the ranked causes and
"none of these"; causes can be present together, so each option has a score of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from buttockpain.errors import MissingExtraError
from buttockpain.research.cases import CaseTable
from buttockpain.research.decisions import Decisions, decide_cases
from buttockpain.research.shares import Share
from buttockpain.types import BoolArray, FloatArray, Id, Level

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["CalibrationBin", "Evaluation", "OptionScore", "TriageScore", "calibration_curve", "evaluate"]

_EMERGENCY = Level.EMERGENCY.rank


@dataclass(frozen=True, slots=True)
class OptionScore:
    """How well the probability of one option, a cause or `none_of_these`, was judged.

    Attributes
    ----------
    cases : in how many it is known whether the option is true; the rest is over these, and None if there are none.
    prevalence, mean_probability : how often it was true, and how often the model expected it.
    brier : mean squared difference of the probability from 1 (true) or 0; 0 is best.
    log_score : mean of minus the natural log of the probability given to what was true; 0 is best.
    auc : how often a case where it is true gets the higher probability of two cases; None unless both kinds occur.
    """

    option: Id
    cases: int
    prevalence: float | None
    mean_probability: float | None
    brier: float | None
    log_score: float | None
    auc: float | None


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The cases whose probability lies between two bounds: what was expected and what occurred."""

    low: float
    high: float
    mean_probability: float
    observed: Share


@dataclass(frozen=True, slots=True)
class TriageScore:
    """The triage level against that of a reference standard; under-triage is the measure of safety.

    Attributes
    ----------
    exact, under, over : the level is the reference level, is lower, is higher.
    missed_emergencies : among the cases that are an emergency by the reference, those not told so.
    """

    exact: Share
    under: Share
    over: Share
    missed_emergencies: Share


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a model's answers are on labelled cases.

    Attributes
    ----------
    cases : how many there were.
    top_1, top_2 : among the cases with every ranked cause known, those where the first option is true, and those where
        one of the first two is. An option is true if the cause is present; `none_of_these` if no ranked cause is.
    options : a score for every option.
    calibration : of the ranked causes, pooled.
    calibration_error : mean distance of what occurred from what was expected, over the bins, weighted by their cases
        (expected calibration error); None if nothing is known.
    triage : None if no case has a reference level.
    """

    cases: int
    top_1: Share
    top_2: Share
    options: tuple[OptionScore, ...]
    calibration: tuple[CalibrationBin, ...]
    calibration_error: float | None
    triage: TriageScore | None

    def markdown(self) -> str:
        """Return the evaluation as Markdown; shares with exact 95% intervals."""
        from buttockpain.research.markdown import evaluation_markdown  # noqa: PLC0415 - writers are not needed to compute

        return evaluation_markdown(self)


def evaluate(model: Model, table: CaseTable, *, bins: int = 10) -> Evaluation:
    """Return how good a model's answers are on labelled cases.

    Parameters
    ----------
    table : of `read_cases`, or of `simulate`; causes not known and reference levels not given are left out of what
        they are needed for.
    bins : of equal width, for calibration.

    Raises
    ------
    MissingExtraError : scikit-learn is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> from buttockpain.research.simulation import SHORT_VISIT, simulate
    >>> model = default_model()
    >>> evaluation = evaluate(model, simulate(model, 2_000, rng=np.random.default_rng(1), asked=SHORT_VISIT))
    >>> round(evaluation.top_1.share, 2), round(evaluation.calibration_error, 3)
    (0.66, 0.006)

    References
    ----------
    Brier, Monthly Weather Review 78 (1950), 1-3. Good, J. R. Stat. Soc. B 14 (1952), 107-114, for the log score.
    Calibration error: Naeini, Cooper and Hauskrecht, AAAI 2015. Area under the curve: Hanley and McNeil, Radiology
    143 (1982), 29-36.
    """
    decisions = decide_cases(model, table)
    true, known = _truth(model, table)
    top_known = known[:-1].all(axis=0)
    hits = np.take_along_axis(true, decisions.order, axis=0)[:, top_known]
    ranked = known[:-1]
    calibration = calibration_curve(decisions.probability[:-1][ranked], true[:-1][ranked], bins=bins)
    return Evaluation(
        cases=len(table),
        top_1=Share(int(hits[:1].any(axis=0).sum()), hits.shape[1]),
        top_2=Share(int(hits[:2].any(axis=0).sum()), hits.shape[1]),
        options=tuple(
            _score(name, decisions.probability[o, known[o]], decisions.complement[o, known[o]], true[o, known[o]])
            for o, name in enumerate(decisions.options)
        ),
        calibration=calibration,
        calibration_error=_calibration_error(calibration),
        triage=_triage(decisions, table),
    )


def _truth(model: Model, table: CaseTable) -> tuple[BoolArray, BoolArray]:
    """Return for every option (R + 1, B) whether it is true, and whether that is known."""
    label = np.full((len(model.network.causes), len(table)), -1, np.int8)
    for axis, name in enumerate(model.network.causes):
        if name in table.causes:
            label[axis] = table.cause[table.causes.index(name)]
    ranked = label[model.network.ranked]
    some = (ranked == 1).any(axis=0)
    none_known = some | (ranked >= 0).all(axis=0)
    return np.vstack([ranked == 1, ~some & none_known]), np.vstack([ranked >= 0, none_known])


def _score(option: Id, probability: FloatArray, complement: FloatArray, true: BoolArray) -> OptionScore:
    """Return the scores of one option, over the cases where the truth is known."""
    try:
        from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingExtraError("scikit-learn", "research") from None
    if not len(true):
        return OptionScore(option, 0, None, None, None, None, None)
    given_to_truth = np.where(true, probability, complement)
    return OptionScore(
        option=option,
        cases=len(true),
        prevalence=float(true.mean()),
        mean_probability=float(probability.mean()),
        brier=float(((1 - given_to_truth) ** 2).mean()),
        log_score=float(-np.log(given_to_truth).mean()),
        auc=float(roc_auc_score(true, probability)) if true.any() and not true.all() else None,
    )


def calibration_curve(probability: FloatArray, true: BoolArray, *, bins: int = 10) -> tuple[CalibrationBin, ...]:
    """Return what was expected and what occurred, by bins of equal width; empty bins are left out.

    Parameters
    ----------
    probability : (n,) given to something.
    true : (n,) whether it occurred.

    Examples
    --------
    >>> import numpy as np
    >>> [(one.mean_probability, one.observed) for one in
    ...  calibration_curve(np.array([0.1, 0.15, 0.9]), np.array([False, True, True]), bins=5)]
    [(0.125, Share(count=1, of=2)), (0.9, Share(count=1, of=1))]
    """
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    return tuple(
        CalibrationBin(
            low=number / bins,
            high=(number + 1) / bins,
            mean_probability=float(probability[here].mean()),
            observed=Share(int(true[here].sum()), int(here.sum())),
        )
        for number in range(bins)
        if (here := place == number).any()
    )


def _calibration_error(curve: tuple[CalibrationBin, ...]) -> float | None:
    """Return the expected calibration error."""
    everybody = sum(one.observed.of for one in curve)
    if not everybody:
        return None
    return sum(abs(one.mean_probability - one.observed.share) * one.observed.of for one in curve) / everybody


def _triage(decisions: Decisions, table: CaseTable) -> TriageScore | None:
    """Return the score of the triage level, over the cases with a reference."""
    known = table.reference >= 0
    if not known.any():
        return None
    level, reference = decisions.level[known], table.reference[known]
    size = len(level)
    emergency = reference >= _EMERGENCY
    return TriageScore(
        exact=Share(int((level == reference).sum()), size),
        under=Share(int((level < reference).sum()), size),
        over=Share(int((level > reference).sum()), size),
        missed_emergencies=Share(int((level[emergency] < _EMERGENCY).sum()), int(emergency.sum())),
    )
