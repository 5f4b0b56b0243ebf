"""The sample patients over REST: valid R4 to another implementation, each reference resolved, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir_made import Json, ids, physician, put, read, search
from served import Served, serve_ward
from ward import open_ward

from suwen.consult import import_fhir
from suwen.datasets import folder
from suwen.formats.fhir import canonical, read_document, render
from suwen.formats.fhir.compartment import references
from suwen.govern import Role

SAMPLE = Path(folder()) / "platform" / "synthea_r4"
PEER = Path(__file__).parents[1] / "peers" / "medplum"
PATIENTS = 6
SOURCE = "https://synthea.example/fhir"

pytestmark = pytest.mark.skipif(not SAMPLE.is_dir(), reason="the Synthea sample (R4) is not installed")


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, Any]]]:
    """Some patients of the sample; the physician's documents by patient."""
    files = sorted(SAMPLE.glob("*_*-*.json.gz"), key=lambda one: (one.stat().st_size, one.name))[:PATIENTS]
    with open_ward(tmp_path_factory.mktemp("sampled") / "store") as ward:
        served = serve_ward(ward)
        documents = {}
        for one in files:
            document = read_document(one.read_bytes())
            done = import_fhir(ward[Role.PHYSICIAN], ward.records, document, source=SOURCE)
            documents[done.patients[0]] = document
        yield served, documents


def everything(served: Served, patient: str) -> dict[str, Json]:
    """What is served of a patient, by `Type/id`, over all pages."""
    found, client = {}, physician(served)
    address: str | None = f"/fhir/Patient/{patient}/$everything?_count=50"
    while address:
        page = read(client.get(address).text)
        for one in page["entry"]:
            resource = one["resource"]
            found[f"{resource['resourceType']}/{resource['id']}"] = resource
        address = next((one["url"] for one in page["link"] if one["relation"] == "next"), None)
    assert len(found) == page["total"]
    return found


def test_every_resource_is_served_and_every_reference_leads_to_one(sampled: tuple[Served, dict[str, Any]]) -> None:
    served, documents = sampled
    for patient, document in documents.items():
        found = everything(served, patient)
        assert len(found) == len(document.entries)
        said = {one for resource in found.values() for one in references(resource)}
        assert said
        assert said <= set(found)


def test_every_type_is_found_by_searching(sampled: tuple[Served, dict[str, Any]]) -> None:
    """Nothing that a document brought is there only for who knows its id; by itself, and narrowed to its patient."""
    served, documents = sampled
    client = physician(served)
    there = [one for patient in documents for one in everything(served, patient)]
    kinds = {one.partition("/")[0] for one in there}
    assert {"Practitioner", "Organization", "CarePlan", "Claim", "ExplanationOfBenefit"} <= kinds
    for kind in kinds:
        page = search(client, kind, _count="1000")
        assert page["total"] == len(page["entry"])
        found = {f"{kind}/{one}" for one in ids(page)} - {f"Patient/{served.own}"}
        assert found == {one for one in there if one.startswith(f"{kind}/")}, kind
    patient = next(iter(documents))
    for kind in ("Claim", "CarePlan", "ExplanationOfBenefit", "Procedure"):
        mine = {one for one in everything(served, patient) if one.startswith(f"{kind}/")}
        assert {f"{kind}/{one}" for one in ids(search(client, kind, patient=patient, _count="1000"))} == mine


def test_references_lead_through_the_searches(sampled: tuple[Served, dict[str, Any]]) -> None:
    """Claims by the provider's name, providers by the claims that name them: as the documents themselves say."""
    served, documents = sampled
    client = physician(served)
    every = {local: one for patient in documents for local, one in everything(served, patient).items()}
    claims = [one for one in every.values() if one["resourceType"] == "Claim"]
    provider = every[claims[0]["provider"]["reference"]]
    wanted = {one["id"] for one in claims if every[one["provider"]["reference"]]["name"] == provider["name"]}
    found = search(client, "Claim", _count="1000", **{"provider:Organization.name:exact": provider["name"]})
    assert set(ids(found)) == wanted
    named = {one["provider"]["reference"].partition("/")[2] for one in claims}
    found = search(client, "Organization", _count="1000", **{"_has:Claim:provider:use": "claim"})
    assert set(ids(found)) == named
    page = search(client, "Claim", _id=claims[0]["id"], _include="*")
    pointed = {one for one in references(every[f"Claim/{claims[0]['id']}"]) if one in every}
    assert {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in page["entry"][1:]} == pointed


