"""Objects on S3: stored, sliced, rotated, erased, checked, backed up and restored over the real protocol.

The server (s3_peer.py) checks each signature, hears every byte and fails as it is told to. With SUWEN_TEST_S3 set to
the endpoint of another server (credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) the tests speak to that,
and those that need a server that fails are skipped.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from obstore.store import from_url
from remote import CHUNK, NAME, WORDS, Server, faults, image, opened, quiet
from s3_peer import Peer
from ward import CHEAP, CHEAP_FILE, Ward, opening

from suwen.consult.chart import Draft, open_patient, write_records
from suwen.errors import InputError, TamperError
from suwen.govern.hospital import Place, create_records, open_records
from suwen.govern.keys import erase_patient, rotate_data_keys
from suwen.govern.upkeep import back_up, check_store, clean_store, restore_backup, snapshots_in
from suwen.records.access import Role

# names


@pytest.mark.parametrize("prefix", ["", "records", "a/deep/er", "with space+plus"])
def test_names_are_those_that_were_given_whatever_the_prefix(s3: Server, prefix: str) -> None:
    there = s3.blobs(prefix)
    s3.put("elsewhere/x", b"not ours" if prefix else b"ours too")
    there.put(NAME, [b"seal", b"ed"])
    there.put("cd/other.2", [])
    theirs = [] if prefix else ["elsewhere/x"]
    assert sorted(one.name for one in there.all()) == sorted([NAME, "cd/other.2", *theirs])
    assert [(one.name, one.size) for one in there.all("ab")] == [(NAME, 6)]
    assert list(there.all("a")) == []  # a prefix is whole parts of a name
    assert there.read(NAME, 1, 5) == b"eale"
    assert there.size(NAME) == 6
    assert there.size("ab/none.1") is None
    there.delete([NAME, "ab/none.1", "cd/other.2"])
    assert [one.name for one in there.all()] == theirs
    assert s3.get("elsewhere/x")


def test_more_objects_than_a_page_holds_are_listed(s3: Server) -> None:
    if s3.peer is not None:
        s3.peer.page = 3
    there = s3.blobs()
    wanted = {f"{number:02x}/{number:032x}.1" for number in range(10)}
    for name in wanted:
        there.put(name, [b"x"])
    assert {one.name for one in there.all()} == wanted
    if s3.peer is not None:
        assert len([one for one in s3.peer.asked if one.method == "GET" and not one.key]) == 4


@pytest.mark.parametrize("size", [0, 1, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20_000_000])
def test_objects_of_any_size_come_back(s3: Server, size: int) -> None:
    there, raw = s3.blobs(), random.Random(size).randbytes(size)  # noqa: S311 - a seeded test
    assert there.put(NAME, (raw[low : low + 700_001] for low in range(0, size, 700_001))) == size
    assert there.size(NAME) == size
    assert b"".join(there.pieces(NAME)) == raw


def test_a_writer_that_fails_in_the_midst_leaves_nothing_visible(s3: Server) -> None:
    there = s3.blobs()

    def pieces() -> Iterator[bytes]:
        yield bytes(20 << 20)
        raise InputError("the image is longer than was said")

    with pytest.raises(InputError):
        there.put(NAME, pieces())
    assert list(there.all()) == []
    assert there.size(NAME) is None
    assert s3.names() == []
    if s3.peer is not None:
        s3.peer.trouble = lambda _ask, answer: answer
        assert not s3.peer.buckets[s3.bucket]


# a ward


def test_images_are_stored_and_only_the_touched_chunks_are_read(far_ward: Ward, s3: Server) -> None:
    raw = os.urandom(40 * CHUNK + 123)
    patient = far_ward.patient(1)
    where = image(far_ward, patient, raw)
    assert opened(far_ward, patient, where) == raw
    if s3.peer is None:
        return
    ranges = s3.reads(lambda: opened(far_ward, patient, where, 20 * CHUNK + 5, 20 * CHUNK + 10))
    assert None not in ranges
    asked = sum(high - low for low, high in filter(None, ranges))
    assert CHUNK < asked < 2 * CHUNK + 1000  # the head and the chunk
    assert opened(far_ward, patient, where, 20 * CHUNK - 5, 21 * CHUNK + 5) == raw[20 * CHUNK - 5 : 21 * CHUNK + 5]


def test_rotated_erased_and_whole(far_ward: Ward, s3: Server) -> None:
    raw = {far_ward.patient(number, records=2): os.urandom(3 * CHUNK) for number in range(3)}
    images = {patient: image(far_ward, patient, one) for patient, one in raw.items()}
    before = s3.names("records")
    rotate_data_keys(far_ward[Role.SECURITY_OFFICER], far_ward.records)
    after = s3.names("records")
    assert len(before) == len(after) == 3
    assert set(before).isdisjoint(after)
    assert {patient: opened(far_ward, patient, where) for patient, where in images.items()} == raw
    gone = next(iter(raw))
    erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, gone, reason="on request")
    assert len(s3.names("records")) == 2
    assert not [name for name in s3.names() if images[gone][1] in name]
    assert faults(far_ward) == []


def test_what_killed_writers_left_is_found_and_removed(far_ward: Ward, s3: Server) -> None:
    patient = far_ward.patient(1)
    where = image(far_ward, patient, b"scan")
    s3.put(f"records/{NAME}", b"sealed, and named by no record")
    administrator = far_ward[Role.ADMINISTRATOR]
    assert check_store(administrator, far_ward.records).orphans == ()  # it may be being written
    found = check_store(administrator, far_ward.records, grace=-60.0)
    assert found.orphans == ((NAME, 30),)
    assert found.leftovers == ()
    clean_store(administrator, far_ward.records, found)
    assert check_store(administrator, far_ward.records, grace=-60.0).nothing
    assert opened(far_ward, patient, where) == b"scan"
    assert faults(far_ward) == []


def test_what_is_not_an_image_of_ours_is_left_alone(far_ward: Ward, s3: Server, tmp_path: Path) -> None:
    """A backup beneath the images' own address is no orphan, and no second store is made where one is."""
    image(far_ward, far_ward.patient(1), b"scan")
    administrator, backup = far_ward[Role.ADMINISTRATOR], s3.url("records/backup")
    back_up(administrator, far_ward.records, backup, progress=quiet)
    s3.put("records/README.txt", b"the hospital's own words")
    before = s3.names()
    found = check_store(administrator, far_ward.records, grace=-60.0)
    assert found.nothing
    clean_store(administrator, far_ward.records, found)
    assert s3.names() == before
    with pytest.raises(InputError, match="holds something"):
        back_up(administrator, far_ward.records, s3.url(), progress=quiet)
    place = Place(blobs=s3.url(), settings=CHEAP_FILE)
    with pytest.raises(InputError, match="holds something"):
        create_records(tmp_path / "second", place, opening(), policy=CHEAP)
    assert s3.names() == before
    assert list((tmp_path / "second").iterdir()) == []


