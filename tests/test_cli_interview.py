"""The interview in the terminal, driven through its standard input as a person would."""

import json
import subprocess
import sys
from pathlib import Path

import buttockpain as bp


def interview(lines: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run an interview that is given these lines, and then the end of the input."""
    return subprocess.run(
        [sys.executable, "-m", "buttockpain", "interview", *map(str, arguments)],
        input="".join(f"{line}\n" for line in lines), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_red_flags_come_first_and_the_report_last(tmp_path: Path) -> None:
    """The first questions are warning signs; quitting prints the report of what was answered."""
    result = interview(["n", "n", "q"], tmp_path / "a.json")
    assert result.returncode == 0, result.stderr
    questions = [line for line in result.stdout.splitlines() if line[:2] in ("1.", "2.", "3.")]
    assert len(questions) == 3
    assert all("[warning sign]" in line for line in questions)
    assert "Stopped before the end" in result.stdout
    assert result.stdout.index("Stopped") < result.stdout.index("How likely each cause is")
    assert list(json.loads((tmp_path / "a.json").read_text()).values()) == ["no", "no"]


def test_the_end_of_the_input_is_never_an_answer(tmp_path: Path) -> None:
    """Nothing, half an interview, or an unfinished line: what was not answered is not in the file."""
    for given in ([], ["n"], ["n", "d"]):
        file = tmp_path / f"{len(given)}.json"
        result = interview(given, file)
        assert result.returncode == 0, result.stderr
        kept = json.loads(file.read_text()) if file.exists() else {}
        assert len(kept) == len(given)
        assert "not been asked" in " ".join(result.stdout.split())


def test_back_skip_and_not_knowing(tmp_path: Path) -> None:
    """Back takes the last answer away, skip leaves a question open for later, "don't know" is kept as unknown."""
    file = tmp_path / "a.json"
    interview(["n", "b", "d", "s", "n", "q"], file)
    kept = json.loads(file.read_text())
    assert list(kept.values()) == ["unknown", "no"]
    first, second, third = (question.id for question in bp.next_questions({}, n=3).questions)
    assert list(kept) == [first, third]
    assert second not in kept


def test_an_interview_goes_on_from_its_file(tmp_path: Path) -> None:
    """Stopped and resumed is the same as in one go."""
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    interview(["n"] * 8, once)
    interview(["n"] * 3, twice)
    interview(["n"] * 5, twice)
    assert json.loads(once.read_text()) == json.loads(twice.read_text())


def test_bad_answers_are_asked_again_and_not_kept(tmp_path: Path) -> None:
    """Anything that is no answer is refused with what is expected; a why explains the question."""
    file = tmp_path / "a.json"
    result = interview(["maybe", "w", "n"], file)
    assert "Please answer with y: yes, n: no" in result.stdout
    assert "Warning sign:" in result.stdout
    assert len(json.loads(file.read_text())) == 1


def test_an_emergency_ends_the_interview(tmp_path: Path) -> None:
    """Once help is needed at once and no question could raise that further, asking stops and says so."""
    file = tmp_path / "a.json"
    result = interview(["y"] + ["n"] * 120, file)
    assert "CALL AN AMBULANCE NOW" in result.stdout
    assert "Stopped before the end" not in result.stdout
    assert len(json.loads(file.read_text())) < 10


def test_a_slip_at_the_end_can_be_taken_back(tmp_path: Path) -> None:
    """A yes that would end the interview can be corrected before the report."""
    file = tmp_path / "a.json"
    result = interview(["y", "b", "n", "q"], file)
    assert list(json.loads(file.read_text()).values()) == ["no"]
    assert "CALL AN AMBULANCE NOW" not in result.stdout


def test_a_whole_interview_reaches_the_stop_rule(tmp_path: Path) -> None:
    """Answering no to everything, with measures where they are asked for, ends by itself in the report."""
    file, lines = tmp_path / "a.json", []
    answers: dict[str, object] = {}
    while (question := bp.next_question(answers).question) is not None:
        value = {"age": 40, "sex": "male", "pain_severity": 3, "duration_days": 5}.get(question.measure or "", "no")
        answers[question.measure or question.id] = value
        lines.append(str(value))
    result = interview(lines, file)
    assert "Stopped before the end" not in result.stdout
    assert json.loads(file.read_text()) == answers


def test_a_broken_file_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    """A file that holds no answers is not overwritten."""
    file = tmp_path / "a.json"
    file.write_text("{")
    result = interview(["n"], file)
    assert result.returncode == 2
    assert "no JSON" in result.stderr
    assert file.read_text() == "{"
