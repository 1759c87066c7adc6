"""The command line, run as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from buttockpain.cli import main
from buttockpain.differential import Differential

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "presentations" / "disc_and_sciatica.json"
MODEL = ROOT / "models" / "buttock_pain.toml"


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "buttockpain", *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_readme_command_prints_safety_first_then_the_ranking() -> None:
    """`rank FILE` answers with exit code 0; the founding rule comes first, the ranking after."""
    result = run("rank", str(EXAMPLE))
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[1] == "A DETAILED MEDICAL EVALUATION AT A HOSPITAL IS NEEDED."
    assert result.stdout.index("HOSPITAL") < result.stdout.index("Lumbar disc herniation")
    assert "\x1b" not in result.stdout  # no colour codes in a pipe


def test_json_output_is_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints a `Differential` and nothing else."""
    assert main(["rank", str(EXAMPLE), "--json"]) == 0
    answer = Differential.model_validate_json(capsys.readouterr().out)
    assert answer.answers == {**json.loads(EXAMPLE.read_text())} | {"pain_severity": 8.0, "duration_days": 60.0}


def test_standard_input_and_options_are_merged() -> None:
    """`-` reads standard input; --yes, --no and --set add to it."""
    result = run("rank", "-", "--yes", "low_back_pain, leg_numbness", "--no", "saddle_numbness", "--set", "age=45",
                 "--set", "slr_positive=0.8", "--json", text='{"sex": "female"}')  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["answers"] == {
        "age": 45, "sex": "female", "low_back_pain": "yes", "leg_numbness": "yes", "slr_positive": 0.8, "saddle_numbness": "no",
    }  # fmt: skip


def test_the_patient_report_has_no_likelihood_ratios(capsys: pytest.CaptureFixture[str]) -> None:
    """`--audience patient` leaves out what only a clinician can use, and asks the open emergency questions."""
    main(["rank", "--yes", "low_back_pain", "--audience", "patient"])
    patient = capsys.readouterr().out
    main(["rank", "--yes", "low_back_pain"])
    clinician = capsys.readouterr().out
    assert "likelihood ratio" in clinician
    assert "likelihood ratio" not in patient
    assert "saddle)?" in patient


BAD: list[tuple[list[str], str, list[str]]] = [
    (
        ["rank", "--yes", "saddle_numbnes", "--set", "age=old"],
        "",
        ["2 problems", "did you mean `saddle_numbness`?", "`age`"],
    ),
    (["rank", "--yes", "leg_weakness", "--no", "leg_weakness"], "", ["two answers"]),
    (["rank", "--set", "age"], "", ["without `=`"]),
    (["rank", "-"], "{", ["no JSON at line 1"]),
    (["rank", "-"], "[]", ["a JSON list"]),
    (["rank", "-"], '{"age": 4, "age": 5}', ["two answers"]),
    (["rank", "-"], '{"slr_positive": NaN}', ["`slr_positive`: found nan"]),
    (["rank", "-"], "[" * 100_000, ["no JSON"]),
    (["rank", "-"], "\ud800", ["no JSON"]),
    (["rank", "no/such/file.json"], "", ["No such file", "no/such/file.json"]),
    (["rank", "--model", "no_such_model.toml"], "", ["No such file"]),
    (["rank", "--model", str(EXAMPLE)], "", ["expected TOML 1.0"]),
    (["model", "check", str(EXAMPLE)], "", ["expected TOML 1.0"]),
    (["model", "show", "sciatika"], "", ["did you mean `sciatica`?"]),
]


@pytest.mark.parametrize(("arguments", "text", "words"), BAD)
def test_bad_input_is_one_clear_message_and_exit_code_2(arguments: list[str], text: str, words: list[str]) -> None:
    """No traceback reaches a user; everything wrong is said at once, on standard error."""
    result = subprocess.run(
        [sys.executable, "-m", "buttockpain", *arguments], input=text.encode("utf-8", "surrogatepass"),
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    message = result.stderr.decode()
    assert result.returncode == 2
    assert result.stdout == b""
    assert "Traceback" not in message
    for word in words:
        assert word in message


def test_a_misspelt_question_does_not_hide_an_emergency() -> None:
    """With bad input the triage of the answers that could be read is still printed."""
    result = run("rank", "--yes", "saddle_numbness,lowback")
    assert result.returncode == 2
    assert "GO TO AN EMERGENCY DEPARTMENT NOW" in result.stderr
    assert "`lowback`" in result.stderr


def test_of_two_answers_to_a_red_flag_the_yes_counts() -> None:
    """An id answered both ways is an error, and its triage takes the dangerous reading."""
    for text in (
        '{"saddle_numbness": "yes", "saddle_numbness": "no"}',
        '{"saddle_numbness": "no", "saddle_numbness": "yes"}',
    ):
        assert "EMERGENCY DEPARTMENT" in run("rank", "-", text=text).stderr
    assert "EMERGENCY DEPARTMENT" in run("rank", "--yes", "saddle_numbness", "--no", "saddle_numbness").stderr


def test_free_text_is_not_repeated() -> None:
    """A name given by mistake does not appear in the message."""
    result = run(
        "rank", "-", text='{"leg_weakness": "Erika Mustermann", "Erika Mustermann": 1, "sex": "Erika Mustermann"}'
    )
    assert result.returncode == 2
    assert "Mustermann" not in result.stdout + result.stderr


def test_a_defect_is_a_sentence_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unforeseen exception gives exit code 1 and asks for a report; `--debug` shows it."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("buttockpain.model.Model.rank", broken)
    assert main(["rank", "--yes", "low_back_pain"]) == 1
    assert "a defect of the program (ZeroDivisionError)" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "rank", "--yes", "low_back_pain"])


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`buttockpain ... | head` ends quietly."""
    command = f"{sys.executable} -m buttockpain model parameters | head -n 1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("  safety.severe_pain = 7")


def test_model_check_reports_what_was_proved(capsys: pytest.CaptureFixture[str]) -> None:
    """`model check FILE` loads, checks and verifies."""
    assert main(["model", "check", str(MODEL)]) == 0
    out = capsys.readouterr().out
    assert "457 numbers" in out
    assert "13,120 pairs of red flags" in out


def test_model_show_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    """One id with all its numbers; all numbers as text, CSV and JSON."""
    assert main(["model", "show", "buttock_injury"]) == 0
    out = capsys.readouterr().out
    assert "risk_factor.buttock_injury.base = 0.04" in out
    assert "cause.piriformis_syndrome.link.buttock_injury" in out
    assert main(["model", "show"]) == 0
    assert "17 risk factors; 98 findings" in capsys.readouterr().out
    main(["model", "parameters", "sciatica.leak", "--format", "json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["path"], row["value"], len(row["reference"])) == ("cause.sciatica.leak", 0.02511, 3)
    main(["model", "parameters", "--format", "csv"])
    assert len(capsys.readouterr().out.splitlines()) == 458


def test_help_says_what_it_is_not() -> None:
    """`--help` and usage errors need no model, and the scope stands in the first lines."""
    result = run("--help")
    assert result.returncode == 0
    assert "not a diagnosis" in result.stdout
    usage = run("rank", "--audience", "doctor")
    assert usage.returncode == 2
    assert "invalid choice" in usage.stderr
