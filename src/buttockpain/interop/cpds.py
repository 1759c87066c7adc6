"""The variables of a network as conditional probability tables, and tables as leak and links of a noisy-OR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain.errors import Problem
from buttockpain.types import FloatArray, Id

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

__all__ = ["NO_YES", "Node", "NotNoisyOrError", "node_of", "nodes_of", "take_over"]

NO_YES = ("no", "yes")

TOLERANCE = 1e-9
"""How far a column may be from a noisy-OR, and its sum from 1; pgmpy lets a sum pass that is off by 0.01."""
SAME = 1e-12
"""A number this close to that of the template is the same number: it went through subtractions on its way."""


@dataclass(frozen=True, slots=True)
class Node:
    """One variable as the model file says it: a share for each state, or a noisy-OR of its parents.

    Attributes
    ----------
    path : of its table in the model file.
    numbers : for a risk factor, the base rate of each state but the first; else `leak`.
    links : from (parent, state) to the link.
    parents : from parent to its states, in the order of the model file.
    """

    id: Id
    path: str
    states: tuple[str, ...]
    numbers: tuple[float, ...]
    links: Mapping[tuple[Id, str], float]
    parents: Mapping[Id, tuple[str, ...]]

    def table(self) -> FloatArray:
        """Return P(state | parents), (states, columns); the last parent changes fastest."""
        if not self.path.startswith(("cause.", "finding.")):
            return np.array([1 - sum(self.numbers), *self.numbers])[:, None]
        columns = product(*([(parent, state) for state in states] for parent, states in self.parents.items()))
        log_no = np.log1p(-self.numbers[0]) + np.array(
            [sum(np.log1p(-self.links.get(pair, 0.0)) for pair in column) for column in columns]
        )
        return np.array([np.exp(log_no), -np.expm1(log_no)])


def nodes_of(knowledge: Knowledge) -> dict[Id, Node]:
    """Return the variables of the network, parents before children."""
    states = {name: factor.states or NO_YES for name, factor in knowledge.risk_factor.items()}
    states |= dict.fromkeys(knowledge.cause, NO_YES)
    nodes = {
        name: Node(name, f"risk_factor.{name}", states[name],
                   tuple(base.value for base in factor.active_states().values()), {}, {})
        for name, factor in knowledge.risk_factor.items()
    }  # fmt: skip
    for name, cause in knowledge.cause.items():
        links = {
            (parent, state): link.value for parent in cause.link for state, link in cause.links_from(parent).items()
        }
        parents = {parent: states[parent] for parent in states if parent in cause.link}
        nodes[name] = Node(name, f"cause.{name}", NO_YES, (cause.leak.value,), links, parents)
    for name, finding in knowledge.finding.items():
        if finding.leak is not None:
            links = {(parent, "yes"): link.value for parent, link in finding.link.items()}
            parents = {parent: states[parent] for parent in states if parent in finding.link}
            nodes[name] = Node(name, f"finding.{name}", NO_YES, (finding.leak.value,), links, parents)
    return nodes


class NotNoisyOrError(Exception):
    """A table that a model file cannot say."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def node_of(network: Any, node: Node, nodes: Mapping[Id, Node]) -> Node:
    """Return a variable of the network as leak and links.

    Raises
    ------
    NotNoisyOrError : it is not of that kind, or its states are not those of the template.
    """
    factor = network.get_cpds(node.id)
    if factor is None:
        raise NotNoisyOrError(Problem(node.path, "no table", "one for every variable"))
    parents = [parent for parent in nodes if parent in factor.variables[1:]]
    kind, at_fault = node.path.partition(".")[0], None
    for name in (node.id, *parents):
        if sorted(map(str, factor.state_names[name])) != sorted(nodes[name].states):
            at_fault = Problem(
                node.path, f"the states {factor.state_names[name]} of `{name}`", ", ".join(nodes[name].states)
            )
    may_be = {"risk_factor": (), "cause": ("risk_factor", "cause"), "finding": ("cause",)}[kind]
    strangers = [parent for parent in parents if not nodes[parent].path.startswith(tuple(f"{k}." for k in may_be))]
    if strangers or len(parents) + 1 != len(factor.variables):
        expected = f"parents that are each a {' or '.join(may_be)}" if may_be else "no parents"
        at_fault = Problem(node.path, f"the parents {', '.join(map(str, factor.variables[1:]))}", expected)
    if at_fault is not None:
        raise NotNoisyOrError(at_fault)

    order = [factor.variables.index(name) for name in (node.id, *parents)]
    values = np.asarray(factor.values, dtype=np.float64).transpose(order)
    for axis, name in enumerate((node.id, *parents)):
        given = [str(state) for state in factor.state_names[name]]
        values = np.take(values, [given.index(state) for state in nodes[name].states], axis=axis)
    table = values.reshape(len(node.states), -1)
    off = np.abs(table.sum(axis=0) - 1).max()
    if not off <= TOLERANCE or not (table >= 0).all():
        raise NotNoisyOrError(
            Problem(node.path, f"a column that is off a sum of 1 by {off:.2g}", "probabilities that sum to 1")
        )
    own_parents = {parent: nodes[parent].states for parent in parents}
    if kind == "risk_factor":
        return Node(node.id, node.path, node.states, tuple(table[1:, 0].tolist()), {}, own_parents)
    return _noisy_or(node, values, table, own_parents)


