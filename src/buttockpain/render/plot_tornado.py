"""Plot of a tornado: how far each number moves one outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from buttockpain.render.plot_captions import tornado_caption
from buttockpain.render.plot_page import COLOURS, SMALL, Page, style
from buttockpain.render.words import name_text, share_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from buttockpain.research.sensitivity import TornadoRow

__all__ = ["plot_tornado"]

_ROW, _TOP = 0.34, 0.25  # inches
_PATH = 34  # characters of a path on one line


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
        page = Page.of(axes, height=_ROW * len(rows) + _TOP)
        axes = page.axes
        for place, row in enumerate(rows):
            rises = row.at_low <= row.at_high
            _end(axes, place, row.at_value, row.at_low, row.low, COLOURS["against"], right=not rises)
            _end(axes, place, row.at_value, row.at_high, row.high, COLOURS["share"], right=rises)
        now = rows[0].at_value
        axes.axvline(now, color=COLOURS["ink"], linewidth=1)
        axes.annotate(share_text(now), (now, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 3),
                      textcoords="offset points", ha="center", weight="bold")  # fmt: skip
        axes.set_yticks(range(len(rows)), labels=[_path_text(row.path) for row in rows], fontsize=SMALL)
        ends = [end for row in rows for end in (row.at_low, row.at_high)]
        room = 0.14 * (max(ends) - min(ends)) or 0.01
        axes.set(xlim=(min(ends) - room, max(ends) + room), ylim=(len(rows) - 0.4, -0.6))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%" if 0 <= share <= 1 else "")
        axes.locator_params(axis="x", nbins=6)
        axes.grid(axis="x")
        axes.set_xlabel(f"Probability of {name_text(rows[0].outcome)}")
        note = "Brown: the number at the low end of its own range; teal: at the high end. The ends are beside the bars."
        return page.finish(tornado_caption(rows), note=note)


def _end(axes: Axes, place: int, now: float, there: float, value: float, colour: str, *, right: bool) -> None:
    """Draw the bar from now to one end of a range, and write the number at that end beside it."""
    axes.barh(place, there - now, left=now, height=0.6, color=colour)
    axes.annotate(f"{value:.3g}", (there, place), xytext=(4 if right else -4, 0), textcoords="offset points",
                  ha="left" if right else "right", va="center_baseline", fontsize=SMALL,
                  color=COLOURS["muted"])  # fmt: skip


def _path_text(path: str) -> str:
    """Return the path of a number, broken where a long one reads best."""
    if len(path) <= _PATH:
        return path
    head, dot, tail = path.partition(".link.")
    if not dot:
        head, dot, tail = path.partition(".base")
    return f"{head}\n{dot}{tail}" if dot else path
