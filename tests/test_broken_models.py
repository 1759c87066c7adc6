"""A model file that says something it must not say is refused: one clear error, with everything that is wrong."""

import copy
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from small_models import Data, as_toml, small_model

from buttockpain import Model, ModelError, default_model, load_model, model_file
from buttockpain.model_file import MAX_BYTES
from buttockpain.network import Network
from buttockpain.presentation import Vocabulary
from buttockpain.triage import RuleTable

FOLDER = Path(__file__).parent / "broken_models"


def entries(kind: str) -> list[Data]:
    """Return the entries of a kind, `broken` or `guard`, from all files of the folder."""
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.toml"))]
    return [entry for table in tables for entry in table.get(kind, ())]


CASES = entries("broken")
IDS = {name for section in ("risk_factor", "cause", "finding", "safety") for name in small_model()[section]}
SHIPPED: Data = tomllib.loads((files("buttockpain.models") / "buttock_pain.toml").read_text(encoding="utf-8"))


def broken(*cases: Data) -> Data:
    """Return the small model with the changes of some cases."""
    data = small_model()
    for case in cases:
        for path in case.get("remove", ()):
            table, key = place(data, path)
            del table[key]
        for path, value in case.get("set", {}).items():
            table, key = place(data, path)
            table[key] = value
    return data


def place(data: Data, path: str) -> tuple[Any, Any]:
    """Return the table or list that holds the last part of a path, and that part; tables on the way are made."""
    *way, last = path.split(".")
    here: Any = data
    for part in way:
        here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
    return here, int(last) if isinstance(here, list) else last


def refused(data: Mapping[str, Any]) -> ModelError:
    """Return the error of a broken model."""
    with pytest.raises(ModelError) as caught:
        model_file.from_data(data)
    return caught.value


# --- one broken model per rule --------------------------------------------------------------------------------------


def test_the_small_model_is_whole() -> None:
    """What the cases break is sound before they do."""
    assert Model.of(model_file.from_data(small_model())).rank().causes


@pytest.mark.parametrize("case", [pytest.param(case, id=case["rule"]) for case in CASES])
def test_broken_model_is_refused(case: Data) -> None:
    """The error names every place that is wrong, in the words of the case, and no other place."""
    error = refused(broken(case))
    said = Counter(problem.path for problem in error.problems)
    expected = {path: [words] if isinstance(words, str) else words for path, words in case["says"].items()}
    for path, texts in expected.items():
        found = [str(problem) for problem in error.problems if problem.path == path]
        for words in texts:
            assert any(words in text for text in found), f"no problem at {path} says {words!r}: {found}\n{error}"
        assert len(found) == len(texts), f"{len(found)} problems at {path}: {found}"
    if not case.get("also_elsewhere"):
        assert set(said) == set(expected), f"unexpected: {set(said) - set(expected)}\n{error}"


@pytest.mark.parametrize("guard", [pytest.param(guard, id=guard["rule"]) for guard in entries("guard")])
def test_file_that_would_answer_wrongly_is_refused(guard: Data) -> None:
    """What looks right and is not is refused at its path; see `guards.toml`."""
    assert guard["path"] in {problem.path for problem in refused(broken(guard)).problems}


def test_rules_have_different_names() -> None:
    """Each case is one rule."""
    assert not [rule for rule, count in Counter(case["rule"] for case in CASES).items() if count > 1]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.broken")), ids=lambda file: file.stem)
def test_text_that_is_not_toml_is_refused(file: Path) -> None:
    """The error names the file, the line and what is wrong there; the first line of the file has the words."""
    words = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    with pytest.raises(ModelError) as caught:
        load_model(file)
    message = str(caught.value)
    assert file.name in message
    assert words in message
    assert "line" in message or "end of document" in message
    assert "expected TOML 1.0; mend that place and load again" in message


# --- everything at once ---------------------------------------------------------------------------------------------


