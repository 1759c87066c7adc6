"""Plots of one person's answer: the ranking with its intervals, and how the evidence adds up."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from textwrap import fill
from typing import TYPE_CHECKING

from buttockpain.render.plot_captions import Line, answered, ranking_caption, ranking_lines, waterfall_caption
from buttockpain.render.plot_page import BODY, COLOURS, SMALL, Page, held, pitch, style
from buttockpain.render.words import plain, ratio_text, share_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from buttockpain.differential import Differential
    from buttockpain.explanation import Explanation
    from buttockpain.research.intervals import Interval

__all__ = ["plot_ranking", "plot_waterfall"]

_ROW, _STEP = 0.36, 0.27  # inches
_LABEL = 26  # characters to a line
_STEP_LABEL = 44
_HALF = 0.31  # rows
_LARGEST = 700  # log-odds; the exponential of little more is not a float
_GAP = 14  # points between columns of figures
# What a log-odds scale shows, if it is short and if it is long.
_FINE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
_COARSE = (0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 0.997, 0.999)
_SHORT = 2.5


def plot_ranking(answer: Differential, *, intervals: Sequence[Interval] = (), axes: Axes | None = None) -> Figure:
    """Return the ranking as a plot: probabilities, what they were before any answer, and intervals.

    Parameters
    ----------
    answer : what `Model.rank` returns. Its override, if any, and its triage level stand first.
    intervals : of the same answers, if they are to be shown.
    axes : where to draw; a new figure if left out.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    lines = ranking_lines(answer)
    by_outcome = {interval.outcome: interval for interval in intervals}
    drawn = [by_outcome.get(line.outcome) for line in lines]
    firsts = ["" if one is None or one.first is None else share_text(one.first) for one in drawn]
    labels = [fill(plain(line.label), _LABEL) for line in lines]
    with style():
        page = Page.of(axes, height=pitch(labels, least=_ROW) * len(lines))
        axes = page.axes
        for place, (line, interval) in enumerate(zip(lines, drawn, strict=True)):
            _draw_line(axes, place, line, interval)
        columns = [[line.displayed for line in lines]]
        if intervals:
            columns.append([f"{intervals[0].level:.0%} interval", *(one.displayed if one else "" for one in drawn)])
        if any(firsts):
            columns.append(["first", *firsts])
        _columns(axes, columns, len(lines))
        axes.set_yticks(range(len(lines)), labels=labels)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0%", "25%", "50%", "75%", "100%"])
        axes.grid(axis="x")
        axes.set(xlim=(0, 1), ylim=(len(lines) - 0.4, -0.6))
        triage = answer.triage
        alert = " ".join(part for part in (triage.override, f"{triage.label}.") if part)
        alarm = triage.override is not None or triage.level.is_emergency
        note = "Dot: probability. Tick: before any answer."
        if intervals:
            note += " Bar: interval from the ranges of the model's numbers."
        if any(firsts):
            note += " First: share of draws in which it leads."
        return page.finish(ranking_caption(answer, intervals), alert=alert, alarm=alarm, note=note)


def _draw_line(axes: Axes, place: int, line: Line, interval: Interval | None) -> None:
    """Draw one line of the ranking."""
    colour = COLOURS["none" if line.before is None else "share"]
    if interval:
        axes.plot([held(interval.low), held(interval.high)], [place, place], color=colour, alpha=0.28, linewidth=7,
                  solid_capstyle="round")  # fmt: skip
    if line.before is not None:
        axes.plot([held(line.before)], [place], marker="|", markersize=11, markeredgewidth=1.4, color=COLOURS["ink"])
    axes.plot([held(line.probability)], [place], marker="o", markersize=7.5, color=colour, markeredgecolor="white",
              clip_on=False)  # fmt: skip


