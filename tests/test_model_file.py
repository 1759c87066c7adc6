"""The shipped model file says what the dossier says: every number, red flag and treatment, with its source."""

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from small_models import Data, as_toml, of_network, parameter, small_model

from buttockpain import Level, Model, ModelError, default_model, load_model, model_file
from buttockpain.knowledge import Knowledge

MODEL_FILE = Path(str(files("buttockpain.models"))) / "buttock_pain.toml"
SHIPPED: Data = tomllib.loads(MODEL_FILE.read_text(encoding="utf-8"))
ROWS = list(
    csv.DictReader((Path(__file__).parent / "data" / "parameters.csv").read_text(encoding="utf-8").splitlines())
)

RANKED = ["calcium_deficiency", "fasciitis", "lumbar_disc_herniation", "piriformis_syndrome", "sciatica"]
AGE_BANDS = {"age_30_to_50": "age_band.30_to_50", "age_over_50": "age_band.over_50"}


def path_of(row: Mapping[str, str]) -> str:
    """Return the path of the number in a row of the dossier's table."""
    parent, child = AGE_BANDS.get(row["parent"], row["parent"]), row["child"]
    if row["kind"] == "risk_base":
        name, _, state = AGE_BANDS.get(child, child).partition(".")
        return f"risk_factor.{name}.base" + (f".{state}" if state else "")
    return {
        "prior": f"cause.{child}.leak",
        "risk_link": f"cause.{child}.link.{parent}",
        "finding_leak": f"finding.{child}.leak",
        "finding_link": f"finding.{child}.link.{parent}",
    }[row["kind"]]


