"""Keys: rotated without losing a record, gone on with after an interruption, and destroyed for good by an erasure."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sqlalchemy import select
from ward import CHEAP, Ward, opening
from watch import audited, length, rows

from suwen.consult.chart import Draft, open_patient, open_patients, write_records
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.patients import find_patients, list_my_patients
from suwen.errors import (
    AccessError,
    ConflictError,
    InputError,
    KeyProviderError,
    NotFoundError,
    StoreError,
    TamperError,
)
from suwen.govern.care import list_care
from suwen.govern.hospital import open_records
from suwen.govern.keys import (
    change_passphrase,
    erase_patient,
    preview_erasure,
    preview_rotation,
    rotate_data_keys,
    rotate_kek,
)
from suwen.govern.upkeep import back_up, check_store, clean_store, restore_backup, verify_store
from suwen.records.access import Role
from suwen.records.audit import EventKind
from suwen.records.keys import Wrapped
from suwen.records.store import rotation
from suwen.records.store.backup import Repository, read_keys
from suwen.records.store.store import Place
from suwen.records.store.tables import DATA_KEY

FRESH = "quite another long passphrase"


class KilledError(Exception):
    """Stands for the end of the process in the middle of long work."""


def killed_after(steps: int) -> Callable[[int, int], None]:
    def progress(done: int, _all: int) -> None:
        if done >= steps:
            raise KilledError

    return progress


def furnished(ward: Ward, patients: int = 5) -> tuple[list[str], tuple[str, str]]:
    """Patients with two records each, the first with an image: ids, (record, image)."""
    ids = [ward.patient(number, records=2) for number in range(1, patients + 1)]
    made = store_images(
        ward[Role.PHYSICIAN], ward.records, ids[0], kind="ImagingStudy", payload=b"", images=[Image([b"pixels"], 6)]
    )
    ward[Role.SECURITY_OFFICER]
    return ids, (made.id, made.images[0][0])


def seen(ward: Ward, ids: list[str]) -> dict[str, list[tuple[str, int, bytes]]]:
    found = open_patients(ward[Role.PHYSICIAN], ward.records, ids)
    return {patient: [(one.id, one.version, one.payload) for one in of_one] for patient, of_one in found.items()}


def wrapped(ward: Ward) -> list[Wrapped]:
    with ward.records.store.snapshot() as connection:
        found = connection.execute(select(DATA_KEY.c.kek, DATA_KEY.c.wrapped).order_by(DATA_KEY.c.patient))
        return [Wrapped(*row) for row in found]


def objects(ward: Ward) -> list[str]:
    return sorted(one.name for one in ward.records.store.blobs.all())


def pixels(ward: Ward, patient: str, place: tuple[str, str]) -> bytes:
    return b"".join(open_image(ward[Role.PHYSICIAN], ward.records, patient, place[0], image=place[1]))


def whole(ward: Ward) -> bool:
    return verify_store(ward[Role.ADMINISTRATOR], ward.records).faults == []


def test_a_new_kek_wraps_every_key_and_rewrites_no_record(either_ward: Ward) -> None:
    """Proves NIST SP 800-57's re-wrapping: all data keys under the new key, the same data keys, records untouched."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, image = furnished(ward)
    before, keys, stood = seen(ward, ids), wrapped(ward), length(ward)
    plain = [ward.records.store.provider.unwrap(one) for one in keys]
    kek, missed = rotate_kek(officer, ward.records)
    assert (kek, missed) == (ward.records.store.provider.current, [])
    assert {one.kek for one in wrapped(ward)} == {kek}
    assert {one.kek for one in keys} != {kek}
    assert [ward.records.store.provider.unwrap(one) for one in wrapped(ward)] == plain
    assert [one.kek for one in ward.records.store.bootstrap.root] == [kek]
    assert ward.records.store.provider.unwrap(keys[0]) == plain[0]  # not retired: old copies still open
    assert seen(ward, ids) == before
    assert pixels(ward, ids[0], image) == b"pixels"
    ward.records.store.close()
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as again:
        assert len(open_patient(ward[Role.PHYSICIAN], again, ids[1])) == 3
    noted = [one for one in audited(ward, stood) if one.kind is EventKind.KEY]
    assert {one.actor for one in noted} == {officer.id}
    assert whole(ward)


