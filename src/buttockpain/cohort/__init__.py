"""Tables of people: the numbers and the triage of `rank` for millions of rows, on the engines people already run.

One function from an Arrow batch to an Arrow batch is all an engine needs. `Scorer` is a model made ready for tables;
the functions beside it are for one call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from buttockpain import model_file
from buttockpain.cohort.files import score_file
from buttockpain.cohort.frames import score_frame
from buttockpain.cohort.names import ColumnUse
from buttockpain.cohort.output import decoded
from buttockpain.cohort.scorer import Scorer
from buttockpain.cohort.summary import Summary
from buttockpain.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

__all__ = [
    "ColumnUse",
    "Scorer",
    "Summary",
    "decoded",
    "score_batch",
    "score_batches",
    "score_file",
    "score_frame",
    "score_table",
    "scorer_of",
]


def score_batch(batch: pa.RecordBatch, model: Model | None = None, **options: Any) -> pa.RecordBatch:
    """Return the answers to an Arrow batch; options as for `Scorer`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> people = pa.record_batch({"slr_positive": [True, False], "pain_severity": [4, 8]})
    >>> score_batch(people).column("triage_level").to_pylist()
    ['consultation', 'consultation_24h']
    """
    return Scorer(model, **options).score_batch(batch)


def score_batches(
    batches: Iterable[pa.RecordBatch], model: Model | None = None, **options: Any
) -> Iterator[pa.RecordBatch]:
    """Yield the answers to Arrow batches, in order: the contract of Spark's `mapInArrow`; options as for `Scorer`."""
    return Scorer(model, **options).score_batches(batches)


def score_table(table: Any, model: Model | None = None, **options: Any) -> pa.Table:
    """Return the answers to anything with `__arrow_c_stream__`; options as for `Scorer`."""
    return Scorer(model, **options).score_table(table)


@lru_cache(maxsize=4)
def scorer_of(text: str, **options: Any) -> Scorer:
    """Return the scorer of a model given as the text of its file, compiled once per process.

    For the workers of a cluster: text travels where a compiled model does not. Options as for `Scorer`, `ids` as a
    tuple.
    """
    return Scorer(Model.of(model_file.from_text(text)), **options)
