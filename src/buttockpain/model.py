"""The front door: load a model once, or ask the shipped one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.checks import MAX_CAUSES
from buttockpain.differential import Differential
from buttockpain.engine import Model, ParameterRow
from buttockpain.presentation import Answers
from buttockpain.types import Audience, Id

if TYPE_CHECKING:
    from buttockpain.explanation import Explanation
    from buttockpain.interview import Step
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
