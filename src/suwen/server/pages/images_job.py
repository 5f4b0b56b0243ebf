"""Reading an image as a job: opened, read, kept with its layers, and filed with the findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suwen.consult import Demographics, look
from suwen.errors import NotFoundError
from suwen.server.house import House
from suwen.server.jobs import Context, Job, Kind, register
from suwen.server.pages.images_reading import file_reading, read_one
from suwen.server.pages.images_series import KIND as OBJECTS
from suwen.server.pages.images_series import image_of, images_of, series_one
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head

__all__ = ["KIND"]

_DEMOGRAPHICS = "Demographics"


def _run(context: Context) -> Mapping[str, Any]:
    """Whether the actor may is decided again, as it is at every opening."""
    house: House = context.house
    asked = context.parameters
    context.progress(0, 3, IMAGE_WORDS["job_opening"])
    found = look(context.actor, house.records, str(asked["patient"]), kinds=[_DEMOGRAPHICS, OBJECTS])
    who = [one for one in found.records if one.kind == _DEMOGRAPHICS]
    if not who:
        raise NotFoundError("the record does not say who the patient is")
    head = Head(found.patient, Demographics.from_bytes(who[-1].payload), found.purpose, found)
    series = series_one(head, str(asked["series"]))
    image = image_of(images_of(house, context.actor, head, series), int(asked["number"]))
    context.progress(1, 3, IMAGE_WORDS["job_reading"])
    read = read_one(image, head.demographics, series.day)
    context.progress(2, 3, IMAGE_WORDS["job_filing"])
    file_reading(context.actor, house.records, head.id, series.uid, read, purpose=head.purpose)
    return {"patient": head.id, "series": series.key, "number": int(asked["number"])}


def _page(job: Job) -> str:
    asked = job.parameters
    return f"/patients/{asked['patient']}/images/{asked['series']}/{asked['number']}" if asked else f"/jobs/{job.id}"


KIND = register(Kind("image-reading", _run, IMAGE_WORDS["job_title"], page=_page))
