"""How the cost of a row grows with rows, findings and causes: measured on synthetic models, beside the floor.

    uv run --group bench benchmarks/cost_curves.py benchmarks/cost_curves.json

Prints the figures as Markdown and writes them to a file, from which `docs/make_figures.py` draws. One thread, the
posterior without triage; medians of a few rounds in which kernel and floor take turns.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from bench_cohort import floor_of, parts_of, seconds
from drawn_people import codes, people
from threadpoolctl import threadpool_limits

import buttockpain as bp
from buttockpain.cohort.answers import NO, NOT_ASKED, YES, Answers
from buttockpain.cohort.kernel import Kernel
from buttockpain.knowledge import Cause, Finding, RiskFactor
from buttockpain.model import Model
from buttockpain.network import Network
from buttockpain.parameter import Parameter

ROWS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
FINDINGS = (10, 30, 76, 200, 500, 1_000)
SLICE = 16_896
CAUSES = (2, 4, 6, 8, 10, 12, 14)

Curve = list[dict[str, float]]
"""Points: what varies, microseconds per row of kernel and floor, and MiB that one worker needs."""


def network(model: Model, causes: int, findings: int, rng: np.random.Generator) -> Network:
    """Return a network of a size: every finding has three causes, each of eight risk factors two, and there is an arc."""

    def number(low: float, high: float) -> Parameter:
        value = float(rng.uniform(low, high))
        return Parameter(value=value, low=value, high=value, basis="judgement")

    def some(count: int) -> list[str]:
        return [f"c{k}" for k in rng.choice(causes, min(count, causes), replace=False)]

    factors = [f"r{r}" for r in range(8)]
    links: dict[str, dict[str, Any]] = {f"c{k}": {} for k in range(causes)}
    for factor in factors:
        for cause in some(2):
            links[cause][factor] = number(0.01, 0.1)
    links["c1"]["c0"] = number(0.1, 0.5)
    a_cause = next(iter(model.knowledge.cause.values()))
    made: dict[str, Cause] = {
        name: a_cause.model_copy(update={"leak": number(0.01, 0.1), "link": link}) for name, link in links.items()
    }
    asked = {
        f"f{f}": Finding(
            kind="symptom", label="A finding", question="Is it there?", presenting=f == 0, leak=number(0.02, 0.1),
            link={cause: number(0.1, 0.8) for cause in some(3)},
        )
        for f in range(findings)
    }  # fmt: skip
    asked_of = {name: RiskFactor(label="A factor", question="Is it there?", base=number(0.1, 0.4)) for name in factors}
    update = {"cause": made, "finding": asked, "risk_factor": asked_of}
    return Network.of(model.knowledge.model_copy(update=update))


def drawn(network: Network, size: int, rng: np.random.Generator) -> Answers:
    """Return answers of so many people at random, a third of the questions not asked."""
    codes = rng.choice([YES, NO, NOT_ASKED], (len(network.findings) + len(network.factors), size)).astype(np.int8)
    codes[network.presenting] = YES
    return Answers(codes, {}, {}, np.zeros(size, np.int8), np.zeros(size, bool))


def cost(kernel: Kernel, slices: list[Answers], rounds: int) -> dict[str, float]:
    """Return what a row costs in slices of people, and what the floor of it costs."""
    size = sum(part.codes.shape[1] for part in slices)
    floor, blocks = floor_of(kernel), -(-size // kernel.width)

    def score_all() -> None:
        for part in slices:
            kernel.score(part)

    times = seconds({"kernel": score_all, "floor": lambda: floor(blocks)}, rounds)
    return {
        "kernel": times["kernel"] / size * 1e6,
        "floor": times["floor"] / (blocks * kernel.width) * 1e6,
        "memory": kernel.nbytes / 2**20,
    }


def by_rows(model: Model) -> Curve:
    """Return the cost of calls with so many rows; the longest ones go over the same people again."""
    kernel = Kernel(model.network)
    everybody = codes(model, people(model, 4 * SLICE))
    slices = parts_of(everybody, SLICE)
    curve = []
    for rows in ROWS:
        some = [parts_of(everybody, rows)[0]] if rows <= SLICE else slices * (rows // (4 * SLICE) or 1)
        curve.append({"rows": rows, **cost(kernel, some, rounds=3 if rows > 10**5 else 15)})
    return curve


def by_size(model: Model, what: str, sizes: tuple[int, ...]) -> Curve:
    """Return the cost of networks with so many causes or findings, and of the other as many as the shipped model."""
    shipped = {"causes": len(model.network.causes), "findings": len(model.network.findings)}
    curve = []
    for size in sizes:
        rng = np.random.default_rng(1)  # the same risk factors however many findings
        kernel = Kernel(network(model, **{**shipped, what: size}, rng=rng))
        rows = max(kernel.width, min(SLICE, 2**24 // len(kernel.network.has) // kernel.width * kernel.width))
        curve.append({what: size, **cost(kernel, [drawn(kernel.network, rows, rng)], rounds=7)})
    return curve


def main(path: Path) -> None:
    """Measure, print and write."""
    model = bp.default_model()
    with threadpool_limits(1, "blas"):
        curves = {
            "rows": by_rows(model),
            "findings": by_size(model, "findings", FINDINGS),
            "causes": by_size(model, "causes", CAUSES),
        }
    for name, curve in curves.items():
        print(f"\n| {name} | kernel, µs per row | floor, µs per row | MiB per worker |\n|---:|---:|---:|---:|")
        for point in curve:
            print(f"| {point[name]:,} | {point['kernel']:.2f} | {point['floor']:.2f} | {point['memory']:.0f} |")
    path.write_text(json.dumps(curves, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
