"""Files of people: the same answers from every format, written as a whole or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from cohorts import assert_same, homogeneous, people
from pyarrow import csv, parquet

from buttockpain import AnswerError, default_model
from buttockpain.cli import main
from buttockpain.cohort import Scorer, score_file

Rows = list[dict[str, Any]]


def rows_of_people(seed: int, count: int, *, bad: float = 0.0, soft: float = 0.05) -> Rows:
    """Return random people with an id; columns are homogeneous, so that every format can hold them."""
    rows = homogeneous(people(Random(seed), default_model(), count, soft=soft, bad=bad))
    return [{"person": f"p{number}", **row} for number, row in enumerate(rows)]


def written(rows: Rows, path: Path) -> Path:
    """Write people to a file of the format its ending says."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    numeric = {name for name in names if any(isinstance(row.get(name), int | float) for row in rows)}
    columns = {name: [row.get(name) for row in rows] for name in names}
    if path.suffix == ".csv":
        lines = [names, *([_csv_cell(row.get(name)) for name in names] for row in rows)]
        path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    elif path.suffix == ".parquet":
        as_numbers: dict[Any, float] = {"yes": 1.0, "no": 0.0}
        parquet.write_table(pa.table({
            name: [as_numbers.get(value, value) if name in numeric else value for value in values]
            for name, values in columns.items()
        }), path)  # fmt: skip
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _csv_cell(value: Any) -> str:
    """Return a cell; what was not answered is empty."""
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def read(path: Path) -> Rows:
    """Return the rows of a scored file."""
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    if path.suffix == ".csv":
        text = dict.fromkeys(["person", "leading_cause", "problem"], pa.string())
        options = csv.ConvertOptions(column_types=text, strings_can_be_null=True)
        return list(csv.read_csv(path, convert_options=options).to_pylist())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- formats --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [".parquet", ".csv", ".ndjson"])
@pytest.mark.parametrize("target", [".parquet", ".csv", ".jsonl"])
def test_every_format_into_every_format(tmp_path: Path, source: str, target: str) -> None:
    """Each person has the answer of `rank`, whatever the file was read from and is written to."""
    rows = rows_of_people(1, 60)
    scored = tmp_path / f"scored{target}"
    summary = score_file(written(rows, tmp_path / f"people{source}"), scored, Scorer(ids=["person"], threads=2))
    assert summary.rows == 60
    assert summary.ignored == ()
    answers = read(scored)
    assert [row.pop("person") for row in answers] == [row["person"] for row in rows]
    assert_same(default_model(), [{n: v for n, v in row.items() if n != "person"} for row in rows],
                pa.RecordBatch.from_pylist(answers))  # fmt: skip


def test_csv_cells(tmp_path: Path) -> None:
    """Truth values, numerals and words; an empty cell is empty; a quoted line break belongs to its cell."""
    path = tmp_path / "people.csv"
    path.write_text(
        '\ufeffperson,seizure,saddle_numbness,age,slr_positive\n"a\nb",TRUE,,45,0.8\nc,no,Unknown,,1\n', "utf-8"
    )
    score_file(path, tmp_path / "scored.parquet", Scorer(ids=["person"]))
    rows = read(tmp_path / "scored.parquet")
    assert [row.pop("person") for row in rows] == ["a\nb", "c"]
    asked: Rows = [{"seizure": True, "age": 45, "slr_positive": 0.8},
             {"seizure": False, "saddle_numbness": "unknown", "slr_positive": True}]  # fmt: skip
    assert_same(default_model(), asked, pa.RecordBatch.from_pylist(rows))


@pytest.mark.parametrize("memory", [2**29, 40_000_000])
def test_json_null_is_an_empty_cell_and_a_key_left_out_none_at_all(tmp_path: Path, memory: int) -> None:
    """Null was not asked, or is not known if empty cells say so; a key left out was not asked, whatever slice it is in."""
    rows: Rows = [
        {"seizure": None, "sex": None, "pain_severity": None},
        {},
        {"seizure": True, "age": 40, "sex": "male"},
        {"seizure": "no", "leg_weakness": 0.3},
        *({"leg_weakness": "yes"} for _ in range(5000)),
        {"seizure": 0.7},
    ]
    path = tmp_path / "people.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    some = [*range(5), len(rows) - 1]
    for nulls in ("not asked", "unknown"):
        score_file(path, tmp_path / "scored.parquet", Scorer(nulls=nulls, memory=memory, threads=1))
        scored = read(tmp_path / "scored.parquet")
        given = rows if nulls == "unknown" else [{k: v for k, v in row.items() if v is not None} for row in rows]
        picked = pa.RecordBatch.from_pylist([scored[row] for row in some])
        assert_same(default_model(), [given[row] for row in some], picked)


