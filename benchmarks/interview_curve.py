"""The interview simulated over patients drawn from the model: how many questions a decision takes.

    uv run benchmarks/interview_curve.py

Every questionnaire begins with the red flags. Then the questions a patient can answer are asked by expected gain per cost
(the library's interview), in the order of the model file, or in random order. After each question the leading cause is
compared with the one that all answers together would give, and with what the patient really has. Red flags that the model
has no probability for are answered no. Prints Markdown tables; takes half a minute. OPENBLAS_NUM_THREADS=1 is best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import buttockpain as bp
from buttockpain.case import Item
from buttockpain.differential import MARGIN
from buttockpain.inference import Evidence, infer
from buttockpain.information import information
from buttockpain.outlook import leaders, present_outlook
from buttockpain.predictive import People, draw_people
from buttockpain.stopping import stop_advice
from buttockpain.types import FloatArray, IntArray

PATIENTS = 1000  # for the curve
STOPPED = 100  # of them, for the stop rule, which is simulated anew after every question
DRAWS = 300  # for each simulation of the stop rule; near its limits the standard error is then below 0.02
SHOWN = (0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 40)
AS_INFORMED = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95)  # shares of patients with the leading cause that all answers would give
PRESENT = (0.55, 0.6, 0.65, 0.7, 0.73)  # shares of patients who have the leading cause; all answers reach little more


@dataclass(frozen=True, slots=True)
class Ward:
    """The patients, and what they can be asked.

    Attributes
    ----------
    items : questions after the red flags, in the order of the model file.
    answer : (Q, N) each patient's answer to each of them, by the number of its state.
    flags : evidence of the red flags, (F, N) and (K, N).
    truth : (ranked causes + 1, N) which causes each patient has, last whether none of them.
    """

    model: bp.Model
    items: tuple[Item, ...]
    answer: IntArray
    flags: Evidence
    truth: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


def admit(model: bp.Model, size: int, rng: np.random.Generator) -> Ward:
    """Return patients drawn from the model, given the complaint and nothing else."""
    network, case = model.network, model._case(None, ())
    people: People = draw_people(network, case.evidence, case.posterior, size, rng=rng)
    asked = [item for item in case.open_items("patient") if item.predicted]
    items = tuple(item for item in asked if item.kind != "red_flag")
    finding = np.repeat(case.evidence.finding, size, axis=1)
    for item in asked:
        if item.kind == "red_flag" and item.axis is not None:
            finding[item.axis] = people.finding[item.axis]
    answer = np.stack(
        [
            people.finding[item.axis].astype(np.int64) if item.axis is not None else people.factor[item.factor or 0]
            for item in items
        ]
    )
    has = network.has[people.state].T[[profile.axis for profile in model.directory.profiles]]
    factor = np.ones((len(network.base), size))
    return Ward(model, items, answer, Evidence(finding, factor), np.vstack([has, ~has.any(axis=0)]))


def leading(ward: Ward, evidence: Evidence) -> IntArray:
    """Return who leads for each patient: the number of a ranked cause, or the number after the last."""
    posterior = infer(ward.model.network, evidence)
    axes = [profile.axis for profile in ward.model.directory.profiles]
    return leaders(np.vstack([posterior.cause[axes], posterior.none_of_these]))


def tell(ward: Ward, evidence: Evidence, question: IntArray) -> None:
    """Write down each patient's answer to the question that patient is asked, in place."""
    for number, item in enumerate(ward.items):
        here = np.flatnonzero(question == number)
        if item.axis is not None:
            evidence.finding[item.axis, here] = ward.answer[number, here]
        elif item.factor is not None:
            first = ward.model.network.factors[item.factor].first
            states = np.arange(len(item.states))[:, None]
            evidence.factor[first : first + len(item.states), here] = states == ward.answer[number, here]


