"""The Markdown and the plain text report: safe, complete, inert, and the same to the byte as a reviewed example.

The golden reports are clinical content: what a clinician and a patient read about one person. After a change that is
meant, run `python tests/test_render_markdown.py`, read the difference as a clinician would, and commit it with the
reason. Model stamp and library version are left out, so that only what is read makes a difference.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reports import PAYLOAD, PRESENTATIONS, Told, hostile_told, told

from buttockpain.differential import Differential, ModelStamp
from buttockpain.explanation import Explanation
from buttockpain.model import rank
from buttockpain.questions import NextQuestions
from buttockpain.render.markdown import escaped, markdown_report
from buttockpain.render.text import WIDTH, report_lines, text_report, triage_lines
from buttockpain.render.words import plain
from buttockpain.types import Audience

AUDIENCES: tuple[Audience, ...] = get_args(Audience)

every = pytest.mark.parametrize(("name", "audience"), [(name, to) for name in PRESENTATIONS for to in AUDIENCES])

DATA = Path(__file__).parent / "data"
GOLDEN = "severe and long-lasting"


def markdown_of(case: Told, audience: Audience) -> str:
    """Return the Markdown report."""
    return markdown_report(case.answer, audience, explanation=case.explanation, questions=case.questions)


def text_of(case: Told, audience: Audience) -> str:
    """Return the plain text report."""
    return text_report(case.answer, audience, explanation=case.explanation, questions=case.questions)


def tokens(markdown: str) -> list[Token]:
    """Return what a reader of Markdown makes of a text, with raw HTML allowed so that any would show."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    flat: list[Token] = []
    for token in reader.parse(markdown):
        flat += [token, *(token.children or ())]
    return flat


@every
def test_markdown_reads_as_meant(name: str, audience: Audience) -> None:
    """Safety first, one top heading, tables of even width, no raw HTML and no links."""
    case = told(name, audience)
    markdown, triage = markdown_of(case, audience), case.answer.triage
    first = f"**{triage.override}**\n\n# " if triage.override else "# "
    assert markdown.startswith(f"{first}{triage.label}\n\n{triage.action}\n")
    found = tokens(markdown)
    assert [token.tag for token in found if token.type == "heading_open"].count("h1") == 1
    assert {token.tag for token in found if token.type == "heading_open"} == {"h1", "h2"}
    assert not {token.type for token in found} & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "fence",
        "code_block",
    }
    read = " ".join(token.content for token in found if token.type in ("text", "text_special"))
    shown = re.sub(r"\s+", " ", read)
    for reason in triage.reasons:
        assert " ".join(reason.text.split()[1:]) in shown
    assert case.answer.model.fingerprint in shown


@every
def test_hostile_text_is_inert_in_markdown(name: str, audience: Audience) -> None:
    """With the payload in every free field a reader of Markdown sees the structure of a clean report."""
    clean, attacked = (tokens(markdown_of(case(name, audience), audience)) for case in (told, hostile_told))

    def structure(found: list[Token]) -> list[tuple[str, str, int]]:
        text = ("text", "text_special", "inline")
        return [(token.type, token.tag, token.level) for token in found if token.type not in text]

    assert structure(attacked) == structure(clean)


def test_escaping_is_read_back_as_the_text_itself() -> None:
    """What Markdown shows of an escaped text is the text, wherever a line may start."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for start in (
        "# x",
        "- x",
        "+ x",
        "* x",
        "1. x",
        "1) x",
        "> x",
        "=== x",
        "--- x",
        "    x",
        "```x",
        "~~~ x",
        ": x",
        PAYLOAD,
    ):
        text = plain(start)
        for around in ("{}", "- {}", "| a |\n| --- |\n| {} |", "# {}"):
            parsed = reader.parse(around.format(escaped(start)))
            pieces = [child for token in parsed for child in token.children or ()]
            assert "".join(piece.content for piece in pieces).removeprefix("a") == text, f"{around}: {start}"


def test_addresses_do_not_become_links() -> None:
    """Readers that make links of bare addresses find none."""
    safe = escaped("see https://example.invalid, www.example.invalid and a@example.invalid")
    assert not re.search(r"\w+://|www\.|\w@", safe)


@every
def test_text_report_is_complete_and_inert(name: str, audience: Audience) -> None:
    """Safety first in capitals, lines of one width, and no control character whatever the fields hold."""
    assert max(len(line) for line in text_of(told(name, audience), audience).split("\n")) <= WIDTH
    for case in (told(name, audience), hostile_told(name, audience)):
        text, triage = text_of(case, audience), case.answer.triage
        lines = text.split("\n")
        assert lines[1][:20] == plain(triage.override or triage.label).upper()[:20]
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ud800-\udfff]", text)
        whole = " ".join(text.split())
        for flag in (*triage.unasked, *triage.unclear):
            said = plain(flag.question if audience == "patient" else flag.label)
            assert said.split()[0] in whole
        assert plain(case.answer.scope)[:20] in whole


def test_text_report_names_every_open_warning_sign() -> None:
    """What was not asked is listed by name."""
    case = told(GOLDEN)
    whole = " ".join(text_of(case, "clinician").split())
    assert case.answer.triage.unasked
    assert all(flag.label in whole for flag in (*case.answer.triage.unasked, *case.answer.triage.unclear))


def test_triage_can_be_told_without_a_ranking() -> None:
    """When the answers cannot be ranked the triage is still told, with its sources for a clinician."""
    triage = told("emergency").answer.triage
    for audience in AUDIENCES:
        text = "\n".join(line.text for line in triage_lines(triage, audience))
        assert triage.label.upper() in text
        assert "Watch for" in text
        assert ("Sources" in text) == (audience == "clinician")


def test_roles_repeat_what_the_words_say() -> None:
    """Colour is only ever a repetition: urgent lines are marked as such, headings as headings."""
    lines = list(report_lines(told("emergency").answer))
    assert lines[0].role == "emergency"
    assert [line.text for line in lines if line.role == "override"] == [
        "A DETAILED MEDICAL EVALUATION AT A HOSPITAL IS NEEDED."
    ]
    assert {"Why this urgency", "How likely each cause is"} <= {line.text for line in lines if line.role == "heading"}
    calm = list(triage_lines(rank({}).triage, "patient"))
    assert not {line.role for line in calm} & {"emergency", "urgent", "override"}


def golden() -> dict[Path, str]:
    """Return the golden reports: as text for a clinician, as Markdown for a patient."""
    stamp = ModelStamp(id="buttock_pain", version="-", fingerprint="-", library_version="-")

    def stamped(audience: Audience) -> Told:
        answer, why, questions = (one.model_copy(update={"model": stamp}) for one in told(GOLDEN, audience))
        assert isinstance(answer, Differential)
        assert isinstance(why, Explanation)
        assert isinstance(questions, NextQuestions)
        return Told(answer, why, questions)

    return {
        DATA / "golden_report.txt": text_of(stamped("clinician"), "clinician") + "\n",
        DATA / "golden_report.md": markdown_of(stamped("patient"), "patient"),
    }


@pytest.mark.parametrize("path", golden(), ids=lambda path: path.name)
def test_golden_report(path: Path) -> None:
    """A report reads to the byte as it was reviewed; a difference is a clinical change (see the top of this file)."""
    assert golden()[path].encode() == path.read_bytes(), f"{path.name}: python {Path(__file__).name} writes it anew"


if __name__ == "__main__":
    for path, report in golden().items():
        path.write_bytes(report.encode())
