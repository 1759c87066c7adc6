"""Spark gives the same answers on a cluster of more than one worker process; each compiles the model once.

Not among the tests that always run, because it needs Java and half a gigabyte of packages:

    uv run --with pyspark --with "pandas<3" pytest -p no:doctest tests/spark_cluster.py
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "cohort"))
os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyspark warns about the version of pandas
    import cohort_people
    import cohort_spark as example

from buttockpain.cohort import decoded, score_table, scorer_of

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Return a session on a cluster of two worker processes."""
    session = example.cluster()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def test_same_answers_on_a_cluster(session: Any, tmp_path: Path) -> None:
    """Every person has the same bits as on this process alone."""
    people = cohort_people.people(20_000)
    pa.parquet.write_table(people, tmp_path / "people.parquet", row_group_size=2_000)
    frame = session.read.parquet(str(tmp_path / "people.parquet")).repartition(6)
    scored = example.scored(frame, example.MODEL).orderBy("person").toArrow()
    alone = pa.Table.from_batches([decoded(batch) for batch in score_table(people, ids=["person"]).to_batches()])
    assert scored.to_pylist() == alone.to_pylist()


def test_workers_read_and_write_files_of_their_own(session: Any, tmp_path: Path) -> None:
    """Only names travel; every file is scored once, whole, and to the same bits."""
    people = cohort_people.people(20_000)
    source, target = tmp_path / "people", tmp_path / "scored"
    source.mkdir()
    target.mkdir()
    for part in range(5):
        pa.parquet.write_table(people.slice(part * 4_000, 4_000), source / f"{part}.parquet")
    done = example.score_files(session, source, target, example.MODEL).orderBy("file").collect()
    assert [(row.file, row.rows) for row in done] == [(f"{part}.parquet", 4_000) for part in range(5)]
    assert sorted(path.name for path in target.iterdir()) == [f"{part}.parquet" for part in range(5)]
    scored = pa.concat_tables([pa.parquet.read_table(target / f"{part}.parquet") for part in range(5)])
    assert scored.to_pylist() == score_table(people, ids=["person"]).to_pylist()


def test_workers_compile_once(session: Any) -> None:
    """More than one process has worked, and each compiled the model once for all its batches."""
    text = example.MODEL

    def compiled(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:
            scorer_of(text, ids=("person",), threads=1)
            made = scorer_of.cache_info().misses
            yield pa.RecordBatch.from_pydict({"process": [os.getpid()], "compiled": [made]})

    many = session.range(0, 400_000, numPartitions=16).mapInArrow(compiled, "process long, compiled long").collect()
    assert len({row.process for row in many}) >= 2
    assert {row.compiled for row in many} == {1}
