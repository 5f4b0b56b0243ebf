"""What a person at the bedside enters: a note, and a feature that was looked for and is there or is not."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from suwen.consult.chart import Draft, Record, open_patient, write_records
from suwen.errors import FormatError, InputError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.records.access import Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor
from suwen.subject import Code

__all__ = ["BEDSIDE", "LONGEST_NOTE", "enter_feature", "enter_note"]

BEDSIDE = "suwen:bedside"  # meta.source of what was entered here, and may be taken back here
LONGEST_NOTE = 100_000  # characters
_LONGEST_TITLE = 200
_PROGRESS_NOTE = {"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}
_HPO = "http://human-phenotype-ontology.org"
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def enter_note(
    actor: Actor, records: Records, patient: str, text: str, *, title: str = "", purpose: Purpose = Purpose.TREATMENT
) -> Record:
    """Keep a note with a patient, as a DocumentReference of the type "progress note" (LOINC 11506-3).

    Raises InputError for a note that is empty or longer than LONGEST_NOTE, AccessError, NotFoundError.
    """
    if not text.strip():
        raise InputError("the note is empty; write something in it", zh="病历文书为空；请先书写内容")
    if len(text) > LONGEST_NOTE:
        raise InputError(
            f"the note has more than {LONGEST_NOTE:,} characters; divide it",
            zh=f"病历文书超过 {LONGEST_NOTE:,} 个字符；请拆分",
        )
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise InputError(
            "the note holds half a character; write it as Unicode text",
            zh="病历文书含有不完整的字符；请使用 Unicode 文本",
        ) from None
    attachment: Json = {
        "contentType": "text/plain; charset=utf-8",
        "data": base64.b64encode(raw).decode("ascii"),
        **({"title": title.strip()[:_LONGEST_TITLE]} if title.strip() else {}),
    }
    said: Json = {
        "status": "current",
        "type": {"coding": [_PROGRESS_NOTE]},
        "date": _now(records),
        "content": [{"attachment": attachment}],
    }
    return _kept(actor, records, patient, "DocumentReference", said, purpose)


def enter_feature(
    actor: Actor, records: Records, patient: str, code: Code, *, present: bool, purpose: Purpose = Purpose.TREATMENT
) -> Record:
    """Keep with a patient that a feature (a term of HPO) was looked for and is there, or is not, as an Observation.

    Raises InputError for a code of another terminology, AccessError, NotFoundError.
    """
    if code.system != "HP":
        raise InputError(
            "a feature is a term of the Human Phenotype Ontology, such as HP:0001250",
            zh="特征须为人类表型本体（HPO）的术语，例如 HP:0001250",
        )
    coding = {"system": _HPO, "code": code.value, **({"display": code.label} if code.label else {})}
    now = _now(records)
    said: Json = {
        "status": "final",
        "code": {"coding": [coding], **({"text": code.label} if code.label else {})},
        "effectiveDateTime": now,
        "issued": now,
        "valueBoolean": present,
    }
    return _kept(actor, records, patient, "Observation", said, purpose)


def _kept(actor: Actor, records: Records, patient: str, kind: str, said: Json, purpose: Purpose) -> Record:
    patients = open_patient(actor, records, patient, purpose=purpose, kinds=["Patient"])
    reference, source = _about(patients, patient)
    resource: Json = {
        "resourceType": kind,
        "id": str(uuid.uuid4()),
        "meta": {"source": BEDSIDE},
        "subject": {"reference": reference},
        **said,
    }
    payload = Stored(resource, source=source).to_bytes()
    return write_records(actor, records, patient, [Draft(kind, payload)], purpose=purpose)[0]


def _about(patients: Iterable[Record], patient: str) -> tuple[str, str]:
    """How a reference to the patient reads in the record, and the system it holds in."""
    found = (f"Patient/{patient}", "")
    for one in patients:
        try:
            stored = Stored.from_bytes(one.payload)
        except FormatError:
            continue
        if isinstance(stored.resource, dict) and (stored.full_url or stored.resource.get("id")):
            found = (stored.full_url or f"Patient/{stored.resource['id']}", stored.source)
    return found


def _now(records: Records) -> str:
    now = _1970 + timedelta(microseconds=records.store.now())
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
