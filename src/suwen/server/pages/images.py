"""The pages of a patient's images: studies and series, one image in the viewer, its layers and what was read in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from suwen.consult.imaging import open_object_bytes, store_objects
from suwen.errors import NotFoundError
from suwen.server.dicomweb.rendering import Drawn, picture
from suwen.server.house import house_of
from suwen.server.jobs import jobs_of
from suwen.server.pages.images_job import KIND as JOB
from suwen.server.pages.images_reading import KIND as READINGS
from suwen.server.pages.images_reading import layer_bytes, told_in
from suwen.server.pages.images_samples import facts_of, nifti_of, samples_of
from suwen.server.pages.images_series import KIND as OBJECTS
from suwen.server.pages.images_series import image_of, images_of, series_one, studies_of
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head, head_of, show_patient
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed, Visitor

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["router"]

router = APIRouter(include_in_schema=False, prefix="/patients/{patient}/images")
Language = Literal["en", "zh"]
_OCTETS = "application/octet-stream"
_THUMBNAIL = (160, 160)
_MOST_FILES = 2_000


@router.get("")
def images_page(request: Request, visitor: Signed, patient: str) -> Response:
    """The studies and series of a patient."""
    return _list(request, visitor, head_of(request, visitor, patient, kinds=[OBJECTS]))


@router.post("")
def images_upload(
    request: Request, visitor: Signed, patient: str, files: Annotated[list[UploadFile], File()]
) -> Response:
    """Keep DICOM files with this patient; those of another are refused."""
    head = head_of(request, visitor, patient, kinds=[OBJECTS])
    contents = [one.file.read() for one in files[:_MOST_FILES]]
    fates = store_objects(visitor.actor, house_of(request).records, contents, patient=head.id)
    good = sum(1 for one in fates if not one.reason)
    again = head_of(request, visitor, patient, kinds=[OBJECTS])
    return _list(request, visitor, again, added=(good, len(files)), status=200 if good else 422)


def _list(
    request: Request, visitor: Visitor, head: Head, *, added: tuple[int, int] | None = None, status: int = 200
) -> Response:
    studies = studies_of(head.look.records)
    address = f"{house_of(request).settings.address}/dicom-web"
    return show_patient(
        request, visitor, head, "images.html", IMAGE_WORDS, studies=studies, address=address, added=added, status=status
    )


@router.get("/{series}/thumbnail")
def image_thumbnail(request: Request, visitor: Signed, patient: str, series: str) -> Response:
    """A small picture of the object in the middle of a series."""
    head = head_of(request, visitor, patient, kinds=[OBJECTS])
    shown = [one for one in series_one(head, series).members if one.frames]
    if not shown:
        raise NotFoundError("this series holds no image")
    data = open_object_bytes(visitor.actor, house_of(request).records, shown[len(shown) // 2], purpose=head.purpose)
    return Response(picture(data, 1, "image/jpeg", Drawn(box=_THUMBNAIL)), media_type="image/jpeg")


@router.get("/{series}/{number}")
def image_page(request: Request, visitor: Signed, patient: str, series: str, number: int) -> Response:
    """One image in the viewer."""
    lang: Language = "zh" if visitor.lang == "zh" else "en"
    head = head_of(request, visitor, patient, kinds=[OBJECTS, READINGS])
    chosen = series_one(head, series)
    images = images_of(house_of(request), visitor.actor, head, chosen)
    image = image_of(images, number)
    told = told_in(head.look.records, image.id)
    here = f"/patients/{head.id}/images/{series}/{number}"
    facts = facts_of(image, lang)
    layers = [_layer(one, here, lang) for one in told.layers] if told else []
    return show_patient(
        request,
        visitor,
        head,
        "images_viewer.html",
        IMAGE_WORDS,
        series=chosen,
        number=number,
        count=len(images),
        facts=facts,
        viewer={"facts": facts, "at": here, "layers": layers, "words": _spoken(lang)},
        layers=layers,
        read=told.told[lang] if told else None,
        read_when=_when(told.at) if told else "",
        noticed=_noticed(image, lang),
        place=here,
    )


def _layer(one: Any, here: str, lang: Language) -> dict[str, Any]:
    said = {"name": one.name, "kind": one.kind, "colour": one.colour, "on": one.on}
    return {**said, "label": one.label[lang], "at": f"{here}/layers/{one.name}"}


def _spoken(lang: Language) -> dict[str, str]:
    """Words that the script shows."""
    names = (
        "length", "angle", "area", "mean", "deviation", "pixels", "loading", "failed", "slice", "centre", "width",
        "play", "pause", "nothing_measured", "volume_failed", "volume_ready",
    )  # fmt: skip
    return {name: IMAGE_WORDS[name].said(lang) for name in names}


def _noticed(image: Image, lang: Language) -> list[str]:
    from suwen.report.image_words import problem  # noqa: PLC0415

    return [problem(one, lang) for one in image.noticed]


def _when(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC).astimezone():%Y-%m-%d %H:%M}"


@router.get("/{series}/{number}/slices/{at}")
def image_slice(request: Request, visitor: Signed, patient: str, series: str, number: int, at: int) -> Response:
    """The samples of a slice."""
    return Response(samples_of(_image(request, visitor, patient, series, number), at), media_type=_OCTETS)


@router.get("/{series}/{number}/volume.nii.gz")
def image_volume(request: Request, visitor: Signed, patient: str, series: str, number: int) -> Response:
    """The volume as NIfTI, for three planes in the browser."""
    return Response(nifti_of(_image(request, visitor, patient, series, number)), media_type="application/gzip")


@router.get("/{series}/{number}/layers/{name}")
def image_layer(request: Request, visitor: Signed, patient: str, series: str, number: int, name: str) -> Response:
    """A layer of the newest reading, one byte a pixel."""
    head = head_of(request, visitor, patient, kinds=[OBJECTS, READINGS])
    house = house_of(request)
    image = image_of(images_of(house, visitor.actor, head, series_one(head, series)), number)
    told = told_in(head.look.records, image.id)
    if told is None:
        raise NotFoundError("this image has not been read yet")
    data = layer_bytes(visitor.actor, house.records, head.id, told, name, purpose=head.purpose)
    return Response(data, media_type=_OCTETS)


@router.post("/{series}/{number}/read")
def image_read(request: Request, visitor: Signed, patient: str, series: str, number: int) -> Response:
    """Have an image read as a job."""
    head = head_of(request, visitor, patient, kinds=[OBJECTS])
    asked = {"patient": head.id, "series": series_one(head, series).key, "number": number}
    job = jobs_of(request).submit(visitor.actor, JOB.name, asked, JOB.title, patients=[head.id], purpose=head.purpose)
    place = f"/jobs/{job}"
    return Response(headers={"hx-redirect": place}) if is_fragment(request) else RedirectResponse(place, 303)


def _image(request: Request, visitor: Visitor, patient: str, series: str, number: int) -> Image:
    head = head_of(request, visitor, patient, kinds=[OBJECTS])
    return image_of(images_of(house_of(request), visitor.actor, head, series_one(head, series)), number)
