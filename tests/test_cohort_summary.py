"""The text of a summary: what a person reads after a run."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest

from buttockpain import default_model
from buttockpain.cohort import Scorer, Summary, decoded, score_batch


def test_text_of_a_summary() -> None:
    """Counts with their shares, the most urgent first; of many names a few, and how many more there are."""
    batch = pa.record_batch(
        {"saddle_numbness": [True, False, False, False], "pain_severity": [9, 2, 2, 2], "town": list("abcd")}
    )
    summary = Summary.of([score_batch(batch)])
    lines = str(summary).splitlines()
    assert lines[0] == f"4 rows scored with {summary.model.id} {summary.model.version}"
    assert lines[1:4] == [
        "triage",
        "             0    0.0%  emergency_ambulance",
        "             1   25.0%  emergency",
    ]
    assert "             1   25.0%  severe or long-lasting pain: detailed evaluation at a hospital" in lines
    assert "             0    0.0%  flagged: a problem, no probabilities, and the triage of what was read" in lines
    flags, others = (
        summary.unasked_emergencies,
        [name for name in summary.missing if name not in summary.unasked_emergencies],
    )
    more = f"{', '.join(flags[:8])} and {len(flags) - 8} more"
    assert lines[-3] == f"warning signs of an emergency that nobody was asked about: {more}"
    assert lines[-2] == f"other questions that nobody was asked: {', '.join(others[:8])} and {len(others) - 8} more"
    assert lines[-1] == "ignored columns: town"


def test_shares_of_leading_causes_are_of_those_that_have_one() -> None:
    """Flagged rows have no leading cause, and do not make the shares of the others smaller."""
    batch = pa.record_batch({"slr_positive": ["yes", "maybe", "maybe", "maybe"], "pain_below_knee": ["yes"] * 4})
    lines = str(Summary.of([score_batch(batch, errors="flag")])).splitlines()
    assert "             3   75.0%  flagged: a problem, no probabilities, and the triage of what was read" in lines
    assert sum(line.startswith("             1  100.0%") for line in lines[lines.index("leading cause") :]) == 1


def test_text_of_a_summary_of_nobody() -> None:
    """No rows, no shares to divide by, and every name shown if there are few."""
    empty = pa.record_batch({"saddle_numbness": pa.array([], pa.bool_())})
    text = str(Summary.of([score_batch(empty)]))
    assert "  0    0.0%  emergency" in text
    assert "ignored" not in text


def test_tables_with_other_columns() -> None:
    """A question that one of the tables has was asked of somebody; a column that one ignores is ignored."""
    one = pa.record_batch({"saddle_numbness": [True], "town": ["a"]})
    other = pa.record_batch({"leg_numbness": [True], "street": ["b"]})
    summary = Summary.of(Scorer().score_batches([one, other, one]))
    assert summary.rows == 3
    assert {"saddle_numbness", "leg_numbness"}.isdisjoint(summary.missing)
    complaint = default_model().vocabulary.presenting
    assert set(summary.missing) == set(default_model().vocabulary.order) - {
        "saddle_numbness",
        "leg_numbness",
        complaint,
    }
    assert summary.ignored == ("town", "street")


def test_answers_without_dictionaries_and_tables_that_are_no_answers() -> None:
    """Plain text counts the same; a table that was not scored says so."""
    batch = pa.record_batch({"saddle_numbness": [True, False, None]})
    scored = score_batch(batch)
    assert Summary.of([decoded(scored)]) == Summary.of([scored])
    with pytest.raises(ValueError, match="without the note of a scored table"):
        Summary.of([batch])


def test_answers_of_two_models_are_not_one_cohort() -> None:
    """Probabilities of different models do not add up to anything."""
    batch = pa.record_batch({"saddle_numbness": [True]})
    other = default_model().replace({"cause.sciatica.leak": 0.2})
    with pytest.raises(ValueError, match="different models"):
        Summary.of([score_batch(batch), score_batch(batch, other)])


def test_a_scorer_does_not_travel() -> None:
    """What to do instead is said."""
    with pytest.raises(TypeError, match="scorer_of"):
        pickle.dumps(Scorer())
