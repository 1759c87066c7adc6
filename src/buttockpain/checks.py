"""The cross-checks a careful reviewer makes of a model file, on its plain data.

They read plain tables rather than typed records, and skip what has the wrong type, so that one pass reports
mistakes of shape and of sense together. Each check is a generator of problems, named after what it looks for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from buttockpain.errors import Problem, nearest
from buttockpain.types import MEASURES, Level

__all__ = ["MAX_CAUSES", "problems_of"]

Table = Mapping[str, Any]

MAX_CAUSES = 12  # enumeration of 2^12 = 4,096 cause states is the most that stays instant

# A threshold may be tuned, not switched off. Severe pain: published cut-offs lie between 6 and 8 of 10, so 5 to 8
# leaves room on the safe side only. Long-lasting: 4 to 12 weeks, the span of the guidance cited in the model file.
SAFE_BOUNDS: Mapping[str, tuple[float, float]] = {"severe_pain": (5, 8), "long_lasting_pain": (28, 84)}

_ID = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_RESERVED = {*MEASURES, "sex"}


def problems_of(data: Table, *, max_causes: int = MAX_CAUSES) -> list[Problem]:
    """Return everything that is wrong with the relations inside a model file.

    Parameters
    ----------
    data : the file as plain tables, as `tomllib` reads it.
    max_causes : the most causes allowed; the state space has 2 to the power of their number.
    """
    found: list[Problem] = []
    for check in (_ids, _causes, _links, _cycles, _findings, _states, _numbers, _thresholds, _triage, _references):
        found.extend(check(data))
    count = len(_table(data, "cause"))
    if count > max_causes:
        found.append(
            Problem(
                "cause",
                f"{count} causes",
                f"at most {max_causes}: the state space has 2^causes members",
                f"merge causes, or load with max_causes={count} if {2**count:,} states are acceptable",
            )
        )
    return found


def _table(data: Any, *keys: str) -> Table:
    """Return the sub-table at these keys, or an empty one if there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def _words(table: Any, key: str) -> list[str]:
    """Return a list of strings, leaving out what is not a string."""
    entry = table.get(key) if isinstance(table, Mapping) else None
    return [word for word in entry if isinstance(word, str)] if isinstance(entry, list | tuple) else []


def _number(table: Any, key: str = "value") -> float | None:
    """Return a finite number, or None if there is none."""
    entry = table.get(key) if isinstance(table, Mapping) else None
    return entry if isinstance(entry, int | float) and not isinstance(entry, bool) and math.isfinite(entry) else None


def _ids(data: Table) -> Iterator[Problem]:
    """Ids that are ill-formed, reserved, or used for two things."""
    owner: dict[str, str] = {}
    for section in ("risk_factor", "cause", "finding"):
        for name in _table(data, section):
            path = f"{section}.{name}"
            if not _ID.fullmatch(name):
                yield Problem(path, "an ill-formed id", "lower-case letters, digits and underscores, at most 64")
            if name in _RESERVED:
                yield Problem(path, "a reserved id", f"any id but {', '.join(sorted(_RESERVED))}")
            if name in owner:
                yield Problem(path, f"an id already used by `{owner[name]}`", "one id for one thing", "rename one")
            owner.setdefault(name, path)
    for name in _table(data, "safety"):
        clash = owner.get(name, "")
        if clash and _table(data, "finding", name).get("kind") != "red_flag":
            yield Problem(f"safety.{name}", f"an id already used by `{clash}`", "a new id, or that of a red flag")


def _causes(data: Table) -> Iterator[Problem]:
    """No cause to rank."""
    causes = _table(data, "cause")
    if not any(isinstance(cause, Mapping) and cause.get("ranked") is True for cause in causes.values()):
        yield Problem("cause", "no ranked cause", "at least one cause with `ranked = true`")


