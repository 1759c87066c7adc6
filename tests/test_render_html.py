"""The HTML report: safe, complete, self-contained, readable by eye and by ear. A browser looks at it in its own file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

import pytest
from reports import PAYLOAD, PRESENTATIONS, Page, hostile_told, told

from buttockpain.differential import Differential
from buttockpain.model import default_model, next_questions, rank
from buttockpain.render.element import Html, element, joined
from buttockpain.render.html import html_fragment, html_report
from buttockpain.render.style import PALETTE, STYLE
from buttockpain.render.words import plain
from buttockpain.types import Audience

AUDIENCES: tuple[Audience, ...] = get_args(Audience)

every = pytest.mark.parametrize(("name", "audience"), [(name, to) for name in PRESENTATIONS for to in AUDIENCES])


def page_of(name: str, audience: Audience) -> Page:
    """Return the parsed page of a presentation, with its explanation and questions."""
    answer, explanation, questions = told(name, audience)
    return Page(html_report(answer, audience, explanation=explanation, questions=questions))


@every
def test_safety_comes_first(name: str, audience: Audience) -> None:
    """The founding rule's sentence is the first text of the body; then the level in words, its action, its reasons."""
    triage, page = told(name).answer.triage, page_of(name, audience)
    body = page.text()
    first = [text for text in (triage.override, triage.label, triage.action) if text]
    places = [body.index(text) for text in first]
    assert places[0] == 0 or first[0] == triage.label, "nothing but the sign of the level may stand before its label"
    assert places == sorted(places)
    assert places[-1] < body.index("Watch for") < body.index("How likely each cause is")
    for reason in triage.reasons:
        assert reason.text[1:] in body[: body.index("How likely each cause is")]
    assert triage.safety_net in body
    assert page.tags[[tag for tag, _ in page.tags].index("main") + 1] == (
        "section",
        {"class": "banner", "role": "alert"},
    )


@every
def test_every_open_warning_sign_is_listed(name: str, audience: Audience) -> None:
    """What was not asked or stayed unclear is named for both readers, whatever else the report leaves out."""
    triage, body = told(name).answer.triage, page_of(name, audience).text()
    for flag in (*triage.unasked, *triage.unclear):
        assert (flag.question if audience == "patient" else flag.label) in body


@every
def test_page_is_self_contained(name: str, audience: Audience) -> None:
    """No script, no address, no import: nothing is loaded and nothing runs, and the page's own policy forbids both."""
    answer, explanation, questions = told(name, audience)
    source = html_report(answer, audience, explanation=explanation, questions=questions)
    page = Page(source)
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert source.startswith('<!doctype html>\n<html lang="en-GB">')
    assert not {tag for tag, _ in page.tags} & {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "a",
        "img",
        "base",
    }
    named = {attribute for _, attributes in page.tags for attribute in attributes}
    assert not {a for a in named if a in ("href", "src", "style", "id", "action", "xlink:href") or a.startswith("on")}
    style = page.text(within="style")
    assert "url(" not in style
    assert "@import" not in style


