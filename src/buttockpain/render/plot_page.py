"""The page that every plot stands on: type, colours, a caption above, nothing clipped, and files that repeat.

A page is laid out by measuring what was drawn, so labels of any length fit. Style is the project's own, whatever the
reader's matplotlib settings: the same record gives the same bytes on every machine with the same matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from buttockpain.errors import MissingExtraError
from buttockpain.render.style import PALETTE
from buttockpain.render.words import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

__all__ = ["BODY", "COLOURS", "SMALL", "Page", "figure_svg", "held", "pitch", "save_figure", "share_ticks", "style"]

COLOURS = PALETTE
CAPTION, BODY, SMALL = 10.5, 9.0, 8.0  # type sizes in points
WIDTH = 7.6  # of the page; lengths in inches
LEAST = 2.4  # of the plot
MARGIN = 0.22
GAP = 0.2  # between caption and plot
LEADING = 1.35

# What is drawn is held off both ends of the scale: nothing is never and nothing is certain.
_ENDS = (0.01, 0.99)

# Text stays text in an SVG: it can be searched, read aloud, and compared line by line when a figure changes. It is
# measured in DejaVu Sans, which comes with matplotlib; Verdana has the same widths and the others are narrower, so
# labels fit in whatever face the reader has. The salt makes the ids in the file depend on its content alone.
_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": BODY,
    "text.color": COLOURS["ink"],
    "text.parse_math": False,
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.labelsize": SMALL,
    "axes.linewidth": 0.8,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.titlesize": CAPTION,
    "grid.color": COLOURS["track"],
    "grid.linewidth": 0.8,
    "xtick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["muted"],
    "xtick.labelsize": SMALL,
    "xtick.major.size": 0,
    "ytick.color": COLOURS["line"],
    "ytick.labelcolor": COLOURS["ink"],
    "ytick.labelsize": BODY,
    "ytick.major.size": 0,
    "ytick.major.pad": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "buttockpain",
}


def style() -> AbstractContextManager[None]:
    """Return the context in which everything is drawn and saved.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    try:
        from matplotlib import style as matplotlib_style  # noqa: PLC0415 - optional, and slow to import
    except ImportError:
        raise MissingExtraError("matplotlib", "plot") from None
    return matplotlib_style.context(["default", _STYLE])


