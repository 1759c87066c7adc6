"""Engines people already run give the same answers, to the bit: polars, pandas, pyarrow, duckdb, and their examples."""

from __future__ import annotations

import importlib
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from cohorts import columns, homogeneous, people
from pyarrow import parquet

from buttockpain import AnswerError, default_model
from buttockpain.cohort import Scorer, decoded, score_frame, score_table

EXAMPLES = Path(__file__).parents[1] / "examples" / "cohort"


def table(count: int = 400) -> pa.Table:
    """Return random people with a number, in the column types that all engines know."""
    rows = homogeneous(people(Random(11), default_model(), count))
    plain = decoded(columns(Random(12), rows))
    simple = {pa.string_view(): pa.string(), pa.large_string(): pa.string(), pa.float16(): pa.float64()}
    made = {
        name: column.cast(simple.get(column.type, column.type))
        for name, column in zip(plain.schema.names, plain.columns, strict=True)
    }
    return pa.table({"person": pa.array(range(count)), **made})


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    """Return the answers as rows, from pyarrow and one thread."""
    return list(score_table(table(), ids=["person"], threads=1).to_pylist())


def answers(frame: Any, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns of the answer of any table, as rows."""
    return list(pa.table(frame).select(list(expected[0])).to_pylist())


def test_polars(expected: list[dict[str, Any]]) -> None:
    """Eager, lazy and streamed."""
    pl = pytest.importorskip("polars")
    frame = pl.from_arrow(table())
    assert answers(score_frame(frame), expected) == expected
    scorer = Scorer(ids=["person"])
    assert answers(scorer.score_table(frame), expected) == expected

    def score(part: Any) -> Any:
        return pl.DataFrame(scorer.score_table(part))

    schema = score(frame.head(0)).schema
    lazy = frame.lazy().map_batches(score, schema=schema, streamable=True).sort("person").collect(engine="streaming")
    assert answers(lazy, expected) == expected


@pytest.mark.parametrize("backend", ["pyarrow", "numpy_nullable"])
def test_pandas(expected: list[dict[str, Any]], backend: Any) -> None:
    """With an index of its own, which stays; the level is a category in order of urgency."""
    pd = pytest.importorskip("pandas")
    frame = table().to_pandas(types_mapper=pd.ArrowDtype).convert_dtypes(dtype_backend=backend)
    frame.index = range(len(frame), 0, -1)
    scored = score_frame(frame)
    assert scored.index.equals(frame.index)
    assert scored["person"].equals(frame["person"])
    assert scored["triage_level"].tolist() == [row["triage_level"] for row in expected]
    assert scored["log_evidence"].tolist() == [row["log_evidence"] for row in expected]
    assert list(scored.columns) == [*frame.columns, *[name for name in expected[0] if name != "person"]]


def test_pandas_object_columns() -> None:
    """Truth values with gaps in an object column are read; a mixture of types is one clear error without contents."""
    pd = pytest.importorskip("pandas")
    scored = score_frame(pd.DataFrame({"seizure": [True, None, False]}, dtype=object))
    assert scored["triage_level"].tolist() == ["emergency_ambulance", "consultation", "consultation"]
    with pytest.raises(AnswerError, match="a column of mixed types") as caught:
        score_frame(pd.DataFrame({"seizure": [True, "Jane Roe", 3]}))
    assert "Jane" not in str(caught.value)


def test_pandas_columns_of_one_name() -> None:
    """Two columns of a name are one clear error, as in every table."""
    pd = pytest.importorskip("pandas")
    with pytest.raises(AnswerError, match="`frame`: found two columns of a name; expected one column of a name"):
        score_frame(pd.DataFrame([[True, False]], columns=["seizure", "seizure"]))


def test_duckdb(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    """A relation is scored, and a scored stream is queried."""
    duckdb = pytest.importorskip("duckdb")
    parquet.write_table(table(), tmp_path / "people.parquet", row_group_size=64)
    scorer = Scorer(ids=["person"])
    with duckdb.connect() as source, duckdb.connect() as target:
        relation = source.read_parquet(str(tmp_path / "people.parquet"))
        target.register("scored", scorer.reader(relation))
        result = target.sql("SELECT * FROM scored ORDER BY person").to_arrow_table()
    assert answers(result, expected) == expected


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that imports an example."""
    monkeypatch.syspath_prepend(EXAMPLES)
    before = set(sys.modules)

    def load(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if name.startswith("cohort_"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "package"), [("people", "pyarrow"), ("duckdb", "duckdb"), ("polars", "polars"), ("frames", "pandas")]
)
def test_examples_run(example: Any, name: str, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each example runs and prints something."""
    pytest.importorskip(package)
    example("cohort_people")
    runpy.run_path(str(EXAMPLES / f"cohort_{name}.py"), run_name="__main__")
    assert len(capsys.readouterr().out) > 100


def test_examples_agree(example: Any, tmp_path: Path) -> None:
    """SQL over the scored stream and the lazy query count the same people at the same levels."""
    pytest.importorskip("duckdb")
    pytest.importorskip("polars")
    everybody = example("cohort_people").people(3_000)
    parquet.write_table(everybody, tmp_path / "people.parquet")
    scored = score_table(everybody, ids=["region", "age"]).to_pylist()
    by_hand: dict[tuple[str, str], int] = {}
    adults: dict[tuple[str, str], int] = {}
    for row in scored:
        key = (row["region"], row["triage_level"])
        by_hand[key] = by_hand.get(key, 0) + 1
        if row["age"] is not None and row["age"] >= 18:
            adults[key] = adults.get(key, 0) + 1
    sql = example("cohort_duckdb").adults(tmp_path / "people.parquet")
    assert {(region, level): count for region, level, count, _ in sql} == adults
    lazy = example("cohort_polars").urgent(tmp_path / "people.parquet").rows()
    assert {(region, level): count for region, level, count in lazy} == by_hand
