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

from buttockpain.errors import AnswerError, ModelError, Problem, nearest
from buttockpain.inference import Evidence
from buttockpain.model import Model
from buttockpain.research.cases import CaseTable, evidence_of_cases
from buttockpain.research.parameters import ParameterTable, table_of
from buttockpain.research.triggers import Expected, Triggers
from buttockpain.types import BoolArray, FloatArray, IntArray

__all__ = ["Fit", "FittedNumber", "fit"]

_Z = 1.959963984540054  # 97.5% point of the standard normal distribution
_CHUNK = 512  # cases at a time
_LONGEST = 64.0  # a step is at most this many times as long as that of EM
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
        from buttockpain.research.tables import fit_markdown  # noqa: PLC0415 - writers are not needed to compute

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
    target = _Target.of(model, table, cases, strength)
    theta, trace, converged = _climb(target, table.value.copy(), free, max_iterations, tolerance * len(cases))
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


@dataclass(frozen=True, slots=True)
class _Target:
    """What is to be climbed: cases and prior, and the expected counts at any point.

    Attributes
    ----------
    prior, weight : (N,) value and k of each number; see the top of this file.
    shares : for each risk factor, where the shares of its states stand on the N axis.
    """

    triggers: Triggers
    evidence: Evidence
    label: np.ndarray[tuple[int, int], np.dtype[np.int8]]
    prior: FloatArray
    weight: FloatArray
    shares: tuple[IntArray, ...]

    @classmethod
    def of(cls, model: Model, table: ParameterTable, cases: CaseTable, strength: float) -> _Target:
        """Put the prior and the cases together."""
        label = np.full((len(model.network.causes), len(cases)), -1, np.int8)
        for axis, name in enumerate(model.network.causes):
            if name in cases.causes:
                label[axis] = cases.cause[cases.causes.index(name)]
        shares = tuple(np.array(factor.bases) for factor in table.factors)
        width = (_logit(table.high) - _logit(table.low)) / (2 * _Z)
        with np.errstate(divide="ignore"):  # a number without a range is not fitted
            weight = strength / (table.value * (1 - table.value) * width**2)
        for states in shares:
            weight[states] = weight[states].min()
        evidence = evidence_of_cases(model.network, cases)
        return cls(Triggers.of(model.network, table), evidence, label, table.value, weight, shares)

    def __len__(self) -> int:
        """Return the number of cases."""
        return self.label.shape[1]

    def chunks(self, theta: FloatArray) -> Iterator[Expected]:
        """Yield what is expected of the triggers, some cases at a time.

        Raises
        ------
        AnswerError : cases of probability 0.
        """
        has = self.triggers.network.has
        for start in range(0, len(self), _CHUNK):
            people = slice(start, start + _CHUNK)
            label = self.label[:, people]
            allowed = ((label[None] < 0) | (label[None] == has[:, :, None])).all(axis=1)
            soft = None if self.evidence.soft is None else self.evidence.soft[:, people]
            evidence = Evidence(self.evidence.finding[:, people], self.evidence.factor[:, people], soft)
            expected = self.triggers.expected(theta, evidence, allowed)
            impossible = np.flatnonzero(expected.log_probability == -np.inf)
            if len(impossible):
                expected_words = "answers and causes that the model can give"
                raise AnswerError(Problem(f"case {start + c}", "probability 0", expected_words) for c in impossible)
            yield expected

    def unseen(self, theta: FloatArray) -> tuple[Expected, Expected]:
        """Return what is expected of one person with the complaint and no answers, and of one without it."""
        network = self.triggers.network
        finding = np.full((len(network.findings), 2), -1, np.int8)
        finding[network.presenting] = (1, 0)
        evidence = Evidence(finding, np.ones((len(network.base), 2)))
        both = self.triggers.expected(theta, evidence, np.ones((len(network.has), 2), dtype=bool))
        one, other = (
            Expected(both.happened[:, [b]], both.chances[:, [b]], both.log_probability[[b]]) for b in range(2)
        )
        return one, other

    def log_prior(self, theta: FloatArray, free: BoolArray) -> float:
        """Return the log-density of the prior on the log-odds scale, up to a constant."""
        weight, prior = self.weight, self.prior
        alone = free.copy()
        total = 0.0
        for states in self.shares:
            alone[states] = False
            if free[states].any():
                rest = 1 - theta[states].sum()
                total += weight[states[0]] * (
                    prior[states] @ np.log(theta[states]) + (1 - prior[states].sum()) * np.log(rest)
                )
        one, v = theta[alone], prior[alone]
        return float(total + weight[alone] @ (v * np.log(one) + (1 - v) * np.log1p(-one)))

    def step(self, theta: FloatArray, free: BoolArray) -> tuple[FloatArray, float]:
        """Return the numbers after one step of EM, and the log-posterior before it."""
        happened, chances, log_probability = np.zeros(len(theta)), np.zeros(len(theta)), 0.0
        for expected in self.chunks(theta):
            happened += expected.happened.sum(axis=1)
            chances += expected.chances.sum(axis=1)
            log_probability += float(expected.log_probability.sum())
        seen, missed = self.unseen(theta)
        people = len(self) * np.exp(missed.log_probability[0] - seen.log_probability[0])
        happened += people * missed.happened[:, 0]
        chances += people * missed.chances[:, 0]
        better = theta.copy()
        weight = self.weight[free]
        better[free] = (happened[free] + weight * self.prior[free]) / (chances[free] + weight)
        log_posterior = log_probability - len(self) * float(seen.log_probability[0]) + self.log_prior(theta, free)
        return better, log_posterior