def test_mistakes_of_shape_and_of_sense_are_told_together() -> None:
    """A file with many kinds of mistake gets one error that lists them all, each with its path."""
    data = small_model()
    data["cause"]["strain"]["leak"]["value"] = 1.5  # out of range
    del data["cause"]["nerve_pinch"]["plain"]  # missing text
    data["cause"]["nerve_pinch"]["ranked"] = "yes"  # wrong type
    data["cause"]["other"]["link"]["heavy_wrok"] = data["cause"]["strain"]["link"]["heavy_work"]  # unknown parent
    data["cause"]["strain"]["link"]["nerve_pinch"] = data["cause"]["strain"]["link"]["heavy_work"]  # cycle
    data["finding"]["tender"]["colour"] = "red"  # unknown key
    data["finding"]["numb"]["leak"]["ref"] = [99]  # dangling reference
    data["finding"]["strain"] = data["finding"]["collapse"]  # clashing id
    data["risk_factor"]["stature"]["base"]["tall"]["value"] = 0.6  # does not sum
    data["safety"]["severe_pain"]["value"] = 9.5  # unsafe threshold
    data["triage"]["rule"][0]["all_of"] = ["not fever"]  # negative condition
    data["triage"]["rule"][0]["any_of"] = ["nubm"]  # unknown fact
    data["triage"]["override"]["text"] = ""  # empty text
    del data["triage"]["level"]["emergency"]  # missing level
    error = refused(data)
    assert {problem.path for problem in error.problems} >= {
        "cause.strain.leak.value",
        "cause.nerve_pinch.plain",
        "cause.nerve_pinch.ranked",
        "cause.other.link.heavy_wrok",
        "cause",
        "finding.tender.colour",
        "finding.numb.leak.ref",
        "finding.strain",
        "risk_factor.stature.base",
        "safety.severe_pain",
        "triage.rule.fever_when_weak.all_of",
        "triage.rule.fever_when_weak.any_of",
        "triage.override.text",
        "triage.level.emergency",
    }
    lines = str(error).splitlines()
    assert lines[0] == f"model: {len(error.problems)} problems"
    assert lines[1:] == [f"  - {problem}" for problem in error.problems]
    assert len(set(lines)) == len(lines)


@given(st.lists(st.sampled_from(CASES), min_size=2, max_size=4, unique_by=lambda case: case["rule"]))
def test_any_mistakes_together_are_all_told(cases: list[Data]) -> None:
    """Cases that have nothing to do with each other are reported together, each as if it were alone."""
    assume(not any(case.get("also_elsewhere") for case in cases))
    assume(not any(touched(one) & touched(other) for one, other in combinations(cases, 2)))
    told = {problem.path for problem in refused(broken(*cases)).problems}
    for case in cases:
        assert set(case["says"]) <= told, case["rule"]


def touched(case: Data) -> set[str]:
    """Return the ids a case names anywhere, and the first two parts of its paths."""
    paths = (*case.get("set", {}), *case.get("remove", ()), *case["says"])
    return {".".join(path.split(".")[:2]) for path in paths} | IDS.intersection(re.findall(r"\w+", str(case)))


# --- hostile and damaged files --------------------------------------------------------------------------------------


def test_file_of_more_than_one_mebibyte_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    """1 MiB is the limit, in bytes; a file at the limit is read."""
    file = tmp_path / "large.toml"
    text = as_toml(small_model())
    file.write_bytes(text.encode() + b"#" * (MAX_BYTES - len(text.encode())))
    assert file.stat().st_size == MAX_BYTES == 1024 * 1024
    load_model(file)
    file.write_bytes(b"\xff\xfe not even text" + b"#" * MAX_BYTES)
    with pytest.raises(ModelError, match=r"large\.toml: 1 problem\n.*more than 1,048,576 bytes; expected at most"):
        load_model(file)
    with pytest.raises(ModelError, match="found 1,048,577 characters; expected at most 1,048,576"):
        model_file.from_text("#" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[model]\ntitle = "für alle"'.encode("latin-1"), "byte 18 that is not UTF-8; expected UTF-8 text"),
        ("[model]".encode("utf-16"), "byte 0 that is not UTF-8"),
        (b"\xef\xbb\xbf[model]", "Invalid statement"),
        (b"\x00\x01\x02", "Invalid statement"),
        (b'[model]\nid = "a\x00b"', "Illegal character"),
        (b"", "`format`: found nothing"),
        (b"# nothing\n", "`cause`: found nothing"),
    ],
)
def test_bytes_that_are_no_model_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """Other encodings, binary files and empty files get the same kind of error, which names the file."""
    file = tmp_path / "odd.toml"
    file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_model(file)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(file))


def test_byte_order_marks_and_other_oddities_do_not_hide_a_model(tmp_path: Path) -> None:
    """Windows line ends, tabs and trailing blanks are fine."""
    file = tmp_path / "windows.toml"
    file.write_bytes(as_toml(small_model()).replace("\n", " \t\r\n").encode())
    assert load_model(file).rank().causes


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c.d.e.f.g.h.i = 1",
        "[a.b.c.d.e.f.g.h.i]",
        "  [[a . b.c.d.e.f.g.h.i]]",
        "x = 1\n" + "a." * 5000 + "b = 1",
        "[" + "a." * 200_000 + "b]",
    ],
)
def test_key_of_too_many_parts_is_refused(text: str) -> None:
    """A dotted key costs the square of its parts to parse, so a long one is refused by its looks, and a short one after."""
    with pytest.raises(
        ModelError,
        match=r"more than 64 dots; expected a key of a few parts|nesting too deep; expected at most 8 levels",
    ):
        model_file.from_text(text)


