"""Exact answers for small Bayesian networks of noisy-ORs, written apart from the library to hold its tests against.

Nothing here comes from ``buttockpain`` and nothing needs numpy. Two routines, written in different ways, must agree:

* `joint` follows the definition: every combination of every risk-factor state and every cause state, cell by cell, each
  cell the product of one entry from each conditional probability table (CPT).
* `joint_factored` averages the risk factors that touch one cause inside that cause, enumerates only the others, and
  grows the cause states one cause at a time. It is fast enough for the shipped model.

Both take ``exact=True``: every number is then a `fractions.Fraction` of exactly the float in the network, and nothing
is rounded at all.

The network is a plain dict, see `Network`. Layers: risk factors -> causes (with arcs between causes) -> findings.
With ``leak`` the probability without any active parent, and ``link`` the probability that one active parent alone
brings the child about, every cause and every finding is a noisy-OR with leak::

    P(child = yes | parents) = 1 - (1 - leak) * product over active parents of (1 - link)

References
----------
.. [1] Pearl J. Probabilistic Reasoning in Intelligent Systems. Morgan Kaufmann, 1988, section 4.3.2 (noisy-OR).
.. [2] Henrion M. Some practical issues in constructing belief networks. Uncertainty in Artificial Intelligence 3,
   North-Holland, 1989, 161-173 (the leak).
.. [3] Heckerman D. A tractable inference algorithm for diagnosing multiple diseases. Uncertainty in Artificial
   Intelligence 5, North-Holland, 1990, 163-171 (Quickscore: absent findings factorise over the causes).
.. [4] Shwe MA, Middleton B, Heckerman DE, et al. Probabilistic diagnosis using a reformulation of the INTERNIST-1/QMR
   knowledge base. I. Methods of Information in Medicine 1991;30:241-255 (QMR-DT: the two-layer network of noisy-ORs).
"""

import csv
import math
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias, TypedDict, TypeVar, overload

Number = TypeVar("Number", float, Fraction)
Evidence: TypeAlias = Mapping[str, str | float]
Causes: TypeAlias = frozenset[str]

# Bases written with a few decimals add up to 1 only to rounding; a slip in a digit is far larger than this.
BASE_SUM_TOLERANCE = 1e-9
# Below this a float may have lost digits on its way to zero, so a smaller total could not be trusted.
SMALLEST_TRUSTED_TOTAL = sys.float_info.min / sys.float_info.epsilon


class RiskFactor(TypedDict):
    """A risk factor: its states in order, and how common each is (every state named, summing to 1)."""

    states: Sequence[str]
    base: Mapping[str, float]


class Network(TypedDict):
    """A network in plain words.

    ``causes`` may come in any order. ``presenting`` is the finding that is always "yes", or None. Binary risk factors
    have the states ``["no", "yes"]``. A key of ``cause_link[cause]`` is a parent and the state of it that is active:
    ``(risk_factor, state)``, or ``(cause, "yes")`` for an arc between causes. A link left out is a link of zero.
    """

    causes: Sequence[str]
    presenting: str | None
    risk_factors: Mapping[str, RiskFactor]
    cause_leak: Mapping[str, float]
    cause_link: Mapping[str, Mapping[tuple[str, str], float]]
    finding_leak: Mapping[str, float]
    finding_link: Mapping[str, Mapping[str, float]]


# --- the definition: every cell of the joint ------------------------------------------------------------------------


