"""References lead to the directory of the house, which is read by whoever may look things up in it, by nobody else."""

from __future__ import annotations

import pytest
from fhir_made import SENT, Json, create, encounter, ids, observation, physician, put, read, search
from served import Served

from suwen.consult import import_directory, import_fhir
from suwen.consult.fhir.rest import Limits, Rest, Who, parse_asked, read_resource, search_resources
from suwen.errors import AccessError
from suwen.formats.fhir import read_document, render
from suwen.formats.fhir.compartment import references
from suwen.govern import EventKind, Role, read_audit

SOURCE = "https://source.example/fhir"
NPI = "http://hl7.org/fhir/sid/us-npi"
HOUSE: list[Json] = [
    {"resourceType": "Organization", "id": "o1", "name": "Made-up hospital"},
    {"resourceType": "Practitioner", "id": "p1", "identifier": [{"system": NPI, "value": "7"}]},
    {
        "resourceType": "PractitionerRole",
        "id": "r1",
        "practitioner": {"reference": "Practitioner/p1"},
        "organization": {"reference": "Organization/o1"},
    },
]


def bundled(*resources: Json) -> bytes:
    entries = [{"fullUrl": f"{SOURCE}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]
    return render({"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.fixture(scope="module")
def housed(served: Served) -> tuple[Served, str]:
    """The served ward with a directory, and a patient (id) whose visit refers to it in every way."""
    ward = served.ward
    import_directory(ward[Role.ADMINISTRATOR], ward.records, read_document(bundled(*HOUSE)))
    patient = {"resourceType": "Patient", "id": "x", "name": [{"family": "Housed"}]}
    visit = encounter("x") | {
        "id": "v",
        "serviceProvider": {"reference": "Organization/o1", "display": "here"},
        "participant": [
            {"individual": {"reference": f"Practitioner?identifier={NPI}|7"}},
            {"individual": {"reference": f"Practitioner?identifier={NPI}|8", "display": "unknown here"}},
            {"individual": {"reference": f"{SOURCE}/PractitionerRole/r1"}},
        ],
        "location": [{"location": {"reference": "Location/elsewhere"}}],
    }
    done = import_fhir(ward[Role.PHYSICIAN], ward.records, read_document(bundled(patient, visit)))
    return served, done.patients[0]


def visit_of(served: Served, patient: str) -> Json:
    found: Json = search(physician(served), "Encounter", patient=patient)["entry"][0]["resource"]
    return found


def test_references_lead_to_the_directory(housed: tuple[Served, str]) -> None:
    served, _ = housed
    client, visit = physician(served), visit_of(*housed)
    one, unknown, role = (each["individual"] for each in visit["participant"])
    assert read(client.get(f"/fhir/{visit['serviceProvider']['reference']}").text)["name"] == "Made-up hospital"
    assert visit["serviceProvider"]["display"] == "here"
    assert read(client.get(f"/fhir/{one['reference']}").text)["identifier"][0]["value"] == "7"
    assert unknown == {
        "type": "Practitioner",
        "identifier": {"system": NPI, "value": "8"},
        "display": "unknown here",
    }
    found = read(client.get(f"/fhir/{role['reference']}").text)
    assert set(references(found)) == {one["reference"], visit["serviceProvider"]["reference"]}
    assert visit["location"][0]["location"]["reference"] == f"{SOURCE}/Location/elsewhere"


def test_what_goes_along_from_the_directory(housed: tuple[Served, str]) -> None:
    served, patient = housed
    page = search(physician(served), "Encounter", patient=patient, _include="Encounter:service-provider")
    assert [f"Organization/{one}" for one in ids(page, "include")] == [
        visit_of(*housed)["serviceProvider"]["reference"]
    ]


def test_sent_back_it_says_what_its_source_said(housed: tuple[Served, str]) -> None:
    served, _ = housed
    assert put(physician(served), visit_of(*housed), "1").headers["etag"] == 'W/"1"'


def test_the_directory_is_kept_by_whoever_keeps_it(housed: tuple[Served, str]) -> None:
    served, _ = housed
    client, place = physician(served), visit_of(*housed)["serviceProvider"]["reference"]
    found = read(client.get(f"/fhir/{place}").text)
    assert put(client, found, "1").status_code == 404
    assert client.delete(f"/fhir/{place}").status_code == 404
    assert client.post("/fhir/Organization", content=render(HOUSE[0]), headers=SENT).status_code == 422
    for role in (Role.RESEARCHER, Role.AUDITOR, Role.SECURITY_OFFICER):
        assert served.client(role).get(f"/fhir/{place}").status_code == 403
    assert client.get(f"/fhir/Practitioner/{found['id']}").status_code == 404
    assert client.get(f"/fhir/Organization/{'0' * 32}").status_code == 404


def test_new_references_lead_into_the_directory_or_nowhere(housed: tuple[Served, str]) -> None:
    served, patient = housed
    client, place = physician(served), visit_of(*housed)["serviceProvider"]["reference"]
    made = create(client, observation(patient) | {"performer": [{"reference": place}]})
    assert made["performer"] == [{"reference": place}]
    wrong = observation(patient) | {"performer": [{"reference": f"Organization/{'0' * 32}"}]}
    assert client.post("/fhir/Observation", content=render(wrong), headers=SENT).status_code == 422


def test_the_directory_is_searched_by_whoever_may_look_things_up_in_it(housed: tuple[Served, str]) -> None:
    served, _ = housed
    client = physician(served)
    by_name = search(client, "Organization", name="made-up")
    assert [one["resource"]["name"] for one in by_name["entry"]] == ["Made-up hospital"]
    assert ids(search(client, "Organization", name="elsewhere")) == []
    assert ids(search(client, "Practitioner", identifier=f"{NPI}|7"))
    assert ids(search(client, "Organization", _id=ids(by_name)[0])) == ids(by_name)
    assert search(client, "Practitioner", _summary="count")["total"] == 1
    for role in (Role.NURSE, Role.IMAGING_SPECIALIST):
        assert ids(search(served.client(role), "Organization", name="made-up")) == ids(by_name)
    for role in (Role.RESEARCHER, Role.AUDITOR, Role.SECURITY_OFFICER, Role.ADMINISTRATOR):
        for kind in ("Organization", "Practitioner", "PractitionerRole"):
            assert served.client(role).get(f"/fhir/{kind}").status_code == 403, role
    assert served.client().get("/fhir/Organization").status_code == 401


def test_a_bare_id_that_may_be_anybody_s_is_no_patient_s(housed: tuple[Served, str]) -> None:
    served, patient = housed
    client = physician(served)
    (who,) = ids(search(client, "Practitioner", identifier=f"{NPI}|7"))
    made = create(client, observation(patient) | {"performer": [{"reference": f"Practitioner/{who}"}]})["id"]
    assert ids(search(client, "Observation", performer=who)) == [made]


def test_references_of_the_directory_are_followed(housed: tuple[Served, str]) -> None:
    served, patient = housed
    client = physician(served)
    (role,) = ids(search(client, "PractitionerRole", **{"practitioner.identifier": "7"}))
    assert ids(search(client, "PractitionerRole", **{"organization.name": "made-up"})) == [role]
    assert ids(search(client, "PractitionerRole", **{"practitioner.identifier": "8"})) == []
    assert ids(search(client, "Organization", **{"_has:PractitionerRole:organization:practitioner.identifier": "7"}))
    page = search(client, "PractitionerRole", _id=role, _include="*")
    assert {one["resource"]["resourceType"] for one in page["entry"]} == {
        "PractitionerRole",
        "Practitioner",
        "Organization",
    }
    page = search(client, "Practitioner", _revinclude="PractitionerRole:practitioner")
    assert ids(page, "include") == [role]
    seen = search(client, "Encounter", **{"service-provider.name": "made-up"})
    assert [one["resource"]["subject"]["reference"] for one in seen["entry"]] == [f"Patient/{patient}"]
    assert ids(search(client, "Encounter", **{"service-provider.name": "elsewhere"})) == []


def test_pages_of_the_directory(housed: tuple[Served, str]) -> None:
    """What is told of it is named in the audit log, page by page."""
    served, _ = housed
    ward = served.ward
    more = [{"resourceType": "Location", "id": f"l{at}", "name": f"Ward {at}"} for at in range(3)]
    import_directory(ward[Role.ADMINISTRATOR], ward.records, read_document(bundled(*more)))
    client = physician(served)
    page = search(client, "Location", _count="2", _sort="-name")
    assert (page["total"], [one["resource"]["name"] for one in page["entry"]]) == (3, ["Ward 2", "Ward 1"])
    following = next(one["url"] for one in page["link"] if one["relation"] == "next")
    rest = read(client.get(following).text)
    assert [one["resource"]["name"] for one in rest["entry"]] == ["Ward 0"]
    events = [one for _, one in read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.QUERY)]
    named = [id_ for one in events if one.detail.get("what") == "directory" for id_ in one.detail.get("records", ())]
    assert {*ids(page), *ids(rest)} <= set(named)


def test_an_app_of_one_patient_does_not_search_who_works_here(housed: tuple[Served, str]) -> None:
    """It reads what its chart points at, by id; a list of the staff is nothing that it was launched for."""
    served, patient = housed
    place = visit_of(served, patient)["serviceProvider"]["reference"]
    rest = Rest.over(served.house.records)
    who = Who(served.ward[Role.PHYSICIAN], limits=Limits(patient, lambda _: True))
    assert search_resources(rest, who, parse_asked("Organization", "")).total == 0
    assert search_resources(rest, who, parse_asked("Organization", f"_id={place.partition('/')[2]}")).total == 1
    assert read_resource(rest, who, *place.split("/")).kind == "Organization"
    narrow = Who(who.actor, limits=Limits(patient, lambda kind: kind == "Encounter"))
    assert search_resources(rest, narrow, parse_asked("Encounter", "status=finished")).total == 1
    with pytest.raises(AccessError):
        search_resources(rest, narrow, parse_asked("Encounter", "service-provider.name=made"))
    with pytest.raises(AccessError):
        search_resources(rest, narrow, parse_asked("Encounter", "_has:Observation:encounter:code=1"))
