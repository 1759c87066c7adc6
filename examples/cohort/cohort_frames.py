"""The frame you already have, with the answers as further columns: pandas here, polars and pyarrow alike.

Run it with:  uv run --with pandas examples/cohort/cohort_frames.py
"""

from __future__ import annotations

from cohort_people import people

from buttockpain.cohort import score_frame

# %% Booleans that may be missing need a type that knows it: Arrow's, or pandas' nullable ones.
frame = people(1_000).to_pandas(types_mapper=None).convert_dtypes(dtype_backend="pyarrow")
scored = score_frame(frame)

# %% All columns are kept; levels compare by how urgent they are.
print(scored.groupby("triage_level", observed=True)["none_of_these"].agg(["size", "mean"]).round(3))
