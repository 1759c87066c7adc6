"""The bridge to pgmpy: same posteriors there, same model back, and nothing taken silently that pgmpy would take."""

import sys
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import oracle
import pytest
import small_models
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from pgmpy.factors.discrete import TabularCPD

from buttockpain import AnswerError, ImpossibleEvidenceError, MissingExtraError, ModelError, default_model
from buttockpain.interop.pgmpy_bridge import (
    from_pgmpy,
    read_bif,
    read_xmlbif,
    second_opinion,
    to_pgmpy,
    write_bif,
    write_xmlbif,
)
from buttockpain.model import Model
from buttockpain.model_file import from_data
from buttockpain.research.differences import differences

SEEDS = st.integers(0, 10**6)


def network_of(seed: int) -> oracle.Network:
    """Return a random network with several-state risk factors and links between causes."""
    return strategies.seeded_network(seed, causes=3, risk_factors=3, findings=4)


def small() -> Model:
    """Return the small model of the tests."""
    return Model.of(from_data(small_models.small_model()))


def replace_table(network: Any, name: str, values: Any, **more: Any) -> None:
    """Put another table in the place of a variable's; parents and states stay unless given."""
    old = network.get_cpds(name)
    parents = more.get("parents", old.variables[1:])
    states = {one: more.get("states", {}).get(one, old.state_names.get(one, ["no", "yes"])) for one in [name, *parents]}
    network.remove_cpds(old)
    sizes = [len(states[parent]) for parent in parents]
    network.add_cpds(
        TabularCPD(name, len(states[name]), values, parents or None, sizes or None, state_names=states)
    )  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(SEEDS, SEEDS)
def test_pgmpy_gives_the_posteriors_of_enumeration(seed: int, more: int) -> None:
    """Of the tables we build, variable elimination makes what the definition says, virtual evidence included."""
    network = network_of(seed)
    evidence = oracle.random_evidence(Random(more), network)
    expected = oracle.posterior(network, evidence)
    for name, probability in second_opinion(strategies.model_of(network), evidence).items():
        assert probability == pytest.approx(expected[name], abs=1e-12)


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"leg_numbness": "yes", "slr_positive": 0.8, "age": 45, "sex": "female", "saddle_numbness": "no"},
        {"low_back_pain": 0.3, "heavy_lifting_vibration": 0.9, "pain_severity": 8, "fasciitis": None},
    ],
)
def test_a_second_opinion_on_the_shipped_model_is_the_first(answers: dict[str, Any]) -> None:
    """Age and sex fill risk factors, the complaint counts, numbers are virtual evidence, red flags come in."""
    answers = {name: answer for name, answer in answers.items() if name != "fasciitis"}
    model = default_model()
    theirs = second_opinion(model, answers)
    for cause in model.rank(answers).causes:
        assert theirs[cause.id] == pytest.approx(cause.probability, abs=1e-12)


def test_bad_answers_are_refused_before_pgmpy_sees_them() -> None:
    """Unknown names and words, for which pgmpy has three kinds of errors, are told as by `rank`."""
    with pytest.raises(AnswerError, match="did you mean `leg_numbness`"):
        second_opinion(default_model(), {"leg_numbnes": "yes"})


def test_impossible_evidence_is_an_error_not_nan() -> None:
    """Answers so improbable that the product of tables is 0 make pgmpy say NaN; here they are refused."""
    findings = {f"sign_{number}": (1e-200, {"strain": 2e-16}) for number in range(22)}
    model = Model.of(from_data(small_models.small_model(findings={**small_models.FINDINGS, **findings})))
    answers = dict.fromkeys(findings, "yes")
    assert model.rank(answers).fit.log_evidence == pytest.approx(22 * np.log(2e-16), abs=10)
    with pytest.raises(ImpossibleEvidenceError, match="`sign_0`, `sign_1`"):
        second_opinion(model, answers)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_there_and_back_is_the_same_model(seed: int) -> None:
    """Numbers come back as they were, to the last digit, with everything that stands about them."""
    model = strategies.model_of(network_of(seed))
    assert from_pgmpy(to_pgmpy(model), model).fingerprint == model.fingerprint


