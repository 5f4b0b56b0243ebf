"""FHIR documents go in whole or not at all, once, to the right patient, by who may, and come out as they were."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from papers import bundle, contents, document, lines, observation, order, person, practitioner, synthea
from ward import Ward
from watch import audited, length, rows

from suwen.consult.chart import Draft, open_patient, open_record, withdraw_record, write_records
from suwen.consult.emergency import break_glass
from suwen.consult.fhir.directory import import_directory, list_directory
from suwen.consult.fhir.exporting import export_fhir
from suwen.consult.fhir.files import import_path
from suwen.consult.fhir.imported import Imported
from suwen.consult.fhir.importing import import_fhir
from suwen.consult.fhir.patients import demographics_of
from suwen.consult.patients import amend_patient, find_patients, list_my_patients, register_patient
from suwen.errors import AccessError, FormatError, InputError, Problem
from suwen.formats.fhir import Entry, Stored, parse_tree, render
from suwen.formats.fhir.compartment import references
from suwen.formats.fhir.documents import read_document
from suwen.govern.care import grant_care
from suwen.govern.upkeep import verify_store
from suwen.records.access import Act, Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.demographics import Demographics
from suwen.subject import Sex

FHIR = ("Demographics", "Finding", "Consult")


def taken(ward: Ward, *resources: dict[str, Any], role: Role = Role.PHYSICIAN, source: str = "") -> Imported:
    return import_fhir(ward[role], ward.records, document(*resources), source=source)


def kept(ward: Ward, patient: str) -> list[Stored]:
    found = open_patient(ward[Role.PHYSICIAN], ward.records, patient)
    return [Stored.from_bytes(one.payload) for one in found if one.kind not in FHIR]


def nurse_for(ward: Ward, patient: str) -> None:
    ward[Role.NURSE]  # hired when first asked for
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse")


def resolved(found: list[tuple[str, dict[str, Any]]]) -> set[tuple[str, str]]:
    """Which reference of which resource points at a resource of the same document."""
    addresses = {address for address, _ in found}
    return {(address, one) for address, resource in found for one in references(resource) if one in addresses}


# Nothing is lost


def test_every_bundle_of_synthea_comes_out_as_it_went_in(ward: Ward) -> None:
    """Proves, over all bundles of the sample: the same resources under the same addresses, pointing at each other."""
    physician, administrator = ward[Role.PHYSICIAN], ward[Role.ADMINISTRATOR]
    count = whole = 0
    for file in synthea():
        given = read_document(file.read_bytes())
        whole += len(given.entries)
        if "Information" in file.name:
            count += import_directory(administrator, ward.records, given).directory
            continue
        done = import_fhir(physician, ward.records, given)
        assert (done.registered, done.written, done.changed, done.unchanged) == (1, len(given.entries), 0, 0)
        out = export_fhir(physician, ward.records, done.patients[0])["entry"]
        assert [(one["fullUrl"], one["resource"]) for one in out] == [
            (one.full_url, one.resource) for one in given.entries
        ]
        assert contents([Entry(one["resource"], one["fullUrl"]) for one in out]) == contents(given.entries)
        links = resolved([(one.full_url, one.resource) for one in given.entries])
        assert links == resolved([(one["fullUrl"], one["resource"]) for one in out])
        assert len(links) > len(given.entries)  # or nothing would be proved of links
        count += done.written
    assert count == whole > 4000
    assert len(list_directory(physician, ward.records)) == 204
    assert verify_store(administrator, ward.records).faults == []


def test_every_digit_and_character_is_kept(ward: Ward) -> None:
    """Proves that decimals, escapes, unknown elements and Chinese text come back as they were written."""
    text = (
        '{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:x:1","resource":'
        '{"resourceType":"Patient","id":"1","name":[{"text":"王小明"}]}},{"resource":{"resourceType":"Observation",'
        '"id":"o","status":"final","subject":{"reference":"Patient/1"},"code":{"text":"体温\\u0009"},'
        '"valueQuantity":{"value":36.500,"unit":"Cel"},"note":[{"text":"1.0e-3 \\ud83d\\ude00"}]}}]}'
    )
    done = import_fhir(ward[Role.PHYSICIAN], ward.records, read_document(text.encode()))
    out = export_fhir(ward[Role.PHYSICIAN], ward.records, done.patients[0])
    assert str(out["entry"][1]["resource"]["valueQuantity"]["value"]) == "36.500"
    assert [one["resource"] for one in out["entry"]] == [one["resource"] for one in parse_tree(text)["entry"]]
    assert "fullUrl" not in out["entry"][1]


# Once


def test_again_is_nothing_and_changed_is_the_next_version(ward: Ward) -> None:
    """Proves that the same content is left alone however it is spelt, and another becomes a version of that record."""
    first = taken(ward, person(), observation("a"), observation("b"))
    (patient,) = first.patients
    assert (first.registered, first.written) == (1, 3)
    stood = rows(ward)
    spelt = dict(reversed(observation("a").items()))
    again = taken(ward, person(), spelt, observation("b"))
    assert again == Imported((patient,), 0, 0, 0, 3)
    assert rows(ward) == stood
    changed = taken(ward, person(), observation("b", value="poor"), observation("c"))
    assert (changed.written, changed.changed, changed.unchanged) == (1, 1, 1)
    assert [one.resource.get("valueString") for one in kept(ward, patient)].count("normal") == 2
    (b,) = [
        one
        for one in open_patient(ward[Role.PHYSICIAN], ward.records, patient, kinds=["Observation"])
        if one.version > 1
    ]
    history = open_record(ward[Role.PHYSICIAN], ward.records, patient, b.id)
    assert [Stored.from_bytes(one.payload).resource["valueString"] for one in history] == ["normal", "poor"]


def test_what_has_no_id_is_known_by_its_address_or_its_content(ward: Ward) -> None:
    """Proves that entries without id are not taken in twice."""
    bare = {name: value for name, value in observation("x").items() if name != "id"}
    addressed = document(person(), bare, addresses=("urn:uuid:11111111-1111-4111-8111-111111111111", "urn:x:bare"))
    physician = ward[Role.PHYSICIAN]
    (patient,) = import_fhir(physician, ward.records, addressed).patients
    assert import_fhir(physician, ward.records, addressed).unchanged == 2
    assert taken(ward, bare | {"subject": {"reference": "Patient/1"}, "valueString": "new"}).written == 1
    assert taken(ward, bare | {"subject": {"reference": "Patient/1"}, "valueString": "new"}).unchanged == 1
    assert len(kept(ward, patient)) == 3


def test_the_order_of_a_document_is_kept(ward: Ward) -> None:
    """Proves that resources come out in the order in which they came in, also after some of them changed."""
    ids = [f"o{number}" for number in (5, 3, 9, 1, 7, 2, 8)]
    (patient,) = taken(ward, person(), *(observation(one) for one in ids)).patients
    taken(ward, person(), observation("o3", value="changed"))
    more = [f"later{number}" for number in range(6)]
    for one in more:
        taken(ward, observation(one))
    out = export_fhir(ward[Role.PHYSICIAN], ward.records, patient)["entry"]
    assert [one["resource"]["id"] for one in out] == ["1", *ids, *more]


def test_versions_that_say_which_they_are(ward: Ward) -> None:
    """Proves that a version seen before is not written again when an old document comes after a newer one."""

    def version(number: int) -> dict[str, Any]:
        return observation("a", value=f"v{number}", meta={"versionId": str(number)})

    (patient,) = taken(ward, person(), version(1)).patients
    assert taken(ward, person(), version(2)).changed == 1
    assert taken(ward, person(), version(1)).unchanged == 2
    (one,) = [one for one in kept(ward, patient) if one.kind == "Observation"]
    assert one.resource["valueString"] == "v2"
    taken(ward, person(), observation("b", value="1"))
    taken(ward, person(), observation("b", value="2"))
    assert taken(ward, person(), observation("b", value="1")).changed == 1  # nothing says that it is the old one


def test_withdrawn_here_stays_withdrawn_until_it_says_something_new(ward: Ward) -> None:
    physician = ward[Role.PHYSICIAN]
    (patient,) = taken(ward, person(), observation("a")).patients
    (one,) = open_patient(physician, ward.records, patient, kinds=["Observation"])
    withdraw_record(physician, ward.records, patient, one.id, base=1)
    again = taken(ward, person(), observation("a"))
    assert (again.written, again.unchanged) == (0, 2)
    assert "withdrawn" in again.remarks[0].en
    assert len(kept(ward, patient)) == 1
    assert taken(ward, person(), observation("a", value="corrected")).changed == 1
    assert len(kept(ward, patient)) == 2


def test_the_same_id_of_two_systems_is_two_resources(ward: Ward) -> None:
    """Proves that source and id together say what a resource is, and that a full address is its own source."""
    (patient,) = taken(ward, person(), observation("a"), source="http://one/fhir").patients
    other = taken(ward, person("9"), observation("a", "9", value="poor"), source="http://two/fhir/")
    assert other.patients == (patient,)
    assert (other.registered, other.written, other.changed) == (0, 2, 0)
    physician = ward[Role.PHYSICIAN]
    full = document(
        person(), observation("a"), addresses=("http://one/fhir/Patient/1", "http://one/fhir/Observation/a")
    )
    assert import_fhir(physician, ward.records, full).unchanged == 2
    later = document(observation("z", "9"))  # the patient is not in it, and is known by source and id
    assert import_fhir(physician, ward.records, later, source="http://two/fhir").patients == (patient,)


# Who it is


def test_a_patient_resource_becomes_demographics() -> None:
    """Proves names, identifiers, dates and sex, in both ways of writing names."""
    who = demographics_of(
        {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:a", "value": "7"}, {"value": "8"}, {"system": "urn:none"}, {"value": " "}],
            "name": [
                {"family": "van der Berg", "given": ["Anna", "Maria"], "prefix": ["Dr."]},
                {"family": "欧阳", "given": ["修", "远"]},
                {"text": "A. Berg", "family": "Berg"},
                {"use": "old"},
            ],
            "birthDate": "1980-02-29",
            "gender": "female",
        },
        "fhir:|Patient/1",
    )
    assert who.identifiers == ("urn:a|7", "8")
    assert who.names == ("Anna Maria van der Berg", "欧阳修远", "A. Berg")
    assert (who.birth_date, who.sex, who.addresses) == ("1980-02-29", Sex.FEMALE, ("fhir:|Patient/1",))
    assert who.parts == ("van der Berg", "Anna Maria", "欧阳", "修远")
    assert Demographics.from_bytes(who.to_bytes()) == who
    for partly in ("1980", "1980-02", "1980-02-30", ""):
        assert demographics_of({"id": "1", "name": [{"text": "X"}], "birthDate": partly}).birth_date == ""
    with pytest.raises(InputError):
        demographics_of({"resourceType": "Patient", "birthDate": "1980-01-01"})


def test_found_by_what_stands_on_the_wristband(ward: Ward) -> None:
    """Proves that the number alone finds a patient, and that it is unique only within its system."""
    physician = ward[Role.PHYSICIAN]
    (one,) = taken(ward, person("1", number="MRN-7", family="王", given="小明")).patients
    for asked in (
        {"identifier": "urn:ward|MRN-7"},
        {"identifier": "mrn-7"},
        {"name": "王小明"},
        {"name": "王"},
        {"name": "小明"},
        {"birth_date": "1980-05-06"},
    ):
        assert [found.id for found in find_patients(physician, ward.records, **asked)] == [one], asked
    other = register_patient(physician, ward.records, Demographics(("MRN-7",), ("Other One",)))  # of no system
    third = register_patient(physician, ward.records, Demographics(("urn:else|MRN-7",), ("Third One",)))
    assert {found.id for found in find_patients(physician, ward.records, identifier="MRN-7")} == {one, other, third}
    for taken_already in ("MRN-7", "urn:ward|MRN-7", "URN:WARD|mrn-7"):
        with pytest.raises(InputError, match="already"):
            register_patient(physician, ward.records, Demographics((taken_already,)))
    assert (
        break_glass(ward[Role.NURSE], ward.records, identifier="urn:ward|MRN-7", reason="no pulse at all").patient
        == one
    )
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_demographics_filed_before_numbers_were_found_alone_stay_as_they_are() -> None:
    """Proves that an old payload is found by what it was found by, so that verifying finds no fault in old stores."""
    old = Demographics(("urn:a|7", "8"), ("A B",), by_number=False)
    assert b'"format":1' in old.to_bytes()
    read = Demographics.from_bytes(old.to_bytes())
    assert ("identifier", "7") not in set(read.fields())
    assert ("identifier", "7") in set(Demographics(("urn:a|7",)).fields())
    assert b'"format":1' in Demographics(("7",), ("A B",)).to_bytes()  # nothing new in it, so any Suwen may read it


def test_a_correction_by_hand_keeps_the_addresses(ward: Ward) -> None:
    """Proves that a patient whose name was amended is still the same to the system that sent the resources."""
    physician = ward[Role.PHYSICIAN]
    (patient,) = taken(ward, person()).patients
    amend_patient(physician, ward.records, patient, Demographics(("urn:ward|MRN-1",), ("Ruth Married",), "1980-05-06"))
    done = taken(ward, observation("a"))
    assert done.patients == (patient,)
    assert "name" in " ".join(one.en for one in taken(ward, person()).remarks)


def test_known_by_an_identifier_from_another_system(ward: Ward) -> None:
    """Proves that the second source adds its identifiers and address, and that contradictions are remarked on."""
    physician = ward[Role.PHYSICIAN]
    (patient,) = taken(ward, person()).patients
    more = {"identifier": [{"system": "urn:ward", "value": "MRN-1"}, {"system": "urn:card", "value": "C-5"}]}
    other = taken(ward, person("77", **more), source="lab")
    assert (other.patients, other.registered, other.remarks) == ((patient,), 0, ())
    assert [one.id for one in find_patients(physician, ward.records, identifier="C-5")] == [patient]
    assert taken(ward, observation("q", "77"), source="lab").patients == (patient,)
    strange = taken(ward, person("78", birthDate="1980-06-05", gender="male", family="Else"), source="x")
    assert [word in " ".join(one.en for one in strange.remarks) for word in ("birth date", "sex", "name")] == [True] * 3
    assert "1980" not in " ".join(one.en for one in strange.remarks)


def test_two_sources_must_not_share_an_id(ward: Ward) -> None:
    """Proves that another person of the same id is refused with the remedy, and taken in under a source."""
    (one,) = taken(ward, person()).patients
    stranger = person(number="MRN-2", family="Bo")
    stood = rows(ward)
    with pytest.raises(FormatError, match="--source"):
        taken(ward, stranger, observation("a"))
    assert rows(ward) == stood
    (other,) = taken(ward, stranger, observation("a"), source="there").patients
    assert other != one
    taken(ward, person("2", number="MRN-3"))
    with pytest.raises(FormatError, match="--source"):  # the identifier of one, the id of the other
        taken(ward, person("2"))


def test_ids_that_differ_in_case_are_different_patients(ward: Ward) -> None:
    """Proves that an address is not folded: FHIR's ids are told apart by case."""
    (one,) = taken(ward, person("abc", number="")).patients
    (other,) = taken(ward, person("ABC", number="", family="Bo")).patients
    assert one != other


