"""`buttockpain interview`: one question at a time, red flags first, until asking more is unlikely to matter.

The answers are the whole state: they are kept in the file, and an interview goes on wherever the file says. The end of the
input counts as quitting, never as an answer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from buttockpain.cli.answers import add_audience, add_model, model_of, read_answers
from buttockpain.cli.output import show, write
from buttockpain.errors import AnswerError
from buttockpain.model import Model
from buttockpain.questions import Question
from buttockpain.render.text import WIDTH, report_lines

__all__ = ["register"]

_WORDS = {
    "y": "yes",
    "n": "no",
    "d": "unknown",
    "yes": "yes",
    "no": "no",
    "don't know": "unknown",
    "unknown": "unknown",
}
_HINTS = {
    "age": "whole years",
    "sex": "female or male",
    "pain_severity": "0 to 10",
    "duration_days": "days",
}
_COMMANDS = "d: don't know, s: skip, b: back, w: why, q: quit"


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "interview",
        help="ask one question at a time",
        description="Ask one question at a time, red flags first, and end in the report.",
        epilog=f"At each question: the answer, or one of {_COMMANDS}. Without FILE nothing is kept.",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="keeps the answers; an interview goes on there"
    )
    add_model(parser)
    add_audience(parser, default="patient")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Interview, and print the report of what was answered."""
    model = model_of(options)
    answers = read_answers(options.file, model) if options.file and options.file.exists() else {}
    finished = _ask_all(model, answers, options)
    write("")
    if not finished:
        kept = f" The answers are in {options.file}." if options.file else ""
        write(f"Stopped before the end.{kept} This is the answer so far.\n")
    show(report_lines(model.rank(answers), options.audience))
    return 0


def _ask_all(model: Model, answers: dict[str, Any], options: argparse.Namespace) -> bool:
    """Ask until the stop rule holds; return whether it did. `answers` grows, and the file with it."""
    asked: list[str] = []
    skipped: set[str] = set()
    write(f"Answer each question, or type {_COMMANDS}.")
    while True:
        advice = model.next_questions(answers, n=None, audience=options.audience)
        question = next((one for one in advice.questions if one.id not in skipped), None)
        if advice.stop.stop or question is None:
            write(_wrapped(f"\n{advice.stop.sentence}"))
            if not _goes_back():
                return advice.stop.stop
            word = "back"
        else:
            name, word = _ask(question, len(answers))
            if word == "skip":
                skipped.add(question.id)
                asked.append(question.id)
            elif word not in ("quit", "back") and _accept(model, answers, name, word):
                asked.append(name)
        if word == "quit":
            return False
        if word == "back" and asked:
            last = asked.pop()
            answers.pop(last, None)
            skipped.discard(last)
        _keep(options.file, answers)


def _ask(question: Question, number: int) -> tuple[str, str]:
    """Put one question; return the id that is answered, and the answer or command."""
    name = question.measure or question.id
    allowed = _HINTS.get(name, "y: yes, n: no")
    warning = "[warning sign] " if question.emergency else ""
    while True:
        write(_wrapped(f"\n{number + 1}. {warning}{question.question}"))
        print(f"   ({allowed}; {_COMMANDS.partition(',')[0]}) > ", end="", flush=True)  # noqa: T201
        line = sys.stdin.readline()
        if not line:
            write("")
            return name, "quit"
        word = line.strip().lower()
        if word == "w":
            write(_wrapped(f"   {question.why}"))
        elif word in ("q", "quit"):
            return name, "quit"
        elif word in ("b", "back"):
            return name, "back"
        elif word in ("s", "skip"):
            return name, "skip"
        elif word in ("d", "don't know", "unknown"):
            return question.id, "unknown"
        elif question.measure or word in _WORDS:
            return name, _WORDS.get(word, word) if not question.measure else word
        else:
            write(f"   Please answer with {allowed}, or {_COMMANDS}.")


def _goes_back() -> bool:
    """Offer to correct the last answer before the report: a slip must not end an interview."""
    print("   (Enter: the report, b: back) > ", end="", flush=True)  # noqa: T201
    word = sys.stdin.readline().strip().lower()
    write("")
    return word in ("b", "back")


def _accept(model: Model, answers: dict[str, Any], name: str, word: str) -> bool:
    """Add an answer if the model can read it; say what is wrong if not."""
    value: Any = word
    if name in _HINTS and name != "sex":
        try:
            value = float(word)
        except ValueError:
            value = word
        value = int(value) if isinstance(value, float) and value.is_integer() else value
    try:
        model.triage({**answers, name: value})
    except AnswerError as error:
        for problem in error.problems:
            write(f"   Please answer again: expected {problem.expected}.")
        return False
    answers[name] = value
    return True


def _keep(file: Path | None, answers: dict[str, Any]) -> None:
    """Write the answers in one step, so that a crash cannot leave half a file."""
    if file is None:
        return
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")
    os.replace(part, file)  # noqa: PTH105 - atomic on one file system


def _wrapped(text: str) -> str:
    """Return a paragraph in lines of the report's width."""
    return textwrap.fill(text, WIDTH, subsequent_indent="   ", replace_whitespace=False, break_on_hyphens=False)