@every
def test_headings_landmarks_and_tables_can_be_heard(name: str, audience: Audience) -> None:
    """One h1, then h2 only; one main with the rest inside; header cells say what they head; pictures have words."""
    page = page_of(name, audience)
    headings = [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert headings[0] == "h1"
    assert set(headings[1:]) == {"h2"}
    assert [tag for tag, _ in page.tags].count("main") == 1
    assert [tag for tag, _ in page.tags].count("footer") == 1
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    pictures = [place for place, (tag, _) in enumerate(page.tags) if tag == "svg"]
    titles = [text for tags, text in page.texts if tags[-2:] == ("svg", "title")]
    assert len(titles) == len(pictures) > len(told(name).answer.causes)
    for place in pictures:
        assert page.tags[place][1]["role"] == "img"
        assert page.tags[place + 1][0] == "title"


@every
def test_pictures_say_nothing_that_words_do_not(name: str, audience: Audience) -> None:
    """Every figure of a bar or a step also stands in a table cell."""
    page = page_of(name, audience)
    cells = [text for tags, text in page.texts if tags[-1] == "td" and "table" in tags]
    for tags, text in page.texts:
        if tags[-2:] == ("svg", "title") and "table" in tags and ": " in text:
            assert text.rpartition(": ")[2] in cells


@every
def test_nothing_is_certain(name: str, audience: Audience) -> None:
    """No figure is 0% or 100%, and none is beyond what the model file lets be shown."""
    body = page_of(name, audience).text().replace("need not add up to 100%", "")
    caps = default_model().knowledge.display
    figures = [int(figure) for figure in re.findall(r"(\d+)%", body)]
    assert figures
    assert min(figures) >= caps.lowest * 100
    assert max(figures) <= caps.highest * 100


@pytest.mark.parametrize("probability", [0.0, 1e-300, 0.5, 1.0])
def test_bars_are_never_empty_and_never_full(probability: float) -> None:
    """However sure the model, a bar leaves room for doubt on both sides."""
    answer = told("near certain").answer
    causes = tuple(
        cause.model_copy(update={"probability": probability, "prior": probability}) for cause in answer.causes
    )
    page = Page(html_report(answer.model_copy(update={"causes": causes, "none_of_these": probability})))
    widths = [
        float(str(attributes["width"]).rstrip("%"))
        for tag, attributes in page.tags
        if tag == "rect" and attributes["class"] in ("share", "none")
    ]
    assert len(widths) == len(causes) + 1
    assert all(1 <= width <= 99 for width in widths)


def test_treatments_stand_only_with_their_wording() -> None:
    """Treatments are named as the source document's options, only under medical advice, with the caution."""
    answer = told("severe and long-lasting").answer
    leader = answer.causes[0]
    assert leader.treatments is not None
    for audience in AUDIENCES:
        body = page_of("severe and long-lasting", audience).text()
        wording = body.index(leader.treatments.wording)
        assert all(wording < body.lower().index(named.lower(), wording) for named in leader.treatments.named)
        assert re.sub(r" \[\d+\]", "", leader.treatments.caution) in body


def test_patients_in_an_emergency_read_of_no_treatments() -> None:
    """A patient who should be on the way to a hospital is not shown a list of treatments; a clinician is."""
    wording = default_model().knowledge.founding_document.treatment_wording
    assert told("emergency").answer.triage.level.is_emergency
    assert wording not in page_of("emergency", "patient").text()
    assert wording in page_of("emergency", "clinician").text()


@pytest.mark.parametrize("name", PRESENTATIONS)
def test_patients_get_plain_words_and_the_small_print_last(name: str) -> None:
    """No likelihood ratios, log-odds, bits, codes or fingerprints for a patient, but for the footer."""
    page = page_of(name, "patient")
    told_patient = " ".join(text for tags, text in page.texts if "main" in tags and "footer" not in tags)
    for jargon in ("likelihood ratio", "log-odds", "Shapley", "bits", "fingerprint", "ICD-", "surprise", "prior"):
        assert jargon not in told_patient
    answer = told(name).answer
    assert all(cause.plain in told_patient for cause in answer.causes)
    footer = page.text(within="footer")
    assert answer.scope in footer
    assert answer.model.fingerprint in footer


@pytest.mark.parametrize("name", PRESENTATIONS)
def test_clinicians_get_what_a_review_needs(name: str) -> None:
    """Prior, likelihood ratio, fit, codes, the full text of every source cited, fingerprint, intended use."""
    answer, explanation, questions = told(name)
    body = page_of(name, "clinician").text()
    for cause in answer.causes:
        assert f"likelihood ratio {cause.likelihood_ratio:.2g}" in body or cause.likelihood_ratio >= 100
        assert all(code.code in body for code in cause.codes)
    cited = {text for reason in answer.triage.reasons for text in reason.source}
    cited |= {text for row in explanation.rows for number in row.numbers for text in number.source}
    assert all(plain(text) in body for text in cited)
    assert "Sources" in body
    assert answer.model.fingerprint in body
    assert answer.scope in body
    assert questions.stop.sentence in body
    assert all(question.why in body for question in questions.questions)


def test_waterfall_draws_the_rows_end_to_end() -> None:
    """Each step starts where the one before ended, from the prior to the figure of the ranking."""
    answer, explanation, _ = told("severe and long-lasting")
    page = page_of("severe and long-lasting", "clinician")
    threads = [
        (str(attributes["x1"]), str(attributes["y1"])) for tag, attributes in page.tags
        if tag == "line" and attributes["class"] == "thread"
    ]  # fmt: skip
    assert len(threads) == 2 * len(explanation.rows) + 2
    ends, starts = threads[::2], threads[1::2]
    assert [x for x, _ in ends] == [x for x, _ in starts], "a step does not start where the one before ended"
    bars = [a["class"] for tag, a in page.tags if tag == "rect" and a["class"] in ("for", "against")]
    assert bars == [row.direction for row in explanation.rows]
    body = page.text()
    way = body[body.index("Why this figure") :]
    assert way.index("Before any answer") < way.index("After all answers")
    assert f"After all answers {answer.causes[0].displayed}" in re.sub(r"\s+", " ", way)


def test_many_small_rows_are_shown_together_and_still_add_up() -> None:
    """A long tail of answers that hardly matter becomes one step, which names them all and loses nothing."""
    answer, why, _ = told("every warning sign denied")
    body = Page(html_report(answer, explanation=why)).text()
    count = re.search(r"(\d+) answers that hardly matter here together ([-+]\d\.\d\d)", body)
    assert count
    assert why.method == "sampled"
    assert "over random orders of the answers, with a standard error of up to" in body
    small = why.rows[-int(count[1]) :]
    assert float(count[2]) == pytest.approx(sum(row.log_odds for row in small), abs=0.005)
    assert all(f"{row.label}: {row.answer}" in body for row in small)
    assert all(abs(row.log_odds) >= abs(small[0].log_odds) for row in why.rows[: -len(small)])


@pytest.mark.parametrize("name", PRESENTATIONS)
def test_hostile_text_changes_no_tag_and_no_attribute(name: str) -> None:
    """With the payload in every free field the tags and attributes are those of a clean report, value for value."""
    for audience in AUDIENCES:
        answer, explanation, questions = hostile_told(name, audience)
        attacked = html_report(answer, audience, explanation=explanation, questions=questions)
        page = Page(attacked)
        assert page.structure == page_of(name, audience).structure
        assert page.comments == []
        assert plain(PAYLOAD) in page.text(), "the payload is shown as text"
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f\ud800-\udfff]", attacked)
        assert attacked.encode("utf-8")


