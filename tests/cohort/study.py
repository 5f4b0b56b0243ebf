"""A small made-up study: patients with diabetes and HbA1c, criteria to select them by, and approvals to do so."""

from __future__ import annotations

from typing import Any

from bedside import condition, observation, put, resource
from ward import Ward

from suwen.cohort import Approval, Cohort, Criteria, Use, approve_research, parse_criteria, select_cohort
from suwen.consult.patients import register_patient
from suwen.records.access import Role
from suwen.records.demographics import Demographics
from suwen.subject import Sex

__all__ = [
    "DIABETES",
    "HBA1C",
    "SCT",
    "SECRETS",
    "Json",
    "admit",
    "approve",
    "criteria",
    "hba1c",
    "note",
    "select",
    "study",
]

SCT = "http://snomed.info/sct"
DIABETES = "44054006"
HBA1C = "4548-4"
SECRETS = ("Secretname", "Hidden", "SECRET-ID", "Secret Street", "555-0199", "病患", "MRN-")
Json = dict[str, Any]


def hba1c(value: float, on: str, *, unit: str = "%", id_: str = "") -> Json:
    quantity = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    said = {"present": None, "system": "http://loinc.org", "on": on, "id_": id_ or f"h-{on}"}
    return observation(HBA1C, valueQuantity=quantity, **said)


def note(text: str, *, id_: str = "n", on: str = "2021-03-01") -> Json:
    import base64  # noqa: PLC0415

    data = base64.b64encode(text.encode()).decode()
    kind = {"coding": [{"system": "http://loinc.org", "code": "34133-9"}]}
    content = [{"attachment": {"contentType": "text/plain", "data": data}}]
    return resource("DocumentReference", id_, status="current", type=kind, date=f"{on}T10:00:00Z", content=content)


def admit(ward: Ward, number: int, *more: Json, born: str = "", sex: Sex = Sex.FEMALE, value: float = 7.5) -> str:
    """A patient with diabetes since 2020, one HbA1c, a name, an address and a telephone number."""
    birth = born or f"19{50 + number % 40}-04-17"
    who = Demographics(
        (f"MRN-{number}00{number}",), (f"Secretname{number} Hidden{number}", f"病患{number}号"), birth, sex
    )
    patient = register_patient(ward[Role.PHYSICIAN], ward.records, who)
    stated = resource(
        "Patient",
        f"fhir-{number}",
        gender=sex.value,
        birthDate=birth,
        identifier=[{"system": "urn:hospital", "value": f"SECRET-ID-{number}"}],
        name=[{"family": f"Secretname{number}", "given": [f"Hidden{number}"]}],
        address=[{"text": f"Secret Street {number}", "postalCode": f"90210-{number}", "city": f"Secretville{number}"}],
        telecom=[{"value": f"555-0199-{number}"}],
    )
    facts = (condition(DIABETES, on=f"2020-02-{number % 27 + 1:02d}", system=SCT), hba1c(value, "2020-01-10"))
    put(ward, patient, stated, *facts, *more)
    return patient


def approve(ward: Ward, *roles: Role, reference: str = "IRB 7", days: int = 30, **more: Any) -> Approval:
    for role in roles:
        _ = ward[role]
    who = ["security" if role is Role.SECURITY_OFFICER else role.value.replace(" ", "-") for role in roles]
    return approve_research(ward[Role.ADMINISTRATOR], ward.records, reference, who=who, days=days, **more)


def criteria(**more: Any) -> Criteria:
    """Everybody with diabetes, looked at on the day it was first stated."""
    said = {
        "format": 1,
        "index": {"first": {"condition": {"code": f"SNOMEDCT:{DIABETES}"}}},
        "all": [{"condition": {"code": f"SNOMEDCT:{DIABETES}"}}],
        "features": [
            "sex",
            "age_band",
            "index_date",
            {"name": "hba1c", "last": {"code": f"LOINC:{HBA1C}", "unit": "%"}},
            {"name": "results", "count": {"observation": {"code": f"LOINC:{HBA1C}"}}},
            {"name": "since", "since": {"observation": {"code": f"LOINC:{HBA1C}"}}},
        ],
        **more,
    }
    return parse_criteria({name: one for name, one in said.items() if one is not None})


def study(ward: Ward, number: int = 6) -> list[str]:
    return [admit(ward, one) for one in range(1, number + 1)]


def select(
    ward: Ward, wanted: Criteria | None = None, *, role: Role = Role.RESEARCHER, use: Use = Use.RESEARCH, **more: Any
) -> Cohort:
    return select_cohort(ward[role], ward.records, wanted or criteria(), use, **more)
