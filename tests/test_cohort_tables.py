"""What a table may look like, what its answers look like, and what is said when something is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cohorts import assert_same, columns, homogeneous, people
from pyarrow.compute import run_end_encode
from strategies import model_of, seeded_network
from threadpoolctl import threadpool_info, threadpool_limits

from buttockpain import AnswerError, default_model
from buttockpain.cohort import Scorer, Summary, decoded, score_batch, score_batches, score_frame, score_table
from buttockpain.cohort.parallel import OneBlasThread, in_order, processors
from buttockpain.cohort.spelling import folded


def some(size: int = 6) -> pa.RecordBatch:
    """Return a few people."""
    return pa.record_batch({
        "person": pa.array([f"p{number}" for number in range(size)]),
        "slr_positive": pa.array([number % 2 == 0 for number in range(size)]),
        "age": pa.array([20 + number % 60 for number in range(size)]),
    })  # fmt: skip


# --- what comes out -------------------------------------------------------------------------------------------------


def test_columns_of_the_answer() -> None:
    """Ids first, as they were; then triage, ranking and model, in an order and with types that do not change."""
    scored = Scorer(ids=["person", "age"], threads=1).score_batch(some())
    assert scored.schema.names == [
        "person", "age", "triage_level", "urgency", "reasons", "override", "leading_cause", "probability_calcium_deficiency",
        "probability_fasciitis", "probability_lumbar_disc_herniation", "probability_piriformis_syndrome",
        "probability_sciatica", "none_of_these", "log_evidence", "poor_fit", "model_fingerprint", "problem",
    ]  # fmt: skip
    word, level = (pa.dictionary(pa.int8(), pa.string(), ordered=ordered) for ordered in (False, True))
    assert scored.schema.types[2:7] == [level, pa.int8(), pa.int16(), pa.bool_(), word]
    assert set(scored.schema.types[7:14]) == {pa.float64()}
    assert scored.schema.types[14:] == [pa.bool_(), word, pa.string()]
    assert scored.column("person").equals(some().column("person"))
    assert scored.column("model_fingerprint").to_pylist() == [default_model().fingerprint] * 6
    flagged = Scorer(errors="flag", threads=1).score_batch(pa.record_batch({"age": [200]}))
    assert flagged.schema.equals(Scorer(threads=1).score_batch(pa.record_batch({"age": [20]})).schema)


def test_the_note_in_the_schema() -> None:
    """The metadata of the schema says once which model answered and which columns were missing or ignored."""
    scorer = Scorer(ids=["person"], threads=1)
    table = pa.table({"person": ["a"], "age": [30], "weight": [70]})
    note = json.loads(scorer.score_table(table).schema.metadata[b"buttockpain"])
    assert note["ignored"] == ["weight"]
    assert note["fingerprint"] == default_model().fingerprint
    assert "slr_positive" in note["missing"]
    assert "age" not in note["missing"]
    assert note["missing"] == list(scorer.columns(table.schema.names).missing)


def test_one_call_for_every_shape() -> None:
    """A batch, batches, a table, a stream and a frame of the same people have the same answers."""
    batch = some(40)
    whole = score_batch(batch, ids=["person"])
    assert pa.Table.from_batches(score_batches([batch.slice(0, 7), batch.slice(7)], ids=["person"])).equals(
        pa.Table.from_batches([whole])
    )
    assert score_table(pa.Table.from_batches([batch]), ids=["person"]).to_batches()[0].equals(whole)
    stream = Scorer(ids=["person"], threads=2).reader(pa.RecordBatchReader.from_batches(batch.schema, [batch] * 3))
    assert [one.equals(whole) for one in stream] == [True] * 3
    frame = score_frame(pa.Table.from_batches([batch]))
    assert frame.select(whole.schema.names).to_batches()[0].equals(whole.replace_schema_metadata())


def test_batches_keep_their_borders() -> None:
    """One batch out for every batch in, however long, the empty one included."""
    sizes = [3, 0, 30_000, 1]
    scored = list(Scorer(threads=2).score_batches(some(size) for size in sizes))
    assert [batch.num_rows for batch in scored] == sizes


def test_decoded_for_engines_without_dictionaries() -> None:
    """`decoded` gives the same answers with words as plain text."""
    scored = score_batch(some())
    plain = decoded(scored)
    assert not any(pa.types.is_dictionary(kind) for kind in plain.schema.types)
    assert plain.to_pylist() == scored.to_pylist()
    assert plain.schema.metadata == scored.schema.metadata


def test_summary_counts_rows_not_people() -> None:
    """The summary adds up to the rows, tells the flagged ones apart, and is the same for any cutting into batches."""
    model = default_model()
    rng = Random(3)
    batch = columns(rng, homogeneous(people(rng, model, 200, bad=0.2)))
    scored = Scorer(errors="flag").score_batch(batch)
    summary = Summary.of([scored])
    assert summary == Summary.of([scored.slice(0, 50), scored.slice(50)])
    assert summary.rows == sum(summary.triage_level.values()) == 200
    assert summary.flagged == 200 - scored.column("problem").null_count > 10
    assert sum(summary.leading.values()) == 200 - summary.flagged
    assert summary.override == sum(scored.column("override").to_pylist())
    levels = scored.column("triage_level").to_pylist()
    assert summary.triage_level == {level: levels.count(level) for level in summary.triage_level}
    assert next(iter(summary.triage_level)) == "emergency_ambulance"
    assert Summary.model_validate_json(summary.model_dump_json()) == summary
    assert f"{summary.flagged}" in str(summary)
    with pytest.raises(ValueError, match="no batches"):
        Summary.of([])


# --- what is wrong --------------------------------------------------------------------------------------------------


def test_a_bad_cell_names_row_and_column() -> None:
    """The row is counted through the whole stream, and text is never repeated."""
    batches = [
        pa.record_batch({"seizure": pa.array(["no"] * 5)}),
        pa.record_batch({"seizure": pa.array(["no", "Jane Roe"])}),
    ]
    with pytest.raises(AnswerError) as caught:
        list(score_batches(batches))
    assert "`row 6, seizure`: found a text of 8 characters; expected yes, no or unknown" in str(caught.value)
    assert "Jane" not in str(caught.value)


NO_TEXT = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.array([0, 3, 4], pa.int32()).buffers()[1], pa.py_buffer(b"yes\xff")]
)
"""A column of text, as its type says, of which one cell is not in UTF-8."""


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("age", pa.array([20, 130]), "found 130; expected whole years from 0 to 120"),
        ("age", pa.array([20.5, 30]), "`row 0, age`: found 20.5"),
        ("age", pa.array([True, None]), "found a bool; expected whole years"),
        ("age", pa.array(["45", None]), "found a text of 2 characters; expected whole years"),
        ("pain_severity", pa.array([11, 3], pa.uint8()), "found 11; expected a number from 0"),
        ("duration_days", pa.array([-1.0, float("nan")]), "`row 1, duration_days`: found nan"),
        ("sex", pa.array(["female", "other"]), "expected female, male or unknown"),
        ("sex", pa.array([True, False]), "found a bool; expected female, male"),
        ("age_band", pa.array(["under_30", "over_30"]), "did you mean"),
        ("age_band", pa.array([None, True]), "`row 1, age_band`: found a bool; expected under_30"),
        ("seizure", pa.array([0, 3]), "`row 1, seizure`: found 3; expected yes, no"),
        ("seizure", pa.array([0.5, -0.1]), "found -0.1; expected yes, no"),
        ("seizure", pa.array(["yes", "ja"]).dictionary_encode(), "`row 1, seizure`: found a text of 2 characters"),
        ("seizure", pa.array([[1], None]), "`row 0, seizure`: found a list"),
        ("seizure", pa.array([b"yes", None]), "found a bytes"),
        ("seizure", pa.array([None, 0], pa.timestamp("s")), "`row 1, seizure`: found a "),
        ("seizure", pa.array([Decimal("0.5")]), "found a Decimal"),
        ("seizure", pa.array([None, 2**62], pa.timestamp("s")), "`row 1, seizure`: found a Timestamp"),
        ("seizure", pa.array([b"yes"], pa.binary_view()), "found a bytes"),
        ("seizure", NO_TEXT, "`row 1, seizure`: found a bytes"),
        ("seizure", pa.DictionaryArray.from_arrays(pa.array([0, 1]), NO_TEXT), "`row 1, seizure`: found a bytes"),
        ("age", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))), "found a bytes"),
    ],
)
def test_what_is_said_of_a_bad_value(column: str, values: pa.Array, words: str) -> None:
    """Every kind of column says what one person's answers would be told."""
    with pytest.raises(AnswerError) as caught:
        score_batch(pa.record_batch({column: values}))
    assert words in str(caught.value)


