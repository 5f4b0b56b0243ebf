"""Records: versions only ever added, two writers never both right, any moment readable again; on both databases."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from ward import CHEAP, Ward, opening
from watch import length, rows

from suwen.consult.chart import (
    Draft,
    Record,
    open_patient,
    open_patients,
    open_record,
    withdraw_record,
    write_records,
    write_records_of,
)
from suwen.consult.findings import list_findings
from suwen.consult.images import Image, store_images
from suwen.consult.patients import list_my_patients
from suwen.errors import AccessError, ConflictError, InputError, NotFoundError
from suwen.govern.care import grant_care
from suwen.govern.hospital import open_records
from suwen.govern.upkeep import verify_store
from suwen.records.access import Act, Role
from suwen.records.demographics import KIND, Demographics


def payloads(found: list[Record]) -> list[bytes]:
    return [one.payload for one in found if one.kind != KIND]


def observation(payload: bytes, of: Record | None = None) -> Draft:
    return Draft("Observation", payload, of.id, of.version) if of else Draft("Observation", payload)


def test_versions_are_added_and_none_is_changed(either_ward: Ward) -> None:
    """Proves that the newest version holds, all are kept in order with their times, and bytes come back as given."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    texts = [b"", b"\x00\xff" * 1000, "第三版".encode()]
    (one,) = write_records(physician, ward.records, patient, [observation(texts[0])])
    for text in texts[1:]:
        (one,) = write_records(physician, ward.records, patient, [observation(text, one)])
    assert one.version == 3
    history = open_record(physician, ward.records, patient, one.id)
    assert [(each.version, each.payload) for each in history] == list(enumerate(texts, start=1))
    assert all(earlier.at < later.at for earlier, later in pairwise(history))
    assert payloads(open_patient(physician, ward.records, patient)) == [texts[-1]]


