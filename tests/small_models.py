"""Small valid model files as plain tables, for tests: say the network, the rest is filled in.

`small_model` returns what `tomllib` would read from a file; change the tables at will, every call returns new ones.
`of_network` turns a network of the oracle into such a model, so that both can be asked the same. `as_toml` writes the file.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from oracle import Network

Data = dict[str, Any]
Links = Mapping[str, float | Mapping[str, float]]
"""From parent to link; from parent to state to link where the parent is a risk factor of several states."""

LEVELS = ("emergency_ambulance", "emergency", "consultation_24h", "consultation", "self_care")

CAUSES = {"strain": 0.05, "nerve_pinch": 0.02, "other": 0.1}
UNRANKED = ("other",)
RISK_FACTORS: Mapping[str, float | Mapping[str, float]] = {
    "heavy_work": 0.2,
    "stature": {"short": 0.3, "middling": 0.5, "tall": 0.2},
}
CAUSE_LINKS: Mapping[str, Links] = {
    "strain": {"heavy_work": 0.1},
    "nerve_pinch": {"stature": {"middling": 0.01, "tall": 0.04}, "strain": 0.2},
}
FINDINGS: Mapping[str, tuple[float, Mapping[str, float]]] = {
    "complaint": (0.05, {"strain": 0.6, "nerve_pinch": 0.7, "other": 0.5}),
    "tender": (0.1, {"strain": 0.7}),
    "numb": (0.05, {"nerve_pinch": 0.6, "other": 0.1}),
    "fever": (0.01, {"other": 0.05}),
}
FLAGS: Mapping[str, str] = {
    "fever": "consultation_24h",
    "collapse": "emergency_ambulance",
    "night_sweats": "consultation",
}
RULES: Sequence[Mapping[str, Any]] = (
    {
        "id": "fever_when_weak",
        "all_of": ["fever"],
        "any_of": ["numb", "heavy_work", "severe_pain"],
        "level": "emergency",
    },
)


def small_model(
    *,
    causes: Mapping[str, float] = CAUSES,
    unranked: Collection[str] = UNRANKED,
    cause_links: Mapping[str, Links] = CAUSE_LINKS,
    risk_factors: Mapping[str, float | Mapping[str, float]] = RISK_FACTORS,
    findings: Mapping[str, tuple[float, Mapping[str, float]]] = FINDINGS,
    flags: Mapping[str, str] = FLAGS,
    rules: Sequence[Mapping[str, Any]] = RULES,
) -> Data:
    """Return a complete valid model file as plain tables.

    Parameters
    ----------
    causes : leak of each.
    unranked : the causes that are not offered as a diagnosis.
    cause_links : for each cause that has any, its links from risk factors and other causes.
    risk_factors : base rate; or, for several states, the rate of each, the remainder first (its rate is implied).
    findings : leak and links of each; the first is the presenting complaint.
    flags : level of each red flag. One that is among `findings` moves the ranking too; the others serve triage only.
        The flags `severe_pain` and `long_lasting_pain`, which every model must have, are added.
    rules : combination rules; `reason` and `basis` may be left out.
    """
    presenting = next(iter(findings))
    levels = {"severe_pain": "consultation_24h", "long_lasting_pain": "consultation", **flags}
    return {
        "format": 1,
        "model": {
            "id": "small", "version": "1.0.0", "date": "2026-01-01", "title": "A small model", "population": "Adults.",
            "intended_use": "For tests.", "not_for": "Not for people.", "limits": ["Invented numbers."],
        },
        "founding_document": {"title": "A small text", "rule": "If severe, see a hospital.", "treatment_wording": "Named."},
        "safety": {
            "severe_pain": _threshold("pain_severity", 7, 6, 8, exact=False),
            "long_lasting_pain": _threshold("duration_days", 42, 28, 84, exact=True),
        },
        "triage": {
            "level": {level: {"label": f"Level {level}", "action": f"Do what {level} asks."} for level in LEVELS},
            "override": {"facts": ["severe_pain", "long_lasting_pain"], "text": "Be examined at a hospital.", **_SOURCE},
            "unasked": {"level": "consultation", "text": "A warning sign was not asked about.", **_SOURCE},
            "unclear": {"level": "consultation_24h", "text": "A warning sign is unclear.", **_SOURCE},
            "none_of_these": {"level": "consultation", "text": "None of these leads.", **_SOURCE},
            "poor_fit": {"level": "consultation", "text": "The answers fit badly.", "value": 3.0, "low": 2.0, "high": 4.0,
                         **_SOURCE},
            "safety_net": {"text": "Watch for numbness.", **_SOURCE},
            "floor": {
                next(iter(causes)): {"level": "consultation", "text": "Likely.", "value": 0.8, "low": 0.5, "high": 0.9,
                                     **_SOURCE}
            },
            "rule": [{"reason": f"Because of {rule['id']}.", **_SOURCE, **rule} for rule in rules],
        },
        "display": {
            "highest": 0.95, "lowest": 0.01, "explanation": 0.05, **_SOURCE,
            "strength": [{"word": "strong", "ratio": 10.0, **_SOURCE}, {"word": "weak", "ratio": 2.0, **_SOURCE}],
        },
        "kind": {
            kind: {"label": kind, "asked_of": ["patient", "clinician"], "cost": 1.0, "basis": "judgement"}
            for kind in ("symptom", "history", "risk_factor", "red_flag", "sign", "test")
        },
        "stop": {"same_top": 0.9, "same_triage": 0.95, **_SOURCE},
        "risk_factor": {name: _risk_factor(name, base) for name, base in risk_factors.items()},
        "cause": {
            name: _cause(name, leak, cause_links.get(name, {}), ranked=name not in unranked) for name, leak in causes.items()
        },
        "finding": {
            **{
                name: {
                    **_question(name, levels.get(name)),
                    **({"presenting": True} if name == presenting else {}),
                    "leak": parameter(leak),
                    "link": {cause: parameter(value) for cause, value in links.items()},
                }
                for name, (leak, links) in findings.items()
            },
            **{name: _question(name, level) for name, level in levels.items() if name not in findings},
        },
        "reference": {"1": {"text": "Someone. A paper.", "status": "V", "used_for": "tests"}},
    }  # fmt: skip


def of_network(network: Network) -> Data:
    """Return a model file with the numbers of a network of the oracle; of several causes the last is not ranked.

    Raises
    ------
    ValueError : there is no presenting complaint, or a finding has no link; a model file cannot say that.
    """
    presenting = network["presenting"]
    if presenting is None or not all(network["finding_link"].get(name) for name in network["finding_leak"]):
        message = "a model file needs a presenting complaint, and a link for every finding"
        raise ValueError(message)
    cause_links: dict[str, dict[str, float | dict[str, float]]] = {}
    for cause, links in network["cause_link"].items():
        mine = cause_links.setdefault(cause, {})
        for (parent, state), value in links.items():
            if len(network["risk_factors"].get(parent, {"states": ()})["states"]) > 2:
                by_state = mine.setdefault(parent, {})
                assert isinstance(by_state, dict)
                by_state[state] = value
            else:
                mine[parent] = value
    return small_model(
        causes={cause: network["cause_leak"][cause] for cause in network["causes"]},
        unranked=network["causes"][-1:] if len(network["causes"]) > 1 else (),
        cause_links=cause_links,
        risk_factors={
            name: factor["base"]["yes"] if list(factor["states"]) == ["no", "yes"] else factor["base"]
            for name, factor in network["risk_factors"].items()
        },
        findings={
            name: (network["finding_leak"][name], network["finding_link"].get(name, {}))
            for name in sorted(network["finding_leak"], key=lambda name: name != presenting)
        },
        flags={"collapse": "emergency_ambulance"},
        rules=(),
    )


def parameter(value: float, **more: Any) -> Data:
    """Return a number of a model with a range around it."""
    return {"value": value, "low": value / 2, "high": (1 + value) / 2, **_SOURCE, **more}


def as_toml(data: Mapping[str, Any]) -> str:
    """Return plain tables as the text of a TOML file: a header per table, everything else in one line."""
    return "\n".join(_tables((), data)) + "\n"


_SOURCE: Data = {"basis": "judgement", "ref": [1]}


def _threshold(measure: str, value: float, low: float, high: float, *, exact: bool) -> Data:
    return {
        "measure": measure, "when": "at_least", "exact": exact, "label": f"{measure} of {value} or more",
        "value": value, "low": low, "high": high, **_SOURCE,
    }  # fmt: skip


def _risk_factor(name: str, base: float | Mapping[str, float]) -> Data:
    entry: Data = {"label": name, "question": f"Is there {name}?"}
    if not isinstance(base, Mapping):
        return {**entry, "base": parameter(base)}
    return {**entry, "states": list(base), "base": {state: parameter(base[state]) for state in list(base)[1:]}}


def _cause(name: str, leak: float, links: Links, *, ranked: bool) -> Data:
    return {
        "label": name.capitalize(), "ranked": ranked, "plain": f"You may have {name}.", "definition": f"Real {name}.",
        "leak": parameter(leak),
        "link": {
            parent: {state: parameter(value) for state, value in link.items()} if isinstance(link, Mapping)
            else parameter(link)
            for parent, link in links.items()
        },
    }  # fmt: skip


def _question(name: str, level: str | None) -> Data:
    entry: Data = {"kind": "symptom", "label": name.capitalize(), "question": f"Do you have {name}?"}
    if level is not None:
        entry["kind"] = "red_flag"
        entry["red_flag"] = {"level": level, "reason": f"{name} is dangerous", **_SOURCE}
    return entry


def _tables(path: tuple[str, ...], table: Mapping[str, Any]) -> list[str]:
    lines = [f"[{'.'.join(map(_key, path))}]"] if path else []
    lines += [f"{_key(key)} = {_inline(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _tables((*path, key), value)
    return lines


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_inline(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return str(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
