"""Case tables: what each person answered, and what turned out to be the cause.

A case is a flat mapping from id to answer, with causes among the ids: ``{"leg_numbness": "yes", "sciatica": "no"}``.
A cause that is left out is not known. `CaseTable` holds many of them as columns by name, so that any model can read
them. Simulation writes such tables; evaluation, learning and comparison read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.errors import AnswerError, Problem, nearest
from buttockpain.inference import Evidence
from buttockpain.network import Network
from buttockpain.presentation import Answer, Presentation, read
from buttockpain.triage import RuleTable
from buttockpain.types import MEASURES, FloatArray, Id, IntArray, Level, Measure
from buttockpain.urgency import PRESENT, SETTLED, UNASKED, UNCLEAR, Urgency, status_of

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge
    from buttockpain.model import Model

__all__ = ["REFERENCE_LEVEL", "CaseTable", "Codes", "evidence_of_cases", "questions_of", "read_cases", "rule_levels"]

Codes = np.ndarray[tuple[int, int], np.dtype[np.int8]]

REFERENCE_LEVEL = "reference_level"
"""Key of a case for the triage level that a reference standard gives."""

_LEVELS = tuple(Level)
_NO_YES = ("no", "yes")


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Many cases as arrays; Q questions, C causes, B people.

    Attributes
    ----------
    questions : ids of the risk factors and findings on the Q axis; the complaint, always yes, is not among them.
    states : the states of each question; no and yes for all but the several-state risk factors.
    answer : int8 (Q, B) number of the state answered; or, as in `urgency`, `UNASKED`, or `UNCLEAR` for "unknown" and
        for virtual evidence, whose strength stands in `soft`.
    soft : from (row, column) of an unclear answer to its strength as virtual evidence.
    measured : (B,) age, pain_severity and duration_days, NaN where not given; only those that anybody gave.
    causes : ids on the C axis.
    cause : int8 (C, B) 1 present, 0 absent, -1 not known.
    reference : int8 (B,) rank of the triage level a reference standard gives, -1 not known.
    """

    questions: tuple[Id, ...]
    states: tuple[tuple[str, ...], ...]
    answer: Codes
    soft: Mapping[tuple[int, int], float]
    measured: Mapping[Measure, FloatArray]
    causes: tuple[Id, ...]
    cause: Codes
    reference: np.ndarray[tuple[int], np.dtype[np.int8]]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        arrays: list[np.ndarray] = [self.answer, self.cause, self.reference, *self.measured.values()]
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of people."""
        return self.answer.shape[1]

    def answers(self, person: int) -> dict[str, Answer]:
        """Return what one person answered, as `Model.rank` takes it."""
        given: dict[str, Answer] = {}
        for measure, column in self.measured.items():
            if not np.isnan(column[person]):
                given[measure] = int(column[person]) if measure == "age" else float(column[person])
        for row, (name, states) in enumerate(zip(self.questions, self.states, strict=True)):
            code = self.answer[row, person]
            if code == UNCLEAR:
                given[name] = self.soft.get((row, person), "unknown")
            elif code != UNASKED:
                given[name] = states[code]
        return given

    def case(self, person: int) -> dict[str, Answer]:
        """Return what one person answered and what is known of the causes; `read_cases` reads it back."""
        known = {
            name: _NO_YES[code] for name, code in zip(self.causes, self.cause[:, person], strict=True) if code >= 0
        }
        level = self.reference[person]
        return {**self.answers(person), **known, **({REFERENCE_LEVEL: _LEVELS[level].value} if level >= 0 else {})}

    def take(self, people: np.ndarray[tuple[int], np.dtype[np.int64]]) -> CaseTable:
        """Return the table of some of the people, in the order given."""
        where = {int(person): place for place, person in enumerate(people)}
        return replace(
            self,
            answer=self.answer[:, people],
            soft={(row, where[person]): p for (row, person), p in self.soft.items() if person in where},
            measured={measure: column[people] for measure, column in self.measured.items()},
            cause=self.cause[:, people],
            reference=self.reference[people],
        )

    def only(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> CaseTable:
        """Return the table of some of the questions."""
        where = {int(row): place for place, row in enumerate(rows)}
        return replace(
            self,
            questions=tuple(self.questions[row] for row in where),
            states=tuple(self.states[row] for row in where),
            answer=self.answer[rows],
            soft={(where[row], person): p for (row, person), p in self.soft.items() if row in where},
        )


def questions_of(knowledge: Knowledge) -> tuple[tuple[Id, ...], tuple[tuple[str, ...], ...]]:
    """Return the questions of a model on the Q axis, and the states of each."""
    names = (*knowledge.risk_factor, *(name for name, finding in knowledge.finding.items() if not finding.presenting))
    factors = knowledge.risk_factor
    return names, tuple((factors[name].states if name in factors else ()) or _NO_YES for name in names)


def read_cases(model: Model, cases: Iterable[Mapping[str, Any]]) -> CaseTable:
    """Return the table of cases given as flat mappings.

    Parameters
    ----------
    model : whose ids the cases use.
    cases : one mapping per person, from id to answer as for `Model.rank`. The ids of causes may be among them, answered
        yes, no or unknown, and `reference_level`, a word of the triage ladder.

    Raises
    ------
    AnswerError : something cannot be read; lists every problem of every case, counted from 0.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> table = read_cases(default_model(), [{"leg_numbness": True, "age": 45, "sciatica": "yes"}, {"fasciitis": "no"}])
    >>> len(table), table.answers(0)
    (2, {'age': 45, 'age_band': '30_to_50', 'leg_numbness': 'yes'})
    """
    knowledge = model.knowledge
    causes, problems = tuple(knowledge.cause), []
    presentations: list[Presentation] = []
    labels: list[list[int]] = []
    references: list[int] = []
    for number, case in enumerate(cases):
        answers = {
            name: value for name, value in case.items() if name not in knowledge.cause and name != REFERENCE_LEVEL
        }
        presentation, found = read(answers, model.vocabulary)
        label = [_label(name, case.get(name), found) for name in causes]
        references.append(_reference(case.get(REFERENCE_LEVEL), found))
        presentations.append(presentation)
        labels.append(label)
        problems += [Problem(f"case {number}: {one.path}", one.found, one.expected, one.advice) for one in found]
    if problems:
        raise AnswerError(problems)
    return _table(
        model, presentations, np.array(labels, np.int8).reshape(-1, len(causes)).T, np.array(references, np.int8)
    )


def _label(name: Id, value: Any, problems: list[Problem]) -> int:
    """Return 1, 0 or -1 for a cause that is present, absent or not known."""
    word = value.strip().lower() if isinstance(value, str) else value
    for code, meanings in ((1, ("yes", True)), (0, ("no", False)), (-1, ("unknown", None))):
        if any(type(word) is type(meaning) and word == meaning for meaning in meanings):
            return code
    problems.append(Problem(name, f"a {type(value).__name__}", "yes, no or unknown: a cause is known or it is not"))
    return -1


def _reference(value: Any, problems: list[Problem]) -> int:
    """Return the rank of a reference level, -1 if there is none."""
    if value is None:
        return -1
    try:
        return Level(value).rank
    except ValueError:
        hint = nearest(value, _LEVELS) if isinstance(value, str) else ""
        problems.append(Problem(REFERENCE_LEVEL, f"a {type(value).__name__}", ", ".join(_LEVELS), hint))
        return -1


def _table(
    model: Model, presentations: list[Presentation], cause: Codes, reference: np.ndarray[tuple[int], np.dtype[np.int8]]
) -> CaseTable:
    """Return checked answers as a table."""
    questions, states = questions_of(model.knowledge)
    row_of = {name: row for row, name in enumerate(questions)}
    answer = np.full((len(questions), len(presentations)), UNASKED, np.int8)
    soft: dict[tuple[int, int], float] = {}
    measured = {
        measure: np.array([presentation.measured.get(measure, np.nan) for presentation in presentations])
        for measure in MEASURES
    }
    for person, presentation in enumerate(presentations):
        for name, value in {**presentation.given, **presentation.filled}.items():
            row = row_of.get(name)
            if row is None:  # age, sex and the other measures, which are kept as measures or as what they fill
                continue
            if isinstance(value, str):
                answer[row, person] = UNCLEAR if value == "unknown" else states[row].index(value)
            else:
                answer[row, person] = UNCLEAR
                soft[row, person] = value
    return CaseTable(
        questions=questions,
        states=states,
        answer=answer,
        soft=soft,
        measured={measure: column for measure, column in measured.items() if not np.isnan(column).all()},
        causes=tuple(model.knowledge.cause),
        cause=cause,
        reference=reference,
    )


def evidence_of_cases(network: Network, table: CaseTable) -> Evidence:
    """Return what a model can read of the answers: questions it does not have, or has with other states, are unknown."""
    rows = {name: row for row, name in enumerate(table.questions)}
    finding = np.full((len(network.findings), len(table)), -1, np.int8)
    factor = np.ones((len(network.base), len(table)))
    soft: FloatArray | None = None
    for f, name in enumerate(network.findings):
        if name in rows:
            np.maximum(table.answer[rows[name]], -1, out=finding[f])  # unclear is unknown, like unasked
    finding[network.presenting] = 1
    for one in network.factors:
        row = rows.get(one.id)
        if row is not None:
            places = factor[one.first : one.first + len(one.states)]
            for code, state in enumerate(table.states[row]):
                if state in one.states:
                    places[:, table.answer[row] == code] = np.array(one.states)[:, None] == state
    for (row, person), strength in table.soft.items():
        name = table.questions[row]
        if name in network.finding_index:
            soft = np.full(finding.shape, 0.5) if soft is None else soft
            soft[network.finding_index[name], person] = strength
        elif name in network.factor_index:
            first = network.factors[network.factor_index[name]].first
            factor[first : first + 2, person] = np.array([1 - strength, strength]) / max(strength, 1 - strength)
    return Evidence(finding, factor, soft)


def rule_levels(rules: RuleTable, table: CaseTable) -> IntArray:
    """Return the rank of the level that the triage rules give each person, as `triage.decide` does, (B,)."""
    urgency = Urgency.of(rules)
    status = np.full((len(urgency.fact), len(table)), UNASKED, np.int8)
    for name, states, codes in zip(table.questions, table.states, table.answer, strict=True):
        if name in urgency.fact and states == _NO_YES:
            status[urgency.fact[name]] = codes  # the code of an answer is its status
    for (row, person), strength in table.soft.items():
        if table.questions[row] in urgency.fact:
            status[urgency.fact[table.questions[row]], person] = status_of(strength)
    for name, threshold in rules.thresholds:
        if threshold.measure in table.measured:
            for person, measured in enumerate(table.measured[threshold.measure].tolist()):
                if threshold.holds(measured):
                    status[urgency.fact[name], person] = PRESENT
                elif not np.isnan(measured) and status[urgency.fact[name], person] != PRESENT:
                    status[urgency.fact[name], person] = SETTLED
    return urgency.level(status)
