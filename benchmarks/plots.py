"""Plots for the documentation, as SVG whose text stays text, the same bytes for the same figures.

Rules of this room: one grey that can be read on white and on black, no background, and colours that the colour-blind
can tell apart; every line is named in the picture.
"""

from __future__ import annotations

import io
import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import matplotlib as mpl  # type: ignore[import-untyped,import-not-found,unused-ignore]
from matplotlib.figure import Figure  # type: ignore[import-untyped,import-not-found,unused-ignore]
from matplotlib.ticker import LogLocator  # type: ignore[import-untyped,import-not-found,unused-ignore]

from benchmarks import imports, operations
from benchmarks.libraries import OWN, PRIMITIVE
from benchmarks.measure import Figures
from benchmarks.plan import Cell, in_bytes
from benchmarks.report import Outcome, number, quotient
from benchmarks.workload import ALGORITHMS

__all__ = ["draw"]

_GREY = "#7a7a7a"
_COLOURS = {
    OWN: "#0f7fd4",
    PRIMITIVE: "#9c9c9c",
    "webtoken": "#d55e00",
    "PyJWT": "#7a7a7a",
    "joserfc": "#009e73",
    "Authlib": "#b8860b",
    "jwcrypto": "#cc79a7",
    "python-jose": "#7b6fd0",
}
_MARKERS = dict(zip(_COLOURS, "osD^vPX*", strict=True))
_REFERENCE = "PyJWT"
_STYLE = {
    "svg.hashsalt": "jwtkit",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _GREY,
    "axes.labelcolor": _GREY,
    "axes.edgecolor": _GREY,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
}


def draw(outcome: Outcome) -> dict[str, str]:
    """Give the SVG text of each plot that has figures."""
    with mpl.rc_context(_STYLE):
        made = {
            "verify": _bars(outcome, "verify", operations.verify),
            "sign": _bars(outcome, "sign", operations.sign),
            "size": _lines(
                outcome,
                "size",
                {size: operations.sized(size) for size in outcome.settings.sizes},
                "length of the token",
            ),
            "keys": _lines(
                outcome,
                "keys",
                {count: operations.in_set(count) for count in outcome.settings.key_sets},
                "keys in the set",
            ),
            "import": _imports(outcome),
        }
        return {name: _text(figure, name) for name, figure in made.items() if figure is not None}


def _bars(outcome: Outcome, verb: str, naming: Callable[[str], str]) -> Any:
    """Draw one panel for each algorithm, with the time of each library as a multiple of the reference's."""
    panels = []
    for alg in ALGORITHMS:
        group = outcome.results.get(f"{verb}-{alg}", {})
        reference = group.get(Cell(_REFERENCE, naming(alg)), Figures())
        if not reference.each:
            continue
        ratios = {
            library: ratio
            for library in outcome.libraries
            if (ratio := quotient(group.get(Cell(library, naming(alg)), Figures()), reference)) is not None
        }
        panels.append((alg, ratios))
    if not panels:
        return None
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(8.2, 0.5 + 2.0 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    names = [name for name in outcome.libraries if any(name in ratios for _, ratios in panels)]
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, (alg, ratios) in zip(axes.flat, panels, strict=False):
        _panel(axis, f"{alg} {verb}", {name: ratios.get(name) for name in names})
    figure.supxlabel(f"time, as a multiple of {_REFERENCE}'s; shorter is faster", fontsize=9)
    return figure


def _panel(axis: Any, title: str, values: Mapping[str, float | None]) -> None:
    names = list(values)[::-1]
    widths = [values[name] or 0.0 for name in names]
    longest = max(widths)
    bars = axis.barh(names, widths, color=[_COLOURS[name] for name in names], height=0.72)
    axis.bar_label(bars, [number(width) if width else "-" for width in widths], padding=3, fontsize=8, color=_GREY)
    axis.set_title(title, loc="left")
    axis.set_xlim(0, longest * 1.22)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.locator_params(axis="x", nbins=4)


def _lines(outcome: Outcome, group: str, names: dict[int, str], label: str) -> Any:
    """Draw the time of each library over a size, both on logarithmic scales."""
    figures = outcome.results.get(group, {})
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axis = figure.subplots()
    drawn = False
    for library in outcome.libraries:
        points = [
            (size, found.median * 1e6)
            for size, operation in names.items()
            if (found := figures.get(Cell(library, operation), Figures())).median is not None
        ]
        if len(points) < 2:
            continue
        drawn = True
        axis.plot(
            *zip(*points, strict=True),
            color=_COLOURS[library],
            marker=_MARKERS[library],
            markersize=4.5,
            linewidth=2.4 if library == OWN else 1.3,
            linestyle="--" if library == PRIMITIVE else "-",
            label=library,
        )
    if not drawn:
        return None
    axis.set_xscale("log", base=2 if group == "size" else 10)
    axis.set_yscale("log")
    axis.set_xticks(list(names), [in_bytes(size) if group == "size" else f"{size:,}" for size in names])
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.minorticks_off()
    axis.set_xlabel(label)
    axis.set_ylabel("microseconds for a verification")
    axis.grid(visible=True, color=_GREY, alpha=0.25, linewidth=0.6)
    figure.legend(loc="outside right center", frameon=False)
    return figure


def _imports(outcome: Outcome) -> Any:
    group = outcome.results.get("import", {})
    start = group.get(imports.START, Figures())
    if not start.each:
        return None
    panels = {}
    for title, operation in (("import", imports.LOAD), ("import, and verify a first token", imports.FIRST)):
        panels[title] = {
            cell.library: statistics.median(_differences(found.each, start.each)) * 1e3
            for cell, found in group.items()
            if cell.operation == operation
        }
    figure = Figure(figsize=(8.2, 2.6), layout="constrained")
    for axis, (title, values) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        _panel(axis, title, values)
    figure.supxlabel("milliseconds more than a bare interpreter", fontsize=9)
    return figure


def _differences(more: Iterable[float], less: Iterable[float]) -> list[float]:
    return [a - b for a, b in zip(more, less, strict=True)]


def _text(figure: Any, name: str) -> str:
    buffer = io.BytesIO()
    described = {"Date": None, "Creator": None, "Title": f"jwtkit benchmark: {name}"}
    figure.savefig(buffer, format="svg", transparent=True, metadata=described)
    return buffer.getvalue().decode("utf-8")
