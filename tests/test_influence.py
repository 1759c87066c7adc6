"""Influence: which numbers an answer hangs on, in words, with their sources and how good these are."""

from typing import Any

import pytest
from enumeration import PEOPLE
from small_models import parameter, small_model

from buttockpain import Model, ModelError, default_model, model_file
from buttockpain.research.influence import Grade, Influence, describe, influences
from buttockpain.research.parameters import table_of
from buttockpain.research.sensitivity import tornado

MODEL = default_model()
DISC = PEOPLE["a disc"]


def with_leak(**more: Any) -> Model:
    """Return a small model whose uncertainty is all in one number, the leak of `strain`."""
    data = small_model()
    everything = [data["cause"], data["finding"], data["risk_factor"]]
    while everything:
        entry = everything.pop()
        if "value" in entry:
            entry["low"] = entry["high"] = entry["value"]
        everything += [one for one in entry.values() if isinstance(one, dict)]
    data["cause"]["strain"]["leak"] = parameter(0.05, **more)
    data["reference"]["2"] = {"text": "Another. A book.", "status": "R", "used_for": "tests"}
    return Model.of(model_file.from_data(data))


def test_shares_are_of_the_whole() -> None:
    """Largest first; over all numbers they sum to 1, and a few are most of it."""
    everything = influences(MODEL, DISC, top=1000)
    shares = [one.share for one in everything]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert influences(MODEL, DISC) == everything[:5]
    assert sum(shares[:5]) > 0.5


def test_the_leading_outcome_is_asked_about_unless_another_is_named() -> None:
    """Whatever leads, a cause or none of them."""
    assert {one.outcome for one in influences(MODEL, DISC)} == {MODEL.rank(DISC).leading}
    assert {one.outcome for one in influences(MODEL)} == {"none_of_these"}
    assert {one.outcome for one in influences(MODEL, DISC, outcome="fasciitis")} == {"fasciitis"}
    with pytest.raises(ModelError, match="did you mean `fasciitis`"):
        influences(MODEL, DISC, outcome="fascitis")


def test_ends_are_those_of_the_tornado() -> None:
    """Probabilities at the ends of the range are the exact ones."""
    rows = {row.path: row for row in tornado(MODEL, DISC, outcome="sciatica")}
    for one in influences(MODEL, DISC, outcome="sciatica"):
        row = rows[one.path]
        assert (one.at_low, one.at_high, one.at_value) == pytest.approx((row.at_low, row.at_high, row.at_value))


def test_sources_are_those_of_the_model_file() -> None:
    """Basis, references in full and note of every number are passed on."""
    parameters = {row.path: row for row in MODEL.parameters()}
    for one in influences(MODEL, DISC, top=20):
        row = parameters[one.path]
        assert (one.basis, one.reference, one.note) == (row.basis, row.reference, row.note)


@pytest.mark.parametrize(
    ("basis", "ref", "grade"),
    [
        ("fitted", [], "fitted to cases"),
        ("literature", [1], "from a source that was read"),
        ("literature", [1, 2], "from a source that was read"),
        ("literature", [2], "from a source that was not read again"),
        ("founding document", [1], "named by the founding document, its size by judgement"),
        ("judgement", [2], "judgement, informed by a source"),
        ("judgement", [], "judgement alone"),
        ("edited", [1], "edited, basis not given"),
    ],
)
def test_grades(basis: str, ref: list[int], grade: Grade) -> None:
    """How good a basis is follows from its kind and from whether its sources were read."""
    (only,) = influences(with_leak(basis=basis, ref=ref))
    assert (only.grade, only.share) == (grade, 1)


def test_a_model_without_uncertainty_has_no_influences() -> None:
    """Where every number is known nothing is uncertain, and nothing is divided by it."""
    assert influences(with_leak(low=0.05, high=0.05)) == ()


def test_the_sentence_says_it_all() -> None:
    """What the number is, its range, its basis, what it does and how much of the uncertainty it is."""
    (only,) = influences(with_leak(low=0.01, high=0.2, basis="judgement", ref=[]), outcome="strain")
    assert only.sentence == (
        "How common strain is without its listed risk factors and causes: 0.05, plausibly 0.01 to 0.2 (judgement alone). "
        f"Over that range strain goes from {only.at_low:.0%} to {only.at_high:.0%}; it makes up 100% of the uncertainty."
    )
    assert Influence.model_validate_json(only.model_dump_json()) == only


def test_probabilities_in_a_sentence_are_capped() -> None:
    """No sentence shows a probability as certain."""
    (only,) = influences(with_leak(low=1e-5, high=0.999999), {"tender": "no", "heavy_work": "no"}, outcome="strain")
    assert only.at_high > 0.99
    assert "goes from under 1% to over 95%" in only.sentence


def test_every_number_has_a_meaning_in_words() -> None:
    """Each path of the shipped model reads as a sentence of its own."""
    meanings = [describe(MODEL.knowledge, path) for path in table_of(MODEL).paths]
    assert len(set(meanings)) == len(meanings)
    assert all(meaning.startswith(("How common ", "How often ")) and "_" not in meaning for meaning in meanings)
