"""Model files: from TOML text to `Knowledge`, and edits of single numbers.

A file is refused with every problem in it at once. The limits keep hostile files cheap: size before parsing,
and the depth of keys, because `tomllib` needs quadratic time in the parts of a dotted key.
"""

from __future__ import annotations

import math
import numbers
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from buttockpain.checks import MAX_CAUSES, problems_of
from buttockpain.errors import ModelError, Problem, nearest
from buttockpain.knowledge import Knowledge
from buttockpain.parameter import Parameter

__all__ = ["MAX_BYTES", "from_data", "from_text", "read", "replace"]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 8

MAX_DOTS = 64  # outside quotes on one line: no number needs more, and a dotted key costs the square of its parts
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")


def read(path: str | Path, *, max_causes: int = MAX_CAUSES) -> Knowledge:
    """Return what a model file says.

    Parameters
    ----------
    path : a TOML 1.0 file of at most 1 MiB.
    max_causes : the most causes allowed; inference enumerates 2 to the power of their number of states.

    Raises
    ------
    ModelError : the file is too large, not TOML, or says something it must not say; all problems at once.
    OSError : the file cannot be read.
    """
    path = Path(path)
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ModelError(str(path), [Problem("file", f"more than {MAX_BYTES:,} bytes", f"at most {MAX_BYTES:,} bytes")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(str(path), [Problem("file", f"byte {error.start} that is not UTF-8", "UTF-8 text")]) from None
    return from_text(text, name=str(path), max_causes=max_causes)


def from_text(text: str, *, name: str = "model", max_causes: int = MAX_CAUSES) -> Knowledge:
    """Return what the text of a model file says; `name` stands in front of the problems.

    Raises
    ------
    ModelError : as for `read`.
    """
    if len(text) > MAX_BYTES:
        raise ModelError(name, [Problem("file", f"{len(text):,} characters", f"at most {MAX_BYTES:,}")])
    for number, line in enumerate(_QUOTED.sub("", text).split("\n"), start=1):
        if line.count(".") > MAX_DOTS:
            raise ModelError(name, [Problem(f"line {number}", f"more than {MAX_DOTS} dots", "a key of a few parts")])
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(name, [Problem("file", str(error), "TOML 1.0", "mend that place and load again")]) from None
    except ValueError as error:  # a whole number of thousands of digits
        raise ModelError(name, [Problem("file", str(error).partition(";")[0], "numbers of a few digits")]) from None
    except RecursionError:
        raise ModelError(name, [Problem("file", "nesting without end", f"at most {MAX_DEPTH} levels")]) from None
    if _depth(data) > MAX_DEPTH:
        raise ModelError(name, [Problem("file", "nesting too deep", f"at most {MAX_DEPTH} levels")])
    return from_data(data, name=name, max_causes=max_causes)


def _depth(data: Any) -> int:
    """Return how many tables and lists lie inside one another."""
    layer, depth = [data], 0
    while layer:
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        depth += 1
    return depth


def from_data(data: Mapping[str, Any], *, name: str = "model", max_causes: int = MAX_CAUSES) -> Knowledge:
    """Return the checked knowledge in plain tables.

    Raises
    ------
    ModelError : something is wrong; problems of shape and of sense together, each with its path.
    """
    problems = problems_of(data, max_causes=max_causes)
    knowledge = None
    try:
        knowledge = Knowledge.model_validate(data)
    except ValidationError as error:
        problems = [*_shape_problems(error), *problems]
    if knowledge is None or problems:
        raise ModelError(name, {str(problem): problem for problem in problems}.values())
    return knowledge


def replace(knowledge: Knowledge, changes: Mapping[str, float | Mapping[str, Any]]) -> Knowledge:
    """Return knowledge with some numbers changed; the original stays as it is.

    Parameters
    ----------
    knowledge : where to start from.
    changes : from the path of a number to its new value, or to any of `value`, `low`, `high`, `basis`, `ref`, `note`.
        A plain value outside the stated range widens the range to include it. Either way the basis becomes "edited",
        unless given, and the note says what stood there before.

    Raises
    ------
    ModelError : an unknown path, or a result that a model file must not say; all problems at once.
    """
    if not isinstance(changes, Mapping):
        found = type(changes).__name__
        raise ModelError("replace", [Problem("changes", f"a {found}", "a mapping from path to number")])
    known = dict(knowledge.parameters())
    data = knowledge.model_dump(mode="python", exclude_unset=True)
    problems = []
    for path, change in changes.items():
        if not isinstance(path, str):
            problems.append(Problem("changes", f"a path of type {type(path).__name__}", "a text"))
            continue
        if path not in known:
            hint = nearest(path, known) or "`model.parameters()` lists every path"
            problems.append(Problem(path, "no such number", "the path of a number in the model", hint))
            continue
        edit: dict[str, Any] = dict(change) if isinstance(change, Mapping) else {"value": change}
        before = known[path]
        given = edit.get("value", before.value)
        value = _finite(given)
        if value is None:
            problems.append(Problem(path, f"{type(given).__name__} {_shown(given)}", "a finite number"))
            continue
        edit["value"] = value
        if 0 < value < 1 or not isinstance(before, Parameter):  # a wrong value is told once, not with its range
            edit.setdefault("low", min(before.low, value))
            edit.setdefault("high", max(before.high, value))
        edit.setdefault("basis", "edited")
        edit.setdefault("note", f"set in code; was {before.value!r} ({before.low!r} to {before.high!r})")
        table = data
        for key in path.split("."):  # ids hold no dots
            table = table[key]
        table.update(edit)
    try:
        result = from_data(data, name="replace", max_causes=max(MAX_CAUSES, len(knowledge.cause)))
    except ModelError as error:
        problems.extend(error.problems)
    if problems:
        raise ModelError("replace", problems)
    return result


def _finite(value: Any) -> float | None:
    """Return a number of any kind as a float, None if it is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _shape_problems(error: ValidationError) -> list[Problem]:
    """Return pydantic's complaints as problems with the paths of the model file."""
    problems = []
    for detail in error.errors(include_url=False):
        kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
        path = ".".join(str(part) for part in detail["loc"] if part not in ("one", "states", "[key]"))
        if kind == "missing":
            problems.append(Problem(path, "nothing", "a value", "add it"))
        elif kind == "extra_forbidden":
            problems.append(Problem(path, "an unknown key", "only the keys of the format", "check its spelling"))
        elif kind == "value_error":
            expected, _, found = str(context.get("error", detail["msg"])).partition(", found ")
            problems.append(Problem(path, found or _shown(given), expected))
        elif kind in ("greater_than", "less_than") and path.rpartition(".")[2] in ("value", "low", "high"):
            problems.append(Problem(path, _shown(given), "a probability above 0 and below 1"))
        elif kind == "string_too_short":
            problems.append(Problem(path, "an empty text", "a text"))
        else:
            message = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
            problems.append(Problem(path, _shown(given), message))
    return problems


def _shown(given: Any) -> str:
    """Return a value of a model file, short enough for a message."""
    try:
        text = repr(given)
    except ValueError:
        return "a number too long to show"
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits a line
