"""What two models say differently, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

__all__ = ["Aspect", "Difference", "differences"]

Aspect = Literal["value", "range", "source", "rule", "structure", "text"]

ASPECTS: tuple[Aspect, ...] = ("value", "range", "source", "rule", "structure", "text")
_RANGED = {"value", "low", "high"}
_SOURCE = {"basis", "ref", "note"}
_STRUCTURE = {"ranked", "presenting", "kind", "states", "ages", "sex"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two models say differently.

    Attributes
    ----------
    path : where it stands.
    aspect : the `value` of a number, its `range`, its `source` (basis, references, note); a triage `rule`; the
        `structure` (something only one of them has, or that changes what it is); any other `text`.
    before, after : what they say; None where one says nothing. A range is (low, high), a source a mapping.
    """

    path: str
    aspect: Aspect
    before: Any
    after: Any


def differences(before: Knowledge, after: Knowledge) -> tuple[Difference, ...]:
    """Return everything that differs, values first, then ranges, sources, rules, structure and texts.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> model = default_model()
    >>> other = model.replace({"cause.sciatica.leak": {"value": 0.03, "basis": "judgement", "note": ""}})
    >>> [(one.path, one.aspect, one.before, one.after) for one in differences(model.knowledge, other.knowledge)][0]
    ('cause.sciatica.leak', 'value', 0.02511, 0.03)
    """
    found = _walk("", _plain(before), _plain(after))
    return tuple(sorted(found, key=lambda one: ASPECTS.index(one.aspect)))


def _plain(knowledge: Knowledge) -> dict[str, Any]:
    """Return a model as tables; the rules by their ids, so that their order does not count."""
    data = knowledge.model_dump(mode="json")
    data["triage"]["rule"] = {rule["id"]: rule for rule in data["triage"]["rule"]}
    return data


def _walk(path: str, before: Any, after: Any) -> Iterator[Difference]:
    """Yield the differences at and below a path."""
    if before == after:
        return
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield Difference(path, _aspect(path, before, after), before, after)
        return
    keys = [*before, *(key for key in after if key not in before)]
    if before.keys() >= _RANGED and after.keys() >= _RANGED:
        yield from _number(path, before, after)
        keys = [key for key in keys if key not in _RANGED | _SOURCE]
    for key in keys:
        yield from _walk(f"{path}.{key}" if path else key, before.get(key), after.get(key))


def _number(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what differs in one number."""
    if before["value"] != after["value"]:
        yield Difference(path, "value", before["value"], after["value"])
    ranges = [(one["low"], one["high"]) for one in (before, after)]
    if ranges[0] != ranges[1]:
        yield Difference(path, "range", *ranges)
    sources = [{key: one.get(key) for key in sorted(_SOURCE)} for one in (before, after)]
    if sources[0] != sources[1]:
        yield Difference(path, "source", *sources)


def _aspect(path: str, before: Any, after: Any) -> Aspect:
    """Return what a difference that is not one of a number is about."""
    parts = path.split(".")
    if parts[0] in ("triage", "safety") or "red_flag" in parts:
        return "rule"
    if isinstance(before, Mapping) or isinstance(after, Mapping) or parts[-1] in _STRUCTURE:
        return "structure"
    return "text"
