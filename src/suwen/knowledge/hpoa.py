"""Reads disease-to-phenotype annotations (phenotype.hpoa) and disease genes (genes_to_phenotype.txt)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from suwen.errors import FormatError
from suwen.knowledge.source import readable

__all__ = ["CLASS_FREQUENCY", "CLASS_WEIGHT", "Annotation", "Hpoa", "read_genes", "read_hpoa"]

# HPO frequency subontology (Köhler et al., Nucleic Acids Res 2017;45:D865): obligate 100 %, very frequent 80-99 %,
# frequent 30-79 %, occasional 5-29 %, very rare 1-4 %, excluded 0 %. The middle of each range stands for the class.
CLASS_FREQUENCY = {
    "HP:0040280": 1.0,
    "HP:0040281": 0.895,
    "HP:0040282": 0.545,
    "HP:0040283": 0.17,
    "HP:0040284": 0.025,
    "HP:0040285": 0.0,
}
# A class or percentage is an expert's estimate without a sample size; it counts as this many patients.
CLASS_WEIGHT = 20.0
_COLUMNS = 12
_COUNT = re.compile(r"(\d+)/(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One row: a disease, a term, in how many of how many patients (`of` = 0: not stated), and from which references.

    `aspect` is P (phenotype), I (inheritance), C (clinical course: onset, mortality) or M (modifier).
    """

    disease: str
    disease_name: str
    term: str
    seen: float
    of: float
    negated: bool
    references: tuple[str, ...]
    onset: str
    sex: str
    aspect: str


@dataclass(frozen=True, slots=True)
class Hpoa:
    """An annotation release and its rows in file order."""

    release: str
    rows: tuple[Annotation, ...]


def read_hpoa(path: Path) -> Hpoa:
    """Parse phenotype.hpoa (format of 2019 and later). Raises FormatError when columns are missing or no row is
    there.
    """
    release, rows = "", []
    with readable(path), path.open(encoding="utf-8") as lines:
        for number, raw in enumerate(lines, start=1):
            line = raw.rstrip("\n")
            if line.startswith("#"):
                release = line.removeprefix("#version:").strip() if line.startswith("#version:") else release
            elif line and not line.startswith("database_id"):
                rows.append(_row(line, path, number))
    if not rows:
        raise FormatError(
            f"{path.name} holds no annotation rows; fetch a complete phenotype.hpoa",
            zh=f"{path.name} 不含注释行；请获取完整的 phenotype.hpoa",
        )
    return Hpoa(release, tuple(rows))


def _row(line: str, path: Path, number: int) -> Annotation:
    cells = line.split("\t")
    if len(cells) < _COLUMNS - 1 or not cells[3].startswith("HP:"):
        raise FormatError(
            f"{path.name} line {number}: expected {_COLUMNS} tab-separated columns, found {len(cells)}",
            zh=f"{path.name} 第 {number} 行：应有 {_COLUMNS} 个制表符分隔的列，实际 {len(cells)} 个",
        )
    negated = cells[2] == "NOT"
    seen, of = _frequency(cells[7], negated)
    references = tuple(reference for reference in cells[4].split(";") if reference)
    return Annotation(cells[0], cells[1], cells[3], seen, of, negated, references, cells[6], cells[8], cells[10])


def _frequency(text: str, negated: bool) -> tuple[float, float]:
    """Return (patients with the feature, patients looked at); (0, 0) when the row does not say."""
    if count := _COUNT.fullmatch(text):
        seen, of = float(count.group(1)), float(count.group(2))
        seen = min(seen, of)
    elif percent := _PERCENT.fullmatch(text):
        seen, of = min(float(percent.group(1)), 100.0) / 100 * CLASS_WEIGHT, CLASS_WEIGHT
    elif text in CLASS_FREQUENCY:
        seen, of = CLASS_FREQUENCY[text] * CLASS_WEIGHT, CLASS_WEIGHT
    else:
        seen, of = 0.0, 0.0
    if negated:
        seen, of = 0.0, max(of, CLASS_WEIGHT / 2)
    return seen, of


def read_genes(path: Path) -> dict[str, tuple[str, ...]]:
    """Map each disease to its gene symbols, sorted, from genes_to_phenotype.txt."""
    genes: dict[str, set[str]] = {}
    with readable(path), path.open(encoding="utf-8") as lines:
        next(lines, None)
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) >= 6:
                genes.setdefault(cells[5], set()).add(cells[1])
    return {disease: tuple(sorted(symbols)) for disease, symbols in genes.items()}
