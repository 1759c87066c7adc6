"""The sources a report cites, numbered as they come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from buttockpain.render.outline import Entries, Entry, Section

__all__ = ["Sources"]


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources cited so far, in the order of their first mention.

    Examples
    --------
    >>> sources = Sources()
    >>> sources.cite(["Paper A", "Paper B"]), sources.cite(["Paper C", "Paper A"]), sources.cite([])
    (' [1, 2]', ' [1, 3]', '')
    """

    numbers: dict[str, int] = field(default_factory=dict)

    def cite(self, texts: Iterable[str]) -> str:
        """Return the numbers of these sources in brackets after a space, or nothing if there are none."""
        numbers = sorted({self.numbers.setdefault(text, len(self.numbers) + 1) for text in texts})
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    def section(self) -> Section:
        """Return the list of sources."""
        return Section("Sources", (Entries(tuple(map(Entry, self.numbers)), numbered=True),), small=True)