@pytest.mark.parametrize(
    "text", ["a = { " + "b." * 3000 + "c = 1 }", '"a b".' * 3000 + "c = 1"], ids=["inline", "quoted"]
)
def test_long_key_in_disguise_is_refused_before_it_is_parsed(text: str) -> None:
    """The limit holds wherever a key can stand, and the error is a ModelError."""
    with pytest.raises(ModelError, match="more than 64 dots"):
        model_file.from_text(text)


@pytest.mark.parametrize("text", ["x = " + "[" * 50_000, "x = " + "{a=" * 50_000, "x = " + "[{a=" * 20_000])
def test_endless_nesting_is_refused(text: str) -> None:
    """Nesting as deep as the file allows is an error like any other, not a crash."""
    with pytest.raises(ModelError, match=r"nesting without end|Unclosed|Invalid"):
        model_file.from_text(text)


@pytest.mark.parametrize("depth", [10, 100, 300])
def test_deep_but_closed_nesting_is_refused(depth: int) -> None:
    """Nesting that can be parsed is refused all the same, in one short line."""
    with pytest.raises(ModelError, match="found nesting too deep; expected at most 8 levels") as caught:
        model_file.from_text(f"deep = {'[' * depth}{']' * depth}")
    assert max(map(len, str(caught.value).splitlines())) < 200


@given(st.text(max_size=200))
def test_any_text_gives_a_model_error(text: str) -> None:
    """Whatever the text, the answer is a ModelError."""
    with pytest.raises(ModelError):
        model_file.from_text(text)


# --- any single field of the shipped file ---------------------------------------------------------------------------