def test_a_number_without_a_system_needs_the_same_birth_date(ward: Ward) -> None:
    """Proves that two hospitals' patient 1001 are not taken for one person."""
    register_patient(ward[Role.PHYSICIAN], ward.records, Demographics(("1001",), ("One",), "1950-01-01"))
    bare = person(number="", identifier=[{"value": "1001"}])
    with pytest.raises(FormatError, match="birth date") as told:
        taken(ward, bare)
    assert "1001" not in str(told.value)
    assert "1950" not in str(told.value)
    assert taken(ward, bare | {"birthDate": "1950-01-01"}).registered == 0


def test_identifiers_of_two_patients_in_one_are_refused(ward: Ward) -> None:
    ward.patient(1)
    ward.patient(2)
    both = person(identifier=[{"value": "MRN-1"}, {"value": "MRN-2"}])
    with pytest.raises(FormatError, match="different patients"):
        taken(ward, both)


def test_somebody_elses_patient_is_neither_opened_nor_named(ward: Ward) -> None:
    """Proves that an import into a record outside one's care is refused, audited, and tells nothing of the patient."""
    colleague = ward.hire("colleague", Role.PHYSICIAN)
    (theirs,) = import_fhir(colleague, ward.records, document(person(), observation("a"))).patients
    ward[Role.PHYSICIAN]  # hired when first asked for
    stood, since = rows(ward), length(ward)
    with pytest.raises(AccessError) as told:
        taken(ward, person(), observation("b"))
    for secret in ("Abel", "Ruth", "MRN-1", "1980", theirs, "colleague"):
        assert secret not in str(told.value)
    assert "entry[0]" in str(told.value)
    assert rows(ward) == stood
    denied = [one for one in audited(ward, since) if one.outcome is Outcome.DENY]
    assert [one.act for one in denied] == [Act.ANNOTATE.value]