def test_a_retired_kek_opens_no_old_copy(ward: Ward) -> None:
    """Proves that retiring destroys every earlier key: wrapped keys copied before can be unwrapped by nobody."""
    ids, _ = furnished(ward)
    first = wrapped(ward)
    rotate_kek(ward[Role.SECURITY_OFFICER], ward.records)
    second = wrapped(ward)
    rotate_kek(ward[Role.SECURITY_OFFICER], ward.records, retire=True)
    for old in (*first, *second):
        with pytest.raises(KeyProviderError):
            ward.records.store.provider.unwrap(old)
    assert len(seen(ward, ids)) == len(ids)
    assert whole(ward)


def test_an_interrupted_kek_rotation_is_gone_on_with(either_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that after any interruption all opens, check tells of it, and the same key is finished."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, _ = furnished(ward)
    before = seen(ward, ids)
    monkeypatch.setattr(rotation, "_BATCH", 2)
    for steps in (2, 4):
        with pytest.raises(KilledError):
            rotate_kek(officer, ward.records, progress=killed_after(steps))
        halfway = ward.records.store.provider.current
        assert check_store(officer, ward.records).rotations == ("kek",)
        assert preview_rotation(officer, ward.records)[1] == ["kek"]
        with open_records(ward.home, opening(ward.clock), policy=CHEAP) as again:
            assert len(open_patients(ward[Role.PHYSICIAN], again, ids)) == len(ids)
        ward.patient(10 + steps)  # work goes on meanwhile
        kek, _ = rotate_kek(officer, ward.records)
        assert kek == halfway
        assert {one.kek for one in wrapped(ward)} == {kek}
        assert check_store(officer, ward.records).rotations == ()
    assert seen(ward, ids) == before
    assert whole(ward)


def test_new_data_keys_reseal_records_and_images(either_ward: Ward) -> None:
    """Proves that every version and image is under a new key, the old object gone, all readable, history too."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, image = furnished(ward)
    before, keys, named = seen(ward, ids), wrapped(ward), objects(ward)
    done, missed = rotate_data_keys(officer, ward.records)
    assert (done, missed) == (len(ids), [])
    assert seen(ward, ids) == before
    assert pixels(ward, ids[0], image) == b"pixels"
    assert not set(objects(ward)) & set(named)
    assert len(objects(ward)) == len(named)
    unwrap = ward.records.store.provider.unwrap
    assert not {unwrap(one) for one in wrapped(ward)} & {unwrap(one) for one in keys}
    assert len(wrapped(ward)) == len(keys)
    assert [one.id for one in find_patients(ward[Role.PHYSICIAN], ward.records, identifier="MRN-3")] == [ids[2]]
    assert whole(ward)


def test_an_interrupted_renewal_of_data_keys_is_gone_on_with(either_ward: Ward) -> None:
    """Proves that going on renews only those left, that new patients are not renewed, and retiring waits for it."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, image = furnished(ward)
    before = seen(ward, ids)
    with pytest.raises(KilledError):
        rotate_data_keys(officer, ward.records, progress=killed_after(2))
    assert check_store(officer, ward.records).rotations == ("data keys",)
    with pytest.raises(InputError, match="not finished"):
        rotate_kek(officer, ward.records, retire=True)
    ward.patient(20)
    assert seen(ward, ids) == before
    told: list[tuple[int, int]] = []
    done, _ = rotate_data_keys(officer, ward.records, progress=lambda *given: told.append(given))
    assert done == len(ids) - 2
    assert told[-1] == (len(ids) + 1, len(ids) + 1)
    assert check_store(officer, ward.records).rotations == ()
    assert seen(ward, ids) == before
    assert pixels(ward, ids[0], image) == b"pixels"
    assert whole(ward)


def test_a_record_written_meanwhile_is_not_lost(either_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that a patient written to while being renewed is tried again with the new record, not overwritten."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, image = furnished(ward, 2)
    true, left = rotation._renew, [ids[0], ids[1], ids[0]]

    def late(ongoing: object, state: object, *given: object) -> None:
        if left and state.key.patient.hex() == left[-1]:
            left.pop()
            raise ConflictError("as if somebody had written")
        true(ongoing, state, *given)

    monkeypatch.setattr(rotation, "_renew", late)
    written: list[object] = []

    def write(_done: int, _all: int) -> None:
        for patient in ids:
            written.extend(write_records(ward[Role.PHYSICIAN], ward.records, patient, [Draft("Note", b"late")]))

    rotate_data_keys(officer, ward.records, progress=write)
    assert sum(len(of_one) for of_one in seen(ward, ids).values()) == 2 * 3 + 1 + len(written)
    assert pixels(ward, ids[0], image) == b"pixels"
    assert whole(ward)


def test_writers_and_a_renewal_at_the_same_time(either_ward: Ward) -> None:
    """Proves under real threads that renewing keys while records and images come in loses none of them."""
    ward, officer, physician = either_ward, either_ward[Role.SECURITY_OFFICER], either_ward[Role.PHYSICIAN]
    ids, _ = furnished(ward, 3)
    stop, stored, failed = threading.Event(), [0] * len(ids), []

    def write(place: int) -> None:
        while not stop.is_set():
            try:
                store_images(
                    physician, ward.records, ids[place], kind="ImagingStudy", payload=b"", images=[Image([b"xy"], 2)]
                )
                stored[place] += 1
            except ConflictError:  # its key was renewed between the object and the record
                continue
            except Exception as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=write, args=(place,)) for place in range(len(ids))]
    for one in threads:
        one.start()
    try:
        for _ in range(2):
            rotate_data_keys(officer, ward.records)
            rotate_kek(officer, ward.records, retire=True)
    except ConflictError:  # five times in a row somebody was quicker: it is told, and nothing is lost
        pass
    finally:
        stop.set()
        for one in threads:
            one.join()
    assert failed == []
    counts = [len(open_patient(physician, ward.records, one, kinds=["ImagingStudy"])) for one in ids]
    assert counts == [stored[0] + 1, *stored[1:]]
    rotate_data_keys(officer, ward.records)
    assert whole(ward)


