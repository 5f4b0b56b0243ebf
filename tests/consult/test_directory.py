"""The directory: kept by the administrator, read by those who treat, and no way into or out of a record."""

from __future__ import annotations

import pytest
from papers import contents, document, observation, person, practitioner
from ward import Ward
from watch import audited, length, rows

from suwen.consult.fhir.directory import import_directory, list_directory
from suwen.consult.fhir.importing import import_fhir
from suwen.errors import AccessError, FormatError
from suwen.govern.upkeep import verify_store
from suwen.records.access import Purpose, Role
from suwen.records.audit import EventKind

PEOPLE = document(
    practitioner("d1"),
    {"resourceType": "Organization", "id": "h", "name": "三院", "extension": [{"url": "urn:n", "valueDecimal": 1}]},
    practitioner("D1", "Other"),
    addresses=("urn:x:1",),
)


def test_filed_once_and_read_as_it_was(ward: Ward) -> None:
    """Proves that resources come back whole, are filed once, and that a changed one replaces what was there."""
    administrator = ward[Role.ADMINISTRATOR]
    assert import_directory(administrator, ward.records, PEOPLE, source="http://hr").directory == 3
    stood = rows(ward)
    again = import_directory(administrator, ward.records, PEOPLE, source="http://hr")
    assert (again.directory, again.unchanged) == (0, 3)
    assert rows(ward) == stood
    found = list_directory(ward[Role.NURSE], ward.records)
    assert sorted(contents(found)) == sorted(contents(PEOPLE.entries))
    assert {one.source for one in found} == {"http://hr"}
    moved = document(practitioner("d1", "Married"))
    assert import_directory(administrator, ward.records, moved, source="http://hr").directory == 1
    names = [one.resource["name"][0]["family"] for one in list_directory(ward[Role.NURSE], ward.records)[1:]]
    assert sorted(names) == ["Married", "Other"]
    assert len(list_directory(ward[Role.NURSE], ward.records)) == 3
    assert verify_store(administrator, ward.records).faults == []


def test_who_may(ward: Ward) -> None:
    """Proves who reads and who keeps it, and for which purpose."""
    for role in (Role.PHYSICIAN, Role.NURSE, Role.RESEARCHER, Role.AUDITOR, Role.SECURITY_OFFICER):
        with pytest.raises(AccessError):
            import_directory(ward[role], ward.records, PEOPLE)
    import_directory(ward[Role.ADMINISTRATOR], ward.records, PEOPLE)
    for role in (Role.PHYSICIAN, Role.NURSE, Role.IMAGING_SPECIALIST):
        for purpose in (Purpose.TREATMENT, Purpose.EMERGENCY):
            assert len(list_directory(ward[role], ward.records, purpose=purpose)) == 3
    assert len(list_directory(ward[Role.ADMINISTRATOR], ward.records, purpose=Purpose.OPERATIONS)) == 3
    for role in (Role.RESEARCHER, Role.DATA_SCIENTIST, Role.AUDITOR, Role.SECURITY_OFFICER):
        for purpose in Purpose:
            with pytest.raises(AccessError):
                list_directory(ward[role], ward.records, purpose=purpose)


def test_nothing_about_a_patient_comes_in_by_this_door(ward: Ward) -> None:
    """Proves that what names a patient is refused with the remedy, and nothing of the document is filed."""
    stood = rows(ward)
    for resources in (
        (person(), practitioner()),
        (observation("a"), practitioner()),
        (person(),),
    ):
        with pytest.raises(FormatError, match="about a patient"):
            import_directory(ward[Role.ADMINISTRATOR], ward.records, document(*resources))
    assert rows(ward) == stood


def test_an_import_by_the_administrator_goes_here(ward: Ward) -> None:
    """Proves that the same import serves whoever may keep the directory, and says to all others who may."""
    done = import_fhir(ward[Role.ADMINISTRATOR], ward.records, PEOPLE)
    assert (done.directory, done.written, done.patients) == (3, 0, ())
    with pytest.raises(FormatError, match="administrator"):
        import_fhir(ward[Role.PHYSICIAN], ward.records, PEOPLE)


def test_the_log_says_what_was_filed_and_read(ward: Ward) -> None:
    since = length(ward)
    import_directory(ward[Role.ADMINISTRATOR], ward.records, PEOPLE)
    list_directory(ward[Role.PHYSICIAN], ward.records)
    seen = [one for one in audited(ward, since) if one.detail.get("what") == "directory"]
    assert [one.kind for one in seen] == [EventKind.SEAL, EventKind.QUERY]
    assert len(seen[0].detail["records"]) == 3
    assert "Dorian" not in repr(audited(ward, since))
