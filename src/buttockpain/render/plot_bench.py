"""Plots of the researcher's bench: tornado, one-way sensitivity, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from buttockpain.render.plot_captions import calibration_caption, sensitivity_caption, tornado_caption
from buttockpain.render.plot_page import COLOURS, SMALL, Page, style
from buttockpain.render.words import name_text, share_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from buttockpain.research.evaluation import Evaluation
    from buttockpain.research.sensitivity import SensitivityFunction, TornadoRow
    from buttockpain.types import Id

__all__ = ["plot_calibration", "plot_sensitivity", "plot_tornado"]

_PATH = 34  # characters of a path on one line
_POINTS = 201  # of a curve
_CLOSE = 0.08  # share of the axis: marks as near as this have one label
_ROOM = 0.13  # share of the axis that the text beside a mark needs
_THOUSAND = 1000
_BEYOND = 2.5  # a curve goes this far past the high end of the range
_BROUGHT_OUT: dict[str, Any] = {"color": COLOURS["share"], "linewidth": 2.4}


def plot_tornado(rows: Sequence[TornadoRow], *, axes: Axes | None = None) -> Figure:
    """Return how far each number moves one outcome over the number's own range, the widest swing on top.

    Parameters
    ----------
    rows : as from `tornado`, of one outcome.
    axes : where to draw; a new figure if left out.

    Raises
    ------
    ValueError : no rows, or rows of several outcomes.
    MissingExtraError : matplotlib is not installed.
    """
    if len({row.outcome for row in rows}) != 1:
        message = "a tornado shows one outcome: call `tornado` with `outcome=` and at least one row"
        raise ValueError(message)
    with style():
        page = Page.of(axes, height=0.34 * len(rows) + 0.25)
        axes = page.axes
        for place, row in enumerate(rows):
            for at, value, colour in (
                (row.at_low, row.low, COLOURS["against"]),
                (row.at_high, row.high, COLOURS["share"]),
            ):
                axes.barh(place, at - row.at_value, left=row.at_value, height=0.6, color=colour)
                right = at > row.at_value or (at == row.at_value and value == row.high)
                axes.annotate(
                    f"{value:.3g}",
                    (at, place),
                    xytext=(4 if right else -4, 0),
                    textcoords="offset points",
                    ha="left" if right else "right",
                    va="center",
                    fontsize=SMALL,
                    color=COLOURS["muted"],
                )
        now = rows[0].at_value
        axes.axvline(now, color=COLOURS["ink"], linewidth=1)
        axes.annotate(
            share_text(now),
            (now, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            weight="bold",
        )
        axes.set_yticks(range(len(rows)), labels=[path_text(row.path) for row in rows], fontsize=SMALL)
        ends = [end for row in rows for end in (row.at_low, row.at_high)]
        room = 0.14 * (max(ends) - min(ends)) or 0.01
        axes.set(xlim=(min(ends) - room, max(ends) + room), ylim=(len(rows) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
        axes.locator_params(axis="x", nbins=6)
        axes.grid(axis="x")
        axes.set_xlabel(f"Probability of {name_text(rows[0].outcome)}")
        note = "Brown: the number at the low end of its own range; teal: at the high end. The ends are beside the bars."
        return page.finish(tornado_caption(rows), note=note)


def path_text(path: str) -> str:
    """Return the path of a number, broken where a long one reads best."""
    if len(path) <= _PATH:
        return path
    head, dot, tail = path.partition(".link.")
    if not dot:
        head, dot, tail = path.partition(".base")
    return f"{head}\n{dot}{tail}" if dot else path


def plot_sensitivity(
    curve: SensitivityFunction, *, low: float, high: float, outcome: Id | None = None, axes: Axes | None = None
) -> Figure:
    """Return how the probability of every outcome depends on one number.

    Parameters
    ----------
    curve : as from `sensitivity_function`.
    low, high : the number's own range.
    outcome : a cause or "none_of_these" to bring out; the one that moves most over the range if left out.
    axes : where to draw; a new figure if left out.

    Raises
    ------
    ValueError : no such outcome.
    MissingExtraError : matplotlib is not installed.
    """
    marks = np.array([low, curve.value, high])
    at_marks = curve.probability_at(marks)
    chosen = int(np.ptp(at_marks, axis=1).argmax()) if outcome is None else curve.outcomes.index(outcome)
    end = min(curve.ceiling, _BEYOND * high)
    values = np.linspace(0, end, _POINTS)[1:-1]  # open ends: there the number would say never or always
    probability = curve.probability_at(values)
    with style():
        page = Page.of(axes, height=3.2)
        axes = page.axes
        axes.axvspan(low, high, color=COLOURS["track"], linewidth=0)
        axes.axvline(curve.value, color=COLOURS["ink"], linewidth=1)
        for row, _ in enumerate(curve.outcomes):
            look = {"color": COLOURS["none"], "linewidth": 1.0} if row != chosen else _BROUGHT_OUT
            axes.plot(values, probability[row], zorder=2 + (row == chosen), **look)
        axes.plot(marks, at_marks[chosen], marker="o", linestyle="", zorder=4, markersize=6.5, color=COLOURS["share"],
                  markeredgecolor="white")  # fmt: skip
        for mark, column in zip(marks.tolist(), at_marks.T.tolist(), strict=True):
            if mark == curve.value or abs(mark - curve.value) > _CLOSE * end:
                others = [share for row, share in enumerate(column) if row != chosen]
                _mark_text(axes, mark, column[chosen], others, rises=bool(at_marks[chosen, 0] <= at_marks[chosen, -1]))
        axes.set(xlim=(0, end), ylim=(0, 1))
        _share_ticks(axes, "y")
        axes.grid(axis="y")
        axes.set_xlabel(curve.path)
        _name_curves(axes, curve.outcomes, probability[:, -1].tolist(), chosen)
        note = "Band: the number's own range. Line: its value in the model."
        return page.finish(sensitivity_caption(curve, curve.outcomes[chosen], low, high), note=note)


def _mark_text(axes: Axes, mark: float, share: float, others: Sequence[float], *, rises: bool) -> None:
    """Write the probability beside a mark, where its own curve does not go and the others leave room."""
    down = share - max([0.0, *(other for other in others if other <= share)])
    up = min([1.0, *(other for other in others if other >= share)]) - share
    below = down > min(up, _ROOM) if rises else up <= min(down, _ROOM)
    right = below == rises
    axes.annotate(share_text(share), (mark, share), xytext=(6 if right else -6, -6 if below else 6),
                  textcoords="offset points", ha="left" if right else "right", va="top" if below else "bottom",
                  weight="bold")  # fmt: skip


def _name_curves(axes: Axes, names: Sequence[Id], ends: Sequence[float], chosen: int) -> None:
    """Write the name of each curve beside its end, moved no further than it takes not to touch the next."""
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    places = _apart([points * end for end in ends], gap=1.3 * SMALL, top=points)
    for row, (name, end, place) in enumerate(zip(names, ends, places, strict=True)):
        axes.annotate(
            name_text(name), (1, end), xycoords=axes.get_yaxis_transform(), xytext=(7, place - points * end),
            textcoords="offset points", va="center_baseline", fontsize=SMALL,
            color=COLOURS["share" if row == chosen else "muted"], weight="bold" if row == chosen else "normal",
        )  # fmt: skip


def _apart(places: Sequence[float], *, gap: float, top: float) -> list[float]:
    """Return places from 0 to `top` that are at least a gap apart, in the same order.

    Examples
    --------
    >>> _apart([50, 1, 2], gap=10, top=55)
    [50, 1, 11]
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    result = list(places)
    least = 0.0
    for index in order:
        result[index] = least = max(result[index], least)
        least += gap
    most = top
    for index in reversed(order):
        result[index] = most = min(result[index], most)
        most -= gap
    return result


