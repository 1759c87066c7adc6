"""Changes written into a model file: exactly the lines of the numbers, nothing else."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from buttockpain import model_file
from buttockpain.errors import MissingExtraError, ModelError, Problem
from buttockpain.model import Model
from buttockpain.research.overlay import KEYS, Change, replaced

__all__ = ["write_changes"]


def write_changes(source: str | Path, changes: Mapping[str, Change], target: str | Path) -> Model:
    """Write a model file with some numbers changed, and nothing else: other lines and comments stay byte for byte.

    The file then says what `Model.replace` would say, save for the note: unless one is given, it keeps the old note
    behind what the number was. The result is read and verified before anything is saved, and saved as a whole or not
    at all.

    Parameters
    ----------
    source : a model file.
    changes : as for `Model.replace`.
    target : where to write; may be the source itself.

    Returns
    -------
    Model : as the written file says.

    Raises
    ------
    ModelError : a change that a model must not say, or a source that is no sound model; nothing is written.
    UnsafeModelError : the changed rules break a safety promise; nothing is written.
    MissingExtraError : tomlkit is not installed.
    OSError : a file cannot be read or written.
    """
    try:
        import tomlkit  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingExtraError("tomlkit", "edit") from None
    knowledge = model_file.read(source)
    known = dict(knowledge.parameters())
    with_notes = {
        path: _with_note(known[path], change) if path in known else change for path, change in changes.items()
    }
    edited = replaced(knowledge, with_notes, str(source))
    original = Path(source).read_bytes().decode("utf-8")
    document = tomlkit.parse(original)
    after = dict(edited.parameters())
    for path in changes:
        _edit(document, path, known[path], after[path])
    text = tomlkit.dumps(document)
    if not re.search(r"(?<!\r)\n", original):  # tomlkit ends a new line as on Unix
        text = re.sub(r"(?<!\r)\n", "\r\n", text)
    written = model_file.from_text(text, name=str(target))
    if written.fingerprint != edited.fingerprint:
        found, expected = "another model than asked for", "the changes and nothing else"
        raise ModelError(str(target), [Problem("file", found, expected, "edit it by hand")])
    model = Model.of(written)
    _save(Path(source), Path(target), text)
    return model


def _with_note(number: Any, change: Change) -> Mapping[str, Any]:
    """Return a change with a note that keeps what the number was."""
    edit: dict[str, Any] = dict(change) if isinstance(change, Mapping) else {"value": change}
    was = f"was {number.value!r} ({number.low!r} to {number.high!r}), {number.basis}"
    edit.setdefault("note", f"{was}: {number.note}" if number.note else was)
    return edit


def _edit(document: Any, path: str, before: Any, after: Any) -> None:
    """Change the entries of one number that differ."""
    table = document
    for key in path.split("."):  # ids hold no dots
        table = table[key]
    for key in KEYS:
        new = getattr(after, key)
        if new != getattr(before, key):
            table[key] = list(new) if key == "ref" else new


def _save(source: Path, target: Path, text: str) -> None:
    """Write a file as a whole or not at all, with the rights of the target or, if new, of the source."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target if target.exists() else source, name)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
