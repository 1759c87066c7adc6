"""Overlays change some numbers and say why; changes written to a file change those lines and no others."""

import difflib
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import small_models

from buttockpain import MissingExtraError, ModelError, UnsafeModelError, default_model, load_model
from buttockpain.research.overlay import Overlay, apply_overlay, is_overlay, read_overlay
from buttockpain.research.write_back import write_changes

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "models" / "buttock_pain.toml"
OVERLAYS = sorted((ROOT / "models" / "overlays").glob("*.toml"))

ABOUT = '[overlay]\nid = "clinic"\ntitle = "A clinic"\nreason = "More sport."\nsource = "Its records."\n'


def overlay_file(tmp_path: Path, changes: str, about: str = ABOUT) -> Path:
    """Write an overlay file."""
    path = tmp_path / "overlay.toml"
    path.write_text(f"{about}\n[change]\n{changes}\n")
    return path


# --- overlays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: path.stem)
def test_every_shipped_overlay_applies_to_the_shipped_model(path: Path) -> None:
    """And says in every number it changes why it does."""
    overlay, model = read_overlay(path), default_model()
    changed = apply_overlay(model, path)
    assert is_overlay(path)
    assert changed.knowledge.model.version == f"{model.knowledge.model.version}+{overlay.id}"
    before = {row.path: row for row in model.parameters()}
    for row in changed.parameters():
        assert (row == before[row.path]) == (row.path not in overlay.changes)
        assert row.path not in overlay.changes or row.note


def test_an_overlay_gives_what_replace_gives_with_its_reason_as_note(tmp_path: Path) -> None:
    """Numbers and tables of a number; a note of its own stays; answers name the overlay in the model's version."""
    path = overlay_file(
        tmp_path,
        '"cause.sciatica.leak" = 0.03\n'
        '"safety.severe_pain" = 6\n'
        '"finding.slr_positive.link.sciatica" = { value = 0.4, low = 0.3, high = 0.5, basis = "literature", ref = [7], '
        'note = "our audit" }',
    )
    note = "overlay clinic: More sport. (Its records.)"
    model = default_model()
    expected = model.replace({
        "cause.sciatica.leak": {"value": 0.03, "note": note},
        "safety.severe_pain": {"value": 6, "note": note},
        "finding.slr_positive.link.sciatica": {
            "value": 0.4, "low": 0.3, "high": 0.5, "basis": "literature", "ref": [7], "note": "our audit",
        },
    })  # fmt: skip
    applied = apply_overlay(model, path)
    assert applied.parameters() == expected.parameters()
    assert applied.rank({"leg_numbness": "yes"}).model.version == f"{model.knowledge.model.version}+clinic"
    assert apply_overlay(applied, path).knowledge.model.version.endswith("+clinic.clinic")
    assert apply_overlay(model, read_overlay(path)).fingerprint == applied.fingerprint


def test_everything_wrong_with_the_form_of_an_overlay_is_in_one_error(tmp_path: Path) -> None:
    """Texts that are missing, unknown keys, paths without quotes, words for numbers."""
    path = tmp_path / "overlay.toml"
    path.write_text(
        '[overlay]\nid = "My clinic"\ntitle = " "\nraeson = "x"\nsource = "s"\n'
        "[chnage]\n"
        '[change]\n"cause.sciatica.leak" = "0.03"\n"cause.fasciitis.leak" = { valeu = 0.1, low = 0.05 }\n'
        "finding.slr_positive.leak = 0.2\n"
        '"cause.piriformis_syndrome.leak" = true\n'
    )
    with pytest.raises(ModelError) as caught:
        read_overlay(path)
    message = str(caught.value)
    for words in (
        "9 problems",
        "`chnage`: found an unknown table; expected [overlay] and [change]; did you mean `change`?",
        "`overlay.raeson`: found an unknown key; expected id, title, reason, source; did you mean `reason`?",
        "`overlay.title`: found no text; expected a text; an overlay says what it is and why",
        "`overlay.reason`: found no text",
        "`overlay.id`: found an ill-formed id; expected lower-case letters, digits and underscores",
        "`change.cause.sciatica.leak`: found a str; expected a number, or any of value, low, high, basis, ref, note",
        "`change.cause.fasciitis.leak.valeu`: found an unknown key",
        "`change.finding`: found a table within a table; expected a path and its number; write the whole path in quotes: ",
        '"finding.slr_positive" = ...',
    ):
        assert words in message, words
    assert "piriformis" in message


