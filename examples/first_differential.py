"""A first differential: what one person told, how urgent it is, and what is behind it.

Run it with:  uv run examples/first_differential.py
"""

import buttockpain as bp

# %% What is known. Leave out what was not asked; a number says how sure an observation is.
answers = {
    "age": 38,
    "sex": "male",
    "pain_severity": 6,
    "duration_days": 10,
    "sudden_onset_lifting": "yes",
    "low_back_pain": "yes",
    "pain_below_knee": "yes",
    "leg_numbness": 0.7,
    "saddle_numbness": "no",
}
answer = bp.rank(answers)

# %% Safety first.
print(answer.triage.label, "-", answer.triage.action)
for reason in answer.triage.reasons:
    print("  because:", reason.text)
print("  red flags nobody asked yet:", len(answer.triage.unasked))

# %% The ranking. Causes can occur together, so the figures need not add up to 100%.
for cause in answer.causes:
    print(f"{cause.displayed:>9}  {cause.label}  (prior {cause.prior:.0%}, {cause.strength})")
print(f"{answer.none_displayed:>9}  none of these")
print("most likely together:", answer.joint[0].label)
