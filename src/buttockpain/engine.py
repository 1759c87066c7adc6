"""The model, ready to answer: rank, triage, explain, choose questions, replace numbers and list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from buttockpain.differential import Differential, assemble
from buttockpain.directory import Directory
from buttockpain.errors import Problem, nearest
from buttockpain.inference import Posterior, evidence_of, infer
from buttockpain.network import Network
from buttockpain.person import infer_person, read_person
from buttockpain.presentation import Answers, Presentation, Vocabulary
from buttockpain.triage import RuleTable, Triage
from buttockpain.types import Audience, Basis, Id
from buttockpain.verification import Verification, verify
from buttockpain.version import __version__

if TYPE_CHECKING:
    from buttockpain.case import Background, Case
    from buttockpain.explanation import Explanation
    from buttockpain.interview import Step
    from buttockpain.knowledge import Knowledge
    from buttockpain.questions import NextQuestions

__all__ = ["Model", "ParameterRow"]


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One number of a model with everything that is said about it; `reference` holds the texts of its sources."""

    path: str
    value: float
    low: float
    high: float
    basis: Basis
    reference: tuple[str, ...]
    note: str


@dataclass(frozen=True, eq=False)
class Model:
    """A checked model, ready to answer. Immutable; `replace` returns a new one.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> model = default_model()
    >>> answer = model.rank({"low_back_pain": "yes", "leg_numbness": True, "slr_positive": 0.8, "age": 45})
    >>> answer.causes[0].id, answer.causes[0].displayed
    ('lumbar_disc_herniation', '56%')
    """

    knowledge: Knowledge
    network: Network
    vocabulary: Vocabulary
    rules: RuleTable

    @classmethod
    def of(cls, knowledge: Knowledge, *, proved: RuleTable | None = None) -> Model:
        """Compile a model and prove its safety promises.

        Parameters
        ----------
        knowledge : what a model file says.
        proved : rules that were proved before; if these are the same, the proof stands.

        Raises
        ------
        UnsafeModelError : a rule of the model breaks a safety promise.
        """
        model = cls(knowledge, Network.of(knowledge), Vocabulary.of(knowledge), RuleTable.of(knowledge))
        if model.rules != proved:
            model.verify()
        return model

    @cached_property
    def directory(self) -> Directory:
        """What can be prepared of an answer."""
        return Directory.of(self.knowledge, self.network, self.prior, __version__)

    @cached_property
    def prior(self) -> Posterior:
        """The posterior given the complaint and nothing else: what a reader takes for the prior."""
        posterior = infer(self.network, evidence_of(self.network, Presentation({})))
        for field in fields(posterior):  # everybody who holds the model shares it
            getattr(posterior, field.name).flags.writeable = False
        return posterior

    @cached_property
    def background(self) -> Background:
        """What can be prepared for explanations and questions."""
        from buttockpain.case import Background  # noqa: PLC0415 - see explain
        from buttockpain.urgency import Urgency  # noqa: PLC0415

        urgency = Urgency.of(self.rules)
        return Background.of(self.knowledge, self.network, self.vocabulary, self.directory, urgency)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical form of the model."""
        return self.knowledge.fingerprint

    def rank(self, answers: Answers | None = None, /, **more: Any) -> Differential:
        """Return the triage decision and the ranked causes, given what is known of one person.

        Parameters
        ----------
        answers : a mapping from id to answer, or a pydantic object whose fields are ids. An answer is yes / no /
            unknown, True / False / None, or a number in [0, 1] that says how strongly the observation supports
            "present"; `age`, `sex`, `pain_severity` (0 to 10) and `duration_days` are given as they are.
        more : further answers as keywords.

        Returns
        -------
        Differential : triage first; probabilities are exact for this model.

        Raises
        ------
        AnswerError : something cannot be read; lists every problem, and carries the triage of the rest.
        ImpossibleEvidenceError : the model gives the answers probability 0; carries the triage.
        """
        presentation, decision = read_person(self.rules, self.vocabulary, answers, more)
        evidence, posterior = infer_person(self.network, presentation, decision)
        return assemble(self.directory, self.network, presentation, decision, evidence, posterior)

    def triage(self, answers: Answers | None = None, /, **more: Any) -> Triage:
        """Return the triage decision by the rules alone, without ranking; errors as for `rank`."""
        return read_person(self.rules, self.vocabulary, answers, more)[1].triage()

    def explain(self, answers: Answers | None, /, cause: Id, *, rng: np.random.Generator | None = None) -> Explanation:
        """Return why a cause is as probable as it is: rows that add from prior to posterior, and what would flip it.

        Parameters
        ----------
        answers : as for `rank`.
        cause : id of a ranked cause, or "none_of_these".
        rng : draws orders of the answers where there are too many (from 13 on for six causes) to go through all their
            subsets; a generator with the seed 0 if left out, so that the same answers give the same explanation.

        Raises
        ------
        AnswerError : the answers cannot be read, or there is no such cause; lists every problem, carries the triage.
        ImpossibleEvidenceError : the model gives the answers probability 0; carries the triage.

        Examples
        --------
        >>> from buttockpain import default_model
        >>> why = default_model().explain({"leg_numbness": "yes", "pain_below_knee": "no"}, "sciatica")
        >>> [(row.id, row.direction) for row in why.rows]
        [('leg_numbness', 'for'), ('pain_below_knee', 'against')]
        """
        from buttockpain import explanation  # noqa: PLC0415 - only those who ask why pay for it

        causes = [*(profile.id for profile in self.directory.profiles), "none_of_these"]
        case = self._case(answers, _not_among("cause", cause, causes))
        return explanation.explain(case, cause, rng=_generator(rng))

    def next_questions(
        self,
        answers: Answers | None = None,
        /,
        *,
        n: int | None = 5,
        audience: Audience = "patient",
        rng: np.random.Generator | None = None,
    ) -> NextQuestions:
        """Return what to ask next, why, and whether asking more could still change the answer.

        Parameters
        ----------
        answers : as for `rank`.
        n : how many questions at most; None for all that are open.
        audience : who is asked; signs and tests need a "clinician".
        rng : draws people for the stop rule; a generator with the seed 0 if left out, so that the same answers give the
            same advice.

        Raises
        ------
        AnswerError : the answers cannot be read, or n or the audience is no such thing; carries the triage.
        ImpossibleEvidenceError : the model gives the answers probability 0; carries the triage.

        Examples
        --------
        >>> from buttockpain import default_model
        >>> best = default_model().next_questions({"saddle_numbness": "no"}, n=3)
        >>> [question.emergency for question in best.questions], best.stop.stop
        ([True, True, True], False)
        """
        from buttockpain import questions  # noqa: PLC0415 - see explain

        wrong = _not_among("audience", audience, get_args(Audience))
        if n is not None and n < 0:
            wrong.append(Problem("n", str(n), "0 or more, or None for all open questions"))
        return questions.next_questions(self._case(answers, wrong), n=n, audience=audience, rng=_generator(rng))

    def next_question(
        self,
        answers: Answers | None = None,
        /,
        *,
        audience: Audience = "patient",
        rng: np.random.Generator | None = None,
    ) -> Step:
        """Return the next step of an interview: the one question to ask now, or None once the stop rule holds.

        Nothing is remembered between calls: keep the answers, and the interview can go on from them at any time.
        Parameters and errors as for `next_questions`.

        Examples
        --------
        >>> from buttockpain import default_model
        >>> step = default_model().next_question({"saddle_numbness": "no"})
        >>> step.question.emergency, step.stop.stop
        (True, False)
        """
        from buttockpain import interview  # noqa: PLC0415 - see explain

        case = self._case(answers, _not_among("audience", audience, get_args(Audience)))
        return interview.next_step(case, audience=audience, rng=_generator(rng))

    def replace(self, changes: Mapping[str, float | Mapping[str, Any]]) -> Model:
        """Return a new model with some numbers changed.

        Parameters
        ----------
        changes : from the path of a number to its new value, or to any of `value`, `low`, `high`, `basis`, `ref`,
            `note`. A value outside the stated range widens the range; the basis becomes "edited" unless given.

        Raises
        ------
        ModelError : an unknown path, or a result that a model must not say; all problems at once.

        Examples
        --------
        >>> from buttockpain import default_model
        >>> model = default_model().replace({"cause.sciatica.leak": 0.2})
        >>> round(model.rank().causes[0].probability, 3), model.rank().causes[0].id
        (0.556, 'sciatica')
        """
        from buttockpain import model_file  # noqa: PLC0415 - see model.load_model

        return Model.of(model_file.replace(self.knowledge, changes), proved=self.rules)

    def parameters(self) -> tuple[ParameterRow, ...]:
        """Return every number of the model with its path, range, basis, references and note."""
        texts = self.knowledge.reference
        return tuple(
            ParameterRow(
                path, number.value, number.low, number.high, number.basis,
                tuple(texts[str(reference)].text for reference in number.ref), number.note,
            )
            for path, number in self.knowledge.parameters()
        )  # fmt: skip

    def verify(self) -> Verification:
        """Prove the safety promises over the whole rule table; see `verification.verify`."""
        return verify(self.rules, self.vocabulary)

    def _case(self, answers: Answers | None, wrong: Sequence[Problem]) -> Case:
        """Return one person's case; `wrong` as for `read_person`."""
        from buttockpain.case import Case  # noqa: PLC0415 - see explain

        presentation, decision = read_person(self.rules, self.vocabulary, answers, {}, wrong)
        evidence, posterior = infer_person(self.network, presentation, decision)
        status = self.background.urgency.status(presentation)
        return Case(self.background, presentation, evidence, posterior, status)


def _not_among(name: str, value: Any, known: Sequence[str]) -> list[Problem]:
    """Return the problem of an argument that is none of the words it may be."""
    if value in known:
        return []
    hint = nearest(value, known) if isinstance(value, str) else ""
    found = f"a text of {len(value)} characters" if isinstance(value, str) else f"a {type(value).__name__}"
    return [Problem(name, found, f"one of {', '.join(known)}", hint)]


def _generator(rng: np.random.Generator | None) -> np.random.Generator:
    """Return the generator, or the fixed one that gives the same answer every time."""
    return np.random.default_rng(0) if rng is None else rng