@overload
def joint(network: Network, evidence: Evidence, *, exact: Literal[False] = False) -> dict[Causes, float]: ...
@overload
def joint(network: Network, evidence: Evidence, *, exact: Literal[True]) -> dict[Causes, Fraction]: ...
def joint(network: Network, evidence: Evidence, *, exact: bool = False) -> dict[Causes, float] | dict[Causes, Fraction]:
    """Return P(causes, evidence) for every set of present causes, by enumerating every cell of the full joint.

    A cell is one state of every risk factor and every cause. Its weight is the product of the base of each risk factor,
    one entry of each cause's CPT, and the probability of each observed finding. Findings not observed sum out to 1.
    Risk-factor states of weight zero (ruled out by an answer) are skipped.

    Parameters
    ----------
    network : the network; the presenting complaint, if it has one, counts as answered "yes".
    evidence : finding or risk-factor id to its state ("yes", "no", "over_50"), or to a number p in [0, 1]: virtual
        evidence, weights 1 - p for "no" and p for "yes", both divided by max(p, 1 - p). Ids left out are unknown.
    exact : compute with fractions, without any rounding. Small networks only.

    Returns
    -------
    dict : for every subset of the causes (2**C of them) its unnormalised weight; together they sum to P(evidence).

    Raises
    ------
    ValueError : the network or the evidence is malformed.

    Examples
    --------
    >>> coin = {"causes": ["c"], "presenting": None, "risk_factors": {}, "cause_leak": {"c": 0.25}, "cause_link": {},
    ...         "finding_leak": {"f": 0.5}, "finding_link": {"f": {"c": 0.5}}}
    >>> joint(coin, {"f": "yes"}) == {frozenset(): 0.75 * 0.5, frozenset({"c"}): 0.25 * 0.75}
    True

    References
    ----------
    Noisy-OR with leak: Pearl 1988 section 4.3.2, Henrion 1989. Network of that shape: Shwe et al. 1991.
    """
    return _joint(network, evidence, Fraction) if exact else _joint(network, evidence, float)


def noisy_or(leak: Number, links: Iterable[Number]) -> tuple[Number, Number]:
    """Return P(child = no) and P(child = yes) given the leak and the links of the parents that are active.

    Parameters
    ----------
    leak : probability of the child when no parent is active, in [0, 1].
    links : for each *active* parent, the probability that it alone brings the child about, in [0, 1].

    Returns
    -------
    tuple : no, which is ``(1 - leak) * product(1 - link)``, and yes, which is ``1 - no``.

    Examples
    --------
    >>> noisy_or(0.5, [0.5, 0.5])
    (0.125, 0.875)

    References
    ----------
    Pearl 1988 section 4.3.2; leak: Henrion 1989.
    """
    no = 1 - leak
    for link in links:
        no = no * (1 - link)
    return no, 1 - no


def _joint(network: Network, evidence: Evidence, number: Callable[[float], Number]) -> dict[Causes, Number]:
    answered = _checked_evidence(network, evidence)
    causes = list(network["causes"])
    risk_weights = {risk: _risk_weights(network, answered, risk, number) for risk in network["risk_factors"]}
    parents = {cause: sorted({parent for parent, _ in network["cause_link"].get(cause, {})}) for cause in causes}
    tables = {cause: _cause_table(network, cause, parents[cause], number) for cause in causes}
    findings = [finding for finding in network["finding_leak"] if finding in answered]

    weights: dict[Causes, Number] = {}
    for present in _subsets(causes):
        likelihood = number(1.0)
        for finding in findings:
            links = network["finding_link"].get(finding, {})
            no, yes = noisy_or(
                number(network["finding_leak"][finding]),
                [number(link) for cause, link in links.items() if cause in present],
            )
            weight_no, weight_yes = _answer_weights(answered[finding], number)
            likelihood = likelihood * (weight_no * no + weight_yes * yes)

        states = {cause: "yes" if cause in present else "no" for cause in causes}
        total = number(0.0)
        possible = [[state for state, weight in risk_weights[risk].items() if weight] for risk in risk_weights]
        for combination in product(*possible):
            states.update(zip(risk_weights, combination, strict=True))
            cell = likelihood
            for risk, state in zip(risk_weights, combination, strict=True):
                cell = cell * risk_weights[risk][state]
            for cause in causes:
                no, yes = tables[cause][tuple([states[parent] for parent in parents[cause]])]
                cell = cell * (yes if cause in present else no)
            total = total + cell
        weights[present] = total
    return weights


