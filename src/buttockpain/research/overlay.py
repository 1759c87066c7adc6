"""Overlays: small files that change some numbers of a model and say why.

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

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buttockpain import model_file
from buttockpain.errors import ModelError, Problem, nearest
from buttockpain.model import Model

if TYPE_CHECKING:
    from buttockpain.knowledge import Knowledge

__all__ = ["Overlay", "apply_overlay", "is_overlay", "read_overlay", "replaced"]

MAX_BYTES = 64 * 1024  # an overlay changes some numbers; one that changes all is a model file

_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
_TEXTS = ("id", "title", "reason", "source")
KEYS = ("value", "low", "high", "basis", "ref", "note")

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
    try:
        return "overlay" in _tables(path)
    except ModelError:
        return False


def read_overlay(path: str | Path) -> Overlay:
    """Return what an overlay file says; whether its paths exist is found out when it is applied.

    Raises
    ------
    ModelError : the file is not an overlay, or says something it must not say; all problems at once.
    OSError : the file cannot be read.
    """
    data = _tables(path)
    problems = _problems(data)
    if problems:
        raise ModelError(str(path), problems)
    return Overlay(**data["overlay"], changes=data["change"])


def _tables(path: str | Path) -> dict[str, Any]:
    """Return a small TOML file as plain tables, guarded as model files are.

    Raises
    ------
    ModelError : it is too large, not TOML, or made to take long.
    OSError : it cannot be read.
    """
    with Path(path).open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    problem = None
    if len(content) > MAX_BYTES:
        problem = Problem("file", f"more than {MAX_BYTES:,} bytes", f"at most {MAX_BYTES:,} bytes")
    try:
        text = content.decode("utf-8")
        if any(line.count(".") > model_file.MAX_DOTS for line in _QUOTED.sub("", text).split("\n")):
            problem = Problem("file", f"a line of more than {model_file.MAX_DOTS} dots", "paths in quotes")
        if problem is None:
            return tomllib.loads(text)
    except UnicodeDecodeError as error:
        problem = Problem("file", f"byte {error.start} that is not UTF-8", "UTF-8 text")
    except (tomllib.TOMLDecodeError, ValueError) as error:
        problem = Problem("file", str(error).partition(";")[0], "TOML 1.0", "mend that place and load again")
    except RecursionError:
        problem = Problem("file", "nesting without end", "two tables")
    raise ModelError(str(path), [problem])


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
            unknown = [key for key in change if key not in KEYS]
            if unknown and not any(key in change for key in KEYS):
                advice = f'write the whole path in quotes: "{path}.{unknown[0]}" = ...'
                problems.append(Problem(f"change.{path}", "a table within a table", "a path and its number", advice))
            else:
                problems += [
                    Problem(f"change.{path}.{key}", "an unknown key", ", ".join(KEYS), nearest(key, KEYS))
                    for key in unknown
                ]
        elif isinstance(change, bool) or not isinstance(change, int | float):
            problems.append(
                Problem(f"change.{path}", f"a {type(change).__name__}", f"a number, or any of {', '.join(KEYS)}")
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
    data = replaced(model.knowledge, changes, f"overlay {overlay.id}").model_dump(mode="python", exclude_unset=True)
    version = data["model"]["version"]
    data["model"]["version"] = f"{version}{'.' if '+' in version else '+'}{overlay.id}"
    return Model.of(model_file.from_data(data, name=f"overlay {overlay.id}", max_causes=len(model.network.causes)))


def replaced(knowledge: Knowledge, changes: Mapping[str, Change], name: str) -> Knowledge:
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
