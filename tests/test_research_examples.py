"""The examples of the research bench print what they show at their end."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize(
    "name", ["your_clinics_population", "compare_two_models", "fit_to_your_cases", "hand_it_to_pgmpy"]
)
def test_an_example_prints_what_it_shows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The comment block at the end of the script is its output, line by line."""
    path = EXAMPLES / f"{name}.py"
    shown = path.read_text().partition("# Output:\n#\n")[2]
    assert shown
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out.rstrip("\n").splitlines()
    assert [line.rstrip() for line in printed] == [
        line.removeprefix("#").removeprefix("   ") for line in shown.splitlines()
    ]