def _climb(
    target: _Target, theta: FloatArray, free: BoolArray, max_iterations: int, tolerance: float
) -> tuple[FloatArray, list[float], bool]:
    """Return the numbers at the top, the log-posterior along the way, and whether it is the top.

    Two steps of EM say how the way bends; a longer step along it is kept if it leads higher than they do, or else
    they are.
    """
    trace: list[float] = []
    one, height = target.step(theta, free)
    trace.append(height)
    for _ in range(max_iterations):
        two, height_one = target.step(one, free)
        ahead = _ahead(theta, one, two, free, target.shares)
        theta, one, height = one, two, height_one
        if ahead is not None:
            three, height_ahead = target.step(ahead, free)
            if height_ahead > height:
                theta, one, height = ahead, three, height_ahead
        trace.append(height)
        if trace[-1] - trace[-2] < tolerance:
            return theta, trace, True
    return theta, trace, False


def _ahead(
    start: FloatArray, one: FloatArray, two: FloatArray, free: BoolArray, groups: tuple[IntArray, ...]
) -> FloatArray | None:
    """Return a point further along the way of two steps of EM, None where the way is straight or ends.

    Squared extrapolation with the step length S3 of Varadhan and Roland, on the log-odds scale; the shares of a risk
    factor on that of their log-ratios to the remainder, so that any point is a possible one.
    """
    a, b, c = (_unbounded(point, groups) for point in (start, one, two))
    first, bend = (b - a)[free], (c - 2 * b + a)[free]
    curvature = float(np.sqrt(bend @ bend))
    if curvature == 0:
        return None
    length = min(float(np.sqrt(first @ first)) / curvature, _LONGEST)
    if length <= 1:  # no further than the two steps themselves
        return None
    ahead = a.copy()
    ahead[free] += 2 * length * first + length**2 * bend
    if np.abs(ahead).max() > _CERTAIN:
        return None
    return np.where(free, _bounded(ahead, groups), start)


def _unbounded(theta: FloatArray, groups: tuple[IntArray, ...]) -> FloatArray:
    """Return the numbers as log-odds, shares of a risk factor as log-ratios to the remainder."""
    result = _logit(theta)
    for states in groups:
        result[states] = np.log(theta[states]) - np.log(1 - theta[states].sum())
    return result


