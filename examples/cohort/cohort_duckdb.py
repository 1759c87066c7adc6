"""SQL over a scored stream: DuckDB reads a Parquet file, rows are scored on the way, SQL groups the answers.

Nothing is held in memory but a few batches. Run it with:  uv run --with duckdb examples/cohort/cohort_duckdb.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from cohort_people import people

from buttockpain.cohort import Scorer

SCORER = Scorer(ids=["person", "region"])


def adults(path: Path) -> list[tuple[str, str, int, float]]:
    """Return how many adults of each region are at each level, and how probable sciatica is among them."""
    # Two connections, because one cannot be read from and asked at the same time.
    with duckdb.connect() as source, duckdb.connect() as target:
        selected = source.read_parquet(str(path)).filter("age >= 18")
        target.register("scored", SCORER.reader(selected))
        rows: list[tuple[str, str, int, float]] = target.sql(
            "SELECT region, triage_level, count(*), round(avg(probability_sciatica), 3)"
            " FROM scored GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return rows


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        pq.write_table(people(50_000), path)
        for region, level, count, sciatica in adults(path):
            print(f"{region:6} {level:20} {count:7,} {sciatica:6.3f}")
