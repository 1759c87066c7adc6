"""From Arrow columns to codes: what each cell answers.

Booleans and numbers are read as whole arrays; every other kind of column is read distinct value by distinct value, through
`presentation.read`, so that spelling and messages are those of one person's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from buttockpain.cohort.answers import NO, NOT_ASKED, SOFT, UNKNOWN, YES, Answers, Layout
from buttockpain.cohort.encodings import Cells, Column, arrow, bits, distinct, is_number, numbers
from buttockpain.presentation import BOUNDS, SEXES, read
from buttockpain.types import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Nulls", "fill_in"]

Nulls = Literal["not asked", "unknown"]
"""What an empty cell means: the question was not asked, or (as None in `rank`) it was and the answer is not known."""


def fill_in(layout: Layout, answers: Answers, columns: Mapping[str, Column], nulls: Nulls) -> None:
    """Read columns into the answers, and mark the people of whom a cell cannot be read.

    Parameters
    ----------
    columns : questions of the model, `sex`, and measured answers, by name.
    """
    truths = {name: column for name, column in columns.items() if _is_truths(layout, name, column)}
    _truths(layout, answers, truths, nulls)
    for name, column in columns.items():
        if name not in truths:
            _fill_in_one(layout, answers, name, column, nulls)


def _fill_in_one(layout: Layout, answers: Answers, name: str, column: Column, nulls: Nulls) -> None:
    """Read one column."""
    if name in BOUNDS:
        _measure(layout, answers, name, column)
    elif name == "sex" or name in layout.vocabulary.states:
        _word(layout, answers, name, column, nulls)
    else:
        _answer(layout, answers, name, column, nulls)


def _answer(layout: Layout, answers: Answers, name: str, column: Column, nulls: Nulls) -> None:
    """Read a question that is answered by yes, no, unknown or a number."""
    row = layout.row[name]
    codes = answers.codes[row]
    null = NOT_ASKED if nulls == "not asked" else UNKNOWN
    strength: FloatArray | None = None
    if isinstance(column, Cells) or not is_number(column):
        index, values = distinct(column)
        code, number = _looked_up(values, lambda value: _code_of(layout, name, value))
        np.copyto(codes, np.append(code, [NOT_ASKED, null]).astype(np.int8)[index])
        if (code == SOFT).any():
            strength = np.append(number, [0.0, 0.0])[index]
        bad = np.append(code == _BAD, [False, False])[index]
        answers.mark(bad)
        codes[bad] = NOT_ASKED
    else:
        number, given_mask = numbers(column)
        yes, no = number == 1, number == 0
        soft = (number > 0) & (number < 1)
        answers.mark(given_mask & ~(yes | no | soft))
        codes[~given_mask] = null
        codes[given_mask & yes], codes[given_mask & no], codes[given_mask & soft] = YES, NO, SOFT
        strength = number if soft.any() else None
    if strength is not None:
        answers.strength[row] = strength
    if name == layout.vocabulary.presenting:
        answers.mark((codes != YES) & (codes != NOT_ASKED))
        codes[:] = YES


def _is_truths(layout: Layout, name: str, column: Column) -> bool:
    """Return whether a column is of booleans that answer a yes-or-no question other than the complaint."""
    return (
        not isinstance(column, Cells)
        and arrow().types.is_boolean(column.type)
        and name in layout.row
        and name not in layout.vocabulary.states
        and name != layout.vocabulary.presenting
    )


def _truths(layout: Layout, answers: Answers, columns: Mapping[str, pa.Array], nulls: Nulls) -> None:
    """Read columns of booleans, all at once: a hundred small steps would have workers wait for each other."""
    size = len(answers.bad)
    if not columns or not size:
        return
    stride = (size + 7) // 8
    values, valid = bytearray(), bytearray()
    for column in columns.values():
        stored_valid, stored = column.buffers()
        values += bits(stored, column.offset, size)
        valid += b"\xff" * stride if stored_valid is None else bits(stored_valid, column.offset, size)
    shape = (len(columns), stride)
    given = np.unpackbits(np.frombuffer(valid, np.uint8).reshape(shape), axis=1, count=size, bitorder="little")
    codes = np.unpackbits(np.frombuffer(values, np.uint8).reshape(shape), axis=1, count=size, bitorder="little")
    codes &= given
    # In two's complement 0 - 1 is all ones, which is -1, and -2 without the lowest bit.
    given -= 1
    given &= np.int8(NOT_ASKED if nulls == "not asked" else UNKNOWN).view(np.uint8)
    codes |= given
    answers.codes[[layout.row[name] for name in columns]] = codes.view(np.int8)


def _word(layout: Layout, answers: Answers, name: str, column: Column, nulls: Nulls) -> None:
    """Read sex, or the state of a several-state risk factor."""
    words = SEXES if name == "sex" else layout.vocabulary.states[name]
    codes = answers.sex if name == "sex" else answers.codes[layout.row[name]]
    index, values = distinct(column)

    def code_of(value: Any) -> tuple[int, float]:
        presentation, problems = read({name: value}, layout.vocabulary)
        word = presentation.given.get(name)
        return (_BAD if problems else UNKNOWN if word == "unknown" else words.index(str(word))), 0.0

    code, _ = _looked_up(values, code_of)
    null = NOT_ASKED if nulls == "not asked" else UNKNOWN
    np.copyto(codes, np.append(code, [NOT_ASKED, null]).astype(np.int8)[index])
    bad = np.append(code == _BAD, [False, False])[index]
    answers.mark(bad)
    codes[bad] = NOT_ASKED


def _measure(layout: Layout, answers: Answers, name: Any, column: Column) -> None:
    """Read a measured answer."""
    if isinstance(column, Cells) or not is_number(column):
        index, values = distinct(column)

        def code_of(value: Any) -> tuple[int, float]:
            presentation, problems = read({name: value}, layout.vocabulary)
            return (_BAD if problems else YES), presentation.measured.get(name, np.nan)

        code, number = _looked_up(values, code_of)
        measured = np.append(number, [np.nan, np.nan])[index]
        answers.mark(np.append(code == _BAD, [False, False])[index])
    else:
        measured, given = numbers(column)
        low, high, _ = BOUNDS[name]
        good = (measured >= low) & (measured <= high)
        if name == "age":
            good &= measured == np.floor(measured)
        answers.mark(given & ~good)
        measured = np.where(given & good, measured, np.nan)
    answers.measured[name] = measured


_BAD = -4


def _code_of(layout: Layout, name: str, value: Any) -> tuple[int, float]:
    """Return the code of one value, and the number beside it."""
    presentation, problems = read({name: value}, layout.vocabulary)
    answer = presentation.given.get(name, "yes")  # the complaint is not repeated: it can only be yes
    if problems:
        return _BAD, 0.0
    if isinstance(answer, str):
        return {"yes": YES, "no": NO, "unknown": UNKNOWN}[answer], 0.0
    return SOFT, answer


def _looked_up(values: Sequence[Any], code_of: Callable[[Any], tuple[int, float]]) -> tuple[IntArray, FloatArray]:
    """Return code and number of each distinct value."""
    pairs = [code_of(value) for value in values]
    return np.array([code for code, _ in pairs], dtype=np.int64), np.array([n for _, n in pairs], dtype=np.float64)