def plain(value: Any) -> Any:
    """A resource without what differs by design: ids, versions, references."""
    if isinstance(value, dict):
        left = {"id", "meta", "reference", "url", "identifier", "type"} if "reference" in value else {"id", "meta"}
        return {name: plain(one) for name, one in value.items() if name not in left}
    return [plain(one) for one in value] if isinstance(value, list) else value


def test_nothing_else_is_changed(sampled: tuple[Served, dict[str, Any]]) -> None:
    """Each resource as it was in its file, digit by digit, but for ids, versions and where references point."""
    served, documents = sampled
    for patient, document in documents.items():
        there = sorted(canonical(plain(one)) for one in everything(served, patient).values())
        here = sorted(canonical(plain(one.resource)) for one in document.entries)
        assert [*map(_bare, there)] == [*map(_bare, here)]


def _bare(text: bytes) -> Any:
    """Logical references stand for conditions that a bundle states as a query; both are left out."""
    return json.dumps(_dropped(json.loads(text)), sort_keys=True)


def _dropped(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) <= {"display", "type", "identifier"} and "display" in value:
            return {"display": value["display"]}
        if set(value) == {"type", "identifier"} or not value:
            return {}
        return {name: _dropped(one) for name, one in value.items()}
    return [_dropped(one) for one in value] if isinstance(value, list) else value


def test_read_and_sent_back_is_unchanged(sampled: tuple[Served, dict[str, Any]]) -> None:
    """Proves that what is rewritten for serving is written back: no version is made of a resource of any type."""
    served, documents = sampled
    client = physician(served)
    patient = next(iter(documents))
    by_kind = {one["resourceType"]: one for one in everything(served, patient).values()}
    assert len(by_kind) > 8
    for resource in by_kind.values():
        answer = put(client, resource, "1")
        assert (answer.status_code, answer.headers.get("etag")) == (200, 'W/"1"'), resource["resourceType"]


def test_an_edit_keeps_what_its_source_called_it(sampled: tuple[Served, dict[str, Any]]) -> None:
    """So that the same document, imported again, still finds its resources."""
    served, documents = sampled
    client = physician(served)
    patient, document = list(documents.items())[1]
    resource = next(one for one in everything(served, patient).values() if one["resourceType"] == "Observation")
    assert put(client, resource | {"status": "amended"}, "1").status_code == 200
    again = import_fhir(served.ward[Role.PHYSICIAN], served.ward.records, document, source=SOURCE)
    assert again.written == 0
    assert (again.patients, again.registered) == ((patient,), 0)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.skipif(not (PEER / "node_modules").is_dir(), reason="run: npm ci --ignore-scripts in tests/peers/medplum")
def test_another_implementation_finds_no_fault(sampled: tuple[Served, dict[str, Any]]) -> None:
    """Every resource, the pages they come in, a history, what was refused, and the CapabilityStatement."""
    served, documents = sampled
    client = physician(served)
    resources = [one for patient in documents for one in everything(served, patient).values()]
    patient = next(iter(documents))
    seen = next(one for one in resources if one["resourceType"] == "Observation")
    paths = (
        f"/fhir/Observation?patient={patient}&_include=*&_revinclude=DiagnosticReport:result",
        f"/fhir/Observation?patient={patient}&_elements=status",
        f"/fhir/Observation/{seen['id']}/_history",
        "/fhir/Observation/x",
        "/fhir/Practitioner?_summary=true",
        "/fhir/Claim?_summary=data&_count=20",
        "/fhir/ExplanationOfBenefit?_summary=text&_count=20",
        "/fhir/metadata",
    )
    resources += [read(client.get(path).text) for path in paths]
    lines = b"\n".join(render(one) for one in resources)
    ran = subprocess.run(
        ["node", str(PEER / "validate.mjs")], input=lines, capture_output=True, check=True, timeout=120, cwd=PEER
    )
    *failing, count = [json.loads(line) for line in ran.stdout.splitlines()]
    assert failing == []
    assert count == {"count": len(resources), "failed": 0}
