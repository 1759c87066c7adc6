"""Proof of the safety promises 1 to 3 for one rule table, by trying every case that matters.

Rules are monotone by construction (conditions are positive, the highest level wins); this shows that the compiled
table really behaves so, on the same function that decides for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations, product
from typing import TYPE_CHECKING

from buttockpain.errors import Problem, UnsafeModelError
from buttockpain.presentation import Answer, Presentation, Vocabulary
from buttockpain.triage import Decision, RuleTable, decide
from buttockpain.types import Id, Level

if TYPE_CHECKING:
    from buttockpain.policy import Threshold

__all__ = ["Verification", "verify"]

_STATES: tuple[Answer | None, ...] = ("yes", "no", "unknown", None)  # None: not asked
_RULE_INPUTS = 14  # 2^14 combinations of one rule's inputs are still instant; beyond, one input at a time


@dataclass(frozen=True, slots=True)
class Verification:
    """How many cases were tried; reaching this record means that none broke a promise.

    Attributes
    ----------
    flag_states : every red flag in every answer state, soft answers included, with all other flags answered no.
    flag_pairs : every pair of red flags in every pair of answer states.
    rule_cases : every rule with every combination of its own inputs present or absent.
    measure_steps : pain severity in steps of 0.5 against durations and ages around every threshold.
    """

    flag_states: int
    flag_pairs: int
    rule_cases: int
    measure_steps: int

    @property
    def total(self) -> int:
        """All cases together."""
        return sum(getattr(self, field.name) for field in fields(self))


def verify(table: RuleTable, vocabulary: Vocabulary) -> Verification:
    """Prove the safety promises 1 to 3 for a rule table and return how many cases were tried.

    1. The level is the highest of all that fired; more flags, more pain and longer duration never lower it.
    2. Severe or long-lasting pain always yields the override.
    3. Red flags unasked or unclear are listed and never taken for "no"; with one of the emergency flags among them
       the level is never `self_care`.

    Raises
    ------
    UnsafeModelError : a promise is broken; lists the counterexamples, at most five of a kind.

    Examples
    --------
    >>> from buttockpain.model import default_model
    >>> default_model().verify().flag_pairs
    13120
    """
    checks = (_flag_states, _flag_pairs, _rule_cases, _measure_steps)
    counts: list[int] = []
    problems: list[Problem] = []
    for check in checks:
        cases = list(check(table, vocabulary))
        counts.append(len(cases))
        problems.extend([case for case in cases if case is not None][:5])
    if problems:
        raise UnsafeModelError("safety promises", problems)
    return Verification(*counts)


Cases = Iterator[Problem | None]
"""One item per case tried: None if the promise holds, the counterexample if not."""


def _case(
    table: RuleTable, answers: Mapping[Id, Answer | None], measured: Mapping[str, float] | None = None
) -> Decision:
    """Return the decision on some answers, all other red flags answered no."""
    given: dict[Id, Answer] = dict.fromkeys(table.flags, "no")
    for name, answer in answers.items():
        given.pop(name, None)
        if answer is not None:
            given[name] = answer
    return decide(table, Presentation(given, {}, measured or {}))


def _level(decision: Decision) -> Level:
    """Return the highest level of all reasons."""
    return max((reason.level for reason in decision.reasons), key=lambda level: level.rank, default=Level.SELF_CARE)


def _flag_states(table: RuleTable, vocabulary: Vocabulary) -> Cases:
    """Every flag in every answer state."""
    del vocabulary
    if _level(_case(table, {})) is not Level.SELF_CARE:
        yield Problem(
            "every red flag answered no", str(_level(_case(table, {}))), "self_care: no rule fires on absence"
        )
    for name, flag in table.flags.items():
        for state in (*_STATES, 0.9, 0.5, 0.1):
            decision = _case(table, {name: state})
            level, where = _level(decision), f"{name} = {'not asked' if state is None else state}"
            unasked = name in {question.id for question in decision.unasked}
            unclear = name in {question.id for question in decision.unclear}
            present, settled = state in ("yes", 0.9), state == "no"
            if present and level < flag.level:
                yield Problem(where, str(level), f"at least {flag.level}")
            elif (unasked, unclear) != (state is None, not present and not settled and state is not None):
                yield Problem(where, f"listed as unasked {unasked}, unclear {unclear}", "listed as what it is")
            elif present and name in table.override_facts and decision.override is None:
                yield Problem(where, "no override", "the override")
            elif flag.level.is_emergency and not settled and level is Level.SELF_CARE:
                yield Problem(where, "self_care", "a level above it while an emergency flag is open")
            else:
                yield None


def _flag_pairs(table: RuleTable, vocabulary: Vocabulary) -> Cases:
    """Every pair of flags in every pair of states: a yes never lowers the level of any state beside it."""
    del vocabulary
    for first, second in combinations(table.flags, 2):
        level = {
            states: _level(_case(table, {first: states[0], second: states[1]})) for states in product(_STATES, repeat=2)
        }
        for (one, other), found in level.items():
            least = max(level["no", other] if one == "yes" else found, level[one, "no"] if other == "yes" else found,
                        key=lambda step: step.rank)  # fmt: skip
            if one == "yes":
                least = max(least, table.flags[first].level, key=lambda step: step.rank)
            yield (
                None if found >= least else Problem(f"{first} = {one}, {second} = {other}", found, f"at least {least}")
            )


def _rule_cases(table: RuleTable, vocabulary: Vocabulary) -> Cases:
    """Every rule over every combination of its inputs: fires exactly when its condition holds, and is monotone."""
    unanswerable = {name: threshold for name, threshold in vocabulary.thresholds if name not in table.flags}
    for rule in table.combinations:
        inputs = sorted(rule.all_of | rule.any_of)
        if len(inputs) <= _RULE_INPUTS:
            cases = [frozenset(name for name, on in zip(inputs, bits, strict=True) if on)
                     for bits in product((False, True), repeat=len(inputs))]  # fmt: skip
        else:
            cases = [rule.all_of | chosen for chosen in [frozenset[Id](), *(frozenset([one]) for one in rule.any_of)]]
        for present in cases:
            by_measure = present & unanswerable.keys()
            measured = _measured([unanswerable[name] for name in sorted(by_measure)])
            if measured is None:
                continue  # no measured answer makes all of them facts, such as two ages
            decision = _case(table, dict.fromkeys(present - by_measure, "yes"), measured)
            expected = rule.all_of <= present and (not rule.any_of or bool(rule.any_of & present))
            where = f"rule {rule.reason.rule} with {', '.join(sorted(present)) or 'nothing'}"
            # A measured answer may make further facts present, so a rule may fire on more than the case names.
            if expected and rule.reason not in decision.reasons:
                yield Problem(where, "not fired", "fired")
            elif not expected and not measured and rule.reason in decision.reasons:
                yield Problem(where, "fired", "not fired")
            elif expected and _level(decision) < rule.reason.level:
                yield Problem(where, str(_level(decision)), f"at least {rule.reason.level}")
            else:
                yield None


def _measure_steps(table: RuleTable, vocabulary: Vocabulary) -> Cases:
    """Pain, duration and age in steps: the override when it must be, and no step up in pain or time lowers the level."""
    durations = sorted({0.0, 3650.0, *_around(vocabulary, "duration_days")})
    severities = sorted({*(half / 2 for half in range(21)), *_around(vocabulary, "pain_severity")})
    ages = sorted({18.0, 40.0, 90.0, *_around(vocabulary, "age")})
    facts = [(name, threshold) for name, threshold in vocabulary.thresholds if name in table.override_facts]
    for age in ages:
        before: dict[float, Level] = {}
        for severity in severities:
            shorter = Level.SELF_CARE
            for duration in durations:
                measured: dict[str, float] = {"age": age, "pain_severity": severity, "duration_days": duration}
                free = dict.fromkeys((name for name, _ in vocabulary.thresholds if name in table.flags), None)
                decision = _case(table, free, measured)
                level = _level(decision)
                where = f"age {age:g}, pain {severity:g}, {duration:g} days"
                must = any(threshold.holds(measured[threshold.measure]) for _, threshold in facts)
                if must != (decision.override is not None):
                    yield Problem(where, f"override {decision.override!r}", "the override" if must else "none")
                elif level < shorter or level < before.get(duration, Level.SELF_CARE):
                    yield Problem(where, str(level), "at least the level of less pain and of a shorter time")
                else:
                    yield None
                shorter = before[duration] = level


def _around(vocabulary: Vocabulary, measure: str) -> Iterator[float]:
    """Yield each threshold of a measure, and a step to either side."""
    for _, threshold in vocabulary.thresholds:
        if threshold.measure == measure:
            yield from (threshold.value - 1, threshold.value, threshold.value + 1)


def _measured(thresholds: Sequence[Threshold]) -> dict[str, float] | None:
    """Return measured answers for which all the thresholds hold, None if there are none."""
    measured: dict[str, float] = {}
    for name in {threshold.measure for threshold in thresholds}:
        mine = [threshold for threshold in thresholds if threshold.measure == name]
        candidates = (one.value if one.when == "at_least" else one.value - 1 for one in mine)
        fitting = [value for value in candidates if all(threshold.holds(value) for threshold in mine)]
        if not fitting:
            return None
        measured[name] = fitting[0]
    return measured
