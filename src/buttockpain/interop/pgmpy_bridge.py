"""To pgmpy and back: the network as conditional probability tables, BIF and XMLBIF files, a second opinion.

Only identifiers travel: labels, questions, ranges, sources and the whole triage stay in the model file. On the way back
they come from a model given as template. Everything that pgmpy is known to take silently is checked here first.
"""

from __future__ import annotations

import math
import re
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain import model_file
from buttockpain.errors import ImpossibleEvidenceError, MissingExtraError, ModelError, Problem
from buttockpain.model import Model
from buttockpain.presentation import Answers, read
from buttockpain.types import FloatArray, Id

if TYPE_CHECKING:
    from pgmpy.models import DiscreteBayesianNetwork

    from buttockpain.knowledge import Knowledge

__all__ = ["from_pgmpy", "read_bif", "read_xmlbif", "second_opinion", "to_pgmpy", "write_bif", "write_xmlbif"]

MAX_COLUMNS = 2**16
"""Columns a table may have; it has one for every combination of states of the parents."""
MAX_BYTES = 16 * 1024 * 1024
"""Size of a file that is read; tables are longer than the noisy-ORs they come from."""
TOLERANCE = 1e-9
"""How far a column may be from a noisy-OR, and its sum from 1; pgmpy lets a sum pass that is off by 0.01."""
SAME = 1e-12
"""A number this close to that of the template is the same number: it went through subtractions on its way."""

_NO_YES = ("no", "yes")
_WORD = re.compile(r"[A-Za-z0-9_]+")


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


def to_pgmpy(model: Model) -> DiscreteBayesianNetwork:
    """Return the network of a model for pgmpy: risk factors, causes and findings, with states no and yes.

    Red flags that serve triage only are no part of it, and neither is the triage. The presenting complaint is a finding
    like others there: give ``{complaint: "yes"}`` as evidence with every query, or use `second_opinion`.

    Raises
    ------
    ModelError : a table would have too many columns; names every such node.
    MissingExtraError : pgmpy is not installed.
    """
    return _network(_nodes(model.knowledge))


def _network(nodes: Mapping[Id, Node]) -> DiscreteBayesianNetwork:
    """Return variables as a pgmpy network."""
    models, factors = _pgmpy("pgmpy.models", "pgmpy.factors.discrete")
    problems = []
    for node in nodes.values():
        columns = math.prod(len(states) for states in node.parents.values())
        if columns > MAX_COLUMNS:
            advice = "a table has a column for every combination of its parents' states"
            problems.append(Problem(node.path, f"a table of {columns:,} columns", f"at most {MAX_COLUMNS:,}", advice))
    if problems:
        raise ModelError("to_pgmpy", problems)
    network = models.DiscreteBayesianNetwork()
    network.add_nodes_from(nodes)
    network.add_edges_from((parent, node.id) for node in nodes.values() for parent in node.parents)
    for node in nodes.values():
        sizes = [len(states) for states in node.parents.values()]
        states = {node.id: list(node.states), **{parent: list(own) for parent, own in node.parents.items()}}
        network.add_cpds(
            factors.TabularCPD(
                node.id, len(node.states), node.table(), list(node.parents) or None, sizes or None, state_names=states
            )
        )
    network.check_model()
    return network


def from_pgmpy(network: DiscreteBayesianNetwork, template: Model) -> Model:
    """Return the model that a pgmpy network says, if every table is a noisy-OR.

    Parameters
    ----------
    network : with the variables and states of the template; links may have come or gone.
    template : where texts, ranges, red flags and rules come from. Numbers that are the same keep what stands about
        them; others get the basis "edited", and their range is widened to include them.

    Raises
    ------
    ModelError : variables or states other than the template's, a table that is no noisy-OR, or one whose columns do not
        sum to 1; names every such node.
    MissingExtraError : pgmpy is not installed.
    """
    _pgmpy("pgmpy.models")
    nodes = _nodes(template.knowledge)
    names = set(network.nodes)
    problems = [
        Problem(node.path, "no such variable in the network", node.id)
        for node in nodes.values()
        if node.id not in names
    ]
    problems += [
        Problem(str(name), "a variable of the network", "one of the template's") for name in names - nodes.keys()
    ]
    data = template.knowledge.model_dump(mode="python", exclude_unset=True)
    for node in nodes.values():
        if node.id in names:
            try:
                _take_over(data, node, _node_of(network, node, nodes))
            except _NotNoisyOrError as error:
                problems.append(error.problem)
    if problems:
        raise ModelError("from_pgmpy", problems)
    return Model.of(model_file.from_data(data, name="from_pgmpy", max_causes=len(template.network.causes)))