def test_wrapped_columns_are_read_as_what_they_hold() -> None:
    """Runs, views, unions and extension types: each row as `rank` reads its cell, in slices too."""
    model = default_model()
    truths = pa.array([True] * 3 + [None] * 2 + [False] * 4 + [True, None, False])
    words = pa.array([{True: "yes", False: "no"}.get(one) for one in truths.to_pylist()])
    union = pa.UnionArray.from_sparse(
        pa.array([0, 1] * 6, pa.int8()), [truths.cast(pa.int64()), pa.array(["no", "yes", "unknown"] * 4)]
    )
    wrapped = [
        run_end_encode(truths),
        run_end_encode(truths.cast(pa.float64())),
        run_end_encode(words),
        pa.RunEndEncodedArray.from_arrays(pa.array([3, 5, 12], pa.int16()), words[2:5].cast(pa.string_view())),
        pa.RunEndEncodedArray.from_arrays(pa.array([7, 12], pa.int64()), words[2:4].dictionary_encode()),
        pa.ExtensionArray.from_storage(pa.bool8(), truths.cast(pa.int8())),
        pa.ExtensionArray.from_storage(pa.opaque(pa.string(), "word", "somebody"), words),
        words.cast(pa.string_view()),
        union,
    ]
    for whole in wrapped:
        for some in (whole, whole[1:], whole[4:9], whole[5:6], whole[12:]):
            batch = pa.record_batch({"seizure": some, "slr_positive": some})
            rows = [{name: value for name, value in row.items() if value is not None} for row in batch.to_pylist()]
            assert_same(model, rows, Scorer(errors="flag", threads=1).score_batch(batch))


