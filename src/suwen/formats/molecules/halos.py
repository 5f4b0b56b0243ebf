"""Soft halos behind the atoms of a drawing: a number for each atom, red where it raises, blue where it lowers.

Red and blue of Okabe and Ito's palette (2008) stay apart for the colour-blind; the sign is also told in words, by the
title of each atom.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from suwen.errors import InputError
from suwen.formats.molecules.drawing import clean

__all__ = ["FALLS", "RISES", "Halos", "with_halos"]

RISES = "#d55e00"  # vermilion
FALLS = "#0072b2"  # blue
_STRONGEST = 0.85  # opacity in the middle of the strongest halo: black letters keep a contrast above 4.5 to 1
_FAINTEST = 0.03  # of the strongest: weaker ones are not drawn
_STOPS = ((0, 1.0), (45, 0.75), (75, 0.28), (100, 0.0))
_PARTS = 3  # of a bond's length is the radius, in quarters


@dataclass(frozen=True, slots=True)
class Halos:
    """A number for each atom of a molecule's SMILES, in its order.

    `most` is the size that is drawn most strongly (None: the largest there is), so that several drawings can share one
    scale. `words` are read where a pointer rests on an atom, one text for each (empty: number and symbol). `place`
    tells two equal drawings of one page apart.
    """

    numbers: tuple[float, ...]
    most: float | None = None
    words: tuple[str, ...] = ()
    place: str = ""

    def __post_init__(self) -> None:
        if not all(abs(one) < float("inf") for one in self.numbers):
            raise InputError("halos need finite numbers, one for each atom", zh="光晕须为有限数，每个原子一个")
        if self.words and len(self.words) != len(self.numbers):
            raise InputError(
                f"{len(self.words)} words are given for {len(self.numbers)} atoms",
                zh=f"{len(self.numbers)} 个原子给出了 {len(self.words)} 个词",
            )
        if self.most is not None and not 0 < self.most < float("inf"):
            raise InputError(
                f"the strongest halo stands for a number above 0, not {self.most}",
                zh=f"最强光晕所代表的数须大于 0，而非 {self.most}",
            )

    @property
    def strengths(self) -> tuple[float, ...]:
        """Each number against the strongest, from -1 to 1."""
        most = self.most or max((abs(one) for one in self.numbers), default=0.0)
        return tuple(max(-1.0, min(1.0, one / most)) if most else 0.0 for one in self.numbers)


def with_halos(
    svg: str, halos: Halos, places: Sequence[tuple[float, float]], symbols: Sequence[str], bond: float
) -> str:
    """The drawing with a halo at each atom's place (pixels), below its lines, and its words above them.

    `bond` is the length of a bond in pixels, `symbols` the element of each atom. `svg` has a ground `<rect>`, which the
    halos follow. The names of the two gradients are made from the drawing, so that many can stand in one page.
    """
    mark = hashlib.sha256(f"{svg}{halos}".encode()).hexdigest()[:12]
    ground = svg.index("</rect>") + len("</rect>") if "</rect>" in svg else svg.index(">", svg.index("<rect")) + 1
    radius = bond * _PARTS / 4
    drawn = "".join(
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}' fill='url(#{'rises' if one > 0 else 'falls'}-{mark})' "
        f"fill-opacity='{abs(one):.3f}'/>"
        for (x, y), one in zip(places, halos.strengths, strict=True)
        if abs(one) > _FAINTEST
    )
    told = "".join(
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius * 0.7:.1f}' fill='none' pointer-events='all'>"
        f"<title>{clean(words)}</title></circle>"
        for (x, y), words in zip(places, halos.words or _plain_words(halos, symbols), strict=True)
    )
    gradients = _gradient(f"rises-{mark}", RISES) + _gradient(f"falls-{mark}", FALLS)
    svg = f"{svg[:ground]}\n<defs>{gradients}</defs><g>{drawn}</g>{svg[ground:]}"
    return f"<g>{told}</g>\n</svg>".join(svg.rsplit("</svg>", 1))


def _plain_words(halos: Halos, symbols: Sequence[str]) -> list[str]:
    return [
        f"{symbol}{at}: {one:+.3g}".replace("-", "−")
        for at, (symbol, one) in enumerate(zip(symbols, halos.numbers, strict=True), 1)
    ]


def _gradient(name: str, colour: str) -> str:
    stops = "".join(
        f"<stop offset='{place}%' stop-color='{colour}' stop-opacity='{_STRONGEST * share:.3f}'/>"
        for place, share in _STOPS
    )
    return f"<radialGradient id='{name}'>{stops}</radialGradient>"
