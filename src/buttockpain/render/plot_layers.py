"""Where the nodes and links of a network stand in its drawing; lengths in inches from the lower left.

Links cross as little as a simple rule allows, each node standing near the mean of its neighbours, and leave a cause side
by side in the order of where they go, so that none lies on another.

References
----------
Sorting layers by the mean place of the neighbours: Sugiyama, Tagawa and Toda, IEEE Trans. Systems, Man and Cybernetics
11 (1981), 109-125.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttockpain.render.graph import Diagram, Link

if TYPE_CHECKING:
    from buttockpain.types import Id

__all__ = ["Ends", "Layout", "layout_of", "links_with_ends"]

Ends = tuple[float, float, float, float]
"""Where a link begins and ends: x, y, x, y."""

ROW = 0.165
FOOT = 0.42  # below the nodes
FANS = (1.5, 2.9)  # from risk factors to causes, from causes to findings
_PORT = 0.034
_SHARE = 0.8  # of the height between two causes that the links of one may take
_ROUNDS = 8  # of sorting; it settles after a few


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands.

    Attributes
    ----------
    x : where links leave the risk factors, reach the causes, leave them, and reach the findings.
    y : the middle of every node.
    top : of the nodes.
    port : between links that reach or leave a cause side by side.
    """

    x: tuple[float, float, float, float]
    y: Mapping[Id, float]
    top: float
    port: float

    @property
    def centre(self) -> float:
        """The middle of the causes, from left to right."""
        return (self.x[1] + self.x[2]) / 2


def layout_of(diagram: Diagram, cause_width: float) -> Layout:
    """Return where everything stands; `cause_width` is what the names of the causes need."""
    tall = ROW * max(len(layer) for _, layer in diagram.layers)
    y: dict[Id, float] = {}
    for layer in _arranged(diagram):
        y |= {name: FOOT + tall * (1 - (place + 0.5) / len(layer)) for place, name in enumerate(layer)}
    most = max(len(side) for cause in diagram.causes for side in _sides(diagram, cause))
    port = min(_PORT, _SHARE * tall / len(diagram.causes) / most)
    leave = FANS[0] + cause_width
    return Layout((0.0, FANS[0], leave, leave + FANS[1]), y, FOOT + tall, port)


def links_with_ends(diagram: Diagram, layout: Layout) -> Iterator[tuple[Link, Ends]]:
    """Yield every link with its ends, the weakest first; a link between causes goes around their left."""
    x, y = layout.x, layout.y
    port: dict[tuple[Id, Link], float] = {}
    for cause in diagram.causes:
        for side in _sides(diagram, cause):
            # From bottom to top by the other end of each link.
            by_other_end = sorted((y[link.parent if link.child == cause else link.child], number)
                                  for number, link in enumerate(side))  # fmt: skip
            for place, (_, number) in enumerate(by_other_end):
                port[cause, side[number]] = y[cause] + (place - (len(side) - 1) / 2) * layout.port
    for link in sorted(diagram.links, key=lambda link: link.strength):
        start, end = port.get((link.parent, link), y[link.parent]), port.get((link.child, link), y[link.child])
        if link.child in diagram.findings:
            yield link, (x[2], start, x[3], end)
        else:
            yield link, (x[0] if link.parent in diagram.risk_factors else x[1], start, x[1], end)


def _sides(diagram: Diagram, cause: Id) -> tuple[list[Link], list[Link]]:
    """Return the links on the left and on the right of a cause."""
    own = [link for link in diagram.links if cause in (link.parent, link.child)]
    return [link for link in own if link.child in diagram.causes], [
        link for link in own if link.child in diagram.findings
    ]


def _arranged(diagram: Diagram) -> tuple[list[Id], ...]:
    """Return the layers from top to bottom, sorted by the mean place of the neighbours, weighted by strength."""
    layers = tuple(list(layer) for _, layer in diagram.layers)
    place = {name: (index + 0.5) / len(layer) for layer in layers for index, name in enumerate(layer)}
    neighbours: dict[Id, list[tuple[Id, float]]] = {name: [] for name in place}
    for link in diagram.links:
        if not (link.parent in diagram.causes and link.child in diagram.causes):
            neighbours[link.parent].append((link.child, link.strength))
            neighbours[link.child].append((link.parent, link.strength))

    def mean(name: Id) -> float:
        total = sum(strength for _, strength in neighbours[name])
        return sum(place[other] * strength for other, strength in neighbours[name]) / total if total else place[name]

    for _ in range(_ROUNDS):
        for layer in reversed(layers):
            layer.sort(key=mean)
            place |= {name: (index + 0.5) / len(layer) for index, name in enumerate(layer)}
    return layers
