"""Draw the figures of the pages into `img/`; the same model, measured costs and matplotlib give the same bytes.

Run it with:  uv run docs/make_figures.py [directory]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import buttockpain as bp
from buttockpain.render import plots
from buttockpain.render.plot_page import COLOURS, Page, style
from buttockpain.research.evaluation import evaluate
from buttockpain.research.intervals import rank_with_intervals
from buttockpain.research.sensitivity import sensitivity_function, tornado
from buttockpain.research.simulation import SHORT_VISIT, simulate

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

ANSWERS = {
    "age": 44, "sex": "male", "pain_severity": 6, "duration_days": 10, "low_back_pain": "yes", "pain_below_knee": "yes",
    "leg_numbness": 0.7, "pain_worse_sitting": "yes", "pain_worse_bending_lifting": "no", "saddle_numbness": "no",
}  # fmt: skip
"""One person; the page shows the same answers."""

COSTS = Path(__file__).parents[1] / "benchmarks" / "cost_curves.json"
"""As `benchmarks/cost_curves.py` measured them."""


def figures() -> Iterator[tuple[str, Figure]]:
    """Yield every figure of the page with its name."""
    model = bp.default_model()
    uncertain = rank_with_intervals(model, ANSWERS, rng=np.random.default_rng(1))
    yield "ranking", plots.plot_ranking(uncertain.differential, intervals=uncertain.intervals)
    yield "waterfall", plots.plot_waterfall(model.explain(ANSWERS, "sciatica"))
    rows = tornado(model, ANSWERS, outcome="sciatica", top=10)
    yield "tornado", plots.plot_tornado(rows)
    widest = rows[0]
    curve = sensitivity_function(model, ANSWERS, path=widest.path)
    yield "sensitivity", plots.plot_sensitivity(curve, low=widest.low, high=widest.high)
    cases = simulate(model, 3_000, rng=np.random.default_rng(1), asked=SHORT_VISIT)
    yield "calibration", plots.plot_calibration(evaluate(model, cases))
    yield "network", plots.plot_network(model)
    yield "network_piriformis", plots.plot_network(model, cause="piriformis_syndrome")
    shipped = {"findings": len(model.network.findings), "causes": len(model.network.causes)}
    for what, curve in json.loads(COSTS.read_text(encoding="utf-8")).items():
        yield f"cost_{what}", cost_curve(what, curve, shipped.get(what))


def cost_curve(what: str, curve: list[dict[str, float]], shipped: int | None) -> Figure:
    """Return how the cost of a row grows, beside the floor, and where the shipped model stands."""
    sizes = [point[what] for point in curve]
    with style():
        page = Page.of(None, height=2.6)
        axes = page.axes
        if shipped is not None:
            axes.axvline(shipped, color=COLOURS["track"], linewidth=6, zorder=1)
        for name, colour in (("kernel", COLOURS["share"]), ("floor", COLOURS["none"])):
            costs = [point[name] for point in curve]
            axes.plot(sizes, costs, marker="o", markersize=4, color=colour)
            axes.annotate(name, (sizes[-1], costs[-1]), xytext=(8, 0), textcoords="offset points", va="center")
        axes.set_yscale("log")
        axes.set_ylim(0.05, 1000)
        decades(axes.yaxis, (0.1, 1, 10, 100, 1000))
        if what == "causes":
            axes.set_xticks(sizes)
        else:
            axes.set_xscale("log")
            decades(axes.xaxis, [10**power for power in range(8) if sizes[0] <= 10**power <= sizes[-1]])
        axes.set_xlabel(what)
        axes.set_ylabel("microseconds per row")
        axes.grid(axis="y")
        first, last = curve[0], curve[-1]
        caption = (
            f"A row costs {first['kernel']:.3g} microseconds with {first[what]:,} {what if first[what] > 1 else what[:-1]}, "
            f"and {last['kernel']:.3g} with {last[what]:,}."
        )
        band = "" if shipped is None else f" Band: as many {what} as the shipped model has, {shipped}."
        return page.finish(caption, note=f"One thread. Floor: the bare matrix products and exponentials.{band}")


def decades(axis: Axis, ticks: Sequence[float]) -> None:
    """Mark powers of ten only, written out."""
    axis.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    axis.set_ticks([], minor=True)


def main(directory: Path) -> None:
    """Write every figure into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, figure in figures():
        plots.save_figure(figure, directory / f"{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "img")