@dataclass(frozen=True, slots=True)
class Page:
    """Axes to draw in, and whether the page around them is ours to lay out."""

    axes: Axes
    own: bool

    @classmethod
    def of(cls, axes: Axes | None, *, height: float, width: float = 4.0) -> Page:
        """Return a page around given axes, or one of its own with a plot of a size in inches."""
        if axes is not None:
            return cls(axes, own=False)
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - see `style`
        from matplotlib.figure import Figure  # noqa: PLC0415 - see `style`

        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)  # what text is measured with
        return cls(figure.add_axes((0, 0, 1, 1)), own=True)

    @property
    def figure(self) -> Figure:
        """The figure that the axes are in."""
        return cast("Figure", self.axes.get_figure(root=True))

    def finish(
        self, caption: str, *, alert: str = "", alarm: bool = False, note: str = "", width: float | None = WIDTH
    ) -> Figure:
        """Return the figure, with the sentence it means above the plot.

        On a page that is not ours the words become the title of the axes.

        Parameters
        ----------
        caption : the sentence.
        alert : what must be read first; in the colour of alarm if it is one.
        note : how to read the plot, in small print below it.
        width : of the page in inches, the plot taking what its labels leave, and the page growing if that is too little;
            None to keep the plot as wide as it is.
        """
        said = plain(f"{alert} {caption}")
        if not self.own:
            self.axes.set_title(said, loc="left", wrap=True)
            return self.figure
        left, below, right, above = self._overhang()
        plot = self.axes.get_window_extent().frozen()
        dpi = self.figure.dpi
        rest = 2 * MARGIN + left + right
        width = rest + plot.width / dpi if width is None else max(width, rest + LEAST)
        room = (width - 2 * MARGIN) * dpi
        head = [
            *self._lines(alert, room, fontsize=CAPTION, weight="bold", color=COLOURS["alarm" if alarm else "ink"]),
            *self._lines(caption, room, fontsize=CAPTION),
        ]
        foot = self._lines(note, room, fontsize=SMALL, color=COLOURS["muted"])
        bottom = MARGIN + _height(foot) + GAP * bool(foot) + below
        height = bottom + plot.height / dpi + above + GAP + _height(head) + MARGIN
        self.figure.set_size_inches(width, height)
        self.axes.set_position(
            ((MARGIN + left) / width, bottom / height, (width - rest) / width, plot.height / dpi / height)
        )
        _stack(head, MARGIN / width, 1 - MARGIN / height, height)
        _stack(foot, MARGIN / width, (MARGIN + _height(foot)) / height, height)
        self.figure.set_label(said)
        return self.figure

    def _overhang(self) -> tuple[float, float, float, float]:
        """Return how far labels stick out of the plot to the left, below, to the right and above, in inches."""
        plot, everything = self.axes.get_window_extent(), cast("Bbox", self.axes.get_tightbbox())
        ends = (plot.x0 - everything.x0, plot.y0 - everything.y0, everything.x1 - plot.x1, everything.y1 - plot.y1)
        left, below, right, above = (end / self.figure.dpi for end in ends)
        return left, below, right, above

    def _lines(self, text: str, room: float, **look: Any) -> list[Text]:
        """Return text as lines at most so many pixels wide, measured; they still have to be put somewhere."""
        lines: list[Text] = []
        for word in plain(text).split():
            if lines:
                shorter = lines[-1].get_text()
                lines[-1].set_text(f"{shorter} {word}")
                if lines[-1].get_window_extent().width <= room:
                    continue
                lines[-1].set_text(shorter)
            lines.append(self.figure.text(0, 0, word, va="top", **look))
        return lines


def _height(lines: Sequence[Text]) -> float:
    """Return how tall lines are together, in inches."""
    return sum(float(line.get_fontsize()) for line in lines) * LEADING / 72


def _stack(lines: Sequence[Text], left: float, top: float, height: float) -> None:
    """Put lines one under another on a page so many inches high; `left` and `top` are shares of the page."""
    for number, line in enumerate(lines):
        line.set_position((left, top - _height(lines[:number]) / height))


def save_figure(figure: Figure, path: str | Path) -> None:
    """Save a figure; an SVG is the same, byte for byte, every time.

    Parameters
    ----------
    path : the end of its name says the format, such as `.svg`, `.png` or `.pdf`.
    """
    path = Path(path)
    if path.suffix == ".svg":
        path.write_text(figure_svg(figure), "utf-8", newline="\n")
        return
    with style():
        figure.savefig(path, dpi=200)


def figure_svg(figure: Figure) -> str:
    """Return a figure as an SVG document, for a file or to be put into a page.

    It carries its caption as title, for those who have it read to them.
    """
    stream = StringIO()
    with style():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Title": figure.get_label() or None})
    return stream.getvalue()


def pitch(labels: Sequence[str], *, least: float) -> float:
    """Return how far apart rows have to be for their labels, in inches."""
    return max(least, max(label.count("\n") + 1.6 for label in labels) * BODY * LEADING / 72)


def share_ticks(axes: Axes, which: Literal["x", "y"]) -> None:
    """Mark an axis from 0% to 100%."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1], labels=["0%", "25%", "50%", "75%", "100%"])
    axes.tick_params(axis=which, labelsize=SMALL, labelcolor=COLOURS["muted"])


def held(probability: float) -> float:
    """Return where to draw a probability."""
    return min(max(probability, _ENDS[0]), _ENDS[1])
