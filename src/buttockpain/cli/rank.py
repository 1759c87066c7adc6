"""`buttockpain rank`: one person's answers in, triage and ranking out."""

from __future__ import annotations

import argparse

from buttockpain.cli.answers import add_answers, add_audience, add_model, answers_of, model_of
from buttockpain.cli.output import show, write
from buttockpain.render.text import report_lines

__all__ = ["register"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "rank",
        help="rank the causes for one person",
        description="Decide the urgency and rank the causes, given one person's answers.",
        epilog="Example: buttockpain rank --yes low_back_pain,leg_numbness --no saddle_numbness --set pain_severity=6",
    )
    add_answers(parser)
    add_model(parser)
    add_audience(parser)
    parser.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Rank and print."""
    model = model_of(options)
    answer = model.rank(answers_of(options, model))
    if options.json:
        write(answer.model_dump_json(indent=2))
    else:
        show(report_lines(answer, options.audience))
    return 0
