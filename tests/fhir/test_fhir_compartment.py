"""Every resource goes to the patient it is about, and to nobody where that is not sure."""

from __future__ import annotations

import random

import pytest
from fhir_samples import samples

from suwen.formats.fhir.compartment import (
    Addresses,
    Sorted,
    patient_references,
    references,
    sort_by_patient,
)
from suwen.formats.fhir.nouns import Entry, Json

A = "http://a.example/fhir"
B = "http://b.example/fhir"


def entry(resource: Json, base: str = "", address: str = "") -> Entry:
    local = f"{resource['resourceType']}/{resource.get('id', '')}"
    return Entry(resource, address or (f"{base}/{local}" if base else ""), local)


def person(id_: str) -> Json:
    return {"resourceType": "Patient", "id": id_}


def about(kind: str, id_: str, reference: str, **more: object) -> Json:
    return {"resourceType": kind, "id": id_, "subject": {"reference": reference}} | more


def to(reference: str) -> Json:
    return {"reference": reference}


def owners(found: Sorted) -> dict[str, str]:
    """For each entry, the patient it went to."""
    return {one.where: patient.reference for patient in found.patients for one in patient.entries}


def test_what_belongs_to_one_patient_stays_in_order_with_the_patient() -> None:
    entries = [entry(one) for one in samples()]
    found = sort_by_patient(entries)
    assert [one.reference for one in found.patients] == ["Patient/p1"]
    assert found.patients[0].patient is entries[0]
    assert found.patients[0].entries == tuple(entries)
    assert (found.unplaced, found.problems) == ((), ())


def test_only_whom_it_is_about_counts() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": "Patient/1"},
        "recorder": {"reference": "Patient/2"},
    }
    assert patient_references(allergy) == ("Patient/1",)
    assert set(references(allergy)) == {"Patient/1", "Patient/2"}
    appointment = {
        "resourceType": "Appointment",
        "participant": [{"actor": {"reference": "Patient/1"}}, {"actor": 3}, None],
    }
    assert patient_references(appointment) == ("Patient/1",)
    assert patient_references({"resourceType": "Organization", "subject": {"reference": "Patient/1"}}) == ()
    assert patient_references({"resourceType": ["x"], "subject": 3}) == ()


ADDRESSES = (
    ("Patient/1", A, f"{A}/Patient/1"),
    ("Patient/1", B, f"{B}/Patient/1"),
    ("Patient/1", "", "Patient/1"),
    ("Patient/1/_history/4", A, f"{A}/Patient/1"),
    (f"{B}/Patient/1/_history/4", A, f"{B}/Patient/1"),
    ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", A, "Patient/9"),
    ("Patient/9", "", "Patient/9"),
    ("Patient/3", "", None),  # is on another server only
    ("#p", A, None),
    ("Patient?identifier=x|1", A, None),
    ("Patient/77", A, None),
    ("", A, None),
)


@pytest.mark.parametrize(("reference", "base", "key"), ADDRESSES, ids=[f"{n}" for n in range(len(ADDRESSES))])
def test_references_resolve_as_r4_says(reference: str, base: str, key: str | None) -> None:
    urn = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
    entries = [entry(person("1"), A), entry(person("1"), B), entry(person("1")), entry(person("3"), A)]
    entries.append(entry(person("9"), address=urn))
    addresses = Addresses(entries)
    assert addresses.resolve(reference, base=base) == key
    assert key is None or addresses.entry(key) is not None


def test_the_source_stands_for_entries_without_a_server() -> None:
    addresses = Addresses([entry(person("1")), entry(person("2"), A)], source=f"{A}/")
    assert addresses.resolve(f"{A}/Patient/1", base=B) == "Patient/1"
    assert addresses.resolve("Patient/2") == "Patient/2"
    assert addresses.resolve("Patient/1", base=B) is None  # a patient of B, not ours


def test_a_name_that_two_answer_to_names_neither() -> None:
    first, second = entry(person("1"), address="urn:uuid:x"), entry(person("2"), address="urn:uuid:x")
    assert Addresses([first, second]).resolve("urn:uuid:x") is None


def test_patients_of_two_servers_with_the_same_id_are_two() -> None:
    entries = [entry(person("1"), A), entry(person("1"), B), entry(about("Condition", "c", "Patient/1"), B)]
    found = sort_by_patient(entries, source=A)
    assert [(one.reference, len(one.entries)) for one in found.patients] == [("Patient/1", 1), (f"{B}/Patient/1", 2)]


