"""How sure the answer is: intervals that carry the uncertainty of every number through to every outcome.

Two ways. By simulation: draw all numbers, compute the exact posterior, many times over. By the delta method: the effects
of the numbers on the log-odds are taken to add up, so that mean, variance and skewness are sums over the numbers; no
randomness, and a fraction of the work. The textbook method takes a tangent for each effect; the exact sensitivity
function costs no more here, and its intervals hold what they promise where those of the tangent do not
(docs/uncertainty.md). Only the uncertainty of the numbers is meant: that the network itself may be wrong is in neither.

References
----------
Propagating distributions of numbers by simulation: Doubilet et al., Probabilistic sensitivity analysis using Monte Carlo
simulation, Med. Decis. Making 5 (1985), 157-177. Delta method: Oehlert, American Statistician 46 (1992), 27-29.
Quantiles from three moments: Cornish and Fisher, Revue de l'Institut International de Statistique 5 (1938), 307-320.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from pydantic import BaseModel

from buttockpain.differential import MARGIN, Differential
from buttockpain.errors import ImpossibleEvidenceError
from buttockpain.inference import Evidence, infer
from buttockpain.model import Model
from buttockpain.presentation import Answers
from buttockpain.render.text import display_probability
from buttockpain.research.effects import effects_of
from buttockpain.research.lines import lines_of, probability_of
from buttockpain.research.parameters import NONE, answered, table_of
from buttockpain.research.uncertainty import uncertainty_of
from buttockpain.research.variants import numbers_that_matter, posterior_of_variants
from buttockpain.triage import decide
from buttockpain.types import FloatArray, Id

__all__ = ["Interval", "UncertainRanking", "delta_intervals", "intervals", "rank_with_intervals"]

_CHUNK = 500  # draws at a time; the states times these many floats stay in the cache


class Interval(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How sure the probability of one outcome is.

    Attributes
    ----------
    outcome : a cause or "none_of_these".
    probability : as the model stands.
    low, median, high : ends and middle of the interval; `level` of it lies between the ends, half of the rest on each
        side. The interval need not be centred on the probability.
    level : 0.95 unless another was asked for.
    displayed : the interval as it should be shown to people, capped as the model file says.
    first : probability that the outcome is truly first, that is more probable than every other ranked cause and than
        none of them; None by the delta method, which looks at one outcome at a time.
    """

    outcome: Id
    probability: float
    low: float
    median: float
    high: float
    level: float
    displayed: str
    first: float | None


