"""People for the cohort examples: a table of random answers, as a hospital's export might look.

Run it with:  uv run examples/cohort/cohort_people.py
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def people(size: int) -> pa.Table:
    """Return a table of people: booleans with gaps, words, numbers, and columns the model does not know."""
    rng = np.random.default_rng(7)

    def answers(share: float) -> pa.Array:
        return pa.array(rng.random(size) < share, mask=rng.random(size) < 0.2)

    return pa.table({
        "person": pa.array(np.arange(size)),
        "region": pa.array(rng.choice(["north", "south"], size)).dictionary_encode(),
        "age": pa.array(rng.integers(18, 90, size), mask=rng.random(size) < 0.1),
        "sex": pa.array(rng.choice(["female", "male"], size)),
        "pain_severity": pa.array(rng.integers(0, 11, size)),
        "duration_days": pa.array(rng.integers(0, 120, size)),
        "low_back_pain": answers(0.5),
        "pain_below_knee": answers(0.3),
        "leg_numbness": answers(0.3),
        "slr_positive": pa.array(rng.choice(["yes", "no", "unknown"], size)),
        "local_tenderness": pa.array(rng.random(size)),  # how sure the examiner is
        "muscle_overuse_strain": answers(0.2),
        "saddle_numbness": answers(0.01),
    })  # fmt: skip


if __name__ == "__main__":
    print(people(5).to_string(preview_cols=5))
