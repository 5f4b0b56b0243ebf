"""The pages of a patient's images: studies and series, one image in the viewer, its layers and what was read in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from suwen.consult.imaging import open_object_bytes
from suwen.consult.imaging_measures import KIND as MEASURES
from suwen.errors import NotFoundError
from suwen.server.dicomweb.rendering import Drawn, picture
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.jobs import jobs_of
from suwen.server.pages import images_compare, images_data, images_links, images_measured, images_upload
from suwen.server.pages.images_compare import others
from suwen.server.pages.images_drawn import layers_on, spoken
from suwen.server.pages.images_engines import choices, named
from suwen.server.pages.images_job import KIND as JOB
from suwen.server.pages.images_links import FINDINGS, findings_on
from suwen.server.pages.images_measured import kept_on
from suwen.server.pages.images_reading import KIND as READINGS
from suwen.server.pages.images_reading import told_in
from suwen.server.pages.images_samples import facts_of, thumbnail_of
from suwen.server.pages.images_series import KINDS, image_of, images_of, series_one
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import head_of, moment, show_patient
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_viewer = APIRouter(include_in_schema=False, route_class=FormRoute)
Language = Literal["en", "zh"]
_THUMBNAIL = (160, 160)


@_viewer.get("/{series}/thumbnail")
def image_thumbnail(request: Request, visitor: Signed, patient: str, series: str) -> Response:
    """A small picture of the object in the middle of a series."""
    head, house = head_of(request, visitor, patient, kinds=KINDS), house_of(request)
    chosen = series_one(head, series)
    if chosen.file is not None:
        images = images_of(house, visitor.actor, head, chosen)
        return Response(thumbnail_of(images[0], _THUMBNAIL), media_type="image/jpeg")
    shown = [one for one in chosen.members if one.frames]
    if not shown:
        raise NotFoundError("this series holds no image", zh="该序列不含图像")
    data = open_object_bytes(visitor.actor, house.records, shown[len(shown) // 2], purpose=head.purpose)
    return Response(picture(data, 1, "image/jpeg", Drawn(box=_THUMBNAIL)), media_type="image/jpeg")


@_viewer.get("/{series}/{number}")
def image_page(request: Request, visitor: Signed, patient: str, series: str, number: int) -> Response:
    """One image in the viewer."""
    lang: Language = "zh" if visitor.lang == "zh" else "en"
    head, house = head_of(request, visitor, patient, kinds=[*KINDS, READINGS, MEASURES, FINDINGS]), house_of(request)
    chosen = series_one(head, series)
    images = images_of(house, visitor.actor, head, chosen)
    image = image_of(images, number)
    here, facts = f"/patients/{head.id}/images/{series}/{number}", facts_of(image, lang)
    readings = told_in(head.look.records, image.id)
    layers, wrong = layers_on(house, visitor, head, chosen, image, here)
    kept = kept_on(head, image, lang)
    viewer = {
        "facts": facts,
        "at": here,
        "layers": layers,
        "words": spoken(lang),
        "kept": [one["drawn"] for one in kept],
    }
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
        viewer=viewer,
        layers=layers,
        readings=[{"read": one.told[lang], "when": moment(one.at), "source": one.source} for one in readings],
        findings=findings_on(head, image, lang),
        ways=[_way(one, lang) for one in choices(house, visitor.actor, head, chosen, image)]
        if head.may_diagnose
        else [],
        kept=kept,
        others=others(head, chosen),
        noticed=[*_noticed(image, lang), *wrong],
        place=here,
    )


def _way(one: Any, lang: Language) -> dict[str, Any]:
    return {"key": one.key, "label": one.label.said(lang), "limits": [each.said(lang) for each in one.limits]}


def _noticed(image: Image, lang: Language) -> list[str]:
    from suwen.report.image_words import problem  # noqa: PLC0415

    return [problem(one, lang) for one in image.noticed]


@_viewer.post("/{series}/{number}/read")
def image_read(
    request: Request, visitor: Signed, patient: str, series: str, number: int, engine: Annotated[str, Form()] = ""
) -> Response:
    """Have an image read as a job: its signs, or what `engine` (one of the ways offered) outlines."""
    head, house = head_of(request, visitor, patient, kinds=KINDS), house_of(request)
    chosen = series_one(head, series)
    if engine:
        image = image_of(images_of(house, visitor.actor, head, chosen), number)
        named(choices(house, visitor.actor, head, chosen, image), engine)
    asked = {"patient": head.id, "series": chosen.key, "number": number, "engine": engine}
    job = jobs_of(request).submit(visitor.actor, JOB.name, asked, JOB.title, patients=[head.id], purpose=head.purpose)
    place = f"/jobs/{job}"
    return Response(headers={"hx-redirect": place}) if is_fragment(request) else RedirectResponse(place, 303)


_PARTS = (images_upload, images_links, images_data, images_measured, images_compare)
for _part in (*(one.router for one in _PARTS), _viewer):
    router.include_router(_part, prefix="/patients/{patient}/images")
