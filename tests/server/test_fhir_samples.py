"""The sample patients over REST: valid R4 to another implementation, each reference resolved, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir_made import Json, physician, put, read
from served import Served, serve_ward
from ward import open_ward

from suwen.consult import import_fhir
from suwen.datasets import folder
from suwen.formats.fhir import canonical, read_document, render
from suwen.formats.fhir.compartment import references
from suwen.govern import Role

SAMPLE = Path(folder()) / "platform" / "synthea_r4"
PEER = Path(__file__).parents[1] / "peers" / "medplum"
SOURCE = "https://synthea.example/fhir"

pytestmark = pytest.mark.skipif(not SAMPLE.is_dir(), reason="the Synthea sample (R4) is not installed")


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, Any]]]:
    """Three patients of the sample; the physician's documents by patient."""
    files = sorted(SAMPLE.glob("*_*-*.json.gz"), key=lambda one: (one.stat().st_size, one.name))[:3]
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