class UncertainRanking(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """A ranked answer whose triage allows for the uncertainty of the ranking.

    Attributes
    ----------
    differential : as from `Model.rank`, but for its triage: a cause whose *upper end* reaches its floor raises the level.
    intervals : one per cause of the model, then "none_of_these".
    """

    differential: Differential
    intervals: tuple[Interval, ...]

    def __str__(self) -> str:
        """Return the report for a clinician with the intervals after it, as plain text."""
        labels = {cause.id: cause.label for cause in self.differential.causes} | {NONE: "None of these"}
        rows = [f"  {labels[one.outcome]}: {one.displayed}" for one in self.intervals if one.outcome in labels]
        level = self.intervals[0].level
        return "\n".join(
            [str(self.differential), "", f"Intervals of {level:.0%} from the ranges of the numbers", *rows]
        )


def intervals(
    model: Model,
    answers: Answers | None = None,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[Interval, ...]:
    """Return an interval for every outcome by simulation.

    Parameters
    ----------
    model : the model; the distribution of its numbers is that of `uncertainty_of`.
    answers : of one person, as for `Model.rank`.
    rng : where all randomness comes from.
    draws : how many sets of numbers to draw. With 2,000, what is drawn as the 2.5% quantile is most likely (95%) one
        from the 1.8% to the 3.2% quantile.
    level : how much the interval holds.

    Returns
    -------
    tuple : one interval per cause in the order of the model, then "none_of_these". The probabilities of being first sum
        to 1 over the ranked causes and "none_of_these".

    Raises
    ------
    ValueError : no draws, or a level that is not strictly between 0 and 1.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> for one in intervals(default_model(), {"slr_positive": "yes"}, rng=np.random.default_rng(1)):
    ...     print(f"{one.outcome}: {one.displayed}, first {one.first:.0%}")
    calcium_deficiency: 3% to 7%, first 0%
    fasciitis: 7% to 24%, first 0%
    lumbar_disc_herniation: 19% to 47%, first 5%
    piriformis_syndrome: 6% to 20%, first 0%
    sciatica: 31% to 63%, first 87%
    something_else: 24% to 59%, first 0%
    none_of_these: 12% to 40%, first 7%
    """
    _check(draws, level)
    differential, _, evidence = answered(model, answers)
    return _simulated(model, differential, evidence, rng, draws, level)


def delta_intervals(model: Model, answers: Answers | None = None, *, level: float = 0.95) -> tuple[Interval, ...]:
    """Return an interval for every outcome by the delta method.

    Parameters
    ----------
    model, answers, level : as for `intervals`.

    Raises
    ------
    ValueError : a level that is not strictly between 0 and 1.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> [one.displayed for one in delta_intervals(default_model(), {"slr_positive": "yes"})][4]
    '30% to 63%'
    """
    _check(1, level)
    _, _, evidence = answered(model, answers)
    lines = lines_of(model, evidence)
    effects = effects_of(model, lines)
    shift, variance, third = (moment.sum(axis=0) for moment in (effects.mean, effects.variance, effects.third))
    deviation = np.sqrt(variance)
    skewness = np.divide(third, variance * deviation, out=np.zeros_like(third), where=deviation > 0)
    end = NormalDist().inv_cdf((1 + level) / 2)
    normal = np.array([[-end], [0.0], [end]])
    quantiles = probability_of(lines.log_odds + shift + deviation * (normal + skewness * (normal**2 - 1) / 6))
    return _intervals(model, evidence, quantiles, level, [None] * len(shift))


def rank_with_intervals(
    model: Model,
    answers: Answers | None = None,
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    level: float = 0.95,
) -> UncertainRanking:
    """Return the ranked answer with intervals; cause floors of the triage use the upper ends.

    A cause that is *possibly* above its floor, as far as the ranges of the numbers go, raises the level just as one that
    is above it. Nothing lowers it.

    Parameters
    ----------
    model, answers, rng, draws, level : as for `intervals`.

    Raises
    ------
    ValueError, AnswerError, ImpossibleEvidenceError : as for `intervals`.

    Examples
    --------
    >>> import numpy as np
    >>> from buttockpain import default_model
    >>> model, yes = default_model(), ["slr_positive", "low_back_pain", "pain_worse_cough_sneeze", "leg_numbness"]
    >>> ranking = rank_with_intervals(model, dict.fromkeys(yes, "yes"), rng=np.random.default_rng(1))
    >>> ranking.intervals[2].outcome, ranking.intervals[2].displayed  # its floor is at 80%
    ('lumbar_disc_herniation', '60% to 89%')
    >>> [reason.rule for reason in ranking.differential.triage.reasons]
    ['floor.lumbar_disc_herniation', 'unasked']
    """
    _check(draws, level)
    differential, presentation, evidence = answered(model, answers)
    found = _simulated(model, differential, evidence, rng, draws, level)
    upper = {one.outcome: one.high for one in found}
    decision = decide(model.rules, presentation)
    further = [reason for reason in differential.triage.reasons if reason not in decision.reasons]
    further += [
        reason for name, least, reason in model.rules.floors if upper[name] >= least - MARGIN and reason not in further
    ]
    raised = differential.model_copy(update={"triage": decision.triage(further)})
    return UncertainRanking(differential=raised, intervals=found)


def _simulated(
    model: Model, differential: Differential, evidence: Evidence, rng: np.random.Generator, draws: int, level: float
) -> tuple[Interval, ...]:
    """Return the intervals by simulation."""
    table, uncertainty = table_of(model), uncertainty_of(model)
    numbers = numbers_that_matter(table, evidence)
    belongs = table.within.T.astype(np.float64)
    probability = np.empty((len(table.outcomes), draws))
    for start in range(0, draws, _CHUNK):
        columns = slice(start, min(start + _CHUNK, draws))
        drawn = uncertainty.draw(rng, draws=columns.stop - start, numbers=numbers)
        state = posterior_of_variants(table, model.network, evidence, dict(zip(numbers, drawn, strict=True)))
        if not state.any(axis=0).all():
            raise ImpossibleEvidenceError(list(differential.answers), differential.triage)
        probability[:, columns] = belongs @ state
    first = np.bincount(table.leading(probability.T), minlength=len(table.outcomes)) / draws
    quantiles = np.quantile(probability, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=1)
    return _intervals(model, evidence, quantiles, level, first.tolist())


def _intervals(
    model: Model, evidence: Evidence, quantiles: FloatArray, level: float, first: list[float] | list[None]
) -> tuple[Interval, ...]:
    """Return the records; quantiles (3, O)."""
    posterior = infer(model.network, evidence)
    now = [*posterior.cause[:, 0].tolist(), posterior.none_of_these.item()]
    caps = model.directory.caps
    return tuple(
        Interval(
            outcome=outcome, probability=probability, low=low, median=median, high=high, level=level,
            displayed=f"{display_probability(low, caps)} to {display_probability(high, caps)}", first=share,
        )
        for outcome, probability, (low, median, high), share in zip(
            table_of(model).outcomes, now, quantiles.T.tolist(), first, strict=True
        )
    )  # fmt: skip


def _check(draws: int, level: float) -> None:
    """Refuse what cannot be asked for.

    Raises
    ------
    ValueError : no draws, or a level that is not strictly between 0 and 1.
    """
    problems = []
    if draws < 1:
        problems.append(f"`draws` is {draws!r}, expected at least 1")
    if not 0 < level < 1:
        problems.append(f"`level` is {level!r}, expected a number above 0 and below 1")
    if problems:
        raise ValueError("; ".join(problems))
