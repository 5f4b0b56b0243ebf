"""Backup and restore: everything, sealed, to either database; refused whole where anything of it is not right."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ward import CHEAP, CHEAP_FILE, Clock, Ward, new_database, open_ward, opening
from watch import audited, length

from suwen.consult.chart import Draft, open_patient, open_record, write_records
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import find_patients, list_my_patients
from suwen.errors import (
    ConflictError,
    InputError,
    KeyProviderError,
    LoginError,
    NotFoundError,
    StoreError,
    SuwenError,
    TamperError,
)
from suwen.govern.hospital import open_records
from suwen.govern.keys import change_passphrase, rotate_data_keys, rotate_kek
from suwen.govern.upkeep import back_up, check_store, restore_backup, snapshots_in, verify_store
from suwen.records.access import Role
from suwen.records.audit import EventKind
from suwen.records.store.store import Place

FRESH = "another long passphrase"


def silent(_done: int, _all: int) -> None:
    pass


@pytest.fixture(params=["to sqlite", "to postgresql"])
def destination(request: pytest.FixtureRequest) -> Place:
    """Where a restored store keeps its database."""
    if request.param == "to sqlite":
        return Place()
    return Place(database=new_database(request.getfixturevalue("server")))


def furnished(ward: Ward) -> tuple[str, str, str]:
    """A patient with records in several versions, a withdrawn finding and an image: patient, record, image."""
    patient, physician = ward.patient(1, records=3), ward[Role.PHYSICIAN]
    (one,) = write_records(physician, ward.records, patient, [Draft("Note", "第一版".encode())])
    write_records(physician, ward.records, patient, [Draft("Note", b"\x00\xff", one.id, 1)])
    made = store_images(
        physician, ward.records, patient, kind="ImagingStudy", payload=b"", images=[Image([b"pixels" * 999], 5994)]
    )
    return patient, made.id, made.images[0][0]


def saved(ward: Ward, place: Path) -> str:
    return back_up(ward[Role.ADMINISTRATOR], ward.records, str(place), progress=silent)


@contextmanager
def restored(ward: Ward, place: Path, home: Path, into: Place, *, snapshot: str = "") -> Iterator[Ward]:
    """A ward whose store was restored, with the physician and those who run it logged in anew."""
    restore_backup(str(place), home, into, opening(ward.clock), snapshot=snapshot, progress=silent)
    with open_records(home, opening(ward.clock), policy=CHEAP) as records:
        other = Ward(home, records, ward.clock)
        for role, login in (
            (Role.ADMINISTRATOR, "administrator"),
            (Role.SECURITY_OFFICER, "security"),
            (Role.AUDITOR, "auditor"),
            (Role.PHYSICIAN, "physician"),
        ):
            other.people[role] = other.log_in(login)
        yield other


def whole(ward: Ward) -> bool:
    return verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_everything_comes_back_on_either_database(either_ward: Ward, destination: Place, tmp_path: Path) -> None:
    """Proves all four ways between SQLite and PostgreSQL: records, history, images, index, accounts, care, log."""
    ward = either_ward
    patient, record, image = furnished(ward)
    before = open_patient(ward[Role.PHYSICIAN], ward.records, patient)
    log = [event for event in audited(ward) if event.kind is not EventKind.AUDIT]
    told: list[tuple[int, int]] = []
    back_up(ward[Role.ADMINISTRATOR], ward.records, str(tmp_path / "b"), progress=lambda *given: told.append(given))
    assert told[-1][0] == told[-1][1]
    session = ward[Role.PHYSICIAN]
    with restored(ward, tmp_path / "b", tmp_path / "new", destination) as other:
        physician = other[Role.PHYSICIAN]
        assert open_patient(physician, other.records, patient) == before
        note = next(one for one in before if one.kind == "Note")
        history = open_record(physician, other.records, patient, note.id)
        assert [one.payload for one in history] == ["第一版".encode(), b"\x00\xff"]
        assert b"".join(open_image(physician, other.records, patient, record, image=image)) == b"pixels" * 999
        assert [one.id for one in find_patients(physician, other.records, name="病人1")] == [patient]
        assert audited(other)[: len(log)] == log
        assert audited(other, kind=EventKind.RESTORE)[0].detail["snapshot"] == snapshots_in(str(tmp_path / "b"))[0]
        assert whole(other)
        other.records.store.require_not_set_back()
        with pytest.raises(LoginError):  # a session that was ended since must not come back to life
            list_my_patients(session, other.records)
        write_records(physician, other.records, patient, [Draft("Note", b"life goes on")])
        assert whole(other)
    assert whole(ward)


def test_a_restored_store_can_be_backed_up_and_restored_again(ward: Ward, server: str, tmp_path: Path) -> None:
    """Proves there and back: SQLite to PostgreSQL to SQLite, into the same repository, nothing lost on the way."""
    patient, record, image = furnished(ward)
    saved(ward, tmp_path / "b")
    with restored(ward, tmp_path / "b", tmp_path / "pg", Place(database=new_database(server))) as second:
        write_records(second[Role.PHYSICIAN], second.records, patient, [Draft("Note", b"from PostgreSQL")])
        expected = open_patient(second[Role.PHYSICIAN], second.records, patient)
        saved(second, tmp_path / "b")
    with restored(ward, tmp_path / "b", tmp_path / "lite", Place()) as third:
        physician = third[Role.PHYSICIAN]
        assert open_patient(physician, third.records, patient) == expected
        assert b"".join(open_image(physician, third.records, patient, record, image=image)) == b"pixels" * 999
        assert whole(third)


def test_images_are_copied_once(either_ward: Ward, tmp_path: Path) -> None:
    """Proves that a further backup copies only what is not there yet, and each snapshot restores its moment."""
    ward, place = either_ward, tmp_path / "b"
    patient, record, image = furnished(ward)
    first = saved(ward, place)
    (kept,) = (place / "objects").rglob("*.1")
    stamp = kept.stat().st_mtime_ns, kept.stat().st_ino
    store_images(
        ward[Role.PHYSICIAN], ward.records, patient, kind="ImagingStudy", payload=b"2", images=[Image([b"new"], 3)]
    )
    second = saved(ward, place)
    assert len(list((place / "objects").rglob("*.1"))) == 2
    assert (kept.stat().st_mtime_ns, kept.stat().st_ino) == stamp
    assert snapshots_in(str(place)) == [first, second]
    for name, images in ((first, 1), (second, 2)):
        with restored(ward, place, tmp_path / name, Place(), snapshot=name) as other:
            found = open_patient(other[Role.PHYSICIAN], other.records, patient, kinds=["ImagingStudy"])
            assert len(found) == images
            assert b"".join(open_image(other[Role.PHYSICIAN], other.records, patient, record, image=image))
            assert whole(other)


def test_older_snapshots_open_after_every_rotation(either_ward: Ward, tmp_path: Path) -> None:
    """Proves that new data keys, retired key-encryption keys and a new passphrase leave no backup unreadable."""
    ward, place, officer = either_ward, tmp_path / "b", either_ward[Role.SECURITY_OFFICER]
    patient, record, image = furnished(ward)
    first = saved(ward, place)
    rotate_data_keys(officer, ward.records)
    second = saved(ward, place)
    rotate_kek(officer, ward.records, retire=True)
    rotate_data_keys(officer, ward.records)
    for name in (first, second):
        with restored(ward, place, tmp_path / name, Place(), snapshot=name) as other:
            found = open_image(other[Role.PHYSICIAN], other.records, patient, record, image=image)
            assert b"".join(found) == b"pixels" * 999
            assert whole(other)
    change_passphrase(officer, ward.records, FRESH)
    with pytest.raises(KeyProviderError):
        restore_backup(str(place), tmp_path / "old", Place(), opening(ward.clock), progress=silent)
    assert not any((tmp_path / "old").iterdir())
    later = opening(ward.clock, passphrase=FRESH)
    assert restore_backup(str(place), tmp_path / "old", Place(), later, progress=silent) == second


def test_a_line_that_was_restored_and_rotated_spoils_no_backup(ward: Ward, tmp_path: Path) -> None:
    """Proves that a store restored to an earlier moment, with other keys since, does not mix them in one repository."""
    place = tmp_path / "b"
    patient, record, image = furnished(ward)
    first = saved(ward, place)
    rotate_data_keys(ward[Role.SECURITY_OFFICER], ward.records)
    second = saved(ward, place)
    with restored(ward, place, tmp_path / "earlier", Place(), snapshot=first) as other:
        ward.clock.now += 60  # some seconds at least has passed between the two
        rotate_data_keys(other[Role.SECURITY_OFFICER], other.records)
        write_records(other[Role.PHYSICIAN], other.records, patient, [Draft("Note", b"another line")])
        third = saved(other, place)
    for name in (second, third):
        with restored(ward, place, tmp_path / name, Place(), snapshot=name) as again:
            found = open_image(again[Role.PHYSICIAN], again.records, patient, record, image=image)
            assert b"".join(found) == b"pixels" * 999
            assert whole(again)


def test_the_place_of_another_store_or_of_something_else_is_refused(ward: Ward, tmp_path: Path) -> None:
    """Proves that a backup never mixes with another store's, nor with files that are none."""
    saved(ward, tmp_path / "b")
    with open_ward(tmp_path / "other") as other, pytest.raises(InputError, match="another store"):
        saved(other, tmp_path / "b")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(InputError, match="something else"):
        saved(ward, tmp_path / "photos")
    assert [one.name for one in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
    with pytest.raises(NotFoundError):
        snapshots_in(str(tmp_path / "photos"))
    assert len(snapshots_in(str(tmp_path / "b"))) == 1


def damage(place: Path, what: str) -> None:
    """Flip a byte in the middle of a file of a repository, cut it off, or remove it."""
    kind, _, name = what.partition(" ")
    (file,) = [one for one in place.rglob(name) if one.is_file()]
    content = file.read_bytes()
    middle = len(content) // 2
    if kind == "flip":
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif kind == "cut":
        file.write_bytes(content[:middle])
    else:
        file.unlink()


@pytest.mark.parametrize("what", ["flip 2*.sealed", "cut 2*.sealed", "cut *.1", "drop *.1", "cut keys.sealed"])
def test_a_damaged_backup_is_refused_and_nothing_is_left(
    either_ward: Ward, destination: Place, tmp_path: Path, what: str
) -> None:
    """Proves that a restore that fails leaves folder and database empty: the same command works with a good one."""
    ward, place, home = either_ward, tmp_path / "b", tmp_path / "new"
    furnished(ward)
    saved(ward, place)
    shutil.copytree(place, tmp_path / "bad")
    damage(tmp_path / "bad", what)
    with pytest.raises(StoreError):
        restore_backup(str(tmp_path / "bad"), home, destination, opening(ward.clock), progress=silent)
    assert list(home.iterdir()) == []
    restore_backup(str(place), home, destination, opening(ward.clock), progress=silent)


@pytest.mark.parametrize(
    "what", ["flip store.json", "cut store.json", "flip keys.json", "cut keys.json", "drop 2*.sealed"]
)
def test_a_backup_that_cannot_be_opened_is_refused(ward: Ward, tmp_path: Path, what: str) -> None:
    """Proves the same for the files that lead to the keys, and for a repository without a snapshot."""
    furnished(ward)
    saved(ward, tmp_path / "b")
    damage(tmp_path / "b", what)
    with pytest.raises(SuwenError) as told:
        restore_backup(str(tmp_path / "b"), tmp_path / "new", Place(), opening(ward.clock), progress=silent)
    assert isinstance(told.value, (TamperError, KeyProviderError, NotFoundError))
    assert list((tmp_path / "new").iterdir()) == []


def test_nothing_is_restored_over_anything(ward: Ward, server: str, tmp_path: Path) -> None:
    """Proves that a folder or database that holds something is refused and left as it is, and names must be known."""
    saved(ward, tmp_path / "b")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="not empty"):
        restore_backup(str(tmp_path / "b"), tmp_path / "full", Place(), opening(ward.clock), progress=silent)
    assert (tmp_path / "full" / "thesis.txt").read_text() == "years of work"
    stood = length(ward)
    with pytest.raises(InputError, match="not empty"):
        restore_backup(str(tmp_path / "b"), ward.home, Place(), opening(ward.clock), progress=silent)
    assert length(ward) >= stood
    taken = Place(database=new_database(server), settings=CHEAP_FILE)
    with open_ward(tmp_path / "other", taken) as other:
        with pytest.raises(StoreError, match="not empty"):
            restore_backup(str(tmp_path / "b"), tmp_path / "new", taken, opening(ward.clock), progress=silent)
        assert whole(other)
    for wrong in ({"snapshot": "20200101T000000.000000Z-1"}, {"snapshot": "../keys"}):
        with pytest.raises(NotFoundError):
            restore_backup(
                str(tmp_path / "b"), tmp_path / "new", Place(), opening(ward.clock), progress=silent, **wrong
            )
    with pytest.raises(NotFoundError):
        restore_backup(str(tmp_path / "nowhere"), tmp_path / "new", Place(), opening(Clock()), progress=silent)


