"""The store under many hands: nothing lost between threads and processes, nothing left by what failed to be made."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from ward import CHEAP, CHEAP_FILE, PASSPHRASE, Clock, Ward, new_database, open_ward, opening

from suwen.consult.chart import Draft, open_patient, write_records
from suwen.consult.patients import list_my_patients, register_patient
from suwen.errors import InputError, LoginError, NotFoundError, StoreError, SuwenError
from suwen.govern.auditing import read_audit
from suwen.govern.hospital import create_records, open_records
from suwen.govern.people import log_out
from suwen.govern.upkeep import verify_store
from suwen.records.access import Role
from suwen.records.audit import EventKind
from suwen.records.demographics import Demographics
from suwen.records.store.store import Opening, Place

_EACH = 8
WRONG = "not the passphrase"

# What a second process does: register patients of its own and write to one that all write to.
_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ward import CHEAP, PASSWORD, Clock, opening
from suwen.consult.chart import Draft, write_records
from suwen.consult.patients import register_patient
from suwen.govern.hospital import open_records
from suwen.govern.people import log_in
from suwen.records.demographics import Demographics
_, _, home, name, shared, each, now = sys.argv
with open_records(Path(home), opening(Clock(float(now))), policy=CHEAP) as records:
    actor = log_in(records, "physician", PASSWORD)
    for number in range(int(each)):
        mine = register_patient(actor, records, Demographics((f"{name}-{number}",)))
        for patient in (mine, shared):
            write_records(actor, records, patient, [Draft("Note", f"{name} {number}".encode())])
"""


def notes(ward: Ward, patient: str) -> list[str]:
    return sorted(
        one.payload.decode() for one in open_patient(ward[Role.PHYSICIAN], ward.records, patient, kinds=["Note"])
    )


