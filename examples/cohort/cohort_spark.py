"""A cluster: every Spark worker scores its own batches, or its own files.

The model travels as the text of its file and is compiled once per worker process. Here the cluster is two worker
processes on this machine; on a real one only the address changes. Needs Java 17.

`scored` scores any frame: Spark reads, and hands batches over to `mapInArrow`. `score_files` lets only the names of files
travel through Spark: each worker reads and writes its own, which is several times faster where the people lie in Parquet
files that all machines can see.
Run it with:  OPENBLAS_NUM_THREADS=1 uv run --with pyspark --with pandas examples/cohort/cohort_spark.py
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from cohort_people import people
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from buttockpain.cohort import decoded, score_file, scorer_of

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = files("buttockpain.models").joinpath("buttock_pain.toml").read_text(encoding="utf-8")
CLUSTER = "local-cluster[2,1,1024]"  # workers, processors of each, MiB of each


def scoring(text: str) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that a worker runs; it holds nothing but the text of the model."""

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Spark knows no dictionaries, and has the processors at work already: one thread here.
        yield from map(decoded, scorer_of(text, ids=("person",), threads=1).score_batches(batches))

    return score


def scored(frame: DataFrame, text: str) -> DataFrame:
    """Return the answers to a frame."""
    empty = pa.RecordBatch.from_pylist([], schema=pa.schema([("person", pa.int64())]))
    schema = decoded(scorer_of(text, ids=("person",), threads=1).score_batch(empty)).schema
    return frame.mapInArrow(scoring(text), from_arrow_schema(schema))


def score_files(session: SparkSession, source: Path, target: Path, text: str) -> DataFrame:
    """Return a frame of file names and rows that, once it is asked for, scores the Parquet files of a folder.

    A file appears in the target when it is whole, so a worker that dies, or two that do the same, leave nothing behind.
    """

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = scorer_of(text, ids=("person",), threads=1)
        for batch in batches:
            for name in batch.column("file").to_pylist():
                summary = score_file(source / name, target / name, scorer)
                yield pa.RecordBatch.from_pydict({"file": [name], "rows": [summary.rows]})

    names = [(path.name,) for path in sorted(source.glob("*.parquet"))]
    frame = session.createDataFrame(session.sparkContext.parallelize(names, len(names)), "file string")
    return frame.mapInArrow(score, "file string, rows long")


def cluster() -> SparkSession:
    """Return a session on two worker processes."""
    builder = SparkSession.builder.master(CLUSTER).appName("buttockpain")
    for name in ("PYSPARK_PYTHON", "PYTHONPATH", "OPENBLAS_NUM_THREADS"):
        default = {"PYSPARK_PYTHON": sys.executable, "OPENBLAS_NUM_THREADS": "1"}.get(name, "")
        builder = builder.config(f"spark.executorEnv.{name}", os.environ.get(name, default))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "4").getOrCreate()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "people", Path(folder) / "scored"
        source.mkdir()
        target.mkdir()
        for part in range(4):
            pq.write_table(people(12_500).slice(part * 3_125, 3_125), source / f"{part}.parquet")
        session = cluster()
        session.sparkContext.setLogLevel("ERROR")
        frame = session.read.parquet(str(source))
        scored(frame, MODEL).groupBy("triage_level").count().orderBy("triage_level").show(truncate=False)
        score_files(session, source, target, MODEL).orderBy("file").show()
        session.stop()
