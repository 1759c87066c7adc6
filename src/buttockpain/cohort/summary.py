"""What a scored cohort looks like as a whole: counts, never people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from buttockpain.cohort.output import METADATA
from buttockpain.differential import ModelStamp
from buttockpain.types import Level

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Summary", "Tally"]

_SHOWN_NAMES = 8  # of the text; the record has all


class Summary(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Counts over a scored cohort.

    Attributes
    ----------
    rows : people.
    flagged : rows with a problem; they are told their triage and have no probabilities.
    triage_level : how many at each level, the most urgent first.
    override : how many with severe or long-lasting pain.
    poor_fit : how many with answers that fit no cause well.
    leading : of the rows that are not flagged, how many with each cause leading, the most frequent first; "none of these"
        where none leads.
    missing, unasked_emergencies, ignored : as for `ColumnUse`.
    model : which model and library answered.
    """

    rows: int
    flagged: int
    triage_level: Mapping[str, int]
    override: int
    poor_fit: int
    leading: Mapping[str, int]
    missing: tuple[str, ...]
    unasked_emergencies: tuple[str, ...]
    ignored: tuple[str, ...]
    model: ModelStamp

    @classmethod
    def of(cls, scored: Iterable[pa.RecordBatch]) -> Summary:
        """Return the summary of scored batches.

        Raises
        ------
        ValueError : there are no batches, one was not scored, or different models scored them.
        """
        tally: Tally | None = None
        for batch in scored:
            tally = tally or Tally(batch.schema)
            tally.add(batch)
        if tally is None:
            message = "no batches to summarise"
            raise ValueError(message)
        return tally.summary()

    def __str__(self) -> str:
        """Return the summary as a short table."""
        lines = [f"{self.rows:,} rows scored with {self.model.id} {self.model.version}", "triage"]
        lines += [_counted(count, self.rows, level) for level, count in self.triage_level.items()]
        lines += [_counted(self.override, self.rows, "severe or long-lasting pain: detailed evaluation at a hospital")]
        lines += [_counted(self.poor_fit, self.rows, "answers that fit no cause well")]
        lines += [
            _counted(self.flagged, self.rows, "flagged: a problem, no probabilities, and the triage of what was read")
        ]
        lines += ["leading cause"]
        lines += [_counted(count, self.rows - self.flagged, cause) for cause, count in self.leading.items()]
        others = [name for name in self.missing if name not in self.unasked_emergencies]
        for what, names in (
            ("warning signs of an emergency that nobody was asked about", self.unasked_emergencies),
            ("other questions that nobody was asked", others),
            ("ignored columns", self.ignored),
        ):
            if names:
                lines += [f"{what}: {_some(names)}"]
        return "\n".join(lines)


class Tally:
    """Counts that grow batch by batch."""

    def __init__(self, schema: pa.Schema) -> None:
        self._metadata = _note_in(schema)
        self._note: dict[str, Any] = json.loads(self._metadata)
        self._rows = self._flagged = self._override = self._poor_fit = 0
        self._levels: Counter[str | None] = Counter()
        self._leading: Counter[str | None] = Counter()

    def add(self, scored: pa.RecordBatch) -> None:
        """Count the people of a scored batch.

        Raises
        ------
        ValueError : another model scored it.
        """
        metadata = _note_in(scored.schema)
        if metadata != self._metadata:
            self._also(json.loads(metadata))
        readable = scored.column("problem").is_null()
        self._rows += scored.num_rows
        self._flagged += scored.num_rows - readable.true_count
        self._override += scored.column("override").true_count
        self._poor_fit += scored.column("poor_fit").true_count
        self._levels.update(_counts(scored.column("triage_level")))
        self._leading.update(_counts(scored.column("leading_cause").filter(readable)))

    def _also(self, note: dict[str, Any]) -> None:
        """Take in what is noted of another table: missing is what misses in all, ignored what is ignored in any."""
        mine, tables = self._note, ("missing", "unasked_emergencies", "ignored")
        if any(note[key] != mine[key] for key in mine if key not in tables):
            message = "batches scored by different models: summarise those of each on their own"
            raise ValueError(message)
        for key in ("missing", "unasked_emergencies"):
            mine[key] = [name for name in mine[key] if name in note[key]]
        mine["ignored"] = list(dict.fromkeys([*mine["ignored"], *note["ignored"]]))

    def summary(self) -> Summary:
        """Return the counts."""
        leading = sorted(self._leading.items(), key=lambda one: (-one[1], str(one[0])))
        return Summary(
            rows=self._rows,
            flagged=self._flagged,
            triage_level={level.value: self._levels[level.value] for level in reversed(Level)},
            override=self._override,
            poor_fit=self._poor_fit,
            leading={"none of these" if cause is None else cause: count for cause, count in leading if count},
            missing=self._note["missing"],
            unasked_emergencies=self._note["unasked_emergencies"],
            ignored=self._note["ignored"],
            model=ModelStamp(**{key: self._note[key] for key in ModelStamp.model_fields}),
        )


def _counted(count: int, rows: int, what: str) -> str:
    """Return a line with a count and its share of the rows."""
    return f"  {count:>12,}  {count / max(rows, 1):>6.1%}  {what}"


def _some(names: Sequence[str]) -> str:
    """Return a few names, and how many more there are."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_SHOWN_NAMES])} and {more} more"


def _note_in(schema: pa.Schema) -> bytes:
    """Return the note of a scored table."""
    note = (schema.metadata or {}).get(METADATA)
    if note is None:
        message = "a batch without the note of a scored table: give what a `Scorer` returned, with its metadata"
        raise ValueError(message)
    return bytes(note)


def _counts(column: pa.Array) -> dict[str | None, int]:
    """Return how often each word stands in a column, and None."""
    if not hasattr(column, "dictionary"):
        column = column.dictionary_encode()
    words = [*column.dictionary.to_pylist(), None]
    index = column.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    return dict(zip(words, np.bincount(index, minlength=len(words)).tolist(), strict=True))
