"""Watch a prior: move one number over its whole range and see every cause move with it.

Run it with:  uv run examples/watch_a_prior.py [picture.svg]
"""

import sys

import numpy as np

import buttockpain as bp
from buttockpain.research.margins import margins
from buttockpain.research.sensitivity import sensitivity_function

# %% The number to watch, and one person.
model = bp.default_model()
path = "cause.piriformis_syndrome.leak"
number = next(row for row in model.parameters() if row.path == path)
answers = {"pain_worse_sitting": "yes", "deep_mid_buttock_pain": "yes", "low_back_pain": "yes"}
print(f"{path} = {number.value:g}, plausibly {number.low:g} to {number.high:g}\n")

# %% One exact function gives all of it; no model is built or ranked again.
curve = sensitivity_function(model, answers, path=path)
values = np.linspace(number.low, number.high, 8)
watched, leading = "piriformis_syndrome", model.rank(answers).causes[0].id
at_values = dict(zip(curve.outcomes, curve.probability_at(values), strict=True))
print(f"{'number':>8}   {watched:<46}{leading}")
for place, value in enumerate(values):
    share = at_values[watched][place]
    print(f"{value:>8.4f}   {'#' * round(80 * share):<37}{share:>4.0%}{at_values[leading][place]:>9.0%}")

# %% Where does the answer change? Exact again, from where two lines cross.
margin = next(one for one in margins(model, answers) if one.path == path and one.decision == "leading")
print(f"\n{margin.now} leads up to {margin.up:.4f}; from there on {margin.up_to} does.")

# %% The same as a picture, if a file is named.
if len(sys.argv) > 1:
    from buttockpain.render.plots import plot_sensitivity, save_figure

    save_figure(plot_sensitivity(curve, low=number.low, high=number.high, outcome=watched), sys.argv[1])
