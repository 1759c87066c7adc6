"""What a report says about why: the rows of the explanation, what conflicts, and what would flip the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING

from buttockpain.render.outline import Block, Entries, Entry, Paragraph, Section, Step, Waterfall
from buttockpain.render.words import answer_text, name_text, ratio_text, share_text

if TYPE_CHECKING:
    from buttockpain.conflict import Conflict
    from buttockpain.counterfactual import Flip
    from buttockpain.differential import Differential
    from buttockpain.explanation import Explanation, ExplanationRow
    from buttockpain.render.sources import Sources
    from buttockpain.types import Audience

__all__ = ["why_section"]

# Rows whose factor on the odds is within about a tenth of 1 are shown together where they are more than a few.
_SMALL, _FEW = 0.1, 3


def why_section(explanation: Explanation, answer: Differential, audience: Audience, sources: Sources) -> Section:
    """Return why a cause is as likely as it is: with sizes and sources for a clinician, in words for a patient."""
    if not explanation.rows:
        blocks: list[Block] = [Paragraph("None of the answers so far bears on the ranking.")]
    elif audience == "patient":
        blocks = list(_in_words(explanation))
    else:
        blocks = list(_with_sizes(explanation, answer, sources))
    return Section(f"Why this figure: {explanation.label}", tuple(blocks))


def _in_words(explanation: Explanation) -> Iterator[Block]:
    """Yield what speaks for and against, the strongest first."""
    for direction, title in (("for", "Speaks for it, strongest first:"), ("against", "Speaks against it:")):
        rows = [row for row in explanation.rows if row.direction == direction]
        if rows:
            yield Paragraph(title)
            yield Entries(tuple(Entry(f"{_answered(row)} ({row.strength})") for row in rows))


def _with_sizes(explanation: Explanation, answer: Differential, sources: Sources) -> Iterator[Block]:
    """Yield the waterfall, how it was worked out, what conflicts, and what would flip the answer."""
    large, small = _large_and_small(explanation.rows)
    steps: list[Step] = []
    start = explanation.prior_log_odds
    for row in large:
        detail = f"{row.strength}, {row.log_odds:+.2f}{_cited([row], sources)}"
        steps.append(Step(_answered(row), ratio_text(row.likelihood_ratio), start, start + row.log_odds, (detail,)))
        start += row.log_odds
    if small:
        total, ratio = sum(row.log_odds for row in small), prod(row.likelihood_ratio for row in small)
        label = f"{len(small)} answers that hardly matter here"
        steps.append(Step(label, ratio_text(ratio), start, start + total, (f"together {total:+.2f}",)))
    displayed = {cause.id: cause.displayed for cause in answer.causes}
    after = displayed.get(explanation.cause, answer.none_displayed)
    yield Waterfall(share_text(explanation.prior), tuple(steps), after)
    method = f"exactly, over all {explanation.evaluations:,} subsets of the answers"
    if explanation.method == "sampled":
        error = max(row.standard_error for row in explanation.rows)
        method = f"over random orders of the answers, with a standard error of up to {error:.1g}"
    yield Paragraph(
        "Each answer multiplies the odds by its factor. The log-odds beside it add up exactly from before to after; "
        f"they are Shapley values, worked out {method}.",
        muted=True,
    )
    if small:
        named = "; ".join(map(_answered, small))
        yield Paragraph(f"Hardly matter here: {named}.{_cited(small, sources)}", muted=True)
    if explanation.triage_only:
        yield Paragraph(f"Count for urgency only: {'; '.join(map(name_text, explanation.triage_only))}.", muted=True)
    yield Paragraph(_conflict(explanation.conflict))
    yield from _flips(explanation)


def _large_and_small(rows: Sequence[ExplanationRow]) -> tuple[Sequence[ExplanationRow], Sequence[ExplanationRow]]:
    """Return the rows to show one by one, and those to show together because they are many and next to nothing."""
    large = [row for row in rows if abs(row.log_odds) >= _SMALL]
    return (large, rows[len(large) :]) if len(rows) - len(large) > _FEW else (rows, ())


def _cited(rows: Iterable[ExplanationRow], sources: Sources) -> str:
    """Return the numbers of the sources behind some rows."""
    return sources.cite(text for row in rows for number in row.numbers for text in number.source)


def _answered(row: ExplanationRow) -> str:
    """Return a question by its name, and its answer."""
    return f"{row.label}: {answer_text(row.id, row.answer)}"


def _conflict(conflict: Conflict) -> str:
    """Return how the answers go together."""
    size = f"{abs(conflict.bits):.1f} bits"
    said = (
        f"The answers speak against each other ({size})" if conflict.bits > 0 else f"The answers fit together ({size})"
    )
    if conflict.worst is None:
        return f"{said}; no two of them conflict."
    return f"{said}; {' and '.join(conflict.worst.labels)} conflict most ({conflict.worst.bits:.1f} bits)."


_FLIP_TITLES = {
    "top_cause": "Another cause first",
    "triage_raised": "More urgent",
    "triage_lowered": "Less urgent",
}


def _flips(explanation: Explanation) -> Iterator[Block]:
    """Yield the smallest changes that would flip the answer."""
    found = explanation.counterfactual
    size = "one answer" if found.largest_set == 1 else f"up to {found.largest_set} answers"
    looked = f"all {found.sets:,} ways to change or add {size} were looked at"
    if not found.flips:
        yield Paragraph(f"Nothing would flip the answer: {looked}.")
        return
    yield Paragraph(f"What would flip the answer ({looked}):")
    yield Entries(tuple(Entry(_flip(flip)) for flip in found.flips))


def _flip(flip: Flip) -> str:
    """Return one flip: what would change, and to what."""
    changes = " and ".join(
        f"{change.label}: {answer_text(change.id, change.after)}"
        f" ({'not answered' if change.before == 'unknown' else f'was {answer_text(change.id, change.before)}'})"
        for change in flip.changes
    )
    then = flip.leading_label if flip.kind == "top_cause" else flip.level_label
    return f"{_FLIP_TITLES.get(flip.kind, flip.kind)}: {changes} would give: {then}"
