"""`buttockpain model`: look at a model file, check it, list its numbers."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from buttockpain.cli import diff
from buttockpain.cli.output import write
from buttockpain.errors import ModelError, Problem, nearest
from buttockpain.model import Model, ParameterRow, default_model, load_model

__all__ = ["register"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its sub-commands."""
    parser = commands.add_parser("model", help="show, check or list a model", description="Look at a model file.")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    show = kinds.add_parser("show", help="what the model is, or everything about one id")
    show.add_argument("id", nargs="?", help="a cause, risk factor or finding")
    _add_file(show)
    show.set_defaults(run=run_show)

    check = kinds.add_parser("check", help="check a model file and prove its safety promises")
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a model file (default: the shipped model)")
    check.set_defaults(run=run_check)

    diff.register(kinds)

    parameters = kinds.add_parser("parameters", help="every number with its range, basis and references")
    parameters.add_argument("match", nargs="?", default="", help="only paths that contain this")
    parameters.add_argument("--format", choices=["text", "csv", "json"], default="text")
    _add_file(parameters)
    parameters.set_defaults(run=run_parameters)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="FILE", help="a model file (default: the shipped model)")


def _model(path: Path | None) -> Model:
    return default_model() if path is None else load_model(path)


def run_check(options: argparse.Namespace) -> int:
    """Load a model, which checks and verifies it, and say what was proved."""
    model = _model(options.file)
    about, proved = model.knowledge.model, model.verify()
    numbers = len(model.parameters())
    write(f"{about.id} {about.version}: sound, {numbers} numbers, fingerprint {model.fingerprint}")
    write(
        f"safety promises proved over {proved.total:,} cases: {proved.flag_states:,} red-flag states, "
        f"{proved.flag_pairs:,} pairs of red flags, {proved.rule_cases:,} rule inputs, "
        f"{proved.measure_steps:,} steps of pain, duration and age"
    )
    return 0


def run_show(options: argparse.Namespace) -> int:
    """Describe the model, or one of its parts."""
    model = _model(options.model)
    write(_part(model, options.id) if options.id else _overview(model))
    return 0


def _overview(model: Model) -> str:
    """Return the model in a screenful."""
    knowledge = model.knowledge
    about = knowledge.model
    kinds = Counter(finding.kind for finding in knowledge.finding.values())
    findings = ", ".join(f"{count} {knowledge.kind[kind].label}" for kind, count in kinds.items())
    rules, numbers = len(knowledge.triage.rule), len(model.parameters())
    lines = [
        f"{about.id} {about.version} ({about.date}), fingerprint {model.fingerprint}",
        about.title, "",
        f"Population: {about.population}", f"Intended use: {about.intended_use}", f"Not for: {about.not_for}", "",
        "Causes (prior given the complaint):",
        *(f"  {name:<26} {model.prior.cause[axis, 0]:>5.1%}  {cause.label}{'' if cause.ranked else ' (not ranked)'}"
          for axis, (name, cause) in enumerate(knowledge.cause.items())),
        f"  {'none of the ranked causes':<26} {model.prior.none_of_these[0]:>5.1%}", "",
        f"{len(knowledge.risk_factor)} risk factors; {len(knowledge.finding)} findings: {findings}",
        f"{rules} combination rules, {numbers} numbers, {len(knowledge.reference)} references", "",
        "Weakest points:", *(f"  - {limit}" for limit in about.limits),
    ]  # fmt: skip
    return "\n".join(lines)


def _part(model: Model, name: str) -> str:
    """Return everything about one cause, risk factor or finding, with its numbers.

    Raises
    ------
    ModelError : there is no such id.
    """
    knowledge = model.knowledge
    if name in knowledge.cause:
        section, label, text = "cause", knowledge.cause[name].label, knowledge.cause[name].definition
    elif name in knowledge.risk_factor:
        section, label, text = "risk_factor", knowledge.risk_factor[name].label, knowledge.risk_factor[name].question
    elif name in knowledge.finding:
        section, label, text = "finding", knowledge.finding[name].label, knowledge.finding[name].question
    else:
        hint = nearest(name, [*knowledge.cause, *knowledge.risk_factor, *knowledge.finding])
        raise ModelError("model show", [Problem(name, "no such id", "a cause, risk factor or finding", hint)])
    lines = [f"{section}.{name}: {label}", f"  {text}"]
    flag = knowledge.finding[name].red_flag if section == "finding" else None
    if flag is not None:
        lines.append(f"  red flag: {flag.level}, {flag.reason}")
    end = re.compile(rf"(^{section}\.|\.link\.){name}(\.|$)")
    return "\n".join([*lines, *(_row_text(row) for row in model.parameters() if end.search(row.path))])


def _row_text(row: ParameterRow) -> str:
    """Return one number as a line, its note beneath."""
    note = f"\n      {row.note}" if row.note else ""
    return f"  {row.path} = {row.value:g} ({row.low:g} to {row.high:g}), {row.basis}{note}"


def run_parameters(options: argparse.Namespace) -> int:
    """List the numbers."""
    rows = [row for row in _model(options.model).parameters() if options.match in row.path]
    if options.format == "json":
        write(json.dumps([asdict(row) for row in rows], indent=2))
    elif options.format == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["path", "value", "low", "high", "basis", "reference", "note"])
        for row in rows:
            writer.writerow([row.path, row.value, row.low, row.high, row.basis, " | ".join(row.reference), row.note])
    else:
        for row in rows:
            write(_row_text(row))
    return 0
