"""Plot of one-way sensitivity: how every outcome depends on one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.render.plot_captions import sensitivity_caption
from buttockpain.render.plot_page import COLOURS, SMALL, Page, share_ticks, style
from buttockpain.render.words import name_text, share_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from buttockpain.research.sensitivity import SensitivityFunction
    from buttockpain.types import Id

__all__ = ["plot_sensitivity"]

_POINTS = 201  # of a curve
_BEYOND = 2.5  # times the high end of the range, as far as a curve goes
_CLOSE = 0.08  # share of the axis: marks as near as this have one label
_ROOM = 0.13  # share of the axis that the text beside a mark needs
_BROUGHT_OUT: dict[str, Any] = {"color": COLOURS["share"], "linewidth": 2.4, "zorder": 3}
_OTHER: dict[str, Any] = {"color": COLOURS["none"], "linewidth": 1.0, "zorder": 2}


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
        for row, one in enumerate(probability):
            axes.plot(values, one, **(_BROUGHT_OUT if row == chosen else _OTHER))
        axes.plot(marks, at_marks[chosen], marker="o", linestyle="", zorder=4, markersize=6.5, color=COLOURS["share"],
                  markeredgecolor="white")  # fmt: skip
        for mark, column in zip(marks.tolist(), at_marks.T.tolist(), strict=True):
            if mark == curve.value or abs(mark - curve.value) > _CLOSE * end:
                others = [share for row, share in enumerate(column) if row != chosen]
                _mark_text(axes, mark, column[chosen], others, rises=bool(at_marks[chosen, 0] <= at_marks[chosen, -1]))
        axes.set(xlim=(0, end), ylim=(0, 1))
        share_ticks(axes, "y")
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
