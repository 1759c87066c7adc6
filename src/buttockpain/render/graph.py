"""The network as text: Mermaid for pages, DOT for Graphviz.

Three layers, risk factors, causes and findings, and an arc for every link. How strong a link is shows twice: as its
number on the arc, and as the width of the arc, which grows with the square root of the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import TYPE_CHECKING

from buttockpain.errors import ModelError, Problem, nearest
from buttockpain.render.words import plain

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge
    from buttockpain.model import Model
    from buttockpain.types import Id

__all__ = ["Diagram", "Link", "diagram_of", "dot", "mermaid", "thickness"]


@dataclass(frozen=True, slots=True)
class Link:
    """An arc from a parent to what it can bring about.

    Attributes
    ----------
    strength : probability that the parent alone brings it about; the largest if the parent has several states.
    by_state : the strength of each of several states; empty for a yes-or-no parent.
    """

    parent: Id
    child: Id
    strength: float
    by_state: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Diagram:
    """The three layers of a network, each from id to label in the order of the model, and its links.

    Attributes
    ----------
    remainder : the causes that are not ranked.
    fingerprint : of the model it was taken from.
    """

    risk_factors: Mapping[Id, str]
    causes: Mapping[Id, str]
    findings: Mapping[Id, str]
    remainder: frozenset[Id]
    links: tuple[Link, ...]
    fingerprint: str

    @property
    def layers(self) -> tuple[tuple[str, Mapping[Id, str]], ...]:
        """The layers with their headings, parents first."""
        return ("Risk factors", self.risk_factors), ("Causes", self.causes), ("Findings", self.findings)


def diagram_of(model: Model, *, cause: Id | None = None, at_least: float = 0.0) -> Diagram:
    """Return what there is to draw of a model; findings that serve triage only have no links and are left out.

    Parameters
    ----------
    cause : draw only this cause, what it is linked to, and those links.
    at_least : leave out links weaker than this, and what is then linked to nothing.

    Raises
    ------
    ModelError : no such cause.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> diagram = diagram_of(default_model())
    >>> [len(layer) for _, layer in diagram.layers], len(diagram.links)
    ([17, 6, 76], 348)
    """
    knowledge = model.knowledge
    if cause is not None and cause not in knowledge.cause:
        raise ModelError("cause", [Problem(cause, "no such cause", "a cause", nearest(cause, knowledge.cause))])
    links = tuple(
        link
        for link in _links(knowledge)
        if link.strength >= at_least and (cause is None or cause in (link.parent, link.child))
    )
    drawn = {end for link in links for end in (link.parent, link.child)}
    return Diagram(
        risk_factors={name: plain(entry.label) for name, entry in knowledge.risk_factor.items() if name in drawn},
        causes={name: plain(entry.label) for name, entry in knowledge.cause.items() if name in drawn},
        findings={name: plain(entry.label) for name, entry in knowledge.finding.items() if name in drawn},
        remainder=frozenset(name for name, entry in knowledge.cause.items() if not entry.ranked),
        links=links,
        fingerprint=model.fingerprint,
    )


def mermaid(model: Model, *, cause: Id | None = None, at_least: float = 0.0) -> str:
    r"""Return the network as a Mermaid flowchart; parameters and errors as for `diagram_of`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> print(mermaid(default_model(), cause="sciatica", at_least=0.8).partition("\n")[2])
    flowchart LR
        subgraph causes["Causes"]
            n_sciatica["Sciatica"]
        end
        subgraph findings["Findings"]
            n_pain_radiating_down_leg["Pain running down the leg"]
        end
        n_sciatica -->|"0.833"| n_pain_radiating_down_leg
        linkStyle 0 stroke-width:3.7px
    """
    diagram = diagram_of(model, cause=cause, at_least=at_least)
    return "\n".join(_mermaid(diagram))


def dot(model: Model, *, cause: Id | None = None, at_least: float = 0.0) -> str:
    r"""Return the network in the DOT language of Graphviz; parameters and errors as for `diagram_of`.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> print(dot(default_model(), cause="sciatica", at_least=0.8).partition("\n")[2])
    digraph network {
        graph [rankdir=LR, ranksep=3, nodesep=0.08]
        node [shape=box, style=rounded, fontname="Helvetica", fontsize=11, height=0.25, margin="0.1,0.03"]
        edge [fontname="Helvetica", fontsize=8, arrowsize=0.5]
        {
            rank=same
            "sciatica" [label="Sciatica"]
        }
        {
            rank=same
            "pain_radiating_down_leg" [label="Pain running down the leg"]
        }
        "sciatica" -> "pain_radiating_down_leg" [label="0.833", penwidth=3.7]
    }
    """
    diagram = diagram_of(model, cause=cause, at_least=at_least)
    return "\n".join(_dot(diagram))


def thickness(strength: float) -> float:
    """Return how thick to draw a link of a strength, both from 0 to 1.

    The square root leaves weak links something to be seen by: the links of one model differ by a factor of 400.

    Examples
    --------
    >>> [thickness(strength) for strength in (0.0, 0.01, 0.25, 1.0)]
    [0.0, 0.1, 0.5, 1.0]
    """
    return sqrt(strength)


def _links(knowledge: Knowledge) -> Iterator[Link]:
    """Yield the links into causes, then those into findings, in the order of the model."""
    for name, cause in knowledge.cause.items():
        for parent in cause.link:
            strengths = tuple((state, number.value) for state, number in cause.links_from(parent).items())
            several = parent in knowledge.risk_factor and bool(knowledge.risk_factor[parent].states)
            yield Link(parent, name, max(value for _, value in strengths), strengths if several else ())
    for name, finding in knowledge.finding.items():
        yield from (Link(parent, name, number.value) for parent, number in finding.link.items())


def _mermaid(diagram: Diagram) -> Iterator[str]:
    """Yield the lines of a flowchart."""
    yield f"%% model fingerprint {diagram.fingerprint}"
    yield "flowchart LR"
    for heading, layer in diagram.layers:
        if layer:
            yield f'    subgraph {heading.lower().replace(" ", "_")}["{heading}"]'
            # Some ids mean something else to Mermaid, such as `end`; with a letter before them none does.
            yield from (f'        n_{name}["{_mermaid_text(label)}"]' for name, label in layer.items())
            yield "    end"
    for link in diagram.links:
        yield f'    n_{link.parent} -->|"{_mermaid_text(_strength(link))}"| n_{link.child}'
    by_width = sorted((_width(link), number) for number, link in enumerate(diagram.links))
    for width, group in groupby(by_width, key=lambda pair: pair[0]):
        yield f"    linkStyle {','.join(str(number) for _, number in group)} stroke-width:{width}px"


def _mermaid_text(text: str) -> str:
    """Return text for a quoted label, where quotes, tags, entities, directives and backquotes mean something else."""
    return "".join(f"#{ord(letter)};" if letter in '"#%&<>`' else letter for letter in text)


def _dot(diagram: Diagram) -> Iterator[str]:
    """Yield the lines of a directed graph."""
    yield f"// model fingerprint {diagram.fingerprint}"
    yield "digraph network {"
    yield "    graph [rankdir=LR, ranksep=3, nodesep=0.08]"
    yield '    node [shape=box, style=rounded, fontname="Helvetica", fontsize=11, height=0.25, margin="0.1,0.03"]'
    yield '    edge [fontname="Helvetica", fontsize=8, arrowsize=0.5]'
    for _, layer in diagram.layers:
        if layer:
            yield from ("    {", "        rank=same")
            yield from (f'        "{name}" [label="{_dot_text(label)}"]' for name, label in layer.items())
            yield "    }"
    for link in diagram.links:
        label = _dot_text(_strength(link))
        yield f'    "{link.parent}" -> "{link.child}" [label="{label}", penwidth={_width(link)}]'
    yield "}"


def _dot_text(text: str) -> str:
    """Return text for a quoted label, where backslashes, quotes and entities mean something else."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def _strength(link: Link) -> str:
    """Return the strength of a link in digits, by state if there are several."""
    if not link.by_state:
        return f"{link.strength:.3g}"
    return ", ".join(f"{plain(state.replace('_', ' '))} {value:.3g}" for state, value in link.by_state)


def _width(link: Link) -> str:
    """Return the width of an arc, in pixels or points."""
    return f"{0.5 + 3.5 * thickness(link.strength):.1f}"
