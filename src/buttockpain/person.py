"""One person: from answers to triage, and from there to the posterior. Every error on the way carries the triage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from buttockpain.errors import AnswerError, ImpossibleEvidenceError, Problem
from buttockpain.inference import Evidence, Posterior, evidence_of, infer
from buttockpain.network import Network
from buttockpain.presentation import Answers, Presentation, Vocabulary, flatten, read
from buttockpain.triage import Decision, RuleTable, decide

__all__ = ["infer_person", "read_person"]


def read_person(
    rules: RuleTable,
    vocabulary: Vocabulary,
    answers: Answers | None,
    more: Mapping[str, Any],
    wrong: Sequence[Problem] = (),
) -> tuple[Presentation, Decision]:
    """Return checked answers and the triage decision on them.

    Parameters
    ----------
    answers, more : what a caller passes, as for `Model.rank`.
    wrong : what is wrong with the caller's other arguments, told together with what is wrong with the answers.

    Raises
    ------
    AnswerError : something is wrong; it carries the triage of what could be read.
    TypeError : the answers are neither a mapping nor a pydantic object.
    """
    flat, clashes = flatten(answers, more)
    presentation, problems = read(flat, vocabulary)
    decision = decide(rules, presentation)
    if clashes or problems or wrong:
        raise AnswerError([*wrong, *clashes, *problems], decision.triage())
    return presentation, decision


def infer_person(network: Network, presentation: Presentation, decision: Decision) -> tuple[Evidence, Posterior]:
    """Return evidence and posterior, of one column.

    Raises
    ------
    ImpossibleEvidenceError : the model gives the answers probability 0; it carries the triage.
    """
    evidence = evidence_of(network, presentation)
    posterior = infer(network, evidence)
    if posterior.impossible[0]:
        raise ImpossibleEvidenceError(_clash(network, presentation), decision.triage())
    return evidence, posterior


def _clash(network: Network, presentation: Presentation) -> list[str]:
    """Return a smallest set of answers that is impossible by itself, found by dropping one after another."""
    kept = {**presentation.given, **presentation.filled}
    for name in list(kept):
        fewer = {other: answer for other, answer in kept.items() if other != name}
        if infer(network, evidence_of(network, Presentation(fewer))).impossible[0]:
            kept = fewer
    return list(kept)
