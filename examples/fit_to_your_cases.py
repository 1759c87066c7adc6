"""Fit the model to cases, and see on others whether it got better.

Run it with:  uv run examples/fit_to_your_cases.py
"""

import numpy as np

import buttockpain as bp
from buttockpain.research.cases import read_cases
from buttockpain.research.evaluation import evaluate
from buttockpain.research.learning import fit
from buttockpain.research.simulation import SHORT_VISIT, simulate

# %% Cases are mappings: answers, and what turned out. These are simulated from a clinic where fasciitis is common and
# tenderness is found in many. For half of the cases nobody knows the cause.
model = bp.default_model()
clinic = model.replace({"cause.fasciitis.leak": 0.08, "finding.local_tenderness.leak": 0.6})
simulated = simulate(clinic, 3_000, rng=np.random.default_rng(1), asked=SHORT_VISIT)
cases = [simulated.case(person) for person in range(3_000)]
for case in cases[:1_500]:
    for cause in model.knowledge.cause:
        del case[cause]
print("one case:", {name: answer for name, answer in cases[2_000].items() if answer == "yes"})

# %% The ranges in the model file say how much its numbers count against the cases.
table = read_cases(model, cases)
fitted = fit(model, table, date="2026-11-22")
print(fitted.markdown(most=6).split("\n\n", 2)[2])

# %% On 5,000 other patients of the clinic.
others = simulate(clinic, 5_000, rng=np.random.default_rng(2), asked=SHORT_VISIT)
for name, one in (("as shipped", model), ("fitted", fitted.model), ("the truth", clinic)):
    result = evaluate(one, others)
    fasciitis = next(score for score in result.options if score.option == "fasciitis")
    print(
        f"{name:<11} first option true {result.top_1.share:.1%}; "
        f"fasciitis: Brier {fasciitis.brier:.3f}, expected {fasciitis.mean_probability:.1%} of {fasciitis.prevalence:.1%}; "
        f"calibration error {result.calibration_error:.3f}"
    )

# Output:
#
#   one case: {'local_tenderness': 'yes', 'leg_weakness': 'yes', 'pain_crossing_legs': 'yes', 'slump_or_femoral_stretch_positive': 'yes', 'fasciitis': 'yes'}
#   | number | before | fitted | 95% interval | moved (s.e.) | from cases | chances |
#   |---|---:|---:|---:|---:|---:|---:|
#   | `finding.local_tenderness.leak` | 0.2 | 0.524 | 0.453 to 0.595 | +10.2 | 68% | 1,244 |
#   | `cause.fasciitis.leak` | 0.0356 | 0.0679 | 0.0542 to 0.0848 | +5.6 | 91% | 3,000 |
#   | `finding.cancer_history.link.something_else` | 0.0632 | 0.0893 | 0.0677 to 0.117 | +2.4 | 90% | 1,234 |
#   | `finding.local_tenderness.link.something_else` | 0.35 | 0.474 | 0.364 to 0.586 | +2.2 | 74% | 220 |
#   | `cause.fasciitis.link.running_or_sport` | 0.0147 | 0.0402 | 0.0162 to 0.0964 | +2.2 | 95% | 476 |
#   | `finding.bladder_change.link.something_else` | 0.0306 | 0.0446 | 0.0301 to 0.0658 | +1.9 | 93% | 1,263 |
#
#   as shipped  first option true 65.3%; fasciitis: Brier 0.144, expected 27.9% of 34.5%; calibration error 0.006
#   fitted      first option true 65.3%; fasciitis: Brier 0.140, expected 33.8% of 34.5%; calibration error 0.004
#   the truth   first option true 66.5%; fasciitis: Brier 0.137, expected 34.0% of 34.5%; calibration error 0.004
