"""Two images of a patient side by side, with window and slices linked, and what changed between their readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from suwen.server.house import house_of
from suwen.server.pages.images_drawn import layers_on, spoken
from suwen.server.pages.images_reading import KIND as READINGS
from suwen.server.pages.images_reading import told_in
from suwen.server.pages.images_samples import facts_of
from suwen.server.pages.images_series import KINDS, Series, image_of, images_of, series_one, studies_of
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head, head_of, show_patient
from suwen.server.visitors import Language, Signed, Visitor

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["Change", "changes", "others", "router"]

router = APIRouter(include_in_schema=False)
_MOST = 20  # other series that are offered


@dataclass(frozen=True, slots=True)
class Change:
    """A structure that both readings outlined: `before` and `after` in mL or mm, and the change in percent."""

    name: str
    what: str  # volume or long
    before: float
    after: float

    @property
    def percent(self) -> float | None:
        """Change in percent of the first value, None where that is nothing."""
        return 100 * (self.after - self.before) / self.before if self.before else None


@router.get("/{series}/{number}/with/{other}/{second}")
def image_compare(
    request: Request, visitor: Signed, patient: str, series: str, number: int, other: str, second: int
) -> Response:
    """Two images side by side, the earlier first."""
    head = head_of(request, visitor, patient, kinds=[*KINDS, READINGS])
    sides = [_side(request, visitor, head, *one) for one in ((series, number), (other, second))]
    sides.sort(key=lambda one: str(one["series"].day))
    days = _days(*(one["series"].day for one in sides))
    found = changes(*(one["structures"] for one in sides))
    return show_patient(
        request, visitor, head, "images_compare.html", IMAGE_WORDS, sides=sides, days=days, changes=found
    )


def _side(request: Request, visitor: Visitor, head: Head, key: str, number: int) -> dict[str, Any]:
    house, lang = house_of(request), visitor.lang
    series = series_one(head, key)
    image = image_of(images_of(house, visitor.actor, head, series), number)
    here = f"/patients/{head.id}/images/{key}/{number}"
    layers = layers_on(house, visitor, head, series, image, here)[0]
    facts = facts_of(image, "zh" if lang == "zh" else "en")
    viewer = {"facts": facts, "at": here, "layers": layers, "words": spoken(lang), "kept": []}
    return {
        "series": series,
        "place": here,
        "facts": facts,
        "viewer": viewer,
        "structures": _structures(head, image, lang),
    }


def _structures(head: Head, image: Image, lang: Language) -> list[Mapping[str, Any]]:
    """What the newest reading of outlines says of whole structures."""
    for told in told_in(head.look.records, image.id):
        if told.source:
            return [one for one in told.told[lang]["structures"] if not one["part"]]
    return []


def _days(first: str, second: str) -> int | None:
    try:
        return (date.fromisoformat(second) - date.fromisoformat(first)).days
    except ValueError:  # none, or eight digits of a header that are no day
        return None


def changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Change]:
    """What both outlined under one name, volume and longest diameter, where both are in millimetres."""
    known = {one["name"]: one for one in before}
    found = []
    for one in after:
        earlier = known.get(one["name"])
        if earlier is None or one["unit"] != "mm" or earlier["unit"] != "mm":
            continue
        if one["volume_ml"] is not None and earlier["volume_ml"] is not None:
            found.append(Change(one["name"], "volume_ml", earlier["volume_ml"], one["volume_ml"]))
        found.append(Change(one["name"], "longest", earlier["long"], one["long"]))
    return found


def others(head: Head, series: Series) -> list[Series]:
    """The series that an image may be laid beside: images of the same modality, the newest first."""
    found = (one for study in studies_of(head.look.records) for one in study.series)
    return [one for one in found if one.images and one.modality == series.modality and one.key != series.key][:_MOST]