def test_nothing_in_the_clear_ever_reaches_the_server(far_ward: Ward, s3: Server) -> None:
    patient = far_ward.patient(7)
    write_records(far_ward[Role.PHYSICIAN], far_ward.records, patient, [Draft("Observation", WORDS)])
    where = image(far_ward, patient, WORDS * 10_000)
    back_up(far_ward[Role.ADMINISTRATOR], far_ward.records, s3.url("backup"), progress=quiet)
    rotate_data_keys(far_ward[Role.SECURITY_OFFICER], far_ward.records)
    assert opened(far_ward, patient, where) == WORDS * 10_000
    heard = bytes(s3.peer.received) if s3.peer else b"".join(s3.get(name) for name in s3.names())
    assert len(heard) > len(WORDS) * 20_000
    for clear in (WORDS, b"Testpatient", b"MRN-7", "病人".encode(), b"Observation"):
        assert clear not in heard


def test_no_credential_is_kept_with_the_store(far_ward: Ward, s3: Server) -> None:
    image(far_ward, far_ward.patient(1), b"scan")
    back_up(far_ward[Role.ADMINISTRATOR], far_ward.records, s3.url("backup"), progress=quiet)
    files = [one.read_bytes() for one in far_ward.home.rglob("*") if one.is_file()]
    files += [s3.get(name) for name in s3.names()]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert not [one for one in files if os.environ[name].encode() in one]
    assert s3.url().encode() in (far_ward.home / "store.json").read_bytes()