def test_any_moment_can_be_read_again(either_ward: Ward) -> None:
    """Proves `as_of`: before the first record, at the very microsecond of each version, and after a withdrawal."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    (one,) = write_records(physician, ward.records, patient, [observation(b"1")])
    (two,) = write_records(physician, ward.records, patient, [observation(b"2", one)])
    (other,) = write_records(physician, ward.records, patient, [Draft("Note", b"n")])
    withdraw_record(physician, ward.records, patient, one.id, base=2)
    seen = {
        one.at - 1: [],
        one.at: [b"1"],
        two.at - 1: [b"1"],
        two.at: [b"2"],
        other.at: [b"2", b"n"],
        other.at + 10**9: [b"n"],
    }
    for moment, expected in seen.items():
        assert payloads(open_patient(physician, ward.records, patient, as_of=moment)) == expected
    assert open_patient(physician, ward.records, patient, as_of=0) == []
    assert payloads(open_patient(physician, ward.records, patient)) == [b"n"]


def test_a_withdrawn_record_stays_in_its_history(either_ward: Ward) -> None:
    """Proves that withdrawing lists it no more, keeps every version, needs the newest base, and can be taken back."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    (one,) = write_records(physician, ward.records, patient, [observation(b"wrong patient")])
    with pytest.raises(ConflictError):
        withdraw_record(physician, ward.records, patient, one.id, base=2)
    withdraw_record(physician, ward.records, patient, one.id, base=1)
    assert payloads(open_patient(physician, ward.records, patient)) == []
    history = open_record(physician, ward.records, patient, one.id)
    assert [(each.payload, each.withdrawn) for each in history] == [(b"wrong patient", False), (b"", True)]
    write_records(physician, ward.records, patient, [observation(b"right after all", history[-1])])
    assert payloads(open_patient(physician, ward.records, patient)) == [b"right after all"]
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_kinds_choose_and_order_is_by_time(either_ward: Ward) -> None:
    """Proves the filter by kind (one, several, none of them, exactly spelled) and oldest-first order."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    for number in range(3):
        drafts = [Draft("Note", b"n%d" % number), Draft("Observation", b"o%d" % number)]
        write_records(physician, ward.records, patient, drafts)

    def read(*kinds: str) -> list[bytes]:
        return payloads(open_patient(physician, ward.records, patient, kinds=kinds))

    assert read("Note") == [b"n0", b"n1", b"n2"]
    assert sorted(read("Note", "Observation")) == [b"n0", b"n1", b"n2", b"o0", b"o1", b"o2"]
    assert read("note") == read("Condition") == []
    everything = open_patient(physician, ward.records, patient)
    assert [one.at for one in everything] == sorted(one.at for one in everything)
    assert everything[0].kind == KIND


def test_a_batch_is_all_or_nothing_and_an_empty_one_nothing(either_ward: Ward) -> None:
    """Proves batches over several patients: one that may not be written undoes the others; none stores none."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    mine, mine_too = ward.patient(1), ward.patient(2)
    foreign = ward.patient(3, actor=ward.hire("other", Role.PHYSICIAN))
    stored = rows(ward)
    with pytest.raises(AccessError):
        write_records_of(physician, ward.records, {mine: [observation(b"x")], foreign: [observation(b"y")]})
    with pytest.raises(AccessError):
        open_patients(physician, ward.records, [mine, foreign])
    with pytest.raises(NotFoundError):
        write_records_of(physician, ward.records, {mine: [observation(b"x")], "": [observation(b"y")]})
    assert write_records(physician, ward.records, mine, []) == []
    assert write_records_of(physician, ward.records, {}) == {}
    assert open_patients(physician, ward.records, []) == {}
    assert rows(ward) == stored
    many = [observation(b"%d" % number) for number in range(1200)]  # more than one audit entry lists
    written = write_records_of(physician, ward.records, {mine: many, mine_too: [observation(b"z")]})
    assert [len(one) for one in written.values()] == [1200, 1]
    found = open_patients(physician, ward.records, [mine_too, mine])
    assert {patient: len(one) for patient, one in found.items()} == {mine: 1201, mine_too: 2}
    changed = [observation(b"again", one) for one in written[mine]]
    assert {one.version for one in write_records(physician, ward.records, mine, changed)} == {2}
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_of_two_who_read_the_same_version_one_is_told(either_ward: Ward) -> None:
    """Proves optimistic locking across two open stores: the second writer of a base gets ConflictError, stores none."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    (one,) = write_records(physician, ward.records, patient, [observation(b"1")])
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        read = open_record(physician, second, patient, one.id)[-1]
        write_records(physician, ward.records, patient, [observation(b"2", one)])
        stored = rows(ward)
        for stale in (observation(b"late", read), observation(b"ahead", Record(*[patient, one.id, 7, 0, "", b""]))):
            with pytest.raises(ConflictError, match="read it again"):
                write_records(physician, second, patient, [observation(b"with it"), stale])
        newest = open_record(physician, second, patient, one.id)[-1]
        with pytest.raises(ConflictError):  # the same base twice in one batch
            write_records(physician, second, patient, [observation(b"a", newest), observation(b"b", newest)])
    assert rows(ward) == stored
    assert payloads(open_record(physician, ward.records, patient, one.id)) == [b"1", b"2"]


def test_two_threads_on_one_base(either_ward: Ward) -> None:
    """Proves the same under real threads, many times over: of each pair exactly one is stored."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1)
    (base,) = write_records(physician, ward.records, patient, [observation(b"0")])
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        for _ in range(5):
            barrier, outcomes = threading.Barrier(2), []

            def write(records: object, barrier=barrier, outcomes=outcomes, base=base) -> None:
                barrier.wait()
                try:
                    outcomes.extend(write_records(physician, records, patient, [observation(b"mine", base)]))
                except ConflictError as error:
                    outcomes.append(error)

            threads = [threading.Thread(target=write, args=(one,)) for one in (ward.records, second)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            assert sorted(type(one).__name__ for one in outcomes) == ["ConflictError", "Record"]
            base = next(one for one in outcomes if isinstance(one, Record))
    assert [one.version for one in open_record(physician, ward.records, patient, base.id)] == [1, 2, 3, 4, 5, 6]


def test_unknown_records_and_patients(either_ward: Ward) -> None:
    """Proves that ids nobody has, and another patient's record, are not found, and tell nothing to a stranger."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient, other = ward.patient(1), ward.patient(2)
    (one,) = write_records(physician, ward.records, other, [observation(b"theirs")])
    for record in ("ab" * 16, one.id):
        with pytest.raises(NotFoundError):
            open_record(physician, ward.records, patient, record)
        with pytest.raises(NotFoundError):
            write_records(physician, ward.records, patient, [Draft("Observation", b"x", record, 1)])
        with pytest.raises(NotFoundError):
            withdraw_record(physician, ward.records, patient, record, base=1)
    with pytest.raises(InputError, match="base"):
        write_records(physician, ward.records, patient, [Draft("Observation", b"x", "ab" * 16)])
    with pytest.raises(NotFoundError):
        write_records(physician, ward.records, patient, [Draft("Observation", b"x", base=1)])
    with pytest.raises(AccessError):  # not NotFoundError: that would tell which ids there are
        open_patient(physician, ward.records, "ab" * 16)


def test_what_only_a_diagnosis_may_write_is_not_written_as_a_note(either_ward: Ward) -> None:
    """Proves that whoever may only annotate can neither file, overwrite nor withdraw a finding, by any kind or act."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient, nurse = ward.patient(1), ward[Role.NURSE]
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse")
    (finding,) = write_records(physician, ward.records, patient, [Draft("Finding", b"{}")], act=Act.DIAGNOSE)
    (note,) = write_records(nurse, ward.records, patient, [observation(b"note")])
    stored = rows(ward)
    with pytest.raises(InputError, match="diagnose"):
        write_records(nurse, ward.records, patient, [Draft("Finding", b"{}")])
    with pytest.raises(AccessError):
        write_records(nurse, ward.records, patient, [Draft("Finding", b"{}")], act=Act.DIAGNOSE)
    with pytest.raises(InputError, match="keeps its kind"):
        write_records(nurse, ward.records, patient, [Draft("Observation", b"gone", finding.id, 1)])
    with pytest.raises(InputError, match="keeps its kind"):
        write_records(physician, ward.records, patient, [Draft("Finding", b"{}", note.id, 1)], act=Act.DIAGNOSE)
    with pytest.raises(AccessError):
        withdraw_record(nurse, ward.records, patient, finding.id, base=1)
    with pytest.raises(InputError, match="diagnose"):
        store_images(nurse, ward.records, patient, kind="Finding", payload=b"{}", images=[Image([b"x"], 1)])
    with pytest.raises(InputError, match="records are written to"):
        write_records(nurse, ward.records, patient, [observation(b"x")], act=Act.VIEW)
    assert rows(ward) == stored
    withdraw_record(physician, ward.records, patient, finding.id, base=1)
    assert list_findings(physician, ward.records, patient) == []


def test_who_a_patient_is_is_not_written_past_the_index(ward: Ward) -> None:
    """Proves that nobody can spoil every list the patient stands in by a record that is no demographics."""
    physician, patient = ward[Role.PHYSICIAN], ward.patient(1)
    (known,) = open_patient(physician, ward.records, patient, kinds=[KIND])
    for draft in (Draft(KIND, b"not even JSON"), Draft(KIND, known.payload, known.id, 1)):
        with pytest.raises(InputError, match="amend_patient"):
            write_records(physician, ward.records, patient, [draft])
    with pytest.raises(InputError, match="amend_patient"):
        withdraw_record(physician, ward.records, patient, known.id, base=1)
    (listed,) = list_my_patients(physician, ward.records)
    assert listed.demographics == Demographics.from_bytes(known.payload)


def test_nothing_shown_says_what_a_record_holds(ward: Ward) -> None:
    """Proves that neither drafts and records in a traceback nor errors quote a payload."""
    physician, patient = ward[Role.PHYSICIAN], ward.patient(1)
    secret = b"HIV positive"
    (one,) = write_records(physician, ward.records, patient, [observation(secret)])
    assert "HIV" not in repr(one) + repr(observation(secret))
    stood = length(ward)
    with pytest.raises(ConflictError) as told:
        write_records(physician, ward.records, patient, [Draft("Observation", secret, one.id, 5)])
    assert "HIV" not in str(told.value)
    assert length(ward) > stood
