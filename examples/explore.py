"""Explore the model: move its priors, change the answers, and watch ranking, intervals and tornado follow.

Open it with:  uv run --extra notebook --extra plot marimo run examples/explore.py
As a script:   uv run --extra notebook --extra plot examples/explore.py
"""

# Cells import what they use, have no types, and end in a return, as marimo writes them.
# ruff: noqa: PLC0415, PLR1711
# mypy: disable-error-code="no-untyped-def"

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="full", app_title="Explore the buttock pain model")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    import buttockpain as bp
    from buttockpain.render.plots import figure_svg, plot_ranking, plot_tornado
    from buttockpain.research.intervals import rank_with_intervals
    from buttockpain.research.sensitivity import tornado

    return bp, figure_svg, mo, np, plot_ranking, plot_tornado, rank_with_intervals, tornado


@app.cell
def _(bp, mo):
    # What can be moved: how common each cause is, each over its own range; and what one person answered.
    model = bp.default_model()
    numbers = {row.path: row for row in model.parameters()}
    leaks = {f"cause.{name}.leak": cause.label for name, cause in model.knowledge.cause.items() if cause.ranked}
    questions = [
        "low_back_pain", "deep_mid_buttock_pain", "pain_worse_sitting", "pain_below_knee", "leg_numbness",
        "sudden_onset_lifting", "slr_positive", "fair_test_positive", "saddle_numbness",
    ]  # fmt: skip
    priors = mo.ui.dictionary({
        path: mo.ui.slider(
            numbers[path].low, numbers[path].high, (numbers[path].high - numbers[path].low) / 40, numbers[path].value,
            label=label, show_value=True,
        )
        for path, label in leaks.items()
    })  # fmt: skip
    replies = mo.ui.dictionary({
        name: mo.ui.dropdown(["not asked", "yes", "no", "unknown"], "yes" if name == "low_back_pain" else "not asked",
                             label=model.knowledge.finding[name].label)
        for name in questions
    })  # fmt: skip
    pain = mo.ui.slider(0, 10, 1, 5, label="Pain, 0 to 10", show_value=True)
    return model, pain, priors, replies


@app.cell
def _(mo, model, np, pain, priors, rank_with_intervals, replies, tornado):
    # Everything below follows from these few lines.
    clinic = model.replace(priors.value)
    answers = {name: reply for name, reply in replies.value.items() if reply != "not asked"}
    answers["pain_severity"] = pain.value
    uncertain = rank_with_intervals(clinic, answers, rng=np.random.default_rng(1))
    answer = uncertain.differential
    rows = tornado(clinic, answers, outcome=answer.causes[0].id, top=8)
    if mo.app_meta().mode == "script":
        print(answer)
    return answer, rows, uncertain


@app.cell
def _(answer, figure_svg, mo, pain, plot_ranking, plot_tornado, priors, replies, rows, uncertain):
    controls = [mo.md("## Priors"), *priors.values(), mo.md("## Answers"), pain, *replies.values()]
    plots = [plot_ranking(answer, intervals=uncertain.intervals), plot_tornado(rows)]
    mo.vstack([
        mo.md(f"# Explore the model\n\n{answer.scope}"),
        mo.hstack([mo.vstack(controls), mo.vstack([mo.Html(figure_svg(plot)) for plot in plots])], widths=[1, 2], gap=2),
    ])  # fmt: skip
    return


if __name__ == "__main__":
    app.run()
