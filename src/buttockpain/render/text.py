"""The answer as plain text, safety first; readable without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from buttockpain.differential import Differential, RankedCause
    from buttockpain.triage import Triage
    from buttockpain.types import Audience

__all__ = ["Line", "display_probability", "report_lines", "text_report"]

WIDTH = 78
_BAR = 20

Role = Literal["emergency", "urgent", "override", "heading", "body", "muted"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report and what it is, for writers that can colour."""

    text: str
    role: Role = "body"


def display_probability(probability: float, caps: tuple[float, float]) -> str:
    """Return a probability as shown to people: whole per cent, never certain.

    Parameters
    ----------
    probability : 0 to 1.
    caps : the lowest and the highest probability that is shown as a number.

    Examples
    --------
    >>> [display_probability(p, (0.01, 0.95)) for p in (0.0, 0.123, 0.999)]
    ['under 1%', '12%', 'over 95%']
    """
    lowest, highest = caps
    if probability < lowest:
        return f"under {lowest:.0%}"
    return f"over {highest:.0%}" if probability > highest else f"{probability:.0%}"


def text_report(answer: Differential, audience: Audience = "clinician") -> str:
    """Return the whole report as text, without a trailing newline."""
    return "\n".join(line.text for line in report_lines(answer, audience))


def report_lines(answer: Differential, audience: Audience = "clinician") -> Iterator[Line]:
    """Yield the report line by line: triage, ranking, what was not asked, scope."""
    yield from triage_lines(answer.triage, audience)
    yield Line("")
    yield from _ranking(answer, audience)
    if audience == "clinician":
        yield from _details(answer)
    yield from _treatments(answer)
    yield from _unasked(answer.triage, audience)
    yield Line("")
    yield from _wrapped(answer.triage.safety_net, "  ", "body", first="Watch for: ")
    yield Line("")
    yield from _wrapped(answer.scope, "", "muted")
    stamp = answer.model
    yield Line(f"Model {stamp.id} {stamp.version}, fingerprint {stamp.fingerprint[:12]}; "
               f"buttockpain {stamp.library_version}", "muted")  # fmt: skip


def triage_lines(triage: Triage, audience: Audience = "clinician") -> Iterator[Line]:
    """Yield the safety banner: the founding rule if it holds, the level, what to do, and why."""
    role: Role = "emergency" if triage.level.is_emergency else "urgent"
    if triage.level <= "consultation":
        role = "heading"
    rule = ("!" if triage.level >= "consultation_24h" else "=") * WIDTH
    yield Line(rule, role)
    if triage.override:
        yield from _wrapped(triage.override.upper(), "", "override")
    yield Line(triage.label.upper(), role)
    yield from _wrapped(triage.action, "", "body")
    yield Line(rule, role)
    if triage.reasons:
        yield Line("Why", "heading")
    for reason in triage.reasons:
        yield from _wrapped(f"{reason.text}", "    ", "body", first="  - ")
        if audience == "clinician":
            sources = "; ".join([reason.basis, *(source.split(". ")[0] for source in reason.source[:3])])
            yield from _wrapped(f"[{reason.level}] {sources}", "    ", "muted", first="    ")


def _ranking(answer: Differential, audience: Audience) -> Iterator[Line]:
    """Yield the ranked causes with bars, and "none of these" in its place."""
    yield Line("How likely each cause is, given the answers", "heading")
    width = max(len(cause.label) for cause in answer.causes)
    width = max(width, len(_NONE))
    shown_none = False
    for place, cause in enumerate(answer.causes, start=1):
        if answer.none_of_these > cause.probability and not shown_none:
            yield _none_line(answer, width)
            shown_none = True
        yield Line(f"{place:>3}. {cause.label:<{width}}  {cause.displayed:>8}  {_bar(cause.probability)}"
                   f"{_evidence(cause) if audience == 'clinician' else ''}")  # fmt: skip
        if audience == "patient" and place == 1:
            yield from _wrapped(cause.plain, " " * 5, "muted", first=" " * 5)
    if not shown_none:
        yield _none_line(answer, width)
    yield from _wrapped("Causes can occur together, so the figures need not add up to 100%.", "", "muted")


_NONE = "None of these"


def _none_line(answer: Differential, width: int) -> Line:
    return Line(f"     {_NONE:<{width}}  {answer.none_displayed:>8}  {_bar(answer.none_of_these)}")


def _bar(probability: float) -> str:
    """Return a bar of fixed width; at least one mark, never full, because nothing is certain."""
    marks = min(max(round(probability * _BAR), 1), _BAR - 1)
    return "#" * marks + "." * (_BAR - marks)


def _evidence(cause: RankedCause) -> str:
    """Return prior and likelihood ratio of one cause."""
    return f"  prior {cause.prior:.0%}, LR {ratio_text(cause.likelihood_ratio)}"


def ratio_text(ratio: float) -> str:
    """Return a likelihood ratio with the digits that matter.

    Examples
    --------
    >>> [ratio_text(ratio) for ratio in (27.1, 1.234, 0.0312, 2e9)]
    ['27', '1.2', '0.031', '2e+09']
    """
    return f"{ratio:.2g}"


def _details(answer: Differential) -> Iterator[Line]:
    """Yield what a clinician reviews: joint explanations and the fit of the model."""
    if answer.joint:
        yield Line("")
        yield Line("Causes together", "heading")
        for joint in answer.joint:
            yield from _wrapped(f"{joint.displayed:>8}  {joint.label}", " " * 12, "body", first="  ")
    yield Line("")
    fit = "poor: these answers are unusual under the model" if answer.fit.poor else "within the usual range"
    yield Line(f"Fit of the model: {fit} (surprise {answer.fit.surprise:.1f})")


def _treatments(answer: Differential) -> Iterator[Line]:
    """Yield the treatments the source document names for the leading cause."""
    leader = next((cause for cause in answer.causes if cause.id == answer.leading), None)
    if leader is None or leader.treatments is None:
        return
    options = leader.treatments
    yield Line("")
    yield Line(f"{leader.label}: treatments", "heading")
    yield from _wrapped(options.wording, "  ", "body", first="  ")
    for name in options.named:
        yield from _wrapped(name, "    ", "body", first="  - ")
    for name in options.by_physician:
        yield from _wrapped(f"{name} (by a physician)", "    ", "body", first="  - ")
    if options.caution:
        yield from _wrapped(options.caution, "  ", "muted", first="  ")


def _unasked(triage: Triage, audience: Audience) -> Iterator[Line]:
    """Yield the red flags that are not settled: emergency ones in full, the rest counted."""
    for title, questions in (("Not asked yet", triage.unasked), ("Answer unclear", triage.unclear)):
        if not questions:
            continue
        emergencies = [question for question in questions if question.level.is_emergency]
        yield Line("")
        yield Line(f"{title}: {len(questions)} red flags, {len(emergencies)} of them emergencies", "heading")
        if audience == "clinician":
            yield from _wrapped("; ".join(question.id for question in questions), "  ", "body", first="  ")
        else:
            for question in emergencies:
                yield from _wrapped(question.question, "    ", "body", first="  - ")


def _wrapped(text: str, indent: str, role: Role, *, first: str = "") -> Iterator[Line]:
    """Yield a paragraph as lines of the report's width."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
    yield from (Line(line, role) for line in lines)
