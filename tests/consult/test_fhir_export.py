"""FHIR goes out by who may, in a file of its own each time, and a killed export goes on to the same end."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from papers import Json, bundle, document, observation, order, person, practitioner
from ward import Ward
from watch import audited, length

from suwen.consult.chart import Draft, write_records
from suwen.consult.fhir import export_lines as fhir_export_lines
from suwen.consult.fhir.export_lines import export_lines
from suwen.consult.fhir.exporting import export_fhir
from suwen.consult.fhir.importing import import_fhir
from suwen.errors import AccessError, InputError, NotFoundError
from suwen.formats.fhir import canonical, parse_tree, render
from suwen.formats.fhir.checking.validate import check
from suwen.formats.fhir.compartment import references
from suwen.formats.fhir.documents import read_document
from suwen.govern.care import grant_care
from suwen.govern.keys import erase_patient
from suwen.records.access import Purpose, Role
from suwen.records.audit import EventKind

URN = "urn:uuid:0000000{}-1111-4111-8111-111111111111"


class KilledError(BaseException):
    """Instead of SIGKILL: nothing in the program catches it."""


def quiet(_now: int, _whole: int) -> None:
    """Progress that nobody watches."""


def taken(ward: Ward, *resources: Json, source: str = "", addresses: tuple[str, ...] = ()) -> str:
    one = document(*resources, addresses=addresses)
    return import_fhir(ward[Role.PHYSICIAN], ward.records, one, source=source).patients[0]


def urn_bundle(number: int, *, family: str = "Abel") -> str:
    """A patient whose bundle is held together by urn:uuid addresses, with a practitioner whom all share."""
    patient, seen = URN.format(number), URN.format(number + 5)
    resources = [
        person(f"p{number}", number=f"MRN-{number}", family=family)
        | {"generalPractitioner": [{"reference": "urn:uuid:aaaaaaaa-1111-4111-8111-111111111111"}]},
        observation("", "").copy(),
        practitioner("shared"),
    ]
    resources[1] |= {"subject": {"reference": patient}, "hasMember": [{"reference": seen}]}
    resources[1].pop("id")
    whole = bundle(*resources, addresses=(patient, seen, "urn:uuid:aaaaaaaa-1111-4111-8111-111111111111"))
    return render(whole).decode()


def three(ward: Ward) -> list[str]:
    found = []
    for number in (1, 2, 3):
        one = read_document(urn_bundle(number).encode())
        found += import_fhir(ward[Role.PHYSICIAN], ward.records, one).patients
    return found


def read(folder: Path) -> dict[str, list[Json]]:
    return {file.stem: [parse_tree(line) for line in file.read_text().splitlines()] for file in folder.glob("*.ndjson")}


# One bundle


def test_the_newest_of_everything_and_nothing_else(ward: Ward) -> None:
    """Proves what goes out: newest versions, no withdrawn record, no record that is not FHIR; valid in both kinds."""
    physician = ward[Role.PHYSICIAN]
    patient = taken(ward, person(), observation("a"), order())
    taken(ward, observation("a", value="newer"))
    write_records(physician, ward.records, patient, [Draft("Observation", b"\x00raw"), Draft("Note", b'{"format":9}')])
    for kind in ("collection", "transaction"):
        out = export_fhir(physician, ward.records, patient, kind=kind)
        assert out["type"] == kind
        assert check(out).problems == ()
        assert [one["resource"]["id"] for one in out["entry"]] == ["1", "a", "m1"]
        assert out["entry"][1]["resource"]["valueString"] == "newer"
    assert all("request" in one for one in out["entry"])
    more = export_fhir(physician, ward.records, patient, extra=lambda one, _: [observation("x", note=[{"text": one}])])
    assert more["entry"][-1]["resource"]["note"] == [{"text": patient}]


def test_out_and_in_again_elsewhere_and_here(ward: Ward) -> None:
    """Proves that what went out is, when it comes back, what is there already."""
    physician = ward[Role.PHYSICIAN]
    patient = taken(ward, person(), observation("a"), source="http://one/fhir")
    out = read_document(render(export_fhir(physician, ward.records, patient)))
    assert import_fhir(physician, ward.records, out).unchanged == 2


def test_a_newer_version_keeps_the_address_others_point_at(ward: Ward) -> None:
    """Proves that links of a bundle hold after a resource came again by itself, without its bundle's address."""
    address = URN.format(1)
    seen = observation("a") | {"subject": {"reference": address}}
    patient = taken(ward, person(), seen, addresses=(address,))
    taken(ward, person(maritalStatus={"text": "married"}))
    out = export_fhir(ward[Role.PHYSICIAN], ward.records, patient)["entry"]
    assert [one["fullUrl"] for one in out if one["resource"]["resourceType"] == "Patient"] == [address]
    assert out[0]["resource"]["maritalStatus"] == {"text": "married"}


