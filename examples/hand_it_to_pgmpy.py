"""Hand the network to pgmpy: a second opinion, a question our library does not ask, a file for other programs.

Run it with:  uv run --extra pgmpy examples/hand_it_to_pgmpy.py
"""

import tempfile
from pathlib import Path

import buttockpain as bp
from buttockpain.interop.pgmpy_bridge import from_pgmpy, read_xmlbif, second_opinion, to_pgmpy, write_xmlbif

# %% Two programs, two methods, one answer.
model = bp.default_model()
answers = {"leg_numbness": "yes", "slr_positive": 0.8, "age": 45}
theirs = second_opinion(model, answers)
for cause in model.rank(answers).causes:
    print(f"{cause.label:<38}{cause.probability:.12f}  {theirs[cause.id]:.12f}")

# %% In pgmpy it is a network like any other, with questions of its own: what says all there is to say about sciatica?
network = to_pgmpy(model)
print(len(network.nodes), "variables,", len(network.edges), "links")
print("its Markov blanket:", len(network.get_markov_blanket("sciatica")), "variables")

# %% To a file and back: identifiers and tables travel, texts and ranges come from the model at hand.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.xml"
    write_xmlbif(model, path)
    print(
        f"{path.stat().st_size:,} bytes; the same model again:",
        read_xmlbif(path, model).fingerprint == model.fingerprint,
    )

# %% A table changed there comes back as leak and links, if it is still a noisy-OR; if not, the error says where.
table = network.get_cpds("slr_positive")
table.values[:] = table.values**1.5 / (table.values**1.5).sum(axis=0)
try:
    from_pgmpy(network, model)
except bp.ModelError as error:
    print(error)

# Output:
#
#   Sciatica                              0.474739475472  0.474739475472
#   Lumbar disc herniation                0.435351893591  0.435351893591
#   Piriformis syndrome                   0.144255724097  0.144255724097
#   Fasciitis (gluteal muscle and fascia) 0.135824387196  0.135824387196
#   Calcium deficiency                    0.054097332766  0.054097332766
#   99 variables, 348 links
#   its Markov blanket: 61 variables
#   126,425 bytes; the same model again: True
#   from_pgmpy: 1 problem
#     - `finding.slr_positive`: found a table that is no noisy-OR, off by 0.157 where fasciitis yes, lumbar_disc_herniation yes, piriformis_syndrome yes, sciatica yes, something_else yes; expected every column within 1e-09 of a noisy-OR
