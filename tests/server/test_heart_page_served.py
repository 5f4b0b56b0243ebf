"""The heart page: risk as the record states it, what if answered and never stored, courses; roles, both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from clinical import patient_resource, put, treat
from served import Served

from suwen.consult import open_patient
from suwen.diagnosis.heart.catalogue import EQUATIONS
from suwen.diagnosis.heart.estimate import estimate
from suwen.diagnosis.heart.nouns import Person
from suwen.govern import Role

CLINICAL = {Role.PHYSICIAN, Role.NURSE, Role.IMAGING_SPECIALIST}
PART = {"hx-request": "true"}
KNOWN = {"sbp": 152, "total_cholesterol": 6.2, "hdl": 1.1}


def measured(code: str, value: float, unit: str, on: str, *more: tuple[str, float]) -> dict[str, Any]:
    """An Observation of one value, or of several as components."""
    coded = {"coding": [{"system": "http://loinc.org", "code": code}]}
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    one: dict[str, Any] = {"resourceType": "Observation", "id": f"{code}-{on}", "status": "final", "code": coded}
    one["effectiveDateTime"] = on
    if not more:
        return {**one, "valueQuantity": quantity}
    parts = [(code, value), *more]
    one["code"] = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
    one["component"] = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": part}]},
            "valueQuantity": {**quantity, "value": each},
        }
        for part, each in parts
    ]
    return one


def smoking(answer: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "smoking",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72166-2"}]},
        "effectiveDateTime": "2026-01-05",
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": answer}]},
    }


@pytest.fixture(scope="module")
def patient(served: Served) -> str:
    """A smoker of 56 years with high pressure and lipids; own patient of the physician."""
    found = served.ward.patient(31)
    put(
        served.ward,
        found,
        patient_resource(gender="male", birthDate="1969-05-01"),
        measured("8480-6", 148, "mm[Hg]", "2024-02-01", ("8462-4", 92)),
        measured("8480-6", 152, "mm[Hg]", "2026-01-05", ("8462-4", 95)),
        measured("2093-3", 240, "mg/dL", "2024-02-01"),
        measured("14647-2", 6.2, "mmol/L", "2026-01-05"),
        measured("14646-4", 1.1, "mmol/L", "2026-01-05"),
        smoking("77176002"),
    )
    for role in CLINICAL - {Role.PHYSICIAN}:
        treat(served, role, found)
        treat(served, role)
    return found


def base_form(page: str) -> dict[str, str]:
    """What a browser would send of the form untouched."""
    sliders = re.findall(r'<input type="range"[^>]*name="(\w+)"[^>]*value="([\d.]+)"', page)
    switches = re.findall(r'<select id="w-\w+" name="(\w+)">(.*?)</select>', page, re.DOTALL)
    chosen = {name: re.search(r'value="(\w+)" selected', options) for name, options in switches}
    return {**dict(sliders), **{name: one.group(1) if one else "yes" for name, one in chosen.items()}}


def versions(served: Served, patient: str) -> list[tuple[str, int]]:
    opened = open_patient(served.ward[Role.PHYSICIAN], served.ward.records, patient)
    return [(one.id, one.version) for one in opened]


@pytest.mark.parametrize("role", list(Role), ids=lambda one: one.value)
def test_who_may_look(served: Served, patient: str, role: Role) -> None:
    client = served.client(role)
    allowed = role in CLINICAL
    for path in ("", "/courses", "/equations/china-par-ascvd-10"):
        assert client.get(f"/patients/{patient}/heart{path}").status_code == (200 if allowed else 403), path
        assert client.get(f"/patients/{served.other}/heart{path}").status_code == 403, path
    for path in ("/what-if", "/what-if/all"):
        answer = client.post(f"/patients/{patient}/heart{path}", data={"sbp": "120"}, headers=PART)
        assert answer.status_code == (200 if allowed else 403), path
        assert client.post(f"/patients/{served.other}/heart{path}", data={"sbp": "120"}).status_code == 403, path


def test_nobody_is_sent_to_sign_in(served: Served, patient: str) -> None:
    answer = served.client().get(f"/patients/{patient}/heart")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_the_risk_shown_is_that_of_the_equation(served: Served, patient: str) -> None:
    page = served.client(Role.PHYSICIAN).get(f"/patients/{patient}/heart").text
    # 1969-05-01 to 2026-01-05 are 56 years and 8 months
    person = Person({"age": 56 + 8 / 12, "sex": "male", "smoker": 1.0, **KNOWN})
    risk = estimate(EQUATIONS["china-par-ascvd-10"], person)
    assert f"{100 * risk.low:.1f}%" in page
    assert f"{100 * risk.high:.1f}%" in page
    assert EQUATIONS["china-par-ascvd-10"].source.partition(";")[0] in page
    assert "is unknown, not absent" in page


def test_both_languages(served: Served, patient: str) -> None:
    for lang, words in (("en", ("Risk now", "What if", "systolic")), ("zh", ("目前风险", "如果改变", "收缩压"))):
        page = served.client(Role.PHYSICIAN, lang=lang).get(f"/patients/{patient}/heart").text
        assert all(one in page for one in words)
        assert "style=" not in page.replace('data-style="', "")
        assert "<script>" not in page


def test_an_untouched_form_changes_nothing(served: Served, patient: str) -> None:
    client = served.client(Role.PHYSICIAN)
    form = base_form(client.get(f"/patients/{patient}/heart").text)
    assert {"sbp", "smoker"} <= set(form)
    answer = client.post(f"/patients/{patient}/heart/what-if", data=form, headers=PART).text
    assert "Nothing is changed yet" in answer
    assert "▼" not in answer
    assert "▲" not in answer


def test_a_lower_pressure_lowers_the_risk_and_is_not_stored(served: Served, patient: str) -> None:
    client = served.client(Role.PHYSICIAN)
    form = base_form(client.get(f"/patients/{patient}/heart").text)
    before = versions(served, patient)
    lower = client.post(f"/patients/{patient}/heart/what-if", data={**form, "sbp": "120"}, headers=PART).text
    assert "152 mmHg" in lower
    assert "120 mmHg" in lower
    assert "▼" in lower
    assert "▲" not in lower
    higher = client.post(f"/patients/{patient}/heart/what-if", data={**form, "sbp": "180"}, headers=PART).text
    assert "▲" in higher
    assert versions(served, patient) == before


def test_to_stop_smoking_is_a_change_and_to_say_what_is_unknown_is_none(served: Served, patient: str) -> None:
    client = served.client(Role.PHYSICIAN)
    form = base_form(client.get(f"/patients/{patient}/heart").text)
    stopped = client.post(f"/patients/{patient}/heart/what-if", data={**form, "smoker": "no"}, headers=PART).text
    assert "▼" in stopped
    stated = client.post(f"/patients/{patient}/heart/what-if", data={**form, "diabetes": "no"}, headers=PART).text
    assert "You stated" in stated
    assert "▼" not in stated
    assert "by the record alone" in stated


def test_an_unknown_slider_counts_only_where_it_is_assumed(served: Served, patient: str) -> None:
    client = served.client(Role.PHYSICIAN)
    form = {**base_form(client.get(f"/patients/{patient}/heart").text), "waist": "110"}
    silent = client.post(f"/patients/{patient}/heart/what-if", data=form, headers=PART).text
    assert "110 cm" not in silent
    counted = client.post(f"/patients/{patient}/heart/what-if", data={**form, "assume": "waist"}, headers=PART).text
    assert "110 cm" in counted


@pytest.mark.parametrize(
    "field", [("sbp", "many"), ("sbp", "9999"), ("smoker", "maybe")], ids=lambda one: f"{one[0]}-{one[1]}"
)
def test_what_nobody_can_have_is_refused_in_place(served: Served, patient: str, field: tuple[str, str]) -> None:
    answer = served.client(Role.PHYSICIAN).post(f"/patients/{patient}/heart/what-if", data=dict([field]), headers=PART)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "<html" not in answer.text


def test_it_works_without_script(served: Served, patient: str) -> None:
    client = served.client(Role.PHYSICIAN)
    answer = client.post(f"/patients/{patient}/heart/what-if", data={"sbp": "120"})
    assert answer.status_code == 200
    assert "<html" in answer.text
    assert "120 mmHg" in answer.text
    assert "<html" in client.get(f"/patients/{patient}/heart/equations/china-par-ascvd-10").text


def test_courses_in_one_unit_and_in_order(served: Served, patient: str) -> None:
    client = served.client(Role.PHYSICIAN)
    found = client.get(f"/patients/{patient}/heart/courses").json()
    pressures = {one["name"]: [value for _, value in one["points"]] for one in found["pressure"]}
    assert pressures == {"systolic": [148, 152], "diastolic": [92, 95]}
    lipids = {one["name"]: [value for _, value in one["points"]] for one in found["lipids"]}
    assert lipids["total cholesterol"] == [pytest.approx(240 / 38.67, abs=0.001), 6.2]
    page = client.get(f"/patients/{patient}/heart").text
    assert "2024-02-01" in page


def test_an_empty_record_says_why_there_is_no_risk(served: Served) -> None:
    page = served.client(Role.PHYSICIAN).get(f"/patients/{served.own}/heart").text
    assert "No risk is estimated" in page
    refused = served.client(Role.PHYSICIAN).post(
        f"/patients/{served.own}/heart/what-if", data={"sbp": "120"}, headers=PART
    )
    assert refused.status_code == 422


def test_an_equation_there_is_not(served: Served, patient: str) -> None:
    assert served.client(Role.PHYSICIAN).get(f"/patients/{patient}/heart/equations/no-such").status_code == 404
