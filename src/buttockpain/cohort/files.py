"""Files in, files out: streamed, in constant memory, and written as a whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from buttockpain.cohort.readers import FORMATS, open_rows
from buttockpain.cohort.rows import Rows
from buttockpain.cohort.scorer import Scorer
from buttockpain.cohort.summary import Summary, Tally
from buttockpain.cohort.writers import open_writer
from buttockpain.errors import AnswerError, Problem

__all__ = ["score_file", "whole_or_nothing"]


def score_file(
    source: str | Path, target: str | Path, scorer: Scorer, *, told: Callable[[int, int | None], object] | None = None
) -> Summary:
    """Score one file into another, and return the summary.

    Parameters
    ----------
    source, target : Parquet, CSV, or JSON with one object per line, by their ending. In CSV an empty cell is empty,
        true and false are booleans, and numerals are numbers; in JSON null is an empty cell, and a question that is
        left out was not asked, whatever empty cells mean.
    told : called now and then with the number of rows scored so far, and of all rows where the format says it.

    Raises
    ------
    AnswerError : the file cannot be read, is the target, or as for `Scorer.score_batch`; the target is then as it was.
    OSError : a file cannot be opened or written.
    """
    source, target = Path(source), Path(target)
    problems = [Problem(str(path), f"the ending {path.suffix or '(none)'}", " ".join(FORMATS))
                for path in (source, target) if path.suffix.lower() not in FORMATS]  # fmt: skip
    if not problems and source.exists() and target.exists() and target.samefile(source):
        problems = [Problem(str(target), "the file that is read", "another file", "the people in it would be lost")]
    if problems:
        raise AnswerError(problems)
    rows = open_rows(source, scorer)
    schema = scorer.schema(rows.schema)
    tally, done = Tally(schema), 0

    def parts() -> Iterator[Rows]:
        try:
            yield from rows.parts
        except OSError as error:
            raise _of(error, source) from None

    with whole_or_nothing(target) as path, open_writer(path, target.suffix.lower(), schema) as write:
        for batch in scorer.score_parts(parts(), schema):
            write(batch)
            tally.add(batch)
            done += batch.num_rows
            if told is not None:
                told(done, rows.size)
    return tally.summary()


@contextmanager
def whole_or_nothing(target: Path) -> Iterator[Path]:
    """Give a path to write to, and put what was written in place of the target if all went well.

    The path is in the folder of the target, hidden, and ends in `.partial`: a run that is killed leaves that behind,
    which nobody takes for a result, and the target as it was. An error of the system that names no other file names
    the target.
    """
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    # Two machines with one folder may run the same process number.
    partial = target.with_name(f".{target.name}.{uuid4().hex}.partial")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        if error.filename in (None, str(partial)):
            raise _of(error, target) from None
        raise
    finally:
        with suppress(OSError):  # as where the folder is a file: what went wrong was told already
            partial.unlink()


def _of(error: OSError, path: Path) -> OSError:
    """Return an error of the system as one that names a file; libraries name none, or put it into the sentence."""
    return OSError(error.errno, os.strerror(error.errno) if error.errno else str(error), str(path))
