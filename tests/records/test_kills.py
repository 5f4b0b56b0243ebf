"""Killed at any moment (SIGKILL), a store loses nothing it acknowledged and holds nothing half-done.

A child (kill_writer.py) writes, rotates, backs up, erases; half of the kills come from here, at a random time after an
act began, and half from the child itself, before a random line of Suwen's code: time alone would nearly always hit
the waiting for the disk. One store lives through all of them. SUWEN_KILLS=200 for the long run.
"""

from __future__ import annotations

import copy
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kill_writer import CHEAP, LONG, opening
from siege import ACTS, Children, Siege, begun, found_in, quiet
from ward import CHEAP_FILE, PASSPHRASE, PASSWORD, new_database, open_ward

from suwen.consult.images import Image, store_images
from suwen.errors import InputError, NotFoundError, StoreError
from suwen.govern.hospital import Opening, Place, open_records
from suwen.govern.keys import rotate_data_keys
from suwen.govern.people import change_password, log_in
from suwen.govern.upkeep import back_up, check_store, clean_store, restore_backup, snapshots_in
from suwen.records.access import Role
from suwen.records.store.whole import verify

FULL = int(os.environ.get("SUWEN_KILLS", "0"))
KILLS = FULL or 24
KILLS_POSTGRES = 6
KILLS_CREATE = max(8, FULL // 5)
KILLS_RESTORE = max(6, FULL // 5)
SEED = int(os.environ.get("SUWEN_SEED", "20260"))


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    one = Children(tmp_path)
    yield one
    one.close()


def besiege(siege: Siege, kills: int) -> None:
    siege.measure()
    began, acknowledged = time.monotonic(), len(siege.ledger.records)
    for number in range(kills):
        main = ACTS[number % len(ACTS)]
        by_line = (number + number // len(ACTS)) % 2 == 0
        journal = siege.kill(main, by_line=by_line)
        siege.inspect(main, journal, tidy=siege.rng.random() < 0.7)
    with siege.open() as records:
        siege.tidy(records, "retire", set())
        siege.ledger.require(records.store)
    siege.require_backup()
    if FULL:
        said = (
            f"{kills} kills, {len(siege.ledger.records) - acknowledged} versions and {len(siege.ledger.images)} images"
        )
        sys.stderr.write(f"\n{said} acknowledged, {siege.counts}, {time.monotonic() - began:.0f} s\n")


def test_killed_while_it_works_on_sqlite(tmp_path: Path, children: Children) -> None:
    besiege(begun(tmp_path, children, Place(settings=CHEAP_FILE), seed=SEED), KILLS)


def test_killed_while_it_works_on_postgresql(tmp_path: Path, children: Children, server: str) -> None:
    place = Place(database=new_database(server), settings=CHEAP_FILE)
    besiege(begun(tmp_path, children, place, seed=SEED + 1), max(KILLS_POSTGRES, FULL // 5))


def test_killed_while_a_store_is_made(tmp_path: Path, children: Children) -> None:
    """The same command works then; or the store is there whole, and only what it was to say was lost."""
    job = {"main": "create", "settings": CHEAP_FILE, "passphrase": PASSPHRASE}
    lines = int(children.run({**job, "folder": str(tmp_path / "measured")})[-1].split()[1])
    rng, whole = random.Random(SEED), 0  # noqa: S311 - a seeded test
    for number in range(KILLS_CREATE):
        folder = tmp_path / f"made-{number}"
        children.killed_by_itself({**job, "folder": str(folder)}, _moment(rng, lines, number))
        try:
            journal = children.run({**job, "folder": str(folder)})
            passwords = json.loads(journal[-2].removeprefix("ack create "))
        except AssertionError:
            assert "is not empty" in (tmp_path / f"journal-{children.count}").read_text()
            whole, passwords = whole + 1, {}
        with open_records(folder, opening(PASSPHRASE), policy=CHEAP) as records:
            report = verify(records.store)
            assert report.faults == []
            assert report.documents == 3  # the accounts a store begins with
            for login, password in passwords.items():
                change_password(records, login, password, PASSWORD)
    assert whole <= KILLS_CREATE // 4  # else it is not the making that was killed


def test_killed_while_a_backup_is_restored(tmp_path: Path, children: Children) -> None:
    siege = begun(tmp_path, children, Place(settings=CHEAP_FILE), seed=SEED + 2)
    siege.require_backup()
    siege.take(children.run(siege.job("erase")))  # somebody the snapshot still holds, who must come back as erased
    job = {"main": "restore", "repository": str(siege.repository), "passphrase": PASSPHRASE}
    lines = int(children.run({**job, "folder": str(tmp_path / "measured")})[-1].split()[1])
    for number in range(KILLS_RESTORE):
        folder = tmp_path / f"again-{number}"
        children.killed_by_itself({**job, "folder": str(folder)}, _moment(siege.rng, lines, number))
        _refused_or_whole(folder)
        try:
            children.run({**job, "folder": str(folder)})
        except AssertionError:
            assert "is not empty" in (tmp_path / f"journal-{children.count}").read_text()
        with open_records(folder, opening(PASSPHRASE), policy=CHEAP, lifetime=LONG) as records:
            assert verify(records.store).faults == []
            siege.backed.doomed |= siege.ledger.doomed
            siege.backed.require(records.store)


# Between two steps that chance seldom falls between


def test_killed_between_an_erasure_and_its_backups(tmp_path: Path, children: Children) -> None:
    """The erasure is in the store, its key still in the backup: `check` says so, and `clean` removes it."""
    siege = begun(tmp_path, children, Place(settings=CHEAP_FILE), seed=SEED + 3)
    siege.take(children.run({**siege.job("admit"), "acts": ["admit", "backup"]}))
    job = {**siege.job("erase"), "acts": ["admit", "backup", "erase"], "within": "refresh_keys"}
    journal = children.killed_by_itself(job, 0)
    assert journal is not None
    siege.take(journal)
    with siege.open() as records:
        administrator = siege.actor(Role.ADMINISTRATOR)
        found = check_store(administrator, records, grace=-60.0)
        assert found.backups_behind == (str(siege.repository),)
        assert clean_store(administrator, records, found) == []
    with siege.restored() as records:
        assert verify(records.store).faults == []
        assert [found_in(records.store, one) for one in siege.ledger.doomed] == [None]


def test_killed_between_the_steps_of_a_first_backup(tmp_path: Path, children: Children) -> None:
    """There is no snapshot whose keys are missing, and no repository that an erasure would not find."""
    siege = begun(tmp_path, children, Place(settings=CHEAP_FILE), seed=SEED + 4)
    for within in ("_write_keys", "_refreshed", "_remember", "note"):
        if siege.repository.exists():
            siege.repository.rename(tmp_path / f"before-{within}")
        siege.backed = None
        journal = children.killed_by_itself({**siege.job("backup"), "acts": ["admit", "backup"], "within": within}, 0)
        assert journal is not None
        siege.take(journal)
        if siege.repository.exists() and snapshots_in(str(siege.repository)):
            siege.backed = copy.deepcopy(siege.ledger)
            siege.require_restorable()
        if any(siege.repository.glob("keys.sealed")):
            with siege.open() as records:
                found = check_store(siege.actor(Role.ADMINISTRATOR), records, grace=-60.0)
                assert found.backups_behind == (str(siege.repository),)
        siege.require_backup()


@pytest.mark.parametrize("within", ["_renew", "append"])
def test_killed_within_the_renewal_of_a_data_key(tmp_path: Path, children: Children, within: str) -> None:
    """Before its commit, which follows the entry in the log, the earlier objects are there, and then the later ones."""
    siege = begun(tmp_path, children, Place(settings=CHEAP_FILE), seed=SEED + 5)
    siege.take(children.run({**siege.job("image"), "acts": ["image"] * 4}))
    job = {**siege.job("data"), "acts": ["data"], "within": within}
    lines = int(children.run(job)[-1].split()[1])
    assert lines > 50
    for fuse in range(lines - 1, 0, -(lines // 8)):
        assert children.killed_by_itself(job, fuse) is not None
        with siege.open() as records:
            siege.require_whole(records, set(siege.ledger.images))
            siege.tidy(records, "data", set(siege.ledger.images))


def test_killed_while_the_key_file_is_written(tmp_path: Path, children: Children) -> None:
    """What was half-written is removed by the next attempt, also by one that begins anew."""
    job = {"main": "create", "settings": CHEAP_FILE, "passphrase": PASSPHRASE}
    for within in ("_write_new", "replace"):
        for fuse in range(9):
            folder = tmp_path / f"{within}-{fuse}"
            if children.killed_by_itself({**job, "folder": str(folder), "within": within}, fuse) is None:
                break
            children.run({**job, "folder": str(folder)})
        assert fuse > 4


def test_killed_before_a_restore_is_noted(tmp_path: Path, children: Children) -> None:
    siege = begun(tmp_path, children, Place(settings=CHEAP_FILE), seed=SEED + 6)
    siege.take(children.run({**siege.job("erase"), "acts": ["admit", "backup", "erase"]}))
    job = {"main": "restore", "repository": str(siege.repository), "passphrase": PASSPHRASE}
    folder = tmp_path / "restored"
    journal = children.killed_by_itself({**job, "folder": str(folder), "within": "_note_restored"}, 0)
    assert journal is not None
    with pytest.raises(StoreError, match="was not finished"), open_records(folder, opening(PASSPHRASE), policy=CHEAP):
        pass
    children.run({**job, "folder": str(folder)})
    with open_records(folder, opening(PASSPHRASE), policy=CHEAP) as records:
        assert verify(records.store).faults == []


def _moment(rng: random.Random, lines: int, number: int) -> int:
    """Every fourth kill near the end, where the parts are put in their places."""
    return rng.randrange(lines) if number % 4 else lines - 1 - rng.randrange(min(lines, 60))


def _refused_or_whole(folder: Path) -> None:
    """A store that is only half there is never taken for one."""
    try:
        with open_records(folder, opening(PASSPHRASE), policy=CHEAP) as records:
            assert verify(records.store).faults == []
    except (NotFoundError, StoreError, InputError):
        pass


def test_a_second_life_of_a_store_is_backed_up_beside_the_first(tmp_path: Path) -> None:
    """Restored from an earlier snapshot and given new data keys, it has keys and objects that the repository lacks."""
    repository, image = str(tmp_path / "repository"), Image([bytes(9000)], 9000, 4096)
    with open_ward(tmp_path / "store", clock=time.time) as ward:
        patient, administrator = ward.patient(1, records=2), ward[Role.ADMINISTRATOR]
        store_images(ward[Role.PHYSICIAN], ward.records, patient, kind="ImagingStudy", payload=b"", images=[image])
        first = back_up(administrator, ward.records, repository, progress=quiet)
        rotate_data_keys(ward[Role.SECURITY_OFFICER], ward.records)
        back_up(administrator, ward.records, repository, progress=quiet)
    again = Opening(secret=lambda _: PASSPHRASE, clock=lambda: time.time() + 60)  # nobody is back within a second
    restore_backup(repository, tmp_path / "second", Place(), again, snapshot=first, progress=quiet)
    with open_records(tmp_path / "second", again, policy=CHEAP) as records:
        rotate_data_keys(log_in(records, "security", PASSWORD), records)
        last = back_up(log_in(records, "administrator", PASSWORD), records, repository, progress=quiet)
    for number, snapshot in enumerate((*snapshots_in(repository), last)):
        restore_backup(repository, tmp_path / f"r{number}", Place(), again, snapshot=snapshot, progress=quiet)
        with open_records(tmp_path / f"r{number}", again, policy=CHEAP) as records:
            report = verify(records.store)
            assert (report.faults, report.images) == ([], 1)