def test_contradictions_name_what_contradicts() -> None:
    """Age against age band, sex against the risk factor, pain against the flag it decides: all told, row by row."""
    batch = pa.record_batch({
        "age": pa.array([70, 16, 30]), "age_band": pa.array(["under_30", None, "30_to_50"]),
        "sex": pa.array(["male", "female", None]), "female_sex": pa.array([True, True, True]),
        "severe_pain": pa.array([None, False, None]), "pain_severity": pa.array([3, 9, 9]),
    })  # fmt: skip
    with pytest.raises(AnswerError) as caught:
        score_batch(batch)
    text = str(caught.value)
    assert "3 problems" in text
    assert "row 0, age_band`: found an answer that contradicts `age`" in text
    assert "row 0, female_sex`: found an answer that contradicts `sex`" in text
    assert "row 1, severe_pain`: found the contradicting answer no" in text


def test_many_bad_rows_are_counted() -> None:
    """A message shows the first bad rows and counts the others."""
    with pytest.raises(AnswerError) as caught:
        score_batch(pa.record_batch({"seizure": pa.array([5] * 300)}))
    assert len(caught.value.problems) == 11
    assert "`rows up to 299`: found 290 more bad rows" in str(caught.value)


def test_a_flagged_row_is_not_lost() -> None:
    """A flagged row keeps its ids and the triage of what could be read; the others are as if it were not there."""
    batch = pa.record_batch({"person": ["a", "b", "c"], "seizure": pa.array([True, True, False]), "age": [30, 300, 30]})
    scored = Scorer(ids=["person"], errors="flag").score_batch(batch)
    row = scored.to_pylist()[1]
    assert (row["person"], row["triage_level"], row["leading_cause"], row["none_of_these"]) == (
        "b", "emergency_ambulance", None, None,
    )  # fmt: skip
    assert row["problem"] == "`age`: found 300; expected whole years from 0 to 120, or unknown"
    others = Scorer(ids=["person"]).score_batch(pa.concat_batches([batch.slice(0, 1), batch.slice(2)]))
    assert [scored.to_pylist()[0], scored.to_pylist()[2]] == others.to_pylist()


