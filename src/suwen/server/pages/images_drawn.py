"""The layers of an image as the viewer takes them: those of its readings, and segmentations not measured yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from suwen.errors import InputError
from suwen.server.house import House
from suwen.server.pages.images_outlines import COLOURS, segmentations_on, segmented
from suwen.server.pages.images_reading import Layer, Told, told_in
from suwen.server.pages.images_series import Series
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head
from suwen.server.visitors import Language, Visitor

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["layers_on", "spoken"]

_SPOKEN = (
    "length", "angle", "area", "mean", "deviation", "pixels", "loading", "failed", "slice", "centre", "width",
    "play", "pause", "nothing_measured", "volume_failed", "volume_ready",
)  # fmt: skip


def spoken(lang: Language) -> dict[str, str]:
    """Words that the script shows."""
    return {name: IMAGE_WORDS[name].said(lang) for name in _SPOKEN}


def layers_on(
    house: House, visitor: Visitor, head: Head, series: Series, image: Image, here: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """The layers of an image at the address `here`, and what was drawn and cannot be shown."""
    wrong: list[str] = []
    readings = told_in(head.look.records, image.id)
    layers = [_layer(one, told, here, visitor.lang) for told in readings for one in told.layers]
    measured = {one.source for one in readings}
    for drawn in segmentations_on(head, series):
        if f"seg-{drawn.key}" in measured:
            continue
        try:
            layers += _drawn(house, visitor, head, image, (series, drawn), here)
        except InputError as error:
            wrong.append(IMAGE_WORDS["unlaid"].said(visitor.lang).format(why=error.said(visitor.lang)))
    return layers, wrong


def _layer(one: Layer, told: Told, here: str, lang: Language) -> dict[str, Any]:
    said = {"name": one.name, "kind": one.kind, "colour": one.colour, "on": one.on, "label": one.label[lang]}
    if one.kind != "label":
        return {**said, "at": f"{here}/layers/{one.name}"}
    key = f"read-{told.record}-{one.plane}"
    return {**said, "name": f"{told.record[:8]}-{one.name}", "value": one.value, "at": f"{here}/outlines/{key}"}


def _drawn(
    house: House, visitor: Visitor, head: Head, image: Image, of: tuple[Series, Series], here: str
) -> Iterator[dict[str, Any]]:
    series, drawn = of
    found = segmented(house, visitor.actor, head, image, drawn, series=series.uid)
    for number, (one, value) in enumerate((each, value) for each in found for value in sorted(each.names)):
        said = {"name": f"{drawn.key[:8]}-{number}", "kind": "label", "colour": COLOURS[number % len(COLOURS)]}
        label = f"{one.names[value]} ({one.by})"
        yield {**said, "on": True, "label": label, "value": value, "at": f"{here}/outlines/{one.key}"}
