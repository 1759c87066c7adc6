"""Printing: plain text everywhere, colour where a terminal and `rich` allow it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from buttockpain.render.text import Line

__all__ = ["show", "write"]

_STYLES = {
    "emergency": "bold white on red",
    "urgent": "bold red",
    "override": "bold red",
    "heading": "bold",
    "body": "",
    "muted": "dim",
}


def write(text: str, *, file: TextIO | None = None) -> None:
    """Print a text as it is."""
    print(text, file=file or sys.stdout)


def show(lines: Iterable[Line], *, file: TextIO | None = None) -> None:
    """Print the lines of a report; colour repeats what the words say and is left out where it cannot be shown.

    `rich` decides: it honours NO_COLOR and leaves pipes and files plain.
    """
    file = file or sys.stdout
    try:
        from rich.console import Console  # noqa: PLC0415 - optional
        from rich.text import Text  # noqa: PLC0415
    except ImportError:
        for line in lines:
            print(line.text, file=file)
        return
    console = Console(file=file, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(line.text, style=_STYLES[line.role]))