class _NotNoisyOrError(Exception):
    """A table that a model file cannot say."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def _node_of(network: Any, node: Node, nodes: Mapping[Id, Node]) -> Node:
    """Return a variable of the network as leak and links.

    Raises
    ------
    _NotNoisyOrError : it is not of that kind, or its states are not those of the template.
    """
    factor = network.get_cpds(node.id)
    if factor is None:
        raise _NotNoisyOrError(Problem(node.path, "no table", "one for every variable"))
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
        raise _NotNoisyOrError(at_fault)

    order = [factor.variables.index(name) for name in (node.id, *parents)]
    values = np.asarray(factor.values, dtype=np.float64).transpose(order)
    for axis, name in enumerate((node.id, *parents)):
        given = [str(state) for state in factor.state_names[name]]
        values = np.take(values, [given.index(state) for state in nodes[name].states], axis=axis)
    table = values.reshape(len(node.states), -1)
    off = np.abs(table.sum(axis=0) - 1).max()
    if not off <= TOLERANCE or not (table >= 0).all():
        raise _NotNoisyOrError(
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
    _NotNoisyOrError : another column is not what these make of it.
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
                raise _NotNoisyOrError(Problem(node.path, f"a link of {link:.6g} from `{parent}`", expected))
            if link > SAME:
                links[parent, state] = link
    found = Node(node.id, node.path, node.states, (float(values[1][nothing]),), links, parents)
    distance = np.abs(found.table() - table).max(axis=0)
    if not distance.max() <= TOLERANCE:
        column = [states[place] for states, place in
                  zip(parents.values(), np.unravel_index(int(distance.argmax()), no.shape), strict=True)]  # fmt: skip
        at = ", ".join(f"{parent} {state}" for parent, state in zip(parents, column, strict=True))
        found_words = f"a table that is no noisy-OR, off by {distance.max():.3g} where {at}"
        raise _NotNoisyOrError(Problem(node.path, found_words, f"every column within {TOLERANCE:g} of a noisy-OR"))
    return found


def _take_over(data: dict[str, Any], template: Node, found: Node) -> None:
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
        binary = {**template.parents, **found.parents}[parent] == _NO_YES
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


def _nodes(knowledge: Knowledge) -> dict[Id, Node]:
    """Return the variables of the network, parents before children."""
    states = {name: factor.states or _NO_YES for name, factor in knowledge.risk_factor.items()}
    states |= dict.fromkeys(knowledge.cause, _NO_YES)
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
        nodes[name] = Node(name, f"cause.{name}", _NO_YES, (cause.leak.value,), links, parents)
    for name, finding in knowledge.finding.items():
        if finding.leak is not None:
            links = {(parent, "yes"): link.value for parent, link in finding.link.items()}
            parents = {parent: states[parent] for parent in states if parent in finding.link}
            nodes[name] = Node(name, f"finding.{name}", _NO_YES, (finding.leak.value,), links, parents)
    return nodes


# --- files ------------------------------------------------------------------------------------------------------------


def write_bif(model: Model, path: str | Path) -> None:
    """Write the network of a model as a BIF file; identifiers and tables, nothing else.

    Raises
    ------
    ModelError : a state that BIF cannot carry, or a table that is too large.
    MissingExtraError : pgmpy is not installed.
    OSError : the file cannot be written.
    """
    _write(model, path, "BIFWriter")


def write_xmlbif(model: Model, path: str | Path) -> None:
    """Write the network of a model as an XMLBIF file; see `write_bif`."""
    _write(model, path, "XMLBIFWriter")


def read_bif(path: str | Path, template: Model) -> Model:
    """Return the model that a BIF file says; see `from_pgmpy`.

    Raises
    ------
    ModelError : as for `from_pgmpy`, and for a file that is too large or no BIF.
    OSError : the file cannot be read.
    """
    return from_pgmpy(_read(path, "BIFReader"), template)


def read_xmlbif(path: str | Path, template: Model) -> Model:
    """Return the model that an XMLBIF file says; see `read_bif`."""
    return from_pgmpy(_read(path, "XMLBIFReader"), template)


def _write(model: Model, path: str | Path, writer: str) -> None:
    """Write a file with one of pgmpy's writers, as a whole or not at all."""
    (readwrite,) = _pgmpy("pgmpy.readwrite")
    problems = [
        Problem(node.path, f"the state {state!r}", "letters, digits and underscores: BIF cannot carry anything else")
        for node in _nodes(model.knowledge).values() for state in node.states if not _WORD.fullmatch(state)
    ]  # fmt: skip
    if problems:
        raise ModelError(f"writing {path}", problems)
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        written = Path(folder) / path.name
        getattr(readwrite, writer)(to_pgmpy(model)).write(str(written))
        written.replace(path)


