"""A study of images as it was read, as JSON-ready data."""

from __future__ import annotations

from typing import Any

from suwen.finding import Finding
from suwen.imaging.reading import ImageReading, StudyReading
from suwen.imaging.structures import Structure
from suwen.report.image_details import detail_text
from suwen.report.image_words import made_by, problem, sign_rows, unread
from suwen.report.strings import Language
from suwen.report.wording import evidence_sum

__all__ = ["image_json"]

FORMAT = 1


def image_json(read: StudyReading, lang: Language = "en") -> dict[str, Any]:
    """Return a reading as JSON-ready dicts, format 1; sentences are in `lang`, numbers in the units they name."""
    return {
        "format": FORMAT,
        "study": read.study.id,
        "images": [_image_json(one, lang) for one in read.images],
        "left_out": [problem(one, lang) for one in read.study.left_out],
    }


def _image_json(read: ImageReading, lang: Language) -> dict[str, Any]:
    image, grid = read.image, read.image.grid
    found: dict[str, Any] = {
        "id": image.id,
        "modality": image.modality,
        "view": image.view.value,
        "shape": list(grid.shape),
        "spacing_mm": None if grid.spacing is None else list(grid.spacing),
        "scale": grid.scale.value,
        "noticed": [problem(one, lang) for one in image.noticed],
        "unit": image.unit,
        "unread": unread(read, lang),
        "unread_reason": read.unread,
        "structures": [_structure_json(one) for one in read.structures],
        "findings": [_finding_json(one, lang) for one in read.findings(lang)],
        "made_by": [{"name": one.name, "version": one.version, "digest": one.data_digest} for one in made_by(read)],
    }
    if read.chest is not None:
        found |= _chest_json(read, lang)
    return found


def _chest_json(read: ImageReading, lang: Language) -> dict[str, Any]:
    chest = read.chest
    if chest is None:
        return {}
    signs = zip(chest.signs, sign_rows(read, lang), strict=True)
    return {
        "sentences": list(chest.sentences(lang)),
        "remarks": [one.said(lang) for one in chest.remarks],
        "shadows": [
            {
                "side": one.side.value,
                "zone": one.zone.value,
                "low": list(one.region.low),
                "high": list(one.region.high),
                "share_of_lung": one.size.share,
                "long_mm": one.size.long_mm,
                "short_mm": one.size.short_mm,
                "shape": one.shape.value,
                "margin": one.margin.value,
                "density": one.density.value,
                "cavity": one.cavity.value,
                "calcification": one.calcification.value,
                "certainty": one.certainty,
            }
            for one in chest.shadows
        ],
        "signs": [
            {
                "name": one.name,
                "state": one.state.value,
                "value": one.value,
                "label": said["name"],
                "basis": said["basis"],
            }
            for one, said in signs
        ],
        "proportions": dict(chest.proportions),
        "scores": [
            {
                "name": one.name,
                "chance": one.chance.value,
                "low": one.chance.low,
                "high": one.chance.high,
                "lift": one.lift,
                "basis": detail_text(one.chance.calibration, lang),
            }
            for one in chest.scores
        ],
        "quality": [
            {
                "name": one.name,
                "grade": one.grade.value,
                "value": one.value,
                "sentence": one.words[lang],
                "source": detail_text(one.source, lang),
            }
            for one in chest.quality.aspects
        ],
    }


def _structure_json(one: Structure) -> dict[str, Any]:
    numbers = {} if one.measures is None else one.measures.numbers()
    spread = {name: [each.low, each.high] for name, each in one.spread.items()}
    unit = one.measures.unit if one.measures else ""
    return {"label": one.label, "name": one.name, "unit": unit, **numbers} | ({"interval": spread} if spread else {})


def _finding_json(one: Finding, lang: Language) -> dict[str, Any]:
    return {
        "code": one.code.value,
        "label": one.code.label,
        "chance": one.chance.value,
        "low": one.chance.low,
        "high": one.chance.high,
        "basis": one.chance.calibration,
        "weight": evidence_sum(one),
        "evidence": [
            {
                "bearing": each.bearing.value,
                "weight": each.weight,
                "sentence": each.sentence,
                "source": detail_text(each.source, lang),
            }
            for each in one.evidence
        ],
    }
