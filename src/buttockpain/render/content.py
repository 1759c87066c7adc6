"""What a report says, in which order and to whom.

Safety comes first and is the same for both readers. A clinician also gets the figures, codes and sources that a
review needs; a patient gets plain words, and the small print at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from buttockpain.render.ask import ask_section
from buttockpain.render.outline import Banner, Bar, Block, Entries, Entry, Facts, Outline, Paragraph, Ranking, Section
from buttockpain.render.sources import Sources
from buttockpain.render.why import why_section
from buttockpain.render.words import answer_text, level_text, name_text, ratio_text, sentence, share_text, uncited

if TYPE_CHECKING:
    from buttockpain.differential import Differential, RankedCause
    from buttockpain.explanation import Explanation
    from buttockpain.questions import NextQuestions
    from buttockpain.triage import RedFlagQuestion, Triage
    from buttockpain.types import Audience

__all__ = ["report_outline", "triage_outline"]


def report_outline(
    answer: Differential,
    audience: Audience,
    explanation: Explanation | None = None,
    questions: NextQuestions | None = None,
) -> Outline:
    """Return everything a report says.

    Raises
    ------
    ValueError : the explanation or the questions belong to other answers, another model or another reader.
    """
    if explanation is not None and (explanation.model, explanation.answers) != (answer.model, answer.answers):
        message = "the explanation is of other answers, or by another model, than the answer it is to stand beside"
        raise ValueError(message)
    if questions is not None and questions.model != answer.model:
        message = "the questions were chosen by another model than the answer they are to stand beside"
        raise ValueError(message)
    if questions is not None and audience == "patient" and questions.audience != "patient":
        message = "the questions are for a clinician and the report for a patient; ask for next questions for a patient"
        raise ValueError(message)
    return Outline(_banner(answer.triage), tuple(_sections(answer, audience, explanation, questions)))


def triage_outline(triage: Triage, audience: Audience) -> Outline:
    """Return what there is to say when there is no ranking."""
    sources = Sources()
    sections = tuple(_urgency(triage, audience, sources))
    return Outline(_banner(triage), (*sections, sources.section()) if audience == "clinician" else sections)


def _banner(triage: Triage) -> Banner:
    return Banner(triage.override, triage.level, triage.label, triage.action)


def _sections(
    answer: Differential, audience: Audience, explanation: Explanation | None, questions: NextQuestions | None
) -> Iterator[Section]:
    """Yield the sections in their order."""
    sources = Sources()
    clinician = audience == "clinician"
    yield from _urgency(answer.triage, audience, sources)
    yield _ranking(answer, audience)
    if explanation is not None:
        yield why_section(explanation, answer, audience, sources)
    if answer.triage.unasked:
        yield _open_flags("Warning signs not asked about", answer.triage.unasked, audience)
    if questions is not None:
        yield ask_section(questions, audience)
    # Somebody on the way to a hospital should not be reading about massage.
    if clinician or not answer.triage.level.is_emergency:
        yield from _treatments(answer)
    yield _given(answer, explanation)
    if clinician:
        yield _codes(answer)
        yield sources.section()
    yield _about(answer)


def _urgency(triage: Triage, audience: Audience, sources: Sources) -> Iterator[Section]:
    """Yield why the level is what it is, what is unclear about it, and what to watch for."""
    if triage.reasons:
        reasons = []
        for reason in triage.reasons:
            behind = f"{sentence(level_text(reason.level))}; {reason.basis}{sources.cite(reason.source)}"
            reasons.append(Entry(sentence(reason.text), (behind,) if audience == "clinician" else ()))
        yield Section("Why this urgency", (Entries(tuple(reasons)),))
    if triage.unclear:
        yield _open_flags("Warning signs with an unclear answer", triage.unclear, audience)
    yield Section("Watch for", (Paragraph(triage.safety_net),))


def _ranking(answer: Differential, audience: Audience) -> Section:
    """Return the ranked causes, "none of these" in its place, and for clinicians how far to trust them."""
    bars = [_bar(place, cause, audience) for place, cause in enumerate(answer.causes, start=1)]
    above = sum(cause.probability >= answer.none_of_these for cause in answer.causes)
    above = 0 if answer.leading is None else max(above, 1)
    missing = "The pain may have a cause that this program does not rank."
    bars.insert(above, Bar(None, "None of these", answer.none_displayed, answer.none_of_these, None, (missing,)))
    together = "Causes can occur together, so the figures need not add up to 100%."
    if audience == "patient":
        return Section("How likely each cause is", (Ranking(tuple(bars)), Paragraph(together, muted=True)))
    mark = "The mark on a bar is the figure before any answer."
    blocks: list[Block] = [Ranking(tuple(bars), mark), Paragraph(together, muted=True)]
    if answer.joint:
        rows = tuple((joint.label, joint.displayed) for joint in answer.joint)
        blocks.append(Facts(("Causes together, and no other ranked cause", "How likely"), rows))
    fit = "poor: these answers are unusual under the model" if answer.fit.poor else "within the usual range"
    blocks.append(Paragraph(f"Fit of the model: {fit} (surprise {round(answer.fit.surprise, 1) + 0.0:.1f})."))
    return Section("How likely each cause is", tuple(blocks))


def _bar(place: int, cause: RankedCause, audience: Audience) -> Bar:
    """Return one cause of the ranking: in plain words, or with its prior and likelihood ratio."""
    if audience == "patient":
        return Bar(place, cause.label, cause.displayed, cause.probability, None, (cause.plain,))
    moved = (
        f"before any answer {share_text(cause.prior)}; "
        f"likelihood ratio {ratio_text(cause.likelihood_ratio)}, {cause.strength}"
    )
    return Bar(place, cause.label, cause.displayed, cause.probability, cause.prior, (moved,))


def _treatments(answer: Differential) -> Iterator[Section]:
    """Yield the treatments the source document names for the leading cause, in its wording."""
    leader = next((cause for cause in answer.causes if cause.id == answer.leading), None)
    if leader is None or leader.treatments is None:
        return
    options = leader.treatments
    named = (*options.named, *(f"{name} (by a physician)" for name in options.by_physician))
    blocks: list[Block] = [
        Paragraph(options.wording),
        Entries(tuple(Entry(sentence(name)) for name in named), short=True),
    ]
    if options.caution:
        blocks.append(Paragraph(uncited(options.caution), muted=True))
    yield Section(f"Treatments: {leader.label}", tuple(blocks))


def _open_flags(title: str, questions: Sequence[RedFlagQuestion], audience: Audience) -> Section:
    """Return red flags that are not settled, those of an emergency first."""
    emergencies = [question for question in questions if question.level.is_emergency]
    others = [question for question in questions if not question.level.is_emergency]
    blocks: list[Block] = [Paragraph("Not asked, or not sure, never counts as no.")]
    for said, flags in (("A yes to any of these would mean an emergency:", emergencies), ("Less urgent:", others)):
        if flags:
            blocks += [Paragraph(said), _flags(flags, audience)]
    return Section(title, tuple(blocks))


def _flags(questions: list[RedFlagQuestion], audience: Audience) -> Entries:
    """Return red flags by name for a clinician, as questions for a patient."""
    if audience == "clinician":
        return Entries(tuple(Entry(question.label) for question in questions), short=True)
    return Entries(tuple(Entry(question.question) for question in questions))


def _given(answer: Differential, explanation: Explanation | None) -> Section:
    """Return what was answered, by the names an explanation knows."""
    labels = {row.id: row.label for row in explanation.rows} if explanation else {}
    rows = tuple(
        (name_text(name) if name in ("age", "sex") else labels.get(name, name_text(name)), answer_text(name, given))
        for name, given in answer.answers.items()
    )
    block = Facts(("Question", "Answer"), rows) if rows else Paragraph("Nothing but the complaint.")
    return Section("What this is based on", (block,))


def _codes(answer: Differential) -> Section:
    """Return the codes of each cause."""
    rows = tuple(
        (
            cause.label,
            "; ".join(
                f"{_SYSTEMS.get(code.system, code.system)} {code.code} {code.label}".rstrip() for code in cause.codes
            ),
        )
        for cause in answer.causes
    )
    return Section("Codes", (Facts(("Cause", "Codes"), rows),), small=True)


_SYSTEMS = {"snomed_ct": "SNOMED CT", "icd10": "ICD-10", "icd10cm": "ICD-10-CM", "icd11": "ICD-11", "hpo": "HPO"}


def _about(answer: Differential) -> Section:
    """Return the intended use, and which model and library gave the answer."""
    stamp = answer.model
    made = f"Model {stamp.id} {stamp.version}, fingerprint {stamp.fingerprint}; buttockpain {stamp.library_version}."
    return Section("About this report", (Paragraph(answer.scope), Paragraph(made)), small=True)
