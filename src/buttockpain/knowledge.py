"""What a model file says, as frozen pydantic records: shape and types only.

Relations between the parts (unknown parents, cycles, rules, references) are the business of `checks`.
Every number is a `Parameter` with its range, basis and references, and has one path, such as
`cause.sciatica.link.piriformis_syndrome`; `Knowledge.parameters()` lists them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from buttockpain.codes import Code
from buttockpain.parameter import (
    Ids,
    LevelWord,
    OneOrStates,
    Parameter,
    Ranged,
    Record,
    References,
    Source,
    Table,
    Text,
)
from buttockpain.policy import Threshold, Triage
from buttockpain.types import Audience, Basis, Kind

__all__ = ["Cause", "Finding", "Knowledge", "Reference", "RiskFactor", "Treatments"]


class About(Record):
    """Identity, population and scope of the model."""

    id: Text
    version: Text
    date: Text
    title: Text
    population: Text
    intended_use: Text
    not_for: Text
    limits: Ids


class FoundingDocument(Record):
    """The text the model started from: its rule, and how its treatments must be worded."""

    title: Text
    rule: Text
    treatment_wording: Text


class StrengthWord(Source):
    """The word for a likelihood ratio of at least `ratio`, or of at most its reciprocal."""

    word: Text
    ratio: Annotated[float, Field(gt=1)]
    note: str = ""


class Display(Source):
    """What is shown to people; raw numbers stay available beside it."""

    highest: Annotated[float, Field(gt=0.5, le=0.99)]  # whole per cent are shown: 0.999 would read 100%
    lowest: Annotated[float, Field(ge=0.01, lt=0.5)]
    explanation: Annotated[float, Field(gt=0, lt=1)]
    note: str = ""
    strength: Annotated[tuple[StrengthWord, ...], Field(strict=False, min_length=1)]


class Stop(Source):
    """When asking more is unlikely to matter: the chances that top cause and triage level would stay as they are."""

    same_top: Annotated[float, Field(gt=0, lt=1)]
    same_triage: Annotated[float, Field(gt=0, lt=1)]
    note: str = ""


class KindInfo(Record):
    """Who can be asked a kind of question, and how much asking costs relative to a symptom."""

    label: Text
    asked_of: Annotated[tuple[Audience, ...], Field(strict=False, min_length=1)]
    cost: Annotated[float, Field(gt=0)]
    basis: Basis
    note: str = ""


Codes = Annotated[tuple[Code, ...], Field(strict=False)]


class RiskFactor(Record):
    """Something that makes a cause more likely; yes or no, or one of several states.

    `states` lists the states of a several-state factor, the first being the remainder; `ages` gives the first whole
    year of age of every state but the first; `sex` names the answer to `sex` that means yes.
    """

    label: Text
    question: Text
    base: OneOrStates
    states: Ids = ()
    ages: References = ()
    sex: Literal["female", "male", ""] = ""
    codes: Codes = ()

    def active_states(self) -> Mapping[str, Parameter]:
        """Return the base rate of every state but the remainder; a yes-or-no factor has the one state `yes`."""
        return {"yes": self.base} if isinstance(self.base, Parameter) else self.base


class Treatments(Record):
    """What the founding document names, and what to know about it; never advice."""

    named: Ids
    by_physician: Ids = ()
    caution: str = ""
    ref: References = ()


class Cause(Record):
    """A cause of the pain, with its leak (probability with no listed parent) and noisy-OR links from its parents."""

    label: Text
    ranked: bool
    plain: Text
    definition: Text
    brought_about_by: str = ""
    shows_as: str = ""
    codes: Codes = ()
    leak: Parameter
    treatments: Treatments | None = None
    link: Table[str, OneOrStates] = {}

    def links_from(self, parent: str) -> Mapping[str, Parameter]:
        """Return the links from a parent by its state; a yes-or-no parent has the one state `yes`."""
        link = self.link.get(parent, {})
        return {"yes": link} if isinstance(link, Parameter) else link


class RedFlag(Source):
    """What an answer of yes to a red flag means for triage."""

    level: LevelWord
    reason: Text


class Finding(Record):
    """Something that can be observed; without a leak it serves triage only."""

    kind: Literal["symptom", "history", "sign", "test", "red_flag"]
    label: Text
    question: Text
    presenting: bool = False
    red_flag: RedFlag | None = None
    codes: Codes = ()
    leak: Parameter | None = None
    link: Table[str, Parameter] = {}


class Reference(Record):
    """A source; status V read, R recalled, V/R part of each."""

    text: Text
    status: Literal["V", "R", "V/R"]
    used_for: str = ""


def _whole(value: Any) -> Any:
    """Refuse what is no whole number: True and 1.0 are equal to 1, and would pass for it."""
    if type(value) is not int:
        message = f"the whole number 1, found {value!r}"
        raise ValueError(message)
    return value


class Knowledge(Record):
    """A whole model file."""

    format: Annotated[Literal[1], BeforeValidator(_whole)]
    model: About
    founding_document: FoundingDocument
    safety: Table[str, Threshold]
    triage: Triage
    display: Display
    kind: Table[Kind, KindInfo]
    stop: Stop
    risk_factor: Table[str, RiskFactor] = {}
    cause: Table[str, Cause]
    finding: Table[str, Finding]
    reference: Table[str, Reference]

    def parameters(self) -> Iterator[tuple[str, Ranged]]:
        """Yield every number with its path, in the order of the file."""
        yield from ((f"safety.{name}", threshold) for name, threshold in self.safety.items())
        yield "triage.poor_fit", self.triage.poor_fit
        yield from ((f"triage.floor.{name}", floor) for name, floor in self.triage.floor.items())
        for name, factor in self.risk_factor.items():
            yield from _numbers(f"risk_factor.{name}.base", factor.base)
        for name, cause in self.cause.items():
            yield f"cause.{name}.leak", cause.leak
            for parent, link in cause.link.items():
                yield from _numbers(f"cause.{name}.link.{parent}", link)
        for name, finding in self.finding.items():
            if finding.leak is not None:
                yield f"finding.{name}.leak", finding.leak
            yield from ((f"finding.{name}.link.{parent}", link) for parent, link in finding.link.items())

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical form: JSON with sorted keys, shortest floats, no optional white space."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _numbers(path: str, entry: Parameter | Mapping[str, Parameter]) -> Iterator[tuple[str, Parameter]]:
    """Yield a parameter, or one per state, with its path."""
    if isinstance(entry, Parameter):
        yield path, entry
    else:
        yield from ((f"{path}.{state}", parameter) for state, parameter in entry.items())