def nothing_lost(ward: Ward, shared: str, names: list[str]) -> None:
    """Every record of every writer is there once, every patient too, the log whole and without gaps."""
    expected = sorted(f"{name} {number}" for name in names for number in range(_EACH))
    assert notes(ward, shared) == expected
    listed = list_my_patients(ward[Role.PHYSICIAN], ward.records)
    identifiers = sorted(one.demographics.identifiers[0] for one in listed if one.id != shared)
    assert identifiers == sorted(f"{name}-{number}" for name in names for number in range(_EACH))
    entries = read_audit(ward[Role.AUDITOR], ward.records)
    assert [number for number, _ in entries] == list(range(len(entries)))
    sealed = Counter(event.subject for _, event in entries if event.kind is EventKind.SEAL)
    assert sealed[shared] == 1 + len(expected)
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_four_threads_in_one_open_store(either_ward: Ward) -> None:
    """Proves that threads that share a store, each in its own transactions, lose no record, patient or entry."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    shared = ward.patient(1)
    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(_EACH):
                mine = register_patient(physician, ward.records, Demographics((f"{name}-{number}",)))
                for patient in (mine, shared):
                    write_records(physician, ward.records, patient, [Draft("Note", f"{name} {number}".encode())])
                open_patient(physician, ward.records, mine)
        except Exception as error:
            failed.append(error)

    names = [f"thread{number}" for number in range(4)]
    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    nothing_lost(ward, shared, names)


def test_two_processes_beside_this_one(either_ward: Ward) -> None:
    """Proves the same for processes, which share nothing but the store."""
    ward = either_ward
    shared = ward.patient(1)
    names = ["one", "two"]
    here = str(Path(__file__).parent)
    given = (shared, str(_EACH), str(ward.clock.now))
    processes = [
        subprocess.Popen([sys.executable, "-c", _WRITER, here, str(ward.home), name, *given], stderr=subprocess.PIPE)
        for name in names
    ]
    said = [one.communicate()[1].decode() for one in processes]
    assert [one.returncode for one in processes] == [0, 0], said
    ward.clock.now += 60  # their clocks went on, and a care relationship begins when its writer says
    nothing_lost(ward, shared, names)


def test_writers_of_one_patient_at_once_all_come_through(either_ward: Ward) -> None:
    """Proves that new records of one patient from several open stores never conflict: only versions of one can."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    shared = ward.patient(1)
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        threads = [
            threading.Thread(
                target=lambda name, records: [
                    write_records(physician, records, shared, [Draft("Note", f"{name} {number}".encode())])
                    for number in range(_EACH)
                ],
                args=(name, records),
            )
            for name, records in (("a", ward.records), ("b", second), ("c", ward.records), ("d", second))
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert notes(ward, shared) == sorted(f"{name} {number}" for name in "abcd" for number in range(_EACH))


def test_reopened_it_is_the_same(either_ward: Ward) -> None:
    """Proves that sessions, records and log outlast a restart, and that a wrong passphrase opens nothing."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient = ward.patient(1, records=2)
    before = open_patient(physician, ward.records, patient)
    ward.records.store.close()
    with pytest.raises(StoreError), open_records(ward.home, opening(passphrase=WRONG), policy=CHEAP):
        pass
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as again:
        assert open_patient(physician, again, patient) == before
        assert verify_store(ward[Role.ADMINISTRATOR], again).faults == []
        log_out(physician, again)
        with pytest.raises(LoginError):
            open_patient(physician, again, patient)
    with pytest.raises(NotFoundError), open_records(ward.home / "nowhere", opening(ward.clock)):
        pass


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return "sqlite:records.db" if request.param == "sqlite" else new_database(request.getfixturevalue("server"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"logins": ("administrator", "administrator", "auditor")},
        {"logins": ("Admin", "ａｄｍｉｎ", "auditor")},
        {"logins": ("a b", "security", "auditor")},
        {"passphrase": "short"},
        {"settings": {"time": 0}},
        {"provider": "no such provider"},
    ],
)
def test_a_store_that_cannot_be_made_leaves_nothing(database: str, tmp_path: Path, wrong: dict[str, object]) -> None:
    """Proves that after a mistake the same command, put right, works in the same folder and database."""
    home = tmp_path / "store"
    place = Place(
        database,
        provider=str(wrong.get("provider", "file")),
        settings={**CHEAP_FILE, **dict(wrong.get("settings", {}))},
    )
    how = opening(passphrase=str(wrong["passphrase"])) if "passphrase" in wrong else opening()
    logins = wrong.get("logins", ("administrator", "security", "auditor"))
    with pytest.raises(SuwenError):
        create_records(home, place, how, logins=logins, policy=CHEAP)
    assert list(home.iterdir() if home.exists() else ()) == []
    with open_ward(home, Place(database, settings=CHEAP_FILE)) as ward:
        assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_making_a_store_never_touches_what_was_there(tmp_path: Path) -> None:
    """Proves that a folder, objects or a database that hold something are refused and stay as they were."""
    images, other = tmp_path / "images", tmp_path / "other"
    images.mkdir()
    (images / "scan.dcm").write_bytes(b"years of scans")
    other.mkdir()
    (other / "records.db").write_bytes(b"another store's database")
    for number, place in enumerate(
        (
            Place(blobs=str(images), settings={"time": 0}),
            Place(blobs="../images", settings={"time": 0}),
            Place(blobs=str(images), settings=CHEAP_FILE),
            Place(blobs="../images", settings=CHEAP_FILE),
            Place(blobs="..", settings={"time": 0}),
            Place(blobs=".", settings={"time": 0}),
            Place(database=f"sqlite:{other}/records.db", settings=CHEAP_FILE),
            Place(database="sqlite:../other/records.db", settings=CHEAP_FILE),
        )
    ):
        with pytest.raises(SuwenError):
            create_records(tmp_path / f"new{number}", place, opening(), policy=CHEAP)
        assert (images / "scan.dcm").read_bytes() == b"years of scans"
        assert (other / "records.db").read_bytes() == b"another store's database"
    with pytest.raises(InputError, match="not empty"):
        create_records(images, Place(settings=CHEAP_FILE), opening(), policy=CHEAP)
    assert [one.name for one in images.iterdir()] == ["scan.dcm"]


def test_a_database_that_holds_a_store_is_refused_and_stays(either_ward: Ward, tmp_path: Path) -> None:
    """Proves that a second store is not made in the database of the first."""
    ward = either_ward
    patient = ward.patient(1)
    place = Place(database=ward.records.store.bootstrap.database, settings=CHEAP_FILE)
    with pytest.raises(SuwenError, match="not empty"):
        create_records(
            ward.home if place.database.startswith("sqlite") else tmp_path / "new", place, opening(), policy=CHEAP
        )
    assert len(open_patient(ward[Role.PHYSICIAN], ward.records, patient)) == 1
    assert verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_nothing_about_opening_is_shown() -> None:
    """Proves that neither passphrase nor database password stand in what a traceback prints."""
    how = Opening(secret=lambda _: PASSPHRASE, password=WRONG, clock=Clock())
    assert PASSPHRASE not in repr(how)
    assert WRONG not in repr(how)
