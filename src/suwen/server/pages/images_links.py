"""From a finding to the image it was seen in, with its place framed, and from an image to its findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult import Filed
from suwen.consult.findings import KIND as FINDINGS
from suwen.consult.findings import filed_finding
from suwen.errors import NotFoundError
from suwen.finding import Finding
from suwen.server.house import House, house_of
from suwen.server.pages.images_reading import KIND as READINGS
from suwen.server.pages.images_reading import Told, area_of, told_in
from suwen.server.pages.images_series import KINDS, Series, images_of, series_named
from suwen.server.pages.patient_frame import Head, head_of
from suwen.server.visitors import Signed, Visitor
from suwen.subject import Region

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["FINDINGS", "findings_on", "region_of", "router"]

router = APIRouter(include_in_schema=False)


@router.get("/of/{record}")
def image_of_finding(request: Request, visitor: Signed, patient: str, record: str) -> Response:
    """To the image that a finding was seen in; the place stands behind #, which no log sees."""
    head = head_of(request, visitor, patient, kinds=[*KINDS, READINGS, FINDINGS])
    filed = next((one for one in _filed(head) if one.record == record), None)
    told = next((one for one in told_in(head.look.records) if filed and filed.area == area_of(one)), None)
    if filed is None or told is None:
        raise NotFoundError("this finding was not seen in an image", zh="该发现并非来自影像")
    series, number = _place(house_of(request), visitor, head, told)
    region = region_of(filed.finding)
    place = "#place=" + ",".join(str(one) for one in (*region.low, *region.high)) if region is not None else ""
    return RedirectResponse(f"/patients/{head.id}/images/{series.key}/{number}{place}", 303)


def _filed(head: Head) -> Iterator[Filed]:
    return (filed_finding(one) for one in head.look.records if one.kind == FINDINGS)


def _place(house: House, visitor: Visitor, head: Head, told: Told) -> tuple[Series, int]:
    series = series_named(head, told.series)
    for number, one in enumerate(images_of(house, visitor.actor, head, series), 1):
        if one.id == told.image:
            return series, number
    raise NotFoundError("the image of this finding is not in the record any more", zh="病历中已无该发现所在的影像")


def region_of(finding: Finding) -> Region | None:
    """Where a finding was seen in an image: its own place, or that of its evidence."""
    if finding.region is not None:
        return finding.region
    return next((one.seen for one in finding.evidence if isinstance(one.seen, Region)), None)


def findings_on(head: Head, image: Image, lang: str) -> list[dict[str, Any]]:
    """The findings that were seen in an image and stand, with the verdict on each ("" for none)."""
    areas = {area_of(one) for one in told_in(head.look.records, image.id)}
    return [_told(one, lang) for one in _filed(head) if one.area in areas and one.standing]


def _told(filed: Filed, lang: str) -> dict[str, Any]:
    code, region = filed.worded(lang).code, region_of(filed.finding)
    return {
        "record": filed.record,
        "label": code.label or code.value,
        "verdict": filed.verdict.value if filed.verdict else "",
        "at": {"low": region.low, "high": region.high} if region is not None else None,
    }
