"""What a report says about what to ask next, and whether asking more could still change the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttockpain.render.outline import Block, Entries, Entry, Paragraph, Section
from buttockpain.render.words import answer_text, sentence, share_text

if TYPE_CHECKING:
    from buttockpain.questions import NextQuestions, Outcome, Question
    from buttockpain.types import Audience

__all__ = ["ask_section"]


def ask_section(questions: NextQuestions, audience: Audience) -> Section:
    """Return what to ask next: with gains and outcomes for a clinician, in plain words for a patient."""
    blocks: list[Block] = [Paragraph(questions.stop.sentence)]
    if questions.questions:
        blocks.append(Entries(tuple(_entry(question, audience) for question in questions.questions), numbered=True))
    return Section("What to ask next", tuple(blocks))


def _entry(question: Question, audience: Audience) -> Entry:
    """Return one question with why it is asked."""
    if audience == "patient":
        return Entry(question.question, (question.why,))
    gain = () if question.required else (f"Expected gain {question.gain_bits:.2f} bits, effort {question.cost:g}.",)
    return Entry(question.question, (question.why, *gain, *filter(None, map(_moves, question.outcomes))))


def _moves(outcome: Outcome) -> str:
    """Return how one answer would move the causes, or nothing where no figure would look different."""
    figures = [(shift.label, share_text(shift.before), share_text(shift.after)) for shift in outcome.shifts]
    moves = ", ".join(f"{label} {before} to {after}" for label, before, after in figures if before != after)
    return f"{sentence(answer_text('', outcome.answer))}: {moves}." if moves else ""
