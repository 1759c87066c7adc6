"""How the cost of a row grows with rows, findings and causes: measured on synthetic models, drawn for the docs.

    uv run --group bench benchmarks/cost_curves.py docs/img/cost_curves.svg

Prints the figures as a Markdown table. One thread, the posterior without triage; medians of a few rounds.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from bench_cohort import parts_of, seconds
from drawn_people import codes, people
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

import buttockpain as bp
from buttockpain.cohort.answers import NO, NOT_ASKED, YES, Answers
from buttockpain.cohort.kernel import Kernel
from buttockpain.knowledge import Cause, Finding, Parameter, RiskFactor
from buttockpain.model import Model
from buttockpain.network import Network

ROWS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
FINDINGS = (10, 30, 76, 200, 500, 1_000)
SLICE = 16_896
CAUSES = (2, 4, 6, 8, 10, 12, 14)

Curve = dict[int, float]


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


def cost(network: Network, rng: np.random.Generator) -> float:
    """Return seconds per row of the kernel, a third of the questions not asked."""
    kernel = Kernel(network)
    size = max(kernel.width, min(SLICE, 2**24 // len(network.has) // kernel.width * kernel.width))
    drawn = rng.choice([YES, NO, NOT_ASKED], (len(network.findings) + len(network.factors), size)).astype(np.int8)
    drawn[network.presenting] = YES
    answers = Answers(drawn, {}, {}, np.zeros(size, np.int8), np.zeros(size, bool))
    return float(seconds({"": lambda: kernel.score(answers)}, rounds=5)[""] / size)


def by_rows(model: Model) -> Curve:
    """Return seconds per row of a call with so many rows; the longest ones go over the same people again."""
    kernel = Kernel(model.network)
    everybody = codes(model, people(model, 4 * SLICE))
    curve = {}
    for rows in ROWS:
        one = Answers(everybody.codes[:, :rows], {}, {}, everybody.sex[:rows], everybody.bad[:rows])
        slices = [one] if rows <= SLICE else parts_of(everybody, SLICE) * (rows // (4 * SLICE) or 1)
        scored = sum(part.codes.shape[1] for part in slices)
        call = partial(_score_all, kernel, slices)
        curve[rows] = seconds({"": call}, rounds=3 if scored > 10**5 else 9)[""] / scored
    return curve


def _score_all(kernel: Kernel, slices: list[Answers]) -> None:
    """Score slice after slice."""
    for part in slices:
        kernel.score(part)


def draw(path: Path, curves: dict[str, Curve], marks: dict[str, int]) -> None:
    """Draw the curves, the same bytes for the same figures."""
    mpl.rcParams["svg.hashsalt"] = "buttockpain"
    mpl.rcParams["svg.fonttype"] = "none"
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    for axes, (name, curve) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        axes.loglog(list(curve), [each * 1e6 for each in curve.values()], marker="o", color="#2b5d8a")
        axes.axvline(marks[name], color="#999999", linewidth=0.8, linestyle=":")
        axes.set_xlabel(name)
        axes.grid(visible=True, which="major", linewidth=0.4)
        if name == "causes":
            axes.set_xscale("linear")
    figure.axes[0].set_ylabel("µs per row, one thread")
    figure.savefig(path, metadata={"Date": None})


def main(path: Path) -> None:
    """Measure, print and draw."""
    model = bp.default_model()
    with threadpool_limits(1, "blas"):
        rng = np.random.default_rng(1)
        curves = {
            "rows": by_rows(model),
            "findings": {f: cost(network(model, 6, f, rng), rng) for f in FINDINGS},
            "causes": {c: cost(network(model, c, 76, rng), rng) for c in CAUSES},
        }
    for name, curve in curves.items():
        print(f"\n| {name} | µs per row |\n|---|---|")
        for size, each in curve.items():
            print(f"| {size:,} | {each * 1e6:.2f} |")
    draw(path, curves, {"rows": 1024, "findings": len(model.network.findings), "causes": len(model.network.causes)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