def _links(data: Table) -> Iterator[Problem]:
    """Links from parents that do not exist, or whose states do not match."""
    causes, factors = _table(data, "cause"), _table(data, "risk_factor")
    for name in causes:
        for parent, link in _table(causes, name, "link").items():
            path = f"cause.{name}.link.{parent}"
            states = _words(factors.get(parent), "states")
            if parent == name or (parent not in causes and parent not in factors):
                known = [*factors, *(cause for cause in causes if cause != name)]
                yield Problem(path, "an unknown parent", "a risk factor or another cause", nearest(parent, known))
            elif states and (not isinstance(link, Mapping) or "value" in link):
                yield Problem(path, "one number", f"one per state, such as `{parent}.{states[-1]} = {{ ... }}`")
            elif isinstance(link, Mapping) and "value" not in link:
                for state in link:
                    if state not in states[1:]:
                        expected = f"one of {', '.join(states[1:])}" if states else "a single number: no such states"
                        yield Problem(f"{path}.{state}", "an unknown state", expected)
    for name in _table(data, "finding"):
        for parent in _table(data, "finding", name, "link"):
            if parent not in causes:
                yield Problem(f"finding.{name}.link.{parent}", "an unknown parent", "a cause", nearest(parent, causes))


def _cycles(data: Table) -> Iterator[Problem]:
    """Causes that bring about themselves."""
    causes = _table(data, "cause")
    waiting = {name: {p for p in _table(causes, name, "link") if p in causes and p != name} for name in causes}
    while free := [name for name, parents in waiting.items() if not parents & waiting.keys()]:
        for name in free:
            del waiting[name]
    if waiting:
        circle = ", ".join(sorted(waiting))
        yield Problem("cause", f"a cycle among the causes {circle}", "arcs that lead one way only", "remove one arc")


def _findings(data: Table) -> Iterator[Problem]:
    """Findings without what their kind needs, and a presenting complaint that is not one."""
    findings = {name: entry for name, entry in _table(data, "finding").items() if isinstance(entry, Mapping)}
    presenting = [name for name, entry in findings.items() if entry.get("presenting") is True]
    if len(presenting) != 1:
        found = ", ".join(presenting) or "none"
        yield Problem("finding", f"presenting complaints: {found}", "exactly one finding with `presenting = true`")
    for name, entry in findings.items():
        path, is_flag = f"finding.{name}", entry.get("kind") == "red_flag"
        if is_flag and "red_flag" not in entry:
            yield Problem(f"{path}.red_flag", "nothing", "its level, reason and basis", "add the table")
        if not is_flag and "red_flag" in entry:
            yield Problem(f"{path}.red_flag", f"a red flag of kind {entry.get('kind')}", 'kind = "red_flag"')
        if not is_flag and "leak" not in entry:
            yield Problem(f"{path}.leak", "nothing", "the probability of the finding with no cause present")
        if "leak" not in entry and _table(entry, "link"):
            yield Problem(f"{path}.link", "links without a leak", "a leak beside them", "add the leak or remove them")
        if "leak" in entry and not _table(entry, "link"):
            yield Problem(f"{path}.link", "a leak without links", "at least one cause", "add a link or remove the leak")
        if name in presenting and is_flag:
            yield Problem(path, "a red flag as presenting complaint", "another kind")


def _states(data: Table) -> Iterator[Problem]:
    """Several-state risk factors whose states, ages or base rates do not add up."""
    for name, entry in _table(data, "risk_factor").items():
        path, states, base = f"risk_factor.{name}", _words(entry, "states"), _table(entry, "base")
        ages = entry.get("ages") if isinstance(entry, Mapping) else None
        if not states:
            if base and "value" not in base:
                yield Problem(f"{path}.states", "nothing", "the states that `base` has numbers for")
            if ages:
                yield Problem(f"{path}.ages", "ages without states", "states to go with them")
            continue
        if len(states) < 3 or len(set(states)) != len(states):  # noqa: PLR2004 - two states are plain yes or no
            yield Problem(f"{path}.states", f"{len(states)} states", "at least three different ones")
        if set(base) != set(states[1:]):
            yield Problem(f"{path}.base", f"numbers for {', '.join(base) or 'nothing'}", f"for {', '.join(states[1:])}")
        total = sum(_number(one) or 0.0 for one in base.values())
        if total >= 1:
            yield Problem(
                f"{path}.base", f"base rates that sum to {total:g}", f"a sum below 1, the rest is {states[0]}"
            )
        if isinstance(ages, list) and (len(ages) != len(states) - 1 or ages != sorted(set(ages))):
            yield Problem(f"{path}.ages", f"{ages}", f"{len(states) - 1} rising ages, one per state after the first")


def _numbers(data: Table) -> Iterator[Problem]:
    """Links too small to be felt in 64-bit floats."""
    for section in ("cause", "finding"):
        for name in _table(data, section):
            for parent, link in _table(data, section, name, "link").items():
                value = _number(link)
                if value is not None and value < 1 and 1.0 - value == 1.0:
                    yield Problem(
                        f"{section}.{name}.link.{parent}", f"{value!r}", "a link that is felt in 64-bit floats"
                    )


