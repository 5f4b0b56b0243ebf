"""Structures outlined on an image: measured, told as a table of places, kept with their labels, filed as findings.

A reading of this sort is a record of the kind of `images_reading`, format 2 of its payload: {"format": 2, "image",
"series", "source": what outlined it, "told": {language: what the page shows}, "layers": [{"name", "plane", "value",
"colour", "label": {language}}]} as compact JSON. Its images are the planes of labels in their order: zlib over one byte
a sample, slice by slice, row by row.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.consult import Area, Filing, Given, Image, Purpose, Status, Weighed, consult, store_images
from suwen.errors import FormatError
from suwen.finding import Bearing, Chance, Evidence, Finding
from suwen.govern import Actor, Records
from suwen.server.pages.images_engines import HIPPOCAMPUS, Choice
from suwen.server.pages.images_outlines import COLOURS
from suwen.server.pages.images_reading import KIND, area_named
from suwen.server.pages.images_structures import Row, rows_of
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.subject import Code, Kind, Measurement, Reference, Region, Saying, Scale

if TYPE_CHECKING:
    from suwen.formats.images import Image as Opened
    from suwen.imaging.engines.nouns import Segmentation

__all__ = ["Drawn", "file_drawn"]

_LANGUAGES = ("en", "zh")
_RULES = "2"  # raised whenever the same outlines are filed otherwise
_MOST_FILED = 12  # structures; a whole body in findings would bury what waits for review
_VOLUME, _LONG = Code("SCT:118565006", "Volume"), Code("SCT:103339001", "Long Axis")
_NAMES = {
    "anterior": Saying("Anterior hippocampus", "海马前部"),
    "posterior": Saying("Posterior hippocampus", "海马后部"),
}
# 98 of 100 outlines by experts in the Decathlon (arXiv:2106.05735, 189 crops counted here) have between these.
_HIPPOCAMPUS_ML = (2.4, 4.2)
_CHUNK, _LEAST_CHUNK = 1 << 18, 1 << 12


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was outlined on an image, by which choice, with every structure measured (`rows`)."""

    image: Opened
    choice: Choice
    planes: tuple[Segmentation, ...]
    rows: tuple[Row, ...] = field(default=())

    @classmethod
    def of(cls, image: Opened, choice: Choice, planes: Sequence[Segmentation]) -> Drawn:
        """Measure every structure. Raises FormatError where nothing was outlined."""
        rows = tuple(
            row for number, one in enumerate(planes) for row in rows_of(image, one, number, names=_said(choice, one))
        )
        if not rows:
            raise FormatError("nothing was outlined in this image", zh="该图像中未勾画出任何结构")
        return cls(image, choice, tuple(planes), rows)


def _said(choice: Choice, drawn: Segmentation) -> dict[int, Saying]:
    known = _NAMES if choice.key == HIPPOCAMPUS else {}
    plain = {number: name.replace("_", " ").strip() for number, name in drawn.names.items()}
    return {number: known.get(name, Saying(name, name)) for number, name in plain.items()}


def file_drawn(actor: Actor, records: Records, patient: str, series: str, drawn: Drawn, *, purpose: Purpose) -> None:
    """Keep outlines with their measures, and file the structures as findings of an area of this image."""
    whole = [one for one in drawn.rows if not one.part]
    # first: what cannot be kept must not leave findings behind
    packed = [zlib.compress(np.ascontiguousarray(_bytes(one)).tobytes()) for one in drawn.planes]
    # with too many nothing is filed, and what was filed of this image before stands no more
    filed = whole if len(whole) <= _MOST_FILED else []
    consult(actor, records, patient, areas=[_area(drawn, filed)], purpose=purpose)
    sealed = [Image([one], len(one), _chunk(len(one))) for one in packed]
    content = {
        "format": 2,
        "image": drawn.image.id,
        "series": series,
        "source": drawn.choice.key,
        "told": {lang: _told(drawn, lang) for lang in _LANGUAGES},
        "layers": [_layer(number, one) for number, one in enumerate(whole)],
    }
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    store_images(actor, records, patient, kind=KIND, payload=payload, images=sealed, purpose=purpose)


def _bytes(drawn: Segmentation) -> NDArray[np.uint8]:
    """Labels of one byte; `rows_of` numbered the structures so. Raises FormatError beyond 255."""
    if int(drawn.labels.max(initial=0)) > np.iinfo(np.uint8).max:
        raise FormatError("more structures are outlined than can be shown", zh="勾画的结构过多，无法显示")
    return drawn.labels.astype(np.uint8)


