"""HTML elements: text is escaped here, once, and nothing else in this package writes a tag."""

from __future__ import annotations

import html

from buttockpain.render.words import plain

__all__ = ["Html", "element", "joined"]

_VOID = frozenset({"col", "meta"})


class Html(str):
    """Text that is HTML already and must not be escaped again."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str) -> Html:
    """Return an element; children that are not `Html` are text.

    Parameters
    ----------
    tag : name of the element; written as it is, so never from a record.
    children : what stands inside, in order.
    attributes : by name; an underscore at the end is dropped and others become hyphens; values are escaped.

    Examples
    --------
    >>> element("p", 'a < "b"', class_="note", aria_label="c & d")
    '<p class="note" aria-label="c &amp; d">a &lt; &quot;b&quot;</p>'
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"' for key, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Html:
    """Return pieces one after another; those that are not `Html` are text."""
    return Html("".join(child if isinstance(child, Html) else _escaped(child) for child in children))


def _escaped(text: str) -> str:
    return html.escape(plain(text), quote=True)
