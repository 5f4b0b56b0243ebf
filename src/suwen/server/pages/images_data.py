"""What the viewer fetches of an image: samples and outlines by the slice, volumes as NIfTI, layers as they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from suwen.errors import NotFoundError
from suwen.server.house import house_of
from suwen.server.pages.images_outlines import (
    Outlines,
    label_bytes,
    nifti_of_labels,
    outlines_read,
    segmentations_on,
    segmented,
)
from suwen.server.pages.images_reading import KIND as READINGS
from suwen.server.pages.images_reading import layer_bytes, told_in
from suwen.server.pages.images_samples import nifti_of, samples_of
from suwen.server.pages.images_series import KINDS, Series, image_of, images_of, series_one
from suwen.server.pages.patient_frame import Head, head_of
from suwen.server.visitors import Signed, Visitor

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_OCTETS, _GZIP = "application/octet-stream", "application/gzip"


@router.get("/{series}/{number}/slices/{at}")
def image_slice(request: Request, visitor: Signed, patient: str, series: str, number: int, at: int) -> Response:
    """The samples of a slice."""
    _, _, image = _opened(request, visitor, patient, series, number)
    return Response(samples_of(image, at), media_type=_OCTETS)


@router.get("/{series}/{number}/volume.nii.gz")
def image_volume(request: Request, visitor: Signed, patient: str, series: str, number: int) -> Response:
    """The volume as NIfTI, for three planes in the browser."""
    _, _, image = _opened(request, visitor, patient, series, number)
    return Response(nifti_of(image), media_type=_GZIP)


@router.get("/{series}/{number}/layers/{name}")
def image_layer(request: Request, visitor: Signed, patient: str, series: str, number: int, name: str) -> Response:
    """A layer of the newest reading of signs, one byte a pixel."""
    head, _, image = _opened(request, visitor, patient, series, number)
    for told in told_in(head.look.records, image.id):
        if not told.source:
            data = layer_bytes(visitor.actor, house_of(request).records, head.id, told, name, purpose=head.purpose)
            return Response(data, media_type=_OCTETS)
    raise NotFoundError("this image has not been read yet", zh="该图像尚未判读")


@router.get("/{series}/{number}/outlines/{key}/volume.nii.gz")
def image_outlined_volume(
    request: Request, visitor: Signed, patient: str, series: str, number: int, key: str
) -> Response:
    """Outlines as NIfTI on the grid of the volume."""
    head, chosen, image = _opened(request, visitor, patient, series, number)
    found = _outlines(request, visitor, head, chosen, image, key)
    return Response(nifti_of_labels(image, found, key), media_type=_GZIP)


@router.get("/{series}/{number}/outlines/{key}/{at}")
def image_outlined_slice(
    request: Request, visitor: Signed, patient: str, series: str, number: int, key: str, at: int
) -> Response:
    """The outlines of a slice, one byte a sample."""
    head, chosen, image = _opened(request, visitor, patient, series, number)
    return Response(label_bytes(_outlines(request, visitor, head, chosen, image, key), key, at), media_type=_OCTETS)


def _opened(request: Request, visitor: Visitor, patient: str, series: str, number: int) -> tuple[Head, Series, Image]:
    head = head_of(request, visitor, patient, kinds=[*KINDS, READINGS])
    chosen = series_one(head, series)
    return head, chosen, image_of(images_of(house_of(request), visitor.actor, head, chosen), number)


def _outlines(
    request: Request, visitor: Visitor, head: Head, series: Series, image: Image, key: str
) -> tuple[Outlines, ...]:
    house = house_of(request)
    for told in told_in(head.look.records, image.id):
        if key.startswith(f"read-{told.record}-"):
            return outlines_read(house, visitor.actor, head, told, image)
    for drawn in segmentations_on(head, series):
        if key.startswith(f"seg-{drawn.key}-"):
            return segmented(house, visitor.actor, head, image, drawn, series=series.uid)
    raise NotFoundError("there are no such outlines on this image", zh="该图像没有此勾画")
