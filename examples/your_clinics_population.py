"""Make it your clinic's population: an overlay changes some numbers of the model, and says why.

Run it with:  uv run examples/your_clinics_population.py
"""

from pathlib import Path

import buttockpain as bp
from buttockpain.research.overlay import Overlay, apply_overlay

# %% An overlay is a small file that one can review: paths, values, reason, source.
model = bp.default_model()
clinic = apply_overlay(model, Path(__file__).parents[1] / "models" / "overlays" / "sports_clinic.toml")

# %% The same can be said in code, and overlays can be stacked.
winter = apply_overlay(
    clinic,
    Overlay(
        id="winter",
        title="The same clinic in winter",
        reason="More of its patients train in the cold.",
        source="An assumption, for this example.",
        changes={"risk_factor.cold_damp_exposure.base": 0.6},
    ),
)

# %% What a patient is told who has said nothing yet, and one who has a numb leg and pain on crossing the legs.
for answers in ({}, {"leg_numbness": "yes", "pain_crossing_legs": "yes"}):
    told = [one.rank(answers) for one in (model, clinic, winter)]
    print("given the complaint" + "".join(f" and {name}" for name in answers))
    for cause in told[0].causes:
        chances = [next(other.probability for other in one.causes if other.id == cause.id) for one in told]
        print(f"  {cause.label:<38}" + "".join(f"{chance:>7.1%}" for chance in chances))
    print("  leading:", ", ".join(one.leading or "none of these" for one in told))

# %% Every answer names its population, every number its reason.
print(winter.rank().model.version)
print(next(row.note for row in winter.parameters() if row.path == "risk_factor.cold_damp_exposure.base"))

# Output:
#
#   given the complaint
#     Fasciitis (gluteal muscle and fascia)   22.0%  26.1%  30.0%
#     Sciatica                                21.0%  19.1%  18.5%
#     Lumbar disc herniation                  12.0%  11.2%  10.8%
#     Piriformis syndrome                      8.0%  13.0%  12.5%
#     Calcium deficiency                       7.0%   6.5%   6.3%
#     leading: none of these, none of these, none of these
#   given the complaint and leg_numbness and pain_crossing_legs
#     Sciatica                                37.2%  35.1%  34.5%
#     Piriformis syndrome                     28.3%  40.5%  39.5%
#     Fasciitis (gluteal muscle and fascia)   20.8%  22.9%  26.5%
#     Lumbar disc herniation                  19.5%  16.9%  16.6%
#     Calcium deficiency                       5.2%   4.8%   4.8%
#     leading: sciatica, piriformis_syndrome, piriformis_syndrome
#   2.0.0+sports_clinic.winter
#   overlay winter: More of its patients train in the cold. (An assumption, for this example.)
