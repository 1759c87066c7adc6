"""Data frames of polars, pandas and pyarrow: the answers as further columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from buttockpain.cohort.encodings import arrow
from buttockpain.cohort.scorer import Scorer
from buttockpain.errors import AnswerError, MissingExtraError, Problem

if TYPE_CHECKING:
    from buttockpain.model import Model

__all__ = ["score_frame"]


def score_frame(frame: Any, model: Model | None = None, **options: Any) -> Any:
    """Return a frame of the same kind with the answers added as columns.

    Parameters
    ----------
    frame : an eager frame of polars, pandas, pyarrow or anything else that narwhals knows.
    options : as for `Scorer`. All columns are kept; `ids` names those that are known to answer no question.

    Raises
    ------
    AnswerError : as for `Scorer.score_batch`; or a column that stands there twice, that Arrow cannot hold, or that has
        the name of an answer.
    TypeError : it is no eager frame.
    MissingExtraError : `narwhals` is not installed.

    Examples
    --------
    >>> import pandas
    >>> people = pandas.DataFrame({"person": ["a", "b"], "slr_positive": [True, False]}, index=[7, 3])
    >>> score_frame(people)["triage_level"].to_dict()
    {7: 'consultation', 3: 'consultation'}
    """
    try:
        import narwhals as nw  # noqa: PLC0415 - optional
        from narwhals.exceptions import DuplicateError  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("narwhals", "frames") from None
    pa = arrow()
    try:
        kept = nw.from_native(frame, eager_only=True)
    except DuplicateError:
        expected = "one column of a name"
        raise AnswerError([Problem("frame", "two columns of a name", expected, "rename or remove one")]) from None
    except TypeError:
        message = (
            f"expected an eager frame, not {type(frame).__module__}.{type(frame).__name__}; collect a lazy one first"
        )
        raise TypeError(message) from None
    scorer = Scorer(model, **options)
    scorer.check_names(kept.columns)
    used = [*dict.fromkeys([*scorer.columns(kept.columns).used, *scorer.ids])]
    expected, problems, arrays = "one type per column, such as nullable booleans", [], {}
    for name in used:
        try:
            arrays[name] = kept[name].to_arrow()
        except (pa.ArrowException, TypeError, ValueError):  # its message may hold what stands in the cells
            problems.append(Problem(name, "a column of mixed types", expected, "convert it first"))
    if problems:
        raise AnswerError(problems)
    scored = scorer.score_table(pa.table(arrays or {"": pa.nulls(len(kept))}))
    found = nw.from_arrow(scored.drop_columns(list(scorer.ids)), backend=kept.implementation)
    return kept.with_columns(*(found[name] for name in found.columns)).to_native()