def _cause_table(
    network: Network, cause: str, parents: Sequence[str], number: Callable[[float], Number]
) -> dict[tuple[str, ...], tuple[Number, Number]]:
    """Return the CPT of a cause: P(no) and P(yes) for every combination of states of its parents."""
    links = network["cause_link"].get(cause, {})
    parent_states = [
        network["risk_factors"][parent]["states"] if parent in network["risk_factors"] else ["no", "yes"]
        for parent in parents
    ]
    table = {}
    for states in product(*parent_states):
        active = set(zip(parents, states, strict=True))
        table[states] = noisy_or(
            number(network["cause_leak"][cause]), [number(link) for pair, link in links.items() if pair in active]
        )
    return table


# --- the second way: average what touches one cause, grow the states one cause at a time ----------------------------


@overload
def joint_factored(network: Network, evidence: Evidence, *, exact: Literal[False] = False) -> dict[Causes, float]: ...
@overload
def joint_factored(network: Network, evidence: Evidence, *, exact: Literal[True]) -> dict[Causes, Fraction]: ...
def joint_factored(
    network: Network, evidence: Evidence, *, exact: bool = False
) -> dict[Causes, float] | dict[Causes, Fraction]:
    """Return P(causes, evidence) as `joint` does, enumerating only unknown risk factors that touch several causes.

    An unknown risk factor r with one child k touches nothing else, and k's chance of "no" is a product with the factor
    ``1 - link`` for r; so r acts on k like an active parent whose link is the average of its links over r's states. A
    risk factor whose state is certain acts that way on all its children. Given those still enumerated, the causes are
    taken parents first, each splitting every cell in two. Findings answered "no" are multiplied cause by cause, since
    P(all of them "no" | causes) is a product with one factor for each present cause.

    Parameters
    ----------
    network, evidence, exact : as for `joint`. Virtual evidence re-weights a risk factor's states before the average.

    Returns
    -------
    dict : as for `joint`.

    Raises
    ------
    ValueError : the network or the evidence is malformed.

    References
    ----------
    Absent findings factorise: Heckerman 1990 (Quickscore). Noisy-OR with leak: Pearl 1988 section 4.3.2, Henrion 1989.
    """
    return _joint_factored(network, evidence, Fraction) if exact else _joint_factored(network, evidence, float)


def _joint_factored(network: Network, evidence: Evidence, number: Callable[[float], Number]) -> dict[Causes, Number]:
    answered = _checked_evidence(network, evidence)
    order = _parents_first(network)
    arcs = {
        cause: {
            parent: number(link)
            for (parent, _), link in network["cause_link"].get(cause, {}).items()
            if parent in network["causes"]
        }
        for cause in order
    }
    chance_of_answers, folded, shared = _fold_risks(network, answered, order, number)
    weights = {present: number(0.0) for present in _subsets(order)}
    for combination in product(*shared):
        chance = chance_of_answers
        for factor, _ in combination:
            chance = chance * factor
        cells = [(frozenset[str](), chance)]
        for cause in order:
            here = _yes_and_no(folded[cause] + [link[cause] for _, link in combination if cause in link], number)
            split = []
            for present, cell in cells:
                yes, no = here
                for parent, link in arcs[cause].items():
                    if parent in present:
                        yes, no = yes + no * link, no * (1 - link)
                split += [(present, cell * no), (present | {cause}, cell * yes)]
            cells = split
        for present, cell in cells:
            weights[present] = weights[present] + cell
    factors = _finding_factors(network, answered, list(weights), number)
    return {present: weight * factors[present] for present, weight in weights.items()}


