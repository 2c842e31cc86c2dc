"""A soak's course as a picture: one row for each figure over the minutes, a line where a part was killed."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

import msgspec

WIDTH, ROW, LEFT, RIGHT, TOP, GAP = 960, 110, 70, 150, 46, 34
COLOURS: Final = ("#1f5fa8", "#b3541e", "#3d7a3a", "#7a3d78")
INK, FAINT, STRIKE = "#222222", "#dddddd", "#c03030"


class Line(msgspec.Struct, frozen=True):
    """A named course: (seconds, value)."""

    name: str
    points: Sequence[tuple[float, float]]


class Row(msgspec.Struct, frozen=True):
    """One diagram: its title with the unit, and its lines; it begins at 0."""

    title: str
    lines: Sequence[Line]


def svg(title: str, rows: Sequence[Row], strikes: Sequence[tuple[float, str]], seconds: float) -> str:
    """The picture of so many seconds; ``strikes`` are when which part was killed."""
    height = TOP + len(rows) * (ROW + GAP) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="16" fill="{INK}">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        parts += _row(row, TOP + number * (ROW + GAP), strikes, seconds, named=number == 0)
    return "\n".join([*parts, "</svg>", ""])


def _row(row: Row, top: float, strikes: Sequence[tuple[float, str]], seconds: float, *, named: bool) -> list[str]:
    highest = max((value for line in row.lines for _, value in line.points), default=0.0) or 1.0
    base, inner = top + ROW, WIDTH - LEFT - RIGHT

    def x(second: float) -> float:
        return round(LEFT + inner * min(second, seconds) / seconds, 1)

    def y(value: float) -> float:
        return round(base - (ROW - 18) * value / highest, 1)

    parts = [
        f'<text x="{LEFT}" y="{top + 8}" font-size="12" fill="{INK}">{escape(row.title)}</text>',
        f'<line x1="{LEFT}" y1="{base}" x2="{LEFT + inner}" y2="{base}" stroke="{INK}"/>',
        f'<line x1="{LEFT}" y1="{y(highest)}" x2="{LEFT + inner}" y2="{y(highest)}" stroke="{FAINT}"/>',
        f'<text x="{LEFT - 8}" y="{y(highest) + 4}" font-size="11" text-anchor="end">{highest:.4g}</text>',
        f'<text x="{LEFT - 8}" y="{base + 4}" font-size="11" text-anchor="end">0</text>',
        f'<text x="{LEFT + inner}" y="{base + 14}" font-size="11" text-anchor="end">{seconds / 60:.3g} min</text>',
    ]
    for second, name in strikes:
        parts.append(
            f'<line x1="{x(second)}" y1="{top + 14}" x2="{x(second)}" y2="{base}" stroke="{STRIKE}" '
            f'stroke-dasharray="2 3"><title>{escape(name)} killed</title></line>'
        )
        if named:
            parts.append(
                f'<text x="{x(second)}" y="{top + 12}" font-size="8" fill="{STRIKE}">{escape(name[:3])}</text>'
            )
    for number, line in enumerate(row.lines):
        colour = COLOURS[number % len(COLOURS)]
        course = " ".join(f"{x(second)},{y(value)}" for second, value in line.points)
        place = f'x="{LEFT + inner + 8}" y="{top + 26 + 16 * number}" font-size="12" fill="{colour}"'
        parts += [
            f'<polyline points="{course}" fill="none" stroke="{colour}" stroke-width="1.2"/>',
            f"<text {place}>{escape(line.name)}</text>",
        ]
    return parts