# Who may


def test_a_nurse_imports_no_orders_and_stops_none(ward: Ward) -> None:
    """Proves that orders need the act "order": new ones, changed ones and those ended; what is over needs it not."""
    (patient,) = taken(ward, person(), order("m1")).patients
    nurse_for(ward, patient)
    stood = rows(ward)
    for wrong in (
        order("m2"),
        order("m1", status="stopped"),
        order("m1", intent="plan"),
        order("m3", status="unknown"),
    ):
        with pytest.raises(AccessError, match="order"):
            taken(ward, person(), observation("a"), wrong, role=Role.NURSE)
    assert rows(ward) == stood
    told = taken(ward, person(), observation("a"), order("m4", status="completed"), order("m1"), role=Role.NURSE)
    assert (told.written, told.unchanged) == (2, 2)
    assert taken(ward, order("m5", intent="proposal"), role=Role.NURSE).written == 1


def test_orders_and_findings_are_written_and_withdrawn_only_by_their_own_act(ward: Ward) -> None:
    """Proves the same for records written one by one."""
    physician, nurse = ward[Role.PHYSICIAN], ward[Role.NURSE]
    patient = ward.patient(1)
    nurse_for(ward, patient)
    for kind, act in (("Consult", Act.DIAGNOSE), ("ServiceRequest", Act.ORDER), ("MedicationRequest", Act.ORDER)):
        with pytest.raises(InputError, match=act.value):
            write_records(nurse, ward.records, patient, [Draft(kind, b"{}")])
        with pytest.raises(AccessError):
            write_records(nurse, ward.records, patient, [Draft(kind, b"{}")], act=act)
        (one,) = write_records(physician, ward.records, patient, [Draft(kind, b"{}")], act=act)
        with pytest.raises(AccessError):
            withdraw_record(nurse, ward.records, patient, one.id, base=1)
        withdraw_record(physician, ward.records, patient, one.id, base=1)


