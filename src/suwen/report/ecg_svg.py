"""Pieces of SVG in millimetres: escaped text, the grid of the paper, the colours, and the frame of a drawing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape

from suwen.report.ecg_trace import number
from suwen.report.wording import plain

__all__ = [
    "FONTS",
    "INK",
    "SOFT",
    "TINTS",
    "frame",
    "grid",
    "label",
    "label_width",
    "line",
    "quoted",
    "text",
    "tint",
    "width_of",
    "wrapped",
]

FONTS = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Noto Sans SC',system-ui,sans-serif"
PAPER, FINE, COARSE, INK, SOFT = "#fffaf8", "#f7d3d0", "#e9a39d", "#14181d", "#5b4a4a"
# Tints of marks; which mark it is is said by its number, never by the colour alone.
TINTS = (
    ("#f0a500", "#7a4d00"), ("#2f7de1", "#0b4a99"), ("#23a065", "#0d5c36"), ("#9a5bd6", "#5a2394"),
    ("#e0609a", "#8f1d54"), ("#3fa7b5", "#0f5965"),
)  # fmt: skip


def tint(number_of_mark: int) -> tuple[str, str]:
    """The fill and the colour of letters of a mark."""
    return TINTS[(number_of_mark - 1) % len(TINTS)]


def frame(width: float, height: float, parts: Iterable[str], *, title: str) -> str:
    """A whole drawing, `width` by `height` mm, one unit a millimetre."""
    across, down = number(width), number(height)
    said = quoted(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}mm" height="{down}mm" '
        f'viewBox="0 0 {across} {down}" role="img" aria-label="{said}" font-family="{FONTS}">'
        f"<title>{said}</title>{''.join(parts)}</svg>"
    )


def grid(x: float, y: float, width: float, height: float) -> str:
    """Paper with lines at every millimetre and heavier ones at every fifth, counted from its upper left corner."""
    fine: list[str] = []
    coarse: list[str] = []
    for at in range(int(width) + 1):
        (coarse if at % 5 == 0 else fine).append(f"M{number(x + at)} {number(y)}v{number(height)}")
    for at in range(int(height) + 1):
        (coarse if at % 5 == 0 else fine).append(f"M{number(x)} {number(y + at)}h{number(width)}")
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" fill="{PAPER}"/>'
        f'<path class="fine" d="{"".join(fine)}" fill="none" stroke="{FINE}" stroke-width=".1"/>'
        f'<path class="coarse" d="{"".join(coarse)}" fill="none" stroke="{COARSE}" stroke-width=".16"/>'
    )


def text(  # noqa: PLR0913  # what a piece of text in a drawing has
    x: float, y: float, words: str, *, size: float = 2.6, anchor: str = "start", fill: str = INK, bold: bool = False,
    halo: bool = False,
) -> str:  # fmt: skip
    """Words with their baseline at `y`; with a halo they can be read on the trace."""
    more = "" if anchor == "start" else f' text-anchor="{anchor}"'
    more += ' font-weight="700"' if bold else ""
    more += f' stroke="{PAPER}" stroke-width=".7" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"{more}>{quoted(words)}</text>'
    )


def line(d: str, *, stroke: str = INK, width: float = 0.25, dash: str = "", name: str = "") -> str:
    """A path that is drawn and not filled."""
    more = f' stroke-dasharray="{dash}"' if dash else ""
    more += f' class="{name}"' if name else ""
    return (
        f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{number(width)}" stroke-linejoin="round" '
        f'stroke-linecap="round"{more}/>'
    )


def label(x: float, y: float, mark: int) -> str:
    """The number of a mark in a box, its upper left corner at (x, y)."""
    ink = tint(mark)[1]
    wide = label_width(mark)
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="3" rx=".6" fill="#fff" stroke="{ink}" '
        f'stroke-width=".25"/>'
        + text(x + wide / 2, y + 2.35, str(mark), size=2.4, anchor="middle", fill=ink, bold=True)
    )


def label_width(mark: int) -> float:
    """How wide the box of a number is, in mm."""
    return 1.6 + 1.5 * len(str(mark))


def width_of(words: str, size: float) -> float:
    """About how wide words are in mm: wide characters are square, others six tenths of that."""
    return size * sum(1.0 if unicodedata.east_asian_width(one) in "WF" else 0.57 for one in words)


def wrapped(words: str, size: float, width: float) -> list[str]:
    """Words in lines no wider than `width` mm, broken at blanks or beside wide characters."""
    lines = [""]
    for piece in _pieces(words):
        if lines[-1] and width_of(lines[-1] + piece.rstrip(), size) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
        while width_of(lines[-1], size) > width and len(lines[-1]) > 1:
            fit = max(1, int(len(lines[-1]) * width / width_of(lines[-1], size)))
            lines[-1:] = [lines[-1][:fit], lines[-1][fit:]]
    return [one for one in lines if one]


def _pieces(words: str) -> list[str]:
    made = [""]
    for letter in words:
        wide = unicodedata.east_asian_width(letter) in "WF" and letter not in "，。；：、）"
        if wide or (made[-1].endswith(" ") and letter != " "):
            made.append(letter)
        else:
            made[-1] += letter
    return made


def quoted(words: str) -> str:
    """Escaped, without what XML cannot hold or would turn the direction of the text."""
    return escape("".join("\ufffd" if unicodedata.category(one) in {"Cn", "Co"} else one for one in plain(words)))
