"""The smallest parts of a model file: a text, a list of ids, where something comes from, and a number with its range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from buttockpain.types import Basis, Frozen, Level

__all__ = [
    "Ids",
    "LevelWord",
    "OneOrStates",
    "Parameter",
    "Ranged",
    "Record",
    "References",
    "Source",
    "Table",
    "Text",
]

K = TypeVar("K")
V = TypeVar("V")

Table = Annotated[Mapping[K, V], AfterValidator(Frozen)]
Text = Annotated[str, Field(min_length=1)]
LevelWord = Annotated[Level, Field(strict=False)]
Ids = Annotated[tuple[Text, ...], Field(strict=False)]
References = Annotated[tuple[int, ...], Field(strict=False)]


class Record(BaseModel):
    """Base of all parts of a model file: frozen, strict, no unknown keys, built on first use."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Source(Record):
    """Where a text or a number comes from: its basis and the numbers of its references."""

    basis: Basis
    ref: References = ()


class Ranged(Source):
    """A number that may be tuned, with the range within which it is plausible."""

    value: float
    low: float
    high: float
    note: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.value <= self.high:
            message = f"low <= value <= high, found {self.low!r}, {self.value!r}, {self.high!r}"
            raise ValueError(message)
        return self


class Parameter(Ranged):
    """A probability of the network, strictly between 0 and 1, with its range."""

    value: Annotated[float, Field(gt=0, lt=1)]
    low: Annotated[float, Field(gt=0, lt=1)]
    high: Annotated[float, Field(gt=0, lt=1)]


def _one_or_states(entry: Any) -> str:
    """Tell a parameter from a table of parameters, one per state of a several-state risk factor."""
    by_state = isinstance(entry, Mapping) and all(isinstance(one, Parameter | Mapping) for one in entry.values())
    return "states" if by_state and entry else "one"


OneOrStates = Annotated[
    Annotated[Parameter, Tag("one")] | Annotated[Table[str, Parameter], Tag("states")], Discriminator(_one_or_states)
]
