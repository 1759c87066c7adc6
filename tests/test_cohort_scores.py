"""A scored table says of every row what `rank` says of that person: numbers, triage, what leads, what is wrong."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cohorts import assert_same, columns, homogeneous, people
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import RiskFactor
from small_models import small_model
from strategies import Answers, answers, cases, model_from, model_of, seeded_network

from buttockpain import AnswerError, Model, ModelError, default_model
from buttockpain.checks import MAX_STATES
from buttockpain.cohort import Scorer

ONE: dict[str, Any] = {"threads": 1, "memory": 2**28}


@pytest.fixture(scope="module")
def flagging() -> Scorer:
    """Return a scorer of the shipped model that flags bad rows."""
    return Scorer(errors="flag", threads=1)


@pytest.mark.parametrize("seed", range(12))
def test_every_row_is_ranked(seed: int, flagging: Scorer) -> None:
    """Random people, columns of every encoding, virtual evidence, answers from almost none to all: as `rank` says."""
    rng = Random(seed)
    model = default_model()
    rows = homogeneous(people(rng, model, 120, soft=rng.choice([0.0, 0.02, 0.5])))
    assert_same(model, rows, flagging.score_batch(columns(rng, rows)))


@pytest.mark.parametrize("seed", range(12))
def test_bad_rows_are_flagged_like_rank(seed: int, flagging: Scorer) -> None:
    """What cannot be read, and what contradicts itself, has the triage that `rank`'s error carries, and no numbers."""
    rng = Random(100 + seed)
    model = default_model()
    rows = homogeneous(people(rng, model, 80, soft=0.0, bad=0.5))
    scored = flagging.score_batch(columns(rng, rows))
    assert_same(model, rows, scored)
    assert 5 < scored.num_rows - scored.column("problem").null_count < 75


