"""A cluster: Spark hands batches to `mapInArrow`, every worker scores its own.

The model travels as the text of its file and is compiled once per worker process. Here the cluster is two worker
processes on this machine; on a real one only the address changes. Needs Java 17.
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

from buttockpain.cohort import decoded, scorer_of

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
        path = Path(folder) / "people.parquet"
        pq.write_table(people(50_000), path, row_group_size=10_000)
        session = cluster()
        session.sparkContext.setLogLevel("ERROR")
        frame = session.read.parquet(str(path)).repartition(4)
        scored(frame, MODEL).groupBy("triage_level").count().orderBy("triage_level").show(truncate=False)
        session.stop()
