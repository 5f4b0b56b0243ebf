"""A study of images for its reader: as a page with key pictures and measures, in the terminal, and as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from suwen.errors import InputError, Problem
from suwen.finding import Bearing, Finding, Maker
from suwen.formats.images.notices import notice_in, notice_text
from suwen.formats.images.nouns import Image
from suwen.imaging.reading import ImageReading, StudyReading
from suwen.imaging.structures import Structure
from suwen.report.html import environment
from suwen.report.image_details import detail_text
from suwen.report.image_strings import IMAGE_STRINGS
from suwen.report.strings import LANGUAGES, Language, phrase
from suwen.report.wording import chance_text, evidence_sum, maker_text, percent, plain, signed
from suwen.subject import Scale

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["image_html", "image_json", "print_images"]

FORMAT = 1
_LEAST_ML = 1000.0  # mm³ from which a volume is said in millilitres
_WAYS = {Bearing.AGAINST: "against", Bearing.AGAINST_EXCLUDED: "against", Bearing.NEUTRAL: "neutral"}


@dataclass(frozen=True, slots=True)
class _Part:
    """All that the page says of one image, in its language."""

    number: int
    read: ImageReading
    facts: list[tuple[str, str]]
    noticed: list[str]
    unread: str
    pictures: list[tuple[str, str]]
    sentences: list[str]
    shadows: list[dict[str, str]]
    quality: list[dict[str, str]]
    signs: list[dict[str, str]]
    scores: list[dict[str, str]]
    findings: list[dict[str, Any]]
    structures: list[dict[str, str]]
    remarks: list[str]
    makers: list[str]


def image_html(read: StudyReading, *, lang: Language = "en", created: datetime, pictures: bool = True) -> str:
    """Return the page as one self-contained HTML document; everything of the study is escaped.

    The same reading, language and time give the same text, byte for byte. Raises InputError for a language that the
    report does not speak.
    """
    parts = [_part(number, one, lang, pictures) for number, one in enumerate(read.images, 1)]
    return (
        environment()
        .get_template("image.html")
        .render(
            say=partial(_say, lang=lang),
            study=read.study.id,
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            parts=parts,
            left_out=[_problem(one, lang) for one in read.study.left_out],
        )
    )


def print_images(read: StudyReading, console: Console, lang: Language = "en") -> None:
    """Print what was read: facts, description, structures, findings with their evidence, limits."""
    from rich.text import Text  # noqa: PLC0415

    def line(text: str, style: str = "") -> None:
        console.print(Text(plain(text), style))

    colon = _say("colon", lang)
    for number, one in enumerate(read.images, 1):
        part = _part(number, one, lang, False)
        facts = " · ".join(f"{name}{colon}{value}" for name, value in part.facts)
        line(f"{_say('image_number', lang, number=number)} · {facts}", "bold")
        for text in part.noticed:
            line(f"! {text}", "dark_orange3")
        if part.unread:
            line(part.unread, "bold")
        for text in part.sentences:
            line(f"- {text}")
        _print_tables(part, console, lang)
        for found in part.findings:
            line(f"{found['name']} {found['code']}{colon}{found['chance']} · {found['sum']}", "bold")
            for reason in found["evidence"]:
                line(f"  {reason['weight']} {reason['sentence']} [{reason['source']}]")
        for text in part.remarks:
            line(f"! {text}", "dark_orange3")
    for one_problem in read.study.left_out:
        line(f"{_say('image_left_out', lang)}{colon}{_problem(one_problem, lang)}", "dim")
    line(_say("image_caution", lang), "bold")


def _print_tables(part: _Part, console: Console, lang: Language) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    for rows, heads in ((getattr(part, name), heads) for name, heads in _HEADS.items()):
        if not rows:
            continue
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for head in heads.values():
            table.add_column(_say(head, lang))
        for row in rows:
            table.add_row(*(Text(plain(row[key])) for key in heads))
        console.print(table)


_HEADS = {
    "structures": {
        "name": "image_structure",
        "volume": "image_volume",
        "diameters": "image_diameters",
        "mean": "image_mean",
        "shape": "image_sphericity",
    },
    "quality": {"what": "image_quality_what", "verdict": "image_quality_verdict", "sentence": "image_quality_basis"},
    "signs": {"name": "image_sign", "state": "image_state", "basis": "image_basis"},
    "scores": {"score": "image_score", "chance": "probability", "lift": "image_lift"},
}


def image_json(read: StudyReading, lang: Language = "en") -> dict[str, Any]:
    """Return a reading as JSON-ready dicts, format 1; sentences are in `lang`, numbers in the units they name."""
    return {
        "format": FORMAT,
        "study": read.study.id,
        "images": [_image_json(one, lang) for one in read.images],
        "left_out": [_problem(one, lang) for one in read.study.left_out],
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
        "noticed": [_problem(one, lang) for one in image.noticed],
        "unit": image.unit,
        "unread": _unread(read, lang),
        "unread_reason": read.unread,
        "structures": [_structure_json(one) for one in read.structures],
        "findings": [_finding_json(one, lang) for one in read.findings(lang)],
        "made_by": [{"name": one.name, "version": one.version, "digest": one.data_digest} for one in _made_by(read)],
    }
    if read.chest is not None:
        found |= _chest_json(read, lang)
    return found


def _chest_json(read: ImageReading, lang: Language) -> dict[str, Any]:
    chest = read.chest
    if chest is None:
        return {}
    signs = zip(chest.signs, _signs(read, lang), strict=True)
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


def _part(number: int, read: ImageReading, lang: Language, pictures: bool) -> _Part:
    chest = read.chest
    return _Part(
        number,
        read,
        _facts(read.image, lang),
        [_problem(one, lang) for one in read.image.noticed],
        _unread(read, lang) and _say("image_unread", lang, why=_unread(read, lang)),
        _pictures(read, lang) if pictures else [],
        list(chest.sentences(lang)) if chest else [],
        _shadows(read, lang),
        _quality(read, lang),
        _signs(read, lang),
        _scores(read, lang),
        [_finding(one, lang) for one in read.findings(lang)],
        [_structure(one, read.image, lang) for one in read.structures],
        [one.said(lang) for one in chest.remarks] if chest else [],
        _makers(read, lang),
    )


def _say(key: str, lang: Language, **fields: object) -> str:
    if lang not in LANGUAGES:
        raise InputError(f"the report speaks {' and '.join(LANGUAGES)}, not {lang!r}")
    if key not in IMAGE_STRINGS:
        return phrase(key, lang, **fields)
    return IMAGE_STRINGS[key][lang].format(**fields)


def _problem(one: Problem, lang: Language) -> str:
    return notice_text(notice_in(one, lang), lang)


def _facts(image: Image, lang: Language) -> list[tuple[str, str]]:
    shape, grid = image.grid.shape, image.grid
    size = (
        _say("image_flat", lang, rows=shape[0], columns=shape[1])
        if len(shape) == 2
        else _say("image_slices", lang, slices=shape[0], rows=shape[1], columns=shape[2])
    )
    spacing = "" if grid.spacing is None else " × ".join(f"{one:.4g}" for one in grid.spacing)
    unknown = _say("image_unknown", lang)
    return [
        (_say("image_modality", lang), image.modality or unknown),
        *([(_say("image_view", lang), image.view.value or unknown)] if len(shape) == 2 else []),
        (_say("image_size", lang), size),
        (_say("image_spacing", lang), _say("image_mm", lang, text=spacing) if spacing else unknown),
        (_say("image_scale", lang), _say(f"image_scale_{grid.scale.value}", lang)),
    ]


def _unread(read: ImageReading, lang: Language) -> str:
    return _say(f"image_unread_{read.unread}", lang, detail=detail_text(read.detail, lang)) if read.unread else ""


def _pictures(read: ImageReading, lang: Language) -> list[tuple[str, str]]:
    """Addresses and captions of the key pictures."""
    from suwen.report.image_pictures import (  # noqa: PLC0415
        chest_picture,
        data_uri,
        heat_picture,
        structure_picture,
    )

    if read.chest is not None:
        found = [(data_uri(chest_picture(read.image, read.chest, lang)), _say("image_key_chest", lang))]
        for one in read.chest.scores:
            caption = _say("image_key_heat", lang, name=_score_name(one.name, lang))
            found.append((data_uri(heat_picture(read.image, one.heat, lang)), caption))
        return found
    if read.drawn is not None and read.drawn.labels.any():
        picture, at = structure_picture(read.image, read.drawn, read.structures, lang)
        slices = read.image.grid.shape[0] if len(read.image.grid.shape) == 3 else 1
        return [(data_uri(picture), _say("image_key_volume", lang, slice=at + 1, slices=slices))]
    return []


def _score_name(name: str, lang: Language) -> str:
    from suwen.imaging.chest.opinion_words import SCORES  # noqa: PLC0415

    return SCORES[name].said(lang)


def _shadows(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    from suwen.imaging.chest.words import describe_shadow  # noqa: PLC0415

    if read.chest is None:
        return []
    return [
        {
            "number": str(number),
            "sentence": describe_shadow(one, lang),
            "size": _size(one.size, read.image.grid.scale, lang),
            "certainty": percent(one.certainty, lang),
            "place": f"{one.region.low[0]}-{one.region.high[0] - 1}, {one.region.low[1]}-{one.region.high[1] - 1}",
        }
        for number, one in enumerate(read.chest.shadows, 1)
    ]


def _size(size: Any, scale: Scale, lang: Language) -> str:
    share = _say("image_share", lang, share=percent(size.share, lang))
    if size.long_mm is None or size.short_mm is None:
        return share
    most = "≤ " if scale is Scale.DETECTOR else ""
    return f"{most}{size.long_mm:.0f} × {size.short_mm:.0f} mm{'; ' if lang == 'en' else '；'}{share}"


def _quality(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    if read.chest is None:
        return []
    return [
        {
            "what": _say(f"image_aspect_{one.name}", lang),
            "verdict": _say(f"image_quality_{one.grade.value}", lang),
            "value": _measured(one.name, one.value, lang),
            "sentence": one.words[lang],
            "source": detail_text(one.source, lang),
        }
        for one in read.chest.quality.aspects
    ]


def _measured(name: str, value: float | None, lang: Language) -> str:
    """A measure of quality with its unit: pixels, right to left, or a share (of the thorax, the greys, the lungs)."""
    if value is None:
        return ""
    if name == "resolution":
        return _say("image_pixels", lang, count=f"{value:.0f}")
    if name == "symmetry":
        return _say("image_right_left", lang, ratio=f"{2**value:.2f}")
    return f"{value:.2f}" if name == "sharpness" else f"{100 * value:.3g}%".replace("-", "−")


def _signs(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    from suwen.imaging.chest.sign_words import said  # noqa: PLC0415

    if read.chest is None:
        return []
    return [
        {
            "name": said(f"name {one.name}").said(lang),
            "state": _say(f"image_state_{one.state.name.lower()}", lang),
            "present": one.state.value,
            "basis": one.basis.said(lang),
        }
        for one in read.chest.signs
    ]


def _scores(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    if read.chest is None:
        return []
    return [
        {
            "score": _score_name(one.name, lang),
            "chance": chance_text(one.chance.value, lang),
            "lift": signed(one.lift),
            "basis": detail_text(one.chance.calibration, lang),
            "maker": maker_text(one.by, lang),
        }
        for one in read.chest.scores
    ]


def _finding(one: Finding, lang: Language) -> dict[str, Any]:
    return {
        "name": one.code.label,
        "code": one.code.value,
        "chance": chance_text(one.chance.value, lang),
        "basis": one.chance.calibration,
        "sum": _say("image_weight_sum", lang, sum=signed(evidence_sum(one))),
        "evidence": [
            {
                "way": _WAYS.get(each.bearing, "for"),
                "weight": signed(each.weight),
                "sentence": each.sentence,
                "source": detail_text(each.source, lang),
            }
            for each in one.evidence
        ],
    }


def _structure(one: Structure, image: Image, lang: Language) -> dict[str, str]:
    found, unit = one.measures, image.unit
    if found is None:
        return {"name": one.name, "volume": _say("image_none_drawn", lang), "diameters": "", "mean": "", "shape": ""}
    volume = _interval(one, "area", f"{found.area:.0f}", 1) + f" {found.unit}²"
    if found.volume is not None:
        large = found.unit == "mm" and found.volume >= _LEAST_ML
        by = 1000.0 if large else 1.0
        volume = _interval(one, "volume", f"{found.volume / by:.1f}", by) + (" mL" if large else f" {found.unit}³")
    told = found.intensity or {}
    mean = f"{told['mean']:.1f} ± {told['var'] ** 0.5:.1f} {unit}".strip() if "var" in told else ""
    return {
        "name": one.name,
        "volume": volume,
        "diameters": f"{_interval(one, 'longest', f'{found.longest.length:.1f}', 1)} × "
        f"{_interval(one, 'across', f'{found.across.length:.1f}', 1)} {found.unit}",
        "mean": mean,
        "shape": "" if found.sphericity is None else f"{found.sphericity:.2f}",
    }


def _interval(one: Structure, name: str, text: str, by: float) -> str:
    """A measure with its interval in brackets where it was disturbed."""
    spread = one.spread.get(name)
    return text if spread is None else f"{text} ({spread.low / by:.1f}–{spread.high / by:.1f})"


def _makers(read: ImageReading, lang: Language) -> list[str]:
    return list(dict.fromkeys(maker_text(one, lang) for one in _made_by(read)))


def _made_by(read: ImageReading) -> list[Maker]:
    found: list[Maker] = []
    if read.chest is not None:
        found += [read.chest.anatomy.by, *(one.by for one in read.chest.scores), read.chest.maker]
    found += [read.drawn.by] if read.drawn is not None else []
    return list(dict.fromkeys(found))
