"""One person's answers: read from a flat mapping, checked, and put into one plain form.

Friendly outside, strict inside: this is the only place that knows about spelling, truth values and aliases.
A message names the question and the type of what was found, and shows numbers, but never repeats free text:
it may hold a name.
"""

from __future__ import annotations

import math
import numbers
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from buttockpain.errors import Problem, nearest
from buttockpain.types import MEASURES, Frozen, Id

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge
    from buttockpain.policy import Threshold

__all__ = ["BOUNDS", "SEXES", "Answer", "Answers", "Presentation", "Vocabulary", "flatten", "read"]

Answer = str | float
"""`"yes"`, `"no"`, `"unknown"`, a state of a several-state risk factor, or a number strictly between 0 and 1."""

Answers = Mapping[str, Any] | BaseModel
"""What callers pass: a flat mapping from id to answer, or a pydantic object whose fields are ids."""

_PLAIN: Mapping[Any, str] = {
    "yes": "yes",
    "no": "no",
    "unknown": "unknown",
    True: "yes",  # also 1 and 1.0, which are equal to it
    False: "no",  # also 0 and 0.0
    None: "unknown",
}
_EXPECTED = "yes, no or unknown, True, False or None, or a number from 0 to 1"

BOUNDS: Mapping[str, tuple[float, float, str]] = {
    "age": (0, 120, "whole years from 0 to 120"),
    "pain_severity": (0, 10, "a number from 0 (no pain) to 10 (worst)"),
    "duration_days": (0, 36525, "days from 0 to 36525"),
}
"""Bounds of what a measured answer can be: a human life in whole years, the numeric rating scale, a century of days."""

SEXES = ("female", "male")
_HINTS = 20


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What can be answered: ids in the order of the model file, states, and what measured answers fill."""

    order: Mapping[Id, int]
    states: Mapping[Id, tuple[str, ...]]
    presenting: Id
    age_filled: tuple[tuple[Id, tuple[int, ...], tuple[str, ...]], ...]
    sex_filled: tuple[tuple[Id, str], ...]
    thresholds: tuple[tuple[Id, Threshold], ...]

    @classmethod
    def of(cls, knowledge: Knowledge) -> Vocabulary:
        """Return the vocabulary of a model."""
        factors = knowledge.risk_factor
        ids = [*MEASURES, "sex", *factors, *knowledge.finding]
        return cls(
            order=Frozen({name: position for position, name in enumerate(ids)}),
            states=Frozen({name: factor.states for name, factor in factors.items() if factor.states}),
            presenting=next(name for name, finding in knowledge.finding.items() if finding.presenting),
            age_filled=tuple((name, factor.ages, factor.states) for name, factor in factors.items() if factor.ages),
            sex_filled=tuple((name, factor.sex) for name, factor in factors.items() if factor.sex),
            thresholds=tuple(knowledge.safety.items()),
        )


@dataclass(frozen=True, slots=True)
class Presentation:
    """One person's answers, checked.

    Attributes
    ----------
    given : the flat mapping in plain form and in the order of the model; reading it again gives the same presentation.
    filled : answers that age and sex give to risk factors, for the ranking only.
    measured : age in whole years, pain_severity 0 to 10, duration_days, those that were given.
    """

    given: Mapping[str, Answer]
    filled: Mapping[Id, Answer] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)

    def answer(self, name: Id) -> Answer:
        """Return the answer to a question, `"unknown"` if it was not asked."""
        return self.given.get(name, "unknown")


def flatten(answers: Answers | None, more: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return one mapping of a caller's answers and keyword answers, and what clashes.

    Raises
    ------
    TypeError : the answers are neither a mapping nor a pydantic object.
    """
    if isinstance(answers, BaseModel):
        answers = answers.model_dump(exclude_unset=True)
    if answers is None:
        answers = {}
    if not isinstance(answers, Mapping):
        message = f"answers must be a mapping from id to answer or a pydantic object, not {type(answers).__name__}"
        raise TypeError(message)
    if not more:
        return {**answers}, []
    twice = sorted(answers.keys() & more.keys())
    problems = [Problem(name, "two answers, one by keyword", "one answer", "remove one of them") for name in twice]
    return {**answers, **more, **{name: graver(answers[name], more[name]) for name in twice}}, problems


def graver(one: Any, other: Any) -> Any:
    """Return the answer that speaks more for "present", so that the triage on an error cannot miss a yes.

    Examples
    --------
    >>> graver("no", "yes"), graver(8, 3), graver("unknown", 0.2)
    ('yes', 8, 'unknown')
    """
    return max(one, other, key=_gravity)


def _gravity(answer: Any) -> float:
    """Return how much an answer speaks for "present"; 0.5 for what says nothing."""
    try:
        answer = _PLAIN.get(answer.strip().lower() if isinstance(answer, str) else answer, answer)
    except TypeError:
        return 0.5
    if isinstance(answer, numbers.Real):
        return _float(answer)
    return {"yes": 1.0, "no": 0.0}.get(answer, 0.5)


