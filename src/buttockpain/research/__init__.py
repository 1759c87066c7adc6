"""The researcher's bench: change a model, see what moves, know how sure.

Modules, each usable by itself: `cases` (case tables), `simulation` (patients drawn from a model), `evaluation` (how good
the answers are), `learning` (numbers from cases), `comparison` (two models on the same patients), `overlay` (named sets
of changes, and writing them to a file), `derivatives`, `sensitivity`, `margins` (what each number does to an answer),
`uncertainty`, `intervals`, `influence` (how sure an answer is, and which numbers drove it). Nothing here is imported by
the core.
"""
