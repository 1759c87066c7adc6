"""The columns of an answer: what is told of each person, and how it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from buttockpain.cohort.careful import Scores
from buttockpain.cohort.encodings import arrow
from buttockpain.cohort.names import ColumnUse
from buttockpain.cohort.rules import Levels
from buttockpain.types import BoolArray, IntArray, Level
from buttockpain.urgency import highest

if TYPE_CHECKING:
    import pyarrow as pa

    from buttockpain.model import Model

__all__ = ["METADATA", "Output", "decoded"]

Field: TypeAlias = "pa.Field"

METADATA = b"buttockpain"
"""Key of the note in the metadata of a schema: which model answered, and which columns it missed or ignored."""


class Output:
    """The columns of a model's answers.

    `triage_level`, `urgency` (the same from 0 to 4), `reasons` (how many), `override` (severe or long-lasting pain: a
    detailed evaluation at a hospital is needed), `leading_cause` (null if "none of these" leads), `probability_<cause>` of
    each ranked cause, `none_of_these`, `log_evidence`, `poor_fit`, `model_fingerprint`, and `problem` (null unless the row
    was flagged). Words are dictionary-encoded, levels in order.
    """

    def __init__(self, model: Model) -> None:
        pa = arrow()
        word = pa.dictionary(pa.int8(), pa.string())
        self._stamp = model.directory.stamp
        self._ranked = np.flatnonzero(model.network.ranked)
        self._levels = pa.array([level.value for level in Level])
        self._causes = pa.array([model.network.causes[cause] for cause in self._ranked])
        self._fingerprint = pa.array([model.fingerprint])
        self.fields: tuple[Field, ...] = (
            pa.field("triage_level", pa.dictionary(pa.int8(), pa.string(), ordered=True)),
            pa.field("urgency", pa.int8()),
            pa.field("reasons", pa.int16()),
            pa.field("override", pa.bool_()),
            pa.field("leading_cause", word),
            *(pa.field(f"probability_{cause.as_py()}", pa.float64()) for cause in self._causes),
            pa.field("none_of_these", pa.float64()),
            pa.field("log_evidence", pa.float64()),
            pa.field("poor_fit", pa.bool_()),
            pa.field("model_fingerprint", word),
            pa.field("problem", pa.string()),
        )

    def schema(self, ids: Sequence[pa.Field], use: ColumnUse) -> pa.Schema:
        """Return the schema of answers that carry some columns, with a note of what was missing or ignored."""
        note = {
            **self._stamp.model_dump(),
            "missing": use.missing,
            "unasked_emergencies": use.unasked_emergencies,
            "ignored": use.ignored,
        }
        return arrow().schema([*ids, *self.fields], metadata={METADATA: json.dumps(note).encode()})

    def batch(
        self,
        schema: pa.Schema,
        ids: Sequence[pa.Array],
        levels: Levels,
        leading: IntArray,
        scores: Scores,
        bad: BoolArray,
        problems: Mapping[int, str],
    ) -> pa.RecordBatch:
        """Return the answers; people marked bad keep their triage, and have nulls instead of probabilities."""
        arrays = arrow()
        size = len(bad)
        mask = bad if bad.any() else None

        def words(index: Any, dictionary: pa.Array, absent: BoolArray | None, *, ordered: bool = False) -> pa.Array:
            numbers = arrays.array(index.astype(np.int8), mask=absent)
            return arrays.DictionaryArray.from_arrays(numbers, dictionary, ordered=ordered)

        def numbers(values: Any) -> pa.Array:
            return arrays.array(values, mask=mask)

        level, none = highest(levels.reasons).astype(np.int8), np.zeros(size, dtype=np.int8)
        columns = [
            *ids,
            words(level, self._levels, None, ordered=True),
            arrays.array(level),
            arrays.array(levels.reasons.sum(axis=0).astype(np.int16)),
            arrays.array(levels.override),
            words(leading, self._causes, bad | (leading < 0)),
            *(numbers(scores.cause[cause]) for cause in self._ranked),
            numbers(scores.none_of_these),
            numbers(scores.log_evidence),
            numbers(scores.poor_fit),
            words(none, self._fingerprint, None),
            arrays.array([problems.get(row) for row in range(size)], arrays.string()) if problems else arrays.nulls(size, arrays.string()),
        ]  # fmt: skip
        return arrays.RecordBatch.from_arrays(columns, schema=schema)


def decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with its dictionary-encoded columns as plain text, for engines that know no dictionaries."""
    pa = arrow()
    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names).replace_schema_metadata(batch.schema.metadata)
