"""What was written over REST leaves the house with the rest of its chart, and comes in again as the same elsewhere."""

from __future__ import annotations

from pathlib import Path

from fhir_made import Json, create, observation, physician, put, read, search
from served import Served
from ward import open_ward

from suwen.consult import export_fhir, export_lines, import_fhir, search_records
from suwen.formats.fhir import parse_tree, read_document, render
from suwen.formats.fhir.compartment import references
from suwen.govern import Role

SOURCE = "https://source.example/fhir"


def arrived(served: Served, scheme: str) -> str:
    """A patient (id) who was imported with a visit, and whom somebody then observed over REST in that visit."""
    place = {"https": f"{SOURCE}/{{}}/{{}}", "urn": "urn:uuid:00000000-0000-4000-8000-00000000000{1}"}[scheme]
    at = {one: place.format(one, number) for one, number in (("Patient", "1"), ("Encounter", "2"))}
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    visit = {"resourceType": "Encounter", "id": "2", "status": "finished", "class": coding}
    visit["subject"] = {"reference": at["Patient"]}  # type: ignore[assignment]
    who = {"resourceType": "Patient", "id": "1", "name": [{"family": f"Leaving {scheme}"}]}
    entries = [{"fullUrl": at["Patient"], "resource": who}, {"fullUrl": at["Encounter"], "resource": visit}]
    document = read_document(render({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    done = import_fhir(served.ward[Role.PHYSICIAN], served.ward.records, document, source=f"{SOURCE}/{scheme}")
    client, patient = physician(served), done.patients[0]
    seen = search(client, "Encounter", patient=patient)["entry"][0]["resource"]["id"]
    create(client, observation(patient) | {"encounter": {"reference": f"Encounter/{seen}"}})
    return patient


def taken_in(document: Json, folder: Path) -> Json:
    """What another house serves of an observation after importing a document."""
    with open_ward(folder) as ward:
        actor = ward[Role.PHYSICIAN]
        done = import_fhir(actor, ward.records, read_document(render(document)), source="the other house")
        assert len(done.patients) == 1
        return search_records(actor, ward.records, "Observation", patient=done.patients[0])


def test_a_bundle_is_taken_in_elsewhere(served: Served, tmp_path: Path) -> None:
    for scheme in ("https", "urn"):
        patient = arrived(served, scheme)
        document = export_fhir(served.ward[Role.PHYSICIAN], served.ward.records, patient)
        addresses = {one.get("fullUrl") for one in document["entry"]}
        seen = next(one["resource"] for one in document["entry"] if one["resource"]["resourceType"] == "Observation")
        assert set(references(seen)) <= addresses
        assert len(references(seen)) == 2
        assert taken_in(document, tmp_path / scheme)["total"] == 1


def test_lines_point_at_each_other(served: Served, tmp_path: Path) -> None:
    patient = arrived(served, "urn")
    export_lines(
        served.ward[Role.PHYSICIAN], served.ward.records, [patient], tmp_path / "out", progress=lambda *_: None
    )
    lines = [parse_tree(one) for file in (tmp_path / "out").glob("*.ndjson") for one in file.read_text().splitlines()]
    names = {f"{one['resourceType']}/{one['id']}" for one in lines}
    assert {said for one in lines for said in references(one)} <= names


def test_an_import_over_it_changes_nothing_of_it(served: Served) -> None:
    patient = arrived(served, "https")
    client = physician(served)
    seen = search(client, "Observation", patient=patient)["entry"][0]["resource"]
    put(client, seen | {"status": "amended"}, seen["meta"]["versionId"])
    arrived(served, "https")
    assert read(client.get(f"/fhir/Observation/{seen['id']}").text)["status"] == "amended"
