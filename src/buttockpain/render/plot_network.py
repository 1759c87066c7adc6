"""The network as a drawing: risk factors, causes and findings side by side, every link as wide as it is strong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from buttockpain.render.graph import Diagram, Link, diagram_of, thickness
from buttockpain.render.plot_captions import network_caption
from buttockpain.render.plot_layers import Ends, Layout, layout_of, links_with_ends
from buttockpain.render.plot_page import BODY, COLOURS, SMALL, Page, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from buttockpain.model import Model
    from buttockpain.types import Id

__all__ = ["plot_network"]

# Of the kind of Okabe and Ito's, which the colour-blind can tell apart, dark enough to be read as text; neighbours are
# unlike, and a model with more causes goes round again. A cause that is not ranked is grey.
_COLOURS = ("#0072b2", "#c04f00", "#00795a", "#8a6a00", "#a03c78")

# Lengths in inches; type and lines in points.
_PAD = 0.1
_NUMBER = 0.42  # what the number of a link takes
_HEAD = 0.35
_CAUSE = 20  # characters to a line
_WIDEST = 3.4  # a link that is certain
_BEND = (0.35, 0.08)  # how far a link between causes goes left: this, and this share of the way down
_KEY = (0.01, 0.1, 0.3, 0.8)
_KEY_LINE, _KEY_STEP = 0.3, 0.75


def plot_network(model: Model, *, cause: Id | None = None, at_least: float = 0.0, axes: Axes | None = None) -> Figure:
    """Return a drawing of the network by its three layers.

    Parameters
    ----------
    model : the model; findings that serve triage only have no links and are left out.
    cause : a cause to bring out; the others fade, and its links are told in numbers.
    at_least : leave out links weaker than this, and what is then linked to nothing.
    axes : where to draw; a new figure if left out.

    Raises
    ------
    ModelError : no such cause.
    ValueError : no link is that strong.
    MissingExtraError : matplotlib is not installed.
    """
    whole = diagram_of(model, at_least=at_least)
    chosen = whole if cause is None else diagram_of(model, cause=cause, at_least=at_least)
    if not chosen.links:
        message = f"there is nothing to draw: no link{f' of `{cause}`' if cause else ''} is {at_least:g} or stronger"
        raise ValueError(message)
    with style():
        page = Page.of(axes, height=1, width=1)
        size = _draw(page.axes, whole, chosen)
        if page.own:
            page.figure.set_size_inches(*size)
        return page.finish(network_caption(chosen, cause), width=None)


def _draw(axes: Axes, whole: Diagram, chosen: Diagram) -> tuple[float, float]:
    """Draw the whole diagram with the chosen part of it brought out; return its size."""
    part = {end for link in chosen.links for end in (link.parent, link.child)}
    free = cycle(_COLOURS)
    colour = {name: COLOURS["none"] if name in whole.remainder else next(free) for name in whole.causes}
    names = [
        axes.text(0, 0, "\n".join(wrap(label, _CAUSE)), ha="center", va="center", fontsize=BODY + 1, weight="bold",
                  color=colour[name] if name in part else COLOURS["none"])
        for name, label in whole.causes.items()
    ]  # fmt: skip
    layout = layout_of(whole, max(name.get_window_extent().width for name in names) / axes.figure.dpi + 3 * _PAD)
    for cause, name in zip(whole.causes, names, strict=True):
        name.set_position((layout.centre, layout.y[cause]))
    for link, ends in links_with_ends(whole, layout):
        owner = link.child if link.parent in whole.risk_factors else link.parent
        _arc(axes, ends, thickness(link.strength), colour[owner] if link in chosen.links else None)
    numbers = {} if chosen is whole else _numbers(chosen)
    size = layout.x[3], layout.top + _HEAD
    for heading, layer in whole.layers:
        if layer is whole.causes:
            axes.text(layout.centre, size[1] - _HEAD / 2, heading, ha="center", **_QUIET)
        elif layer:
            _outer(axes, heading, layer, layout, part, numbers, right=layer is whole.findings)
    _key(axes, layout)
    axes.set(xlim=(0, size[0]), ylim=(0, size[1]))
    axes.axis("off")
    return size


_QUIET: dict[str, Any] = {"va": "center", "fontsize": SMALL, "color": COLOURS["muted"]}


def _arc(axes: Axes, ends: Ends, weight: float, colour: str | None) -> None:
    """Draw a link from left to right, or around the left of the causes with an arrowhead; without a colour, faded."""
    from matplotlib.patches import FancyArrowPatch  # noqa: PLC0415 - see `style`
    from matplotlib.path import Path  # noqa: PLC0415 - see `style`

    x, y, to_x, to_y = ends
    between = x == to_x
    near, far = (
        [x - _BEND[0] - _BEND[1] * abs(to_y - y)] * 2 if between else [x + 0.45 * (to_x - x), x + 0.55 * (to_x - x)]
    )
    axes.add_patch(
        FancyArrowPatch(
            path=Path([(x, y), (near, y), (far, to_y), (to_x, to_y)], [Path.MOVETO] + [Path.CURVE4] * 3),
            arrowstyle="-|>,head_length=4,head_width=2" if between else "-",
            mutation_scale=1,
            capstyle="butt",
            linewidth=0.3 + _WIDEST * weight,
            color=colour or COLOURS["line"],
            alpha=0.25 + 0.65 * weight if colour else 0.3,
            fill=between,
        )
    )  # fmt: skip


def _outer(
    axes: Axes,
    heading: str,
    layer: Mapping[Id, str],
    layout: Layout,
    part: set[Id],
    numbers: Mapping[Id, str],
    *,
    right: bool,
) -> None:
    """Write the nodes of an outer layer under their heading, each with the number of its link if there is one."""
    edge, away, side, other = (layout.x[3], 1, "left", "right") if right else (layout.x[0], -1, "right", "left")
    place = edge + away * (_PAD + (_NUMBER if numbers else 0))
    axes.text(place, layout.top + _HEAD / 2, heading, ha=side, **_QUIET)
    for name, label in layer.items():
        y = layout.y[name]
        colour = COLOURS["ink" if name in part else "none"]
        axes.text(place, y, label, ha=side, va="center", fontsize=SMALL, color=colour)
        if name in numbers:
            axes.text(place - away * _PAD, y, numbers[name], ha=other, **_QUIET)


def _numbers(diagram: Diagram) -> dict[Id, str]:
    """Return the strengths of the links of one cause by what they lead to; the largest of several states."""
    return {
        end: f"{'≤ ' if len(link.by_state) > 1 else ''}{_digits(link)}"
        for link in diagram.links
        for end in (link.parent, link.child)
        if end not in diagram.causes
    }


def _digits(link: Link) -> str:
    """Return the strength of a link in two digits."""
    return f"{link.strength:.2f}" if link.strength >= 0.1 else f"{link.strength:.2g}"  # noqa: PLR2004 - 0.80, not 0.8


def _key(axes: Axes, layout: Layout) -> None:
    """Draw the key to the widths."""
    y = 0.1
    x = layout.centre
    axes.text(x, y, "Probability that the parent alone brings it about:", ha="right", **_QUIET)
    for number, strength in enumerate(_KEY):
        left = x + 2 * _PAD + number * _KEY_STEP
        _arc(axes, (left, y, left + _KEY_LINE, y), thickness(strength), COLOURS["ink"])
        axes.text(left + _KEY_LINE + 0.06, y, f"{strength:g}", ha="left", **_QUIET)