def _chunk(size: int) -> int:
    return min(_CHUNK, max(_LEAST_CHUNK, 1 << max(size - 1, 1).bit_length()))


def _layer(number: int, one: Row) -> dict[str, Any]:
    label = {lang: one.name.said(lang) for lang in _LANGUAGES}
    colour = COLOURS[number % len(COLOURS)]
    return {"name": f"structure-{number + 1}", "plane": one.plane, "value": one.label, "colour": colour, "label": label}


def _told(drawn: Drawn, lang: str) -> dict[str, Any]:
    makers = dict.fromkeys(one.by for one in drawn.planes)
    return {
        "unread": "",
        "title": drawn.choice.label.said(lang),
        "structures": [one.told(lang, drawn.image.unit) for one in drawn.rows],
        "remarks": [one.said(lang) for one in _remarks(drawn)],
        "made_by": [{"name": one.name, "version": one.version, "digest": one.data_digest} for one in makers],
    }


def _remarks(drawn: Drawn) -> Iterator[Saying]:
    yield from drawn.choice.limits
    yield IMAGE_WORDS["limit_outlines"]
    if any(one.part for one in drawn.rows):
        yield IMAGE_WORDS["limit_parts"]
    if drawn.image.grid.spacing is None:
        yield IMAGE_WORDS["scale_none"]
    elif drawn.image.grid.scale is Scale.DETECTOR:
        yield IMAGE_WORDS["scale_detector"]
    if any(one.edge for one in drawn.rows):
        yield IMAGE_WORDS["limit_edge"]
    if sum(1 for one in drawn.rows if not one.part) > _MOST_FILED:
        yield IMAGE_WORDS["limit_many"]
    if drawn.choice.key == HIPPOCAMPUS:
        yield from _odd_volume(drawn)


def _odd_volume(drawn: Drawn) -> Iterator[Saying]:
    volume = sum(one.volume_ml or 0.0 for one in drawn.rows if not one.part)
    low, high = _HIPPOCAMPUS_ML
    if not low <= volume <= high:
        given = {"volume": f"{volume:.1f}", "low": low, "high": high}
        said = IMAGE_WORDS["limit_odd_volume"]
        yield Saying(said.en.format(**given), said.zh.format(**given))


# As an area of the consult: what was found before and judged by a person stays judged


def _area(drawn: Drawn, rows: Sequence[Row]) -> Area:
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(one.labels).tobytes() for one in drawn.planes)).hexdigest()
    title = {lang: f"{IMAGE_WORDS['outlined'].said(lang)}: {drawn.choice.label.said(lang)}" for lang in _LANGUAGES}
    by = drawn.planes[0].by

    def prepare(_: Sequence[Mapping[str, Any]], about: str) -> Given:
        return Given((drawn, tuple(rows), about), digest)

    version = f"{by.name} {by.version} {by.data_digest[:12]}; {_RULES}"
    return Area(area_named(drawn.image.id, drawn.choice.key), title, frozenset(), version, prepare, _weigh)


def _weigh(noun: tuple[Drawn, Sequence[Row], str]) -> Weighed:
    drawn, rows, patient = noun
    filings = []
    for number, one in enumerate(rows, 1):
        worded = {lang: _finding(drawn, one, number, patient, lang) for lang in _LANGUAGES}
        filings.append(Filing(worded["en"], {"zh": worded["zh"]}))
    limits = {lang: tuple(one.said(lang) for one in _remarks(drawn)) for lang in _LANGUAGES}
    return Weighed(tuple(filings), (_source(drawn),), limits, status=Status.DONE if filings else Status.NOTHING)


def _finding(drawn: Drawn, one: Row, number: int, patient: str, lang: str) -> Finding:
    seen = Measurement(_LONG, one.long, one.unit)
    if one.volume_ml is not None and one.unit == "mm":
        seen = Measurement(_VOLUME, one.volume_ml, "mL")
    evidence = Evidence(Bearing.NEUTRAL, seen, 0.0, one.sentence(lang), _source(drawn))
    slug = "-".join(one.name.en.lower().split())[:50] or "structure"
    return Finding(
        Reference(Kind.PATIENT, patient),
        Code(f"SUWEN:outlined-{slug}-{number}", f"{IMAGE_WORDS['outlined'].said(lang)}: {one.name.said(lang)}"),
        Chance(None),
        (evidence,),
        drawn.planes[0].by,
        Region(drawn.image.id, one.low, one.high),
    )


def _source(drawn: Drawn) -> str:
    by = drawn.planes[0].by
    return f"{by.name} {by.version}".strip() + "; RECIST 1.1 (Eisenhauer 2009)"