def test_who_may_and_what_is_noted(ward: Ward) -> None:
    """Proves that only who may export does, that it is audited as an export to a file, and not in emergencies."""
    patient = taken(ward, person(), observation("a"))
    ward[Role.NURSE]
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse")
    for role in (Role.NURSE, Role.ADMINISTRATOR, Role.AUDITOR):
        with pytest.raises(AccessError):
            export_fhir(ward[role], ward.records, patient)
    with pytest.raises(AccessError):
        export_fhir(ward[Role.PHYSICIAN], ward.records, patient, purpose=Purpose.EMERGENCY)
    since = length(ward)
    export_fhir(ward[Role.PHYSICIAN], ward.records, patient)
    (noted,) = [one for one in audited(ward, since) if one.kind is EventKind.EXPORT]
    assert (noted.subject, noted.detail["records"], noted.detail["recipient"]) == (patient, 2, "file")
    erase_patient(ward[Role.SECURITY_OFFICER], ward.records, patient, reason="asked for by the patient")
    with pytest.raises((NotFoundError, AccessError)):
        export_fhir(ward[Role.PHYSICIAN], ward.records, patient)


# Lines


def test_lines_have_ids_and_references_that_hold(ward: Ward, tmp_path: Path) -> None:
    """Proves that every line is valid FHIR with an id, that each reference of a bundle becomes one that is there."""
    patients = three(ward)
    folder = tmp_path / "out"
    steps: list[tuple[int, int]] = []
    counts = export_lines(
        ward[Role.PHYSICIAN], ward.records, patients, folder, progress=lambda now, whole: steps.append((now, whole))
    )
    assert counts == {"Patient": 3, "Observation": 3, "Practitioner": 1}
    assert (steps[0], steps[-1]) == ((0, 3), (3, 3))
    found = read(folder)
    names = {f"{kind}/{one['id']}" for kind, those in found.items() for one in those}
    assert len(names) == 7
    for one in (one for those in found.values() for one in those):
        assert check(one).problems == ()
        assert set(references(one)) <= names
    assert {one["generalPractitioner"][0]["reference"] for one in found["Patient"]} == {"Practitioner/shared"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {(one["type"], one["url"], one["count"]) for one in manifest["output"]} == {
        (kind, f"{kind}.ndjson", count) for kind, count in counts.items()
    }
    assert manifest["transactionTime"].endswith("Z")
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / ".export").exists()


def test_an_identifier_that_is_a_bundles_address_stays(ward: Ward, tmp_path: Path) -> None:
    """Proves that only references are rewritten: the same urn:uuid as an identifier is left alone."""
    address = URN.format(1)
    one = person(identifier=[{"system": "urn:ietf:rfc:3986", "value": address}])
    seen = observation("a") | {"subject": {"reference": address}, "note": [{"text": address}]}
    patient = taken(ward, one, seen, addresses=(address,))
    export_lines(ward[Role.PHYSICIAN], ward.records, [patient], tmp_path / "out", progress=quiet)
    found = read(tmp_path / "out")
    assert found["Patient"][0]["identifier"][0]["value"] == address
    assert found["Observation"][0]["note"] == [{"text": address}]
    assert found["Observation"][0]["subject"] == {"reference": "Patient/1"}


