"""Plots: they show the record and nothing else, say what it means, fit their page, and repeat byte for byte."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import cache
from itertools import combinations
from math import exp, log
from pathlib import Path
from typing import cast

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from buttockpain import Differential, MissingExtraError, default_model
from buttockpain.explanation import Explanation
from buttockpain.render import plots
from buttockpain.render.graph import diagram_of
from buttockpain.render.plot_captions import (
    calibration_caption,
    network_caption,
    ranking_caption,
    sensitivity_caption,
    tornado_caption,
    waterfall_caption,
)
from buttockpain.research.evaluation import CalibrationBin, Evaluation, calibration_curve
from buttockpain.research.intervals import Interval, delta_intervals, intervals
from buttockpain.research.sensitivity import SensitivityFunction, TornadoRow, sensitivity_function, tornado
from buttockpain.research.shares import Share

ROOT = Path(__file__).parents[1]
ANSWERS = {
    "age": 44, "sex": "male", "pain_severity": 6, "low_back_pain": "yes", "pain_below_knee": "yes", "leg_numbness": 0.7,
    "pain_worse_sitting": "yes", "deep_mid_buttock_pain": "no", "saddle_numbness": "no",
}  # fmt: skip
LEAK = "cause.lumbar_disc_herniation.leak"
LONG = "A name of $no$ sense_at^all that goes on and on until nobody can have any idea of where it was going to end "


# --- records ----------------------------------------------------------------------------------------------------------


@cache
def answer() -> Differential:
    """One person's answer."""
    return default_model().rank(ANSWERS)


@cache
def drawn_intervals() -> tuple[Interval, ...]:
    """Its intervals, by few draws."""
    return intervals(default_model(), ANSWERS, rng=np.random.default_rng(1), draws=200)


@cache
def explanation() -> Explanation:
    """Why the leading cause leads."""
    return default_model().explain(ANSWERS, "lumbar_disc_herniation")


@cache
def tornado_rows() -> tuple[TornadoRow, ...]:
    """What moves the leading cause."""
    return tornado(default_model(), ANSWERS, outcome="lumbar_disc_herniation", top=12)


def one_sided() -> tuple[TornadoRow, ...]:
    """Rows whose number stands at an end of its range, near where the scale ends; rising, then falling."""
    row = tornado_rows()[0].model_copy(update={"at_value": 0.004})
    return tuple(
        row.model_copy(update={"low": low, "value": 0.2, "high": high, "at_low": at_low, "at_high": at_high})
        for low, high, at_low, at_high in (
            (0.2, 0.4, 0.004, 0.04), (0.1, 0.2, 0.001, 0.004), (0.2, 0.4, 0.004, 0.001), (0.1, 0.2, 0.04, 0.004)
        )
    )  # fmt: skip


@cache
def curve() -> SensitivityFunction:
    """How everything depends on one number."""
    return sensitivity_function(default_model(), ANSWERS, path=LEAK)


@cache
def evaluation() -> Evaluation:
    """How well calibrated something is that is a little too sure of itself."""
    rng = np.random.default_rng(1)
    probability = rng.beta(0.5, 1.5, 3_000)
    groups = calibration_curve(probability, rng.random(3_000) < 0.05 + 0.9 * probability)
    return Evaluation(3_000, Share(0, 0), Share(0, 0), (), groups, 0.031, None)


def long_names() -> Differential:
    """An answer whose every name is too long."""
    causes = tuple(cause.model_copy(update={"label": LONG + cause.label}) for cause in answer().causes)
    return answer().model_copy(update={"causes": causes})


def long_answers() -> Explanation:
    """An explanation whose every name is too long."""
    rows = tuple(row.model_copy(update={"label": LONG + row.label}) for row in explanation().rows)
    return explanation().model_copy(update={"label": LONG, "rows": rows})


def crowded() -> SensitivityFunction:
    """A function whose every curve ends in the same place."""
    flat = np.ones((2, len(curve().outcomes)))
    return SensitivityFunction(LEAK, 0.01, 1.0, curve().outcomes, np.full(len(curve().outcomes), -4.0), flat, flat)


