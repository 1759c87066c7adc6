"""The command line: `buttockpain rank`, `buttockpain model`, and what the wings add.

Exit codes: 0 answered; 2 bad input (usage, answers, files, models), with everything wrong in one message on standard
error; 1 a defect of the program. A traceback is shown only with `--debug`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from buttockpain.cli import cohort, interview, model, rank, schema
from buttockpain.cli.output import show
from buttockpain.errors import AnswerError, ButtockpainError, ImpossibleEvidenceError
from buttockpain.render.text import triage_lines
from buttockpain.version import __version__

__all__ = ["main"]

ANSWERED, DEFECT, BAD_INPUT = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.debug:
        return int(options.run(options))
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`| head`); point standard output elsewhere, or the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ANSWERED
    except KeyboardInterrupt:
        return 130
    except ButtockpainError as error:
        _tell_triage(error)
        print(f"buttockpain: {error}", file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    except OSError as error:
        print(f"buttockpain: {error.strerror or error}: {error.filename or 'input'}", file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    except Exception as error:  # noqa: BLE001 - a person at a terminal gets a sentence, not a traceback
        print(  # noqa: T201
            f"buttockpain: a defect of the program ({type(error).__name__}); run again with --debug and report it",
            file=sys.stderr,
        )
        return DEFECT
    return code


def _tell_triage(error: ButtockpainError) -> None:
    """Print the triage of the answers that could be read: a misspelt question must not hide an emergency."""
    triage = error.triage if isinstance(error, AnswerError | ImpossibleEvidenceError) else None
    if triage is not None and triage.level >= "consultation_24h":
        show(triage_lines(triage, "patient"), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    """Return the whole command line."""
    parser = argparse.ArgumentParser(
        prog="buttockpain",
        description="Rank the causes of buttock pain, safety first. Decision support and research, not a diagnosis.",
        epilog="Exit codes: 0 answered, 2 bad input, 1 a defect of the program.",
    )
    parser.add_argument("--version", action="version", version=f"buttockpain {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (rank, interview, cohort, model, schema):
        command.register(commands)
    return parser
