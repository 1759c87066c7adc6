"""What explaining, choosing questions and the stop rule cost, as multiples of one `rank`, in one run.

    uv run benchmarks/bench_explain.py

Run it with one thread for the linear algebra (OPENBLAS_NUM_THREADS=1): the matrices are small. Prints a Markdown table of
medians. The machine is part of the figures; the ratios are what to quote.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np

import buttockpain as bp
from buttockpain.outlook import present_outlook
from buttockpain.questions import ranked_questions
from buttockpain.stopping import stop_advice

ROUNDS = 200

EIGHT: Mapping[str, str | int] = {
    "age": 45, "sex": "female", "running_or_sport": "no", "low_back_pain": "yes", "leg_numbness": "yes",
    "pain_worse_sitting": "no", "slr_positive": "yes", "saddle_numbness": "no",
}  # fmt: skip


def main() -> None:
    """Measure and print."""
    model = bp.default_model()
    soft = {**EIGHT, "slr_positive": 0.8}
    names = [name for name, item in model.background.items.items() if item.axis is not None]
    fifty = {name: "yes" if number % 5 == 0 else "no" for number, name in enumerate(names[:50])}
    case = model._case(EIGHT, ())
    items, now = case.open_items("clinician"), present_outlook(case)

    def generator() -> np.random.Generator:
        return np.random.default_rng(0)

    calls: dict[str, tuple[Callable[[], object], int]] = {
        "`rank`, 8 answers": (lambda: model.rank(EIGHT), ROUNDS),
        "`explain`, 8 answers, exact": (lambda: model.explain(EIGHT, "sciatica"), ROUNDS),
        "`explain`, 8 answers, one of them soft": (lambda: model.explain(soft, "sciatica"), ROUNDS),
        "`explain`, 50 answers, sampled": (lambda: model.explain(fifty, "sciatica"), ROUNDS // 10),
        f"questions: gains of all {len(items)} open, outcomes of 5": (
            lambda: ranked_questions(case, items, now, 5), ROUNDS
        ),
        f"questions: gains and outcomes of all {len(items)} open": (
            lambda: ranked_questions(case, items, now, None), ROUNDS // 4
        ),
        "stop rule, 1,000 draws": (lambda: stop_advice(case, items, now, rng=generator()), ROUNDS // 2),
        "`next_questions`, both": (lambda: model.next_questions(EIGHT, audience="clinician"), ROUNDS // 2),
        "`next_question`, a step of an interview": (lambda: model.next_question(EIGHT), ROUNDS // 2),
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call, _ in calls.values():
        call()
    for turn in range(ROUNDS):  # in turn, so that a drift of the machine hits all
        for name, (call, rounds) in calls.items():
            if turn < rounds:
                start = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - start)
    one = statistics.median(times["`rank`, 8 answers"])
    print("| call | ms | times one `rank` |\n|---|---:|---:|")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"| {name} | {median * 1e3:.2f} | {median / one:.1f} |")


if __name__ == "__main__":
    main()