def _read(path: str | Path, reader: str) -> Any:
    """Read a file with one of pgmpy's readers."""
    (readwrite,) = _pgmpy("pgmpy.readwrite")
    with Path(path).open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ModelError(str(path), [Problem("file", f"more than {MAX_BYTES:,} bytes", f"at most {MAX_BYTES:,} bytes")])
    if b"<!ENTITY" in content.upper():
        raise ModelError(
            str(path), [Problem("file", "an XML entity declaration", "none: entities can grow without end")]
        )
    try:
        return getattr(readwrite, reader)(str(path)).get_model()
    except Exception as error:  # the parser's own errors are of many kinds
        found = f"what {reader} cannot read ({type(error).__name__})"
        raise ModelError(str(path), [Problem("file", found, "a file that pgmpy reads")]) from error


# --- a second opinion -------------------------------------------------------------------------------------------------


def second_opinion(model: Model, answers: Answers | None = None) -> dict[Id, float]:
    """Return the probability of every cause, computed by pgmpy's variable elimination instead of our kernel.

    Parameters
    ----------
    model : turned into tables by `to_pgmpy`.
    answers : as for `Model.rank`; read and checked by the model, so that pgmpy never sees an unknown name or state.

    Raises
    ------
    AnswerError : as for `Model.rank`.
    ImpossibleEvidenceError : the answers have probability 0, where pgmpy says NaN.
    ModelError : a table would be too large.
    MissingExtraError : pgmpy is not installed.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> answers = {"leg_numbness": "yes", "slr_positive": 0.8, "age": 45}
    >>> ours = {cause.id: cause.probability for cause in default_model().rank(answers).causes}
    >>> theirs = second_opinion(default_model(), answers)
    >>> max(abs(theirs[name] - ours[name]) for name in ours) < 1e-12
    True
    """
    inference, factors = _pgmpy("pgmpy.inference", "pgmpy.factors.discrete")
    given = model.rank(answers).answers  # refuses what cannot be read
    presentation, _ = read(given, model.vocabulary)
    nodes = _nodes(model.knowledge)
    evidence = {model.vocabulary.presenting: "yes"}
    virtual = []
    for name, answer in {**presentation.given, **presentation.filled}.items():
        if name not in nodes or answer == "unknown":
            continue
        if isinstance(answer, str):
            evidence[name] = answer
        else:  # one factor per variable: of two on the same one pgmpy would drop one
            states = {name: list(_NO_YES)}
            virtual.append(factors.TabularCPD(name, 2, [[1 - answer], [answer]], state_names=states))
    asked = {*evidence, *(factor.variable for factor in virtual)}
    # Findings that were not asked about change nothing, and pgmpy would carry them along.
    elimination = inference.VariableElimination(
        _network({name: node for name, node in nodes.items() if not node.path.startswith("finding.") or name in asked})
    )
    result = {}
    for cause in model.network.causes:
        with np.errstate(invalid="ignore"):
            found = elimination.query([cause], evidence=evidence, virtual_evidence=virtual or None, show_progress=False)
        probability = float(found.get_value(**{cause: "yes"}))
        if not 0 <= probability <= 1:
            raise ImpossibleEvidenceError(list(given))
        result[cause] = probability
    return result


def _pgmpy(*modules: str) -> list[Any]:
    """Import modules of pgmpy; on import it warns of its own deprecations, which is none of our user's business.

    Raises
    ------
    MissingExtraError : pgmpy is not installed.
    """
    from importlib import import_module  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return [import_module(module) for module in modules]
        except ImportError:
            raise MissingExtraError("pgmpy", "pgmpy") from None