def _noisy_or(node: Node, values: FloatArray, table: FloatArray, parents: Mapping[Id, tuple[str, ...]]) -> Node:
    """Return leak and links of a table: those of the columns with no parent, and with one parent, at work.

    Raises
    ------
    NotNoisyOrError : another column is not what these make of it.
    """
    no = values[0]
    nothing = (0,) * len(parents)
    links: dict[tuple[Id, str], float] = {}
    for axis, (parent, states) in enumerate(parents.items()):
        for number, state in enumerate(states[1:], start=1):
            with np.errstate(divide="ignore", invalid="ignore"):  # found to be no probability below
                link = float(1 - no[(*nothing[:axis], number, *nothing[axis + 1 :])] / no[nothing])
            if not -SAME < link < 1:
                expected = "links from 0 to below 1: a parent that is present makes it more likely"
                raise NotNoisyOrError(Problem(node.path, f"a link of {link:.6g} from `{parent}`", expected))
            if link > SAME:
                links[parent, state] = link
    found = Node(node.id, node.path, node.states, (float(values[1][nothing]),), links, parents)
    distance = np.abs(found.table() - table).max(axis=0)
    if not distance.max() <= TOLERANCE:
        column = [states[place] for states, place in
                  zip(parents.values(), np.unravel_index(int(distance.argmax()), no.shape), strict=True)]  # fmt: skip
        at = ", ".join(f"{parent} {state}" for parent, state in zip(parents, column, strict=True))
        found_words = f"a table that is no noisy-OR, off by {distance.max():.3g} where {at}"
        raise NotNoisyOrError(Problem(node.path, found_words, f"every column within {TOLERANCE:g} of a noisy-OR"))
    return found


def take_over(data: dict[str, Any], template: Node, found: Node) -> None:
    """Write the numbers of a variable into the tables of the template, where they are others."""
    section, name = template.path.split(".")
    entry = data[section][name]
    if section == "risk_factor":
        for state, old, new in zip(template.states[1:], template.numbers, found.numbers, strict=True):
            _set(entry["base"] if "value" in entry["base"] else entry["base"][state], old, new)
        return
    _set(entry["leak"], template.numbers[0], found.numbers[0])
    links = entry.setdefault("link", {})
    for pair in [*template.links, *(pair for pair in found.links if pair not in template.links)]:
        parent, state = pair
        binary = {**template.parents, **found.parents}[parent] == NO_YES
        if pair in template.links and pair in found.links:
            _set(links[parent] if binary else links[parent][state], template.links[pair], found.links[pair])
        elif pair in found.links:
            new, note = found.links[pair], "a link of the pgmpy network; no range"
            number = {"value": new, "low": new, "high": new, "basis": "edited", "note": note}
            if binary:
                links[parent] = number
            else:
                links.setdefault(parent, {})[state] = number
        elif binary or len(links[parent]) == 1:
            del links[parent]
        else:
            del links[parent][state]


def _set(number: dict[str, Any], old: float, new: float) -> None:
    """Change one number, unless it is the same."""
    if abs(new - old) > SAME:
        note = f"from a pgmpy network; the template says {old!r} ({number['low']!r} to {number['high']!r})"
        number.update(value=new, low=min(number["low"], new), high=max(number["high"], new), basis="edited", note=note)
