"""A study of images for its reader: as a page with key pictures and measures, and in the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from suwen.finding import Bearing, Finding
from suwen.formats.images.nouns import Image
from suwen.imaging.reading import ImageReading, StudyReading
from suwen.imaging.structures import Structure
from suwen.report.html import environment
from suwen.report.image_details import detail_text
from suwen.report.image_words import made_by, problem, say, score_name, sign_rows, unread
from suwen.report.strings import Language
from suwen.report.wording import chance_text, evidence_sum, maker_text, percent, plain, signed
from suwen.subject import Scale

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["image_html", "print_images"]

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
            say=partial(say, lang=lang),
            study=read.study.id,
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            parts=parts,
            left_out=[problem(one, lang) for one in read.study.left_out],
        )
    )


def print_images(read: StudyReading, console: Console, lang: Language = "en") -> None:
    """Print what was read: facts, description, structures, findings with their evidence, limits."""
    from rich.text import Text  # noqa: PLC0415

    def line(text: str, style: str = "") -> None:
        console.print(Text(plain(text), style))

    colon = say("colon", lang)
    for number, one in enumerate(read.images, 1):
        part = _part(number, one, lang, False)
        facts = " · ".join(f"{name}{colon}{value}" for name, value in part.facts)
        line(f"{say('image_number', lang, number=number)} · {facts}", "bold")
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
        line(f"{say('image_left_out', lang)}{colon}{problem(one_problem, lang)}", "dim")
    line(say("image_caution", lang), "bold")


def _print_tables(part: _Part, console: Console, lang: Language) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    for rows, heads in ((getattr(part, name), heads) for name, heads in _HEADS.items()):
        if not rows:
            continue
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for head in heads.values():
            table.add_column(say(head, lang))
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


def _part(number: int, read: ImageReading, lang: Language, pictures: bool) -> _Part:
    chest = read.chest
    return _Part(
        number,
        read,
        _facts(read.image, lang),
        [problem(one, lang) for one in read.image.noticed],
        unread(read, lang) and say("image_unread", lang, why=unread(read, lang)),
        _pictures(read, lang) if pictures else [],
        list(chest.sentences(lang)) if chest else [],
        _shadows(read, lang),
        _quality(read, lang),
        sign_rows(read, lang),
        _scores(read, lang),
        [_finding(one, lang) for one in read.findings(lang)],
        [_structure(one, read.image, lang) for one in read.structures],
        [one.said(lang) for one in chest.remarks] if chest else [],
        _makers(read, lang),
    )


def _facts(image: Image, lang: Language) -> list[tuple[str, str]]:
    shape, grid = image.grid.shape, image.grid
    size = (
        say("image_flat", lang, rows=shape[0], columns=shape[1])
        if len(shape) == 2
        else say("image_slices", lang, slices=shape[0], rows=shape[1], columns=shape[2])
    )
    spacing = "" if grid.spacing is None else " × ".join(f"{one:.4g}" for one in grid.spacing)
    unknown = say("image_unknown", lang)
    return [
        (say("image_modality", lang), image.modality or unknown),
        *([(say("image_view", lang), image.view.value or unknown)] if len(shape) == 2 else []),
        (say("image_size", lang), size),
        (say("image_spacing", lang), say("image_mm", lang, text=spacing) if spacing else unknown),
        (say("image_scale", lang), say(f"image_scale_{grid.scale.value}", lang)),
    ]


def _pictures(read: ImageReading, lang: Language) -> list[tuple[str, str]]:
    """Addresses and captions of the key pictures."""
    from suwen.report.image_pictures import (  # noqa: PLC0415
        chest_picture,
        data_uri,
        heat_picture,
        structure_picture,
    )

    if read.chest is not None:
        found = [(data_uri(chest_picture(read.image, read.chest, lang)), say("image_key_chest", lang))]
        for one in read.chest.scores:
            caption = say("image_key_heat", lang, name=score_name(one.name, lang))
            found.append((data_uri(heat_picture(read.image, one.heat, lang)), caption))
        return found
    if read.drawn is not None and read.drawn.labels.any():
        picture, at = structure_picture(read.image, read.drawn, read.structures, lang)
        slices = read.image.grid.shape[0] if len(read.image.grid.shape) == 3 else 1
        return [(data_uri(picture), say("image_key_volume", lang, slice=at + 1, slices=slices))]
    return []


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
    share = say("image_share", lang, share=percent(size.share, lang))
    if size.long_mm is None or size.short_mm is None:
        return share
    most = "≤ " if scale is Scale.DETECTOR else ""
    return f"{most}{size.long_mm:.0f} × {size.short_mm:.0f} mm{'; ' if lang == 'en' else '；'}{share}"


def _quality(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    if read.chest is None:
        return []
    return [
        {
            "what": say(f"image_aspect_{one.name}", lang),
            "verdict": say(f"image_quality_{one.grade.value}", lang),
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
        return say("image_pixels", lang, count=f"{value:.0f}")
    if name == "symmetry":
        return say("image_right_left", lang, ratio=f"{2**value:.2f}")
    return f"{value:.2f}" if name == "sharpness" else f"{100 * value:.3g}%".replace("-", "−")


def _scores(read: ImageReading, lang: Language) -> list[dict[str, str]]:
    if read.chest is None:
        return []
    return [
        {
            "score": score_name(one.name, lang),
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
        "sum": say("image_weight_sum", lang, sum=signed(evidence_sum(one))),
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
        return {"name": one.name, "volume": say("image_none_drawn", lang), "diameters": "", "mean": "", "shape": ""}
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
    return list(dict.fromkeys(maker_text(one, lang) for one in made_by(read)))
