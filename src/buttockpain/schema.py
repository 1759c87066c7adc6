"""JSON Schemas of what goes in, what comes out, and of model files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

__all__ = ["DIALECT", "answers_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_MEASURES = {
    "age": {"type": ["integer", "null"], "minimum": 0, "maximum": 120, "title": "Age in whole years"},
    "sex": {"enum": ["female", "male", "unknown", None], "title": "Sex assigned at birth"},
    "pain_severity": {
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 10,
        "title": "Pain from 0 (none) to 10 (worst)",
    },
    "duration_days": {"type": ["number", "null"], "minimum": 0, "maximum": 36525, "title": "Days since the pain began"},
}


def answers_schema(knowledge: Knowledge) -> dict[str, Any]:
    """Return the JSON Schema of the answers that `rank` takes, one property per question of the model.

    Contradictions between answers are found by `rank` alone; a schema cannot say them.

    Examples
    --------
    >>> from buttockpain.model import default_model
    >>> schema = answers_schema(default_model().knowledge)
    >>> len(schema["properties"]), schema["properties"]["leg_weakness"]["title"]
    (119, 'Does your buttock or leg feel weak, heavy or likely to give way?')
    """
    properties: dict[str, Any] = dict(_MEASURES)
    for name, factor in knowledge.risk_factor.items():
        answer = {"enum": [*factor.states, "unknown", None]} if factor.states else {"$ref": "#/$defs/answer"}
        properties[name] = {**answer, "title": factor.question, "x-kind": "risk_factor"}
    for name, finding in knowledge.finding.items():
        answer = {"const": "yes"} if finding.presenting else {"$ref": "#/$defs/answer"}
        properties[name] = {**answer, "title": finding.question, "x-kind": finding.kind}
    return {
        "$schema": DIALECT,
        "title": f"Answers for the model {knowledge.model.id} {knowledge.model.version}",
        "description": "Leave out what was not asked. A number says how strongly the observation supports present.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": {
            "answer": {
                "anyOf": [
                    {"enum": ["yes", "no", "unknown", True, False, None]},
                    {"type": "number", "minimum": 0, "maximum": 1},
                ]
            }
        },
    }
