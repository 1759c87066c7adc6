"""The interview: all answers in, the one next question out, and nothing remembered in between.

The same answers always give the same question, so an interview can be saved, resumed, corrected or moved to another
machine by keeping the answers alone. "unknown" is an answer: what was answered so is not asked again.
"""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case
from buttockpain.outlook import present_outlook
from buttockpain.questions import Question, ranked_questions
from buttockpain.stopping import StopAdvice, stop_advice
from buttockpain.types import Audience

__all__ = ["Step", "next_step"]


class Step(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """The next step of an interview: a question, or None once the stop rule holds; `stop` says why."""

    question: Question | None
    stop: StopAdvice


def next_step(case: Case, *, audience: Audience, rng: np.random.Generator) -> Step:
    """Return the question to ask now: required red flags first, then by gain per cost, until the stop rule holds.

    Parameters
    ----------
    audience : who is asked; signs and tests need a clinician.
    rng : for `stopping.stop_advice`.
    """
    items, now = case.open_items(audience), present_outlook(case)
    stop = stop_advice(case, items, now, rng=rng)
    question = None if stop.stop else ranked_questions(case, items, now, 1)[0]
    return Step(question=question, stop=stop)
