"""Small inline pictures; the words beside them always say the same.

They carry no text of their own beyond a title and a description, and lengths are per cent of the width, so they fit any
screen. What they draw is held off both ends of the scale: nothing is never and nothing is certain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from buttockpain.render.element import Html, element
from buttockpain.render.words import level_text, share_text

if TYPE_CHECKING:
    from buttockpain.render.outline import Bar, Step, Waterfall
    from buttockpain.types import Level

__all__ = ["bar_picture", "level_icon", "point_picture", "step_picture", "urgency_scale"]

# Per cent of the width at which a drawn share is held.
_LEAST, _MOST = 1.5, 98.5
# The width of a step that is next to nothing, so that it can be seen at all.
_THIN = 0.5
# Where a step is drawn, below the top of its line: beside the first row of its words.
_TOP, _HIGH, _BOTTOM = "0.8em", "0.75em", "1.55em"

_STEPS = 5

_ICONS = {
    "octagon": "M8 2h8l6 6v8l-6 6H8l-6-6V8zM12 6.5v7M12 16.6v.8",
    "triangle": "M12 2.5 22.5 21h-21zM12 9v6M12 17.6v.4",
    "calendar": "M3 5h18v16H3zM3 10h18M8 2.5V7M16 2.5V7M8 14.5h3M13 14.5h3",
    "circle": "M12 2a10 10 0 1 1 0 20a10 10 0 1 1 0-20zM12 10.8V17M12 7v.4",
}
_ICON_OF = {
    "emergency_ambulance": "octagon",
    "emergency": "octagon",
    "consultation_24h": "triangle",
    "consultation": "calendar",
    "self_care": "circle",
}


def level_icon(level: Level) -> Html:
    """Return the sign of a level: a shape, so that it is not told by colour alone."""
    shape = _ICON_OF[level.value]
    return _picture("icon", f"Level: {level_text(level)}", element("path", d=_ICONS[shape]), viewBox="0 0 24 24")


def urgency_scale(level: Level) -> Html:
    """Return the steps of the triage ladder, filled up to this level."""
    steps = (
        element("rect", class_="on" if step <= level.rank else "off", x=_percent(20 * step + 1), width="18%", y="10%",
                height="80%")
        for step in range(_STEPS)
    )  # fmt: skip
    return _picture("scale", f"Urgency: step {level.rank + 1} of {_STEPS}", *steps)


def bar_picture(bar: Bar) -> Html:
    """Return the bar of one line of the ranking, with a mark for the figure before any answer."""
    kind = "none" if bar.place is None else "share"
    shapes = [
        element("rect", class_="track", width="100%", height="100%"),
        element("rect", class_=kind, width=_held(bar.share), height="100%"),
    ]
    described = ""
    if bar.before is not None:
        at = _held(bar.before)
        shapes += [element("line", class_=line, x1=at, x2=at, y1="0", y2="100%") for line in ("halo", "mark")]
        described = f"Before any answer: {share_text(bar.before)}"
    return _picture("bar", f"{bar.label}: {bar.figure}", *shapes, described=described)


def step_picture(step: Step, waterfall: Waterfall) -> Html:
    """Return the part of the way that one answer adds, with a thread to the answers before and after it."""
    start, end = (_placed(log_odds, waterfall) for log_odds in (step.start, step.end))
    kind = "for" if end > start else "against"
    bar = element("rect", class_=kind, x=_percent(min(start, end)), width=_percent(max(abs(end - start), _THIN)),
                  y=_TOP, height=_HIGH)  # fmt: skip
    threads = _thread(start, "0", _TOP), _thread(end, _BOTTOM, "100%")
    return _picture("step", f"{step.label}: {step.figure}", *threads, bar, described=f"Speaks {kind}")


def point_picture(title: str, log_odds: float, waterfall: Waterfall, *, first: bool) -> Html:
    """Return the point where the way starts or ends."""
    place = _placed(log_odds, waterfall)
    thread = _thread(place, _BOTTOM, "100%") if first else _thread(place, "0", _TOP)
    mark = element("line", class_="mark", x1=_percent(place), x2=_percent(place), y1=_TOP, y2=_BOTTOM)
    return _picture("step", title, thread, mark)


def _placed(log_odds: float, waterfall: Waterfall) -> float:
    """Return where some log-odds are drawn, in per cent of the width."""
    low, high = waterfall.span
    return _LEAST + (_MOST - _LEAST) * (log_odds - low) / (high - low)


def _thread(place: float, top: str, bottom: str) -> Html:
    return element("line", class_="thread", x1=_percent(place), x2=_percent(place), y1=top, y2=bottom)


def _picture(kind: str, title: str, *shapes: Html, described: str = "", **attributes: str) -> Html:
    """Return a picture with its text alternative."""
    words = [element("title", title)]
    if described:
        words.append(element("desc", described))
    return element("svg", *words, *shapes, class_=kind, role="img", **attributes)


def _held(share: float) -> str:
    """Return a share of 1 in per cent, held off both ends."""
    return _percent(min(max(100 * share, _LEAST), _MOST))


def _percent(value: float) -> str:
    """Return per cent of the width, with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"