def numbers_in(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every table of the file that has a value, with its path; written apart from the library."""
    if "value" in table:
        yield path, table
    for key, entry in table.items():
        if isinstance(entry, dict):
            yield from numbers_in(entry, f"{path}.{key}".lstrip("."))


IN_FILE = dict(numbers_in(SHIPPED))
NETWORK = {path: entry for path, entry in IN_FILE.items() if path.split(".")[0] in ("risk_factor", "cause", "finding")}


# --- the numbers ----------------------------------------------------------------------------------------------------


def test_file_and_table_name_the_same_numbers() -> None:
    """Every row of parameters.csv stands in the model file once, and the file has no number of its own."""
    paths = [path_of(row) for row in ROWS]
    assert len(paths) == len(set(paths)) == 449
    assert set(paths) == set(NETWORK)


@pytest.mark.parametrize("row", [pytest.param(row, id=path_of(row)) for row in ROWS])
def test_number_agrees_to_the_last_digit(row: dict[str, str]) -> None:
    """Value, range, basis, references and note of a number are those of parameters.csv, compared exactly."""
    entry = NETWORK[path_of(row)]
    for key in ("value", "low", "high"):
        assert entry[key] == float(row[key])
    assert entry["basis"] == row["basis"]
    assert entry.get("ref") == [int(number) for number in row["ref"].split(";") if number]
    assert entry.get("note", "") == row["note"]


def test_loaded_numbers_are_those_of_the_file() -> None:
    """`parameters()` gives every number of the file, in its order, with its range, basis, note and source texts."""
    rows = {row.path: row for row in default_model().parameters()}
    assert set(rows) == set(IN_FILE)
    assert [path for path in rows if path in NETWORK] == list(NETWORK)
    for path, entry in IN_FILE.items():
        row = rows[path]
        assert (row.value, row.low, row.high, row.basis) == tuple(entry[k] for k in ("value", "low", "high", "basis"))
        assert row.note == entry.get("note", "")
        assert row.reference == tuple(SHIPPED["reference"][str(number)]["text"] for number in entry.get("ref", []))


def test_all_references_resolve_and_are_there_from_1_on() -> None:
    """The reference list has no gap, and every number or text that cites finds its source."""
    assert [int(number) for number in SHIPPED["reference"]] == list(range(1, len(SHIPPED["reference"]) + 1))
    for path, entry in IN_FILE.items():
        assert all(str(number) in SHIPPED["reference"] for number in entry["ref"]), path
        for number in re.findall(r"\[(\d+(?:, \d+)*)\]", entry.get("note", "")):
            assert all(one in SHIPPED["reference"] for one in number.split(", ")), (
                f"{path} cites [{number}] in its note"
            )


def test_every_number_says_where_it_comes_from() -> None:
    """A number without a reference says why in its note; a number from the literature has a reference."""
    for path, entry in IN_FILE.items():
        assert entry["basis"] in ("literature", "founding document", "judgement"), path
        assert entry["ref"] or entry.get("note"), path
        assert entry["ref"] or entry["basis"] != "literature", path


# --- the founding document ------------------------------------------------------------------------------------------

TREATMENTS = {
    "calcium_deficiency": (
        ["oyster shell calcium carbonate tablets", "vitamin D2 calcium phosphate tablets", "calcium lactate tablets"],
        [],
    ),
    "fasciitis": (["heat therapy", "infrared therapy", "extracorporeal shockwave therapy"], []),
    "lumbar_disc_herniation": (["rest", "massage", "traction"], []),
    "piriformis_syndrome": (
        ["sustained-release ibuprofen", "sustained-release diclofenac sodium", "celecoxib"],
        ["prednisolone acetate", "dexamethasone", "methylprednisolone sodium succinate"],
    ),
    "sciatica": (["mecobalamin", "adenosylcobalamin", "vitamin B12"], []),
}


@pytest.mark.parametrize("cause", RANKED)
def test_treatments_are_those_of_the_founding_document(cause: str) -> None:
    """Every treatment the founding document names stands under its cause, and no other; never as advice."""
    named, by_physician = TREATMENTS[cause]
    treatments = SHIPPED["cause"][cause]["treatments"]
    assert treatments["named"] == named
    assert len(treatments["by_physician"]) == len(by_physician)
    for drug, entry in zip(by_physician, treatments["by_physician"], strict=True):
        assert drug in entry
        assert "local" in entry
    options = next(ranked for ranked in default_model().rank().causes if ranked.id == cause).treatments
    assert options is not None
    assert options.wording == "Options the source document names, only under medical advice."
    assert options.named == tuple(named)
    assert list(options.by_physician) == treatments["by_physician"]
    assert options.caution


FOUNDING = {  # what the founding document names for a cause -> the ids that stand for it (dossier, section C6)
    "insufficient intake": ("calcium_deficiency", ["low_calcium_intake"]),
    "excessive loss": (
        "calcium_deficiency",
        ["neck_gland_surgery", "gut_absorption_problem", "kidney_disease", "calcium_lowering_medicines"],
    ),
    "cramps": ("calcium_deficiency", ["leg_cramps", "widespread_cramps"]),
    "lower bone density": ("calcium_deficiency", ["low_bone_density"]),
    "pain": ("calcium_deficiency", ["widespread_aches", "bone_pain"]),
    "reduced mobility": ("calcium_deficiency", ["difficulty_moving"]),
    "cold, damp, wind": ("fasciitis", ["cold_damp_exposure", "pain_worse_cold_damp"]),
    "overstretching, tension without rest": ("fasciitis", ["muscle_overuse_strain"]),
    "spasm of the buttock": ("fasciitis", ["muscle_spasm"]),
    "weakness": ("fasciitis", ["leg_weakness"]),
    "numbness of the buttock": ("fasciitis", ["buttock_numbness"]),
    "low back pain": ("lumbar_disc_herniation", ["low_back_pain"]),
    "leg numbness": ("lumbar_disc_herniation", ["leg_numbness"]),
    "injury": ("piriformis_syndrome", ["buttock_injury"]),
    "inflammation, congestion, oedema": (
        "piriformis_syndrome",
        ["local_swelling", "local_tenderness", "sciatic_notch_tenderness"],
    ),
    "difficulty moving": ("piriformis_syndrome", ["difficulty_moving"]),
    "sciatic pain": ("piriformis_syndrome", ["pain_radiating_down_leg"]),
    "radiating pain": ("sciatica", ["pain_radiating_down_leg", "pain_below_knee"]),
    "muscle spasm": ("sciatica", ["muscle_spasm"]),
    "tingling and numbness of the buttock": ("sciatica", ["buttock_numbness"]),
    "disc presses a nerve": ("sciatica", ["lumbar_disc_herniation"]),
    "piriformis presses the nerve": ("sciatica", ["piriformis_syndrome"]),
}


@pytest.mark.parametrize("named", FOUNDING)
def test_founding_document_is_covered(named: str) -> None:
    """Each trigger and symptom the founding document names for a cause has an id and a link to that cause."""
    cause, ids = FOUNDING[named]
    for name in ids:
        linked = name in SHIPPED["cause"][cause]["link"] or cause in SHIPPED["finding"].get(name, {}).get("link", {})
        assert linked, f"{name} has no link with {cause}"


def test_causes_are_the_five_and_something_else() -> None:
    """Five causes are ranked; the sixth stands for the rest, has findings, and never has treatments or rank."""
    causes = SHIPPED["cause"]
    assert [name for name, cause in causes.items() if cause["ranked"]] == RANKED
    assert list(causes) == [*RANKED, "something_else"]
    assert "treatments" not in causes["something_else"]
    assert any("something_else" in finding.get("link", {}) for finding in SHIPPED["finding"].values())
    assert [name for name, finding in SHIPPED["finding"].items() if finding.get("presenting")] == ["buttock_pain"]
    arcs = {(parent, name) for name, cause in causes.items() for parent in cause["link"] if parent in causes}
    assert arcs == {("lumbar_disc_herniation", "sciatica"), ("piriformis_syndrome", "sciatica")}


def test_override_is_the_sentence_of_the_founding_document() -> None:
    """Severe is 7 of 10, long-lasting 42 days, both from the founding document, and the text asks for a hospital."""
    override = SHIPPED["triage"]["override"]
    assert set(override["facts"]) == {"severe_pain", "long_lasting_pain"}
    assert override["basis"] == "founding document"
    assert "detailed medical evaluation at a hospital is needed" in override["text"]
    severe, lasting = SHIPPED["safety"]["severe_pain"], SHIPPED["safety"]["long_lasting_pain"]
    assert (severe["value"], severe["measure"], severe["when"]) == (7, "pain_severity", "at_least")
    assert (lasting["value"], lasting["measure"], lasting["when"]) == (42, "duration_days", "at_least")


# --- texts and codes ------------------------------------------------------------------------------------------------


def test_everything_asked_has_a_question_and_a_short_label() -> None:
    """Questions end with a question mark or a bracket, labels fit a line of a report."""
    for section in ("risk_factor", "finding"):
        for name, entry in SHIPPED[section].items():
            assert re.search(r"[?)]$", entry["question"]), f"{section}.{name}: {entry['question']}"
            assert len(entry["label"]) <= 45, f"{section}.{name}: {entry['label']}"


def test_every_kind_in_use_is_described() -> None:
    """Each kind of question says who can be asked; signs and tests are not asked of patients."""
    used = {finding["kind"] for finding in SHIPPED["finding"].values()} | {"risk_factor"}
    assert used == set(SHIPPED["kind"]) == {"symptom", "history", "sign", "test", "red_flag", "risk_factor"}
    assert SHIPPED["kind"]["sign"]["asked_of"] == SHIPPED["kind"]["test"]["asked_of"] == ["clinician"]


PATTERNS = {
    "snomed_ct": r"\d{6,18}",
    "icd10": r"[A-Z]\d\d(\.\d{1,2})?",
    "icd10cm": r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?",
    "icd11": r"[0-9A-Z]{4}(\.[0-9A-Z]{1,2})?",
    "hpo": r"HP:\d{7}",
}


def verhoeff_holds(digits: str) -> bool:
    """Return whether the check digit of a SNOMED CT identifier is right (Verhoeff 1969, the dihedral group D5)."""

    def product(a: int, b: int) -> int:
        turn = (a + b) % 5 if a < 5 else (a - b) % 5
        return turn + (5 if (a < 5) != (b < 5) else 0)

    def permuted(place: int, digit: int) -> int:
        for _ in range(place % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        return digit

    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = product(check, permuted(place, int(digit)))
    return check == 0


def test_verhoeff_by_hand() -> None:
    """The published example 236 with check digit 3; one digit wrong, or two neighbours swapped, is noticed."""
    assert verhoeff_holds("2363")
    assert not any(verhoeff_holds(f"236{digit}") for digit in "012456789")
    assert not verhoeff_holds("2633")


def test_codes_have_the_form_of_their_classification() -> None:
    """Every code looks like one of its system, SNOMED CT identifiers pass their check digit, and none is given twice."""
    for section in ("risk_factor", "cause", "finding"):
        for name, entry in SHIPPED[section].items():
            codes = entry.get("codes", [])
            for code in codes:
                assert re.fullmatch(PATTERNS[code["system"]], code["code"]), f"{section}.{name}: {code}"
                assert code["system"] != "snomed_ct" or verhoeff_holds(code["code"]), f"{section}.{name}: {code}"
            assert len({(code["system"], code["code"]) for code in codes}) == len(codes), f"{section}.{name}"


def test_model_card_stands_beside_the_file_with_its_version() -> None:
    """The model card has an impact log, and names the version of the file."""
    card = (MODEL_FILE.parent / "README.md").read_text(encoding="utf-8")
    assert "impact log" in card.lower()
    assert SHIPPED["model"]["version"] in card


# --- reading --------------------------------------------------------------------------------------------------------


def test_loaded_model_is_frozen() -> None:
    """Nothing of a loaded model can be assigned."""
    knowledge = default_model().knowledge
    with pytest.raises(ValidationError, match="frozen"):
        knowledge.cause["sciatica"].leak.value = 0.5  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot assign"):
        default_model().knowledge = knowledge  # type: ignore[misc]


def test_small_model_loads_from_file_text_and_tables(tmp_path: Path) -> None:
    """File, text and plain tables give the same knowledge; line ends do not matter."""
    data = small_model()
    file = tmp_path / "small.toml"
    file.write_text(as_toml(data), encoding="utf-8", newline="\r\n")
    loaded = load_model(str(file))
    assert isinstance(loaded, Model)
    assert loaded.knowledge == model_file.from_data(data) == model_file.from_text(as_toml(data))
    assert loaded.fingerprint == model_file.from_data(data).fingerprint


def test_missing_file_is_an_os_error(tmp_path: Path) -> None:
    """A file that is not there is the operating system's error, which names it."""
    with pytest.raises(FileNotFoundError, match=r"nowhere\.toml"):
        load_model(tmp_path / "nowhere.toml")


def test_twelve_causes_load_thirteen_only_when_asked() -> None:
    """The default limit is 12 causes; `max_causes` raises it."""
    model_file.from_data(with_causes(12))
    with pytest.raises(ModelError, match=r"13 causes; expected at most 12.*max_causes=13.*8,192 states"):
        model_file.from_data(with_causes(13))
    model_file.from_data(with_causes(13), max_causes=13)


def test_max_causes_passes_through_the_front_door(tmp_path: Path) -> None:
    """`load_model(max_causes=...)` is the way the error tells."""
    file = tmp_path / "large.toml"
    file.write_text(as_toml(with_causes(13)), encoding="utf-8")
    with pytest.raises(ModelError, match="max_causes=13"):
        load_model(file)
    model = load_model(file, max_causes=13)
    assert len(model.rank().causes) == 13
    assert len(model.replace({"cause.c0.leak": 0.1}).network.causes) == 13


def with_causes(number: int) -> Data:
    """Return a model of many causes of one finding."""
    causes = {f"c{index}": 0.01 for index in range(number)}
    return small_model(
        causes=causes, unranked=(), cause_links={}, risk_factors={}, rules=(),
        findings={"complaint": (0.01, dict.fromkeys(causes, 0.5))},
    )  # fmt: skip


# --- fingerprint ----------------------------------------------------------------------------------------------------


def test_fingerprint_is_the_sha_256_of_all_that_is_said() -> None:
    """The fingerprint has 64 hexadecimal digits, ignores the order of keys, and changes with every text and number."""
    data = small_model()
    fingerprint = model_file.from_data(data).fingerprint
    assert re.fullmatch("[0-9a-f]{64}", fingerprint)
    assert model_file.from_data(dict(reversed(data.items()))).fingerprint == fingerprint
    seen = {fingerprint}
    for table, key, value in (
        (data["cause"]["strain"]["leak"], "value", 0.0500000000000001),
        (data["cause"]["strain"]["leak"], "note", "why"),
        (data["finding"]["numb"], "question", "Numb?"),
        (data["triage"]["rule"][0], "any_of", ["numb"]),
        (data["finding"]["fever"]["red_flag"], "level", "emergency"),
        (data["reference"]["1"], "text", "Someone else. A paper."),
    ):
        table[key] = value
        seen.add(model_file.from_data(data).fingerprint)
    assert len(seen) == 7


def test_fingerprint_is_the_same_in_every_process() -> None:
    """The seed of Python's string hashes does not reach the fingerprint, nor the bytes of an answer."""
    program = (
        "import buttockpain as bp; m = bp.default_model(); print(m.fingerprint);"
        "print(m.rank(low_back_pain='yes', fever_with_pain='yes', difficulty_moving='yes', age=72).model_dump_json())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (output,) = outputs
    assert output.splitlines()[0] == default_model().fingerprint


def test_level_words_follow_urgency() -> None:
    """The file's ladder has the five levels, most urgent first, and comparisons follow it."""
    ladder = [Level(word) for word in SHIPPED["triage"]["level"]]
    assert ladder == sorted(Level, reverse=True)
    assert ladder[0] == "emergency_ambulance"


# --- the builder of small models ------------------------------------------------------------------------------------


def test_small_model_is_what_toml_reads() -> None:
    """The writer of small models gives TOML that reads as the tables it came from."""
    assert tomllib.loads(as_toml(small_model())) == small_model()
    assert json.loads(json.dumps(small_model())) == small_model()
    odd = {"a b": 'quote " and \\ back', "é": [1, 2.5, True, {"x": "y"}], "t": {"u": {"v": 1e-300}}}
    assert tomllib.loads(as_toml(odd)) == odd


def test_network_of_the_oracle_becomes_a_model() -> None:
    """A small network, with a factor of three states and an arc, loads with its own numbers."""
    data = of_network(
        {
            "causes": ["a", "b"],
            "presenting": "f",
            "risk_factors": {
                "r": {"states": ["no", "yes"], "base": {"no": 0.8, "yes": 0.2}},
                "s": {"states": ["x", "y", "z"], "base": {"x": 0.2, "y": 0.3, "z": 0.5}},
            },
            "cause_leak": {"a": 0.1, "b": 0.2},
            "cause_link": {"a": {("r", "yes"): 0.3, ("s", "z"): 0.4}, "b": {("a", "yes"): 0.6}},
            "finding_leak": {"g": 0.05, "f": 0.1},
            "finding_link": {"g": {"b": 0.3}, "f": {"a": 0.7}},
        }
    )
    knowledge: Knowledge = model_file.from_data(data)
    numbers = {
        path: number.value for path, number in knowledge.parameters() if path[:6] in ("cause.", "risk_f", "findin")
    }
    assert numbers == {
        "risk_factor.r.base": 0.2,
        "risk_factor.s.base.y": 0.3,
        "risk_factor.s.base.z": 0.5,
        "cause.a.leak": 0.1,
        "cause.a.link.r": 0.3,
        "cause.a.link.s.z": 0.4,
        "cause.b.leak": 0.2,
        "cause.b.link.a": 0.6,
        "finding.f.leak": 0.1,
        "finding.f.link.a": 0.7,
        "finding.g.leak": 0.05,
        "finding.g.link.b": 0.3,
    }
    assert parameter(0.3)["low"] < 0.3 < parameter(0.3)["high"]
