"""The answer as one HTML page, safety first: no script, no network, nothing outside the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from buttockpain.render.content import report_outline
from buttockpain.render.element import Html, element, joined
from buttockpain.render.outline import (
    Banner,
    Bar,
    Block,
    Entries,
    Entry,
    Facts,
    Outline,
    Paragraph,
    Ranking,
    Section,
    Waterfall,
)
from buttockpain.render.style import PALETTE, STYLE
from buttockpain.render.svg import bar_picture, level_icon, point_picture, step_picture, urgency_scale

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.explanation import Explanation
    from buttockpain.questions import NextQuestions
    from buttockpain.types import Audience

__all__ = ["html_fragment", "html_report"]

# A browser that honours it can neither run nor load anything, whatever the page might contain.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

# Paper holds more than a screen: what is 16 pixels there is 9 points here.
_AROUND = f"body{{margin:0;background:{PALETTE['desk']}}}@media print{{html{{font-size:9pt}}body{{background:none}}}}"


def html_report(
    answer: Differential,
    audience: Audience = "clinician",
    *,
    explanation: Explanation | None = None,
    questions: NextQuestions | None = None,
) -> str:
    r"""Return the whole report as one self-contained page, to be written as UTF-8.

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
    >>> page = html_report(rank(pain_severity=8), "patient")
    >>> page.split("\n")[0]
    '<!doctype html>'
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="robots", content="noindex"),
        element("title", "Buttock pain: urgency and possible causes"),
        element("style", Html(_AROUND + STYLE)),
    )
    body = element("body", _report(report_outline(answer, audience, explanation, questions), "main"))
    return f"<!doctype html>\n{element('html', head, body, lang='en-GB')}\n"


def html_fragment(
    answer: Differential,
    audience: Audience = "clinician",
    *,
    explanation: Explanation | None = None,
    questions: NextQuestions | None = None,
) -> str:
    """Return the report as a piece of a page, for notebooks; its style touches nothing around it.

    Parameters and errors as for `html_report`.
    """
    report = _report(report_outline(answer, audience, explanation, questions), "div")
    return f"{element('style', Html(STYLE))}{report}"


def _report(outline: Outline, tag: str) -> Html:
    """Return the report, with the small print in its footer."""
    large = [section for section in outline.sections if not section.small]
    small = [section for section in outline.sections if section.small]
    footer = element("footer", *map(_section, small))
    return element(tag, _banner(outline.banner), *map(_section, large), footer, class_="bp")


def _banner(banner: Banner) -> Html:
    """Return the founding rule if it holds, the level, and what to do."""
    override = (element("p", banner.override, class_="override"),) if banner.override else ()
    scale = element(
        "p", urgency_scale(banner.level), element("span", f"Urgency: step {banner.level.rank + 1} of 5"), class_="step"
    )
    said = element("div", element("h1", banner.label), element("p", banner.action, class_="action"), scale)
    kind = "emergency" if banner.level.is_emergency else banner.level.value
    level = element("div", level_icon(banner.level), said, class_=f"level {kind}")
    return element("section", *override, level, class_="banner", role="alert")


def _section(section: Section) -> Html:
    """Return a heading and what stands under it."""
    body = element("div", *map(_block, section.blocks), class_="body")
    return element("section", element("h2", section.title), body, class_="part")


def _block(block: Block) -> Html:
    """Return one block."""
    match block:
        case Paragraph(text, muted):
            return element("p", text, class_="muted") if muted else element("p", text)
        case Entries():
            items = map(_entry, block.entries)
            if block.numbered:
                return element("ol", *items)
            return element("ul", *items, class_="short") if block.short else element("ul", *items)
        case Ranking(bars, mark):
            legend = (element("p", mark, class_="muted"),) if mark else ()
            return joined(_table("ranking", ("Cause", "How likely"), map(_bar, bars)), *legend)
        case Facts(heading, rows):
            cells = (element("tr", element("th", name, scope="row"), element("td", said)) for name, said in rows)
            return _table("facts", heading, cells)
        case Waterfall():
            return _table("waterfall", ("Answer", "Factor"), _way(block))


def _entry(entry: Entry) -> Html:
    """Return an item of a list."""
    details = (element("p", detail, class_="detail") for detail in entry.details)
    return element("li", entry.text, *details)


def _bar(bar: Bar) -> Html:
    """Return a line of the ranking: the picture stands under the name it belongs to, on a phone too."""
    place = element("span", "" if bar.place is None else str(bar.place), class_="place")
    name = element("div", place, element("span", bar.label), class_="name")
    details = (element("span", detail, class_="detail") for detail in bar.details)
    head = element("th", name, bar_picture(bar), *details, scope="row")
    return element("tr", head, element("td", bar.figure, class_="figure"))


def _way(block: Waterfall) -> Iterator[Html]:
    """Yield the lines of a waterfall: where it starts, what each answer adds, where it ends."""
    start, end = block.steps[0].start, block.steps[-1].end
    yield _line("Before any answer", (), point_picture("Before any answer", start, block, first=True), block.before)
    for step in block.steps:
        yield _line(step.label, step.details, step_picture(step, block), step.figure)
    yield _line("After all answers", (), point_picture("After all answers", end, block, first=False), block.after)


def _line(label: str, details: tuple[str, ...], picture: Html, figure: str) -> Html:
    """Return a line of the waterfall: what was answered, the picture beside it or under it, and its factor."""
    said = element(
        "div", element("span", label), *(element("span", one, class_="detail") for one in details), class_="said"
    )
    head = element("th", element("div", said, element("div", picture, class_="drawn"), class_="line"), scope="row")
    return element("tr", head, element("td", figure, class_="figure"))


def _table(kind: str, heading: tuple[str, ...], rows: Iterable[Html]) -> Html:
    """Return a table."""
    head = element("thead", element("tr", *(element("th", title, scope="col") for title in heading)))
    return element("table", head, element("tbody", *rows), class_=kind)
