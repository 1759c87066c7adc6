"""Shares of patients with 95% intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from buttockpain.errors import MissingExtraError

__all__ = ["Share"]

_Z = 1.959963984540054  # 97.5% point of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many people.

    Examples
    --------
    >>> share = Share(2, 40)
    >>> share.share, [round(end, 3) for end in share.wilson], [round(end, 3) for end in share.clopper_pearson]
    (0.05, [0.014, 0.165], [0.006, 0.169])
    """

    count: int
    of: int

    @property
    def share(self) -> float:
        """The share itself; there must be somebody.

        Raises
        ------
        ZeroDivisionError : it is a share of nobody.
        """
        return self.count / self.of

    @property
    def wilson(self) -> tuple[float, float]:
        """The 95% score interval, close to its level on average; of nobody, 0 to 1.

        References
        ----------
        Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212.
        """
        if not self.of:
            return 0.0, 1.0
        middle = (self.count + _Z**2 / 2) / (self.of + _Z**2)
        half = _Z / (self.of + _Z**2) * math.sqrt(self.count * (self.of - self.count) / self.of + _Z**2 / 4)
        return middle - half if self.count else 0.0, middle + half if self.count < self.of else 1.0

    @property
    def clopper_pearson(self) -> tuple[float, float]:
        """The exact 95% interval, which never covers less: the one for claims about safety; of nobody, 0 to 1.

        Raises
        ------
        MissingExtraError : scipy is not installed.

        References
        ----------
        Clopper and Pearson, Biometrika 26 (1934), 404-413.
        """
        try:
            from scipy import stats  # noqa: PLC0415 - optional
        except ImportError:
            raise MissingExtraError("scipy", "research") from None
        if not self.of:
            return 0.0, 1.0
        interval = stats.binomtest(self.count, self.of).proportion_ci(0.95, method="exact")
        return float(interval.low), float(interval.high)