def test_the_same_people_in_every_format(tmp_path: Path) -> None:
    """Missing cells, as pandas writes them: null in JSON, nothing in CSV, null in Parquet, and the same answers."""
    rng = Random(4)
    rows = [{"seizure": rng.choice([True, False, None]), "leg_weakness": rng.choice(["yes", "no", "unknown", None]),
             "slr_positive": rng.choice([0.3, 0.9, None]), "age": rng.choice([17, 40, None])} for _ in range(60)]  # fmt: skip
    scored = []
    for ending in (".parquet", ".csv", ".ndjson"):
        source, target = tmp_path / f"people{ending}", tmp_path / f"scored{ending}.parquet"
        table = pa.Table.from_pylist(rows)
        if ending == ".parquet":
            parquet.write_table(table, source)
        elif ending == ".csv":
            pa.csv.write_csv(table, source)
        else:
            source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        score_file(source, target, Scorer(errors="flag"))
        scored.append(read(target))
    assert scored[0] == scored[1] == scored[2]


def test_only_what_matters_is_read(tmp_path: Path) -> None:
    """Other columns of a Parquet file may be of any kind, and are said to be ignored."""
    table = pa.table({"note": ["x", "y"], "visit": pa.array([[1], [2]]), "seizure": [True, False]})
    parquet.write_table(table, tmp_path / "people.parquet")
    summary = score_file(tmp_path / "people.parquet", tmp_path / "scored.parquet", Scorer())
    assert summary.ignored == ("note", "visit")
    assert parquet.read_schema(tmp_path / "scored.parquet").metadata[b"buttockpain"]


def test_a_key_that_comes_late_is_known_from_the_start(tmp_path: Path) -> None:
    """In lines of JSON a key may first appear after many lines: summary, metadata and errors do not depend on the slice."""
    source, target = tmp_path / "people.ndjson", tmp_path / "scored.parquet"
    source.write_text('{"seizure": true}\n' * 5000 + '{"leg_weakness": true, "town": 1, "id": "a"}\n', encoding="utf-8")
    for memory in (2**29, 40_000_000):
        summary = score_file(source, target, Scorer(ids=["id"], memory=memory, threads=1))
        assert "leg_weakness" not in summary.missing
        assert "leg_numbness" in summary.missing
        assert summary.ignored == ("town",)
        note = json.loads(parquet.read_schema(target).metadata[b"buttockpain"])
        assert (tuple(note["missing"]), tuple(note["ignored"])) == (summary.missing, summary.ignored)
        assert read(target)[-1]["id"] == "a"
    source.write_text('{"leg_numbness": true}\n' * 5000 + '{"saddle_numbnes": true}\n', encoding="utf-8")
    for memory in (2**29, 40_000_000):
        with pytest.raises(AnswerError, match="`saddle_numbnes`: found an unknown column"):
            score_file(source, target, Scorer(memory=memory, threads=1))


def test_an_empty_line_of_a_single_column_is_a_row(tmp_path: Path) -> None:
    """The answers line up with the lines of the file; numerals are digits and nothing else."""
    source, target = tmp_path / "people.csv", tmp_path / "scored.parquet"
    source.write_text("saddle_numbness\nyes\n\nno\n", encoding="utf-8")
    score_file(source, target, Scorer())
    assert [row["urgency"] for row in read(target)] == [3, 1, 1]
    source.write_text("age,seizure\n4_5,no\n45,no\n", encoding="utf-8")
    summary = score_file(source, target, Scorer(errors="flag"))
    assert (summary.flagged, read(target)[0]["problem"] is None) == (1, False)


