"""The sentence that each plot means, put together from the record it draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from buttockpain.render.words import answer_text, name_text, ratio_text, share_text

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.explanation import Explanation, ExplanationRow
    from buttockpain.render.graph import Diagram, Link
    from buttockpain.research.evaluation import Evaluation
    from buttockpain.research.intervals import Interval
    from buttockpain.research.sensitivity import SensitivityFunction, TornadoRow
    from buttockpain.types import Id

__all__ = [
    "Line",
    "answered",
    "calibration_caption",
    "network_caption",
    "ranking_caption",
    "ranking_lines",
    "sensitivity_caption",
    "tornado_caption",
    "waterfall_caption",
]

_STRONGEST = 3  # links that are named


class Line(NamedTuple):
    """A line of a ranking; `before` is the probability before any answer."""

    outcome: Id
    label: str
    probability: float
    displayed: str
    before: float | None


def ranking_lines(answer: Differential) -> list[Line]:
    """Return the causes, most probable first, and "none of these" in its place."""
    lines = [Line(cause.id, cause.label, cause.probability, cause.displayed, cause.prior) for cause in answer.causes]
    none = Line("none_of_these", "None of these", answer.none_of_these, answer.none_displayed, None)
    # Who leads is decided on a scale that rounding does not reach, so it is taken from the answer.
    above = sum(line.probability >= none.probability for line in lines)
    place = 0 if answer.leading is None else max(above, 1)
    return [*lines[:place], none, *lines[place:]]


def ranking_caption(answer: Differential, intervals: Sequence[Interval] = ()) -> str:
    """Return what leads, how sure that is, and what comes next."""
    lead, then, *_ = ranking_lines(answer)
    said = f"{lead.label} {lead.displayed}"
    interval = next((interval for interval in intervals if interval.outcome == lead.outcome), None)
    if interval:
        said += f", {interval.level:.0%} interval {interval.displayed}"
        if interval.first is not None:
            said += f"; it ranks first in {share_text(interval.first)} of draws"
    return f"{said}. Next: {then.label} {then.displayed}."


def waterfall_caption(explanation: Explanation) -> str:
    """Return where a cause comes from and gets to, and the answers that moved it most either way."""
    moved = f"{explanation.label}: {share_text(explanation.prior)} before any answer"
    if not explanation.rows:
        return f"{moved}, and no answer bears on it."
    parts = [f"{moved}, {share_text(explanation.posterior)} after all."]
    for direction, says in (("for", "Most for it"), ("against", "Most against it")):
        row = next((row for row in explanation.rows if row.direction == direction), None)
        if row:
            parts.append(f"{says}: {answered(row)} (odds \u00d7{ratio_text(row.likelihood_ratio)}).")
    return " ".join(parts)


def tornado_caption(rows: Sequence[TornadoRow]) -> str:
    """Return what the number with the widest swing does over its range."""
    widest = rows[0]
    return (
        f"{name_text(widest.outcome)} hangs most on {widest.path}: over its range, {widest.low:.3g} to {widest.high:.3g}, "
        f"the probability goes from {share_text(widest.at_low)} to {share_text(widest.at_high)} "
        f"({share_text(widest.at_value)} at {widest.value:.3g})."
    )


def sensitivity_caption(curve: SensitivityFunction, outcome: Id, low: float, high: float) -> str:
    """Return what one outcome does as the number goes through its range."""
    index = curve.outcomes.index(outcome)
    ends = curve.probability_at([low, curve.value, high])[index].tolist()
    at_low, at_value, at_high = map(share_text, ends)
    return (
        f"As {curve.path} goes through its range, {low:.3g} to {high:.3g}, {name_text(outcome)} goes from {at_low} to "
        f"{at_high}; at {curve.value:.3g}, the value in the model, it is {at_value}."
    )


def calibration_caption(evaluation: Evaluation) -> str:
    """Return how far what occurred is from what was expected."""
    groups = evaluation.calibration
    judged = sum(group.observed.of for group in groups)
    agree = sum(group.observed.wilson[0] <= group.mean_probability <= group.observed.wilson[1] for group in groups)
    return (
        f"On average, what occurred is {100 * (evaluation.calibration_error or 0):.1f} percentage points from what was "
        f"expected, over {judged:,} probabilities in {evaluation.cases:,} cases; {agree} of {len(groups)} groups agree "
        f"within their 95% intervals."
    )


def network_caption(diagram: Diagram, cause: Id | None = None) -> str:
    """Return how much there is to the network, or to one cause, and which links are strongest."""
    counts = [_count(len(layer), heading.lower()) for heading, layer in diagram.layers if layer]
    strongest = sorted(diagram.links, key=lambda link: -link.strength)[:_STRONGEST]
    if cause is None:
        links = _count(len(diagram.links), "links")
        return f"{_listed(counts)}, with {links}. Strongest: {_links(diagram, strongest)}."
    others = [
        _count(len(layer.keys() - {cause}), heading.lower())
        for heading, layer in diagram.layers
        if layer.keys() - {cause}
    ]
    label = diagram.causes[cause]
    return f"{label} is linked to {_listed(others)}. Strongest links: {_links(diagram, strongest, cause)}."


def answered(row: ExplanationRow) -> str:
    """Return a question and the answer to it."""
    return f"{row.label}: {answer_text(row.id, row.answer)}"


def _count(number: int, things: str) -> str:
    """Return a number of things."""
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


def _listed(things: Sequence[str]) -> str:
    """Return things as a list in words."""
    return " and ".join([", ".join(things[:-1]), things[-1]] if len(things) > 1 else things)


def _links(diagram: Diagram, links: Sequence[Link], cause: Id | None = None) -> str:
    """Return links in words; of one cause, by their other ends."""
    labels = {name: label for _, layer in diagram.layers for name, label in layer.items()}
    return "; ".join(
        f"{' to '.join(labels[end] for end in (link.parent, link.child) if end != cause)}, {link.strength:.2f}"
        for link in links
    )
