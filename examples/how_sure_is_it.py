"""How sure is it: an interval for every cause, how often each is truly first, and the numbers behind the doubt.

Run it with:  uv run examples/how_sure_is_it.py [picture.svg]
"""

import sys

import numpy as np

import buttockpain as bp
from buttockpain.research.influence import influences
from buttockpain.research.intervals import rank_with_intervals

# %% Every number of the model has a range. Draw them all 2,000 times, and rank each time.
model = bp.default_model()
answers = {
    "age": 44,
    "low_back_pain": "yes",
    "pain_worse_sitting": "yes",
    "pain_below_knee": "yes",
    "saddle_numbness": "no",
}
uncertain = rank_with_intervals(model, answers, rng=np.random.default_rng(1))
answer = uncertain.differential
by_outcome = {interval.outcome: interval for interval in uncertain.intervals}

# %% The triage allows for the doubt: a cause counts with the upper end of its interval.
print(f"{answer.triage.label}\n")
print(f"{'':<38}{'now':>5}   {'95% interval':<14}truly first")
for cause in answer.causes:
    interval = by_outcome[cause.id]
    print(f"{cause.label:<38}{cause.displayed:>5}   {interval.displayed:<14}{interval.first:>6.0%} of draws")
print(f"{'None of these':<38}{answer.none_displayed:>5}   {by_outcome['none_of_these'].displayed}")

# %% Where the doubt comes from: the few numbers to look up first, and what they rest on.
print("\nMost of the doubt comes from")
for number in influences(model, answers, top=3):
    print(f"  {number.share:>4.0%}  {number.path} = {number.value:g} ({number.grade})")

# %% The same as a picture, if a file is named.
if len(sys.argv) > 1:
    from buttockpain.render.plots import plot_ranking, save_figure

    save_figure(plot_ranking(answer, intervals=uncertain.intervals), sys.argv[1])