# --- what is wrong with a file --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("people.csv", b"Jane Roe,45\nJohn Doe,50\n", "none of which answers a question"),
        ("people.csv", b"seizure,age\nyes,45\nno\n", "`line 3`: found 1 cells; expected 2, as in the header"),
        ("people.csv", b'seizure,"' + b"Jane" * 50_000, "cannot be read; expected CSV in UTF-8"),
        ("people.csv", b"seizure,age\nyes,\xff\xfe\n", "cannot be read; expected CSV in UTF-8"),
        ("people.csv", b"", "none of which answers a question"),
        ("people.parquet", b"no parquet", "a file that cannot be read; expected Parquet"),
        ("people.ndjson", b'{"seizure": true}\nJane Roe\n', "`row 1`: found no JSON object"),
        ("people.ndjson", b'{"seizure": true}\n[1]\n', "`row 1`: found no JSON object"),
        ("people.ndjson", b'{"seizure": true, "seizure": false}\n', "`row 0`: found a key that stands there twice"),
        ("people.ndjson", b'{"seizure": {"Jane": 1}}\n', "`row 0, seizure`: found a dict"),
        (
            "people.ndjson",
            b'{"seizure": true, "x": {"a": 1, "a": 2}}\n',
            "`row 0`: found a key that stands there twice",
        ),
        ("people.ndjson", b'{"seizure": true, "\\ud800": 1}\n', "`row 0`: found a key with half a character"),
        ("people.ndjson", b'{"Jane Roe": true}\n', "none of which answers a question"),
        (
            "people.ndjson",
            b'{"seizure": true}\n{"seizure": "Jane Roe"}\n',
            "`row 1, seizure`: found a text of 8 characters",
        ),
        ("people.ndjson", b'{"seizure": NaN}\n', "`row 0, seizure`: found nan"),
        ("people.txt", b"", "found the ending .txt; expected .parquet .csv .ndjson .jsonl"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """One clear error that repeats nothing of what stands in the file; nothing is written, nothing is left behind."""
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(AnswerError) as caught:
        score_file(source, tmp_path / "scored.parquet", Scorer(threads=1))
    assert words in str(caught.value)
    assert "Jane" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


def test_ids_of_another_type_further_down(tmp_path: Path) -> None:
    """An id that changes its type from line to line is an error, not a guess."""
    path = tmp_path / "people.ndjson"
    for one, other, kind in (
        ("1", '"a"', "int64"),
        ("1", "1.0", "int64"),
        ("true", "1", "bool"),
        ('"a"', "1", "string"),
    ):
        lines = f'{{"seizure": true, "id": null}}\n{{"seizure": true, "id": {one}}}\n' * 2500
        path.write_text(lines + f'{{"seizure": true, "id": {other}}}\n', encoding="utf-8")
        for memory in (2**29, 40_000_000):  # in one slice, and in two
            scorer = Scorer(ids=["id"], memory=memory, threads=1)
            words = f"row 5000, id`: found a value of another type; expected {kind}, as in the first row that has one"
            with pytest.raises(AnswerError, match=words):
                score_file(path, tmp_path / "scored.csv", scorer)


def test_the_first_id_may_be_far_down(tmp_path: Path) -> None:
    """The type of an id is that of its first value, in whatever slice; whole numbers among fractions are numbers."""
    source, target = tmp_path / "people.ndjson", tmp_path / "scored.parquet"
    lines = '{"seizure": true}\n' * 5000 + '{"seizure": true, "id": 1.5}\n{"id": 2}\n'
    source.write_text('{"id": null, "seizure": true}\n' + lines, encoding="utf-8")
    for memory in (2**29, 40_000_000):
        score_file(source, target, Scorer(ids=["id"], memory=memory, threads=1))
        assert parquet.read_table(target)["id"].to_pylist() == [None] * 5001 + [1.5, 2.0]


@pytest.mark.parametrize("value", ["18446744073709551617", '"\\ud800"'])
def test_ids_that_no_column_can_hold(tmp_path: Path, value: str) -> None:
    """A number too large, and half a character: one clear error."""
    path = tmp_path / "people.ndjson"
    path.write_text(f'{{"seizure": true, "id": {value}}}\n', encoding="utf-8")
    with pytest.raises(
        AnswerError, match="rows 0 to 0, id`: found a value that no column can hold; expected values of one type"
    ):
        score_file(path, tmp_path / "scored.csv", Scorer(ids=["id"], threads=1))


def test_a_broken_page_of_parquet(tmp_path: Path) -> None:
    """What can be opened and then not be read is the same clear error, with the path and no words of the library."""
    path = tmp_path / "people.parquet"
    parquet.write_table(pa.table({"age": list(range(100)) * 99}), path, use_dictionary=False)
    content = bytearray(path.read_bytes())
    start = parquet.ParquetFile(path).metadata.row_group(0).column(0).data_page_offset
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    with pytest.raises(AnswerError, match=r"people.parquet`: found a file that cannot be read; expected Parquet$"):
        score_file(path, tmp_path / "scored.csv", Scorer(threads=1))
    assert list(tmp_path.iterdir()) == [path]


def test_rows_are_counted_through_the_file(tmp_path: Path) -> None:
    """A bad cell far down a file of text is told with its row, whatever the length of a slice."""
    scorer = Scorer(memory=40_000_000, threads=1)
    row = 2 * scorer.slice_rows + 7
    for name, line, bad, head in (("a.csv", "true\n", "never\n", "seizure\n"),
                                  ("a.ndjson", '{"seizure": true}\n', '{"seizure": "never"}\n', "")):  # fmt: skip
        path = tmp_path / name
        path.write_text(head + line * row + bad, encoding="utf-8")
        with pytest.raises(AnswerError, match=f"`row {row}, seizure`"):
            score_file(path, tmp_path / "scored.csv", scorer)


# --- what a format can hold -----------------------------------------------------------------------------------------


def scored_ids(folder: Path, ids: pa.Array, ending: str) -> str:
    """Return the text of the file that people with such ids are scored into."""
    source, target = folder / "people.parquet", folder / f"scored{ending}"
    parquet.write_table(pa.table({"visit": ids, "seizure": pa.array([True] * len(ids))}), source)
    score_file(source, target, Scorer(ids=["visit"], threads=1))
    return target.read_text(encoding="utf-8")


def test_ids_in_csv(tmp_path: Path) -> None:
    """Text in any encoding, and values that have a text; what CSV cannot hold is told by column."""
    uuid = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"\x01" * 16, None], pa.binary(16)))
    texts = pa.array(["a,b", None])
    for ids, first in (
        (uuid, "01010101-0101-0101-0101-010101010101"),
        (texts.cast(pa.string_view()), "a,b"),
        (texts.cast(pa.binary()), "a,b"),
        (texts.dictionary_encode(), "a,b"),
    ):
        assert scored_ids(tmp_path, ids, ".csv").splitlines()[1].startswith(f'"{first}","emergency_ambulance"')
    for ids in (pa.array([[1], [2]]), pa.array([b"\xff", b""]), pa.array([b"ab", b"cd"], pa.binary(2))):
        with pytest.raises(AnswerError, match=r"`visit`: found a column of .*; expected one that CSV can hold"):
            scored_ids(tmp_path, ids, ".csv")


