"""The outline of a report: headings and blocks, before any writer gives them a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttockpain.types import Level

__all__ = [
    "Banner",
    "Bar",
    "Block",
    "Entries",
    "Entry",
    "Facts",
    "Outline",
    "Paragraph",
    "Ranking",
    "Section",
    "Step",
    "Waterfall",
]


@dataclass(frozen=True, slots=True)
class Banner:
    """The first thing anybody reads: the founding rule if it holds, the level, and what to do."""

    override: str | None
    level: Level
    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; muted if it only explains what stands beside it."""

    text: str
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a list, and the smaller print under it."""

    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """A list; short entries may be set in columns, and numbered ones are cited by their number."""

    entries: tuple[Entry, ...]
    short: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of the ranking: its figure as shown, how far to draw the bar, and where to mark the figure before."""

    place: int | None
    label: str
    figure: str
    share: float
    before: float | None
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """How likely each cause is, most likely first, with "none of these" in its place; `mark` says what marks mean."""

    bars: tuple[Bar, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with what is said of each, under two headings."""

    heading: tuple[str, str]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What one answer adds: drawn from `start` to `end` on the log-odds scale of the waterfall."""

    label: str
    figure: str
    start: float
    end: float
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The way from the figure before any answer to the figure after all of them, answer by answer."""

    before: str
    steps: tuple[Step, ...]
    after: str

    @property
    def span(self) -> tuple[float, float]:
        """The ends of the scale to draw on; at least 1 wide, so that next to nothing is not drawn as much."""
        points = [self.steps[0].start, *(step.end for step in self.steps)]
        low, high = min(points), max(points)
        spare = max(0.0, 1.0 - (high - low)) / 2
        return low - spare, high + spare


Block = Paragraph | Entries | Ranking | Facts | Waterfall


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; small print comes last."""

    title: str
    blocks: tuple[Block, ...]
    small: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole report."""

    banner: Banner
    sections: tuple[Section, ...]
