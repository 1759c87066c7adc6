"""How often intervals hold the truth, person by person, over models drawn from the uncertainty of the numbers.

    uv run benchmarks/interval_coverage.py

For each simulated person, 4,000 true models are drawn and the true probabilities computed; then the 95% intervals of
each method, and the share of the truths inside. The plain delta method, with a tangent for the effect of each number, is
there for comparison only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import buttockpain as bp
from buttockpain.inference import evidence_of
from buttockpain.presentation import read
from buttockpain.research.derivatives import derivatives
from buttockpain.research.intervals import Interval, delta_intervals, intervals
from buttockpain.research.parameters import table_of
from buttockpain.research.simulation import SHORT_VISIT, simulate
from buttockpain.research.uncertainty import uncertainty_of
from buttockpain.research.variants import numbers_that_matter, posterior_of_variants
from buttockpain.types import FloatArray

TRUTHS = 4000
END = 1.959963984540054


def truths(model: bp.Model, answers: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Return true log-odds of every outcome, (outcomes, TRUTHS)."""
    table, (presentation, _) = table_of(model), read(answers, model.vocabulary)
    evidence = evidence_of(model.network, presentation)
    numbers = numbers_that_matter(table, evidence)
    drawn = uncertainty_of(model).draw(rng, draws=TRUTHS, numbers=numbers)
    state = posterior_of_variants(table, model.network, evidence, dict(zip(numbers, drawn, strict=True)))
    present: FloatArray = table.within.T @ state
    return np.log(present) - np.log(~table.within.T @ state)


def tangent(model: bp.Model, answers: Mapping[str, Any]) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the plain delta method: log-odds -/+ 1.96 times the norm of gradient times deviation."""
    found, uncertain = derivatives(model, answers), uncertainty_of(model)
    variance = (uncertain.below**2 + uncertain.above**2) / 2
    reach = END * np.sqrt(variance @ found.by_log_odds**2)
    return found.log_odds - reach, found.log_odds + reach


def log_odds(found: Sequence[Interval]) -> tuple[FloatArray, FloatArray]:
    """Return the ends of intervals as log-odds."""
    low, high = (np.array([getattr(one, end) for one in found]) for end in ("low", "high"))
    return np.log(low) - np.log1p(-low), np.log(high) - np.log1p(-high)


def main() -> None:
    """Measure and print."""
    model, rng = bp.default_model(), np.random.default_rng(1)
    visits = [simulate(model, 40, rng=rng, asked=asked) for asked in (SHORT_VISIT, None)]
    people = [{}, *(visit.answers(person) for visit in visits for person in range(len(visit)))]
    shares: dict[str, list[FloatArray]] = {}
    for person in people:
        true = truths(model, person, rng)
        methods = {
            "simulation, 2,000 draws": log_odds(intervals(model, person, rng=rng)),
            "delta method, exact effects": log_odds(delta_intervals(model, person)),
            "plain delta method, tangents": tangent(model, person),
        }
        for method, (low, high) in methods.items():
            inside = (true >= low[:, None]) & (true <= high[:, None])
            shares.setdefault(method, []).append(inside.mean(axis=1))
    print(f"{len(people)} people x {len(table_of(model).outcomes)} outcomes, {TRUTHS:,} truths each\n")
    print("| 95% intervals by | all together | lowest | highest | between 93% and 97% |\n|---|---:|---:|---:|---:|")
    for method, found in shares.items():
        share = np.array(found)
        good = ((share >= 0.93) & (share <= 0.97)).mean()
        print(f"| {method} | {share.mean():.1%} | {share.min():.1%} | {share.max():.1%} | {good:.1%} |")


if __name__ == "__main__":
    main()