PLOTS: dict[str, Callable[..., Figure]] = {
    "ranking": lambda **kw: plots.plot_ranking(answer(), intervals=drawn_intervals(), **kw),
    "ranking by the delta method": lambda **kw: plots.plot_ranking(
        answer(), intervals=delta_intervals(default_model(), ANSWERS), **kw
    ),
    "ranking without intervals": lambda **kw: plots.plot_ranking(answer(), **kw),
    "ranking of an emergency": lambda **kw: plots.plot_ranking(
        default_model().rank({**ANSWERS, "saddle_numbness": "yes", "pain_severity": 8}), **kw
    ),
    "ranking with long names": lambda **kw: plots.plot_ranking(long_names(), intervals=drawn_intervals(), **kw),
    "waterfall": lambda **kw: plots.plot_waterfall(explanation(), **kw),
    "waterfall of few steps": lambda **kw: plots.plot_waterfall(explanation(), top=2, **kw),
    "waterfall of no answers": lambda **kw: plots.plot_waterfall(default_model().explain({}, "sciatica"), **kw),
    "waterfall with long names": lambda **kw: plots.plot_waterfall(long_answers(), **kw),
    "tornado": lambda **kw: plots.plot_tornado(tornado_rows(), **kw),
    "tornado of numbers at an end of their range": lambda **kw: plots.plot_tornado(one_sided(), **kw),
    "tornado of one row": lambda **kw: plots.plot_tornado(tornado_rows()[:1], **kw),
    "sensitivity": lambda **kw: plots.plot_sensitivity(curve(), low=0.0058, high=0.027, **kw),
    "sensitivity of crowded curves": lambda **kw: plots.plot_sensitivity(crowded(), low=0.005, high=0.02, **kw),
    "calibration": lambda **kw: plots.plot_calibration(evaluation(), **kw),
    "network": lambda **kw: plots.plot_network(default_model(), **kw),
    "network of one cause": lambda **kw: plots.plot_network(default_model(), cause="piriformis_syndrome", **kw),
    "network of strong links": lambda **kw: plots.plot_network(default_model(), at_least=0.4, **kw),
}
KINDS = ("ranking", "waterfall", "tornado", "sensitivity", "calibration", "network")
every_plot = pytest.mark.parametrize("name", PLOTS)
every_kind = pytest.mark.parametrize("name", KINDS)


@cache
def figure_of(name: str) -> Figure:
    """The figure of a plot."""
    return PLOTS[name]()


