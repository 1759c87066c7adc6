"""A lazy polars query with scoring in the middle: streamed, only what is needed at the end is kept.

Run it with:  uv run --with polars examples/cohort/cohort_polars.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from cohort_people import people

from buttockpain.cohort import Scorer

SCORER = Scorer(ids=["person", "region"])


def score(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the answers to a frame of any length, row by row."""
    return pl.DataFrame(SCORER.score_table(frame))


def urgent(path: Path) -> pl.DataFrame:
    """Return how many people of each region are at each level."""
    query = pl.scan_parquet(path)
    schema = score(query.head(0).collect()).schema
    # Scoring looks at one row at a time, so polars may stream through it.
    scored = query.map_batches(score, schema=schema, streamable=True)
    return scored.group_by("region", "triage_level").len().sort("region", "len").collect(engine="streaming")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        pq.write_table(people(50_000), path)
        print(urgent(path))
