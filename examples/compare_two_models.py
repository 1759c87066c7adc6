"""Compare two models: what they say differently, and whose answer changes.

Run it with:  uv run examples/compare_two_models.py
On the command line, for two files:  buttockpain model diff old.toml new.toml
"""

import numpy as np

import buttockpain as bp
from buttockpain.research.comparison import compare

# %% Somebody proposes two other numbers, after reading a paper.
model = bp.default_model()
proposal = model.replace({"cause.sciatica.leak": 0.04, "finding.slr_positive.leak": 0.15})

# %% Is it worth a discussion? Simulated patients, half of each model, each judged by both.
comparison = compare(model, proposal, people=20_000, rng=np.random.default_rng(1))
for effect in comparison.effects:
    low, high = effect.top.wilson
    print(
        f"patients drawn from {effect.drawn_from}: another cause leads in {effect.top.share:.1%} ({low:.1%} to {high:.1%})"
    )
    print(f"  triage level raised in {effect.raised.share:.2%}, lowered in {effect.lowered.share:.2%}")

# %% The smallest example of the most frequent change: no answer of it can be left out.
change = next(change for change in comparison.changes if change.decision == "top")
print(f"{change.before} -> {change.after} in {change.share.share:.1%}, for example with {dict(change.answers)}")

# %% All of it as a page for a pull request.
page = comparison.markdown()
print(page[page.index("### What differs") : page.index("### Whose")])

# Output:
#
#   patients drawn from before: another cause leads in 5.0% (4.6% to 5.4%)
#     triage level raised in 0.00%, lowered in 0.54%
#   patients drawn from after: another cause leads in 5.5% (5.1% to 6.0%)
#     triage level raised in 0.05%, lowered in 0.78%
#   none_of_these -> sciatica in 2.2%, for example with {'previous_disc_problem': 'yes'}
#   ### What differs: 2 paths
#
#   | number | before | after |
#   |---|---:|---:|
#   | `cause.sciatica.leak` | 0.02511 judgement | 0.04 edited |
#   | `finding.slr_positive.leak` | 0.04 (0.021 to 0.074) literature | 0.15 (0.021 to 0.15) edited |
#
#   ### Given the complaint alone
#
#   | cause | before | after |
#   |---|---:|---:|
#   | `calcium_deficiency` | 7.0% | 6.8% |
#   | `fasciitis` | 22.0% | 21.2% |
#   | `lumbar_disc_herniation` | 12.0% | 11.6% |
#   | `piriformis_syndrome` | 8.0% | 7.7% |
#   | `sciatica` | 21.0% | 25.1% |
#   | `none_of_these` | 42.7% | 40.4% |
