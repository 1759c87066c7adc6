"""Answers from files and options, for every command that takes them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from buttockpain.errors import AnswerError, Problem
from buttockpain.model import Model, default_model, load_model
from buttockpain.presentation import graver
from buttockpain.triage import Triage
from buttockpain.types import Audience

__all__ = ["add_answers", "add_audience", "add_model", "answers_of", "model_of", "read_answers"]

_MAX_BYTES = 1024 * 1024


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`."""
    parser.add_argument("--model", type=Path, metavar="FILE", help="a model file (default: the shipped model)")


def add_audience(parser: argparse.ArgumentParser, *, default: Audience = "clinician") -> None:
    """Add `--audience`."""
    choices = ["patient", "clinician"]
    parser.add_argument("--audience", choices=choices, default=default, help=f"who it is for (default: {default})")


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add the file and the options that hold answers."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="answers as a JSON object, or - for standard input")
    parser.add_argument("--yes", action="append", default=[], metavar="ID[,ID]", help="ids answered yes")
    parser.add_argument("--no", action="append", default=[], metavar="ID[,ID]", help="ids answered no")
    parser.add_argument("--set", action="append", default=[], metavar="ID=VALUE", help="any answer, such as age=45")


def model_of(options: argparse.Namespace) -> Model:
    """Return the model the options name."""
    return default_model() if options.model is None else load_model(options.model)


def answers_of(options: argparse.Namespace, model: Model) -> dict[str, Any]:
    """Return the answers of the file and the options together.

    Raises
    ------
    AnswerError : the input is no JSON object, or answers an id twice; all problems at once, those of the model
        included, with the triage of what could be read.
    """
    problems: list[Problem] = []
    answers = _from_file(options.file, problems) if options.file else {}
    given = [
        (name.strip(), word)
        for word in ("yes", "no")
        for names in getattr(options, word)
        for name in names.split(",")
        if name.strip()
    ]
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            problems.append(Problem("--set", "a value without `=`", "ID=VALUE, such as age=45"))
        else:
            given.append((name.strip(), _value(value.strip())))
    for name, answer in given:
        _add(answers, name, answer, problems)
    return _checked(answers, problems, model)


def read_answers(file: Path, model: Model) -> dict[str, Any]:
    """Return the answers of a file; errors as for `answers_of`."""
    problems: list[Problem] = []
    answers = _from_file(str(file), problems)
    return _checked(answers, problems, model)


def _checked(answers: dict[str, Any], problems: list[Problem], model: Model) -> dict[str, Any]:
    """Return the answers, or raise all their problems with the triage of what could be read."""
    if not problems:
        return answers
    triage: Triage | None
    try:
        triage = model.triage(answers)
    except AnswerError as error:
        problems.extend(error.problems)
        triage = error.triage
    raise AnswerError(problems, triage)


def _add(answers: dict[str, Any], name: str, answer: Any, problems: list[Problem]) -> None:
    """Add an answer; of two answers to one question the graver is kept, so that the triage cannot miss it."""
    if name in answers:
        problems.append(Problem(name, "two answers", "one answer", "remove one of them"))
        answer = graver(answers[name], answer)
    answers[name] = answer


def _from_file(name: str, problems: list[Problem]) -> dict[str, Any]:
    """Return the JSON object of a file or of standard input."""
    if name == "-":
        content = sys.stdin.buffer.read(_MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        problems.append(Problem(name, f"more than {_MAX_BYTES:,} bytes", f"at most {_MAX_BYTES:,}"))
        return {}

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for key, value in pairs:
            _add(answers, key, value, problems)
        return answers

    try:
        answers = json.loads(content.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "its bytes"
        problems.append(Problem(name, f"no JSON at {place}", 'a JSON object such as {"low_back_pain": "yes"}'))
        return {}
    if not isinstance(answers, dict):
        problems.append(Problem(name, f"a JSON {type(answers).__name__}", "a JSON object from id to answer"))
        return {}
    return answers


def _value(text: str) -> Any:
    """Return a value of the command line: a number where it is one, the word otherwise."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