@settings(max_examples=25, deadline=None)
@given(SEEDS, SEEDS)
def test_numbers_of_a_network_replace_those_of_the_template(seed: int, other: int) -> None:
    """Posteriors are those of the network to 1e-12; links that came or went are taken over."""
    source, template = network_of(seed), network_of(other)
    source = {**source, "risk_factors": template["risk_factors"], "causes": template["causes"]}
    known = {(name, state) for name, factor in template["risk_factors"].items() for state in factor["states"]}
    source["cause_link"] = {  # links from states the template does not have cannot be; those between causes stay
        cause: {pair: value for pair, value in links.items() if pair in known or pair[0] in template["causes"]}
        for cause, links in source["cause_link"].items()
    }
    ours = strategies.model_of(source)
    back = from_pgmpy(to_pgmpy(ours), strategies.model_of(template))
    evidence = oracle.random_evidence(Random(other), source)
    expected = {cause.id: cause.probability for cause in ours.rank(evidence).causes}
    for cause in back.rank(evidence).causes:
        assert cause.probability == pytest.approx(expected[cause.id], abs=1e-12)
    assert not [one for one in differences(ours.knowledge, back.knowledge) if one.aspect == "structure"]


def test_a_changed_number_says_so_and_the_others_keep_their_sources() -> None:
    """Only what differs from the template is marked as edited."""
    template = default_model()
    changed = template.replace({"finding.slr_positive.link.sciatica": 0.5, "risk_factor.age_band.base.over_50": 0.3})
    back = from_pgmpy(to_pgmpy(changed), template)
    rows = {row.path: row for row in back.parameters() if row.basis == "edited"}
    assert set(rows) == {"finding.slr_positive.link.sciatica", "risk_factor.age_band.base.over_50"}
    row = rows["finding.slr_positive.link.sciatica"]
    assert row.value == pytest.approx(0.5, abs=1e-12)
    assert row.high == row.value
    assert row.note == "from a pgmpy network; the template says 0.323 (0.21 to 0.448)"
    assert back.triage({"pain_severity": 9}) == template.triage({"pain_severity": 9})


@pytest.mark.parametrize(("write", "read"), [(write_bif, read_bif), (write_xmlbif, read_xmlbif)])
def test_files_carry_the_whole_network_exactly(write: Any, read: Any, tmp_path: Path) -> None:
    """Identifiers only; the shipped model written and read back is the same model, and so is one with tiny numbers."""
    data = small_models.small_model(causes={"strain": 1e-7, "nerve_pinch": 0.02, "other": 0.1})
    for model in (default_model(), Model.of(from_data(data))):
        path = tmp_path / "model.bif"
        write(model, path)
        text = path.read_text()
        assert model.knowledge.cause[model.network.causes[0]].label not in text
        assert read(path, model).fingerprint == model.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["model.bif"]


def test_the_order_of_states_and_parents_does_not_matter() -> None:
    """Another tool may list yes before no, and parents in any order."""
    model = small()
    network = to_pgmpy(model)
    table = network.get_cpds("numb")
    assert table.variables == ["numb", "nerve_pinch", "other"]
    values = table.values.transpose(0, 2, 1)[::-1, ::-1].reshape(2, -1)
    turned = {"numb": ["yes", "no"], "other": ["yes", "no"]}
    replace_table(network, "numb", values, parents=["other", "nerve_pinch"], states=turned)
    assert from_pgmpy(network, model).fingerprint == model.fingerprint


def test_a_table_that_is_no_noisy_or_is_named() -> None:
    """Every such node is in one error, with the worst column."""
    model = small()
    network = to_pgmpy(model)
    both = network.get_cpds("numb").values.reshape(2, -1).copy()
    both[:, -1] = [0.9, 0.1]  # with both causes present, less than with one
    replace_table(network, "numb", both)
    replace_table(network, "tender", [[0.3, 0.9], [0.7, 0.1]])  # the cause prevents it
    with pytest.raises(ModelError) as caught:
        from_pgmpy(network, model)
    message = str(caught.value)
    assert "2 problems" in message
    assert "`finding.numb`: found a table that is no noisy-OR, off by 0.558 where nerve_pinch yes, other yes" in message
    assert "`finding.tender`: found a link of -2 from `strain`; expected links from 0 to below 1" in message


@pytest.mark.parametrize("off", [0.005, -0.005])
def test_columns_must_sum_to_one_although_pgmpy_lets_them_pass(off: float) -> None:
    """It accepts a column that sums to 0.995; a model made of it would be wrong by as much."""
    model = small()
    network = to_pgmpy(model)
    network.get_cpds("tender").values[0, 0] += off
    assert network.check_model()
    with pytest.raises(ModelError, match=r"`finding.tender`: found a column that is off a sum of 1 by 0\.005"):
        from_pgmpy(network, model)


