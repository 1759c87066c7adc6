"""Files into rows to be scored: Parquet, CSV, and JSON with one object per line."""

from __future__ import annotations

import csv as standard_csv
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buttockpain.cohort.encodings import Cells, arrow
from buttockpain.cohort.json_lines import Key, id_column, id_type, keys_of, slices_of
from buttockpain.cohort.names import ColumnUse
from buttockpain.cohort.rows import Rows
from buttockpain.cohort.scorer import Scorer
from buttockpain.errors import AnswerError, Problem

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "OpenRows", "open_rows"]

FORMATS = (".parquet", ".csv", ".ndjson", ".jsonl")

_BLOCK = 2**22  # bytes of CSV parsed at a time
_NUMERAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class OpenRows:
    """A file that is being read.

    Attributes
    ----------
    schema : its columns; of a text file only those that are carried through have a type.
    parts : its rows, a slice at a time.
    size : how many rows there are, None where the format does not say.
    """

    schema: pa.Schema
    parts: Iterator[Rows]
    size: int | None


def open_rows(path: Path, scorer: Scorer) -> OpenRows:
    """Open a file, the format told by its ending.

    Raises
    ------
    AnswerError : it is not what its ending says, or has columns that cannot be used; no message repeats its contents.
    OSError : it cannot be opened.
    """
    with path.open("rb"):
        pass  # a missing file is an OSError in every format
    return {".parquet": _parquet, ".csv": _csv}.get(path.suffix.lower(), _json_lines)(path, scorer)


def _parquet(path: Path, scorer: Scorer) -> OpenRows:
    """Read only the columns that matter, a slice at a time."""
    from pyarrow import parquet  # noqa: PLC0415 - optional

    with _as_parquet(path):
        stored = parquet.ParquetFile(path, pre_buffer=False)
    use = _used(scorer, stored.schema_arrow.names, path)
    wanted = [*use.used, *(name for name in scorer.ids if name not in use.used)]

    def parts() -> Iterator[Rows]:
        first = 0
        with _as_parquet(path):
            for batch in stored.iter_batches(batch_size=scorer.slice_rows, columns=wanted):
                yield scorer.rows_of(batch, first)
                first += batch.num_rows

    return OpenRows(stored.schema_arrow, parts(), stored.metadata.num_rows)


@contextmanager
def _as_parquet(path: Path) -> Iterator[None]:
    """Turn what the library says of a broken file into the error that it is no Parquet."""
    try:
        yield
    except (arrow().ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the system, not of what stands in the file
        raise _unreadable(path, "Parquet") from None


def _csv(path: Path, scorer: Scorer) -> OpenRows:
    """Read all cells as text, and each distinct one as what it says."""
    from pyarrow import csv  # noqa: PLC0415 - optional

    pa = arrow()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(standard_csv.reader(file), [])
    except (UnicodeDecodeError, standard_csv.Error):
        raise _unreadable(path, "CSV in UTF-8") from None
    use = _used(scorer, header, path, "add a header, and put commas between columns")
    wanted = [*use.used, *(name for name in scorer.ids if name not in use.used)]
    broken: list[Problem] = []

    def note(row: Any) -> str:
        found, expected = f"{row.actual_columns} cells", f"{row.expected_columns}, as in the header"
        broken.append(Problem("a row" if row.number is None else f"line {row.number}", found, expected))
        return "error"

    def parts() -> Iterator[Rows]:
        first = 0
        try:
            reader = csv.open_csv(
                path,
                read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK),
                parse_options=csv.ParseOptions(
                    newlines_in_values=True, invalid_row_handler=note,
                    ignore_empty_lines=len(header) != 1,  # of a single column an empty line is an empty cell
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted,
                    strings_can_be_null=True, null_values=[""],
                ),
            )  # fmt: skip
            for batch in reader:
                for start in range(0, batch.num_rows, scorer.slice_rows):
                    part = batch.slice(start, scorer.slice_rows)
                    cells = {name: _cells(part.column(name)) for name in use.used}
                    yield Rows(cells, [part.column(name) for name in scorer.ids], part.num_rows, first)
                    first += part.num_rows
        except pa.ArrowInvalid:
            raise AnswerError(broken) if broken else _unreadable(path, "CSV in UTF-8 with a header") from None

    return OpenRows(pa.schema([(name, pa.string()) for name in header]), parts(), None)


def _cells(column: pa.Array) -> Cells:
    """Return a column of text as what its cells say: truth values, numbers, else words."""
    coded = column.dictionary_encode()
    index = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Cells(index, [_said(text) for text in coded.dictionary.to_pylist()])


def _said(text: str) -> Any:
    """Return a cell of text as a truth value, a number, or itself.

    Examples
    --------
    >>> [_said(text) for text in ("true", "0.8", "45", "yes", "4_5")]
    [True, 0.8, 45, 'yes', '4_5']
    """
    folded = text.strip().lower()
    if folded in ("true", "false"):
        return folded == "true"
    if not _NUMERAL.fullmatch(folded):
        return text
    number = float(folded)
    return int(number) if number.is_integer() else number


def _json_lines(path: Path, scorer: Scorer) -> OpenRows:
    """Read one object per line; a key that is left out is no cell at all, null is an empty one.

    The lines are read twice, the first time for their keys: which there are must not depend on how many lines a slice has.
    """
    pa = arrow()
    names, ids = keys_of(path, scorer.ids)
    use = _used(scorer, names, path)
    types = {name: id_type(name, ids[name]) for name in scorer.ids}

    def parts() -> Iterator[Rows]:
        first = 0
        for count, keys in slices_of(path, scorer.slice_rows):
            asked = {name: keys[name].column(count) for name in use.used if name in keys}
            carried = [id_column(name, keys.get(name, Key()).cells(count), kind, first) for name, kind in types.items()]
            yield Rows(asked, carried, count, first)
            first += count

    return OpenRows(pa.schema([(name, types.get(name, pa.null())) for name in names]), parts(), None)


def _used(scorer: Scorer, names: Iterable[str], path: Path, advice: str = "") -> ColumnUse:
    """Return what becomes of the columns of a file, of which at least one has to answer a question.

    A file without a header would have a person's answers for names, and these are told in the summary.
    """
    use = scorer.columns(names)
    if not use.used:
        expected = "column names: ids of the model, age, sex, pain_severity or duration_days"
        raise AnswerError(
            [Problem(str(path), f"{len(list(names))} columns, none of which answers a question", expected, advice)]
        )
    return use


def _unreadable(path: Path, expected: str) -> AnswerError:
    """Return the error that a file is not what its ending says."""
    return AnswerError([Problem(str(path), "a file that cannot be read", expected)])