def read(answers: Mapping[str, Any], vocabulary: Vocabulary) -> tuple[Presentation, list[Problem]]:
    """Return the answers that could be read, and everything that is wrong with the rest.

    Parameters
    ----------
    answers : from id to answer: yes / no / unknown, True / False / None, or a number in [0, 1] saying how strongly
        the observation supports "present" (virtual evidence: the likelihood ratio is p / (1 - p), so 0.5 changes
        nothing, 0 is no and 1 is yes); a state for a several-state risk factor; plus `age`, `sex`, `pain_severity`
        and `duration_days`.
    vocabulary : of the model the answers are for.

    References
    ----------
    Virtual evidence: Pearl, Probabilistic Reasoning in Intelligent Systems (1988), section 2.2.2.
    """
    problems: list[Problem] = []
    given: dict[str, Answer] = {}
    measured: dict[str, float] = {}
    order, states = vocabulary.order, vocabulary.states
    for name, value in answers.items():
        if name not in order:
            # Looking for the nearest id takes a millisecond: enough for a person's slips, too much for a flood.
            problems.append(_unknown(name, order if len(problems) < _HINTS else ()))
        elif name in BOUNDS:
            number = _measured(name, value, problems)
            if number is not None:
                given[name] = measured[name] = number
        elif name == "sex" or name in states:
            allowed = SEXES if name == "sex" else states[name]
            word = _word(name, value, allowed, problems)
            if word is not None:
                given[name] = word
        else:
            answer = _plain(name, value, problems)
            if name == vocabulary.presenting:
                if answer not in (None, "yes"):
                    advice = "leave it out: this model ranks the causes of that complaint"
                    problems.append(Problem(name, "another answer than yes", "yes", advice))
            elif answer is not None:
                given[name] = answer
    given = {name: given[name] for name in sorted(given, key=order.__getitem__)}
    filled = _fill(given, measured, vocabulary, problems)
    if measured:
        _contradictions(given, measured, vocabulary, problems)
    return Presentation(Frozen(given), filled, measured), problems


def _plain(name: str, value: Any, problems: list[Problem]) -> Answer | None:
    """Return a yes-or-no answer in plain form, None (and a problem) if it is none."""
    try:
        return _PLAIN[value]
    except (KeyError, TypeError):
        pass
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral) and 0 < float(value) < 1:
        return float(value)
    if isinstance(value, str):
        folded = value.strip().lower()
        if folded in _PLAIN:
            return _PLAIN[folded]
        problems.append(Problem(name, f"a text of {len(value)} characters", _EXPECTED, nearest(folded, _WORDS)))
    else:
        problems.append(Problem(name, _found(value), _EXPECTED))
    return None


_WORDS = ("yes", "no", "unknown")


def _word(name: str, value: Any, allowed: tuple[str, ...], problems: list[Problem]) -> str | None:
    """Return one of the allowed words, None if unknown or (with a problem) anything else."""
    if isinstance(value, str):
        folded = value.strip().lower()
        if folded in allowed or folded == "unknown":
            return folded
        hint = nearest(folded, allowed)
        problems.append(Problem(name, f"a text of {len(value)} characters", f"{', '.join(allowed)} or unknown", hint))
    elif value is None:
        return "unknown"
    else:
        problems.append(Problem(name, _found(value), f"{', '.join(allowed)} or unknown"))
    return None


def _measured(name: str, value: Any, problems: list[Problem]) -> float | None:
    """Return a measured answer, None if unknown or (with a problem) out of bounds."""
    low, high, expected = BOUNDS[name]
    if value is None or (isinstance(value, str) and value.strip().lower() == "unknown"):
        return None
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = _float(value)
        if low <= number <= high and name != "age":
            return number
        if low <= number <= high and number.is_integer():
            return int(number)
    problems.append(Problem(name, _found(value), f"{expected}, or unknown"))
    return None


def _found(value: Any) -> str:
    """Return what was found, without repeating text."""
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return f"a {type(value).__name__}"
    return f"{_float(value):g}"


def _float(value: numbers.Real) -> float:
    """Return a number as a float; one too large for that is infinite, and so out of any bounds."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _unknown(name: Any, known: Iterable[str]) -> Problem:
    """Return the problem of an id the model does not know."""
    if not isinstance(name, str):
        return Problem("answers", f"a key of type {type(name).__name__}", "ids as text")
    if re.fullmatch(r"[A-Za-z]\w{0,63}", name):
        return Problem(name, "an unknown id", "an id of the model", nearest(name, known))
    return Problem("answers", f"a key of {len(name)} characters that is no id", "an id of the model")


def _fill(
    given: Mapping[str, Answer], measured: Mapping[str, float], vocabulary: Vocabulary, problems: list[Problem]
) -> dict[Id, Answer]:
    """Return the risk factors that age and sex answer; an answer that differs from them is a contradiction."""
    filled: dict[Id, Answer] = {}
    if "age" in measured:
        for name, ages, states in vocabulary.age_filled:
            filled[name] = states[bisect_right(ages, measured["age"])]
    sex = given.get("sex", "unknown")
    if sex != "unknown":
        for name, meaning_yes in vocabulary.sex_filled:
            filled[name] = "yes" if sex == meaning_yes else "no"
    for name, answer in filled.items():
        if given.get(name, "unknown") not in ("unknown", answer):
            source = "sex" if name in dict(vocabulary.sex_filled) else "age"
            problems.append(Problem(name, f"an answer that contradicts `{source}`", str(answer), "correct one of them"))
    return filled


def _contradictions(
    given: Mapping[str, Answer], measured: Mapping[str, float], vocabulary: Vocabulary, problems: list[Problem]
) -> None:
    """Report red flags that are answered against the measured answer that decides them."""
    for name, threshold in vocabulary.thresholds:
        if threshold.measure not in measured or name not in given:
            continue
        holds, answer = threshold.holds(measured[threshold.measure]), given[name]
        if (holds and answer == "no") or (threshold.exact and not holds and answer == "yes"):
            expected = f"{'yes' if holds else 'no'}, from {threshold.measure} {measured[threshold.measure]:g}"
            problems.append(Problem(name, f"the contradicting answer {answer}", expected, "correct one of them"))
