"""Markdown of comparisons, evaluations and fits. Writers format; they compute nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from buttockpain.presentation import Answer

if TYPE_CHECKING:
    from buttockpain.research.comparison import Change, Comparison
    from buttockpain.research.differences import Difference
    from buttockpain.research.evaluation import Evaluation
    from buttockpain.research.learning import Fit
    from buttockpain.research.shares import Share

__all__ = ["comparison_markdown", "evaluation_markdown", "fit_markdown", "markdown_table"]

_LONGEST = 80  # characters of a text in a table cell
_RARE = 0.001  # share below which a change of the leading cause gets no row of its own
_OF_NUMBERS = ("value", "range", "source")
_FEW = 4  # answers "no" that are named one by one in an example


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    r"""Return the lines of a Markdown table; columns after the first are set to the right if they hold numbers only.

    Examples
    --------
    >>> print(*markdown_table(["cause", "n"], [["sciatica", "12"]]), sep="\n")
    | cause | n |
    |---|---:|
    | sciatica | 12 |
    """
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    right = [
        bool(cells) and all(row[c].lstrip("+-")[:1].isdigit() or row[c] == "" for row in cells)
        for c in range(len(header))
    ]
    return [
        _line(header),
        "|" + "|".join("---:" if numeric and c else "---" for c, numeric in enumerate(right)) + "|",
        *map(_line, cells),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def comparison_markdown(comparison: Comparison) -> str:
    """Return a comparison as Markdown; see `comparison.Comparison`."""
    before, after = comparison.before, comparison.after
    lines = [
        "## Model diff",
        "",
        *markdown_table(
            ["", "model", "version", "fingerprint"],
            [["before", before.id, before.version, f"`{before.fingerprint[:12]}`"],
             ["after", after.id, after.version, f"`{after.fingerprint[:12]}`"]],
        ),
        "",
        *_differences(comparison.differences),
        *_priors(comparison.priors),
        *_effects(comparison),
        *_changes(comparison.changes),
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def _differences(found: Sequence[Difference]) -> list[str]:
    """Return what differs: the numbers in one table, a row each, everything else in another."""
    paths = dict.fromkeys(one.path for one in found)
    lines = [f"### What differs: {len(paths)} {'path' if len(paths) == 1 else 'paths'}", ""]
    numbers: dict[str, list[Difference]] = {}
    for one in found:
        if one.aspect in _OF_NUMBERS:
            numbers.setdefault(one.path, []).append(one)
    if numbers:
        rows = [
            [f"`{path}`", _numbers(one.before for one in ones), _numbers(one.after for one in ones)]
            for path, ones in numbers.items()
        ]
        lines += [*markdown_table(["number", "before", "after"], rows), ""]
    rest = [[f"`{one.path}`", one.aspect, _shown(one.before), _shown(one.after)]
            for one in found if one.aspect not in _OF_NUMBERS]  # fmt: skip
    if rest:
        lines += [*markdown_table(["path", "what", "before", "after"], rest), ""]
    return lines if found else [*lines, "Nothing.", ""]


def _numbers(parts: Iterable[Any]) -> str:
    """Return what differs in a number: its value, its range, its basis."""
    words = []
    for part in parts:
        if isinstance(part, Mapping):
            words.append(str(part["basis"]))
        else:
            words.append(f"({part[0]:g} to {part[1]:g})" if isinstance(part, tuple) else f"{part:.6g}")
    return " ".join(words)


def _shown(entry: Any) -> str:
    """Return one side of a difference, short enough for a table cell."""
    if entry is None:
        return "absent"
    if isinstance(entry, Mapping):
        entry = entry.get("label") or entry.get("reason") or "present"
    text = ", ".join(map(str, entry)) if isinstance(entry, list) else str(entry)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _priors(priors: Mapping[str, tuple[float | None, float | None]]) -> list[str]:
    """Return what a patient with the complaint and no answers is told."""
    rows = [
        [f"`{name}`", *("absent" if one is None else f"{one:.1%}" for one in pair)] for name, pair in priors.items()
    ]
    return ["### Given the complaint alone", "", *markdown_table(["cause", "before", "after"], rows), ""]


def _effects(comparison: Comparison) -> list[str]:
    """Return whose answer changes, as shares of the patients each model expects."""
    one, other = comparison.effects
    rows = [
        ["another cause leads", _share(one.top), _share(other.top)],
        ["triage level higher", _share(one.raised), _share(other.raised)],
        ["triage level lower", _share(one.lowered), _share(other.lowered)],
    ]
    return [
        "### Whose answer changes",
        "",
        *markdown_table(["", "of patients drawn from before", "of patients drawn from after"], rows),
        "",
        f"Simulated: {one.top.of:,} and {other.top.of:,} patients, each judged by both models; 95% score intervals.",
        "",
    ]


def _share(share: Share) -> str:
    low, high = share.wilson
    return f"{share.share:.2%} ({low:.2%} to {high:.2%})"


def _changes(changes: Sequence[Change]) -> list[str]:
    """Return the kinds of changes with their smallest examples; rare changes of the leading cause are counted."""
    shown = [change for change in changes if change.decision == "level" or change.share.share >= _RARE]
    if not changes:
        return []
    rows = [
        ["triage" if change.decision == "level" else "leading", f"{change.before} → {change.after}",
         f"{change.share.share:.2%}", _answers(change.answers)]
        for change in shown
    ]  # fmt: skip
    rarer = [change.share.share for change in changes if change not in shown]
    return [
        "### Smallest example of each change",
        "",
        *markdown_table(["decision", "change", "share", "answers"], rows),
        "",
        *([f"And {len(rarer)} rarer changes of the leading cause, {sum(rarer):.2%} together.", ""] if rarer else []),
    ]


def _answers(answers: Mapping[str, Answer]) -> str:
    """Return the answers of an example in words; a long list of noes is counted."""
    said = [f"{name} {answer}" for name, answer in answers.items() if answer != "no"]
    no = [name for name, answer in answers.items() if answer == "no"]
    if len(no) > _FEW:
        said.append(f"no to {len(no)} questions")
    else:
        said += [f"{name} no" for name in no]
    return ", ".join(said) or "no answer at all"


def evaluation_markdown(evaluation: Evaluation) -> str:
    """Return an evaluation as Markdown; see `evaluation.Evaluation`."""
    shares = [("first option true", evaluation.top_1), ("one of the first two true", evaluation.top_2)]
    if evaluation.triage is not None:
        triage = evaluation.triage
        shares += [
            ("triage as the reference", triage.exact), ("under-triage", triage.under), ("over-triage", triage.over),
            ("emergencies missed", triage.missed_emergencies),
        ]  # fmt: skip
    error = evaluation.calibration_error
    lines = [
        f"## Evaluation on {evaluation.cases:,} cases",
        "",
        *markdown_table(
            ["", "share", "95% interval (exact)", "cases"],
            [[name, f"{share.share:.1%}" if share.of else "", _exact(share), f"{share.count:,} of {share.of:,}"]
             for name, share in shares],
        ),
        "",
        *markdown_table(
            ["option", "cases", "occurred", "expected", "Brier", "log score", "AUC"],
            [[f"`{one.option}`", f"{one.cases:,}", _figure(one.prevalence, ".1%"), _figure(one.mean_probability, ".1%"),
              _figure(one.brier, ".3f"), _figure(one.log_score, ".3f"), _figure(one.auc, ".3f")]
             for one in evaluation.options],
        ),
        "",
        *markdown_table(
            ["probability", "expected", "occurred", "95% interval (exact)", "cases"],
            [[f"{one.low:.0%} to {one.high:.0%}", f"{one.mean_probability:.1%}", f"{one.observed.share:.1%}",
              _exact(one.observed), f"{one.observed.of:,}"]
             for one in evaluation.calibration],
        ),
        "",
        f"Calibration error of the ranked causes, pooled: {_figure(error, '.3f') or 'not known'}.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def fit_markdown(fit: Fit, most: int) -> str:
    """Return a fit as Markdown, the numbers that moved most first; see `learning.Fit`."""
    moved = sorted(fit.numbers, key=lambda one: -abs(one.moved))[:most]
    start, end = fit.log_posterior[0], fit.log_posterior[-1]
    top = "converged" if fit.converged else "not converged"
    lines = [
        f"## Fit to {fit.cases:,} cases",
        "",
        f"{len(fit.numbers)} numbers; log-posterior {start:.1f} to {end:.1f}, {len(fit.log_posterior) - 1} steps, {top}.",
        "",
        *markdown_table(
            ["number", "before", "fitted", "95% interval", "moved (s.e.)", "from cases", "chances"],
            [[f"`{one.path}`", f"{one.before:.3g}", f"{one.value:.3g}", f"{one.low:.3g} to {one.high:.3g}",
              f"{one.moved:+.1f}", f"{one.from_cases:.0%}", f"{one.chances:,.0f}"]
             for one in moved],
        ),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _exact(share: Share) -> str:
    low, high = share.clopper_pearson
    return f"{low:.1%} to {high:.1%}"


def _figure(number: float | None, form: str) -> str:
    return "" if number is None else format(number, form)