def test_backing_up_is_audited_and_remembered(either_ward: Ward, tmp_path: Path) -> None:
    """Proves who, when and which snapshot in the log, and that a fresh backup is not behind."""
    ward = either_ward
    name = saved(ward, tmp_path / "b")
    (noted,) = audited(ward, kind=EventKind.BACKUP)
    assert (noted.actor, noted.act, noted.detail["snapshot"]) == (ward[Role.ADMINISTRATOR].id, "back up", name)
    assert check_store(ward[Role.SECURITY_OFFICER], ward.records).nothing


def test_an_image_removed_while_the_backup_is_made_is_a_conflict_and_not_a_fault(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that a rotation beside a backup is not told as tampering: the snapshot names what is just gone."""
    furnished(ward)
    pieces = ward.records.store.blobs.pieces

    def rotated_first(name: str) -> Iterator[bytes]:
        monkeypatch.undo()
        rotate_data_keys(ward[Role.SECURITY_OFFICER], ward.records)
        return pieces(name)

    monkeypatch.setattr(ward.records.store.blobs, "pieces", rotated_first)
    with pytest.raises(ConflictError, match="back up again"):
        back_up(ward[Role.ADMINISTRATOR], ward.records, str(tmp_path / "b"), progress=silent)
    back_up(ward[Role.ADMINISTRATOR], ward.records, str(tmp_path / "b"), progress=silent)
