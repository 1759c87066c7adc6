"""Draw the figures of `plots.md` into `img/`; the same model and matplotlib give the same bytes.

Run it with:  uv run docs/make_figures.py [directory]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import buttockpain as bp
from buttockpain.render import plots
from buttockpain.research.evaluation import evaluate
from buttockpain.research.intervals import rank_with_intervals
from buttockpain.research.sensitivity import sensitivity_function, tornado
from buttockpain.research.simulation import SHORT_VISIT, simulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ANSWERS = {
    "age": 44, "sex": "male", "pain_severity": 6, "duration_days": 10, "low_back_pain": "yes", "pain_below_knee": "yes",
    "leg_numbness": 0.7, "pain_worse_sitting": "yes", "pain_worse_bending_lifting": "no", "saddle_numbness": "no",
}  # fmt: skip
"""One person; the page shows the same answers."""


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


def main(directory: Path) -> None:
    """Write every figure into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, figure in figures():
        plots.save_figure(figure, directory / f"{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "img")
