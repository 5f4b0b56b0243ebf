"""Patients, notes and findings of a served ward for the tests of the clinical pages."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "consult"))
sys.path.insert(0, str(Path(__file__).parents[1] / "records"))
from bedside import Probe, claim, observation, patient_resource, put, resource
from served import Served

from suwen.consult import Filed, consult, read_consultation
from suwen.govern import Role, grant_care

__all__ = [
    "NOTE",
    "Probe",
    "a_note",
    "claim",
    "file_findings",
    "findings_of",
    "observation",
    "patient_resource",
    "put",
    "resource",
    "treat",
]

NOTE = "The patient has arachnodactyly and ectopia lentis. She has no seizures. Her father had scoliosis."


def a_note(text: str = NOTE, *, id_: str = "note", on: str = "2020-03-04") -> dict[str, Any]:
    """A DocumentReference that holds a text."""
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "id": id_,
        "status": "current",
        "date": f"{on}T08:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data, "title": "Ward round"}}],
    }


def treat(served: Served, role: Role, patient: str = "") -> None:
    """Give somebody of a role the care of a patient, the physician's own by default."""
    served.ward[role]  # hired when first asked for
    grant_care(
        served.ward[Role.ADMINISTRATOR],
        served.ward.records,
        patient=patient or served.own,
        who=role.value.replace(" ", "-"),
    )


def file_findings(
    served: Served, patient: str, *claims: tuple[str, float, int], name: str = "probe"
) -> Sequence[Filed]:
    """Have an area file claims (code, chance, urgency); returns them in the order of what matters."""
    probe = Probe(name, answer=lambda who: [claim(who, code, chance, urgency=how) for code, chance, how in claims])
    put(served.ward, patient, observation("HP:0001166", id_=f"for-{name}"))
    return consult(served.ward[Role.PHYSICIAN], served.ward.records, patient, areas=[probe.area()]).findings


def findings_of(served: Served, patient: str) -> dict[str, Filed]:
    """The findings filed with a patient by their code."""
    found = read_consultation(served.ward[Role.PHYSICIAN], served.ward.records, patient).findings
    return {one.finding.code.value: one for one in found}
