"""An image read: what was seen is kept with its layers in the sealed record, and filed as findings of the consult.

A reading is a record of the kind `KIND`, format 1 of its payload: {"format": 1, "image", "series", "told": {language:
what the page shows}, "layers": [{"name", "kind": "mask" or "heat", "colour", "label": {language}, "on"}]} as compact
JSON. Its images are the layers in the same order: zlib over one byte a pixel (0..255), row by row. Format 2, of what
was outlined, is described and written by `images_volumes`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.consult import Area, Demographics, Filing, Given, Purpose, Status, Weighed, consult, open_image, store_images
from suwen.consult import Image as Sealed
from suwen.errors import FormatError, NotFoundError
from suwen.govern import Actor, Records
from suwen.subject import Kind, Reference, Saying

if TYPE_CHECKING:
    from suwen.formats.images import Image, Study
    from suwen.imaging.reading import ImageReading
    from suwen.report.strings import Language

__all__ = ["KIND", "Layer", "Told", "area_named", "area_of", "file_reading", "layer_bytes", "read_one", "told_in"]

KIND = "ImageReading"
_LANGUAGES: tuple[Language, Language] = ("en", "zh")
_RULES = "1"  # raised whenever the same image is filed otherwise
_COLOURS = {
    "right lung": "#56b4e9",
    "left lung": "#56b4e9",
    "heart": "#009e73",
    "shadows": "#e69f00",
    "heat": "#f9d423",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Something that lies over an image: its name in addresses, how it is drawn, what it is called.

    Of the kind "label" it is where the plane of labels `plane` of its reading has the `value`.
    """

    name: str
    kind: str
    colour: str
    label: Mapping[str, str]
    on: bool
    image: str  # where its bytes lie
    plane: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What was read in one image, as pages show it; `source` says what outlined it ("" where signs were read)."""

    record: str
    at: int
    image: str
    source: str
    series: str
    told: Mapping[str, Any] = field(repr=False)
    layers: tuple[Layer, ...]


def told_in(records: Iterable[Any], image: str = "") -> tuple[Told, ...]:
    """The newest reading of an image (by its id; of every one) from each source among opened records, newest first."""
    found: dict[tuple[str, str], Told] = {}
    for one in reversed([each for each in records if each.kind == KIND]):
        content = json.loads(one.payload)
        if content.get("format") not in (1, 2) or (image and content["image"] != image):
            continue
        about, source = str(content["image"]), str(content.get("source", ""))
        layers = tuple(_kept_layers(content, [where for where, _ in one.images]))
        found.setdefault(
            (about, source), Told(one.id, one.at, about, source, content["series"], content["told"], layers)
        )
    return tuple(found.values())


def area_of(told: Told) -> str:
    """The area of the consult under which the findings of a reading are filed."""
    return area_named(told.image, told.source)


def area_named(image: str, source: str) -> str:
    """The area of what `source` outlined on an image (by its id); of its signs where that is ""."""
    return f"image:{hashlib.sha256(f'{image} {source}'.rstrip().encode()).hexdigest()[:12]}"


def _kept_layers(content: Mapping[str, Any], images: Sequence[str]) -> Iterable[Layer]:
    if content["format"] == 1:
        return (Layer(**each, image=where) for each, where in zip(content["layers"], images, strict=True))
    return (Layer(**each, kind="label", on=True, image=images[each["plane"]]) for each in content["layers"])


def layer_bytes(actor: Actor, records: Records, patient: str, told: Told, name: str, *, purpose: Purpose) -> bytes:
    """A layer, one byte a pixel. Raises NotFoundError."""
    for one in told.layers:
        if one.name == name:
            parts = open_image(actor, records, patient, told.record, image=one.image, purpose=purpose)
            return zlib.decompress(b"".join(parts))
    raise NotFoundError("this reading has no such layer", zh="该判读结果没有此图层")


def read_one(image: Image, who: Demographics, day: str) -> ImageReading:
    """Read one image with age on that day (YYYY-MM-DD, "" unknown) and sex. Raises MissingExtraError."""
    from suwen.formats.images.nouns import Study  # noqa: PLC0415
    from suwen.imaging.chest.shadow_nouns import Context  # noqa: PLC0415
    from suwen.imaging.reading import read_images  # noqa: PLC0415

    context = Context(age_years=_age(who.birth_date, day), sex=who.sex)
    study: Study = Study(image.id, (image,))
    return read_images(study, context=context).images[0]


def _age(born: str, day: str) -> float | None:
    from datetime import date  # noqa: PLC0415

    if not born or not day:
        return None
    try:
        years = (date.fromisoformat(day) - date.fromisoformat(born)).days / 365.25
    except ValueError:
        return None
    return years if 0 <= years <= 130 else None


def file_reading(
    actor: Actor, records: Records, patient: str, series: str, read: ImageReading, *, purpose: Purpose
) -> None:
    """Keep a reading with its layers, and file its findings as those of an area of this image."""
    layers = list(_layers(read))
    content = {
        "format": 1,
        "image": read.image.id,
        "series": series,
        "told": {lang: _said(read, lang) for lang in _LANGUAGES},
        "layers": [_named(one) for one, _ in layers],
    }
    packed = [zlib.compress(np.ascontiguousarray(values).tobytes()) for _, values in layers]
    sealed = [Sealed([one], len(one), min(1 << 18, max(4096, 1 << (len(one) - 1).bit_length()))) for one in packed]
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if read.chest is not None:
        consult(actor, records, patient, areas=[_area(read, patient)], purpose=purpose)
    store_images(actor, records, patient, kind=KIND, payload=payload, images=sealed, purpose=purpose)


def _named(one: Layer) -> dict[str, Any]:
    return {"name": one.name, "kind": one.kind, "colour": one.colour, "label": dict(one.label), "on": one.on}


def _layers(read: ImageReading) -> Iterable[tuple[Layer, NDArray[np.uint8]]]:
    from suwen.report.image_words import score_name  # noqa: PLC0415

    chest = read.chest
    if chest is None:
        return
    whole = np.zeros(read.image.grid.shape, bool)
    for one in chest.shadows:
        whole |= one.mask
    known = chest.anatomy
    masks = {"shadows": whole, "right lung": known.right_lung, "left lung": known.left_lung, "heart": known.heart}
    for name, mask in masks.items():
        label: dict[str, str] = {lang: _LABELS[name].said(lang) for lang in _LANGUAGES}
        layer = Layer(name.replace(" ", "-"), "mask", _COLOURS[name], label, name == "shadows", "")
        yield layer, mask.astype(np.uint8) * np.uint8(255)
    for score in chest.scores:
        label = {lang: _LABELS["heat"].said(lang).format(name=score_name(score.name, lang)) for lang in _LANGUAGES}
        heat = np.round(255 * np.clip(score.heat, 0, 1)).astype(np.uint8)
        yield Layer(f"heat-{score.name}", "heat", _COLOURS["heat"], label, False, ""), heat


_LABELS = {
    "shadows": Saying("Shadows", "异常阴影"),
    "right lung": Saying("Right lung", "右肺"),
    "left lung": Saying("Left lung", "左肺"),
    "heart": Saying("Heart", "心脏"),
    "heat": Saying("Heat: what speaks for {name}", "热图：支持“{name}”的部位"),
}


def _said(read: ImageReading, lang: Language) -> dict[str, Any]:
    """What the page shows of a reading in one language."""
    from suwen.formats.images.nouns import Study  # noqa: PLC0415
    from suwen.imaging.chest.words import describe_shadow  # noqa: PLC0415
    from suwen.imaging.reading import StudyReading  # noqa: PLC0415
    from suwen.report.image_data import image_json  # noqa: PLC0415
    from suwen.report.image_words import score_name, sign_rows  # noqa: PLC0415

    data: dict[str, Any] = image_json(StudyReading(Study(read.image.id, (read.image,)), (read,)), lang)["images"][0]
    chest = read.chest
    if chest is None:
        return {"unread": data["unread"], "noticed": data["noticed"]}
    shadows = [
        {**row, "sentence": describe_shadow(one, lang)} for row, one in zip(data["shadows"], chest.shadows, strict=True)
    ]
    return {
        "unread": "",
        "noticed": data["noticed"],
        "sentences": data["sentences"][:1],
        "shadows": shadows,
        "signs": sign_rows(read, lang),
        "scores": [{**one, "label": score_name(one["name"], lang)} for one in data["scores"]],
        "quality": data["quality"],
        "proportions": {name: float(value) for name, value in data["proportions"].items()},
        "remarks": data["remarks"],
        "findings": [{"label": one["label"], "weight": one["weight"]} for one in data["findings"]],
        "made_by": data["made_by"],
    }


# As an area of the consult: what was found before and judged by a person stays judged


def _area(read: ImageReading, patient: str) -> Area:
    digest = hashlib.sha256(np.ascontiguousarray(read.image.values).tobytes()).hexdigest()
    chest = read.chest
    if chest is None:
        raise FormatError(
            "nothing was read in this image, so there is nothing to file",
            zh="该图像未读出任何结果，因此没有可归档的内容",
        )
    title = {"en": "Chest radiograph", "zh": "胸部 X 线片"}

    def prepare(_: Sequence[Mapping[str, Any]], about: str) -> Given:
        return Given((read, about), digest)

    version = f"{chest.maker.name} {chest.maker.version} {chest.maker.data_digest[:12]}; {_RULES}"
    del patient
    return Area(area_named(read.image.id, ""), title, frozenset(), version, prepare, _weigh)


def _weigh(noun: tuple[ImageReading, str]) -> Weighed:
    read, patient = noun
    chest = read.chest
    if chest is None:
        return Weighed(status=Status.NOTHING)
    about = Reference(Kind.PATIENT, patient)
    worded = [[replace(one, subject=about) for one in chest.findings(lang)] for lang in _LANGUAGES]
    filings = tuple(Filing(en, {"zh": zh}) for en, zh in zip(*worded, strict=True))
    sources = dict.fromkeys(each.source for one in worded[0] for each in one.evidence)
    remarks = {lang: tuple(one.said(lang) for one in chest.remarks) for lang in _LANGUAGES}
    return Weighed(filings, tuple(sources), _LIMITS, remarks["en"], {"zh": remarks["zh"]})


_LIMITS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "One frontal radiograph was read by a program, without earlier images and without symptoms.",
        "What lies behind heart, diaphragm or bone may be missed; no sign does not mean that the chest is healthy.",
    ),
    "zh": (
        "仅由程序判读一张正位胸片，未与既往影像比较，未结合症状。",
        "心影后、膈后或骨骼重叠处的病灶可能漏检；未见征象不代表胸部正常。",
    ),
}