def test_columns_that_cannot_be_used() -> None:
    """Two columns of a name, an id that is not there or is called like an answer: all in one error."""
    twice = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([1])], ["seizure", "seizure"])
    with pytest.raises(AnswerError, match="`seizure`: found 2 columns"):
        score_batch(twice)
    with pytest.raises(AnswerError, match=r"`persn`: found no such column.*did you mean `person`"):
        score_batch(some(), ids=["persn"])
    with pytest.raises(AnswerError, match="`reasons`: found the name of a column of the answer"):
        score_batch(pa.record_batch({"reasons": [1]}), ids=["reasons"])
    with pytest.raises(AnswerError, match="`override`: found the name of a column of the answer"):
        score_frame(pa.table({"override": [1]}))


def test_strict_refuses_unknown_columns() -> None:
    """Ignored by default and said in the note; with `strict` an error that knows the nearest id."""
    batch = pa.record_batch({"back_pain": [True], "person": ["a"]})
    assert Scorer(ids=["person"]).columns(batch.schema.names).ignored == ("back_pain",)
    with pytest.raises(AnswerError, match=r"`back_pain`: found an unknown column.*did you mean `low_back_pain`"):
        score_batch(batch, ids=["person"], strict=True)
    score_batch(batch.drop_columns(["back_pain"]), ids=["person"], strict=True)


def spellings(name: str) -> list[str]:
    """Return how else people and programs spell an id."""
    words = name.split("_")
    spelt = [separator.join(words) for separator in (" ", ".", "-", "/", "\N{EN DASH}", "__")]
    spelt += ["".join([words[0], *(word.title() for word in words[1:])]), name.upper(), f" {name.capitalize()} "]
    spelt += [f"has_{name}", f"rf_{name}", f"{name}_yn", f"{name}.flag", f"{name}_present"]
    spelt += [name[:-1], name + "s", name[:2] + name[3] + name[2] + name[4:], name[:3] + "x" + name[4:]]
    return [one for one in spelt if one != name and folded(one)]


def test_a_misspelt_column_hides_no_emergency() -> None:
    """Everything that the rules look at, spelt in many ways: an error, whatever it is called, or carried through."""
    model = default_model()
    facts = {"pain_severity", "duration_days", *model.rules.flags} - {"severe_pain", "long_lasting_pain"}
    facts |= {
        fact for rule in model.rules.combinations for fact in rule.all_of | rule.any_of
    } & model.vocabulary.order.keys()
    scorer = Scorer()
    assert len(facts) > 40
    for fact in facts:
        for name in spellings(fact):
            if name in model.vocabulary.order:  # some are another question
                continue
            with pytest.raises(AnswerError, match="found an unknown column; expected no name that is nearly"):
                scorer.columns([name, "local_tenderness"])
            Scorer(ids=[name]).columns([name, "local_tenderness"])
    with pytest.raises(AnswerError, match=r"`Saddle Numbness`: .*`saddle_numbness`, a question that has a column"):
        scorer.columns(["saddle_numbness", "Saddle Numbness"])
    for name, meant in (("Low-Back-Pain", "low_back_pain"), ("Age", "age"), ("slr_positive ", "slr_positive")):
        with pytest.raises(AnswerError, match=f"`{name}`: .* nearly `{meant}`, a question that has no column"):
            scorer.columns([name, "local_tenderness"])


