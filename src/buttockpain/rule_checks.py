"""The cross-checks of the triage part of a model file: thresholds, rules, levels. Read like `checks`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from buttockpain.errors import Problem, nearest
from buttockpain.plain import Table, number, table, words
from buttockpain.types import MEASURES, Level

__all__ = ["triage_problems"]

# A threshold may be tuned, not switched off. Severe pain: published cut-offs lie between 6 and 8 of 10, so 5 to 8
# leaves room on the safe side only. Long-lasting: 4 to 12 weeks, the span of the guidance cited in the model file.
SAFE_BOUNDS: Mapping[str, tuple[float, float]] = {"severe_pain": (5, 8), "long_lasting_pain": (28, 84)}
# In simulation 2 people in 10,000 lie above 3; a limit above 4 would switch the notice off.
POOR_FIT_BOUNDS = (1, 4)


def triage_problems(data: Table) -> Iterator[Problem]:
    """Yield everything that is wrong with the triage part of a model file."""
    for check in (_thresholds, _triage, _levels):
        yield from check(data)


def _thresholds(data: Table) -> Iterator[Problem]:
    """Thresholds that are missing, or outside the bounds within which they may be tuned."""
    safety = table(data, "safety")
    for name, (low, high) in SAFE_BOUNDS.items():
        if name not in safety:
            yield Problem(f"safety.{name}", "nothing", "the threshold of the founding document's rule")
            continue
        value = number(safety[name])
        if value is not None and not low <= value <= high:
            yield Problem(f"safety.{name}", f"{value:g}", f"a value within the safe bounds {low:g} to {high:g}")
        measure = "pain_severity" if name == "severe_pain" else "duration_days"
        if table(safety, name).get("measure") not in (measure, None):
            yield Problem(f"safety.{name}.measure", f"{safety[name]['measure']}", measure)
    for name, entry in safety.items():
        grows = isinstance(entry, Mapping) and entry.get("measure") in MEASURES[1:]
        if grows and entry.get("when") == "below":
            yield Problem(f"safety.{name}.when", "below", "at_least: more pain or time must never lower the level")


def _triage(data: Table) -> Iterator[Problem]:
    """Levels without words, rules on unknown or negated facts, floors on unknown causes."""
    triage, safety, findings = table(data, "triage"), table(data, "safety"), table(data, "finding")
    for level in Level:
        if level.value not in table(triage, "level"):
            yield Problem(f"triage.level.{level.value}", "nothing", "its label and action", "add the table")
    facts = {*safety, *_answered(data)}
    for fact in words(triage.get("override"), "facts"):
        if fact not in safety:
            yield Problem("triage.override.facts", f"the unknown fact {fact}", "a `safety` id", nearest(fact, safety))
    for fact in SAFE_BOUNDS:
        if fact not in words(triage.get("override"), "facts"):
            yield Problem("triage.override.facts", f"no {fact}", "severe and long-lasting pain, both")
        if table(findings, fact).get("kind") != "red_flag":
            yield Problem(f"finding.{fact}", "no such red flag", "a red flag that asks for it")
    causes = {name for name, entry in table(data, "cause").items() if table(entry)}
    for name in table(triage, "floor"):
        if name not in causes:
            yield Problem(f"triage.floor.{name}", "an unknown cause", "a cause of the model", nearest(name, causes))
    seen: set[str] = set()
    rules = triage.get("rule")
    for place, rule in enumerate(rules if isinstance(rules, list | tuple) else []):
        given = rule.get("id") if isinstance(rule, Mapping) else None
        path = f"triage.rule.{given if isinstance(given, str) else place}"
        if path in seen:
            yield Problem(path, "an id already used by another rule", "one id for one rule", "rename one")
        seen.add(path)
        yield from _conditions(path, rule, facts)


def _conditions(path: str, rule: Any, facts: set[str]) -> Iterator[Problem]:
    """Conditions of one rule: known, positive, at least one."""
    if isinstance(rule, Mapping) and not words(rule, "all_of") and not words(rule, "any_of"):
        yield Problem(path, "no condition", "at least one fact in `all_of` or `any_of`")
    for key in ("all_of", "any_of"):
        for fact in words(rule, key):
            if re.match(r"\s*(not\b|no\b|!|-|~)", fact):
                advice = "rules fire on facts that are present, so that more answers can only raise the level"
                yield Problem(f"{path}.{key}", f"the negative condition {fact!r}", "a positive one", advice)
            elif fact not in facts:
                hint = nearest(fact, facts)
                yield Problem(f"{path}.{key}", f"the unknown fact {fact}", "a finding, risk factor or safety id", hint)
    for key in rule if isinstance(rule, Mapping) else ():
        if re.match(r"(not|none|no|unless|except)(_|$)", key):
            advice = "rules fire on facts that are present, so that more answers can only raise the level"
            yield Problem(f"{path}.{key}", "a negative condition", "`all_of` and `any_of` only", advice)


def _answered(data: Table) -> Iterator[str]:
    """Ids whose answers a rule can rely on: not the complaint, which is in no answer, nor what age or sex fill."""
    findings = table(data, "finding")
    presenting = [name for name in findings if table(findings, name).get("presenting") is True]
    for name in findings:
        if presenting != [name] or table(findings, name).get("kind") == "red_flag":
            yield name
    for name, factor in table(data, "risk_factor").items():
        if not words(factor, "states") and table(factor).get("sex") not in ("female", "male"):
            yield name


def _levels(data: Table) -> Iterator[Problem]:
    """Levels that raise nothing, and levels by probability that one more red flag could lower.

    An answer moves probabilities, so what fires by a probability must not lie above what every red flag gives by itself.
    """
    triage, ladder = table(data, "triage"), {level.value for level in Level}
    flags = {f"finding.{name}.red_flag": table(entry, "red_flag") for name, entry in table(data, "finding").items()}
    given = {path: flag.get("level") for path, flag in flags.items() if flag}
    known = [Level(level) for level in given.values() if level in ladder and level != Level.SELF_CARE]
    lowest = min(known, key=lambda level: level.rank, default=None)
    given |= {f"triage.{key}": table(triage, key).get("level") for key in ("unasked", "unclear")}
    probable = {f"triage.{key}": table(triage, key).get("level") for key in ("none_of_these", "poor_fit")}
    probable |= {f"triage.floor.{name}": table(entry).get("level") for name, entry in table(triage, "floor").items()}
    for path, level in (given | probable).items():
        if level == Level.SELF_CARE.value:
            what = "red flag" if path in flags else "notice"
            yield Problem(f"{path}.level", "self_care", f"a level above it: a {what} raises")
    for path, level in probable.items():
        if isinstance(level, str) and level in ladder and lowest is not None and Level(level) > lowest:
            advice = "a further red flag may move the probability, and must not lower the level"
            yield Problem(
                f"{path}.level", str(Level(level)), f"at most {lowest}, the lowest level of a red flag", advice
            )
    value, (low, high) = number(table(triage, "poor_fit")), POOR_FIT_BOUNDS
    if value is not None and not low <= value <= high:
        yield Problem("triage.poor_fit", f"{value:g}", f"a value within the safe bounds {low} to {high}")