def _fold_risks(
    network: Network, answered: Evidence, causes: Sequence[str], number: Callable[[float], Number]
) -> tuple[Number, dict[str, list[Number]], list[list[tuple[Number, dict[str, Number]]]]]:
    """Fold each risk factor into its causes as one more link, or keep it to be enumerated.

    Returns
    -------
    P(answers to risk factors); for each cause its leak and the links folded in; for each risk factor kept, its possible
    states as pairs (chance given its own answer, {cause: link}).
    """
    chance_of_answers = number(1.0)
    folded = {cause: [number(network["cause_leak"][cause])] for cause in causes}
    shared = []
    for risk in network["risk_factors"]:
        weight = {state: w for state, w in _risk_weights(network, answered, risk, number).items() if w}
        total = sum(weight.values(), number(0.0))
        chance_of_answers = chance_of_answers * total
        effects = []
        for state, w in weight.items():
            links = {
                cause: number(network["cause_link"][cause][risk, state])
                for cause in causes
                if (risk, state) in network["cause_link"].get(cause, {})
            }
            effects.append((w / total, links))
        children = [cause for cause in causes if any(cause in links for _, links in effects)]
        if len(effects) > 1 and len(children) > 1:
            shared.append(effects)
            continue
        for cause in children:
            average = number(0.0)
            for chance, links in effects:
                average = average + chance * links.get(cause, number(0.0))
            folded[cause].append(average)
    return chance_of_answers, folded, shared


def _finding_factors(
    network: Network, answered: Evidence, states: Sequence[Causes], number: Callable[[float], Number]
) -> dict[Causes, Number]:
    """Return P(answers to findings | causes): "no" answers as one factor for each cause, the others state by state."""
    constant = number(1.0)
    absent_factor = {cause: number(1.0) for cause in network["causes"]}
    graded: list[tuple[str, Number, Number]] = []
    for finding, leak in network["finding_leak"].items():
        answer = answered.get(finding)
        if answer == "no":
            constant = constant * (1 - number(leak))
            for cause, link in network["finding_link"].get(finding, {}).items():
                absent_factor[cause] = absent_factor[cause] * (1 - number(link))
        elif answer is not None:
            weight_no, weight_yes = _answer_weights(answer, number)
            graded.append((finding, weight_no, weight_yes))
    factors = {}
    for present in states:
        factor = constant
        for cause in present:
            factor = factor * absent_factor[cause]
        for finding, weight_no, weight_yes in graded:
            chances = [network["finding_leak"][finding]]
            chances += [link for cause, link in network["finding_link"].get(finding, {}).items() if cause in present]
            yes, no = _yes_and_no([number(chance) for chance in chances], number)
            factor = factor * (weight_yes * yes + weight_no * no)
        factors[present] = factor
    return factors


def _yes_and_no(links: Iterable[Number], number: Callable[[float], Number]) -> tuple[Number, Number]:
    """Return P(yes) and P(no) of a noisy-OR, neither taken from 1, so that small ones keep all their digits."""
    yes, no = number(0.0), number(1.0)
    for link in links:
        yes, no = yes + no * link, no * (1 - link)
    return yes, no


# --- what is read off the weights, whichever way they were made -----------------------------------------------------


def marginals(weights: Mapping[Causes, Number]) -> dict[str, Number]:
    """Return P(cause | evidence) for each cause.

    Parameters
    ----------
    weights : what `joint` or `joint_factored` returned.

    Returns
    -------
    dict : cause to probability in [0, 1]. Causes co-occur, so they need not sum to 1.

    Raises
    ------
    ValueError : the evidence has probability zero, or too small a one for floats.
    """
    total = _trusted_total(weights)
    causes = sorted(frozenset[str]().union(*weights))
    return {cause: sum(w for present, w in weights.items() if cause in present) / total for cause in causes}


def share_without(weights: Mapping[Causes, Number], causes: Collection[str]) -> Number:
    """Return P(none of these causes is present | evidence) from what `joint` or `joint_factored` returned.

    Raises
    ------
    ValueError : a cause is not in the network, or the evidence has probability zero or too small a one for floats.
    """
    unknown = set(causes) - frozenset[str]().union(*weights)
    if unknown:
        message = f"not causes of this network: {sorted(unknown)}"
        raise ValueError(message)
    total = _trusted_total(weights)
    return sum(w for present, w in weights.items() if present.isdisjoint(causes)) / total