def plot_calibration(evaluation: Evaluation, *, axes: Axes | None = None) -> Figure:
    """Return how often what the model expected occurred.

    Parameters
    ----------
    evaluation : as from `evaluate`; its calibration pools the ranked causes.
    axes : where to draw; a new figure if left out.

    Raises
    ------
    ValueError : nothing was judged.
    MissingExtraError : matplotlib is not installed.
    """
    groups = evaluation.calibration
    if not groups:
        message = "no case has a known cause, so there is nothing to compare the probabilities with"
        raise ValueError(message)
    with style():
        page = Page.of(axes, height=4.4, width=4.4)
        axes = page.axes
        axes.plot([0, 1], [0, 1], color=COLOURS["none"], linewidth=1)
        expected = [group.mean_probability for group in groups]
        observed = [group.observed.share for group in groups]
        intervals = [group.observed.wilson for group in groups]
        axes.vlines(expected, *zip(*intervals, strict=True), color=COLOURS["share"], alpha=0.35, linewidth=4.5)
        axes.plot(expected, observed, marker="o", linestyle="", markersize=6.5, color=COLOURS["share"],
                  markeredgecolor="white", clip_on=False)  # fmt: skip
        for group in groups:
            axes.annotate(_thousands(group.observed.of), ((group.low + group.high) / 2, 1), xytext=(0, 5),
                          xycoords=axes.get_xaxis_transform(), textcoords="offset points", ha="center",
                          fontsize=SMALL - 1, color=COLOURS["muted"])  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="Expected: probability in the model",
                 ylabel="Observed: share in which it was so")  # fmt: skip
        _share_ticks(axes, "x")
        _share_ticks(axes, "y")
        axes.grid()
        note = (
            "Dots: groups of probabilities; bars: 95% intervals; line: perfect calibration. Above: how many there are."
        )
        return page.finish(calibration_caption(evaluation), note=note, width=None)


def _share_ticks(axes: Axes, which: Literal["x", "y"]) -> None:
    """Mark an axis from 0% to 100%."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(axis=which, labelsize=SMALL, labelcolor=COLOURS["muted"])


def _thousands(count: int) -> str:
    """Return a count that fits where space is short.

    Examples
    --------
    >>> [_thousands(count) for count in (7, 870, 1_240, 157_300)]
    ['7', '870', '1.2k', '157k']
    """
    if count < _THOUSAND:
        return f"{count}"
    return f"{count / _THOUSAND:.1f}k" if count < 10 * _THOUSAND else f"{count / _THOUSAND:.0f}k"
