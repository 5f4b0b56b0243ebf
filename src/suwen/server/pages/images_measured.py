"""Measurements that a reader drew: worked out again from the image, filed with the patient, listed, withdrawn."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult.imaging_measures import KIND as MEASURES
from suwen.consult.imaging_measures import KeptMeasure, Measured, keep_measures, measures_in, withdraw_measure
from suwen.errors import InputError, NotFoundError
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.images_samples import slices_of
from suwen.server.pages.images_series import KINDS, Series, image_of, images_of, series_one
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head, head_of, moment, show_patient
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed, Visitor
from suwen.subject import Scale

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["kept_on", "measured_on", "router", "said_of"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_LONGEST = 100_000  # signs of a form


@router.post("/{series}/{number}/measurements")
def image_measures_keep(
    request: Request,
    visitor: Signed,
    patient: str,
    series: str,
    number: int,
    drawn: Annotated[str, Form(max_length=_LONGEST)] = "",
) -> Response:
    """File what was drawn; the values are worked out here, not taken from the browser."""
    head, chosen, image = _opened(request, visitor, patient, series, number)
    found = [measured_on(image, chosen.uid, one) for one in _drawn(drawn)]
    keep_measures(visitor.actor, house_of(request).records, head.id, found, purpose=head.purpose)
    return _answer(request, visitor, patient, series, number)


@router.post("/{series}/{number}/measurements/{record}/withdraw")
def image_measure_withdraw(
    request: Request, visitor: Signed, patient: str, series: str, number: int, record: str
) -> Response:
    """Withdraw a measurement: it stays in the history and is shown no more."""
    head, _, image = _opened(request, visitor, patient, series, number)
    for one in measures_in(head.look.records, image.id):
        if one.record == record:
            withdraw_measure(visitor.actor, house_of(request).records, head.id, one, purpose=head.purpose)
            return _answer(request, visitor, patient, series, number)
    raise NotFoundError("there is no such measurement on this image", zh="该图像上没有此测量")


def _opened(request: Request, visitor: Visitor, patient: str, series: str, number: int) -> tuple[Head, Series, Image]:
    head = head_of(request, visitor, patient, kinds=[*KINDS, MEASURES])
    chosen = series_one(head, series)
    return head, chosen, image_of(images_of(house_of(request), visitor.actor, head, chosen), number)


def _answer(request: Request, visitor: Visitor, patient: str, series: str, number: int) -> Response:
    place = f"/patients/{patient}/images/{series}/{number}"
    if not is_fragment(request):
        return RedirectResponse(place, 303)
    head, _, image = _opened(request, visitor, patient, series, number)
    kept = kept_on(head, image, visitor.lang)
    return show_patient(request, visitor, head, "images_kept.html", IMAGE_WORDS, kept=kept, place=place)


def _drawn(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not found:
        raise InputError("nothing was measured; draw a length, an angle or an ellipse first", zh="尚无测量；请先绘制")
    return found


def measured_on(image: Image, series: str, drawn: Any) -> Measured:
    """A measurement with its values from the image; `drawn` holds kind, slice and points. Raises InputError."""
    try:
        kind, at = str(drawn["kind"]), int(drawn["slice"])
        points = tuple((float(one["x"]), float(one["y"])) for one in drawn["points"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(
            "a measurement says its kind, its slice and its points", zh="测量须注明类型、层面与各点"
        ) from None
    most = image.grid.scale is Scale.DETECTOR and kind != "angle"
    empty = Measured(image.id, series, at, kind, points, most=most)  # its points are checked
    rows, columns = image.grid.shape[-2:]
    inside = all(-columns <= x <= 2 * columns and -rows <= y <= 2 * rows for x, y in points)
    if at >= slices_of(image) or not inside:
        raise InputError(
            "the points of a measurement lie on the image and its slices", zh="测量点须位于图像及其层面之内"
        )
    return Measured(image.id, series, at, kind, points, _values(image, empty), most)


def _values(image: Image, one: Measured) -> dict[str, tuple[float, str]]:
    high, wide = image.grid.spacing[-2:] if image.grid.spacing else (1.0, 1.0)
    unit = "mm" if image.grid.spacing else "px"
    true = [(x * wide, y * high) for x, y in one.points]
    if one.kind == "length":
        return {"length": (math.dist(*true), unit)}
    if one.kind == "angle":
        first, second = (np.subtract(true[at], true[1]) for at in (0, 2))
        turn = math.atan2(float(first[0] * second[1] - first[1] * second[0]), float(first @ second))
        return {"angle": (abs(math.degrees(turn)), "°")}
    half = [abs(true[1][axis] - true[0][axis]) / 2 for axis in (0, 1)]
    return {"area": (math.pi * half[0] * half[1], f"{unit}²"), **_inside(image, one)}


def _inside(image: Image, one: Measured) -> dict[str, tuple[float, str]]:
    """Mean and standard deviation of the pixels whose centres lie in the ellipse."""
    (x, y), (right, bottom) = one.points
    half_x, half_y = abs(right - x) / 2, abs(bottom - y) / 2
    if not half_x or not half_y:
        return {}
    values = image.values if len(image.grid.shape) == 2 else image.values[one.slice]
    rows, columns = np.ogrid[: values.shape[0], : values.shape[1]]
    away = ((columns + 0.5 - (x + right) / 2) / half_x) ** 2 + ((rows + 0.5 - (y + bottom) / 2) / half_y) ** 2
    found = values[away <= 1].astype(np.float64)
    if not found.size:
        return {}
    spread = float(found.std(ddof=1)) if found.size > 1 else 0.0
    return {"mean": (float(found.mean()), image.unit), "deviation": (spread, image.unit)}


def kept_on(head: Head, image: Image, lang: str) -> list[dict[str, Any]]:
    """The measurements of an image as the page lists them and the viewer draws them."""
    return [_told(one, lang, slices=slices_of(image)) for one in measures_in(head.look.records, image.id)]


def _told(one: KeptMeasure, lang: str, *, slices: int) -> dict[str, Any]:
    return {
        "record": one.record,
        "text": said_of(one.measured, lang),
        "slice": f"{IMAGE_WORDS['slice'].said(lang)} {one.measured.slice + 1}" if slices > 1 else "",
        "who": one.name,
        "when": moment(one.at),
        "drawn": {
            "kind": one.measured.kind,
            "slice": one.measured.slice,
            "points": [{"x": x, "y": y} for x, y in one.measured.points],
        },
    }


def said_of(one: Measured, lang: str) -> str:
    """The values of a measurement in one line."""
    found = []
    for name, (value, unit) in one.values.items():
        bound = "≤ " if one.most and name in ("length", "area") else ""
        digits = 0 if name == "area" else 1
        space = "" if unit == "°" else " "
        found.append(f"{IMAGE_WORDS[name].said(lang)} {bound}{value:.{digits}f}{space}{unit}".rstrip())
    return ("，" if lang == "zh" else ", ").join(found)