def log_total(weights: Mapping[Causes, Number]) -> float:
    """Return the natural log of P(evidence) from what `joint` or `joint_factored` returned, as a float in either case.

    Raises
    ------
    ValueError : the evidence has probability zero, or too small a one for floats.
    """
    total = _trusted_total(weights)
    if isinstance(total, float):
        return math.log(total)
    # A fraction may be far below the smallest float: take out a power of two first.
    power = total.numerator.bit_length() - total.denominator.bit_length()
    return power * math.log(2) + math.log(total / Fraction(2) ** power)


def _trusted_total(weights: Mapping[Causes, Number]) -> Number:
    total = sum(weights.values())
    if total == 0 or (isinstance(total, float) and total < SMALLEST_TRUSTED_TOTAL):
        message = "the evidence has probability zero, or one too small for floats (exact=True tells which)"
        raise ValueError(message)
    # The sum of no weights is the int 0, which was refused above.
    return total


@overload
def posterior(network: Network, evidence: Evidence, *, exact: Literal[False] = False) -> dict[str, float]: ...
@overload
def posterior(network: Network, evidence: Evidence, *, exact: Literal[True]) -> dict[str, Fraction]: ...
def posterior(network: Network, evidence: Evidence, *, exact: bool = False) -> dict[str, float] | dict[str, Fraction]:
    """Return P(cause | evidence) for every cause by full enumeration; see `joint` for parameters and `marginals`."""
    return marginals(_joint(network, evidence, Fraction)) if exact else marginals(_joint(network, evidence, float))


@overload
def posterior_factored(network: Network, evidence: Evidence, *, exact: Literal[False] = False) -> dict[str, float]: ...
@overload
def posterior_factored(network: Network, evidence: Evidence, *, exact: Literal[True]) -> dict[str, Fraction]: ...
def posterior_factored(
    network: Network, evidence: Evidence, *, exact: bool = False
) -> dict[str, float] | dict[str, Fraction]:
    """Return P(cause | evidence) for every cause the second way; see `joint_factored` and `marginals`."""
    if exact:
        return marginals(_joint_factored(network, evidence, Fraction))
    return marginals(_joint_factored(network, evidence, float))


@overload
def none_of(
    network: Network, evidence: Evidence, causes: Collection[str], *, exact: Literal[False] = False
) -> float: ...
@overload
def none_of(network: Network, evidence: Evidence, causes: Collection[str], *, exact: Literal[True]) -> Fraction: ...
def none_of(network: Network, evidence: Evidence, causes: Collection[str], *, exact: bool = False) -> float | Fraction:
    """Return P(none of these causes | evidence) by full enumeration.

    See `joint` for parameters. On a large network use ``share_without(joint_factored(network, evidence), causes)``.
    """
    if exact:
        return share_without(_joint(network, evidence, Fraction), causes)
    return share_without(_joint(network, evidence, float), causes)


def log_evidence(network: Network, evidence: Evidence, *, exact: bool = False) -> float:
    """Return the natural log of P(evidence) by full enumeration.

    Virtual evidence counts with its weights, which are at most 1, and the presenting complaint is part of the evidence.
    See `joint` for parameters. On a large network use ``log_total(joint_factored(network, evidence))``.
    """
    return log_total(_joint(network, evidence, Fraction)) if exact else log_total(_joint(network, evidence, float))


# --- shared by both routines: reading and checking what was asked ---------------------------------------------------


