"""What to ask next: the red flags that must be asked, then what tells most about the causes for the effort of asking.

Each question comes with the gain it promises (`information`), why it is asked, and what each answer would do to the
ranking and to the triage level; beside them stands whether asking more could still change the answer (`stopping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel

from buttockpain.case import Case, Item
from buttockpain.differential import MARGIN, ModelStamp
from buttockpain.information import Information, information
from buttockpain.outlook import Outlook, label_of, present_outlook
from buttockpain.prospects import Outcome, Prospect, Shift, prospects
from buttockpain.render.words import display_probability
from buttockpain.stopping import StopAdvice, must_ask, stop_advice
from buttockpain.types import Audience, Id, Kind, Measure

__all__ = ["NextQuestions", "Outcome", "Question", "Shift", "next_questions", "ranked_questions"]


class Question(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """A question that could be asked next.

    Attributes
    ----------
    id : what to answer under.
    measure : what can be answered instead, such as `age` for an age band; None if there is nothing.
    why : why it is asked, in plain words.
    required : whether it must be asked whatever its gain (`StopAdvice.must_ask`).
    emergency : whether it is a red flag of an emergency level.
    gain_bits : expected information about the state of the causes; 0 for what serves triage only.
    cost : effort of asking, relative to a symptom.
    gain_per_cost : what questions are ordered by, after those required.
    outcomes : what each answer would do; "unknown" can be answered too, and changes no probability.
    """

    id: Id
    label: str
    kind: Kind
    question: str
    measure: Measure | Literal["sex"] | None
    why: str
    required: bool
    emergency: bool
    gain_bits: float
    cost: float
    gain_per_cost: float
    outcomes: tuple[Outcome, ...]


class NextQuestions(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What to ask next, and whether asking more could still change the answer.

    Attributes
    ----------
    questions : the best questions, the first to be asked first.
    stop : whether to stop asking; tells also how many questions are open.
    audience : who is asked.
    model : which model and library chose the questions.
    """

    questions: tuple[Question, ...]
    stop: StopAdvice
    audience: Audience
    model: ModelStamp

    def __str__(self) -> str:
        """Return the questions with their reasons as plain text."""
        lines = [self.stop.sentence]
        for number, question in enumerate(self.questions, start=1):
            lines += [f"{number:>2}. {question.question}", f"    {question.why}"]
        return "\n".join(lines)


def next_questions(case: Case, *, n: int | None, audience: Audience, rng: np.random.Generator) -> NextQuestions:
    """Return what to ask next.

    Parameters
    ----------
    n : how many questions, all open ones if None.
    audience : who is asked; signs and tests need a clinician.
    rng : for `stopping.stop_advice`.
    """
    items, now = case.open_items(audience), present_outlook(case)
    return NextQuestions(
        questions=ranked_questions(case, items, now, n),
        stop=stop_advice(case, items, now, rng=rng),
        audience=audience,
        model=case.background.directory.stamp,
    )


def ranked_questions(case: Case, items: Sequence[Item], now: Outlook, n: int | None) -> tuple[Question, ...]:
    """Return the best n of the open questions, in the order in which to ask them.

    First what must be asked, then the emergency flags left, then by gain per cost; what is equal stays in the order of
    the model.
    """
    known = information(case.background.network, case.evidence, case.posterior)
    gain = {item.id: _gain(item, known) for item in items}
    required = must_ask(case, items, int(now.level[0]))
    names = {item.id for item in required}
    others = [item for item in items if item.id not in names]
    others.sort(key=lambda item: (not item.emergency, -round(gain[item.id] / item.cost / MARGIN)))
    chosen = [*required, *others][:n]
    return tuple(
        [
            Question(
                id=item.id,
                label=item.label,
                kind=item.kind,
                question=item.question,
                measure=item.measure,
                why=_why(case, item, prospect, now),
                required=item.id in names,
                emergency=item.emergency,
                gain_bits=gain[item.id],
                cost=item.cost,
                gain_per_cost=gain[item.id] / item.cost,
                outcomes=prospect.outcomes,
            )
            for item, prospect in zip(chosen, prospects(case, chosen, known, now), strict=True)
        ]
    )


def _gain(item: Item, known: Information) -> float:
    """Return the expected gain of a question in bits."""
    if item.axis is not None:
        return float(known.finding[item.axis, 0])
    return 0.0 if item.factor is None else float(known.factor[item.factor, 0])


def _why(case: Case, item: Item, prospect: Prospect, now: Outlook) -> str:
    """Return why a question is asked: what it warns of, what it tells apart, and what the answers would do."""
    background, sentences = case.background, list[str]()
    flag = None if item.factor is not None else background.knowledge.finding[item.id].red_flag
    if flag is not None:
        sentences.append(f"Warning sign: {flag.reason}.")
    if prospect.apart is not None:
        rises, falls = prospect.apart
        sentences.append(f"It helps to tell {_inside(rises)} from {_inside(falls)}.")
        current, _ = label_of(background, int(now.leader[0]))
        sentences.append(f"{'; '.join(_effect(case, outcome, current) for outcome in prospect.outcomes)}.")
    for outcome in reversed(prospect.outcomes):
        steps = outcome.level.rank - int(now.level[0])
        if steps:
            direction = "raise" if steps > 0 else "lower"
            said = f"{_answer(outcome.answer)} would {direction} the urgency"
            sentences.append(f"{said} to: {_inside(outcome.level_label)}.")
    text = " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)
    return text or "No answer to it alone would change the ranking or the urgency."


def _effect(case: Case, outcome: Outcome, current: Id) -> str:
    """Return what an answer would do to the ranking, as part of a sentence."""
    caps = case.background.directory.caps
    likely = "" if outcome.probability is None else f" ({display_probability(outcome.probability, caps)} likely)"
    return (
        f"{_answer(outcome.answer)}{likely} would {'keep' if outcome.leading == current else 'put'} "
        f"{_inside(outcome.leading_label)} first, at {display_probability(outcome.leading_probability, caps)}"
    )


def _answer(answer: str) -> str:
    """Return an answer as part of a sentence."""
    return f"a {answer}" if answer in ("yes", "no") else f'the answer "{answer}"'


def _inside(label: str) -> str:
    """Return a label as part of a sentence."""
    return label[:1].lower() + label[1:]
