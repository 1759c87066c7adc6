"""The 190 known answers of the shipped model and its numbers, as data."""

import json
from pathlib import Path

import pytest
from oracle import read_parameters

DATA = Path(__file__).parent / "data"
SHIPPED = read_parameters(DATA / "parameters.csv")
RANKED = [cause for cause in SHIPPED["causes"] if cause != "something_else"]
KNOWN = json.loads((DATA / "known_answers.json").read_text(encoding="utf-8"))
CASES = [
    pytest.param(case, id=f"{group}-{number}")
    for group in ("classic", "random")
    for number, case in enumerate(KNOWN[group])
]

# The program that made the file rounded: against exact fractions it is off by up to 6.4e-12 (random-44), while the
# oracle in floats is off by less than 1e-15.
KNOWN_TOLERANCE = 1e-10
