"""Plot of calibration: how often what the model expected occurred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttockpain.render.plot_captions import calibration_caption
from buttockpain.render.plot_page import COLOURS, SMALL, Page, share_ticks, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from buttockpain.research.evaluation import Evaluation

__all__ = ["plot_calibration"]

_SIZE = 4.4  # inches
_THOUSAND = 1000


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
        page = Page.of(axes, height=_SIZE, width=_SIZE)
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
        share_ticks(axes, "x")
        share_ticks(axes, "y")
        axes.grid()
        note = (
            "Dots: groups of probabilities; bars: 95% intervals; line: perfect calibration. Above: how many there are."
        )
        return page.finish(calibration_caption(evaluation), note=note, width=None)


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
