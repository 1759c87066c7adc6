"""Sensitivity, uncertainty and influence: what each call costs, as multiples of one `rank` in the same run.

    OPENBLAS_NUM_THREADS=1 uv run benchmarks/bench_research.py

Prints a Markdown table over the published cases, over simulated short visits, and over people who were asked everything:
medians of the best of five calls, in processor time. The machine is part of the figures; the ratios are what to quote.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import peers

import buttockpain as bp
from buttockpain.research.derivatives import derivatives
from buttockpain.research.influence import influences
from buttockpain.research.intervals import delta_intervals, intervals, rank_with_intervals
from buttockpain.research.margins import fragile_numbers, margins
from buttockpain.research.sensitivity import sensitivity_function, tornado, value_for
from buttockpain.research.simulation import SHORT_VISIT, simulate

Person = Mapping[str, Any]
PATH = "cause.sciatica.leak"


def calls(model: bp.Model) -> dict[str, Callable[[Person], object]]:
    """Return what is timed, by the words for it."""
    rng = np.random.default_rng(1)
    return {
        "rank": model.rank,
        "derivatives of every outcome by every number": lambda person: derivatives(model, person),
        "sensitivity function": lambda person: sensitivity_function(model, person, path=PATH),
        "value that gives one half": lambda person: value_for(model, person, path=PATH, outcome="sciatica"),
        "tornado of one outcome": lambda person: tornado(model, person, outcome="sciatica"),
        "margins of both decisions along every number": lambda person: margins(model, person),
        "one person of the fragile numbers": lambda person: fragile_numbers(model, [person]),
        "influence with sources": lambda person: influences(model, person),
        "intervals by the delta method": lambda person: delta_intervals(model, person),
        "intervals from 2,000 draws": lambda person: intervals(model, person, rng=rng),
        "ranking with intervals": lambda person: rank_with_intervals(model, person, rng=rng),
    }


def best_of_five(call: Callable[[Person], object], person: Person) -> float:
    """Return the processor time of a call; other programs on the machine can only add to it."""
    times = []
    for _ in range(5):
        start = time.process_time()
        call(person)
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Measure and print."""
    model = bp.default_model()
    rng = np.random.default_rng(1)
    short, long = simulate(model, 15, rng=rng, asked=SHORT_VISIT), simulate(model, 15, rng=rng)
    groups: dict[str, list[Person]] = {
        "published cases": list(itertools.islice(peers.cases(), 0, None, 10)),
        "short visits": [short.answers(person) for person in range(len(short))],
        "everything asked": [long.answers(person) for person in range(len(long))],
    }
    timed = calls(model)
    times: dict[tuple[str, str], list[float]] = {}
    for group, people in groups.items():
        for person in people:  # in turn, so that a drift of the machine hits all
            for words, call in timed.items():
                times.setdefault((words, group), []).append(best_of_five(call, person))
    medians = {key: statistics.median(found) for key, found in times.items()}
    print("| call | " + " | ".join(f"{group}: ms | x rank" for group in groups) + " |")
    print("|---|" + "---:|---:|" * len(groups))
    for words in timed:
        figures = (
            f"{1000 * medians[words, group]:.2f} | {medians[words, group] / medians['rank', group]:.1f}"
            for group in groups
        )
        print(f"| {words} | " + " | ".join(figures) + " |")


if __name__ == "__main__":
    main()
