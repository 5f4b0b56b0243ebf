"""Reading an image as a job: opened, read, kept with its layers, and filed with the findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suwen.consult import Demographics, look
from suwen.errors import NotFoundError
from suwen.server.house import House
from suwen.server.jobs import Context, Job, Kind, register
from suwen.server.pages.images_engines import choices, named, outline
from suwen.server.pages.images_reading import file_reading, read_one
from suwen.server.pages.images_series import KINDS, Series, image_of, images_of, series_one
from suwen.server.pages.images_volumes import Drawn, file_drawn
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head

if TYPE_CHECKING:
    from suwen.formats.images import Image

__all__ = ["KIND"]

_DEMOGRAPHICS = "Demographics"


def _run(context: Context) -> Mapping[str, Any]:
    """Whether the actor may is decided again, as it is at every opening."""
    house: House = context.house
    asked = context.parameters
    context.progress(0, 3, IMAGE_WORDS["job_opening"])
    found = look(context.actor, house.records, str(asked["patient"]), kinds=[_DEMOGRAPHICS, *KINDS])
    who = [one for one in found.records if one.kind == _DEMOGRAPHICS]
    if not who:
        raise NotFoundError("the record does not say who the patient is", zh="该病历未说明患者身份")
    head = Head(found.patient, Demographics.from_bytes(who[-1].payload), found.purpose, found)
    series = series_one(head, str(asked["series"]))
    image = image_of(images_of(house, context.actor, head, series), int(asked["number"]))
    if asked.get("engine"):
        _outlined(context, head, series, image, str(asked["engine"]))
        return {"patient": head.id, "series": series.key, "number": int(asked["number"])}
    context.progress(1, 3, IMAGE_WORDS["job_reading"])
    read = read_one(image, head.demographics, series.day)
    context.progress(2, 3, IMAGE_WORDS["job_filing"])
    file_reading(context.actor, house.records, head.id, series.uid, read, purpose=head.purpose)
    return {"patient": head.id, "series": series.key, "number": int(asked["number"])}


def _outlined(context: Context, head: Head, series: Series, image: Image, key: str) -> None:
    """Outline in the way chosen, measure, file; a network tells of each of its tiles."""
    house: House = context.house
    choice = named(choices(house, context.actor, head, series, image), key)
    context.progress(0, 3, IMAGE_WORDS["job_outlining"])

    def tell(done: int, whole: int) -> None:
        context.progress(done, whole + 2, IMAGE_WORDS["job_outlining"])

    planes = outline(house, context.actor, head, series, image, key, progress=tell)
    context.progress(1, 3, IMAGE_WORDS["job_measuring"])
    drawn = Drawn.of(image, choice, planes)
    context.progress(2, 3, IMAGE_WORDS["job_filing"])
    file_drawn(context.actor, house.records, head.id, series.uid, drawn, purpose=head.purpose)


def _page(job: Job) -> str:
    asked = job.parameters
    return f"/patients/{asked['patient']}/images/{asked['series']}/{asked['number']}" if asked else f"/jobs/{job.id}"


KIND = register(Kind("image-reading", _run, IMAGE_WORDS["job_title"], page=_page))
