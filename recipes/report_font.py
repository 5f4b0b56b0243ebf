"""Cuts the fonts of the printed report out of Noto Sans CJK, so that Chinese is set on machines without Chinese fonts.

Data in: NotoSansCJK-Regular.ttc and NotoSansCJK-Bold.ttc (Debian and Ubuntu: fonts-noto-cjk; by Adobe and Google, SIL
Open Font License 1.1 without a reserved font name) and Unihan_OtherMappings.txt.bz2 (unicode-data). Out, in
src/suwen/report/fonts: one subset for each weight, and `coverage.txt` with the characters of the regular one; the
licence lies beside them, with the copyright line of the font. Needs fonttools, which nothing else here needs.
Run: `python recipes/report_font.py NotoSansCJK-Regular.ttc NotoSansCJK-Bold.ttc Unihan_OtherMappings.txt.bz2` (half a
minute, no random numbers: the same input gives the same bytes).

Both weights hold Latin, Greek, Cyrillic, punctuation, arrows and mathematical signs, the hanzi of GB 2312 (1980) and
those of the Table of General Standard Chinese Characters (2013), which registers names; the regular one also the rest
of GBK (1995), traditional hanzi among them. What bold lacks is set in the regular weight.
"""

from __future__ import annotations

import bz2
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src/suwen/report/fonts"
FAMILY = "Noto Sans CJK SC"
FEATURES = ["ccmp", "kern", "mark", "mkmk"]  # locl would bring the Japanese and Korean forms: three times the size
# Blocks whose characters a clinical text may hold; what the font lacks of them is left out.
BLOCKS = (
    (0x20, 0x17F),  # Latin, Latin-1, Latin Extended-A
    (0x18F, 0x1DC),  # pinyin with tone marks among them
    (0x2B0, 0x36F),  # modifier letters, combining accents
    (0x370, 0x52F),  # Greek, Cyrillic
    (0x1E00, 0x1EFF),  # Vietnamese among them
    (0x2010, 0x205E),  # general punctuation
    (0x2070, 0x209C),  # superscripts and subscripts
    (0x20A0, 0x214F),  # currency, letterlike signs
    (0x2150, 0x24FF),  # fractions, arrows, mathematics, circled numbers
    (0x2500, 0x266F),  # box drawing, blocks, shapes, sex signs
    (0x3000, 0x30FF),  # Chinese punctuation, kana
    (0x3200, 0x33FF),  # units in one cell
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),  # full-width forms
    (0xFFFD, 0xFFFD),
)


def main(arguments: list[str]) -> None:
    """Cut every font file named; say what is missing where there is none."""
    fonts = [Path(one) for one in arguments if one.endswith((".ttc", ".otf"))]
    tables = [Path(one) for one in arguments if "Unihan_OtherMappings" in one]
    if not fonts or not tables:
        print(f"nothing to cut from; run: {' '.join((__doc__ or '').split('`')[3].split())}")
        return
    if importlib.util.find_spec("fontTools") is None:
        sys.exit("fonttools is not installed; run: pip install fonttools")
    for source in fonts:
        cut(source, set(standard(tables[0])))


def cut(source: Path, names: set[int]) -> None:
    """Write the subset of one font file, and for the regular weight what it covers."""
    from fontTools.subset import Options, Subsetter  # noqa: PLC0415
    from fontTools.ttLib import TTCollection  # noqa: PLC0415

    font = next(one for one in TTCollection(str(source), lazy=True).fonts if one["name"].getDebugName(1) == FAMILY)
    style = font["name"].getDebugName(2)
    options = Options(layout_features=FEATURES, hinting=False, notdef_outline=True)
    options.drop_tables += ["vhea", "vmtx", "VORG"]  # nothing is set vertically
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted(style) | names)
    font.recalcTimestamp = False  # or the same input would give other bytes
    subsetter.subset(font)
    target = TARGET / f"NotoSansCJKsc-{style}.otf"
    font.save(str(target))
    points = sorted(font.getBestCmap())
    print(f"{target.name}: {len(points)} characters, {target.stat().st_size / 1e6:.2f} MB")
    if style == "Regular":
        (TARGET / "coverage.txt").write_text("\n".join(ranges(points)) + "\n", encoding="ascii")


def wanted(style: str) -> set[int]:
    """Code points that the subset of a weight should hold, beside those of the standard table."""
    points = {point for first, last in BLOCKS for point in range(first, last + 1)}
    codec = "gbk" if style == "Regular" else "gb2312"
    return points | {point for point in range(0x4E00, 0xA000) if chr(point).encode(codec, errors="ignore")}


def standard(table: Path) -> Iterator[int]:
    """Code points of the Table of General Standard Chinese Characters: field kTGH of Unihan."""
    with bz2.open(table, "rt", encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#") and "\tkTGH\t" in line:
                yield int(line.split("\t")[0].removeprefix("U+"), 16)


def ranges(points: Iterable[int]) -> Iterator[str]:
    """Write sorted code points as ranges: "4E00-9FA5" or "FFFD"."""
    first = last = -1
    for point in [*points, sys.maxsize]:
        if point != last + 1:
            if first >= 0:
                yield f"{first:X}-{last:X}" if first < last else f"{first:X}"
            first = point
        last = point


if __name__ == "__main__":
    main(sys.argv[1:])
