"""Influence with sources: the few numbers an answer hangs on, where they come from, and how good their basis is.

A number has influence if it is uncertain and the answer depends on it: the variance of its effect on the log-odds of the
outcome, as a share of that of all numbers together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel

from buttockpain.model import Model
from buttockpain.presentation import Answers
from buttockpain.render.text import display_probability
from buttockpain.research.effects import effects_of
from buttockpain.research.lines import lines_of
from buttockpain.research.parameters import NONE, answered, table_of
from buttockpain.research.sensitivity import over_own_range
from buttockpain.types import Basis, Id

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge
    from buttockpain.parameter import Ranged

__all__ = ["Grade", "Influence", "describe", "influences"]

Grade = Literal[
    "fitted to cases",
    "from a source that was read",
    "from a source that was not read again",
    "named by the founding document, its size by judgement",
    "judgement, informed by a source",
    "judgement alone",
    "edited, basis not given",
]
"""How good the basis of a number is, the best first, but for edited ones, of which nothing is known."""


_ROUNDING = 1e-12  # an effect on the log-odds as small as this is none


class Influence(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How much of the uncertainty of one outcome comes from one number, and what that number rests on.

    Attributes
    ----------
    path, meaning : the number, and in words what it says.
    outcome : whose uncertainty.
    value, low, high : the number and its range.
    at_value, at_low, at_high : probability of the outcome there.
    share : of the variance of the outcome's log-odds, 0 to 1; over all numbers the shares sum to 1.
    basis, reference, note : as in the model file; `reference` holds the texts.
    grade : how good the basis is.
    sentence : all of it in one sentence.
    """

    path: str
    meaning: str
    outcome: Id
    value: float
    low: float
    high: float
    at_value: float
    at_low: float
    at_high: float
    share: float
    basis: Basis
    reference: tuple[str, ...]
    note: str
    grade: Grade
    sentence: str


def influences(
    model: Model, answers: Answers | None = None, *, outcome: Id | None = None, top: int = 5
) -> tuple[Influence, ...]:
    """Return the numbers that one outcome's uncertainty comes from, the most influential first.

    Parameters
    ----------
    model : the model.
    answers : of one person, as for `Model.rank`.
    outcome : a cause or "none_of_these"; the leading one if left out.
    top : how many numbers at most; numbers without any influence are left out.

    Raises
    ------
    ModelError : no such outcome.
    AnswerError, ImpossibleEvidenceError : as for `Model.rank`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> for one in influences(default_model(), {"slr_positive": "yes", "leg_numbness": "yes"}, top=2):
    ...     print(f"{one.path} ({one.share:.0%}): {one.grade}")
    cause.sciatica.link.lumbar_disc_herniation (38%): named by the founding document, its size by judgement
    cause.sciatica.leak (11%): judgement, informed by a source
    """
    differential, _, evidence = answered(model, answers)
    table, knowledge = table_of(model), model.knowledge
    o = table.outcome(outcome or differential.leading or NONE)
    lines = lines_of(model, evidence)
    effects = effects_of(model, lines)
    variance = effects.variance[:, o]
    chosen = np.argsort(-variance, kind="stable")[:top]
    chosen = chosen[variance[chosen] > _ROUNDING**2]
    numbers = effects.numbers[chosen]
    low, high, *at_ends = over_own_range(table, lines, numbers)
    at_low, at_high = (probability[:, o].tolist() for probability in at_ends)
    shares = (variance[chosen] / variance.sum()).tolist() if chosen.size else []
    rows = dict(knowledge.parameters())
    found = []
    for row, n in enumerate(numbers.tolist()):
        path, source = table.paths[n], rows[table.paths[n]]
        ends = [display_probability(end[row], model.directory.caps) for end in (at_low, at_high)]
        meaning, grade = describe(knowledge, path), _grade(knowledge, source)
        found.append(
            Influence(
                path=path, meaning=meaning, outcome=table.outcomes[o], value=source.value, low=low[row], high=high[row],
                at_value=lines.probability[o], at_low=at_low[row], at_high=at_high[row], share=shares[row],
                basis=source.basis, reference=tuple(knowledge.reference[str(ref)].text for ref in source.ref),
                note=source.note, grade=grade,
                sentence=f"{meaning}: {source.value:g}, plausibly {source.low:g} to {source.high:g} ({grade}). Over that "
                f"range {_label(knowledge, table.outcomes[o])} goes from {ends[0]} to {ends[1]}; it makes up "
                f"{shares[row]:.0%} of the uncertainty.",
            )
        )  # fmt: skip
    return tuple(found)


def describe(knowledge: Knowledge, path: str) -> str:
    """Return in words what a probability of the network says.

    Parameters
    ----------
    knowledge : of the model, for the labels.
    path : of a number under `risk_factor`, `cause` or `finding`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> knowledge = default_model().knowledge
    >>> describe(knowledge, "cause.sciatica.link.piriformis_syndrome")
    'How often piriformis syndrome by itself brings about sciatica'
    >>> describe(knowledge, "risk_factor.age_band.base.over_50")
    'How common age band (over 50) is'
    """
    section, name, kind, *rest = path.split(".")
    if section == "risk_factor":
        return f"How common {_label(knowledge, name, *rest)} is"
    if kind == "leak":
        causes = "any of the causes" if section == "finding" else "its listed risk factors and causes"
        return f"How common {_label(knowledge, name)} is without {causes}"
    return f"How often {_label(knowledge, *rest)} by itself brings about {_label(knowledge, name)}"


def _label(knowledge: Knowledge, name: Id, state: str = "") -> str:
    """Return what an id, and a state of it, is called, as in the middle of a sentence."""
    if name == NONE:
        return "none of these"
    section = next(part for part in (knowledge.risk_factor, knowledge.cause, knowledge.finding) if name in part)
    label = section[name].label
    # An initial capital goes, but not that of an abbreviation.
    words = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    return f"{words} ({state.replace('_', ' ')})" if state else words


def _grade(knowledge: Knowledge, source: Ranged) -> Grade:
    """Return how good the basis of a number is."""
    match source.basis:
        case "fitted":
            return "fitted to cases"
        case "edited":
            return "edited, basis not given"
        case "founding document":
            return "named by the founding document, its size by judgement"
        case "judgement":
            return "judgement, informed by a source" if source.ref else "judgement alone"
    read = any(knowledge.reference[str(ref)].status == "V" for ref in source.ref)
    return "from a source that was read" if read else "from a source that was not read again"
