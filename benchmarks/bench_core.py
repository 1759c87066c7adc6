"""Import time and one `rank`, against what they are made of and against other libraries, in one run.

    uv run --group bench benchmarks/bench_core.py

Prints a Markdown table of medians and ratios. The machine is part of the figures; the ratios are what to quote.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import peers

import buttockpain as bp

ROUNDS = 8

_FLOOR = "import numpy; from pydantic import BaseModel"
_IMPORT = "import buttockpain"
_USED_FLOOR = f"{_FLOOR}\nclass Record(BaseModel):\n    name: str"
_USE = "from buttockpain import rank"


def import_seconds(statement: str) -> float:
    """Return the processor time of a fresh process that runs one statement."""
    code = f"{statement}\nimport resource\nu = resource.getrusage(resource.RUSAGE_SELF)\nprint(u.ru_utime + u.ru_stime)"
    # Bytecode is kept, as it is in an installation: otherwise the compiler would be timed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return float(result.stdout)


def seconds(calls: Mapping[str, tuple[Callable[[Any], object], list[Any]]]) -> dict[str, float]:
    """Return the median time of each call over its arguments; the calls take turns, so that a drift hits all."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call, arguments in calls.values():
        call(arguments[0])
    for _ in range(ROUNDS):
        for name, (call, arguments) in calls.items():
            for argument in arguments:
                start = time.perf_counter()
                call(argument)
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(measured) for name, measured in times.items()}


def main() -> None:
    """Measure and print."""
    imports: dict[str, list[float]] = {statement: [] for statement in (_FLOOR, _IMPORT, _USED_FLOOR, _USE)}
    for statement in imports:
        import_seconds(statement)
    for _ in range(15):  # in turn, so that a drift of the machine hits both
        for statement, times in imports.items():
            times.append(import_seconds(statement))
    floor, ours, used_floor, use = (statistics.median(times) for times in imports.values())

    model = bp.default_model()
    people = peers.cases()
    agrum, pgmpy = peers.pyagrum_engine(model), peers.pgmpy_engine(model)
    ranked = [name for name, cause in model.knowledge.cause.items() if cause.ranked]

    def ask_agrum(evidence: dict[str, str]) -> list[float]:
        agrum.setEvidence(evidence)
        agrum.makeInference()
        return [agrum.posterior(name)[1] for name in ranked]

    def ask_pgmpy_one_by_one(evidence: dict[str, str]) -> None:
        for name in ranked:
            pgmpy.query([name], evidence=evidence, show_progress=False)

    def ask_pgmpy_jointly(evidence: dict[str, str]) -> None:
        pgmpy.query(ranked, evidence=evidence, show_progress=False)

    agrum_evidence = [peers.pyagrum_evidence(model, answers) for answers in people]
    pgmpy_evidence = [peers.pgmpy_evidence(model, answers) for answers in people]
    worst = max(
        abs(ours_one - theirs)
        for answers, evidence in zip(people, agrum_evidence, strict=True)
        for probability in [{cause.id: cause.probability for cause in model.rank(answers).causes}]
        for ours_one, theirs in zip([probability[name] for name in ranked], ask_agrum(evidence), strict=True)
    )
    measured = seconds(
        {
            "rank": (model.rank, people),
            "agrum": (ask_agrum, agrum_evidence),
            "pgmpy, one by one": (ask_pgmpy_one_by_one, pgmpy_evidence[::10]),
            "pgmpy, jointly": (ask_pgmpy_jointly, pgmpy_evidence[::10]),
        }
    )
    own = measured["rank"]
    rows = [
        ("`import buttockpain` against importing numpy and pydantic", ours, floor, f"{ours / floor:.2f} times"),
        ("`from buttockpain import rank` against these with one record defined", use, used_floor,
         f"{use / used_floor:.2f} times"),
        ("`rank` against pyAgrum, lazy propagation, bare inference", own, measured["agrum"], ""),
        ("`rank` against pgmpy, variable elimination, five marginals", own, measured["pgmpy, one by one"], ""),
        ("`rank` against pgmpy, variable elimination, one joint query", own, measured["pgmpy, jointly"], ""),
    ]  # fmt: skip
    print("| what | ours, ms | other, ms | ratio |\n|---|---|---|---|")
    for what, mine, other, ratio in rows:
        print(f"| {what} | {mine * 1e3:.3g} | {other * 1e3:.3g} | {ratio or f'1/{other / mine:.0f}'} |")
    print(f"\nLargest difference of a posterior from pyAgrum's over {len(people)} cases: {worst:.0e}")


if __name__ == "__main__":
    main()