def test_numbers_that_json_cannot_spell(tmp_path: Path) -> None:
    """Not a number, and infinity: null, so that every reader of JSON can read the file."""
    text = scored_ids(tmp_path, pa.array([1.5, float("nan"), float("inf"), None]), ".ndjson")
    assert [json.loads(line, parse_constant=lambda _: "?")["visit"] for line in text.splitlines()] == [1.5] + [None] * 3


# --- whole or nothing -----------------------------------------------------------------------------------------------


def test_an_error_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    """A bad row far down raises, and an older result stays."""
    rows = [{"seizure": "no"}] * 40_000 + [{"seizure": "never"}]
    source = tmp_path / "people.parquet"
    parquet.write_table(pa.Table.from_pylist(rows), source)
    target = tmp_path / "scored.parquet"
    target.write_bytes(b"older")
    with pytest.raises(AnswerError, match="row 40000, seizure"):
        score_file(source, target, Scorer(threads=2))
    assert target.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.parquet", "scored.parquet"]


def test_the_people_are_never_written_over(tmp_path: Path) -> None:
    """A target that is the source, by whatever name, is refused, and the people are still there."""
    path = written(rows_of_people(2, 30), tmp_path / "people.parquet")
    before = path.read_bytes()
    (tmp_path / "link.parquet").symlink_to(path)
    for target in (path, tmp_path / "link.parquet", tmp_path / "." / "people.parquet"):
        with pytest.raises(AnswerError, match="found the file that is read; expected another file"):
            score_file(path, target, Scorer(ids=["person"]))
    assert path.read_bytes() == before


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".ndjson"])
def test_errors_of_the_system_name_the_file(tmp_path: Path, ending: str) -> None:
    """A folder that is not there or is a file, a target that is a folder, a full disk: the target is named, not the draft."""
    source = written(rows_of_people(4, 20), tmp_path / "people.csv")
    (tmp_path / f"folder{ending}").mkdir()
    for target, kind in (
        (tmp_path / "nowhere" / f"x{ending}", FileNotFoundError),
        (source / f"x{ending}", NotADirectoryError),
        (tmp_path / f"folder{ending}", IsADirectoryError),
    ):
        with pytest.raises(kind) as caught:
            score_file(source, target, Scorer(threads=1))
        assert (caught.value.filename, caught.value.errno is None) == (str(target), False)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"folder{ending}", "people.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".ndjson"])