def test_names_that_are_harmless_are_ignored() -> None:
    """Notes, dates and other questions' leavings are no misspelt questions."""
    names = ("note", "leg_weakness_date", "stage", "page", "pain_severity_at_discharge", "low_back_pains", "person", "patient",
             "visit_date", "arm_weakness", "pain_score", "ward", "Age band", "under18", "sexes")  # fmt: skip
    assert Scorer().columns([*names, "leg_numbness", "age", "sex"]).ignored == names
    assert Scorer().columns(["pain_severity", "pain_severity_2", "seizure", "seizures"]).ignored == (
        "pain_severity_2",
        "seizures",
    )


def test_what_a_measure_settles_is_not_missing() -> None:
    """Of warning signs only those that nobody was asked in any way are told; the complaint is never missing."""
    model = default_model()
    use = Scorer().columns(["age", "sex", "pain_severity", "duration_days", "seizure"])
    assert {"severe_pain", "long_lasting_pain", "under_18", "age_band", "female_sex", "buttock_pain"}.isdisjoint(
        use.missing
    )
    assert "seizure" not in use.unasked_emergencies
    emergencies = {
        name for name, one in model.knowledge.finding.items() if one.red_flag and one.red_flag.level.is_emergency
    }
    assert set(use.unasked_emergencies) == emergencies & set(use.missing)
    assert len(use.unasked_emergencies) > 10


@pytest.mark.parametrize("nulls", ["not asked", "unknown"])
def test_a_row_can_be_ranked_to_see_why(nulls: Any) -> None:
    """`answers` of a row give `rank` what the table gave the scorer: the same level, reasons and figures."""
    model, rng = default_model(), Random(9)
    batch = columns(rng, homogeneous(people(rng, model, 40)))
    table = pa.Table.from_batches([batch.slice(0, 15), batch.slice(15)])
    scorer = Scorer(nulls=nulls, threads=1)
    for row, mine in enumerate(scorer.score_table(table).to_pylist()):
        answer = model.rank(scorer.answers(table, row))
        assert (answer.triage.level, len(answer.triage.reasons)) == (mine["triage_level"], mine["reasons"])
        assert answer.none_of_these == pytest.approx(mine["none_of_these"], rel=1e-12)
    with pytest.raises(IndexError, match="row=40: expected 0 to 39"):
        scorer.answers(table, 40)


def test_a_column_is_carried_through_once() -> None:
    """However often it is named; and it may answer a question too."""
    scored = score_batch(some(), ids=["age", "person", "age"])
    assert scored.schema.names[:3] == ["age", "person", "triage_level"]
    assert scored.column("age").to_pylist() == some().column("age").to_pylist()
    assert scored.drop_columns(["age"]).equals(score_batch(some(), ids=["person"]))


def test_a_table_is_no_batch() -> None:
    """Told at once, with what takes tables."""
    table = pa.Table.from_batches([some()])
    with pytest.raises(TypeError, match=r"expected a pyarrow.RecordBatch, not Table; `score_table` takes tables"):
        score_batch(table)
    with pytest.raises(TypeError, match="`score_table` takes tables"):
        list(score_batches([table]))


def test_options_that_make_no_sense() -> None:
    """A misspelt option, no workers, or no memory: told at once, with what would do."""
    with pytest.raises(ValueError, match="errors='ignore': expected one of 'raise', 'flag'"):
        Scorer(errors="ignore")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nulls='no'"):
        Scorer(nulls="no")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"ids='person': expected several names, such as \['person'\]"):
        Scorer(ids="person")
    with pytest.raises(ValueError, match="threads=0: expected at least 1"):
        Scorer(threads=0)
    with pytest.raises(ValueError, match=r"not enough for one worker of this model; give at least \d+ MiB") as caught:
        Scorer(memory=10**6)
    enough = int(str(caught.value).split("at least ")[1].split()[0]) * 2**20
    assert Scorer(memory=enough, threads=4).threads == 1


