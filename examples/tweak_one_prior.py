"""Tweak one prior, and see what it does to one person's answer.

Run it with:  uv run examples/tweak_one_prior.py
"""

import buttockpain as bp

# %% A clinic that sees more piriformis syndrome than general practice does.
model = bp.default_model()
path = "cause.piriformis_syndrome.leak"
row = next(row for row in model.parameters() if row.path == path)
print(f"{path} = {row.value:g}, plausibly {row.low:g} to {row.high:g} ({row.basis})")
clinic = model.replace({path: row.high})

# %% The same answers under both.
answers = {"pain_worse_sitting": "yes", "deep_mid_buttock_pain": "yes"}
before, after = model.rank(answers), clinic.rank(answers)

# %% What moved.
probability_after = {cause.id: cause.probability for cause in after.causes}
print(f"{'':<38}{'before':>7}{'after':>8}")
for cause in before.causes:
    print(f"{cause.label:<38}{cause.probability:>7.1%}{probability_after[cause.id]:>8.1%}")
print(f"{'None of these':<38}{before.none_of_these:>7.1%}{after.none_of_these:>8.1%}")
print("leading:", before.leading, "->", after.leading)
print("model:", before.model.fingerprint[:12], "->", after.model.fingerprint[:12])
