"""People for the cohort tests: random answers as rows, and the same as Arrow columns of every encoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pyarrow as pa

from buttockpain import AnswerError, ImpossibleEvidenceError, Model

Row = Mapping[str, Any]

BAD: Mapping[str, Sequence[Any]] = {
    "age": [121, 45.5, -1], "sex": ["both"], "pain_severity": [11, -0.5, float("nan")], "duration_days": [-3, 1e9],
}  # fmt: skip
BAD_ANSWERS = ("perhaps", "", "0.8", 2, -1, 1.5, -0.25, float("nan"))


def people(rng: Random, model: Model, count: int, *, soft: float = 0.1, bad: float = 0.0) -> list[dict[str, Any]]:
    """Return random answers, a share of them soft, and a share of rows with something bad or contradicting."""
    return [person(rng, model, soft=soft, bad=rng.random() < bad) for _ in range(count)]


def person(rng: Random, model: Model, *, soft: float = 0.1, bad: bool = False) -> dict[str, Any]:
    """Return one person's random answers; all, most, some or none of the questions are answered."""
    vocabulary = model.vocabulary
    share, present = rng.choice([0, 0.2, 0.7, 0.95, 1]), rng.choice([0.02, 0.3, 0.6])
    answers: dict[str, Any] = {}
    for name in vocabulary.order:
        if name == vocabulary.presenting or rng.random() > share:
            continue
        if name == "age":
            answers[name] = rng.randint(0, 120)
        elif name == "sex":
            answers[name] = rng.choice(["female", "male", "unknown", " Male"])
        elif name == "pain_severity":
            answers[name] = rng.choice([rng.uniform(0, 10), rng.randint(0, 10)])
        elif name == "duration_days":
            answers[name] = rng.randint(0, 200)
        elif name in vocabulary.states:
            answers[name] = rng.choice([*vocabulary.states[name], "unknown"])
        elif rng.random() < soft:
            answers[name] = rng.choice([rng.random(), 0.5, 1e-9, 1 - 1e-9])
        elif rng.random() < 0.05:
            answers[name] = "unknown"
        else:
            answers[name] = "yes" if rng.random() < present else "no"
    if bad:
        name = rng.choice([*BAD, *(n for n in vocabulary.order if n not in BAD and n not in vocabulary.states)])
        answers[name] = rng.choice(BAD.get(name, BAD_ANSWERS))
    else:
        _without_clashes(model, answers)
    return answers


def _without_clashes(model: Model, answers: dict[str, Any]) -> None:
    """Drop what would contradict age, sex or a measure; an unclear answer beside them stays."""
    vocabulary = model.vocabulary
    beside = {"age": [name for name, *_ in vocabulary.age_filled], "sex": [name for name, _ in vocabulary.sex_filled]}
    for name in [name for source, names in beside.items() if source in answers for name in names]:
        if answers.get(name) != "unknown":
            answers.pop(name, None)
    for name, threshold in vocabulary.thresholds:
        if threshold.measure in answers and answers.get(name) in ("yes", "no"):
            answers.pop(name)


def column(rng: Random, values: Sequence[Any]) -> pa.Array:
    """Return a column in a random encoding that can hold all its values; None is an empty cell."""
    present = [value for value in values if value is not None]
    texts = all(isinstance(value, str) for value in present)
    words = texts and {word.strip().lower() for word in present} <= {"yes", "no"}
    encodings: list[pa.DataType] = []
    if texts:
        plain = pa.array(values, pa.string())
        coded = plain.dictionary_encode()
        unsigned = pa.DictionaryArray.from_arrays(coded.indices.cast(pa.uint32()), coded.dictionary)
        encodings = [plain, coded, unsigned, plain.cast(pa.large_string()), plain.cast(pa.string_view())]
    if words:
        numbers = [None if value is None else value.strip().lower() == "yes" for value in values]
        bits = pa.array(numbers, pa.bool_())
        kinds = (pa.int8(), pa.uint8(), pa.int64(), pa.float32(), pa.float64(), pa.float16())
        encodings += [
            bits,
            bits.dictionary_encode(),
            *(pa.array([x if x is None else int(x) for x in numbers], kind) for kind in kinds),
        ]
    if not texts:
        as_numbers = [{"yes": 1.0, "no": 0.0}.get(value, value) for value in values]
        if not any(isinstance(value, str) for value in as_numbers):
            floats = pa.array(as_numbers, pa.float64())
            encodings += [floats, floats.dictionary_encode()]
    if not present:
        encodings.append(pa.nulls(len(values)))
    chosen = rng.choice(encodings)
    # A slice of a longer column, so that values do not start at the first bit of a buffer.
    before = rng.randint(0, 9)
    return pa.concat_arrays([chosen[:1]] * before + [chosen])[before if len(chosen) else 0 :] if len(chosen) else chosen


def columns(rng: Random, rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows as columns of random encodings.

    A column whose answers no Arrow type can hold together (words and numbers) is split over the rows: words become
    numbers where they can, and are left out where not.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    made = {}
    for name in names:
        values = [row.get(name) for row in rows]
        made[name] = column(rng, values)
    return pa.record_batch(made)


def homogeneous(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with answers dropped that cannot stand in one Arrow column with the others of their question."""
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row[name] for row in rows if name in row]
        numeric = any(isinstance(value, int | float) for value in values)
        for row in rows:
            if numeric and isinstance(row.get(name), str) and row[name] not in ("yes", "no"):
                del row[name]
    return rows


def told(model: Model, row: Row) -> dict[str, Any]:
    """Return what `rank` says of one row, in the columns of a scored table."""
    ranked = [name for name, is_ranked in zip(model.network.causes, model.network.ranked, strict=True) if is_ranked]
    try:
        answer = model.rank(dict(row))
    except (AnswerError, ImpossibleEvidenceError) as error:
        triage = error.triage
        assert triage is not None
        numbers = dict.fromkeys(
            [*(f"probability_{name}" for name in ranked), "none_of_these", "log_evidence", "poor_fit", "leading_cause"]
        )
        problem = True
    else:
        triage = answer.triage
        numbers = {f"probability_{cause.id}": cause.probability for cause in answer.causes}
        numbers |= {
            "none_of_these": answer.none_of_these,
            "log_evidence": answer.fit.log_evidence,
            "poor_fit": answer.fit.poor,
            "leading_cause": answer.leading,
        }
        problem = False
    return {
        **numbers, "triage_level": triage.level.value, "urgency": triage.level.rank, "reasons": len(triage.reasons),
        "override": triage.override is not None, "problem": problem, "model_fingerprint": model.fingerprint,
    }  # fmt: skip


def assert_same(model: Model, rows: Sequence[Row], scored: pa.RecordBatch) -> None:
    """Hold every scored row against `rank`: numbers to 1e-12, everything else exactly."""
    assert scored.num_rows == len(rows)
    for row, mine in zip(rows, scored.to_pylist(), strict=True):
        expected = told(model, row)
        mine["problem"] = mine["problem"] is not None
        assert mine.keys() == expected.keys()
        for name, value in expected.items():
            if isinstance(value, float):
                assert abs(mine[name] - value) <= 1e-12 * max(1.0, abs(value)), name
            else:
                assert mine[name] == value, (name, row)