def _checked_evidence(network: Network, evidence: Evidence) -> dict[str, str | float]:
    """Check the network and the evidence, and return the evidence with the presenting complaint in it."""
    _check_network(network)
    risks, findings = network["risk_factors"], network["finding_leak"]
    answered: dict[str, str | float] = dict(evidence)
    problems = []
    presenting = network["presenting"]
    if presenting is not None and answered.setdefault(presenting, "yes") != "yes":
        problems.append(f"{presenting}: the presenting complaint is always 'yes', found {answered[presenting]!r}")
    for name, answer in answered.items():
        states = risks[name]["states"] if name in risks else ["no", "yes"]
        if name not in risks and name not in findings:
            problems.append(f"{name}: neither a finding nor a risk factor")
        elif isinstance(answer, str):
            if answer not in states:
                problems.append(f"{name}: found {answer!r}, expected one of {list(states)}")
        elif isinstance(answer, bool) or not 0 <= answer <= 1:
            problems.append(f"{name}: found {answer!r}, expected a state or a number from 0 to 1")
        elif list(states) != ["no", "yes"]:
            problems.append(f"{name}: a number needs the states no and yes, these are {list(states)}")
    if problems:
        raise ValueError("; ".join(problems))
    return answered


def _check_network(network: Network) -> None:
    causes, risks, findings = network["causes"], network["risk_factors"], network["finding_leak"]
    problems = []
    names = [*causes, *risks, *findings]
    if len(set(names)) < len(names):
        problems.append("an id is used twice")
    if set(network["cause_leak"]) != set(causes):
        problems.append("cause_leak: needs exactly the causes")
    if network["presenting"] is not None and network["presenting"] not in findings:
        problems.append(f"presenting: {network['presenting']!r} is not a finding")
    active = {(cause, "yes") for cause in causes}
    for name, risk in risks.items():
        active |= {(name, state) for state in risk["states"]}
        if sorted(risk["base"]) != sorted(risk["states"]):
            problems.append(f"{name}: base needs exactly the states")
        if abs(sum(risk["base"].values()) - 1) > BASE_SUM_TOLERANCE:
            problems.append(f"{name}: base sums to {sum(risk['base'].values())}, not 1")
    for cause, from_parents in network["cause_link"].items():
        problems += [f"{cause}: no parent {pair}" for pair in from_parents if cause not in causes or pair not in active]
    for finding, from_causes in network["finding_link"].items():
        problems += [
            f"{finding}: no cause {cause}" for cause in from_causes if finding not in findings or cause not in causes
        ]
    chances: list[float] = [*network["cause_leak"].values(), *findings.values()]
    for factor in risks.values():
        chances += factor["base"].values()
    for cause_links in network["cause_link"].values():
        chances += cause_links.values()
    for finding_links in network["finding_link"].values():
        chances += finding_links.values()
    problems += [f"{chance} is not a probability" for chance in chances if not 0 <= chance <= 1]
    if problems:
        raise ValueError("; ".join(problems))
    _parents_first(network)


def _parents_first(network: Network) -> list[str]:
    """Return the causes ordered so that parents come before children; raise ValueError if arcs run in a circle."""
    order: list[str] = []
    waiting = list(network["causes"])
    while waiting:
        ready = [
            cause
            for cause in waiting
            if not any(parent in waiting for parent, _ in network["cause_link"].get(cause, {}))
        ]
        if not ready:
            message = f"the arcs between {waiting} run in a circle"
            raise ValueError(message)
        order += ready
        waiting = [cause for cause in waiting if cause not in ready]
    return order


def _subsets(causes: Sequence[str]) -> list[Causes]:
    return [frozenset(chosen) for size in range(len(causes) + 1) for chosen in combinations(causes, size)]


def _answer_weights(answer: str | float, number: Callable[[float], Number]) -> tuple[Number, Number]:
    """Return the weights of "no" and of "yes" that an answer to a yes/no question stands for; the larger one is 1."""
    if isinstance(answer, str):
        return (number(0.0), number(1.0)) if answer == "yes" else (number(1.0), number(0.0))
    yes = number(answer)
    no = 1 - yes
    return no / max(no, yes), yes / max(no, yes)


