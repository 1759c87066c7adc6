"""Plots: each takes a finished record, states in its caption the sentence it means, and computes nothing.

They need matplotlib, use its object interface alone, and so keep no global state and open no window. Every function
takes optional `axes` to draw in; a figure of its own is laid out so that nothing is clipped.
"""

from __future__ import annotations

from buttockpain.render.plot_answer import plot_ranking, plot_waterfall
from buttockpain.render.plot_calibration import plot_calibration
from buttockpain.render.plot_network import plot_network
from buttockpain.render.plot_page import figure_svg, save_figure
from buttockpain.render.plot_sensitivity import plot_sensitivity
from buttockpain.render.plot_tornado import plot_tornado

__all__ = [
    "figure_svg",
    "plot_calibration",
    "plot_network",
    "plot_ranking",
    "plot_sensitivity",
    "plot_tornado",
    "plot_waterfall",
    "save_figure",
]
