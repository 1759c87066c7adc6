"""The cross-checks a careful reviewer makes of a model file, on its plain data.

They read plain tables rather than typed records, and skip what has the wrong type, so that one pass reports
mistakes of shape and of sense together. Each check is a generator of problems, named after what it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import fsum
from typing import Any, get_args

from buttockpain.errors import Problem, nearest
from buttockpain.plain import Table, by_state, number, table, words
from buttockpain.rule_checks import triage_problems
from buttockpain.types import MEASURES, Kind

__all__ = ["MAX_CAUSES", "MAX_STATES", "problems_of"]

MAX_STATES = 100  # of one risk factor: in tables the number of a state is one byte
MAX_CAUSES = 12  # enumeration of 2^12 = 4,096 cause states is the most that stays instant

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
    for check in (_ids, _causes, _links, _cycles, _findings, _states, _texts, triage_problems, _references):
        found.extend(check(data))
    count = len(table(data, "cause"))
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


def _ids(data: Table) -> Iterator[Problem]:
    """Ids that are ill-formed, reserved, or used for two things."""
    owner: dict[str, str] = {}
    for section in ("risk_factor", "cause", "finding", "safety"):
        for name in table(data, section):
            path = f"{section}.{name}"
            if not _ID.fullmatch(name):
                yield Problem(path, "an ill-formed id", "lower-case letters, digits and underscores, at most 64")
            if name in _RESERVED:
                yield Problem(path, "a reserved id", f"any id but {', '.join(sorted(_RESERVED))}")
            if section == "safety":
                continue
            if name in owner:
                yield Problem(path, f"an id already used by `{owner[name]}`", "one id for one thing", "rename one")
            owner.setdefault(name, path)
    for name in table(data, "safety"):
        clash = owner.get(name, "")
        if clash and table(data, "finding", name).get("kind") != "red_flag":
            yield Problem(f"safety.{name}", f"an id already used by `{clash}`", "a new id, or that of a red flag")


def _causes(data: Table) -> Iterator[Problem]:
    """No cause to rank."""
    causes = table(data, "cause")
    if not any(isinstance(cause, Mapping) and cause.get("ranked") is True for cause in causes.values()):
        yield Problem("cause", "no ranked cause", "at least one cause with `ranked = true`")


def _links(data: Table) -> Iterator[Problem]:
    """Links from parents that do not exist, or whose states do not match."""
    causes, factors = table(data, "cause"), table(data, "risk_factor")
    for name in causes:
        for parent, link in table(causes, name, "link").items():
            path = f"cause.{name}.link.{parent}"
            states = words(factors.get(parent), "states")
            if parent == name or (parent not in causes and parent not in factors):
                known = [*factors, *(cause for cause in causes if cause != name)]
                yield Problem(path, "an unknown parent", "a risk factor or another cause", nearest(parent, known))
            elif states and not by_state(link):
                yield Problem(path, "one number", f"one per state, such as `{parent}.{states[-1]} = {{ ... }}`")
            elif by_state(link):
                for state in link:
                    if state not in states[1:]:
                        expected = f"one of {', '.join(states[1:])}" if states else "a single number: no such states"
                        yield Problem(f"{path}.{state}", "an unknown state", expected)
    for name in table(data, "finding"):
        for parent in table(data, "finding", name, "link"):
            if parent not in causes:
                yield Problem(f"finding.{name}.link.{parent}", "an unknown parent", "a cause", nearest(parent, causes))


def _cycles(data: Table) -> Iterator[Problem]:
    """Causes that bring about themselves."""
    causes = table(data, "cause")
    waiting = {name: {p for p in table(causes, name, "link") if p in causes and p != name} for name in causes}
    while free := [name for name, parents in waiting.items() if not parents & waiting.keys()]:
        for name in free:
            del waiting[name]
    if waiting:
        circle = ", ".join(sorted(waiting))
        yield Problem("cause", f"a cycle among the causes {circle}", "arcs that lead one way only", "remove one arc")


def _findings(data: Table) -> Iterator[Problem]:
    """Findings without what their kind needs, and a presenting complaint that is not one."""
    findings = {name: entry for name, entry in table(data, "finding").items() if isinstance(entry, Mapping)}
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
        if "leak" not in entry and table(entry, "link"):
            yield Problem(f"{path}.link", "links without a leak", "a leak beside them", "add the leak or remove them")
        if "leak" in entry and not table(entry, "link"):
            yield Problem(f"{path}.link", "a leak without links", "at least one cause", "add a link or remove the leak")
        if name in presenting and is_flag:
            yield Problem(path, "a red flag as presenting complaint", "another kind")


def _states(data: Table) -> Iterator[Problem]:
    """Several-state risk factors whose states, ages or base rates do not add up."""
    for name, entry in table(data, "risk_factor").items():
        path, states, base = f"risk_factor.{name}", words(entry, "states"), table(entry, "base")
        ages = entry.get("ages") if isinstance(entry, Mapping) else None
        for state in states:
            if not _ID.fullmatch(state) or state == "unknown":
                yield Problem(
                    f"{path}.states", f"the state {state!r}", "lower-case letters, digits, underscores; not unknown"
                )
        if states and isinstance(entry, Mapping) and entry.get("sex"):
            yield Problem(f"{path}.sex", "several states filled by sex", "a factor of yes or no", "remove `sex`")
        if not states:
            if base and by_state(base):
                yield Problem(f"{path}.states", "nothing", "the states that `base` has numbers for")
            if ages:
                yield Problem(f"{path}.ages", "ages without states", "states to go with them")
            continue
        if len(states) < 3 or len(set(states)) != len(states):  # noqa: PLR2004 - two states are plain yes or no
            yield Problem(f"{path}.states", f"{len(states)} states", "at least three different ones")
        if len(states) > MAX_STATES:
            yield Problem(f"{path}.states", f"{len(states)} states", f"at most {MAX_STATES}", "put states together")
        if set(base) != set(states[1:]):
            yield Problem(f"{path}.base", f"numbers for {', '.join(base) or 'nothing'}", f"for {', '.join(states[1:])}")
        total = fsum(number(one) or 0.0 for one in base.values())
        if total >= 1:
            yield Problem(
                f"{path}.base", f"base rates that sum to {total:g}", f"a sum below 1, the rest is {states[0]}"
            )
        if isinstance(ages, list | tuple) and all(isinstance(age, int) for age in ages):
            rising = all(first < second for first, second in pairwise(ages))
            if len(ages) != len(states) - 1 or not rising:
                expected = f"{len(states) - 1} rising ages, one per state after the first"
                yield Problem(f"{path}.ages", f"{list(ages)}", expected)


def _texts(data: Table) -> Iterator[Problem]:
    """Links too small to be felt in 64-bit floats, empty codes, kinds nobody described, words out of order."""
    for section in ("cause", "finding", "risk_factor"):
        for name, entry in table(data, section).items():
            for parent, link in table(entry, "link").items():
                for state, one in (
                    {f".{state}": one for state, one in link.items()} if by_state(link) else {"": link}
                ).items():
                    value = number(one)
                    if value is not None and value < 1 and 1.0 - value == 1.0:
                        path = f"{section}.{name}.link.{parent}{state}"
                        yield Problem(path, f"{value!r}", "a link that is felt in 64-bit floats")
            codes = entry.get("codes") if isinstance(entry, Mapping) else None
            for place, code in enumerate(codes if isinstance(codes, list | tuple) else ()):
                if isinstance(code, Mapping) and code.get("code") == "":
                    yield Problem(f"{section}.{name}.codes.{place}.code", "an empty text", "a text")
    for kind in get_args(Kind):
        if kind not in table(data, "kind"):
            yield Problem(f"kind.{kind}", "nothing", "who can be asked, and at what cost", "add the table")
    strength = table(data, "display").get("strength")
    ratios = [number(word, "ratio") or 0.0 for word in (strength if isinstance(strength, list | tuple) else ())]
    if all(ratio > 1 for ratio in ratios) and any(first <= second for first, second in pairwise(ratios)):
        yield Problem("display.strength", "words out of order", "the strongest first")


def _references(data: Table) -> Iterator[Problem]:
    """Reference numbers that lead nowhere."""
    known = table(data, "reference")

    def walk(path: str, entry: Any) -> Iterator[Problem]:
        if isinstance(entry, Mapping):
            for key, value in entry.items():
                if key == "ref" and isinstance(value, list | tuple):
                    for reference in value:
                        if isinstance(reference, int) and str(reference) not in known:
                            yield Problem(f"{path}.ref", f"[{reference}]", "a number with a [reference] entry")
                else:
                    yield from walk(f"{path}.{key}" if path else str(key), value)
        elif isinstance(entry, list | tuple):
            for place, value in enumerate(entry):
                yield from walk(f"{path}.{place}", value)

    yield from walk("", data)