def test_a_nurse_registers_by_document_and_has_the_patient_in_care(ward: Ward) -> None:
    (patient,) = taken(ward, person(), observation("a"), role=Role.NURSE).patients
    assert [one.id for one in list_my_patients(ward[Role.NURSE], ward.records)] == [patient]
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.RESEARCHER, Role.SECURITY_OFFICER):
        with pytest.raises(AccessError):
            taken(ward, person("5", number="MRN-5"), role=role)


# All or nothing


def test_a_document_with_one_fault_leaves_nothing(ward: Ward) -> None:
    """Proves that whatever is wrong, nobody is registered and nothing kept, and all of it is told."""
    physician = ward[Role.PHYSICIAN]
    lost = observation("a") | {"subject": {"reference": "urn:uuid:22222222-2222-4222-8222-222222222222"}}
    cases = (
        (person(), lost),
        (person(), person("2", number="MRN-2"), practitioner()),
        (person(), observation("b", "3")),
        (practitioner(),),
    )
    stood = rows(ward)
    for resources in cases:
        with pytest.raises(FormatError):
            taken(ward, *resources)
    twice = [Entry(person()), Entry(observation("a"), "", "1"), Entry(observation("a", value="other"), "", "2")]
    with pytest.raises(FormatError, match="2: comes twice"):
        import_fhir(physician, ward.records, twice)
    for kind in ("Demographics", "Finding", "Consult", "", "observation"):
        with pytest.raises(FormatError, match="resource type"):
            import_fhir(physician, ward.records, [Entry(person()), Entry({**observation("a"), "resourceType": kind})])
    assert rows(ward) == stood
    with pytest.raises(FormatError) as told:
        taken(ward, observation("b", "3"), observation("c", "4"), practitioner())
    assert len(told.value.problems) == 3


