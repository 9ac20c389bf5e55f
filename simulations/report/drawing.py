"""From a matplotlib figure to SVG and PNG: the same figure, the same bytes, readable on a light page and a dark one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1a2b3c"
"""Colour of text and axes; on the page it becomes the colour of the text around it."""

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c")
"""Colours that stay apart for colour-blind readers and on either ground. Okabe and Ito (2008)."""

DASHES = ("solid", "dashed", "dashdot", "dotted")
"""Lines stay apart without colours as well."""

MARKERS = "osD^vP*X"
"""So do points."""

DPI = 150
"""Dots per inch of PNG files."""

STYLE: Any = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "font.size": 9,
    "legend.frameon": False,
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "simulations",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
"""How figures look, whatever the reader's own settings of matplotlib are."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure of a report.

    Attributes:
        name: of its files.
        title: what it shows.
        caption: how to read it, in sentences.
        svg: the file, on no ground.
        png: the same in dots, on white.
    """

    name: str
    title: str
    caption: str
    svg: bytes = field(repr=False)
    png: bytes = field(repr=False)

    @property
    def inline(self) -> str:
        """The SVG as it stands in a page: with title and description, ids of its own, in the colour of the page."""
        text = self.svg.decode()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r'\b(id="|xlink:href="#|url\(#)', rf"\g<1>{self.name}-", text).replace(INK, "currentColor")
        label = f'role="img" aria-labelledby="{self.name}-title {self.name}-text"'
        told = (
            f'<title id="{self.name}-title">{escape(self.title)}</title>'
            f'<desc id="{self.name}-text">{escape(self.caption)}</desc>'
        )
        return re.sub(r"<svg ([^>]*)>", rf"<svg {label} \g<1>>{told}", text, count=1)

    def _repr_svg_(self) -> str:
        """Return what a notebook shows."""
        return self.svg.decode()


@dataclass(frozen=True, slots=True)
class Look:
    """How a mechanism is drawn, in every figure of a report."""

    colour: str
    dash: str
    marker: str


def looks(names: list[str]) -> dict[str, Look]:
    """Return how each mechanism is drawn."""
    return {
        name: Look(colour, dash, marker)
        for name, colour, dash, marker in zip(names, cycle(COLOURS), cycle(DASHES), cycle(MARKERS))
    }


@contextmanager
def figure(width: float, height: float) -> Iterator[Figure]:
    """Return an empty figure, in inches, in our style while the block runs."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield Figure(figsize=(width, height), layout="constrained")


def drawn(made: Figure, name: str, title: str, caption: str) -> Drawing:
    """Return the drawing of a figure; called inside the block of `figure`."""
    svg, png = BytesIO(), BytesIO()
    made.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    made.set_layout_engine("none")  # it has been laid out for the SVG
    made.savefig(png, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return Drawing(name, title, caption, svg.getvalue(), png.getvalue())


def panels(made: Figure, count: int, columns: int = 2) -> list[Axes]:
    """Return so many axes, side by side in rows of `columns`."""
    columns = min(columns, count)
    return [made.add_subplot(-(-count // columns), columns, place + 1) for place in range(count)]


def legend(made: Figure, axes: Axes) -> None:
    """Put one legend below all panels, from what one of them shows."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        made.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)))