def _risk_weights(
    network: Network, answered: Evidence, risk: str, number: Callable[[float], Number]
) -> dict[str, Number]:
    """Return base rate times the weight of the answer, for each state of a risk factor; sums to P(its evidence)."""
    factor = network["risk_factors"][risk]
    base = {state: number(factor["base"][state]) for state in factor["states"]}
    # Floats such as 0.36 + 0.44 + 0.2 miss 1 in the last digit; dividing makes exact mode sum to exactly 1.
    total = sum(base.values(), start=number(0.0))
    base = {state: value / total for state, value in base.items()}
    answer = answered.get(risk)
    if answer is None:
        return base
    if isinstance(answer, str):
        return {state: value if state == answer else number(0.0) for state, value in base.items()}
    weight_no, weight_yes = _answer_weights(answer, number)
    return {"no": base["no"] * weight_no, "yes": base["yes"] * weight_yes}


# --- the shipped model as a plain dict ------------------------------------------------------------------------------


def read_parameters(path: str | Path) -> Network:
    """Read ``parameters.csv`` of the evidence dossier into a plain network.

    Rows ``age_30_to_50`` and ``age_over_50`` become one risk factor, ``age_band``, with the states ``under_30`` (the
    remainder), ``30_to_50`` and ``over_50``. A ``risk_link`` whose parent is a cause becomes an arc between causes. The
    presenting complaint is ``buttock_pain``.

    Parameters
    ----------
    path : the csv file, with at least the columns kind, parent, child, value.

    Returns
    -------
    Network : causes in the order of the file.

    Raises
    ------
    ValueError : a row of an unknown kind, or two rows for the same number.
    """
    columns: dict[str, dict[tuple[str, str], float]] = {
        kind: {} for kind in ("prior", "risk_base", "risk_link", "finding_leak", "finding_link")
    }
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["parent"], row["child"])
            if row["kind"] not in columns or key in columns[row["kind"]]:
                message = f"unknown kind or repeated row: {row['kind']}, {key}"
                raise ValueError(message)
            columns[row["kind"]][key] = float(row["value"])

    def parent_state(parent: str) -> tuple[str, str]:
        return ("age_band", parent.removeprefix("age_")) if parent.startswith("age_") else (parent, "yes")

    risk_factors: dict[str, RiskFactor] = {}
    ages: dict[str, float] = {}
    for (_, risk), value in columns["risk_base"].items():
        if risk.startswith("age_"):
            ages[risk.removeprefix("age_")] = value
        else:
            risk_factors[risk] = {"states": ["no", "yes"], "base": {"no": 1 - value, "yes": value}}
    if ages:
        risk_factors["age_band"] = {
            "states": ["under_30", *ages],
            "base": {"under_30": 1 - sum(ages.values()), **ages},
        }
    cause_link: dict[str, dict[tuple[str, str], float]] = {}
    for (parent, cause), value in columns["risk_link"].items():
        cause_link.setdefault(cause, {})[parent_state(parent)] = value
    finding_link: dict[str, dict[str, float]] = {}
    for (cause, finding), value in columns["finding_link"].items():
        finding_link.setdefault(finding, {})[cause] = value
    return {
        "causes": [cause for _, cause in columns["prior"]],
        "presenting": "buttock_pain",
        "risk_factors": risk_factors,
        "cause_leak": {cause: value for (_, cause), value in columns["prior"].items()},
        "cause_link": cause_link,
        "finding_leak": {finding: value for (_, finding), value in columns["finding_leak"].items()},
        "finding_link": finding_link,
    }


