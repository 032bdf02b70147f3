"""The curve of epsilon: what each keeps of clips, hours and bytes, and how near clips are to their nearest."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vidcurate.stage.outcome import Outcome
from vidcurate.stage.sizes import Sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = 32
"""Parts of the axis; the curve is known at their ends and at every epsilon that was tried."""
BARS = 64
"""Bars of the histogram."""
LABELS = 6
"""Epsilons that are named on the curve; of more, only dots are drawn."""
INK, QUIET, DOT = "#3b6ea5", "#8a94a0", "#d1495b"


def grid(floor: float, largest: float) -> list[float]:
    """Epsilons that the curve is drawn by.

    Args:
        floor: cosine down to which pairs are listed.
        largest: the largest epsilon that was tried.
    """
    end = min((1 - floor) * (1 - 1e-9), max(0.2, 1.5 * largest))  # rounding must not lead below the floor
    return [float(eps) for eps in np.linspace(0, end, STEPS + 1)]


def draw(
    outcomes: Sequence[Outcome], tried: Sequence[float], sizes: Sizes, nearest: NDArray[np.float32], eps: float
) -> bytes:
    """The picture, as PNG.

    Args:
        outcomes: by rising epsilon.
        tried: epsilons that get a dot.
        sizes: of the clips.
        nearest: float32 [n], similarity of each clip to the nearest that ranks before it; 0 where there is none.
        eps: the epsilon of the run.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5.4), dpi=144, layout="constrained")
    above, below = figure.subplots(2, sharex=True, height_ratios=(2.4, 1))
    _draw_shares(above, outcomes, tried, sizes)
    _draw_nearest(below, nearest, outcomes[-1].eps)
    for axes in (above, below):
        axes.axvline(eps, color=DOT, linewidth=0.8, alpha=0.5)
        axes.grid(axis="y", color="#e4e7ea", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(color="#c5cbd1", labelcolor="#444444", labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color("#c5cbd1")
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_shares(axes: Axes, outcomes: Sequence[Outcome], tried: Sequence[float], sizes: Sizes) -> None:
    epsilons = [outcome.eps for outcome in outcomes]
    weights = {"bytes": (sizes.num_bytes, ":", QUIET), "hours": (sizes.seconds, "--", QUIET)}
    weights["clips"] = (np.ones(len(outcomes[0].kept)), "-", INK)
    for name, (weight, style, color) in weights.items():
        if weight is not None:
            shares = [100 * float(weight[outcome.kept].sum() / max(weight.sum(), 1e-9)) for outcome in outcomes]
            axes.plot(epsilons, shares, linestyle=style, color=color, linewidth=1.8, label=name)
    dots = {outcome.eps: 100 * float(outcome.kept.mean()) for outcome in outcomes if outcome.eps in tried}
    size = 7 if len(dots) <= LABELS else 4
    axes.plot(list(dots), list(dots.values()), "o", color=DOT, markeredgecolor="white", markersize=size, clip_on=False)
    for at in dots.items() if len(dots) <= LABELS else ():
        label = f"{at[0]:g}: {at[1]:.1f} %"
        axes.annotate(label, at, xytext=(6, 6), textcoords="offset points", fontsize=8, color="#444444")
    total = f"{len(outcomes[0].kept):,} clips"
    axes.set_title(f"What each epsilon keeps of {total} (dots: tried; line: this run)", loc="left", fontsize=10)
    axes.set_ylabel("kept (%)", fontsize=9)
    axes.set(xlim=(0, round(epsilons[-1], 6)), ylim=(0, 104))
    if sizes.seconds is not None:
        axes.legend(loc="lower left", frameon=False, fontsize=8, reverse=True)


def _draw_nearest(axes: Axes, nearest: NDArray[np.float32], limit: float) -> None:
    from matplotlib.ticker import MaxNLocator

    counts, borders = np.histogram(1 - nearest.astype(np.float64), bins=BARS, range=(0, limit))
    axes.bar(
        borders[:-1], counts, width=np.diff(borders), align="edge", color="#b9c6d3", edgecolor="white", linewidth=0.4
    )
    if counts.max() > 20 * max(1.0, float(np.median(counts))):
        axes.set_yscale("symlog", linthresh=1)  # one bar, most often that of copies, would hide the others
    else:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("Clips by their distance to the nearest that ranks before them", loc="left", fontsize=10)
    axes.set_ylabel("clips", fontsize=9)
    axes.set_xlabel("epsilon ε: clips are duplicates where cosine similarity > 1 - ε", fontsize=9)
