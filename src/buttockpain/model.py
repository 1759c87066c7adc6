"""The front door: load a model once, then rank, triage, replace numbers and list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from buttockpain.checks import MAX_CAUSES
from buttockpain.differential import Differential, Directory, assemble
from buttockpain.errors import AnswerError, ImpossibleEvidenceError, Problem, nearest
from buttockpain.inference import Evidence, Posterior, evidence_of, infer
from buttockpain.network import Network
from buttockpain.presentation import Answers, Presentation, Vocabulary, flatten, read
from buttockpain.triage import Decision, RuleTable, Triage, decide
from buttockpain.types import Audience, Basis, Id
from buttockpain.verification import Verification, verify
from buttockpain.version import __version__

if TYPE_CHECKING:
    from buttockpain.case import Background, Case
    from buttockpain.explanation import Explanation
    from buttockpain.interview import Step
    from buttockpain.knowledge import Knowledge
    from buttockpain.questions import NextQuestions

__all__ = [
    "Model",
    "ParameterRow",
    "default_model",
    "explain",
    "load_model",
    "next_question",
    "next_questions",
    "rank",
]


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
        presentation, decision = self._read(answers, more)
        evidence, posterior = self._infer(presentation, decision)
        return assemble(self.directory, self.network, presentation, decision, evidence, posterior)

    def triage(self, answers: Answers | None = None, /, **more: Any) -> Triage:
        """Return the triage decision by the rules alone, without ranking; errors as for `rank`."""
        return self._read(answers, more)[1].triage()

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
        >>> model = default_model().replace({"cause.sciatica.leak": 0.2})
        >>> round(model.rank().causes[0].probability, 3), model.rank().causes[0].id
        (0.556, 'sciatica')
        """
        from buttockpain import model_file  # noqa: PLC0415 - see load_model

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
        """Return one person's case; `wrong` as for `_read`."""
        from buttockpain.case import Case  # noqa: PLC0415 - see explain

        presentation, decision = self._read(answers, {}, wrong)
        evidence, posterior = self._infer(presentation, decision)
        status = self.background.urgency.status(presentation)
        return Case(self.background, presentation, evidence, posterior, status)

    def _infer(self, presentation: Presentation, decision: Decision) -> tuple[Evidence, Posterior]:
        """Return evidence and posterior of one person; an error carries the triage."""
        evidence = evidence_of(self.network, presentation)
        posterior = infer(self.network, evidence)
        if posterior.impossible[0]:
            raise ImpossibleEvidenceError(self._clash(presentation), decision.triage())
        return evidence, posterior

    def _read(
        self, answers: Answers | None, more: Mapping[str, Any], wrong: Sequence[Problem] = ()
    ) -> tuple[Presentation, Decision]:
        """Return checked answers and the triage decision on them; errors carry the triage of what could be read.

        `wrong` is what is wrong with the other arguments, told together with what is wrong with the answers.
        """
        flat, clashes = flatten(answers, more)
        presentation, problems = read(flat, self.vocabulary)
        decision = decide(self.rules, presentation)
        if clashes or problems or wrong:
            raise AnswerError([*wrong, *clashes, *problems], decision.triage())
        return presentation, decision

    def _clash(self, presentation: Presentation) -> list[str]:
        """Return a smallest set of answers that is impossible by itself, found by dropping one after another."""
        kept = {**presentation.given, **presentation.filled}
        for name in list(kept):
            fewer = {other: answer for other, answer in kept.items() if other != name}
            if infer(self.network, evidence_of(self.network, Presentation(fewer))).impossible[0]:
                kept = fewer
        return list(kept)


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


def load_model(path: str | Path, *, max_causes: int = MAX_CAUSES) -> Model:
    """Return the model of a file, checked and verified.

    Parameters
    ----------
    path : a TOML model file of at most 1 MiB; `docs/model-file.md` describes the format.
    max_causes : the most causes allowed; inference enumerates 2 to the power of their number of states.

    Raises
    ------
    ModelError : the file says something it must not say; all problems at once, each with its path.
    UnsafeModelError : its rules break a safety promise.
    OSError : the file cannot be read.
    """
    # The classes of the model file take a quarter of the import time, and an import alone does not need them.
    from buttockpain import model_file  # noqa: PLC0415

    return Model.of(model_file.read(path, max_causes=max_causes))


@lru_cache(maxsize=1)
def default_model() -> Model:
    """Return the shipped model; read on first use, then kept."""
    from importlib.resources import as_file, files  # noqa: PLC0415 - needed on first use only

    with as_file(files("buttockpain.models") / "buttock_pain.toml") as path:
        return load_model(path)


def rank(answers: Answers | None = None, /, **more: Any) -> Differential:
    """Rank with the shipped model; see `Model.rank`.

    Examples
    --------
    >>> answer = rank(low_back_pain="yes", pain_severity=8, saddle_numbness="no")
    >>> answer.triage.level, answer.triage.override
    (<Level.CONSULTATION_24H: 'consultation_24h'>, 'A detailed medical evaluation at a hospital is needed.')
    """
    return default_model().rank(answers, **more)


def explain(answers: Answers | None, /, cause: Id, *, rng: np.random.Generator | None = None) -> Explanation:
    """Explain with the shipped model; see `Model.explain`.

    Examples
    --------
    >>> print(explain({"slr_positive": "yes"}, "sciatica"))  # doctest: +ELLIPSIS
    Sciatica: from ...% to ...%
      Straight leg raise positive: yes  +...
    """
    return default_model().explain(answers, cause, rng=rng)


def next_questions(
    answers: Answers | None = None,
    /,
    *,
    n: int | None = 5,
    audience: Audience = "patient",
    rng: np.random.Generator | None = None,
) -> NextQuestions:
    """Choose questions with the shipped model; see `Model.next_questions`.

    Examples
    --------
    >>> next_questions(n=1).questions[0].emergency
    True
    """
    return default_model().next_questions(answers, n=n, audience=audience, rng=rng)


def next_question(
    answers: Answers | None = None,
    /,
    *,
    audience: Audience = "patient",
    rng: np.random.Generator | None = None,
) -> Step:
    """Take the next step of an interview with the shipped model; see `Model.next_question`.

    Examples
    --------
    >>> next_question({"seizure": "no"}).question == next_question({"seizure": "no"}).question
    True
    """
    return default_model().next_question(answers, audience=audience, rng=rng)
