"""Names for what is passed around: array aliases, identifiers, and the closed sets of words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "MEASURES",
    "Audience",
    "Basis",
    "BoolArray",
    "FloatArray",
    "Frozen",
    "Id",
    "IntArray",
    "Kind",
    "Level",
    "Measure",
]

K = TypeVar("K")
V = TypeVar("V")

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Id = str
"""Identifier of a cause, risk factor, finding or fact: lower-case letters, digits and underscores."""

Kind = Literal["symptom", "history", "sign", "test", "red_flag", "risk_factor"]
Basis = Literal["literature", "founding document", "judgement", "edited", "fitted"]
Audience = Literal["patient", "clinician"]
Measure = Literal["age", "pain_severity", "duration_days"]

MEASURES: tuple[Measure, ...] = ("age", "pain_severity", "duration_days")


class Frozen(dict[K, V]):
    """A dict that stays as it was made, and still copies, pickles and writes itself as JSON like a dict.

    Examples
    --------
    >>> Frozen({"a": 1})["a"] = 2
    Traceback (most recent call last):
        ...
    TypeError: this mapping cannot be changed
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        message = "this mapping cannot be changed"
        raise TypeError(message)

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[Frozen[K, V]], tuple[Mapping[K, V]]]:
        return type(self), (dict(self),)


class Level(StrEnum):
    """The five steps of the triage ladder; comparisons follow urgency, not the alphabet.

    Examples
    --------
    >>> Level.EMERGENCY > Level.CONSULTATION_24H
    True
    >>> Level.SELF_CARE < "consultation"
    True
    >>> max(["consultation", "emergency"], key=lambda word: Level(word).rank)
    'emergency'
    """

    SELF_CARE = "self_care"
    CONSULTATION = "consultation"
    CONSULTATION_24H = "consultation_24h"
    EMERGENCY = "emergency"
    EMERGENCY_AMBULANCE = "emergency_ambulance"

    @property
    def rank(self) -> int:
        """Urgency from 0 (`self_care`) to 4 (`emergency_ambulance`)."""
        return _RANKS[self.value]

    @property
    def is_emergency(self) -> bool:
        """Whether help is needed within hours."""
        return self.rank >= _RANKS["emergency"]

    def __lt__(self, other: str) -> bool:
        """Whether this level is less urgent."""
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        """Whether this level is at most as urgent."""
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        """Whether this level is more urgent."""
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        """Whether this level is at least as urgent."""
        return self.rank >= Level(other).rank


_RANKS = {level.value: rank for rank, level in enumerate(Level)}