def texts_of(figure: Figure) -> list[Text]:
    """All visible text with something in it, as it is drawn."""
    figure.draw_without_rendering()
    found = cast("list[Text]", figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible()))
    # Matplotlib keeps ticks beyond the end of an axis, and does not draw them.
    beyond = {
        tick.label1
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    return [text for text in found if text.get_text().strip() and text not in beyond]


# --- the page ---------------------------------------------------------------------------------------------------------


@every_plot
def test_nothing_is_clipped_and_no_text_lies_on_another(name: str) -> None:
    """Every label is on the page, whatever its length, and none covers another."""
    figure = figure_of(name)
    page = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
    assert len(boxes) > 5
    for words, box in boxes:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, words
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, words
    for (one, first), (other, second) in combinations(boxes, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        along = min(first.y1, second.y1) - max(first.y0, second.y0)
        # A line of text is as tall as its tallest letters: boxes may touch where letters do not.
        assert across <= 1 or along <= 0.2 * min(first.height, second.height), (one, other)


@every_plot
def test_no_text_is_too_small_to_read(name: str) -> None:
    """Seven points is the smallest print there is."""
    assert min(float(text.get_fontsize()) for text in texts_of(figure_of(name))) >= 7


@every_plot
def test_caption_is_on_the_page_and_is_the_name_of_the_figure(name: str) -> None:
    """The sentence is drawn, and told to those who have the figure read to them."""
    figure = figure_of(name)
    said = str(figure.get_label())
    assert said.endswith(".")
    lines = " ".join(text.get_text() for text in figure.texts)
    assert said in lines
    title = ET.fromstring(plots.figure_svg(figure)).find("{http://www.w3.org/2000/svg}title")  # noqa: S314 - our own
    assert title is not None
    assert title.text == said


@every_kind
def test_axes_of_the_caller_are_drawn_in(name: str) -> None:
    """Given axes, the plot goes there: the figure keeps its size, and the caption is the title of the axes."""
    figure = Figure(figsize=(9, 7))
    axes = figure.subplots(1, 2)[1]
    assert PLOTS[name](axes=axes) is figure
    assert tuple(figure.get_size_inches()) == (9, 7)
    assert axes.get_title(loc="left") == figure_of(name).get_label()


def test_dollar_signs_are_not_formulas() -> None:
    """A label is text, whatever is in it."""
    tree = ET.fromstring(plots.figure_svg(figure_of("waterfall with long names")))  # noqa: S314 - our own
    assert "A name of $no$ sense_at^all that goes on and" in [words.strip() for words in tree.itertext()]


# --- files that repeat ------------------------------------------------------------------------------------------------


@every_kind
def test_same_record_same_bytes(name: str, tmp_path: Path) -> None:
    """Drawn and saved twice, an SVG is the same, byte for byte; a reader's own settings do not matter."""
    paths = [tmp_path / "first.svg", tmp_path / "second.svg"]
    plots.save_figure(PLOTS[name](), paths[0])
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.fonttype": "path", "lines.linewidth": 9}):
        plots.save_figure(PLOTS[name](), paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_same_bytes_in_every_process(tmp_path: Path) -> None:
    """Two processes with different hash seeds write the same files; those of the docs tell today's numbers.

    Drawing them all never imports pyplot. The bytes of a figure also depend on the version of matplotlib, its words do not.
    """
    script = str(ROOT / "docs" / "make_figures.py")
    runpy.run_path(script)["main"](tmp_path / "here")
    program = (
        "import pathlib, runpy, sys; runpy.run_path(sys.argv[1])['main'](pathlib.Path(sys.argv[2])); "
        "sys.exit('pyplot opens windows and keeps figures' if 'matplotlib.pyplot' in sys.modules else 0)"
    )
    command = [sys.executable, "-W", "error", "-c", program, script, str(tmp_path / "there")]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written = sorted((tmp_path / "here").iterdir())
    assert len(written) == 10
    for path in written:
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes(), path.name
        kept = ROOT / "docs" / "img" / path.name
        words = [re.findall(r"<text[^>]*>([^<]*)<|<title>(.*)</title>", one.read_text()) for one in (path, kept)]
        assert words[0] == words[1], f"{kept.name} is out of date: run docs/make_figures.py"


def test_text_stays_text_and_hostile_text_harmless() -> None:
    """Words can be found in an SVG; tags in a label are letters."""
    causes = tuple(cause.model_copy(update={"label": "<script>x</script>"}) for cause in answer().causes)
    svg = plots.figure_svg(plots.plot_ranking(answer().model_copy(update={"causes": causes})))
    tree = ET.fromstring(svg)  # noqa: S314 - our own
    assert not [element for element in tree.iter() if "script" in element.tag.lower()]
    assert "&lt;script&gt;" in svg
    assert "Date" not in svg


def test_no_setting_is_changed() -> None:
    """Settings of matplotlib are as before afterwards."""
    before = dict(mpl.rcParams)
    plots.figure_svg(PLOTS["tornado"]())
    assert dict(mpl.rcParams) == before


def test_missing_matplotlib_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib the error says what to install; importing the module needs nothing."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in KINDS:
        with pytest.raises(MissingExtraError, match=r"`matplotlib`.*buttockpain\[plot\]"):
            PLOTS[name]()


# --- what is drawn is the record --------------------------------------------------------------------------------------


def x_of(line: Line2D) -> list[float]:
    """Where a line goes, from left to right."""
    return cast("list[float]", np.asarray(line.get_xdata(), dtype=float).tolist())


def dots(axes: Axes) -> list[tuple[float, float]]:
    """Where single dots are drawn."""
    marked = [line for line in axes.lines if line.get_marker() == "o"]
    return [place for line in marked for place in zip(x_of(line), np.asarray(line.get_ydata()).tolist(), strict=True)]


def test_ranking_draws_every_cause_in_its_place() -> None:
    """Dots are the probabilities, bars the ends of the intervals; none of these stands among the causes."""
    axes = figure_of("ranking").axes[0]
    expected = sorted([*(cause.probability for cause in answer().causes), answer().none_of_these], reverse=True)
    assert [x for x, _ in dots(axes)] == pytest.approx(expected)
    assert [y for _, y in dots(axes)] == list(range(len(expected)))
    bars = sorted(x_of(line) for line in axes.lines if line.get_linewidth() == 7)
    shown = sorted((max(one.low, 0.01), one.high) for one in drawn_intervals() if one.outcome != "something_else")
    assert np.array(bars) == pytest.approx(np.array(shown))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert "None of these" in labels
    written = [text.get_text() for text in axes.texts]
    assert written[: len(expected)] == [
        cause.displayed if cause else answer().none_displayed
        for cause in sorted(
            [*answer().causes, None], key=lambda one: -(one.probability if one else answer().none_of_these)
        )
    ]


def test_ranking_draws_nothing_as_certain() -> None:
    """Dots and bars keep off both ends of the scale."""
    sure = [cause.model_copy(update={"probability": 1.0, "prior": 1e-9}) for cause in answer().causes]
    axes = plots.plot_ranking(answer().model_copy(update={"causes": tuple(sure)})).axes[0]
    drawn = [x for line in axes.lines for x in x_of(line)]
    assert min(drawn) >= 0.01
    assert max(drawn) <= 0.99


def test_ranking_says_the_urgency_first() -> None:
    """The founding rule and the level stand above everything else, bold, in the colour of alarm."""
    figure = figure_of("ranking of an emergency")
    first = figure.texts[0]
    triage = default_model().rank({**ANSWERS, "saddle_numbness": "yes", "pain_severity": 8}).triage
    assert triage.override is not None
    assert str(figure.get_label()).startswith(f"{triage.override} {triage.label}.")
    assert first.get_fontweight() == "bold"
    assert first.get_color() == "#8e1b1b"
    assert first.get_position()[1] == max(text.get_position()[1] for text in figure.texts)


@pytest.mark.parametrize("name", ["waterfall", "waterfall of few steps"])
def test_waterfall_leads_from_prior_to_posterior(name: str) -> None:
    """Each bar begins where the one before it ended; together they are all that lies between prior and posterior."""
    axes = figure_of(name).axes[0]
    bars = [cast("Rectangle", bar) for bar in axes.patches]
    at = explanation().prior_log_odds
    for bar, row in zip(bars, explanation().rows, strict=False):
        if name == "waterfall":
            assert bar.get_width() == pytest.approx(row.log_odds)
        assert bar.get_x() == pytest.approx(at)
        at += bar.get_width()
    assert at == pytest.approx(explanation().posterior_log_odds)
    assert [x for x, _ in dots(axes)] == pytest.approx([explanation().prior_log_odds, at])
    factors = [float(text.get_text()[1:]) for text in axes.texts if text.get_text().startswith("\u00d7")]
    assert factors == pytest.approx([exp(bar.get_width()) for bar in bars], rel=0.05)
    ticks = dict(zip([label.get_text() for label in axes.get_xticklabels()], axes.get_xticks(), strict=True))
    assert len(ticks) >= 3
    for words, place in ticks.items():
        share = float(words.rstrip("%")) / 100
        assert place == pytest.approx(log(share / (1 - share)))


def test_tornado_draws_the_ends_of_every_range() -> None:
    """For each row, what the model itself says with the number at either end of its range."""
    axes = figure_of("tornado").axes[0]
    bars = [cast("Rectangle", bar) for bar in axes.patches]
    assert len(bars) == 2 * len(tornado_rows())
    for place, row in enumerate(tornado_rows()):
        for bar, value in zip(bars[2 * place : 2 * place + 2], (row.low, row.high), strict=True):
            there = default_model().replace({row.path: value}).rank(ANSWERS)
            expected = next(cause.probability for cause in there.causes if cause.id == row.outcome)
            assert bar.get_x() + bar.get_width() == pytest.approx(expected, abs=1e-9)
            assert bar.get_y() + bar.get_height() / 2 == pytest.approx(place)
    written = {text.get_text() for text in axes.texts}
    assert {f"{end:.3g}" for row in tornado_rows() for end in (row.low, row.high)} <= written


def test_tornado_scale_ends_where_probabilities_do() -> None:
    """There is room for labels beside the bars, and no figure below 0%."""
    figure = plots.plot_tornado(one_sided())
    axes = figure.axes[0]
    assert axes.get_xlim()[0] < 0
    figure.draw_without_rendering()
    written = [label.get_text() for label in axes.get_xticklabels()]
    assert "0%" in written
    assert not [words for words in written if words.startswith(("-", "\u2212"))]


def test_tornado_is_of_one_outcome() -> None:
    """Rows of several outcomes, or none, are refused."""
    for rows in ((), tornado(default_model(), ANSWERS, top=9)):
        with pytest.raises(ValueError, match="a tornado shows one outcome"):
            plots.plot_tornado(rows)


def test_sensitivity_curves_pass_through_what_the_model_says() -> None:
    """At the value and at both ends of the range, the marks are what ranking again gives."""
    axes = figure_of("sensitivity").axes[0]
    for value, share in dots(axes):
        there = default_model().replace({LEAK: value}).rank(ANSWERS)
        assert share == pytest.approx(there.causes[0].probability, abs=1e-9)
    assert [x for x, _ in dots(axes)] == [0.0058, curve().value, 0.027]
    lines = [line for line in axes.lines if len(x_of(line)) > 100]
    assert len(lines) == len(curve().outcomes)
    labels = [text.get_text() for text in axes.texts]
    assert {"Sciatica", "None of these", "Something else"} <= set(labels)
    assert [curve().value] * 2 in [x_of(line) for line in axes.lines]


def test_sensitivity_of_an_outcome_by_name() -> None:
    """The outcome asked for is brought out."""
    figure = plots.plot_sensitivity(curve(), low=0.0058, high=0.027, outcome="sciatica")
    assert "Sciatica goes from" in str(figure.get_label())
    at = curve().probability_at([0.0058, curve().value, 0.027])[curve().outcomes.index("sciatica")]
    assert [y for _, y in dots(figure.axes[0])] == pytest.approx(at.tolist())


def test_calibration_draws_every_group() -> None:
    """Dots are expected and observed shares, with their intervals and counts."""
    axes = figure_of("calibration").axes[0]
    groups = evaluation().calibration
    assert dots(axes) == [(group.mean_probability, group.observed.share) for group in groups]
    segments = [tuple(map(float, segment[:, 1])) for segment in axes.collections[0].get_segments()]  # type: ignore[attr-defined]
    assert segments == [pytest.approx(group.observed.wilson) for group in groups]
    with pytest.raises(ValueError, match="no case has a known cause"):
        plots.plot_calibration(Evaluation(1, Share(0, 0), Share(0, 0), (), (), None, None))


def test_network_draws_every_node_and_link() -> None:
    """Every label once, every link once, and a link as wide as it is strong."""
    axes = figure_of("network").axes[0]
    diagram = diagram_of(default_model())
    written = [text.get_text().replace("\n", " ") for text in axes.texts]
    for _, layer in diagram.layers:
        for label in layer.values():
            assert written.count(label) == 1, label
    widths = sorted(patch.get_linewidth() for patch in axes.patches)
    key = 4
    assert len(widths) == len(diagram.links) + key
    with pytest.raises(ValueError, match=r"no link of `sciatica` is 0\.9 or stronger"):
        plots.plot_network(default_model(), cause="sciatica", at_least=0.9)


def test_network_tells_the_links_of_one_cause_in_numbers() -> None:
    """Brought out, a cause has each of its links told as a number."""
    axes = figure_of("network of one cause").axes[0]
    diagram = diagram_of(default_model(), cause="piriformis_syndrome")
    numbers = [text.get_text() for text in axes.texts if re.fullmatch(r"(≤ )?0\.\d+", text.get_text())]
    between = sum(link.child in diagram.causes and link.parent in diagram.causes for link in diagram.links)
    key = 4
    assert len(numbers) == len(diagram.links) - between + key
    assert "0.77" in numbers  # worse when sitting


# --- the sentence -----------------------------------------------------------------------------------------------------


def an_interval(outcome: str, displayed: str, first: float | None) -> Interval:
    """An interval with what a caption says of it."""
    return Interval(
        outcome=outcome, probability=0.4, low=0.3, median=0.4, high=0.6, level=0.95, displayed=displayed, first=first
    )


def test_ranking_caption() -> None:
    """It says who leads, how sure that is, and who is next; none of these too."""
    lead, then, *rest = answer().causes
    causes = (
        lead.model_copy(update={"probability": 0.46, "displayed": "46%"}),
        then.model_copy(update={"probability": 0.3, "displayed": "30%"}),
        *(one.model_copy(update={"probability": 0.01}) for one in rest),
    )
    one = answer().model_copy(update={"causes": causes, "none_of_these": 0.2, "none_displayed": "20%"})
    assert (lead.label, then.label) == ("Lumbar disc herniation", "Sciatica")
    interval = an_interval(lead.id, "30% to 62%", 0.71)
    assert ranking_caption(one, [interval]) == (
        "Lumbar disc herniation 46%, 95% interval 30% to 62%; it ranks first in 71% of draws. Next: Sciatica 30%."
    )
    by_delta = interval.model_copy(update={"first": None})
    assert ranking_caption(one, [by_delta]) == (
        "Lumbar disc herniation 46%, 95% interval 30% to 62%. Next: Sciatica 30%."
    )
    none = one.model_copy(update={"none_of_these": 0.5, "none_displayed": "50%", "leading": None})
    assert ranking_caption(none) == "None of these 50%. Next: Lumbar disc herniation 46%."
    second = one.model_copy(update={"none_of_these": 0.4, "none_displayed": "40%"})
    assert ranking_caption(second) == "Lumbar disc herniation 46%. Next: None of these 40%."


def test_waterfall_caption() -> None:
    """It says from where to where, and the strongest answer either way."""
    first, second, *_ = explanation().rows
    rows = (
        first.model_copy(update={"label": "Sore", "answer": "yes", "likelihood_ratio": 3.21, "direction": "for"}),
        second.model_copy(update={"label": "Numb", "answer": "no", "likelihood_ratio": 0.4, "direction": "against"}),
    )
    one = explanation().model_copy(update={"label": "Fasciitis", "prior": 0.2, "posterior": 0.4, "rows": rows})
    assert waterfall_caption(one) == (
        "Fasciitis: 20% before any answer, 40% after all. Most for it: Sore: yes (odds \u00d73.2). "
        "Most against it: Numb: no (odds \u00d70.4)."
    )
    alone = one.model_copy(update={"rows": ()})
    assert waterfall_caption(alone) == "Fasciitis: 20% before any answer, and no answer bears on it."


def test_captions_of_the_bench() -> None:
    """What a number does over its range, and how far what occurred is from what was expected."""
    row = TornadoRow(
        path=LEAK, outcome="sciatica", value=0.0456, low=0.02, high=0.096, at_value=0.45, at_low=0.39, at_high=0.62
    )
    assert tornado_caption([row]) == (
        f"Sciatica hangs most on {LEAK}: over its range, 0.02 to 0.096, the probability goes from 39% to 62% "
        "(45% at 0.0456)."
    )
    line = SensitivityFunction(
        LEAK, 0.5, 1.0, ("sciatica",), np.zeros(1), np.array([[0.0], [2.0]]), np.array([[2.0], [0.0]])
    )  # the probability is the number
    assert sensitivity_caption(line, "sciatica", 0.25, 0.75) == (
        f"As {LEAK} goes through its range, 0.25 to 0.75, Sciatica goes from 25% to 75%; at 0.5, the value in the model, "
        "it is 50%."
    )
    bins = (CalibrationBin(0, 0.5, 0.2, Share(20, 100)), CalibrationBin(0.5, 1, 0.9, Share(10, 50)))
    one = Evaluation(150, Share(1, 2), Share(1, 2), (), bins, 0.2345, None)
    assert calibration_caption(one) == (
        "On average, what occurred is 23.4 percentage points from what was expected, over 150 probabilities in 150 cases; "
        "1 of 2 groups agree within their 95% intervals."
    )


def test_network_captions() -> None:
    """How much there is, and what is strongest, said of the whole and of one cause."""
    whole = network_caption(diagram_of(default_model()))
    assert whole.startswith("17 risk factors, 6 causes and 76 findings, with 348 links. Strongest: Sciatica to Pain ")
    few = network_caption(diagram_of(default_model(), at_least=0.81))
    assert few == "2 causes and 3 findings, with 3 links. Strongest: " + few.partition("Strongest: ")[2]
    one = network_caption(diagram_of(default_model(), cause="piriformis_syndrome"), "piriformis_syndrome")
    assert one == (
        "Piriformis syndrome is linked to 5 risk factors, 1 cause and 49 findings. Strongest links: Buttock pain, 0.80; "
        "Worse when sitting, 0.77; FAIR test positive, 0.72."
    )
