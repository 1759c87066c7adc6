"""`buttockpain cohort`: a file of people in, a file of answers out."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from buttockpain.cli.answers import add_model, model_of
from buttockpain.cli.output import write

if TYPE_CHECKING:
    from buttockpain.cohort import Scorer

__all__ = ["register"]

Told = Callable[[int, int | None], object]

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "cohort",
        help="score a file of people",
        description="Score a file, one person per row, and write triage and probabilities of each to another file. "
        "Parquet, CSV, or JSON with one object per line (.ndjson, .jsonl), told by the ending. Columns are found by "
        "name: ids of the model, and age, sex, pain_severity, duration_days. A cell is yes, no, unknown, true, false, or a "
        "number from 0 to 1; an empty one, and null, was not asked. The result appears only when it is whole.",
        epilog="Example: buttockpain cohort visits.parquet scored.parquet --id visit_id --flag",
    )
    parser.add_argument("source", metavar="IN", help="the file to read")
    parser.add_argument("target", metavar="OUT", help="the file to write")
    add_model(parser)
    parser.add_argument(
        "--id", action="append", default=[], metavar="COLUMN", help="a column to carry through; can be repeated"
    )
    parser.add_argument("--flag", action="store_true", help="flag rows that cannot be read, and go on")
    parser.add_argument("--strict", action="store_true", help="refuse columns that the model does not know")
    parser.add_argument("--nulls-unknown", action="store_true", help="an empty cell was asked, and is not known")
    parser.add_argument("--threads", type=int, metavar="N", help="workers; all processors if left out")
    parser.add_argument("--memory", type=_bytes, default=2**29, metavar="SIZE", help="such as 512M, the default")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run, refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Score the file and print the summary."""
    from buttockpain.cohort import score_file  # noqa: PLC0415 - the wing is loaded only when it is used

    scorer = _scorer(options)
    with _progress() as told:
        summary = score_file(options.source, options.target, scorer, told=told)
    write(summary.model_dump_json(indent=2) if options.json else str(summary))
    return 0


def _scorer(options: argparse.Namespace) -> Scorer:
    """Return the scorer of the options."""
    from buttockpain.cohort import Scorer  # noqa: PLC0415

    model = model_of(options)
    try:
        scorer = Scorer(
            model,
            ids=options.id,
            strict=options.strict,
            errors="flag" if options.flag else "raise",
            nulls="unknown" if options.nulls_unknown else "not asked",
            threads=options.threads,
            memory=options.memory,
        )
    except ValueError as error:
        options.refuse(str(error))
        raise
    return scorer


def _bytes(text: str) -> int:
    """Return a size such as 512M in bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?", text.strip().upper())
    if found is None:
        message = f"{text!r} is no size such as 512M or 1.5G"
        raise argparse.ArgumentTypeError(message)
    return int(float(found[1]) * _UNITS[found[2]])


@contextmanager
def _progress() -> Iterator[Told | None]:
    """Show how far it is on standard error, where that is a terminal and `rich` is installed."""
    try:
        from rich.console import Console  # noqa: PLC0415 - optional
        from rich.progress import Progress  # noqa: PLC0415
    except ImportError:
        yield None
        return
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring", total=None)
        yield lambda done, size: progress.update(task, completed=done, total=size)
