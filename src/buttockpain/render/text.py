"""The answer as plain text, safety first; readable without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from buttockpain.render.content import report_outline, triage_outline
from buttockpain.render.outline import Banner, Bar, Block, Entries, Facts, Outline, Paragraph, Ranking, Waterfall
from buttockpain.render.words import display_probability, plain

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.explanation import Explanation
    from buttockpain.questions import NextQuestions
    from buttockpain.triage import Triage
    from buttockpain.types import Audience

__all__ = ["Line", "display_probability", "marks", "report_lines", "text_report", "triage_lines"]

WIDTH = 78
_BAR = 20
_FIGURE = 9

Role = Literal["emergency", "urgent", "override", "heading", "body", "muted"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report and what it is, for writers that can colour."""

    text: str
    role: Role = "body"


def text_report(
    answer: Differential,
    audience: Audience = "clinician",
    *,
    explanation: Explanation | None = None,
    questions: NextQuestions | None = None,
) -> str:
    r"""Return the whole report as text, without a trailing newline.

    Parameters
    ----------
    answer : what `rank` returned.
    audience : who reads it.
    explanation : what `explain` returned for the same answers; adds why a cause is as likely as it is.
    questions : what `next_questions` returned; adds what to ask next.

    Raises
    ------
    ValueError : explanation or questions belong to other answers, another model or another reader.

    Examples
    --------
    >>> from buttockpain.model import rank
    >>> text_report(rank(pain_severity=8), "patient").split("\n")[1]
    'A DETAILED MEDICAL EVALUATION AT A HOSPITAL IS NEEDED.'
    """
    return "\n".join(line.text for line in report_lines(answer, audience, explanation=explanation, questions=questions))


def report_lines(
    answer: Differential,
    audience: Audience = "clinician",
    *,
    explanation: Explanation | None = None,
    questions: NextQuestions | None = None,
) -> Iterator[Line]:
    """Yield the report line by line, each with what it is; parameters and errors as for `text_report`."""
    return _lines(report_outline(answer, audience, explanation, questions))


def triage_lines(triage: Triage, audience: Audience = "clinician") -> Iterator[Line]:
    """Yield the triage alone, line by line, for when there is no ranking."""
    return _lines(triage_outline(triage, audience))


def _lines(outline: Outline) -> Iterator[Line]:
    """Yield an outline line by line."""
    yield from _banner(outline.banner)
    for section in outline.sections:
        yield Line("")
        yield from _wrapped(section.title, role="heading")
        for block in section.blocks:
            for line in _block(block):
                yield Line(line.text, "muted") if section.small else line


def _banner(banner: Banner) -> Iterator[Line]:
    """Yield the founding rule if it holds, the level, and what to do, between two rules."""
    role: Role = "emergency" if banner.level.is_emergency else "urgent"
    if banner.level <= "consultation":
        role = "heading"
    rule = ("!" if banner.level >= "consultation_24h" else "=") * WIDTH
    yield Line(rule, role)
    if banner.override:
        yield from _wrapped(banner.override.upper(), role="override")
    yield from _wrapped(banner.label.upper(), role=role)
    yield from _wrapped(banner.action)
    yield Line(rule, role)


def _block(block: Block) -> Iterator[Line]:
    """Yield one block, indented under its heading."""
    match block:
        case Paragraph(text, muted):
            yield from _wrapped(text, first="  ", rest="  ", role="muted" if muted else "body")
        case Entries():
            yield from _entries(block)
        case Ranking(bars, mark):
            yield from _ranking(bars)
            yield from _wrapped(mark, first="  ", rest="  ", role="muted")
        case Facts():
            yield from _facts(block)
        case Waterfall():
            yield from _waterfall(block)


def _entries(block: Entries) -> Iterator[Line]:
    """Yield a list; a short one without smaller print runs on, to save a screen."""
    if block.short:
        yield from _wrapped("; ".join(entry.text for entry in block.entries), first="  ", rest="  ")
        return
    for number, entry in enumerate(block.entries, start=1):
        mark = f"{number:>3}. " if block.numbered else "  - "
        indent = " " * len(mark)
        yield from _wrapped(entry.text, first=mark, rest=indent)
        for detail in entry.details:
            yield from _wrapped(detail, first=indent, rest=indent, role="muted")


def _ranking(bars: tuple[Bar, ...]) -> Iterator[Line]:
    """Yield the ranking, most likely first."""
    for bar in bars:
        place = "" if bar.place is None else f"{bar.place:>3}."
        yield from _column(bar.label, marks(bar.share, bar.before), bar.figure, place)
        for detail in bar.details:
            yield from _wrapped(detail, first="     ", rest="     ", role="muted")


def marks(share: float, before: float | None) -> str:
    """Return a bar of fixed width, never empty and never full, with a mark for the figure before."""
    filled = min(max(round(share * _BAR), 1), _BAR - 1)
    drawn = "#" * filled + "." * (_BAR - filled)
    if before is None:
        return drawn
    at = min(max(round(before * _BAR), 1), _BAR - 1)
    return f"{drawn[:at]}|{drawn[at + 1 :]}"


def _waterfall(block: Waterfall) -> Iterator[Line]:
    """Yield the way from the figure before to the figure after, each answer with its part of the way."""
    low, high = block.span

    def place(log_odds: float) -> int:
        return round((log_odds - low) / (high - low) * (_BAR - 1))

    yield from _column("", "", "factor", role="muted")
    yield from _column("Before any answer", " " * place(block.steps[0].start) + "|", block.before)
    for step in block.steps:
        first, last = sorted((place(step.start), place(step.end)))
        sign = "+" if step.end > step.start else "-"
        yield from _column(step.label, " " * first + sign * (last - first + 1), step.figure)
        for detail in step.details:
            yield from _wrapped(detail, first="     ", rest="     ", role="muted")
    yield from _column("After all answers", " " * place(block.steps[-1].end) + "|", block.after)


def _column(label: str, drawn: str, figure: str, place: str = "", role: Role = "body") -> Iterator[Line]:
    """Yield a line with a name, something drawn and a figure, each in its column; a long name takes more lines."""
    width = WIDTH - _BAR - _FIGURE - 7
    *above, last = textwrap.wrap(plain(label), width) or [""]
    for line in above:
        yield Line(f"{place:<5}{line}", role)
        place = ""
    yield Line(f"{place:<5}{last:<{width}} {drawn:<{_BAR}} {plain(figure):>{_FIGURE}}", role)


def _facts(block: Facts) -> Iterator[Line]:
    """Yield names with what is said of each, under their headings."""
    yield from _wrapped(": ".join(block.heading), first="  ", rest="  ", role="muted")
    for name, said in block.rows:
        yield from _wrapped(f"{name}: {said}", first="  - ", rest="    ")


def _wrapped(text: str, *, first: str = "", rest: str = "", role: Role = "body") -> Iterator[Line]:
    """Yield a paragraph as lines of the report's width."""
    lines = textwrap.wrap(plain(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    yield from (Line(line, role) for line in lines)
