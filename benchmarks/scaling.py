"""What one processor scores in a second and how many bytes a row has: the figures that `docs/scaling.md` computes with.

    OPENBLAS_NUM_THREADS=1 uv run --group bench --with pyspark --with "pandas<3" benchmarks/scaling.py

Prints Markdown. The first rate is of one thread from Arrow to Arrow in batches as Spark hands them over. The others are
of a Spark cluster of two worker processes on this machine, from Parquet to Parquet. They need Java 17, and are left out
where pyspark is not installed.
"""

from __future__ import annotations

import importlib.util
import io
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from bench_cohort import seconds
from drawn_people import people
from threadpoolctl import threadpool_limits

import buttockpain as bp
from buttockpain.cohort import Scorer, decoded

BATCH = 10_000  # rows that Spark hands over at a time, its default
PARTS = 8  # of the data: a few for each worker
SHORT, LONG = 800_000, 4_000_000
CORES = 2  # of the cluster in the example


def arrow_bytes(batch: pa.RecordBatch) -> int:
    """Return the size of a batch on its way between processes."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.tell()


def parquet_bytes(batch: pa.RecordBatch) -> int:
    """Return the size of a batch in a file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_batches([batch]), sink)
    return sink.tell()


def one_thread(batch: pa.RecordBatch) -> float:
    """Return seconds per row of one thread."""
    scorer = Scorer(ids=["person"], threads=1)
    parts = [batch.slice(first, BATCH) for first in range(0, batch.num_rows, BATCH)]
    with threadpool_limits(1, "blas"):
        took = seconds({"": lambda: [decoded(scorer.score_batch(part)) for part in parts]})[""]
    return took / int(batch.num_rows)


def on_spark(batch: pa.RecordBatch) -> dict[str, float]:
    """Return seconds per row and processor of a cluster of two worker processes with one processor each.

    The difference between a longer and a shorter run, so that starting does not count.
    """
    sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "cohort"))
    import cohort_spark

    session = cohort_spark.cluster()
    session.sparkContext.setLogLevel("ERROR")

    def rows_of(source: Path, target: Path) -> None:
        cohort_spark.scored(session.read.parquet(str(source)), cohort_spark.MODEL).write.parquet(str(target))

    def files_of(source: Path, target: Path) -> None:
        target.mkdir()
        cohort_spark.score_files(session, source, target, cohort_spark.MODEL).collect()

    ways = {"Spark, rows through `mapInArrow`": rows_of, "Spark, names of files": files_of}
    took: dict[tuple[str, int], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in (PARTS * BATCH, SHORT, LONG):  # the first one starts the workers
            source = Path(folder) / f"people{size}"
            source.mkdir()
            for part in range(PARTS):
                with pq.ParquetWriter(source / f"{part}.parquet", batch.schema) as writer:
                    for _ in range(size // PARTS // BATCH):
                        writer.write_batch(batch.slice(0, BATCH))
            for name, way in ways.items():
                start = time.perf_counter()
                way(source, Path(folder) / f"{name[-5:]}{size}")
                took[name, size] = time.perf_counter() - start
    session.stop()
    return {name: CORES * (took[name, LONG] - took[name, SHORT]) / (LONG - SHORT) for name in ways}


def main() -> None:
    """Measure and print."""
    batch = people(bp.default_model(), 10 * BATCH)
    scored = Scorer(ids=["person"], threads=1).score_batch(batch)
    sizes = {
        "Parquet in": parquet_bytes(batch), "Parquet out": parquet_bytes(scored),
        "Arrow in, JVM to Python": arrow_bytes(batch), "Arrow out, Python to JVM": arrow_bytes(decoded(scored)),
    }  # fmt: skip
    rates = {"one thread, Arrow to Arrow": one_thread(batch)}
    if importlib.util.find_spec("pyspark"):
        rates |= on_spark(batch)
    print("| per row | |\n|---|---:|")
    for name, each in rates.items():
        print(f"| {name} | {each * 1e6:.2f} µs |")
    for name, total in sizes.items():
        print(f"| {name} | {total / batch.num_rows:.0f} bytes |")


if __name__ == "__main__":
    main()
