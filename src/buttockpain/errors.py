"""Every error the library raises on purpose.

::

    ButtockpainError
    ├── ModelError               a model, or an edit of one, says something it must not say   (also a ValueError)
    │   └── UnsafeModelError     its rules break a safety promise
    ├── AnswerError              one person's answers cannot be read                          (also a ValueError)
    ├── ImpossibleEvidenceError  the answers were read, but the model gives them probability 0
    └── MissingExtraError        an optional package is not installed                         (also an ImportError)

A message says where, what was found, what was expected and what to do, for every problem at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buttockpain.triage import Triage

__all__ = [
    "AnswerError",
    "ButtockpainError",
    "ImpossibleEvidenceError",
    "MissingExtraError",
    "ModelError",
    "Problem",
    "UnsafeModelError",
    "nearest",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, what was found, what was expected, what to do.

    Examples
    --------
    >>> print(Problem("finding.x.leak", "1.5", "a probability above 0 and below 1", "write it as a fraction of 1"))
    `finding.x.leak`: found 1.5; expected a probability above 0 and below 1; write it as a fraction of 1
    """

    path: str
    found: str
    expected: str
    advice: str = ""

    def __str__(self) -> str:
        """Return the problem as one line."""
        advice = f"; {self.advice}" if self.advice else ""
        return f"`{self.path}`: found {self.found}; expected {self.expected}{advice}"


class ButtockpainError(Exception):
    """Root of all errors raised on purpose."""


class _ProblemList(ButtockpainError, ValueError):
    """An error that carries every problem found, in the order of their paths as given."""

    def __init__(self, subject: str, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{subject}: {count}", *(f"  - {problem}" for problem in self.problems)]))


class ModelError(_ProblemList):
    """A model file, or an edit of a model, is wrong; `problems` lists everything that is."""


class UnsafeModelError(ModelError):
    """The rules of a model break a safety promise; `problems` lists the counterexamples."""


class AnswerError(_ProblemList):
    """The answers cannot be read; `problems` lists everything that is wrong with them.

    `triage` is the decision on those answers that *could* be read, a lower bound of the urgency: a misspelt
    question must not hide an emergency.
    """

    def __init__(self, problems: Iterable[Problem], triage: Triage | None = None) -> None:
        super().__init__("answers", problems)
        self.triage = triage


class ImpossibleEvidenceError(ButtockpainError):
    """No combination of causes can give these answers under the model.

    `answers` names the smallest set of answers found to clash; `triage` was decided before and still stands.
    """

    def __init__(self, answers: Sequence[str], triage: Triage | None = None) -> None:
        self.answers = tuple(answers)
        self.triage = triage
        named = ", ".join(f"`{name}`" for name in self.answers)
        super().__init__(
            f"the model gives these answers together probability 0: {named}; "
            "check them, or use a model whose numbers allow them; the triage decision still stands"
        )


class MissingExtraError(ButtockpainError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package `{package}`; install it with: pip install 'buttockpain[{extra}]'")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return advice naming the known id nearest to a misspelt one, or an empty string.

    Examples
    --------
    >>> nearest("low_back_pian", ["low_back_pain", "leg_weakness"])
    'did you mean `low_back_pain`?'
    >>> nearest("zzz", ["low_back_pain"])
    ''
    """
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