def _bounded(unbounded: FloatArray, groups: tuple[IntArray, ...]) -> FloatArray:
    """Return the numbers again."""
    result = 1 / (1 + np.exp(-unbounded))
    for states in groups:
        ratios = np.exp(unbounded[states])
        result[states] = ratios / (1 + ratios.sum())
    return result


def _numbers(target: _Target, table: ParameterTable, theta: FloatArray, free: BoolArray) -> Iterator[FittedNumber]:
    """Yield the fitted numbers with their intervals.

    The precision of the cases is the sum of the squared scores of single cases about their mean, that of the prior
    its curvature; both on the log-odds scale. With the mean goes the score of the complaint, which all cases share.
    """
    size = int(free.sum())
    chances, total, squares = np.zeros(len(theta)), np.zeros(size), np.zeros((size, size))
    for expected in target.chunks(theta):
        chances += expected.chances.sum(axis=1)
        score = _scores(expected, theta, target.shares)[free]
        total += score.sum(axis=1)
        squares += score @ score.T
    squares -= np.outer(total, total) / len(target)
    prior = _prior_precision(target, theta)[np.ix_(free, free)]
    variance, prior_variance = np.diag(np.linalg.inv(squares + prior)), np.diag(np.linalg.inv(prior))
    for n, own, of_prior in zip(np.flatnonzero(free).tolist(), variance.tolist(), prior_variance.tolist(), strict=True):
        error = math.sqrt(own)
        value, middle = _rounded(float(theta[n])), math.log(theta[n] / (1 - theta[n]))
        yield FittedNumber(
            path=table.paths[n],
            before=float(table.value[n]),
            value=value,
            low=min(_end(middle - _Z * error), value),
            high=max(_end(middle + _Z * error), value),
            standard_error=error,
            chances=float(chances[n]),
            from_cases=1 - own / of_prior,
        )


def _scores(expected: Expected, theta: FloatArray, groups: tuple[IntArray, ...]) -> FloatArray:
    """Return the derivative of each case's log-probability by the log-odds of each number, (N, B).

    References
    ----------
    It is the expected derivative with the triggers known: Fisher's identity, in the discussion of Dempster, Laird and
    Rubin (1977).
    """
    score: FloatArray = expected.happened - theta[:, None] * expected.chances
    for states in groups:
        remainder = (1 - expected.happened[states].sum(axis=0)) / (1 - theta[states].sum())
        own = theta[states][:, None]
        score[states] = (1 - own) * (expected.happened[states] - own * remainder)
    return score


def _prior_precision(target: _Target, theta: FloatArray) -> FloatArray:
    """Return minus the second derivatives of the log-prior by the log-odds of the numbers, at the top, (N, N).

    Those by the numbers themselves are scaled: at the top of prior and cases together the first derivatives vanish,
    so what the change of scale adds vanishes too.
    """
    prior, slope = target.prior, theta * (1 - theta)
    result = np.diag(target.weight * (prior / theta**2 + (1 - prior) / (1 - theta) ** 2))
    for states in target.shares:
        rest, rest_prior = 1 - theta[states].sum(), 1 - prior[states].sum()
        own = np.diag(prior[states] / theta[states] ** 2) + rest_prior / rest**2
        result[np.ix_(states, states)] = target.weight[states[0]] * own
    return slope[:, None] * result * slope


def _end(log_odds: float) -> float:
    """Return an end of a range, which must lie between 0 and 1 by what a model file can show."""
    return min(max(_rounded(1 / (1 + math.exp(-min(max(log_odds, -_CERTAIN), _CERTAIN)))), _EDGE), 1 - _EDGE)


def _rounded(number: float) -> float:
    """Return a number with as many digits as a model file needs, counted from the nearer of 0 and 1."""
    return round(number, _DIGITS - 1 - math.floor(math.log10(min(number, 1 - number)))) if number < 1 else number


def _logit(probability: FloatArray) -> FloatArray:
    return np.log(probability) - np.log1p(-probability)