@given(st.lists(answers(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_anything_that_can_be_answered(flagging: Scorer, rows: list[Answers], rng: Random) -> None:
    """Hypothesis finds no answers that a table and `rank` see differently."""
    some: list[dict[str, Any]] = homogeneous([dict(row) for row in rows])
    assert_same(default_model(), some, flagging.score_batch(columns(rng, some)) if any(some) else _nobody(len(some)))


def _nobody(size: int) -> pa.RecordBatch:
    """Return the scores of people of whom nothing is known."""
    return Scorer(**ONE).score_batch(pa.record_batch({"none": pa.nulls(size)}))


@settings(max_examples=40)
@given(cases(), st.randoms(use_true_random=False))
def test_small_networks_with_extreme_numbers(case: Any, rng: Random) -> None:
    """Networks of every shape, probabilities within 1e-9 of certainty, several-state risk factors, virtual evidence."""
    network, ranked, evidence = case
    model = model_of(network, ranked)
    rows: list[dict[str, Any]] = homogeneous([dict(evidence), {}, dict(evidence)])
    batch = columns(rng, rows) if any(rows) else pa.record_batch({"none": pa.nulls(3)})
    assert_same(model, rows, Scorer(model, errors="flag", **ONE).score_batch(batch))


@pytest.mark.parametrize(("causes", "risk_factors", "findings"), [(1, 0, 1), (3, 40, 5), (7, 6, 30), (10, 9, 12)])
def test_networks_of_every_size(causes: int, risk_factors: int, findings: int) -> None:
    """Few causes and many, more risk factors than a table of answers can hold."""
    rng = Random(causes)
    model = model_of(seeded_network(causes, causes=causes, risk_factors=risk_factors, findings=findings))
    rows = homogeneous(people(rng, model, 30))
    assert_same(model, rows, Scorer(model, errors="flag", **ONE).score_batch(columns(rng, rows)))


def test_risk_factors_of_many_states() -> None:
    """As many states as a risk factor may have, each answered; one more is refused when the model is read."""
    plain = seeded_network(2, causes=2, risk_factors=1, findings=2)

    def model(size: int) -> Model:
        states = [f"s{number}" for number in range(size)]
        factor: RiskFactor = {"states": states, "base": dict.fromkeys(states, 1 / size)}
        links = {"c0": {("r0", state): number / (2 * size) for number, state in enumerate(states) if number}, "c1": {}}
        return model_of({**plain, "risk_factors": {"r0": factor}, "cause_link": links})

    largest = model(MAX_STATES)
    rows: list[dict[str, Any]] = [{"r0": f"s{number}"} for number in range(MAX_STATES)]
    assert_same(largest, rows, Scorer(largest, **ONE).score_batch(pa.RecordBatch.from_pylist(rows)))
    with pytest.raises(ModelError, match=f"found {MAX_STATES + 1} states; expected at most {MAX_STATES}"):
        model(MAX_STATES + 1)


def test_products_too_small_for_a_float() -> None:
    """Sixty risk factors of one in a million: the product of all probabilities is below the smallest float."""
    network = seeded_network(3, causes=3, risk_factors=60, findings=4)
    rare: RiskFactor = {"states": ["no", "yes"], "base": {"no": 1 - 1e-6, "yes": 1e-6}}
    factors = dict.fromkeys(network["risk_factors"], rare)
    links = {c: {(p, "yes"): v for (p, s), v in some.items() if s == "yes" or p in network["causes"]}
             for c, some in network["cause_link"].items()}  # fmt: skip
    model = model_of({**network, "risk_factors": factors, "cause_link": links})
    rows: list[dict[str, Any]] = [dict.fromkeys(factors, "yes"), {}, {**dict.fromkeys(factors, "yes"), "f1": "no"},
                                  {**dict.fromkeys(list(factors)[:59], "yes"), list(factors)[59]: 0.25}]  # fmt: skip
    scored = Scorer(model, **ONE).score_batch(columns(Random(1), homogeneous(rows)))
    assert scored.column("log_evidence")[0].as_py() < -800
    assert_same(model, rows, scored)


def test_logarithms_know_every_kind_of_answer() -> None:
    """Where products are too small: a risk factor answered no, a state of several, virtual evidence in any place."""
    rng = Random(1)
    rare = {f"rare{number}": 1e-9 for number in range(40)}
    factors: dict[str, Any] = {
        "first": 0.3,
        **rare,
        "stature": {"short": 0.2, "middling": 0.5, "tall": 0.3},
        "last": 0.6,
    }
    links: dict[str, Any] = {
        "strain": {"first": 0.4, "rare7": 0.3, "last": 0.2},
        "other": {"stature": {"middling": 0.1, "tall": 0.7}},
    }
    model = model_from(small_model(risk_factors=factors, cause_links=links, rules=()))
    everything: dict[str, Any] = dict.fromkeys(rare, "yes")
    rows: list[dict[str, Any]] = [
        {**everything, "first": answer, "stature": state, "last": last, "numb": numb}
        for answer, state, last, numb in [
            ("no", "short", "no", 0.8), ("yes", "tall", "unknown", "yes"), (0.3, "middling", "yes", "no"),
            (0.9, "unknown", 0.2, "unknown"), ("no", "middling", "yes", 0.1),
        ]
    ]  # fmt: skip
    rows.insert(2, {"first": "no", "numb": "yes"})  # its product is not too small
    scored = Scorer(model, **ONE).score_batch(columns(rng, homogeneous(rows)))
    assert [number < -600 for number in scored.column("log_evidence").to_pylist()] == [True, True, False] + [True] * 3
    assert_same(model, rows, scored)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of the logarithm of zero, below
def test_answers_that_cannot_be_together() -> None:
    """Impossible answers are a problem of their row that names them; the triage stands, and other rows are scored.

    No model file can say so; here tender and numb exclude each other by an edit of the compiled numbers.
    """
    model = model_from(small_model())
    table = model.network.log_answer.copy()
    numb, tender = model.network.finding_index["numb"], model.network.finding_index["tender"]
    strained = model.network.has[:, 0].astype(bool)
    table[2 * numb + 1, strained] = table[2 * tender + 1, ~strained] = -np.inf
    clashing = dataclasses.replace(model, network=dataclasses.replace(model.network, log_answer=table))
    batch = pa.record_batch({
        "numb": [True, True, False, None], "tender": [True, False, True, True], "collapse": [True, False, True, False],
    })  # fmt: skip
    rows = [{name: value for name, value in row.items() if value is not None} for row in batch.to_pylist()]
    scored = Scorer(clashing, errors="flag", **ONE).score_batch(batch)
    assert_same(clashing, rows, scored)
    expected = "`answers`: found together of probability 0: tender, numb; expected answers that can occur together"
    assert scored.column("problem").to_pylist() == [expected, None, None, None]
    assert scored.column("triage_level")[0].as_py() == "emergency_ambulance"
    with pytest.raises(AnswerError, match="`row 0, answers`: found together of probability 0: tender, numb"):
        Scorer(clashing, **ONE).score_batch(batch)


@pytest.mark.parametrize("level", ["emergency_ambulance", "emergency", "consultation_24h"])
def test_a_measure_beside_the_flag_that_it_decides(level: str) -> None:
    """A flag that is decided by a measure and also answered, by every word: as in `rank`, whatever its level."""
    model = model_from(small_model(flags={"severe_pain": level, "long_lasting_pain": level, "collapse": "emergency"}))
    pain: list[dict[str, Any]] = [{"pain_severity": value} for value in (0, 6.99, 7, 10)] + [{}]
    days: list[dict[str, Any]] = [{"duration_days": value} for value in (0, 41.5, 42)] + [{}]
    said: list[Any] = ["yes", "no", "unknown", 0.2, 0.5, 0.8, None]
    rows: list[dict[str, Any]] = [
        measured if answer is None else {**measured, name: answer}
        for name, measures in (("severe_pain", pain), ("long_lasting_pain", days))
        for measured in measures
        for answer in said
    ]
    flags = {"severe_pain", "long_lasting_pain"}
    words = [row for row in rows if not any(isinstance(row.get(name), float) for name in flags)]
    for some in (words, homogeneous(rows)):  # the latter without the word unknown
        scored = Scorer(model, errors="flag", **ONE).score_batch(columns(Random(1), some))
        assert_same(model, some, scored)


def test_same_bits_wherever_a_row_stands() -> None:
    """The numbers of a person are the same bits in any chunk, at any place, with any number of threads."""
    model = default_model()
    rng = Random(5)
    rows = homogeneous(people(rng, model, 1501))
    once = columns(rng, rows)
    table = pa.Table.from_batches([once] * 7)
    whole = Scorer(model, threads=1).score_table(table)
    for threads, size in ((2, 173), (2, 1000), (1, 4224), (3, 9999)):
        batches = table.to_batches(max_chunksize=size)
        assert pa.Table.from_batches(Scorer(model, threads=threads).score_batches(batches)).equals(whole)
    little = Scorer(model, threads=2, memory=40_000_000)
    assert little.slice_rows < Scorer(model).slice_rows
    assert little.score_batch(table.combine_chunks().to_batches()[0]).equals(whole.combine_chunks().to_batches()[0])
    alone = Scorer(model, threads=1).score_batch(once).to_pylist()
    assert whole.to_pylist() == alone * 7
    assert Scorer(model, threads=2).score_batch(columns(rng, rows[::-1])).to_pylist()[::-1] == alone


def test_no_rows_and_no_known_column() -> None:
    """A batch of no rows gives one; people of whom nothing is known have the prior."""
    scorer = Scorer(threads=1)
    empty = scorer.score_batch(
        pa.record_batch({"slr_positive": pa.array([], pa.bool_()), "sex": pa.array([], pa.string())})
    )
    assert empty.num_rows == 0
    model = default_model()
    assert_same(model, [{}, {}], scorer.score_batch(pa.record_batch({"something": ["a", "b"]})))


def test_an_empty_cell_was_not_asked_or_is_not_known() -> None:
    """By default an empty cell is a question left out; with `nulls="unknown"` it is None, as `rank` reads it."""
    model = default_model()
    table = pa.record_batch({
        "saddle_numbness": pa.array([None, None, True, False]), "seizure": pa.array([None, "unknown", "no", None]),
        "leg_weakness": pa.array([0.7, None, None, 0.5]), "age": pa.array([None, 40, 80, 17]), "sex": pa.nulls(4),
        "bladder_change": pa.array([None, "no", None, "yes"]).dictionary_encode(),
    })  # fmt: skip
    rows = table.to_pylist()
    left_out = [{name: value for name, value in row.items() if value is not None} for row in rows]
    assert_same(model, left_out, Scorer(threads=1).score_batch(table))
    assert_same(model, rows, Scorer(threads=1, nulls="unknown").score_batch(table))
    levels = [Scorer(threads=1, nulls=nulls).score_batch(table).column("triage_level").to_pylist()
              for nulls in ("not asked", "unknown")]  # fmt: skip
    assert levels[0] != levels[1]


TRUTHS, WORDS = pa.array([True, None, False]), pa.array(["yes", None, "no"])


@pytest.mark.parametrize(
    "cells",
    [
        pa.nulls(3),
        TRUTHS,
        *(TRUTHS.cast(kind) for kind in (pa.int8(), pa.uint64(), pa.float32())),
        WORDS,
        WORDS.cast(pa.string_view()),
        WORDS.dictionary_encode(),
    ],
)
def test_empty_cells_of_every_type(cells: pa.Array) -> None:
    """An empty cell of an emergency flag is unasked or unclear, whatever the type of its column."""
    model = default_model()
    flags = [name for name, flag in model.rules.flags.items() if flag.level.is_emergency]
    table = pa.record_batch({**dict.fromkeys(flags, pa.array([False] * 3)), "saddle_numbness": cells})
    rows = table.to_pylist()
    left_out = [{name: value for name, value in row.items() if value is not None} for row in rows]
    assert_same(model, left_out, Scorer(threads=1).score_batch(table))
    assert_same(model, rows, Scorer(threads=1, nulls="unknown").score_batch(table))


def test_the_complaint_is_always_there() -> None:
    """A column for the complaint may say yes or nothing; anything else is a problem, as in `rank`."""
    model = default_model()
    table = pa.record_batch({"buttock_pain": pa.array(["yes", None, "no", "unknown"])})
    scored = Scorer(errors="flag", threads=1).score_batch(table)
    assert scored.column("problem").is_valid().to_pylist() == [False, False, True, True]
    assert_same(model, [{"buttock_pain": "yes"}, {}, {"buttock_pain": "no"}, {"buttock_pain": "unknown"}], scored)
    with pytest.raises(AnswerError, match=r"row 1, buttock_pain.*another answer than yes"):
        Scorer(nulls="unknown", threads=1).score_batch(pa.record_batch({"buttock_pain": pa.array([True, None])}))
