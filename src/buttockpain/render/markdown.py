"""The answer as Markdown (CommonMark with GitHub's tables), safety first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from buttockpain.render.content import report_outline
from buttockpain.render.outline import Banner, Bar, Block, Entries, Entry, Facts, Paragraph, Ranking, Waterfall
from buttockpain.render.text import marks
from buttockpain.render.words import plain

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.explanation import Explanation
    from buttockpain.questions import NextQuestions
    from buttockpain.types import Audience

__all__ = ["escaped", "markdown_report"]

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~#$@])")
# Some readers of Markdown turn a bare address into a link, and some signs are special only where a line starts.
_ADDRESS = re.compile(r"(?i)(:(?=//)|(?<=www)\.)")
_START = re.compile(r"^([-+=:])")
_NUMBER = re.compile(r"^(\d+)([.)])(?=\s|$)")


def escaped(text: str) -> str:
    r"""Return a text that Markdown shows as it stands.

    Examples
    --------
    >>> print(escaped("# <b>5*3</b> | [x](http://y)"))
    \# &lt;b&gt;5\*3&lt;/b&gt; \| \[x\](http\://y)
    """
    safe = _SPECIAL.sub(r"\\\1", plain(text).translate(_ENTITIES))
    safe = _ADDRESS.sub(r"\\\1", safe)
    return _NUMBER.sub(r"\1\\\2", _START.sub(r"\\\1", safe))


def markdown_report(
    answer: Differential,
    audience: Audience = "clinician",
    *,
    explanation: Explanation | None = None,
    questions: NextQuestions | None = None,
) -> str:
    r"""Return the whole report as Markdown, with a trailing newline.

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
    >>> print(markdown_report(rank(pain_severity=8), "patient").split("\n\n")[0])
    **A detailed medical evaluation at a hospital is needed.**
    """
    outline = report_outline(answer, audience, explanation, questions)
    paragraphs = [*_banner(outline.banner)]
    for section in outline.sections:
        paragraphs += [f"## {escaped(section.title)}", *map(_block, section.blocks)]
    return "\n\n".join(paragraphs) + "\n"


def _banner(banner: Banner) -> Iterator[str]:
    """Yield the founding rule if it holds, the level, and what to do."""
    if banner.override:
        yield f"**{escaped(banner.override)}**"
    yield f"# {escaped(banner.label)}"
    yield escaped(banner.action)
    yield f"Urgency: step {banner.level.rank + 1} of 5."


def _block(block: Block) -> str:
    """Return one block."""
    match block:
        case Paragraph(text):
            return escaped(text)
        case Entries(entries, numbered=numbered):
            return "\n".join(_entry(entry, f"{n}. " if numbered else "- ") for n, entry in enumerate(entries, start=1))
        case Ranking(bars):
            return _table(("", "Cause", "How likely", "", ""), map(_bar, bars))
        case Facts(heading, rows):
            return _table(heading, (tuple(map(escaped, row)) for row in rows))
        case Waterfall(before, steps, after):
            ways = [
                (escaped(step.label), escaped(step.figure), "; ".join(map(escaped, step.details))) for step in steps
            ]
            start = ("**Before any answer**", f"**{escaped(before)}**", "")
            end = ("**After all answers**", f"**{escaped(after)}**", "")
            return _table(("Answer", "Factor", "What it says"), (start, *ways, end))


def _entry(entry: Entry, mark: str) -> str:
    """Return an item of a list; a backslash ends a line within it."""
    return f"\\\n{' ' * len(mark)}".join([mark + escaped(entry.text), *map(escaped, entry.details)])


def _bar(bar: Bar) -> tuple[str, ...]:
    """Return a line of the ranking."""
    place = "" if bar.place is None else str(bar.place)
    drawn = f"`{marks(bar.share, None)}`"
    return place, f"**{escaped(bar.label)}**", escaped(bar.figure), drawn, "; ".join(map(escaped, bar.details))


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of cells that are Markdown already."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, ("---",) * len(heading), *rows))