@pytest.mark.parametrize(
    ("reference", "base", "source", "key"),
    [
        ("Patient/5", "", "", "Patient/5"),
        ("Patient/5/_history/1", "", A, "Patient/5"),
        (f"{A}/Patient/5", "", A, "Patient/5"),
        (f"{B}/Patient/5", "", A, f"{B}/Patient/5"),
        ("Patient/5", B, A, f"{B}/Patient/5"),
    ],
)
def test_a_patient_who_is_not_in_the_document_is_named(reference: str, base: str, source: str, key: str) -> None:
    found = sort_by_patient([entry(about("Condition", "c", reference), base)], source=source)
    assert [(one.reference, one.patient, len(one.entries)) for one in found.patients] == [(key, None, 1)]


@pytest.mark.parametrize("reference", ["urn:uuid:nobody", "Patient?identifier=1", "#p", "x"])
def test_a_patient_who_cannot_be_found_is_a_problem(reference: str) -> None:
    found = sort_by_patient([entry(person("1")), entry(about("Condition", "c", reference))])
    assert [one.where for one in found.unplaced] == ["Condition/c"]
    assert [problem.where for problem in found.problems] == ["Condition/c"]


def two_patients() -> list[Entry]:
    """Two patients who share a practitioner of one organization, each with things of their own."""
    drug = {"resourceType": "Medication", "id": "m", "manufacturer": {"reference": "Organization/o"}}
    shared = {"resourceType": "Practitioner", "id": "dr"}
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/dr"}}
    company = {"resourceType": "Organization", "id": "o"}
    dr, org = {"reference": "Practitioner/dr"}, {"reference": "Organization/o"}
    one = about("MedicationRequest", "q1", "Patient/1", medicationReference={"reference": "Medication/m"}, requester=dr)
    other = about("Encounter", "e2", "Patient/2", participant=[{"individual": dr}], serviceProvider=org)
    trace = {
        "resourceType": "Provenance",
        "id": "v",
        "target": [to("MedicationRequest/q1")],
        "agent": [{"who": dr}],
    }
    page = {"resourceType": "Composition", "id": "k", "subject": {"reference": "Encounter/e2"}, "author": [dr]}
    note = {"resourceType": "Linkage", "id": "l", "item": [{"resource": {"reference": "Encounter/e2"}}], "author": dr}
    folder = about("List", "f", "Patient/1", entry=[{"item": to("Composition/k")}])  # points at what is not its own
    return [
        entry(x) for x in (folder, trace, page, note, company, drug, shared, role, one, other, person("1"), person("2"))
    ]


def test_what_names_no_patient_goes_where_it_is_used() -> None:
    found = sort_by_patient(two_patients())
    assert owners(found) == {
        "Patient/1": "Patient/1",
        "List/f": "Patient/1",
        "MedicationRequest/q1": "Patient/1",
        "Medication/m": "Patient/1",
        "Provenance/v": "Patient/1",
        "Patient/2": "Patient/2",
        "Encounter/e2": "Patient/2",
        "Composition/k": "Patient/2",
        "Linkage/l": "Patient/2",
    }
    assert {one.where for one in found.unplaced} == {"Organization/o", "Practitioner/dr", "PractitionerRole/r"}
    assert found.problems == ()


def test_the_order_of_a_document_changes_nothing() -> None:
    expected = owners(sort_by_patient(two_patients()))
    for seed in range(20):
        entries = two_patients()
        random.Random(seed).shuffle(entries)  # noqa: S311 (test data, not secrets)
        assert owners(sort_by_patient(entries)) == expected


def test_what_is_about_two_patients_is_placed_with_neither() -> None:
    group = {"resourceType": "Group", "id": "g", "member": [{"entity": {"reference": f"Patient/{n}"}} for n in (1, 2)]}
    entries = [entry(person("1")), entry(person("2")), entry(group), entry(about("Observation", "o", "Group/g"))]
    found = sort_by_patient(entries)
    assert {one.where for one in found.unplaced} == {"Group/g", "Observation/o"}
    assert [problem.where for problem in found.problems] == ["Group/g"]


def test_circles_and_long_chains_come_to_an_end() -> None:
    lists = [
        {
            "resourceType": "Basic",
            "id": f"b{n}",
            "author": to(f"Basic/b{(n + 1) % 3_000}"),
        }
        for n in range(3_000)
    ]
    entries = [entry(one) for one in lists]
    assert len(sort_by_patient(entries).unplaced) == 3_000
    entries += [
        entry(person("1")),
        entry(about("Condition", "c", "Patient/1", evidence=[to("Basic/b7")])),
    ]
    assert sort_by_patient(entries).unplaced == ()


def test_entries_without_id_or_address_are_not_lost() -> None:
    entries = [Entry({"resourceType": "Patient"}, "", "line 1"), Entry({"resourceType": "Basic"}, "", "line 2")]
    found = sort_by_patient(entries)
    assert [one.reference for one in found.patients] == ["line 1"]
    assert [one.where for one in found.unplaced] == ["line 2"]
