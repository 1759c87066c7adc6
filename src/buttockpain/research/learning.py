"""Numbers from cases: the model's own ranges as prior, the cases as data, by the EM algorithm.

**The prior.** A number with value v and range low to high has the prior Beta(k v, k (1 - v)): its mean is v, and so is
its mode on the log-odds scale. k says how many observations the range is worth; it is such that the range is a central
95% interval on that scale, k = 1 / (v (1 - v) s^2) with s = (logit high - logit low) / (2 x 1.96). The states of a
several-state risk factor share one Dirichlet prior with the smallest of their k.

**The data.** Cases are people who have the complaint, so their likelihood is that of their answers *given* the
complaint. People without it were never seen; EM reckons with as many of them as the present numbers imply.

**The steps.** Every noisy-OR is taken apart into triggers (`triggers`). E: how often each was pulled and fired, on
average, exactly. M: number = (fired + k v) / (pulled + k). The log-posterior never falls. Steps are lengthened where
that does not make it fall.

References
----------
EM, and its use when some people are never seen: Dempster, Laird and Rubin, J. R. Stat. Soc. B 39 (1977), 1-38, section
4.2. Longer steps: Varadhan and Roland, Scand. J. Stat. 35 (2008), 335-353. Standard errors from the scores of single
cases: Meilijson, J. R. Stat. Soc. B 51 (1989), 127-138.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from buttockpain.errors import ModelError, Problem, nearest
from buttockpain.model import Model
from buttockpain.research.cases import CaseTable
from buttockpain.research.em import NORMAL_95, Target, climb, precision
from buttockpain.research.parameters import ParameterTable, table_of
from buttockpain.types import BoolArray, FloatArray

__all__ = ["Fit", "FittedNumber", "fit"]

_CERTAIN = 40.0  # log-odds beyond which 64-bit floats cannot tell a probability from 0 or 1
_DIGITS = 6  # of the numbers that are written into the model
_EDGE = 1e-6  # ends of ranges keep this distance from 0 and 1, unless the number itself is closer


@dataclass(frozen=True, slots=True)
class FittedNumber:
    """What the cases made of one number.

    Attributes
    ----------
    before, value : in the model, and fitted.
    low, high : central 95% interval of the fitted value, normal on the log-odds scale; ends closer to 0 or 1 than a
        millionth are put there, because a model file needs numbers in between.
    standard_error : of the log-odds of the fitted value.
    chances : how often the cases let it be seen at work, on average: a finding's link is at work only where its cause
        is present and the finding was asked.
    from_cases : share of the precision that comes from the cases, 0 to 1; the rest comes from the range.
    """

    path: str
    before: float
    value: float
    low: float
    high: float
    standard_error: float
    chances: float
    from_cases: float

    @property
    def moved(self) -> float:
        """How far the log-odds moved, in standard errors."""
        before, after = (math.log(one / (1 - one)) for one in (self.before, self.value))
        return (after - before) / self.standard_error


@dataclass(frozen=True, slots=True)
class Fit:
    """A model fitted to cases, and how.

    Attributes
    ----------
    model : with the fitted numbers; their basis is "fitted", their ranges are those of `numbers`.
    cases : how many there were.
    numbers : those that were fitted, in the order of the model file.
    log_posterior : after each iteration, the first being the start; up to a constant, it never falls.
    converged : whether it stopped rising before the iterations ran out.
    """

    model: Model
    cases: int
    numbers: tuple[FittedNumber, ...]
    log_posterior: tuple[float, ...]
    converged: bool

    def markdown(self, *, most: int = 20) -> str:
        """Return as Markdown what moved most, measured in standard errors."""
        from buttockpain.research.markdown import fit_markdown  # noqa: PLC0415 - writers are not needed to compute

        return fit_markdown(self, most)


def fit(
    model: Model,
    cases: CaseTable,
    *,
    date: str,
    only: Collection[str] = ("",),
    strength: float = 1.0,
    max_iterations: int = 500,
    tolerance: float = 1e-7,
) -> Fit:
    """Return the model with the numbers that are most probable given its ranges and the cases.

    Parameters
    ----------
    model : where to start from; its values and ranges are the prior.
    cases : of `read_cases` or `simulate`. Causes may be known for some and not for others, answers may be missing;
        what is missing must not depend on what the answer would have been.
    date : of the fit, written into the notes of the numbers.
    only : fit the numbers whose paths start with one of these, and leave the others as they are; all by default.
    strength : how many times the ranges count; 0.01 lets the cases speak almost alone.
    max_iterations, tolerance : stop when the log-posterior rises by less than `tolerance` per case.

    Raises
    ------
    AnswerError : cases that the model gives probability 0, all of them.
    ModelError : an entry of `only` that no path starts with.
    ValueError : no cases, or a strength that is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> from buttockpain.research.simulation import simulate
    >>> model = default_model()
    >>> truth = model.replace({"finding.slr_positive.link.sciatica": 0.5})
    >>> cases = simulate(truth, 2_000, rng=np.random.default_rng(1))
    >>> fitted = fit(model, cases, date="2026-11-22", only=["finding.slr_positive."])
    >>> [(one.path, one.before, round(one.value, 2)) for one in fitted.numbers if one.path.endswith("sciatica")]
    [('finding.slr_positive.link.sciatica', 0.323, 0.5)]
    """
    if not len(cases) or not strength > 0:
        message = f"{len(cases)} cases and strength {strength!r}; expected at least one case and a strength above 0"
        raise ValueError(message)
    table = table_of(model)
    free = _free(table, only)
    target = Target.of(model, table, cases, strength)
    theta, trace, converged = climb(target, table.value.copy(), free, max_iterations, tolerance * len(cases))
    numbers = tuple(_numbers(target, table, theta, free))
    about = f"fitted to {len(cases)} cases on {date}"
    changes = {
        one.path: {
            "value": one.value, "low": one.low, "high": one.high, "basis": "fitted",
            "note": f"{about}; before: {one.before!r} ({float(table.low[n])!r} to {float(table.high[n])!r})",
        }
        for n, one in zip(np.flatnonzero(free), numbers, strict=True)
    }  # fmt: skip
    return Fit(model.replace(changes), len(cases), numbers, tuple(trace), converged)


def _free(table: ParameterTable, only: Collection[str]) -> BoolArray:
    """Return which numbers are to be fitted, (N,); those without a range are not.

    Raises
    ------
    ModelError : see `fit`.
    """
    problems = [
        Problem(start, "no path that starts so", "the start of a path of the network", nearest(start, table.paths))
        for start in only if not any(path.startswith(start) for path in table.paths)
    ]  # fmt: skip
    if problems:
        raise ModelError("fit", problems)
    free = np.array([path.startswith(tuple(only)) for path in table.paths], dtype=bool) & (table.low < table.high)
    for factor in table.factors:  # the shares of its states hang together
        free[list(factor.bases)] = free[list(factor.bases)].any()
    return free


def _numbers(target: Target, table: ParameterTable, theta: FloatArray, free: BoolArray) -> Iterator[FittedNumber]:
    """Yield the fitted numbers with their intervals."""
    of_cases, of_prior, chances = precision(target, theta, free)
    variance, prior_variance = (np.diag(np.linalg.inv(one)).tolist() for one in (of_cases + of_prior, of_prior))
    for n, own, prior in zip(np.flatnonzero(free).tolist(), variance, prior_variance, strict=True):
        error, middle = math.sqrt(own), math.log(theta[n] / (1 - theta[n]))
        value = _rounded(float(theta[n]))
        yield FittedNumber(
            path=table.paths[n],
            before=float(table.value[n]),
            value=value,
            low=min(_end(middle - NORMAL_95 * error), value),
            high=max(_end(middle + NORMAL_95 * error), value),
            standard_error=error,
            chances=float(chances[n]),
            from_cases=1 - own / prior,
        )


def _end(log_odds: float) -> float:
    """Return an end of a range, which must lie between 0 and 1 by what a model file can show."""
    return min(max(_rounded(1 / (1 + math.exp(-min(max(log_odds, -_CERTAIN), _CERTAIN)))), _EDGE), 1 - _EDGE)


def _rounded(number: float) -> float:
    """Return a number with as many digits as a model file needs, counted from the nearer of 0 and 1."""
    return round(number, _DIGITS - 1 - math.floor(math.log10(min(number, 1 - number)))) if number < 1 else number
