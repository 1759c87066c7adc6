"""The network as text: complete, exact, escaped, the same every time; and where its drawing puts things."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttockpain import Model, ModelError, default_model
from buttockpain.render.graph import diagram_of, dot, mermaid, thickness
from buttockpain.render.plot_layers import ROW, layout_of, links_with_ends
from buttockpain.render.words import plain

HOSTILE = 'a"]; end\nclick x "javascript:alert(1)" %%{init}%% <b>&amp;#quot;`\\" -> \\N $x$ \u202e'


def links_of(model: Model) -> dict[tuple[str, str], float]:
    """Every link of a model with its largest strength, read off the model file's own records."""
    links: dict[tuple[str, str], float] = {}
    for name, cause in model.knowledge.cause.items():
        for parent, link in cause.link.items():
            links[parent, name] = max(one.value for one in link.values()) if isinstance(link, Mapping) else link.value
    for name, finding in model.knowledge.finding.items():
        links |= {(parent, name): link.value for parent, link in finding.link.items()}
    return links


def relabelled(label: str) -> Model:
    """A model whose every label is this text."""
    knowledge = default_model().knowledge
    layers = {
        layer: {name: entry.model_copy(update={"label": label}) for name, entry in getattr(knowledge, layer).items()}
        for layer in ("risk_factor", "cause", "finding")
    }
    # The drawing reads the model file's records alone, so nothing has to be compiled again.
    return replace(default_model(), knowledge=knowledge.model_copy(update=layers))


def mermaid_graph(text: str) -> tuple[dict[str, str], dict[tuple[str, str], str], dict[int, float]]:
    """Nodes with labels, arcs with labels, and widths by number of arc; every line has to be one of the known kinds."""
    nodes: dict[str, str] = {}
    arcs: dict[tuple[str, str], str] = {}
    widths: dict[int, float] = {}
    for line in text.splitlines():
        if node := re.fullmatch(r' {8}n_(\w+)\["([^"]*)"\]', line):
            nodes[node[1]] = html.unescape(re.sub(r"#(\d+);", r"&#\1;", node[2].replace("&", "&amp;")))
        elif arc := re.fullmatch(r' {4}n_(\w+) -->\|"([^"|]*)"\| n_(\w+)', line):
            arcs[arc[1], arc[3]] = arc[2]
        elif width := re.fullmatch(r" {4}linkStyle ([\d,]+) stroke-width:([\d.]+)px", line):
            widths |= {int(number): float(width[2]) for number in width[1].split(",")}
        else:
            assert re.fullmatch(
                r'%% model fingerprint \w{64}|flowchart LR| {4}subgraph \w+\["[\w ]+"\]| {4}end', line
            ), line
    return nodes, arcs, widths