def _columns(axes: Axes, columns: Sequence[Sequence[str]], rows: int) -> None:
    """Write figures into columns right of the plot, each as wide as it needs; one more than rows begins with a heading."""
    edge = 0.0
    for number, column in enumerate(columns):
        first = rows - len(column)
        texts = [
            axes.annotate(
                text, (1, place if place >= 0 else -0.95), xycoords=axes.get_yaxis_transform(), xytext=(0, 0),
                textcoords="offset points", ha="right", va="center_baseline", annotation_clip=False,
                weight="normal" if number else "bold", fontsize=BODY if place >= 0 else SMALL,
                color=COLOURS["muted" if number else "ink"],
            )
            for place, text in enumerate(column, start=first)
        ]  # fmt: skip
        edge += _GAP + max(text.get_window_extent().width for text in texts) * 72 / axes.figure.dpi
        for text in texts:
            text.set_position((edge, 0))


def plot_waterfall(explanation: Explanation, *, top: int = 12, axes: Axes | None = None) -> Figure:
    """Return how the answers lead from the prior to the posterior of one cause, step by step.

    Parameters
    ----------
    explanation : its rows add up exactly on the scale of log-odds, which is the one drawn.
    top : how many answers have a step of their own; all others together are the last step.
    axes : where to draw; a new figure if left out.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    rows, rest = explanation.rows[:top], explanation.rows[top:]
    steps = [(answered(row), row.log_odds) for row in rows]
    if rest:
        steps.append((f"{len(rest)} more answers", sum(row.log_odds for row in rest)))
    reached = [explanation.prior_log_odds]
    for _, step in steps:
        reached.append(reached[-1] + step)
    labels = ["Before any answer", *(fill(plain(label), _STEP_LABEL) for label, _ in steps), "After all answers"]
    with style():
        page = Page.of(axes, height=pitch(labels, least=_STEP) * len(labels))
        axes = page.axes
        last = len(steps) + 1
        low, high = min(reached), max(reached)
        room = max(0.14 * (high - low), 0.3)
        for place, ((_, step), start) in enumerate(zip(steps, reached, strict=False), start=1):
            _draw_step(axes, place, start, step)
        for place, value, share in ((0, reached[0], explanation.prior), (last, reached[-1], explanation.posterior)):
            axes.plot([value], [place], marker="o", markersize=7.5, color=COLOURS["ink"], zorder=3)
            axes.annotate(share_text(share), (value, place), xytext=(9, 0), textcoords="offset points", va="center_baseline",
                          weight="bold")  # fmt: skip
        axes.plot([reached[0]] * 2, [0, 1 - _HALF], color=COLOURS["none"], linewidth=0.8)
        axes.set_yticks(range(last + 1), labels=labels)
        shares = _FINE if high - low < _SHORT else _COARSE
        ticks = {log(share / (1 - share)): f"{100 * share:g}%" for share in shares}
        shown = [place for place in ticks if low - room <= place <= high + room]
        axes.set_xticks(shown, labels=[ticks[place] for place in shown])
        axes.grid(axis="x")
        axes.set(xlim=(low - room, high + room), ylim=(last + 0.6, -0.6))
        note = "\u00d7: likelihood ratio, what an answer multiplies the odds by. Scale: probability, even in log-odds."
        if explanation.method == "sampled":
            note += " Steps are averages over random orders of the answers."
        return page.finish(waterfall_caption(explanation), note=note)


def _draw_step(axes: Axes, place: int, start: float, step: float) -> None:
    """Draw what one answer adds, and the line that leads on to the next."""
    colour = COLOURS["share"] if step > 0 else COLOURS["against"]
    axes.barh(place, step, left=start, height=2 * _HALF, color=colour)
    axes.plot([start + step] * 2, [place + _HALF, place + 1 - _HALF], color=COLOURS["none"], linewidth=0.8)
    away = 4 if step > 0 else -4
    axes.annotate(f"\u00d7{ratio_text(exp(min(step, _LARGEST)))}", (start + step, place), xytext=(away, 0),
                  textcoords="offset points", ha="left" if step > 0 else "right", va="center_baseline", fontsize=SMALL,
                  color=colour)  # fmt: skip