# --- memory and workers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("causes", [2, 6, 10])
def test_work_memory_is_what_the_kernel_says(causes: int) -> None:
    """After thousands of people with virtual evidence a worker holds no more than it said before the first."""
    model = model_of(seeded_network(causes, causes=causes, risk_factors=4, findings=8))
    scorer = Scorer(model, threads=1)
    kernel = scorer._kernel
    rng = np.random.default_rng(1)
    size = 3 * kernel.width + 5
    soft = {name: rng.random(size) for name in ("f1", "f2", "f3")}
    scorer.score_batch(pa.record_batch(soft))
    assert len(kernel._idle) == 1
    assert 0 < kernel._idle[0].nbytes <= kernel.nbytes


def test_memory_decides_workers_and_slices() -> None:
    """More memory gives more workers and longer slices, up to what was asked for."""
    little, more = Scorer(threads=8, memory=40_000_000), Scorer(threads=8, memory=2**30)
    assert little.threads == 1 < more.threads <= 8
    assert little.slice_rows < more.slice_rows


def test_memory_is_shared_by_as_many_workers_as_it_is_enough_for() -> None:
    """All that were asked for if there is room, each with shorter slices; together they stay in the budget."""
    kernel = Scorer(threads=1)._kernel
    many = Scorer(threads=12, memory=2**29)
    assert many.threads == 12
    assert kernel.width <= many.slice_rows < Scorer(threads=1, memory=2**29).slice_rows
    assert Scorer(threads=64, memory=2**31).threads > 40


def test_one_scorer_serves_many_threads() -> None:
    """Work arrays are taken and given back by threads that know nothing of each other."""
    scorer, batch = Scorer(threads=1), some()
    expected = scorer.score_batch(batch)
    with ThreadPoolExecutor(8) as pool:
        assert all(scored.equals(expected) for scored in pool.map(lambda _: scorer.score_batch(batch), range(64)))


def test_results_in_order_and_few_ahead() -> None:
    """Results come in the order of the items, and no more items are taken than may wait."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    results = in_order(lambda number: number * number, items(), threads=3, ahead=5)
    assert next(results) == 0
    assert len(taken) <= 6
    assert list(results) == [number * number for number in range(1, 50)]


def test_an_error_of_a_worker_arrives_and_stops_the_others() -> None:
    """The error of the first item that fails is raised in its place; nothing runs on afterwards."""

    def call(number: int) -> int:
        if number == 3:
            message = "three"
            raise RuntimeError(message)
        return number

    results = in_order(call, iter(range(1000)), threads=2, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="three"):
        next(results)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("buttockpain")]


def test_the_library_of_matrices_gets_its_threads_back() -> None:
    """While any scorer is at work matrix products use one thread; after the last one, as many as before."""

    def blas() -> list[int]:
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    one, other = OneBlasThread(), OneBlasThread()
    with threadpool_limits(2, "blas"):
        before = blas()
        one.__enter__()
        other.__enter__()
        assert set(blas()) == {1}
        one.__exit__(None, None, None)
        assert set(blas()) == {1}
        other.__exit__(None, None, None)
        assert blas() == before
    assert set(before) == {2}
    assert processors() >= 1


def test_scorers_can_be_shared_between_threads() -> None:
    """Several threads that use one scorer get the same answers as one."""
    model = default_model()
    rng = Random(8)
    batch = columns(rng, homogeneous(people(rng, model, 300)))
    scorer = Scorer(model, threads=2)
    alone = scorer.score_batch(batch)
    results: list[Any] = [None] * 6

    def work(number: int) -> None:
        results[number] = scorer.score_batch(batch)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result.equals(alone) for result in results)
    assert_same(model, [], alone.slice(0, 0))