def dot_graph(text: str) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Nodes with labels and arcs with labels; every line has to be one of the known kinds."""
    nodes, arcs = {}, {}
    quoted = r'"((?:[^"\\]|\\.)*)"'
    for line in text.splitlines():
        if node := re.fullmatch(rf' {{8}}"(\w+)" \[label={quoted}\]', line):
            nodes[node[1]] = html.unescape(re.sub(r"\\(.)", r"\1", node[2]))
        elif arc := re.fullmatch(rf' {{4}}"(\w+)" -> "(\w+)" \[label={quoted}, penwidth=[\d.]+\]', line):
            arcs[arc[1], arc[2]] = arc[3]
        else:
            fixed = r"// model fingerprint \w{64}|digraph network \{| {4}(graph|node|edge) \[.*\]| *[{}]| {8}rank=same"
            assert re.fullmatch(fixed, line), line
    return nodes, arcs


def test_both_texts_hold_every_node_and_every_link_with_its_strength() -> None:
    """Nothing is left out and nothing added; findings without a leak have no links and are not drawn."""
    model = default_model()
    links = links_of(model)
    linked = {end for link in links for end in link}
    for nodes, arcs in (mermaid_graph(mermaid(model))[:2], dot_graph(dot(model))):
        assert set(nodes) == linked
        assert arcs.keys() == links.keys()
        for link, text in arcs.items():
            strongest = max(float(number) for number in re.findall(r"[\d.]+(?:e-\d+)?(?=,|$)", text))
            assert strongest == pytest.approx(links[link], rel=5e-3), link
    assert nodes["slr_positive"] == model.knowledge.finding["slr_positive"].label


def test_several_states_are_told_apart() -> None:
    """A parent of several states has one number for each."""
    arcs = mermaid_graph(mermaid(default_model()))[1]
    assert arcs["age_band", "lumbar_disc_herniation"] == "30 to 50 0.0157, over 50 0.00393"


def test_stronger_links_are_wider() -> None:
    """The width follows the strength, on one scale for both layers."""
    model = default_model()
    _, arcs, widths = mermaid_graph(mermaid(model))
    strength = links_of(model)
    by_strength = sorted((strength[link], widths[number]) for number, link in enumerate(arcs))
    assert len(widths) == len(arcs)
    assert all(one[1] <= other[1] for one, other in pairwise(by_strength))
    assert by_strength[0][1] < 1
    assert by_strength[-1][1] > 3
    assert thickness(0) == 0
    assert thickness(1) == 1


def test_mermaid_fits_where_pages_draw_it() -> None:
    """Mermaid refuses more than 500 arcs or 50,000 characters unless told otherwise."""
    text = mermaid(default_model())
    assert len(text) < 50_000
    assert text.count("-->") <= 500


def test_part_of_the_network() -> None:
    """One cause with what it is linked to; weak links can be left out, and then what is linked to nothing."""
    model = default_model()
    links = links_of(model)
    diagram = diagram_of(model, cause="sciatica", at_least=0.2)
    kept = {link for link, strength in links.items() if "sciatica" in link and strength >= 0.2}
    assert {(link.parent, link.child) for link in diagram.links} == kept
    assert {name for _, layer in diagram.layers for name in layer} == {end for link in kept for end in link}
    assert list(diagram.causes) == ["lumbar_disc_herniation", "piriformis_syndrome", "sciatica"]
    assert not diagram.risk_factors
    assert "risk_factors" not in mermaid(model, cause="sciatica", at_least=0.2)


def test_unknown_cause_is_refused_with_advice() -> None:
    """A misspelt cause is named, with the nearest known one."""
    with pytest.raises(ModelError, match=r"`sciatca`: found no such cause.*did you mean `sciatica`"):
        mermaid(default_model(), cause="sciatca")


@given(st.text())
def test_any_label_comes_back(label: str) -> None:
    """Whatever a label holds, it stays inside its quotes and reads as it was written."""
    model = relabelled(label)
    for nodes in (mermaid_graph(mermaid(model, cause="sciatica"))[0], dot_graph(dot(model, cause="sciatica"))[0]):
        assert set(nodes.values()) == {plain(label)}


def test_hostile_labels_stay_labels() -> None:
    """Quotes, line breaks, tags, entities, directives and escapes act on nothing."""
    model = relabelled(HOSTILE)
    for text, (nodes, arcs) in (
        (mermaid(model), mermaid_graph(mermaid(model))[:2]),
        (dot(model), dot_graph(dot(model))),
    ):
        assert set(nodes.values()) == {plain(HOSTILE)}
        assert arcs.keys() == links_of(model).keys()
        assert "\u202e" not in text
    assert "<b>" not in mermaid(model)
    assert "%%{" not in mermaid(model)


def test_the_same_text_in_every_process() -> None:
    """Neither text depends on the hash seed of the process."""
    program = (
        "from buttockpain import default_model as m; from buttockpain.render.graph import dot, mermaid; "
        "import sys; sys.stdout.write(mermaid(m()) + dot(m()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {(mermaid(default_model()) + dot(default_model())).encode()}


def test_layout_keeps_rows_and_links_apart() -> None:
    """Labels of a layer stand at least a row apart; links leave a cause in the order of where they go, none on another."""
    diagram = diagram_of(default_model())
    layout = layout_of(diagram, 1.5)
    for _, layer in diagram.layers:
        heights = sorted(layout.y[name] for name in layer)
        assert all(high - low >= ROW - 1e-9 for low, high in pairwise(heights))
    placed = list(links_with_ends(diagram, layout))
    assert sorted(link.strength for link in diagram.links) == [link.strength for link, _ in placed]
    for cause in diagram.causes:
        leaving = sorted((end[1], end[3]) for link, end in placed if link.parent == cause and end[2] == layout.x[3])
        assert all(low[0] < high[0] and low[1] < high[1] for low, high in pairwise(leaving))
        inside = [abs(start - layout.y[cause]) for start, _ in leaving]
        assert max(inside, default=0) < (layout.top / len(diagram.causes)) / 2


def test_layout_crosses_less_than_the_order_of_the_file() -> None:
    """Sorting by neighbours brings strong links nearer to the level."""
    diagram = diagram_of(default_model())
    sorted_y = layout_of(diagram, 1.5).y
    as_filed = {name: 1 - (place + 0.5) / len(layer) for _, layer in diagram.layers for place, name in enumerate(layer)}

    def climb(y: Mapping[str, float]) -> float:
        tall = max(y.values()) - min(y.values())
        return sum(link.strength * abs(y[link.parent] - y[link.child]) / tall for link in diagram.links)

    assert climb(sorted_y) < 0.85 * climb(as_filed)