def nodes(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every table, list and value."""
    if path:
        yield path
    entries: Sequence[tuple[str | int, Any]] = (
        list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    )
    for key, entry in entries:
        yield from nodes(entry, (*path, key))


NODES = list(nodes(SHIPPED))

# What may be taken out and leave a sound, smaller model: notes, codes, treatments, whole entries and items of lists.
OPTIONAL_KEYS = {
    "note", "used_for", "codes", "ref", "treatments", "caution", "by_physician", "brought_about_by", "shows_as", "label",
    "any_of", "sex", "ages", "floor", "rule", "risk_factor", "link",
}  # fmt: skip
OPTIONAL_ENTRIES = {"finding", "cause", "risk_factor", "floor", "link", "kind", "base", "reference", "safety"}
WRONG: Mapping[type, Sequence[Any]] = {
    str: (5, 0.5, True, [], {}, ["x"]),
    float: ("0.5", True, [0.5], {}, math.nan, math.inf, -math.inf),
    int: ("1", [1], {}, 1.5, -1),
    bool: ("true", 1, 0.0, [], {}),
    list: ("x", 5, {}, True, [{}], [None], [[]]),
    dict: ("x", 5, [], True, [{}]),
}
NUMBERS = ("value", "low", "high")


DROP = object()


def at(path: tuple[str | int, ...]) -> Any:
    """Return what stands in the shipped file at a path."""
    here: Any = SHIPPED
    for part in path:
        here = here[part]
    return here


def changed(path: tuple[str | int, ...], value: Any) -> Data:
    """Return the shipped file's tables with one place set or dropped; what lies off the path is shared."""

    def copied(table: Any, rest: tuple[str | int, ...]) -> Any:
        table = copy.copy(table)
        if len(rest) > 1:
            table[rest[0]] = copied(table[rest[0]], rest[1:])
        elif value is DROP:
            del table[rest[0]]
        else:
            table[rest[0]] = value
        return table

    result: Data = copied(SHIPPED, path)
    return result


def loaded(data: Data) -> Model | ModelError:
    """Return the model, not verified to save time, or why there is none; any other exception is a failure."""
    try:
        knowledge = model_file.from_data(data)
    except ModelError as error:
        return error
    return Model(knowledge, Network.of(knowledge), Vocabulary.of(knowledge), RuleTable.of(knowledge))


def names(error: ModelError, path: tuple[str | int, ...]) -> bool:
    """Return whether a problem stands at the path, above it or below it, or names its last part or what was in it."""
    parts = [str(part) for part in path]
    if parts[:2] == ["triage", "rule"] and len(parts) > 2:
        aliases = [parts[2], str(SHIPPED["triage"]["rule"][int(parts[2])]["id"])]
        spellings = [".".join(["triage.rule", alias, *parts[3:]]) for alias in aliases]
    else:
        spellings = [".".join(parts)]
    return any(
        f"{problem.path}.".startswith(f"{one}.") or f"{one}.".startswith(f"{problem.path}.")
        for problem in error.problems
        for one in spellings
    ) or any(name in str(error) for name in (parts[-1], *(at(path) if isinstance(at(path), dict) else ())))


@given(st.sampled_from(NODES), st.data())
def test_wrong_type_anywhere_is_refused_and_named(path: tuple[str | int, ...], data: st.DataObject) -> None:
    """A value of the wrong type, wherever it stands in the shipped file, is a ModelError that names the place."""
    kind = float if path[-1] in NUMBERS else type(at(path))  # a whole number may stand for a float
    value = data.draw(st.sampled_from(WRONG[kind]))
    with pytest.raises(ModelError) as caught:
        model_file.from_data(changed(path, value))
    assert names(caught.value, path), caught.value


@given(st.sampled_from([path for path in NODES if path[-1] in NUMBERS]), st.sampled_from([-0.1, 0.0, 1.0, 1e9, -1e9]))
def test_number_out_of_range_is_refused_and_named(path: tuple[str | int, ...], value: float) -> None:
    """A probability outside (0, 1), or a number outside its own range, is a ModelError that names the number."""
    network = path[0] in ("risk_factor", "cause", "finding")
    assume(network or abs(value) == 1e9)
    assume((path[-1], value > 0) not in {("low", False), ("high", True)} or network)
    with pytest.raises(ModelError) as caught:
        model_file.from_data(changed(path, value))
    assert names(caught.value, path), caught.value


@given(st.sampled_from(NODES))
def test_missing_part_is_refused_and_named_or_harmless(path: tuple[str | int, ...]) -> None:
    """What is taken out of the shipped file is missed by name, or it was optional and the rest still answers."""
    assume(path[-1] != "value" or path[0] not in ("risk_factor", "cause"))  # see the expected failure below
    result = loaded(changed(path, DROP))
    if isinstance(result, ModelError):
        assert names(result, path), result
        return
    optional_entry = isinstance(path[-1], int) or not OPTIONAL_ENTRIES.isdisjoint(path[-3:-1])
    assert path[-1] in OPTIONAL_KEYS or optional_entry, f"{path} was not missed"
    answer = result.rank({"pain_severity": 8})
    assert answer.triage.override
    assert answer.causes


@given(
    st.sampled_from(NODES),
    st.sampled_from([5, "x", [], {}, True, math.nan, [[]], [{}], {"x": {}}, "", -1, [1, "x"]]),
)
def test_any_change_is_refused_or_harmless_and_never_a_crash(path: tuple[str | int, ...], value: Any) -> None:
    """Whatever is written in one place, the answer is a model or a ModelError."""
    assume((path[-1], value) not in (("base", {}), ("ages", [1, "x"])))  # see the expected failures below
    result = loaded(changed(path, value))
    if not isinstance(result, ModelError):
        assert result.rank({"pain_severity": 8}).causes


@pytest.mark.parametrize("path", ["risk_factor.heavy_work.base", "cause.strain.link.heavy_work"])
def test_missing_value_is_named_where_states_could_stand(path: str) -> None:
    """A base rate or a link without its value is told as a missing value, once."""
    error = refused(broken({"remove": [f"{path}.value"]}))
    assert [str(problem) for problem in error.problems] == [f"`{path}.value`: found nothing; expected a value; add it"]


def test_empty_base_rate_is_refused() -> None:
    """A risk factor with an empty table for its base rate is a ModelError."""
    with pytest.raises(ModelError, match=r"risk_factor\.heavy_work\.base"):
        Model.of(model_file.from_data(broken({"set": {"risk_factor.heavy_work.base": {}}})))


@pytest.mark.parametrize("ages", [[30, "x"], [[30], [51]]])
def test_ages_of_different_types_are_refused(ages: Any) -> None:
    """Ages that cannot be put in order are a ModelError."""
    with pytest.raises(ModelError, match=r"risk_factor\.stature\.ages"):
        model_file.from_data(broken({"set": {"risk_factor.stature.ages": ages}}))


@pytest.mark.parametrize("digits", [400, 5000])
def test_number_of_hundreds_of_digits_is_refused(digits: int) -> None:
    """A whole number that no float can hold is a ModelError, whatever its length."""
    text = as_toml(small_model()).replace("\nvalue = 7\n", f"\nvalue = 1{'0' * digits}\n")
    with pytest.raises(ModelError, match=r"safety\.severe_pain|numbers of a few digits"):
        model_file.from_text(text)


@pytest.mark.parametrize("value", [True, 1.0])
def test_format_is_a_whole_number(value: Any) -> None:
    """The format is the number 1, not a truth value or a fraction."""
    with pytest.raises(ModelError, match="format"):
        model_file.from_data(small_model() | {"format": value})


def test_new_text_does_not_change_what_is_answered() -> None:
    """The reverse: a note is only a note."""
    data = copy.deepcopy(SHIPPED)
    data["cause"]["sciatica"]["leak"]["note"] = "another"
    other, shipped = Model.of(model_file.from_data(data)), default_model()
    assert other.fingerprint != shipped.fingerprint
    assert other.rank(age=40).causes == shipped.rank(age=40).causes