def test_who_came_with_one_patient_stays_with_the_patient(ward: Ward) -> None:
    """Proves what becomes of practitioners: kept with the one patient of a document, refused with the remedy else."""
    (patient,) = taken(ward, person(), observation("a"), practitioner()).patients
    assert [one.kind for one in kept(ward, patient)] == ["Patient", "Observation", "Practitioner"]
    with pytest.raises(FormatError, match="administrator"):
        taken(ward, person(), person("2", number="MRN-2"), practitioner())


def test_the_log_names_records_and_no_words(ward: Ward) -> None:
    """Proves that an import is audited with decisions and sealed versions, without anything a resource says."""
    since = length(ward)
    taken(ward, person(), observation("a", value="sarcoma"), order())
    seen = audited(ward, since)
    acts = {one.act for one in seen if one.kind is EventKind.DECISION}
    assert {Act.REGISTER.value, Act.ANNOTATE.value, Act.ORDER.value} <= acts
    sealed = [record for one in seen if one.kind is EventKind.SEAL for record in one.detail["records"]]
    assert len(sealed) == 4  # who it is, and three resources
    for word in ("Abel", "Ruth", "MRN-1", "sarcoma", "1980", "metformin"):
        assert word not in repr(seen)


# Files and folders


def test_a_folder_is_taken_in_by_content(ward: Ward, tmp_path: Path) -> None:
    """Proves bundles, lines, single resources and packed files side by side; a bad file is told, the others kept."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "a-first.json").write_bytes(render(observation("s1")))  # before its patient, who stands in b.json
    (folder / "b.json").write_bytes(render(bundle(person(), observation("b1"))))
    (folder / "deep" / "c.ndjson.gz").write_bytes(
        gzip.compress(lines(observation("n1", "2"), person("2", number="M2")))
    )
    (folder / "d.json").write_bytes(lines(observation("n2", "2"), observation("n3", "2")))  # lines by another name
    (folder / "e.json").write_bytes(b"{}")
    (folder / "f.json").write_bytes(render(bundle(person("8", number="M8"), observation("x", "404"))))
    (folder / "notes.txt").write_text("not for us")
    told: list[tuple[str, int, Problem]] = []
    steps: list[tuple[int, int]] = []
    done = import_path(
        ward[Role.PHYSICIAN],
        ward.records,
        folder,
        progress=lambda now, whole: steps.append((now, whole)),
        problems=lambda file, number, problem: told.append((file.name, number, problem)),
    )
    assert (done.registered, done.written, len(done.patients)) == (2, 7, 2)
    assert [(name, number) for name, number, _ in told] == [("f.json", 0), ("e.json", 0)]
    assert steps == sorted(steps)
    assert (
        steps[-1][0]
        == steps[-1][1]
        == sum(file.stat().st_size for file in folder.rglob("*.json*"))
        + (folder / "deep" / "c.ndjson.gz").stat().st_size
    )
