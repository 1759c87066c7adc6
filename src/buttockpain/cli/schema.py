"""`buttockpain schema`: the JSON Schemas of answers, of the answer, and of model files."""

from __future__ import annotations

import argparse
import json

from buttockpain.cli.answers import add_model, model_of
from buttockpain.cli.output import write
from buttockpain.differential import Differential
from buttockpain.schema import DIALECT, answers_schema

__all__ = ["register"]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "schema",
        help="print a JSON Schema",
        description="Print the JSON Schema of the answers that go in, of the differential that comes out, or of model files.",
    )
    parser.add_argument("of", choices=["answers", "differential", "model-file"])
    add_model(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    if options.of == "answers":
        schema = answers_schema(model_of(options).knowledge)
    elif options.of == "differential":
        schema = {"$schema": DIALECT, **Differential.model_json_schema(mode="serialization")}
    else:
        from buttockpain.knowledge import Knowledge  # noqa: PLC0415 - slow to build, and not needed for the others

        schema = {"$schema": DIALECT, **Knowledge.model_json_schema()}
    write(json.dumps(schema, indent=2))
    return 0
