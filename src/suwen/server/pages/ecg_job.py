"""Reading a long electrocardiogram as a job: minutes of work in a process of its own, kept where the page finds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suwen.consult import Demographics, Look, look
from suwen.errors import NotFoundError
from suwen.server.jobs import Context, Job, Kind, register
from suwen.server.pages.ecg_record import held_one, person_of, reading_of, readings_of, recording_of
from suwen.server.pages.ecg_words import ECG_WORDS
from suwen.server.pages.patient_frame import Head
from suwen.subject import Saying

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KIND"]

_DEMOGRAPHICS = "Demographics"


def _run(context: Context) -> Mapping[str, Any]:
    """Open, read, keep; whether the actor may is decided again, as it is at every opening."""
    from suwen.report.ecg_nouns import ReadEcg  # noqa: PLC0415 - numpy comes with it

    records, asked = context.house.records, context.parameters
    context.progress(0, 2, ECG_WORDS["job_opening"])
    head = _head(look(context.actor, records, str(asked["patient"]), kinds=[_DEMOGRAPHICS]))
    record, held = held_one(context.actor, records, head, str(asked["record"]), int(asked["part"]))
    recording = recording_of(context.actor, records, head, record, held)
    context.progress(1, 2, ECG_WORDS["job_reading"])
    age, sex = person_of(held, head)
    reading, varied = context.apart(_apart, recording.samples, recording.rate, recording.leads, age, sex)
    readings_of(context.house).put(held.key, ReadEcg(recording, reading, (), varied, age, sex))
    return {"patient": head.id, "record": held.record, "part": held.part}


def _apart(progress: Callable[[int, int, Saying | None], None], *given: Any) -> Any:
    progress(1, 2, None)
    return reading_of(*given)


def _head(found: Look) -> Head:
    who = [one for one in found.records if one.kind == _DEMOGRAPHICS]
    if not who:
        raise NotFoundError("the record does not say who the patient is", zh="该病历未说明患者身份")
    return Head(found.patient, Demographics.from_bytes(who[-1].payload), found.purpose, found)


def _page(job: Job) -> str:
    asked = job.parameters
    return f"/patients/{asked['patient']}/ecg/{asked['record']}/{asked['part']}" if asked else f"/jobs/{job.id}/result"


KIND = register(Kind("ecg-reading", _run, ECG_WORDS["job_title"], page=_page))
