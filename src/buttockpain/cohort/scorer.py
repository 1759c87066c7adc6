"""A model ready for tables: Arrow batches in, Arrow batches out, in order and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal, Never, TypeAlias, get_args

import numpy as np

from buttockpain.cohort.answers import Layout
from buttockpain.cohort.columns import Nulls, fill_in
from buttockpain.cohort.encodings import arrow, plain
from buttockpain.cohort.kernel import Kernel
from buttockpain.cohort.names import ColumnUse, use_of
from buttockpain.cohort.output import Output
from buttockpain.cohort.parallel import OneBlasThread, in_order, processors
from buttockpain.cohort.rows import Rows, given_in, problems_of
from buttockpain.cohort.rules import Rules
from buttockpain.differential import MARGIN
from buttockpain.errors import AnswerError, Problem
from buttockpain.model import default_model

if TYPE_CHECKING:
    import pyarrow as pa

    from buttockpain.model import Model

__all__ = ["Scorer"]

Piece: TypeAlias = "tuple[Rows, pa.Schema, bool]"

SLICE_BLOCKS = 8  # at most, for one worker at a time: enough to hide the cost of a column, few enough to share out
DEFAULT_MEMORY = 2**29


class Scorer:
    """Scores tables with one model; safe to share between threads, and meant to be kept.

    Columns are found by name: the ids of the model's questions, and `age`, `sex`, `pain_severity`, `duration_days`.
    A cell is a boolean, one of the words yes, no and unknown (dictionary-encoded or not), or a number from 0 to 1
    that says how strongly the observation supports "present". Each row gives the numbers and the triage of
    `Model.rank` on the same answers.

    Parameters
    ----------
    model : the shipped one if left out.
    ids : columns that are carried through as they are.
    strict : whether a column that is neither a question nor carried through is an error; else it is ignored.
    errors : what to do about a row that cannot be read or contradicts itself: "raise", or "flag" it. A flagged row
        has the triage of the answers that could be read (a lower bound), nulls for all else, and its `problem`.
    nulls : what an empty cell means: "not asked", or "unknown", as None does in `rank`. A column that is missing was
        not asked of anybody.
    threads : workers at most; all processors if left out. The attribute of that name tells how many there are.
    memory : bytes for everything a run holds at once, apart from the caller's own data; fewer workers and shorter
        slices are used to stay below. What libraries hold to read and write files, tens of megabytes, comes on top.

    Raises
    ------
    TypeError : `ids` is one text.
    ValueError : an option is none of its words; or the memory is not enough for a single worker.
    MissingExtraError : an optional package is not installed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> people = pa.record_batch({"person": ["a", "b"], "slr_positive": [True, None], "age": [45, 17]})
    >>> scored = Scorer(ids=["person"]).score_batch(people)
    >>> scored.to_pylist()[0]["leading_cause"], scored.to_pylist()[0]["triage_level"]
    ('sciatica', 'consultation')
    """

    def __init__(
        self,
        model: Model | None = None,
        *,
        ids: Sequence[str] = (),
        strict: bool = False,
        errors: Literal["raise", "flag"] = "raise",
        nulls: Nulls = "not asked",
        threads: int | None = None,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        arrow()
        for option, value, words in (("errors", errors, ("raise", "flag")), ("nulls", nulls, get_args(Nulls))):
            if value not in words:
                message = f"{option}={value!r}: expected one of {', '.join(map(repr, words))}"
                raise ValueError(message)
        if isinstance(ids, str):
            message = f"ids={ids!r}: expected several names, such as [{ids!r}]"
            raise TypeError(message)
        if threads is not None and threads < 1:
            message = f"threads={threads}: expected at least 1"
            raise ValueError(message)
        self.model = model = default_model() if model is None else model
        self.ids, self._flags, self._nulls = tuple(dict.fromkeys(ids)), errors == "flag", nulls
        self._layout = Layout.of(model)
        self._kernel = Kernel(model.network)
        self._rules = Rules(model, self._layout)
        self._output = Output(model)
        self._one_blas_thread = OneBlasThread()
        wanted = processors() if threads is None else threads
        # Codes and scores of a slice; every worker has one in hand, one that waits, and the same again of Arrow's.
        # First as many workers as there is memory for, then slices as long as that leaves.
        row_bytes = 4 * (len(self._layout.row) + 16 * (len(model.network.causes) + len(self._output.fields)))
        block = row_bytes * self._kernel.width
        if memory < self._kernel.nbytes + block:
            least = -(-(self._kernel.nbytes + block) // 2**20)
            message = f"memory={memory:,} bytes is not enough for one worker of this model; give at least {least} MiB"
            raise ValueError(message)
        self.threads = min(wanted, memory // (self._kernel.nbytes + block))
        blocks = (memory // self.threads - self._kernel.nbytes) // block
        self.slice_rows = self._kernel.width * min(SLICE_BLOCKS, blocks)
        # A stream asks once per slice, of the same columns; looking for misspelt names takes a while.
        self._use_of = lru_cache(maxsize=16)(partial(use_of, model, ids=self.ids, strict=strict))

    def __reduce__(self) -> Never:
        """Refuse to be pickled: text travels, a compiled model does not."""
        message = "a Scorer does not travel; send the text of the model file, and call `scorer_of` where it arrives"
        raise TypeError(message)

    def columns(self, names: Iterable[str]) -> ColumnUse:
        """Return what becomes of the columns of a table.

        Raises
        ------
        AnswerError : as for `use_of`; or a column to carry through has the name of an answer.
        """
        use = self._use_of(tuple(names))
        self.check_names(self.ids)
        return use

    def check_names(self, kept: Iterable[str]) -> None:
        """Refuse columns that are kept beside the answers and have the name of one.

        Raises
        ------
        AnswerError : names every such column.
        """
        answered = {field.name for field in self._output.fields}
        problems = [Problem(name, "the name of a column of the answer", "another name", "rename it before scoring")
                    for name in kept if name in answered]  # fmt: skip
        if problems:
            raise AnswerError(problems)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the answers to a table; its metadata notes the model, and columns missing or ignored."""
        use = self.columns(schema.names)
        return self._output.schema([schema.field(name) for name in self.ids], use)

    def score_batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the answers to a batch of any length, row by row.

        Raises
        ------
        AnswerError : a row cannot be read or contradicts itself, or a column cannot be used; names row and column.
        """
        if batch.num_rows > self.slice_rows:
            return next(self.score_batches([batch]))
        return self.score_rows(self.rows_of(batch, 0), self.schema(batch.schema))

    def score_batches(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the answers to each batch, in order; reads a few batches ahead and keeps no others."""
        whole: list[pa.RecordBatch] = []
        for scored, last in self._in_order(self._pieces(batches)):
            whole.append(scored)
            if last:
                yield whole[0] if len(whole) == 1 else arrow().concat_batches(whole)
                whole = []

    def score_parts(self, parts: Iterable[Rows], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the answers to some rows after others, in order; `schema` is that of the answers."""
        return (scored for scored, _ in self._in_order((rows, schema, True) for rows in parts))

    def rows_of(self, batch: pa.RecordBatch, first: int) -> Rows:
        """Return a batch as rows; `first` is the number of its first row in the whole table.

        Raises
        ------
        TypeError : it is no batch.
        AnswerError : as for `columns`.
        """
        if not isinstance(batch, arrow().RecordBatch):
            message = (
                f"expected a pyarrow.RecordBatch, not {type(batch).__name__}; `score_table` takes tables and streams"
            )
            raise TypeError(message)
        columns = {name: plain(batch.column(name)) for name in self.columns(batch.schema.names).used}
        return Rows(columns, [batch.column(name) for name in self.ids], batch.num_rows, first)

    def score_table(self, table: Any) -> pa.Table:
        """Return the answers to anything with `__arrow_c_stream__`: tables and readers of pyarrow, polars, duckdb."""
        source = arrow().RecordBatchReader.from_stream(table)
        scored = (scored for scored, _ in self._in_order(self._pieces(source)))
        return arrow().Table.from_batches(scored, self.schema(source.schema))

    def answers(self, table: Any, row: int) -> dict[str, Any]:
        """Return what one row of a table answers, as `rank` takes it, to see why it has its level and its figures.

        Parameters
        ----------
        table : anything with `__arrow_c_stream__`.
        row : its number, counted from 0.

        Raises
        ------
        AnswerError : as for `columns`.
        IndexError : the table has no such row.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from buttockpain import rank
        >>> people = pa.table({"person": ["a", "b"], "saddle_numbness": [None, True], "age": [40, 71]})
        >>> scorer = Scorer(ids=["person"])
        >>> scorer.answers(people, 1)
        {'saddle_numbness': True, 'age': 71}
        >>> len(rank(scorer.answers(people, 1)).triage.reasons) == scorer.score_table(people)["reasons"][1].as_py()
        True
        """
        first = 0
        for batch in arrow().RecordBatchReader.from_stream(table):
            if first <= row < first + batch.num_rows:
                return given_in(self.rows_of(batch, first), np.array([row - first]), self._nulls)[0]
            first += batch.num_rows
        message = f"row={row}: expected 0 to {first - 1}" if first else f"row={row}: the table has no rows"
        raise IndexError(message)

    def reader(self, table: Any) -> pa.RecordBatchReader:
        """Return the answers to such a thing as a stream, scored while it is read."""
        pa = arrow()
        source = pa.RecordBatchReader.from_stream(table)
        return pa.RecordBatchReader.from_batches(self.schema(source.schema), self.score_batches(source))

    def score_rows(self, rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
        """Return the answers to some rows; `schema` is that of the answers."""
        answers = self._layout.blank(rows.size)
        if rows.size:
            fill_in(self._layout, answers, rows.columns, self._nulls)
        self._layout.check(answers)
        with self._one_blas_thread:
            levels = self._rules.decide(answers)
            self._layout.fill(answers)
            scores = self._kernel.score(answers, limit=self.model.directory.poor_fit + MARGIN)
        bad = answers.bad | np.isneginf(scores.log_evidence)
        problems = problems_of(self.model, rows, np.flatnonzero(bad), self._nulls, flags=self._flags)
        leading = self._rules.raise_levels(levels, scores, ~bad)
        texts = {row: "; ".join(map(str, found)) for row, found in problems.items()}
        return self._output.batch(schema, rows.ids, levels, leading, scores, bad, texts)

    def _pieces(self, batches: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
        """Yield the batches cut into slices, the schema of their answers, and whether a slice is the last of its batch."""
        first = 0
        for batch in batches:
            schema = self.schema(batch.schema)
            for start in range(0, max(1, batch.num_rows), self.slice_rows):
                rows = self.rows_of(batch.slice(start, self.slice_rows), first + start)
                yield rows, schema, start + self.slice_rows >= batch.num_rows
            first += batch.num_rows

    def _in_order(self, pieces: Iterable[Piece]) -> Iterator[tuple[pa.RecordBatch, bool]]:
        """Yield the answers to slices, computed in parallel, and whether a slice is the last of its batch."""

        def scored(piece: Piece) -> tuple[pa.RecordBatch, bool]:
            rows, schema, last = piece
            return self.score_rows(rows, schema), last

        return in_order(scored, pieces, threads=self.threads, ahead=2 * self.threads)
