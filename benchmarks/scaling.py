"""What 10^9 rows need on a cluster, from what one processor does here and how many bytes a row has.

    uv run --group bench benchmarks/scaling.py

Measured: rows per second of one thread from Arrow to Arrow, and bytes per row in Parquet and in Arrow, in and out. The
rest is arithmetic, printed as Markdown; `docs/scaling.md` says what it means.
"""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
from bench_cohort import seconds
from drawn_people import people

import buttockpain as bp
from buttockpain.cohort import Scorer, decoded

ROWS = 10**9
CORES = (2, 32, 128, 512)
NETWORK_GBIT = 10  # of each machine, to the storage
MACHINE_CORES = 16
BATCH = 10_000  # rows that Spark hands over at a time, its default


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


def main() -> None:
    """Measure, compute and print."""
    batch = people(bp.default_model(), 10 * BATCH)
    scorer = Scorer(ids=["person"], threads=1)
    parts = [batch.slice(first, BATCH) for first in range(0, batch.num_rows, BATCH)]
    each = seconds({"": lambda: [decoded(scorer.score_batch(part)) for part in parts]})[""] / batch.num_rows
    scored = scorer.score_batch(batch)
    per_row = {
        "Parquet in": parquet_bytes(batch), "Parquet out": parquet_bytes(scored),
        "Arrow in, JVM to Python": arrow_bytes(batch), "Arrow out, Python to JVM": arrow_bytes(decoded(scored)),
    }  # fmt: skip
    sizes = {name: total / batch.num_rows for name, total in per_row.items()}

    print(f"One thread, batches of {BATCH:,}: {1e-6 / each:.2f} million rows/s\n")
    print("| bytes per row | |\n|---|---|")
    for name, size in sizes.items():
        print(f"| {name} | {size:.0f} |")
    stored = (sizes["Parquet in"] + sizes["Parquet out"]) * ROWS
    piped = (sizes["Arrow in, JVM to Python"] + sizes["Arrow out, Python to JVM"]) * ROWS
    print(f"\n{ROWS:,} rows: {ROWS * each / 3600:.2f} core hours, {stored / 1e9:.0f} GB of files, {piped / 1e9:.0f} GB "
          "between processes\n")  # fmt: skip
    print("| cores | scoring, minutes | rows/s, million | files, GB/s | share of the network | pipes, GB/s per core |")
    print("|---|---|---|---|---|---|")
    for cores in CORES:
        time = ROWS * each / cores
        machines = max(1, cores // MACHINE_CORES)
        share = stored / time / (machines * NETWORK_GBIT * 1e9 / 8)
        print(f"| {cores} | {time / 60:.1f} | {cores * 1e-6 / each:.1f} | {stored / time / 1e9:.2f} | {share:.1%} | "
              f"{piped / time / cores / 1e9:.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