def evidence_from_answers(answers: Mapping[str, str | float]) -> dict[str, str | float]:
    """Turn answers as a user gives them into evidence for the network of `read_parameters`.

    Parameters
    ----------
    answers : id to answer. ``age`` is in whole years: up to 29 is under_30, 30 to 50 (both included) is 30_to_50,
        51 and more is over_50. ``sex`` is "female" or "male".

    Returns
    -------
    dict : the same with ``age_band`` and ``female_sex`` in place of the two.

    Examples
    --------
    >>> evidence_from_answers({"age": 50, "sex": "male", "leg_numbness": "yes"})
    {'leg_numbness': 'yes', 'age_band': '30_to_50', 'female_sex': 'no'}
    """
    evidence = {name: answer for name, answer in answers.items() if name not in {"age", "sex"}}
    if "age" in answers:
        age, first_middle, first_old = float(answers["age"]), 30, 51
        evidence["age_band"] = "under_30" if age < first_middle else "30_to_50" if age < first_old else "over_50"
    if "sex" in answers:
        evidence["female_sex"] = {"female": "yes", "male": "no"}[str(answers["sex"])]
    return evidence


# --- random small networks ------------------------------------------------------------------------------------------


def random_network(rng: Random, causes: int, risk_factors: int, findings: int) -> Network:
    """Return a random network: forward arcs, some risk factors of three or four states, chances from 1e-5 to 0.999.

    Parameters
    ----------
    rng : where all randomness comes from; the same generator state gives the same network.
    causes, risk_factors, findings : how many of each; ids are ``c0``, ``r0``, ``f0`` and so on.

    Returns
    -------
    Network : arcs run from a lower-numbered cause to a higher one, but ``causes`` is listed in shuffled order. The
        first state of a risk factor is never active. Half of the networks with findings have ``f0`` as presenting
        complaint.
    """

    def chance() -> float:
        kind = rng.choices(["edge", "log scale", "plain"], weights=[1, 4, 5])[0]
        if kind == "edge":
            return rng.choice([1e-5, 0.999])
        return (
            math.exp(rng.uniform(math.log(1e-4), math.log(0.999))) if kind == "log scale" else rng.uniform(0.01, 0.99)
        )

    cause_ids = [f"c{i}" for i in range(causes)]
    risks: dict[str, RiskFactor] = {}
    for i in range(risk_factors):
        states = rng.choice([["no", "yes"], ["no", "yes"], ["low", "middle", "high"], ["none", "a", "b", "c"]])
        shares = [chance() for _ in states]
        risks[f"r{i}"] = {
            "states": states,
            "base": {state: share / sum(shares) for state, share in zip(states, shares, strict=True)},
        }
    cause_link: dict[str, dict[tuple[str, str], float]] = {}
    for i, cause in enumerate(cause_ids):
        pairs = [(risk, state) for risk, factor in risks.items() for state in factor["states"][1:]]
        pairs += [(parent, "yes") for parent in cause_ids[:i]]
        cause_link[cause] = {pair: chance() for pair in pairs if rng.choice([True, False])}
    finding_ids = [f"f{i}" for i in range(findings)]
    return {
        "causes": rng.sample(cause_ids, causes),
        "presenting": rng.choice(["f0", None]) if findings else None,
        "risk_factors": risks,
        "cause_leak": {cause: chance() for cause in cause_ids},
        "cause_link": cause_link,
        "finding_leak": {finding: chance() for finding in finding_ids},
        "finding_link": {
            finding: {cause: chance() for cause in cause_ids if rng.choice([True, True, False])}
            for finding in finding_ids
        },
    }


def random_evidence(rng: Random, network: Network) -> dict[str, str | float]:
    """Return random evidence for a network: about a third each unknown, a plain state, and a number in [0, 1].

    Risk factors of more than two states are never answered with a number. The presenting complaint is left out.
    """
    evidence: dict[str, str | float] = {}
    for name in (*network["risk_factors"], *network["finding_leak"]):
        states = network["risk_factors"][name]["states"] if name in network["risk_factors"] else ["no", "yes"]
        kind = rng.choice(["unknown", "state", "number"])
        if name == network["presenting"] or kind == "unknown":
            continue
        binary = list(states) == ["no", "yes"]
        evidence[name] = rng.choice([0.5, rng.random()]) if kind == "number" and binary else rng.choice(list(states))
    return evidence
