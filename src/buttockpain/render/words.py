"""Numbers and free text as words, the same in every writer."""

from __future__ import annotations

import re

from buttockpain.types import MEASURES, Level

__all__ = [
    "answer_text",
    "display_probability",
    "level_text",
    "name_text",
    "plain",
    "ratio_text",
    "sentence",
    "share_text",
    "uncited",
]

_LEVELS = {
    Level.SELF_CARE: "self-care",
    Level.CONSULTATION: "consultation",
    Level.CONSULTATION_24H: "consultation within 24 hours",
    Level.EMERGENCY: "emergency",
    Level.EMERGENCY_AMBULANCE: "ambulance",
}

_MEASURED = {"pain_severity": "Pain severity from 0 to 10", "duration_days": "Duration in days"}

# A model file cites its references by number; a report numbers the sources it cites itself.
_CITATION = re.compile(r"\s*\[\d+(?:, ?\d+)*\]")

# For probabilities that no record displays itself: as guarded as those that are displayed.
_CAPS = (0.01, 0.95)

# Control characters (a terminal obeys them), marks that turn the direction of the text around them, invisible
# separators and tags, and half characters, which cannot be written as UTF-8. Joiners stay: some scripts need them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    r"""Return a text on one line, with a visible mark for every character that could act on the text around it.

    Examples
    --------
    >>> plain("one\n  two \x1b[31mthree\u202e")
    'one two \ufffd[31mthree\ufffd'
    """
    return " ".join(_UNSAFE.sub("\ufffd", text).split())


def display_probability(probability: float, caps: tuple[float, float]) -> str:
    """Return a probability as shown to people: whole per cent, never certain.

    Parameters
    ----------
    probability : 0 to 1.
    caps : the lowest and the highest probability that is shown as a number.

    Examples
    --------
    >>> [display_probability(p, (0.01, 0.95)) for p in (0.0, 0.123, 0.999)]
    ['under 1%', '12%', 'over 95%']
    """
    lowest, highest = caps
    if probability < lowest:
        return f"under {lowest:.0%}"
    return f"over {highest:.0%}" if probability > highest else f"{probability:.0%}"


def share_text(probability: float) -> str:
    """Return a probability that no record displays, with the same caution.

    Examples
    --------
    >>> [share_text(p) for p in (0.002, 0.118, 0.9999)]
    ['under 1%', '12%', 'over 95%']
    """
    return display_probability(probability, _CAPS)


def ratio_text(ratio: float) -> str:
    """Return a likelihood ratio with the digits that matter.

    Examples
    --------
    >>> [ratio_text(ratio) for ratio in (27.1, 1.234, 0.0312, 130.0, 2e9)]
    ['27', '1.2', '0.031', '130', '2e+09']
    """
    return f"{ratio:.0f}" if 100 <= ratio < 1000 else f"{ratio:.2g}"  # noqa: PLR2004 - .2g writes 130 as 1.3e+02


def name_text(name: str) -> str:
    """Return an id as words.

    Examples
    --------
    >>> name_text("pain_worse_sitting"), name_text("duration_days")
    ('Pain worse sitting', 'Duration in days')
    """
    return _MEASURED.get(name) or name.replace("_", " ").capitalize()


def level_text(level: Level) -> str:
    """Return a level in two or three words.

    Examples
    --------
    >>> level_text(Level.CONSULTATION_24H)
    'consultation within 24 hours'
    """
    return _LEVELS[level]


def sentence(text: str) -> str:
    """Return a text that starts with a capital letter.

    Examples
    --------
    >>> sentence("swollen calf")
    'Swollen calf'
    """
    return text[:1].upper() + text[1:]


def uncited(text: str) -> str:
    """Return a text of a model file without the numbers of its references, which mean nothing in a report.

    Examples
    --------
    >>> uncited("Guidance puts exercise first [69] and rest last [7, 12].")
    'Guidance puts exercise first and rest last.'
    """
    return _CITATION.sub("", text)


def answer_text(name: str, answer: str | float) -> str:
    """Return an answer as words.

    Examples
    --------
    >>> answer_text("age_band", "over_50"), answer_text("age", 45), answer_text("slr_positive", 0.8)
    ('over 50', '45', '0.8 for yes')
    """
    if isinstance(answer, str):
        return answer.replace("_", " ")
    return f"{answer:g}" if name in MEASURES else f"{answer:g} for yes"