def test_one_id_of_two_systems_becomes_two(ward: Ward, tmp_path: Path) -> None:
    """Proves that two sources' Patient/1 and Observation/a stay apart, each with its own references."""
    mine = taken(ward, person(), observation("a"), source="one")
    other = taken(ward, person(number="MRN-2", family="Bo"), observation("a", value="poor"), source="two")
    taken(ward, person("9"), observation("a", "9", value="third"), source="three")  # of the first patient
    export_lines(ward[Role.PHYSICIAN], ward.records, [mine, other], tmp_path / "out", progress=quiet)
    found = read(tmp_path / "out")
    names = {(kind, one["id"]) for kind, those in found.items() for one in those}
    assert len(names) == len(found["Patient"]) + len(found["Observation"]) == 6
    family = {one["id"]: one["name"][0]["family"] for one in found["Patient"]}
    of = {one["valueString"]: family[one["subject"]["reference"].partition("/")[2]] for one in found["Observation"]}
    assert of == {"normal": "Abel", "poor": "Bo", "third": "Abel"}


def test_a_folder_that_is_not_ours_is_left_alone(ward: Ward, tmp_path: Path) -> None:
    patients = three(ward)
    physician = ward[Role.PHYSICIAN]
    full = tmp_path / "full"
    full.mkdir()
    (full / "Patient.ndjson").write_text("mine\n")
    with pytest.raises(InputError, match="not empty"):
        export_lines(physician, ward.records, patients, full, progress=quiet)
    assert (full / "Patient.ndjson").read_text() == "mine\n"
    export_lines(physician, ward.records, patients, tmp_path / "done", progress=quiet)
    with pytest.raises(InputError, match="not empty"):
        export_lines(physician, ward.records, patients, tmp_path / "done", progress=quiet)


def test_a_refusal_leaves_what_can_be_gone_on_with(ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that a patient who may not be exported ends it, and that it goes on without that one."""
    monkeypatch.setattr(fhir_export_lines, "_GROUP", 1)
    patients = three(ward)
    colleague = ward.hire("colleague", Role.PHYSICIAN)
    foreign = import_fhir(colleague, ward.records, document(person("x", number="X"))).patients[0]
    out = tmp_path / "out"
    with pytest.raises(AccessError):
        export_lines(ward[Role.PHYSICIAN], ward.records, [patients[0], foreign, *patients[1:]], out, progress=quiet)
    counts = export_lines(ward[Role.PHYSICIAN], ward.records, patients, out, progress=quiet)
    assert counts["Patient"] == 3


def test_killed_at_any_write_and_run_again(ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves, for a kill in the middle of each write there is, that the next run ends with the same files."""
    monkeypatch.setattr(fhir_export_lines, "_GROUP", 1)  # every patient is a group
    patients, physician = three(ward), ward[Role.PHYSICIAN]
    export_lines(physician, ward.records, patients, tmp_path / "calm", progress=quiet)
    calm = {kind: sorted(map(canonical, those)) for kind, those in read(tmp_path / "calm").items()}
    append, number = fhir_export_lines._append, 0
    while True:
        number += 1
        folder, calls = tmp_path / f"killed{number}", [0]

        def dying(place: Path, pieces: list[bytes], calls: list[int] = calls, number: int = number) -> Any:
            calls[0] += 1
            if calls[0] == number:
                append(place, [b"".join(pieces)[:-7]])
                raise KilledError
            append(place, pieces)

        monkeypatch.setattr(fhir_export_lines, "_append", dying)
        try:
            export_lines(physician, ward.records, patients, folder, progress=quiet)
            break
        except KilledError:
            monkeypatch.setattr(fhir_export_lines, "_append", append)
        export_lines(physician, ward.records, patients, folder, progress=quiet)
        assert {kind: sorted(map(canonical, those)) for kind, those in read(folder).items()} == calm
        assert not (folder / ".export").exists()
    assert number == 1 + 1 + 3 + 2 * (2 + 1) + 1  # the head; per patient its files and a line; and one that was not
