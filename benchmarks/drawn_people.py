"""Many people for the cohort benchmarks, drawn from the model itself, as Arrow tables and as codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from buttockpain.cohort.answers import Answers, Layout
from buttockpain.cohort.columns import fill_in
from buttockpain.model import Model
from buttockpain.research.simulation import draw

__all__ = ["codes", "people", "row_of"]

UNANSWERED = 0.3  # of the questions of each person, at random: worse for us than a form with fixed questions


def people(model: Model, size: int, *, seed: int = 1) -> pa.RecordBatch:
    """Return people drawn from a model, a part of their questions unanswered, all red flags asked, and a number each."""
    rng = np.random.default_rng(seed)
    network = model.network
    _, factor, finding = draw(network, size, rng)

    def cells(present: Any, share: float = UNANSWERED) -> pa.Array:
        return pa.array(present, mask=rng.random(size) < share)

    columns: dict[str, pa.Array] = {"person": pa.array(np.arange(size))}
    by_age = {name: ages for name, ages, _ in model.vocabulary.age_filled}
    by_sex = dict(model.vocabulary.sex_filled)
    for row, one in enumerate(network.factors):
        state = factor[row]
        if one.id in by_age:
            columns["age"] = cells(np.array([18, *by_age[one.id]])[state] + 5, 0.05)
        elif one.id in by_sex:
            words = (by_sex[one.id], "male" if by_sex[one.id] == "female" else "female")
            columns["sex"] = cells(np.where(state == 1, *words), 0.05).dictionary_encode()
        elif len(one.states) > 2:
            columns[one.id] = cells(np.array(one.states)[state]).dictionary_encode()
        else:
            columns[one.id] = cells(state == 1)
    for row, name in enumerate(network.findings):
        if row != network.presenting:
            columns[name] = cells(finding[row] == 1)
    measured = {name for name, _ in model.vocabulary.thresholds}
    for name in model.knowledge.finding:
        if name not in columns and name not in measured and name != model.vocabulary.presenting:
            columns[name] = cells(rng.random(size) < 0.005)
    columns["pain_severity"] = cells(rng.integers(0, 11, size), 0.05)
    columns["duration_days"] = cells(rng.integers(0, 120, size), 0.05)
    return pa.record_batch(columns)


def codes(model: Model, batch: pa.RecordBatch) -> Answers:
    """Return the answers of a batch as the kernel takes them."""
    layout = Layout.of(model)
    answers = layout.blank(batch.num_rows)
    columns = zip(batch.schema.names, batch.columns, strict=True)
    fill_in(layout, answers, {name: c for name, c in columns if name in model.vocabulary.order}, "not asked")
    layout.fill(answers)
    return answers


def row_of(model: Model, batch: pa.RecordBatch, row: int) -> dict[str, Any]:
    """Return one person's answers to the network's questions, as `rank` and the peers take them."""
    network = model.network
    known = {*network.findings, *network.factor_index, "age", "sex"}
    cells = {name: batch.column(name)[row].as_py() for name in batch.schema.names if name in known}
    words = {True: "yes", False: "no"}
    return {name: words.get(value, value) if isinstance(value, bool) else value
            for name, value in cells.items() if value is not None}  # fmt: skip
