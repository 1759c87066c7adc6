"""Triage: how urgently to see whom, from names and rules alone.

Decided before the ranking and without arithmetic: facts that are present fire rules, the highest level wins, and no
rule can fire on an absence. The ranking may raise the level afterwards, never lower it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from buttockpain.presentation import Answer, Presentation
from buttockpain.types import Frozen, Id, Level

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge
    from buttockpain.parameter import Source
    from buttockpain.policy import Notice, Threshold

__all__ = ["EVEN", "Decision", "Reason", "RedFlagQuestion", "RuleTable", "Triage", "decide", "speaks_for"]

EVEN = 0.5  # virtual evidence above it speaks for present; it itself changes nothing


class Reason(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Why the level is at least this high: the rule that fired, what it says, and its source."""

    rule: str
    level: Level
    text: str
    basis: str
    source: tuple[str, ...]


class RedFlagQuestion(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """A red flag that is not settled: it was not asked, or the answer was unclear."""

    id: Id
    level: Level
    label: str
    question: str


class Triage(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """The triage decision.

    Attributes
    ----------
    level : the highest level of all reasons; comparisons follow urgency.
    label, action : the level in words, and what it asks the person to do.
    override : the founding document's sentence for severe or long-lasting pain, None if neither holds.
    reasons : every rule that fired, most urgent first.
    unasked : red flags nobody asked, most urgent first; never taken for "no".
    unclear : red flags answered "unknown", or with a number that does not speak for present.
    safety_net : what to watch for, whatever the level.
    """

    level: Level
    label: str
    action: str
    override: str | None
    reasons: tuple[Reason, ...]
    unasked: tuple[RedFlagQuestion, ...]
    unclear: tuple[RedFlagQuestion, ...]
    safety_net: str


@dataclass(frozen=True, slots=True)
class CombinationRule:
    """A combination of facts that raises the level."""

    all_of: frozenset[Id]
    any_of: frozenset[Id]
    reason: Reason


@dataclass(frozen=True, slots=True)
class RuleTable:
    """The triage part of a model, compiled: what each fact, combination and gap means."""

    flags: Mapping[Id, Reason]
    questions: tuple[RedFlagQuestion, ...]
    combinations: tuple[CombinationRule, ...]
    thresholds: tuple[tuple[Id, Threshold], ...]
    override_facts: frozenset[Id]
    override_text: str
    unasked: Reason
    unclear: Reason
    none_of_these: Reason
    poor_fit: Reason
    floors: tuple[tuple[Id, float, Reason], ...]
    levels: Mapping[Level, tuple[str, str]]
    safety_net: str

    @classmethod
    def of(cls, knowledge: Knowledge) -> RuleTable:
        """Compile the triage part of a model."""
        triage = knowledge.triage

        def reason(rule: str, level: Level, text: str, source: Source) -> Reason:
            named = tuple(knowledge.reference[str(number)].text for number in source.ref)
            if source.basis == "founding document":
                named = (knowledge.founding_document.title, *named)
            return Reason(rule=rule, level=level, text=text, basis=source.basis, source=named)

        def notice(rule: str, entry: Notice) -> Reason:
            return reason(rule, entry.level, entry.text, entry)

        flags = {
            name: reason(name, finding.red_flag.level, f"{finding.label}: {finding.red_flag.reason}", finding.red_flag)
            for name, finding in knowledge.finding.items()
            if finding.red_flag is not None
        }
        questions = (
            RedFlagQuestion(id=name, level=flag.level, label=finding.label, question=finding.question)
            for name, flag in flags.items()
            for finding in (knowledge.finding[name],)
        )
        return cls(
            flags=Frozen(flags),
            questions=tuple(sorted(questions, key=lambda question: -question.level.rank)),
            combinations=tuple(
                CombinationRule(
                    frozenset(rule.all_of), frozenset(rule.any_of), reason(rule.id, rule.level, rule.reason, rule)
                )
                for rule in triage.rule
            ),
            thresholds=tuple(knowledge.safety.items()),
            override_facts=frozenset(triage.override.facts),
            override_text=triage.override.text,
            unasked=notice("unasked", triage.unasked),
            unclear=notice("unclear", triage.unclear),
            none_of_these=notice("none_of_these", triage.none_of_these),
            poor_fit=reason("poor_fit", triage.poor_fit.level, triage.poor_fit.text, triage.poor_fit),
            floors=tuple(
                (name, floor.value, reason(f"floor.{name}", floor.level, floor.text, floor))
                for name, floor in triage.floor.items()
            ),
            levels=Frozen({level: (text.label, text.action) for level, text in triage.level.items()}),
            safety_net=triage.safety_net.text,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say, before it is put into words: everything a `Triage` needs but further reasons."""

    table: RuleTable
    override: str | None
    reasons: tuple[Reason, ...]
    unasked: tuple[RedFlagQuestion, ...]
    unclear: tuple[RedFlagQuestion, ...]

    def triage(self, further: Iterable[Reason] = ()) -> Triage:
        """Return the decision as a record, with further reasons; they can only raise the level."""
        reasons = sorted((*self.reasons, *further), key=_urgency)
        level = reasons[0].level if reasons else Level.SELF_CARE
        label, action = self.table.levels[level]
        return Triage(
            level=level,
            label=label,
            action=action,
            override=self.override,
            reasons=tuple(reasons),
            unasked=self.unasked,
            unclear=self.unclear,
            safety_net=self.table.safety_net,
        )


def decide(table: RuleTable, presentation: Presentation) -> Decision:
    """Return what the rules say of these answers.

    A yes counts as present, and so does a number above 0.5; a number of 0.5 or less is unclear, and only a no, or a
    measured answer, clears a flag. Every emergency flag that is not asked or unclear is itself a reason.
    """
    present: set[Id] = set()
    settled: set[Id] = set()
    unclear: set[Id] = set()
    for name, answer in presentation.given.items():
        if answer == "no":
            settled.add(name)
        elif speaks_for(answer):
            present.add(name)
        else:
            unclear.add(name)
    for name, threshold in table.thresholds:
        if threshold.measure in presentation.measured:
            if threshold.holds(presentation.measured[threshold.measure]):
                present.add(name)
            elif name not in present and (threshold.exact or name not in unclear):
                settled.add(name)
    flags = table.flags
    reasons = [flags[name] for name in present if name in flags]
    for rule in table.combinations:
        if rule.all_of <= present and (not rule.any_of or not rule.any_of.isdisjoint(present)):
            reasons.append(rule.reason)
    known = present | settled
    unasked: list[RedFlagQuestion] = []
    unsure: list[RedFlagQuestion] = []
    for question in table.questions:
        name = question.id
        if name not in known:
            (unsure if name in unclear else unasked).append(question)
    if unasked and unasked[0].level.is_emergency:
        reasons.append(table.unasked)
    if unsure and unsure[0].level.is_emergency:
        reasons.append(table.unclear)
    override = None if table.override_facts.isdisjoint(present) else table.override_text
    return Decision(table, override, tuple(reasons), tuple(unasked), tuple(unsure))


def speaks_for(answer: Answer) -> bool:
    """Return whether an answer counts as present for triage: yes, or a number above 0.5.

    Examples
    --------
    >>> [speaks_for(answer) for answer in ("yes", 0.8, 0.5, "unknown", "no")]
    [True, True, False, False, False]
    """
    return answer == "yes" or (isinstance(answer, float) and answer > EVEN)


def _urgency(reason: Reason) -> tuple[int, str]:
    """Sort key: most urgent first, then by the name of the rule, so that equal answers give equal bytes."""
    return -reason.level.rank, reason.rule
