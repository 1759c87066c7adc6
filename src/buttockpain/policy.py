"""What a model file says about urgency: measured answers that become facts, rules, levels and their words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from buttockpain.parameter import Ids, LevelWord, Ranged, Record, Source, Table, Text
from buttockpain.types import Measure

__all__ = ["Floor", "LevelText", "Notice", "Override", "PoorFit", "Rule", "SafetyNet", "Threshold", "Triage"]


class Threshold(Ranged):
    """A measured answer that becomes a fact for triage, such as pain of 7 or more out of 10."""

    measure: Measure
    when: Literal["at_least", "below"]
    exact: bool
    label: Text

    def holds(self, measured: float) -> bool:
        """Return whether the measured answer makes this a fact."""
        return measured >= self.value if self.when == "at_least" else measured < self.value


class LevelText(Record):
    """What a step of the triage ladder is called, and what it asks the person to do."""

    label: Text
    action: Text


class Override(Source):
    """The founding document's rule: its text is shown first whenever one of the facts holds."""

    facts: Ids
    text: Text


class Notice(Source):
    """A level to reach at least, and the sentence that says why."""

    level: LevelWord
    text: Text


class Floor(Ranged):
    """A cause at or above `value` raises the level to at least `level`."""

    value: Annotated[float, Field(gt=0, lt=1)]
    level: LevelWord
    text: Text


class PoorFit(Ranged):
    """Answers more surprising than `value` (standard deviations) raise the level to at least `level`."""

    level: LevelWord
    text: Text


class SafetyNet(Source):
    """What to watch for, whatever the level."""

    text: Text


class Rule(Source):
    """A combination that raises the level: all of `all_of` present, and one of `any_of` if any are named."""

    id: Text
    all_of: Ids
    any_of: Ids = ()
    level: LevelWord
    reason: Text


class Triage(Record):
    """Everything that decides urgency apart from the red flags, which stand with the findings."""

    level: Annotated[Table[LevelWord, LevelText], Field(min_length=1)]
    override: Override
    unasked: Notice
    unclear: Notice
    none_of_these: Notice
    poor_fit: PoorFit
    safety_net: SafetyNet
    floor: Table[str, Floor] = {}
    rule: Annotated[tuple[Rule, ...], Field(strict=False)] = ()