def test_another_structure_is_refused_in_one_error() -> None:
    """Variables that are missing or strange, parents from the wrong layer, other states."""
    model = small()
    network = to_pgmpy(model)
    network.remove_node("fever")
    network.add_edge("heavy_work", "tender")
    replace_table(network, "tender", [[0.9, 0.3, 0.9, 0.3], [0.1, 0.7, 0.1, 0.7]], parents=["heavy_work", "strain"])
    network.add_node("weather")
    network.add_cpds(TabularCPD("weather", 2, [[0.5], [0.5]]))
    replace_table(network, "stature", [[0.5], [0.3], [0.2]], states={"stature": ["short", "middling", "huge"]})
    with pytest.raises(ModelError) as caught:
        from_pgmpy(network, model)
    message = str(caught.value)
    for words in (
        "`finding.fever`: found no such variable in the network; expected fever",
        "`weather`: found a variable of the network; expected one of the template's",
        "`finding.tender`: found the parents heavy_work, strain; expected parents that are each a cause",
        "`risk_factor.stature`: found the states ['short', 'middling', 'huge'] of `stature`",
    ):
        assert words in message


def test_a_table_too_large_to_write_out_is_refused() -> None:
    """A noisy-OR of 17 causes has 18 numbers, and a table of 131,072 columns."""
    causes = {f"c{number}": 0.1 for number in range(17)}
    data = small_models.small_model(
        causes=causes,
        unranked=(),
        cause_links={},
        findings={"complaint": (0.1, dict.fromkeys(causes, 0.5))},
        rules=(),
        flags={},
    )
    knowledge = from_data(data, max_causes=17)
    few = small()
    model = Model(knowledge, few.network, few.vocabulary, few.rules)  # compiling it would be slow, and is not needed
    with pytest.raises(
        ModelError, match=r"`finding.complaint`: found a table of 131,072 columns; expected at most 65,536"
    ):
        to_pgmpy(model)


def test_names_that_bif_cannot_carry_are_in_no_model() -> None:
    """It writes names with spaces and fails to read them; a model file may not have any, of variables or of states."""
    for name in ("very tall", "tall,"):
        data = small_models.small_model(
            risk_factors={"stature": {"short": 0.3, name: 0.3, "tall": 0.4}}, cause_links={}, rules=()
        )
        with pytest.raises(ModelError, match=f"the state '{name}'"):
            from_data(data)
        with pytest.raises(ModelError, match=f"finding.{name}`: found an ill-formed id"):
            from_data(small_models.small_model(findings={**small_models.FINDINGS, name: (0.1, {"strain": 0.2})}))


def test_files_that_are_no_networks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nonsense, XML that could grow without end, and files without end."""
    path = tmp_path / "model.xml"
    path.write_text("<BIF><NETWORK>")
    with pytest.raises(ModelError, match="what XMLBIFReader cannot read"):
        read_xmlbif(path, small())
    path.write_text("once upon a time")
    with pytest.raises(ModelError, match=r"what BIFReader cannot read|no such variable"):
        read_bif(path, small())
    path.write_text('<!DOCTYPE x [<!ENTITY a "aa">]><BIF>&a;</BIF>')
    with pytest.raises(ModelError, match="an XML entity declaration"):
        read_xmlbif(path, small())
    monkeypatch.setattr("buttockpain.interop.pgmpy_bridge.MAX_BYTES", 10)
    with pytest.raises(ModelError, match="more than 10 bytes"):
        read_bif(path, small())


def test_without_pgmpy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional package that is missing is named with its extra."""
    monkeypatch.setitem(sys.modules, "pgmpy.models", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'buttockpain\[pgmpy\]'"):
        to_pgmpy(small())


def test_pgmpys_own_noisy_or_is_not_used() -> None:
    """It has no leak and puts True first; our tables say P(no) first, and P(no) with no parent present is 1 - leak."""
    table = to_pgmpy(default_model()).get_cpds("slr_positive")
    leak = default_model().knowledge.finding["slr_positive"].leak
    assert leak is not None
    assert table.state_names["slr_positive"] == ["no", "yes"]
    assert float(table.values.reshape(2, -1)[0, 0]) == pytest.approx(1 - leak.value, abs=1e-15)
    assert np.allclose(table.values.sum(axis=0), 1, atol=1e-15)
