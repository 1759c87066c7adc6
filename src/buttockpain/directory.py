"""The directory of a model: everything about an answer that can be prepared before there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from buttockpain.codes import Code
from buttockpain.inference import Posterior
from buttockpain.network import Network
from buttockpain.types import Id

if TYPE_CHECKING:
    from buttockpain.knowledge import Cause, Knowledge

__all__ = ["Directory", "ModelStamp", "Profile", "TreatmentOptions"]


class TreatmentOptions(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What the source document names for a cause; never advice to start or stop a treatment."""

    wording: str
    named: tuple[str, ...]
    by_physician: tuple[str, ...]
    caution: str


class ModelStamp(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """Which model and library gave an answer; `fingerprint` is the SHA-256 of the model's canonical form."""

    id: str
    version: str
    fingerprint: str
    library_version: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a ranked cause before any answer."""

    id: Id
    label: str
    plain: str
    axis: int
    prior: float
    prior_odds: float
    codes: tuple[Code, ...]
    treatments: TreatmentOptions | None


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything about the answer that can be prepared once per model.

    Attributes
    ----------
    ranked_set : (S,) for each state, the number of its set of ranked causes.
    sets : the ids of the ranked causes of each such set, and the set in words.
    """

    profiles: tuple[Profile, ...]
    ranked_set: np.ndarray[tuple[int], np.dtype[np.int64]]
    sets: tuple[tuple[tuple[Id, ...], str], ...]
    strengths: tuple[tuple[float, str], ...]
    caps: tuple[float, float]
    explanation: float
    poor_fit: float
    scope: str
    stamp: ModelStamp

    @classmethod
    def of(cls, knowledge: Knowledge, network: Network, prior: Posterior, library_version: str) -> Directory:
        """Prepare a model; `prior` is the posterior given the complaint and nothing else."""
        profiles = tuple(
            Profile(
                name, cause.label, cause.plain, axis, float(prior.cause[axis, 0]),
                float(prior.cause[axis, 0] / prior.absent[axis, 0]), cause.codes,
                _treatment_options(knowledge, cause),
            )
            for axis, (name, cause) in enumerate(knowledge.cause.items())
            if cause.ranked
        )  # fmt: skip
        powers = [1 << position for position in range(len(profiles))]
        ranked_set = network.has[:, [profile.axis for profile in profiles]] @ np.array(powers)
        about = knowledge.model
        return cls(
            profiles=profiles,
            ranked_set=ranked_set,
            sets=tuple(
                _set_of([profile for profile, power in zip(profiles, powers, strict=True) if number & power])
                for number in range(1 << len(profiles))
            ),
            strengths=tuple((word.ratio, word.word) for word in knowledge.display.strength),
            caps=(knowledge.display.lowest, knowledge.display.highest),
            explanation=knowledge.display.explanation,
            poor_fit=knowledge.triage.poor_fit.value,
            scope=f"{about.intended_use} {about.not_for}",
            stamp=ModelStamp(
                id=about.id, version=about.version, fingerprint=knowledge.fingerprint, library_version=library_version
            ),
        )  # fmt: skip

    def strength(self, ratio: float) -> str:
        """Return the word for a likelihood ratio.

        References
        ----------
        Jaeschke, Guyatt and Sackett, JAMA 271 (1994), 703-707, for the bands of the shipped model.
        """
        for least, word in self.strengths:
            if ratio >= least:
                return f"{word} evidence for"
            if ratio <= 1 / least:
                return f"{word} evidence against"
        return "hardly any evidence"


def _set_of(profiles: Sequence[Profile]) -> tuple[tuple[Id, ...], str]:
    """Return a set of causes as ids and in words; the empty set has no words."""
    ids = tuple(profile.id for profile in profiles)
    if not profiles:
        return ids, ""
    first, *rest = (profile.label for profile in profiles)
    others = " and ".join(label[:1].lower() + label[1:] for label in rest)
    return ids, f"{first} with {others}" if others else f"{first} alone"


def _treatment_options(knowledge: Knowledge, cause: Cause) -> TreatmentOptions | None:
    """Return the treatments the source document names for a cause, in its wording."""
    if cause.treatments is None:
        return None
    return TreatmentOptions(
        wording=knowledge.founding_document.treatment_wording,
        named=cause.treatments.named,
        by_physician=cause.treatments.by_physician,
        caution=cause.treatments.caution,
    )