def test_a_full_disk(tmp_path: Path, ending: str) -> None:
    """The error names the target, an older result stays, and nothing else is left."""
    parquet.write_table(pa.table({"id": list(range(40_000)), "seizure": [True] * 40_000}), tmp_path / "people.parquet")
    target = tmp_path / f"scored{ending}"
    target.write_bytes(b"older")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "from buttockpain.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "cohort", "people.parquet", target.name, "--id", "id", "--threads", "1"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"buttockpain: File too large: {target.name}\n"
    assert target.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.parquet", target.name]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that nobody can catch")
def test_a_killed_run_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    """Killed while writing: the target is not there, what is left is hidden and is no Parquet file."""
    table = pa.table({"seizure": pa.array([True, False] * 2**20), "age": pa.array([30, 60] * 2**20)})
    parquet.write_table(table, tmp_path / "people.parquet")
    code = "import sys; from buttockpain.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "cohort", "people.parquet", "scored.parquet", "--threads", "1"]
    run = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 60
    while not (left := list(tmp_path.glob(".scored.parquet.*.partial"))) or left[0].stat().st_size < 1000:
        assert time.monotonic() < limit
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not (tmp_path / "scored.parquet").exists()
    assert left[0].exists()
    with pytest.raises(pa.ArrowInvalid):
        parquet.ParquetFile(left[0])


# --- the command ----------------------------------------------------------------------------------------------------


def cohort(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    """Run the command; return exit code, standard output and standard error."""
    code = main(["cohort", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command scores, tells the summary on standard output and nothing else, and exits with 0."""
    source = written(rows_of_people(3, 50, bad=0.3), tmp_path / "people.csv")
    code, out, error = cohort(capsys, source, tmp_path / "out.csv", "--id", "person", "--flag", "--memory", "64M")
    assert (code, error) == (0, "")
    assert out.startswith("50 rows scored with buttock_pain")
    code, out, _ = cohort(capsys, source, tmp_path / "out.csv", "--id", "person", "--flag", "--json")
    summary = json.loads(out)
    assert summary["rows"] == 50
    assert summary["flagged"] == sum(row["problem"] is not None for row in read(tmp_path / "out.csv")) > 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "row "),
        (("--flag", "--strict"), "`person`: found an unknown column"),
        (("--flag", "--id", "patient"), "`patient`: found no such column"),
    ],
)
def test_bad_input_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: Sequence[str], words: str
) -> None:
    """Everything wrong is told on standard error in one message, with exit code 2 and nothing written."""
    source = written(rows_of_people(3, 50, bad=0.3), tmp_path / "people.csv")
    code, out, error = cohort(capsys, source, tmp_path / "out.parquet", *more)
    assert (code, out) == (2, "")
    assert words in error
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--memory", "1 MiB"), "is not enough for one worker of this model; give at least"),
        (("--memory", "1.5g", "--threads", "0"), "threads=0: expected at least 1"),
    ],
)
def test_options_out_of_range(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: Sequence[str], words: str
) -> None:
    """A usage error, as every other one of the command line."""
    source = written(rows_of_people(3, 50), tmp_path / "people.csv")
    with pytest.raises(SystemExit) as caught:
        main(["cohort", str(source), str(tmp_path / "out.parquet"), *more])
    assert caught.value.code == 2
    assert f"buttockpain cohort: error: {words}" in capsys.readouterr().err.replace("memory=1,048,576 bytes ", "")


def test_missing_files_and_bad_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, a folder that is not there, and a size that is none."""
    assert cohort(capsys, tmp_path / "none.csv", tmp_path / "out.csv")[0] == 2
    source = written(rows_of_people(3, 5), tmp_path / "people.csv")
    code, _, error = cohort(capsys, source, tmp_path / "nowhere" / "out.csv")
    assert (code, "No such file" in error) == (2, True)
    with pytest.raises(SystemExit) as caught:
        main(["cohort", str(source), "out.csv", "--memory", "much"])
    assert caught.value.code == 2
    assert "'much' is no size such as 512M" in capsys.readouterr().err
