"""The kernel of the tables: who fits badly is decided as the surprise decides, and a table's cost has its bounds."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import Any

import numpy as np
import pytest
from cohorts import columns, homogeneous, people
from hypothesis import assume, given, settings
from strategies import cases, model_of, seeded_network

from buttockpain import Model, default_model
from buttockpain.cohort import kernel as module
from buttockpain.cohort.answers import Answers, Layout
from buttockpain.cohort.columns import fill_in
from buttockpain.cohort.kernel import _CELLS, Kernel
from buttockpain.inference import evidence_of, infer, surprise, surprise_of
from buttockpain.network import Network
from buttockpain.presentation import read
from buttockpain.research.simulation import draw
from buttockpain.types import FloatArray

Rows = list[dict[str, Any]]


def answers_of(model: Model, rows: Rows) -> Answers:
    """Return the answers as the kernel takes them."""
    layout = Layout.of(model)
    answers = layout.blank(len(rows))
    batch = columns(Random(1), rows)
    fill_in(layout, answers, dict(zip(batch.schema.names, batch.columns, strict=True)), "not asked")
    layout.fill(answers)
    return answers


def surprises(model: Model, rows: Rows) -> FloatArray:
    """Return the surprise of each person's answers, one at a time."""
    found = []
    for row in rows:
        presentation, problems = read(row, model.vocabulary)
        assert not problems
        evidence = evidence_of(model.network, presentation)
        found.append(surprise(model.network, evidence, infer(model.network, evidence)).item())
    return np.array(found)


def assert_holds(model: Model, rows: Rows, limits: list[float]) -> None:
    """Hold the decisions at some limits, and a hair's breadth beside the surprise of everybody, against the surprise."""
    kernel, answers, exact = Kernel(model.network), answers_of(model, rows), surprises(model, rows)
    for limit in limits:
        assert kernel.score(answers, limit=limit).poor_fit.tolist() == (exact > limit).tolist()
    for person, value in enumerate(exact):
        for limit in (value - 1e-8 * max(1, abs(value)), value + 1e-8 * max(1, abs(value))):
            assert kernel.score(answers, limit=limit).poor_fit[person] == (value > limit)


def test_poor_fit_in_the_shipped_model() -> None:
    """People who fit, who do not, and whose surprise is the limit but for the ninth digit."""
    model = default_model()
    rows = homogeneous(people(Random(2), model, 60))
    exact = surprises(model, rows)
    assert exact.min() < 1
    assert exact.max() > 4
    assert_holds(model, rows, [-2.0, 0.0, 1.0, model.directory.poor_fit, 4.0])


@settings(max_examples=30)
@given(cases())
def test_poor_fit_in_small_networks(case: Any) -> None:
    """Networks in which answers are as good as certain, or as likely as not, so that nothing can surprise."""
    network, ranked, evidence = case
    rows: Rows = homogeneous([dict(evidence), {}])
    assume(any(rows))
    assert_holds(model_of(network, ranked), rows, [-1.0, 0.5, 2.0])


def test_most_people_need_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of people drawn from the model a bound settles nearly all; only the others have their surprise computed."""
    model = default_model()
    looked_at: list[int] = []
    exact = surprise_of

    def counted(network: Any, finding: Any, *more: Any) -> FloatArray:
        looked_at.append(finding.shape[1])
        return exact(network, finding, *more)

    monkeypatch.setattr(module, "surprise_of", counted)
    _, factor, finding = draw(model.network, 2000, np.random.default_rng(3))
    answers = Layout.of(model).blank(2000)
    answers.codes[: len(finding) + len(factor)] = np.vstack([finding, factor])
    poor = Kernel(model.network).score(answers, limit=model.directory.poor_fit).poor_fit
    assert 0 < poor.sum() <= sum(looked_at) < 200


def test_blocks_of_larger_models_stay_small() -> None:
    """The more states, the fewer people at a time: a work array has half a million numbers, or 48 people."""
    for causes in (1, 4, 8, 11):
        network = model_of(seeded_network(causes, causes=causes, risk_factors=2, findings=3)).network
        kernel = Kernel(network)
        assert kernel.width % kernel.tile == 0 == kernel.tile % 48
        assert kernel.width == 48 or kernel.width * len(network.has) <= _CELLS


def test_many_causes_need_no_square_of_the_states() -> None:
    """With 4,096 states a matrix from states to states alone would take 128 MiB; all arrays together take half of it."""
    plain = seeded_network(1, causes=12, risk_factors=3, findings=4)
    model = model_of({**plain, "cause_link": {**plain["cause_link"], "c1": {("c0", "yes"): 0.3}}})
    tracemalloc.start()
    network = Network.of(model.knowledge)
    kernel = Kernel(network)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**26
    alone = infer(network, evidence_of(network, read({}, model.vocabulary)[0]))
    assert kernel.score(Layout.of(model).blank(1)).cause == pytest.approx(alone.cause, rel=1e-12)