def test_two_renewals_at_the_same_time_spoil_no_image(either_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that of two officers who renew at once neither overwrites the other's objects: each image stays readable.

    The first is held where its new object is sealed and not yet stored, for as long as the second can get on.
    """
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, image = furnished(ward, 2)
    failed: list[BaseException] = []
    threads: list[threading.Thread] = []
    true = ward.records.store.blobs.put

    def renew() -> None:
        try:
            rotate_data_keys(officer, second)
        except Exception as error:
            failed.append(error)

    def put(name: str, pieces: Iterable[bytes]) -> int:
        held = list(pieces)
        if not threads:
            threads.append(threading.Thread(target=renew))
            threads[0].start()
            threads[0].join(0.3)
        return true(name, held)

    monkeypatch.setattr(ward.records.store.blobs, "put", put)
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        rotate_data_keys(officer, ward.records)
        threads[0].join()
    assert failed == []
    assert pixels(ward, ids[0], image) == b"pixels"
    assert whole(ward)


def test_a_rotation_sees_that_another_process_has_rotated(either_ward: Ward) -> None:
    """Proves that each rotation asked for makes a key of its own, also from a store that was opened before the last."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:
        one, _ = rotate_kek(officer, ward.records, retire=True)
        two, _ = rotate_kek(officer, second, retire=True)
        three, _ = rotate_kek(officer, ward.records)
    assert len({one, two, three}) == 3
    assert [each.kek for each in ward.records.store.bootstrap.root] == [three]
    assert check_store(officer, ward.records).rotations == ()


def test_a_key_wrapped_before_a_rotation_is_not_stored_after_it(
    either_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that a data key wrapped under a key-encryption key that is retired meanwhile is wrapped anew, not lost."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, image = furnished(ward, 2)
    before, true, once = seen(ward, ids), rotation._reseal_blob, [1]

    def slowly(*given: object) -> int:
        if once:
            once.pop()
            rotation.rotate_kek(ward.records.store, actor=officer.id, retire=True)
        return true(*given)

    monkeypatch.setattr(rotation, "_reseal_blob", slowly)
    rotate_data_keys(officer, ward.records)
    assert {one.kek for one in wrapped(ward)} == {ward.records.store.provider.current}
    ward.records.store.charts._opened.clear()
    assert seen(ward, ids) == before
    assert pixels(ward, ids[0], image) == b"pixels"


def test_an_erased_patient_is_gone_for_good(either_ward: Ward) -> None:
    """Proves that nothing opens, finds, lists or counts the patient any more, objects are gone, and the log knows."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, (record, image) = furnished(ward, 2)
    gone, left = ids
    said = preview_erasure(officer, ward.records, gone)
    assert (said["versions"], said["images"]) == (4, 1)
    assert said["image_bytes"] > 6
    with pytest.raises(InputError, match="why"):
        erase_patient(officer, ward.records, gone, reason="  ")
    held = wrapped(ward)
    assert erase_patient(officer, ward.records, gone, reason="retention period ended") == []
    assert objects(ward) == []
    assert len(wrapped(ward)) == len(held) - 1
    for attempt in (
        lambda: open_patient(ward[Role.PHYSICIAN], ward.records, gone),
        lambda: write_records(ward[Role.PHYSICIAN], ward.records, gone, [Draft("Note", b"x")]),
        lambda: open_image(ward[Role.PHYSICIAN], ward.records, gone, record, image=image),
    ):
        with pytest.raises(AccessError):  # care for them ended too
            attempt()
    for again in (
        lambda: erase_patient(officer, ward.records, gone, reason="once more"),
        lambda: preview_erasure(officer, ward.records, gone),
        lambda: erase_patient(officer, ward.records, "ab" * 16, reason="nobody"),
    ):
        with pytest.raises(NotFoundError):
            again()
    assert find_patients(ward[Role.PHYSICIAN], ward.records, identifier="MRN-1") == []
    assert [one.id for one in list_my_patients(ward[Role.PHYSICIAN], ward.records)] == [left]
    assert [one.patient for one in list_care(ward[Role.ADMINISTRATOR], ward.records)] == [left]
    (noted,) = audited(ward, kind=EventKind.ERASE)
    assert (noted.subject, noted.actor, noted.detail["reason"]) == (gone, officer.id, "retention period ended")
    assert rotate_data_keys(officer, ward.records)[0] == 1
    assert whole(ward)


def test_an_erasure_reaches_every_backup(either_ward: Ward, tmp_path: Path) -> None:
    """Proves that the key leaves the backup too: an older snapshot restores without the patient, and says so."""
    ward, officer, place = either_ward, either_ward[Role.SECURITY_OFFICER], tmp_path / "backup"
    ids, _ = furnished(ward, 2)
    snapshot = back_up(ward[Role.ADMINISTRATOR], ward.records, str(place), progress=lambda _d, _a: None)
    repository = Repository(str(place), key=ward.records.store.keys.backup)
    assert {patient.hex() for patient, _ in read_keys(repository)} == set(ids)
    assert erase_patient(officer, ward.records, ids[0], reason="asked for") == []
    assert {patient.hex() for patient, _ in read_keys(repository)} == {ids[1]}
    restored = restore_backup(
        str(place), tmp_path / "restored", Place(), opening(ward.clock), snapshot=snapshot, progress=lambda _d, _a: None
    )
    assert restored == snapshot
    with open_records(tmp_path / "restored", opening(ward.clock), policy=CHEAP) as records:
        other = Ward(tmp_path / "restored", records, ward.clock)
        for login, role in (("physician", Role.PHYSICIAN), ("administrator", Role.ADMINISTRATOR)):
            other.people[role] = other.log_in(login)
        other.people[Role.AUDITOR] = other.log_in("auditor")
        with pytest.raises(AccessError):
            open_patient(other[Role.PHYSICIAN], records, ids[0])
        assert len(open_patient(other[Role.PHYSICIAN], records, ids[1])) == 3
        assert [one.subject for one in audited(other, kind=EventKind.ERASE)] == [ids[0]]
        assert whole(other)


def test_a_backup_that_cannot_be_reached_is_told_and_caught_up(ward: Ward, tmp_path: Path) -> None:
    """Proves that an erasure says which backup still holds the key, check keeps saying so, and clean mends it."""
    officer, place, away = ward[Role.SECURITY_OFFICER], tmp_path / "backup", tmp_path / "on a shelf"
    ids, _ = furnished(ward, 2)
    back_up(ward[Role.ADMINISTRATOR], ward.records, str(place), progress=lambda _d, _a: None)
    shutil.move(place, away)
    assert erase_patient(officer, ward.records, ids[0], reason="asked for") == [str(place)]
    assert not place.exists()
    assert check_store(officer, ward.records).backups_behind == (str(place),)
    assert clean_store(officer, ward.records, check_store(officer, ward.records)) == [str(place)]
    shutil.move(away, place)
    repository = Repository(str(place), key=ward.records.store.keys.backup)
    assert {patient.hex() for patient, _ in read_keys(repository)} == set(ids)
    assert clean_store(officer, ward.records, check_store(officer, ward.records)) == []
    assert {patient.hex() for patient, _ in read_keys(repository)} == {ids[1]}
    assert check_store(officer, ward.records).backups_behind == ()


def test_a_rotation_killed_before_the_backups_have_the_new_keys_is_told(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that a backup that still has the old key files is marked in the rotation itself, and check mends it."""
    officer, place = ward[Role.SECURITY_OFFICER], tmp_path / "backup"
    ids, _ = furnished(ward, 2)
    back_up(ward[Role.ADMINISTRATOR], ward.records, str(place), progress=lambda _d, _a: None)

    def killed(_store: object) -> list[str]:
        raise KilledError

    monkeypatch.setattr("suwen.govern.keys.refresh_keys", killed)
    with pytest.raises(KilledError):
        rotate_kek(officer, ward.records)
    monkeypatch.undo()
    found = check_store(officer, ward.records)
    assert found.backups_behind == (str(place),)
    assert clean_store(officer, ward.records, found) == []
    assert (place / "keys.json").read_bytes() == (ward.home / "keys.json").read_bytes()
    assert len(seen(ward, ids)) == len(ids)


def test_an_erasure_whose_objects_cannot_be_removed_still_reaches_the_backups(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves that a failure after the key is gone leaves the backups marked, and check finds the objects."""
    officer, place = ward[Role.SECURITY_OFFICER], tmp_path / "backup"
    ids, _ = furnished(ward, 2)
    back_up(ward[Role.ADMINISTRATOR], ward.records, str(place), progress=lambda _d, _a: None)

    def refuse(_names: object) -> None:
        raise TamperError("as if the disk had failed")

    monkeypatch.setattr(ward.records.store.blobs, "delete", refuse)
    with pytest.raises(TamperError):
        erase_patient(officer, ward.records, ids[0], reason="asked for")
    monkeypatch.undo()
    found = check_store(officer, ward.records, grace=-(10**10))
    assert found.backups_behind == (str(place),)
    assert len(found.orphans) == 1
    assert clean_store(officer, ward.records, found) == []
    repository = Repository(str(place), key=ward.records.store.keys.backup)
    assert {patient.hex() for patient, _ in read_keys(repository)} == {ids[1]}
    assert whole(ward)


def test_a_new_passphrase_opens_and_the_old_one_no_more(either_ward: Ward) -> None:
    """Proves that the key file takes another passphrase at once, that a weak one changes nothing, and the log knows."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    ids, _ = furnished(ward, 1)
    stood = length(ward)
    with pytest.raises(InputError):
        change_passphrase(officer, ward.records, "short")
    assert [one for one in audited(ward, stood) if one.kind is EventKind.KEY] == []
    change_passphrase(officer, ward.records, FRESH)
    stored = rows(ward)
    ward.records.store.close()
    with pytest.raises(KeyProviderError), open_records(ward.home, opening(ward.clock), policy=CHEAP):
        pass
    with open_records(ward.home, opening(ward.clock, passphrase=FRESH), policy=CHEAP) as again:
        assert len(open_patient(ward[Role.PHYSICIAN], again, ids[0])) == 4
    assert rows(ward) == stored
    assert [one.detail["what"] for one in audited(ward, kind=EventKind.KEY)] == ["passphrase changed"]


def test_a_renewal_is_refused_by_a_clock_that_is_behind_the_keys(ward: Ward) -> None:
    """Proves that no patient is passed by: keys that seem newer than the renewal would be taken for renewed."""
    ward.patient(1)
    ward.clock.now -= 3600
    officer = ward.log_in("security")
    with pytest.raises(StoreError, match="clock"):
        rotate_data_keys(officer, ward.records)
    ward.clock.now += 7200
    assert rotate_data_keys(ward.log_in("security"), ward.records)[0] == 1
