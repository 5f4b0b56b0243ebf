"""The door for an electrocardiogram into a patient's record: read first, then kept whole as a DocumentReference."""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from suwen.consult.chart import Draft, Record, open_patient, write_records
from suwen.consult.facts import moment
from suwen.consult.images import Image, store_images
from suwen.errors import FormatError, InputError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.records.access import Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor

if TYPE_CHECKING:
    from suwen.formats.waveforms.nouns import Recording

__all__ = ["LARGEST", "store_recording", "store_samples"]

LARGEST = 256 * 2**20  # bytes of a file: a day of three leads at 500 Hz in 16 bits, and as much again
_KIND = "DocumentReference"
_LONGEST = 200  # characters of a title
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def store_recording(
    actor: Actor,
    records: Records,
    patient: str,
    data: bytes,
    *,
    recorded: str = "",
    title: str = "",
    purpose: Purpose = Purpose.TREATMENT,
) -> tuple[Record, Recording]:
    """Keep an electrocardiogram (DICOM, EDF, SCP-ECG, MATLAB, HL7 aECG) with a patient, as it is, and what was read.

    It becomes a DocumentReference of the type "EKG study" (LOINC 11524-6). Up to `formats.fhir.sampled.MOST_BYTES` the
    file is in the resource, and the consult reads it; a larger one is stored as images are, in sealed chunks, and is
    not read in a consult. `recorded` is when it was made, as FHIR writes it (2026-11-26, or with time and zone); left
    out, the day it is stored counts. `title` is what a reader sees of it, "" for nothing.

    Raises:
        FormatError: the file cannot be read as an electrocardiogram; nothing was stored.
        InputError: it is larger than `LARGEST`, its rate is not known, or `recorded` is no date.
        AccessError: the actor may not view and annotate the patient.

    """
    from suwen.formats.fhir.sampled import MOST_BYTES, recording_of_bytes  # noqa: PLC0415 - numpy comes with it

    if len(data) > LARGEST:
        raise InputError(
            f"the file is larger than {LARGEST // 2**20} MiB; divide the recording",
            zh=f"文件超过 {LARGEST // 2**20} MiB；请拆分记录",
        )
    _require_date(recorded)
    about = _patient(actor, records, patient, purpose)
    recording = recording_of_bytes(data, memory=16 * LARGEST)
    is_small = len(data) <= MOST_BYTES
    resource = _resource(records, about[0], data, recorded=recorded, title=title[:_LONGEST], held=is_small)
    payload = Stored(resource, source=about[1]).to_bytes()
    if is_small:
        record = write_records(actor, records, patient, [Draft(_KIND, payload)], purpose=purpose)[0]
    else:
        image = Image([data], len(data))
        record = store_images(actor, records, patient, kind=_KIND, payload=payload, images=[image], purpose=purpose)
    return record, recording


def store_samples(
    actor: Actor,
    records: Records,
    patient: str,
    recording: Recording,
    *,
    recorded: str = "",
    purpose: Purpose = Purpose.TREATMENT,
) -> Record:
    """Keep a recording with a patient as SampledData of an Observation, in whole microvolts.

    For what no file holds by itself: WFDB (a header and its samples), tables, files to which rate or leads were stated.
    Raises InputError where it is too long, or `recorded` is no date; AccessError as `store_recording`.
    """
    from suwen.formats.fhir.sampled import sampled_observation  # noqa: PLC0415 - numpy comes with it

    _require_date(recorded)
    about, source = _patient(actor, records, patient, purpose)
    now = (_1970 + timedelta(microseconds=records.store.now())).isoformat(timespec="milliseconds")
    resource: Json = {
        **sampled_observation(recording),
        "id": str(uuid.uuid4()),
        "status": "final",
        "subject": {"reference": about},
        "effectiveDateTime": recorded or now.replace("+00:00", "Z"),
    }
    payload = Stored(resource, source=source).to_bytes()
    return write_records(actor, records, patient, [Draft("Observation", payload)], purpose=purpose)[0]


def _require_date(text: str) -> None:
    is_date = not text or moment(text) is not None
    has_zone = len(text) <= len("2026-11-26") or text.endswith("Z") or text[-6:-5] in {"+", "-"}
    if not is_date or not has_zone:
        raise InputError(
            "write when it was recorded as 2026-11-26, or with time and zone as 2026-11-26T08:30:00+08:00",
            zh="记录时间请写成 2026-11-26，或带时间和时区：2026-11-26T08:30:00+08:00",
        )


def _patient(actor: Actor, records: Records, patient: str, purpose: Purpose) -> tuple[str, str]:
    """How a reference to the patient reads in the record, and the system it holds in."""
    for one in reversed(open_patient(actor, records, patient, purpose=purpose, kinds=["Patient"])):
        try:
            stored = Stored.from_bytes(one.payload)
        except FormatError:
            continue
        if isinstance(stored.resource, dict) and (stored.full_url or stored.resource.get("id")):
            return stored.full_url or f"Patient/{stored.resource['id']}", stored.source
    return f"Patient/{patient}", ""


def _resource(records: Records, about: str, data: bytes, *, recorded: str, title: str, held: bool) -> Json:
    from suwen.formats.fhir.sampled import ECG_STUDY, content_type  # noqa: PLC0415

    now = _1970 + timedelta(microseconds=records.store.now())
    attachment: Json = {
        "contentType": content_type(data),
        **({"data": base64.b64encode(data).decode("ascii")} if held else {}),
        "size": len(data),
        "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii"),  # as FHIR asks
        **({"title": title} if title else {}),
    }
    concept = {"coding": [{"system": "http://loinc.org", "code": ECG_STUDY, "display": "EKG study"}]}
    return {
        "resourceType": _KIND,
        "id": str(uuid.uuid4()),
        "status": "current",
        "type": concept,
        "subject": {"reference": about},
        "date": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "content": [{"attachment": attachment}],
        **({"context": {"period": {"start": recorded, "end": recorded}}} if recorded else {}),
    }
