"""Overlays: small files that change some numbers of a model and say why; and changes written back into a model file.

An overlay is what makes a model that of another population without copying it::

    [overlay]
    id = "sports_clinic"
    title = "A sports medicine clinic"
    reason = "Its patients run and train; the base rates of the model are those of adults in general."
    source = "Assumption, to be replaced by the clinic's own counts."

    [change]
    "risk_factor.running_or_sport.base" = { value = 0.7, low = 0.5, high = 0.85, basis = "judgement" }
    "cause.piriformis_syndrome.leak" = 0.017
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buttockpain import model_file
from buttockpain.errors import MissingExtraError, ModelError, Problem, nearest
from buttockpain.model import Model

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

__all__ = ["Overlay", "apply_overlay", "is_overlay", "read_overlay", "write_changes"]

MAX_BYTES = 64 * 1024  # an overlay changes some numbers; one that changes all is a model file

_TEXTS = ("id", "title", "reason", "source")
_KEYS = ("value", "low", "high", "basis", "ref", "note")

Change = float | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overlay:
    """A named set of changes.

    Attributes
    ----------
    id, title : what it is; the id is put behind the version of the model it is applied to.
    reason, source : why the numbers differ, and where the new ones come from.
    changes : from the path of a number to its new value, or to any of `value`, `low`, `high`, `basis`, `ref`, `note`.
    """

    id: str
    title: str
    reason: str
    source: str
    changes: Mapping[str, Change]


def is_overlay(path: str | Path) -> bool:
    """Return whether a file is an overlay rather than a model file; a file that is neither is none.

    Raises
    ------
    OSError : the file cannot be read.
    """
    content = Path(path).read_bytes()[: MAX_BYTES + 1]
    try:
        return len(content) <= MAX_BYTES and "overlay" in tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return False


def read_overlay(path: str | Path) -> Overlay:
    """Return what an overlay file says; whether its paths exist is found out when it is applied.

    Raises
    ------
    ModelError : the file is not an overlay, or says something it must not say; all problems at once.
    OSError : the file cannot be read.
    """
    with Path(path).open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ModelError(str(path), [Problem("file", f"more than {MAX_BYTES:,} bytes", f"at most {MAX_BYTES:,} bytes")])
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ModelError(str(path), [Problem("file", f"byte {error.start} that is not UTF-8", "UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as error:
        raise ModelError(
            str(path), [Problem("file", str(error), "TOML 1.0", "mend that place and load again")]
        ) from None
    except RecursionError:
        raise ModelError(str(path), [Problem("file", "nesting without end", "two tables")]) from None
    problems = _problems(data)
    if problems:
        raise ModelError(str(path), problems)
    return Overlay(**data["overlay"], changes=data["change"])


def _problems(data: Mapping[str, Any]) -> list[Problem]:
    """Return everything that is wrong with the form of an overlay."""
    problems = [
        Problem(key, "an unknown table", "[overlay] and [change]", nearest(key, ("overlay", "change")))
        for key in data if key not in ("overlay", "change")
    ]  # fmt: skip
    about = data.get("overlay")
    if not isinstance(about, Mapping):
        problems.append(Problem("overlay", "nothing", f"a table with {', '.join(_TEXTS)}"))
    else:
        for key in about:
            if key not in _TEXTS:
                problems.append(Problem(f"overlay.{key}", "an unknown key", ", ".join(_TEXTS), nearest(key, _TEXTS)))
        for key in _TEXTS:
            if not isinstance(about.get(key), str) or not about[key].strip():
                problems.append(Problem(f"overlay.{key}", "no text", "a text", "an overlay says what it is and why"))
        name = about.get("id")
        if isinstance(name, str) and name.strip() and not re.fullmatch(r"[a-z0-9_]{1,64}", name):
            problems.append(Problem("overlay.id", "an ill-formed id", "lower-case letters, digits and underscores"))
    changes = data.get("change")
    if not isinstance(changes, Mapping) or not changes:
        problems.append(Problem("change", "nothing", 'at least one line such as "cause.sciatica.leak" = 0.03'))
        return problems
    for path, change in changes.items():
        if isinstance(change, Mapping):
            unknown = [key for key in change if key not in _KEYS]
            if unknown and not any(key in change for key in _KEYS):
                advice = f'write the whole path in quotes: "{path}.{unknown[0]}" = ...'
                problems.append(Problem(f"change.{path}", "a table within a table", "a path and its number", advice))
            else:
                problems += [
                    Problem(f"change.{path}.{key}", "an unknown key", ", ".join(_KEYS), nearest(key, _KEYS))
                    for key in unknown
                ]
        elif isinstance(change, bool) or not isinstance(change, int | float):
            problems.append(
                Problem(f"change.{path}", f"a {type(change).__name__}", f"a number, or any of {', '.join(_KEYS)}")
            )
    return problems


def apply_overlay(model: Model, overlay: Overlay | str | Path) -> Model:
    """Return the model with the changes of an overlay; the original stays as it is.

    Numbers without a note of their own carry the overlay's reason and source, and its id stands behind the version of
    the model, so that every answer says which population it was made for.

    Parameters
    ----------
    overlay : an overlay, or the file of one.

    Raises
    ------
    ModelError : the overlay says something it must not say of this model; all problems at once.
    OSError : the file cannot be read.

    Examples
    --------
    >>> from buttockpain import default_model
    >>> clinic = Overlay("clinic", "A clinic", "More sport.", "Its records.", {"risk_factor.running_or_sport.base": 0.6})
    >>> model = apply_overlay(default_model(), clinic)
    >>> model.knowledge.model.version.endswith("+clinic"), model.knowledge.risk_factor["running_or_sport"].base.note
    (True, 'overlay clinic: More sport. (Its records.)')
    """
    if not isinstance(overlay, Overlay):
        overlay = read_overlay(overlay)
    note = f"overlay {overlay.id}: {overlay.reason} ({overlay.source})"
    changes = {
        path: {"note": note, **(change if isinstance(change, Mapping) else {"value": change})}
        for path, change in overlay.changes.items()
    }
    data = _replaced(model.knowledge, changes, f"overlay {overlay.id}").model_dump(mode="python", exclude_unset=True)
    version = data["model"]["version"]
    data["model"]["version"] = f"{version}{'.' if '+' in version else '+'}{overlay.id}"
    return Model.of(model_file.from_data(data, name=f"overlay {overlay.id}", max_causes=len(model.network.causes)))


def _replaced(knowledge: Knowledge, changes: Mapping[str, Change], name: str) -> Knowledge:
    """Return `model_file.replace`, with the problems of unknown paths and those of the others in one error."""
    known = dict(knowledge.parameters())
    problems: list[Problem] = []
    for some in ({path: c for path, c in changes.items() if path not in known},
                 {path: c for path, c in changes.items() if path in known}):  # fmt: skip
        try:
            replaced = model_file.replace(knowledge, some)
        except ModelError as error:
            problems.extend(error.problems)
    if problems:
        raise ModelError(name, problems)
    return replaced


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
    replaced = _replaced(knowledge, with_notes, str(source))
    original = Path(source).read_bytes().decode("utf-8")
    document = tomlkit.parse(original)
    after = dict(replaced.parameters())
    for path in changes:
        _edit(document, path, known[path], after[path])
    text = tomlkit.dumps(document)
    if not re.search(r"(?<!\r)\n", original):  # tomlkit ends a new line as on Unix
        text = re.sub(r"(?<!\r)\n", "\r\n", text)
    written = model_file.from_text(text, name=str(target))
    if written.fingerprint != replaced.fingerprint:
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
    for key in _KEYS:
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
