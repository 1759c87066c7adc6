"""Many people at once: the kernel, Arrow, Parquet, the floor of bare products, and other libraries, in one run.

    uv run --group bench benchmarks/bench_cohort.py [--rows 10000000]

Prints Markdown. All figures are of the same machine in the same run; the ratios are what to quote. With `--rows` it
also scores that many rows from Parquet to Parquet in a process of its own, and tells the memory it took.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import peers
import pyarrow as pa
import pyarrow.parquet as pq
from drawn_people import codes, people, row_of
from threadpoolctl import threadpool_limits

import buttockpain as bp
from buttockpain.cohort import Scorer
from buttockpain.cohort.answers import Answers
from buttockpain.cohort.kernel import Kernel
from buttockpain.cohort.parallel import processors
from buttockpain.model import Model

SIZE = 12 * 16_896  # whole slices of the shipped model
ROUNDS = 9


def parts_of(answers: Answers, size: int) -> list[Answers]:
    """Return answers cut as a table is cut."""
    return [
        Answers(answers.codes[:, first : first + size], {}, {}, answers.sex[first : first + size],
                answers.bad[first : first + size])
        for first in range(0, answers.codes.shape[1], size)
    ]  # fmt: skip


def floor_of(kernel: Kernel) -> Callable[[int], None]:
    """Return a function that runs the bare products and exponentials of so many blocks, on arrays that are there.

    Per block of W people: the log-likelihood (S, F + C + 1) times (F + C + 1, W), what "no" answers add (C + 1, F), the
    exponential of (S, W), the marginals (C + 2, S), and what risk factors between parts do: square matrices of a few
    states. No reading, no looking up, nothing element by element, no triage.
    """
    network, width = kernel.network, kernel.width
    states, findings, causes = len(network.has), len(network.findings), len(network.causes)
    rng = np.random.default_rng(1)
    shapes = [(states, findings + causes + 1), (causes + 1, findings), (causes + 2, states)]
    actions = [one for join in network.plan.joins for wide, members in join.groups
               for one in (wide, *(action for _, action in members))]  # fmt: skip
    shapes += [one.matrix.shape for one in actions if one.matrix is not None and one.link.any()]
    products = [(rng.random(shape), rng.random((shape[1], width))) for shape in shapes]

    def run(blocks: int) -> None:
        results = [np.empty((len(left), width)) for left, _ in products]
        logs = -rng.random((states, width))
        exponentials = np.empty((states, width))
        for _ in range(blocks):
            for (left, right), result in zip(products, results, strict=True):
                np.matmul(left, right, out=result)
            np.exp(logs, out=exponentials)

    return run


def seconds(calls: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median time of each call.

    They take turns, so that a drift of the machine hits all, and each runs twice in its turn and is timed the second time,
    so that none pays for what another left in the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def ours(model: Model, batch: pa.RecordBatch, workers: int) -> dict[str, float]:
    """Return seconds per row of the kernel, of Arrow to Arrow, and of the floor."""
    scorer = Scorer(model, ids=["person"], threads=workers)
    parts = parts_of(codes(model, batch), scorer.slice_rows)
    limit = model.directory.poor_fit
    table = pa.Table.from_batches([batch])
    floor, blocks = floor_of(scorer._kernel), scorer.slice_rows // scorer._kernel.width
    with ThreadPoolExecutor(workers) as pool, threadpool_limits(1, "blas"):
        times = seconds({
            "kernel": lambda: list(pool.map(scorer._kernel.score, parts)),
            "floor": lambda: list(pool.map(floor, [blocks] * len(parts))),
            "kernel and fit": lambda: list(pool.map(lambda part: scorer._kernel.score(part, limit=limit), parts)),
            "Arrow to Arrow": lambda: scorer.score_table(table),
        })  # fmt: skip
    return {name: value / batch.num_rows for name, value in times.items()}


def others(model: Model, batch: pa.RecordBatch) -> dict[str, float]:
    """Return seconds per row of the other libraries, each in the way its users score tables."""
    ranked = [name for name, cause in model.knowledge.cause.items() if cause.ranked]
    rows = [row_of(model, batch, row) for row in range(200)]
    agrum, pgmpy = peers.pyagrum_engine(model), peers.pgmpy_engine(model)

    def agrum_loop() -> None:
        for row in rows:
            agrum.setEvidence(peers.pyagrum_evidence(model, row))
            agrum.makeInference()
            for name in ranked:
                agrum.posterior(name)[1]

    def pgmpy_loop() -> None:
        for row in rows[:20]:
            pgmpy.query(ranked, evidence=peers.pgmpy_evidence(model, row), joint=False, show_progress=False)

    times = seconds({"pyAgrum": agrum_loop, "pgmpy": pgmpy_loop}, rounds=3)
    return {
        "pyAgrum, loop over evidence": times["pyAgrum"] / 200,
        "pgmpy, loop over `query`": times["pgmpy"] / 20,
        "pgmpy, `predict_probability`": pgmpy_table(model, pgmpy.model),
    }


def pgmpy_table(model: Model, network: Any) -> float:
    """Return seconds per row of pgmpy's own way for tables: every question answered, the causes to be predicted."""
    import pandas as pd  # type: ignore[import-untyped]

    rng = np.random.default_rng(2)
    asked = {name: ["no", "yes"] for name in model.network.findings}
    asked |= {factor.id: list(factor.states) for factor in model.network.factors}
    frame = pd.DataFrame({name: rng.choice(states, 5) for name, states in asked.items()})
    return seconds({"table": lambda: network.predict_probability(frame)}, rounds=3)["table"] / len(frame)


def parquet_to_parquet(model: Model, rows: int) -> str:
    """Score so many rows in a process of its own, and return what it took."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "people.parquet", Path(folder) / "scored.parquet"
        batch = people(model, 2**17)
        with pq.ParquetWriter(source, batch.schema) as writer:
            for _ in range(-(-rows // batch.num_rows)):
                writer.write_batch(batch)
        rows = pq.read_metadata(source).num_rows
        size = source.stat().st_size
        code = "import sys; from buttockpain.cli import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "cohort", str(source), str(target), "--id", "person"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
        assert pq.read_metadata(target).num_rows == rows
        return (f"Parquet to Parquet: {rows:,} rows in {took:.0f} s, {rows / took / 1e6:.2f} million rows/s, at most "
                f"{memory:.0f} MiB resident; {size / rows:.0f} bytes per row in, {target.stat().st_size / rows:.0f} "
                "out")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=0)
    options = parser.parse_args()
    model = bp.default_model()
    batch = people(model, SIZE)
    workers = processors()
    mine = ours(model, batch, workers)
    theirs = others(model, batch)
    print(f"{workers} processors, {SIZE:,} people drawn from the model, 30% of the questions unanswered\n")
    print("| what | million rows/s | against the kernel |\n|---|---|---|")
    for name, each in mine.items():
        print(f"| {name} | {1e-6 / each:.2f} | {each / mine['kernel']:.2f} times the time |")
    for name, each in theirs.items():
        print(f"| {name} | {1e-6 / each:.6f} | 1/{each / mine['kernel']:,.0f} of the speed |")
    print(f"\nKernel over floor: {mine['kernel'] / mine['floor']:.2f}")
    if options.rows:
        print(parquet_to_parquet(model, options.rows))


if __name__ == "__main__":
    main()
