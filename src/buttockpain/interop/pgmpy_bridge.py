"""To pgmpy and back: the network as conditional probability tables, BIF and XMLBIF files, a second opinion.

Only identifiers travel: labels, questions, ranges, sources and the whole triage stay in the model file. On the way back
they come from a model given as template. Everything that pgmpy is known to take silently is checked here first.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from buttockpain import model_file
from buttockpain.errors import ImpossibleEvidenceError, MissingExtraError, ModelError, Problem
from buttockpain.interop.cpds import NO_YES, Node, NotNoisyOrError, node_of, nodes_of, take_over
from buttockpain.model import Model
from buttockpain.presentation import Answers, read
from buttockpain.types import Id

if TYPE_CHECKING:
    from pgmpy.models import DiscreteBayesianNetwork

__all__ = ["from_pgmpy", "read_bif", "read_xmlbif", "second_opinion", "to_pgmpy", "write_bif", "write_xmlbif"]

MAX_COLUMNS = 2**16
"""Columns a table may have; it has one for every combination of states of the parents."""
MAX_BYTES = 16 * 1024 * 1024
"""Size of a file that is read; tables are longer than the noisy-ORs they come from."""


def to_pgmpy(model: Model) -> DiscreteBayesianNetwork:
    """Return the network of a model for pgmpy: risk factors, causes and findings, with states no and yes.

    Red flags that serve triage only are no part of it, and neither is the triage. The presenting complaint is a finding
    like others there: give ``{complaint: "yes"}`` as evidence with every query, or use `second_opinion`.

    Raises
    ------
    ModelError : a table would have too many columns; names every such node.
    MissingExtraError : pgmpy is not installed.
    """
    return _network(nodes_of(model.knowledge))


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
    nodes = nodes_of(template.knowledge)
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
                take_over(data, node, node_of(network, node, nodes))
            except NotNoisyOrError as error:
                problems.append(error.problem)
    if problems:
        raise ModelError("from_pgmpy", problems)
    return Model.of(model_file.from_data(data, name="from_pgmpy", max_causes=len(template.network.causes)))


# --- files ------------------------------------------------------------------------------------------------------------


def write_bif(model: Model, path: str | Path) -> None:
    """Write the network of a model as a BIF file; identifiers and tables, nothing else.

    Raises
    ------
    ModelError : a table would have too many columns.
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
    nodes = nodes_of(model.knowledge)
    evidence = {model.vocabulary.presenting: "yes"}
    virtual = []
    for name, answer in {**presentation.given, **presentation.filled}.items():
        if name not in nodes or answer == "unknown":
            continue
        if isinstance(answer, str):
            evidence[name] = answer
        else:  # one factor per variable: of two on the same one pgmpy would drop one
            states = {name: list(NO_YES)}
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
