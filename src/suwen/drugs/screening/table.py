"""A screening as a table, as records with poses, and as a tree for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from suwen.drugs.screening.nouns import STAGE_NAMES, Kept, Screened, StageCount
from suwen.drugs.screening.words import problem_text
from suwen.drugs.sources import source_text
from suwen.formats.molecules import write_molecules
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.whole import whole_file
from suwen.formats.molecules.write import record

__all__ = ["LIMITS", "screened_tree", "write_poses", "write_survivors"]

LIMITS = {
    "en": "Filters, models and docking scores are for choosing what to test next; they prove neither activity nor "
    "safety. For research only.",
    "zh": "筛选条件、模型与对接打分仅用于挑选下一步实验对象；不证明活性或安全性。仅供研究使用。",
}


def write_survivors(screened: Screened, path: Path | str, *, lang: Literal["en", "zh"] = "en") -> int:
    """Write the survivors, best first, with all their numbers, and return how many; the suffix says how: .csv, .tsv,
    .sdf (flat) or .smi. Raises what `write_molecules` raises.
    """
    kept = (_with_fields(screened, one) for one in screened.kept)
    return write_molecules(kept, path, fields=_names(screened), lang=lang)


def _names(screened: Screened) -> list[str]:
    own = ["place", "row", "merit", "front"]
    parts = [f"desirability.{part.key}" for part in (screened.kept[0].parts if screened.kept else ())]
    carried = {key for one in screened.kept for key, _ in one.values}
    columns = [column.key for column in screened.columns if column.key in carried]
    theirs = dict.fromkeys(name for one in screened.kept for name, _ in one.molecule.fields)
    return [*own, *parts, *columns, *(name for name in theirs if name not in {*own, *parts, *columns})]


def _with_fields(screened: Screened, one: Kept) -> Molecule:
    told = {"place": str(one.place), "row": str(one.row)}
    if one.merit is not None:
        told["merit"] = f"{one.merit:.4f}"
    if one.front is not None:
        told["front"] = str(one.front)
    told |= {f"desirability.{part.key}": f"{part.desirability:.4f}" for part in one.parts}
    values = dict(one.values)
    told |= {column.key: f"{values[column.key]:.6g}" for column in screened.columns if column.key in values}
    theirs = tuple((name, value) for name, value in one.molecule.fields if name not in told)
    return replace(one.molecule, fields=(*told.items(), *theirs))


def write_poses(screened: Screened, path: Path | str) -> int:
    """Write the best docked pose of each survivor to an SDF, as it lies there; how many. Raises FormatError."""
    count = 0
    with whole_file(Path(path)) as file:
        for one in _records(screened):
            file.write(one)
            count += 1
    return count


def _records(screened: Screened) -> Iterator[str]:
    for one in screened.kept:
        if not one.pose:
            continue
        told = (pair for pair in _with_fields(screened, one).fields if pair[0] in _OWN)
        keys = (("SMILES", one.molecule.smiles), ("InChIKey", one.molecule.key))
        yield record(one.molecule.name, one.pose, (*told, *keys))


_OWN = ("place", "row", "merit", "front", "docking")


def screened_tree(screened: Screened, lang: str = "en") -> dict[str, Any]:
    """The screening for JSON: the funnel with what was asked, the survivors with their numbers, and what failed."""
    return {
        "format": 1,
        "title": screened.title,
        "library": screened.library,
        "criteria": [{"key": one.key, "stage": one.stage, "asked": one.asked.said(lang)} for one in screened.criteria],
        "columns": [
            {
                "key": one.key,
                "stage": one.stage,
                "name": one.name.said(lang),
                "unit": one.unit,
                "source": source_text(one.source, lang),
            }
            for one in screened.columns
        ],
        "stages": [_stage(one, lang) for one in screened.stages],
        "kept": [_kept(one) for one in screened.kept],
        "failed": [
            {
                "row": one.row,
                "written": one.written,
                "stage": one.stage,
                "problem": problem_text(one.problem, lang),
            }
            for one in screened.failed
        ],
        "limits": LIMITS[lang],
    }


def _stage(one: StageCount, lang: str) -> dict[str, Any]:
    return {
        "stage": one.stage,
        "name": STAGE_NAMES[one.stage].said(lang),
        "entered": one.entered,
        "kept": one.kept,
        "dropped": dict(one.dropped),
        "failed": one.failed,
        "seconds": round(one.seconds, 3),
    }


def _kept(one: Kept) -> dict[str, Any]:
    made: dict[str, Any] = {
        "place": one.place,
        "row": one.row,
        "name": one.molecule.name,
        "smiles": one.molecule.smiles,
        "inchi_key": one.molecule.key,
        "merit": one.merit,
        "front": one.front,
        "parts": {
            part.key: {"value": part.value, "desirability": part.desirability, "weight": part.weight}
            for part in one.parts
        },
        "values": dict(one.values),
        "fields": dict(one.molecule.fields),
    }
    return made | ({"pose": one.pose} if one.pose else {})
