"""Whether a name was probably meant to be another: capitals, blanks and dots apart, within a slip of the hand, or with an affix."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["folded", "meant"]

_AFFIX = re.compile(r"^(?:has|is|any|q|rf|sx|flag)_|_(?:yn|flag|present|status|ind|bool|q)$")
_LONG = 8  # letters from which on two slips are one name's, and not another name


def folded(name: str) -> str:
    """Return a name as ids are written.

    Examples
    --------
    >>> [folded(name) for name in ("Saddle numbness", "saddle.numbness ", "saddleNumbness")]
    ['saddle_numbness', 'saddle_numbness', 'saddle_numbness']
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", apart).strip("_").casefold()


def meant(name: str, ids: Iterable[str]) -> str | None:
    """Return the id that a folded name was probably meant to be, None if it is no slip of any.

    Examples
    --------
    >>> meant("siezure", ["seizure"]), meant("has_saddle_numbness", ["saddle_numbness"]), meant("stage", ["age"])
    ('seizure', 'saddle_numbness', None)
    """
    bare = _AFFIX.sub("", name)
    for one in ids:
        if bare == one or _slips(name, one, most=2 if len(one) >= _LONG else 1):
            return one
    return None


def _slips(name: str, other: str, *, most: int) -> bool:
    """Return whether a few letters left out, put in, replaced or swapped with a neighbour make one name the other.

    References
    ----------
    Damerau, Communications of the ACM 7 (1964), 171-176: most misspellings are one such slip.
    """
    if abs(len(name) - len(other)) > most:
        return False
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(name, start=1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and name[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
    return row[-1] <= most
