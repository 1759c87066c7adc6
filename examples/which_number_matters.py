"""Which number matters most: a tornado for one answer, and how far each number may go before the answer is another.

Run it with:  uv run examples/which_number_matters.py [picture.svg]
"""

import sys

import buttockpain as bp
from buttockpain.research.margins import margins
from buttockpain.research.sensitivity import tornado, value_for

# %% One person, and the cause that leads.
model = bp.default_model()
answers = {
    "age": 44,
    "low_back_pain": "yes",
    "pain_worse_sitting": "yes",
    "pain_below_knee": "yes",
    "saddle_numbness": "no",
}
leading = model.rank(answers).causes[0]
print(f"{leading.label}: {leading.displayed}\n")

# %% Move each of the model's numbers over its own range, one at a time, all others as they are. Exact, not sampled.
print(f"{'What moves it most':<62}{'range':>14}{'from':>8}{'to':>6}")
rows = tornado(model, answers, outcome=leading.id, top=8)
for row in rows:
    print(f"  {row.path:<60}{f'{row.low:.2g} to {row.high:.2g}':>14}{row.at_low:>8.0%}{row.at_high:>6.0%}")

# %% Would the answer still be the same? The numbers that could make it another inside their own range.
print("\nWhat could make it another, within its range")
for margin in [margin for margin in margins(model, answers) if margin.within_range][:4]:
    end, to = (margin.down, margin.down_to) if (margin.down or 0) > margin.low else (margin.up, margin.up_to)
    print(f"  {margin.path:<60}{margin.value:>8.3g} -> {end:.3g}: {margin.decision} becomes {to}")

# %% And the other way round: what would a number have to be?
needed = value_for(model, answers, path="cause.lumbar_disc_herniation.leak", outcome=leading.id, probability=0.75)
print(f"\nFor {leading.label} to be at 75%, {needed.path} would have to be {needed.value:.2g}.")

# %% The same as a picture, if a file is named.
if len(sys.argv) > 1:
    from buttockpain.render.plots import plot_tornado, save_figure

    save_figure(plot_tornado(rows), sys.argv[1])