def _thresholds(data: Table) -> Iterator[Problem]:
    """Thresholds that are missing, or outside the bounds within which they may be tuned."""
    safety = _table(data, "safety")
    for name, (low, high) in SAFE_BOUNDS.items():
        if name not in safety:
            yield Problem(f"safety.{name}", "nothing", "the threshold of the founding document's rule")
            continue
        value = _number(safety[name])
        if value is not None and not low <= value <= high:
            yield Problem(f"safety.{name}", f"{value:g}", f"a value within the safe bounds {low:g} to {high:g}")
        measure = "pain_severity" if name == "severe_pain" else "duration_days"
        if _table(safety, name).get("measure") not in (measure, None):
            yield Problem(f"safety.{name}.measure", f"{safety[name]['measure']}", measure)
    for name, entry in safety.items():
        grows = isinstance(entry, Mapping) and entry.get("measure") in MEASURES[1:]
        if grows and entry.get("when") == "below":
            yield Problem(f"safety.{name}.when", "below", "at_least: more pain or time must never lower the level")


def _triage(data: Table) -> Iterator[Problem]:
    """Levels without words, rules on unknown or negated facts, floors on unknown causes."""
    triage, safety, findings = _table(data, "triage"), _table(data, "safety"), _table(data, "finding")
    for level in Level:
        if level.value not in _table(triage, "level"):
            yield Problem(f"triage.level.{level.value}", "nothing", "its label and action", "add the table")
    factors = [name for name, entry in _table(data, "risk_factor").items() if not _words(entry, "states")]
    facts = {*safety, *findings, *factors}
    for fact in _words(triage.get("override"), "facts"):
        if fact not in safety:
            yield Problem("triage.override.facts", f"the unknown fact {fact}", "a `safety` id", nearest(fact, safety))
    for fact in SAFE_BOUNDS:
        if fact not in _words(triage.get("override"), "facts"):
            yield Problem("triage.override.facts", f"no {fact}", "severe and long-lasting pain, both")
        if _table(findings, fact).get("kind") != "red_flag":
            yield Problem(f"finding.{fact}", "no such red flag", "a red flag that asks for it")
    causes = {name for name, entry in _table(data, "cause").items() if _table(entry)}
    for name in _table(triage, "floor"):
        if name not in causes:
            yield Problem(f"triage.floor.{name}", "an unknown cause", "a cause of the model", nearest(name, causes))
    seen: set[str] = set()
    rules = triage.get("rule")
    for number, rule in enumerate(rules if isinstance(rules, list | tuple) else []):
        given = rule.get("id") if isinstance(rule, Mapping) else None
        path = f"triage.rule.{given if isinstance(given, str) else number}"
        if path in seen:
            yield Problem(path, "an id already used by another rule", "one id for one rule", "rename one")
        seen.add(path)
        yield from _conditions(path, rule, facts)
    for name, entry in findings.items():
        if _table(entry, "red_flag") and _table(entry, "red_flag").get("level") == Level.SELF_CARE.value:
            yield Problem(f"finding.{name}.red_flag.level", "self_care", "a level above it: a red flag raises")


def _conditions(path: str, rule: Any, facts: set[str]) -> Iterator[Problem]:
    """Conditions of one rule: known, positive, at least one."""
    if isinstance(rule, Mapping) and not _words(rule, "all_of") and not _words(rule, "any_of"):
        yield Problem(path, "no condition", "at least one fact in `all_of` or `any_of`")
    for key in ("all_of", "any_of"):
        for fact in _words(rule, key):
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


def _references(data: Table) -> Iterator[Problem]:
    """Reference numbers that lead nowhere."""
    known = _table(data, "reference")

    def walk(path: str, entry: Any) -> Iterator[Problem]:
        if isinstance(entry, Mapping):
            for key, value in entry.items():
                if key == "ref" and isinstance(value, list | tuple):
                    for number in value:
                        if isinstance(number, int) and str(number) not in known:
                            yield Problem(f"{path}.ref", f"[{number}]", "a number with a [reference] entry")
                else:
                    yield from walk(f"{path}.{key}" if path else str(key), value)
        elif isinstance(entry, list | tuple):
            for number, value in enumerate(entry):
                yield from walk(f"{path}.{number}", value)

    yield from walk("", data)
