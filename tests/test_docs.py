"""Docs and examples are run: no code block is skipped, no example is stale."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "models").glob("*.md"))]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_python_block_of_a_page_is_run(page: Path) -> None:
    """The runner finds each fence; no fence has a name that it would pass over."""
    text = page.read_text()
    fences = re.findall(r"^```(\w+)", text, re.MULTILINE)
    assert set(fences) <= {"python", "toml", "json", "sql", "mermaid", "text"}, (
        "fences the runner would pass over in silence"
    )
    document = Sybil(parsers=[PythonCodeBlockParser()], pattern="*.md").parse(page)
    assert len({example.line for example in document.examples()}) >= fences.count("python")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Each relative link of a page names a file of the project."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(script: Path) -> None:
    """Each example runs by itself, without a warning, and prints something."""
    result = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()
