"""The list of a patient's studies and series, and files added to it: DICOM, PNG, JPEG and NIfTI by what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile

from suwen.consult.imaging import store_objects
from suwen.consult.imaging_files import store_file
from suwen.errors import AccessError, InputError
from suwen.server.guard.parts import FormRoute
from suwen.server.guard.sniffing import HEAD, Kind, require_kind
from suwen.server.house import house_of
from suwen.server.pages.images_series import KINDS, images_in_file, studies_of
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head, head_of, show_patient
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_MOST_FILES = 2_000
_PICTURES = {Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.NIFTI: "NIfTI", Kind.GZIP: "NIfTI"}


@dataclass(frozen=True, slots=True)
class _Fate:
    """How many of the files were kept, and why others were not."""

    good: int
    all: int
    why: tuple[str, ...] = ()


@router.get("")
def images_page(request: Request, visitor: Signed, patient: str) -> Response:
    """The studies and series of a patient."""
    return _list(request, visitor, head_of(request, visitor, patient, kinds=KINDS))


@router.post("")
def images_upload(
    request: Request, visitor: Signed, patient: str, files: Annotated[list[UploadFile], File()]
) -> Response:
    """Keep files with this patient; DICOM files that name another are refused, and what is no image."""
    head = head_of(request, visitor, patient, kinds=KINDS)
    if not head.may_annotate:
        raise AccessError("you may not add images to this record", zh="您无权向该病历添加影像")
    fate = _kept(request, visitor, head, files[:_MOST_FILES])
    again = head_of(request, visitor, patient, kinds=KINDS)
    return _list(request, visitor, again, added=fate, status=200 if fate.good else 422)


def _kept(request: Request, visitor: Visitor, head: Head, files: list[UploadFile]) -> _Fate:
    objects: list[bytes] = []
    good, why = 0, []
    for one in files:
        data = one.file.read()
        try:
            if require_kind(data[:HEAD], {Kind.DICOM, *_PICTURES}) is Kind.DICOM:
                objects.append(data)
                continue
            _keep_file(request, visitor, head, data, one.filename or "")
            good += 1
        except InputError as error:
            why.append(error.said(visitor.lang))
    fates = store_objects(visitor.actor, house_of(request).records, objects, patient=head.id) if objects else ()
    if any(one.reason for one in fates):
        why.append(IMAGE_WORDS["refused"].said(visitor.lang))
    return _Fate(good + sum(1 for one in fates if not one.reason), len(files), tuple(dict.fromkeys(why)))


def _keep_file(request: Request, visitor: Visitor, head: Head, data: bytes, name: str) -> None:
    """Opened before it is kept: what cannot be shown is refused now, not found damaged later."""
    kind = require_kind(data[:HEAD], set(_PICTURES))
    images_in_file(data)
    records = house_of(request).records
    store_file(visitor.actor, records, head.id, data, name=name, media=_PICTURES[kind], purpose=head.purpose)


def _list(request: Request, visitor: Visitor, head: Head, *, added: _Fate | None = None, status: int = 200) -> Response:
    studies = studies_of(head.look.records)
    address = f"{house_of(request).settings.address}/dicom-web"
    return show_patient(
        request, visitor, head, "images.html", IMAGE_WORDS, studies=studies, address=address, added=added, status=status
    )
