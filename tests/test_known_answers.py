"""The 190 known answers of the shipped model, made by an independent exact program, and the oracle's answers to them."""

from typing import Any

import pytest
from known_answers import CASES, KNOWN, KNOWN_TOLERANCE, RANKED, SHIPPED
from oracle import (
    evidence_from_answers,
    joint_factored,
    log_total,
    marginals,
    share_without,
)

from buttockpain import default_model

ORACLE_TOLERANCE = 1e-12


def test_all_of_them_are_run() -> None:
    """40 classic and 150 random cases."""
    assert (len(KNOWN["classic"]), len(KNOWN["random"]), len(CASES)) == (40, 150, 190)


@pytest.mark.parametrize("case", CASES)
def test_known_answer(case: dict[str, Any]) -> None:
    """`rank` gives the posterior on file to 1e-10, and the oracle's to 1e-12: causes, none of the five, evidence."""
    model = default_model()
    answer = model.rank(case["answers"])
    weights = joint_factored(SHIPPED, evidence_from_answers(case["answers"]))
    exact = marginals(weights)
    ranked = {cause.id: cause.probability for cause in answer.causes}
    assert ranked == pytest.approx({cause: case["posterior"][cause] for cause in RANKED}, rel=0, abs=KNOWN_TOLERANCE)
    assert ranked == pytest.approx({cause: exact[cause] for cause in RANKED}, rel=0, abs=ORACLE_TOLERANCE)
    assert answer.none_of_these == pytest.approx(case["none_of_the_five"], rel=0, abs=KNOWN_TOLERANCE)
    assert answer.none_of_these == pytest.approx(share_without(weights, RANKED), rel=0, abs=ORACLE_TOLERANCE)
    assert answer.fit.log_evidence == pytest.approx(log_total(weights), rel=0, abs=ORACLE_TOLERANCE)
