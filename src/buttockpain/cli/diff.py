"""`buttockpain model diff A B`: what two models say differently, and whose answer changes, as Markdown."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from buttockpain.cli.output import write

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["register"]

SHIPPED = "shipped"


def register(model_commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `buttockpain model`."""
    parser = model_commands.add_parser(
        "diff",
        help="compare two models, for a pull request",
        description="Print as Markdown what two models say differently, and whose answer changes among simulated patients.",
    )
    parser.add_argument("before", type=Path, metavar="A", help=f"a model file, or `{SHIPPED}` for the shipped model")
    parser.add_argument("after", type=Path, metavar="B", help="another, or an overlay to apply to A")
    parser.add_argument("--people", type=_people, default=20_000, help="patients to simulate (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the simulation (default: 1)")
    parser.set_defaults(run=run)


def _people(text: str) -> int:
    """Return a number of patients, half of which are drawn from each model."""
    people = int(text)
    if people < 2:  # noqa: PLR2004 - one from each
        message = "expected 2 or more"
        raise argparse.ArgumentTypeError(message)
    return people


def run(options: argparse.Namespace) -> int:
    """Compare and print."""
    import numpy as np  # noqa: PLC0415 - `--help` answers without it

    from buttockpain.research.comparison import compare  # noqa: PLC0415
    from buttockpain.research.overlay import apply_overlay, is_overlay  # noqa: PLC0415

    before = _model(options.before)
    named = str(options.after) == SHIPPED
    after = _model(options.after) if named or not is_overlay(options.after) else apply_overlay(before, options.after)
    comparison = compare(before, after, people=options.people, rng=np.random.default_rng(options.seed))
    write(comparison.markdown().rstrip("\n"))
    return 0


def _model(path: Path) -> Model:
    """Return the model of a file, or the shipped one."""
    from buttockpain.model import default_model, load_model  # noqa: PLC0415

    return default_model() if str(path) == SHIPPED else load_model(path)