def test_a_changed_or_cut_off_object_is_told_and_not_shown(far_ward: Ward, s3: Server) -> None:
    patient, raw = far_ward.patient(1), os.urandom(4 * CHUNK)
    where = image(far_ward, patient, raw)
    name = s3.names("records")[0]
    kept = s3.get(name)
    flipped = bytearray(kept)
    flipped[2 * CHUNK] ^= 1
    for broken in (bytes(flipped), kept[:-1], kept[: 2 * CHUNK], kept[:10], b""):
        s3.put(name, broken)
        with pytest.raises(TamperError):
            opened(far_ward, patient, where)
        assert faults(far_ward)
    s3.put(name, kept + b"more")
    assert faults(far_ward) == [f"image {where[1]}: has another size than was stored"]
    s3.put(name, kept)
    assert opened(far_ward, patient, where) == raw
    other = image(far_ward, patient, raw)
    s3.put(name, s3.get(next(one for one in s3.names("records") if other[1] in one)))  # sealed, and another's
    with pytest.raises(TamperError):
        opened(far_ward, patient, where)
    obstore.delete(from_url(f"s3://{s3.bucket}"), name)
    with pytest.raises(TamperError, match="missing"):
        opened(far_ward, patient, where)


# backup


def test_backed_up_to_s3_restored_to_a_folder_and_back(far_ward: Ward, s3: Server, tmp_path: Path) -> None:
    raw, backup = os.urandom(10 << 20), s3.url("kept/backup")
    patient, doomed = far_ward.patient(1, records=3), far_ward.patient(2, records=1)
    where, other = image(far_ward, patient, raw), image(far_ward, doomed, b"scan")
    administrator = far_ward[Role.ADMINISTRATOR]
    first = back_up(administrator, far_ward.records, backup, progress=quiet)
    before = {name: s3.get(name) for name in s3.names("kept/backup/objects")}
    late = image(far_ward, patient, b"a later scan")
    asked = len(s3.peer.asked) if s3.peer else 0
    second = back_up(administrator, far_ward.records, backup, progress=quiet)
    if s3.peer:  # what is there already is not sent again
        sent = [one.key for one in s3.peer.asked[asked:] if one.method in ("PUT", "POST") and "/objects/" in one.key]
        assert len(sent) == 1
        assert late[1] in sent[0]
    assert snapshots_in(backup) == [first, second]
    assert len(s3.names("kept/backup/objects")) == 3
    assert {name: s3.get(name) for name in before} == before
    erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, doomed, reason="on request")

    home, again = tmp_path / "near", tmp_path / "far again"
    restore_backup(backup, home, Place(), opening(), snapshot=first, progress=quiet)
    near = Ward(home, far_ward.records, far_ward.clock)
    with open_records(home, opening(time.time), policy=CHEAP) as near.records:
        near.people = {role: near.log_in(role.value) for role in (Role.PHYSICIAN, Role.ADMINISTRATOR)}
        assert faults(near) == []
        assert opened(near, patient, where) == raw
        assert len(open_patient(near[Role.PHYSICIAN], near.records, patient)) == 5
        assert not [one for one in (home / "blobs").rglob("*") if other[1] in one.name]  # erased since
        back_up(near[Role.ADMINISTRATOR], near.records, str(tmp_path / "folder"), progress=quiet)
    place = Place(blobs=s3.url("restored"))
    restore_backup(str(tmp_path / "folder"), again, place, opening(), progress=quiet)
    with open_records(again, opening(time.time), policy=CHEAP) as near.records:
        near.people = {Role.PHYSICIAN: near.log_in("physician")}
        assert faults(near) == []
        assert opened(near, patient, where) == raw
    assert len(s3.names("restored")) == 1


def test_an_erasure_reaches_a_backup_that_was_away(far_ward: Ward, s3: Server, peer: Peer) -> None:
    doomed = far_ward.patient(1, records=1)
    backup = s3.url("backup")
    back_up(far_ward[Role.ADMINISTRATOR], far_ward.records, backup, progress=quiet)
    kept = s3.get("backup/keys.sealed")
    peer.trouble = lambda ask, answer: None if ask.key.startswith("backup") else answer
    missed = erase_patient(far_ward[Role.SECURITY_OFFICER], far_ward.records, doomed, reason="on request")
    assert missed == [backup]
    peer.trouble = lambda _ask, answer: answer
    found = check_store(far_ward[Role.ADMINISTRATOR], far_ward.records)
    assert found.backups_behind == (backup,)
    assert clean_store(far_ward[Role.ADMINISTRATOR], far_ward.records, found) == []
    assert len(s3.get("backup/keys.sealed")) < len(kept)
