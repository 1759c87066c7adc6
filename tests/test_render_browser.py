"""The HTML report in a real browser: headless Chromium, driven by the command line alone.

A page of our own holds the report in a frame of a phone's or a desk's width, measures it from outside and prints what it
found; nothing is added to the report itself. Every host name is mapped to nowhere.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from reports import PRESENTATIONS, Page, hostile_told, told

from buttockpain.render.html import html_fragment, html_report
from buttockpain.types import Audience

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Where a check must be complete, a missing browser is a failure and no reason to skip.
MUST = bool(os.environ.get("CI"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None and not MUST, reason="no Chromium on PATH (apt-get install chromium)"),
]

AUDIENCES: tuple[Audience, ...] = ("patient", "clinician")
PHONE, DESK = 375, 1200
TITLE = "Buttock pain: urgency and possible causes"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=10000",
)

MEASURE = """
const luminance = ([r, g, b]) => {
  const part = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const channels = colour => colour.match(/[\\d.]+/g).map(Number);
const ground = (element, view) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = channels(view.getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const measure = frame => {
  const view = frame.contentWindow, page = frame.contentDocument, root = page.documentElement;
  const all = [...page.body.querySelectorAll("*")].filter(e => !e.closest("style, script"));
  const lettered = all.filter(e => !e.closest("svg") && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const drawn = all.filter(e => e.matches("svg .share, svg .none, svg .for, svg .against, svg .on, svg.icon path, svg .mark"));
  const ink = e => { const s = view.getComputedStyle(e); return channels(s.fill === "none" || e.matches("line") ? s.stroke : s.fill); };
  const first = lettered[0], box = first.getBoundingClientRect(), level = page.querySelector("h1").getBoundingClientRect();
  return {
    width: root.scrollWidth,
    beyond: all.filter(e => e.getBoundingClientRect().right > frame.clientWidth + 0.5).map(e => e.outerHTML.slice(0, 80)),
    contrast: Math.min(...lettered.map(e => contrast(channels(view.getComputedStyle(e).color), ground(e, view)))),
    drawn: Math.min(...drawn.map(e => contrast(ink(e), ground(e, view)))),
    smallest: Math.min(...lettered.map(e => parseFloat(view.getComputedStyle(e).fontSize))),
    first: first.textContent, top: box.top, level: level.bottom,
    rows: [...page.querySelectorAll(".ranking .bar")].map(e => e.getBoundingClientRect()).map(b => [b.left, b.width]),
    requests: view.performance.getEntriesByType("resource").length,
    title: page.title, text: page.body.innerText,
  };
};
onload = () => {
  const found = [...document.querySelectorAll("iframe")].map(measure);
  document.body.innerHTML = "";
  const result = document.body.appendChild(document.createElement("pre"));
  result.id = "result";
  result.textContent = JSON.stringify(found);
};
"""


def chromium(tmp_path: Path, *arguments: str) -> str:
    """Run the browser once, with a profile of its own, and return what it prints."""
    assert BROWSER is not None, "CI is set and there is no Chromium on PATH"
    profile = tmp_path / "profile"
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout


def measured(tmp_path: Path, pages: list[str], width: int) -> list[Mapping[str, Any]]:
    """Return what each page measures in a frame of some width."""
    frames = "".join(f'<iframe width="{width}" height="700" srcdoc="{html.escape(page)}"></iframe>' for page in pages)
    wrapper = tmp_path / "wrapper.html"
    style = "<style>iframe { border: 0; display: block; }</style>"
    wrapper.write_text(f"<!doctype html><meta charset=utf-8>{style}{frames}<script>{MEASURE}</script>", "utf-8")
    printed = chromium(tmp_path, "--window-size=1300,900", "--dump-dom", wrapper.as_uri())
    found = re.search(r'<pre id="result">(.*?)</pre>', printed, re.DOTALL)
    assert found, "the browser did not finish measuring"
    result: list[Mapping[str, Any]] = json.loads(html.unescape(found[1]))
    assert len(result) == len(pages)
    return result


def full_page(name: str, audience: Audience = "clinician", *, attacked: bool = False) -> str:
    """Return the page of a presentation, with its explanation and questions."""
    answer, explanation, questions = (hostile_told if attacked else told)(name, audience)
    return html_report(answer, audience, explanation=explanation, questions=questions)


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, Audience], str]:
    """Every presentation for both readers."""
    return {(name, audience): full_page(name, audience) for name in PRESENTATIONS for audience in AUDIENCES}


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_report_fits_contrasts_and_asks_for_nothing(
    tmp_path: Path, pages: dict[tuple[str, Audience], str], width: int
) -> None:
    """On a phone and on a desk nothing runs over, all text reaches AA, safety is seen first, nothing is fetched."""
    for (name, audience), found in zip(pages, measured(tmp_path, list(pages.values()), width), strict=True):
        answer, case = told(name).answer, f"{name}, {audience}"
        assert found["width"] <= width, case
        assert found["beyond"] == [], case
        assert found["contrast"] >= 4.5, case
        assert found["drawn"] >= 3, case
        assert found["smallest"] >= 12, case
        assert found["first"] == (answer.triage.override or answer.triage.label), case
        assert 0 <= found["top"] < 40, case
        assert found["level"] < 350, f"{case}: the level is not on the first screen"
        assert len({tuple(row) for row in found["rows"]}) == 1, f"{case}: the bars do not line up"
        assert found["requests"] == 0, case
        assert answer.model.library_version in found["text"], case


def test_hostile_report_has_the_structure_of_a_clean_one(tmp_path: Path) -> None:
    """As the browser reads it, hostile text in every field adds no element and no attribute and runs nothing."""
    printed = []
    for attacked in (False, True):
        page = tmp_path / f"{attacked}.html"
        page.write_text(full_page("severe and long-lasting", attacked=attacked), "utf-8")
        printed.append(Page(chromium(tmp_path, "--dump-dom", page.as_uri())))
    clean, hostile = printed
    assert hostile.structure == clean.structure
    assert hostile.comments == []
    assert "owned" in hostile.text()
    assert [text for tags, text in hostile.texts if tags == ("html", "head", "title")] == [TITLE]


def test_hostile_report_still_fits_a_phone(tmp_path: Path) -> None:
    """Long unbroken text wraps; it does not push the page wider than the phone."""
    (found,) = measured(tmp_path, [full_page("emergency", attacked=True)], PHONE)
    assert found["width"] <= PHONE
    assert found["beyond"] == []
    assert found["title"] == TITLE


def test_fragment_keeps_to_itself(tmp_path: Path) -> None:
    """A fragment in a page of another style looks after its own contrast, width and order."""
    around = "<!doctype html><html><body style='background:#111;color:#eee;font:30px serif;margin:8px'>{}</body></html>"
    (found,) = measured(tmp_path, [around.format(html_fragment(told("emergency").answer, "patient"))], PHONE)
    assert found["width"] <= PHONE
    assert found["contrast"] >= 4.5
    assert found["first"] == told("emergency").answer.triage.override


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_screenshot_shows_the_banner(tmp_path: Path, width: int) -> None:
    """The page can be drawn, at the size asked for."""
    page, picture = tmp_path / "page.html", tmp_path / "picture.png"
    page.write_text(full_page("emergency", "patient"), "utf-8")
    chromium(tmp_path, f"--window-size={width},800", f"--screenshot={picture}", page.as_uri())
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24])[1] == 800
    assert len(data) > 10_000, "the picture is all but empty"


def test_prints_on_paper(tmp_path: Path) -> None:
    """The report prints to a document of a few pages."""
    page, paper = tmp_path / "page.html", tmp_path / "paper.pdf"
    page.write_text(full_page("severe and long-lasting"), "utf-8")
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={paper}", page.as_uri())
    pages = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 2 <= pages <= 8