def test_text_is_escaped_where_it_becomes_html() -> None:
    """An element escapes everything that is not an element itself, in attributes too."""
    inner = element("b", "a&b")
    assert isinstance(inner, Html)
    assert element("p", inner, "<i>", title="\"'>") == '<p title="&quot;&#x27;&gt;"><b>a&amp;b</b>&lt;i&gt;</p>'
    assert joined("<", inner) == "&lt;<b>a&amp;b</b>"


def test_same_answer_gives_the_same_bytes() -> None:
    """A report is a function of its records: after a trip through JSON it is the same, byte for byte."""
    answer, explanation, questions = told("severe and long-lasting")
    again = (Differential.model_validate_json(answer.model_dump_json()),
             type(explanation).model_validate_json(explanation.model_dump_json()),
             type(questions).model_validate_json(questions.model_dump_json()))  # fmt: skip
    first = html_report(answer, explanation=explanation, questions=questions)
    assert html_report(again[0], explanation=again[1], questions=again[2]) == first


def test_records_of_someone_else_are_refused() -> None:
    """An explanation of other answers, or questions for another reader, never stand beside this person's ranking."""
    answer, _, for_clinicians = told("severe and long-lasting")
    with pytest.raises(ValueError, match="explanation is of other answers"):
        html_report(answer, explanation=told("emergency").explanation)
    with pytest.raises(ValueError, match="questions are for a clinician and the report for a patient"):
        html_report(answer, "patient", questions=for_clinicians)
    other = default_model().replace({"cause.sciatica.leak": 0.2})
    with pytest.raises(ValueError, match="chosen by another model"):
        html_report(answer, questions=other.next_questions(PRESENTATIONS["severe and long-lasting"]))


def test_fragment_styles_nothing_but_itself() -> None:
    """In a notebook every rule of the style is tied to the report, and there is no page around it."""
    answer = told("emergency").answer
    fragment = html_fragment(answer)
    assert not re.search(r"<(html|head|body|main|meta)\b", fragment)
    assert '<div class="bp">' in fragment
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]*\{|@page[^}]*\}", "", STYLE))
    assert selectors
    for selector in selectors:
        assert all(one.strip().startswith(".bp") for one in selector.split(",")), selector


def luminance(colour: str) -> float:
    """Relative luminance of a colour, by WCAG 2.2."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, by WCAG 2.2."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


TEXT_ON: Mapping[str, tuple[str, ...]] = {
    "ink": ("paper", "desk", "amber", "blue", "green"),
    "muted": ("paper", "desk"),
    "paper": ("alarm",),
}
DRAWN_ON: Mapping[str, tuple[str, ...]] = {
    "share": ("paper", "track"), "none": ("paper", "track"), "against": ("paper",), "ink": ("paper", "track"),
    "amber-edge": ("amber",), "blue-edge": ("blue",), "green-edge": ("green",),
}  # fmt: skip


def test_palette_reaches_aa() -> None:
    """Text stands on its ground at 4.5 to 1 or better, pictures at 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    for pairs, least in ((TEXT_ON, 4.5), (DRAWN_ON, 3.0)):
        for colour, grounds in pairs.items():
            for ground in grounds:
                assert contrast(PALETTE[colour], PALETTE[ground]) >= least, f"{colour} on {ground}"
    used = set(re.findall(r"var\(--([a-z-]+)\)", STYLE))
    assert used <= set(PALETTE)
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", STYLE)) <= set(PALETTE.values()), "a colour outside the palette"


def test_any_explained_cause_and_any_reader_can_be_rendered() -> None:
    """Every cause, and none of them, can be explained in a report; also with nothing answered at all."""
    model = default_model()
    for answers in ({}, {"pain_severity": 3}, {"leg_numbness": "yes"}):
        answer, questions = rank(answers), next_questions(answers, n=0)
        for cause in (*(cause.id for cause in answer.causes), "none_of_these"):
            for audience in AUDIENCES:
                why = model.explain(answers, cause)
                body = Page(html_report(answer, audience, explanation=why, questions=questions)).text()
                assert f"Why this figure: {why.label}" in body
                assert why.rows or "None of the answers so far bears on the ranking." in body
