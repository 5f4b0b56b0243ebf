"""FHIR in, out, by lines and searched on both databases, beside another writer; and the files tell nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ward import CHEAP, Ward, opening

from suwen.consult.chart import open_patient, open_record
from suwen.consult.fhir.directory import import_directory, list_directory
from suwen.consult.fhir.export_lines import export_lines
from suwen.consult.fhir.exporting import export_fhir
from suwen.consult.fhir.importing import import_fhir
from suwen.consult.fhir.lines import import_lines
from suwen.consult.fhir.searching import search_records
from suwen.errors import FormatError, StoreError
from suwen.formats.fhir import Entry, canonical, render
from suwen.govern.hospital import open_records
from suwen.govern.keys import rotate_data_keys
from suwen.govern.upkeep import verify_store
from suwen.records.access import Role
from suwen.records.people import Actor

Json = dict[str, Any]


def person(number: int, **more: Any) -> Json:
    identifier = [{"system": "urn:ward", "value": f"MRN-{number}"}]
    name = [{"family": f"Geheimname{number}"}]
    return {"resourceType": "Patient", "id": f"p{number}", "identifier": identifier, "name": name, **more}


def observation(id_: str, number: int, value: str = "normal") -> Json:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"text": "appetite"},
        "subject": {"reference": f"Patient/p{number}"},
        "valueString": value,
    }


def entries(*resources: Json) -> list[Entry]:
    return [Entry(one, f"urn:test:{one['id']}", f"entry[{number}]") for number, one in enumerate(resources)]


def quiet(*_: Any) -> None:
    """Progress and problems that nobody watches."""


def test_in_again_changed_and_out(either_ward: Ward) -> None:
    """Proves the whole round on either database: registered, unchanged, the next version, out in order, verified."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    given = entries(person(1), *(observation(f"o{number}", 1) for number in range(700)))  # more than one query's ids
    done = import_fhir(physician, ward.records, given)
    assert (done.registered, done.written) == (1, 701)
    assert import_fhir(physician, ward.records, given).unchanged == 701
    newer = entries(person(1), *(observation(f"o{number}", 1, "poor") for number in range(650)))
    assert import_fhir(physician, ward.records, newer).changed == 650
    out = export_fhir(physician, ward.records, done.patients[0])["entry"]
    assert [one["fullUrl"] for one in out] == [one.full_url for one in given]
    assert [canonical(one["resource"]) for one in out[1:651]] == [canonical(one.resource) for one in newer[1:]]
    found = search_records(physician, ward.records, "Observation?subject=Patient/p1&_summary=count")
    assert found["total"] == 700
    (one,) = [one for one in open_patient(physician, ward.records, done.patients[0]) if one.kind == "Patient"]
    assert len(open_record(physician, ward.records, done.patients[0], one.id)) == 1
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_a_failed_document_leaves_nothing_on_either(either_ward: Ward) -> None:
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    with pytest.raises(FormatError):
        import_fhir(physician, ward.records, entries(person(1), observation("a", 1), observation("a", 1, "other")))
    assert import_fhir(physician, ward.records, entries(person(1))).registered == 1


def test_lines_directory_and_a_renewed_key(either_ward: Ward, tmp_path: Path) -> None:
    """Proves lines in and out, the directory, and that records sealed under a new key are still recognised."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    file = tmp_path / "all.ndjson"
    whole = [person(1), person(2), *(observation(f"o{number}", number % 2 + 1) for number in range(20))]
    file.write_bytes(b"".join(render(one) + b"\n" for one in whole))
    done = import_lines(physician, ward.records, [file], progress=quiet, problems=quiet)
    assert (done.registered, done.written) == (2, 22)
    rotate_data_keys(ward[Role.SECURITY_OFFICER], ward.records)
    assert import_lines(physician, ward.records, [file], progress=quiet, problems=quiet).unchanged == 22
    counts = export_lines(physician, ward.records, done.patients, tmp_path / "out", progress=quiet)
    assert counts == {"Patient": 2, "Observation": 20}
    house = [Entry({"resourceType": "Organization", "id": "h", "name": "三院"})]
    for expected in (1, 0):
        assert import_directory(ward[Role.ADMINISTRATOR], ward.records, house).directory == expected
    assert len(list_directory(physician, ward.records)) == 1
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_two_import_the_same_at_once(either_ward: Ward) -> None:
    """Proves that two processes that take in the same document keep each resource once."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    given = entries(person(1), *(observation(f"o{number}", 1) for number in range(30)))
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        barrier, outcomes = threading.Barrier(2), []

        def work(actor: Actor, records: Any) -> None:
            barrier.wait()
            try:
                outcomes.append(import_fhir(actor, records, given).written)
            except StoreError:
                outcomes.append(0)

        threads = [threading.Thread(target=work, args=(physician, one)) for one in (ward.records, second)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert sorted(outcomes) == [0, 31]
    assert (
        len(export_fhir(physician, ward.records, import_fhir(physician, ward.records, given).patients[0])["entry"])
        == 31
    )


def test_nothing_of_it_lies_in_the_clear(ward: Ward, tmp_path: Path) -> None:
    """Proves that no file of the store holds a word of what was imported, filed or searched."""
    physician = ward[Role.PHYSICIAN]
    import_fhir(physician, ward.records, entries(person(1), observation("a", 1, "Geheimbefund")), source="urn:geheim")
    import_directory(
        ward[Role.ADMINISTRATOR],
        ward.records,
        [Entry({"resourceType": "Organization", "id": "h", "name": "Geheimhaus"})],
    )
    search_records(physician, ward.records, "Patient?family=Geheimname1")
    export_lines(physician, ward.records, (), tmp_path / "out", progress=quiet)
    ward.records.store.settle()
    for file in (one for one in ward.home.rglob("*") if one.is_file()):
        raw = file.read_bytes()
        for word in (b"eheim", b"MRN-1", b"Observation"):
            assert word not in raw, file.name