def by_gain(ward: Ward, evidence: Evidence, asked: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> IntArray:
    """Return the question that each patient would be asked by the library's interview."""
    network = ward.model.network
    known = information(network, evidence, infer(network, evidence))
    gain = np.stack(
        [
            (known.finding[item.axis] if item.axis is not None else known.factor[item.factor or 0]) / item.cost
            for item in ward.items
        ]
    )
    best: IntArray = np.where(asked, -1.0, np.rint(gain / MARGIN)).argmax(axis=0)
    return best


def interview(ward: Ward, order: IntArray | None) -> tuple[IntArray, IntArray]:
    """Return who leads after each question, (Q + 1, N), and which was asked, (Q, N); by gain if there is no order."""
    evidence = Evidence(ward.flags.finding.copy(), ward.flags.factor.copy())
    count, size = ward.answer.shape
    asked = np.zeros((count, size), dtype=bool)
    led, questions = [leading(ward, evidence)], []
    for turn in range(count):
        question = by_gain(ward, evidence, asked) if order is None else order[turn]
        asked[question, np.arange(size)] = True
        tell(ward, evidence, question)
        questions.append(question)
        led.append(leading(ward, evidence))
    return np.stack(led), np.stack(questions)


def questions_to_stop(ward: Ward, questions: IntArray, patient: int) -> int | None:
    """Return after how many questions the library's stop rule holds; None if the red flags alone are an emergency."""
    flags = ward.model.rules.flags
    index = ward.model.network.finding_index
    given_answers: dict[str, str] = {
        name: "yes" if name in index and ward.flags.finding[index[name], patient] == 1 else "no" for name in flags
    }
    if ward.model.triage(given_answers).level.is_emergency:
        return None
    for number, question in enumerate([None, *questions[:, patient].tolist()]):
        if question is not None:
            item = ward.items[question]
            given_answers[item.id] = item.states[ward.answer[question, patient]]
        case = ward.model._case(given_answers, ())
        items = case.open_items("patient")
        advice = stop_advice(case, items, present_outlook(case), rng=np.random.default_rng(patient), draws=DRAWS)
        if advice.stop:
            return number
    return len(questions)


def first_at(curve: FloatArray, quality: float) -> int:
    """Return from which number of questions on the quality is reached for good."""
    below = np.flatnonzero(curve < quality)
    return int(below[-1]) + 1 if below.size else 0


def main() -> None:
    """Simulate and print."""
    rng = np.random.default_rng(2026)
    ward = admit(bp.default_model(), PATIENTS, rng)
    count = len(ward.items)
    fixed = np.repeat(np.arange(count)[:, None], PATIENTS, axis=1)
    orders = {"by gain": None, "model order": fixed, "random order": rng.permuted(fixed, axis=0)}
    runs = {name: interview(ward, order) for name, order in orders.items()}
    final = runs["by gain"][0][-1]
    people = np.arange(PATIENTS)
    agrees = {name: (led == final).mean(axis=1) for name, (led, _) in runs.items()}
    correct = {name: ward.truth[led, people].mean(axis=1) for name, (led, _) in runs.items()}

    print(f"{PATIENTS:,} patients; {count} questions after the red flags.\n")
    print(f"| questions | {' | '.join(f'{name}: as when all is asked | {name}: is present' for name in runs)} |")
    print(f"|---:|{'---:|---:|' * len(runs)}")
    for number in sorted({*SHOWN, count}):
        figures = " | ".join(f"{agrees[name][number]:.1%} | {correct[name][number]:.1%}" for name in runs)
        print(f"| {number} | {figures} |")

    for title, curves, qualities in (("as when all is asked", agrees, AS_INFORMED), ("is present", correct, PRESENT)):
        print(f"\n| questions until the leading cause {title} | {' | '.join(runs)} | by gain / model order |")
        print(f"|---:|{'---:|' * (len(runs) + 1)}")
        for quality in qualities:
            needed = {name: first_at(curve, quality) for name, curve in curves.items()}
            ratio = needed["by gain"] / max(needed["model order"], 1)
            print(f"| {quality:.0%} | {' | '.join(str(number) for number in needed.values())} | {ratio:.2f} |")

    print("\n| until the stop rule holds | mean | median | 9 in 10 | as when all is asked | is present |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, (led, questions) in runs.items():
        stops = [(patient, questions_to_stop(ward, questions, patient)) for patient in range(STOPPED)]
        going = np.array([(patient, asked) for patient, asked in stops if asked is not None])
        who, taken = going.T
        at_stop = led[taken, who]
        print(
            f"| {name} | {taken.mean():.1f} | {np.median(taken):.0f} | {np.quantile(taken, 0.9):.0f} "
            f"| {(at_stop == final[who]).mean():.0%} | {ward.truth[at_stop, who].mean():.0%} |"
        )
    print(
        f"\nThe stop rule: {len(going)} patients, without the {STOPPED - len(going)} whose red flags were an emergency."
    )


if __name__ == "__main__":
    main()