def test_everything_wrong_with_its_changes_is_in_one_error(tmp_path: Path) -> None:
    """Unknown paths, numbers out of range, thresholds beyond their safe bounds, all together."""
    path = overlay_file(
        tmp_path,
        '"cause.sciatca.leak" = 0.1\n"cause.fasciitis.leak" = 1.5\n"safety.severe_pain" = 9\n'
        '"risk_factor.age_band.base.over_50" = { value = 0.7, low = 0.1, high = 0.9 }',
    )
    with pytest.raises(ModelError) as caught:
        apply_overlay(default_model(), path)
    message = str(caught.value)
    for words in (
        "overlay clinic: ",
        "`cause.sciatca.leak`: found no such number; expected the path of a number in the model; did you mean ",
        "did you mean `cause.sciatica.leak`?",
        "`cause.fasciitis.leak.value`: found 1.5; expected a probability above 0 and below 1",
        "`safety.severe_pain`: found 9; expected a value within the safe bounds 5 to 8",
        "`risk_factor.age_band.base`: found base rates that sum to 1.06; expected a sum below 1",
    ):
        assert words in message, words


def test_files_that_are_no_overlays_are_refused(tmp_path: Path) -> None:
    """Not TOML, not text, too large, without a single change; and a model file is told from an overlay."""
    path = tmp_path / "overlay.toml"
    for content, words in (
        (b"[overlay", "expected TOML 1.0"),
        (b"\xff", "byte 0 that is not UTF-8"),
        (b"#" * 70_000, "more than 65,536 bytes"),
        (ABOUT.encode(), "`change`: found nothing"),
        (b"a = 1", "`overlay`: found nothing"),
        (b"x = " + b"[" * 3000, "expected"),
        (b"a." * 30_000 + b"b = 1", "a line of more than 64 dots"),
        (b"a = " + b"9" * 6000, "expected TOML 1.0"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=words.replace("[", r"\[")):
            read_overlay(path)
        assert is_overlay(path) == content.startswith(b"[overlay]")
    assert not is_overlay(SHIPPED)
    with pytest.raises(FileNotFoundError):
        is_overlay(tmp_path / "missing.toml")


def test_an_overlay_can_be_made_in_code() -> None:
    """Without a file; the original model stays as it is."""
    model = default_model()
    before = model.fingerprint
    overlay = Overlay("clinic", "A clinic", "More sport.", "Its records.", {"cause.sciatica.leak": 0.03})
    assert apply_overlay(model, overlay).knowledge.cause["sciatica"].leak.value == 0.03
    assert model.fingerprint == before


# --- writing back -----------------------------------------------------------------------------------------------------


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines that differ, as pairs; a line more or less is a failure."""
    one, other = before.splitlines(keepends=True), after.splitlines(keepends=True)
    assert len(one) == len(other)
    kinds = {tag for tag, *_ in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()}
    assert kinds <= {"equal", "replace"}
    return [(a, b) for a, b in zip(one, other, strict=True) if a != b]


def test_writing_changes_touches_exactly_the_lines_of_the_numbers(tmp_path: Path) -> None:
    """Inline numbers are one line each, tables of a number one line per entry; comments and spacing stay."""
    target = tmp_path / "mine.toml"
    changes: dict[str, Any] = {
        "cause.sciatica.leak": 0.03,
        "cause.calcium_deficiency.link.low_calcium_intake": {
            "value": 0.02,
            "basis": "literature",
            "ref": [41],
            "note": "new",
        },
        "risk_factor.age_band.base.over_50": 0.3,
        "finding.slr_positive.link.sciatica": {"high": 0.5},
        "safety.severe_pain": 6.5,
    }
    model = write_changes(SHIPPED, changes, target)
    lines = changed_lines(SHIPPED.read_text(), target.read_text())
    assert len(lines) == 4 + 3  # the threshold: value, basis, note
    assert ("value = 7\n", "value = 6.5\n") in lines
    inline = next(after for before, after in lines if before.startswith("low_calcium_intake"))
    assert inline == (
        'low_calcium_intake         = { value = 0.02,  low = 0.0028,  high = 0.032, basis = "literature", '
        'ref = [41], note = "new" }\n'
    )
    assert load_model(target).fingerprint == model.fingerprint
    old = {row.path: row for row in default_model().parameters()}
    for row in model.parameters():
        if row.path not in changes:
            assert row == old[row.path]
    leak = next(row for row in model.parameters() if row.path == "cause.sciatica.leak")
    was = old[leak.path]
    assert (leak.value, leak.low, leak.high, leak.basis) == (0.03, was.low, was.high, "edited")
    assert leak.note == f"was 0.02511 (0.011 to 0.053), judgement: {was.note}"


def test_a_file_may_be_changed_in_place_and_keeps_its_rights_and_line_ends(tmp_path: Path) -> None:
    """Windows line ends and file mode survive; nothing else is left in the folder."""
    path = tmp_path / "mine.toml"
    text = small_models.as_toml(small_models.small_model()).replace("\n", "\r\n")
    path.write_bytes(text.encode())
    path.chmod(0o640)
    write_changes(path, {"cause.strain.leak": 0.07}, path)
    after = path.read_bytes().decode()
    diff = list(difflib.ndiff(text.splitlines(), after.splitlines()))
    assert sorted(line for line in diff if line.startswith(("- ", "+ "))) == [
        '+ basis = "edited"', '+ note = "was 0.05 (0.025 to 0.525), judgement"', "+ value = 0.07",
        '- basis = "judgement"', "- value = 0.05",
    ]  # fmt: skip
    assert after.count("\r\n") == after.count("\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.toml"]


def test_a_change_that_a_model_must_not_say_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    """Unknown paths and impossible numbers are told together; nothing is written, no scraps remain."""
    target = tmp_path / "mine.toml"
    with pytest.raises(ModelError) as caught:
        write_changes(SHIPPED, {"cause.sciatca.leak": 0.1, "cause.fasciitis.leak": 2.0}, target)
    assert "did you mean `cause.sciatica.leak`?" in str(caught.value)
    assert "`cause.fasciitis.leak.value`: found 2.0" in str(caught.value)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ModelError, match="safe bounds"):
        write_changes(SHIPPED, {"safety.long_lasting_pain": 400}, target)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_behind_when_saving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, say: the old file stays whole."""
    path = tmp_path / "mine.toml"
    path.write_text(small_models.as_toml(small_models.small_model()))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("buttockpain.research.write_back.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_changes(path, {"cause.strain.leak": 0.07}, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.toml"]


def test_a_model_that_would_be_unsafe_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The safety promises are proved before anything is saved."""

    def unsafe(_: object) -> None:
        raise UnsafeModelError("model", [])

    monkeypatch.setattr("buttockpain.research.write_back.Model.of", unsafe)
    with pytest.raises(UnsafeModelError):
        write_changes(SHIPPED, {"cause.sciatica.leak": 0.03}, tmp_path / "mine.toml")
    assert not list(tmp_path.iterdir())


def test_without_tomlkit_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An optional package that is missing is named with its extra."""
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'buttockpain\[edit\]'"):
        write_changes(SHIPPED, {"cause.sciatica.leak": 0.03}, tmp_path / "mine.toml")
