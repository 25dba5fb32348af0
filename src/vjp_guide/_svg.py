"""A canvas that turns a few marks into one SVG element."""

from importlib.resources import files
from math import hypot
from xml.etree import ElementTree as ET

STYLE = files("vjp_guide").joinpath("figures.css").read_text(encoding="utf-8")
FONT_WIDTH = 7.4
LEFT = 12
BOX_WIDTH, BOX_HEIGHT, ARROW_LENGTH = 92, 46, 84


class Canvas:
    """Collects rectangles, lines and texts, and grows to hold them.

    Colours come from the classes of ``figures.css``, so that a page can switch between
    light and dark without a new drawing.
    """

    def __init__(self) -> None:
        self._marks = ET.Element("g")
        self._width = 0.0
        self._height = 0.0

    def rect(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        kind: str,
        *,
        strength: float = 1.0,
    ) -> None:
        """Draw a rectangle; ``strength`` from 0 to 1 sets how full its colour is."""
        self._add("rect", f"{kind} edge", x=left, y=top, width=width, height=height)
        fill = self._marks[-1]
        fill.set("rx", "3")
        fill.set("fill-opacity", f"{strength:.2f}")
        self._grow(left + width, top + height)

    def box(
        self,
        left: float,
        top: float,
        name: str,
        caption: str,
        kind: str,
        *,
        width: float = BOX_WIDTH,
    ) -> None:
        """Draw a rectangle with a name and a caption in it."""
        self.rect(left, top, width, BOX_HEIGHT, kind)
        self.text(left + width / 2, top + 19, name, "name")
        self.text(left + width / 2, top + 37, caption, "cell")

    def text(
        self, x: float, y: float, words: str, kind: str, *, anchor: str = "middle"
    ) -> None:
        """Write ``words`` with their baseline at ``y``."""
        self._add("text", kind, x=x, y=y)
        self._marks[-1].set("text-anchor", anchor)
        self._marks[-1].text = words
        share = {"start": 1.0, "middle": 0.5, "end": 0.0}[anchor]
        self._grow(x + share * FONT_WIDTH * len(words), y + 4)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a straight line."""
        self._add("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)
        self._grow(max(x1, x2), max(y1, y2))

    def arrow(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw an arrow from the first point to the second."""
        length = hypot(x2 - x1, y2 - y1)
        along_x, along_y = (x2 - x1) / length, (y2 - y1) / length
        back_x, back_y = x2 - 8 * along_x, y2 - 8 * along_y
        self.line(x1, y1, back_x, back_y, kind)
        corners = [
            (x2, y2),
            (back_x - 4 * along_y, back_y + 4 * along_x),
            (back_x + 4 * along_y, back_y - 4 * along_x),
        ]
        self._add("polygon", f"{kind} head")
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
        self._marks[-1].set("points", points)

    def render(self, *, alt: str, margin: float = 10) -> str:
        """Return the drawing as one self-contained SVG, for readers of ``alt`` too."""
        width, height = _number(self._width + margin), _number(self._height + margin)
        svg = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "vjp-figure",
                "viewBox": f"0 0 {width} {height}",
                "width": width,
                "height": height,
                "role": "img",
                "aria-label": alt,
            },
        )
        ET.SubElement(svg, "style").text = STYLE
        svg.append(self._marks)
        return ET.tostring(svg, encoding="unicode")

    def _add(self, tag: str, kind: str, **numbers: float) -> None:
        attributes = {name: _number(value) for name, value in numbers.items()}
        ET.SubElement(self._marks, tag, {"class": kind, **attributes})

    def _grow(self, right: float, bottom: float) -> None:
        self._width = max(self._width, right)
        self._height = max(self._height, bottom)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
