"""The differential: names come back, and the answer is put together, safety first.

`assemble` joins what is prepared once per model (`Directory`) with one posterior and one triage decision. Here the
ranking may raise the triage level; nothing here can lower it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel

from buttockpain.codes import Code
from buttockpain.directory import Directory, ModelStamp, Profile, TreatmentOptions
from buttockpain.inference import Evidence, Posterior, surprise
from buttockpain.network import Network
from buttockpain.presentation import Answer, Presentation
from buttockpain.render.words import display_probability
from buttockpain.triage import Decision, Triage
from buttockpain.types import Audience, Frozen, Id

if TYPE_CHECKING:
    from buttockpain.explanation import Explanation
    from buttockpain.questions import NextQuestions

__all__ = [
    "MARGIN",
    "Differential",
    "Fit",
    "JointExplanation",
    "ModelStamp",
    "RankedCause",
    "TreatmentOptions",
    "assemble",
]

# Ties and thresholds are decided on this scale, far above rounding (1e-15) and far below anything meaningful, so that
# the last bits of a platform cannot change an order or an urgency.
MARGIN = 1e-9


class RankedCause(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """One cause in the ranking.

    Attributes
    ----------
    probability : exact posterior probability that the cause is present; causes can co-occur, so these do not sum to 1.
    displayed : the probability as it should be shown to people, capped as the model file says.
    prior : probability given the complaint and nothing else.
    likelihood_ratio : posterior odds divided by prior odds: how much all answers together speak for the cause.
    strength : the likelihood ratio in words.
    """

    id: Id
    label: str
    probability: float
    displayed: str
    prior: float
    likelihood_ratio: float
    strength: str
    plain: str
    codes: tuple[Code, ...]
    treatments: TreatmentOptions | None


class JointExplanation(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """A set of named causes all present, with no other named cause; its exact probability."""

    causes: tuple[Id, ...]
    label: str
    probability: float
    displayed: str


class Fit(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """How well the model describes the answers.

    Attributes
    ----------
    surprise : near standard normal for people the model describes; large means unusual answers (docs/method.md).
    poor : whether that is above the limit of the model file.
    log_evidence : natural log of the probability of all answers and the complaint.
    """

    surprise: float
    poor: bool
    log_evidence: float


class Differential(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """The whole answer: triage first, then the ranking.

    A frozen record without a reference to the model; `model_dump_json` and `model_validate_json` lose nothing, and
    ranking `answers` again gives the same record.

    Attributes
    ----------
    triage : how urgently to see whom; the ranking may have raised its level, never lowered it.
    causes : the named causes, most probable first.
    none_of_these : probability that none of the named causes is present.
    none_displayed : the same as it should be shown to people.
    leading : id of the most probable cause; None when "none of these" is more probable than each of them.
    joint : sets of causes worth naming, most probable first.
    fit : how unusual the answers are under the model.
    answers : what was answered, in plain form.
    model : which model and library gave this answer.
    scope : what this is, and what it is not.
    """

    triage: Triage
    causes: tuple[RankedCause, ...]
    none_of_these: float
    none_displayed: str
    leading: Id | None
    joint: tuple[JointExplanation, ...]
    fit: Fit
    answers: Annotated[Mapping[str, Answer], AfterValidator(Frozen)]
    model: ModelStamp
    scope: str

    def __str__(self) -> str:
        """Return the report for a clinician, as plain text."""
        return self.report()

    def _repr_html_(self) -> str:
        """Return the report for a notebook."""
        from buttockpain.render.html import html_fragment  # noqa: PLC0415 - writers are loaded when something is written

        return html_fragment(self)

    def report(
        self,
        audience: Audience = "clinician",
        *,
        explanation: Explanation | None = None,
        questions: NextQuestions | None = None,
    ) -> str:
        """Return the answer as plain text, safety first.

        Parameters
        ----------
        audience : who reads it, "patient" or "clinician".
        explanation : what `explain` returned for the same answers; adds why a cause is as likely as it is.
        questions : what `next_questions` returned for the same answers; adds what to ask next.

        Raises
        ------
        ValueError : explanation or questions belong to other answers, another model or another reader.
        """
        from buttockpain.render.text import text_report  # noqa: PLC0415 - see _repr_html_

        return text_report(self, audience, explanation=explanation, questions=questions)

    def to_markdown(
        self,
        audience: Audience = "clinician",
        *,
        explanation: Explanation | None = None,
        questions: NextQuestions | None = None,
    ) -> str:
        """Return the same report as Markdown; parameters and errors as for `report`."""
        from buttockpain.render.markdown import markdown_report  # noqa: PLC0415 - see _repr_html_

        return markdown_report(self, audience, explanation=explanation, questions=questions)

    def to_html(
        self,
        audience: Audience = "clinician",
        *,
        explanation: Explanation | None = None,
        questions: NextQuestions | None = None,
    ) -> str:
        """Return the same report as one HTML page that needs nothing else; parameters and errors as for `report`."""
        from buttockpain.render.html import html_report  # noqa: PLC0415 - see _repr_html_

        return html_report(self, audience, explanation=explanation, questions=questions)


def assemble(
    directory: Directory,
    network: Network,
    presentation: Presentation,
    decision: Decision,
    evidence: Evidence,
    posterior: Posterior,
) -> Differential:
    """Return the answer of one person, from the posterior of a batch of one."""
    probability, absent = posterior.cause[:, 0].tolist(), posterior.absent[:, 0].tolist()
    none = posterior.none_of_these.item()
    causes = [
        _ranked(directory, profile, probability[profile.axis], absent[profile.axis]) for profile in directory.profiles
    ]
    causes.sort(key=lambda cause: -round(cause["probability"] / MARGIN))  # stable: ties keep the order of the file
    leads = none > causes[0]["probability"] + MARGIN
    unusual = surprise(network, evidence, posterior).item()
    poor = unusual > directory.poor_fit + MARGIN
    table = decision.table
    further = [reason for name, least, reason in table.floors
               if probability[network.causes.index(name)] >= least - MARGIN]  # fmt: skip
    if leads:
        further.append(table.none_of_these)
    if poor:
        further.append(table.poor_fit)
    # Checked once as a whole: record by record would cost half as much again.
    return Differential.model_validate(
        {
            "triage": decision.triage(further),
            "causes": causes,
            "none_of_these": none,
            "none_displayed": display_probability(none, directory.caps),
            "leading": None if leads else causes[0]["id"],
            "joint": _joint(directory, posterior),
            "fit": {"surprise": unusual, "poor": poor, "log_evidence": posterior.log_evidence.item()},
            "answers": presentation.given,
            "model": directory.stamp,
            "scope": directory.scope,
        }
    )


def _ranked(directory: Directory, profile: Profile, probability: float, absent: float) -> dict[str, Any]:
    """Return the fields of one cause of the ranking."""
    # An absence below the smallest float would make the ratio infinite, which JSON cannot carry.
    ratio = min(probability / max(absent, sys.float_info.min) / profile.prior_odds, sys.float_info.max)
    return {
        "id": profile.id,
        "label": profile.label,
        "probability": probability,
        "displayed": display_probability(probability, directory.caps),
        "prior": profile.prior,
        "likelihood_ratio": ratio,
        "strength": directory.strength(ratio),
        "plain": profile.plain,
        "codes": profile.codes,
        "treatments": profile.treatments,
    }


def _joint(directory: Directory, posterior: Posterior) -> list[dict[str, Any]]:
    """Return the fields of the sets of named causes worth naming; the empty set, `none_of_these`, is not among them."""
    weights = np.bincount(directory.ranked_set, weights=posterior.state[:, 0], minlength=len(directory.sets))
    worth = [(-round(p / MARGIN), number, p) for number, p in enumerate(weights.tolist())
             if number and p >= directory.explanation]  # fmt: skip
    return [
        {
            "causes": directory.sets[number][0],
            "label": directory.sets[number][1],
            "probability": p,
            "displayed": display_probability(p, directory.caps),
        }
        for _, number, p in sorted(worth)
    ]
