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
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    form.add_argument("--markdown", action="store_true", help="print the report as Markdown")
    form.add_argument("--html", action="store_true", help="print the report as one HTML page")
    parser.add_argument("--full", action="store_true", help="add why the leading cause leads, and what to ask next")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Rank and print."""
    model = model_of(options)
    answers = answers_of(options, model)
    answer = model.rank(answers)
    if options.json:
        write(answer.model_dump_json(indent=2))
        return 0
    explanation = questions = None
    if options.full:
        explanation = model.explain(answers, answer.leading or "none_of_these")
        questions = model.next_questions(answers, audience=options.audience)
    if options.markdown:
        write(answer.to_markdown(options.audience, explanation=explanation, questions=questions))
    elif options.html:
        write(answer.to_html(options.audience, explanation=explanation, questions=questions))
    else:
        show(report_lines(answer, options.audience, explanation=explanation, questions=questions))
    return 0
