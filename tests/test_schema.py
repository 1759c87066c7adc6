"""The published JSON Schemas are current and say what the library does."""

import json
from pathlib import Path

import pytest

import buttockpain as bp
from buttockpain.cli import main

FOLDER = Path(__file__).parents[1] / "docs" / "schema"


@pytest.mark.parametrize("name", ["answers", "differential", "model-file"])
def test_the_published_schema_is_current(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/schema holds what `buttockpain schema` prints; make it anew with that command."""
    assert main(["schema", name]) == 0
    assert capsys.readouterr().out == (FOLDER / f"{name}.json").read_text()


def test_the_answers_schema_names_every_question_and_nothing_else() -> None:
    """Properties are exactly what `rank` knows."""
    properties = json.loads((FOLDER / "answers.json").read_text())["properties"]
    model = bp.default_model()
    assert set(properties) == set(model.vocabulary.order)
    for name, entry in properties.items():
        for answer in entry.get("enum", []):
            model.rank({name: answer})
    with pytest.raises(bp.AnswerError):
        model.rank({"no_such_question": "yes"})
